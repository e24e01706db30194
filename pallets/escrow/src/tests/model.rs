//! Escrow in plain integers: every unit of a balance is an entry of a list, charged one by one.

use super::Balance;
use crate::mock::{Test, ED};
use crate::{Error, MAX_APPROVALS, MAX_DEPOSITORS, MAX_DEPOSITS, MAX_PAYEES};
use perigee_primitives::{traits::EscrowTotals, Ppm, MILLION};
use sp_runtime::{DispatchError, TokenError};
use std::collections::{BTreeMap, BTreeSet};

type Outcome<Done = ()> = Result<Done, DispatchError>;

fn require(holds: bool, error: Error<Test>) -> Outcome {
    holds.then_some(()).ok_or(error.into())
}

/// One account.
#[derive(Clone, Debug)]
pub struct Plain {
    pub owner: u64,
    pub approvals: BTreeMap<u64, Balance>,
    /// The fee's rate when it was opened.
    pub rate: Ppm,
    pub carry: Ppm,
    /// Whose each unit of the balance is, the oldest first.
    pub units: Vec<u64>,
    /// What is owed to a payee out of the money of a depositor.
    pub owed: BTreeMap<(u64, u64), Balance>,
    pub deposited: Balance,
    pub to_payees: Balance,
    pub fee: Balance,
    pub refunded: Balance,
    pub closed: bool,
}

impl Plain {
    pub fn totals(&self) -> EscrowTotals {
        EscrowTotals {
            deposited: self.deposited,
            balance: self.units.len() as Balance,
            to_payees: self.to_payees,
            fee: self.fee,
            refunded: self.refunded,
        }
    }

    /// The balance as deposits: units of one depositor in a row.
    pub fn runs(&self) -> Vec<(u64, Balance)> {
        let mut runs: Vec<(u64, Balance)> = Vec::new();
        for unit in &self.units {
            match runs.last_mut() {
                Some((who, amount)) if who == unit => *amount += 1,
                _ => runs.push((*unit, 1)),
            }
        }
        runs
    }

    pub fn funders(&self) -> BTreeSet<u64> {
        self.units
            .iter()
            .copied()
            .chain(self.owed.keys().map(|(_, from)| *from))
            .collect()
    }

    pub fn payees(&self) -> BTreeSet<u64> {
        self.owed.keys().map(|(payee, _)| *payee).collect()
    }

    fn append(&mut self, who: u64, amount: Balance) {
        self.units.extend((0..amount).map(|_| who));
        let mut runs = self.runs();
        if runs.len() > MAX_DEPOSITS as usize {
            // The newest that has an older one of the same depositor goes there.
            let newest = (0..runs.len())
                .rev()
                .find(|n| runs[..*n].iter().any(|run| run.0 == runs[*n].0))
                .expect("more deposits than depositors");
            let (who, amount) = runs.remove(newest);
            let older = runs[..newest].iter_mut().rev().find(|run| run.0 == who);
            older.expect("there is one").1 += amount;
            self.units = runs
                .into_iter()
                .flat_map(|(who, amount)| (0..amount).map(move |_| who))
                .collect();
        }
    }

    fn owe(&mut self, payee: u64, from: u64) -> Outcome {
        let payees = self.payees();
        let fits = payees.contains(&payee) || payees.len() < MAX_PAYEES as usize;
        require(fits, Error::TooManyCredits)?;
        *self.owed.entry((payee, from)).or_default() += 1;
        Ok(())
    }

    fn use_unit(&mut self, payee: u64, pot: u64) -> Outcome {
        let from = self.units.remove(0);
        self.carry += self.rate;
        if self.carry >= MILLION {
            self.carry -= MILLION;
            self.fee += 1;
            self.owe(pot, from)
        } else {
            self.to_payees += 1;
            self.owe(payee, from)
        }
    }
}

/// Money of one account of the currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Money {
    pub free: Balance,
    pub held: Balance,
}

/// All of escrow.
#[derive(Clone, Debug)]
pub struct Model {
    pub pot: u64,
    pub rate: Ppm,
    pub shares: Vec<(u64, Ppm)>,
    pub accounts: BTreeMap<u64, Plain>,
    pub money: BTreeMap<u64, Money>,
}

impl Model {
    fn get(&self, id: u64) -> Outcome<Plain> {
        self.accounts
            .get(&id)
            .cloned()
            .ok_or(Error::<Test>::NoSuchAccount.into())
    }

    fn owned(&self, id: u64, owner: u64) -> Outcome<Plain> {
        let account = self.get(id)?;
        require(account.owner == owner, Error::NotOwner)?;
        Ok(account)
    }

    fn money(&mut self, who: u64) -> &mut Money {
        self.money.entry(who).or_default()
    }

    fn hold(&mut self, who: u64, amount: Balance, available: Balance) -> Outcome {
        if amount > available {
            return Err(TokenError::FundsUnavailable.into());
        }
        self.money(who).free -= amount;
        self.money(who).held += amount;
        Ok(())
    }

    /// `available` is what the currency lets `owner` hold.
    pub fn open(&mut self, id: u64, owner: u64, amount: Balance, available: Balance) -> Outcome {
        require(!self.accounts.contains_key(&id), Error::AccountExists)?;
        require(amount > 0, Error::ZeroAmount)?;
        self.hold(owner, amount, available)?;
        let mut account = Plain {
            owner,
            approvals: BTreeMap::new(),
            rate: self.rate,
            carry: 0,
            units: Vec::new(),
            owed: BTreeMap::new(),
            deposited: amount,
            to_payees: 0,
            fee: 0,
            refunded: 0,
            closed: false,
        };
        account.append(owner, amount);
        self.accounts.insert(id, account);
        Ok(())
    }

    pub fn deposit(&mut self, id: u64, who: u64, amount: Balance, available: Balance) -> Outcome {
        let mut account = self.get(id)?;
        require(amount > 0, Error::ZeroAmount)?;
        require(!account.closed, Error::AccountClosed)?;
        if who != account.owner {
            let minimum = account.approvals.get(&who).ok_or(Error::<Test>::NotApproved)?;
            require(amount >= *minimum, Error::BelowMinimum)?;
        }
        let mut funders = account.funders();
        if !funders.contains(&who) {
            funders.extend([who, account.owner]);
            require(funders.len() <= MAX_DEPOSITORS as usize, Error::TooManyDepositors)?;
        }
        self.hold(who, amount, available)?;
        account.deposited += amount;
        account.append(who, amount);
        self.accounts.insert(id, account);
        Ok(())
    }

    pub fn withdraw(&mut self, id: u64, who: u64, amount: Balance) -> Outcome {
        let mut account = self.get(id)?;
        require(amount > 0, Error::ZeroAmount)?;
        require(!account.closed, Error::AccountClosed)?;
        let left = account.units.iter().filter(|unit| **unit == who).count() as Balance;
        require(left > 0, Error::NothingToWithdraw)?;
        require(amount <= left, Error::InsufficientDeposit)?;
        for _ in 0..amount {
            let newest = account.units.iter().rposition(|unit| *unit == who);
            account.units.remove(newest.expect("as many are left"));
        }
        account.refunded += amount;
        self.money(who).free += amount;
        self.money(who).held -= amount;
        self.accounts.insert(id, account);
        Ok(())
    }

    pub fn set_owner(&mut self, id: u64, owner: u64) -> Outcome {
        let mut account = self.get(id)?;
        require(!account.closed, Error::AccountClosed)?;
        account.owner = owner;
        account.approvals.clear();
        self.accounts.insert(id, account);
        Ok(())
    }

    pub fn approve(&mut self, id: u64, owner: u64, who: u64, minimum: Balance) -> Outcome {
        let mut account = self.owned(id, owner)?;
        require(!account.closed, Error::AccountClosed)?;
        require(who != owner, Error::OwnerNeedsNoApproval)?;
        require(minimum > 0, Error::ZeroAmount)?;
        account.approvals.insert(who, minimum);
        require(
            account.approvals.len() <= MAX_APPROVALS as usize,
            Error::TooManyApprovals,
        )?;
        self.accounts.insert(id, account);
        Ok(())
    }

    pub fn revoke_approval(&mut self, id: u64, owner: u64, who: u64) -> Outcome {
        let mut account = self.owned(id, owner)?;
        require(account.approvals.remove(&who).is_some(), Error::NotApproved)?;
        self.accounts.insert(id, account);
        Ok(())
    }

    /// Charges amounts for payees; returns the account as it is then.
    pub fn charged(&self, id: u64, charges: &[(u64, Balance)]) -> Outcome<Plain> {
        let mut account = self.get(id)?;
        require(!account.closed, Error::AccountClosed)?;
        for (payee, amount) in charges {
            let covered = account.units.len() as Balance >= *amount;
            require(covered, Error::InsufficientBalance)?;
            for _ in 0..*amount {
                account.use_unit(*payee, self.pot)?;
            }
        }
        Ok(account)
    }

    pub fn charge(&mut self, id: u64, charges: &[(u64, Balance)]) -> Outcome {
        let account = self.charged(id, charges)?;
        self.accounts.insert(id, account);
        Ok(())
    }

    pub fn pay_out(&mut self, id: u64, payee: u64) -> Outcome<Balance> {
        let mut account = self.get(id)?;
        let mut own: Vec<_> = account.owed.iter().map(|(key, amount)| (*amount, *key)).collect();
        own.retain(|(_, key)| key.0 == payee);
        require(!own.is_empty(), Error::NothingToClaim)?;
        own.sort();
        let mut paid = 0;
        for (amount, key) in own.into_iter().rev() {
            if self.money(payee).free + amount >= ED {
                self.money(payee).free += amount;
                self.money(key.1).held -= amount;
                account.owed.remove(&key);
                paid += amount;
            }
        }
        if paid == 0 {
            return Err(TokenError::CannotCreate.into());
        }
        match account.closed && account.owed.is_empty() {
            true => self.accounts.remove(&id),
            false => self.accounts.insert(id, account),
        };
        Ok(paid)
    }

    pub fn close(&mut self, id: u64) -> Outcome {
        let mut account = self.get(id)?;
        require(!account.closed, Error::AccountClosed)?;
        account.closed = true;
        account.approvals.clear();
        for unit in std::mem::take(&mut account.units) {
            account.refunded += 1;
            *account.owed.entry((unit, unit)).or_default() += 1;
        }
        let payees = account.payees();
        self.accounts.insert(id, account);
        if payees.is_empty() {
            self.accounts.remove(&id);
        }
        for payee in payees {
            let _ = self.pay_out(id, payee);
        }
        Ok(())
    }

    pub fn set_income_shares(&mut self, shares: Vec<(u64, Ppm)>) -> Outcome {
        for (n, (recipient, ppm)) in shares.iter().enumerate() {
            require(*ppm > 0, Error::ZeroShare)?;
            require(*recipient != self.pot, Error::ShareOfPot)?;
            let twice = shares[..n].iter().any(|other| other.0 == *recipient);
            require(!twice, Error::RecipientTwice)?;
        }
        let sum: Ppm = shares.iter().map(|share| share.1).sum();
        require(sum == MILLION, Error::SharesDoNotAddUp)?;
        self.shares = shares;
        Ok(())
    }

    pub fn distribute(&mut self) -> Outcome {
        let pot = self.pot;
        let income = self.money(pot).free.saturating_sub(ED);
        let shares = self.shares.iter();
        let mut parts: Vec<_> = shares
            .map(|(who, ppm)| (*who, income * Balance::from(*ppm) / 1_000_000))
            .collect();
        parts[0].1 = income - parts[1..].iter().map(|part| part.1).sum::<Balance>();
        require(parts.iter().all(|part| part.1 >= ED), Error::IncomeTooSmall)?;
        for (who, amount) in parts {
            self.money(pot).free -= amount;
            self.money(who).free += amount;
        }
        Ok(())
    }
}
