//! What must hold for everything that is accepted.

use jiff::SignedDuration;
use perigee_orbit::{passes, Elements, Error, Interval, Propagator, Station};
use perigee_sdl::{Manifest, Sdl};

/// Whatever the bytes are, they are read or refused with a place; what is read means the same when it is printed, and to
/// both readers of YAML.
pub fn sdl(bytes: &[u8]) {
    let sdl = match Sdl::parse_bytes("fuzz.yaml", bytes) {
        Ok(sdl) => sdl,
        Err(errors) => {
            assert!(errors.has_errors());
            assert!(errors.iter().all(|error| error.line > 0 && error.column > 0));
            assert!(!errors.to_string().is_empty() && !errors.to_json().is_empty());
            return;
        }
    };
    let json = sdl.manifest_json();
    let manifest = Manifest::from_json(&json).expect("our own manifest is read");
    assert_eq!((manifest.hash(), manifest.to_json()), (sdl.hash(), json));
    let printed = sdl.document().to_yaml();
    let again = Sdl::parse("printed.yaml", &printed).unwrap_or_else(|errors| panic!("{errors}\n{printed}"));
    assert_eq!(again.hash(), sdl.hash(), "{printed}");
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if text.starts_with(|c: char| c.is_ascii_alphabetic()) && !text.contains("---") {
        // The directive leads past the reader for simple files.
        let directed = format!("%YAML 1.2\n---\n{text}");
        let directed = Sdl::parse("directed.yaml", &directed).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(directed.hash(), sdl.hash());
    }
}

/// Elements that are read lead to ordered, disjoint passes, or to an error that says why not.
pub fn elements(read: Result<Vec<Elements>, Error>) {
    let sets = match read {
        Ok(sets) => sets,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert!(!sets.is_empty());
    for set in sets.iter().take(2) {
        let Ok(propagator) = Propagator::new(set) else { continue };
        let Ok(end) = set.epoch.checked_add(SignedDuration::from_hours(6)) else {
            continue;
        };
        let interval = Interval::new(set.epoch, end).expect("six hours");
        let station: Station = "48,11,500,0:5/180:20".parse().expect("a station");
        let Ok(found) = passes(&propagator, &[station], interval) else {
            continue;
        };
        let mut last = interval.start();
        for pass in found {
            assert!(pass.start.time >= last && pass.end.time >= pass.start.time && pass.end.time <= interval.end());
            assert!(pass.highest.elevation_deg.is_finite() && pass.start.range_km.is_finite());
            last = pass.end.time;
        }
    }
}
