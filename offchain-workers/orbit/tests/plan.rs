//! Tables of passes, and what is refused on the way to them.

use jiff::{SignedDuration, Timestamp};
use perigee_orbit::{
    plan::{Format, Ion, Request, Row},
    Elements, Error, Interval, Mode, Propagator, Station,
};

const ISS: &str = "\
1 25544U 98067A   24001.50000000  .00016717  00000-0  10270-3 0  9009
2 25544  51.6400 208.9163 0006703 307.5225  52.5371 15.49560812484108";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn elements() -> Vec<Elements> {
    Elements::parse(ISS).unwrap()
}

fn rows(from: &str, to: &str, accuracy_km: Option<f64>) -> Result<Vec<Row>, Error> {
    let stations: [Station; 2] = ["-52.94,-70.87,0,10".parse()?, "53.24,-6.13,0,10".parse()?];
    Request {
        elements: &elements(),
        stations: &stations,
        interval: Interval::new(at(from), at(to))?,
        mode: Mode::Improved,
        accuracy_km,
        frequency_hz: Some(437e6),
    }
    .rows()
}

fn evening() -> Vec<Row> {
    rows("2024-01-01T12:20:00Z", "2024-01-01T14:10:00Z", None).unwrap()
}

#[test]
fn passes_are_cut_at_the_search_and_say_so() {
    let rows = evening();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (rows[0].start.as_str(), rows[0].cut_at_start),
        ("2024-01-01T12:20:00.000Z", true)
    );
    assert!(!rows[0].cut_at_end && !rows[1].cut_at_start && !rows[1].cut_at_end);
    assert!(rows.iter().all(|row| row.station == 1));
}

#[test]
fn json_is_an_array_with_index_times_and_elevation() {
    let value: serde_json::Value = serde_json::from_str(&Format::Json.render(&evening())).unwrap();
    let first = &value.as_array().unwrap()[0];
    assert_eq!(first["station"], 1);
    assert_eq!(first["start"], "2024-01-01T12:20:00.000Z");
    assert!(first["end"].as_str().unwrap().ends_with('Z'));
    assert!(first["max_elevation_deg"].as_f64().unwrap() > 10.0);
    assert!(first["start_doppler_hz"].as_f64().is_some());
    assert_eq!(Format::Json.render(&[]), "[]\n");
}

#[test]
fn csv_has_a_value_for_each_column() {
    let mut rows = evening();
    rows[0].satellite = "A, \"B\"".into();
    let text = Format::Csv.render(&rows);
    assert!(text.contains(",\"A, \"\"B\"\"\","), "{text}");
    let columns: Vec<_> = text
        .lines()
        .skip(2)
        .chain(text.lines().take(1))
        .map(|line| line.split(',').count())
        .collect();
    assert_eq!(columns, [21, 21]);
}

#[test]
fn contact_plan_promises_whole_seconds_within_the_pass() {
    let rows = evening();
    let ion = Ion {
        first_node: 7,
        rate: 1_000,
        reference: at("2024-01-01T12:00:00Z"),
    };
    let text = Format::Ion(ion).render(&rows[..1]);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[1], "a contact +1200 +1413 7 9 1000");
    assert_eq!(lines[2], "a contact +1200 +1413 9 7 1000");
    assert!(lines[3].starts_with("a range +1200 +1413 7 9 0.00"), "{text}");
}

#[test]
fn text_says_when_there_is_nothing() {
    assert_eq!(Format::Text.render(&[]), "No passes.\n");
    assert!(Format::Text.render(&evening()).contains("cut by the interval"));
}

#[test]
fn searches_reversed_empty_or_absurd_are_refused() {
    let noon = "2024-01-01T12:00:00Z";
    for (from, to) in [(noon, "2024-01-01T11:00:00Z"), (noon, noon)] {
        assert!(matches!(rows(from, to, None), Err(Error::ReversedInterval { .. })));
    }
    let error = rows(noon, "2124-01-01T12:00:00Z", None).unwrap_err();
    assert!(
        matches!(error, Error::AbsurdInterval { limit_days: 366, .. }),
        "{error}"
    );
}

#[test]
fn old_elements_are_refused_with_age_and_growth_where_accuracy_is_asked() {
    let (from, to) = ("2024-01-11T11:00:00Z", "2024-01-11T12:00:00Z");
    assert!(rows(from, to, None).is_ok() && rows(from, to, Some(31.0)).is_ok());
    match rows(from, to, Some(30.0)).unwrap_err() {
        Error::TooOld {
            age_days,
            error_km,
            growth_km_per_day,
            ..
        } => {
            assert_eq!((age_days, error_km, growth_km_per_day), (10.0, 31.0, 3.0));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn decayed_satellites_are_refused_with_the_time() {
    let mut set = elements().remove(0);
    (set.mean_motion_rev_day, set.bstar) = (16.4, 0.05);
    let propagator = Propagator::new(&set).unwrap();
    let interval = Interval::new(set.epoch, at("2024-01-11T12:00:00Z")).unwrap();
    let station: Station = "0,0,0".parse().unwrap();
    match perigee_orbit::passes(&propagator, &[station], interval).unwrap_err() {
        Error::Decayed { at } | Error::Diverged { at, .. } => assert!(at > set.epoch && at < interval.end()),
        other => panic!("{other}"),
    }
}

#[test]
fn where_sgp4_has_no_solution_the_error_says_what_that_means() {
    let mut set = elements().remove(0);
    (set.mean_motion_rev_day, set.bstar) = (16.4, 0.05);
    let late = set.epoch + SignedDuration::from_hours(24 * 30);
    let error = Propagator::new(&set).unwrap().state(late).unwrap_err();
    let Error::Diverged { at, reason } = &error else {
        panic!("{error}")
    };
    assert_eq!(*at, late);
    let text = error.to_string();
    assert!(
        text.starts_with("the satellite has decayed, or its elements no longer hold"),
        "{text}"
    );
    assert!(
        text.contains(&format!("({reason})")) && text.ends_with("get newer elements"),
        "{text}"
    );
}

#[test]
fn numbers_that_are_no_orbit_are_refused_by_name() {
    let spoiled = |spoil: fn(&mut Elements)| {
        let mut set = elements().remove(0);
        spoil(&mut set);
        Propagator::new(&set).map(|_| ()).unwrap_err()
    };
    for (error, named) in [
        (spoiled(|set| set.eccentricity = 1.0), "eccentricity"),
        (spoiled(|set| set.mean_motion_rev_day = 0.0), "mean motion"),
        (spoiled(|set| set.inclination_deg = f64::NAN), "inclination"),
        (spoiled(|set| set.mean_anomaly_deg = f64::INFINITY), "mean anomaly"),
        (spoiled(|set| set.bstar = 1e9), "B*"),
        (spoiled(|set| set.epoch = Timestamp::MIN), "epoch"),
    ] {
        assert!(
            matches!(error, Error::Unphysical { what, .. } if what == named),
            "{named}: {error}"
        );
    }
}
