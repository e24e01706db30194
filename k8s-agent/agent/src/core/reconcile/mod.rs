//! What is to be done about leases.
//!
//! Level-triggered: the answer follows from what chain and cluster look like now and from nothing that happened
//! before, so that a restart at any line changes nothing. What is created follows the best block, what is deleted
//! follows finalised state only.
//!
//! Evidence for a tear-down is, in finalised state, a record that says the lease is over, a record of another lease
//! under its number, or no record although numbers have passed it. Objects carry number *and* commitment. An object
//! with another commitment than a lease that waits for its activation belongs to another lease, which a fork took
//! away. Of an active lease it is an older manifest, for the agent itself made it active: it runs until the new one is
//! here.

mod views;

pub use views::*;

use perigee_primitives::{BlockNumber, Commitment, DeclineReason, LeaseId, LeasePhase};
use std::collections::BTreeSet;

/// A workload that fails for so long is given up.
pub const FAILING_LIMIT_MS: u64 = 60_000;
/// So many blocks before activation is too late the agent says why it will not come: time for the transaction, and for
/// one retry.
pub const DECLINE_MARGIN: BlockNumber = 10;
/// Leases per report of tear-downs.
pub const REPORT_BATCH: usize = 16;
/// Closing fewer leases than this at once is never suspicious.
pub const MASS_CLOSING_AT_LEAST: usize = 3;
/// Closing more than one in so many leases at once is.
pub const MASS_CLOSING_ONE_IN: usize = 5;

/// Something to do about one lease, or a few.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Bring the objects of the lease into the cluster, from the manifest that is held.
    Apply(LeaseId),
    /// Tell the chain that it runs.
    Activate(LeaseId),
    /// Tell the chain that it will not run here.
    Decline(LeaseId, DeclineReason),
    /// Take every object of the lease with this commitment out of the cluster, its manifest too.
    TearDown(LeaseId, Commitment),
    /// Tell the chain that nothing is left of these.
    ReportTornDown(Vec<LeaseId>),
    /// Fetch what a running lease has earned, if it is worth the fees.
    Collect(LeaseId),
}

/// Something a person should know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alarm {
    /// The cluster's lock could not be renewed in time; nothing is done until it is.
    NotLeading,
    /// The node is catching up; nothing is done until it has.
    Syncing,
    /// The node shows an older finalised block than one that was seen before; nothing is done.
    OldView {
        /// What it shows.
        shown: BlockNumber,
        /// What was seen.
        seen: BlockNumber,
    },
    /// One view would close too many leases; none of them is torn down until a person confirms it.
    MassClosing {
        /// The leases.
        leases: BTreeSet<LeaseId>,
        /// Leases in the cluster.
        of: usize,
    },
    /// An active lease has neither objects nor manifest; only its tenant can send it again.
    ManifestLost(LeaseId),
    /// Objects of a lease carry no readable commitment; they are left alone.
    Unreadable(LeaseId),
    /// Objects belong to a lease of another provider, whose agent must not share this cluster; they are left alone.
    Foreign(LeaseId),
    /// So many leases of other chains have objects; they are left alone.
    Strangers(usize),
}

/// What follows from one look at the world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// To do, in this order.
    pub actions: Vec<Action>,
    /// To tell.
    pub alarms: Vec<Alarm>,
}

/// What is to be done.
pub fn plan(chain: &ChainView, cluster: &ClusterView, local: &LocalView) -> Plan {
    if let Some(alarm) = unfit(chain, local) {
        return Plan {
            actions: Vec::new(),
            alarms: vec![alarm],
        };
    }
    let world = World { chain, cluster, local };
    let mut plan = Plan::default();
    world.create(&mut plan);
    world.delete(&mut plan);
    world.report(&mut plan);
    if cluster.strangers > 0 {
        plan.alarms.push(Alarm::Strangers(cluster.strangers));
    }
    plan
}

/// Why this view must not be acted on.
fn unfit(chain: &ChainView, local: &LocalView) -> Option<Alarm> {
    if !local.leads {
        return Some(Alarm::NotLeading);
    }
    if chain.syncing {
        return Some(Alarm::Syncing);
    }
    let shown = chain.finalised.min(chain.best);
    (shown < local.newest_finalised).then_some(Alarm::OldView {
        shown,
        seen: local.newest_finalised,
    })
}

/// What finalised state says about a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Evidence {
    /// It is open.
    Open,
    /// It is over, or never was.
    Over,
    /// It is a lease of another provider.
    Foreign,
    /// Nothing: its opening is not final yet.
    None,
}

struct World<'a> {
    chain: &'a ChainView,
    cluster: &'a ClusterView,
    local: &'a LocalView,
}

impl World<'_> {
    fn evidence(&self, lease: LeaseId, commitment: &Commitment) -> Evidence {
        match self.chain.at_finalised.get(&lease) {
            Some(record) => self.says(record, commitment),
            None if lease < self.chain.next_lease => Evidence::Over,
            None => Evidence::None,
        }
    }

    /// What a record says about objects with this commitment.
    fn says(&self, record: &Record, commitment: &Commitment) -> Evidence {
        let same = record.commitment == *commitment;
        let ours = record.provider == self.local.provider;
        match record.phase {
            LeasePhase::Ended { .. } if ours || !same => Evidence::Over,
            LeasePhase::Pending { .. } if !same => Evidence::Over,
            LeasePhase::Active { .. } if !same && !ours => Evidence::Over,
            _ if !ours => Evidence::Foreign,
            _ => Evidence::Open,
        }
    }

    fn create(&self, plan: &mut Plan) {
        for (lease, record) in &self.chain.at_best {
            let over = self.evidence(*lease, &record.commitment) == Evidence::Over;
            if over || record.provider != self.local.provider || self.local.busy.contains(lease) {
                continue;
            }
            match record.phase {
                LeasePhase::Pending { activate_by } => plan.actions.extend(self.start(*lease, record, activate_by)),
                LeasePhase::Active { .. } => self.keep(*lease, record, plan),
                LeasePhase::Ended { .. } => {}
            }
        }
    }

    /// A pending lease on its way to activation, or to a decline.
    fn start(&self, lease: LeaseId, record: &Record, activate_by: BlockNumber) -> Option<Action> {
        if self.chain.best >= activate_by {
            return None;
        }
        if !self.holds_manifest(lease, record) {
            // Not declined: that would give the fee back to one who reserves for nothing, and reserve the next ask.
            return None;
        }
        if let Some(fault) = self.local.faults.get(&lease).filter(|f| f.for_ms >= FAILING_LIMIT_MS) {
            return Some(Action::Decline(lease, fault.reason));
        }
        let last_moment = activate_by - self.chain.best <= DECLINE_MARGIN;
        let health = self.object(lease, record).map(|object| object.health);
        match health {
            Some(Health::Started) => Some(Action::Activate(lease)),
            _ if last_moment => Some(Action::Decline(lease, DeclineReason::ClusterError)),
            _ if self.needs_apply(lease, record) => Some(Action::Apply(lease)),
            _ => None,
        }
    }

    /// An active lease keeps its objects and gets its money.
    fn keep(&self, lease: LeaseId, record: &Record, plan: &mut Plan) {
        if self.needs_apply(lease, record) {
            match self.holds_manifest(lease, record) {
                true => plan.actions.push(Action::Apply(lease)),
                false if !self.cluster.objects.contains_key(&lease) => plan.alarms.push(Alarm::ManifestLost(lease)),
                false => {}
            }
        }
        let collected = self.local.collected.get(&lease).copied().unwrap_or(0);
        if record.income.saturating_sub(collected) >= self.local.claim_from.max(1) {
            plan.actions.push(Action::Collect(lease));
        }
    }

    /// The object of exactly this lease.
    fn object(&self, lease: LeaseId, record: &Record) -> Option<&Object> {
        self.cluster
            .objects
            .get(&lease)
            .filter(|object| object.commitment == Some(record.commitment))
    }

    fn holds_manifest(&self, lease: LeaseId, record: &Record) -> bool {
        self.cluster.manifests.get(&lease) == Some(&record.commitment)
    }

    /// Not yet applied by this process as it is to be, or not there. Objects of another lease under the number must go
    /// first; those of an older manifest are replaced.
    fn needs_apply(&self, lease: LeaseId, record: &Record) -> bool {
        match self.cluster.objects.get(&lease) {
            Some(object) if object.commitment == Some(record.commitment) => {
                self.local.applied.get(&lease) != Some(&record.paused)
            }
            Some(object) => object.commitment.is_some() && matches!(record.phase, LeasePhase::Active { .. }),
            None => true,
        }
    }

    fn delete(&self, plan: &mut Plan) {
        let mut closing = Vec::new();
        for (lease, object) in &self.cluster.objects {
            match &object.commitment {
                None => plan.alarms.push(Alarm::Unreadable(*lease)),
                Some(commitment) if self.evidence(*lease, commitment) == Evidence::Foreign => {
                    plan.alarms.push(Alarm::Foreign(*lease));
                }
                Some(commitment) => closing.extend(self.closing(*lease, commitment)),
            }
        }
        let suspects: BTreeSet<_> = closing
            .iter()
            .map(|(lease, _)| *lease)
            .filter(|lease| !self.local.confirmed.contains(lease))
            .collect();
        let of = self.cluster.objects.len();
        if suspects.len() >= MASS_CLOSING_AT_LEAST && suspects.len() * MASS_CLOSING_ONE_IN > of {
            closing.retain(|(lease, _)| !suspects.contains(lease));
            plan.alarms.push(Alarm::MassClosing { leases: suspects, of });
        }
        // A manifest without objects runs nothing: forgetting it closes nothing.
        let bare = self
            .cluster
            .manifests
            .iter()
            .filter(|(lease, _)| !self.cluster.objects.contains_key(lease));
        closing.extend(bare.filter_map(|(lease, commitment)| self.closing(*lease, commitment)));
        plan.actions.extend(
            closing
                .into_iter()
                .map(|(lease, commitment)| Action::TearDown(lease, commitment)),
        );
    }

    fn closing(&self, lease: LeaseId, commitment: &Commitment) -> Option<(LeaseId, Commitment)> {
        let over = self.evidence(lease, commitment) == Evidence::Over;
        (over && !self.local.busy.contains(&lease)).then_some((lease, *commitment))
    }

    /// Ended leases whose capacity is still taken although nothing of them is left.
    fn report(&self, plan: &mut Plan) {
        let gone = |lease: &&LeaseId| {
            !self.cluster.objects.contains_key(lease)
                && !self.cluster.manifests.contains_key(lease)
                && !self.local.busy.contains(lease)
                && self.is_over(lease)
        };
        let gone: Vec<_> = self.chain.taken.iter().filter(gone).copied().collect();
        plan.actions.extend(
            gone.chunks(REPORT_BATCH)
                .map(|batch| Action::ReportTornDown(batch.to_vec())),
        );
    }

    fn is_over(&self, lease: &LeaseId) -> bool {
        matches!(
            self.chain.at_finalised.get(lease),
            Some(Record {
                phase: LeasePhase::Ended { .. },
                ..
            })
        )
    }
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
