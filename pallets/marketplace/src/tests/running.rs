//! Random lives of leases, block by block beside the plain model: both take and refuse the same calls, and find the
//! same end, the same bill and the same credit, to the last unit.

use crate::{mock::*, *};
use frame_support::{assert_ok, storage::with_storage_layer};
use perigee_billing_model::{self as model, Agreement, End, Presence, Terms};
use perigee_primitives::{
    AskId, AskTerms, AttestationTimes, Balance, BlockNumber, CloseReason, FeeRate, GroupOrder, LeaseId, LeasePhase,
    LeaseState, ProviderId,
};
use proptest::{prelude::*, sample::Index};
use sp_runtime::DispatchResult;

const OPERATORS: [u64; 2] = [OPERATOR, OPERATOR_1];
const PAUSE_RATIO: u32 = 2;
/// How far ahead an end is looked for.
const HORIZON: BlockNumber = 250;

/// What somebody does with an active lease.
#[derive(Clone, Debug)]
enum Act {
    Deposit(Balance),
    Withdraw(Balance),
    Resize(u32),
    Extend(BlockNumber),
    Pause(BlockNumber),
    Resume,
    Ready(bool),
    Notice,
    Stop,
    TakeDown,
    Close,
}

/// A lease to be lived through.
#[derive(Clone, Debug)]
struct Life {
    provider: ProviderId,
    /// Rate of a unit of resources; the lease begins with one.
    rate: u64,
    ppm: u32,
    notice: BlockNumber,
    sla: u32,
    opened_at: BlockNumber,
    activated_after: BlockNumber,
    /// Beyond what the opening needs.
    extra: Balance,
    term: Option<BlockNumber>,
    /// By the number of blocks since the activation.
    acts: Vec<(BlockNumber, Act)>,
    /// When the tenant closes it at the latest.
    closed_after: BlockNumber,
}

impl Life {
    fn since(&self) -> BlockNumber {
        self.opened_at + self.activated_after
    }

    fn terms(&self) -> AskTerms<u64> {
        AskTerms {
            notice: self.notice,
            sla: self.sla,
            ..terms(self.rate)
        }
    }

    fn opening(&self, times: &AttestationTimes) -> Balance {
        let blocks = times.reserve() + self.term.unwrap_or(0);
        Balance::from(self.rate) * Balance::from(blocks) + self.extra
    }

    fn agreement(&self, times: &AttestationTimes) -> Agreement {
        Agreement {
            times: model::Times {
                epoch: times.epoch,
                deadline: times.deadline,
                margin: times.margin,
            },
            terms: Terms {
                rate: self.rate.into(),
                payee: OPERATORS[self.provider as usize],
                ppm: self.ppm,
                paused: false,
                unready: false,
            },
            deposited: self.opening(times),
            term: self.term,
            notice: self.notice,
            sla_window: SLA_WINDOW,
            sla: self.sla,
            bond_blocks: BOND_BLOCKS,
            pause_ratio: PAUSE_RATIO,
        }
    }

    /// Does nothing but its credits come out of its bond, and stays it as it was opened?
    fn has_a_plain_bond(&self) -> bool {
        !self
            .acts
            .iter()
            .any(|(_, act)| matches!(act, Act::Resize(_) | Act::Stop))
    }
}

/// Lives, verdicts, and when anybody looks.
#[derive(Clone, Debug)]
struct World {
    times: AttestationTimes,
    lives: Vec<Life>,
    /// Absent epochs of each provider. Void epochs are among the others: everybody is billed.
    absent: [Vec<u32>; 2],
    maintenance: [Vec<u32>; 2],
    /// How long after its end each epoch is judged.
    delays: Vec<BlockNumber>,
    /// Is the agenda worked off at this block?
    agenda: Vec<bool>,
    /// Which lease somebody settles at this block.
    settled: Vec<Option<Index>>,
}

impl World {
    /// The first unjudged block at `now`, in order, none later than the deadline allows.
    fn judged_until(&self, now: BlockNumber) -> BlockNumber {
        let judged = |epoch: &u32| {
            let delay = self.delays[*epoch as usize % self.delays.len()].min(self.times.deadline + 1);
            self.times.end_of(*epoch) + delay <= now
        };
        self.times.start_of((0..).take_while(judged).count() as u32)
    }

    fn presence(&self, provider: ProviderId, block: BlockNumber) -> Presence {
        let (provider, epoch) = (provider as usize, self.times.epoch_of(block));
        if self.maintenance[provider].contains(&epoch) {
            Presence::Maintenance
        } else if self.absent[provider].contains(&epoch) {
            Presence::Absent
        } else {
            Presence::Present
        }
    }

    fn last_block(&self) -> BlockNumber {
        let closed = self.lives.iter().map(|life| life.since() + life.closed_after);
        closed.max().expect("one life at least") + 2 * self.times.window() + self.times.epoch
    }
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (1..1_500u128).prop_map(Act::Deposit),
        3 => (1..1_500u128).prop_map(Act::Withdraw),
        4 => (1..4u32).prop_map(Act::Resize),
        2 => (1..80u32).prop_map(Act::Extend),
        3 => (1..=MAX_PAUSE).prop_map(Act::Pause),
        2 => Just(Act::Resume),
        4 => any::<bool>().prop_map(Act::Ready),
        2 => Just(Act::Notice),
        1 => Just(Act::Stop),
        1 => Just(Act::TakeDown),
        1 => Just(Act::Close),
    ]
}

prop_compose! {
    fn life()(
        provider in 0..2u32,
        rate in 1..40u64,
        ppm in prop_oneof![Just(30_000), Just(50_000), Just(33_333), 30_000..=50_000u32],
        notice in 5..70u32,
        sla in prop_oneof![Just(0), Just(1_000_000), 500_000..=1_000_000u32],
        opened_at in 1..60u32,
        activated_after in 0..ACTIVATION_DEADLINE,
        extra in prop_oneof![Just(0), 0..200u128, 0..4_000u128],
        term in prop::option::weighted(0.3, 1..150u32),
        acts in prop::collection::vec((0..220u32, act()), 0..12),
        closed_after in prop_oneof![0..30u32, 0..300u32],
    ) -> Life {
        let mut acts = acts;
        acts.sort_by_key(|(at, _)| *at);
        Life {
            provider, rate, ppm, notice, sla, opened_at, activated_after, extra, term, acts, closed_after,
        }
    }
}

prop_compose! {
    fn world()(
        times in prop_oneof![
            Just(TIMES),
            Just(AttestationTimes { epoch: 20, deadline: 3, margin: 1 }),
            Just(AttestationTimes { epoch: 10, deadline: 14, margin: 7 }),
        ],
        lives in prop::collection::vec(life(), 1..4),
        first in prop::collection::btree_set(0..40u32, 0..30),
        second in prop::collection::btree_set(0..40u32, 0..10),
        maintenance in prop::collection::btree_set(0..40u32, 0..4),
        delays in prop::collection::vec(0..16u32, 8),
        agenda in prop::collection::vec(prop::bool::weighted(0.3), 50),
        settled in prop::collection::vec(prop::option::weighted(0.2, any::<Index>()), 70),
    ) -> World {
        let absent = [first.into_iter().collect(), second.into_iter().collect()];
        let maintenance = [maintenance.into_iter().collect(), vec![]];
        let mut lives = lives;
        lives.sort_by_key(|life| life.opened_at);
        World { times, lives, absent, maintenance, delays, agenda, settled }
    }
}

/// A life that is lived, in the pallet and in the model.
struct Lived<'a> {
    life: &'a Life,
    id: LeaseId,
    ask: AskId,
    model: Option<model::Lease>,
}

impl Lived<'_> {
    fn open(&self, times: &AttestationTimes) {
        let fee = FeeRate::new(self.life.ppm).expect("within the bounds");
        pallet_escrow::FeeRateNow::<Test>::put(fee);
        let order = GroupOrder {
            asks: vec![self.ask].try_into().expect("one ask"),
            max_rate: self.life.rate.into(),
            term: self.life.term,
            ..order(self.life.opening(times))
        };
        assert_eq!(deploy(order), self.id);
    }

    fn activate(&mut self, times: &AttestationTimes, now: BlockNumber) {
        let operator = RuntimeOrigin::signed(OPERATORS[self.life.provider as usize]);
        assert_ok!(Marketplace::activate(operator, self.id));
        self.model = Some(model::Lease::activate(self.life.agreement(times), now));
    }

    /// Does in both what its life says of this block.
    fn act(&mut self, now: BlockNumber, judged: BlockNumber) {
        let offset = now - self.life.since();
        let acts = self.life.acts.iter().filter(|(at, _)| *at == offset);
        let mut acts: Vec<_> = acts.map(|(_, act)| act.clone()).collect();
        if offset == self.life.closed_after {
            acts.push(Act::Close);
        }
        for act in acts {
            let taken = with_storage_layer(|| self.call(&act));
            let expected = self.model_call(&act, judged);
            assert_eq!(
                taken.is_ok(),
                expected.is_ok(),
                "{act:?} on lease {} at {now}: {taken:?}, {expected:?}",
                self.id
            );
        }
    }

    fn call(&self, act: &Act) -> DispatchResult {
        let tenant = RuntimeOrigin::signed(TENANT);
        let operator = RuntimeOrigin::signed(OPERATORS[self.life.provider as usize]);
        let id = self.id;
        done(match act {
            Act::Deposit(amount) => Marketplace::deposit(tenant, id, *amount),
            Act::Withdraw(amount) => Marketplace::withdraw(tenant, id, *amount),
            Act::Resize(units) => Marketplace::resize(tenant, id, resources(*units), [4; 32], 1_000),
            Act::Extend(blocks) => Marketplace::extend(tenant, id, *blocks),
            Act::Pause(blocks) => Marketplace::pause(tenant, id, *blocks),
            Act::Resume => Marketplace::resume(tenant, id),
            Act::Ready(ready) => Marketplace::set_ready(operator, id, *ready),
            Act::Notice => Marketplace::give_notice(operator, id),
            Act::Stop => Marketplace::stop_for_abuse(operator, id, [1; 32]),
            Act::TakeDown => Marketplace::take_down(RuntimeOrigin::root(), id, [2; 32]),
            Act::Close => Marketplace::close(tenant, id, None),
        })
    }

    fn model_call(&mut self, act: &Act, judged: BlockNumber) -> Result<(), model::Refused> {
        let model = self.model.as_mut().expect("activated");
        match act {
            Act::Deposit(amount) => model.deposit(*amount),
            Act::Withdraw(amount) => model.withdraw(judged, *amount),
            Act::Resize(units) => model.resize(judged, Balance::from(self.life.rate) * Balance::from(*units)),
            Act::Extend(blocks) => model.extend(judged, *blocks),
            Act::Pause(blocks) => model.pause(judged, *blocks),
            Act::Resume => model.resume(judged),
            Act::Ready(ready) => model.set_ready(judged, *ready),
            Act::Notice => model.give_notice(),
            Act::Stop | Act::TakeDown | Act::Close => model.close(),
        }
    }

    /// Both are at the same point of the lease's life.
    fn compare(&self, now: BlockNumber) {
        let Some(model) = &self.model else { return };
        let (found, lease) = (state(self.id), self.id);
        match (model.end(), found.phase) {
            (None, LeasePhase::Active { since }) => assert_eq!(since, self.life.since(), "lease {lease}"),
            (Some((at, why)), LeasePhase::Ended { at: found, reason }) => {
                assert_eq!((at, why), (found, why_ended(reason)), "lease {lease} at {now}");
            }
            (expected, found) => panic!("lease {lease} at {now}: {found:?} instead of {expected:?}"),
        }
    }

    /// Both find the same bill.
    fn compare_bill(&self, now: BlockNumber, judged: BlockNumber) {
        let Some(model) = &self.model else { return };
        let (found, lease) = (state(self.id), self.id);
        let bill = model.bill(judged);
        assert_eq!(found.billed, bill.billed, "lease {lease} at {now}");
        assert_eq!(
            (found.fee, found.unbilled_blocks),
            (bill.fee, bill.unbilled),
            "lease {lease} at {now}"
        );
        assert_eq!(found.sla_broken, bill.broken, "lease {lease} at {now}");
        let left = (model.end().is_none() && !model.pause_is_ahead())
            .then(|| model.pauses_left(judged))
            .flatten();
        let longest = Balance::from(MAX_PAUSE).min(left.unwrap_or_default() / found.rate);
        assert_eq!(Balance::from(found.longest_pause), longest, "lease {lease} at {now}");
        if self.life.has_a_plain_bond() {
            let bond = Balance::from(self.life.rate) * Balance::from(BOND_BLOCKS);
            assert_eq!(found.credits_paid, bill.credit.min(bond), "lease {lease} at {now}");
        }
    }

    /// Both expect the same end.
    fn compare_forecast(&self, now: BlockNumber, judged: BlockNumber) {
        let Some(model) = self.model.as_ref().filter(|model| model.end().is_none()) else {
            return;
        };
        let near = |end: &BlockNumber| *end < now + HORIZON;
        let expected = model.forecast(judged, now + HORIZON).map(|(at, _)| at);
        assert_eq!(
            state(self.id).runs_until.filter(near),
            expected.filter(near),
            "lease {} at {now}",
            self.id
        );
    }

    fn compare_final(&self) {
        let (found, lease) = (state(self.id), self.id);
        let model = self.model.as_ref().expect("activated");
        let bill = model.bill(BlockNumber::MAX);
        assert!(found.settled, "lease {lease}");
        assert_eq!(found.deposited, model.deposited(), "lease {lease}");
        assert_eq!(found.refunded, model.refund() + model.withdrawn(), "lease {lease}");
        assert_eq!(
            found.to_provider,
            bill.earned.values().sum::<Balance>(),
            "lease {lease}"
        );
        assert_eq!(credits_due(lease), bill.credit, "lease {lease}");
    }
}

fn why_ended(reason: CloseReason) -> End {
    match reason {
        CloseReason::TermEnded => End::Term,
        CloseReason::ClosedByProvider => End::Notice,
        CloseReason::FundsEnded => End::Funds,
        CloseReason::ClosedByTenant | CloseReason::TakenDown(_) | CloseReason::StoppedForAbuse(_) => End::Call,
        other => panic!("{other:?} does not end an active lease here"),
    }
}

/// What was due to the tenant of a lease for absences beyond the SLA.
fn credits_due(id: LeaseId) -> Balance {
    let due = System::events().into_iter().filter_map(|record| match record.event {
        RuntimeEvent::Marketplace(Event::SlaCredited { lease, due, .. }) if lease == id => Some(due),
        _ => None,
    });
    due.sum()
}

/// Lives through a world; returns the final state of each lease.
fn run(world: &World) -> Vec<LeaseState<u64>> {
    Script::set_times(world.times);
    PauseRatio::set(&PAUSE_RATIO);
    for provider in 0..2 {
        Script::absent(provider, &world.absent[provider as usize]);
        Script::maintenance(provider, &world.maintenance[provider as usize]);
    }
    let lives = world.lives.iter().enumerate();
    let mut lived: Vec<_> = lives
        .map(|(id, life)| Lived {
            life,
            id: id as LeaseId,
            ask: publish_on(OPERATORS[life.provider as usize], life.terms()),
            model: None,
        })
        .collect();
    let mut billed_until = 0;
    for now in 1..=world.last_block() {
        jump_to(now);
        let judged = world.judged_until(now);
        Script::judge(judged);
        if world.agenda[now as usize % world.agenda.len()] {
            work_off_agenda();
        }
        for lived in &mut lived {
            if now == lived.life.opened_at {
                lived.open(&world.times);
            }
            if now == lived.life.since() {
                lived.activate(&world.times, now);
            }
            if now >= lived.life.since() {
                lived.act(now, judged);
            }
        }
        if let Some(index) = world.settled[now as usize % world.settled.len()] {
            let id = index.index(lived.len()) as LeaseId;
            let _ = with_storage_layer(|| Marketplace::settle(RuntimeOrigin::signed(OTHER), id));
        }
        for lived in &mut lived {
            lived.compare(now);
            if judged > billed_until || now % 9 == 0 {
                lived.compare_bill(now, judged);
                lived.compare_forecast(now, judged);
            }
            if let Some(model) = &mut lived.model {
                model.pass(world.presence(lived.life.provider, now));
            }
        }
        billed_until = judged;
        if now % 32 == 0 {
            check();
        }
    }
    work_off_agenda();
    check();
    lived.iter().for_each(Lived::compare_final);
    lived.iter().map(|lived| state(lived.id)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    /// Random absences, maintenance, voids, verdict times, deposits, withdrawals, resizes, pauses, readiness, notices,
    /// terms and ends; settled and processed at random blocks: the unit that the plain model finds.
    #[test]
    fn the_lazy_bill_equals_the_one_that_walks_block_by_block(world in world()) {
        new_test_ext().execute_with(|| run(&world));
    }

    /// The same lives, looked at differently: the same ends, units and credits.
    #[test]
    fn when_somebody_settles_changes_nothing(
        world in world(),
        agenda in prop::collection::vec(prop::bool::weighted(0.1), 37),
        settled in prop::collection::vec(prop::option::weighted(0.5, any::<Index>()), 41),
    ) {
        let other = World { agenda, settled, ..world.clone() };
        let once = new_test_ext().execute_with(|| run(&world));
        let again = new_test_ext().execute_with(|| run(&other));
        prop_assert_eq!(once.len(), again.len());
        for (a, b) in once.into_iter().zip(again) {
            prop_assert_eq!(LeaseState { judged_until: 0, ..a }, LeaseState { judged_until: 0, ..b });
        }
    }
}
