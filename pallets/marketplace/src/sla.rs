//! The provider's promise to be present, window by window, and what its bond pays for breaking it.

use crate::{billing::absences, Bill, Config, Event, Lease, Pallet, SlaCount, Stage, MAX_SLA_WINDOWS};
use frame_support::traits::Get;
use perigee_primitives::{traits::LeaseBonds, Balance, BlockNumber, LeaseId, Ppm, MILLION};

/// The windows of one lease and what is promised for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// The first block of the first window.
    pub since: BlockNumber,
    /// Blocks of a window; never zero.
    pub length: BlockNumber,
    /// Blocks of absence that the promise allows in each.
    pub allowed: BlockNumber,
    /// Blocks that all absences together credit at most.
    pub most: BlockNumber,
}

impl Windows {
    /// Windows of `length` blocks, in each of which `sla` of them are promised. What does not come out even is allowed
    /// less. No more than `most` blocks are credited.
    pub fn new(since: BlockNumber, length: BlockNumber, sla: Ppm, most: BlockNumber) -> Self {
        let part = u64::from(MILLION.saturating_sub(sla));
        let allowed = u64::from(length).saturating_mul(part) / u64::from(MILLION);
        Self {
            since,
            length: length.max(1),
            // At most `length`.
            allowed: allowed as BlockNumber,
            most,
        }
    }

    /// The first block after the window that holds `block`.
    fn end_of(&self, block: BlockNumber) -> BlockNumber {
        let into = block.saturating_sub(self.since) % self.length;
        block.saturating_sub(into).saturating_add(self.length)
    }

    /// Is a window with so many absences one that the provider missed?
    fn are_missed(&self, absent: BlockNumber) -> bool {
        absent > self.allowed.min(self.length.saturating_sub(1))
    }

    /// The first block of the window that holds `block`.
    fn start_of(&self, block: BlockNumber) -> BlockNumber {
        self.end_of(block).saturating_sub(self.length)
    }
}

impl SlaCount {
    /// Nothing is counted yet of a lease that begins at `since`.
    pub fn since(since: BlockNumber) -> Self {
        Self {
            counted_until: since,
            lowest: Balance::MAX,
            lowest_before: Balance::MAX,
            ..Default::default()
        }
    }

    /// Counts on to `until`, through [`MAX_SLA_WINDOWS`] at most up to the last absence. Returns the credit: for each
    /// absence beyond those that its window allows what the provider [answers for](Self::answered).
    pub fn count<AccountId: Clone + PartialEq>(
        &mut self,
        bill: &Bill<AccountId>,
        windows: &Windows,
        until: BlockNumber,
        absent: impl Fn(BlockNumber, BlockNumber) -> BlockNumber,
    ) -> Balance {
        let mut credit: Balance = 0;
        for _ in 0..MAX_SLA_WINDOWS {
            if self.counted_until >= until {
                break;
            }
            if absent(self.counted_until, until) == 0 {
                self.skip(bill, windows, until);
                break;
            }
            let stop = windows.end_of(self.counted_until).min(until);
            for (segment, start, end) in bill.parts(self.counted_until, stop) {
                self.lowest = self.lowest.min(segment.rate);
                let beyond = self.add(absent(start, end), windows.allowed);
                let rate = if segment.paused { 0 } else { self.answered() };
                let part = rate.saturating_mul(beyond.into()).min(self.answered_for(windows.most));
                self.due = self.due.saturating_add(part);
                credit = credit.saturating_add(part);
            }
            self.go_to(stop, windows, absent(stop.saturating_sub(1), stop) > 0);
        }
        credit
    }

    /// The rate that the provider answers for: the lowest of this window, of the one before, and of those before that
    /// for as long as each window after them was missed and ended with an absence. A tenant that makes a lease larger
    /// once its provider is gone gets nothing more out of its bond.
    fn answered(&self) -> Balance {
        self.lowest.min(self.lowest_before)
    }

    /// What the provider answers for with so many `blocks`, less what was due so far, whether or not the bond paid it.
    pub fn answered_for(&self, blocks: BlockNumber) -> Balance {
        let all = self.answered().saturating_mul(blocks.into());
        all.saturating_sub(self.due)
    }

    /// Adds absences of the current window; returns how many of them are beyond the allowed ones.
    fn add(&mut self, absent: BlockNumber, allowed: BlockNumber) -> BlockNumber {
        let left = allowed.saturating_sub(self.absent);
        let beyond = absent.saturating_sub(left);
        self.absent = self.absent.saturating_add(absent);
        self.broken |= beyond > 0;
        beyond
    }

    /// There is no absence up to `until`. Of all windows that end before, nothing but the rates of the last is known
    /// afterwards.
    fn skip<AccountId: Clone + PartialEq>(&mut self, bill: &Bill<AccountId>, windows: &Windows, until: BlockNumber) {
        let first = windows.end_of(self.counted_until).min(until);
        self.pass(bill, windows, first);
        let last = windows.start_of(until);
        if self.counted_until < last {
            self.counted_until = last.saturating_sub(windows.length);
            self.pass(bill, windows, last);
        }
        if self.counted_until < until {
            self.pass(bill, windows, until);
        }
    }

    /// There is no absence up to `stop`, which is not beyond the current window.
    fn pass<AccountId: Clone + PartialEq>(&mut self, bill: &Bill<AccountId>, windows: &Windows, stop: BlockNumber) {
        let rates = bill.parts(self.counted_until, stop).map(|(segment, ..)| segment.rate);
        self.lowest = rates.fold(self.lowest, Balance::min);
        self.go_to(stop, windows, false);
    }

    /// All blocks before `block` are counted, the last of which is one of absence or not; a new window begins without
    /// absences.
    fn go_to(&mut self, block: BlockNumber, windows: &Windows, absent: bool) {
        if block >= windows.end_of(self.counted_until) {
            let gone = absent && windows.are_missed(self.absent);
            self.lowest_before = if gone { self.answered() } else { self.lowest };
            (self.absent, self.lowest) = (0, Balance::MAX);
        }
        self.counted_until = block;
    }
}

impl<T: Config> Pallet<T> {
    /// Counts the absences of all blocks that are billed, as far as one call goes, and lets the bond pay for those beyond
    /// the promise.
    pub(crate) fn credit_sla(id: LeaseId, lease: &mut Lease<T::AccountId>) {
        let due = Self::count_sla(lease, lease.bill.billed_until);
        if due == 0 {
            return;
        }
        let paid = T::Bonds::pay(lease.provider, id, &lease.owner, due);
        lease.sla_count.credited = lease.sla_count.credited.saturating_add(paid);
        Self::deposit_event(Event::SlaCredited { lease: id, due, paid });
    }

    /// Counts the absences before `until`, up to which the lease is billed. Returns what is due to the tenant for them.
    pub(crate) fn count_sla(lease: &mut Lease<T::AccountId>, until: BlockNumber) -> Balance {
        let (Stage::Active { since, .. } | Stage::Ended { since: Some(since), .. }) = lease.stage else {
            return 0;
        };
        let windows = Windows::new(since, T::SlaWindow::get(), lease.sla, T::BondBlocks::get());
        let absent = absences::<T::Availability>(lease.provider);
        lease.sla_count.count(&lease.bill, &windows, until, absent)
    }

    /// Has the SLA been counted as far as the lease is billed?
    pub(crate) fn sla_is_counted(lease: &Lease<T::AccountId>) -> bool {
        lease.sla_count.counted_until >= lease.bill.billed_until
    }
}
