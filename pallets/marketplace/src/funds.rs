//! When the balance no longer suffices. Pure, like the billing it rests on.

use crate::{billing::Judgement, Bill};
use perigee_primitives::{Balance, BlockNumber};

impl<AccountId: Clone + PartialEq> Bill<AccountId> {
    /// The first boundary after `funded_until` at which the balance is below the cost of the next W + E blocks.
    ///
    /// `balance` is what is left at `billed_until`. Blocks without a verdict count as billed, so a boundary beyond the
    /// judged ones is a forecast: the earliest possible. The next W + E blocks count as if the workload were ready in
    /// all of them, so that what the operator says of it never makes a boundary low.
    ///
    /// Where the coming W + E blocks have one rate, a boundary that is low is followed by low ones only: the search
    /// halves such stretches and visits each boundary elsewhere, at most (W + E) / E for each change of rate.
    pub fn first_low<F: Fn(BlockNumber) -> BlockNumber>(
        &self,
        judged: &Judgement<F>,
        balance: Balance,
    ) -> Option<BlockNumber> {
        Funds::new(self, judged, balance)?.first_low()
    }

    /// Does the balance suffice at `block`, and at every boundary before it whose end has not come yet? This is the
    /// rule for every deposit: `block` is the next block, or the end of the term where there is one.
    pub fn covers<F: Fn(BlockNumber) -> BlockNumber>(
        &self,
        judged: &Judgement<F>,
        balance: Balance,
        block: BlockNumber,
    ) -> bool {
        Funds::new(self, judged, balance)
            .is_some_and(|funds| !funds.is_low(block) && funds.first_low().is_none_or(|low| low >= block))
    }
}

/// A bill and a balance, to ask at which boundaries the balance suffices.
struct Funds<'a, AccountId, F> {
    bill: &'a Bill<AccountId>,
    judged: &'a Judgement<F>,
    /// W + E.
    reserve: BlockNumber,
    /// The balance at `funded_until`.
    balance: Balance,
}

impl<'a, AccountId: Clone + PartialEq, F: Fn(BlockNumber) -> BlockNumber> Funds<'a, AccountId, F> {
    fn new(bill: &'a Bill<AccountId>, judged: &'a Judgement<F>, balance: Balance) -> Option<Self> {
        let billed = bill.cost(judged, bill.funded_until, bill.billed_until)?;
        Some(Self {
            bill,
            judged,
            reserve: judged.reserve(),
            balance: balance.checked_add(billed)?,
        })
    }

    fn first_low(&self) -> Option<BlockNumber> {
        let last = self.judged.boundary_at(BlockNumber::MAX.checked_sub(self.reserve)?);
        let mut boundary = self.judged.boundary_after(self.bill.funded_until);
        while boundary <= last {
            let stretch = self.same_rate_until(boundary).min(last);
            if self.is_low(stretch) {
                return Some(self.first_low_in(boundary, stretch));
            }
            boundary = stretch.checked_add(self.judged.times.epoch)?;
        }
        None
    }

    fn is_low(&self, block: BlockNumber) -> bool {
        let spent = self.bill.cost(self.judged, self.bill.funded_until, block);
        let next = block
            .checked_add(self.reserve)
            .and_then(|end| self.bill.full_cost(block, end));
        let needed = spent.zip(next).and_then(|(spent, next)| spent.checked_add(next));
        needed.is_none_or(|needed| self.balance < needed)
    }

    /// The last boundary from `boundary` on up to which the coming W + E blocks have one rate; `boundary` itself when
    /// they do not.
    fn same_rate_until(&self, boundary: BlockNumber) -> BlockNumber {
        let Some(change) = self.bill.next_change(boundary) else {
            return BlockNumber::MAX;
        };
        self.judged
            .boundary_at(change.saturating_sub(self.reserve))
            .max(boundary)
    }

    /// The first low boundary in `from ..= to`, where `to` is low and none after a low one is not.
    fn first_low_in(&self, from: BlockNumber, to: BlockNumber) -> BlockNumber {
        let epoch = self.judged.times.epoch;
        let (mut low, mut high) = (0, to.saturating_sub(from).checked_div(epoch).unwrap_or(0));
        while low < high {
            let middle = low + (high - low) / 2;
            if self.is_low(from + middle * epoch) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        from + low * epoch
    }
}
