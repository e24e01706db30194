//! The world as the core sees it.

use perigee_primitives::{Balance, BlockNumber, Commitment, DeclineReason, LeaseId, LeasePhase, ProviderId};
use std::collections::{BTreeMap, BTreeSet};

/// A lease on chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose lease.
    pub provider: ProviderId,
    /// Commitment to its manifest.
    pub commitment: Commitment,
    /// Where it is in its life.
    pub phase: LeasePhase,
    /// Does its tenant let it rest? Then nothing of it runs.
    pub paused: bool,
    /// What it has earned us, claimed or not.
    pub income: Balance,
}

/// The chain, as one node shows it at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChainView {
    /// Best block.
    pub best: BlockNumber,
    /// Newest finalised block.
    pub finalised: BlockNumber,
    /// Is the node catching up?
    pub syncing: bool,
    /// After the best block: leases of this provider.
    pub at_best: BTreeMap<LeaseId, Record>,
    /// After the finalised block: leases of this provider, and whatever record there is of leases that the cluster names.
    pub at_finalised: BTreeMap<LeaseId, Record>,
    /// After the finalised block: leases of this provider whose capacity is not free yet.
    pub taken: BTreeSet<LeaseId>,
    /// After the finalised block: the number the next lease gets.
    pub next_lease: LeaseId,
}

/// The cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterView {
    /// Leases that have objects.
    pub objects: BTreeMap<LeaseId, Object>,
    /// Commitments of the manifests that are held.
    pub manifests: BTreeMap<LeaseId, Commitment>,
    /// How many leases of other chains have objects.
    pub strangers: usize,
}

/// The objects of one lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object {
    /// The commitment they carry, where it can be read.
    pub commitment: Option<Commitment>,
    /// How the workload does.
    pub health: Health,
}

/// How a workload does, as far as activation asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Not every container has started yet.
    Starting,
    /// Images are pulled and every container has started once.
    Started,
}

/// A workload that does not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What a decline would say.
    pub reason: DeclineReason,
    /// For how long it has been so.
    pub for_ms: u64,
}

/// What this process knows by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalView {
    /// Who we are.
    pub provider: ProviderId,
    /// Are we, without doubt, the one agent that acts in the cluster?
    pub leads: bool,
    /// The newest finalised block that was ever acted on.
    pub newest_finalised: BlockNumber,
    /// Leases whose objects this process has applied and nobody has changed since, and whether they were to rest.
    pub applied: BTreeMap<LeaseId, bool>,
    /// Leases that something is being done about, or was tried so recently that a retry must wait.
    pub busy: BTreeSet<LeaseId>,
    /// Workloads that do not start.
    pub faults: BTreeMap<LeaseId, Fault>,
    /// Income of leases when this process last claimed it, or found it not worth that.
    pub collected: BTreeMap<LeaseId, Balance>,
    /// Income is claimed from so much on.
    pub claim_from: Balance,
    /// Closings that a person has confirmed.
    pub confirmed: BTreeSet<LeaseId>,
}
