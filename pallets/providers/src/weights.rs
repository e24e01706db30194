//! What the calls cost. Estimated, not measured: reference time of a call of this size on common hardware, plus
//! counted database accesses.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights of this pallet.
pub trait WeightInfo {
    /// `register`.
    fn register() -> Weight;
    /// `set_capacity`.
    fn set_capacity() -> Weight;
    /// `publish_ask`.
    fn publish_ask() -> Weight;
    /// `withdraw_ask`.
    fn withdraw_ask() -> Weight;
    /// `set_gateway`.
    fn set_gateway() -> Weight;
    /// `retire` with `asks` standing asks.
    fn retire(asks: u32) -> Weight;
}

/// Estimated weights over the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

fn micros(n: u64) -> Weight {
    Weight::from_parts(n * 1_000_000, 4_096)
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn register() -> Weight {
        micros(160) + T::DbWeight::get().reads_writes(7, 8)
    }
    fn set_capacity() -> Weight {
        micros(20) + T::DbWeight::get().reads_writes(2, 1)
    }
    fn publish_ask() -> Weight {
        micros(60) + T::DbWeight::get().reads_writes(6, 6)
    }
    fn withdraw_ask() -> Weight {
        micros(50) + T::DbWeight::get().reads_writes(6, 5)
    }
    fn set_gateway() -> Weight {
        micros(20) + T::DbWeight::get().reads_writes(2, 1)
    }
    fn retire(asks: u32) -> Weight {
        let each = micros(30) + T::DbWeight::get().reads_writes(2, 2);
        micros(80) + T::DbWeight::get().reads_writes(6, 8) + each.saturating_mul(asks.into())
    }
}

impl WeightInfo for () {
    fn register() -> Weight {
        micros(160)
    }
    fn set_capacity() -> Weight {
        micros(20)
    }
    fn publish_ask() -> Weight {
        micros(60)
    }
    fn withdraw_ask() -> Weight {
        micros(50)
    }
    fn set_gateway() -> Weight {
        micros(20)
    }
    fn retire(asks: u32) -> Weight {
        micros(80) + micros(30).saturating_mul(asks.into())
    }
}
