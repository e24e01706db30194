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
    /// Of the benchmark `apply`.
    fn apply() -> Weight;
    /// Of the benchmark `authorize_report`.
    fn authorize_report(b: u32) -> Weight;
    /// Of the benchmark `look`.
    fn look() -> Weight;
    /// Of the benchmark `note`.
    fn note() -> Weight;
    /// Of the benchmark `report`.
    fn report(b: u32) -> Weight;
    /// Of the benchmark `snapshot`.
    fn snapshot(v: u32) -> Weight;
    /// Of the benchmark `standings`.
    fn standings() -> Weight;
    /// Of the benchmark `tally`.
    fn tally(v: u32, r: u32) -> Weight;
}

/// Over the runtime's database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn apply() -> Weight {
        measured::apply(T::DbWeight::get())
    }
    fn authorize_report(b: u32) -> Weight {
        measured::authorize_report(T::DbWeight::get(), b)
    }
    fn look() -> Weight {
        measured::look(T::DbWeight::get())
    }
    fn note() -> Weight {
        measured::note(T::DbWeight::get())
    }
    fn report(b: u32) -> Weight {
        measured::report(T::DbWeight::get(), b)
    }
    fn snapshot(v: u32) -> Weight {
        measured::snapshot(T::DbWeight::get(), v)
    }
    fn standings() -> Weight {
        measured::standings(T::DbWeight::get())
    }
    fn tally(v: u32, r: u32) -> Weight {
        measured::tally(T::DbWeight::get(), v, r)
    }
}

/// Without the database, for tests.
impl WeightInfo for () {
    fn apply() -> Weight {
        measured::apply(RuntimeDbWeight::default())
    }
    fn authorize_report(b: u32) -> Weight {
        measured::authorize_report(RuntimeDbWeight::default(), b)
    }
    fn look() -> Weight {
        measured::look(RuntimeDbWeight::default())
    }
    fn note() -> Weight {
        measured::note(RuntimeDbWeight::default())
    }
    fn report(b: u32) -> Weight {
        measured::report(RuntimeDbWeight::default(), b)
    }
    fn snapshot(v: u32) -> Weight {
        measured::snapshot(RuntimeDbWeight::default(), v)
    }
    fn standings() -> Weight {
        measured::standings(RuntimeDbWeight::default())
    }
    fn tally(v: u32, r: u32) -> Weight {
        measured::tally(RuntimeDbWeight::default(), v, r)
    }
}

/// What was measured, once for every database.
mod measured {
    use super::*;

    pub fn apply(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(23_996_000, 651)
            .saturating_add(db.reads(4))
            .saturating_add(db.writes(4))
    }
    pub fn authorize_report(db: RuntimeDbWeight, b: u32) -> Weight {
        Weight::from_parts(79_359_472, 3_721)
            .saturating_add(Weight::from_parts(7_784, 0).saturating_mul(b.into()))
            .saturating_add(db.reads(7))
    }
    pub fn look(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(16_364_000, 399).saturating_add(db.reads(5))
    }
    pub fn note(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(15_963_000, 622)
            .saturating_add(db.reads(2))
            .saturating_add(db.writes(2))
    }
    pub fn report(db: RuntimeDbWeight, b: u32) -> Weight {
        Weight::from_parts(41_105_232, 3_603)
            .saturating_add(Weight::from_parts(4_129, 0).saturating_mul(b.into()))
            .saturating_add(db.reads(7))
            .saturating_add(db.writes(2))
    }
    pub fn snapshot(db: RuntimeDbWeight, v: u32) -> Weight {
        Weight::from_parts(20_546_024, 458)
            .saturating_add(Weight::from_parts(13_308, 32).saturating_mul(v.into()))
            .saturating_add(db.reads(4))
            .saturating_add(db.writes(2))
    }
    pub fn standings(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(28_553_000, 1_047).saturating_add(db.reads(7))
    }
    pub fn tally(db: RuntimeDbWeight, v: u32, r: u32) -> Weight {
        Weight::from_parts(60_355_955, 8_855)
            .saturating_add(Weight::from_parts(0, 32).saturating_mul(v.into()))
            .saturating_add(Weight::from_parts(54_970_709, 91).saturating_mul(r.into()))
            .saturating_add(db.reads(7))
            .saturating_add(db.reads(1).saturating_mul(r.into()))
            .saturating_add(db.writes(7))
            .saturating_add(db.writes(1).saturating_mul(r.into()))
    }
}
