//! Attested availability: the part of the judged time of the last 30 days in which a provider was present. Pure.
//!
//! With `judged` the epochs that were decided, `maintenance` those of them that were announced as maintenance, and
//! `absent` those in which the provider was not there,
//!
//! ```text
//! availability = ⌊10⁶ × (judged − maintenance − absent) / (judged − maintenance)⌋ parts of a million
//! ```
//!
//! - An epoch belongs to the day that holds its first block, whole, whether or not days are multiples of epochs.
//! - The window is the day of the epoch that was judged last and the 29 days before it. So the figure follows from
//!   verdicts alone: it does not drift when judging pauses.
//! - A provider's judged epochs begin with the first full one after its registration. Void epochs are not judged.
//! - Below a day's worth of judged epochs availability is 0: what is not known meets no minimum.

use codec::{Decode, Encode, MaxEncodedLen};
use perigee_primitives::{AttestationEpoch, AttestationTimes, BlockNumber, Ppm, UnbilledKind, MILLION};
use scale_info::TypeInfo;

/// Number of a day: block number over blocks of a day.
pub type Day = u32;

/// Days of the window.
pub const WINDOW_DAYS: u32 = 30;

/// The window, when every epoch before a certain one is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its last day.
    pub last_day: Day,
    /// Its first epoch.
    pub first: AttestationEpoch,
}

impl Window {
    /// The window once all epochs before `open` are judged.
    pub fn before(open: AttestationEpoch, times: &AttestationTimes, day: BlockNumber) -> Self {
        let last_day = day_of(times.start_of(open.saturating_sub(1)), day);
        let first_day = last_day.saturating_sub(WINDOW_DAYS - 1);
        let first = first_day.saturating_mul(day).div_ceil(times.epoch.max(1));
        Self { last_day, first }
    }
}

/// The day that holds `block`, in a calendar whose days have `day` blocks.
pub fn day_of(block: BlockNumber, day: BlockNumber) -> Day {
    block.checked_div(day).unwrap_or(0)
}

/// No window reaches back further than this many epochs.
pub fn longest_window(times: &AttestationTimes, day: BlockNumber) -> u32 {
    WINDOW_DAYS.saturating_mul(day).div_ceil(times.epoch.max(1))
}

/// Epochs of a day, rounded down; at least one.
pub fn epochs_of_a_day(times: &AttestationTimes, day: BlockNumber) -> u32 {
    day.checked_div(times.epoch).unwrap_or(0).max(1)
}

/// A number for each of the last 30 days, aged when it is touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct DayCounts {
    /// The last day that was counted on.
    pub last: Day,
    /// The count of day `d` is at `d` modulo 30.
    pub counts: [u16; WINDOW_DAYS as usize],
}

impl DayCounts {
    /// Counts one on `day`. Days that are too old to matter are not counted on.
    pub fn count(&mut self, day: Day) {
        self.age(day);
        if self.holds(day) {
            let count = &mut self.counts[Self::place(day)];
            *count = count.saturating_add(1);
        }
    }

    /// The sum over the 30 days that end with `last_day`.
    pub fn sum(&self, last_day: Day) -> u32 {
        let first_day = last_day.saturating_sub(WINDOW_DAYS - 1);
        let held = (first_day..=last_day).filter(|day| self.holds(*day));
        held.map(|day| u32::from(self.counts[Self::place(day)])).sum()
    }

    /// Empties the places of the days between the last one and `day`, for they are those of days long gone.
    fn age(&mut self, day: Day) {
        for new in self.last.saturating_add(1)..=day.min(self.last.saturating_add(WINDOW_DAYS)) {
            self.counts[Self::place(new)] = 0;
        }
        self.last = self.last.max(day);
    }

    fn holds(&self, day: Day) -> bool {
        day <= self.last && self.last - day < WINDOW_DAYS
    }

    fn place(day: Day) -> usize {
        (day % WINDOW_DAYS) as usize
    }
}

/// Epochs in which a provider was not billed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Missed {
    /// Absent or suspended: who is suspended is not there either.
    pub absent: DayCounts,
    /// Announced maintenance.
    pub maintenance: DayCounts,
}

impl Missed {
    /// Counts an epoch of `day`.
    pub fn count(&mut self, kind: UnbilledKind, day: Day) {
        if kind.is_absence() {
            self.absent.count(day);
        } else {
            self.maintenance.count(day);
        }
    }

    /// Availability over the 30 days that end with `last_day`, when `judged` epochs of them were judged and `least`
    /// are needed to know anything.
    pub fn availability(&self, last_day: Day, judged: u32, least: u32) -> Ppm {
        let expected = judged.saturating_sub(self.maintenance.sum(last_day));
        if expected < least.max(1) {
            return 0;
        }
        let present = expected.saturating_sub(self.absent.sum(last_day));
        (u64::from(present) * u64::from(MILLION) / u64::from(expected)) as Ppm
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TIMES: AttestationTimes = AttestationTimes {
        epoch: 10,
        deadline: 5,
        margin: 5,
    };

    #[test]
    fn before_the_thirtieth_day_the_window_begins_with_the_chain() {
        for open in [0, 1, 30 * 4] {
            assert_eq!(Window::before(open, &TIMES, 40).first, 0, "{open}");
        }
    }

    #[test]
    fn an_epoch_belongs_to_the_day_of_its_first_block() {
        // Days of 45 blocks: epoch 4 begins in day 0, and ends in day 1.
        let window = |open| Window::before(open, &TIMES, 45);
        assert_eq!([5, 6].map(|open| window(open).last_day), [0, 1]);
        // Day 1 begins at block 45, so its first epoch is the fifth.
        let judged = (30 * 45u32).div_ceil(10) + 1;
        assert_eq!((window(judged).last_day, window(judged).first), (30, 5));
    }

    #[test]
    fn counts_go_when_their_day_leaves_the_window() {
        let mut counts = DayCounts::default();
        counts.count(3);
        counts.count(3);
        counts.count(10);
        assert_eq!(
            [2, 3, 9, 10, 32, 33, 39, 40].map(|day| counts.sum(day)),
            [0, 2, 2, 3, 3, 1, 1, 0]
        );
        counts.count(33);
        assert_eq!(counts.sum(33), 2);
        counts.count(1_000);
        assert_eq!([999, 1_000, 1_029, 1_030].map(|day| counts.sum(day)), [0, 1, 1, 0]);
    }

    #[test]
    fn a_late_count_is_put_where_it_belongs() {
        let mut counts = DayCounts::default();
        counts.count(50);
        counts.count(21);
        counts.count(20);
        assert_eq!([50, 51].map(|day| counts.sum(day)), [2, 1]);
    }

    #[test]
    fn the_last_day_there_is_can_be_counted_on() {
        let mut counts = DayCounts::default();
        counts.count(Day::MAX);
        assert_eq!(counts.sum(Day::MAX), 1);
        assert_eq!(longest_window(&TIMES, BlockNumber::MAX), BlockNumber::MAX.div_ceil(10));
    }

    #[test]
    fn availability_is_rounded_down_and_unknown_below_a_day() {
        let mut missed = Missed::default();
        assert_eq!(missed.availability(5, 143, 144), 0);
        assert_eq!(missed.availability(5, 144, 144), MILLION);
        missed.count(UnbilledKind::Absent, 5);
        // 143/144 = 0.99305…
        assert_eq!(missed.availability(5, 144, 144), 993_055);
        missed.count(UnbilledKind::Suspended, 5);
        assert_eq!(missed.availability(5, 144, 144), 986_111);
        missed.count(UnbilledKind::Maintenance, 5);
        assert_eq!(missed.availability(5, 144, 144), 0);
        assert_eq!(missed.availability(5, 145, 144), 986_111);
        assert_eq!(missed.availability(5, 0, 0), 0);
    }

    #[test]
    fn a_day_has_an_epoch_at_least() {
        assert_eq!(epochs_of_a_day(&TIMES, 45), 4);
        assert_eq!(epochs_of_a_day(&TIMES, 9), 1);
    }

    proptest! {
        #[test]
        fn the_ring_agrees_with_keeping_every_day(
            steps in proptest::collection::vec(0u32..50, 1..80),
            look_ahead in 0u32..70,
        ) {
            let (mut ring, mut all, mut day) = (DayCounts::default(), Vec::new(), 0);
            for step in steps {
                day += if step < 40 { step / 20 } else { step };
                ring.count(day);
                all.push(day);
                for last in [day, day + look_ahead] {
                    let naive = all.iter().filter(|d| last - **d < WINDOW_DAYS).count();
                    prop_assert_eq!(ring.sum(last) as usize, naive);
                }
            }
        }

        #[test]
        fn no_epoch_of_a_window_lies_before_the_longest(
            epoch in 1u32..50, day in 1u32..400, open in 1u32..100_000,
        ) {
            let times = AttestationTimes { epoch, ..TIMES };
            let window = Window::before(open, &times, day);
            let of = |epoch| day_of(times.start_of(epoch), day);
            prop_assert!(window.first >= open.saturating_sub(longest_window(&times, day)));
            prop_assert!(window.first == 0 || of(window.first - 1) + WINDOW_DAYS <= window.last_day);
            prop_assert!(window.first >= open || of(window.first) + WINDOW_DAYS > window.last_day);
            prop_assert_eq!(of(open - 1), window.last_day);
        }
    }
}
