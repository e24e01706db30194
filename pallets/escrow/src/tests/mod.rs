//! Behaviour of streaming accounts.

mod accounts;
mod deposits;
mod income;
mod invariants;
mod model;
mod payouts;
mod properties;

use crate::{mock::*, Account, Accounts, Event, HoldReason};
use frame_support::traits::fungible::InspectHold;
use perigee_primitives::{
    traits::{EscrowTotals, StreamingEscrow},
    Balance,
};

fn held(who: u64) -> Balance {
    Balances::balance_on_hold(&HoldReason::Deposit.into(), &who)
}

fn free(who: u64) -> Balance {
    Balances::free_balance(who)
}

fn totals(id: u64) -> EscrowTotals {
    Escrow::totals(id).expect("the account exists")
}

fn account(id: u64) -> Account<u64> {
    Accounts::<Test>::get(id).expect("the account exists")
}

/// What is left of the deposits of account `id`, the oldest first.
fn deposits(id: u64) -> Vec<(u64, Balance)> {
    let deposits = account(id).deposits.0.into_iter();
    deposits.map(|deposit| (deposit.depositor, deposit.amount)).collect()
}

/// Credits of account `id` as (payee, depositor, amount).
fn credits(id: u64) -> Vec<(u64, u64, Balance)> {
    let credits = account(id).credits.0.into_iter();
    credits
        .map(|credit| (credit.payee, credit.depositor, credit.amount))
        .collect()
}

fn has_event(event: Event<Test>) -> bool {
    System::events()
        .iter()
        .any(|record| record.event == event.clone().into())
}

fn signed(who: u64) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

/// Opens account 1 with a deposit of its owner, `TENANT`, and approves others from 10 on.
fn open_with_others(amount: Balance, others: &[u64]) {
    Escrow::open(1, &TENANT, amount).expect("the tenant has the money");
    for who in others {
        Escrow::approve(signed(TENANT), 1, *who, 10).expect("there is room");
    }
}
