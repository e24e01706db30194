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

impl<T: frame_system::Config> frame_system::ExtensionsWeightInfo for SubstrateWeight<T> {
    fn check_genesis() -> Weight {
        measured::check_genesis(T::DbWeight::get())
    }
    fn check_mortality_immortal_transaction() -> Weight {
        measured::check_mortality_immortal_transaction(T::DbWeight::get())
    }
    fn check_mortality_mortal_transaction() -> Weight {
        measured::check_mortality_mortal_transaction(T::DbWeight::get())
    }
    fn check_non_zero_sender() -> Weight {
        measured::check_non_zero_sender(T::DbWeight::get())
    }
    fn check_nonce() -> Weight {
        measured::check_nonce(T::DbWeight::get())
    }
    fn check_spec_version() -> Weight {
        measured::check_spec_version(T::DbWeight::get())
    }
    fn check_tx_version() -> Weight {
        measured::check_tx_version(T::DbWeight::get())
    }
    fn check_weight() -> Weight {
        measured::check_weight(T::DbWeight::get())
    }
    fn weight_reclaim() -> Weight {
        measured::weight_reclaim(T::DbWeight::get())
    }
}

/// What was measured, once for every database.
mod measured {
    use super::*;

    pub fn check_genesis(_: RuntimeDbWeight) -> Weight {
        Weight::from_parts(2_434_000, 0)
    }
    pub fn check_mortality_immortal_transaction(_: RuntimeDbWeight) -> Weight {
        Weight::from_parts(5_368_000, 0)
    }
    pub fn check_mortality_mortal_transaction(_: RuntimeDbWeight) -> Weight {
        Weight::from_parts(5_318_000, 0)
    }
    pub fn check_non_zero_sender(_: RuntimeDbWeight) -> Weight {
        Weight::from_parts(741_000, 0)
    }
    pub fn check_nonce(_: RuntimeDbWeight) -> Weight {
        Weight::from_parts(10_696_000, 165)
    }
    pub fn check_spec_version(_: RuntimeDbWeight) -> Weight {
        Weight::from_parts(571_000, 0)
    }
    pub fn check_tx_version(_: RuntimeDbWeight) -> Weight {
        Weight::from_parts(561_000, 0)
    }
    pub fn check_weight(_: RuntimeDbWeight) -> Weight {
        Weight::from_parts(5_278_000, 0)
    }
    pub fn weight_reclaim(_: RuntimeDbWeight) -> Weight {
        Weight::from_parts(3_045_000, 0)
    }
}
