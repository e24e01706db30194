//! Weights, estimated: database accesses counted by hand at their worst, computing time from similar calls of
//! pallet-balances. Benchmarks replace them.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights of this pallet's calls.
pub trait WeightInfo {
    /// `claim`: the account and the payee's balance; for each of `d` depositors its balance and its holds.
    fn claim(d: u32) -> Weight;
    /// `approve`: the account.
    fn approve() -> Weight;
    /// `revoke_approval`: the account.
    fn revoke_approval() -> Weight;
    /// `set_fee_rate`: the rate.
    fn set_fee_rate() -> Weight;
    /// `set_income_shares`: `s` shares.
    fn set_income_shares(s: u32) -> Weight;
    /// `distribute`: the shares and the pot's balance; for each of `s` recipients its balance.
    fn distribute(s: u32) -> Weight;
}

/// Estimated weights over the runtime's database.
pub struct Estimated<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for Estimated<T> {
    fn claim(d: u32) -> Weight {
        let accesses = 2 + 2 * u64::from(d);
        <()>::claim(d).saturating_add(T::DbWeight::get().reads_writes(accesses, accesses))
    }

    fn approve() -> Weight {
        <()>::approve().saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn revoke_approval() -> Weight {
        <()>::revoke_approval().saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn set_fee_rate() -> Weight {
        <()>::set_fee_rate().saturating_add(T::DbWeight::get().writes(1))
    }

    fn set_income_shares(s: u32) -> Weight {
        <()>::set_income_shares(s).saturating_add(T::DbWeight::get().writes(1))
    }

    fn distribute(s: u32) -> Weight {
        let balances = 1 + u64::from(s);
        <()>::distribute(s).saturating_add(T::DbWeight::get().reads_writes(1 + balances, balances))
    }
}

/// The same without database accesses.
impl WeightInfo for () {
    fn claim(d: u32) -> Weight {
        Weight::from_parts(30_000_000, 8_192)
            .saturating_add(Weight::from_parts(40_000_000, 512).saturating_mul(d.into()))
    }

    fn approve() -> Weight {
        Weight::from_parts(20_000_000, 8_192)
    }

    fn revoke_approval() -> Weight {
        Weight::from_parts(20_000_000, 8_192)
    }

    fn set_fee_rate() -> Weight {
        Weight::from_parts(8_000_000, 0)
    }

    fn set_income_shares(s: u32) -> Weight {
        Weight::from_parts(10_000_000, 0).saturating_add(Weight::from_parts(500_000, 0).saturating_mul(s.into()))
    }

    fn distribute(s: u32) -> Weight {
        Weight::from_parts(15_000_000, 1_024)
            .saturating_add(Weight::from_parts(50_000_000, 256).saturating_mul(s.into()))
    }
}
