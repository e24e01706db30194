//! Benchmarks of the calls and of the queue of expiries, each at its worst: records as long as they can be, lists full.

use crate::{
    asks::key as queue_key, AskExpiries, Asks, Audits, BondPools, Call, Config, NextAskId, Pallet, Providers,
    UnbondingOf, WeightInfo, MAX_UNBONDING,
};
use alloc::vec;
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{fungible::Mutate, EnsureOrigin, Get},
    weights::WeightMeter,
    BoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use perigee_primitives::{
    registration_message, AbuseContact, AskId, AskTerms, Attributes, Balance, BlockNumber, GatewayAddress, GpuModel,
    PerModel, Place, PriceSchedule, Resources, Tenants, TlsPins,
};
use sp_runtime::{traits::Zero, KeyTypeId, SaturatedConversion};

/// Keys of benchmarks only.
const KEYS: KeyTypeId = KeyTypeId(*b"benc");
/// Money of an account beyond what it stakes.
const PLENTY: Balance = 1 << 60;

fn endowed<T: Config>(name: &'static str) -> T::AccountId
where
    T::Currency: Mutate<T::AccountId>,
{
    let who = account(name, 0, 0);
    let amount = T::MinStake::get().saturating_mul(100).saturating_add(PLENTY);
    T::Currency::set_balance(&who, amount);
    who
}

/// A key, and its proof for `stash`.
fn key<T: Config>(stash: &T::AccountId) -> ([u8; 32], [u8; 64]) {
    let public = sp_io::crypto::ed25519_generate(KEYS, None);
    let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
    let genesis = genesis.as_ref().try_into().unwrap_or_default();
    let message = registration_message(&genesis, stash);
    let proof = sp_io::crypto::ed25519_sign(KEYS, &public, &message).map(|s| s.0);
    (public.0, proof.unwrap_or([0; 64]))
}

fn pins() -> TlsPins {
    TlsPins::truncate_from(vec![[1; 32]; 2])
}

/// An address as long as it can be.
fn gateway() -> GatewayAddress {
    let port = b":8443";
    let host = vec![b'a'; 128 - port.len()];
    GatewayAddress::truncate_from([host, port.to_vec()].concat())
}

/// As many attributes as fit, sorted.
fn attributes() -> Attributes {
    let text = |n: u8| vec![n; 64].try_into().unwrap_or_default();
    Attributes::truncate_from((b'A'..).take(32).map(|n| (text(n), text(n))).collect())
}

/// A number for as many models as fit.
fn models<N: Copy + Default>(number: N) -> PerModel<N> {
    let models = [b"a/1", b"a/2", b"a/3", b"a/4"]
        .into_iter()
        .flat_map(|name| GpuModel::new(name));
    PerModel::from_pairs(models.map(|model| (model, number))).unwrap_or_default()
}

/// The longest terms, which expire at `valid_until`.
fn terms<T: Config>(valid_until: BlockNumber) -> AskTerms<T::AccountId> {
    AskTerms {
        prices: PriceSchedule {
            gpus: models(1),
            ..Default::default()
        },
        attributes: attributes(),
        place: Place {
            country: Some(*b"DE"),
            region: BoundedVec::truncate_from(vec![b'r'; 64]),
        },
        isolation: Default::default(),
        terms: Default::default(),
        valid_until: Some(valid_until),
        tenants: Tenants::Except(BoundedVec::truncate_from(
            (0..16).map(|n| account("tenant", n, 0)).collect(),
        )),
        notice: T::MinNotice::get(),
        sla: 0,
    }
}

/// A block that no benchmark reaches.
const FAR: BlockNumber = BlockNumber::MAX;

fn go_to<T: Config>(block: BlockNumber) {
    frame_system::Pallet::<T>::set_block_number(block.saturated_into());
}

/// A provider with `asks` asks that stand for long, and twice the least stake. Returns stash and operator.
fn provider<T: Config>(asks: u32) -> Result<(T::AccountId, T::AccountId), BenchmarkError>
where
    T::Currency: Mutate<T::AccountId>,
{
    let (stash, operator): (T::AccountId, T::AccountId) = (endowed::<T>("stash"), account("operator", 0, 0));
    let (public, proof) = key::<T>(&stash);
    let stake = T::MinStake::get().saturating_mul(2);
    Pallet::<T>::do_register(stash.clone(), operator.clone(), public, proof, pins(), gateway(), stake)?;
    for _ in 0..asks {
        Pallet::<T>::do_publish_ask(&operator, terms::<T>(FAR))?;
    }
    Ok((stash, operator))
}

/// Unbonds `chunks` amounts of 1, one block after the other.
fn unbonding<T: Config>(stash: &T::AccountId, chunks: u32) -> Result<(), BenchmarkError> {
    for block in 1..=chunks {
        go_to::<T>(block);
        Pallet::<T>::do_unbond(stash, 1)?;
    }
    go_to::<T>(chunks.saturating_add(1));
    Ok(())
}

fn last_ask<T: Config>() -> AskId {
    NextAskId::<T>::get().saturating_sub(1)
}

/// A provider that an auditor has signed everything of, until `expires_at`. Returns the auditor.
fn audited<T: Config>(expires_at: BlockNumber) -> Result<T::AccountId, BenchmarkError>
where
    T::Currency: Mutate<T::AccountId>,
{
    provider::<T>(0)?;
    let auditor = endowed::<T>("auditor");
    Pallet::<T>::do_sign_attributes(auditor.clone(), 0, attributes(), expires_at)?;
    Ok(auditor)
}

#[benchmarks(where T::Currency: Mutate<T::AccountId>)]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn register() -> Result<(), BenchmarkError> {
        let (stash, operator) = (endowed::<T>("stash"), account("operator", 0, 0));
        let (public, proof) = key::<T>(&stash);

        #[extrinsic_call]
        _(
            RawOrigin::Signed(stash),
            operator,
            public,
            proof,
            pins(),
            gateway(),
            T::MinStake::get(),
        );

        assert!(Providers::<T>::contains_key(0));
        Ok(())
    }

    #[benchmark]
    fn set_capacity() -> Result<(), BenchmarkError> {
        let (_, operator) = provider::<T>(0)?;
        let resources = Resources {
            gpus: models(1),
            ..Default::default()
        };

        #[extrinsic_call]
        _(RawOrigin::Signed(operator), resources);

        Ok(())
    }

    /// The list is full, and the last ask on it has expired.
    #[benchmark]
    fn publish_ask() -> Result<(), BenchmarkError> {
        let (_, operator) = provider::<T>(T::MaxAsks::get() - 1)?;
        go_to::<T>(1);
        Pallet::<T>::do_publish_ask(&operator, terms::<T>(2))?;
        let expired = last_ask::<T>();
        go_to::<T>(2);

        #[extrinsic_call]
        _(RawOrigin::Signed(operator), terms::<T>(FAR));

        assert!(!Asks::<T>::contains_key(expired));
        assert!(Asks::<T>::contains_key(expired + 1));
        Ok(())
    }

    #[benchmark]
    fn withdraw_ask() -> Result<(), BenchmarkError> {
        let (_, operator) = provider::<T>(T::MaxAsks::get())?;
        let last = last_ask::<T>();

        #[extrinsic_call]
        _(RawOrigin::Signed(operator), last);

        assert!(!Asks::<T>::contains_key(last));
        Ok(())
    }

    #[benchmark]
    fn set_gateway() -> Result<(), BenchmarkError> {
        let (_, operator) = provider::<T>(0)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(operator), pins(), gateway());

        Ok(())
    }

    /// With `a` asks, a bond pool, and room for one more amount of stake that unbonds.
    #[benchmark]
    fn retire(a: Linear<0, { T::MaxAsks::get() }>) -> Result<(), BenchmarkError> {
        let (stash, _) = provider::<T>(a)?;
        Pallet::<T>::do_fund_bonds(&stash, PLENTY / 2)?;
        unbonding::<T>(&stash, MAX_UNBONDING - 1)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(stash));

        assert!(!Providers::<T>::contains_key(0));
        Ok(())
    }

    #[benchmark]
    fn replace_ask() -> Result<(), BenchmarkError> {
        let (_, operator) = provider::<T>(T::MaxAsks::get())?;
        let (last, replaced) = (last_ask::<T>(), terms::<T>(FAR - 1));

        #[extrinsic_call]
        _(RawOrigin::Signed(operator), last, replaced);

        assert!(AskExpiries::<T>::contains_key(queue_key(FAR - 1), last));
        Ok(())
    }

    #[benchmark]
    fn bond_stake() -> Result<(), BenchmarkError> {
        let (stash, _) = provider::<T>(0)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(stash), 1);

        Ok(())
    }

    #[benchmark]
    fn unbond() -> Result<(), BenchmarkError> {
        let (stash, _) = provider::<T>(0)?;
        unbonding::<T>(&stash, MAX_UNBONDING - 1)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(stash), 1);

        assert_eq!(
            UnbondingOf::<T>::get(0).map(|u| u.chunks.len() as u32),
            Some(MAX_UNBONDING)
        );
        Ok(())
    }

    #[benchmark]
    fn withdraw_unbonded() -> Result<(), BenchmarkError> {
        let (stash, _) = provider::<T>(0)?;
        unbonding::<T>(&stash, MAX_UNBONDING)?;
        go_to::<T>(T::UnbondingDelay::get().saturating_add(MAX_UNBONDING));

        #[extrinsic_call]
        _(RawOrigin::Signed(stash), 0);

        assert!(UnbondingOf::<T>::get(0).is_none());
        Ok(())
    }

    #[benchmark]
    fn fund_bonds() -> Result<(), BenchmarkError> {
        let (stash, _) = provider::<T>(0)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(stash), PLENTY / 2);

        assert_eq!(BondPools::<T>::get(0).total, PLENTY / 2);
        Ok(())
    }

    #[benchmark]
    fn withdraw_bonds() -> Result<(), BenchmarkError> {
        let (stash, _) = provider::<T>(0)?;
        Pallet::<T>::do_fund_bonds(&stash, PLENTY / 2)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(stash), PLENTY / 2);

        assert!(!BondPools::<T>::contains_key(0));
        Ok(())
    }

    #[benchmark]
    fn sign_attributes() -> Result<(), BenchmarkError> {
        let auditor = audited::<T>(FAR)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(auditor), 0, attributes(), FAR);

        Ok(())
    }

    #[benchmark]
    fn revoke() -> Result<(), BenchmarkError> {
        let auditor = audited::<T>(FAR)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(auditor.clone()), 0);

        assert!(!Audits::<T>::contains_key(0, auditor));
        Ok(())
    }

    #[benchmark]
    fn remove_expired_audit() -> Result<(), BenchmarkError> {
        go_to::<T>(1);
        let auditor = audited::<T>(2)?;
        go_to::<T>(2);
        let anybody = account("anybody", 0, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(anybody), 0, auditor.clone());

        assert!(!Audits::<T>::contains_key(0, auditor));
        Ok(())
    }

    #[benchmark]
    fn set_operator() -> Result<(), BenchmarkError> {
        let (stash, _) = provider::<T>(0)?;
        let other = account("other operator", 0, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(stash), other);

        Ok(())
    }

    #[benchmark]
    fn set_heartbeat_key() -> Result<(), BenchmarkError> {
        let (stash, operator) = provider::<T>(0)?;
        let (public, proof) = key::<T>(&stash);

        #[extrinsic_call]
        _(RawOrigin::Signed(operator), public, proof);

        assert_eq!(Providers::<T>::get(0).map(|p| p.heartbeat_key), Some(public));
        Ok(())
    }

    #[benchmark]
    fn set_abuse_contact() -> Result<(), BenchmarkError> {
        let (_, operator) = provider::<T>(0)?;
        let contact = AbuseContact::truncate_from(vec![b'a'; 128]);

        #[extrinsic_call]
        _(RawOrigin::Signed(operator), contact);

        Ok(())
    }

    /// Takes everything: the stake, and all that unbonds.
    #[benchmark]
    fn slash() -> Result<(), BenchmarkError> {
        let origin = T::SlashOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
        let (stash, _) = provider::<T>(0)?;
        unbonding::<T>(&stash, MAX_UNBONDING)?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, 0, [1; 32], Balance::MAX);

        assert!(UnbondingOf::<T>::get(0).is_none());
        Ok(())
    }

    #[benchmark]
    fn expiry_peek() -> Result<(), BenchmarkError> {
        provider::<T>(1)?;
        let mut meter = WeightMeter::with_limit(T::WeightInfo::expiry_peek());

        #[block]
        {
            Pallet::<T>::expire_asks(&mut meter);
        }

        assert!(Asks::<T>::contains_key(last_ask::<T>()));
        Ok(())
    }

    #[benchmark]
    fn expire_ask() -> Result<(), BenchmarkError> {
        provider::<T>(T::MaxAsks::get())?;
        let (last, due) = (last_ask::<T>(), FAR);
        go_to::<T>(due);

        #[block]
        {
            Pallet::<T>::expire_ask(due, last);
        }

        assert!(!Asks::<T>::contains_key(last));
        Ok(())
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
