//! Benchmarks of the calls.

use crate::{Accounts, Call, Config, MaxCredits, Pallet};
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::traits::{fungible::Mutate, Get};
use frame_system::RawOrigin;
use perigee_primitives::{
    traits::{Charge, StreamingEscrow},
    Balance, FeeRate,
};

/// Far above any existential deposit.
const AMOUNT: Balance = 1 << 80;

#[benchmarks(where T::Currency: Mutate<T::AccountId>)]
mod benchmarks {
    use super::*;

    /// With as many credits as fit, and a payee that does not exist yet.
    #[benchmark]
    fn claim() -> Result<(), BenchmarkError> {
        let (owner, caller): (T::AccountId, T::AccountId) = (account("owner", 0, 0), whitelisted_caller());
        T::Currency::set_balance(&owner, AMOUNT * 16);
        Pallet::<T>::open(0, &owner, AMOUNT * 8)?;
        // One credit is the fee's.
        let payees = MaxCredits::get() - 1;
        let charges: Vec<_> = (0..payees)
            .map(|n| Charge {
                payee: account("payee", n, 0),
                amount: AMOUNT,
                fee: FeeRate::MAX,
            })
            .collect();
        Pallet::<T>::charge(0, &charges)?;
        let payee = account("payee", payees - 1, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), 0, payee);

        let left = Accounts::<T>::get(0).map(|account| account.credits.len());
        assert_eq!(left, Some(payees as usize));
        Ok(())
    }
}
