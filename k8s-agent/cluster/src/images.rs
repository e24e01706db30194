//! Which image hosts a node may be sent to.
//!
//! Nodes pull images themselves, outside every network policy. An image named `169.254.169.254/x` or `intranet:5000/x`
//! would make a node knock on doors that the workload cannot reach. So hosts that are IP literals, loopback, single
//! labels, of internal zones, or that resolve to private addresses are refused unless the provider allows them.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv6Addr};

/// Host of images that name none.
pub const DEFAULT_HOST: &str = "docker.io";
/// Endings of names that never lead to a public registry.
const INTERNAL_ZONES: [&str; 8] = [
    ".localhost",
    ".local",
    ".localdomain",
    ".internal",
    ".intranet",
    ".lan",
    ".home.arpa",
    ".svc",
];

/// The registry host of an image reference, with its port if it has one, in lower case.
pub fn host(image: &str) -> Result<String, ImageError> {
    let malformed = || ImageError::Malformed(image.to_owned());
    if image.is_empty() || image.len() > 512 || image.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(malformed());
    }
    match image.split_once('/') {
        // As container runtimes read it: the first component is a host when it could not be a user's name.
        Some((first, rest)) if is_host(first) => {
            if rest.is_empty() || first.contains(['@', '%', '\\', '?', '#']) {
                return Err(malformed());
            }
            Ok(first.to_ascii_lowercase())
        }
        _ => Ok(DEFAULT_HOST.to_owned()),
    }
}

fn is_host(component: &str) -> bool {
    component.contains(['.', ':']) || component == "localhost" || component.chars().any(|c| c.is_ascii_uppercase())
}

/// Is the host of `image` one that nodes may be sent to, as far as its name tells? Hosts in `allowed` always are.
pub fn check(image: &str, allowed: &[String]) -> Result<(), ImageError> {
    let host = host(image)?;
    if is_allowed(&host, allowed) {
        return Ok(());
    }
    let refused = |why| {
        Err(ImageError::Host {
            host: host.clone(),
            why,
        })
    };
    let name = name_of(&host);
    if name.starts_with('[') || name.parse::<IpAddr>().is_ok() || ends_in_number(name) {
        return refused("it is an IP address");
    }
    if name == "localhost" {
        return refused("it is loopback");
    }
    if !name.contains('.') {
        return refused("it has no domain");
    }
    if INTERNAL_ZONES.iter().any(|zone| name.ends_with(zone)) {
        return refused("it is in an internal zone");
    }
    Ok(())
}

/// Like [`check`], and looks the host up: addresses that are not public are refused. A host that cannot be looked up
/// passes, for nodes cannot be sent there either.
pub async fn check_and_resolve(image: &str, allowed: &[String]) -> Result<(), ImageError> {
    check(image, allowed)?;
    let host = host(image)?;
    if is_allowed(&host, allowed) {
        return Ok(());
    }
    let found = tokio::net::lookup_host((name_of(&host), 443)).await;
    if found.is_ok_and(|mut found| found.any(|address| !is_public(address.ip()))) {
        return Err(ImageError::Host {
            host,
            why: "it resolves to an address that is not public",
        });
    }
    Ok(())
}

fn is_allowed(host: &str, allowed: &[String]) -> bool {
    allowed.iter().any(|a| a.eq_ignore_ascii_case(host))
}

/// Without port and final dot.
fn name_of(host: &str) -> &str {
    if host.starts_with('[') {
        return host;
    }
    host.split(':').next().unwrap_or(host).trim_end_matches('.')
}

/// Resolvers read `127.1`, `0x7f.1` and `2130706433` as addresses.
fn ends_in_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let hex = last
        .strip_prefix("0x")
        .is_some_and(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()));
    hex || last.chars().all(|c| c.is_ascii_digit())
}

/// Is it an address of the public internet?
pub fn is_public(address: IpAddr) -> bool {
    let address = match address {
        IpAddr::V6(v6) => embedded_v4(v6).unwrap_or(address),
        IpAddr::V4(_) => address,
    };
    !crate::objects::special_networks()
        .iter()
        .any(|net: &IpNet| net.contains(&address))
}

fn embedded_v4(address: Ipv6Addr) -> Option<IpAddr> {
    address.to_ipv4_mapped().map(IpAddr::V4)
}

/// Why an image is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// It is no image reference.
    #[error("`{0}` is not an image reference")]
    Malformed(String),
    /// Its host is not public.
    #[error("images from `{host}` are refused: {why}")]
    Host {
        /// The host.
        host: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_without_host_come_from_the_default_registry() {
        for image in ["nginx", "nginx:1.27", "library/nginx", "user/app@sha256:abc"] {
            assert_eq!(host(image).unwrap(), DEFAULT_HOST, "{image}");
            assert_eq!(check(image, &[]), Ok(()));
        }
    }

    #[test]
    fn public_hosts_pass() {
        for image in [
            "ghcr.io/a/b:1",
            "quay.io:443/a/b",
            "Registry.Example.COM/x",
            "docker.io/library/busybox:1.36",
        ] {
            assert_eq!(check(image, &[]), Ok(()), "{image}");
        }
    }

    #[test]
    fn hosts_inside_are_refused() {
        for image in [
            "127.0.0.1/x",
            "127.0.0.1:5000/x",
            "169.254.169.254/latest",
            "[::1]/x",
            "[fd00::1]:5000/x",
            "localhost/x",
            "localhost:5000/x",
            "LOCALHOST/x",
            "registry:5000/x",
            "127.1/x",
            "0x7f.1/x",
            "2130706433:80/x",
            "1.2.3.4./x",
            "foo.localhost/x",
            "metadata.google.internal/x",
            "registry.kube-system.svc/x",
            "nas.lan:5000/x",
        ] {
            assert!(matches!(check(image, &[]), Err(ImageError::Host { .. })), "{image}");
        }
    }

    #[test]
    fn allowed_hosts_pass_with_their_port_only() {
        let allowed = ["registry:5000".to_owned(), "127.0.0.1:5000".to_owned()];
        assert_eq!(check("registry:5000/x", &allowed), Ok(()));
        assert_eq!(check("127.0.0.1:5000/x", &allowed), Ok(()));
        assert!(check("registry:5001/x", &allowed).is_err());
    }

    #[test]
    fn references_that_are_none_are_refused() {
        for image in ["", "a b", "evil.example@10.0.0.1/x", "x\n", "ghcr.io/", "a.b%2f/x"] {
            assert!(matches!(check(image, &[]), Err(ImageError::Malformed(_))), "{image}");
        }
    }

    #[test]
    fn private_and_special_addresses_are_not_public() {
        for address in [
            "10.1.2.3",
            "100.64.0.1",
            "169.254.169.254",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
            "0.0.0.0",
            "224.0.0.1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[tokio::test]
    async fn names_of_loopback_are_refused_after_lookup() {
        // Resolved from the hosts file, without a name server.
        let found = tokio::net::lookup_host(("localhost", 443)).await;
        assert!(found.is_ok_and(|mut found| found.any(|a| !is_public(a.ip()))));
    }
}
