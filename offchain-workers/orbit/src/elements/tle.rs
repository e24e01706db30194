//! Two-line element sets.

use super::{Classification, Elements};
use crate::{Error, Line};
use jiff::{civil, tz::TimeZone, Timestamp};

const COLUMNS: usize = 69;
/// A day fraction has eight digits, so that an epoch is a whole number of these.
const NANOS_PER_EPOCH_UNIT: i64 = 864_000;
const EPOCH_UNITS_PER_DAY: i64 = 100_000_000;

/// A line that begins a set, continues it, or names what follows.
enum Kind {
    First,
    Second,
    Name,
}

pub(super) fn parse(text: &str) -> Result<Vec<Elements>, Error> {
    let mut sets = Vec::new();
    let mut name = None;
    let mut first: Option<Fields<'_>> = None;
    let mut last = 0;
    for (index, line) in text.lines().enumerate() {
        let (in_text, line) = (index + 1, line.trim_end());
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        last = in_text;
        match (kind(line), first.take()) {
            (Kind::Second, Some(one)) => sets.push(set(name.take(), one, Fields::new(line, 2, in_text)?)?),
            (_, Some(_)) => return Err(Error::UnexpectedLine { in_text, expected: 2 }),
            (Kind::First, None) => first = Some(Fields::new(line, 1, in_text)?),
            (Kind::Name, None) if name.is_none() => name = Some(given_name(line)),
            (Kind::Second | Kind::Name, None) => return Err(Error::UnexpectedLine { in_text, expected: 1 }),
        }
    }
    match (first, name) {
        (Some(_), _) => Err(Error::UnexpectedLine {
            in_text: last + 1,
            expected: 2,
        }),
        (None, Some(_)) => Err(Error::UnexpectedLine {
            in_text: last + 1,
            expected: 1,
        }),
        (None, None) => Ok(sets),
    }
}

/// `1 ` and `2 ` begin data lines; a name such as `1 WORLDS` is told by its length.
fn kind(line: &str) -> Kind {
    // Data lines that were cut or glued are still data lines, so that the error says so.
    let data = line.len() >= COLUMNS / 2;
    match line.as_bytes() {
        [b'1', b' ', ..] if data => Kind::First,
        [b'2', b' ', ..] if data => Kind::Second,
        _ => Kind::Name,
    }
}

fn given_name(line: &str) -> String {
    line.strip_prefix("0 ").unwrap_or(line).trim().to_owned()
}

/// A data line of the right length and checksum.
struct Fields<'a> {
    text: &'a str,
    line: Line,
}

impl<'a> Fields<'a> {
    fn new(text: &'a str, of_set: u8, in_text: usize) -> Result<Self, Error> {
        let line = Line { of_set, in_text };
        if let Some(strange) = text.chars().find(|c| !(' '..='~').contains(c)) {
            let column = text.chars().take_while(|c| *c != strange).count() + 1;
            return Err(Error::Field {
                line,
                field: "printable ASCII character",
                first: column,
                last: column,
                text: strange.escape_default().collect(),
            });
        }
        if text.len() != COLUMNS {
            return Err(Error::LineLength {
                line,
                found: text.len(),
            });
        }
        let (summed, found) = text.split_at(COLUMNS - 1);
        let expected = checksum(summed);
        let found = found.chars().next().unwrap_or(' ');
        if found.to_digit(10) != Some(u32::from(expected)) {
            return Err(Error::Checksum { line, expected, found });
        }
        Ok(Self { text, line })
    }

    /// Columns `first` to `last`, counted from 1, without the blanks around them.
    fn columns(&self, first: usize, last: usize) -> &'a str {
        self.text[first - 1..last].trim()
    }

    fn bad(&self, field: &'static str, first: usize, last: usize) -> Error {
        Error::Field {
            line: self.line,
            field,
            first,
            last,
            text: self.text[first - 1..last].to_owned(),
        }
    }

    fn decimal(&self, field: &'static str, first: usize, last: usize) -> Result<f64, Error> {
        let text = self.columns(first, last);
        // "inf", "nan" and exponents are numbers to Rust only.
        let plain = text.bytes().all(|c| c.is_ascii_digit() || b"+-.".contains(&c));
        match text.parse() {
            Ok(value) if plain => Ok(value),
            _ => Err(self.bad(field, first, last)),
        }
    }

    fn integer(&self, field: &'static str, first: usize, last: usize) -> Result<u32, Error> {
        match self.columns(first, last) {
            "" => Ok(0),
            digits if digits.bytes().all(|c| c.is_ascii_digit()) => {
                digits.parse().map_err(|_| self.bad(field, first, last))
            }
            _ => Err(self.bad(field, first, last)),
        }
    }

    /// `-31515-4` is -0.31515e-4.
    fn exponential(&self, field: &'static str, first: usize, last: usize) -> Result<f64, Error> {
        let bad = || self.bad(field, first, last);
        let text = self.columns(first, last);
        if text.is_empty() {
            return Ok(0.0);
        }
        let (sign, digits) = match text.as_bytes()[0] {
            b'-' => (-1.0, &text[1..]),
            b'+' => (1.0, &text[1..]),
            _ => (1.0, text),
        };
        let at = digits.find(['+', '-', ' ']).ok_or_else(bad)?;
        let (mantissa, exponent) = digits.split_at(at);
        let mantissa = mantissa.strip_prefix('.').unwrap_or(mantissa);
        let power = exponent.replace(' ', "");
        let unsigned = power.trim_start_matches(['+', '-']);
        let digits_only = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
        if !digits_only(mantissa) || !digits_only(unsigned) {
            return Err(bad());
        }
        format!("0.{mantissa}e{power}")
            .parse::<f64>()
            .map(|value| sign * value)
            .map_err(|_| bad())
    }

    fn catalogue_number(&self) -> Result<u32, Error> {
        alpha5(self.columns(3, 7)).ok_or_else(|| self.bad("catalogue number", 3, 7))
    }

    fn classification(&self) -> Result<Classification, Error> {
        match self.columns(8, 8) {
            "U" | "" => Ok(Classification::Unclassified),
            "C" => Ok(Classification::Classified),
            "S" => Ok(Classification::Secret),
            _ => Err(self.bad("classification (U, C or S)", 8, 8)),
        }
    }

    /// `98067A` becomes `1998-067A`.
    fn designator(&self) -> Result<Option<String>, Error> {
        let text = self.columns(10, 17);
        if text.is_empty() {
            return Ok(None);
        }
        let bad = || self.bad("international designator", 10, 17);
        let (year, rest) = text.split_at_checked(2).ok_or_else(bad)?;
        let year = century(year.parse::<u8>().map_err(|_| bad())?);
        Ok(Some(format!("{year}-{rest}")))
    }

    fn epoch(&self) -> Result<Timestamp, Error> {
        let bad = || self.bad("epoch (YYDDD.DDDDDDDD)", 19, 32);
        let year: u8 = self.columns(19, 20).parse().map_err(|_| bad())?;
        let (day, fraction) = self.columns(21, 32).split_once('.').ok_or_else(bad)?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
        if !digits(day) || !digits(fraction) || fraction.len() > 8 {
            return Err(bad());
        }
        let day: i64 = day.parse().map_err(|_| bad())?;
        let units: i64 = format!("{fraction:0<8}").parse().map_err(|_| bad())?;
        let year = century(year);
        if !(1..=366).contains(&day) {
            return Err(bad());
        }
        let start = civil::date(year, 1, 1)
            .to_zoned(TimeZone::UTC)
            .map_err(|_| bad())?
            .timestamp();
        let units = (day - 1) * EPOCH_UNITS_PER_DAY + units;
        start
            .checked_add(jiff::SignedDuration::from_nanos(units * NANOS_PER_EPOCH_UNIT))
            .map_err(|_| bad())
    }
}

/// Two digits of a year: the first satellite flew in 57.
fn century(year: u8) -> i16 {
    i16::from(year) + if year < 57 { 2000 } else { 1900 }
}

/// Digits count, a minus is 1, all else nothing.
fn checksum(text: &str) -> u8 {
    let value = |c: u8| match c {
        b'0'..=b'9' => u32::from(c - b'0'),
        b'-' => 1,
        _ => 0,
    };
    (text.bytes().map(value).sum::<u32>() % 10) as u8
}

/// Five digits, or a letter (without I and O) for 10 to 33 and four digits.
fn alpha5(text: &str) -> Option<u32> {
    let (first, rest) = text.split_at_checked(1)?;
    let first = match first.as_bytes()[0] {
        c @ b'0'..=b'9' => c - b'0',
        c @ b'A'..=b'H' => c - b'A' + 10,
        c @ b'J'..=b'N' => c - b'J' + 18,
        c @ b'P'..=b'Z' => c - b'P' + 23,
        _ => return None,
    };
    if !rest.bytes().all(|c| c.is_ascii_digit()) || (first > 9 && rest.len() != 4) {
        return None;
    }
    let scale = 10_u32.pow(rest.len() as u32);
    Some(u32::from(first) * scale + rest.parse().unwrap_or(0))
}

fn set(name: Option<String>, one: Fields<'_>, two: Fields<'_>) -> Result<Elements, Error> {
    let (first, second) = (one.catalogue_number()?, two.catalogue_number()?);
    if first != second {
        return Err(Error::ObjectMismatch { first, second });
    }
    super::omm::known_ephemeris_type(match one.columns(63, 63) {
        "" => "0",
        other => other,
    })?;
    let eccentricity = two.integer("eccentricity", 27, 33)?;
    Ok(Elements {
        name,
        designator: one.designator()?,
        catalogue_number: first,
        classification: one.classification()?,
        epoch: one.epoch()?,
        mean_motion_rev_day: two.decimal("mean motion", 53, 63)?,
        // Divided, not multiplied by 1e-7: that gives the number nearest to the decimal one.
        eccentricity: f64::from(eccentricity) / 1e7,
        inclination_deg: two.decimal("inclination", 9, 16)?,
        right_ascension_deg: two.decimal("right ascension", 18, 25)?,
        argument_of_perigee_deg: two.decimal("argument of perigee", 35, 42)?,
        mean_anomaly_deg: two.decimal("mean anomaly", 44, 51)?,
        bstar: one.exponential("B* term", 54, 61)?,
        mean_motion_dot: one.decimal("derivative of the mean motion", 34, 43)?,
        mean_motion_ddot: one.exponential("second derivative of the mean motion", 45, 52)?,
        set_number: one.integer("element set number", 65, 68)?,
        revolution: two.integer("revolution number", 64, 68)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISS: [&str; 2] = [
        "1 25544U 98067A   24001.50000000  .00016717  00000-0  10270-3 0  9009",
        "2 25544  51.6400 208.9163 0006703 307.5225  52.5371 15.49560812484108",
    ];

    /// The line with its checksum set right.
    fn summed(line: &str) -> String {
        format!("{}{}", &line[..68], checksum(&line[..68]))
    }

    fn joined(one: &str, two: &str) -> String {
        format!("{one}\n{two}\n")
    }

    #[test]
    fn every_field_is_read() {
        let text = format!("ISS (ZARYA)\r\n{}\r\n{}\r\n", ISS[0], ISS[1]);
        let sets = parse(&text).unwrap();
        assert_eq!(
            sets,
            [Elements {
                name: Some("ISS (ZARYA)".into()),
                designator: Some("1998-067A".into()),
                catalogue_number: 25_544,
                classification: Classification::Unclassified,
                epoch: "2024-01-01T12:00:00Z".parse().unwrap(),
                mean_motion_rev_day: 15.495_608_12,
                eccentricity: 0.000_670_3,
                inclination_deg: 51.64,
                right_ascension_deg: 208.9163,
                argument_of_perigee_deg: 307.5225,
                mean_anomaly_deg: 52.5371,
                bstar: 0.102_70e-3,
                mean_motion_dot: 0.000_167_17,
                mean_motion_ddot: 0.0,
                set_number: 900,
                revolution: 48_410,
            }]
        );
    }

    #[test]
    fn sets_may_have_names_or_not() {
        let text = format!("{}\n{}\n\n0 SECOND\n{}\n{}\n", ISS[0], ISS[1], ISS[0], ISS[1]);
        let names: Vec<_> = parse(&text).unwrap().into_iter().map(|set| set.name).collect();
        assert_eq!(names, [None, Some("SECOND".to_owned())]);
    }

    #[test]
    fn comments_and_blank_lines_stand_anywhere() {
        let text = format!("# a catalogue\r\n\r\n{}\r\n# by hand\r\n{}\r\n", ISS[0], ISS[1]);
        assert_eq!(parse(&text), parse(&ISS.join("\n")));
    }

    #[test]
    fn wrong_checksum_names_line_and_expected_digit() {
        let two = ISS[1].replace("51.6400", "51.6401");
        let error = parse(&joined(ISS[0], &two)).unwrap_err();
        assert_eq!(
            error,
            Error::Checksum {
                line: Line { of_set: 2, in_text: 2 },
                expected: 9,
                found: '8',
            }
        );
        assert_eq!(
            error.to_string(),
            "line 2 of the element set (line 2 of the text): checksum is 8, but the line's characters give 9"
        );
    }

    #[test]
    fn short_line_is_told_by_its_length() {
        let error = parse(&joined(&ISS[0][..68], ISS[1])).unwrap_err();
        assert!(matches!(error, Error::LineLength { found: 68, .. }), "{error}");
    }

    #[test]
    fn lines_out_of_order_are_refused() {
        for (text, in_text, expected) in [
            (joined(ISS[1], ISS[0]), 1, 1),
            (joined(ISS[0], ISS[0]), 2, 2),
            (ISS[0].to_owned(), 2, 2),
            (format!("A\nB\n{}\n{}", ISS[0], ISS[1]), 2, 1),
            ("ONLY A NAME".to_owned(), 2, 1),
        ] {
            assert_eq!(parse(&text), Err(Error::UnexpectedLine { in_text, expected }), "{text}");
        }
    }

    #[test]
    fn lines_of_two_objects_are_refused() {
        let two = summed(&ISS[1].replace("25544", "25545"));
        let error = parse(&joined(ISS[0], &two)).unwrap_err();
        assert_eq!(
            error,
            Error::ObjectMismatch {
                first: 25_544,
                second: 25_545
            }
        );
    }

    #[test]
    fn fields_that_are_no_numbers_are_named_with_their_columns() {
        for (from, to, field) in [
            ("51.6400", "51.6x00", "inclination"),
            ("208.9163", "208,9163", "right ascension"),
            ("0006703", "00067e3", "eccentricity"),
            ("15.49560812", "        inf", "mean motion"),
        ] {
            let two = summed(&ISS[1].replace(from, to));
            match parse(&joined(ISS[0], &two)).unwrap_err() {
                Error::Field { field: named, .. } => assert_eq!(named, field),
                other => panic!("{other}"),
            }
        }
        for (from, to) in [
            ("24001.50000000", "24000.50000000"),
            ("10270-3", "10270x3"),
            ("98067A", "x8067A"),
        ] {
            let one = summed(&ISS[0].replace(from, to));
            assert!(matches!(parse(&joined(&one, ISS[1])), Err(Error::Field { .. })), "{to}");
        }
        let strange = ISS[0].replace("98067A", "98067é");
        assert!(matches!(
            parse(&joined(&strange, ISS[1])),
            Err(Error::Field { first: 15, .. })
        ));
    }

    #[test]
    fn other_theories_are_refused_by_name() {
        let one = summed(&ISS[0].replace("-3 0  900", "-3 4  900"));
        let error = parse(&joined(&one, ISS[1])).unwrap_err();
        assert_eq!(
            error,
            Error::UnknownTheory {
                theory: "SGP4-XP".into()
            }
        );
    }

    #[test]
    fn catalogue_numbers_go_on_with_letters() {
        for (text, number) in [
            ("00005", Some(5)),
            ("5", Some(5)),
            ("99999", Some(99_999)),
            ("A0000", Some(100_000)),
            ("H9999", Some(179_999)),
            ("J0000", Some(180_000)),
            ("N0001", Some(220_001)),
            ("P0000", Some(230_000)),
            ("Z9999", Some(339_999)),
            ("I0000", None),
            ("O0000", None),
            ("a0000", None),
            ("A000", None),
            ("1234A", None),
            ("", None),
        ] {
            assert_eq!(alpha5(text), number, "{text}");
        }
    }

    #[test]
    fn epochs_are_exact_to_the_last_digit() {
        let one = summed(&ISS[0].replace("24001.50000000", "00366.99999999"));
        let set = &parse(&joined(&one, ISS[1])).unwrap()[0];
        assert_eq!(set.epoch, "2000-12-31T23:59:59.999136Z".parse().unwrap());
    }
}
