//! Where images come from, as far as their names tell.

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

/// The registry host of an image reference, with its port if it has one, in lower case. `None` for what is no reference.
pub fn host(image: &str) -> Option<String> {
    if image.is_empty() || image.len() > 512 || image.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return None;
    }
    match image.split_once('/') {
        // As container runtimes read it: the first component is a host when it could not be a user's name.
        Some((first, rest)) if is_host(first) => {
            let whole = !rest.is_empty() && !first.contains(['@', '%', '\\', '?', '#']);
            whole.then(|| first.to_ascii_lowercase())
        }
        _ => Some(DEFAULT_HOST.to_owned()),
    }
}

fn is_host(component: &str) -> bool {
    component.contains(['.', ':']) || component == "localhost" || component.chars().any(|c| c.is_ascii_uppercase())
}

/// Why the name of a registry host is not one of the public internet; `None` when it may be one.
pub fn not_public(host: &str) -> Option<&'static str> {
    let name = name_of(host);
    if name.starts_with('[') || name.parse::<std::net::IpAddr>().is_ok() || ends_in_number(name) {
        Some("it is an IP address")
    } else if name == "localhost" {
        Some("it is loopback")
    } else if !name.contains('.') {
        Some("it has no domain")
    } else if INTERNAL_ZONES.iter().any(|zone| name.ends_with(zone)) {
        Some("it is in an internal zone")
    } else {
        None
    }
}

/// Without port and final dot.
pub fn name_of(host: &str) -> &str {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_without_host_come_from_the_default_registry() {
        for image in ["nginx", "nginx:1.27", "library/nginx", "user/app@sha256:abc"] {
            assert_eq!(host(image).as_deref(), Some(DEFAULT_HOST), "{image}");
        }
    }

    #[test]
    fn references_that_are_none_have_no_host() {
        for image in ["", "a b", "evil.example@10.0.0.1/x", "x\n", "ghcr.io/", "a.b%2f/x"] {
            assert_eq!(host(image), None, "{image}");
        }
    }
}
