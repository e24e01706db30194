//! Approvals, claims, and the protocol's income.

use super::*;
use pallet_escrow::{Accounts, Call};
use std::collections::BTreeSet;

/// Who pays for a lease, its owner among them.
pub const MOST_DEPOSITORS: usize = 8;
/// Whom an owner can let pay.
pub const MOST_APPROVED: usize = MOST_DEPOSITORS - 1;

impl Model {
    pub(super) fn judge_escrow(&self, caller: Caller, call: &Call<Test>) -> Verdict {
        match (call, caller) {
            (Call::claim { id, payee }, Caller::Account(_)) => Verdict::taken_if(can_claim(*id, *payee)),
            (Call::approve { id, who, minimum }, Caller::Account(owner)) => {
                let room = |lease: &Lease| lease.approved.len() < MOST_APPROVED || lease.approved.contains_key(who);
                let sound = owner != *who && *minimum > 0;
                Verdict::taken_if(sound && self.owns_open_account(owner, *id) && self.leases.get(id).is_some_and(room))
            }
            (Call::revoke_approval { id, who }, Caller::Account(owner)) => {
                let approved = self
                    .leases
                    .get(id)
                    .is_some_and(|lease| lease.approved.contains_key(who));
                Verdict::taken_if(self.owns_open_account(owner, *id) && approved)
            }
            (Call::set_fee_rate { .. }, Caller::Root) => Verdict::Taken,
            (Call::set_income_shares { shares }, Caller::Root) => {
                let mut recipients: Vec<_> = shares.iter().map(|share| share.recipient).collect();
                recipients.sort_unstable();
                let distinct = recipients.windows(2).all(|two| two[0] != two[1]);
                let sum: Balance = shares.iter().map(|share| Balance::from(share.ppm)).sum();
                let sound = shares.iter().all(|share| share.ppm > 0 && share.recipient != POT);
                Verdict::taken_if(distinct && sound && sum == WHOLE)
            }
            (Call::distribute {}, Caller::Account(_)) => {
                Verdict::taken_if(self.parts(pot()).iter().all(|(_, amount)| *amount >= ED))
            }
            _ => Verdict::Refused,
        }
    }

    pub(super) fn apply_escrow(&mut self, _: Caller, call: &Call<Test>) {
        match call {
            Call::approve { id, who, minimum } => {
                let lease = self.leases.get_mut(id).expect("it was judged");
                lease.approved.insert(*who, *minimum);
            }
            Call::revoke_approval { id, who } => {
                let lease = self.leases.get_mut(id).expect("it was judged");
                lease.approved.remove(who);
            }
            Call::set_fee_rate { rate } => self.fee = rate.ppm(),
            Call::set_income_shares { shares } => {
                self.shares = shares.iter().map(|share| (share.recipient, share.ppm)).collect();
            }
            _ => {}
        }
    }

    /// The pot held so much above its existential deposit, and was shared.
    pub fn distributed(&mut self, income: Balance) {
        for (to, amount) in self.parts(income) {
            self.shift(Move { from: POT, to, amount });
        }
    }

    /// Everybody's share of so much, rounded down; the first gets what that leaves.
    fn parts(&self, income: Balance) -> Vec<(Who, Balance)> {
        let share = |(who, ppm): &(Who, u32)| (*who, income * Balance::from(*ppm) / WHOLE);
        let mut parts: Vec<_> = self.shares.iter().map(share).collect();
        let given: Balance = parts.iter().map(|(_, amount)| amount).sum();
        parts[0].1 += income - given;
        parts
    }

    fn owns_open_account(&self, owner: Who, id: LeaseId) -> bool {
        let owned = self.leases.get(&id).is_some_and(|lease| lease.owner == owner);
        owned && Accounts::<Test>::get(id).is_some_and(|account| !account.closed)
    }
}

/// What the pot can give.
pub fn pot() -> Balance {
    Balances::free_balance(POT) - ED
}

/// Is there a place for `who` among those whose money an account holds, with one left for the owner?
pub(super) fn takes_depositor(id: LeaseId, who: Who, owner: Who) -> bool {
    let mut known = depositors(id);
    known.contains(&who) || {
        known.extend([who, owner]);
        known.len() <= MOST_DEPOSITORS
    }
}

/// Whose money an account holds. A deposit that is used up is still there until the payee takes it.
pub fn depositors(id: LeaseId) -> BTreeSet<Who> {
    let account = Accounts::<Test>::get(id);
    let (deposits, credits) = account
        .map(|account| (account.deposits.0, account.credits.0))
        .unwrap_or_default();
    let left = deposits.iter().map(|left| left.depositor);
    left.chain(credits.iter().map(|credit| credit.depositor)).collect()
}

/// Is something credited to `payee` that it can take? The largest credit may bring its account into being.
fn can_claim(id: LeaseId, payee: Who) -> bool {
    let credits = Accounts::<Test>::get(id)
        .map(|account| account.credits.0)
        .unwrap_or_default();
    let mut own = credits.iter().filter(|credit| credit.payee == payee);
    own.any(|credit| credit.depositor == payee || Balances::free_balance(payee) + credit.amount >= ED)
}
