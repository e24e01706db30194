//! What is measured: the same input for criterion and for the comparison with other implementations.

use jiff::{SignedDuration, Timestamp};
use perigee_orbit::{Elements, Interval, Mask, Station};
use serde_json::Value;
use std::{
    env, fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// `$PERIGEE_CONFORMANCE`, or `shared/conformance` beside the clone.
pub fn conformance() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    env::var_os("PERIGEE_CONFORMANCE").map_or(beside, PathBuf::from)
}

/// Names and bytes of all SDL files of the gallery.
pub fn gallery() -> Vec<(String, Vec<u8>)> {
    let folder = conformance().join("akash-sdl/gallery");
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("the folder can be listed").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (
                name,
                fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
            )
        })
        .collect();
    files.sort();
    files
}

/// The 79 stations of the conformance table, with its mask.
pub fn stations() -> Vec<Station> {
    let path = conformance().join("orbit/iss-passes.json");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let table: Value = serde_json::from_str(&text).expect("the table is JSON");
    let mask = Mask::constant(table["min_elevation_deg"].as_f64().expect("a mask")).expect("an elevation");
    let stations = table["stations"].as_array().expect("stations");
    let degrees = |station: &Value, key: &str| station[key].as_f64().expect("degrees");
    stations
        .iter()
        .map(|station| Station::new(degrees(station, "lat"), degrees(station, "lon"), 0.0, mask.clone()))
        .collect::<Result<_, _>>()
        .expect("stations on the globe")
}

/// The day that is searched.
pub fn day() -> Interval {
    let start: Timestamp = "2024-01-01T12:00:00Z".parse().expect("a time");
    Interval::new(start, start + SignedDuration::from_hours(24)).expect("a day")
}

/// Two lines each for 100 satellites: 90 low ones from 350 to 1,400 km at all inclinations, and five each of a
/// navigation orbit and of a transfer orbit.
pub fn catalogue() -> String {
    (0..100).map(lines).collect()
}

fn lines(index: u32) -> String {
    let part = f64::from(index);
    let angle = |factor: f64| (part * factor).rem_euclid(360.0);
    let (inclination, eccentricity, mean_motion) = match index {
        0..90 => (
            28.5 + angle(37.0) % 71.0,
            0.0002 + 0.0001 * (part % 20.0),
            15.7 - part * 0.031,
        ),
        90..95 => (55.0, 0.01, 2.0056),
        _ => (27.0, 0.65, 3.2),
    };
    let one = format!(
        "1 {:05}U 24001A   24001.50000000  .00000000  00000-0  10000-4 0  999",
        10_000 + index
    );
    let two = format!(
        "2 {:05} {inclination:8.4} {:8.4} {:07.0} {:8.4} {:8.4} {mean_motion:11.8}    1",
        10_000 + index,
        angle(71.3),
        eccentricity * 1e7,
        angle(113.9),
        angle(97.7),
    );
    format!("{}\n{}\n", summed(&one), summed(&two))
}

/// The line with its checksum.
fn summed(line: &str) -> String {
    let value = |c: char| c.to_digit(10).unwrap_or(u32::from(c == '-'));
    format!("{line}{}", line.chars().map(value).sum::<u32>() % 10)
}

/// The catalogue as elements.
pub fn satellites() -> Vec<Elements> {
    Elements::parse(&catalogue()).expect("the lines are right")
}

/// Seconds of the fastest round, over so much time and at least three rounds: what other programs on the machine take is
/// no part of it.
pub fn fastest_s(time: Duration, mut round: impl FnMut()) -> f64 {
    let begun = Instant::now();
    let (mut rounds, mut fastest) = (0, f64::MAX);
    while begun.elapsed() < time || rounds < 3 {
        let start = Instant::now();
        round();
        fastest = fastest.min(start.elapsed().as_secs_f64());
        rounds += 1;
    }
    fastest
}

/// How long to measure: the first argument, in seconds.
pub fn time() -> Duration {
    let seconds = env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(5.0);
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(5))
}
