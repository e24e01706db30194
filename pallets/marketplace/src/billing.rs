//! Counting blocks and what they cost. The only place that asks which blocks count.
//!
//! Pure: a bill, a balance and what attestation knows go in, amounts and block numbers come out. Every amount is
//! checked; one that overflows is more than any balance.

use crate::{Bill, Segment, MAX_PENDING_SEGMENTS, MAX_SEGMENTS};
use alloc::{collections::BTreeMap, vec::Vec};
use core::cell::RefCell;
use frame_support::BoundedVec;
use perigee_primitives::{
    traits::{Availability, Charge},
    AttestationTimes, Balance, BlockNumber, ProviderId,
};

/// What attestation knows about one provider.
pub struct Judgement<F> {
    /// Lengths of epochs and deadlines.
    pub times: AttestationTimes,
    /// The first block that no verdict covers.
    pub until: BlockNumber,
    /// Unbilled blocks before a block.
    unbilled_before: F,
    /// What it said so far: a few blocks are asked about again and again.
    known: RefCell<BTreeMap<BlockNumber, BlockNumber>>,
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

/// Counts the judged blocks of a half-open interval in which `provider` was absent or suspended.
pub fn absences<V: Availability>(provider: ProviderId) -> impl Fn(BlockNumber, BlockNumber) -> BlockNumber {
    let judged = Judgement::new(V::times(), V::judged_until(), move |block| {
        V::absent_before(provider, block)
    });
    move |from, to| judged.unbilled(from, to)
}

impl<F: Fn(BlockNumber) -> BlockNumber> Judgement<F> {
    /// From its parts.
    pub fn new(times: AttestationTimes, until: BlockNumber, unbilled_before: F) -> Self {
        Self {
            times,
            until,
            unbilled_before,
            known: RefCell::default(),
        }
    }

    /// Blocks of `[from, to)` that are not billed. Blocks without a verdict are billed.
    pub fn unbilled(&self, from: BlockNumber, to: BlockNumber) -> BlockNumber {
        let to = to.min(self.until);
        if from >= to {
            // Attestation may have forgotten these blocks.
            return 0;
        }
        self.before(to).saturating_sub(self.before(from))
    }

    fn before(&self, block: BlockNumber) -> BlockNumber {
        let mut known = self.known.borrow_mut();
        *known.entry(block).or_insert_with(|| (self.unbilled_before)(block))
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
    pub fn boundary_at(&self, block: BlockNumber) -> BlockNumber {
        self.times.start_of(self.times.epoch_of(block))
    }

    /// The first boundary after `block`.
    pub fn boundary_after(&self, block: BlockNumber) -> BlockNumber {
        self.times.end_of(self.times.epoch_of(block))
    }

    /// The first block at which the verdicts on all blocks before `block` are due.
    pub fn verdict_due(&self, block: BlockNumber) -> BlockNumber {
        let boundary = self.boundary_after(block.saturating_sub(1));
        boundary.saturating_add(self.times.deadline).saturating_add(1)
    }
}

/// Too many changes of terms wait beyond the first unjudged block, or were made within W + E blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyChanges;

impl<AccountId> Segment<AccountId> {
    /// What a block of it costs if the workload runs.
    pub fn rate_when_ready(&self) -> Balance {
        if self.paused {
            0
        } else {
            self.rate
        }
    }

    /// What a block of it costs.
    pub fn billed_rate(&self) -> Balance {
        if self.unready {
            0
        } else {
            self.rate_when_ready()
        }
    }
}

impl<AccountId: PartialEq> Segment<AccountId> {
    /// Do both say the same, beside their first block?
    fn continues(&self, last: &Self) -> bool {
        (self.rate, &self.payee, self.fee) == (last.rate, &last.payee, last.fee)
            && (self.paused, self.unready) == (last.paused, last.unready)
    }
}

/// Lets a segment begin at `block`.
fn split<AccountId: Clone>(segments: &mut Vec<Segment<AccountId>>, block: BlockNumber) {
    let behind = segments.partition_point(|segment| segment.from <= block);
    let Some(current) = behind.checked_sub(1).and_then(|at| segments.get(at)) else {
        return;
    };
    if current.from < block {
        let rest = Segment {
            from: block,
            ..current.clone()
        };
        segments.insert(behind, rest);
    }
}

impl<AccountId: Clone + PartialEq> Bill<AccountId> {
    /// The bill of a lease that is not active yet.
    pub fn unopened() -> Self {
        Self {
            segments: BoundedVec::new(),
            billed_until: 0,
            funded_until: 0,
            unbilled_blocks: 0,
            forgone: 0,
        }
    }

    /// The bill of a lease that begins with `first`.
    pub fn opened(first: Segment<AccountId>) -> Self {
        Self {
            billed_until: first.from,
            funded_until: first.from,
            unbilled_blocks: 0,
            forgone: 0,
            segments: BoundedVec::truncate_from(alloc::vec![first]),
        }
    }

    /// Changes the terms of `[from, to)`, none of which is judged, or of all blocks from `from` on where `to` is the
    /// last block number. A segment begins where the terms change, and only there.
    pub fn alter(
        &mut self,
        judged: BlockNumber,
        from: BlockNumber,
        to: BlockNumber,
        change: impl Fn(&mut Segment<AccountId>),
    ) -> Result<(), TooManyChanges> {
        let mut segments = self.segments.to_vec();
        split(&mut segments, from);
        if to < BlockNumber::MAX {
            split(&mut segments, to);
        }
        let changed = segments.iter_mut().filter(|s| from <= s.from && s.from < to);
        changed.for_each(change);
        segments.dedup_by(|next, last| next.continues(last));
        if waiting(&segments, judged) > MAX_PENDING_SEGMENTS as usize {
            return Err(TooManyChanges);
        }
        let forgone_before = self.forgone_from(from);
        self.segments = segments.try_into().map_err(|_| TooManyChanges)?;
        let kept = self.forgone.saturating_sub(forgone_before);
        self.forgone = kept.saturating_add(self.forgone_from(from));
        Ok(())
    }

    /// What pauses leave unpaid of the blocks from `from` on.
    pub fn forgone_from(&self, from: BlockNumber) -> Balance {
        let paused = self
            .parts(from, BlockNumber::MAX)
            .filter(|(segment, ..)| segment.paused);
        let of_part = |(segment, start, end): (&Segment<AccountId>, BlockNumber, BlockNumber)| {
            segment.rate.saturating_mul(end.saturating_sub(start).into())
        };
        paused.map(of_part).fold(0, Balance::saturating_add)
    }

    /// Changes that wait beyond the first unjudged block.
    pub fn pending(&self, judged: BlockNumber) -> usize {
        waiting(&self.segments, judged)
    }

    /// Is there room for one more change?
    pub fn has_room(&self, judged: BlockNumber) -> bool {
        self.pending(judged) < MAX_PENDING_SEGMENTS as usize && self.segments.len() < MAX_SEGMENTS as usize
    }

    /// The segment in force at `block`.
    pub fn at(&self, block: BlockNumber) -> Option<&Segment<AccountId>> {
        self.segments.iter().rev().find(|segment| segment.from <= block)
    }

    /// The first block after `block` at which the terms change.
    pub fn next_change(&self, block: BlockNumber) -> Option<BlockNumber> {
        self.segments
            .iter()
            .map(|segment| segment.from)
            .find(|from| *from > block)
    }

    /// The parts of `[from, to)`, by segment.
    pub fn parts(
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

    /// The most that `[from, to)` can cost: every block billed, the workload always ready.
    pub fn full_cost(&self, from: BlockNumber, to: BlockNumber) -> Option<Balance> {
        self.parts(from, to).try_fold(0, |sum: Balance, (segment, start, end)| {
            let blocks = end.saturating_sub(start).into();
            sum.checked_add(segment.rate_when_ready().checked_mul(blocks)?)
        })
    }

    /// The cost of what is billed of `[from, to)`.
    pub fn cost<F: Fn(BlockNumber) -> BlockNumber>(
        &self,
        judged: &Judgement<F>,
        from: BlockNumber,
        to: BlockNumber,
    ) -> Option<Balance> {
        self.parts(from, to).try_fold(0, |sum: Balance, (segment, start, end)| {
            sum.checked_add(part_cost(segment, judged, start, end)?)
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
                Some(Charge {
                    payee: segment.payee.clone(),
                    amount: part_cost(segment, judged, start, end)?,
                    fee: segment.fee,
                })
            })
            .collect()
    }

    /// Blocks of `[from, to)` in which the provider was present and the workload ready.
    pub fn served<F: Fn(BlockNumber) -> BlockNumber>(
        &self,
        judged: &Judgement<F>,
        from: BlockNumber,
        to: BlockNumber,
    ) -> BlockNumber {
        let ready = self.parts(from, to).filter(|(segment, ..)| !segment.unready);
        ready.map(|(_, start, end)| judged.billable(start, end)).sum()
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

    /// Notes that at every boundary up to `block` the balance sufficed.
    pub fn funded(&mut self, block: BlockNumber) {
        self.funded_until = self.funded_until.max(block.min(self.billed_until));
    }

    /// Forgets segments that end before `block` and before the last boundary that is checked for good.
    pub fn forget_before(&mut self, block: BlockNumber) {
        let horizon = block.min(self.funded_until);
        while self.segments.get(1).is_some_and(|next| next.from <= horizon) {
            self.segments.remove(0);
        }
    }
}

/// Segments that begin beyond the first unjudged block. The first one of all changes nothing.
fn waiting<AccountId>(segments: &[Segment<AccountId>], judged: BlockNumber) -> usize {
    segments.iter().skip(1).filter(|segment| segment.from > judged).count()
}

/// The cost of what is billed of `[start, end)`, all of it in `segment`.
fn part_cost<AccountId, F: Fn(BlockNumber) -> BlockNumber>(
    segment: &Segment<AccountId>,
    judged: &Judgement<F>,
    start: BlockNumber,
    end: BlockNumber,
) -> Option<Balance> {
    let rate = segment.billed_rate();
    if rate == 0 {
        return Some(0);
    }
    rate.checked_mul(judged.billable(start, end).into())
}
