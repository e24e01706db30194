//! One world: a chain and its model, side by side.

use crate::{
    chain::*,
    model::{escrow_pot, lease, Caller, Model, Verdict},
    plan::{Plan, Planned},
    step::{everybody, signature, Steps},
    tally::Tally,
};
use frame_support::{
    storage::with_transaction,
    traits::{fungible::Inspect, GetCallMetadata, Hooks, OneSessionHandler, UnfilteredDispatchable},
    weights::{Weight, WeightMeter},
};
use pallet_marketplace::{Event as Market, Leases, Stage as Recorded, WeightInfo};
use pallet_providers::{BondPools, Providers as Records, UnbondingOf};
use perigee_heartbeat::{Gaps, Report};
use perigee_primitives::{traits::Availability, Balance, BlockNumber, LeaseId, LeasePhase, ProviderId, Resources};
use sp_runtime::{DispatchError, StateVersion, TransactionOutcome};
use std::collections::BTreeMap;

/// Something that happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Call { caller: Caller, call: RuntimeCall },
    Blocks { count: BlockNumber, agenda: Agenda },
}

/// How far the agenda comes in each block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agenda {
    /// To its end.
    Full,
    /// Through a few entries.
    Short(u64),
    /// Nowhere.
    Idle,
}

/// The longest time in which the agenda does not come to its end. Beyond it the SLA of a lease could lag behind, and
/// what its bond pays would depend on who looks when.
const LONGEST_BACKLOG: BlockNumber = 90;

/// How far ahead an end is looked for.
const HORIZON: BlockNumber = 200;

impl Agenda {
    fn weight(self) -> Weight {
        match self {
            Self::Full => Weight::MAX,
            // The hook takes a quarter.
            Self::Short(entries) => <() as WeightInfo>::wake().saturating_mul(4 * entries),
            Self::Idle => Weight::zero(),
        }
    }
}

pub struct World<'a> {
    pub model: Model,
    pub tally: &'a mut Tally,
    /// Steps between two looks at everything.
    look_every: u64,
    steps: u64,
    full_agenda_at: BlockNumber,
    high_water: BTreeMap<u32, ProviderId>,
    issuance: Balance,
    owned: BTreeMap<Who, Balance>,
}

impl<'a> World<'a> {
    /// A world at its first block. To be called within its externalities.
    pub fn new(seed: u64, look_every: u64, tally: &'a mut Tally) -> Self {
        let keys = validators();
        let accounts: Vec<Who> = (0..).take(keys.len()).collect();
        let with_keys = || accounts.iter().zip(keys.iter().cloned());
        Reputation::on_genesis_session(with_keys());
        let mut world = Self {
            model: Model::new(Plan(seed)),
            tally,
            look_every,
            steps: 0,
            full_agenda_at: 0,
            high_water: BTreeMap::new(),
            issuance: Balances::total_issuance(),
            owned: owned_now(),
        };
        world.blocks(1, Agenda::Full);
        world
    }

    /// Takes a step in both, and compares them.
    pub fn take(&mut self, step: &Step) {
        match step {
            Step::Call { caller, call } => self.call(*caller, call),
            Step::Blocks { count, agenda } => self.blocks(*count, *agenda),
        }
        self.steps += 1;
        if self.steps % self.look_every == 0 {
            self.look();
        }
        if self.steps % (8 * self.look_every) == 0 {
            self.check_invariants();
        }
    }

    fn call(&mut self, caller: Caller, call: &RuntimeCall) {
        let verdict = self.model.judge(caller, call);
        let pot = escrow_pot();
        let owned = matches!(call, RuntimeCall::Balances(_)).then(owned_now);
        // A root is dear.
        let sampled = self.steps % 61 == 0 || self.look_every == 1;
        let root = (sampled && verdict == Verdict::Refused).then(state_root);
        let done = call.clone().dispatch_bypass_filter(caller.into());
        let name = call.get_call_metadata();
        self.tally.called(name.pallet_name, name.function_name, done.is_ok());
        match &verdict {
            Verdict::Taken | Verdict::Placed(_) => assert!(done.is_ok(), "refused: {done:?}"),
            Verdict::Refused => {
                assert!(done.is_err(), "taken, but the model refuses it");
                assert!(
                    root.is_none_or(|root| root == state_root()),
                    "a refused call changed something"
                );
            }
            Verdict::Open => {}
        }
        if done.is_ok() {
            self.model.apply(caller, call, &verdict);
            match call {
                RuntimeCall::Escrow(pallet_escrow::Call::distribute {}) => self.model.distributed(pot),
                RuntimeCall::Balances(_) => self.model.transferred(&owned.expect("it was noted"), &owned_now()),
                _ => {}
            }
        }
        self.listen();
    }

    /// Goes on by so many blocks.
    fn blocks(&mut self, count: BlockNumber, agenda: Agenda) {
        for _ in 0..count {
            let late = self.model.now.saturating_sub(self.full_agenda_at) > LONGEST_BACKLOG;
            self.block(if late { Agenda::Full } else { agenda });
        }
    }

    /// Ends the current block, if there is one, and begins the next one.
    fn block(&mut self, agenda: Agenda) {
        if self.model.now > 0 {
            Providers::on_idle(self.model.now, Weight::MAX);
            Marketplace::on_idle(self.model.now, agenda.weight());
            self.listen();
        }
        self.model.pass();
        let now = self.model.now;
        System::set_block_number(now);
        Reputation::on_initialize(now);
        if now % TIMES.epoch == 0 || now == 1 {
            self.high_water.insert(TIMES.epoch_of(now), self.model.next_provider);
        }
        Reputation::on_poll(now, &mut WeightMeter::with_limit(Weight::MAX));
        assert_eq!(Reputation::judged_until(), self.model.judged, "judged at block {now}");
        Marketplace::on_poll(now, &mut WeightMeter::with_limit(agenda.weight()));
        self.listen();
        if agenda == Agenda::Full {
            self.full_agenda_at = now;
            self.nothing_is_forgotten();
        }
        self.report();
    }

    /// Sends the reports that are planned for this block.
    fn report(&mut self) {
        let Some(epoch) = TIMES.epoch_of(self.model.now).checked_sub(1) else {
            return;
        };
        let (plan, now) = (self.model.plan, self.model.now);
        for Planned {
            validator, finalised, ..
        } in plan.reports(epoch).into_iter().filter(|sent| sent.at == now)
        {
            let absent = (0..self.high_water[&epoch]).filter(|id| plan.lists(epoch, validator, *id));
            let absent = Gaps::from_ids(absent).expect("ascending");
            let report = Report {
                epoch,
                validator,
                finalised,
                absent,
            };
            let call = pallet_reputation::Call::report {
                report,
                signature: signature(),
            };
            self.call(Caller::Report, &call.into());
        }
    }

    /// Hears what the agenda did.
    fn listen(&mut self) {
        let pending = |(id, lease): (&LeaseId, &lease::Lease)| match lease.stage {
            lease::Stage::Pending { activate_by, .. } => (activate_by <= self.model.now).then_some(*id),
            _ => None,
        };
        let due: Vec<_> = self.model.leases.iter().filter_map(pending).collect();
        due.into_iter().for_each(|id| self.model.look_at_pending(id));
        for record in System::read_events_no_consensus() {
            self.tally.heard(&record.event);
            match record.event {
                RuntimeEvent::Marketplace(Market::LeaseTakenOver { lease, by }) => self.model.take_over(lease, by),
                RuntimeEvent::Marketplace(Market::WakeFailed { lease, error }) => {
                    panic!("the agenda could not advance lease {lease}: {error:?}")
                }
                _ => {}
            }
        }
        System::reset_events();
    }

    /// Once the agenda has come to its end, every end that has come is written down.
    fn nothing_is_forgotten(&self) {
        for (id, lease) in &self.model.leases {
            let Some(recorded) = Leases::<Test>::get(id) else {
                continue;
            };
            let over = matches!(recorded.stage, Recorded::Ended { .. });
            let due = match lease.stage {
                lease::Stage::Pending { activate_by, receipt } => {
                    let window = if receipt { 0 } else { RECEIPT_WINDOW };
                    activate_by + window <= self.model.now
                }
                _ => lease.ended(self.model.now).is_some(),
            };
            assert!(over || !due, "the end of lease {id} was forgotten");
        }
    }

    /// Compares everything.
    pub fn look(&mut self) {
        self.model.advance_all();
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
    fn forget_pruned(&mut self) {
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

    /// Both expect the same end of one of the leases that run.
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
        let found = Marketplace::lease_state(**id).expect("a record").runs_until;
        assert_eq!(
            found.filter(near),
            expected.map(|(at, _)| at).filter(near),
            "the end ahead of lease {id}"
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

    /// Everybody goes: all ends come, everything is paid, freed, returned and forgotten.
    pub fn wind_up(&mut self, steps: &mut Steps) {
        for step in steps.closing(&self.model) {
            self.take(&step);
        }
        self.look();
        for step in steps.claims() {
            self.take(&step);
        }
        self.look();
        self.check_invariants();
        assert_eq!(Leases::<Test>::iter_keys().count(), 0, "records of leases");
        assert_eq!(
            pallet_escrow::Accounts::<Test>::iter_keys().count(),
            0,
            "escrow accounts"
        );
        for who in everybody() {
            assert_eq!(Balances::reserved_balance(who), 0, "what is still held of {who}");
        }
    }
}

/// What everybody owns.
fn owned_now() -> BTreeMap<Who, Balance> {
    everybody()
        .into_iter()
        .map(|who| (who, Balances::total_balance(&who)))
        .collect()
}

fn state_root() -> Vec<u8> {
    sp_io::storage::root(StateVersion::V1)
}
