//! What holds for every orbit, station and mask.

use jiff::{SignedDuration, Timestamp};
use perigee_orbit::{
    eclipses, line_of_sight, look, passes, union, Elements, Interval, LinkLimits, Mask, Pass, Propagator, Station,
};
use proptest::prelude::*;

fn epoch() -> Timestamp {
    "2024-03-01T00:00:00Z".parse().unwrap()
}

fn hours(count: f64) -> Timestamp {
    epoch() + SignedDuration::from_secs_f64(count * 3_600.0)
}

fn interval(from: f64, to: f64) -> Interval {
    Interval::new(hours(from), hours(to)).unwrap()
}

fn orbit(perigee_km: f64, eccentricity: f64, angles: [f64; 4]) -> Elements {
    let axis = (6_378.0 + perigee_km) / (1.0 - eccentricity);
    let [inclination_deg, right_ascension_deg, argument_of_perigee_deg, mean_anomaly_deg] = angles;
    Elements {
        name: None,
        designator: None,
        catalogue_number: 1,
        classification: Default::default(),
        epoch: epoch(),
        mean_motion_rev_day: 86_400.0 / (std::f64::consts::TAU * (axis.powi(3) / 398_600.8).sqrt()),
        eccentricity,
        inclination_deg,
        right_ascension_deg,
        argument_of_perigee_deg,
        mean_anomaly_deg,
        bstar: 0.0,
        mean_motion_dot: 0.0,
        mean_motion_ddot: 0.0,
        set_number: 0,
        revolution: 0,
    }
}

fn orbits() -> impl Strategy<Value = Propagator> {
    let perigee = prop_oneof![3 => 300.0..1_500.0, 1 => 1_500.0..36_000.0];
    let eccentricity = prop_oneof![2 => 0.0..0.01, 1 => 0.01..0.75];
    (perigee, eccentricity, 0.0..180.0, 0.0..360.0, 0.0..360.0, 0.0..360.0)
        .prop_map(|(perigee, e, i, node, argument, anomaly)| orbit(perigee, e, [i, node, argument, anomaly]))
        .prop_map(|elements| Propagator::new(&elements).unwrap())
}

fn masks() -> impl Strategy<Value = Mask> {
    let constant = (-2.0..60.0).prop_map(|elevation| Mask::constant(elevation).unwrap());
    let points = prop::collection::btree_map(0_u16..360, -2.0..50.0_f64, 2..8);
    let by_azimuth = points.prop_map(|points| {
        let points: Vec<_> = points
            .into_iter()
            .map(|(azimuth, elevation)| (f64::from(azimuth), elevation))
            .collect();
        Mask::by_azimuth(&points).unwrap()
    });
    prop_oneof![constant, by_azimuth]
}

fn stations() -> impl Strategy<Value = Station> {
    (-89.0..89.0, -180.0..180.0, 0.0..3_000.0, masks())
        .prop_map(|(lat, lon, alt, mask)| Station::new(lat, lon, alt, mask).unwrap())
}

fn raised(station: &Station, degrees: f64) -> Station {
    let points: Vec<_> = (0..360)
        .map(|azimuth| {
            (
                f64::from(azimuth),
                station.mask().elevation_deg(f64::from(azimuth)) + degrees,
            )
        })
        .collect();
    let place = station.place();
    let mask = match station.mask().range_deg() {
        (low, high) if low == high => Mask::constant(low + degrees),
        _ => Mask::by_azimuth(&points),
    };
    Station::new(
        place.latitude_deg,
        place.longitude_deg,
        place.altitude_km * 1e3,
        mask.unwrap(),
    )
    .unwrap()
}

fn spans(passes: &[Pass]) -> Vec<(Timestamp, Timestamp)> {
    passes.iter().map(|pass| (pass.start.time, pass.end.time)).collect()
}

fn apart(a: Timestamp, b: Timestamp) -> f64 {
    a.duration_since(b).as_secs_f64().abs()
}

/// By the theory itself, without the table and the search.
fn above(propagator: &Propagator, station: &Station, at: Timestamp) -> f64 {
    let look = look(propagator, station, at).unwrap();
    look.elevation_deg - station.mask().elevation_deg(look.azimuth_deg)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn windows_are_disjoint_ordered_and_within_the_search(propagator in orbits(), station in stations()) {
        let search = interval(-6.0, 30.0);
        let mut last = search.start();
        for pass in passes(&propagator, &[station], search).unwrap() {
            prop_assert!(pass.start.time >= last);
            prop_assert!(pass.end.time > pass.start.time);
            prop_assert!(pass.highest.time >= pass.start.time && pass.highest.time <= pass.end.time);
            last = pass.end.time;
        }
        prop_assert!(last <= search.end());
    }

    #[test]
    fn elevation_at_edges_is_the_mask(propagator in orbits(), station in stations()) {
        for pass in passes(&propagator, std::slice::from_ref(&station), interval(0.0, 24.0)).unwrap() {
            for (look, cut) in [(pass.start, pass.cut_at_start), (pass.end, pass.cut_at_end)] {
                let above = above(&propagator, &station, look.time);
                prop_assert!(cut || above.abs() < 1e-4, "{above} {look:?}");
            }
        }
    }

    #[test]
    fn sampling_by_the_theory_finds_the_same_times(propagator in orbits(), station in stations()) {
        let found = passes(&propagator, std::slice::from_ref(&station), interval(0.0, 12.0)).unwrap();
        for step in 0..12 * 360 {
            let at = epoch() + SignedDuration::from_secs(step * 10);
            let inside = found.iter().any(|pass| pass.start.time <= at && at <= pass.end.time);
            let above = above(&propagator, &station, at);
            prop_assert!(above.abs() < 1e-4 || inside == (above > 0.0), "{at} {above}");
        }
    }

    #[test]
    fn highest_elevation_is_the_highest_of_samples(propagator in orbits(), station in stations()) {
        for pass in passes(&propagator, std::slice::from_ref(&station), interval(0.0, 24.0)).unwrap() {
            let length = apart(pass.start.time, pass.end.time);
            for part in 0..=200 {
                let at = pass.start.time + SignedDuration::from_secs_f64(length * f64::from(part) / 200.0);
                let there = look(&propagator, &station, at.min(pass.end.time)).unwrap().elevation_deg;
                prop_assert!(there <= pass.highest.elevation_deg + 1e-3, "{there} {:?}", pass.highest);
            }
        }
    }

    #[test]
    fn higher_mask_never_gives_more_contact(propagator in orbits(), station in stations(), more in 0.1..20.0) {
        let search = interval(0.0, 24.0);
        let low = passes(&propagator, std::slice::from_ref(&station), search).unwrap();
        let high = passes(&propagator, &[raised(&station, more)], search).unwrap();
        for pass in high {
            let within = low.iter().any(|wide| wide.start.time <= pass.start.time && pass.end.time <= wide.end.time);
            // A mask resampled at each degree may lie below its own corner between two degrees by rounding only.
            prop_assert!(within, "{:?}", spans(&[pass]));
        }
    }

    #[test]
    fn splitting_the_search_gives_the_same_windows(propagator in orbits(), station in stations(), at in 0.1..71.9) {
        let whole = passes(&propagator, std::slice::from_ref(&station), interval(0.0, 72.0)).unwrap();
        let mut parts = passes(&propagator, std::slice::from_ref(&station), interval(0.0, at)).unwrap();
        let rest = passes(&propagator, std::slice::from_ref(&station), interval(at, 72.0)).unwrap();
        let mut rest = rest.into_iter().peekable();
        if let (Some(open), Some(goes_on)) = (parts.last_mut().filter(|p| p.cut_at_end), rest.next_if(|p| p.cut_at_start)) {
            open.end = goes_on.end;
        }
        parts.extend(rest);
        prop_assert_eq!(whole.len(), parts.len(), "{:?} {:?}", spans(&whole), spans(&parts));
        for (a, b) in whole.iter().zip(&parts) {
            prop_assert!(apart(a.start.time, b.start.time) < 1e-4 && apart(a.end.time, b.end.time) < 1e-4);
        }
    }

    #[test]
    fn umbra_lies_within_penumbra(propagator in orbits()) {
        let shadows = eclipses(&propagator, interval(0.0, 24.0)).unwrap();
        for umbra in &shadows.umbra {
            let around = |p: &&Interval| p.start() <= umbra.start() && umbra.end() <= p.end();
            prop_assert!(shadows.penumbra.iter().any(|p| around(&p)));
        }
        prop_assert_eq!(union(shadows.penumbra.clone(), interval(0.0, 24.0)), shadows.penumbra);
    }

    #[test]
    fn line_of_sight_is_mutual_and_shrinks_with_limits(one in orbits(), other in orbits(), clearance_km in 0.0..500.0) {
        let search = interval(0.0, 12.0);
        let limits = |longest_km| LinkLimits { clearance_km, longest_km };
        let there = line_of_sight(&one, &other, search, limits(None)).unwrap();
        let back = line_of_sight(&other, &one, search, limits(None)).unwrap();
        prop_assert_eq!(there.len(), back.len());
        let near = line_of_sight(&one, &other, search, limits(Some(3_000.0))).unwrap();
        let sum = |spans: &[Interval]| spans.iter().map(Interval::seconds).sum::<f64>();
        prop_assert!(sum(&near) <= sum(&there) + 1e-3);
    }
}
