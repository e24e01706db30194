//! What is known of a lease.

use crate::{Bill, Block, End, Lease, Presence};

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
        let (mut accumulator, mut absent) = (0, 0);
        let until = self.end.map_or(self.now, |(at, _)| at).min(judged).max(self.since);
        for block in self.since..until {
            if (block - self.since).is_multiple_of(self.agreement.sla_window) {
                absent = 0;
            }
            let terms = self.terms(block);
            match self.presence[(block - self.since) as usize] {
                Presence::Present if !terms.unready => {}
                Presence::Present => continue,
                Presence::Maintenance => {
                    bill.unbilled += 1;
                    continue;
                }
                Presence::Absent => {
                    bill.unbilled += 1;
                    absent += 1;
                    if absent > self.allowed_absences() {
                        bill.broken = true;
                        bill.credit += terms.cost_when_ready();
                    }
                    continue;
                }
            }
            accumulator += terms.cost() * u128::from(terms.ppm);
            let fee = accumulator / 1_000_000;
            accumulator %= 1_000_000;
            bill.billed += terms.cost();
            bill.fee += fee;
            let earned = bill.earned.entry(terms.payee).or_default();
            *earned = *earned + terms.cost() - fee;
        }
        bill.earned.retain(|_, amount| *amount > 0);
        bill
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
