//! The commented config that `init` writes.

use super::{Config, Isolation};
use std::{
    collections::BTreeMap,
    fmt::{Display, Write},
};

/// `config` as a file, each key with a word on what it does. Reading it back gives `config` again.
pub fn render(config: &Config) -> String {
    let workloads = &config.workloads;
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

[bonds]
# Each lease is bonded with a day of its rate out of one pool, which pays tenants when the SLA is broken. The agent
# fills the pool up to this many PRG when it starts. An empty pool means no new leases.
pool = {pool}

[heartbeat]
# Multiaddresses of the nodes that get heartbeats, several for safety: an agent that reaches none counts as absent.
nodes = {heartbeat_nodes}

[cluster]
# Kubeconfig of the agent's own service account.
kubeconfig = {kubeconfig}
# Run although the kubeconfig is a cluster administrator's.
allow_cluster_admin = {allow_cluster_admin}

[workloads]
# Services are named <service>-<lease>.<domain>. Point *.<domain> to the ingress.
domain = {domain}
# How the ingress answers: http or https, at which port; its class, and labels of the controller's namespace.
ingress_scheme = {ingress_scheme}
ingress_port = {ingress_port}
ingress_class = {ingress_class}
ingress_namespace_labels = {ingress_namespace_labels}
# Address at which node ports are reached from outside. Without one, orders that need them go elsewhere.
{node_port_host}
# Address ranges that tenants must not reach, beyond private, link-local, metadata and node addresses.
deny_cidrs = {deny_cidrs}
# TCP ports that tenants must not reach on the internet: mail is what rented machines are abused for first.
closed_ports = {closed_ports}
# Image registries that are taken although their name or address is private; they stand among the ask's attributes.
allowed_registries = {allowed_registries}
# When nodes pull images: IfNotPresent or Always.
image_pull_policy = {image_pull_policy}
# Runtime class of all pods, for example gvisor.
{runtime_class}
# Persistent volumes: storage class in the manifest = storage class in the cluster. A volume that names none is of
# class "default". Orders with other classes go elsewhere.
storage_classes = {storage_classes}

[gateway]
# Where the HTTPS API for tenants listens, and the host:port that stands on chain.
listen = {listen}
address = {address}

[capacity]
# What is kept back from tenants.
keep_cpu_milli = {keep_cpu}
keep_memory_mib = {keep_memory}
keep_storage_mib = {keep_storage}
# GiB of persistent storage for rent, by class: {{ beta2 = 500 }}.
persistent_gib = {persistent_gib}
# Model of the cluster's GPUs, such as nvidia/a100. Without it none is for rent.
{gpu_model}
# Public addresses and endpoints for rent.
ips = {ips}
endpoints = {endpoints}

[income]
# What a running lease has earned is claimed once it is so many PRG, and at least twice the fees of claiming it.
# A lease that ends pays by itself.
claim_from = {claim_from}

[ask]
# Prices in PRG for 30 days: a core, a GiB of memory, a GiB of ephemeral storage, a GiB of each class of persistent
# storage, a GPU of each model, a public address, an endpoint.
# The chain counts per block of 2 s: base units = PRG x 10^12 / 1296000 blocks.
cpu = {cpu}
memory = {memory}
storage = {storage}
persistent = {persistent}
gpus = {gpus}
ip = {ip}
endpoint = {endpoint}
# How tenants are kept apart: shared-kernel, gvisor or kata.
isolation = "{isolation}"
# Where it runs: ISO 3166-1 code of the country, and a region. Orders may ask for either.
{country}
{region}
# Terms that are leased, in hours. With a longest one, leases without a term are not taken.
shortest_hours = {shortest_hours}
{longest_hours}
# Hours between a notice and the end of a lease, such as 0.5; only those in which this provider is present count.
notice_hours = {notice_hours}
# Per cent of each day in which this provider is present. What it falls short of, its bond pays to the tenant.
sla_percent = {sla_percent}
# Addresses of the only tenants that the ask is for, or of those that it is not for.
only = {only}
except = {except}

# What orders may select by, for example host = "akash".
[ask.attributes]
{attributes}"#,
        state = quoted(&config.state.to_string_lossy()),
        node = quoted(&config.chain.node),
        stash = quoted(&config.keys.stash),
        operator = quoted(&config.keys.operator),
        stake = config.keys.stake,
        pool = config.bonds.pool,
        heartbeat_nodes = list(&config.heartbeat_nodes()),
        kubeconfig = quoted(&config.cluster.kubeconfig.to_string_lossy()),
        allow_cluster_admin = config.cluster.allow_cluster_admin,
        domain = quoted(&workloads.domain),
        ingress_scheme = quoted(&workloads.ingress_scheme),
        ingress_port = workloads.ingress_port,
        ingress_class = quoted(&workloads.ingress_class),
        ingress_namespace_labels = table(&workloads.ingress_namespace_labels),
        node_port_host = optional("node_port_host", &workloads.node_port_host),
        deny_cidrs = list(&workloads.deny_cidrs.iter().map(ToString::to_string).collect::<Vec<_>>()),
        closed_ports = format_args!("{:?}", workloads.closed_ports),
        allowed_registries = list(&workloads.allowed_registries),
        image_pull_policy = quoted(&workloads.image_pull_policy),
        runtime_class = optional("runtime_class", &workloads.runtime_class),
        storage_classes = table(&workloads.storage_classes),
        listen = quoted(&config.gateway.listen.to_string()),
        address = quoted(&config.gateway.address),
        claim_from = config.income.claim_from,
        keep_cpu = config.capacity.keep_cpu_milli,
        keep_memory = config.capacity.keep_memory_mib,
        keep_storage = config.capacity.keep_storage_mib,
        persistent_gib = table_of(&config.capacity.persistent_gib),
        gpu_model = optional("gpu_model", &config.capacity.gpu_model.map(|model| model.to_string())),
        ips = config.capacity.ips,
        endpoints = config.capacity.endpoints,
        cpu = config.ask.cpu,
        memory = config.ask.memory,
        storage = config.ask.storage,
        persistent = table_of(&config.ask.persistent),
        gpus = table_of(&config.ask.gpus),
        ip = config.ask.ip,
        endpoint = config.ask.endpoint,
        country = optional("country", &config.ask.country),
        region = optional("region", &config.ask.region),
        shortest_hours = config.ask.shortest_hours,
        longest_hours = number("longest_hours", config.ask.longest_hours),
        notice_hours = config.ask.notice_hours,
        sla_percent = config.ask.sla_percent,
        only = list(&config.ask.only),
        except = list(&config.ask.except),
    )
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.into()).to_string()
}

fn list(items: &[String]) -> String {
    let items: Vec<_> = items.iter().map(|item| quoted(item)).collect();
    format!("[{}]", items.join(", "))
}

fn table(entries: &BTreeMap<String, String>) -> String {
    let entries: Vec<_> = entries
        .iter()
        .map(|(key, value)| format!("{} = {}", quoted(key), quoted(value)))
        .collect();
    format!("{{ {} }}", entries.join(", "))
}

/// A table whose values are numbers.
fn table_of<K: ToString, V: Display>(entries: &BTreeMap<K, V>) -> String {
    let entries: Vec<_> = entries
        .iter()
        .map(|(key, value)| format!("{} = {value}", quoted(&key.to_string())))
        .collect();
    format!("{{ {} }}", entries.join(", "))
}

fn number(key: &str, value: Option<u32>) -> String {
    match value {
        Some(value) => format!("{key} = {value}"),
        None => format!("# {key} = 0"),
    }
}

/// A key without value stays in the file as a comment.
fn optional(key: &str, value: &Option<String>) -> String {
    match value {
        Some(value) => format!("{key} = {}", quoted(value)),
        None => format!("# {key} = \"\""),
    }
}
