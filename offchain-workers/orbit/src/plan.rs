//! From elements and stations to a table of passes as text.
//!
//! A program around this reads its arguments and files, calls [`Request::rows`], and prints what [`Format::render`]
//! gives: nothing else of a command is left to do.

use crate::{passes, Elements, Error, Interval, Look, Mode, Pass, Propagator, Station};
use jiff::{Timestamp, Unit};
use serde::Serialize;
use std::fmt::Write;

/// What to look for.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Each of these satellites is looked for.
    pub elements: &'a [Elements],
    /// Where to look from, in the order that the rows count.
    pub stations: &'a [Station],
    /// When.
    pub interval: Interval,
    /// Which SGP4.
    pub mode: Mode,
    /// Refuses elements too old for this, if given.
    pub accuracy_km: Option<f64>,
    /// For the Doppler shift, if wanted.
    pub frequency_hz: Option<f64>,
}

/// One pass, with numbers rounded to what they are worth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Index of the station in the order given.
    pub station: usize,
    /// Name of the satellite, or its catalogue number.
    pub satellite: String,
    /// Catalogue number.
    pub catalogue_number: u32,
    /// RFC 3339 in UTC, to the millisecond.
    pub start: String,
    /// RFC 3339 in UTC, to the millisecond.
    pub end: String,
    /// Length.
    pub duration_s: f64,
    /// Highest elevation.
    pub max_elevation_deg: f64,
    /// When that is.
    pub max_elevation_at: String,
    /// Azimuth at the start.
    pub start_azimuth_deg: f64,
    /// Azimuth at the highest elevation.
    pub max_elevation_azimuth_deg: f64,
    /// Azimuth at the end.
    pub end_azimuth_deg: f64,
    /// Distance at the start.
    pub start_range_km: f64,
    /// Distance at the highest elevation.
    pub max_elevation_range_km: f64,
    /// Distance at the end.
    pub end_range_km: f64,
    /// Growth of the distance at the start.
    pub start_range_rate_km_s: f64,
    /// Growth of the distance at the end.
    pub end_range_rate_km_s: f64,
    /// One way, over the longest distance of start, top and end.
    pub light_time_ms: f64,
    /// Shift of the frequency asked for, at the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_doppler_hz: Option<f64>,
    /// Shift of the frequency asked for, at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_doppler_hz: Option<f64>,
    /// The pass had begun before the search.
    pub cut_at_start: bool,
    /// The pass goes on after the search.
    pub cut_at_end: bool,
    /// The instants, for further reckoning.
    #[serde(skip)]
    pub span: (Timestamp, Timestamp),
    /// Index of the satellite among the elements.
    #[serde(skip)]
    pub satellite_index: usize,
}

impl Request<'_> {
    /// All passes, ordered by start, then by station.
    pub fn rows(&self) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::new();
        for (index, elements) in self.elements.iter().enumerate() {
            let propagator = Propagator::with_mode(elements, self.mode)?;
            if let Some(asked_km) = self.accuracy_km {
                propagator.check_accuracy(self.interval, asked_km)?;
            }
            let passes = passes(&propagator, self.stations, self.interval)?;
            rows.extend(passes.iter().map(|pass| self.row(index, elements, pass)));
        }
        rows.sort_by_key(|row| (row.span.0, row.station, row.satellite_index));
        Ok(rows)
    }

    fn row(&self, index: usize, elements: &Elements, pass: &Pass) -> Row {
        let (start, top, end) = (&pass.start, &pass.highest, &pass.end);
        let span = (milliseconds(start.time), milliseconds(end.time));
        let doppler = |look: &Look| {
            self.frequency_hz
                .map(|frequency| rounded(look.doppler_hz(frequency), 1))
        };
        let farthest = [start, top, end]
            .map(Look::light_time_s)
            .into_iter()
            .fold(0.0, f64::max);
        Row {
            station: pass.station,
            satellite: printable(&elements.label()),
            catalogue_number: elements.catalogue_number,
            start: rfc3339(span.0),
            end: rfc3339(span.1),
            duration_s: rounded(crate::interval::seconds_between(span.0, span.1), 3),
            max_elevation_deg: rounded(top.elevation_deg, 4),
            max_elevation_at: rfc3339(milliseconds(top.time)),
            start_azimuth_deg: rounded(start.azimuth_deg, 4),
            max_elevation_azimuth_deg: rounded(top.azimuth_deg, 4),
            end_azimuth_deg: rounded(end.azimuth_deg, 4),
            start_range_km: rounded(start.range_km, 3),
            max_elevation_range_km: rounded(top.range_km, 3),
            end_range_km: rounded(end.range_km, 3),
            start_range_rate_km_s: rounded(start.range_rate_km_s, 6),
            end_range_rate_km_s: rounded(end.range_rate_km_s, 6),
            light_time_ms: rounded(farthest * 1e3, 4),
            start_doppler_hz: doppler(start),
            end_doppler_hz: doppler(end),
            cut_at_start: pass.cut_at_start,
            cut_at_end: pass.cut_at_end,
            span,
            satellite_index: index,
        }
    }
}

/// Names come from files of others, and a terminal obeys control characters.
pub(crate) fn printable(name: &str) -> String {
    name.replace(char::is_control, "\u{fffd}")
}

fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

fn milliseconds(at: Timestamp) -> Timestamp {
    // Only the very last instant of the calendar cannot be rounded.
    at.round(Unit::Millisecond).unwrap_or(at)
}

fn rfc3339(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Format {
    /// A table to read.
    Text,
    /// An array of objects.
    Json,
    /// With a line of column names.
    Csv,
    /// Contacts and ranges as ION's administration programs read them.
    Ion(Ion),
}

/// What a contact plan needs beside the passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ion {
    /// Node number of the first satellite; further satellites, then the stations, follow it.
    pub first_node: u64,
    /// Bytes per second, in both directions.
    pub rate: u64,
    /// The instant that the plan's seconds count from.
    pub reference: Timestamp,
}

impl Format {
    /// The rows as text that ends with a line feed.
    pub fn render(self, rows: &[Row]) -> String {
        match self {
            Self::Text => text(rows),
            Self::Json => json(rows),
            Self::Csv => csv(rows),
            Self::Ion(ion) => contact_plan(rows, ion),
        }
    }
}

fn text(rows: &[Row]) -> String {
    if rows.is_empty() {
        return "No passes.\n".to_owned();
    }
    let name = rows
        .iter()
        .map(|row| row.satellite.chars().count())
        .max()
        .unwrap_or(0)
        .max("SATELLITE".len());
    let mut out = format!(
        "{:>7}  {:name$}  {:24}  {:24}  {:>10}  {:>7}  {:>7}  {:>7}  {:>9}\n",
        "STATION", "SATELLITE", "START", "END", "DURATION", "MAX EL", "AZ FROM", "AZ TO", "RANGE"
    );
    for row in rows {
        let mark = |cut: bool, at: &str| format!("{at}{}", if cut { "*" } else { "" });
        // Writing to a string does not fail.
        let _ = writeln!(
            out,
            "{:>7}  {:name$}  {:24}  {:24}  {:>8.1} s  {:>6.1}°  {:>6.1}°  {:>6.1}°  {:>6.0} km",
            row.station,
            row.satellite,
            mark(row.cut_at_start, &row.start),
            mark(row.cut_at_end, &row.end),
            row.duration_s,
            row.max_elevation_deg,
            row.start_azimuth_deg,
            row.end_azimuth_deg,
            row.max_elevation_range_km,
        );
    }
    if rows.iter().any(|row| row.cut_at_start || row.cut_at_end) {
        out.push_str("* cut by the interval searched\n");
    }
    out
}

fn json(rows: &[Row]) -> String {
    // Rows are numbers, strings and booleans under fixed names: there is nothing that JSON cannot hold.
    let mut out = serde_json::to_string_pretty(rows).unwrap_or_default();
    out.push('\n');
    out
}

fn csv(rows: &[Row]) -> String {
    let mut out = String::from(
        "station,satellite,catalogue_number,start,end,duration_s,max_elevation_deg,max_elevation_at,start_azimuth_deg,\
         max_elevation_azimuth_deg,end_azimuth_deg,start_range_km,max_elevation_range_km,end_range_km,start_range_rate_km_s,\
         end_range_rate_km_s,light_time_ms,start_doppler_hz,end_doppler_hz,cut_at_start,cut_at_end\n",
    );
    for row in rows {
        let optional = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let _ = writeln!(
            out,
            "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}",
            row.station,
            quoted(&row.satellite),
            row.catalogue_number,
            row.start,
            row.end,
            row.duration_s,
            row.max_elevation_deg,
            row.max_elevation_at,
            row.start_azimuth_deg,
            row.max_elevation_azimuth_deg,
            row.end_azimuth_deg,
            row.start_range_km,
            row.max_elevation_range_km,
            row.end_range_km,
            row.start_range_rate_km_s,
            row.end_range_rate_km_s,
            row.light_time_ms,
            optional(row.start_doppler_hz),
            optional(row.end_doppler_hz),
            row.cut_at_start,
            row.cut_at_end,
        );
    }
    out
}

/// Names may hold commas; a formula in one is none of a spreadsheet's business.
fn quoted(text: &str) -> String {
    let text = match text.starts_with(['=', '+', '-', '@']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    };
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

/// Whole seconds within each pass: rounding outward would promise contact where there is none.
fn contact_plan(rows: &[Row], ion: Ion) -> String {
    let satellites = rows.iter().map(|row| row.satellite_index + 1).max().unwrap_or(0) as u64;
    let mut out = format!("# seconds from {}\n", rfc3339(ion.reference));
    for row in rows {
        let from = crate::interval::seconds_between(ion.reference, row.span.0).ceil() as i64;
        let to = crate::interval::seconds_between(ion.reference, row.span.1).floor() as i64;
        if to <= from {
            continue;
        }
        let satellite = ion.first_node.saturating_add(row.satellite_index as u64);
        let station = ion
            .first_node
            .saturating_add(satellites)
            .saturating_add(row.station as u64);
        let light_time = row.light_time_ms / 1e3;
        let _ = writeln!(out, "a contact {from:+} {to:+} {satellite} {station} {}", ion.rate);
        let _ = writeln!(out, "a contact {from:+} {to:+} {station} {satellite} {}", ion.rate);
        let _ = writeln!(out, "a range {from:+} {to:+} {satellite} {station} {light_time:.6}");
    }
    out
}
