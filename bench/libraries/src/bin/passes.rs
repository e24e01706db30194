//! A day of windows on one core: question, answer and time as one JSON document. See `scripts/bench passes`.

use jiff::Timestamp;
use perigee_bench_libraries::{catalogue, day, fastest_s, satellites, stations, time};
use perigee_orbit::{passes, Gravity, Mode, Pass, Propagator};
use serde_json::{json, Value};
use std::hint::black_box;

fn main() {
    let (satellites, stations, day) = (satellites(), stations(), day());
    let search = |elements| {
        // The gravity of the program that this is compared with.
        let propagator = Propagator::with_gravity(elements, Mode::Improved, Gravity::Wgs84).expect("an orbit");
        passes(&propagator, &stations, day).expect("no satellite decays")
    };
    let seconds = |at: Timestamp| at.duration_since(day.start()).as_secs_f64();
    let window = |pass: &Pass| json!([pass.station, seconds(pass.start.time), seconds(pass.end.time)]);
    let windows: Vec<Value> = satellites
        .iter()
        .map(|elements| search(elements).iter().map(window).collect())
        .collect();
    let round_s = fastest_s(time(), || {
        for elements in &satellites {
            black_box(search(elements));
        }
    });
    let places = stations.iter().map(|station| {
        let place = station.place();
        json!([place.latitude_deg, place.longitude_deg])
    });
    println!(
        "{}",
        json!({
            "catalogue": catalogue(),
            "stations": places.collect::<Vec<_>>(),
            "min_elevation_deg": stations[0].mask().range_deg().0,
            "start": day.start().to_string(),
            "duration_s": day.seconds(),
            "round_s": round_s,
            "windows": windows,
        })
    );
}
