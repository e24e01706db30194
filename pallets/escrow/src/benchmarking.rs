//! Benchmarks of the calls, at their worst.

use crate::{
    Accounts, Approval, Call, Config, FeeRateNow, IncomeShares, Pallet, Share, Shares, MAX_APPROVALS, MAX_DEPOSITORS,
    MAX_PAYEES, MAX_SHARES,
};
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{
        fungible::{Inspect, Mutate},
        EnsureOrigin,
    },
    BoundedVec,
};
use frame_system::RawOrigin;
use perigee_primitives::{
    traits::{Charge, StreamingEscrow},
    Balance, EscrowId, FeeRate, MILLION,
};
use sp_runtime::DispatchResult;

/// Far above any existential deposit, also when shared.
const AMOUNT: Balance = 1 << 80;

/// Depositor `n`; the first one is the owner.
fn depositor<T: Config>(n: u32) -> T::AccountId {
    account("depositor", n, 0)
}

/// Payee `n`.
fn payee<T: Config>(n: u32) -> T::AccountId {
    account("payee", n, 0)
}

impl<T: Config> Pallet<T> {
    /// Makes the open account `id` as large as it gets, but leaves room for one payee: credits to all other payees out
    /// of the money of each of `depositors` (the owner is one), two deposits of each that are left, and as many
    /// approvals as fit. No payee exists. For benchmarks, also of pallets that charge and close accounts.
    pub fn crowd(id: EscrowId, depositors: u32) -> DispatchResult {
        let mut account = Self::account(id)?;
        let owner = [account.owner.clone()];
        let all: Vec<_> = owner.into_iter().chain((1..depositors).map(depositor::<T>)).collect();
        let approvals = (1..=MAX_APPROVALS).map(|n| Approval {
            who: depositor::<T>(n),
            minimum: 1,
        });
        account.approvals = BoundedVec::truncate_from(approvals.collect());
        let balance = account.totals.balance;
        Accounts::<T>::insert(id, account);
        Self::charge(id, &[earned::<T>(0, balance)])?;

        // All but the fee's recipient and the one that has room.
        let payees = MAX_PAYEES - 2;
        let each = AMOUNT * Balance::from(payees);
        for who in &all {
            T::Currency::set_balance(who, 2 * each);
            Self::deposit(id, who, each)?;
        }
        let charges: Vec<_> = (0..payees).map(|n| earned::<T>(n, AMOUNT)).collect();
        for _ in &all {
            Self::charge(id, &charges)?;
        }
        for who in all.iter().chain(&all) {
            Self::deposit(id, who, AMOUNT)?;
        }
        Ok(())
    }
}

/// What payee `n` earned.
fn earned<T: Config>(n: u32, amount: Balance) -> Charge<T::AccountId> {
    Charge {
        payee: payee::<T>(n),
        amount,
        fee: FeeRate::MAX,
    }
}

/// Opens account 0 and makes it as large as it gets with `depositors`; returns the last payee.
fn fill<T: Config>(depositors: u32) -> Result<T::AccountId, BenchmarkError> {
    let owner = depositor::<T>(0);
    T::Currency::set_balance(&owner, 2 * AMOUNT);
    Pallet::<T>::open(0, &owner, AMOUNT)?;
    Pallet::<T>::crowd(0, depositors)?;
    let last = earned::<T>(MAX_PAYEES - 2, AMOUNT * Balance::from(depositors));
    Pallet::<T>::charge(0, &[last.clone()])?;
    let credits = Accounts::<T>::get(0).map(|account| account.credits.0.len() as u32);
    assert_eq!(credits, Some(depositors * MAX_PAYEES));
    Ok(last.payee)
}

/// Frees one place for an approval of account 0.
fn revoke_one<T: Config>() {
    Accounts::<T>::mutate_extant(0, |account| account.approvals.truncate(MAX_APPROVALS as usize - 1));
}

/// `s` shares that add to one.
fn shares<T: Config>(s: u32) -> Shares<T::AccountId> {
    let shares = (0..s).map(|n| Share {
        recipient: account("recipient", n, 0),
        ppm: if n == 0 { MILLION - (s - 1) } else { 1 },
    });
    Shares::truncate_from(shares.collect())
}

#[benchmarks]
mod benchmarks {
    use super::*;

    /// Out of the money of `d` depositors, to a payee that does not exist yet.
    #[benchmark]
    fn claim(d: Linear<1, MAX_DEPOSITORS>) -> Result<(), BenchmarkError> {
        let payee = fill::<T>(d)?;

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
