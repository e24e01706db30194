//! SGP4 in its two modes.

use crate::frames::{gmst_rad, to_earth_fixed, Geodetic};
use crate::interval::{after, seconds_between};
use crate::{Elements, Error, Interval, Vector};
use jiff::Timestamp;
use sgp4::chrono::{DateTime, NaiveDateTime};
use sgp4::{Geopotential, MinutesSinceEpoch, Orbit, WGS72, WGS84};

/// The two sets of small choices under which SGP4 is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The corrected theory.
    #[default]
    Improved,
    /// The choices of the Air Force Space Command's program. Some deep-space orbits differ by up to a kilometre.
    Afspc,
}

/// The constants of gravity under which SGP4 is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gravity {
    /// Those of the makers of elements.
    #[default]
    Wgs72,
    /// Those that some other programs take. The elements were not made for them: positions differ by tens of metres.
    Wgs84,
}

impl Gravity {
    fn constants(self) -> Geopotential {
        match self {
            Self::Wgs72 => WGS72,
            Self::Wgs84 => WGS84,
        }
    }
}

/// Where a satellite is, in the true equator, mean equinox frame of date (TEME).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct State {
    /// km.
    pub position: Vector,
    /// km/s.
    pub velocity: Vector,
}

/// Elements that are ready to be asked.
#[derive(Clone, Debug)]
pub struct Propagator {
    constants: sgp4::Constants,
    mode: Mode,
    epoch: Timestamp,
    mean_motion: f64,
    eccentricity: f64,
}

impl Propagator {
    /// Uncertainty of good elements at their epoch.
    const ERROR_AT_EPOCH_KM: f64 = 1.0;
    /// The upper of the 1 to 3 km by which low orbits leave their elements each day.
    const ERROR_GROWTH_KM_PER_DAY: f64 = 3.0;

    /// In the improved mode.
    pub fn new(elements: &Elements) -> Result<Self, Error> {
        Self::with_mode(elements, Mode::default())
    }

    /// In the mode named.
    pub fn with_mode(elements: &Elements, mode: Mode) -> Result<Self, Error> {
        Self::with_gravity(elements, mode, Gravity::default())
    }

    /// In the mode named, with gravity that may be another than that of the elements.
    pub fn with_gravity(elements: &Elements, mode: Mode, gravity: Gravity) -> Result<Self, Error> {
        elements.check()?;
        let epoch = calendar(elements.epoch);
        let geopotential = gravity.constants();
        let orbit = Orbit::from_kozai_elements(
            &geopotential,
            elements.inclination_deg.to_radians(),
            elements.right_ascension_deg.to_radians(),
            elements.eccentricity,
            elements.argument_of_perigee_deg.to_radians(),
            elements.mean_anomaly_deg.to_radians(),
            elements.mean_motion_rev_day * (std::f64::consts::PI / 720.0),
        )
        .map_err(|_| no_mean_motion(elements))?;
        // The published program keeps the epoch as one Julian date, good to 40 microseconds of the Moon's way, and the
        // published states show it: by 4 millimetres in the most eccentric of them. So both modes take it like that.
        let years = sgp4::julian_years_since_j2000_afspc_compatibility_mode(&epoch);
        let sidereal_time = match mode {
            Mode::Improved => sgp4::iau_epoch_to_sidereal_time,
            Mode::Afspc => sgp4::afspc_epoch_to_sidereal_time,
        };
        let constants =
            sgp4::Constants::new(geopotential, sidereal_time, years, elements.bstar, orbit).map_err(|error| {
                Error::Unphysical {
                    what: "eccentricity",
                    value: error.0,
                    expected: "0 to below 1",
                }
            })?;
        Ok(Self {
            constants,
            mode,
            epoch: elements.epoch,
            mean_motion: elements.mean_motion_rev_day,
            eccentricity: elements.eccentricity,
        })
    }

    /// Epoch of the elements.
    pub fn epoch(&self) -> Timestamp {
        self.epoch
    }

    /// The mode chosen.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Time of one revolution, by the mean motion at epoch.
    pub fn period_s(&self) -> f64 {
        86_400.0 / self.mean_motion
    }

    /// Time in which a circular orbit through the perigee would turn once, by the speed at perigee: what happens near
    /// the perigee happens on this scale.
    pub(crate) fn perigee_scale_s(&self) -> f64 {
        self.period_s() * (1.0 - self.eccentricity).powi(2) / (1.0 - self.eccentricity.powi(2)).sqrt()
    }

    /// Position and velocity in TEME.
    pub fn state(&self, at: Timestamp) -> Result<State, Error> {
        self.state_after(seconds_between(self.epoch, at))
    }

    /// The same by seconds since epoch.
    pub(crate) fn state_after(&self, seconds: f64) -> Result<State, Error> {
        let minutes = MinutesSinceEpoch(seconds / 60.0);
        let prediction = match self.mode {
            Mode::Improved => self.constants.propagate(minutes),
            Mode::Afspc => self.constants.propagate_afspc_compatibility_mode(minutes),
        }
        .map_err(|error| Error::Diverged {
            at: after(self.epoch, seconds),
            reason: error.to_string(),
        })?;
        let position = Vector::from(prediction.position);
        // The theory knows no air below the surface and would go on through the Earth.
        if position.norm() < WGS72.ae {
            return Err(Error::Decayed {
                at: after(self.epoch, seconds),
            });
        }
        Ok(State {
            position,
            velocity: prediction.velocity.into(),
        })
    }

    /// Position and velocity in the frame that turns with the Earth.
    pub fn earth_fixed(&self, at: Timestamp) -> Result<(Vector, Vector), Error> {
        let state = self.state(at)?;
        Ok(to_earth_fixed(state.position, state.velocity, gmst_rad(at)))
    }

    /// The place that the satellite stands over, and its height.
    pub fn ground_point(&self, at: Timestamp) -> Result<Geodetic, Error> {
        Ok(Geodetic::from_earth_fixed(self.earth_fixed(at)?.0))
    }

    /// How wrong the position may be at a time: a rule of thumb for low orbits, not a bound.
    pub fn expected_error_km(&self, at: Timestamp) -> f64 {
        Self::ERROR_AT_EPOCH_KM + self.age_days(at) * Self::ERROR_GROWTH_KM_PER_DAY
    }

    /// Refuses an interval in which the elements are too old for the accuracy asked.
    pub fn check_accuracy(&self, interval: Interval, asked_km: f64) -> Result<(), Error> {
        let ends = [interval.start(), interval.end()];
        let at = if self.age_days(ends[0]) > self.age_days(ends[1]) {
            ends[0]
        } else {
            ends[1]
        };
        let error_km = self.expected_error_km(at);
        if error_km <= asked_km {
            return Ok(());
        }
        Err(Error::TooOld {
            epoch: self.epoch,
            at,
            age_days: self.age_days(at),
            error_km,
            growth_km_per_day: Self::ERROR_GROWTH_KM_PER_DAY,
            asked_km,
        })
    }

    fn age_days(&self, at: Timestamp) -> f64 {
        seconds_between(self.epoch, at).abs() / 86_400.0
    }
}

fn no_mean_motion(elements: &Elements) -> Error {
    Error::Unphysical {
        what: "mean motion",
        value: elements.mean_motion_rev_day,
        expected: "a positive one, also after removing the Earth's oblateness",
    }
}

/// The epoch as the `sgp4` crate takes it.
fn calendar(at: Timestamp) -> NaiveDateTime {
    let nanos = at.as_nanosecond();
    // Years of elements lie between 1957 and 2056, and `Elements::check` has seen to it.
    DateTime::from_timestamp(
        nanos.div_euclid(1_000_000_000) as i64,
        nanos.rem_euclid(1_000_000_000) as u32,
    )
    .unwrap_or_default()
    .naive_utc()
}
