//! Spans of time: read, written, and turned into blocks.

use crate::error::CliError;
use jiff::{tz::TimeZone, Timestamp};
use std::{str::FromStr, time::Duration};

/// A span as people write it: `90s`, `30m`, `24h`, `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not a span of time: write for example 90s, 30m, 24h or 7d");
        let units = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];
        let split = units
            .into_iter()
            .find_map(|(unit, seconds)| Some((text.trim().strip_suffix(unit)?, seconds)));
        let (number, seconds) = split.ok_or_else(wrong)?;
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let total = number.checked_mul(seconds).filter(|t| *t > 0).ok_or_else(wrong)?;
        Ok(Self(Duration::from_secs(total)))
    }
}

/// Blocks that take at least this long.
pub fn blocks_in(span: Duration, block_time: Duration) -> u128 {
    span.as_millis().div_ceil(block_time.as_millis().max(1))
}

/// The same, as the chain counts it.
pub fn blocks(span: Duration, block_time: Duration) -> Result<u32, CliError> {
    u32::try_from(blocks_in(span, block_time))
        .map_err(|_| CliError::usage("the time is longer than the chain can count".into()))
}

/// How long so many blocks take.
pub fn time_of(blocks: u32, block_time: Duration) -> Duration {
    block_time.saturating_mul(blocks)
}

/// `2 d 3 h`, `5 h 12 min`, `12 min`, `40 s`: the two units that matter.
pub fn in_words(span: Duration) -> String {
    let s = span.as_secs();
    match (s / 86_400, s / 3_600 % 24, s / 60 % 60, s % 60) {
        (0, 0, 0, s) => format!("{s} s"),
        (0, 0, m, s) if m < 10 && s > 0 => format!("{m} min {s} s"),
        (0, 0, m, _) => format!("{m} min"),
        (0, h, 0, _) => format!("{h} h"),
        (0, h, m, _) => format!("{h} h {m} min"),
        (d, 0, _, _) => format!("{d} d"),
        (d, h, _, _) => format!("{d} d {h} h"),
    }
}

/// `2026-11-24 07:10`, local time; for a moment some time from `now_ms` (milliseconds since 1970).
pub fn clock(now_ms: u64, ahead: Duration) -> Option<String> {
    let ahead = i64::try_from(ahead.as_millis()).ok()?;
    let at = i64::try_from(now_ms).ok()?.checked_add(ahead)?;
    let zoned = Timestamp::from_millisecond(at).ok()?.to_zoned(TimeZone::system());
    Some(zoned.strftime("%Y-%m-%d %H:%M").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read() {
        assert_eq!("24h".parse::<Span>(), Ok(Span(Duration::from_secs(86_400))));
        assert_eq!("90s".parse::<Span>(), Ok(Span(Duration::from_secs(90))));
        assert_eq!("7d".parse::<Span>(), Ok(Span(Duration::from_secs(7 * 86_400))));
    }

    #[test]
    fn spans_without_unit_or_length_are_refused() {
        for text in ["", "24", "h", "0h", "-1h", "1.5h", "1y", "99999999999999999999d", "5é"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_started_block_counts() {
        let two = Duration::from_secs(2);
        assert_eq!(blocks_in(Duration::from_secs(4), two), 2);
        assert_eq!(blocks_in(Duration::from_secs(5), two), 3);
    }

    #[test]
    fn words_show_two_units() {
        assert_eq!(in_words(Duration::from_secs(40)), "40 s");
        assert_eq!(in_words(Duration::from_secs(100)), "1 min 40 s");
        assert_eq!(in_words(Duration::from_secs(3_600 * 5 + 720)), "5 h 12 min");
        assert_eq!(in_words(Duration::from_secs(86_400 * 2 + 3_600 * 3)), "2 d 3 h");
    }
}
