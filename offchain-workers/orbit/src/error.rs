//! What can go wrong, each under its own name.

use jiff::Timestamp;
use std::fmt;

/// One of the two data lines of a TLE, and where it stands in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// 1 or 2: the first or second line of the set.
    pub of_set: u8,
    /// Line of the text, from 1.
    pub in_text: usize,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {} of the element set (line {} of the text)",
            self.of_set, self.in_text
        )
    }
}

/// Why a question about an orbit has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing to read.
    #[error("the text holds no orbital elements")]
    NoElements,
    /// More text than any catalogue needs.
    #[error("{bytes} bytes of elements are more than the {limit} that are read")]
    TooLarge {
        /// Size given.
        bytes: usize,
        /// Size allowed.
        limit: usize,
    },
    /// The checksum of a TLE line does not fit its characters.
    #[error("{line}: checksum is {found}, but the line's characters give {expected}")]
    Checksum {
        /// The line.
        line: Line,
        /// What the other 68 characters add up to.
        expected: u8,
        /// What stands in column 69.
        found: char,
    },
    /// A TLE line that has not 69 columns.
    #[error("{line}: has {found} columns, expected 69")]
    LineLength {
        /// The line.
        line: Line,
        /// Columns found, trailing blanks aside.
        found: usize,
    },
    /// A line where another line of the set was expected.
    #[error("line {in_text} of the text: expected line {expected} of an element set")]
    UnexpectedLine {
        /// Line of the text, from 1.
        in_text: usize,
        /// The line of the set that was expected.
        expected: u8,
    },
    /// A TLE field that cannot be read.
    #[error("{line}, columns {first}-{last}: `{text}` is no {field}")]
    Field {
        /// The line.
        line: Line,
        /// What was expected there.
        field: &'static str,
        /// First column, from 1.
        first: usize,
        /// Last column.
        last: usize,
        /// What stands there.
        text: String,
    },
    /// The two lines of a TLE are of different objects.
    #[error("the lines of the element set name different objects: {first} and {second}")]
    ObjectMismatch {
        /// Catalogue number of line 1.
        first: u32,
        /// Catalogue number of line 2.
        second: u32,
    },
    /// An OMM that is no JSON, KVN or XML.
    #[error("not a readable {form} message: {reason}")]
    Syntax {
        /// JSON, KVN or XML.
        form: &'static str,
        /// What the reader says.
        reason: String,
    },
    /// An OMM without a field that SGP4 needs.
    #[error("the message lacks {keyword}")]
    MissingKeyword {
        /// The keyword.
        keyword: &'static str,
    },
    /// An OMM field with an unreadable value.
    #[error("{keyword} = `{value}`: expected {expected}")]
    Value {
        /// The keyword.
        keyword: &'static str,
        /// Its value.
        value: String,
        /// What was expected.
        expected: &'static str,
    },
    /// Mean elements of a theory other than SGP4.
    #[error("the mean elements are of the theory {theory}, and only SGP4 is known here")]
    UnknownTheory {
        /// The theory named.
        theory: String,
    },
    /// An OMM whose centre, frame or time scale SGP4 does not use.
    #[error("{keyword} is {found}; SGP4 elements are given in {expected}")]
    Unsupported {
        /// CENTER_NAME, REF_FRAME or TIME_SYSTEM.
        keyword: &'static str,
        /// What the message says.
        found: String,
        /// What SGP4 uses.
        expected: &'static str,
    },
    /// Numbers that describe no orbit round the Earth.
    #[error("{what} of {value} describes no orbit that SGP4 can follow (expected {expected})")]
    Unphysical {
        /// The element.
        what: &'static str,
        /// Its value.
        value: f64,
        /// The allowed range.
        expected: &'static str,
    },
    /// The orbit has reached the ground.
    #[error("the satellite has decayed: at {at} the elements lead below the surface of the Earth")]
    Decayed {
        /// First instant asked for at which that holds.
        at: Timestamp,
    },
    /// The theory has no solution at the time asked for: under strong drag that is how the end of an orbit shows.
    #[error(
        "the satellite has decayed, or its elements no longer hold: SGP4 has no solution at {at} ({reason}); get newer \
         elements"
    )]
    Diverged {
        /// The instant.
        at: Timestamp,
        /// What the theory says.
        reason: String,
    },
    /// Elements too old, or too young, for the accuracy asked.
    #[error(
        "the elements' epoch {epoch} is {age_days:.1} days from {at}: the position may be wrong by about {error_km:.0} km \
         (1 km at epoch and {growth_km_per_day} km more per day), and {asked_km} km were asked"
    )]
    TooOld {
        /// Epoch of the elements.
        epoch: Timestamp,
        /// The instant farthest from it.
        at: Timestamp,
        /// Distance of the two.
        age_days: f64,
        /// Error expected there.
        error_km: f64,
        /// How fast it grows.
        growth_km_per_day: f64,
        /// Accuracy asked.
        asked_km: f64,
    },
    /// A station that is not on the globe.
    #[error("station {text}: {what} of {value} is outside {expected}")]
    OutsideGlobe {
        /// The station as given.
        text: String,
        /// Latitude, longitude or altitude.
        what: &'static str,
        /// Its value.
        value: f64,
        /// The allowed range.
        expected: &'static str,
    },
    /// A station that cannot be read.
    #[error("station `{text}`: {reason} (expected LAT,LON,ALT_M or LAT,LON,ALT_M,MASK_DEG)")]
    StationSyntax {
        /// The text.
        text: String,
        /// What is wrong.
        reason: String,
    },
    /// A mask with angles that no horizon has.
    #[error("mask: {what} of {value} is outside {expected}")]
    Mask {
        /// Azimuth, elevation or the number of points.
        what: &'static str,
        /// Its value.
        value: f64,
        /// The allowed range.
        expected: &'static str,
    },
    /// A mask that says two things of one azimuth.
    #[error(
        "mask: azimuth {azimuth_deg} has two elevations, {} and {}; write a steep side as two azimuths",
        elevations_deg.0, elevations_deg.1
    )]
    MaskStep {
        /// The azimuth.
        azimuth_deg: f64,
        /// What is said of it.
        elevations_deg: (f64, f64),
    },
    /// A search interval that ends before it begins.
    #[error("the search ends at {end}, not after its start at {start}")]
    ReversedInterval {
        /// Start given.
        start: Timestamp,
        /// End given.
        end: Timestamp,
    },
    /// An interval longer than any prediction is worth, or than a map can show.
    #[error("the interval spans {days:.0} days, more than the {limit_days} that can be asked for here")]
    AbsurdInterval {
        /// Length given.
        days: f64,
        /// Length allowed.
        limit_days: u32,
    },
    /// A limit of a link that is no distance.
    #[error("{what} of {value} km is no distance")]
    Distance {
        /// Which limit.
        what: &'static str,
        /// Its value.
        value: f64,
    },
}
