//! Weights, estimated: database accesses counted by hand at their worst, computing time from similar calls of
//! pallet-balances. Benchmarks replace them.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights of this pallet's calls.
pub trait WeightInfo {
    /// `claim`: the account, the owner's and the payee's balance, the owner's holds.
    fn claim() -> Weight;
}

/// Estimated weights over the runtime's database.
pub struct Estimated<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for Estimated<T> {
    fn claim() -> Weight {
        Weight::from_parts(60_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(5, 5))
    }
}

impl WeightInfo for () {
    fn claim() -> Weight {
        Weight::from_parts(60_000_000, 4_096)
    }
}
