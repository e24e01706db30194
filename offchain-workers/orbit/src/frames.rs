//! From the inertial frame of SGP4 to the ground.

use crate::Vector;
use jiff::Timestamp;
use std::f64::consts::TAU;

/// Equatorial radius of the WGS-84 ellipsoid, km.
pub(crate) const EARTH_RADIUS_KM: f64 = 6_378.137;
const FLATTENING: f64 = 1.0 / 298.257_223_563;
const ECCENTRICITY_SQUARED: f64 = FLATTENING * (2.0 - FLATTENING);
/// Turn of the Earth against the mean equinox of date, rad/s: the derivative of [`gmst_rad`] in our century.
const TURN_RAD_S: f64 = TAU * 1.002_737_909_350_795 / 86_400.0;

/// Days since 2000-01-01T12:00 UTC.
pub(crate) fn days_since_j2000(at: Timestamp) -> f64 {
    const J2000_UNIX_S: i128 = 946_728_000;
    (at.as_nanosecond() - J2000_UNIX_S * 1_000_000_000) as f64 / 86_400e9
}

/// Greenwich mean sidereal time (IAU 1982), with UTC for UT1.
pub fn gmst_rad(at: Timestamp) -> f64 {
    let days = days_since_j2000(at);
    let centuries = days / 36_525.0;
    // Whole days turn out of the large term first: that keeps 1e-11 rad where the plain polynomial keeps 1e-9.
    let turns = days.fract() + days * 0.002_737_909_350_795 + 67_310.548_41 / 86_400.0;
    let slow = (0.093_104 - 6.2e-6 * centuries) * centuries * centuries / 86_400.0;
    // What 8,640,184.812866 s a century is more than 0.002737909350795 turns a day.
    let rest = (8_640_184.812_866 / 86_400.0 - 0.002_737_909_350_795 * 36_525.0) * centuries;
    ((turns + slow + rest) * TAU).rem_euclid(TAU)
}

/// Position and velocity in the frame that turns with the Earth (polar motion is left out).
pub(crate) fn to_earth_fixed(position: Vector, velocity: Vector, gmst: f64) -> (Vector, Vector) {
    let position = position.in_frame_turned_by(gmst);
    let velocity = velocity.in_frame_turned_by(gmst);
    let carried = Vector::new(-TURN_RAD_S * position.y, TURN_RAD_S * position.x, 0.0);
    (position, velocity - carried)
}

/// A place by WGS-84 coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geodetic {
    /// North is positive.
    pub latitude_deg: f64,
    /// East is positive, from -180 to 180.
    pub longitude_deg: f64,
    /// Height over the ellipsoid.
    pub altitude_km: f64,
}

impl Geodetic {
    /// The place below, on or above the ellipsoid that has these Earth-fixed coordinates.
    pub fn from_earth_fixed(position: Vector) -> Self {
        let across = position.x.hypot(position.y);
        let mut latitude = position.z.atan2(across * (1.0 - ECCENTRICITY_SQUARED));
        let mut normal = EARTH_RADIUS_KM;
        // Each round gains two digits near the ground and more above it.
        for _ in 0..8 {
            normal = EARTH_RADIUS_KM / (1.0 - ECCENTRICITY_SQUARED * latitude.sin().powi(2)).sqrt();
            latitude = (position.z + ECCENTRICITY_SQUARED * normal * latitude.sin()).atan2(across);
        }
        // Of the two ways to the height the one that divides by the larger of sine and cosine.
        let (sin, cos) = latitude.sin_cos();
        let altitude_km = match cos.abs() > 0.5 {
            true => across / cos - normal,
            false => position.z / sin - normal * (1.0 - ECCENTRICITY_SQUARED),
        };
        Self {
            latitude_deg: latitude.to_degrees(),
            longitude_deg: position.y.atan2(position.x).to_degrees(),
            altitude_km,
        }
    }

    /// Earth-fixed coordinates.
    pub fn to_earth_fixed(self) -> Vector {
        let (sin, cos) = self.latitude_deg.to_radians().sin_cos();
        let (east, north) = self.longitude_deg.to_radians().sin_cos();
        let normal = EARTH_RADIUS_KM / (1.0 - ECCENTRICITY_SQUARED * sin * sin).sqrt();
        let across = (normal + self.altitude_km) * cos;
        Vector::new(
            across * north,
            across * east,
            (normal * (1.0 - ECCENTRICITY_SQUARED) + self.altitude_km) * sin,
        )
    }
}

/// East, north and up at a place, as Earth-fixed unit vectors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Axes {
    pub east: Vector,
    pub north: Vector,
    pub up: Vector,
}

impl Axes {
    pub fn at(place: Geodetic) -> Self {
        let (sin_lat, cos_lat) = place.latitude_deg.to_radians().sin_cos();
        let (sin_lon, cos_lon) = place.longitude_deg.to_radians().sin_cos();
        Self {
            east: Vector::new(-sin_lon, cos_lon, 0.0),
            north: Vector::new(-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat),
            up: Vector::new(cos_lat * cos_lon, cos_lat * sin_lon, sin_lat),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sidereal_time_is_the_polynomial_of_1982() {
        // The time of an example in Vallado, Fundamentals of Astrodynamics, with the polynomial in forty digits.
        let at: Timestamp = "1992-08-20T12:14:00Z".parse().unwrap();
        assert!((gmst_rad(at).to_degrees() - 152.578_787_851_657).abs() < 1e-9);
    }

    #[test]
    fn the_turn_rate_is_the_derivative_of_sidereal_time() {
        let a: Timestamp = "2024-05-01T00:00:00Z".parse().unwrap();
        let b: Timestamp = "2024-05-01T00:10:00Z".parse().unwrap();
        let rate = (gmst_rad(b) - gmst_rad(a)).rem_euclid(TAU) / 600.0;
        assert!((rate - TURN_RAD_S).abs() < 1e-14, "{rate} {TURN_RAD_S}");
    }

    #[test]
    fn places_survive_the_way_through_cartesian_coordinates() {
        for latitude_deg in [-90.0, -89.999, -45.0, -0.001, 0.0, 30.0, 60.0, 89.999, 90.0] {
            for altitude_km in [-0.4, 0.0, 8.8, 420.0, 36_000.0] {
                let place = Geodetic {
                    latitude_deg,
                    longitude_deg: 12.5,
                    altitude_km,
                };
                let back = Geodetic::from_earth_fixed(place.to_earth_fixed());
                assert!((back.latitude_deg - latitude_deg).abs() < 1e-9, "{place:?} {back:?}");
                assert!((back.altitude_km - altitude_km).abs() < 1e-6, "{place:?} {back:?}");
            }
        }
    }

    #[test]
    fn axes_are_orthonormal() {
        let axes = Axes::at(Geodetic {
            latitude_deg: -33.0,
            longitude_deg: 151.0,
            altitude_km: 0.0,
        });
        for (a, b, expected) in [
            (axes.east, axes.north, 0.0),
            (axes.north, axes.up, 0.0),
            (axes.up, axes.east, 0.0),
            (axes.up, axes.up, 1.0),
        ] {
            assert!((a.dot(b) - expected).abs() < 1e-15);
        }
    }
}
