//! What the command line gives the agent, and what the agent gives back. Plain data: parsing and printing are not done here.

use crate::Kind;
use perigee_primitives::{Balance, BlockNumber, LeaseId, ProviderId, Resources, STORAGE_CLASSES};
use serde::Serialize;
use std::{fmt, net::SocketAddr, path::PathBuf};

/// How an installation is set up. `None` takes the default that the written config then names.
#[derive(Clone, Debug)]
pub struct InitOptions {
    /// Where the config goes; see [`crate::default_config_path`].
    pub config: PathBuf,
    /// Directory for keys, counters and pins; see [`crate::default_state_dir`].
    pub state: Option<PathBuf>,
    /// Kubeconfig of a cluster administrator, used during `init` only. Default: `$KUBECONFIG`, then `~/.kube/config`.
    pub kubeconfig: Option<PathBuf>,
    /// Its context. Default: the current one.
    pub context: Option<String>,
    /// Address of a node, `ws://host:port`.
    pub node: String,
    /// Multiaddresses of the nodes that get heartbeats. Empty: the node's host, port 30444.
    pub heartbeat_nodes: Vec<String>,
    /// Stash account: a key's name, a development URI like `//Alice//stash`, or an address whose key is elsewhere.
    pub stash: String,
    /// Operator account: a key's name or a development URI. Its key must be here.
    pub operator: String,
    /// Stake in PRG, as a decimal number. Default: the least the chain takes.
    pub stake: Option<String>,
    /// `host:port` at which tenants reach the gateway. Default: 127.0.0.1 and the port of `gateway_listen`.
    pub gateway_address: Option<String>,
    /// Where the gateway listens. Default: 0.0.0.0:8443.
    pub gateway_listen: Option<SocketAddr>,
    /// Domain below which tenants' services are named. Default: `apps.localhost`.
    pub domain: Option<String>,
    /// Ingress class that serves them. Default: `perigee`.
    pub ingress_class: Option<String>,
    /// Port at which the ingress answers, for the addresses shown to tenants. Default: 80.
    pub ingress_port: Option<u16>,
    /// Replace an existing config. Keys and counters are kept in any case.
    pub force: bool,
}

/// What `init` did, and what it found.
#[derive(Clone, Debug, Serialize)]
pub struct InitReport {
    /// The config that was written.
    pub config: PathBuf,
    /// The state directory.
    pub state: PathBuf,
    /// Context of the cluster that is pinned from now on, and its identity (UID of kube-system).
    pub cluster: ClusterIdentity,
    /// `namespace/name` of the service account that the agent runs with.
    pub service_account: String,
    /// What the service account may do, one line per rule.
    pub permissions: Vec<String>,
    /// Public heartbeat key, hex.
    pub heartbeat_key: String,
    /// SHA-256 of the gateway certificate's public key, hex.
    pub gateway_pin: String,
    /// The preflight.
    pub checks: Vec<Check>,
    /// The registration, where the stash's key is elsewhere and it is not registered yet.
    pub to_sign: Option<ToSign>,
    /// What to do next, one command or sentence per line.
    pub next: Vec<String>,
}

/// A call that somebody with another key has to sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ToSign {
    /// `pallet.call`, as wallets show it.
    pub call: String,
    /// Who has to sign, SS58.
    pub by: String,
    /// Its arguments by name, for people to compare with what their wallet shows.
    pub arguments: Vec<(String, String)>,
    /// The whole call as bytes, hex with 0x: for Developer → Extrinsics → Decode in polkadot.js Apps, or a signer that is
    /// offline.
    pub data: String,
}

/// For people, line by line.
impl fmt::Display for ToSign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, signed by {}", self.call, self.by)?;
        let width = self.arguments.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, value) in &self.arguments {
            writeln!(f, "  {name:width$}  {value}")?;
        }
        writeln!(
            f,
            "  call data, for polkadot.js Apps (Developer → Extrinsics → Decode) or an offline signer:"
        )?;
        write!(f, "  {}", self.data)
    }
}

/// Which cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClusterIdentity {
    /// Name of the kubeconfig context it was found by.
    pub context: String,
    /// UID of the namespace kube-system.
    pub uid: String,
}

/// One line of the preflight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at, for example `network policies`.
    pub name: String,
    /// How it stands.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do about it, where something is to be done.
    pub fix: Option<String>,
}

/// How a preflight line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Works, with a drawback.
    Warning,
    /// The agent cannot work like this.
    Failed,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
        })
    }
}

/// Which cluster, for what is done without a config.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// Kubeconfig of a cluster administrator. Default: `$KUBECONFIG`, then `~/.kube/config`.
    pub kubeconfig: Option<PathBuf>,
    /// Its context. Default: the current one.
    pub context: Option<String>,
}

/// A chain with leases in the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldChain {
    /// The start of its genesis hash; `None` where the records do not say so readably.
    pub chain: Option<String>,
    /// Numbers of the leases.
    pub leases: Vec<LeaseId>,
}

/// What was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Forgotten {
    /// The start of the chain's genesis hash.
    pub chain: String,
    /// Numbers of the leases whose objects are gone.
    pub leases: Vec<LeaseId>,
    /// Leases of which something is left.
    pub left: Vec<LeftLease>,
    /// Numbers of leases whose record does not say readably of which chain they are. They are left alone.
    pub unknown: Vec<LeaseId>,
}

/// A lease that could not be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftLease {
    /// Its number.
    pub lease: LeaseId,
    /// Why it is still there.
    pub why: String,
    /// What to do about it.
    pub fix: String,
    /// What kind of failure it is.
    #[serde(skip)]
    pub kind: Kind,
}

/// How the agent is run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Its config.
    pub config: PathBuf,
}

/// Whose status is asked for.
#[derive(Clone, Debug)]
pub struct StatusOptions {
    /// The agent's config.
    pub config: PathBuf,
}

/// A provider as chain, cluster and running agent show it.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// Address of the node that was asked.
    pub node: String,
    /// Genesis hash, hex.
    pub genesis: String,
    /// Best block.
    pub best: BlockNumber,
    /// Newest finalised block.
    pub finalised: BlockNumber,
    /// First block that no verdict covers.
    pub judged_until: BlockNumber,
    /// Stash account, SS58.
    pub stash: String,
    /// Operator account, SS58.
    pub operator: String,
    /// What the operator can spend, base units.
    #[serde(serialize_with = "as_text")]
    pub operator_balance: Balance,
    /// What the stash can spend, base units.
    #[serde(serialize_with = "as_text")]
    pub stash_balance: Balance,
    /// `None` before registration.
    pub provider: Option<ProviderStatus>,
    /// Income of a lease is claimed from so much on, base units.
    #[serde(serialize_with = "as_text")]
    pub claim_from: Balance,
    /// The agent's process; `None` when it is not running.
    pub agent: Option<AgentStatus>,
    /// Leases whose capacity is in use.
    pub leases: Vec<LeaseStatus>,
}

/// A registered provider.
#[derive(Clone, Debug, Serialize)]
pub struct ProviderStatus {
    /// Its index.
    pub id: ProviderId,
    /// Block of registration.
    pub registered_at: BlockNumber,
    /// What it stakes, base units.
    #[serde(serialize_with = "as_text")]
    pub stake: Balance,
    /// Gateway address on chain.
    pub gateway: String,
    /// Capacity on chain.
    pub capacity: ResourcesView,
    /// Of it: leased.
    pub leased: ResourcesView,
    /// Numbers of its standing asks.
    pub asks: Vec<u64>,
    /// Judged blocks since registration.
    pub judged_blocks: BlockNumber,
    /// Of them: not billed, because it was attested absent.
    pub unbilled_blocks: BlockNumber,
}

/// An amount of compute, for people and programs that read JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ResourcesView {
    /// Thousandths of a core.
    pub cpu_milli: u64,
    /// MiB.
    pub memory_mib: u64,
    /// MiB.
    pub storage_mib: u64,
    /// MiB of persistent storage: beta1, beta2, beta3.
    pub persistent_mib: [u64; STORAGE_CLASSES],
    /// Devices, of all models.
    pub gpus: u32,
    /// Public addresses.
    pub ips: u32,
    /// Endpoints.
    pub endpoints: u32,
}

impl From<&Resources> for ResourcesView {
    fn from(r: &Resources) -> Self {
        Self {
            cpu_milli: r.cpu_milli,
            memory_mib: r.memory_mib,
            storage_mib: r.storage_mib,
            persistent_mib: r.persistent_mib,
            gpus: r.gpus.iter().map(|(_, count)| count).sum(),
            ips: r.ips,
            endpoints: r.endpoints,
        }
    }
}

/// The running agent, as it last wrote it down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct AgentStatus {
    /// Process id.
    pub pid: u32,
    /// When this was written, seconds since 1970.
    pub at: u64,
    /// Start of the process, seconds since 1970.
    pub started: u64,
    /// Restart counter that its heartbeats carry.
    pub incarnation: u32,
    /// Heartbeats sent by this process.
    pub heartbeats: u64,
    /// Nodes connected to for heartbeats.
    pub heartbeat_peers: u32,
    /// Does the node answer?
    pub node_connected: bool,
    /// Newest best block it saw.
    pub best: BlockNumber,
    /// Income claimed since the start of the process, base units.
    #[serde(with = "text")]
    pub claimed: Balance,
    /// Things that need a person, newest last.
    pub alarms: Vec<String>,
}

/// One lease.
#[derive(Clone, Debug, Serialize)]
pub struct LeaseStatus {
    /// Its number.
    pub lease: LeaseId,
    /// Who pays, SS58.
    pub owner: String,
    /// `pending`, `active` or `ended`.
    pub phase: String,
    /// `activate by block 900`, `since block 810`, `at block 1000 (closed by tenant)`.
    pub detail: String,
    /// What is leased.
    pub resources: ResourcesView,
    /// Base units per block.
    #[serde(serialize_with = "as_text")]
    pub rate: Balance,
    /// Billed so far, base units.
    #[serde(serialize_with = "as_text")]
    pub billed: Balance,
    /// Of it: the provider's, without the fee, base units.
    #[serde(serialize_with = "as_text")]
    pub earned: Balance,
    /// Of that: not paid out yet, base units.
    #[serde(serialize_with = "as_text")]
    pub due: Balance,
    /// Blocks since activation that were not billed.
    pub unbilled_blocks: BlockNumber,
    /// The block at which it ends if nothing else happens.
    pub runs_until: Option<BlockNumber>,
    /// Phase of its objects in the cluster, `absent` without any, `unknown` when the cluster does not answer.
    pub workload: String,
}

/// Amounts are longer than JSON numbers are exact.
fn as_text<S: serde::Serializer>(amount: &Balance, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(amount)
}

/// The same, for what is read back.
mod text {
    use super::Balance;
    use serde::{de::Error, Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(amount: &Balance, to: S) -> Result<S::Ok, S::Error> {
        super::as_text(amount, to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Balance, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}
