//! Records of the chain as clients see them.

use crate::{AccountId, Hash};
use perigee_primitives::{
    Balance, BlockNumber, DeploymentId, LeaseId, Ppm, ProviderId, Resources, TlsPin, UnbilledRun,
};
use std::cmp::Reverse;

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockId {
    /// Height.
    pub number: BlockNumber,
    /// Hash.
    pub hash: Hash,
}

/// A registered provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Index.
    pub id: ProviderId,
    /// Holds the stake.
    pub stash: AccountId,
    /// Acts day by day, and is paid.
    pub operator: AccountId,
    /// ed25519 key of its heartbeats and receipts.
    pub heartbeat_key: [u8; 32],
    /// Pins of its gateway's certificate.
    pub pins: Vec<TlsPin>,
    /// `host:port` of its gateway.
    pub gateway: String,
    /// Where abuse is reported; empty if it is not stated.
    pub abuse_contact: String,
    /// What it staked.
    pub stake: Balance,
    /// The sum of the rates of its leases, per block.
    pub leased_rate: Balance,
    /// What it offers in all.
    pub capacity: Resources,
    /// What of it is leased.
    pub leased: Resources,
    /// When it registered.
    pub registered_at: BlockNumber,
}

impl Provider {
    /// What is not leased.
    pub fn free(&self) -> Resources {
        self.capacity.saturating_sub(&self.leased)
    }
}

/// What a provider registers with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Acts day by day, and is paid.
    pub operator: AccountId,
    /// ed25519 key of its heartbeats and receipts.
    pub heartbeat_key: [u8; 32],
    /// The heartbeat key's signature over `perigee/register/1`, genesis hash and stash.
    pub proof: [u8; 64],
    /// Up to two pins of its gateway's certificate.
    pub pins: Vec<TlsPin>,
    /// `host:port` of its gateway.
    pub gateway: String,
    /// The stake.
    pub stake: Balance,
}

/// What bounds the pauses of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PauseLimits {
    /// Most blocks of one pause.
    pub longest: BlockNumber,
    /// How many times of what a lease has paid its pauses may leave unpaid.
    pub ratio: u32,
}

/// The money of a provider out of which each lease gets its bond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BondPool {
    /// All of it.
    pub total: Balance,
    /// The part that answers for leases.
    pub bonded: Balance,
}

impl BondPool {
    /// What answers for no lease.
    pub fn free(&self) -> Balance {
        self.total.saturating_sub(self.bonded)
    }
}

/// Stake that leaves a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unbonding {
    /// How much.
    pub amount: Balance,
    /// First block at which it can be withdrawn.
    pub release_at: BlockNumber,
}

/// What was agreed about a provider's notice of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Blocks of presence between the notice and the end, as the ask promised.
    pub blocks: BlockNumber,
    /// Was it given?
    pub given: bool,
}

/// A deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// Number.
    pub id: DeploymentId,
    /// Who pays.
    pub owner: AccountId,
    /// Its leases that still have a record.
    pub leases: Vec<LeaseId>,
    /// When it was opened.
    pub opened_at: BlockNumber,
    /// Whom its owner offers it to.
    pub offered_to: Option<AccountId>,
}

/// What an account has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balances {
    /// Can be spent.
    pub free: Balance,
    /// Is held: deposits, stakes.
    pub held: Balance,
}

/// What the escrow account of a lease says about one payee.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Earnings {
    /// Billed to payees by settlements so far.
    pub settled: Balance,
    /// Of it: not paid out to this payee yet.
    pub credit: Balance,
}

/// The protocol's income that nobody has distributed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Income {
    /// The account that collects it.
    pub pot: AccountId,
    /// How much there is to distribute.
    pub waits: Balance,
    /// The least that a recipient is paid.
    pub least_part: Balance,
    /// The fee's rate for leases opened now.
    pub fee_rate: Ppm,
    /// Who gets which part. They add to one.
    pub shares: Vec<IncomeShare>,
}

/// A recipient's share of the protocol's income.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncomeShare {
    /// Whose.
    pub recipient: AccountId,
    /// How much.
    pub ppm: Ppm,
}

/// An availability of 0 means one of two things: too little is judged, or the provider was never there. Who was never
/// there has been absent for the day of epochs that must be judged at least.
pub(crate) fn was_never_there(absent_epochs: u32, day_epochs: u32) -> bool {
    absent_epochs >= day_epochs.max(1)
}

/// The first of the blocks on end before `end` in which the provider with these `runs` was absent or suspended; `end`
/// if it was present in the last one. Announced maintenance is no absence.
pub(crate) fn absent_from(mut runs: Vec<UnbilledRun>, end: BlockNumber) -> BlockNumber {
    runs.sort_by_key(|run| Reverse(run.start));
    let begun = runs.iter().filter(|run| run.start < end);
    begun
        .scan(end, |from, run| {
            let goes_on = run.kind.is_absence() && run.end >= *from;
            *from = run.start;
            goes_on.then_some(run.start)
        })
        .last()
        .unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use perigee_primitives::UnbilledKind::{self, Absent, Maintenance, Suspended};

    fn run(start: BlockNumber, end: BlockNumber, kind: UnbilledKind) -> UnbilledRun {
        UnbilledRun {
            start,
            end,
            before: 0,
            absent_before: 0,
            kind,
        }
    }

    #[test]
    fn an_absence_on_end_goes_back_over_runs_that_touch() {
        let runs = || vec![run(70, 90, Suspended), run(10, 20, Absent), run(40, 70, Absent)];
        assert_eq!(absent_from(runs(), 90), 40);
        assert_eq!(absent_from(runs(), 80), 40, "what is judged later does not count");
        assert_eq!(absent_from(runs(), 20), 10);
    }

    #[test]
    fn presence_and_maintenance_end_an_absence_on_end() {
        assert_eq!(absent_from(Vec::new(), 90), 90);
        assert_eq!(absent_from(vec![run(10, 80, Absent)], 90), 90, "present in the last");
        let maintained = vec![run(10, 40, Absent), run(40, 50, Maintenance), run(50, 90, Absent)];
        assert_eq!(absent_from(maintained, 90), 50);
        assert_eq!(absent_from(vec![run(10, 90, Maintenance)], 90), 90);
    }

    #[test]
    fn a_provider_was_never_there_if_it_was_absent_for_all_that_must_be_judged() {
        assert!(was_never_there(144, 144) && was_never_there(4_320, 144));
        assert!(!was_never_there(0, 144) && !was_never_there(143, 144));
    }

    #[test]
    fn a_day_shorter_than_an_epoch_is_one_epoch() {
        assert!(was_never_there(1, 0) && !was_never_there(0, 0));
    }
}
