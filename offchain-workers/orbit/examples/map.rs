//! Ground tracks, stations and contacts, drawn in the terminal and as SVG.
//!
//! `cargo run -p perigee-orbit --example map -- ELEMENTS FROM TO FILE.svg STATION…`, where a station is
//! `LAT,LON,ALT_M[,MASK]`.

use perigee_orbit::{map, plan::Request, Elements, Interval, Mode, Station};
use std::{error::Error, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [elements, from, to, svg, stations @ ..] = arguments.as_slice() else {
        return Err("use: map ELEMENTS FROM TO FILE.svg STATION…".into());
    };
    let elements = Elements::parse(&fs::read_to_string(elements)?)?;
    let stations = stations
        .iter()
        .map(|text| text.parse())
        .collect::<Result<Vec<Station>, _>>()?;
    let request = Request {
        elements: &elements,
        stations: &stations,
        interval: Interval::new(from.parse()?, to.parse()?)?,
        mode: Mode::Improved,
        accuracy_km: None,
        frequency_hz: None,
    };
    let map = map::Map::new(&request)?;
    fs::write(svg, map.svg())?;
    print!("{}", map.text(map::Screen::default()));
    Ok(())
}
