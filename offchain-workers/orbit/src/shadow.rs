//! When the Earth stands before the Sun.

use crate::frames::{days_since_j2000, gmst_rad, EARTH_RADIUS_KM};
use crate::signal::{positive_spans, Sample, Signal};
use crate::track::Track;
use crate::{Error, Interval, Propagator, Vector};
use jiff::Timestamp;

const ASTRONOMICAL_UNIT_KM: f64 = 149_597_870.7;
const SUN_RADIUS_KM: f64 = 695_700.0;

/// Times in shadow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Eclipses {
    /// The Sun is hidden at least in part; each umbra lies within one of these.
    pub penumbra: Vec<Interval>,
    /// The Sun is hidden wholly.
    pub umbra: Vec<Interval>,
}

/// All eclipses by the Earth within the interval, cut at its ends. The Earth is a sphere without air here.
pub fn eclipses(propagator: &Propagator, interval: Interval) -> Result<Eclipses, Error> {
    let track = Track::new(propagator, interval)?;
    let spans = |hidden: Hidden| {
        let shadow = Shadow { track: &track, hidden };
        let spans = positive_spans(&shadow, track.seconds(interval.start()), track.seconds(interval.end()));
        let instants = spans
            .into_iter()
            .map(|(a, b)| Interval::part(track.instant(a), track.instant(b)));
        instants.collect::<Vec<_>>()
    };
    Ok(Eclipses {
        penumbra: spans(Hidden::InPart),
        umbra: spans(Hidden::Wholly),
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Hidden {
    InPart,
    Wholly,
}

/// How far the disc of the Earth reaches over that of the Sun, in radians.
struct Shadow<'a> {
    track: &'a Track,
    hidden: Hidden,
}

impl Signal for Shadow<'_> {
    fn sample(&self, at: f64) -> Sample {
        let position = self.track.at(at).0;
        let time = self.track.instant(at);
        let to_sun = sun(time).in_frame_turned_by(gmst_rad(time)) - position;
        let earth = (EARTH_RADIUS_KM / position.norm()).min(1.0).asin();
        let sun = (SUN_RADIUS_KM / to_sun.norm()).asin();
        let apart = (-position.dot(to_sun) / (position.norm() * to_sun.norm()))
            .clamp(-1.0, 1.0)
            .acos();
        let value = match self.hidden {
            Hidden::InPart => earth + sun - apart,
            Hidden::Wholly => earth - sun - apart,
        };
        Sample { value, holds_s: 0.0 }
    }

    fn fine_step_s(&self) -> f64 {
        self.track.step_s()
    }
}

/// The Sun in the mean equator and equinox of date, km: the Astronomical Almanac's short formula, good to 0.01 degrees.
fn sun(at: Timestamp) -> Vector {
    let days = days_since_j2000(at);
    let anomaly = (357.528 + 0.985_600_3 * days).to_radians();
    let mean_longitude = 280.460 + 0.985_647_4 * days;
    let longitude = (mean_longitude + 1.915 * anomaly.sin() + 0.020 * (2.0 * anomaly).sin()).to_radians();
    let obliquity = (23.439 - 4e-7 * days).to_radians();
    let distance = (1.000_14 - 0.016_71 * anomaly.cos() - 0.000_14 * (2.0 * anomaly).cos()) * ASTRONOMICAL_UNIT_KM;
    let (sin, cos) = longitude.sin_cos();
    Vector::new(cos, sin * obliquity.cos(), sin * obliquity.sin()) * distance
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sun_stands_where_an_almanac_puts_it() {
        // Vallado, example 5-1: 2006-04-02T00:00Z, 146186212, 28788976, 12481064 km in the mean frame of date.
        let sun = sun("2006-04-02T00:00:00Z".parse().unwrap());
        let off = sun - Vector::new(146_186_212.0, 28_788_976.0, 12_481_064.0);
        // 0.02 degrees at the Sun's distance.
        assert!(off.norm() < 52_000.0, "{}", off.norm());
    }
}
