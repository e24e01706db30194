//! Every invariant notices what it is for.

use super::*;
use crate::{Approval, Credit, Deposit, IncomeShares, Share, Shares};
use frame_support::{assert_ok, storage::with_storage_layer, BoundedVec};
use perigee_primitives::MILLION;
use sp_runtime::{DispatchError, TryRuntimeError};

/// Makes `change` and expects the invariants to say `why`; the change is undone.
fn fires(why: &'static str, change: impl FnOnce()) {
    let noticed = with_storage_layer::<(), DispatchError, _>(|| {
        change();
        assert_eq!(Escrow::do_try_state(), Err(TryRuntimeError::Other(why)));
        Err(DispatchError::Other("undo"))
    });
    assert_eq!(noticed, Err(DispatchError::Other("undo")));
}

/// Like [`fires`], for a change of account 1.
fn fires_for(why: &'static str, change: impl FnOnce(&mut Account<u64>)) {
    fires(why, || {
        Accounts::<Test>::mutate(1, |account| change(account.as_mut().expect("the account exists")))
    });
}

/// Runs `test` on an account of two depositors, one approval and two credits.
fn on_an_account(test: impl FnOnce()) {
    build_and_execute(|| {
        open_with_others(1_000, &[OTHER]);
        assert_ok!(Escrow::deposit(1, &OTHER, 500));
        assert_ok!(Escrow::charge(1, &[charge(PROVIDER, 100)]));
        test()
    });
}

#[test]
fn deposits_that_are_not_accounted_for_are_noticed() {
    on_an_account(|| {
        let why = "deposits differ from paid, fee, refund and balance";
        fires_for(why, |account| account.totals.deposited += 1);
        fires_for(why, |account| account.totals.to_payees -= 1);
        fires_for(why, |account| account.totals.fee = Balance::MAX);
    });
}

#[test]
fn deposits_that_do_not_add_to_the_balance_are_noticed() {
    on_an_account(|| {
        let why = "the balance differs from what is left of deposits";
        fires_for(why, |account| account.deposits.0[0].amount += 1);
        fires_for(why, |account| account.deposits.0[0].amount = Balance::MAX);
        fires_for(why, |account| {
            account.totals.deposited += 1;
            account.totals.balance += 1;
        });
    });
}

#[test]
fn deposits_of_nothing_and_neighbours_are_noticed() {
    on_an_account(|| {
        let empty = Deposit {
            depositor: TENANT,
            amount: 0,
        };
        fires_for("a deposit of nothing", |account| {
            account.deposits.0.try_push(empty).expect("there is room")
        });
        fires_for("two deposits of one depositor follow each other", |account| {
            account.deposits.0[1].depositor = TENANT
        });
    });
}

#[test]
fn credits_that_differ_from_what_is_unpaid_are_noticed() {
    on_an_account(|| {
        let why = "credits differ from what was earned and not paid";
        fires_for(why, |account| account.paid += 1);
        fires_for(why, |account| account.credits.0[0].amount += 1);
        fires_for(why, |account| account.credits.0[0].amount = Balance::MAX);
    });
}

#[test]
fn credits_of_nothing_and_doubled_ones_are_noticed() {
    on_an_account(|| {
        let empty = Credit {
            payee: NOBODY,
            depositor: TENANT,
            amount: 0,
        };
        fires_for("a credit of nothing", |account| {
            account.credits.0.try_push(empty).expect("there is room")
        });
        fires_for("two credits for one payee and depositor", |account| {
            account.credits.0[1].payee = account.credits.0[0].payee
        });
    });
}

#[test]
fn too_many_depositors_and_payees_are_noticed() {
    on_an_account(|| {
        // Splits the tenant's deposit among nine depositors, or its credit among nine payees.
        fires_for("too many depositors", |account| {
            account.deposits.0[0].amount -= 8;
            for depositor in 100..108 {
                let deposit = Deposit { depositor, amount: 1 };
                account.deposits.0.try_push(deposit).expect("there is room");
            }
        });
        fires_for("too many payees", |account| {
            account.credits.0[0].amount -= 7;
            for payee in 100..107 {
                let credit = Credit {
                    payee,
                    depositor: TENANT,
                    amount: 1,
                };
                account.credits.0.try_push(credit).expect("there is room");
            }
        });
    });
}

#[test]
fn approvals_that_say_nothing_are_noticed() {
    on_an_account(|| {
        fires_for("the owner is approved", |account| account.approvals[0].who = TENANT);
        fires_for("an approval without a minimum", |account| {
            account.approvals[0].minimum = 0
        });
        fires_for("two approvals of one account", |account| {
            let again = Approval { who: OTHER, minimum: 1 };
            account.approvals.try_push(again).expect("there is room")
        });
    });
}

#[test]
fn closed_accounts_with_more_than_debts_are_noticed() {
    on_an_account(|| {
        fires_for("a closed account has a balance", |account| account.closed = true);
    });
    build_and_execute(|| {
        open_with_others(1_000, &[]);
        assert_ok!(Escrow::charge(1, &[charge(NOBODY, 8)]));
        assert_ok!(Escrow::close(1));
        fires_for("a closed account approves deposits", |account| {
            let approval = Approval { who: OTHER, minimum: 1 };
            account.approvals.try_push(approval).expect("there is room")
        });
        fires_for("a closed account that owes nothing remains", |account| {
            account.credits.0 = BoundedVec::new();
            account.paid += 8;
        });
    });
}

#[test]
fn a_carry_of_a_whole_unit_is_noticed() {
    on_an_account(|| {
        fires_for("the carry is a whole unit of fee", |account| account.carry = MILLION);
    });
}

#[test]
fn holds_that_differ_from_records_are_noticed() {
    on_an_account(|| {
        let why = "a depositor's hold differs from its escrow accounts";
        fires_for(why, |account| account.deposits.0[1].depositor = PROVIDER);
        fires_for(why, |account| account.credits.0[0].depositor = OTHER);
        fires("what is held at a depositor overflows", || {
            let mut rich = account(1);
            rich.totals = EscrowTotals {
                deposited: Balance::MAX,
                balance: Balance::MAX,
                ..Default::default()
            };
            rich.deposits.0 = BoundedVec::truncate_from(vec![Deposit {
                depositor: TENANT,
                amount: Balance::MAX,
            }]);
            rich.credits.0 = BoundedVec::new();
            Accounts::<Test>::insert(2, rich);
        });
    });
}

#[test]
fn shares_that_do_not_add_up_are_noticed() {
    build_and_execute(|| {
        fires("the shares of the income do not add up", || {
            let share = Share {
                recipient: TREASURY,
                ppm: MILLION - 1,
            };
            IncomeShares::<Test>::put(Shares::truncate_from(vec![share]))
        });
    });
}
