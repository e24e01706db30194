//! Where a continuous quantity is positive.

/// What is known of a quantity at an instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// The quantity.
    pub value: f64,
    /// For so many seconds from here its sign cannot change.
    pub holds_s: f64,
}

/// A quantity over time, in seconds.
pub(crate) trait Signal {
    fn sample(&self, at: f64) -> Sample;

    /// Steps where nothing is known: within one of them the quantity turns at most once.
    fn fine_step_s(&self) -> f64;
}

/// Edges are found to this.
const EDGE_S: f64 = 1e-6;
/// Half the width of the difference that gives a slope: far above rounding, far below any curvature.
const SLOPE_S: f64 = 1e-3;
/// Halvings of a step that leave nothing of it.
const HALVINGS: usize = 48;

/// All spans within `start..end` in which the signal is positive, in order, disjoint.
///
/// Where the sign is known to hold the search jumps; elsewhere it goes in fine steps, and looks for a turn within each
/// step whose ends have one sign, so that spans and gaps much shorter than a step are found as well.
pub(crate) fn positive_spans(signal: &impl Signal, start: f64, end: f64) -> Vec<(f64, f64)> {
    let mut crossings = Vec::new();
    let (mut at, mut here) = (start, signal.sample(start));
    let starts_inside = here.value > 0.0;
    while at < end {
        let next = (at + here.holds_s.max(signal.fine_step_s())).min(end);
        let there = signal.sample(next);
        let inside = here.value > 0.0;
        if inside != (there.value > 0.0) {
            crossings.push(crossing(signal, at, next, inside));
        } else if here.holds_s < next - at {
            if let Some(turn) = turn(signal, at, next, inside) {
                crossings.push(crossing(signal, at, turn, inside));
                crossings.push(crossing(signal, turn, next, !inside));
            }
        }
        (at, here) = (next, there);
    }
    spans(crossings, starts_inside, start, end)
}

fn spans(crossings: Vec<f64>, starts_inside: bool, start: f64, end: f64) -> Vec<(f64, f64)> {
    let mut edges = crossings;
    if starts_inside {
        edges.insert(0, start);
    }
    if edges.len() % 2 == 1 {
        edges.push(end);
    }
    let pairs = edges.chunks_exact(2).map(|pair| (pair[0], pair[1]));
    pairs.filter(|(from, to)| to > from).collect()
}

/// The instant between `low` and `high` at which the sign changes; `inside` tells the sign at `low`.
///
/// Bisection, with the secant's point taken where it falls well inside (Illinois rule).
fn crossing(signal: &impl Signal, mut low: f64, mut high: f64, inside: bool) -> f64 {
    let value = |at: f64| match inside {
        true => -signal.sample(at).value,
        false => signal.sample(at).value,
    };
    // Now the value at `low` is not above zero, and that at `high` is not below.
    let (mut at_low, mut at_high) = (value(low), value(high));
    let mut kept = 0_i8;
    for round in 0..2 * HALVINGS {
        if high - low <= EDGE_S {
            break;
        }
        let secant = low + (high - low) * (at_low / (at_low - at_high));
        let usable = secant > low && secant < high && round % 8 != 7;
        let middle = if usable { secant } else { low + (high - low) / 2.0 };
        let found = value(middle);
        if found > 0.0 {
            (high, at_high) = (middle, found);
            at_low /= if kept == 1 { 2.0 } else { 1.0 };
            kept = 1;
        } else {
            (low, at_low) = (middle, found);
            at_high /= if kept == -1 { 2.0 } else { 1.0 };
            kept = -1;
        }
        if found.abs() < 1e-13 {
            return middle;
        }
    }
    low + (high - low) / 2.0
}

/// Where the signal turns towards the other sign between two instants and reaches it.
fn turn(signal: &impl Signal, low: f64, high: f64, inside: bool) -> Option<f64> {
    let towards = |at: f64| match inside {
        true => -slope(signal, at),
        false => slope(signal, at),
    };
    if towards(low) <= 0.0 || towards(high) >= 0.0 {
        return None;
    }
    let at = peak(low, high, towards);
    ((signal.sample(at).value > 0.0) != inside).then_some(at)
}

fn slope(signal: &impl Signal, at: f64) -> f64 {
    signal.sample(at + SLOPE_S).value - signal.sample(at - SLOPE_S).value
}

/// The zero of a slope that is positive at `low` and negative at `high`.
pub(crate) fn peak(mut low: f64, mut high: f64, slope: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..HALVINGS {
        if high - low <= EDGE_S {
            break;
        }
        let middle = low + (high - low) / 2.0;
        if slope(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    low + (high - low) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Wave<F: Fn(f64) -> f64>(F);

    impl<F: Fn(f64) -> f64> Signal for Wave<F> {
        fn sample(&self, at: f64) -> Sample {
            Sample {
                value: (self.0)(at),
                holds_s: 0.0,
            }
        }

        fn fine_step_s(&self) -> f64 {
            0.5
        }
    }

    fn close(found: &[(f64, f64)], expected: &[(f64, f64)]) {
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (a, b) in found.iter().zip(expected) {
            assert!((a.0 - b.0).abs() < 1e-5 && (a.1 - b.1).abs() < 1e-5, "{found:?}");
        }
    }

    #[test]
    fn spans_of_a_sine_are_its_half_waves() {
        use std::f64::consts::PI;
        close(
            &positive_spans(&Wave(f64::sin), 1.0, 10.0),
            &[(1.0, PI), (2.0 * PI, 3.0 * PI)],
        );
        close(&positive_spans(&Wave(f64::sin), PI + 0.5, 6.0), &[]);
    }

    #[test]
    fn spans_and_gaps_within_a_step_are_found() {
        close(
            &positive_spans(&Wave(|t| 0.01 - (t - 2.2).powi(2)), 0.0, 5.0),
            &[(2.1, 2.3)],
        );
        close(
            &positive_spans(&Wave(|t| (t - 2.2).powi(2) - 0.01), 0.0, 5.0),
            &[(0.0, 2.1), (2.3, 5.0)],
        );
    }

    #[test]
    fn edges_on_kinks_are_found() {
        close(
            &positive_spans(&Wave(|t| (t - 1.3).min(10.0 * (3.7 - t))), 0.0, 5.0),
            &[(1.3, 3.7)],
        );
    }
}
