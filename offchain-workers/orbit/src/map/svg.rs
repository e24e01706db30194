//! The map as an SVG document, in two parts: the globe, and below it the contacts over time.

use super::shape::{pieces, Spot};
use super::{degrees_name, meridians, parallels, place_name, GroundTrack, Map};
use crate::plan::Row;
use jiff::Timestamp;
use std::fmt::Write;

/// Pixels to a degree.
const SCALE: f64 = 4.0;
const MAP: Area = Area {
    left: 56.0,
    top: 84.0,
    width: 360.0 * SCALE,
    height: 180.0 * SCALE,
};
/// Left end of the time lines; the names of the stations stand before it.
const TIME_LEFT: f64 = 276.0;
/// Right end; what a station has in all stands behind it.
const TIME_RIGHT: f64 = 1_340.0;
const TIME_TOP: f64 = MAP.top + MAP.height + 64.0;
/// Height of one station's line.
const LINE: f64 = 22.0;
const PAGE_WIDTH: f64 = MAP.left + MAP.width + 24.0;
/// More marks of time than this would hide the tracks.
const MOST_MARKS: usize = 12;
/// Names in the legend.
const MOST_NAMES: usize = 7;
/// A piece of track shorter than this has no room for an arrow.
const LEAST_FOR_ARROW: f64 = 40.0;
/// A longer one has two.
const LEAST_FOR_TWO_ARROWS: f64 = 600.0;
/// Names of times that stand nearer to the one before cannot be read.
const LEAST_BETWEEN_NAMES: f64 = 30.0;
/// Told apart also by those who do not see all colours.
const COLOURS: [&str; 7] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#7a5195", "#b8860b", "#56b4e9",
];

const STYLE: &str = "\
text{font:13px system-ui,'DejaVu Sans',sans-serif;fill:#334}\
.title{font-size:20px;font-weight:600;fill:#112}\
.small{font-size:11px}\
.on-map{paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}\
.sea{fill:#f4f8fc}\
.graticule{fill:none;stroke:#d5dde8;stroke-width:1}\
.equator{stroke:#a9b7c9}\
.circle-area{fill:#5b7;fill-opacity:.10}\
.circle{fill:none;stroke:#4a9a63;stroke-width:1.2;stroke-dasharray:5 4}\
.track{fill:none;stroke-width:1.4;stroke-opacity:.65}\
.contact-edge{fill:none;stroke:#fff;stroke-width:8;stroke-linecap:round}\
.contact{fill:none;stroke-width:4.5;stroke-linecap:round}\
.mark{stroke:#fff;stroke-width:1}\
.station{fill:#112;stroke:#fff;stroke-width:1.5}\
.name{font-weight:600;fill:#112}\
.axis{stroke:#a9b7c9;stroke-width:1}\
.lane{fill:#eef2f7}";

struct Area {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

pub(super) fn render(map: &Map<'_>) -> String {
    let height = TIME_TOP + LINE * map.sites.len() as f64 + 44.0;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {PAGE_WIDTH} {height}\" width=\"{PAGE_WIDTH}\" \
         height=\"{height}\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        title = escaped(&map.title()),
    );
    text(&mut out, (MAP.left, 34.0), "title", "start", &map.title());
    legend(&mut out, map);
    globe(&mut out, map);
    times(&mut out, map);
    out.push_str("</svg>\n");
    out
}

fn colour(satellite: usize) -> &'static str {
    COLOURS[satellite % COLOURS.len()]
}

fn legend(out: &mut String, map: &Map<'_>) {
    let (mut x, y) = (MAP.left, 60.0);
    let mut entry = |out: &mut String, sign: &str, name: &str| {
        let _ = writeln!(out, "<g transform=\"translate({x:.1} {})\">{sign}</g>", y - 4.0);
        text(out, (x + 34.0, y), "", "start", name);
        // Wider than the letters are, so that nothing overlaps whatever the font.
        x += 56.0 + 7.6 * name.chars().count() as f64;
    };
    for (index, track) in map.tracks.iter().take(MOST_NAMES).enumerate() {
        let sign = format!("<path class=\"track\" stroke=\"{}\" d=\"M0 0H28\"/>", colour(index));
        entry(out, &sign, &track.name);
    }
    if map.tracks.len() > MOST_NAMES {
        entry(out, "", &format!("and {} more", map.tracks.len() - MOST_NAMES));
    }
    let contact = format!("<path class=\"contact\" stroke=\"{}\" d=\"M2 0H26\"/>", colour(0));
    entry(out, &contact, "in contact");
    entry(out, "<circle class=\"station\" cx=\"14\" r=\"4.5\"/>", "station");
    let area = "<path class=\"circle-area\" d=\"M0 -7H28V7H0z\"/><path class=\"circle\" d=\"M0 -7H28V7H0z\"/>";
    entry(out, area, &reach(map));
}

/// `in view at up to 423 km`.
fn reach(map: &Map<'_>) -> String {
    let circles = map
        .sites
        .iter()
        .map(|site| &site.circles)
        .max_by_key(|circles| circles.len());
    let heights = circles
        .into_iter()
        .flatten()
        .map(|circle| format!("{:.0}", circle.height_km));
    let heights: Vec<_> = heights.collect();
    match heights.is_empty() {
        true => "in view nowhere".to_owned(),
        false => format!("in view at up to {} km", heights.join(", ")),
    }
}

fn globe(out: &mut String, map: &Map<'_>) {
    let Area {
        left,
        top,
        width,
        height,
    } = MAP;
    let _ = writeln!(
        out,
        "<clipPath id=\"map\"><rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\"/></clipPath>\n\
         <rect class=\"sea\" x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\"/>"
    );
    graticule(out);
    out.push_str("<g clip-path=\"url(#map)\">\n");
    for circle in map.sites.iter().flat_map(|site| &site.circles) {
        let areas: String = circle.areas().iter().map(|area| path(area) + "z").collect();
        let _ = writeln!(out, "<path class=\"circle-area\" d=\"{areas}\"/>");
        let _ = writeln!(out, "<path class=\"circle\" d=\"{}\"/>", cut_path(&circle.edge));
    }
    for (index, track) in map.tracks.iter().enumerate() {
        let spots: Vec<Spot> = track.points.iter().map(|point| Spot::of(point.place)).collect();
        let _ = writeln!(
            out,
            "<path class=\"track\" stroke=\"{}\" d=\"{}\"/>",
            colour(index),
            cut_path(&spots)
        );
        arrows(out, index, &spots);
    }
    // One after the other, so that the white edges do not cut through contacts drawn before.
    for class in ["contact-edge", "contact"] {
        map.rows.iter().for_each(|row| contact(out, map, row, class));
    }
    for (index, track) in map.tracks.iter().enumerate() {
        marks(out, map, index, track);
    }
    out.push_str("</g>\n");
    stations(out, map);
}

fn graticule(out: &mut String) {
    for longitude in meridians() {
        let (x, y) = at(Spot::new(f64::from(longitude), -90.0));
        let _ = writeln!(out, "<path class=\"graticule\" d=\"M{x} {y}V{}\"/>", MAP.top);
        text(
            out,
            (x, y + 18.0),
            "small",
            "middle",
            &degrees_name(longitude, 'E', 'W'),
        );
    }
    for latitude in parallels() {
        let (x, y) = at(Spot::new(-180.0, f64::from(latitude)));
        let class = if latitude == 0 {
            "graticule equator"
        } else {
            "graticule"
        };
        let _ = writeln!(out, "<path class=\"{class}\" d=\"M{x} {y}H{}\"/>", MAP.left + MAP.width);
        text(
            out,
            (x - 8.0, y + 4.0),
            "small",
            "end",
            &degrees_name(latitude, 'N', 'S'),
        );
    }
}

/// Arrows along each piece, so that the direction is seen.
fn arrows(out: &mut String, satellite: usize, spots: &[Spot]) {
    for piece in pieces(spots) {
        let places: Vec<_> = piece.iter().map(|spot| at(*spot)).collect();
        let length = places
            .first()
            .zip(places.last())
            .map_or(0.0, |(a, b)| (a.0 - b.0).hypot(a.1 - b.1));
        let shares: &[f64] = match length {
            length if length < LEAST_FOR_ARROW => &[],
            length if length < LEAST_FOR_TWO_ARROWS => &[0.5],
            _ => &[0.3, 0.8],
        };
        for share in shares {
            let after = ((places.len() as f64 * share) as usize).clamp(1, places.len() - 1);
            let (a, b) = (places[after - 1], places[after]);
            let turn = (b.1 - a.1).atan2(b.0 - a.0).to_degrees();
            let _ = writeln!(
                out,
                "<path d=\"M-5 -4L5 0L-5 4z\" fill=\"{}\" transform=\"translate({:.1} {:.1}) rotate({turn:.0})\"/>",
                colour(satellite),
                b.0,
                b.1
            );
        }
    }
}

fn contact(out: &mut String, map: &Map<'_>, row: &Row, class: &str) {
    let line = cut_path(&map.tracks[row.satellite_index].spots_within(row.span));
    let _ = match class {
        "contact" => writeln!(
            out,
            "<path class=\"contact\" stroke=\"{}\" d=\"{line}\"><title>{}</title></path>",
            colour(row.satellite_index),
            told(row)
        ),
        _ => writeln!(out, "<path class=\"{class}\" d=\"{line}\"/>"),
    };
}

/// Where a satellite begins, and where it is at round times.
fn marks(out: &mut String, map: &Map<'_>, index: usize, track: &GroundTrack) {
    let start = map.interval().start();
    let Some(first) = track.spot_at(start).map(at) else {
        return;
    };
    if map.tracks.len() <= MOST_NAMES {
        let most = if map.tracks.len() == 1 {
            MOST_MARKS
        } else {
            MOST_MARKS / 2
        };
        let mut named = first;
        for (time, name) in map.ticks(most).into_iter().filter(|(time, _)| *time > start) {
            let Some(place) = track.spot_at(time).map(at) else {
                continue;
            };
            if (place.0 - named.0).hypot(place.1 - named.1) >= LEAST_BETWEEN_NAMES {
                mark(out, index, place, 2.5, ("small on-map", &name));
                named = place;
            }
        }
    }
    mark(out, index, first, 4.5, ("name on-map", &track.name));
}

/// A dot of a track with its name, which stands to the left where it would leave the map.
fn mark(out: &mut String, satellite: usize, (x, y): (f64, f64), radius: f64, (class, name): (&str, &str)) {
    let _ = writeln!(
        out,
        "<circle class=\"mark\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" fill=\"{}\"/>",
        colour(satellite)
    );
    let (x, anchor) = match x > MAP.left + MAP.width - 8.0 * name.chars().count() as f64 {
        true => (x - radius - 4.0, "end"),
        false => (x + radius + 4.0, "start"),
    };
    text(out, (x, y - 5.0), class, anchor, name);
}

fn stations(out: &mut String, map: &Map<'_>) {
    for (index, site) in map.sites.iter().enumerate() {
        let (x, y) = at(Spot::of(site.station.place()));
        let _ = writeln!(
            out,
            "<circle class=\"station\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\"><title>{}</title></circle>",
            place_name(site.station.place())
        );
        text(out, (x + 8.0, y + 14.0), "name on-map", "start", &index.to_string());
    }
}

fn times(out: &mut String, map: &Map<'_>) {
    let at_time = |time: Timestamp| TIME_LEFT + map.share(time).clamp(0.0, 1.0) * (TIME_RIGHT - TIME_LEFT);
    let bottom = TIME_TOP + LINE * map.sites.len() as f64;
    text(out, (MAP.left, TIME_TOP - 12.0), "name", "start", "Contacts");
    for (index, site) in map.sites.iter().enumerate() {
        let top = TIME_TOP + LINE * index as f64;
        let name = format!("{index}  {}", place_name(site.station.place()));
        text(out, (MAP.left, top + 15.0), "", "start", &name);
        text(out, (TIME_RIGHT + 12.0, top + 15.0), "", "start", &map.summary(index));
        let _ = writeln!(
            out,
            "<rect class=\"lane\" x=\"{TIME_LEFT}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            top + 2.0,
            TIME_RIGHT - TIME_LEFT,
            LINE - 4.0
        );
        for row in map.rows_of(index) {
            let (from, to) = (at_time(row.span.0), at_time(row.span.1));
            let _ = writeln!(
                out,
                "<rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{}\" fill-opacity=\".85\">\
                 <title>{}</title></rect>",
                top + 4.0,
                (to - from).max(1.0),
                LINE - 8.0,
                colour(row.satellite_index),
                told(row)
            );
        }
    }
    for (time, name) in map.ticks(12) {
        let x = at_time(time);
        let _ = writeln!(
            out,
            "<path class=\"axis\" d=\"M{x:.1} {TIME_TOP}V{:.1}\"/>",
            bottom + 4.0
        );
        text(out, (x, bottom + 18.0), "small", "middle", &name);
    }
}

/// A contact in words, for whoever points at it.
fn told(row: &Row) -> String {
    escaped(&format!(
        "{} over station {}: {} to {}, {:.0} s, up to {:.1}°",
        row.satellite, row.station, row.start, row.end, row.duration_s, row.max_elevation_deg
    ))
}

/// Where a spot is on the page.
fn at(spot: Spot) -> (f64, f64) {
    (
        MAP.left + (spot.longitude + 180.0) * SCALE,
        MAP.top + (90.0 - spot.latitude) * SCALE,
    )
}

fn path(spots: &[Spot]) -> String {
    let mut out = String::with_capacity(spots.len() * 12);
    for (index, spot) in spots.iter().enumerate() {
        let (x, y) = at(*spot);
        let _ = write!(out, "{}{x:.1} {y:.1}", if index == 0 { 'M' } else { 'L' });
    }
    out
}

fn cut_path(spots: &[Spot]) -> String {
    pieces(spots).iter().map(|piece| path(piece)).collect()
}

fn text(out: &mut String, (x, y): (f64, f64), class: &str, anchor: &str, text: &str) {
    let text = escaped(text);
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\" text-anchor=\"{anchor}\">{text}</text>"
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
