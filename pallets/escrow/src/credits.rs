//! The ledger of an account's credits: to whom it owes what, and at whose balance that money lies. Pure.

use crate::{Config, Error, MAX_DEPOSITORS, MAX_PAYEES};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::cmp::Reverse;
use frame_support::{traits::ConstU32, BoundedVec};
use perigee_primitives::Balance;
use scale_info::TypeInfo;

/// Entries of the ledger: each payee out of the money of each depositor, and the refund of each depositor.
pub const MAX_CREDITS: u32 = (MAX_PAYEES + 1) * MAX_DEPOSITORS;

/// What an account owes to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Credit<AccountId> {
    /// To whom.
    pub payee: AccountId,
    /// Whose deposit it comes from: the money is on hold there.
    pub depositor: AccountId,
    /// How much; never zero.
    pub amount: Balance,
}

/// What an account owes: one entry for each payee and depositor.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Credits<AccountId>(pub BoundedVec<Credit<AccountId>, ConstU32<MAX_CREDITS>>);

impl<AccountId: Clone + PartialEq> Credits<AccountId> {
    /// Nothing owed.
    pub(crate) fn new() -> Self {
        Self(BoundedVec::new())
    }

    /// Owes `amount` more to `payee`, out of what is held at `depositor`.
    pub(crate) fn add<T: Config>(
        &mut self,
        payee: &AccountId,
        depositor: &AccountId,
        amount: Balance,
    ) -> Result<(), Error<T>> {
        if let Some(known) = self.find(payee, depositor) {
            known.amount = known.amount.checked_add(amount).ok_or(Error::<T>::Overflow)?;
            return Ok(());
        }
        let credit = Credit {
            payee: payee.clone(),
            depositor: depositor.clone(),
            amount,
        };
        self.0.try_push(credit).map_err(|_| Error::<T>::TooManyCredits)
    }

    /// Owes `amount` less to `payee`, out of what is held at `depositor`.
    pub(crate) fn reduce(&mut self, payee: &AccountId, depositor: &AccountId, amount: Balance) {
        if let Some(known) = self.find(payee, depositor) {
            known.amount = known.amount.saturating_sub(amount);
        }
        self.0.retain(|credit| credit.amount > 0);
    }

    /// What is owed to `payee`, the largest entry first.
    pub(crate) fn of(&self, payee: &AccountId) -> Vec<Credit<AccountId>> {
        let mut own: Vec<_> = self.0.iter().filter(|credit| &credit.payee == payee).cloned().collect();
        own.sort_by_key(|credit| Reverse(credit.amount));
        own
    }

    /// Everybody to whom something is owed.
    pub(crate) fn payees(&self) -> Vec<AccountId> {
        let mut payees = Vec::new();
        for credit in &self.0 {
            if !payees.contains(&credit.payee) {
                payees.push(credit.payee.clone());
            }
        }
        payees
    }

    fn find(&mut self, payee: &AccountId, depositor: &AccountId) -> Option<&mut Credit<AccountId>> {
        self.0
            .iter_mut()
            .find(|credit| &credit.payee == payee && &credit.depositor == depositor)
    }
}
