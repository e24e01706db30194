//! The plain per-block billing model that judges the lazy one in tests.
//!
//! It walks a lease block by block and follows the rules word by word: no binary search, no settlement, no shortcut for
//! constant rates. It shares no code with the pallets, and it is slow on purpose.
//!
//! # The rules
//!
//! 1. A block is billed at the rate of its terms, unless the provider was not present in it, the lease was paused, or
//!    its workload unready.
//! 2. A *boundary* is the first block of an attestation epoch after the activation. At each boundary b the balance is
//!    all deposits, less withdrawals, less what was billed before b. If it is below the cost of the W + E blocks from b
//!    on, all of them billed as if the workload were ready, the lease ends at b + W. What is deposited, withdrawn or
//!    changed before block b + W counts for b.
//! 3. A notice of N blocks, given at block g, ends the lease at g + N if N ≤ W. Otherwise it ends W blocks after the
//!    first boundary before which N − W blocks from g on were served: the provider present, the workload ready.
//! 4. The lease ends earlier at the end of its term, or when somebody ends it. At the same block the term counts before
//!    the notice, the notice before the funds, the funds before whoever ends it.
//! 5. Each billed block adds rate × ppm to an accumulator; whole millions of it are fee, the rest is the payee's.
//! 6. Windows of so many blocks follow each other from the activation on. In each, so many absences are allowed, an
//!    ended lease's last one included; each one beyond them credits the tenant with the rate that is answered for, or
//!    with nothing while the lease is paused: the lowest rate so far of its window, of the window before, and of those
//!    before that as long as each window after them ended with an absence and had more of them than it allows, or none
//!    but them. All together credit no more than the bond's blocks at that rate. Maintenance is no absence.
//! 7. A change of terms is refused if more than four would wait beyond the first unjudged block, or if more than seven
//!    would lie behind the last boundary that nothing can change any more; one less each while the workload is, or will
//!    be, unready. What costs more, and what takes money out, is refused if the balance would not suffice at the next
//!    block, or at the end of the term where there is one, and at every boundary before it whose end has not come;
//!    unjudged blocks count as billed.
//! 8. A pause, and a new rate that makes one ahead dearer, is refused if the blocks of all pauses, those ahead included,
//!    at the rates they would cost, were more than so many times the bill of all blocks up to the current one; unjudged
//!    blocks count as billed.
//!
//! # How to drive it
//!
//! [`Lease::activate`] at a block, the calls of that block, [`Lease::pass`] with what the provider was in it, the calls
//! of the next block, and so on. The model knows each verdict at once; where an answer depends on what is judged, the
//! caller says up to which block that is.

#![forbid(unsafe_code)]

mod answers;
mod calls;

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

/// What a provider was in a block. An epoch that is void counts as present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It was there.
    Present,
    /// It was not.
    Absent,
    /// It had announced that it would not be.
    Maintenance,
}

/// The terms of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Rate, as agreed.
    pub rate: u128,
    /// Who earns it.
    pub payee: u64,
    /// Fee rate, in parts of a million.
    pub ppm: u32,
    /// The tenant lets it rest.
    pub paused: bool,
    /// The operator says that it does not run.
    pub unready: bool,
}

impl Terms {
    /// What a block costs in which the workload runs.
    fn cost_when_ready(&self) -> u128 {
        if self.paused {
            0
        } else {
            self.rate
        }
    }

    /// What a block costs in which the provider is present.
    fn cost(&self) -> u128 {
        if self.unready {
            0
        } else {
            self.cost_when_ready()
        }
    }
}

/// What was agreed when a lease was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Lengths.
    pub times: Times,
    /// Terms of the first block.
    pub terms: Terms,
    /// Deposits before activation.
    pub deposited: u128,
    /// Blocks from activation to the end, if that was agreed.
    pub term: Option<Block>,
    /// Blocks of a notice, N.
    pub notice: Block,
    /// Blocks of an SLA window.
    pub sla_window: Block,
    /// Part of a window in which the provider must be present, in parts of a million.
    pub sla: u32,
    /// Blocks that all absences together credit at most.
    pub bond_blocks: Block,
    /// How many times of what is paid pauses may leave unpaid.
    pub pause_ratio: u32,
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
    /// Somebody ended it.
    Call,
}

/// Why a call changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The lease has ended.
    Ended,
    /// The balance would not suffice.
    Funds,
    /// There would be too many changes of terms.
    TooManyChanges,
    /// Pauses would leave too much unpaid.
    Pauses,
    /// No term was agreed.
    NoTerm,
    /// It is so already, or is going to be.
    Unchanged,
}

/// What a lease costs up to a block, to the last unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bill {
    /// What was billed.
    pub billed: u128,
    /// The fee's part of it.
    pub fee: u128,
    /// What each payee earned.
    pub earned: BTreeMap<u64, u128>,
    /// Blocks in which the provider was not present.
    pub unbilled: Block,
    /// What is due to the tenant for absences beyond the promise.
    pub credit: u128,
    /// Were there any?
    pub broken: bool,
}

/// What one block comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Who earns it.
    pub payee: u64,
    /// What it costs, fee included.
    pub cost: u128,
    /// The fee's part of it.
    pub fee: u128,
    /// Was the provider present?
    pub present: bool,
    /// Was it absent beyond the promise?
    pub broken: bool,
    /// What is due to the tenant for that.
    pub credit: u128,
}

/// What one block leaves to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carry {
    /// Fee that is not a whole unit yet.
    millionths: u128,
    /// Absences of this window.
    absent: u64,
    /// Was the last block one?
    ended_absent: bool,
    /// All that was due.
    due: u128,
    /// The lowest rate of this window.
    lowest: Option<u128>,
    /// The lowest rate before, as far as it counts.
    lowest_before: Option<u128>,
}

impl Carry {
    /// What so many blocks cost at the rate that the provider answers for, less what was due so far.
    pub fn answered_for(&self, blocks: Block) -> u128 {
        (self.answered() * u128::from(blocks)).saturating_sub(self.due)
    }

    fn answered(&self) -> u128 {
        let known = [self.lowest, self.lowest_before];
        known.into_iter().flatten().min().unwrap_or_default()
    }

    /// The last window was missed if more than so many blocks of it were.
    fn begin_window(&mut self, allowed: u64) {
        self.lowest_before = match self.ended_absent && self.absent > allowed {
            true => Some(self.answered()),
            false => self.lowest,
        };
        (self.absent, self.lowest) = (0, None);
    }
}

/// Terms that change from a block on, and back before another.
#[derive(Clone, Debug)]
struct Change {
    from: Block,
    /// `Block::MAX` for good.
    to: Block,
    what: What,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Rate(u128),
    Paused(bool),
    Unready(bool),
}

/// An active lease and its history.
#[derive(Clone, Debug)]
pub struct Lease {
    agreement: Agreement,
    since: Block,
    now: Block,
    /// What the provider was in each block from the activation on.
    presence: Vec<Presence>,
    /// What was billed before each block from the activation to the current one.
    spent: Vec<u128>,
    changes: Vec<Change>,
    deposited: u128,
    withdrawn: u128,
    term_end: Option<Block>,
    notice_given: Option<Block>,
    end: Option<(Block, End)>,
}

impl Lease {
    /// A lease that is activated at block `now`.
    pub fn activate(agreement: Agreement, now: Block) -> Self {
        let mut lease = Self {
            deposited: agreement.deposited,
            term_end: agreement.term.map(|term| now + term),
            agreement,
            since: now,
            now,
            presence: vec![],
            spent: vec![0],
            changes: vec![],
            withdrawn: 0,
            notice_given: None,
            end: None,
        };
        lease.end = lease.ends().map(|why| (now, why));
        lease
    }

    /// The current block is over, and the provider was `presence` in it. The next one begins, and with it the end of
    /// the lease if one is due.
    pub fn pass(&mut self, presence: Presence) {
        if self.end.is_some() {
            self.now += 1;
            return;
        }
        let cost = match presence {
            Presence::Present => self.terms(self.now).cost(),
            Presence::Absent | Presence::Maintenance => 0,
        };
        self.presence.push(presence);
        self.spent.push(self.spent_before(self.now) + cost);
        self.now += 1;
        self.end = self.ends().map(|why| (self.now, why));
    }

    /// Rules 2, 3 and 4 at the beginning of the current block.
    fn ends(&self) -> Option<End> {
        if self.term_end == Some(self.now) {
            return Some(End::Term);
        }
        if self.notice_is_over() {
            return Some(End::Notice);
        }
        let boundary = self.now.checked_sub(self.times().window())?;
        (self.is_boundary(boundary) && self.is_low(boundary, self.now)).then_some(End::Funds)
    }

    fn notice_is_over(&self) -> bool {
        let Some(given) = self.notice_given else { return false };
        let (notice, window) = (self.agreement.notice, self.times().window());
        if notice <= window {
            return self.now == given + notice;
        }
        let Some(boundary) = self.now.checked_sub(window) else {
            return false;
        };
        let served = (given..boundary).filter(|block| self.is_served(*block)).count();
        boundary > given && boundary % self.times().epoch == 0 && served >= (notice - window) as usize
    }

    fn is_served(&self, block: Block) -> bool {
        self.presence[(block - self.since) as usize] == Presence::Present && !self.terms(block).unready
    }

    fn times(&self) -> Times {
        self.agreement.times
    }

    fn is_boundary(&self, block: Block) -> bool {
        block > self.since && block.is_multiple_of(self.times().epoch)
    }

    /// The terms of a block, as they are known now.
    fn terms(&self, block: Block) -> Terms {
        let mut terms = self.agreement.terms.clone();
        for change in &self.changes {
            if change.from <= block && block < change.to {
                match change.what {
                    What::Rate(rate) => terms.rate = rate,
                    What::Paused(paused) => terms.paused = paused,
                    What::Unready(unready) => terms.unready = unready,
                }
            }
        }
        terms
    }

    /// What was billed before a block that is not after the current one.
    fn spent_before(&self, block: Block) -> u128 {
        self.spent[(block - self.since) as usize]
    }

    /// What is billed before a block if all blocks from `judged` on are.
    fn spent_at_most(&self, block: Block, judged: Block) -> u128 {
        let known = judged.clamp(self.since, self.now).min(block);
        let unjudged = (known..block).map(|block| self.terms(block).cost());
        self.spent_before(known) + unjudged.sum::<u128>()
    }

    /// Rule 2: would the balance be too low at `block` if all blocks from `judged` on were billed?
    fn is_low(&self, block: Block, judged: Block) -> bool {
        let spent = self.spent_at_most(block, judged);
        let mut needed = 0;
        for ahead in block..block + self.times().window() + self.times().epoch {
            needed += self.terms(ahead).cost_when_ready();
        }
        self.deposited < self.withdrawn + spent + needed
    }
}

#[cfg(test)]
mod tests;
