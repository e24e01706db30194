//! Contacts as they come: what happens when, and a board that counts down to it.
//!
//! There is no clock here: whoever has one asks for [`events`] once, and for [`Board::lines`] as often as it likes.

use crate::interval::seconds_between;
use crate::map::Screen;
use crate::plan::{Request, Row};
use crate::{look, Error, Look, Propagator};
use jiff::Timestamp;
use serde::Serialize;

/// What happens to a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is over.
    End,
    /// It begins, or had begun before anybody watched.
    Start,
    /// It is the next to begin.
    Next,
}

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event<'a> {
    /// What.
    pub event: Change,
    /// When, in RFC 3339.
    #[serde(serialize_with = "milliseconds")]
    pub at: Timestamp,
    /// The contact.
    #[serde(flatten)]
    pub contact: &'a Row,
}

fn milliseconds<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{at:.3}"))
}

impl Event<'_> {
    /// A line to read.
    pub fn line(&self) -> String {
        let Self { event, at, contact } = self;
        let length = countdown(contact.duration_s);
        let top = contact.max_elevation_deg;
        let told = match event {
            Change::Next => {
                let wait = seconds_between(*at, contact.span.0);
                let begins = contact.span.0.strftime("%H:%M:%S");
                format!("in {}, at {begins} for {length}, up to {top:.1}°", countdown(wait))
            }
            Change::Start => format!(
                "for {length}, from {:.0}° to {:.0}°, up to {top:.1}°",
                contact.start_azimuth_deg, contact.end_azimuth_deg
            ),
            Change::End => format!("after {length}"),
        };
        let name = match event {
            Change::Next => "next",
            Change::Start => "start",
            Change::End => "end",
        };
        let (station, satellite) = (contact.station, &contact.satellite);
        format!(
            "{}  {name:<5}  station {station}  {satellite}  {told}",
            at.strftime("%Y-%m-%dT%H:%M:%SZ")
        )
    }
}

/// All that happens from the start of a search on, in order. A contact that the end of the search cuts has no end.
pub fn events(rows: &[Row], start: Timestamp) -> Vec<Event<'_>> {
    let mut events = Vec::with_capacity(3 * rows.len());
    // A contact is the next one from when the one before begins.
    let mut next_from = start;
    for contact in rows {
        let mut push = |event, at| events.push(Event { event, at, contact });
        if !contact.cut_at_start {
            push(Change::Next, next_from);
        }
        push(Change::Start, contact.span.0);
        if !contact.cut_at_end {
            push(Change::End, contact.span.1);
        }
        next_from = contact.span.0;
    }
    events.sort_by_key(|event| (event.at, event.event));
    events
}

/// `40 s`, `12:04`, `1:12:04`, `2 d 3 h`: whole seconds that are left, as clocks cut them, too.
pub fn countdown(seconds: f64) -> String {
    let s = seconds.max(0.0) as u64;
    match (s / 86_400, s / 3_600, s / 60 % 60, s % 60) {
        (0, 0, 0, s) => format!("{s} s"),
        (0, 0, m, s) => format!("{m}:{s:02}"),
        (0, h, m, s) => format!("{h}:{m:02}:{s:02}"),
        (d, h, _, _) => format!("{d} d {} h", h % 24),
    }
}

/// Contacts that are on, then those that come, as a table for a terminal.
#[derive(Clone, Debug)]
pub struct Board<'a> {
    request: &'a Request<'a>,
    rows: &'a [Row],
    propagators: Vec<Propagator>,
}

/// Widths of the columns before the last one.
const STATION: usize = 7;
const NAMES: (usize, usize) = (9, 24);
const CONTACT: usize = 11;
const START: usize = 11;
const LENGTH: usize = 8;
const TOP: usize = 6;
const GAP: &str = "  ";
/// Below this a table is no table.
const LEAST_COLUMNS: usize = 70;
/// Lines above the contacts.
const HEAD: usize = 3;
const MOST_CONTACTS: usize = 12;

const BOLD: &str = "\u{1b}[1m";
const GREEN: &str = "\u{1b}[1;32m";
const GREY: &str = "\u{1b}[90m";
const PLAIN: &str = "\u{1b}[0m";

impl<'a> Board<'a> {
    /// A board of these contacts, which are those of the request.
    pub fn new(request: &'a Request<'a>, rows: &'a [Row]) -> Result<Self, Error> {
        let elements = request.elements.iter();
        let propagators = elements.map(|set| Propagator::with_mode(set, request.mode));
        Ok(Self {
            request,
            rows,
            propagators: propagators.collect::<Result<_, _>>()?,
        })
    }

    /// What there is to see at an instant: never more lines or columns than the screen has.
    pub fn lines(&self, now: Timestamp, screen: Screen) -> Vec<String> {
        let columns = screen.columns.max(LEAST_COLUMNS);
        let shown = screen
            .lines
            .map_or(MOST_CONTACTS, |lines| lines.saturating_sub(HEAD + 1));
        let on = |row: &&Row| row.span.0 <= now && now < row.span.1;
        let (open, coming) = (
            self.rows.iter().filter(on),
            self.rows.iter().filter(|row| row.span.0 > now),
        );
        let (count, next) = (open.clone().count(), coming.clone().next());
        let name = self.name_width(columns);
        let coloured = |line: String, colour: &str| {
            let line: String = line.chars().take(columns).collect();
            match screen.colours {
                true => format!("{colour}{line}{PLAIN}"),
                false => line,
            }
        };
        let mut lines = vec![
            coloured(head(now, count, next), BOLD),
            String::new(),
            coloured(
                cells(
                    ["STATION", "SATELLITE", "CONTACT", "START", "LENGTH", "MAX EL"].map(String::from),
                    name,
                ) + GAP
                    + "NOW",
                GREY,
            ),
        ];
        let room = columns - cells(Default::default(), name).chars().count() - GAP.len();
        for row in open.chain(coming).take(shown.min(MOST_CONTACTS)) {
            let line = cells(fields(row, now, name), name);
            match on(&row) {
                true => lines.push(coloured(line + GAP + &self.view(row, now, room), GREEN)),
                false => lines.push(coloured(line, "")),
            }
        }
        lines
    }

    /// As wide as the names need and the screen allows.
    fn name_width(&self, columns: usize) -> usize {
        let longest = self.rows.iter().map(|row| row.satellite.chars().count()).max();
        let spare = columns.saturating_sub(cells(Default::default(), 0).chars().count() + "NOW 90.0° 360°".len());
        longest.unwrap_or(0).min(spare).clamp(NAMES.0, NAMES.1)
    }

    /// Where the satellite stands now: as much of it as there is room for.
    fn view(&self, row: &Row, now: Timestamp, room: usize) -> String {
        let station = &self.request.stations[row.station];
        let Ok(look) = look(&self.propagators[row.satellite_index], station, now) else {
            return String::new();
        };
        let mut view = String::new();
        for part in self.parts(&look) {
            let gap = if view.is_empty() { 0 } else { 1 };
            if view.chars().count() + gap + part.chars().count() <= room {
                view.push_str(&" ".repeat(gap));
                view.push_str(&part);
            }
        }
        view
    }

    fn parts(&self, look: &Look) -> Vec<String> {
        let mut parts = vec![
            format!("{:.1}°", look.elevation_deg),
            format!("{:.0}°", look.azimuth_deg),
            format!("{:.0} km", look.range_km),
            format!("{:+.2} km/s", look.range_rate_km_s),
        ];
        if let Some(frequency) = self.request.frequency_hz {
            parts.push(format!("{:+.0} Hz", look.doppler_hz(frequency)));
        }
        parts
    }
}

fn head(now: Timestamp, open: usize, next: Option<&Row>) -> String {
    let clock = now.strftime("%Y-%m-%d %H:%M:%S UTC");
    let open = match open {
        0 => "no contact now".to_owned(),
        1 => "1 contact now".to_owned(),
        _ => format!("{open} contacts now"),
    };
    let next = match next {
        Some(row) => format!("next in {}", countdown(seconds_between(now, row.span.0))),
        None => "none to come".to_owned(),
    };
    format!("{clock}   {open}, {next}")
}

fn fields(row: &Row, now: Timestamp, name: usize) -> [String; 6] {
    let wait = seconds_between(now, row.span.0);
    let contact = match wait > 0.0 {
        true => format!("in {}", countdown(wait)),
        false => format!("{} left", countdown(seconds_between(now, row.span.1))),
    };
    let form = if wait.abs() < 86_400.0 {
        "%H:%M:%S"
    } else {
        "%m-%d %H:%M"
    };
    [
        row.station.to_string(),
        row.satellite.chars().take(name).collect(),
        contact,
        row.span.0.strftime(form).to_string(),
        countdown(row.duration_s),
        format!("{:.1}°", row.max_elevation_deg),
    ]
}

fn cells([station, satellite, contact, start, length, top]: [String; 6], name: usize) -> String {
    format!(
        "{station:>STATION$}{GAP}{satellite:<name$}{GAP}{contact:>CONTACT$}{GAP}{start:>START$}{GAP}{length:>LENGTH$}\
         {GAP}{top:>TOP$}"
    )
}
