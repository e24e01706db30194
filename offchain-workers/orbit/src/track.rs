//! A stretch of orbit as a table, asked many times at a fraction of the theory's price.

use crate::frames::{gmst_rad, to_earth_fixed};
use crate::interval::{after, seconds_between};
use crate::{Error, Interval, Propagator, Vector};
use jiff::Timestamp;

/// Knots to a turn at perigee speed. The error between two knots goes with the fourth power of their distance; at this
/// one it stays below 15 cm for all orbits of the test below, and at some centimetres for low ones, which is
/// microseconds of a pass.
const KNOTS_PER_TURN: f64 = 240.0;
/// Knots at each side that a velocity is made of.
const REACH: usize = 2;

/// Earth-fixed position and velocity at a knot.
#[derive(Clone, Copy, Debug)]
struct Knot {
    position: Vector,
    velocity: Vector,
}

/// Cubic Hermite interpolation of the Earth-fixed orbit. Times are seconds since the elements' epoch.
#[derive(Clone, Debug)]
pub(crate) struct Track {
    epoch: Timestamp,
    first_s: f64,
    step_s: f64,
    knots: Vec<Knot>,
    top_speed: f64,
}

impl Track {
    pub fn new(propagator: &Propagator, interval: Interval) -> Result<Self, Error> {
        let epoch = propagator.epoch();
        let step_s = propagator.perigee_scale_s() / KNOTS_PER_TURN;
        let start = seconds_between(epoch, interval.start());
        let end = seconds_between(epoch, interval.end());
        // Knots lie at multiples of the step from the epoch, so that every search sees the same curve.
        let first = (start / step_s).floor();
        let count = ((end / step_s).ceil() - first) as usize + 1;
        let first_s = first * step_s;
        let mut states = Vec::with_capacity(count + 2 * REACH);
        for index in 0..count + 2 * REACH {
            let seconds = first_s + (index as f64 - REACH as f64) * step_s;
            // Outside what was asked the orbit may have ended.
            let needed = (start..=end).contains(&seconds);
            match knot(propagator, seconds) {
                Err(error) if needed => return Err(error),
                state => states.push(state.ok()),
            }
        }
        let knots = fitted(propagator, &states, first_s, step_s, start, end)?;
        let top_speed = knots.iter().map(|knot| knot.velocity.norm()).fold(0.0, f64::max);
        Ok(Self {
            epoch,
            first_s,
            step_s,
            knots,
            // Between knots the speed is a little higher at most.
            top_speed: top_speed * 1.01,
        })
    }

    /// Position and velocity, km and km/s.
    pub fn at(&self, seconds: f64) -> (Vector, Vector) {
        let place = (seconds - self.first_s) / self.step_s;
        let index = (place.max(0.0) as usize).min(self.knots.len().saturating_sub(2));
        let (a, b) = (self.knots[index], self.knots[(index + 1).min(self.knots.len() - 1)]);
        let s = place - index as f64;
        let r = s - 1.0;
        let (rise_a, rise_b) = (a.velocity * self.step_s, b.velocity * self.step_s);
        let position = a.position * ((1.0 + 2.0 * s) * r * r)
            + rise_a * (s * r * r)
            + b.position * (s * s * (3.0 - 2.0 * s))
            + rise_b * (s * s * r);
        let slope =
            (a.position - b.position) * (6.0 * s * r) + rise_a * (r * (3.0 * s - 1.0)) + rise_b * (s * (3.0 * s - 2.0));
        (position, slope * (1.0 / self.step_s))
    }

    /// Highest Earth-fixed speed, km/s.
    pub fn top_speed(&self) -> f64 {
        self.top_speed
    }

    pub fn step_s(&self) -> f64 {
        self.step_s
    }

    pub fn seconds(&self, at: Timestamp) -> f64 {
        seconds_between(self.epoch, at)
    }

    pub fn instant(&self, seconds: f64) -> Timestamp {
        after(self.epoch, seconds)
    }
}

fn knot(propagator: &Propagator, seconds: f64) -> Result<Knot, Error> {
    let state = propagator.state_after(seconds)?;
    let (position, velocity) = to_earth_fixed(
        state.position,
        state.velocity,
        gmst_rad(after(propagator.epoch(), seconds)),
    );
    Ok(Knot { position, velocity })
}

/// The knots without their outermost neighbours, with velocities that are the slopes of the positions.
///
/// The theory's own velocity leaves out the slopes of some periodic terms. That is nothing to a velocity, but metres to
/// a curve that is bent to it.
fn fitted(
    propagator: &Propagator,
    states: &[Option<Knot>],
    first_s: f64,
    step_s: f64,
    start: f64,
    end: f64,
) -> Result<Vec<Knot>, Error> {
    let fit = |(index, around): (usize, &[Option<Knot>])| match *around {
        [Some(a), Some(b), Some(knot), Some(d), Some(e)] => Ok(Knot {
            position: knot.position,
            velocity: ((d.position - b.position) * 8.0 - (e.position - a.position)) * (1.0 / (12.0 * step_s)),
        }),
        [_, _, Some(knot), _, _] => Ok(knot),
        _ => {
            let seconds = first_s + index as f64 * step_s;
            let edge = seconds.clamp(start, end);
            let Knot { position, velocity } = knot(propagator, edge)?;
            Ok(Knot {
                position: position + velocity * (seconds - edge),
                velocity,
            })
        }
    };
    states.windows(2 * REACH + 1).enumerate().map(fit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elements;

    /// Largest distance from the theory, halfway between knots and elsewhere, within two days.
    fn error_km(mean_motion_rev_day: f64, eccentricity: f64, inclination_deg: f64) -> f64 {
        let epoch: Timestamp = "2024-03-01T00:00:00Z".parse().unwrap();
        let elements = Elements {
            name: None,
            designator: None,
            catalogue_number: 1,
            classification: Default::default(),
            epoch,
            mean_motion_rev_day,
            eccentricity,
            inclination_deg,
            right_ascension_deg: 40.0,
            argument_of_perigee_deg: 270.0,
            mean_anomaly_deg: 10.0,
            bstar: 1e-4,
            mean_motion_dot: 0.0,
            mean_motion_ddot: 0.0,
            set_number: 0,
            revolution: 0,
        };
        let propagator = Propagator::new(&elements).unwrap();
        let interval = Interval::new(epoch, after(epoch, 172_800.0)).unwrap();
        let track = Track::new(&propagator, interval).unwrap();
        let mut worst = 0.0_f64;
        for index in 0..100_000 {
            let seconds = f64::from(index) * 1.728;
            let exact = knot(&propagator, seconds).unwrap();
            worst = worst.max((track.at(seconds).0 - exact.position).norm());
        }
        worst
    }

    #[test]
    fn the_table_stays_within_centimetres_of_the_theory() {
        for (mean_motion, eccentricity, inclination, limit_km) in [
            (15.5, 0.0007, 51.6, 5e-5),
            (14.2, 0.001, 98.0, 5e-5),
            (13.0, 0.1, 30.0, 5e-5),
            (2.0, 0.01, 55.0, 1.5e-4),
            (2.006, 0.72, 63.4, 1.5e-4),
            (3.58, 0.572, 0.0, 1.5e-4),
            (1.0027, 0.0002, 0.1, 1.5e-4),
        ] {
            let error = error_km(mean_motion, eccentricity, inclination);
            println!("{mean_motion} rev/day, e {eccentricity}: {:.2} cm", error * 1e5);
            assert!(error < limit_km, "{mean_motion} {eccentricity}: {error} km");
        }
    }
}
