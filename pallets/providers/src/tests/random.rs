//! Random sequences of everything that can happen, against the plain model.

use super::{
    model::{pairs, terms_of, Model, Step, SINK},
    *,
};
use frame_support::storage::with_storage_layer;
use proptest::prelude::*;
use std::sync::LazyLock;

const STASHES: [u64; 2] = [STASH, OTHER_STASH];
const OPERATORS: [u64; 3] = [OPERATOR, OTHER_OPERATOR, TENANT];
const AUDITORS: [u64; 2] = [AUDITOR, TENANT];
/// The tenant, an account that does not exist, and a stash that leases from itself or from the other.
const TENANTS: [u64; 3] = [TENANT, NOBODY, STASH];
const EVERYBODY: [u64; 9] = [
    STASH,
    OPERATOR,
    OTHER_STASH,
    OTHER_OPERATOR,
    TENANT,
    AUDITOR,
    INCOME,
    NOBODY,
    SINK,
];

/// Deriving a key is dear: once each.
static KEYS: LazyLock<Vec<[u8; 32]>> = LazyLock::new(|| (0..6).map(|seed| key(seed).public().0).collect());

fn one_of<const N: usize>(who: [u64; N]) -> impl Strategy<Value = u64> {
    proptest::sample::select(who.to_vec())
}

/// Mostly ordinary, sometimes nothing or absurdly much.
fn amount() -> impl Strategy<Value = Balance> {
    prop_oneof![12 => 1..600u128, 1 => Just(0), 1 => Just(Balance::MAX)]
}

fn provider() -> impl Strategy<Value = ProviderId> {
    0..3u32
}

fn lease() -> impl Strategy<Value = LeaseId> {
    0..3u64
}

fn lasts() -> impl Strategy<Value = Option<u32>> {
    proptest::option::of(0..25u32)
}

/// What stashes do with their money.
fn money_step() -> impl Strategy<Value = Step> {
    let stash = || one_of(STASHES);
    prop_oneof![
        (stash(), amount()).prop_map(|(stash, amount)| Step::BondStake { stash, amount }),
        (stash(), amount()).prop_map(|(stash, amount)| Step::Unbond { stash, amount }),
        provider().prop_map(|provider| Step::WithdrawUnbonded { provider }),
        (stash(), amount()).prop_map(|(stash, amount)| Step::FundBonds { stash, amount }),
        (stash(), amount()).prop_map(|(stash, amount)| Step::WithdrawBonds { stash, amount }),
    ]
}

/// What other pallets and the origin of slashes do.
fn lease_step() -> impl Strategy<Value = Step> {
    let rate = || prop_oneof![8 => 0..30u128, 1 => Just(Balance::MAX)];
    prop_oneof![
        4 => (provider(), 1..40u64, rate()).prop_map(|(provider, cpu, rate)| Step::Lease { provider, cpu, rate }),
        3 => (provider(), 0..3usize).prop_map(|(provider, lease)| Step::Free { provider, lease }),
        4 => (provider(), lease(), amount())
            .prop_map(|(provider, lease, amount)| Step::SetBond { provider, lease, amount }),
        4 => (provider(), lease(), one_of(TENANTS), prop_oneof![1..12u128, amount()])
            .prop_map(|(provider, lease, tenant, amount)| Step::Pay { provider, lease, tenant, amount }),
        2 => (provider(), lease()).prop_map(|(provider, lease)| Step::Release { provider, lease }),
        1 => (provider(), prop_oneof![1..12u128, amount()])
            .prop_map(|(provider, amount)| Step::Slash { provider, amount }),
    ]
}

/// What operators and auditors say.
fn record_step() -> impl Strategy<Value = Step> {
    let operator = || one_of(OPERATORS);
    let auditor = || one_of(AUDITORS);
    prop_oneof![
        4 => (operator(), lasts(), 0..4u8)
            .prop_map(|(operator, lasts, attributes)| Step::Publish { operator, lasts, attributes }),
        2 => (operator(), 0..6u64, lasts(), 0..4u8)
            .prop_map(|(operator, ask, lasts, attributes)| Step::Replace { operator, ask, lasts, attributes }),
        1 => (operator(), 0..6u64).prop_map(|(operator, ask)| Step::Withdraw { operator, ask }),
        2 => (auditor(), provider(), 0..25u32, 0..4u8)
            .prop_map(|(auditor, provider, lasts, attributes)| Step::Sign { auditor, provider, lasts, attributes }),
        1 => (auditor(), provider()).prop_map(|(auditor, provider)| Step::Revoke { auditor, provider }),
        1 => (auditor(), provider()).prop_map(|(auditor, provider)| Step::RemoveAudit { auditor, provider }),
        2 => (operator(), 0..200u64).prop_map(|(operator, cpu)| Step::SetCapacity { operator, cpu }),
        1 => operator().prop_map(|operator| Step::SetGateway { operator }),
        1 => operator().prop_map(|operator| Step::SetContact { operator }),
        1 => (operator(), 1..6u8).prop_map(|(operator, key)| Step::SetKey { operator, key }),
        1 => (one_of(STASHES), operator()).prop_map(|(stash, operator)| Step::SetOperator { stash, operator }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let stake = prop_oneof![6 => STAKE..3 * STAKE, 1 => Just(STAKE - 1), 1 => Just(Balance::MAX)];
    prop_oneof![
        8 => money_step(),
        12 => lease_step(),
        10 => record_step(),
        2 => (one_of(STASHES), one_of(OPERATORS), 1..6u8, stake)
            .prop_map(|(stash, operator, key, stake)| Step::Register { stash, operator, key, stake }),
        1 => one_of(STASHES).prop_map(|stash| Step::Retire { stash }),
        1 => one_of([INCOME, NOBODY]).prop_map(|who| Step::Drain { who }),
        3 => (1..20u32).prop_map(|blocks| Step::Jump { blocks }),
        2 => Just(Step::Idle),
    ]
}

/// Does to the pallet what `step` says; `model` knows what is leased.
fn act(step: &Step, model: &Model) -> DispatchResult {
    let now = model.now;
    match *step {
        Step::Register {
            stash,
            operator,
            key: seed,
            stake,
        } => {
            let key = key(seed);
            let proof = proof(&key, stash);
            Providers::register(
                signed(stash),
                operator,
                key.public().0,
                proof,
                pins(),
                gateway("gw:1"),
                stake,
            )
        }
        Step::SetOperator { stash, operator } => Providers::set_operator(signed(stash), operator),
        Step::SetKey { operator, key: seed } => {
            let key = key(seed);
            let stash = Providers::stash(crate::ByOperator::<Test>::get(operator).unwrap_or_default());
            let proof = proof(&key, stash.unwrap_or_default());
            Providers::set_heartbeat_key(signed(operator), key.public().0, proof)
        }
        Step::SetCapacity { operator, cpu } => Providers::set_capacity(signed(operator), cpus(cpu)),
        Step::SetGateway { operator } => Providers::set_gateway(signed(operator), pins(), gateway("gw:2")),
        Step::SetContact { operator } => Providers::set_abuse_contact(signed(operator), Default::default()),
        Step::Retire { stash } => Providers::retire(signed(stash)),
        Step::Publish {
            operator,
            lasts,
            attributes,
        } => Providers::publish_ask(signed(operator), terms_of(attributes, lasts.map(|blocks| now + blocks))),
        Step::Replace {
            operator,
            ask,
            lasts,
            attributes,
        } => {
            let terms = terms_of(attributes, lasts.map(|blocks| now + blocks));
            Providers::replace_ask(signed(operator), ask, terms)
        }
        Step::Withdraw { operator, ask } => Providers::withdraw_ask(signed(operator), ask),
        Step::BondStake { stash, amount } => Providers::bond_stake(signed(stash), amount),
        Step::Unbond { stash, amount } => Providers::unbond(signed(stash), amount),
        Step::WithdrawUnbonded { provider } => Providers::withdraw_unbonded(signed(TENANT), provider),
        Step::FundBonds { stash, amount } => Providers::fund_bonds(signed(stash), amount),
        Step::WithdrawBonds { stash, amount } => Providers::withdraw_bonds(signed(stash), amount),
        Step::Sign {
            auditor,
            provider,
            lasts,
            attributes,
        } => Providers::sign_attributes(signed(auditor), provider, pairs(attributes), now + lasts),
        Step::Revoke { auditor, provider } => Providers::revoke(signed(auditor), provider),
        Step::RemoveAudit { auditor, provider } => Providers::remove_expired_audit(signed(TENANT), provider, auditor),
        Step::Slash { provider, amount } => Providers::slash(RuntimeOrigin::root(), provider, [1; 32], amount),
        Step::Lease { provider, cpu, rate } => <Providers as ProviderCapacity>::lease(provider, &cpus(cpu), rate),
        Step::Free { provider, lease } => {
            let open = model.providers.get(&provider).and_then(|p| p.leases.get(lease));
            let (cpu, rate) = open.ok_or(DispatchError::Other("no such lease in the model"))?;
            <Providers as ProviderCapacity>::free(provider, &cpus(*cpu), *rate);
            Ok(())
        }
        Step::SetBond {
            provider,
            lease,
            amount,
        } => <Providers as LeaseBonds<u64>>::set(provider, lease, amount),
        Step::Pay {
            provider,
            lease,
            tenant,
            amount,
        } => {
            <Providers as LeaseBonds<u64>>::pay(provider, lease, &tenant, amount);
            Ok(())
        }
        Step::Release { provider, lease } => {
            <Providers as LeaseBonds<u64>>::release(provider, lease);
            Ok(())
        }
        Step::Drain { who } => {
            let some = Balances::total_balance(&who) > 0;
            frame_support::ensure!(some, TokenError::FundsUnavailable);
            Balances::transfer_all(signed(who), SINK, false)
        }
        Step::Jump { blocks } => {
            jump_to(now + blocks);
            Ok(())
        }
        Step::Idle => {
            Providers::on_idle(now.into(), Weight::MAX);
            Ok(())
        }
    }
}

fn cpus(cpu_milli: u64) -> Resources {
    Resources {
        cpu_milli,
        ..Default::default()
    }
}

/// The pallet is what the model says.
fn compare(model: &Model) {
    Providers::do_try_state().expect("invariants hold");
    for who in EVERYBODY {
        assert_eq!(Balances::total_balance(&who), model.owned[&who], "balance of {who}");
        assert_eq!(
            held(who, HoldReason::Record),
            model.record_deposits(who),
            "deposits of {who}"
        );
    }
    compare_providers(model);
    compare_asks(model);
    compare_audits(model);
}

fn compare_providers(model: &Model) {
    assert_eq!(Records::<Test>::iter_keys().count(), model.providers.len());
    assert_eq!(NextProviderId::<Test>::get(), model.next_provider);
    for (id, p) in &model.providers {
        let record = Records::<Test>::get(id).expect("the model has it");
        assert_eq!(
            (record.stash, record.operator, record.stake),
            (p.stash, p.operator, p.stake)
        );
        assert_eq!(record.heartbeat_key, KEYS[usize::from(p.key)]);
        assert_eq!(
            (record.leased.cpu_milli, record.leased_rate),
            (p.leased_cpu(), p.leased_rate())
        );
        let pool = BondPools::<Test>::get(id);
        assert_eq!((pool.total, pool.bonded), (p.pool, p.bonded()));
        for lease in 0..3 {
            let bond = p.bonds.get(&lease).copied().unwrap_or_default();
            assert_eq!(<Providers as LeaseBonds<u64>>::bonded(*id, lease), bond);
        }
    }
    for id in 0..model.next_provider {
        let chunks = model.chunks.iter().filter(|c| c.provider == id);
        let chunks: Vec<_> = chunks.map(|c| (c.amount, c.release_at)).collect();
        assert_eq!(chunks_of(id), chunks, "what unbonds of {id}");
    }
}

fn compare_asks(model: &Model) {
    for id in 0..model.next_ask {
        let ask = model.asks.get(&id);
        let record = Asks::<Test>::get(id);
        assert_eq!(
            record.map(|a| (a.provider, a.terms)),
            ask.map(|a| (a.provider, a.terms.clone())),
            "ask {id}"
        );
        let standing = ask.filter(|ask| !model.is_expired(ask));
        let offer = Providers::offer(id);
        assert_eq!(offer.is_some(), standing.is_some(), "offer of ask {id}");
        let Some((offer, ask)) = offer.zip(standing) else {
            continue;
        };
        let p = &model.providers[&ask.provider];
        let open = p.backs(p.stake, 0) && p.leased_cpu() <= p.cpu;
        // All that is offered is backed, and one unit of rate more is not.
        assert!(offer.backed_rate == 0 || open && p.backs(p.stake, offer.backed_rate));
        assert!(!open || !p.backs(p.stake, offer.backed_rate + 1));
        assert_eq!(offer.free.cpu_milli, if open { p.cpu - p.leased_cpu() } else { 0 });
    }
}

fn compare_audits(model: &Model) {
    assert_eq!(Audits::<Test>::iter().count(), model.audits.len());
    for ((provider, auditor), (attributes, expires_at)) in &model.audits {
        let asks = |count: u8| -> AttributePatterns { pairs(count).into_inner().try_into().expect("few") };
        let signed = |count| Providers::has_signed(auditor, *provider, &asks(count));
        assert_eq!(signed(*attributes), model.now < *expires_at);
        assert!(!signed(attributes + 1));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 400, ..ProptestConfig::default() })]

    /// The pallet allows what the model allows, with the same effect on every figure; no unit is lost or made.
    #[test]
    fn the_pallet_does_what_its_model_does(steps in prop::collection::vec(step(), 1..80)) {
        run(|| {
            let issuance = Balances::total_issuance();
            let owned = EVERYBODY.map(|who| (who, Balances::total_balance(&who)));
            let mut model = Model::new(owned.into());
            // Two providers stand from the start, so that most sequences do more than fail.
            let first = [(STASH, OPERATOR, 1), (OTHER_STASH, OTHER_OPERATOR, 2)].map(|(stash, operator, key)| {
                let register = Step::Register { stash, operator, key, stake: 2 * STAKE };
                [register, Step::SetCapacity { operator, cpu: 100 }, Step::FundBonds { stash, amount: 500 }]
            });
            for step in first.into_iter().flatten().chain(steps) {
                let done = with_storage_layer(|| act(&step, &model));
                let allowed = model.apply(&step);
                assert_eq!(done.is_ok(), allowed, "{step:?}: {done:?}");
                compare(&model);
            }
            assert_eq!(Balances::total_issuance(), issuance);
        });
    }
}
