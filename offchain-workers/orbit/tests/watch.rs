//! Events and the board, at instants that the tests choose.

use jiff::{SignedDuration, Timestamp};
use perigee_orbit::{
    map::Screen,
    plan::{Request, Row},
    watch::{countdown, events, Board, Change},
    Elements, Interval, Mode, Station,
};

const ISS: &str = "\
ISS (ZARYA)
1 25544U 98067A   24001.50000000  .00016717  00000-0  10270-3 0  9009
2 25544  51.6400 208.9163 0006703 307.5225  52.5371 15.49560812484108";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Two contacts of station 1, the first of which had begun at the start when `from` is late.
fn with_request<T>(from: &str, to: &str, then: impl FnOnce(&Request<'_>, &[Row]) -> T) -> T {
    let elements = Elements::parse(ISS).unwrap();
    let stations: [Station; 2] = ["-52.94,-70.87,0,10", "53.24,-6.13,0,10"].map(|text| text.parse().unwrap());
    let request = Request {
        elements: &elements,
        stations: &stations,
        interval: Interval::new(at(from), at(to)).unwrap(),
        mode: Mode::Improved,
        accuracy_km: None,
        frequency_hz: Some(437e6),
    };
    let rows = request.rows().unwrap();
    then(&request, &rows)
}

#[test]
fn each_contact_is_announced_begins_and_ends() {
    with_request("2024-01-01T12:00:00Z", "2024-01-01T14:10:00Z", |request, rows| {
        let events = events(rows, request.interval.start());
        let told: Vec<_> = events.iter().map(|event| (event.event, event.at)).collect();
        assert_eq!(
            told,
            [
                (Change::Next, request.interval.start()),
                (Change::Start, rows[0].span.0),
                (Change::Next, rows[0].span.0),
                (Change::End, rows[0].span.1),
                (Change::Start, rows[1].span.0),
                (Change::End, rows[1].span.1),
            ]
        );
        assert_eq!(
            events[0].line(),
            "2024-01-01T12:00:00Z  next   station 1  ISS (ZARYA)  in 16:57, at 12:16:57 for 6:35, up to 50.0°"
        );
        assert!(
            events[1]
                .line()
                .contains("start  station 1  ISS (ZARYA)  for 6:35, from "),
            "{}",
            events[1].line()
        );
        assert!(
            events[3].line().ends_with("end    station 1  ISS (ZARYA)  after 6:35"),
            "{}",
            events[3].line()
        );
    });
}

#[test]
fn contacts_cut_by_the_search_are_not_announced_and_do_not_end() {
    with_request("2024-01-01T12:20:00Z", "2024-01-01T12:22:00Z", |request, rows| {
        let events = events(rows, request.interval.start());
        let told: Vec<_> = events.iter().map(|event| (event.event, event.at)).collect();
        assert_eq!(told, [(Change::Start, request.interval.start())]);
    });
}

#[test]
fn json_of_an_event_is_the_contact_with_what_happens() {
    with_request("2024-01-01T12:00:00Z", "2024-01-01T14:10:00Z", |request, rows| {
        let events = events(rows, request.interval.start());
        let value = serde_json::to_value(&events[1]).unwrap();
        assert_eq!((&value["event"], &value["station"]), (&"start".into(), &1.into()));
        assert_eq!(value["at"], value["start"]);
        assert!(value["max_elevation_deg"].is_number() && value["at"].as_str().unwrap().ends_with("Z"));
    });
}

#[test]
fn the_board_counts_down_and_shows_where_the_satellite_stands() {
    with_request("2024-01-01T12:00:00Z", "2024-01-01T14:10:00Z", |request, rows| {
        let board = Board::new(request, rows).unwrap();
        let screen = Screen {
            columns: 120,
            ..Screen::default()
        };
        let before = board.lines(at("2024-01-01T12:00:00Z"), screen);
        assert_eq!(before[0], "2024-01-01 12:00:00 UTC   no contact now, next in 16:57");
        assert_eq!(before.len(), 5);
        assert!(
            before[3].contains("in 16:57") && before[4].contains("in 1:5"),
            "{before:#?}"
        );
        let during = board.lines(at("2024-01-01T12:20:00Z"), screen);
        assert!(during[0].contains("1 contact now, next in 1:3"), "{during:#?}");
        assert!(
            during[3].contains("3:33 left") && during[3].contains(" km ") && during[3].contains(" Hz"),
            "{during:#?}"
        );
        let after = board.lines(at("2024-01-01T14:05:00Z"), screen);
        assert_eq!(after.len(), 3);
        assert!(after[0].ends_with("no contact now, none to come"), "{after:#?}");
    });
}

#[test]
fn the_board_fits_the_screen() {
    with_request("2024-01-01T12:00:00Z", "2024-01-05T12:00:00Z", |request, rows| {
        let board = Board::new(request, rows).unwrap();
        for (columns, lines) in [(80, 24), (70, 8), (200, 5), (80, 4), (80, 1)] {
            let screen = Screen {
                columns,
                lines: Some(lines),
                colours: false,
            };
            for minute in 0..300 {
                let now = request.interval.start() + SignedDuration::from_mins(minute * 10);
                let shown = board.lines(now, screen);
                assert!(shown.len() < lines.max(4), "{} of {lines} lines", shown.len());
                assert!(shown.iter().all(|line| line.chars().count() <= columns), "{shown:#?}");
            }
        }
    });
}

#[test]
fn times_are_as_short_as_they_can_be() {
    for (seconds, text) in [
        (-1.0, "0 s"),
        (59.9, "59 s"),
        (60.0, "1:00"),
        (724.0, "12:04"),
        (4_324.0, "1:12:04"),
        (86_399.0, "23:59:59"),
        (97_200.0, "1 d 3 h"),
    ] {
        assert_eq!(countdown(seconds), text);
    }
}
