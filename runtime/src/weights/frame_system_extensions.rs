//! Bootstrap.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{RuntimeDbWeight, Weight},
};

/// Over the runtime's database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> frame_system::ExtensionsWeightInfo for SubstrateWeight<T> {
    fn check_genesis() -> Weight {
        measured(T::DbWeight::get())
    }
    fn check_mortality_mortal_transaction() -> Weight {
        measured(T::DbWeight::get())
    }
    fn check_mortality_immortal_transaction() -> Weight {
        measured(T::DbWeight::get())
    }
    fn check_non_zero_sender() -> Weight {
        measured(T::DbWeight::get())
    }
    fn check_nonce() -> Weight {
        measured(T::DbWeight::get())
    }
    fn check_spec_version() -> Weight {
        measured(T::DbWeight::get())
    }
    fn check_tx_version() -> Weight {
        measured(T::DbWeight::get())
    }
    fn check_weight() -> Weight {
        measured(T::DbWeight::get())
    }
    fn weight_reclaim() -> Weight {
        measured(T::DbWeight::get())
    }
}
fn measured(_: RuntimeDbWeight) -> Weight {
    Weight::zero()
}
