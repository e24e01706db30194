//! Weights, measured by `scripts/weights`; not edited by hand.
//!
//! Machine: AMD EPYC, 2 cores, 24 GiB, Linux 6.18.44.
//! Date: 2026-11-24. The runtime ran in WebAssembly, compiled by the profile `wasm`, on the state of genesis in
//! memory. For keys read and written the runtime's `RuntimeDbWeight` is added, see docs/weights.md.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{RuntimeDbWeight, Weight},
};

/// Weights of this pallet, one for each of its benchmarks.
pub trait WeightInfo {
    /// Of the benchmark `bond_stake`.
    fn bond_stake() -> Weight;
    /// Of the benchmark `expire_ask`.
    fn expire_ask() -> Weight;
    /// Of the benchmark `expiry_peek`.
    fn expiry_peek() -> Weight;
    /// Of the benchmark `fund_bonds`.
    fn fund_bonds() -> Weight;
    /// Of the benchmark `publish_ask`.
    fn publish_ask() -> Weight;
    /// Of the benchmark `register`.
    fn register() -> Weight;
    /// Of the benchmark `remove_expired_audit`.
    fn remove_expired_audit() -> Weight;
    /// Of the benchmark `replace_ask`.
    fn replace_ask() -> Weight;
    /// Of the benchmark `retire`.
    fn retire(a: u32) -> Weight;
    /// Of the benchmark `revoke`.
    fn revoke() -> Weight;
    /// Of the benchmark `set_abuse_contact`.
    fn set_abuse_contact() -> Weight;
    /// Of the benchmark `set_capacity`.
    fn set_capacity() -> Weight;
    /// Of the benchmark `set_gateway`.
    fn set_gateway() -> Weight;
    /// Of the benchmark `set_heartbeat_key`.
    fn set_heartbeat_key() -> Weight;
    /// Of the benchmark `set_operator`.
    fn set_operator() -> Weight;
    /// Of the benchmark `sign_attributes`.
    fn sign_attributes() -> Weight;
    /// Of the benchmark `slash`.
    fn slash() -> Weight;
    /// Of the benchmark `unbond`.
    fn unbond() -> Weight;
    /// Of the benchmark `withdraw_ask`.
    fn withdraw_ask() -> Weight;
    /// Of the benchmark `withdraw_bonds`.
    fn withdraw_bonds() -> Weight;
    /// Of the benchmark `withdraw_unbonded`.
    fn withdraw_unbonded() -> Weight;
}

/// Over the runtime's database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn bond_stake() -> Weight {
        measured::bond_stake(T::DbWeight::get())
    }
    fn expire_ask() -> Weight {
        measured::expire_ask(T::DbWeight::get())
    }
    fn expiry_peek() -> Weight {
        measured::expiry_peek(T::DbWeight::get())
    }
    fn fund_bonds() -> Weight {
        measured::fund_bonds(T::DbWeight::get())
    }
    fn publish_ask() -> Weight {
        measured::publish_ask(T::DbWeight::get())
    }
    fn register() -> Weight {
        measured::register(T::DbWeight::get())
    }
    fn remove_expired_audit() -> Weight {
        measured::remove_expired_audit(T::DbWeight::get())
    }
    fn replace_ask() -> Weight {
        measured::replace_ask(T::DbWeight::get())
    }
    fn retire(a: u32) -> Weight {
        measured::retire(T::DbWeight::get(), a)
    }
    fn revoke() -> Weight {
        measured::revoke(T::DbWeight::get())
    }
    fn set_abuse_contact() -> Weight {
        measured::set_abuse_contact(T::DbWeight::get())
    }
    fn set_capacity() -> Weight {
        measured::set_capacity(T::DbWeight::get())
    }
    fn set_gateway() -> Weight {
        measured::set_gateway(T::DbWeight::get())
    }
    fn set_heartbeat_key() -> Weight {
        measured::set_heartbeat_key(T::DbWeight::get())
    }
    fn set_operator() -> Weight {
        measured::set_operator(T::DbWeight::get())
    }
    fn sign_attributes() -> Weight {
        measured::sign_attributes(T::DbWeight::get())
    }
    fn slash() -> Weight {
        measured::slash(T::DbWeight::get())
    }
    fn unbond() -> Weight {
        measured::unbond(T::DbWeight::get())
    }
    fn withdraw_ask() -> Weight {
        measured::withdraw_ask(T::DbWeight::get())
    }
    fn withdraw_bonds() -> Weight {
        measured::withdraw_bonds(T::DbWeight::get())
    }
    fn withdraw_unbonded() -> Weight {
        measured::withdraw_unbonded(T::DbWeight::get())
    }
}

/// Without the database, for tests.
impl WeightInfo for () {
    fn bond_stake() -> Weight {
        measured::bond_stake(RuntimeDbWeight::default())
    }
    fn expire_ask() -> Weight {
        measured::expire_ask(RuntimeDbWeight::default())
    }
    fn expiry_peek() -> Weight {
        measured::expiry_peek(RuntimeDbWeight::default())
    }
    fn fund_bonds() -> Weight {
        measured::fund_bonds(RuntimeDbWeight::default())
    }
    fn publish_ask() -> Weight {
        measured::publish_ask(RuntimeDbWeight::default())
    }
    fn register() -> Weight {
        measured::register(RuntimeDbWeight::default())
    }
    fn remove_expired_audit() -> Weight {
        measured::remove_expired_audit(RuntimeDbWeight::default())
    }
    fn replace_ask() -> Weight {
        measured::replace_ask(RuntimeDbWeight::default())
    }
    fn retire(a: u32) -> Weight {
        measured::retire(RuntimeDbWeight::default(), a)
    }
    fn revoke() -> Weight {
        measured::revoke(RuntimeDbWeight::default())
    }
    fn set_abuse_contact() -> Weight {
        measured::set_abuse_contact(RuntimeDbWeight::default())
    }
    fn set_capacity() -> Weight {
        measured::set_capacity(RuntimeDbWeight::default())
    }
    fn set_gateway() -> Weight {
        measured::set_gateway(RuntimeDbWeight::default())
    }
    fn set_heartbeat_key() -> Weight {
        measured::set_heartbeat_key(RuntimeDbWeight::default())
    }
    fn set_operator() -> Weight {
        measured::set_operator(RuntimeDbWeight::default())
    }
    fn sign_attributes() -> Weight {
        measured::sign_attributes(RuntimeDbWeight::default())
    }
    fn slash() -> Weight {
        measured::slash(RuntimeDbWeight::default())
    }
    fn unbond() -> Weight {
        measured::unbond(RuntimeDbWeight::default())
    }
    fn withdraw_ask() -> Weight {
        measured::withdraw_ask(RuntimeDbWeight::default())
    }
    fn withdraw_bonds() -> Weight {
        measured::withdraw_bonds(RuntimeDbWeight::default())
    }
    fn withdraw_unbonded() -> Weight {
        measured::withdraw_unbonded(RuntimeDbWeight::default())
    }
}

/// What was measured, once for every database.
mod measured {
    use super::*;

    pub fn bond_stake(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(87_090_000, 1_120)
            .saturating_add(db.reads(4))
            .saturating_add(db.writes(3))
    }
    pub fn expire_ask(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(111_395_000, 7_035)
            .saturating_add(db.reads(6))
            .saturating_add(db.writes(6))
    }
    pub fn expiry_peek(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(6_990_000, 377).saturating_add(db.reads(3))
    }
    pub fn fund_bonds(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(82_533_000, 542)
            .saturating_add(db.reads(4))
            .saturating_add(db.writes(3))
    }
    pub fn publish_ask(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(351_894_000, 12_607)
            .saturating_add(db.reads(15))
            .saturating_add(db.writes(10))
    }
    pub fn register(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(197_835_000, 322)
            .saturating_add(db.reads(7))
            .saturating_add(db.writes(8))
    }
    pub fn remove_expired_audit(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(88_181_000, 4_994)
            .saturating_add(db.reads(3))
            .saturating_add(db.writes(3))
    }
    pub fn replace_ask(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(92_839_000, 6_653)
            .saturating_add(db.reads(4))
            .saturating_add(db.writes(4))
    }
    pub fn retire(db: RuntimeDbWeight, a: u32) -> Weight {
        Weight::from_parts(162_030_888, 1_650)
            .saturating_add(Weight::from_parts(79_296_416, 827).saturating_mul(a.into()))
            .saturating_add(db.reads(9))
            .saturating_add(db.reads(2).saturating_mul(a.into()))
            .saturating_add(db.writes(10))
            .saturating_add(db.writes(3).saturating_mul(a.into()))
    }
    pub fn revoke(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(86_629_000, 4_994)
            .saturating_add(db.reads(3))
            .saturating_add(db.writes(3))
    }
    pub fn set_abuse_contact(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(27_872_000, 874)
            .saturating_add(db.reads(2))
            .saturating_add(db.writes(1))
    }
    pub fn set_capacity(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(29_083_000, 874)
            .saturating_add(db.reads(2))
            .saturating_add(db.writes(1))
    }
    pub fn set_gateway(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(29_754_000, 874)
            .saturating_add(db.reads(2))
            .saturating_add(db.writes(1))
    }
    pub fn set_heartbeat_key(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(91_225_000, 1_065)
            .saturating_add(db.reads(4))
            .saturating_add(db.writes(3))
    }
    pub fn set_operator(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(37_446_000, 938)
            .saturating_add(db.reads(3))
            .saturating_add(db.writes(3))
    }
    pub fn sign_attributes(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(61_352_000, 4_699)
            .saturating_add(db.reads(2))
            .saturating_add(db.writes(1))
    }
    pub fn slash(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(93_199_000, 1_549)
            .saturating_add(db.reads(5))
            .saturating_add(db.writes(5))
    }
    pub fn unbond(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(35_122_000, 1_123)
            .saturating_add(db.reads(3))
            .saturating_add(db.writes(2))
    }
    pub fn withdraw_ask(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(132_256_000, 7_157)
            .saturating_add(db.reads(7))
            .saturating_add(db.writes(6))
    }
    pub fn withdraw_bonds(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(76_063_000, 656)
            .saturating_add(db.reads(4))
            .saturating_add(db.writes(3))
    }
    pub fn withdraw_unbonded(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(71_387_000, 806)
            .saturating_add(db.reads(3))
            .saturating_add(db.writes(3))
    }
}
