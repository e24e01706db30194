//! Lines and areas of the globe on a flat map whose left and right edges are the same meridian.

use crate::{Geodetic, Station};

/// Radius of the sphere that circles are drawn on, km.
const MEAN_RADIUS_KM: f64 = 6_371.0;
/// Corners of a circle, and of the mask behind it.
const CORNERS: usize = 180;
/// A step by more than this, this near to a pole, went over the pole.
const OVER_POLE_DEG: f64 = 90.0;
const NEAR_POLE_DEG: f64 = 80.0;

/// A point of the map, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spot {
    /// East is positive; from -180 to 180 unless a line goes on over the edge.
    pub longitude: f64,
    pub latitude: f64,
}

impl Spot {
    pub fn new(longitude: f64, latitude: f64) -> Self {
        Self { longitude, latitude }
    }

    pub fn of(place: Geodetic) -> Self {
        Self::new(turned(place.longitude_deg), place.latitude_deg)
    }
}

/// The longitude from -180 to 180 that means the same.
fn turned(longitude: f64) -> f64 {
    match (-180.0..=180.0).contains(&longitude) {
        true => longitude,
        false => (longitude + 180.0).rem_euclid(360.0) - 180.0,
    }
}

/// Cuts a line where it leaves the map: each piece stays on it, and pieces that belong together end and begin at the
/// same latitude on opposite edges.
pub(super) fn pieces(spots: &[Spot]) -> Vec<Vec<Spot>> {
    let mut pieces: Vec<Vec<Spot>> = Vec::new();
    let mut piece: Vec<Spot> = Vec::new();
    for &spot in spots {
        let to = Spot::new(turned(spot.longitude), spot.latitude);
        if let Some(&from) = piece.last() {
            if let Some((end, start)) = cut(from, to) {
                piece.push(end);
                pieces.push(std::mem::replace(&mut piece, vec![start]));
            }
        }
        piece.push(to);
    }
    pieces.push(piece);
    pieces.retain(|piece| piece.len() > 1);
    pieces
}

/// Where a step leaves the map and where it comes back, if it does.
fn cut(from: Spot, to: Spot) -> Option<(Spot, Spot)> {
    let step = turned(to.longitude - from.longitude);
    if step.abs() > OVER_POLE_DEG && from.latitude.abs().min(to.latitude.abs()) > NEAR_POLE_DEG {
        let pole = 90.0_f64.copysign(from.latitude);
        return Some((Spot::new(from.longitude, pole), Spot::new(to.longitude, pole)));
    }
    let ahead = from.longitude + step;
    if ahead.abs() <= 180.0 {
        return None;
    }
    let edge = 180.0_f64.copysign(ahead);
    let share = (edge - from.longitude) / step;
    let latitude = from.latitude + (to.latitude - from.latitude) * share;
    Some((Spot::new(edge, latitude), Spot::new(-edge, latitude)))
}

/// What a satellite at one height must stand over to be above a station's mask.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Circle {
    /// The edge, closed: it goes on over the edges of the map instead of being cut there.
    pub edge: Vec<Spot>,
    /// Latitude of the pole within, if there is one: then the edge does not come back to where it began.
    pole: Option<f64>,
    /// Height of the satellite.
    pub height_km: f64,
}

impl Circle {
    /// The area within, as outlines that may hang over the edges of the map: where it is cut does not matter.
    pub fn areas(&self) -> Vec<Vec<Spot>> {
        let mut outline = self.edge.clone();
        if let (Some(pole), Some(first), Some(last)) = (self.pole, self.edge.first(), self.edge.last()) {
            outline.push(Spot::new(last.longitude, pole));
            outline.push(Spot::new(first.longitude, pole));
        }
        let shifted = |by: f64| -> Vec<Spot> {
            let shift = |spot: &Spot| Spot::new(spot.longitude + by, spot.latitude);
            outline.iter().map(shift).collect()
        };
        let on_map = |area: &Vec<Spot>| {
            area.iter().any(|spot| spot.longitude > -180.0) && area.iter().any(|spot| spot.longitude < 180.0)
        };
        [-720.0, -360.0, 0.0, 360.0, 720.0]
            .map(shifted)
            .into_iter()
            .filter(on_map)
            .collect()
    }
}

/// The circle of a station for satellites of one height. None where the mask hides them everywhere.
pub(super) fn circle(station: &Station, height_km: f64) -> Option<Circle> {
    let place = station.place();
    // At a pole itself azimuths have no meaning.
    let (sin, cos) = place.latitude_deg.clamp(-89.999, 89.999).to_radians().sin_cos();
    let ratio = (MEAN_RADIUS_KM + place.altitude_km) / (MEAN_RADIUS_KM + height_km);
    if ratio >= 1.0 {
        return None;
    }
    let mut edge: Vec<Spot> = Vec::with_capacity(CORNERS + 1);
    for corner in 0..=CORNERS {
        let azimuth_deg = 360.0 * (corner % CORNERS) as f64 / CORNERS as f64;
        let mask = station.mask().elevation_deg(azimuth_deg).to_radians();
        let away = ((ratio * mask.cos()).acos() - mask).max(0.0);
        let (east, north) = azimuth_deg.to_radians().sin_cos();
        let sin_there = (sin * away.cos() + cos * away.sin() * north).clamp(-1.0, 1.0);
        let turn = (east * away.sin() * cos)
            .atan2(away.cos() - sin * sin_there)
            .to_degrees();
        let straight = place.longitude_deg + turn;
        // On from the corner before, also over the edge of the map.
        let longitude = match edge.last() {
            Some(before) => before.longitude + turned(straight - before.longitude),
            None => turned(straight),
        };
        edge.push(Spot::new(longitude, sin_there.asin().to_degrees()));
    }
    let turns = edge.last()?.longitude - edge.first()?.longitude;
    Some(Circle {
        // No circle but that of a satellite below the horizon reaches farther than to the nearer pole.
        pole: (turns.abs() > 180.0).then(|| 90.0_f64.copysign(place.latitude_deg)),
        edge,
        height_km,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spots(pairs: &[(f64, f64)]) -> Vec<Spot> {
        pairs
            .iter()
            .map(|(longitude, latitude)| Spot::new(*longitude, *latitude))
            .collect()
    }

    #[test]
    fn lines_are_cut_at_the_antimeridian_both_ways() {
        let east = pieces(&spots(&[(160.0, 0.0), (170.0, 10.0), (-170.0, 30.0), (-160.0, 40.0)]));
        assert_eq!(
            east,
            [
                spots(&[(160.0, 0.0), (170.0, 10.0), (180.0, 20.0)]),
                spots(&[(-180.0, 20.0), (-170.0, 30.0), (-160.0, 40.0)]),
            ]
        );
        let west = pieces(&spots(&[(-170.0, 10.0), (170.0, 30.0)]));
        assert_eq!(
            west,
            [
                spots(&[(-170.0, 10.0), (-180.0, 20.0)]),
                spots(&[(180.0, 20.0), (170.0, 30.0)])
            ]
        );
    }

    #[test]
    fn lines_that_touch_the_edge_stay_on_the_map() {
        let line = pieces(&spots(&[(170.0, 0.0), (180.0, 5.0), (-170.0, 10.0)]));
        assert!(
            line.iter().flatten().all(|spot| spot.longitude.abs() <= 180.0),
            "{line:?}"
        );
        assert!(line
            .iter()
            .all(|piece| piece.windows(2).all(|s| (s[1].longitude - s[0].longitude).abs() < 20.0)));
    }

    #[test]
    fn lines_over_a_pole_go_up_and_down_again() {
        let over = pieces(&spots(&[(20.0, 88.0), (20.0, 89.5), (-160.0, 89.5), (-160.0, 88.0)]));
        assert_eq!(
            over,
            [
                spots(&[(20.0, 88.0), (20.0, 89.5), (20.0, 90.0)]),
                spots(&[(-160.0, 90.0), (-160.0, 89.5), (-160.0, 88.0)]),
            ]
        );
    }

    /// Is a spot within one of the outlines? By counting the edges to the north of it.
    fn inside(areas: &[Vec<Spot>], longitude: f64, latitude: f64) -> bool {
        areas.iter().any(|area| {
            let mut inside = false;
            for index in 0..area.len() {
                let (a, b) = (area[index], area[(index + 1) % area.len()]);
                if (a.longitude > longitude) != (b.longitude > longitude) {
                    let share = (longitude - a.longitude) / (b.longitude - a.longitude);
                    inside ^= a.latitude + (b.latitude - a.latitude) * share > latitude;
                }
            }
            inside
        })
    }

    #[test]
    fn areas_hold_what_is_near_and_nothing_else() {
        for text in [
            "0,0,0,5",
            "52,179,0,5",
            "-52,-179,0,5",
            "78,15,0,5",
            "-90,0,0,5",
            "90,0,0,0",
            "10,350,0,0",
        ] {
            let station: Station = text.parse().unwrap();
            let areas = circle(&station, 800.0).unwrap().areas();
            let place = station.place();
            let mask = station.mask().elevation_deg(0.0).to_radians();
            let reach = ((MEAN_RADIUS_KM / (MEAN_RADIUS_KM + 800.0) * mask.cos()).acos() - mask).to_degrees();
            for step in 0..36 * 17 {
                let (longitude, latitude) = (f64::from(step % 36) * 10.0 - 175.1, f64::from(step / 36) * 10.0 - 80.2);
                let cos_apart = place.latitude_deg.to_radians().sin() * latitude.to_radians().sin()
                    + place.latitude_deg.to_radians().cos()
                        * latitude.to_radians().cos()
                        * (longitude - place.longitude_deg).to_radians().cos();
                let apart = cos_apart.acos().to_degrees();
                if (apart - reach).abs() > 0.5 {
                    assert_eq!(
                        inside(&areas, longitude, latitude),
                        apart < reach,
                        "{text}: {longitude} {latitude}"
                    );
                }
            }
        }
    }

    #[test]
    fn masks_shape_the_circle() {
        let station: Station = "0,0,0,0:5/90:60/180:5/270:5".parse().unwrap();
        let edge = circle(&station, 500.0).unwrap().edge;
        let (north, east, west) = (edge[0], edge[CORNERS / 4], edge[3 * CORNERS / 4]);
        assert!(
            north.latitude > 15.0 && east.longitude < 3.0 && west.longitude < -15.0,
            "{north:?} {east:?} {west:?}"
        );
    }
}
