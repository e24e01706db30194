//! Windows of many satellites over many stations, with the time they took.
//!
//! `cargo run --release --example windows -- ELEMENTS STATIONS FROM TO`, where `STATIONS` is a file with one
//! `LAT,LON,ALT_M[,MASK]` on each line.

use perigee_orbit::{passes, Elements, Interval, Propagator, Station};
use std::{error::Error, fs, time::Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [elements, stations, from, to] = arguments.as_slice() else {
        return Err("use: windows ELEMENTS STATIONS FROM TO".into());
    };
    let elements = Elements::parse(&fs::read_to_string(elements)?)?;
    let stations = fs::read_to_string(stations)?
        .lines()
        .map(str::parse)
        .collect::<Result<Vec<Station>, _>>()?;
    let interval = Interval::new(from.parse()?, to.parse()?)?;

    let begun = Instant::now();
    let (mut windows, mut seconds) = (0, 0.0);
    for set in &elements {
        let found = passes(&Propagator::new(set)?, &stations, interval)?;
        windows += found.len();
        seconds += found.iter().map(|pass| pass.seconds()).sum::<f64>();
    }
    let all = begun.elapsed();
    // With one station nearly all that is left is the theory and the table.
    let begun = Instant::now();
    for set in &elements {
        passes(&Propagator::new(set)?, &stations[..1.min(stations.len())], interval)?;
    }
    println!(
        "{} satellites, {} stations: {windows} windows, {seconds:.1} s of contact, in {:.1} ms ({:.1} ms with one station)",
        elements.len(),
        stations.len(),
        all.as_secs_f64() * 1e3,
        begun.elapsed().as_secs_f64() * 1e3,
    );
    Ok(())
}
