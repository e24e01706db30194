//! Random lives of leases: the lazy bill equals the one that walks block by block, and no unit is lost.

use crate::{mock::*, *};
use frame_support::{assert_ok, storage::with_storage_layer};
use perigee_billing_model::{self as model, Outcome, Story};
use perigee_primitives::{
    traits::{LeaseBonds, ProviderCapacity},
    AttestationTimes, Balance, BlockNumber, CloseReason, DeclineReason, FeeRate, GroupOrder, LeaseId, LeasePhase,
    LeaseState, ProviderId,
};
use proptest::{prelude::*, sample::Index};
use std::collections::BTreeMap;

const OPERATORS: [u64; 2] = [OPERATOR, OPERATOR_1];
const ASK_RATES: [Balance; 2] = [7, 11];

/// A lease to be lived through. Offsets count from the activation.
#[derive(Clone, Debug)]
struct Life {
    provider: ProviderId,
    opened_at: BlockNumber,
    activated_after: BlockNumber,
    /// Rate and fee of the first segment; then offset, rate and fee of changes.
    first: (Balance, u32),
    changes: Vec<(BlockNumber, Balance, u32)>,
    /// Beyond what the opening needs.
    extra: Balance,
    deposits: Vec<(BlockNumber, Balance)>,
    term: Option<BlockNumber>,
    notice_after: Option<BlockNumber>,
    closed_after: BlockNumber,
}

impl Life {
    fn since(&self) -> BlockNumber {
        self.opened_at + self.activated_after
    }

    /// The dearest rate, so that the first deposit covers W + E whatever comes.
    fn highest_rate(&self) -> Balance {
        let rates = self.changes.iter().map(|(_, rate, _)| *rate);
        rates
            .chain([self.first.0, ASK_RATES[self.provider as usize]])
            .max()
            .expect("two at least")
    }

    fn opening(&self, times: &AttestationTimes) -> Balance {
        let blocks = times.window() + times.epoch + self.term.unwrap_or(0);
        self.highest_rate() * Balance::from(blocks) + self.extra
    }

    fn closed_at(&self) -> BlockNumber {
        self.since() + self.closed_after
    }

    /// Payees of the segments of lease `id`.
    fn payee(id: LeaseId, segment: usize) -> u64 {
        1_000 + id * 10 + segment as u64
    }

    fn segments(&self, id: LeaseId) -> Vec<Segment<u64>> {
        let first = (0, self.first.0, self.first.1);
        let all = core::iter::once(first).chain(self.changes.iter().copied());
        all.enumerate()
            .map(|(n, (offset, rate, ppm))| Segment {
                from: self.since() + offset,
                rate,
                payee: Self::payee(id, n),
                fee: FeeRate::new(ppm).expect("within the bounds"),
            })
            .collect()
    }

    fn story(&self, id: LeaseId, world: &World) -> Story {
        let later = self
            .deposits
            .iter()
            .map(|(offset, amount)| (self.since() + offset, *amount));
        // Block 0 is before any activation: it counts from the start.
        let opening = (0, self.opening(&world.times));
        Story {
            times: model::Times {
                epoch: world.times.epoch,
                deadline: world.times.deadline,
                margin: world.times.margin,
            },
            segments: self
                .segments(id)
                .into_iter()
                .map(|s| model::Segment {
                    from: s.from,
                    rate: s.rate,
                    payee: s.payee,
                    ppm: s.fee.ppm(),
                })
                .collect(),
            // The harness deposits before it closes; at the same block the model has it the other way round.
            deposits: [opening]
                .into_iter()
                .chain(later.filter(|(at, _)| *at < self.closed_at()))
                .collect(),
            term: self.term,
            notice_end: self.notice_after.map(|after| self.since() + after + NOTICE),
            closed_at: self.closed_at(),
            absent: world.absent[self.provider as usize].clone(),
        }
    }
}

/// Lives, verdicts, and when anybody looks.
#[derive(Clone, Debug)]
struct World {
    times: AttestationTimes,
    lives: Vec<Life>,
    /// Absent epochs of each provider. Void epochs are among the others: everybody is billed.
    absent: [Vec<u32>; 2],
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

    fn last_block(&self) -> BlockNumber {
        let closed = self.lives.iter().map(Life::closed_at).max().expect("one life at least");
        closed + 2 * self.times.window() + self.times.epoch
    }
}

fn ppm() -> impl Strategy<Value = u32> {
    prop_oneof![Just(30_000), Just(50_000), Just(33_333), 30_000..=50_000u32]
}

fn rate() -> impl Strategy<Value = Balance> {
    prop_oneof![Just(0), Just(1), 1..40u128, 1_000_000_000..2_000_000_000u128]
}

fn small_rate() -> impl Strategy<Value = Balance> {
    prop_oneof![Just(0), Just(1), 1..40u128]
}

prop_compose! {
    fn life()(
        provider in 0..2u32,
        opened_at in 1..60u32,
        activated_after in 0..ACTIVATION_DEADLINE,
        first in (small_rate(), ppm()),
        gaps in prop::collection::vec((1..80u32, small_rate(), ppm()), 0..=MAX_PENDING_SEGMENTS as usize),
        extra in prop_oneof![Just(0), 0..200u128, 0..4_000u128],
        deposits in prop::collection::vec((0..200u32, 1..1_500u128), 0..4),
        term in prop::option::weighted(0.3, 1..150u32),
        notice_after in prop::option::weighted(0.3, 0..150u32),
        closed_after in prop_oneof![0..30u32, 0..300u32],
    ) -> Life {
        let mut offset = 0;
        let changes = gaps.into_iter().map(|(gap, rate, ppm)| {
            offset += gap;
            (offset, rate, ppm)
        }).collect();
        Life {
            provider, opened_at, activated_after, first, changes, extra, deposits, term, notice_after, closed_after,
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
        delays in prop::collection::vec(0..16u32, 8),
        agenda in prop::collection::vec(prop::bool::weighted(0.3), 50),
        settled in prop::collection::vec(prop::option::weighted(0.2, any::<Index>()), 70),
    ) -> World {
        let absent = [first.into_iter().collect(), second.into_iter().collect()];
        World { times, lives, absent, delays, agenda, settled }
    }
}

/// Opens a life's lease, with terms of its own.
fn open(life: &Life, id: LeaseId, world: &World) {
    let asks = vec![life.provider.into()].try_into().expect("one ask");
    let order = GroupOrder {
        asks,
        max_rate: 11,
        term: life.term,
        ..order(life.opening(&world.times))
    };
    assert_eq!(deploy(order), id);
    Leases::<Test>::mutate(id, |lease| {
        let lease = lease.as_mut().expect("just opened");
        let first = life.segments(id).remove(0);
        Providers::free(lease.provider, &lease.resources, lease.rate);
        (lease.rate, lease.payee, lease.fee) = (first.rate, first.payee, first.fee);
        assert_ok!(Providers::lease(lease.provider, &lease.resources, lease.rate));
        let bond = lease.rate * Balance::from(BOND_BLOCKS);
        assert_ok!(Providers::set(lease.provider, id, bond));
    });
}

/// Activates it, and adds the changes to come.
fn activate(life: &Life, id: LeaseId) {
    assert_ok!(Marketplace::activate(
        RuntimeOrigin::signed(OPERATORS[life.provider as usize]),
        id
    ));
    Leases::<Test>::mutate(id, |lease| {
        let bill = &mut lease.as_mut().expect("just activated").bill;
        for segment in life.segments(id).into_iter().skip(1) {
            bill.change(segment, 0).expect("four changes at most");
        }
    });
}

/// What happens to a life's lease at `now`, in the order of the model. Calls on an ended lease fail and change nothing.
fn live(life: &Life, id: LeaseId, now: BlockNumber) {
    let tenant = || RuntimeOrigin::signed(TENANT);
    if now == life.since() {
        activate(life, id);
    }
    for (offset, amount) in &life.deposits {
        if now == life.since() + offset && now < life.closed_at() {
            let _ = with_storage_layer(|| Marketplace::deposit(tenant(), id, *amount));
        }
    }
    if life.notice_after.is_some_and(|after| now == life.since() + after) {
        let operator = RuntimeOrigin::signed(OPERATORS[life.provider as usize]);
        let _ = with_storage_layer(|| Marketplace::give_notice(operator, id));
    }
    if now == life.closed_at() {
        let _ = with_storage_layer(|| Marketplace::close(tenant(), id, None));
    }
}

/// Cost of the judged blocks of a story up to its end.
fn billed_until(story: &Story, outcome: &Outcome, judged: BlockNumber) -> Balance {
    let mut sum = 0;
    for block in story.segments[0].from..outcome.at.min(judged) {
        let current = story
            .segments
            .iter()
            .rev()
            .find(|s| s.from <= block)
            .expect("the first one");
        if !story.absent.contains(&(block / story.times.epoch)) {
            sum += current.rate;
        }
    }
    sum
}

/// Lives through a world; returns the final state of each lease.
fn run(world: &World) -> Vec<LeaseState<u64>> {
    Script::set_times(world.times);
    Script::absent(0, &world.absent[0]);
    Script::absent(1, &world.absent[1]);
    let mut order: Vec<_> = world.lives.iter().collect();
    order.sort_by_key(|life| life.opened_at);
    let stories: Vec<_> = order
        .iter()
        .enumerate()
        .map(|(id, life)| life.story(id as LeaseId, world))
        .collect();
    let outcomes: Vec<_> = stories.iter().map(Story::run).collect();
    let mut finals = BTreeMap::new();
    for now in 1..=world.last_block() {
        jump_to(now);
        let judged = world.judged_until(now);
        Script::judge(judged);
        if world.agenda[now as usize % world.agenda.len()] {
            work_off_agenda();
        }
        for (id, life) in order.iter().enumerate() {
            if now == life.opened_at {
                open(life, id as LeaseId, world);
            }
            if now >= life.since() {
                live(life, id as LeaseId, now);
            }
        }
        if let Some(index) = world.settled[now as usize % world.settled.len()] {
            let id = index.index(order.len()) as LeaseId;
            let _ = with_storage_layer(|| Marketplace::settle(RuntimeOrigin::signed(OTHER), id));
        }
        for (id, life) in order.iter().enumerate() {
            let Some(state) = Marketplace::lease_state(id as LeaseId) else {
                continue;
            };
            if now >= life.since() {
                assert_eq!(
                    state.billed,
                    billed_until(&stories[id], &outcomes[id], judged),
                    "lease {id} at {now}"
                );
            }
            if state.settled {
                finals.insert(id, state);
            }
        }
        if now % 16 == 0 {
            check();
        }
    }
    work_off_agenda();
    for id in 0..order.len() {
        if let Some(state) = Marketplace::lease_state(id as LeaseId) {
            finals.insert(id, state);
        }
    }
    check();
    assert_outcomes(&outcomes, &finals);
    finals.into_values().collect()
}

fn assert_outcomes(outcomes: &[Outcome], finals: &BTreeMap<usize, LeaseState<u64>>) {
    for (id, outcome) in outcomes.iter().enumerate() {
        let found = finals.get(&id).expect("every lease came to its end");
        let reason = match outcome.why {
            model::End::Term => CloseReason::TermEnded,
            model::End::Notice => CloseReason::ClosedByProvider,
            model::End::Funds => CloseReason::FundsEnded,
            model::End::Tenant => CloseReason::ClosedByTenant,
        };
        assert_eq!(found.phase, LeasePhase::Ended { at: outcome.at, reason }, "lease {id}");
        assert!(found.settled, "lease {id}");
        assert_eq!(found.deposited, outcome.deposited, "lease {id}");
        assert_eq!(found.fee, outcome.fee, "lease {id}");
        assert_eq!(
            found.to_provider,
            outcome.earned.values().sum::<Balance>(),
            "lease {id}"
        );
        assert_eq!(found.refunded, outcome.refunded, "lease {id}");
        assert_eq!(found.unbilled_blocks, outcome.unbilled, "lease {id}");
        for segment in 0..=MAX_PENDING_SEGMENTS as usize {
            let payee = Life::payee(id as LeaseId, segment);
            let earned = outcome.earned.get(&payee).copied().unwrap_or_default();
            assert_eq!(
                paid_or_credited(id as LeaseId, payee),
                earned,
                "payee {segment} of lease {id}"
            );
        }
    }
    let fees: Balance = outcomes.iter().map(|outcome| outcome.fee).sum();
    let credited: Balance = (0..outcomes.len()).map(|id| credit(id as LeaseId, TREASURY)).sum();
    assert_eq!(Balances::free_balance(TREASURY) - RICH + credited, fees);
}

/// What `payee` can still claim of lease `id`.
fn credit(id: LeaseId, payee: u64) -> Balance {
    let account = pallet_escrow::Accounts::<Test>::get(id);
    let credits = account.into_iter().flat_map(|account| account.credits.0);
    credits
        .filter(|credit| credit.payee == payee)
        .map(|credit| credit.amount)
        .sum()
}

fn paid_or_credited(id: LeaseId, payee: u64) -> Balance {
    Balances::free_balance(payee) + credit(id, payee)
}

/// A call that anybody may try at any time.
#[derive(Clone, Debug)]
enum Try {
    Deploy {
        asks: Vec<u64>,
        units: u32,
        deposit: Balance,
        term: Option<BlockNumber>,
    },
    Activate(Index),
    Decline(Index, DeclineReason),
    Close(Index),
    Notice(Index),
    Deposit(Index, Balance),
    Settle(Index),
    TornDown(Vec<Index>),
    Claim(Index, u64),
    Capacity(ProviderId, u32),
    Wait {
        blocks: BlockNumber,
        agenda: bool,
    },
}

fn reason() -> impl Strategy<Value = DeclineReason> {
    prop_oneof![
        Just(DeclineReason::NoCapacity),
        Just(DeclineReason::NoManifest),
        Just(DeclineReason::TenantWorkload),
        Just(DeclineReason::ClusterError),
    ]
}

fn attempt() -> impl Strategy<Value = Try> {
    let lease = any::<Index>;
    let asks = prop::collection::vec(0..3u64, 0..4);
    let deposit = prop_oneof![200..3_000u128, rate()];
    let term = prop::option::weighted(0.3, 0..60u32);
    prop_oneof![
        4 => (asks, 0..5u32, deposit.clone(), term)
            .prop_map(|(asks, units, deposit, term)| Try::Deploy { asks, units, deposit, term }),
        4 => lease().prop_map(Try::Activate),
        1 => (lease(), reason()).prop_map(|(lease, reason)| Try::Decline(lease, reason)),
        1 => lease().prop_map(Try::Close),
        1 => lease().prop_map(Try::Notice),
        2 => (lease(), deposit).prop_map(|(lease, amount)| Try::Deposit(lease, amount)),
        2 => lease().prop_map(Try::Settle),
        1 => prop::collection::vec(lease(), 0..4).prop_map(Try::TornDown),
        1 => (lease(), prop_oneof![Just(OPERATOR), Just(TREASURY), Just(TENANT)])
            .prop_map(|(lease, payee)| Try::Claim(lease, payee)),
        1 => (0..2u32, 5..20u32).prop_map(|(provider, units)| Try::Capacity(provider, units)),
        4 => (1..25u32, any::<bool>()).prop_map(|(blocks, agenda)| Try::Wait { blocks, agenda }),
    ]
}

/// Tries a call as the one who may make it; what fails changes nothing.
fn attempt_now(step: Try) {
    let leases = NextLeaseId::<Test>::get();
    let pick = |index: Index| {
        if leases == 0 {
            0
        } else {
            index.index(leases as usize) as LeaseId
        }
    };
    let operator = |id| {
        let provider = Leases::<Test>::get(id).map_or(0, |lease| lease.provider);
        RuntimeOrigin::signed(OPERATORS[provider as usize])
    };
    let tenant = || RuntimeOrigin::signed(TENANT);
    let _ = with_storage_layer(|| match step {
        Try::Deploy {
            asks,
            units,
            deposit,
            term,
        } => {
            let asks = asks.try_into().expect("few asks");
            let order = GroupOrder {
                asks,
                resources: resources(units),
                max_rate: 50,
                term,
                ..order(deposit)
            };
            let groups = vec![order].try_into().expect("one group");
            Marketplace::deploy(tenant(), groups)
                .map(|_| ())
                .map_err(|error| error.error)
        }
        Try::Activate(lease) => Marketplace::activate(operator(pick(lease)), pick(lease)),
        Try::Decline(lease, reason) => Marketplace::decline(operator(pick(lease)), pick(lease), reason)
            .map(|_| ())
            .map_err(|error| error.error),
        Try::Close(lease) => Marketplace::close(tenant(), pick(lease), None)
            .map(|_| ())
            .map_err(|error| error.error),
        Try::Notice(lease) => Marketplace::give_notice(operator(pick(lease)), pick(lease)),
        Try::Deposit(lease, amount) => Marketplace::deposit(tenant(), pick(lease), amount),
        Try::Settle(lease) => Marketplace::settle(RuntimeOrigin::signed(OTHER), pick(lease)),
        Try::TornDown(leases) => {
            let leases: Vec<_> = leases.into_iter().map(pick).collect();
            let who = operator(leases.first().copied().unwrap_or_default());
            Marketplace::torn_down(who, leases.try_into().expect("few leases"))
        }
        Try::Claim(lease, payee) => Escrow::claim(tenant(), pick(lease), payee),
        Try::Capacity(provider, units) => {
            Providers::set_capacity(RuntimeOrigin::signed(OPERATORS[provider as usize]), resources(units))
        }
        Try::Wait { blocks, agenda } => {
            let until = System::block_number() + blocks;
            if agenda {
                run_to(until);
            } else {
                jump_to(until);
                Script::judge(TIMES.start_of(TIMES.epoch_of(until)));
            }
            Ok(())
        }
    });
}

/// What the reservation fees burned so far come to.
fn burned() -> Balance {
    let burned = System::events().into_iter().filter_map(|record| match record.event {
        RuntimeEvent::Marketplace(Event::ReservationBurned { amount, .. }) => Some(amount),
        _ => None,
    });
    burned.sum()
}

fn check_without_capacity() {
    Escrow::do_try_state().expect("escrow's invariants hold");
    Marketplace::do_try_state().expect("the marketplace's invariants hold");
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 400, ..ProptestConfig::default() })]

    /// Random absences, voids, verdict times, changes of terms, deposits, notices, terms and closes; settled and
    /// processed at random blocks: the unit that the plain model finds.
    #[test]
    fn the_lazy_bill_equals_the_one_that_walks_block_by_block(world in world()) {
        new_test_ext().execute_with(|| run(&world));
    }

    /// The same lives, looked at differently: the same end and the same units.
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

    /// Any calls in any order keep the invariants, and issuance falls by burned fees only.
    #[test]
    fn any_calls_in_any_order_keep_the_invariants(
        steps in prop::collection::vec(attempt(), 1..120),
        absent in prop::collection::btree_set(0..60u32, 0..30),
    ) {
        new_test_ext().execute_with(|| {
            let issuance = pallet_balances::TotalIssuance::<Test>::get();
            Script::absent(0, &absent.into_iter().collect::<Vec<_>>());
            for step in steps {
                attempt_now(step);
                check_without_capacity();
            }
            // Everybody goes: all ends come, everything is paid, refunded, freed and pruned.
            for deployment in 0..NextDeploymentId::<Test>::get() {
                let _ = with_storage_layer(|| Marketplace::close(RuntimeOrigin::signed(TENANT), deployment, None));
            }
            run_to(System::block_number() + RETENTION + 60);
            check_without_capacity();
            assert_eq!(Leases::<Test>::iter_keys().count(), 0);
            assert_eq!(LeasesByProvider::<Test>::iter_keys().count(), 0);
            assert_eq!(Balances::reserved_balance(TENANT), 0);
            let leased = pallet_providers::Providers::<Test>::iter_values().map(|provider| provider.leased);
            assert!(leased.into_iter().all(|leased| leased == Default::default()));
            assert_eq!(pallet_balances::TotalIssuance::<Test>::get() + burned(), issuance);
        });
    }
}
