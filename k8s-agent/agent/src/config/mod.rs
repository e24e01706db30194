//! The agent's config: a TOML file, and `PERIGEE_AGENT_` variables over it (`PERIGEE_AGENT_CHAIN__NODE` is `chain.node`).

mod amount;
mod ask;
mod problem;
mod template;

pub use amount::Amount;
pub use ask::{Ask, Isolation, Model};
pub use problem::ConfigError;
pub use template::render as template;

use figment::{
    providers::{Env, Format, Toml},
    Figment,
};
use perigee_cluster::Settings;
use perigee_primitives::StorageClass;
use perigee_sdl::Need;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// Prefix of the variables that go over the file.
pub const ENV_PREFIX: &str = "PERIGEE_AGENT_";

/// Everything the agent is told.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Directory for keys, counters and pins.
    pub state: PathBuf,
    /// The chain.
    #[serde(default)]
    pub chain: Chain,
    /// Accounts.
    pub keys: Keys,
    /// What answers for leases.
    #[serde(default)]
    pub bonds: Bonds,
    /// Heartbeats.
    #[serde(default)]
    pub heartbeat: Heartbeat,
    /// The cluster.
    pub cluster: Cluster,
    /// How workloads are set up in it.
    #[serde(default)]
    pub workloads: Settings,
    /// The gateway.
    #[serde(default)]
    pub gateway: Gateway,
    /// What is kept back from tenants.
    #[serde(default)]
    pub capacity: Capacity,
    /// The standing ask.
    #[serde(default)]
    pub ask: Ask,
    /// When income is claimed.
    #[serde(default)]
    pub income: Income,
}

/// How the chain is reached.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Chain {
    /// Address of a node.
    pub node: String,
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            node: "ws://127.0.0.1:9944".into(),
        }
    }
}

/// Accounts the agent acts for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// Stash: key name, development URI, or an address whose key is elsewhere.
    pub stash: String,
    /// Operator: key name or development URI.
    pub operator: String,
    /// Stake in PRG.
    #[serde(default = "default_stake")]
    pub stake: Amount,
}

/// The least that a provider stakes on the public chains.
pub fn default_stake() -> Amount {
    Amount::prg(100)
}

/// The pool out of which each lease gets its bond: a day of its rate.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bonds {
    /// What the pool is filled up to when the agent starts, in PRG.
    pub pool: Amount,
}

impl Default for Bonds {
    fn default() -> Self {
        Self { pool: Amount::prg(20) }
    }
}

/// Where heartbeats go.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Heartbeat {
    /// Multiaddresses of nodes. Empty: the node's host, port 30444.
    pub nodes: Vec<String>,
}

/// The cluster that tenants run on.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Kubeconfig of the agent's own service account.
    pub kubeconfig: PathBuf,
    /// Run although the kubeconfig is a cluster administrator's.
    #[serde(default)]
    pub allow_cluster_admin: bool,
}

/// The HTTPS API for tenants.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gateway {
    /// Where it listens.
    pub listen: SocketAddr,
    /// `host:port` that stands on chain.
    pub address: String,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([0, 0, 0, 0], 8443)),
            address: "127.0.0.1:8443".into(),
        }
    }
}

/// What of the cluster is for rent.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Capacity {
    /// Thousandths of a core kept back.
    pub keep_cpu_milli: u64,
    /// MiB of memory kept back.
    pub keep_memory_mib: u64,
    /// MiB of ephemeral storage kept back.
    pub keep_storage_mib: u64,
    /// GiB of persistent storage for rent, by the class's name in manifests.
    pub persistent_gib: BTreeMap<String, u64>,
    /// Model of the cluster's GPUs. Without it none is for rent.
    pub gpu_model: Option<Model>,
    /// Public addresses for rent.
    pub ips: u32,
    /// Endpoints for rent.
    pub endpoints: u32,
}

impl Default for Capacity {
    fn default() -> Self {
        Self {
            keep_cpu_milli: 0,
            keep_memory_mib: 0,
            keep_storage_mib: 0,
            persistent_gib: BTreeMap::new(),
            gpu_model: None,
            ips: 0,
            endpoints: 1000,
        }
    }
}

/// When what leases have earned is claimed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Income {
    /// From so much per lease on.
    pub claim_from: Amount,
}

impl Default for Income {
    fn default() -> Self {
        Self {
            claim_from: Amount::prg(1),
        }
    }
}

impl Config {
    /// Reads and checks the file at `path`, with the environment over it.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        // Read here, not by figment: it takes a missing file for an empty one.
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            path: path.to_path_buf(),
            source,
        })?;
        Self::from_parts(path, &text, environment(ENV_PREFIX))
    }

    fn from_parts(path: &Path, text: &str, env: Env) -> Result<Self, ConfigError> {
        let config: Self = Figment::new()
            .merge(Toml::string(text))
            .merge(env)
            .extract()
            .map_err(|e| ConfigError::from_figment(path, ENV_PREFIX, &e))?;
        check(path, &config)?;
        Ok(config)
    }

    /// What types cannot say. The error is the key's path and what is wrong.
    fn check(&self) -> Result<(), (String, String)> {
        let wrong = |key: &str, message: String| Err((key.to_string(), message));
        if !["ws://", "wss://"]
            .iter()
            .any(|scheme| self.chain.node.starts_with(scheme))
        {
            return wrong(
                "chain.node",
                format!("`{}` does not start with ws:// or wss://", self.chain.node),
            );
        }
        if self
            .gateway
            .address
            .rsplit_once(':')
            .is_none_or(|(host, port)| host.is_empty() || port.parse::<u16>().is_err())
        {
            return wrong(
                "gateway.address",
                format!("`{}` is not host:port", self.gateway.address),
            );
        }
        if self.gateway.address.len() > 128 {
            return wrong("gateway.address", "is longer than the 128 bytes the chain takes".into());
        }
        if let Some(node) = self.heartbeat.nodes.iter().find(|node| !node.starts_with('/')) {
            return wrong(
                "heartbeat.nodes",
                format!("`{node}` is not a multiaddress like /ip4/192.0.2.1/tcp/30444"),
            );
        }
        let domain = &self.workloads.domain;
        if domain.is_empty() || domain.starts_with('.') || domain.ends_with('.') {
            return wrong(
                "workloads.domain",
                format!("`{domain}` is not a domain like apps.example.org"),
            );
        }
        self.check_storage_classes()?;
        self.ask.check(&self.attributes())
    }

    fn check_storage_classes(&self) -> Result<(), (String, String)> {
        let listed = [
            (
                "capacity.persistent_gib",
                self.capacity.persistent_gib.keys().collect::<Vec<_>>(),
            ),
            ("ask.persistent", self.ask.persistent.keys().collect()),
        ];
        for (key, names) in listed {
            let known = |name: &str| StorageClass::ALL.iter().any(|class| class.name() == name);
            if let Some(name) = names.into_iter().find(|name| !known(name)) {
                return Err((
                    format!("{key}.{name}"),
                    "is no storage class; there are beta1, beta2 and beta3".into(),
                ));
            }
        }
        Ok(())
    }

    /// The attributes of the ask: what is configured, and what of the cluster is not every provider's to offer.
    pub fn attributes(&self) -> BTreeMap<String, String> {
        let volumes = self.workloads.storage_classes.keys().cloned().map(Need::Volumes);
        let ports = self.workloads.node_port_host.iter().map(|_| Need::NodePorts);
        let registries = self.workloads.allowed_registries.iter();
        let registries = registries.map(|host| Need::Registry(host.to_ascii_lowercase()));
        let offered = volumes.chain(ports).chain(registries).map(|need| need.attribute());
        self.ask.attributes.clone().into_iter().chain(offered).collect()
    }

    /// Where heartbeats go: what is configured, or the node's host.
    pub fn heartbeat_nodes(&self) -> Vec<String> {
        if self.heartbeat.nodes.is_empty() {
            return vec![multiaddress_of(&self.chain.node)];
        }
        self.heartbeat.nodes.clone()
    }
}

/// Variables over the file. `…CONFIG` is where the command line finds it.
fn environment(prefix: &str) -> Env {
    Env::prefixed(prefix).ignore(&["config"]).split("__")
}

/// Checks what types cannot say, for the file at `path`.
pub fn check(path: &Path, config: &Config) -> Result<(), ConfigError> {
    config.check().map_err(|(key, message)| ConfigError::Value {
        origin: path.display().to_string(),
        key,
        message,
    })
}

/// The heartbeat address on the host of a `ws://host:port/path` URL.
pub(crate) fn multiaddress_of(node: &str) -> String {
    let rest = node.split_once("://").map_or(node, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    let host = match authority.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
        Some((v6, _)) => v6,
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    match host.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(ip)) => format!("/ip4/{ip}/tcp/30444"),
        Ok(std::net::IpAddr::V6(ip)) => format!("/ip6/{ip}/tcp/30444"),
        Err(_) => format!("/dns/{host}/tcp/30444"),
    }
}

#[cfg(test)]
mod tests;
