//! Payouts: the only place where escrowed money moves to others.

use crate::{Account, Accounts, Config, Credit, Error, Event, HoldReason, Pallet, LOG_TARGET};
use frame_support::{
    ensure,
    storage::with_storage_layer,
    traits::{
        fungible::hold::{Inspect, Mutate},
        tokens::{Fortitude, Precision, Restriction},
    },
};
use perigee_primitives::{Balance, EscrowId};
use sp_runtime::DispatchError;

/// What a payout moved.
pub(crate) struct Payout {
    /// How much.
    pub(crate) amount: Balance,
    /// Out of the money of how many depositors it was tried.
    pub(crate) depositors: u32,
}

impl<T: Config> Pallet<T> {
    /// The account `id`.
    pub(crate) fn account(id: EscrowId) -> Result<Account<T::AccountId>, Error<T>> {
        Accounts::<T>::get(id).ok_or(Error::<T>::NoSuchAccount)
    }

    /// Stores the account, or removes it once it is closed and owes nothing.
    pub(crate) fn store(id: EscrowId, account: Account<T::AccountId>) {
        if account.closed && account.credits.0.is_empty() {
            Accounts::<T>::remove(id);
            Self::deposit_event(Event::Removed { id });
        } else {
            Accounts::<T>::insert(id, account);
        }
    }

    /// Pays out `payee`'s credits, or fails and changes nothing.
    pub(crate) fn do_pay_out(id: EscrowId, payee: &T::AccountId) -> Result<Payout, DispatchError> {
        let mut account = Self::account(id)?;
        let payout = Self::pay(id, &mut account, payee)?;
        Self::store(id, account);
        Ok(payout)
    }

    /// Tries every payout; what fails stays a credit.
    pub(crate) fn pay_all(id: EscrowId, account: &mut Account<T::AccountId>) {
        for payee in account.credits.payees() {
            if let Err(error) = Self::pay(id, account, &payee) {
                Self::payout_failed(id, account, payee, error);
            }
        }
    }

    /// Pays what can be paid of `payee`'s credits. Fails if that is nothing.
    fn pay(id: EscrowId, account: &mut Account<T::AccountId>, payee: &T::AccountId) -> Result<Payout, DispatchError> {
        let credits = account.credits.of(payee);
        let depositors = credits.len() as u32;
        let mut paid: Balance = 0;
        let mut failed = None;
        // The largest first: it may bring the payee's account into being, which then takes the small ones too.
        for credit in credits {
            match Self::transfer(&credit) {
                Ok(moved) => {
                    // No overflow: never above what was deposited.
                    paid = paid.saturating_add(moved);
                    account.credits.reduce(payee, &credit.depositor, moved);
                    if moved < credit.amount {
                        failed = Some(Error::<T>::MissingOnHold.into());
                    }
                }
                Err(error) => failed = Some(error),
            }
        }
        if paid == 0 {
            return Err(failed.unwrap_or(Error::<T>::NothingToClaim.into()));
        }
        account.paid = account.paid.saturating_add(paid);
        Self::deposit_event(Event::PaidOut {
            id,
            payee: payee.clone(),
            amount: paid,
        });
        if let Some(error) = failed {
            Self::payout_failed(id, account, payee.clone(), error);
        }
        Ok(Payout {
            amount: paid,
            depositors,
        })
    }

    fn payout_failed(id: EscrowId, account: &Account<T::AccountId>, payee: T::AccountId, error: DispatchError) {
        log::debug!(target: LOG_TARGET, "payout of account {id} deferred: {error:?}");
        let owed = account.credits.of(&payee);
        Self::deposit_event(Event::PayoutFailed {
            id,
            payee,
            amount: owed
                .iter()
                .fold(0, |sum: Balance, credit| sum.saturating_add(credit.amount)),
            error,
        });
    }

    /// Moves a credit, or as much of it as is on hold, to its payee. Forced: a freeze on the depositor does not keep
    /// what others earned.
    fn transfer(credit: &Credit<T::AccountId>) -> Result<Balance, DispatchError> {
        let Credit {
            payee,
            depositor,
            amount,
        } = credit;
        let reason = HoldReason::Deposit.into();
        let amount = T::Currency::balance_on_hold(&reason, depositor).min(*amount);
        ensure!(amount > 0, Error::<T>::MissingOnHold);
        if depositor == payee {
            return Self::release(depositor, amount);
        }
        with_storage_layer(|| {
            T::Currency::transfer_on_hold(
                &reason,
                depositor,
                payee,
                amount,
                Precision::Exact,
                Restriction::Free,
                Fortitude::Force,
            )
        })
    }

    /// Gives held money back to its depositor.
    pub(crate) fn release(depositor: &T::AccountId, amount: Balance) -> Result<Balance, DispatchError> {
        let reason = HoldReason::Deposit.into();
        let held = T::Currency::balance_on_hold(&reason, depositor);
        ensure!(held >= amount, Error::<T>::MissingOnHold);
        with_storage_layer(|| T::Currency::release(&reason, depositor, amount, Precision::Exact))
    }
}
