//! The plain per-block billing model that judges the lazy one in tests.
//!
//! It walks a lease block by block and follows the rules word by word: no binary search, no cumulative counts, no
//! settlement, no shortcut for constant rates. It shares no code with the pallets, and it is slow on purpose.
//!
//! The rules:
//!
//! 1. A block is billed at the rate of its segment, unless its attestation epoch found the provider absent.
//! 2. At each boundary b (first block of an epoch, after activation) the balance is all deposits less what was billed
//!    before b. If it is below the cost of the W + E blocks from b on, all of them billed, the lease ends at b + W.
//!    A deposit counts for b if it was made before block b + W.
//! 3. The lease ends earlier at the end of its term, at the end of the provider's notice, or when the tenant closes it.
//!    At the same block the term counts before the notice, the notice before the funds, the funds before the tenant.
//! 4. Each billed block adds rate × ppm to an accumulator; whole millions of it are fee, the rest is the payee's.

use std::collections::BTreeMap;

/// Number of a block.
pub type Block = u32;

/// Lengths, in blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// An attestation epoch, E.
    pub epoch: Block,
    /// From its end to the last block that takes reports.
    pub deadline: Block,
    /// What W holds beyond these two.
    pub margin: Block,
}

impl Times {
    /// W.
    pub fn window(&self) -> Block {
        self.epoch + self.deadline + self.margin
    }
}

/// Terms from a block on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The first block.
    pub from: Block,
    /// Rate per block.
    pub rate: u128,
    /// Who earns it.
    pub payee: u64,
    /// Fee rate, in parts of a million.
    pub ppm: u32,
}

/// Everything that decides about the money of a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// Lengths.
    pub times: Times,
    /// Terms in the order of their first block; the first begins with the activation.
    pub segments: Vec<Segment>,
    /// Deposits and the blocks at which they are tried, in order. Those at or before activation count from the start.
    pub deposits: Vec<(Block, u128)>,
    /// Blocks from activation to the end, if a term was agreed.
    pub term: Option<Block>,
    /// The block at which the provider's notice is over.
    pub notice_end: Option<Block>,
    /// The block at which the tenant closes, at the latest.
    pub closed_at: Block,
    /// Epochs for which the provider was found absent. A void epoch is not among them.
    pub absent: Vec<u32>,
}

/// Why a lease ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The agreed time was over.
    Term,
    /// The provider's notice was over.
    Notice,
    /// The deposit ran out.
    Funds,
    /// The tenant closed it.
    Tenant,
}

/// How a story ends, to the last unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The first block that is not billed.
    pub at: Block,
    /// Why.
    pub why: End,
    /// The deposits that were taken.
    pub deposited: u128,
    /// What each payee earned.
    pub earned: BTreeMap<u64, u128>,
    /// The fee.
    pub fee: u128,
    /// What came back.
    pub refunded: u128,
    /// Blocks from activation to the end that were not billed.
    pub unbilled: Block,
}

impl Story {
    fn since(&self) -> Block {
        self.segments[0].from
    }

    fn segment(&self, block: Block) -> &Segment {
        let mut current = &self.segments[0];
        for segment in &self.segments {
            if segment.from <= block {
                current = segment;
            }
        }
        current
    }

    fn is_billed(&self, block: Block) -> bool {
        !self.absent.contains(&(block / self.times.epoch))
    }

    /// Rule 2 at block `now`, for the boundary W before it.
    fn out_of_funds(&self, now: Block, deposited: u128) -> bool {
        let Some(boundary) = now.checked_sub(self.times.window()) else {
            return false;
        };
        if boundary % self.times.epoch != 0 || boundary <= self.since() {
            return false;
        }
        let mut spent = 0;
        for block in self.since()..boundary {
            if self.is_billed(block) {
                spent += self.segment(block).rate;
            }
        }
        let mut needed = 0;
        for block in boundary..boundary + self.times.window() + self.times.epoch {
            needed += self.segment(block).rate;
        }
        deposited < spent + needed
    }

    /// Rule 3 at block `now`.
    fn ends(&self, now: Block, deposited: u128) -> Option<End> {
        if self.term.is_some_and(|term| now == self.since() + term) {
            return Some(End::Term);
        }
        if self.notice_end == Some(now) {
            return Some(End::Notice);
        }
        if self.out_of_funds(now, deposited) {
            return Some(End::Funds);
        }
        (now == self.closed_at).then_some(End::Tenant)
    }

    /// Walks from the activation to the end.
    pub fn run(&self) -> Outcome {
        let mut deposited = 0;
        for (block, amount) in &self.deposits {
            if *block < self.since() {
                deposited += amount;
            }
        }
        for now in self.since()..=self.closed_at {
            if let Some(why) = self.ends(now, deposited) {
                return self.bill(now, why, deposited);
            }
            for (block, amount) in &self.deposits {
                if *block == now {
                    deposited += amount;
                }
            }
        }
        panic!("a story ends at the block at which the tenant closes");
    }

    /// Rules 1 and 4 from the activation to `at`.
    fn bill(&self, at: Block, why: End, deposited: u128) -> Outcome {
        let mut outcome = Outcome {
            at,
            why,
            deposited,
            earned: BTreeMap::new(),
            fee: 0,
            refunded: deposited,
            unbilled: 0,
        };
        let mut accumulator = 0;
        for block in self.since()..at {
            if !self.is_billed(block) {
                outcome.unbilled += 1;
                continue;
            }
            let segment = self.segment(block);
            accumulator += segment.rate * u128::from(segment.ppm);
            let fee = accumulator / 1_000_000;
            accumulator %= 1_000_000;
            outcome.fee += fee;
            outcome.refunded -= segment.rate;
            let earned = outcome.earned.entry(segment.payee).or_default();
            *earned = *earned + segment.rate - fee;
        }
        outcome.earned.retain(|_, amount| *amount > 0);
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E = 10, W = 20: a lease of rate 7 needs 210 in reserve.
    fn story() -> Story {
        Story {
            times: Times {
                epoch: 10,
                deadline: 5,
                margin: 5,
            },
            segments: vec![Segment {
                from: 13,
                rate: 7,
                payee: 1,
                ppm: 40_000,
            }],
            deposits: vec![(12, 210)],
            term: None,
            notice_end: None,
            closed_at: 500,
            absent: vec![],
        }
    }

    #[test]
    fn the_smallest_deposit_ends_at_the_first_boundary_plus_w() {
        let outcome = story().run();
        // At block 20 there are 7 × 7 gone, so 161 < 210: the end is 20 + 20.
        assert_eq!((outcome.at, outcome.why), (40, End::Funds));
        assert_eq!(outcome.fee, 27 * 7 * 4 / 100);
        assert_eq!(outcome.earned[&1], 27 * 7 - outcome.fee);
        assert_eq!(outcome.refunded, 210 - 27 * 7);
    }

    #[test]
    fn an_absent_epoch_moves_the_end() {
        let outcome = Story {
            absent: vec![1],
            ..story()
        }
        .run();
        // Blocks 13 to 19 are free, block 30 finds 140 left.
        assert_eq!((outcome.at, outcome.unbilled), (50, 7));
        assert_eq!(outcome.refunded, 210 - 30 * 7);
    }

    #[test]
    fn a_deposit_before_the_end_moves_it_and_one_at_the_end_does_not() {
        let late = Story {
            deposits: vec![(12, 210), (40, 70)],
            ..story()
        }
        .run();
        assert_eq!((late.at, late.deposited), (40, 210));
        let early = Story {
            deposits: vec![(12, 210), (39, 70)],
            ..story()
        }
        .run();
        assert_eq!((early.at, early.deposited), (50, 280));
    }

    #[test]
    fn term_notice_and_tenant_end_a_lease_at_their_block() {
        let deposits = vec![(12, 10_000)];
        let term = Story {
            term: Some(30),
            deposits: deposits.clone(),
            ..story()
        }
        .run();
        assert_eq!((term.at, term.why), (43, End::Term));
        let notice = Story {
            notice_end: Some(60),
            deposits: deposits.clone(),
            ..story()
        }
        .run();
        assert_eq!((notice.at, notice.why), (60, End::Notice));
        let tenant = Story {
            closed_at: 13,
            deposits,
            ..story()
        }
        .run();
        assert_eq!((tenant.at, tenant.why, tenant.refunded), (13, End::Tenant, 10_000));
    }
}
