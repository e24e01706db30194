//! Ground tracks, stations and contacts as a picture: for a terminal, as SVG, and as GeoJSON for other programs.
//!
//! The map is a plate carrée: a degree is as long east as north. Each picture shows the tracks, the stations with the
//! circles within which a satellite stands above their masks, the stretches of track in which it does, and below the map
//! the same contacts over time.

mod canvas;
mod geojson;
mod shape;
mod svg;
mod text;

pub use text::Screen;

use crate::interval::{after, seconds_between};
use crate::plan::{printable, Request, Row};
use crate::{Error, Geodetic, Interval, Propagator, Station};
use jiff::Timestamp;
use shape::{circle, Circle, Spot};

/// Points of a track to a turn at perigee speed: one for each degree.
const POINTS_PER_TURN: f64 = 360.0;
/// Points of all tracks together: beyond it they stand farther apart.
const MOST_POINTS: f64 = 200_000.0;
/// Circles of one station: satellites of about the same height share one.
const MOST_CIRCLES: usize = 4;
/// Heights that differ by less share a circle.
const SAME_HEIGHT: f64 = 0.9;

/// What there is to draw.
#[derive(Clone, Debug)]
pub struct Map<'a> {
    request: &'a Request<'a>,
    rows: Vec<Row>,
    tracks: Vec<GroundTrack>,
    sites: Vec<Site<'a>>,
}

/// Where a satellite goes over the ground.
#[derive(Clone, Debug)]
struct GroundTrack {
    name: String,
    points: Vec<Point>,
}

#[derive(Clone, Copy, Debug)]
struct Point {
    time: Timestamp,
    place: Geodetic,
    /// From here to the next point a station sees the satellite.
    seen: bool,
}

/// A stretch of a track that is in view throughout, or not at all.
struct Run {
    seen: bool,
    spots: Vec<Spot>,
}

/// A station and from where satellites are seen there.
#[derive(Clone, Debug)]
struct Site<'a> {
    station: &'a Station,
    circles: Vec<Circle>,
}

impl<'a> Map<'a> {
    /// The tracks of more days cover each other.
    pub const LIMIT_DAYS: u32 = 7;

    /// Finds the contacts and follows the tracks.
    pub fn new(request: &'a Request<'a>) -> Result<Self, Error> {
        let interval = request.interval;
        let days = interval.seconds() / 86_400.0;
        if days > f64::from(Self::LIMIT_DAYS) {
            return Err(Error::AbsurdInterval {
                days,
                limit_days: Self::LIMIT_DAYS,
            });
        }
        let rows = request.rows()?;
        let least_step_s = interval.seconds() * request.elements.len() as f64 / MOST_POINTS;
        let mut tracks = Vec::with_capacity(request.elements.len());
        for (index, elements) in request.elements.iter().enumerate() {
            let propagator = Propagator::with_mode(elements, request.mode)?;
            let spans: Vec<_> = rows
                .iter()
                .filter(|row| row.satellite_index == index)
                .map(|row| Interval::part(row.span.0, row.span.1))
                .collect();
            let seen = crate::union(spans, interval);
            tracks.push(GroundTrack {
                name: printable(&elements.label()),
                points: points(&propagator, interval, &seen, least_step_s)?,
            });
        }
        let heights = heights(&tracks);
        let site = |station| Site {
            station,
            circles: heights
                .iter()
                .filter_map(|height_km| circle(station, *height_km))
                .collect(),
        };
        Ok(Self {
            request,
            rows,
            sites: request.stations.iter().map(site).collect(),
            tracks,
        })
    }

    /// The contacts shown, ordered by start, then by station.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// A drawing as an SVG document.
    pub fn svg(&self) -> String {
        svg::render(self)
    }

    /// A drawing for a terminal of this size.
    pub fn text(&self, screen: Screen) -> String {
        text::render(self, screen)
    }

    /// Tracks, stations, circles and contacts as a GeoJSON feature collection.
    pub fn geojson(&self) -> String {
        geojson::render(self)
    }

    fn interval(&self) -> Interval {
        self.request.interval
    }

    /// Contacts of one station.
    fn rows_of(&self, station: usize) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.station == station)
    }

    /// `5 contacts, 27 min`.
    fn summary(&self, station: usize) -> String {
        let count = self.rows_of(station).count();
        let seconds: f64 = self.rows_of(station).map(|row| row.duration_s).sum();
        match count {
            0 => "no contact".to_owned(),
            1 => format!("1 contact, {:.0} min", seconds / 60.0),
            _ => format!("{count} contacts, {:.0} min", seconds / 60.0),
        }
    }

    /// `ISS (ZARYA), 2024-01-01 12:00 to 2024-01-01 14:00 UTC`.
    fn title(&self) -> String {
        let names = match self.tracks.as_slice() {
            [one] => one.name.clone(),
            many => format!("{} satellites", many.len()),
        };
        let clock = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M").to_string();
        let interval = self.interval();
        format!("{names}, {} to {} UTC", clock(interval.start()), clock(interval.end()))
    }

    /// Share of the interval that has passed at an instant.
    fn share(&self, at: Timestamp) -> f64 {
        seconds_between(self.interval().start(), at) / self.interval().seconds()
    }

    /// Round instants within the interval, at most so many, with what to call them.
    fn ticks(&self, most: usize) -> Vec<(Timestamp, String)> {
        let interval = self.interval();
        let step_s = round_step_s(interval.seconds(), most);
        let form = if interval.seconds() > 86_400.0 {
            "%m-%d %H:%M"
        } else {
            "%H:%M"
        };
        let first = (interval.start().as_second() as f64 / step_s).ceil() * step_s;
        (0..)
            .map(|index| after(Timestamp::UNIX_EPOCH, first + f64::from(index) * step_s))
            .take_while(|at| *at <= interval.end())
            .map(|at| (at, at.strftime(form).to_string()))
            .collect()
    }
}

impl GroundTrack {
    /// The track as stretches in view and out of it; neighbours share a point.
    fn runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for pair in self.points.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            match runs.last_mut() {
                Some(run) if run.seen == from.seen => run.spots.push(Spot::of(to.place)),
                _ => runs.push(Run {
                    seen: from.seen,
                    spots: vec![Spot::of(from.place), Spot::of(to.place)],
                }),
            }
        }
        runs
    }

    /// Least and greatest height.
    fn heights_km(&self) -> (f64, f64) {
        let heights = self.points.iter().map(|point| point.place.altitude_km);
        heights.fold((f64::MAX, 0.0), |(low, high), km| (low.min(km), high.max(km)))
    }

    /// The points within a contact.
    fn spots_within(&self, (from, to): (Timestamp, Timestamp)) -> Vec<Spot> {
        let within = |point: &&Point| point.time >= from && point.time <= to;
        self.points
            .iter()
            .filter(within)
            .map(|point| Spot::of(point.place))
            .collect()
    }

    /// Where the satellite is at about an instant.
    fn spot_at(&self, at: Timestamp) -> Option<Spot> {
        let next = self.points.partition_point(|point| point.time < at);
        self.points
            .get(next)
            .or(self.points.last())
            .map(|point| Spot::of(point.place))
    }
}

/// Points at even steps and at all edges of what is seen.
fn points(
    propagator: &Propagator,
    interval: Interval,
    seen: &[Interval],
    least_step_s: f64,
) -> Result<Vec<Point>, Error> {
    let step_s = (propagator.perigee_scale_s() / POINTS_PER_TURN).max(least_step_s);
    let steps = (interval.seconds() / step_s).ceil();
    let even = (0..=steps as u32).map(|step| after(interval.start(), interval.seconds() * f64::from(step) / steps));
    let edges = seen.iter().flat_map(|span| [span.start(), span.end()]);
    let mut times: Vec<Timestamp> = even.chain(edges).collect();
    times.sort_unstable();
    times.dedup();
    let mut seen = seen.iter().peekable();
    let point = |time| {
        while seen.next_if(|span| span.end() <= time).is_some() {}
        Ok(Point {
            time,
            place: propagator.ground_point(time)?,
            seen: seen.peek().is_some_and(|span| span.start() <= time),
        })
    };
    times.into_iter().map(point).collect()
}

/// Greatest heights of the tracks, highest first, without those that are nearly the same.
fn heights(tracks: &[GroundTrack]) -> Vec<f64> {
    let mut all: Vec<f64> = tracks.iter().map(|track| track.heights_km().1).collect();
    all.sort_by(|a, b| b.total_cmp(a));
    all.dedup_by(|lower, higher| *lower > *higher * SAME_HEIGHT);
    all.truncate(MOST_CIRCLES);
    all
}

/// The least round step of which at most so many fit.
fn round_step_s(seconds: f64, most: usize) -> f64 {
    const MINUTES: [u32; 13] = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880];
    let enough = |minutes: &u32| f64::from(*minutes) * 60.0 * most as f64 >= seconds;
    f64::from(MINUTES.into_iter().find(enough).unwrap_or(2_880)) * 60.0
}

/// `52.23°N 21.01°E`.
fn place_name(place: Geodetic) -> String {
    let side = |value: f64, positive, negative| if value < 0.0 { negative } else { positive };
    // Longitudes of stations go up to 360.
    let longitude = Spot::of(place).longitude;
    format!(
        "{:.2}°{} {:.2}°{}",
        place.latitude_deg.abs(),
        side(place.latitude_deg, 'N', 'S'),
        longitude.abs(),
        side(longitude, 'E', 'W'),
    )
}

/// `30°N`, `0°`, `150°W`.
fn degrees_name(value: i32, positive: char, negative: char) -> String {
    match value {
        0 | 180 | -180 => format!("{}°", value.abs()),
        _ => format!("{}°{}", value.abs(), if value > 0 { positive } else { negative }),
    }
}

/// Lines of the graticule, in degrees.
const GRATICULE_DEG: usize = 30;

fn meridians() -> impl Iterator<Item = i32> {
    (-180..=180).step_by(GRATICULE_DEG)
}

fn parallels() -> impl Iterator<Item = i32> {
    (-90..=90).step_by(GRATICULE_DEG)
}
