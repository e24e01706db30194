//! What the reconciler knows by itself. All of it may be lost at any moment: it saves work and paces retries.

use crate::core::{
    beat::Millis,
    reconcile::{Fault, LocalView},
};
use perigee_cluster::{FaultKind, LeaseStatus};
use perigee_primitives::{Balance, DeclineReason, LeaseId};
use std::collections::BTreeMap;

/// After a failure the same thing is tried again so much later.
const RETRY_AFTER_MS: Millis = 5_000;

/// Why a lease is left out of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    /// Something is under way.
    Busy,
    /// Something failed; it is tried again from this moment on.
    Until(Millis),
}

/// A fault and since when it was seen without a break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    reason: DeclineReason,
    since: Millis,
}

/// What the reconciler knows by itself.
#[derive(Debug, Default)]
pub struct Memory {
    /// Leases whose objects were applied by this process, and whether they were to rest.
    pub applied: BTreeMap<LeaseId, bool>,
    /// Income of leases when it was last claimed, or found not worth that.
    pub collected: BTreeMap<LeaseId, Balance>,
    holds: BTreeMap<LeaseId, Hold>,
    /// What went wrong last.
    trouble: BTreeMap<LeaseId, String>,
    /// Objects that the cluster does not take.
    refused: BTreeMap<LeaseId, Seen>,
    /// Workloads that do not start.
    failing: BTreeMap<LeaseId, Seen>,
}

impl Memory {
    /// Something is begun about `leases`.
    pub fn begin(&mut self, leases: &[LeaseId]) {
        self.holds.extend(leases.iter().map(|lease| (*lease, Hold::Busy)));
    }

    /// It worked.
    pub fn end(&mut self, leases: &[LeaseId]) {
        for lease in leases {
            self.holds.remove(lease);
            self.trouble.remove(lease);
        }
    }

    /// It failed. Is this the first time that it fails like this?
    pub fn fail(&mut self, leases: &[LeaseId], why: &str, now: Millis) -> bool {
        let mut news = false;
        for lease in leases {
            self.holds.insert(*lease, Hold::Until(now + RETRY_AFTER_MS));
            news |= self
                .trouble
                .insert(*lease, why.into())
                .is_none_or(|before| before != why);
        }
        news
    }

    /// Objects were applied, to rest or to run.
    pub fn applied(&mut self, lease: LeaseId, paused: bool) {
        self.applied.insert(lease, paused);
        self.refused.remove(&lease);
    }

    /// The cluster does not take the objects.
    pub fn refused(&mut self, lease: LeaseId, now: Millis) {
        self.refused.entry(lease).or_insert(Seen {
            reason: DeclineReason::ClusterError,
            since: now,
        });
    }

    /// Nothing of the lease is left.
    pub fn gone(&mut self, lease: LeaseId) {
        self.applied.remove(&lease);
        self.refused.remove(&lease);
        self.failing.remove(&lease);
    }

    /// How the workload does now. Without objects it must be applied again.
    pub fn observe(&mut self, lease: LeaseId, status: Option<&LeaseStatus>, now: Millis) {
        if status.is_none() {
            self.applied.remove(&lease);
        }
        match status.and_then(reason) {
            None => drop(self.failing.remove(&lease)),
            Some(reason) => {
                let seen = self.failing.entry(lease).or_insert(Seen { reason, since: now });
                if seen.reason != reason {
                    *seen = Seen { reason, since: now };
                }
            }
        }
    }

    /// Forgets leases that are not `known` any more.
    pub fn retain(&mut self, known: impl Fn(&LeaseId) -> bool) {
        self.applied.retain(|lease, _| known(lease));
        self.collected.retain(|lease, _| known(lease));
        self.trouble.retain(|lease, _| known(lease));
        self.refused.retain(|lease, _| known(lease));
        self.failing.retain(|lease, _| known(lease));
        self.holds.retain(|lease, hold| *hold == Hold::Busy || known(lease));
    }

    /// For the core.
    pub fn view(&self, now: Millis) -> LocalView {
        let held = |hold: &Hold| match hold {
            Hold::Busy => true,
            Hold::Until(moment) => now < *moment,
        };
        let faults = self.failing.iter().chain(&self.refused);
        LocalView {
            applied: self.applied.clone(),
            collected: self.collected.clone(),
            busy: self
                .holds
                .iter()
                .filter(|(_, hold)| held(hold))
                .map(|(lease, _)| *lease)
                .collect(),
            faults: faults
                .map(|(lease, seen)| {
                    (
                        *lease,
                        Fault {
                            reason: seen.reason,
                            for_ms: now.saturating_sub(seen.since),
                        },
                    )
                })
                .collect(),
            ..Default::default()
        }
    }
}

/// Whose fault it is that a workload does not start. Where the provider has a part in it, it is the provider's.
fn reason(status: &LeaseStatus) -> Option<DeclineReason> {
    let has = |kind| status.faults.iter().any(|fault| fault.kind == kind);
    if has(FaultKind::NoRoom) {
        Some(DeclineReason::NoCapacity)
    } else if has(FaultKind::Refused) {
        Some(DeclineReason::ClusterError)
    } else {
        status
            .faults
            .iter()
            .any(|fault| fault.kind.is_tenants())
            .then_some(DeclineReason::TenantWorkload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use perigee_cluster::{ChainTag, Fault as ClusterFault, LeaseKey};
    use std::collections::BTreeSet;

    fn status(kinds: &[FaultKind]) -> LeaseStatus {
        let fault = |kind: &FaultKind| ClusterFault {
            service: "web".into(),
            kind: *kind,
            message: String::new(),
            since: jiff::Timestamp::UNIX_EPOCH,
        };
        LeaseStatus {
            lease: LeaseKey {
                chain: ChainTag::of(&[1; 32]),
                id: 1,
            },
            commitment: None,
            services: vec![],
            uris: vec![],
            activated: false,
            faults: kinds.iter().map(fault).collect(),
        }
    }

    fn fault(memory: &Memory, now: Millis) -> Option<Fault> {
        memory.view(now).faults.get(&1).copied()
    }

    #[test]
    fn a_fault_counts_from_when_it_was_first_seen_without_a_break() {
        let mut memory = Memory::default();
        memory.observe(1, Some(&status(&[FaultKind::ImagePull])), 1_000);
        memory.observe(1, Some(&status(&[FaultKind::Crash])), 31_000);
        let expected = Fault {
            reason: DeclineReason::TenantWorkload,
            for_ms: 60_000,
        };
        assert_eq!(fault(&memory, 61_000), Some(expected));
        memory.observe(1, Some(&status(&[])), 62_000);
        assert_eq!(fault(&memory, 63_000), None);
        memory.observe(1, Some(&status(&[FaultKind::Crash])), 64_000);
        assert_eq!(fault(&memory, 65_000).map(|f| f.for_ms), Some(1_000));
    }

    #[test]
    fn where_the_provider_has_a_part_it_is_not_the_tenants_fault() {
        let mut memory = Memory::default();
        memory.observe(1, Some(&status(&[FaultKind::Crash, FaultKind::NoRoom])), 0);
        assert_eq!(fault(&memory, 0).map(|f| f.reason), Some(DeclineReason::NoCapacity));
        memory.observe(1, Some(&status(&[FaultKind::Crash, FaultKind::Refused])), 0);
        assert_eq!(fault(&memory, 0).map(|f| f.reason), Some(DeclineReason::ClusterError));
    }

    #[test]
    fn failures_are_retried_later_and_successes_at_once() {
        let mut memory = Memory::default();
        memory.begin(&[1, 2]);
        assert_eq!(memory.view(u64::MAX).busy, BTreeSet::from([1, 2]));
        memory.end(&[1]);
        memory.fail(&[2], "down", 100);
        assert_eq!(memory.view(100).busy, BTreeSet::from([2]));
        assert!(memory.view(100 + RETRY_AFTER_MS).busy.is_empty());
    }

    #[test]
    fn a_failure_that_repeats_is_news_once() {
        let mut memory = Memory::default();
        assert!(memory.fail(&[1], "down", 0));
        assert!(!memory.fail(&[1], "down", 5));
        assert!(memory.fail(&[1], "refused", 10));
        memory.end(&[1]);
        assert!(memory.fail(&[1], "refused", 15));
    }

    #[test]
    fn objects_that_vanished_are_applied_again() {
        let mut memory = Memory::default();
        memory.applied(1, false);
        memory.observe(1, Some(&status(&[])), 0);
        assert!(memory.view(0).applied.contains_key(&1));
        memory.observe(1, None, 0);
        assert!(memory.view(0).applied.is_empty());
    }

    #[test]
    fn a_refusal_lasts_until_the_objects_are_taken() {
        let mut memory = Memory::default();
        memory.refused(1, 1_000);
        memory.refused(1, 2_000);
        let expected = Fault {
            reason: DeclineReason::ClusterError,
            for_ms: 60_000,
        };
        assert_eq!(fault(&memory, 61_000), Some(expected));
        memory.applied(1, false);
        assert_eq!(fault(&memory, 61_000), None);
    }

    #[test]
    fn what_nobody_knows_any_more_is_forgotten_unless_it_is_under_way() {
        let mut memory = Memory::default();
        memory.applied(1, false);
        memory.collected.insert(1, 5);
        memory.begin(&[1]);
        memory.retain(|_| false);
        let view = memory.view(0);
        assert!(view.applied.is_empty() && view.collected.is_empty());
        assert_eq!(view.busy, BTreeSet::from([1]));
        memory.fail(&[1], "down", 0);
        memory.retain(|_| false);
        assert!(memory.view(0).busy.is_empty());
    }
}
