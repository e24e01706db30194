//! The record of an account and its arithmetic, without storage.

use crate::{Config, Error};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{ensure, traits::ConstU32, BoundedVec};
use perigee_primitives::{
    traits::{Charge, EscrowTotals},
    Balance, FeeRate, Ppm, MILLION,
};
use scale_info::TypeInfo;

/// Payees that may wait for a payout at once: the segments of a lease, the fee's recipient and the owner.
pub type MaxCredits = ConstU32<8>;

/// What an account owes to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Credit<AccountId> {
    /// To whom.
    pub payee: AccountId,
    /// How much; never zero.
    pub amount: Balance,
}

/// One streaming account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Account<AccountId> {
    /// Whose money it is, and at whose balance it is held.
    pub owner: AccountId,
    /// Totals since opening.
    pub totals: EscrowTotals,
    /// Fee not charged yet, in millionths of a unit; below 10⁶.
    pub carry: Ppm,
    /// Credits paid out so far.
    pub paid: Balance,
    /// Credits not paid out yet, one per payee.
    pub credits: BoundedVec<Credit<AccountId>, MaxCredits>,
    /// No deposits or charges any more.
    pub closed: bool,
}

/// Splits `amount` into fee and carry. Exact for every amount: nothing overflows.
fn split(amount: Balance, fee: FeeRate, carry: Ppm) -> (Balance, Ppm) {
    let million = Balance::from(MILLION);
    let rate = Balance::from(fee.ppm());
    // (carry + amount × rate) / 10⁶, with the amount's whole millions taken out first.
    let rest = Balance::from(carry) + (amount % million) * rate;
    let part = (amount / million) * rate + rest / million;
    (part, (rest % million) as Ppm)
}

impl<AccountId: Clone + PartialEq> Account<AccountId> {
    /// A new account with its first deposit.
    pub(crate) fn new(owner: AccountId, amount: Balance) -> Self {
        let totals = EscrowTotals {
            deposited: amount,
            balance: amount,
            ..Default::default()
        };
        Self {
            owner,
            totals,
            carry: 0,
            paid: 0,
            credits: BoundedVec::new(),
            closed: false,
        }
    }

    /// Credits not paid out, in total. `None` on overflow.
    #[cfg(any(feature = "try-runtime", feature = "std"))]
    pub(crate) fn credited(&self) -> Option<Balance> {
        self.credits
            .iter()
            .try_fold(0, |sum: Balance, c| sum.checked_add(c.amount))
    }

    /// What must be held for it: balance and credits.
    #[cfg(any(feature = "try-runtime", feature = "std"))]
    pub(crate) fn owed(&self) -> Option<Balance> {
        self.totals.balance.checked_add(self.credited()?)
    }

    /// Adds a deposit.
    pub(crate) fn deposit<T: Config>(&mut self, amount: Balance) -> Result<(), Error<T>> {
        ensure!(!self.closed, Error::<T>::AccountClosed);
        self.totals.deposited = self.totals.deposited.checked_add(amount).ok_or(Error::<T>::Overflow)?;
        self.totals.balance = self.totals.balance.checked_add(amount).ok_or(Error::<T>::Overflow)?;
        Ok(())
    }

    /// Charges in the order given; the fee goes to `recipient`.
    pub(crate) fn charge<T: Config>(
        &mut self,
        charges: &[Charge<AccountId>],
        recipient: &AccountId,
    ) -> Result<(), Error<T>> {
        ensure!(!self.closed, Error::<T>::AccountClosed);
        charges.iter().try_for_each(|charge| self.charge_one(charge, recipient))
    }

    fn charge_one<T: Config>(&mut self, charge: &Charge<AccountId>, recipient: &AccountId) -> Result<(), Error<T>> {
        let balance = self
            .totals
            .balance
            .checked_sub(charge.amount)
            .ok_or(Error::<T>::InsufficientBalance)?;
        let (fee, carry) = split(charge.amount, charge.fee, self.carry);
        let rest = charge.amount.checked_sub(fee).ok_or(Error::<T>::Overflow)?;
        self.totals.balance = balance;
        self.totals.to_payees = self.totals.to_payees.checked_add(rest).ok_or(Error::<T>::Overflow)?;
        self.totals.fee = self.totals.fee.checked_add(fee).ok_or(Error::<T>::Overflow)?;
        self.carry = carry;
        self.credit(&charge.payee, rest)?;
        self.credit(recipient, fee)
    }

    /// Closes the account: its balance becomes the owner's credit. Returns that balance.
    pub(crate) fn close<T: Config>(&mut self) -> Result<Balance, Error<T>> {
        ensure!(!self.closed, Error::<T>::AccountClosed);
        let refund = self.totals.balance;
        self.closed = true;
        self.totals.balance = 0;
        self.totals.refunded = self.totals.refunded.checked_add(refund).ok_or(Error::<T>::Overflow)?;
        let owner = self.owner.clone();
        self.credit(&owner, refund)?;
        Ok(refund)
    }

    /// Who waits for a payout, and for how much.
    pub(crate) fn open_credits(&self) -> Vec<Credit<AccountId>> {
        self.credits.to_vec()
    }

    /// Takes `payee`'s credit out, as paid.
    pub(crate) fn take_credit<T: Config>(&mut self, payee: &AccountId) -> Result<Balance, Error<T>> {
        let at = self
            .credits
            .iter()
            .position(|c| &c.payee == payee)
            .ok_or(Error::<T>::NothingToClaim)?;
        let paid = self
            .paid
            .checked_add(self.credits[at].amount)
            .ok_or(Error::<T>::Overflow)?;
        self.paid = paid;
        Ok(self.credits.remove(at).amount)
    }

    fn credit<T: Config>(&mut self, payee: &AccountId, amount: Balance) -> Result<(), Error<T>> {
        if amount == 0 {
            return Ok(());
        }
        if let Some(known) = self.credits.iter_mut().find(|c| &c.payee == payee) {
            known.amount = known.amount.checked_add(amount).ok_or(Error::<T>::Overflow)?;
            return Ok(());
        }
        let credit = Credit {
            payee: payee.clone(),
            amount,
        };
        self.credits.try_push(credit).map_err(|_| Error::<T>::TooManyCredits)
    }
}
