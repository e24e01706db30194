//! The record of an account and its arithmetic, without storage.

use crate::{split::portion, Config, Credits, Deposit, Deposits, Error};
use alloc::collections::BTreeSet;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{ensure, traits::ConstU32, BoundedVec};
use perigee_primitives::{
    traits::{Charge, EscrowTotals, MAX_DEPOSITORS},
    Balance, Ppm,
};
use scale_info::TypeInfo;

/// Accounts that an owner may let deposit: all depositors but itself.
pub const MAX_APPROVALS: u32 = MAX_DEPOSITORS - 1;
/// Payees that may wait for a payout at once: those of a lease's segments and the protocol's income. Refunds do not
/// count.
pub const MAX_PAYEES: u32 = 8;

/// An account that may deposit.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Approval<AccountId> {
    /// Who.
    pub who: AccountId,
    /// Its smallest deposit; never zero.
    pub minimum: Balance,
}

/// One streaming account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Account<AccountId> {
    /// Who approves depositors, and deposits without approval.
    pub owner: AccountId,
    /// Who else may deposit.
    pub approvals: BoundedVec<Approval<AccountId>, ConstU32<MAX_APPROVALS>>,
    /// Totals since opening.
    pub totals: EscrowTotals,
    /// Fee not charged yet, in millionths of a unit; below 10⁶.
    pub carry: Ppm,
    /// Credits paid out and deposits withdrawn so far.
    pub paid: Balance,
    /// What the balance consists of.
    pub deposits: Deposits<AccountId>,
    /// Credits not paid out yet.
    pub credits: Credits<AccountId>,
    /// No deposits or charges any more.
    pub closed: bool,
}

impl<AccountId: Clone + Ord> Account<AccountId> {
    /// A new account without money.
    pub(crate) fn new(owner: AccountId) -> Self {
        Self {
            owner,
            approvals: BoundedVec::new(),
            totals: EscrowTotals::default(),
            carry: 0,
            paid: 0,
            deposits: Deposits::new(),
            credits: Credits::new(),
            closed: false,
        }
    }

    /// Fails once the account is closed.
    pub(crate) fn ensure_open<T: Config>(&self) -> Result<(), Error<T>> {
        ensure!(!self.closed, Error::<T>::AccountClosed);
        Ok(())
    }

    /// Lets `who` deposit `minimum` at least, from now on.
    pub(crate) fn approve<T: Config>(&mut self, who: AccountId, minimum: Balance) -> Result<(), Error<T>> {
        self.ensure_open()?;
        ensure!(who != self.owner, Error::<T>::OwnerNeedsNoApproval);
        ensure!(minimum > 0, Error::<T>::ZeroAmount);
        if let Some(known) = self.approvals.iter_mut().find(|approval| approval.who == who) {
            known.minimum = minimum;
            return Ok(());
        }
        let approval = Approval { who, minimum };
        self.approvals
            .try_push(approval)
            .map_err(|_| Error::<T>::TooManyApprovals)
    }

    /// Takes the approval of `who` back. What it deposited stays.
    pub(crate) fn revoke_approval<T: Config>(&mut self, who: &AccountId) -> Result<(), Error<T>> {
        let at = self.approvals.iter().position(|approval| &approval.who == who);
        self.approvals.remove(at.ok_or(Error::<T>::NotApproved)?);
        Ok(())
    }

    /// Makes `owner` the owner, who decides anew who may deposit.
    pub(crate) fn set_owner<T: Config>(&mut self, owner: AccountId) -> Result<(), Error<T>> {
        self.ensure_open()?;
        self.owner = owner;
        self.approvals = BoundedVec::new();
        Ok(())
    }

    /// Adds a deposit.
    pub(crate) fn deposit<T: Config>(&mut self, who: &AccountId, amount: Balance) -> Result<(), Error<T>> {
        ensure!(amount > 0, Error::<T>::ZeroAmount);
        self.ensure_open()?;
        self.ensure_may_deposit(who, amount)?;
        self.totals.deposited = self.totals.deposited.checked_add(amount).ok_or(Error::<T>::Overflow)?;
        self.totals.balance = self.totals.balance.checked_add(amount).ok_or(Error::<T>::Overflow)?;
        self.deposits.push(who, amount).ok_or(Error::<T>::Overflow)
    }

    fn ensure_may_deposit<T: Config>(&self, who: &AccountId, amount: Balance) -> Result<(), Error<T>> {
        if who != &self.owner {
            let approval = self.approvals.iter().find(|approval| &approval.who == who);
            let minimum = approval.ok_or(Error::<T>::NotApproved)?.minimum;
            ensure!(amount >= minimum, Error::<T>::BelowMinimum);
        }
        let mut funders = self.funders();
        if !funders.contains(who) {
            funders.extend([who, &self.owner]);
            let fits = funders.len() <= MAX_DEPOSITORS as usize;
            ensure!(fits, Error::<T>::TooManyDepositors);
        }
        Ok(())
    }

    /// Everybody whose money the account holds, as balance or as credits.
    pub(crate) fn funders(&self) -> BTreeSet<&AccountId> {
        let deposits = self.deposits.0.iter().map(|deposit| &deposit.depositor);
        let credits = self.credits.0.iter().map(|credit| &credit.depositor);
        deposits.chain(credits).collect()
    }

    /// Gives `amount` back to `who`, out of what is left of its own deposits.
    pub(crate) fn withdraw<T: Config>(&mut self, who: &AccountId, amount: Balance) -> Result<(), Error<T>> {
        ensure!(amount > 0, Error::<T>::ZeroAmount);
        self.ensure_open()?;
        let left = self.deposits.left_of(who);
        ensure!(left > 0, Error::<T>::NothingToWithdraw);
        ensure!(amount <= left, Error::<T>::InsufficientDeposit);
        self.deposits.take_newest_of(who, amount);
        self.refund(amount)?;
        self.paid = self.paid.checked_add(amount).ok_or(Error::<T>::Overflow)?;
        Ok(())
    }

    /// Charges in the order given; the fee goes to `income`.
    pub(crate) fn charge<T: Config>(
        &mut self,
        charges: &[Charge<AccountId>],
        income: &AccountId,
    ) -> Result<(), Error<T>> {
        self.ensure_open()?;
        charges.iter().try_for_each(|charge| self.charge_one(charge, income))
    }

    fn charge_one<T: Config>(&mut self, charge: &Charge<AccountId>, income: &AccountId) -> Result<(), Error<T>> {
        let used = self.deposits.take_oldest(charge.amount);
        // Deposit by deposit, so that who paid what does not depend on how often somebody charges.
        for part in used.ok_or(Error::<T>::InsufficientBalance)? {
            let (fee, carry) = portion(part.amount, charge.fee.ppm(), self.carry);
            let rest = part.amount.checked_sub(fee).ok_or(Error::<T>::Overflow)?;
            let totals = &mut self.totals;
            totals.balance = totals.balance.checked_sub(part.amount).ok_or(Error::<T>::Overflow)?;
            totals.to_payees = totals.to_payees.checked_add(rest).ok_or(Error::<T>::Overflow)?;
            totals.fee = totals.fee.checked_add(fee).ok_or(Error::<T>::Overflow)?;
            self.carry = carry;
            self.credit(&charge.payee, &part.depositor, rest)?;
            self.credit(income, &part.depositor, fee)?;
        }
        Ok(())
    }

    fn credit<T: Config>(&mut self, payee: &AccountId, depositor: &AccountId, amount: Balance) -> Result<(), Error<T>> {
        if amount == 0 {
            return Ok(());
        }
        let payees = self.credits.payees();
        let fits = payees.contains(payee) || payees.len() < MAX_PAYEES as usize;
        ensure!(fits, Error::<T>::TooManyCredits);
        self.credits.add(payee, depositor, amount)
    }

    /// Closes the account: what is left of each deposit becomes its depositor's credit. Returns their sum.
    pub(crate) fn close<T: Config>(&mut self) -> Result<Balance, Error<T>> {
        self.ensure_open()?;
        let balance = self.totals.balance;
        for Deposit { depositor, amount } in self.deposits.take_all() {
            self.credits.add(&depositor, &depositor, amount)?;
        }
        self.refund(balance)?;
        self.approvals = BoundedVec::new();
        self.closed = true;
        Ok(balance)
    }

    fn refund<T: Config>(&mut self, amount: Balance) -> Result<(), Error<T>> {
        let totals = &mut self.totals;
        totals.balance = totals.balance.checked_sub(amount).ok_or(Error::<T>::Overflow)?;
        totals.refunded = totals.refunded.checked_add(amount).ok_or(Error::<T>::Overflow)?;
        Ok(())
    }
}
