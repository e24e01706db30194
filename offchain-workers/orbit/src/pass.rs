//! Passes over stations.

use crate::frames::{gmst_rad, to_earth_fixed};
use crate::signal::{peak, positive_spans, Sample, Signal};
use crate::track::Track;
use crate::{Error, Interval, Propagator, Station, Vector, LIGHT_KM_S};
use jiff::{SignedDuration, Timestamp};

/// Tables are made for so much at a time, which bounds the memory of long searches.
const PART: SignedDuration = SignedDuration::from_hours(48);
/// No mask keeps a pass below this from being told apart, and none turns twice within it.
const FINE_STEP_S: f64 = 4.0;
/// Slower than anything that is not standing still.
const LEAST_SPEED: f64 = 1e-6;

/// A satellite as seen from a station at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// The instant.
    pub time: Timestamp,
    /// From north over east, 0 to 360.
    pub azimuth_deg: f64,
    /// Above the horizontal plane; there is no refraction in it.
    pub elevation_deg: f64,
    /// Distance.
    pub range_km: f64,
    /// Growth of the distance: negative while the satellite comes nearer.
    pub range_rate_km_s: f64,
}

impl Look {
    /// What to add to a frequency to find the signal on the way down.
    pub fn doppler_hz(&self, frequency_hz: f64) -> f64 {
        -frequency_hz * self.range_rate_km_s / LIGHT_KM_S
    }

    /// One way, in seconds.
    pub fn light_time_s(&self) -> f64 {
        self.range_km / LIGHT_KM_S
    }
}

/// A stretch of time in which a satellite stands above the mask of a station.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pass {
    /// Index of the station in the order given.
    pub station: usize,
    /// Rise, or the start of the search.
    pub start: Look,
    /// Where the elevation is highest.
    pub highest: Look,
    /// Set, or the end of the search.
    pub end: Look,
    /// The pass had begun before the search.
    pub cut_at_start: bool,
    /// The pass goes on after the search.
    pub cut_at_end: bool,
}

impl Pass {
    /// Length in seconds.
    pub fn seconds(&self) -> f64 {
        crate::interval::seconds_between(self.start.time, self.end.time)
    }
}

/// The satellite as seen from the station, by the theory itself.
pub fn look(propagator: &Propagator, station: &Station, at: Timestamp) -> Result<Look, Error> {
    let state = propagator.state(at)?;
    let fixed = to_earth_fixed(state.position, state.velocity, gmst_rad(at));
    Ok(seen(station, fixed, at))
}

/// All passes over the stations within the interval, ordered by start, then by station. Those of one station are
/// disjoint; passes that the interval cuts are cut.
pub fn passes(propagator: &Propagator, stations: &[Station], interval: Interval) -> Result<Vec<Pass>, Error> {
    let mut passes: Vec<Pass> = Vec::new();
    // Index of the pass that the part before left open, for each station.
    let mut open = vec![None; stations.len()];
    let mut start = interval.start();
    while start < interval.end() {
        let end = start.saturating_add(PART).unwrap_or(interval.end()).min(interval.end());
        let track = Track::new(propagator, Interval::part(start, end))?;
        for (index, station) in stations.iter().enumerate() {
            let mut before: Option<usize> = open[index].take();
            for pass in over_station(&track, index, station, start, end) {
                let place = match before.take().filter(|_| pass.cut_at_start) {
                    Some(first) => {
                        passes[first] = joined(passes[first], pass);
                        first
                    }
                    None => {
                        passes.push(pass);
                        passes.len() - 1
                    }
                };
                open[index] = pass.cut_at_end.then_some(place);
            }
        }
        start = end;
    }
    for pass in &mut passes {
        pass.cut_at_start &= pass.start.time == interval.start();
        pass.cut_at_end &= pass.end.time == interval.end();
    }
    passes.sort_by_key(|pass| (pass.start.time, pass.station));
    Ok(passes)
}

/// Two halves of one pass.
fn joined(first: Pass, second: Pass) -> Pass {
    let highest = match first.highest.elevation_deg >= second.highest.elevation_deg {
        true => first.highest,
        false => second.highest,
    };
    Pass {
        highest,
        end: second.end,
        cut_at_end: second.cut_at_end,
        ..first
    }
}

fn over_station(track: &Track, index: usize, station: &Station, start: Timestamp, end: Timestamp) -> Vec<Pass> {
    let sight = Sight::new(track, station);
    let (first, last) = (track.seconds(start), track.seconds(end));
    let spans = positive_spans(&sight, first, last).into_iter();
    spans
        .map(|(rise, set)| Pass {
            station: index,
            start: sight.look(rise),
            highest: sight.look(sight.highest(rise, set)),
            end: sight.look(set),
            cut_at_start: rise == first,
            cut_at_end: set == last,
        })
        .collect()
}

fn seen(station: &Station, (position, velocity): (Vector, Vector), time: Timestamp) -> Look {
    let axes = station.axes();
    let away = position - station.position();
    let range_km = away.norm();
    Look {
        time,
        azimuth_deg: away
            .dot(axes.east)
            .atan2(away.dot(axes.north))
            .to_degrees()
            .rem_euclid(360.0),
        elevation_deg: elevation(station, away, range_km).to_degrees(),
        range_km,
        range_rate_km_s: away.dot(velocity) / range_km,
    }
}

/// In radians. Near the zenith the arc sine loses half its digits, and elevation there is told by nobody.
fn elevation(station: &Station, away: Vector, range_km: f64) -> f64 {
    (away.dot(station.axes().up) / range_km).clamp(-1.0, 1.0).asin()
}

/// Elevation of a satellite above the mask of a station.
struct Sight<'a> {
    track: &'a Track,
    station: &'a Station,
    lowest_mask: f64,
    highest_mask: f64,
}

impl<'a> Sight<'a> {
    fn new(track: &'a Track, station: &'a Station) -> Self {
        let (low, high) = station.mask().range_deg();
        Self {
            track,
            station,
            lowest_mask: low.to_radians(),
            highest_mask: high.to_radians(),
        }
    }

    fn look(&self, seconds: f64) -> Look {
        seen(self.station, self.track.at(seconds), self.track.instant(seconds))
    }

    fn away(&self, seconds: f64) -> (Vector, f64) {
        let away = self.track.at(seconds).0 - self.station.position();
        (away, away.norm())
    }

    fn elevation(&self, seconds: f64) -> f64 {
        let (away, range) = self.away(seconds);
        elevation(self.station, away, range)
    }

    /// Growth of the elevation, up to a positive factor: the derivative of its sine.
    fn climb(&self, seconds: f64) -> f64 {
        let (position, velocity) = self.track.at(seconds);
        let away = position - self.station.position();
        let up = self.station.axes().up;
        velocity.dot(up) * away.dot(away) - away.dot(up) * away.dot(velocity)
    }

    fn mask(&self, away: Vector) -> f64 {
        if self.lowest_mask == self.highest_mask {
            return self.lowest_mask;
        }
        let axes = self.station.axes();
        let azimuth = away.dot(axes.east).atan2(away.dot(axes.north));
        self.station
            .mask()
            .elevation_deg(azimuth.to_degrees().rem_euclid(360.0))
            .to_radians()
    }

    /// How long an angle of `margin` lasts at least: the sight line turns by at most speed / range, and the range
    /// shrinks by at most the speed.
    fn lasts(&self, margin: f64, range: f64) -> f64 {
        range / self.track.top_speed().max(LEAST_SPEED) * -(-margin).exp_m1()
    }

    /// The instant of the highest elevation in a pass: the best of the table's steps, refined between its neighbours.
    fn highest(&self, rise: f64, set: f64) -> f64 {
        let steps = ((set - rise) / self.track.step_s()).ceil().max(2.0);
        let at = |step: f64| rise + (set - rise) * (step / steps).clamp(0.0, 1.0);
        let mut best = (0.0, f64::NEG_INFINITY);
        let mut step = 0.0;
        while step <= steps {
            let elevation = self.elevation(at(step));
            if elevation > best.1 {
                best = (step, elevation);
            }
            step += 1.0;
        }
        let (before, after) = (at(best.0 - 1.0), at(best.0 + 1.0));
        match (self.climb(before) > 0.0, self.climb(after) < 0.0) {
            (true, true) => peak(before, after, |t| self.climb(t)),
            _ => at(best.0),
        }
    }
}

impl Signal for Sight<'_> {
    fn sample(&self, at: f64) -> Sample {
        let (away, range) = self.away(at);
        let elevation = elevation(self.station, away, range);
        let margin = (self.lowest_mask - elevation).max(elevation - self.highest_mask);
        Sample {
            value: elevation - self.mask(away),
            holds_s: self.lasts(margin.max(0.0), range),
        }
    }

    fn fine_step_s(&self) -> f64 {
        FINE_STEP_S
    }
}
