//! One world: a chain and its model, side by side.

use crate::{
    chain::*,
    model::{escrow_pot, lease, Caller, Model, Verdict},
    plan::{Plan, Planned},
    step::{everybody, signature, Steps},
    tally::Tally,
};
use frame_support::{
    traits::{
        fungible::{Inspect, MutateFreeze},
        GetCallMetadata, Hooks, OneSessionHandler, UnfilteredDispatchable,
    },
    weights::{Weight, WeightMeter},
};
use pallet_marketplace::{Event as Market, Leases, Stage as Recorded, WeightInfo};
use perigee_heartbeat::{Gaps, Report};
use perigee_primitives::{traits::Availability, Balance, BlockNumber, LeaseId, ProviderId};
use sp_runtime::StateVersion;
use std::collections::BTreeMap;

/// Something that happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Call {
        caller: Caller,
        call: Box<RuntimeCall>,
    },
    Blocks {
        count: BlockNumber,
        agenda: Agenda,
    },
    /// So much of an account is frozen from now on, as by a vote; nothing thaws it.
    Freeze {
        who: Who,
        amount: Balance,
    },
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

/// Steps between two looks for records that are gone. Looks at everything come at multiples of it, or at each step of a
/// list that is repeated.
pub const FORGET_EVERY: u64 = 8;

impl Agenda {
    fn weight(self) -> Weight {
        match self {
            Self::Full => Weight::MAX,
            // The hook takes a quarter, and goes on while the dearest look would fit.
            Self::Short(entries) => Marketplace::wake_at_most()
                .saturating_add(<() as WeightInfo>::look(0).saturating_mul(entries))
                .saturating_mul(4),
            Self::Idle => Weight::zero(),
        }
    }
}

pub struct World<'a> {
    pub model: Model,
    pub tally: &'a mut Tally,
    /// Steps between two looks at everything.
    look_every: u64,
    pub steps: u64,
    full_agenda_at: BlockNumber,
    high_water: BTreeMap<u32, ProviderId>,
    pub issuance: Balance,
    pub owned: BTreeMap<Who, Balance>,
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
            Step::Freeze { who, amount } => self.freeze(*who, *amount),
        }
        self.steps += 1;
        // In the same rhythm however often anybody looks: what is drawn next depends on it.
        if self.steps.is_multiple_of(FORGET_EVERY) {
            self.forget_pruned();
        }
        if self.steps.is_multiple_of(self.look_every) {
            self.look();
        }
        if self.steps.is_multiple_of(8 * self.look_every) {
            self.check_invariants();
        }
    }

    fn call(&mut self, caller: Caller, call: &RuntimeCall) {
        let verdict = self.model.judge(caller, call);
        self.compare_reasons(caller, call);
        let pot = escrow_pot();
        let first = self.model.next_lease;
        let owned = matches!(call, RuntimeCall::Balances(_)).then(owned_now);
        // A root is dear.
        let sampled = self.steps.is_multiple_of(61) || self.look_every == 1;
        let root = (sampled && verdict == Verdict::Refused).then(state_root);
        let done = call.clone().dispatch_bypass_filter(caller.into());
        let name = call.get_call_metadata();
        self.tally.called(name.pallet_name, name.function_name, done);
        match &verdict {
            Verdict::Taken | Verdict::Placed(_) => assert!(done.is_ok(), "refused: {done:?}"),
            Verdict::Refused => {
                assert!(done.is_err(), "taken, but the model refuses it: {call:?}");
                assert!(
                    root.is_none_or(|root| root == state_root()),
                    "a refused call changed something"
                );
            }
            Verdict::Open => {}
        }
        if done.is_ok() {
            self.model.apply(caller, call);
            match call {
                RuntimeCall::Escrow(pallet_escrow::Call::distribute {}) => self.model.distributed(pot),
                RuntimeCall::Balances(_) => self.model.transferred(&owned.expect("it was noted"), &owned_now()),
                _ => {}
            }
            self.notice(call);
        }
        self.listen();
        if let Verdict::Placed(asks) = verdict {
            let opened: Vec<_> = self.model.leases.range(first..).map(|(_, lease)| lease.ask).collect();
            assert_eq!(opened, asks, "where leases are opened by {call:?}");
        }
    }

    /// Freezes a part of what an account owns. The model need not know.
    fn freeze(&mut self, who: Who, amount: Balance) {
        let frozen = Balances::set_freeze(&0, &who, amount);
        let exists = System::account_exists(&who);
        assert_eq!(
            frozen.is_ok(),
            exists || amount == 0,
            "freezing {amount} of {who}: {frozen:?}"
        );
        if amount > 0 && exists {
            self.tally.reached("account frozen");
        }
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
        if now.is_multiple_of(TIMES.epoch) || now == 1 {
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
