//! What a network of stations makes of single passes.

use crate::interval::seconds_between;
use crate::{Interval, Pass};

/// How much of an interval is covered.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// Times with at least one contact, in order, disjoint.
    pub covered: Vec<Interval>,
    /// Times with none, in order, the ends of the interval included.
    pub gaps: Vec<Interval>,
    /// Covered seconds by all.
    pub seconds: f64,
    /// The same as a share of the interval, from 0 to 1.
    pub share: f64,
    /// Longest gap in seconds.
    pub longest_gap_s: f64,
}

/// Contacts of a network as one: what its passes cover of the interval.
pub fn coverage(passes: &[Pass], interval: Interval) -> Coverage {
    let spans = passes.iter().map(|pass| Interval::part(pass.start.time, pass.end.time));
    let covered = union(spans, interval);
    let mut gaps = Vec::new();
    let mut free_from = interval.start();
    for span in &covered {
        if span.start() > free_from {
            gaps.push(Interval::part(free_from, span.start()));
        }
        free_from = span.end();
    }
    if free_from < interval.end() {
        gaps.push(Interval::part(free_from, interval.end()));
    }
    let seconds: f64 = covered.iter().map(Interval::seconds).sum();
    Coverage {
        share: seconds / seconds_between(interval.start(), interval.end()),
        longest_gap_s: gaps.iter().map(Interval::seconds).fold(0.0, f64::max),
        covered,
        gaps,
        seconds,
    }
}

/// The union of spans within an interval, in order, disjoint.
pub fn union(spans: impl IntoIterator<Item = Interval>, within: Interval) -> Vec<Interval> {
    let cut = |span: Interval| Interval::part(span.start().max(within.start()), span.end().min(within.end()));
    let mut spans: Vec<Interval> = spans
        .into_iter()
        .map(cut)
        .filter(|span| span.start() < span.end())
        .collect();
    spans.sort_by_key(Interval::start);
    let mut union: Vec<Interval> = Vec::new();
    for span in spans {
        match union.last_mut() {
            Some(last) if span.start() <= last.end() => {
                *last = Interval::part(last.start(), last.end().max(span.end()))
            }
            _ => union.push(span),
        }
    }
    union
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn span(from: i64, to: i64) -> Interval {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        Interval::part(at(from), at(to))
    }

    #[test]
    fn unions_join_what_touches_and_cut_what_hangs_over() {
        let spans = [
            span(50, 60),
            span(-5, 10),
            span(10, 20),
            span(12, 15),
            span(95, 200),
            span(300, 400),
        ];
        assert_eq!(union(spans, span(0, 100)), [span(0, 20), span(50, 60), span(95, 100)]);
    }
}
