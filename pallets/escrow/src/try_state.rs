//! Invariants, one function each.

use crate::{Account, Accounts, Config, HoldReason, IncomeShares, Pallet, MAX_DEPOSITORS, MAX_PAYEES};
use alloc::collections::BTreeMap;
use frame_support::{ensure, traits::fungible::hold::Inspect};
use perigee_primitives::{Balance, MILLION};
use sp_runtime::TryRuntimeError;

/// The sum, `None` on overflow.
fn sum(amounts: impl IntoIterator<Item = Balance>) -> Option<Balance> {
    amounts
        .into_iter()
        .try_fold(0, |sum: Balance, amount| sum.checked_add(amount))
}

impl<T: Config> Pallet<T> {
    /// Checks all invariants.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        for account in Accounts::<T>::iter_values() {
            Self::deposits_are_accounted_for(&account)?;
            Self::deposits_add_to_the_balance(&account)?;
            Self::deposits_are_positive_and_joined(&account)?;
            Self::credits_equal_what_is_unpaid(&account)?;
            Self::credits_are_distinct_and_positive(&account)?;
            Self::depositors_and_payees_are_bounded(&account)?;
            Self::approvals_are_distinct_and_of_others(&account)?;
            Self::a_closed_account_only_owes(&account)?;
            Self::carry_is_below_a_unit(&account)?;
        }
        Self::holds_equal_records()?;
        Self::income_shares_add_to_one()
    }

    /// deposited = to_payees + fee + refunded + balance.
    fn deposits_are_accounted_for(account: &Account<T::AccountId>) -> Result<(), TryRuntimeError> {
        let t = &account.totals;
        ensure!(
            sum([t.to_payees, t.fee, t.refunded, t.balance]) == Some(t.deposited),
            "deposits differ from paid, fee, refund and balance"
        );
        Ok(())
    }

    /// The balance is what is left of all deposits.
    fn deposits_add_to_the_balance(account: &Account<T::AccountId>) -> Result<(), TryRuntimeError> {
        let left = sum(account.deposits.0.iter().map(|deposit| deposit.amount));
        ensure!(
            left == Some(account.totals.balance),
            "the balance differs from what is left of deposits"
        );
        Ok(())
    }

    /// No deposit is used up, and no two of one depositor follow each other.
    fn deposits_are_positive_and_joined(account: &Account<T::AccountId>) -> Result<(), TryRuntimeError> {
        let deposits = &account.deposits.0;
        ensure!(
            deposits.iter().all(|deposit| deposit.amount > 0),
            "a deposit of nothing"
        );
        let apart = deposits.windows(2).all(|two| two[0].depositor != two[1].depositor);
        ensure!(apart, "two deposits of one depositor follow each other");
        Ok(())
    }

    /// What was earned or given back is paid or credited.
    fn credits_equal_what_is_unpaid(account: &Account<T::AccountId>) -> Result<(), TryRuntimeError> {
        let t = &account.totals;
        let earned = sum([t.to_payees, t.fee, t.refunded]);
        let credits = account.credits.0.iter().map(|credit| credit.amount);
        let out = sum(credits.chain([account.paid]));
        ensure!(
            earned.is_some() && earned == out,
            "credits differ from what was earned and not paid"
        );
        Ok(())
    }

    /// There is one credit for each payee and depositor, and it is not zero.
    fn credits_are_distinct_and_positive(account: &Account<T::AccountId>) -> Result<(), TryRuntimeError> {
        for (n, credit) in account.credits.0.iter().enumerate() {
            ensure!(credit.amount > 0, "a credit of nothing");
            let twice = account.credits.0[..n]
                .iter()
                .any(|other| other.payee == credit.payee && other.depositor == credit.depositor);
            ensure!(!twice, "two credits for one payee and depositor");
        }
        Ok(())
    }

    /// Neither the depositors nor, before closing, the payees are too many.
    fn depositors_and_payees_are_bounded(account: &Account<T::AccountId>) -> Result<(), TryRuntimeError> {
        let depositors = account.funders().len();
        ensure!(depositors <= MAX_DEPOSITORS as usize, "too many depositors");
        let payees = account.credits.payees().len();
        ensure!(account.closed || payees <= MAX_PAYEES as usize, "too many payees");
        Ok(())
    }

    /// An approval is for one account, not the owner, with a minimum.
    fn approvals_are_distinct_and_of_others(account: &Account<T::AccountId>) -> Result<(), TryRuntimeError> {
        for (n, approval) in account.approvals.iter().enumerate() {
            ensure!(approval.who != account.owner, "the owner is approved");
            ensure!(approval.minimum > 0, "an approval without a minimum");
            let twice = account.approvals[..n].iter().any(|other| other.who == approval.who);
            ensure!(!twice, "two approvals of one account");
        }
        Ok(())
    }

    /// A closed account has no balance and no approvals, and exists only while it owes something.
    fn a_closed_account_only_owes(account: &Account<T::AccountId>) -> Result<(), TryRuntimeError> {
        if account.closed {
            ensure!(account.totals.balance == 0, "a closed account has a balance");
            ensure!(account.approvals.is_empty(), "a closed account approves deposits");
            ensure!(
                !account.credits.0.is_empty(),
                "a closed account that owes nothing remains"
            );
        }
        Ok(())
    }

    fn carry_is_below_a_unit(account: &Account<T::AccountId>) -> Result<(), TryRuntimeError> {
        ensure!(account.carry < MILLION, "the carry is a whole unit of fee");
        Ok(())
    }

    /// Every depositor's hold is what is left of its deposits and the credits out of them.
    fn holds_equal_records() -> Result<(), TryRuntimeError> {
        let mut recorded = BTreeMap::<T::AccountId, Balance>::new();
        for account in Accounts::<T>::iter_values() {
            let deposits = account.deposits.0.into_iter().map(|d| (d.depositor, d.amount));
            let credits = account.credits.0.into_iter().map(|c| (c.depositor, c.amount));
            for (depositor, amount) in deposits.chain(credits) {
                let sum = recorded.entry(depositor).or_default();
                *sum = sum.checked_add(amount).ok_or("what is held at a depositor overflows")?;
            }
        }
        for (depositor, amount) in recorded {
            let held = T::Currency::balance_on_hold(&HoldReason::Deposit.into(), &depositor);
            ensure!(held == amount, "a depositor's hold differs from its escrow accounts");
        }
        Ok(())
    }

    /// The shares of the income pass the check that setting them makes.
    fn income_shares_add_to_one() -> Result<(), TryRuntimeError> {
        Self::check_shares(&IncomeShares::<T>::get()).map_err(|_| "the shares of the income do not add up")?;
        Ok(())
    }
}
