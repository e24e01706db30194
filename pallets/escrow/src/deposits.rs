//! The queue of an account's deposits: whose money is used first. Pure.

use crate::MAX_DEPOSITORS;
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::mem;
use frame_support::{traits::ConstU32, BoundedVec};
use perigee_primitives::Balance;
use scale_info::TypeInfo;

/// Deposits that an account tells apart: more than depositors, so that a full queue always holds two of one depositor.
pub const MAX_DEPOSITS: u32 = 2 * MAX_DEPOSITORS;

/// What is left of a deposit.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Deposit<AccountId> {
    /// Whose it is, and at whose balance it is held.
    pub depositor: AccountId,
    /// How much; never zero.
    pub amount: Balance,
}

/// Deposits in the order in which they are used: the oldest first. Deposits of one depositor that follow each other
/// are one.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Deposits<AccountId>(pub BoundedVec<Deposit<AccountId>, ConstU32<MAX_DEPOSITS>>);

impl<AccountId: Clone + PartialEq> Deposits<AccountId> {
    /// No deposits.
    pub(crate) fn new() -> Self {
        Self(BoundedVec::new())
    }

    /// Adds a deposit at the end. Where the queue is full, the newest deposit whose depositor has an older one joins
    /// that older one first: there is room for everybody, and who comes often bears that it is used earlier.
    /// `None`, and no change, on overflow.
    pub(crate) fn push(&mut self, depositor: &AccountId, amount: Balance) -> Option<()> {
        if let Some(last) = self.0.iter_mut().last().filter(|last| &last.depositor == depositor) {
            last.amount = last.amount.checked_add(amount)?;
            return Some(());
        }
        let mut all = self.0.to_vec();
        all.push(Deposit {
            depositor: depositor.clone(),
            amount,
        });
        if all.len() > MAX_DEPOSITS as usize {
            join_newest(&mut all)?;
        }
        self.0 = all.try_into().ok()?;
        Some(())
    }

    /// Takes `amount` out, the oldest deposit first, and says whose it was. `None` if there is less.
    pub(crate) fn take_oldest(&mut self, amount: Balance) -> Option<Vec<Deposit<AccountId>>> {
        let (mut rest, mut taken) = (amount, Vec::new());
        while rest > 0 {
            let first = self.0.iter_mut().next()?;
            let part = first.amount.min(rest);
            first.amount -= part;
            rest -= part;
            taken.push(Deposit {
                depositor: first.depositor.clone(),
                amount: part,
            });
            if first.amount == 0 {
                self.0.remove(0);
            }
        }
        Some(taken)
    }

    /// Takes up to `amount` out of what is left of `who`'s deposits, the newest first.
    pub(crate) fn take_newest_of(&mut self, who: &AccountId, amount: Balance) {
        let mut rest = amount;
        for deposit in self.0.iter_mut().rev().filter(|deposit| &deposit.depositor == who) {
            let part = deposit.amount.min(rest);
            deposit.amount -= part;
            rest -= part;
        }
        let mut all = mem::replace(&mut self.0, BoundedVec::new()).into_inner();
        all.retain(|deposit| deposit.amount > 0);
        all.dedup_by(|next, kept| {
            let same = next.depositor == kept.depositor;
            if same {
                // No overflow: the sum of all is the account's balance.
                kept.amount = kept.amount.saturating_add(next.amount);
            }
            same
        });
        self.0 = BoundedVec::truncate_from(all);
    }

    /// Takes everything out.
    pub(crate) fn take_all(&mut self) -> Vec<Deposit<AccountId>> {
        mem::replace(&mut self.0, BoundedVec::new()).into_inner()
    }

    /// What is left of `who`'s deposits.
    pub(crate) fn left_of(&self, who: &AccountId) -> Balance {
        let own = self.0.iter().filter(|deposit| &deposit.depositor == who);
        // No overflow: the sum of all is the account's balance.
        own.fold(0, |sum: Balance, deposit| sum.saturating_add(deposit.amount))
    }
}

/// Joins the newest deposit whose depositor has an older one with the next older. `None` on overflow, and if all
/// depositors differ.
fn join_newest<AccountId: PartialEq>(all: &mut Vec<Deposit<AccountId>>) -> Option<()> {
    let (older, newer) = (0..all.len()).rev().find_map(|newer| {
        let older = all[..newer]
            .iter()
            .rposition(|deposit| deposit.depositor == all[newer].depositor)?;
        Some((older, newer))
    })?;
    let joined = all.remove(newer);
    all[older].amount = all[older].amount.checked_add(joined.amount)?;
    Some(())
}
