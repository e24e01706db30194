//! Invariants, one function each.

use crate::{Account, Accounts, Config, HoldReason, Pallet};
use alloc::collections::BTreeMap;
use frame_support::{ensure, traits::fungible::hold::Inspect};
use perigee_primitives::{Balance, MILLION};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks all invariants.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        for account in Accounts::<T>::iter_values() {
            Self::deposits_are_accounted_for(&account)?;
            Self::credits_equal_what_is_unpaid(&account)?;
            Self::credits_are_distinct_and_positive(&account)?;
            Self::no_empty_record_remains(&account)?;
            ensure!(account.carry < MILLION, "the carry is a whole unit of fee");
        }
        Self::holds_equal_records()
    }

    /// deposited = to_payees + fee + refunded + balance.
    fn deposits_are_accounted_for(account: &Account<T::AccountId>) -> Result<(), TryRuntimeError> {
        let t = &account.totals;
        let parts = [t.to_payees, t.fee, t.refunded, t.balance];
        let sum = parts
            .into_iter()
            .try_fold(0, |sum: Balance, part| sum.checked_add(part));
        ensure!(
            sum == Some(t.deposited),
            "deposits differ from paid, fee, refund and balance"
        );
        Ok(())
    }

    /// What was earned or refunded is paid or credited.
    fn credits_equal_what_is_unpaid(account: &Account<T::AccountId>) -> Result<(), TryRuntimeError> {
        let t = &account.totals;
        let earned = t
            .to_payees
            .checked_add(t.fee)
            .and_then(|sum| sum.checked_add(t.refunded));
        let out = account
            .credited()
            .and_then(|credited| credited.checked_add(account.paid));
        ensure!(
            earned.is_some() && earned == out,
            "credits differ from what was earned and not paid"
        );
        Ok(())
    }

    fn credits_are_distinct_and_positive(account: &Account<T::AccountId>) -> Result<(), TryRuntimeError> {
        for (n, credit) in account.credits.iter().enumerate() {
            ensure!(credit.amount > 0, "a credit of nothing");
            let twice = account.credits[..n].iter().any(|other| other.payee == credit.payee);
            ensure!(!twice, "two credits for one payee");
        }
        Ok(())
    }

    /// A closed account has no balance, and exists only while it owes something.
    fn no_empty_record_remains(account: &Account<T::AccountId>) -> Result<(), TryRuntimeError> {
        if account.closed {
            ensure!(account.totals.balance == 0, "a closed account has a balance");
            ensure!(
                !account.credits.is_empty(),
                "a closed account that owes nothing remains"
            );
        }
        Ok(())
    }

    /// Every owner's hold is the sum of balances and credits of its accounts.
    fn holds_equal_records() -> Result<(), TryRuntimeError> {
        let mut owed = BTreeMap::<T::AccountId, Balance>::new();
        for account in Accounts::<T>::iter_values() {
            let amount = account.owed().ok_or("what an account owes overflows")?;
            let sum = owed.entry(account.owner).or_default();
            *sum = sum.checked_add(amount).ok_or("what an owner owes overflows")?;
        }
        for (owner, amount) in owed {
            let held = T::Currency::balance_on_hold(&HoldReason::Deposit.into(), &owner);
            ensure!(held == amount, "an owner's hold differs from its escrow accounts");
        }
        Ok(())
    }
}
