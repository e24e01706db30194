//! Which image hosts a node may be sent to.
//!
//! Nodes pull images themselves, outside every network policy. An image named `169.254.169.254/x` or `intranet:5000/x`
//! would make a node knock on doors that the workload cannot reach. So hosts that are IP literals, loopback, single
//! labels, of internal zones, or that resolve to private addresses are refused unless the provider allows them.

use ipnet::IpNet;
use perigee_sdl::image::{self, name_of, not_public};
use std::net::{IpAddr, Ipv6Addr};

/// Is the host of `image` one that nodes may be sent to, as far as its name tells? Hosts in `allowed` always are.
pub fn check(image: &str, allowed: &[String]) -> Result<(), ImageError> {
    let host = host(image)?;
    if is_allowed(&host, allowed) {
        return Ok(());
    }
    match not_public(&host) {
        Some(why) => Err(ImageError::Host { host, why }),
        None => Ok(()),
    }
}

/// The registry host of an image reference.
pub fn host(image: &str) -> Result<String, ImageError> {
    image::host(image).ok_or_else(|| ImageError::Malformed(image.to_owned()))
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
    fn public_hosts_pass() {
        for image in [
            "nginx",
            "user/app@sha256:abc",
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
        assert_eq!(check("a b", &[]), Err(ImageError::Malformed("a b".into())));
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
