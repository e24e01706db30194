//! The protocol's income: the rate of the fee, the pot and how it is shared.

use crate::{split::parts, Config, Error, Event, FeeRateNow, IncomeShares, Pallet};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::marker::PhantomData;
use frame_support::{
    ensure,
    traits::{
        fungible::{Inspect, Mutate},
        tokens::{Fortitude, Preservation},
        ConstU32, Get,
    },
    BoundedVec,
};
use perigee_primitives::{FeeRate, Ppm, MILLION};
use scale_info::TypeInfo;
use sp_runtime::{traits::AccountIdConversion, DispatchError, DispatchResult};

/// Recipients of the protocol's income.
pub const MAX_SHARES: u32 = 8;
/// How the protocol's income is shared.
pub type Shares<AccountId> = BoundedVec<Share<AccountId>, ConstU32<MAX_SHARES>>;

/// A recipient's share of the protocol's income.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Share<AccountId> {
    /// Whose.
    pub recipient: AccountId,
    /// How much, in parts of a million; never zero.
    pub ppm: Ppm,
}

/// The fee's rate for leases opened now.
pub struct CurrentFee<T>(PhantomData<T>);

impl<T: Config> Get<FeeRate> for CurrentFee<T> {
    fn get() -> FeeRate {
        FeeRateNow::<T>::get()
    }
}

/// The account that collects the protocol's income.
pub struct IncomeAccount<T>(PhantomData<T>);

impl<T: Config> Get<T::AccountId> for IncomeAccount<T> {
    fn get() -> T::AccountId {
        Pallet::<T>::income_account()
    }
}

impl<T: Config> Pallet<T> {
    /// The account that collects the protocol's income.
    pub fn income_account() -> T::AccountId {
        T::PalletId::get().into_account_truncating()
    }

    pub(crate) fn do_set_fee_rate(rate: FeeRate) {
        FeeRateNow::<T>::put(rate);
        Self::deposit_event(Event::FeeRateSet { rate });
    }

    pub(crate) fn do_set_income_shares(shares: Shares<T::AccountId>) -> DispatchResult {
        Self::check_shares(&shares)?;
        IncomeShares::<T>::put(&shares);
        Self::deposit_event(Event::IncomeSharesSet { shares });
        Ok(())
    }

    /// Do the shares add to one, each of another recipient and none of nothing?
    pub(crate) fn check_shares(shares: &[Share<T::AccountId>]) -> Result<(), Error<T>> {
        let pot = Self::income_account();
        for (n, share) in shares.iter().enumerate() {
            ensure!(share.ppm > 0, Error::<T>::ZeroShare);
            ensure!(share.recipient != pot, Error::<T>::ShareOfPot);
            let twice = shares[..n].iter().any(|other| other.recipient == share.recipient);
            ensure!(!twice, Error::<T>::RecipientTwice);
        }
        let sum: u64 = shares.iter().map(|share| u64::from(share.ppm)).sum();
        ensure!(sum == u64::from(MILLION), Error::<T>::SharesDoNotAddUp);
        Ok(())
    }

    /// Shares what is in the pot, above what keeps it alive. Waits until every part reaches the existential deposit: so
    /// no recipient can fail to take its part, however poor it is. Returns the number of recipients.
    pub(crate) fn do_distribute() -> Result<u32, DispatchError> {
        let pot = Self::income_account();
        let shares = IncomeShares::<T>::get();
        let income = T::Currency::reducible_balance(&pot, Preservation::Preserve, Fortitude::Polite);
        let parts = parts(income, shares.iter().map(|share| share.ppm));
        let least = T::Currency::minimum_balance().max(1);
        ensure!(parts.iter().all(|part| *part >= least), Error::<T>::IncomeTooSmall);
        let recipients = shares.len() as u32;
        for (Share { recipient, .. }, amount) in shares.into_iter().zip(parts) {
            T::Currency::transfer(&pot, &recipient, amount, Preservation::Preserve)?;
            Self::deposit_event(Event::IncomePaid { recipient, amount });
        }
        Ok(recipients)
    }
}
