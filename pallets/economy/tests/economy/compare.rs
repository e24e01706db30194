//! Comparing a chain with its model.

use crate::{chain::*, model::lease, world::World};
use frame_support::{storage::with_transaction, traits::fungible::Inspect};
use pallet_marketplace::Leases;
use pallet_providers::{BondPools, Providers as Records, UnbondingOf};
use perigee_primitives::{Balance, BlockNumber, LeaseId, LeasePhase, ProviderId, Resources};
use sp_runtime::{DispatchError, TransactionOutcome};
use std::collections::BTreeMap;

/// How far ahead an end is looked for.
const HORIZON: BlockNumber = 200;

impl World<'_> {
    /// Compares everything.
    pub fn look(&mut self) {
        self.forget_pruned();
        for (id, lease) in &self.model.leases {
            self.compare_lease(*id, lease);
        }
        self.compare_forecast();
        self.compare_providers();
        self.compare_capacity();
        // What there would be if everybody settled everything now.
        let _ = with_transaction(|| {
            self.settle_everything();
            self.compare_deposits();
            self.compare_pools();
            self.compare_worth();
            TransactionOutcome::Rollback(Ok::<_, DispatchError>(()))
        });
    }

    pub fn check_invariants(&self) {
        Escrow::do_try_state().expect("escrow's invariants hold");
        Providers::do_try_state().expect("the providers' invariants hold");
        Reputation::do_try_state().expect("reputation's invariants hold");
        Marketplace::do_try_state().expect("the marketplace's invariants hold");
    }

    /// A record goes when everything is settled and it was kept long enough, not before.
    pub fn forget_pruned(&mut self) {
        self.model.advance_all();
        let now = self.model.now;
        self.model.leases.retain(|id, lease| {
            let kept = Leases::<Test>::contains_key(id);
            let (at, _) = lease.ended(now).unwrap_or((now, lease::missed(false)));
            assert!(
                kept || lease.is_settled() && at + RETENTION <= now,
                "the record of lease {id} is gone"
            );
            kept
        });
        let leases = &self.model.leases;
        self.model.deployments.retain(|_, deployment| {
            deployment.leases.retain(|id| leases.contains_key(id));
            !deployment.leases.is_empty()
        });
    }

    fn compare_lease(&self, id: LeaseId, lease: &lease::Lease) {
        let now = self.model.now;
        let found = Marketplace::lease_state(id).expect("a record");
        let phase = match lease.ended(now) {
            Some((at, reason)) => LeasePhase::Ended { at, reason },
            None => match &lease.stage {
                lease::Stage::Active(life) => LeasePhase::Active {
                    since: life.bill.since(),
                },
                lease::Stage::Pending { activate_by, .. } => LeasePhase::Pending {
                    activate_by: *activate_by,
                },
                lease::Stage::Missed { .. } => unreachable!("it has ended"),
            },
        };
        assert_eq!(found.phase, phase, "lease {id}");
        assert_eq!(
            (
                found.owner,
                found.provider,
                found.ask,
                found.rate,
                found.commitment,
                found.resources
            ),
            (
                lease.owner,
                lease.provider,
                lease.ask,
                lease.rate,
                lease.commitment,
                resources(lease.units)
            ),
            "lease {id}"
        );
        let (billed, fee, unbilled, broken, credited, withdrawn) = match lease.life() {
            Some(life) => (
                life.billed,
                life.fee,
                life.unbilled,
                life.broken,
                life.credited,
                life.bill.withdrawn(),
            ),
            None => Default::default(),
        };
        assert_eq!(
            (found.deposited, found.billed),
            (lease.deposited, billed),
            "deposited and billed of lease {id}"
        );
        assert_eq!(
            (found.fee, found.to_provider),
            (fee, billed - fee),
            "fee and income of lease {id}"
        );
        assert_eq!(
            (found.unbilled_blocks, found.credits_paid),
            (unbilled, credited),
            "absences of lease {id}"
        );
        // A record that is not looked at says what was found at the last look.
        assert!(!found.settled || found.sla_broken == broken, "the SLA of lease {id}");
        let bond = if found.settled { 0 } else { lease.bond };
        assert!(
            lease.is_settled() || found.bond == bond,
            "the bond of lease {id}: {} not {bond}",
            found.bond
        );
        let refunded = if found.settled {
            lease.deposited - billed
        } else {
            withdrawn
        };
        assert_eq!(found.refunded, refunded, "the refund of lease {id}");
        assert!(!found.settled || lease.is_settled(), "lease {id} was settled too early");
        let reservation = match lease.reservation {
            lease::Reservation::Held => (RESERVATION, 0),
            lease::Reservation::Returned => (0, 0),
            lease::Reservation::Burned => (0, RESERVATION),
        };
        assert_eq!(
            (found.reservation_held, found.reservation_burned),
            reservation,
            "the reservation of lease {id}"
        );
    }

    /// Both expect the same end of one of the leases that run, and let it rest as long.
    fn compare_forecast(&self) {
        let running: Vec<_> = self
            .model
            .leases
            .iter()
            .filter(|(_, lease)| lease.is_active())
            .collect();
        let Some((id, lease)) = running.get(self.steps as usize % running.len().max(1)) else {
            return;
        };
        let horizon = self.model.now + HORIZON;
        let near = |end: &BlockNumber| *end < horizon;
        let expected = lease
            .life()
            .and_then(|life| life.bill.forecast(self.model.judged, horizon));
        let found = Marketplace::lease_state(**id).expect("a record");
        assert_eq!(
            found.runs_until.filter(near),
            expected.map(|(at, _)| at).filter(near),
            "the end ahead of lease {id}"
        );
        let left = lease
            .life()
            .filter(|life| !life.bill.pause_is_ahead())
            .and_then(|life| life.bill.pauses_left(self.model.judged));
        let longest = Balance::from(MAX_PAUSE).min(left.unwrap_or_default() / lease.rate);
        assert_eq!(
            Balance::from(found.longest_pause),
            longest,
            "the pause that lease {id} has earned"
        );
    }

    fn compare_providers(&self) {
        let recorded: BTreeMap<_, _> = Records::<Test>::iter().collect();
        assert_eq!(recorded.len(), self.model.providers.len(), "providers");
        for (id, provider) in &self.model.providers {
            let found = &recorded[id];
            assert_eq!(
                (found.stash, found.operator, found.stake, found.heartbeat_key),
                (provider.stash, provider.operator, provider.stake, public(provider.key)),
                "provider {id}"
            );
        }
        for id in 0..self.model.next_provider {
            let found = UnbondingOf::<Test>::get(id)
                .map(|unbonding| unbonding.chunks.into_inner())
                .unwrap_or_default();
            let chunks = self.model.chunks.iter().filter(|chunk| chunk.provider == id);
            let found: Vec<_> = found.iter().map(|chunk| (chunk.amount, chunk.release_at)).collect();
            let chunks: Vec<_> = chunks.map(|chunk| (chunk.amount, chunk.release_at)).collect();
            assert_eq!(found, chunks, "what unbonds of provider {id}");
        }
        assert_eq!(pallet_escrow::FeeRateNow::<Test>::get().ppm(), self.model.fee);
    }

    /// What is leased of a provider is the sum of the leases that hold capacity: all that run, and some that do not.
    fn compare_capacity(&self) {
        let mut sums: BTreeMap<ProviderId, (Resources, Balance)> = BTreeMap::new();
        for (id, recorded) in Leases::<Test>::iter() {
            let runs = self.model.leases[&id].runs(self.model.now);
            assert!(recorded.capacity_held || !runs, "lease {id} runs without capacity");
            if recorded.capacity_held {
                let sum = sums.entry(recorded.provider).or_default();
                *sum = (
                    sum.0.checked_add(&recorded.resources).expect("small"),
                    sum.1 + recorded.rate,
                );
            }
        }
        for (id, recorded) in Records::<Test>::iter() {
            let sum = sums.remove(&id).unwrap_or_default();
            assert_eq!(
                (recorded.leased, recorded.leased_rate),
                sum,
                "what is leased of provider {id}"
            );
        }
    }

    fn settle_everything(&self) {
        for (id, lease) in &self.model.leases {
            for _ in 0..3 {
                if Leases::<Test>::contains_key(id) && lease.life().is_some() {
                    let settled = Marketplace::settle(RuntimeOrigin::signed(1), *id);
                    assert!(settled.is_ok(), "lease {id} cannot be settled: {settled:?}");
                }
            }
        }
    }

    /// What is left of each depositor's money, in the order of its use.
    fn compare_deposits(&self) {
        for (id, lease) in self.model.leases.iter().filter(|(_, lease)| !lease.is_settled()) {
            let account = pallet_escrow::Accounts::<Test>::get(id).expect("it is open");
            let left: Vec<_> = account
                .deposits
                .0
                .iter()
                .map(|left| (left.depositor, left.amount))
                .collect();
            assert_eq!(
                left,
                lease.deposits.left(),
                "what is left of the deposits of lease {id}"
            );
            let approved: BTreeMap<_, _> = account.approvals.iter().map(|one| (one.who, one.minimum)).collect();
            assert_eq!(approved, lease.approved, "approvals of lease {id}");
        }
    }

    fn compare_pools(&self) {
        for (id, provider) in &self.model.providers {
            let pool = BondPools::<Test>::get(id);
            let bonds = self
                .model
                .leases
                .values()
                .filter(|lease| lease.provider == *id)
                .map(|lease| lease.bond);
            assert_eq!(
                (pool.total, pool.bonded),
                (provider.pool, bonds.sum()),
                "the bond pool of provider {id}"
            );
        }
    }

    /// What each account owns and is owed, less what others are owed of it.
    fn compare_worth(&self) {
        let mut worth: BTreeMap<Who, i128> = BTreeMap::new();
        for (who, owned) in &self.owned {
            worth.insert(*who, Balances::total_balance(who) as i128 - *owned as i128);
        }
        for account in pallet_escrow::Accounts::<Test>::iter_values() {
            for credit in account.credits.0 {
                *worth.entry(credit.payee).or_default() += credit.amount as i128;
                *worth.entry(credit.depositor).or_default() -= credit.amount as i128;
            }
        }
        worth.retain(|_, amount| *amount != 0);
        let mut expected = self.model.worth.clone();
        expected.retain(|_, amount| *amount != 0);
        assert_eq!(worth, expected, "what each account is worth");
        assert_eq!(
            Balances::total_issuance() + self.model.burned,
            self.issuance,
            "issuance"
        );
    }
}
