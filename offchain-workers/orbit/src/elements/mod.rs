//! Mean elements, and the texts they come in.

mod omm;
mod tle;

use crate::Error;
use jiff::Timestamp;

/// The largest public catalogue is a tenth of this in any form.
const LARGEST_TEXT: usize = 256 * 1024 * 1024;

/// Whether an object's elements may be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Classification {
    /// As everything that is published.
    #[default]
    Unclassified,
    /// Classified.
    Classified,
    /// Secret.
    Secret,
}

/// Mean elements of SGP4, as a TLE or an orbit mean-elements message gives them.
#[derive(Clone, Debug, PartialEq)]
pub struct Elements {
    /// Name, when there is one.
    pub name: Option<String>,
    /// International designator in the form `1998-067A`, when there is one.
    pub designator: Option<String>,
    /// Catalogue number: up to 339,999 in a TLE, nine digits in a message.
    pub catalogue_number: u32,
    /// Classification.
    pub classification: Classification,
    /// The instant that the elements are true for.
    pub epoch: Timestamp,
    /// Revolutions per day (Kozai's convention).
    pub mean_motion_rev_day: f64,
    /// Eccentricity.
    pub eccentricity: f64,
    /// Inclination.
    pub inclination_deg: f64,
    /// Right ascension of the ascending node.
    pub right_ascension_deg: f64,
    /// Argument of perigee.
    pub argument_of_perigee_deg: f64,
    /// Mean anomaly.
    pub mean_anomaly_deg: f64,
    /// B*, per Earth radius.
    pub bstar: f64,
    /// First derivative of the mean motion over two, rev/day². SGP4 does not use it.
    pub mean_motion_dot: f64,
    /// Second derivative of the mean motion over six, rev/day³. SGP4 does not use it.
    pub mean_motion_ddot: f64,
    /// Number of the element set.
    pub set_number: u32,
    /// Revolution at epoch.
    pub revolution: u32,
}

impl Elements {
    /// All element sets of a text, whose form is told from its beginning: TLE with two or three lines, or OMM as JSON,
    /// KVN or XML.
    pub fn parse(text: &str) -> Result<Vec<Self>, Error> {
        match Form::of(text) {
            None => Err(Error::NoElements),
            Some(Form::Tle) => Self::parse_tle(text),
            Some(_) => Self::parse_omm(text),
        }
    }

    /// The messages of a text that is JSON, KVN or XML, which is told from its beginning.
    pub fn parse_omm(text: &str) -> Result<Vec<Self>, Error> {
        // XML readers want the declaration at the very start.
        let trimmed = without_start(text);
        match Form::of(text) {
            None => Err(Error::NoElements),
            Some(Form::Xml) => Self::parse_omm_xml(trimmed),
            Some(Form::Json) => Self::parse_omm_json(trimmed),
            Some(Form::Kvn | Form::Tle) => Self::parse_omm_kvn(trimmed),
        }
    }

    /// All sets of a text of TLEs, with or without a line for the name before each.
    pub fn parse_tle(text: &str) -> Result<Vec<Self>, Error> {
        sized(text)?;
        checked(tle::parse(text)?)
    }

    /// The messages of a JSON object, or of an array of them.
    pub fn parse_omm_json(text: &str) -> Result<Vec<Self>, Error> {
        sized(text)?;
        checked(omm::parse_json(text)?)
    }

    /// The messages of a text of `KEYWORD = value` lines.
    pub fn parse_omm_kvn(text: &str) -> Result<Vec<Self>, Error> {
        sized(text)?;
        checked(omm::parse_kvn(text)?)
    }

    /// The `omm` messages of an XML document, alone or within an `ndm`.
    pub fn parse_omm_xml(text: &str) -> Result<Vec<Self>, Error> {
        sized(text)?;
        checked(omm::parse_xml(text)?)
    }

    /// The name, or the catalogue number where there is none.
    pub fn label(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.catalogue_number.to_string())
    }

    /// Refuses numbers that describe no orbit round the Earth.
    pub fn check(&self) -> Result<(), Error> {
        let year = jiff::tz::TimeZone::UTC.to_datetime(self.epoch).year();
        for (what, value, within, expected) in [
            (
                "epoch",
                f64::from(year),
                (1957..=2157).contains(&year),
                "a year from 1957 to 2157",
            ),
            (
                "mean motion",
                self.mean_motion_rev_day,
                // Seventeen and a bit is an orbit on the ground.
                self.mean_motion_rev_day > 0.0 && self.mean_motion_rev_day <= 20.0,
                "above 0 and at most 20 revolutions a day",
            ),
            (
                "eccentricity",
                self.eccentricity,
                (0.0..1.0).contains(&self.eccentricity),
                "0 to below 1",
            ),
            (
                "inclination",
                self.inclination_deg,
                (0.0..=180.0).contains(&self.inclination_deg),
                "0 to 180 degrees",
            ),
            angle("right ascension", self.right_ascension_deg),
            angle("argument of perigee", self.argument_of_perigee_deg),
            angle("mean anomaly", self.mean_anomaly_deg),
            ("B*", self.bstar, self.bstar.abs() <= 10.0, "-10 to 10 per Earth radius"),
        ] {
            if !within {
                return Err(Error::Unphysical { what, value, expected });
            }
        }
        Ok(())
    }
}

/// The forms of a text.
enum Form {
    Tle,
    Json,
    Kvn,
    Xml,
}

impl Form {
    /// None for a text without anything.
    fn of(text: &str) -> Option<Self> {
        let text = without_start(text);
        Some(match text.as_bytes().first()? {
            b'<' => Self::Xml,
            b'{' | b'[' => Self::Json,
            _ if omm::is_kvn(text) => Self::Kvn,
            _ => Self::Tle,
        })
    }
}

/// Without the byte order mark and blank lines that some editors leave.
fn without_start(text: &str) -> &str {
    text.trim_start_matches('\u{feff}').trim_start()
}

fn angle(what: &'static str, value: f64) -> (&'static str, f64, bool, &'static str) {
    (what, value, (-360.0..=360.0).contains(&value), "-360 to 360 degrees")
}

fn sized(text: &str) -> Result<(), Error> {
    match text.len() {
        bytes if bytes > LARGEST_TEXT => Err(Error::TooLarge {
            bytes,
            limit: LARGEST_TEXT,
        }),
        _ => Ok(()),
    }
}

fn checked(sets: Vec<Elements>) -> Result<Vec<Elements>, Error> {
    if sets.is_empty() {
        return Err(Error::NoElements);
    }
    sets.iter().try_for_each(Elements::check)?;
    Ok(sets)
}
