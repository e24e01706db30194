//! Any calls in any order: no unit is lost, and the invariants hold.

use crate::{mock::*, *};
use frame_support::storage::with_storage_layer;
use perigee_primitives::{Balance, BlockNumber, DeclineReason, GroupOrder, LeaseId, ProviderId};
use proptest::{prelude::*, sample::Index};

const OPERATORS: [u64; 2] = [OPERATOR, OPERATOR_1];

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
    Stop(Index),
    TakeDown(Index),
    Ready(Index, bool),
    Deposit(Index, Balance),
    Withdraw(Index, Balance),
    Resize(Index, u32),
    Extend(Index, BlockNumber),
    Pause(Index, BlockNumber),
    Resume(Index),
    Offer(Index, u64),
    Accept(Index),
    Settle(Index),
    SettleMany(Vec<Index>),
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

fn who() -> impl Strategy<Value = u64> {
    prop_oneof![Just(TENANT), Just(OTHER)]
}

fn rate() -> impl Strategy<Value = Balance> {
    prop_oneof![Just(0), Just(1), 1..40u128, 1_000_000_000..2_000_000_000u128]
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
        1 => prop_oneof![
            lease().prop_map(Try::Stop),
            lease().prop_map(Try::TakeDown),
        ],
        2 => (lease(), any::<bool>()).prop_map(|(lease, ready)| Try::Ready(lease, ready)),
        2 => (lease(), 1..2_000u128).prop_map(|(lease, amount)| Try::Withdraw(lease, amount)),
        2 => (lease(), 0..5u32).prop_map(|(lease, units)| Try::Resize(lease, units)),
        1 => (lease(), 0..60u32).prop_map(|(lease, blocks)| Try::Extend(lease, blocks)),
        2 => (lease(), 0..=MAX_PAUSE).prop_map(|(lease, blocks)| Try::Pause(lease, blocks)),
        1 => lease().prop_map(Try::Resume),
        1 => (lease(), who()).prop_map(|(lease, to)| Try::Offer(lease, to)),
        1 => lease().prop_map(Try::Accept),
        2 => lease().prop_map(Try::Settle),
        1 => prop::collection::vec(lease(), 0..4).prop_map(Try::SettleMany),
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
    let owner = |id| {
        let owner = Leases::<Test>::get(id).map_or(TENANT, |lease| lease.owner);
        RuntimeOrigin::signed(owner)
    };
    let deployment = |id| Leases::<Test>::get(id).map_or(0, |lease| lease.deployment);
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
            done(Marketplace::deploy(tenant(), groups))
        }
        Try::Activate(lease) => Marketplace::activate(operator(pick(lease)), pick(lease)),
        Try::Decline(lease, reason) => done(Marketplace::decline(operator(pick(lease)), pick(lease), reason)),
        Try::Close(lease) => done(Marketplace::close(owner(pick(lease)), deployment(pick(lease)), None)),
        Try::Notice(lease) => done(Marketplace::give_notice(operator(pick(lease)), pick(lease))),
        Try::Stop(lease) => done(Marketplace::stop_for_abuse(operator(pick(lease)), pick(lease), [1; 32])),
        Try::TakeDown(lease) => done(Marketplace::take_down(RuntimeOrigin::root(), pick(lease), [2; 32])),
        Try::Ready(lease, ready) => done(Marketplace::set_ready(operator(pick(lease)), pick(lease), ready)),
        Try::Deposit(lease, amount) => done(Marketplace::deposit(owner(pick(lease)), pick(lease), amount)),
        Try::Withdraw(lease, amount) => done(Marketplace::withdraw(tenant(), pick(lease), amount)),
        Try::Resize(lease, units) => done(Marketplace::resize(
            owner(pick(lease)),
            pick(lease),
            resources(units),
            [4; 32],
            50,
        )),
        Try::Extend(lease, blocks) => done(Marketplace::extend(owner(pick(lease)), pick(lease), blocks)),
        Try::Pause(lease, blocks) => done(Marketplace::pause(owner(pick(lease)), pick(lease), blocks)),
        Try::Resume(lease) => done(Marketplace::resume(owner(pick(lease)), pick(lease))),
        Try::Offer(lease, to) => Marketplace::offer_transfer(owner(pick(lease)), deployment(pick(lease)), to),
        Try::Accept(lease) => {
            let id = deployment(pick(lease));
            let to = Deployments::<Test>::get(id).and_then(|deployment| deployment.offered_to);
            done(Marketplace::accept_transfer(
                RuntimeOrigin::signed(to.unwrap_or(OTHER)),
                id,
            ))
        }
        Try::SettleMany(leases) => {
            let leases: Vec<_> = leases.into_iter().map(pick).collect();
            done(Marketplace::settle_many(
                tenant(),
                leases.try_into().expect("few leases"),
            ))
        }
        Try::Settle(lease) => done(Marketplace::settle(RuntimeOrigin::signed(OTHER), pick(lease))),
        Try::TornDown(leases) => {
            let leases: Vec<_> = leases.into_iter().map(pick).collect();
            let who = operator(leases.first().copied().unwrap_or_default());
            done(Marketplace::torn_down(who, leases.try_into().expect("few leases")))
        }
        Try::Claim(lease, payee) => done(Escrow::claim(tenant(), pick(lease), payee)),
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
                for who in [TENANT, OTHER] {
                    let _ = with_storage_layer(|| Marketplace::close(RuntimeOrigin::signed(who), deployment, None));
                }
            }
            run_to(System::block_number() + RETENTION + 60);
            check_without_capacity();
            assert_eq!(Leases::<Test>::iter_keys().count(), 0);
            assert_eq!(LeasesByProvider::<Test>::iter_keys().count(), 0);
            assert_eq!(Balances::reserved_balance(TENANT), 0);
            assert_eq!(Balances::reserved_balance(OTHER), 0);
            let leased = pallet_providers::Providers::<Test>::iter_values().map(|provider| provider.leased);
            assert!(leased.into_iter().all(|leased| leased == Default::default()));
            assert_eq!(pallet_balances::TotalIssuance::<Test>::get() + burned(), issuance);
        });
    }
}
