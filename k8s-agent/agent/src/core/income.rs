//! When what a lease has earned is worth fetching: a claim costs a fee, and what waits is not lost.

use perigee_primitives::Balance;

/// What a lease has earned, in base units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Income {
    /// In all, as a settlement now would find it.
    pub earned: Balance,
    /// Of it: billed by settlements so far.
    pub settled: Balance,
    /// Of what is settled: not paid out yet.
    pub credit: Balance,
}

impl Income {
    /// What a settlement now would add to the credit.
    pub fn unsettled(&self) -> Balance {
        self.earned.saturating_sub(self.settled)
    }

    /// What could be claimed now, after a settlement.
    pub fn due(&self) -> Balance {
        self.credit.saturating_add(self.unsettled())
    }

    /// What was paid out.
    pub fn paid(&self) -> Balance {
        self.earned.saturating_sub(self.due())
    }
}

/// What to do about the income of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collection {
    /// Nothing yet.
    Leave,
    /// Claim the credit.
    Claim,
    /// Settle, then claim.
    SettleAndClaim,
}

/// Fetches what is due once it is at least `from`, and at least twice what fetching it costs.
pub fn collect(income: &Income, from: Balance, settle_fee: Balance, claim_fee: Balance) -> Collection {
    let worth = |due: Balance, fees: Balance| due >= from.max(fees.saturating_mul(2)).max(1);
    // A settlement for less than its own fee is left to the chain, which makes one by itself in time.
    let settles = income.unsettled() > settle_fee;
    if settles && worth(income.due(), settle_fee.saturating_add(claim_fee)) {
        Collection::SettleAndClaim
    } else if worth(income.credit, claim_fee) {
        Collection::Claim
    } else {
        Collection::Leave
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEE: Balance = 10;

    fn income(earned: Balance, settled: Balance, credit: Balance) -> Income {
        Income {
            earned,
            settled,
            credit,
        }
    }

    fn collected(income: Income) -> Collection {
        collect(&income, 100, FEE, FEE)
    }

    #[test]
    fn what_was_paid_out_is_not_due() {
        let income = income(500, 400, 50);
        assert_eq!((income.due(), income.paid()), (150, 350));
    }

    #[test]
    fn little_is_left_and_enough_is_claimed() {
        assert_eq!(collected(income(99, 0, 0)), Collection::Leave);
        assert_eq!(collected(income(100, 0, 0)), Collection::SettleAndClaim);
        assert_eq!(collected(income(100, 100, 100)), Collection::Claim);
    }

    #[test]
    fn a_settlement_must_bring_more_than_it_costs() {
        assert_eq!(collected(income(110, 100, 100)), Collection::Claim);
        assert_eq!(collected(income(111, 100, 100)), Collection::SettleAndClaim);
    }

    #[test]
    fn fees_are_never_worth_more_than_half_of_what_they_fetch() {
        let poor = |credit| collect(&income(credit, credit, credit), 1, 1000, 1000);
        assert_eq!(poor(1999), Collection::Leave);
        assert_eq!(poor(2000), Collection::Claim);
        let fresh = |earned| collect(&income(earned, 0, 0), 1, 1000, 1000);
        assert_eq!(fresh(3999), Collection::Leave);
        assert_eq!(fresh(4000), Collection::SettleAndClaim);
    }

    #[test]
    fn nothing_is_never_claimed() {
        assert_eq!(collect(&Income::default(), 0, 0, 0), Collection::Leave);
    }
}
