//! Logins of private registries, for the nodes that pull images.

use super::Scope;
use base64::{engine::general_purpose::STANDARD, Engine};
use k8s_openapi::{
    api::core::v1::{LocalObjectReference, Secret},
    ByteString,
};
use perigee_sdl::{image::DEFAULT_HOST, manifest::Credentials, Service};
use serde_json::json;

/// Names of the default registry in logins.
const DEFAULT_HOSTS: [&str; 3] = [DEFAULT_HOST, "index.docker.io", "registry-1.docker.io"];
/// How kubelets know the default registry.
const DEFAULT_KEY: &str = "https://index.docker.io/v1/";

/// The registry that a login is for, as images name it: people also write its address.
pub(super) fn host(written: &str) -> String {
    let text = written.trim().to_ascii_lowercase();
    let text = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    let host = text.split('/').next().unwrap_or(text);
    match DEFAULT_HOSTS.contains(&host) {
        true => DEFAULT_HOST.into(),
        false => host.into(),
    }
}

/// The login of a service, if it has one.
pub(super) fn secret(scope: &Scope<'_>, service: &Service) -> Option<Secret> {
    let login = service.credentials.as_ref()?;
    Some(Secret {
        metadata: scope.service_meta(name(service), &service.name),
        type_: Some("kubernetes.io/dockerconfigjson".into()),
        data: Some([(".dockerconfigjson".to_owned(), ByteString(config(login)))].into()),
        ..Default::default()
    })
}

/// For the pods of a service that has a login.
pub(super) fn reference(service: &Service) -> LocalObjectReference {
    LocalObjectReference { name: name(service) }
}

fn name(service: &Service) -> String {
    format!("{}-registry", service.name)
}

/// As container engines keep logins.
fn config(login: &Credentials) -> Vec<u8> {
    let host = host(&login.host);
    let key = if host == DEFAULT_HOST { DEFAULT_KEY } else { &host };
    let auth = STANDARD.encode(format!("{}:{}", login.username, login.password));
    json!({ "auths": { key: {
        "username": login.username, "password": login.password, "email": login.email, "auth": auth,
    }}})
    .to_string()
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_are_known_by_host_however_they_are_written() {
        for written in [
            "docker.io",
            "https://index.docker.io/v1/",
            "index.docker.io",
            " Docker.io ",
        ] {
            assert_eq!(host(written), "docker.io", "{written}");
        }
        assert_eq!(host("https://ghcr.io"), "ghcr.io");
        assert_eq!(host("registry.example.com:5000/v2/"), "registry.example.com:5000");
    }
}
