//! The span of time that is searched.

use crate::Error;
use jiff::Timestamp;

/// From one instant to a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    start: Timestamp,
    end: Timestamp,
}

impl Interval {
    /// A year and a day: elements are worth weeks, so that more is a mistyped date.
    pub const LIMIT_DAYS: u32 = 366;

    /// Refuses what is reversed, empty or absurdly long.
    pub fn new(start: Timestamp, end: Timestamp) -> Result<Self, Error> {
        if end <= start {
            return Err(Error::ReversedInterval { start, end });
        }
        let days = seconds_between(start, end) / 86_400.0;
        if days > f64::from(Self::LIMIT_DAYS) {
            return Err(Error::AbsurdInterval {
                days,
                limit_days: Self::LIMIT_DAYS,
            });
        }
        Ok(Self { start, end })
    }

    /// For parts of one that was checked.
    pub(crate) fn part(start: Timestamp, end: Timestamp) -> Self {
        Self { start, end }
    }

    /// First instant.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// Last instant.
    pub fn end(&self) -> Timestamp {
        self.end
    }

    /// Length in seconds.
    pub fn seconds(&self) -> f64 {
        seconds_between(self.start, self.end)
    }
}

/// Days have 86,400 seconds here, as in all element sets: leap seconds do not exist.
pub(crate) fn seconds_between(from: Timestamp, to: Timestamp) -> f64 {
    (to.as_nanosecond() - from.as_nanosecond()) as f64 / 1e9
}

/// The instant `seconds` after `from`, to the nanosecond; the ends of the calendar are not passed.
pub(crate) fn after(from: Timestamp, seconds: f64) -> Timestamp {
    let nanos = from.as_nanosecond() + (seconds * 1e9).round() as i128;
    let limit = if seconds < 0.0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_nanosecond(nanos).unwrap_or(limit)
}
