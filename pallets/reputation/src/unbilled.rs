//! The runs of blocks that are not billed.

use crate::{Config, JudgedUntil, Pallet, RunIndex, Times, Unbilled, UnbilledIndex};
use perigee_primitives::{traits::Availability, AttestationTimes, BlockNumber, ProviderId, UnbilledKind, UnbilledRun};

/// Most runs that one call forgets: forgetting rides on other calls, whose weight must stay bounded.
const FORGET_STEP: u32 = 16;

impl<T: Config> Pallet<T> {
    /// Appends `[start, end)`, or lengthens the last run where it continues it.
    pub(crate) fn add_run(provider: ProviderId, start: BlockNumber, end: BlockNumber, kind: UnbilledKind) {
        UnbilledIndex::<T>::mutate(provider, |index| {
            if !Self::lengthen_last(provider, index, start, end, kind) {
                let run = UnbilledRun {
                    start,
                    end,
                    before: index.total,
                    absent_before: index.absent,
                    kind,
                };
                Unbilled::<T>::insert(provider, index.next, run);
                index.next = index.next.saturating_add(1);
            }
            let length = end.saturating_sub(start);
            index.total = index.total.saturating_add(length);
            if kind.is_absence() {
                index.absent = index.absent.saturating_add(length);
            }
        });
    }

    fn lengthen_last(
        provider: ProviderId,
        index: &RunIndex,
        start: BlockNumber,
        end: BlockNumber,
        kind: UnbilledKind,
    ) -> bool {
        if index.next == index.first {
            return false;
        }
        Unbilled::<T>::mutate(provider, index.next - 1, |last| match last {
            Some(last) if last.end == start && last.kind == kind => {
                last.end = end;
                true
            }
            _ => false,
        })
    }

    /// The last run that begins before `block`, by binary search.
    fn run_before(provider: ProviderId, index: &RunIndex, block: BlockNumber) -> Option<UnbilledRun> {
        let (mut low, mut high) = (index.first, index.next);
        let mut found = None;
        while low < high {
            let middle = low + (high - low) / 2;
            let run = Unbilled::<T>::get(provider, middle)?;
            if run.start < block {
                found = Some(run);
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        found
    }

    /// Unbilled blocks of the runs that were forgotten, and those of them that were absences.
    fn forgotten(provider: ProviderId, index: &RunIndex) -> (BlockNumber, BlockNumber) {
        match Unbilled::<T>::get(provider, index.first) {
            Some(oldest) => (oldest.before, oldest.absent_before),
            None => (index.total, index.absent),
        }
    }
}

impl<T: Config> Availability for Pallet<T> {
    fn judged_until() -> BlockNumber {
        JudgedUntil::<T>::get()
    }

    fn unbilled_before(provider: ProviderId, block: BlockNumber) -> BlockNumber {
        let index = UnbilledIndex::<T>::get(provider);
        match Self::run_before(provider, &index, block) {
            Some(run) => run.unbilled_before(block),
            None => Self::forgotten(provider, &index).0,
        }
    }

    fn absent_before(provider: ProviderId, block: BlockNumber) -> BlockNumber {
        let index = UnbilledIndex::<T>::get(provider);
        match Self::run_before(provider, &index, block) {
            Some(run) => run.absences_before(block),
            None => Self::forgotten(provider, &index).1,
        }
    }

    fn times() -> AttestationTimes {
        // A chain without times judges nothing, ever; its epochs are as long as can be.
        Times::<T>::get().unwrap_or(AttestationTimes {
            epoch: BlockNumber::MAX,
            deadline: 0,
            margin: 0,
        })
    }

    fn forget_before(provider: ProviderId, block: BlockNumber) {
        let mut index = UnbilledIndex::<T>::get(provider);
        let first = index.first;
        while index.first - first < FORGET_STEP {
            match Unbilled::<T>::get(provider, index.first) {
                Some(oldest) if oldest.end <= block => Unbilled::<T>::remove(provider, index.first),
                _ => break,
            }
            index.first += 1;
        }
        if index.first > first {
            UnbilledIndex::<T>::insert(provider, index);
        }
    }

    fn search_steps(provider: ProviderId) -> u32 {
        let index = UnbilledIndex::<T>::get(provider);
        let runs = index.next.saturating_sub(index.first);
        // A search among 2ⁿ − 1 runs reads n of them.
        u32::BITS - runs.leading_zeros()
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn judge_as(provider: ProviderId, absent: &[(BlockNumber, BlockNumber)], until: BlockNumber) {
        for (start, end) in absent {
            Self::add_run(provider, *start, *end, UnbilledKind::Absent);
        }
        JudgedUntil::<T>::put(until);
    }
}
