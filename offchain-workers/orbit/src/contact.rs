//! Satellites that see each other.

use crate::frames::EARTH_RADIUS_KM;
use crate::signal::{positive_spans, Sample, Signal};
use crate::track::Track;
use crate::{Error, Interval, Propagator, Vector};

/// What a link between two satellites needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkLimits {
    /// The sight line passes the ground at least this high.
    pub clearance_km: f64,
    /// Longest distance, if there is one.
    pub longest_km: Option<f64>,
}

/// Above the weather and most of the air, without a limit of distance.
impl Default for LinkLimits {
    fn default() -> Self {
        Self {
            clearance_km: 100.0,
            longest_km: None,
        }
    }
}

/// When two satellites see each other past the Earth (a sphere of the equator's radius), cut at the interval's ends.
pub fn line_of_sight(
    one: &Propagator,
    other: &Propagator,
    interval: Interval,
    limits: LinkLimits,
) -> Result<Vec<Interval>, Error> {
    for (what, value) in [
        ("clearance", Some(limits.clearance_km)),
        ("longest distance", limits.longest_km),
    ] {
        if let Some(value) = value.filter(|value| !(0.0..1e7).contains(value)) {
            return Err(Error::Distance { what, value });
        }
    }
    let link = Link {
        one: Track::new(one, interval)?,
        other: Track::new(other, interval)?,
        later: crate::interval::seconds_between(other.epoch(), one.epoch()),
        limits,
    };
    let track = &link.one;
    let spans = positive_spans(&link, track.seconds(interval.start()), track.seconds(interval.end()));
    let instants = spans
        .into_iter()
        .map(|(a, b)| Interval::part(track.instant(a), track.instant(b)));
    Ok(instants.collect())
}

/// By how many kilometres a link is within its limits.
struct Link {
    one: Track,
    other: Track,
    /// From the other's epoch to the one's, in seconds.
    later: f64,
    limits: LinkLimits,
}

impl Signal for Link {
    fn sample(&self, at: f64) -> Sample {
        let (one, other) = (self.one.at(at).0, self.other.at(at + self.later).0);
        let clear = closest_to_centre(one, other) - EARTH_RADIUS_KM - self.limits.clearance_km;
        let near = self.limits.longest_km.map(|longest| longest - (other - one).norm());
        Sample {
            value: near.map_or(clear, |near| clear.min(near)),
            holds_s: 0.0,
        }
    }

    fn fine_step_s(&self) -> f64 {
        // Two orbits against each other turn at most twice as fast as the faster one.
        self.one.step_s().min(self.other.step_s()) / 2.0
    }
}

/// Distance of the centre of the Earth from the line between two points.
fn closest_to_centre(one: Vector, other: Vector) -> f64 {
    let along = other - one;
    let length = along.dot(along);
    if length == 0.0 {
        return one.norm();
    }
    let share = (-one.dot(along) / length).clamp(0.0, 1.0);
    (one + along * share).norm()
}
