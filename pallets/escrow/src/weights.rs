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
    /// Of the benchmark `approve`.
    fn approve() -> Weight;
    /// Of the benchmark `claim`.
    fn claim(d: u32) -> Weight;
    /// Of the benchmark `distribute`.
    fn distribute(s: u32) -> Weight;
    /// Of the benchmark `revoke_approval`.
    fn revoke_approval() -> Weight;
    /// Of the benchmark `set_fee_rate`.
    fn set_fee_rate() -> Weight;
    /// Of the benchmark `set_income_shares`.
    fn set_income_shares(s: u32) -> Weight;
}

/// Over the runtime's database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn approve() -> Weight {
        measured::approve(T::DbWeight::get())
    }
    fn claim(d: u32) -> Weight {
        measured::claim(T::DbWeight::get(), d)
    }
    fn distribute(s: u32) -> Weight {
        measured::distribute(T::DbWeight::get(), s)
    }
    fn revoke_approval() -> Weight {
        measured::revoke_approval(T::DbWeight::get())
    }
    fn set_fee_rate() -> Weight {
        measured::set_fee_rate(T::DbWeight::get())
    }
    fn set_income_shares(s: u32) -> Weight {
        measured::set_income_shares(T::DbWeight::get(), s)
    }
}

/// Without the database, for tests.
impl WeightInfo for () {
    fn approve() -> Weight {
        measured::approve(RuntimeDbWeight::default())
    }
    fn claim(d: u32) -> Weight {
        measured::claim(RuntimeDbWeight::default(), d)
    }
    fn distribute(s: u32) -> Weight {
        measured::distribute(RuntimeDbWeight::default(), s)
    }
    fn revoke_approval() -> Weight {
        measured::revoke_approval(RuntimeDbWeight::default())
    }
    fn set_fee_rate() -> Weight {
        measured::set_fee_rate(RuntimeDbWeight::default())
    }
    fn set_income_shares(s: u32) -> Weight {
        measured::set_income_shares(RuntimeDbWeight::default(), s)
    }
}

/// What was measured, once for every database.
mod measured {
    use super::*;

    pub fn approve(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(23_474_000, 6_074)
            .saturating_add(db.reads(1))
            .saturating_add(db.writes(1))
    }
    pub fn claim(db: RuntimeDbWeight, d: u32) -> Weight {
        Weight::from_parts(25_643_476, 698)
            .saturating_add(Weight::from_parts(60_082_079, 946).saturating_mul(d.into()))
            .saturating_add(db.reads(2))
            .saturating_add(db.reads(2).saturating_mul(d.into()))
            .saturating_add(db.writes(2))
            .saturating_add(db.writes(2).saturating_mul(d.into()))
    }
    pub fn distribute(db: RuntimeDbWeight, s: u32) -> Weight {
        Weight::from_parts(17_468_492, 249)
            .saturating_add(Weight::from_parts(55_185_285, 82).saturating_mul(s.into()))
            .saturating_add(db.reads(2))
            .saturating_add(db.reads(1).saturating_mul(s.into()))
            .saturating_add(db.writes(1))
            .saturating_add(db.writes(1).saturating_mul(s.into()))
    }
    pub fn revoke_approval(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(24_136_000, 6_122)
            .saturating_add(db.reads(1))
            .saturating_add(db.writes(1))
    }
    pub fn set_fee_rate(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(6_750_000, 0).saturating_add(db.writes(1))
    }
    pub fn set_income_shares(db: RuntimeDbWeight, s: u32) -> Weight {
        Weight::from_parts(7_425_444, 0)
            .saturating_add(Weight::from_parts(48_000, 0).saturating_mul(s.into()))
            .saturating_add(db.writes(1))
    }
}
