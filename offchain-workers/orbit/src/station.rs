//! Ground stations and what they can see.

use crate::frames::{Axes, Geodetic};
use crate::{Error, Vector};
use std::str::FromStr;

/// The elevation from which a station sees the sky.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    /// Azimuth and elevation in degrees; azimuths ascend from 0 to below 360. One point is a constant mask.
    points: Vec<(f64, f64)>,
}

impl Mask {
    /// Far more points than a surveyed horizon has.
    const MOST_POINTS: usize = 3_600;

    /// The same elevation all around.
    pub fn constant(elevation_deg: f64) -> Result<Self, Error> {
        Self::by_azimuth(&[(0.0, elevation_deg)])
    }

    /// Points of azimuth (from north over east) and elevation, in degrees. Between two points the mask is a straight
    /// line, and the last point is joined to the first.
    pub fn by_azimuth(points: &[(f64, f64)]) -> Result<Self, Error> {
        let outside = |what, value, expected| Error::Mask { what, value, expected };
        if points.is_empty() || points.len() > Self::MOST_POINTS {
            return Err(outside("number of points", points.len() as f64, "1 to 3600"));
        }
        let mut points = points.to_vec();
        for (azimuth, elevation) in &mut points {
            if !(0.0..=360.0).contains(azimuth) {
                return Err(outside("azimuth", *azimuth, "0 to 360 degrees"));
            }
            if !(-90.0..=90.0).contains(elevation) {
                return Err(outside("elevation", *elevation, "-90 to 90 degrees"));
            }
            *azimuth %= 360.0;
        }
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        // Surveys often close the circle: 360 says again what 0 said.
        points.dedup();
        if let Some(step) = points.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(Error::MaskStep {
                azimuth_deg: step[0].0,
                elevations_deg: (step[0].1, step[1].1),
            });
        }
        Ok(Self { points })
    }

    /// The elevation at an azimuth, both in degrees.
    pub fn elevation_deg(&self, azimuth_deg: f64) -> f64 {
        let after = self.points.partition_point(|(azimuth, _)| *azimuth <= azimuth_deg);
        let count = self.points.len();
        let (from, low) = self.points[(after + count - 1) % count];
        let (to, high) = self.points[after % count];
        let width = (to - from).rem_euclid(360.0);
        if width == 0.0 {
            return low;
        }
        low + (high - low) * ((azimuth_deg - from).rem_euclid(360.0) / width)
    }

    /// Lowest and highest elevation, in degrees.
    pub fn range_deg(&self) -> (f64, f64) {
        let elevations = self.points.iter().map(|(_, elevation)| *elevation);
        elevations.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), elevation| {
            (low.min(elevation), high.max(elevation))
        })
    }
}

/// A place on the ground with a mask.
#[derive(Clone, Debug, PartialEq)]
pub struct Station {
    place: Geodetic,
    mask: Mask,
    position: Vector,
    axes: Axes,
}

impl Station {
    /// WGS-84 degrees and metres over the ellipsoid. Longitudes go from -180 to 360, east is positive.
    pub fn new(latitude_deg: f64, longitude_deg: f64, altitude_m: f64, mask: Mask) -> Result<Self, Error> {
        let outside = |what, value, expected| Error::OutsideGlobe {
            text: format!("{latitude_deg},{longitude_deg},{altitude_m}"),
            what,
            value,
            expected,
        };
        if !(-90.0..=90.0).contains(&latitude_deg) {
            return Err(outside("latitude", latitude_deg, "-90 to 90 degrees"));
        }
        if !(-180.0..=360.0).contains(&longitude_deg) {
            return Err(outside("longitude", longitude_deg, "-180 to 360 degrees"));
        }
        // From below the Dead Sea to above the highest balloon.
        if !(-1_000.0..=60_000.0).contains(&altitude_m) {
            return Err(outside("altitude", altitude_m, "-1000 to 60000 metres"));
        }
        let place = Geodetic {
            latitude_deg,
            longitude_deg,
            altitude_km: altitude_m / 1_000.0,
        };
        Ok(Self {
            place,
            mask,
            position: place.to_earth_fixed(),
            axes: Axes::at(place),
        })
    }

    /// Where it is.
    pub fn place(&self) -> Geodetic {
        self.place
    }

    /// What it sees.
    pub fn mask(&self) -> &Mask {
        &self.mask
    }

    /// Earth-fixed coordinates, km.
    pub fn position(&self) -> Vector {
        self.position
    }

    pub(crate) fn axes(&self) -> &Axes {
        &self.axes
    }
}

/// `LAT,LON,ALT_M` with the horizon as mask, or `LAT,LON,ALT_M,MASK`, where the mask is an elevation (`10`) or points
/// of azimuth and elevation (`0:5/90:12.5/180:5`).
impl FromStr for Station {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let syntax = |reason: String| Error::StationSyntax {
            text: text.to_owned(),
            reason,
        };
        let number = |field: &str, what: &str| {
            let field = field.trim();
            field
                .parse::<f64>()
                .map_err(|_| syntax(format!("`{field}` is no {what}")))
        };
        let fields: Vec<&str> = text.split(',').collect();
        let (latitude, longitude, altitude, mask) = match fields[..] {
            [latitude, longitude, altitude] => (latitude, longitude, altitude, None),
            [latitude, longitude, altitude, mask] => (latitude, longitude, altitude, Some(mask)),
            _ => return Err(syntax(format!("has {} fields", fields.len()))),
        };
        let mask = match mask {
            None => Mask::constant(0.0)?,
            Some(points) if points.contains(':') => {
                let point = |point: &str| match point.split_once(':') {
                    Some((azimuth, elevation)) => Ok((number(azimuth, "azimuth")?, number(elevation, "elevation")?)),
                    None => Err(syntax(format!("`{point}` is no AZIMUTH:ELEVATION"))),
                };
                Mask::by_azimuth(&points.split('/').map(point).collect::<Result<Vec<_>, _>>()?)?
            }
            Some(elevation) => Mask::constant(number(elevation, "mask")?)?,
        };
        Self::new(
            number(latitude, "latitude")?,
            number(longitude, "longitude")?,
            number(altitude, "altitude")?,
            mask,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_lines_between_points_and_close_over_north() {
        let mask = Mask::by_azimuth(&[(270.0, 20.0), (90.0, 10.0)]).unwrap();
        for (azimuth, elevation) in [(90.0, 10.0), (180.0, 15.0), (270.0, 20.0), (0.0, 15.0), (45.0, 12.5)] {
            assert!((mask.elevation_deg(azimuth) - elevation).abs() < 1e-12, "{azimuth}");
        }
        assert_eq!(mask.range_deg(), (10.0, 20.0));
    }

    #[test]
    fn constant_masks_are_the_same_everywhere() {
        let mask = Mask::constant(7.5).unwrap();
        for azimuth in [0.0, 1.0, 359.9] {
            assert_eq!(mask.elevation_deg(azimuth), 7.5);
        }
    }

    #[test]
    fn impossible_masks_are_refused() {
        for points in [&[][..], &[(361.0, 0.0)], &[(0.0, 91.0)], &[(0.0, f64::NAN)]] {
            assert!(
                matches!(Mask::by_azimuth(points), Err(Error::Mask { .. })),
                "{points:?}"
            );
        }
    }

    #[test]
    fn a_closed_horizon_may_say_its_first_point_again() {
        let open = Mask::by_azimuth(&[(0.0, 5.0), (180.0, 9.0)]).unwrap();
        assert_eq!(Mask::by_azimuth(&[(0.0, 5.0), (180.0, 9.0), (360.0, 5.0)]), Ok(open));
        let error = Mask::by_azimuth(&[(0.0, 1.0), (360.0, 2.0)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "mask: azimuth 0 has two elevations, 1 and 2; write a steep side as two azimuths"
        );
    }

    #[test]
    fn stations_are_read_from_text() {
        let station: Station = "45.51,-119.37,200,10".parse().unwrap();
        assert_eq!(
            station,
            Station::new(45.51, -119.37, 200.0, Mask::constant(10.0).unwrap()).unwrap()
        );
        let station: Station = "1, 2, 3".parse().unwrap();
        assert_eq!(station.mask(), &Mask::constant(0.0).unwrap());
        let station: Station = "1,2,3,0:5/180:15".parse().unwrap();
        assert_eq!(station.mask().elevation_deg(90.0), 10.0);
    }

    #[test]
    fn stations_outside_the_globe_are_refused_by_what_is_wrong() {
        for (text, named) in [
            ("91,0,0", "latitude"),
            ("-90.1,0,0", "latitude"),
            ("nan,0,0", "latitude"),
            ("0,361,0", "longitude"),
            ("0,-181,0", "longitude"),
            ("0,0,inf", "altitude"),
            ("0,0,400000", "altitude"),
        ] {
            match text.parse::<Station>().unwrap_err() {
                Error::OutsideGlobe { what, .. } => assert_eq!(what, named, "{text}"),
                other => panic!("{text}: {other}"),
            }
        }
        for text in ["", "1,2", "1,2,3,4,5", "a,2,3", "1,2,3,x", "1,2,3,1:2/3"] {
            assert!(
                matches!(text.parse::<Station>(), Err(Error::StationSyntax { .. })),
                "{text}"
            );
        }
        assert!(matches!("1,2,3,95".parse::<Station>(), Err(Error::Mask { .. })));
    }
}
