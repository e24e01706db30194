//! What the provider sets, and what the cluster's network looks like.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::IpAddr};

/// What the provider sets. Every field has a default, so that a configuration names only what differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Domain of the host names that leases get: `<service>-<lease>.<domain>`.
    pub domain: String,
    /// `http` or `https`: how the ingress is reached from outside.
    pub ingress_scheme: String,
    /// Port at which the ingress is reached from outside.
    pub ingress_port: u16,
    /// Class of the ingresses.
    pub ingress_class: String,
    /// Labels of the namespace in which the ingress controller runs.
    pub ingress_namespace_labels: BTreeMap<String, String>,
    /// Address at which node ports are reached from outside; without one, services that need them are refused.
    pub node_port_host: Option<String>,
    /// Networks that workloads must not reach, beside private and special ones.
    #[serde(with = "crate::cidr_text")]
    pub deny_cidrs: Vec<IpNet>,
    /// TCP ports that workloads must not reach on the internet.
    pub closed_ports: Vec<u16>,
    /// Image hosts that are accepted although they are private, for example a registry in the provider's network.
    pub allowed_registries: Vec<String>,
    /// When nodes pull: `IfNotPresent` or `Always`.
    pub image_pull_policy: String,
    /// Runtime class of all pods, for example `gvisor`.
    pub runtime_class: Option<String>,
    /// Storage class in the manifest → storage class in the cluster. What is not listed is refused.
    pub storage_classes: BTreeMap<String, String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            domain: "apps.localhost".into(),
            ingress_scheme: "http".into(),
            ingress_port: 8088,
            ingress_class: "perigee".into(),
            ingress_namespace_labels: [("kubernetes.io/metadata.name".into(), "perigee-ingress".into())].into(),
            node_port_host: None,
            deny_cidrs: Vec::new(),
            // Mail is what rented machines are abused for first, and one spammer costs the whole address range.
            closed_ports: vec![25, 465, 587],
            allowed_registries: Vec::new(),
            image_pull_policy: "IfNotPresent".into(),
            runtime_class: None,
            storage_classes: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// Where something at `host` behind the ingress is reached.
    pub fn uri(&self, host: &str) -> String {
        let default = match self.ingress_scheme.as_str() {
            "https" => 443,
            _ => 80,
        };
        if self.ingress_port == default {
            format!("{}://{host}", self.ingress_scheme)
        } else {
            format!("{}://{host}:{}", self.ingress_scheme, self.ingress_port)
        }
    }
}

/// Addresses of the cluster itself, which workloads must not reach. Read from the cluster, for they change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkFacts {
    /// Addresses of nodes.
    pub nodes: Vec<IpAddr>,
    /// Addresses of the API server.
    pub api: Vec<IpAddr>,
}
