//! The map for other programs, as RFC 7946 has it.

use super::shape::{pieces, Spot};
use super::Map;
use serde_json::{json, Value};

pub(super) fn render(map: &Map<'_>) -> String {
    let tracks = map.tracks.iter().map(|track| {
        let spots: Vec<Spot> = track.points.iter().map(|point| Spot::of(point.place)).collect();
        feature(lines(&spots), json!({"kind": "track", "satellite": track.name}))
    });
    let stations = map.sites.iter().enumerate().flat_map(|(index, site)| {
        let place = site.station.place();
        let point = json!({"type": "Point", "coordinates": position(Spot::of(place))});
        let properties = json!({"kind": "station", "station": index, "altitude_m": place.altitude_km * 1e3});
        let circles = site.circles.iter().map(move |circle| {
            let properties = json!({"kind": "circle", "station": index, "height_km": circle.height_km.round()});
            feature(lines(&circle.edge), properties)
        });
        std::iter::once(feature(point, properties)).chain(circles)
    });
    let contacts = map.rows.iter().map(|row| {
        let spots = map.tracks[row.satellite_index].spots_within(row.span);
        let mut properties = json!(row);
        properties["kind"] = "contact".into();
        feature(lines(&spots), properties)
    });
    let features: Vec<Value> = tracks.chain(stations).chain(contacts).collect();
    format!("{}\n", json!({"type": "FeatureCollection", "features": features}))
}

fn feature(geometry: Value, properties: Value) -> Value {
    json!({"type": "Feature", "geometry": geometry, "properties": properties})
}

fn lines(spots: &[Spot]) -> Value {
    let line = |piece: Vec<Spot>| Value::from_iter(piece.into_iter().map(position));
    json!({"type": "MultiLineString", "coordinates": Value::from_iter(pieces(spots).into_iter().map(line))})
}

/// To the hundredth of a degree, a kilometre on the ground.
fn position(spot: Spot) -> Value {
    let rounded = |degrees: f64| (degrees * 100.0).round() / 100.0;
    json!([rounded(spot.longitude), rounded(spot.latitude)])
}
