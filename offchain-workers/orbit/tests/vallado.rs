//! The published states of "Revisiting Spacetrack Report #3", from a path that `PERIGEE_VALLADO` names: a folder with
//! `SGP4-VER.TLE` and `tcppver.out` (improved mode, as the PyPI distribution of `sgp4` holds them) and `test_cases.toml`
//! (Air Force mode, as the sources of the Rust crate `sgp4` hold it). Without it the tests say so and pass.

use perigee_orbit::{Elements, Error, Mode, Propagator, State, Vector};
use std::{fs, path::PathBuf};

const POSITION_KM: f64 = 1e-6;
const VELOCITY_KM_S: f64 = 1e-9;

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("PERIGEE_VALLADO").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: PERIGEE_VALLADO names no folder with the published states");
    }
    folder
}

/// Some of the published lines have wrong checksums, or none.
fn summed(line: &str) -> String {
    let value = |c: char| c.to_digit(10).unwrap_or(u32::from(c == '-'));
    let line = format!("{line:68.68}");
    let sum: u32 = line.chars().map(value).sum();
    format!("{line}{}", sum % 10)
}

fn propagator(one: &str, two: &str, mode: Mode) -> Propagator {
    let elements = Elements::parse_tle(&format!("{}\n{}\n", summed(one), summed(two))).unwrap();
    Propagator::with_mode(&elements[0], mode).unwrap()
}

fn state_at(propagator: &Propagator, minutes: f64) -> Result<State, Error> {
    let nanos = (minutes * 60e9).round() as i64;
    propagator.state(propagator.epoch() + jiff::SignedDuration::from_nanos(nanos))
}

fn numbers(text: &str) -> Vec<f64> {
    let separators = |c: char| c.is_whitespace() || "[],=".contains(c);
    text.split(separators).filter_map(|word| word.parse().ok()).collect()
}

/// Largest differences of position and velocity.
#[derive(Debug, Default)]
struct Worst {
    states: usize,
    position: f64,
    velocity: f64,
}

impl Worst {
    fn add(&mut self, state: State, expected: &[f64]) {
        let off = |a: Vector, b: &[f64]| (a.x - b[0]).abs().max((a.y - b[1]).abs()).max((a.z - b[2]).abs());
        self.states += 1;
        self.position = self.position.max(off(state.position, &expected[..3]));
        self.velocity = self.velocity.max(off(state.velocity, &expected[3..6]));
    }

    fn check(&self, states: usize) {
        println!("{self:?}");
        assert_eq!(self.states, states);
        assert!(self.position < POSITION_KM && self.velocity < VELOCITY_KM_S, "{self:?}");
    }
}

#[test]
fn improved_mode_gives_the_published_states() {
    let Some(folder) = folder() else { return };
    let lines = fs::read_to_string(folder.join("SGP4-VER.TLE")).unwrap();
    let lines: Vec<&str> = lines.lines().filter(|line| !line.starts_with('#')).collect();
    let states = fs::read_to_string(folder.join("tcppver.out")).unwrap();
    let (mut worst, mut refused) = (Worst::default(), Vec::new());
    let mut current = None;
    for line in states.lines() {
        if line.ends_with("xx") {
            let number: u32 = line.split_whitespace().next().unwrap().parse().unwrap();
            let set = lines
                .chunks_exact(2)
                .find(|set| set[0][2..7].trim().parse() == Ok(number))
                .unwrap();
            current = Some((number, propagator(set[0], set[1], Mode::Improved)));
            continue;
        }
        let (number, propagator) = current.as_ref().unwrap();
        let row = numbers(line);
        match state_at(propagator, row[0]) {
            Ok(state) => worst.add(state, &row[1..7]),
            Err(error) => refused.push((*number, row[0], error)),
        }
    }
    println!("{refused:?}");
    worst.check(667 - refused.len());
    assert!(refused.len() <= 1, "{refused:?}");
}

#[test]
fn air_force_mode_gives_the_published_states() {
    let Some(folder) = folder() else { return };
    let text = fs::read_to_string(folder.join("test_cases.toml")).unwrap();
    let (mut worst, mut refused) = (Worst::default(), 0);
    for list in text.split("[[list]]").skip(1) {
        let quoted = |key: &str| {
            let line = list.lines().find(|line| line.trim_start().starts_with(key)).unwrap();
            line.split('"').nth(1).unwrap().to_owned()
        };
        let propagator = propagator(&quoted("line1"), &quoted("line2"), Mode::Afspc);
        for state in list.split("[[list.states]]").skip(1) {
            let value = |key: &str| {
                state
                    .lines()
                    .find_map(|line| line.trim().strip_prefix(key))
                    .map(numbers)
            };
            let minutes = value("time").unwrap()[0];
            match (value("position"), value("velocity")) {
                (Some(position), Some(velocity)) => {
                    let state = state_at(&propagator, minutes).unwrap();
                    worst.add(state, &[position, velocity].concat());
                }
                _ => {
                    refused += 1;
                    assert!(
                        matches!(state_at(&propagator, minutes), Err(Error::Diverged { .. })),
                        "{state}"
                    );
                }
            }
        }
    }
    worst.check(666);
    assert_eq!(refused, 2);
}
