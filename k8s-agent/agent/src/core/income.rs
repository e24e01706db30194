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

/// A fee: the most that was asked for before signing, and what was charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fee {
    /// Asked for.
    pub asked: Balance,
    /// Charged.
    pub charged: Balance,
}

/// The last fees of each call that fetches income.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastFees {
    /// Of a settlement.
    pub settle: Option<Fee>,
    /// Of a claim.
    pub claim: Option<Fee>,
}

/// What a call for which `asked` is asked now will be charged: of it the part that was charged the last time, and all of
/// it before the first. The price of weight moves with the chain's load, and both with it.
pub fn expected(asked: Balance, last: Option<Fee>) -> Balance {
    let part = |last: Fee| asked.checked_mul(last.charged)?.checked_div(last.asked);
    last.and_then(part).map_or(asked, |fee| fee.min(asked))
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
    fn fees_are_expected_to_be_the_part_that_was_charged_before() {
        assert_eq!(expected(100, None), 100);
        let quarter = Some(Fee { asked: 80, charged: 20 });
        assert_eq!(expected(100, quarter), 25);
        // Twice the load, twice the fee.
        assert_eq!(expected(200, quarter), 50);
        let tipped = Some(Fee { asked: 80, charged: 90 });
        assert_eq!(expected(100, tipped), 100);
        let free = Some(Fee { asked: 0, charged: 0 });
        assert_eq!(expected(100, free), 100);
        assert_eq!(expected(Balance::MAX, quarter), Balance::MAX);
    }

    #[test]
    fn what_is_given_back_of_fees_makes_smaller_claims_worth_it() {
        let claims = |fee| collect(&income(150, 0, 0), 1, fee, fee) != Collection::Leave;
        assert!(!claims(50));
        let half = Some(Fee { asked: 2, charged: 1 });
        assert!(claims(expected(50, half)));
    }

    #[test]
    fn nothing_is_never_claimed() {
        assert_eq!(collect(&Income::default(), 0, 0, 0), Collection::Leave);
    }
}
