//! Orbit mean-elements messages (CCSDS 502.0), as JSON, keyword-value notation and XML.
//!
//! The three are read into keywords with values, and these into elements: one set of rules for all.

use super::{Classification, Elements};
use crate::Error;
use jiff::{civil, tz::TimeZone, Timestamp};
use serde_json::Value;
use std::collections::HashMap;

/// First keyword of each message in keyword-value notation.
const VERSION: &str = "CCSDS_OMM_VERS";
/// `ndm` > `omm` > `body` > `segment` > `data` > group > value, and some to spare.
const DEEPEST_XML: usize = 32;

/// Keywords of one message, in capitals, with values as they stand.
type Keywords = HashMap<String, String>;

pub(super) fn is_kvn(text: &str) -> bool {
    let keyword = |word: &str| {
        let known = |c: u8| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'_';
        !word.is_empty() && word.bytes().all(known)
    };
    text.lines()
        .find(|line| !line.trim().is_empty() && !line.trim_start().starts_with("COMMENT"))
        .and_then(|line| line.split_once('='))
        .is_some_and(|(word, _)| keyword(word.trim()))
}

pub(super) fn parse_json(text: &str) -> Result<Vec<Elements>, Error> {
    let syntax = |reason: String| Error::Syntax { form: "JSON", reason };
    let value: Value = serde_json::from_str(text).map_err(|error| syntax(error.to_string()))?;
    let messages = match value {
        Value::Array(messages) => messages,
        one => vec![one],
    };
    let keywords = |message: Value| match message {
        Value::Object(map) => Ok(map
            .into_iter()
            .filter_map(|(key, value)| Some((key, scalar(value)?)))
            .collect()),
        other => Err(syntax(format!("expected an object, found {}", kind(&other)))),
    };
    messages
        .into_iter()
        .map(|message| elements(&keywords(message)?))
        .collect()
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Some sources write numbers, others the same numbers as strings.
fn scalar(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

pub(super) fn parse_kvn(text: &str) -> Result<Vec<Elements>, Error> {
    let mut messages: Vec<Keywords> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line == "COMMENT" || line.starts_with("COMMENT ") {
            continue;
        }
        let Some((keyword, value)) = line.split_once('=') else {
            return Err(Error::Syntax {
                form: "KVN",
                reason: format!(
                    "line {}: expected KEYWORD = value, found `{}`",
                    index + 1,
                    excerpt(line)
                ),
            });
        };
        let keyword = keyword.trim();
        if keyword == VERSION || messages.is_empty() {
            messages.push(Keywords::new());
        }
        if let Some(message) = messages.last_mut() {
            message.insert(keyword.to_owned(), without_unit(value).to_owned());
        }
    }
    messages.iter().map(elements).collect()
}

fn excerpt(line: &str) -> String {
    line.chars().take(40).collect()
}

/// `15.5 [rev/day]` is 15.5.
fn without_unit(value: &str) -> &str {
    let value = value.trim();
    match value.strip_suffix(']').and_then(|value| value.rsplit_once('[')) {
        Some((value, _)) => value.trim_end(),
        None => value,
    }
}

pub(super) fn parse_xml(text: &str) -> Result<Vec<Elements>, Error> {
    let syntax = |reason: String| Error::Syntax { form: "XML", reason };
    // The reader goes down with the document, one call for each level.
    if depth(text) > DEEPEST_XML {
        return Err(syntax(format!("elements are nested more than {DEEPEST_XML} deep")));
    }
    let document = roxmltree::Document::parse(text).map_err(|error| syntax(error.to_string()))?;
    let messages = document.descendants().filter(|node| node.has_tag_name("omm"));
    messages
        .map(|message| {
            let leaves = message.descendants().filter(|node| node.is_element());
            let values =
                leaves.filter_map(|node| Some((node.tag_name().name().to_owned(), node.text()?.trim().to_owned())));
            elements(&values.collect())
        })
        .collect()
}

/// Upper bound of the nesting, without reading the document: comments and text can only add to it.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for tag in text.split('<').skip(1) {
        match tag.as_bytes().first() {
            Some(b'/') => depth = depth.saturating_sub(1),
            Some(b'?' | b'!') | None => {}
            Some(_) => {
                let body = tag.split('>').next().unwrap_or(tag);
                deepest = deepest.max(depth + 1);
                depth += usize::from(!body.ends_with('/'));
            }
        }
    }
    deepest
}

/// The types of elements that SGP4 reads: 0 is what catalogues write for it, 2 is its number.
pub(super) fn known_ephemeris_type(text: &str) -> Result<(), Error> {
    let theory = match text {
        "0" | "2" => return Ok(()),
        "1" => "SGP".to_owned(),
        "3" => "PPT3".to_owned(),
        "4" => "SGP4-XP".to_owned(),
        "6" => "special perturbations".to_owned(),
        other => format!("with the ephemeris type {other}"),
    };
    Err(Error::UnknownTheory { theory })
}

fn elements(keywords: &Keywords) -> Result<Elements, Error> {
    only(keywords, "CENTER_NAME", "EARTH")?;
    only(keywords, "REF_FRAME", "TEME")?;
    only(keywords, "TIME_SYSTEM", "UTC")?;
    known_theory(keywords)?;
    Ok(Elements {
        name: text(keywords, "OBJECT_NAME"),
        designator: text(keywords, "OBJECT_ID"),
        catalogue_number: whole(keywords, "NORAD_CAT_ID")?,
        classification: classification(keywords)?,
        epoch: epoch(keywords)?,
        mean_motion_rev_day: required(keywords, "MEAN_MOTION")?,
        eccentricity: required(keywords, "ECCENTRICITY")?,
        inclination_deg: required(keywords, "INCLINATION")?,
        right_ascension_deg: required(keywords, "RA_OF_ASC_NODE")?,
        argument_of_perigee_deg: required(keywords, "ARG_OF_PERICENTER")?,
        mean_anomaly_deg: required(keywords, "MEAN_ANOMALY")?,
        bstar: required(keywords, "BSTAR")?,
        mean_motion_dot: number(keywords, "MEAN_MOTION_DOT")?.unwrap_or(0.0),
        mean_motion_ddot: number(keywords, "MEAN_MOTION_DDOT")?.unwrap_or(0.0),
        set_number: whole(keywords, "ELEMENT_SET_NO")?,
        revolution: whole(keywords, "REV_AT_EPOCH")?,
    })
}

fn text(keywords: &Keywords, keyword: &str) -> Option<String> {
    keywords.get(keyword).filter(|value| !value.is_empty()).cloned()
}

/// Catalogues leave these out of JSON, where they are understood.
fn only(keywords: &Keywords, keyword: &'static str, expected: &'static str) -> Result<(), Error> {
    match text(keywords, keyword) {
        Some(found) if !found.eq_ignore_ascii_case(expected) => Err(Error::Unsupported {
            keyword,
            found,
            expected,
        }),
        _ => Ok(()),
    }
}

fn known_theory(keywords: &Keywords) -> Result<(), Error> {
    if let Some(theory) = text(keywords, "MEAN_ELEMENT_THEORY") {
        let known = ["SGP4", "SGP/SGP4", "SGP4/SDP4", "SDP4"];
        if !known.iter().any(|name| theory.eq_ignore_ascii_case(name)) {
            return Err(Error::UnknownTheory { theory });
        }
    }
    match text(keywords, "EPHEMERIS_TYPE") {
        Some(kind) => known_ephemeris_type(&kind),
        None => Ok(()),
    }
}

fn number(keywords: &Keywords, keyword: &'static str) -> Result<Option<f64>, Error> {
    let Some(value) = text(keywords, keyword) else {
        return Ok(None);
    };
    match value.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Some(number)),
        _ => Err(Error::Value {
            keyword,
            value,
            expected: "a number",
        }),
    }
}

fn required(keywords: &Keywords, keyword: &'static str) -> Result<f64, Error> {
    number(keywords, keyword)?.ok_or(Error::MissingKeyword { keyword })
}

fn whole(keywords: &Keywords, keyword: &'static str) -> Result<u32, Error> {
    let Some(value) = text(keywords, keyword) else {
        return Ok(0);
    };
    value.parse().map_err(|_| Error::Value {
        keyword,
        value,
        expected: "a whole number of at most nine digits",
    })
}

fn classification(keywords: &Keywords) -> Result<Classification, Error> {
    match text(keywords, "CLASSIFICATION_TYPE").as_deref() {
        None | Some("U") => Ok(Classification::Unclassified),
        Some("C") => Ok(Classification::Classified),
        Some("S") => Ok(Classification::Secret),
        Some(other) => Err(Error::Value {
            keyword: "CLASSIFICATION_TYPE",
            value: other.to_owned(),
            expected: "U, C or S",
        }),
    }
}

fn epoch(keywords: &Keywords) -> Result<Timestamp, Error> {
    let keyword = "EPOCH";
    let value = text(keywords, keyword).ok_or(Error::MissingKeyword { keyword })?;
    instant(&value).ok_or(Error::Value {
        keyword,
        value,
        expected: "a UTC time such as 2024-01-01T12:00:00.000000 or 2024-001T12:00:00",
    })
}

/// Dates are given by month and day or by the day of the year; `Z` may follow, but no other offset.
fn instant(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z').unwrap_or(text).split_once('T')?;
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    if !clock.bytes().all(|c| c.is_ascii_digit() || c == b':') || !fraction.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    // Time is kept to the nanosecond; some sources write more digits.
    let time: civil::Time = format!("{clock}.{fraction:.9}").parse().ok()?;
    let date = match date.split_once('-')? {
        (year, day) if day.len() == 3 => {
            let january: civil::Date = civil::Date::new(year.parse().ok()?, 1, 1).ok()?;
            january.with().day_of_year(day.parse().ok()?).build().ok()?
        }
        _ => date.parse().ok()?,
    };
    Some(date.to_datetime(time).to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KVN: &str = "\
CCSDS_OMM_VERS = 2.0
COMMENT made for a test
CREATION_DATE = 2024-01-01T13:00:00
ORIGINATOR = NOBODY
OBJECT_NAME = ISS (ZARYA)
OBJECT_ID = 1998-067A
CENTER_NAME = EARTH
REF_FRAME = TEME
TIME_SYSTEM = UTC
MEAN_ELEMENT_THEORY = SGP4
EPOCH = 2024-01-01T12:00:00.000000
MEAN_MOTION = 15.49560812 [rev/day]
ECCENTRICITY = .0006703
INCLINATION = 51.6400 [deg]
RA_OF_ASC_NODE = 208.9163 [deg]
ARG_OF_PERICENTER = 307.5225 [deg]
MEAN_ANOMALY = 52.5371 [deg]
EPHEMERIS_TYPE = 0
CLASSIFICATION_TYPE = U
NORAD_CAT_ID = 25544
ELEMENT_SET_NO = 900
REV_AT_EPOCH = 48410
BSTAR = .00010270
MEAN_MOTION_DOT = .00016717
MEAN_MOTION_DDOT = 0
";

    /// The same message in another dress.
    fn as_json(strings: bool) -> String {
        let pairs = KVN.lines().filter_map(|line| line.split_once('='));
        let pairs = pairs.map(|(keyword, value)| {
            let value = without_unit(value);
            match value.parse::<f64>() {
                Ok(number) if !strings => format!("\"{}\": {number}", keyword.trim()),
                _ => format!("\"{}\": \"{value}\"", keyword.trim()),
            }
        });
        format!("[{{{}}}]", pairs.collect::<Vec<_>>().join(", "))
    }

    fn as_xml() -> String {
        let pairs = KVN.lines().filter_map(|line| line.split_once('='));
        let pairs = pairs.map(|(keyword, value)| {
            let keyword = keyword.trim();
            format!("<{keyword} units=\"any\">{}</{keyword}>", without_unit(value))
        });
        format!(
            "<?xml version=\"1.0\"?>\n<ndm><omm id=\"{VERSION}\" version=\"2.0\"><header/><body><segment><data>{}</data>\
             </segment></body></omm></ndm>",
            pairs.collect::<String>()
        )
    }

    fn tle() -> Vec<Elements> {
        super::super::tle::parse(
            "ISS (ZARYA)\n1 25544U 98067A   24001.50000000  .00016717  00000-0  10270-3 0  9009\n\
             2 25544  51.6400 208.9163 0006703 307.5225  52.5371 15.49560812484108\n",
        )
        .unwrap()
    }

    #[test]
    fn all_forms_say_the_same_as_the_lines() {
        assert_eq!(parse_kvn(KVN).unwrap(), tle());
        assert_eq!(parse_json(&as_json(false)).unwrap(), tle());
        assert_eq!(parse_json(&as_json(true)).unwrap(), tle());
        assert_eq!(parse_xml(&as_xml()).unwrap(), tle());
    }

    #[test]
    fn the_form_is_told_from_the_text() {
        for text in [
            KVN.to_owned(),
            as_json(false),
            as_xml(),
            format!("\u{feff}\n{}", as_json(true)),
        ] {
            assert_eq!(Elements::parse(&text).unwrap(), tle(), "{text}");
        }
        assert_eq!(Elements::parse(" \n"), Err(Error::NoElements));
        assert_eq!(Elements::parse("[]"), Err(Error::NoElements));
        assert_eq!(Elements::parse("<ndm/>"), Err(Error::NoElements));
    }

    #[test]
    fn several_messages_follow_each_other() {
        let text = format!("{KVN}\n{}", KVN.replace("25544", "123456789"));
        let numbers: Vec<_> = parse_kvn(&text)
            .unwrap()
            .iter()
            .map(|set| set.catalogue_number)
            .collect();
        assert_eq!(numbers, [25_544, 123_456_789]);
    }

    #[test]
    fn days_of_the_year_are_dates() {
        for text in [
            "2024-061T12:00:00.5",
            "2024-03-01T12:00:00.500000Z",
            "2024-03-01T12:00:00.500000000000",
        ] {
            assert_eq!(instant(text), Some("2024-03-01T12:00:00.5Z".parse().unwrap()), "{text}");
        }
        for text in [
            "",
            "2024-03-01",
            "2023-366T00:00:00",
            "2024-13-01T00:00:00",
            "2024-03-01T25:00:00",
            "2024-03-01T12:00:00+02:00",
            "2024-03-01T12:00:00.5+02:00",
            "2024-03-01T12:00:00.",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    #[test]
    fn missing_and_unreadable_values_are_named() {
        let without = |keyword: &str| {
            KVN.lines()
                .filter(|line| !line.starts_with(keyword))
                .collect::<Vec<_>>()
                .join("\n")
        };
        for keyword in [
            "EPOCH",
            "MEAN_MOTION ",
            "ECCENTRICITY",
            "INCLINATION",
            "RA_OF_ASC_NODE",
            "ARG_OF_PERICENTER",
            "MEAN_ANOMALY",
            "BSTAR",
        ] {
            match parse_kvn(&without(keyword)).unwrap_err() {
                Error::MissingKeyword { keyword: named } => assert_eq!(named, keyword.trim()),
                other => panic!("{keyword}: {other}"),
            }
        }
        for (from, to, keyword) in [
            (".0006703", "small", "ECCENTRICITY"),
            (".0006703", "nan", "ECCENTRICITY"),
            ("25544", "-1", "NORAD_CAT_ID"),
            ("2024-01-01T12:00:00.000000", "yesterday", "EPOCH"),
            ("TYPE = U", "TYPE = X", "CLASSIFICATION_TYPE"),
        ] {
            match parse_kvn(&KVN.replace(from, to)).unwrap_err() {
                Error::Value { keyword: named, .. } => assert_eq!(named, keyword),
                other => panic!("{to}: {other}"),
            }
        }
    }

    #[test]
    fn other_theories_frames_and_scales_are_refused() {
        for (from, to) in [
            ("THEORY = SGP4", "THEORY = DSST"),
            ("THEORY = SGP4", "THEORY = SGP4-XP"),
            ("EPHEMERIS_TYPE = 0", "EPHEMERIS_TYPE = 4"),
        ] {
            assert!(
                matches!(parse_kvn(&KVN.replace(from, to)), Err(Error::UnknownTheory { .. })),
                "{to}"
            );
        }
        for (from, to) in [("= EARTH", "= MOON"), ("= TEME", "= GCRF"), ("= UTC", "= TAI")] {
            assert!(
                matches!(parse_kvn(&KVN.replace(from, to)), Err(Error::Unsupported { .. })),
                "{to}"
            );
        }
    }

    #[test]
    fn unreadable_texts_are_refused_with_their_form() {
        for (result, form) in [
            (parse_json("{"), "JSON"),
            (parse_json("[1]"), "JSON"),
            (parse_kvn("CCSDS_OMM_VERS = 2.0\nnonsense"), "KVN"),
            (parse_xml("<omm>"), "XML"),
            (parse_xml(&"<a>".repeat(100_000)), "XML"),
            (parse_xml("<!DOCTYPE a [<!ENTITY b \"c\">]><omm/>"), "XML"),
        ] {
            match result.unwrap_err() {
                Error::Syntax { form: named, .. } => assert_eq!(named, form),
                other => panic!("{other}"),
            }
        }
    }
}
