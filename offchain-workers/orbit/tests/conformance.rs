//! 236 passes of one orbit over 79 real stations, computed by another engine.
//!
//! Read from `../shared/conformance` beside the repository, or from where `PERIGEE_CONFORMANCE` says; skipped with a
//! notice where neither is.

use jiff::{SignedDuration, Timestamp};
use perigee_orbit::{coverage, passes, Elements, Gravity, Interval, Mask, Mode, Propagator, Station};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What edges may differ by, in seconds.
const EDGE_S: f64 = 0.1;

struct Table {
    elements: Elements,
    interval: Interval,
    stations: Vec<Station>,
    windows: Vec<Vec<(f64, f64)>>,
}

fn table() -> Option<Table> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    let folder = std::env::var_os("PERIGEE_CONFORMANCE").map_or(beside, PathBuf::from);
    let Ok(text) = std::fs::read_to_string(folder.join("orbit/iss-passes.json")) else {
        eprintln!("skipped: no conformance data in {}", folder.display());
        return None;
    };
    let table: Value = serde_json::from_str(&text).unwrap();
    let number = |value: &Value| value.as_f64().unwrap();
    let lines: Vec<&str> = table["tle"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let start: Timestamp = table["start"].as_str().unwrap().parse().unwrap();
    let length = SignedDuration::from_secs(number(&table["duration_s"]) as i64);
    let mask = number(&table["min_elevation_deg"]);
    let stations = table["stations"].as_array().unwrap();
    Some(Table {
        elements: Elements::parse(&lines.join("\n")).unwrap().remove(0),
        interval: Interval::new(start, start + length).unwrap(),
        stations: stations
            .iter()
            .map(|s| Station::new(number(&s["lat"]), number(&s["lon"]), 0.0, Mask::constant(mask).unwrap()).unwrap())
            .collect(),
        windows: stations
            .iter()
            .map(|s| {
                s["windows"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|w| (number(&w[0]), number(&w[1])))
                    .collect()
            })
            .collect(),
    })
}

/// Differences of all edges from those of the table, in order; there are as many windows here as there.
fn differences(table: &Table, propagator: &Propagator) -> Vec<f64> {
    let found = passes(propagator, &table.stations, table.interval).unwrap();
    let seconds = |at: Timestamp| Interval::new(table.interval.start(), at).map_or(0.0, |span| span.seconds());
    let mut differences = Vec::new();
    for (index, expected) in table.windows.iter().enumerate() {
        let found: Vec<_> = found.iter().filter(|pass| pass.station == index).collect();
        assert_eq!(found.len(), expected.len(), "station {index}");
        for (pass, (start, end)) in found.iter().zip(expected) {
            differences.push((seconds(pass.start.time) - start).abs());
            differences.push((seconds(pass.end.time) - end).abs());
        }
    }
    differences.sort_by(f64::total_cmp);
    differences
}

#[test]
fn all_windows_of_the_table_and_no_others_are_found() {
    let Some(table) = table() else { return };
    let differences = differences(&table, &Propagator::new(&table.elements).unwrap());
    let (count, worst) = (differences.len(), differences[differences.len() - 1]);
    let median = differences[count / 2];
    println!(
        "{} windows, edges differ by {median} s in the median and {worst} s at worst",
        count / 2
    );
    assert!(worst < EDGE_S, "{worst}");
}

#[test]
fn what_differs_from_the_table_is_its_gravity() {
    let Some(table) = table() else { return };
    let propagator = Propagator::with_gravity(&table.elements, Mode::Improved, Gravity::Wgs84).unwrap();
    let differences = differences(&table, &propagator);
    // The table's edges were found to a millisecond.
    assert!(differences[differences.len() - 1] < 0.001_5, "{differences:?}");
}

#[test]
fn coverage_of_the_network_is_that_of_the_table() {
    let Some(table) = table() else { return };
    let propagator = Propagator::new(&table.elements).unwrap();
    let found = passes(&propagator, &table.stations, table.interval).unwrap();
    let coverage = coverage(&found, table.interval);
    // Of the union of the table's windows: 35.3 % of the day, longest gap 48.5 minutes.
    assert!((coverage.share - 0.353).abs() < 0.000_6, "{}", coverage.share);
    assert!(
        (coverage.longest_gap_s / 60.0 - 48.5).abs() < 0.06,
        "{}",
        coverage.longest_gap_s
    );
    let both: f64 = coverage
        .covered
        .iter()
        .chain(&coverage.gaps)
        .map(Interval::seconds)
        .sum();
    assert!((both - table.interval.seconds()).abs() < 1e-6);
}
