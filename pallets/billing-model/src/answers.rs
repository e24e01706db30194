//! What is known of a lease.

use crate::{Bill, Block, Carry, End, Lease, Line, Presence};

impl Lease {
    /// The current block.
    pub fn now(&self) -> Block {
        self.now
    }

    /// The block of the activation.
    pub fn since(&self) -> Block {
        self.since
    }

    /// The first block that is not billed, and why; none while it runs.
    pub fn end(&self) -> Option<(Block, End)> {
        self.end
    }

    /// All deposits.
    pub fn deposited(&self) -> u128 {
        self.deposited
    }

    /// What was taken out of them.
    pub fn withdrawn(&self) -> u128 {
        self.withdrawn
    }

    /// What comes back at the end: deposits less withdrawals less the whole bill.
    pub fn refund(&self) -> u128 {
        self.deposited - self.withdrawn - self.bill(Block::MAX).billed
    }

    /// Rules 1, 5 and 6 from the activation to the end, but not beyond `judged`, nor beyond the blocks that are over.
    pub fn bill(&self, judged: Block) -> Bill {
        let mut bill = Bill::default();
        let mut carry = Carry::default();
        for block in self.since..self.billed_until(judged) {
            let line = self.line(block, &mut carry);
            bill.unbilled += Block::from(!line.present);
            bill.broken |= line.broken;
            bill.credit += line.credit;
            bill.billed += line.cost;
            bill.fee += line.fee;
            let earned = bill.earned.entry(line.payee).or_default();
            *earned += line.cost - line.fee;
        }
        bill.earned.retain(|_, amount| *amount > 0);
        bill
    }

    /// The first block that no bill covers when all before `judged` are judged.
    pub fn billed_until(&self, judged: Block) -> Block {
        self.end.map_or(self.now, |(at, _)| at).min(judged).max(self.since)
    }

    /// Rules 1, 5 and 6 for one block that is over. `carry` comes from the block before, the first one from nothing.
    pub fn line(&self, block: Block, carry: &mut Carry) -> Line {
        if block > self.since && (block - self.since).is_multiple_of(self.agreement.sla_window) {
            carry.begin_window(self.allowed_absences().min(u64::from(self.agreement.sla_window) - 1));
        }
        let terms = self.terms(block);
        carry.lowest = Some(carry.lowest.map_or(terms.rate, |lowest| lowest.min(terms.rate)));
        let presence = self.presence[(block - self.since) as usize];
        let mut line = Line {
            payee: terms.payee,
            present: presence == Presence::Present,
            ..Line::default()
        };
        match presence {
            Presence::Present => line.cost = terms.cost(),
            Presence::Maintenance => {}
            Presence::Absent => {
                carry.absent += 1;
                line.broken = carry.absent > self.allowed_absences();
                if line.broken && !terms.paused {
                    let left = carry.answered_for(self.agreement.bond_blocks);
                    line.credit = carry.answered().min(left);
                    carry.due += line.credit;
                }
            }
        }
        carry.ended_absent = presence == Presence::Absent;
        carry.millionths += line.cost * u128::from(terms.ppm);
        line.fee = carry.millionths / 1_000_000;
        carry.millionths %= 1_000_000;
        line
    }

    /// Rule 8: what pauses may still leave unpaid; none if they leave too much.
    pub fn pauses_left(&self, judged: Block) -> Option<u128> {
        let paid = self.spent_at_most(self.now + 1, judged);
        (paid * u128::from(self.agreement.pause_ratio)).checked_sub(self.unpaid())
    }

    /// What pauses leave unpaid, those ahead included.
    pub(crate) fn unpaid(&self) -> u128 {
        let edges = self.changes.iter().flat_map(|change| [change.from, change.to]);
        let last = edges.filter(|edge| *edge < Block::MAX).max().unwrap_or(self.since);
        let paused = (self.since..last)
            .map(|block| self.terms(block))
            .filter(|terms| terms.paused);
        paused.map(|terms| terms.rate).sum()
    }

    /// Blocks that the provider would still have to serve if it gave notice now at the latest, and were present from
    /// `judged` on.
    pub fn notice_left(&self, judged: Block) -> Block {
        let notice = self.agreement.notice;
        if self.notice_given.is_none() {
            return notice;
        }
        let mut ahead = self.clone();
        ahead.assume_present(judged);
        // Nothing but the notice ends it.
        (ahead.term_end, ahead.deposited) = (None, u128::MAX / 2);
        while ahead.end.is_none() && ahead.now < self.now + notice {
            ahead.pass(Presence::Present);
        }
        ahead.now - self.now
    }

    /// Absences that the promise allows in each window.
    fn allowed_absences(&self) -> u64 {
        u64::from(self.agreement.sla_window) * u64::from(1_000_000 - self.agreement.sla) / 1_000_000
    }

    /// The end, and why, if the provider is present in every block from `judged` on and nobody does anything; none if
    /// it does not come before `horizon`.
    pub fn forecast(&self, judged: Block, horizon: Block) -> Option<(Block, End)> {
        if self.end.is_some() {
            return self.end;
        }
        let mut ahead = self.clone();
        ahead.assume_present(judged);
        while ahead.end.is_none() && ahead.now < horizon {
            ahead.pass(Presence::Present);
        }
        ahead.end
    }

    fn assume_present(&mut self, judged: Block) {
        let first = judged.max(self.since);
        for block in first..self.now {
            let index = (block - self.since) as usize;
            self.presence[index] = Presence::Present;
            self.spent[index + 1] = self.spent[index] + self.terms(block).cost();
        }
    }
}
