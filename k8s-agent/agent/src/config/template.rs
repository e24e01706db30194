//! The commented config that `init` writes.

use super::{Config, Isolation};
use std::fmt::Write;

/// `config` as a file, each key with a word on what it does. Reading it back gives `config` again.
pub fn render(config: &Config) -> String {
    let quoted = |text: &str| toml::Value::String(text.into()).to_string();
    let list = |items: &[String]| {
        toml::Value::Array(items.iter().map(|i| toml::Value::String(i.clone())).collect()).to_string()
    };
    let mut attributes = String::new();
    for (key, value) in &config.ask.attributes {
        // Writing to a string does not fail.
        let _ = writeln!(attributes, "{} = {}", quoted(key), quoted(value));
    }
    let isolation = match config.ask.isolation {
        Isolation::SharedKernel => "shared-kernel",
        Isolation::Gvisor => "gvisor",
        Isolation::Kata => "kata",
    };
    format!(
        r#"# Perigee provider agent. Any key can be overridden by a variable: PERIGEE_AGENT_CHAIN__NODE is chain.node.

# Keys, counters and pins. One agent per directory; the directory belongs to one chain and one cluster.
state = {state}

[chain]
# A node of the chain.
node = {node}

[keys]
# Holds the stake. A key's name, a development URI, or the address of a key that is kept elsewhere;
# then the agent prints what has to be signed with it.
stash = {stash}
# Signs for asks, activations and declines, day by day. Its key must be on this machine.
operator = {operator}
# Stake in PRG, held when the provider registers.
stake = {stake}

[heartbeat]
# Multiaddresses of the nodes that get heartbeats, several for safety: an agent that reaches none counts as absent.
nodes = {heartbeat_nodes}

[cluster]
# Kubeconfig of the agent's own service account.
kubeconfig = {kubeconfig}
# Services are named <service>-<lease>.<domain>. Point *.<domain> to the ingress.
domain = {domain}
# Ingress class that serves them, and the port at which it answers.
ingress_class = {ingress_class}
ingress_port = {ingress_port}
# Address ranges that tenants must not reach, beyond private, link-local, metadata and node addresses.
deny_cidrs = {deny_cidrs}
# Image registries that are taken although their name or address is private.
allowed_registries = {allowed_registries}
# Run although the kubeconfig is a cluster administrator's.
allow_cluster_admin = {allow_cluster_admin}

[gateway]
# Where the HTTPS API for tenants listens, and the host:port that stands on chain.
listen = {listen}
address = {address}

[capacity]
# What is kept back from tenants, and how many endpoints are for rent.
keep_cpu_milli = {keep_cpu}
keep_memory_mib = {keep_memory}
keep_storage_mib = {keep_storage}
endpoints = {endpoints}

[ask]
# Prices in PRG for 30 days: a core, a GiB of memory, a GiB of ephemeral storage, a GPU, an endpoint.
# The chain counts per block of 2 s: base units = PRG x 10^12 / 1296000 blocks.
cpu = {cpu}
memory = {memory}
storage = {storage}
gpu = {gpu}
endpoint = {endpoint}
# How tenants are kept apart: shared-kernel, gvisor or kata.
isolation = "{isolation}"

# What orders may select by, for example region = "eu-west".
[ask.attributes]
{attributes}"#,
        state = quoted(&config.state.to_string_lossy()),
        node = quoted(&config.chain.node),
        stash = quoted(&config.keys.stash),
        operator = quoted(&config.keys.operator),
        stake = config.keys.stake,
        heartbeat_nodes = list(&config.heartbeat_nodes()),
        kubeconfig = quoted(&config.cluster.kubeconfig.to_string_lossy()),
        domain = quoted(&config.cluster.domain),
        ingress_class = quoted(&config.cluster.ingress_class),
        ingress_port = config.cluster.ingress_port,
        deny_cidrs = list(&config.cluster.deny_cidrs),
        allowed_registries = list(&config.cluster.allowed_registries),
        allow_cluster_admin = config.cluster.allow_cluster_admin,
        listen = quoted(&config.gateway.listen.to_string()),
        address = quoted(&config.gateway.address),
        keep_cpu = config.capacity.keep_cpu_milli,
        keep_memory = config.capacity.keep_memory_mib,
        keep_storage = config.capacity.keep_storage_mib,
        endpoints = config.capacity.endpoints,
        cpu = config.ask.cpu,
        memory = config.ask.memory,
        storage = config.ask.storage,
        gpu = config.ask.gpu,
        endpoint = config.ask.endpoint,
    )
}
