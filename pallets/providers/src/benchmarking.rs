//! Benchmarks of the calls.

use crate::{Call, Config, NextAskId, Pallet};
use alloc::vec;
use frame_benchmarking::v2::*;
use frame_support::traits::{fungible::Mutate, Get};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use perigee_primitives::{
    registration_message, Attributes, Balance, GatewayAddress, Isolation, PriceSchedule, Resources, TlsPins,
};
use sp_runtime::{traits::Zero, KeyTypeId};

/// Keys of benchmarks only.
const KEYS: KeyTypeId = KeyTypeId(*b"benc");

fn endowed<T: Config>(name: &'static str) -> T::AccountId
where
    T::Currency: Mutate<T::AccountId>,
{
    let who = account(name, 0, 0);
    let amount: Balance = T::MinStake::get().saturating_mul(100).saturating_add(1 << 60);
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

fn gateway() -> GatewayAddress {
    GatewayAddress::truncate_from(b"gateway.example:8443".to_vec())
}

/// As many attributes as fit, sorted.
fn attributes() -> Attributes {
    let text = |n: u8| vec![n; 64].try_into().unwrap_or_default();
    Attributes::truncate_from((1..=32).map(|n| (text(n), text(n))).collect())
}

/// A provider with `asks` asks. Returns stash and operator.
fn provider<T: Config>(asks: u32) -> Result<(T::AccountId, T::AccountId), BenchmarkError>
where
    T::Currency: Mutate<T::AccountId>,
{
    let (stash, operator) = (endowed::<T>("stash"), account("operator", 0, 0));
    let (public, proof) = key::<T>(&stash);
    Pallet::<T>::do_register(
        stash.clone(),
        operator,
        public,
        proof,
        pins(),
        gateway(),
        T::MinStake::get(),
    )?;
    let operator: T::AccountId = account("operator", 0, 0);
    for _ in 0..asks {
        Pallet::<T>::do_publish_ask(&operator, PriceSchedule::default(), attributes(), Isolation::default())?;
    }
    Ok((stash, operator))
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

        Ok(())
    }

    #[benchmark]
    fn set_capacity() -> Result<(), BenchmarkError> {
        let (_, operator) = provider::<T>(0)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(operator), Resources::default());

        Ok(())
    }

    #[benchmark]
    fn publish_ask() -> Result<(), BenchmarkError> {
        let (_, operator) = provider::<T>(T::MaxAsks::get() - 1)?;

        #[extrinsic_call]
        _(
            RawOrigin::Signed(operator),
            PriceSchedule::default(),
            attributes(),
            Isolation::default(),
        );

        Ok(())
    }

    #[benchmark]
    fn withdraw_ask() -> Result<(), BenchmarkError> {
        let (_, operator) = provider::<T>(T::MaxAsks::get())?;
        let last = NextAskId::<T>::get() - 1;

        #[extrinsic_call]
        _(RawOrigin::Signed(operator), last);

        Ok(())
    }

    #[benchmark]
    fn set_gateway() -> Result<(), BenchmarkError> {
        let (_, operator) = provider::<T>(0)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(operator), pins(), gateway());

        Ok(())
    }

    #[benchmark]
    fn retire(asks: Linear<0, { T::MaxAsks::get() }>) -> Result<(), BenchmarkError> {
        let (stash, _) = provider::<T>(asks)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(stash));

        Ok(())
    }
}
