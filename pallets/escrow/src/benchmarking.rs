//! Benchmarks of the calls, at their worst.

use crate::{
    Accounts, Approval, Call, Config, FeeRateNow, IncomeShares, Pallet, Share, Shares, MAX_APPROVALS, MAX_DEPOSITORS,
    MAX_PAYEES, MAX_SHARES,
};
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{fungible::Mutate, EnsureOrigin, Get},
    BoundedVec,
};
use frame_system::RawOrigin;
use perigee_primitives::{
    traits::{Charge, StreamingEscrow},
    Balance, FeeRate, Ppm, MILLION,
};

/// Far above any existential deposit, also when shared.
const AMOUNT: Balance = 1 << 80;

/// Depositor `n`; the first one is the owner.
fn depositor<T: Config>(n: u32) -> T::AccountId {
    account("depositor", n, 0)
}

/// Fills account 0: money of `depositors`, for each of them a credit to as many payees as fit, a deposit of each
/// that is left, and as many approvals as fit. No payee exists.
fn fill<T: Config>(depositors: u32) -> Result<(), BenchmarkError> {
    for n in 0..depositors {
        T::Currency::set_balance(&depositor::<T>(n), AMOUNT * 32);
    }
    let all_approved: Vec<_> = (1..=MAX_APPROVALS)
        .map(|n| Approval {
            who: depositor::<T>(n),
            minimum: 1,
        })
        .collect();
    let owner = depositor::<T>(0);
    // The fee's recipient is a payee too.
    let payees = MAX_PAYEES - 1;
    Pallet::<T>::open(0, &owner, AMOUNT * Balance::from(payees))?;
    Accounts::<T>::mutate_extant(0, |account| account.approvals = BoundedVec::truncate_from(all_approved));
    for n in 1..depositors {
        Pallet::<T>::deposit(0, &depositor::<T>(n), AMOUNT * Balance::from(payees))?;
    }
    let charges: Vec<_> = (0..payees)
        .map(|n| Charge {
            payee: account("payee", n, 0),
            amount: AMOUNT,
            fee: FeeRate::MAX,
        })
        .collect();
    for _ in 0..depositors {
        Pallet::<T>::charge(0, &charges)?;
    }
    for n in 0..2 * depositors {
        Pallet::<T>::deposit(0, &depositor::<T>(n % depositors), AMOUNT)?;
    }
    Ok(())
}

/// Frees one place for an approval of account 0.
fn revoke_one<T: Config>() {
    Accounts::<T>::mutate_extant(0, |account| account.approvals.truncate(MAX_APPROVALS as usize - 1));
}

/// `s` shares that add to one.
fn shares<T: Config>(s: u32) -> Shares<T::AccountId> {
    let ppm = |n| match n {
        0 => MILLION - (s - 1),
        _ => 1,
    };
    let shares: Vec<_> = (0..s)
        .map(|n| Share {
            recipient: account("recipient", n, 0),
            ppm: ppm(n) as Ppm,
        })
        .collect();
    Shares::truncate_from(shares)
}

#[benchmarks]
mod benchmarks {
    use super::*;

    /// Out of the money of `d` depositors, to a payee that does not exist yet.
    #[benchmark]
    fn claim(d: Linear<1, MAX_DEPOSITORS>) -> Result<(), BenchmarkError> {
        fill::<T>(d)?;
        let payee: T::AccountId = account("payee", MAX_PAYEES - 2, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(whitelisted_caller()), 0, payee.clone());

        let account = Accounts::<T>::get(0).expect("it is not closed");
        assert!(account.credits.of(&payee).is_empty());
        Ok(())
    }

    #[benchmark]
    fn approve() -> Result<(), BenchmarkError> {
        fill::<T>(MAX_DEPOSITORS)?;
        revoke_one::<T>();

        #[extrinsic_call]
        _(RawOrigin::Signed(depositor::<T>(0)), 0, account("another", 0, 0), 1);

        let approvals = Accounts::<T>::get(0).map(|account| account.approvals.len());
        assert_eq!(approvals, Some(MAX_APPROVALS as usize));
        Ok(())
    }

    /// The last one that is looked at.
    #[benchmark]
    fn revoke_approval() -> Result<(), BenchmarkError> {
        fill::<T>(MAX_DEPOSITORS)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(depositor::<T>(0)), 0, depositor::<T>(MAX_APPROVALS));

        let approvals = Accounts::<T>::get(0).map(|account| account.approvals.len());
        assert_eq!(approvals, Some(MAX_APPROVALS as usize - 1));
        Ok(())
    }

    #[benchmark]
    fn set_fee_rate() -> Result<(), BenchmarkError> {
        let origin = T::AdminOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, FeeRate::MAX);

        assert_eq!(FeeRateNow::<T>::get(), FeeRate::MAX);
        Ok(())
    }

    #[benchmark]
    fn set_income_shares(s: Linear<1, MAX_SHARES>) -> Result<(), BenchmarkError> {
        let origin = T::AdminOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, shares::<T>(s));

        assert_eq!(IncomeShares::<T>::get().len(), s as usize);
        Ok(())
    }

    /// To `s` recipients that do not exist yet.
    #[benchmark]
    fn distribute(s: Linear<1, MAX_SHARES>) -> Result<(), BenchmarkError> {
        IncomeShares::<T>::put(shares::<T>(s));
        T::Currency::set_balance(&Pallet::<T>::income_account(), AMOUNT);

        #[extrinsic_call]
        _(RawOrigin::Signed(whitelisted_caller()));

        let last: T::AccountId = account("recipient", s - 1, 0);
        assert!(T::Currency::balance(&last) > 0);
        Ok(())
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::genesis(), crate::mock::Test);
}
