//! Pictures: what they hold, and that they fit.

use perigee_orbit::{
    map::{Map, Screen},
    plan::Request,
    Elements, Error, Interval, Mode, Station,
};
use serde_json::Value;

const ISS: &str = "\
ISS (ZARYA)
1 25544U 98067A   24001.50000000  .00016717  00000-0  10270-3 0  9009
2 25544  51.6400 208.9163 0006703 307.5225  52.5371 15.49560812484108";

struct Question {
    elements: Vec<Elements>,
    stations: Vec<Station>,
}

impl Question {
    fn new(stations: &[&str]) -> Self {
        Self {
            elements: Elements::parse(ISS).unwrap(),
            stations: stations.iter().map(|text| text.parse().unwrap()).collect(),
        }
    }

    fn request(&self, from: &str, to: &str) -> Request<'_> {
        Request {
            elements: &self.elements,
            stations: &self.stations,
            interval: Interval::new(from.parse().unwrap(), to.parse().unwrap()).unwrap(),
            mode: Mode::Improved,
            accuracy_km: None,
            frequency_hz: None,
        }
    }

    fn afternoon(&self) -> Request<'_> {
        self.request("2024-01-01T12:00:00Z", "2024-01-01T18:00:00Z")
    }
}

/// Where the path data of a drawing lead, piece by piece.
fn pieces(data: &str) -> Vec<Vec<(f64, f64)>> {
    let pieces = data.split('M').filter(|piece| !piece.is_empty());
    let corner = |corner: &str| {
        let (x, y) = corner.split_once(' ').unwrap();
        (x.parse().unwrap(), y.parse().unwrap())
    };
    pieces.map(|piece| piece.split('L').map(corner).collect()).collect()
}

#[test]
fn svg_is_a_document_with_a_path_for_each_contact_and_no_line_across_the_map() {
    let question = Question::new(&["53.24,-6.13,0,10", "-36,174.5,0,10"]);
    let request = question.afternoon();
    let map = Map::new(&request).unwrap();
    let svg = map.svg();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let of_class = |class: &str| {
        let nodes = document
            .descendants()
            .filter(|node| node.attribute("class") == Some(class));
        nodes.filter_map(|node| node.attribute("d")).collect::<Vec<_>>()
    };
    // Each class has a sign in the legend, too.
    assert_eq!(of_class("contact").len(), map.rows().len() + 1);
    assert!(map.rows().len() > 3);
    let track = of_class("track")[1];
    assert_eq!(pieces(track).len(), 4, "the track leaves the map three times");
    for corner in pieces(track).iter().flat_map(|piece| piece.windows(2)) {
        assert!((corner[0].0 - corner[1].0).abs() < 30.0, "{corner:?}");
        assert!(
            (56.0..=1_496.0).contains(&corner[0].0) && (84.0..=804.0).contains(&corner[0].1),
            "{corner:?}"
        );
    }
    // A contact each is told in words.
    assert!(svg.contains("ISS (ZARYA) over station 0: 2024-01-01T12:1"), "{svg}");
}

#[test]
fn contacts_begin_and_end_on_the_circle() {
    let question = Question::new(&["53.24,-6.13,0,10", "20,178,0,10"]);
    let request = question.request("2024-01-01T12:00:00Z", "2024-01-02T12:00:00Z");
    let map = Map::new(&request).unwrap();
    let document: Value = serde_json::from_str(&map.geojson()).unwrap();
    let features = |kind: &str, station: usize| -> Vec<&Value> {
        let all = document["features"].as_array().unwrap().iter();
        all.filter(|feature| feature["properties"]["kind"] == kind && feature["properties"]["station"] == station)
            .collect()
    };
    let lines = |feature: &Value| -> Vec<Vec<(f64, f64)>> {
        let spot = |spot: &Value| (spot[0].as_f64().unwrap(), spot[1].as_f64().unwrap());
        let lines = feature["geometry"]["coordinates"].as_array().unwrap().iter();
        lines
            .map(|line| line.as_array().unwrap().iter().map(spot).collect())
            .collect()
    };
    let mut contacts = 0;
    for station in 0..2 {
        let edge: Vec<_> = lines(features("circle", station)[0]).concat();
        for contact in features("contact", station) {
            let spots = lines(contact).concat();
            assert!(spots.iter().all(|(longitude, _)| (-180.0..=180.0).contains(longitude)));
            for end in [spots[0], spots[spots.len() - 1]] {
                let apart = |spot: &(f64, f64)| {
                    let east = (spot.0 - end.0 + 540.0).rem_euclid(360.0) - 180.0;
                    (east * end.1.to_radians().cos()).hypot(spot.1 - end.1)
                };
                let nearest = edge.iter().map(apart).fold(f64::MAX, f64::min);
                // The globe is a sphere for the circle, and the satellite not always at its greatest height.
                assert!(nearest < 0.8, "{end:?} is {nearest} degrees from the circle");
            }
            contacts += 1;
        }
    }
    assert_eq!(contacts, map.rows().len());
    assert!(contacts > 6);
}

#[test]
fn text_fits_the_screen() {
    let question = Question::new(&["53.24,-6.13,0,10", "-36,174.5,0,10"]);
    let request = question.afternoon();
    let map = Map::new(&request).unwrap();
    for (columns, lines) in [(80, 24), (120, 40), (200, 60), (40, 10), (1_000, 24)] {
        let text = map.text(Screen {
            columns,
            lines: Some(lines),
            colours: false,
        });
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= columns.clamp(56, 260), "{widest} of {columns}:\n{text}");
        assert!(text.lines().count() < lines.max(24), "{columns} by {lines}:\n{text}");
        assert!(!text.contains('\u{1b}'));
        assert!(text.contains("●0") && text.contains("◆ISS (ZARYA)"), "{text}");
    }
}

#[test]
fn text_shows_contacts_over_time() {
    let question = Question::new(&["53.24,-6.13,0,10", "80,0,0,10"]);
    let request = question.afternoon();
    let text = Map::new(&request).unwrap().text(Screen::default());
    let line = |name: &str| text.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
    assert!(
        line("0 53.24°N 6.13°W").contains('▆') && line("0 53.24°N 6.13°W").ends_with("3 contacts, 20 min"),
        "{text}"
    );
    assert!(line("1 80.00°N 0.00°E").ends_with("no contact"), "{text}");
    assert!(text.contains("12:00") && text.contains("18:00"), "{text}");
}

#[test]
fn colours_are_written_where_they_are_wanted() {
    let question = Question::new(&["53.24,-6.13,0,10"]);
    let request = question.afternoon();
    let screen = Screen {
        colours: true,
        ..Screen::default()
    };
    let text = Map::new(&request).unwrap().text(screen);
    assert!(
        text.contains("\u{1b}[96m")
            && text
                .lines()
                .all(|line| !line.contains('\u{1b}') || line.contains("\u{1b}[0m"))
    );
}

#[test]
fn names_of_others_are_only_text() {
    let mut question = Question::new(&["53.24,-6.13,0,10"]);
    question.elements[0].name = Some("<b>\"A&B\"\u{1b}[2J\0".into());
    let request = question.afternoon();
    let map = Map::new(&request).unwrap();
    assert!(roxmltree::Document::parse(&map.svg()).is_ok());
    assert!(!map.text(Screen::default()).contains('\u{1b}'));
    assert!(serde_json::from_str::<Value>(&map.geojson()).is_ok());
}

#[test]
fn longer_intervals_than_a_map_can_show_are_refused() {
    let question = Question::new(&["53.24,-6.13,0,10"]);
    let request = question.request("2024-01-01T12:00:00Z", "2024-01-09T12:00:00Z");
    let error = Map::new(&request).unwrap_err();
    assert!(matches!(error, Error::AbsurdInterval { limit_days: 7, .. }), "{error}");
}

#[test]
fn orbits_of_all_kinds_are_drawn() {
    let mut question = Question::new(&["-90,0,2800,10", "90,0,0,0:5/90:60", "0,180,0,-3", "10,350,0,85"]);
    let template = question.elements[0].clone();
    for (mean_motion_rev_day, eccentricity, inclination_deg) in [
        (14.2, 0.001, 90.0),
        (1.0027, 0.0002, 0.05),
        (2.006, 0.72, 63.4),
        (15.0, 0.001, 144.0),
    ] {
        question.elements.push(Elements {
            name: None,
            mean_motion_rev_day,
            eccentricity,
            inclination_deg,
            bstar: 0.0,
            ..template.clone()
        });
    }
    let request = question.request("2024-01-01T12:00:00Z", "2024-01-03T12:00:00Z");
    let map = Map::new(&request).unwrap();
    let svg = map.svg();
    assert!(roxmltree::Document::parse(&svg).is_ok() && !svg.contains("NaN"));
    assert!(!map.geojson().contains("null"));
    assert!(map.text(Screen::default()).lines().count() > 20);
}
