//! What may be done with a lease in the current block. A call that is refused changes nothing.

use crate::{Block, Change, End, Lease, Refused, What};

/// Changes that may wait beyond the first unjudged block.
const MAX_PENDING: usize = 4;
/// Changes that may lie behind the last boundary that nothing can change any more.
const MAX_CHANGES: usize = 7;

impl Lease {
    /// Adds to the deposit.
    pub fn deposit(&mut self, amount: u128) -> Result<(), Refused> {
        self.ensure_runs()?;
        self.deposited += amount;
        Ok(())
    }

    /// Takes money out.
    pub fn withdraw(&mut self, judged: Block, amount: u128) -> Result<(), Refused> {
        self.try_call(|lease| {
            lease.withdrawn += amount;
            lease.ensure_covered(judged)
        })
    }

    /// Another rate from the next block on.
    pub fn resize(&mut self, judged: Block, rate: u128) -> Result<(), Refused> {
        self.try_call(|lease| {
            let unpaid = lease.unpaid();
            lease.change(judged, lease.now + 1, Block::MAX, What::Rate(rate))?;
            lease.ensure_covered(judged)?;
            let earned = lease.unpaid() <= unpaid || lease.pauses_left(judged).is_some();
            lease.ensure(earned, Refused::Pauses)
        })
    }

    /// Lets the term end later.
    pub fn extend(&mut self, judged: Block, blocks: Block) -> Result<(), Refused> {
        self.try_call(|lease| {
            let end = lease.term_end.ok_or(Refused::NoTerm)?;
            lease.term_end = Some(end + blocks);
            lease.ensure_covered(judged)
        })
    }

    /// Lets it rest for so many blocks from the next epoch on.
    pub fn pause(&mut self, judged: Block, blocks: Block) -> Result<(), Refused> {
        self.try_call(|lease| {
            lease.ensure(!lease.pause_is_ahead(), Refused::Unchanged)?;
            let from = lease.next_epoch();
            lease.change(judged, from, from + blocks, What::Paused(true))?;
            lease.ensure(lease.pauses_left(judged).is_some(), Refused::Pauses)
        })
    }

    /// Ends a pause, or one that has not begun, with the next block.
    pub fn resume(&mut self, judged: Block) -> Result<(), Refused> {
        self.try_call(|lease| {
            lease.ensure(lease.pause_is_ahead(), Refused::Unchanged)?;
            lease.change(judged, lease.now + 1, Block::MAX, What::Paused(false))?;
            lease.ensure_covered(judged)
        })
    }

    /// The operator says whether the workload runs: no from the next epoch on, yes from the next block on.
    pub fn set_ready(&mut self, judged: Block, ready: bool) -> Result<(), Refused> {
        self.try_call(|lease| {
            let last = lease.terms(Block::MAX - 1);
            lease.ensure(last.unready == ready, Refused::Unchanged)?;
            let from = if ready { lease.now + 1 } else { lease.next_epoch() };
            lease.change(judged, from, Block::MAX, What::Unready(!ready))
        })
    }

    /// The provider gives notice.
    pub fn give_notice(&mut self) -> Result<(), Refused> {
        self.ensure_runs()?;
        self.ensure(self.notice_given.is_none(), Refused::Unchanged)?;
        self.notice_given = Some(self.now);
        // A notice of no blocks is over at once.
        self.end = self.notice_is_over().then_some((self.now, End::Notice));
        Ok(())
    }

    /// Somebody ends it at once.
    pub fn close(&mut self) -> Result<(), Refused> {
        self.ensure_runs()?;
        self.end = Some((self.now, End::Call));
        Ok(())
    }

    fn try_call(&mut self, call: impl FnOnce(&mut Self) -> Result<(), Refused>) -> Result<(), Refused> {
        self.ensure_runs()?;
        let before = self.clone();
        let result = call(self);
        if result.is_err() {
            *self = before;
        }
        result
    }

    fn ensure(&self, holds: bool, refused: Refused) -> Result<(), Refused> {
        if holds {
            Ok(())
        } else {
            Err(refused)
        }
    }

    fn ensure_runs(&self) -> Result<(), Refused> {
        self.ensure(self.end.is_none(), Refused::Ended)
    }

    fn next_epoch(&self) -> Block {
        (self.now / self.times().epoch + 1) * self.times().epoch
    }

    /// Is it paused in any block after the current one?
    pub fn pause_is_ahead(&self) -> bool {
        let edges = self.changes.iter().map(|change| change.from);
        let ahead = edges.filter(|edge| *edge > self.now).chain([self.now + 1]);
        ahead.into_iter().any(|block| self.terms(block).paused)
    }

    fn change(&mut self, judged: Block, from: Block, to: Block, what: What) -> Result<(), Refused> {
        self.changes.push(Change { from, to, what });
        let (epoch, window) = (self.times().epoch, self.times().window());
        let settled = judged.min(self.now.saturating_sub(window)) / epoch * epoch;
        let room = usize::from(self.terms(Block::MAX - 1).unready);
        let taken = |after| self.changes_after(after) + room;
        self.ensure(taken(judged) <= MAX_PENDING, Refused::TooManyChanges)?;
        self.ensure(taken(settled) <= MAX_CHANGES, Refused::TooManyChanges)
    }

    /// Blocks after `block` in which other terms hold than in the one before.
    fn changes_after(&self, block: Block) -> usize {
        let mut edges: Vec<_> = self
            .changes
            .iter()
            .flat_map(|change| [change.from, change.to])
            .collect();
        edges.sort_unstable();
        edges.dedup();
        let counts = |edge: &Block| *edge > block.max(self.since) && *edge < Block::MAX;
        let changes = |edge: &Block| self.terms(*edge) != self.terms(*edge - 1);
        edges.into_iter().filter(counts).filter(changes).count()
    }

    /// Rule 7.
    fn ensure_covered(&self, judged: Block) -> Result<(), Refused> {
        let end = self.term_end.unwrap_or(0).max(self.now + 1);
        let open = (self.now + 1).saturating_sub(self.times().window());
        for block in open.max(self.since + 1)..=end {
            if (block == end || self.is_boundary(block)) && self.is_low(block, judged) {
                return Err(Refused::Funds);
            }
        }
        Ok(())
    }
}
