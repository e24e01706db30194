//! Counting blocks and what they cost. The only place that asks which blocks count.
//!
//! Pure: a bill, a balance and what attestation knows go in, amounts and block numbers come out. Every amount is
//! checked; one that overflows is more than any balance.

use crate::{Bill, Segment, MAX_PENDING_SEGMENTS};
use alloc::vec::Vec;
use frame_support::BoundedVec;
use perigee_primitives::{
    traits::{Availability, Charge},
    AttestationTimes, Balance, BlockNumber, CloseReason, ProviderId,
};

/// What attestation knows about one provider.
pub struct Judgement<F> {
    /// Lengths of epochs and deadlines.
    pub times: AttestationTimes,
    /// The first block that no verdict covers.
    pub until: BlockNumber,
    /// Unbilled blocks before a block.
    unbilled_before: F,
}

/// What attestation knows about `provider` now.
pub fn judgement<V: Availability>(provider: ProviderId) -> Judgement<impl Fn(BlockNumber) -> BlockNumber> {
    Judgement::new(V::times(), V::judged_until(), move |block| {
        V::unbilled_before(provider, block)
    })
}

/// Was `provider` absent in all of the last `epochs` judged epochs, none of which began before `since`? Announced
/// maintenance is no absence, and in a void epoch nobody is absent.
pub fn absent_throughout<V: Availability>(provider: ProviderId, since: BlockNumber, epochs: u32) -> bool {
    let times = V::times();
    let end = times.start_of(times.epoch_of(V::judged_until()));
    let start = end.checked_sub(times.epoch.saturating_mul(epochs));
    let absent = |block| V::absent_before(provider, block);
    start.is_some_and(|start| start >= since && absent(end).saturating_sub(absent(start)) == end - start)
}

impl<F: Fn(BlockNumber) -> BlockNumber> Judgement<F> {
    /// From its parts.
    pub fn new(times: AttestationTimes, until: BlockNumber, unbilled_before: F) -> Self {
        Self {
            times,
            until,
            unbilled_before,
        }
    }

    /// Blocks of `[from, to)` that are not billed. Blocks without a verdict are billed.
    pub fn unbilled(&self, from: BlockNumber, to: BlockNumber) -> BlockNumber {
        if from >= to {
            // Attestation may have forgotten these blocks.
            return 0;
        }
        let before = |block: BlockNumber| (self.unbilled_before)(block.min(self.until));
        before(to).saturating_sub(before(from))
    }

    /// Blocks of `[from, to)` that are billed.
    fn billable(&self, from: BlockNumber, to: BlockNumber) -> BlockNumber {
        to.saturating_sub(from).saturating_sub(self.unbilled(from, to))
    }

    /// Blocks that the balance must cover at every boundary: W + E.
    pub fn reserve(&self) -> BlockNumber {
        self.times.reserve()
    }

    /// The last boundary that is not after `block`.
    fn boundary_at(&self, block: BlockNumber) -> BlockNumber {
        self.times.start_of(self.times.epoch_of(block))
    }

    /// The first boundary after `block`.
    fn boundary_after(&self, block: BlockNumber) -> BlockNumber {
        self.times.end_of(self.times.epoch_of(block))
    }

    /// The first block at which the verdicts on all blocks before `block` are due.
    pub fn verdict_due(&self, block: BlockNumber) -> BlockNumber {
        let boundary = self.boundary_after(block.saturating_sub(1));
        boundary.saturating_add(self.times.deadline).saturating_add(1)
    }
}

/// Why a change of terms is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeRefused {
    /// Too many changes wait beyond the first unjudged block.
    TooManyPending,
    /// It lies before a change that is made already, or before what is billed.
    OutOfOrder,
}

impl<AccountId: Clone> Bill<AccountId> {
    /// The bill of a lease that is not active yet.
    pub fn unopened() -> Self {
        Self {
            segments: BoundedVec::new(),
            billed_until: 0,
            funded_until: 0,
            unbilled_blocks: 0,
        }
    }

    /// Adds a segment. The first one opens the bill.
    pub fn change(&mut self, segment: Segment<AccountId>, judged: BlockNumber) -> Result<(), ChangeRefused> {
        let from = segment.from;
        match self.segments.last() {
            None => (self.billed_until, self.funded_until) = (from, from),
            Some(last) if from <= last.from || from < self.billed_until => return Err(ChangeRefused::OutOfOrder),
            Some(_) => {}
        }
        if self.pending(judged) >= MAX_PENDING_SEGMENTS as usize {
            return Err(ChangeRefused::TooManyPending);
        }
        self.segments
            .try_push(segment)
            .map_err(|_| ChangeRefused::TooManyPending)
    }

    /// Changes that wait beyond the first unjudged block.
    pub fn pending(&self, judged: BlockNumber) -> usize {
        self.segments.iter().skip(1).filter(|s| s.from > judged).count()
    }

    /// The parts of `[from, to)`, by segment.
    fn parts(
        &self,
        from: BlockNumber,
        to: BlockNumber,
    ) -> impl Iterator<Item = (&Segment<AccountId>, BlockNumber, BlockNumber)> {
        let ends = self
            .segments
            .iter()
            .skip(1)
            .map(|s| s.from)
            .chain(core::iter::once(BlockNumber::MAX));
        self.segments
            .iter()
            .zip(ends)
            .map(move |(segment, end)| (segment, segment.from.max(from), end.min(to)))
            .filter(|(_, start, end)| start < end)
    }

    /// The cost of `[from, to)` if all of it is billed.
    pub fn full_cost(&self, from: BlockNumber, to: BlockNumber) -> Option<Balance> {
        self.sum(from, to, |start, end| end.saturating_sub(start))
    }

    /// The cost of what is billed of `[from, to)`.
    pub fn cost<F: Fn(BlockNumber) -> BlockNumber>(
        &self,
        judged: &Judgement<F>,
        from: BlockNumber,
        to: BlockNumber,
    ) -> Option<Balance> {
        self.sum(from, to, |start, end| judged.billable(start, end))
    }

    fn sum(
        &self,
        from: BlockNumber,
        to: BlockNumber,
        blocks: impl Fn(BlockNumber, BlockNumber) -> BlockNumber,
    ) -> Option<Balance> {
        self.parts(from, to).try_fold(0, |sum: Balance, (segment, start, end)| {
            sum.checked_add(segment.rate.checked_mul(blocks(start, end).into())?)
        })
    }

    /// What is to be charged for `[billed_until, to)`, oldest first.
    pub fn charges<F: Fn(BlockNumber) -> BlockNumber>(
        &self,
        judged: &Judgement<F>,
        to: BlockNumber,
    ) -> Option<Vec<Charge<AccountId>>> {
        self.parts(self.billed_until, to)
            .map(|(segment, start, end)| {
                let amount = segment.rate.checked_mul(judged.billable(start, end).into())?;
                Some(Charge {
                    payee: segment.payee.clone(),
                    amount,
                    fee: segment.fee,
                })
            })
            .collect()
    }

    /// How far a lease that ends at `end` can be billed.
    pub fn billable_until(&self, judged: BlockNumber, end: BlockNumber) -> BlockNumber {
        if self.segments.is_empty() {
            return self.billed_until;
        }
        judged.min(end).max(self.billed_until)
    }

    /// Notes that all blocks before `to` are billed.
    pub fn billed<F: Fn(BlockNumber) -> BlockNumber>(&mut self, judged: &Judgement<F>, to: BlockNumber) {
        if to > self.billed_until {
            let unbilled = judged.unbilled(self.billed_until, to);
            self.unbilled_blocks = self.unbilled_blocks.saturating_add(unbilled);
            self.billed_until = to;
        }
    }

    /// Notes that at every boundary up to `block` the balance suffices, and forgets segments nobody asks about again.
    pub fn funded(&mut self, block: BlockNumber) {
        self.funded_until = self.funded_until.max(block.min(self.billed_until));
        while self.segments.get(1).is_some_and(|next| next.from <= self.funded_until) {
            self.segments.remove(0);
        }
    }

    /// The first boundary after `funded_until` at which the balance is below the cost of the next W + E blocks.
    ///
    /// `balance` is what is left at `billed_until`. Blocks without a verdict count as billed, so a boundary beyond the
    /// judged ones is a forecast: the earliest possible.
    ///
    /// Where the coming W + E blocks have one rate, a boundary that is low is followed by low ones only: the search
    /// halves such stretches and visits each boundary elsewhere, at most (W + E) / E for each change of rate.
    pub fn first_low<F: Fn(BlockNumber) -> BlockNumber>(
        &self,
        judged: &Judgement<F>,
        balance: Balance,
    ) -> Option<BlockNumber> {
        let funds = Funds::new(self, judged, balance)?;
        let last = judged.boundary_at(BlockNumber::MAX.checked_sub(funds.reserve)?);
        let mut boundary = judged.boundary_after(self.funded_until);
        while boundary <= last {
            let stretch = funds.same_rate_until(boundary).min(last);
            if funds.is_low(stretch) {
                return Some(funds.first_low_in(boundary, stretch));
            }
            boundary = stretch.checked_add(judged.times.epoch)?;
        }
        None
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

impl<'a, AccountId: Clone, F: Fn(BlockNumber) -> BlockNumber> Funds<'a, AccountId, F> {
    fn new(bill: &'a Bill<AccountId>, judged: &'a Judgement<F>, balance: Balance) -> Option<Self> {
        let billed = bill.cost(judged, bill.funded_until, bill.billed_until)?;
        Some(Self {
            bill,
            judged,
            reserve: judged.reserve(),
            balance: balance.checked_add(billed)?,
        })
    }

    fn is_low(&self, boundary: BlockNumber) -> bool {
        let spent = self.bill.cost(self.judged, self.bill.funded_until, boundary);
        let next = boundary
            .checked_add(self.reserve)
            .and_then(|end| self.bill.full_cost(boundary, end));
        let needed = spent.zip(next).and_then(|(spent, next)| spent.checked_add(next));
        needed.is_none_or(|needed| self.balance < needed)
    }

    /// The last boundary from `boundary` on up to which the coming W + E blocks have one rate; `boundary` itself when
    /// they do not.
    fn same_rate_until(&self, boundary: BlockNumber) -> BlockNumber {
        let Some(change) = self.bill.segments.iter().map(|s| s.from).find(|from| *from > boundary) else {
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

/// Where an active lease stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The first block that it is not billed for, and why, if every unjudged block is billed and nobody does anything.
    pub runs_until: Option<(BlockNumber, CloseReason)>,
    /// The end is one by funds at a boundary that is not judged yet: it may still come later.
    pub forecast: bool,
    /// At every judged boundary up to this block the balance suffices.
    pub funded_until: BlockNumber,
}

impl Standing {
    /// The end, if it is effective at `now`.
    pub fn ended_at(&self, now: BlockNumber) -> Option<(BlockNumber, CloseReason)> {
        self.runs_until.filter(|(at, _)| !self.forecast && *at <= now)
    }
}

/// Where an active lease stands that ends at `fixed` at the latest.
pub fn standing<AccountId: Clone, F: Fn(BlockNumber) -> BlockNumber>(
    bill: &Bill<AccountId>,
    judged: &Judgement<F>,
    balance: Balance,
    fixed: Option<(BlockNumber, CloseReason)>,
) -> Standing {
    let low = bill.first_low(judged, balance);
    let by_funds = low.and_then(|boundary| boundary.checked_add(judged.times.window()));
    // At the same block the end that was agreed counts.
    let runs_until = match (fixed, by_funds) {
        (Some((at, _)), Some(funds)) if funds < at => Some((funds, CloseReason::FundsEnded)),
        (Some(fixed), _) => Some(fixed),
        (None, funds) => funds.map(|at| (at, CloseReason::FundsEnded)),
    };
    let judged_boundary = judged.boundary_at(judged.until);
    let by_funds = matches!(runs_until, Some((_, CloseReason::FundsEnded)));
    let forecast = by_funds && low.is_some_and(|low| low > judged_boundary);
    let before_low = low.map_or(judged_boundary, |low| low.saturating_sub(judged.times.epoch));
    Standing {
        runs_until,
        forecast,
        funded_until: before_low.min(judged_boundary),
    }
}
