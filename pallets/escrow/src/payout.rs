//! Payouts: the only place where escrowed money moves.

use crate::{Account, Accounts, Config, Error, Event, HoldReason, Pallet, LOG_TARGET};
use frame_support::{
    storage::with_storage_layer,
    traits::{
        fungible::hold::Mutate,
        tokens::{Fortitude, Precision, Restriction},
    },
};
use perigee_primitives::{Balance, EscrowId};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// Pays out `payee`'s credit, or fails and changes nothing.
    pub(crate) fn do_pay_out(id: EscrowId, payee: &T::AccountId) -> Result<Balance, DispatchError> {
        with_storage_layer(|| {
            let mut account = Accounts::<T>::get(id).ok_or(Error::<T>::NoSuchAccount)?;
            let amount = account.take_credit::<T>(payee)?;
            Self::transfer(&account.owner, payee, amount)?;
            Self::store(id, account);
            Self::deposit_event(Event::PaidOut {
                id,
                payee: payee.clone(),
                amount,
            });
            Ok(amount)
        })
    }

    /// Tries every payout; what fails stays a credit.
    pub(crate) fn pay_out_all(id: EscrowId, account: &Account<T::AccountId>) {
        for credit in account.open_credits() {
            if let Err(error) = Self::do_pay_out(id, &credit.payee) {
                log::debug!(target: LOG_TARGET, "payout of account {id} deferred: {error:?}");
                Self::deposit_event(Event::PayoutFailed {
                    id,
                    payee: credit.payee,
                    amount: credit.amount,
                    error,
                });
            }
        }
    }

    /// Stores the account, or removes it once it is closed and owes nothing.
    pub(crate) fn store(id: EscrowId, account: Account<T::AccountId>) {
        if account.closed && account.credits.is_empty() {
            Accounts::<T>::remove(id);
            Self::deposit_event(Event::Removed { id });
        } else {
            Accounts::<T>::insert(id, account);
        }
    }

    /// Moves held money. Forced: a freeze on the owner does not keep what others earned.
    fn transfer(owner: &T::AccountId, payee: &T::AccountId, amount: Balance) -> Result<Balance, DispatchError> {
        let reason = HoldReason::Deposit.into();
        if owner == payee {
            return T::Currency::release(&reason, owner, amount, Precision::Exact);
        }
        T::Currency::transfer_on_hold(
            &reason,
            owner,
            payee,
            amount,
            Precision::Exact,
            Restriction::Free,
            Fortitude::Force,
        )
    }
}
