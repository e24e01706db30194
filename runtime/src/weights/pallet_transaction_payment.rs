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

/// Over the runtime's database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> pallet_transaction_payment::WeightInfo for SubstrateWeight<T> {
    fn charge_transaction_payment() -> Weight {
        measured::charge_transaction_payment(T::DbWeight::get())
    }
}

/// What was measured, once for every database.
mod measured {
    use super::*;

    pub fn charge_transaction_payment(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(65_528_000, 165)
            .saturating_add(db.reads(1))
            .saturating_add(db.writes(1))
    }
}
