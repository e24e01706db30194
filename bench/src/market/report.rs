//! What is printed and what is written.

use super::{
    book::{Lost, Step, Tally},
    figures::{Course, Figures, Spread},
    follow::Sample,
};
use crate::machine::Machine;
use serde::Serialize;
use std::{collections::BTreeMap, fmt::Write};

/// Name and version of the JSON: the version changes with the meaning of a field.
pub const SCHEMA: &str = "perigee.bench.market/1";

/// How it was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// Are leases activated and closed, or only opened?
    pub whole: bool,
    /// Leases per second that were offered; none for as many as the node takes.
    pub rate: Option<f64>,
    /// The most leases under way.
    pub in_flight: usize,
    /// Accounts that order.
    pub tenants: usize,
    /// Connections to the node.
    pub connections: usize,
    /// Leases that were running before.
    pub live: u64,
    /// Seconds before the measured time.
    pub warm_up: u64,
    /// The node's command line.
    pub node: String,
}

/// All of it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// How.
    pub settings: Settings,
    /// On what.
    pub machine: Machine,
    /// The figures.
    pub figures: Figures,
    /// The fate of every transaction, those of the warm-up and of the end among them.
    pub transactions: BTreeMap<Step, Tally>,
    /// Those that were never heard of again.
    pub lost: Vec<Lost>,
    /// Block by block.
    pub blocks: Vec<Sample>,
}

impl Report {
    /// The table.
    pub fn table(&self) -> String {
        let f = &self.figures;
        let kind = if self.settings.whole {
            "whole leases"
        } else {
            "instant leases"
        };
        let offered = self
            .settings
            .rate
            .map_or("as many as it takes".into(), |rate| format!("{rate}/s"));
        let cpu = f.node_cpu_ms_per_lease + f.client_cpu_ms_per_lease;
        let rows = [
            (
                "measured",
                format!("{} {kind} in {:.0} s, {} blocks", f.leases, f.seconds, f.blocks),
            ),
            (
                "offered",
                format!("{offered}, {} under way at most", self.settings.in_flight),
            ),
            ("running before", format!("{} leases", self.settings.live)),
            ("leases/s", format!("{:.0}", f.leases_per_second)),
            ("leases/s, worst 10 s", format!("{:.0}", f.leases_per_second_worst_10s)),
            ("order → lease, blocks", spread(&f.order_to_lease_blocks, 0)),
            ("order → lease, s", spread(&f.order_to_lease_seconds, 2)),
            ("finality lag, s", spread(&f.finality_lag_seconds, 2)),
            ("time of a block, s", spread(&f.block_seconds, 2)),
            ("block fullness", spread(&f.block_fullness, 2)),
            (
                "CPU/lease, ms",
                format!(
                    "{cpu:.2}: node {:.2}, client {:.2}",
                    f.node_cpu_ms_per_lease, f.client_cpu_ms_per_lease
                ),
            ),
            (
                "cores taken by others",
                format!("{:.2}, of them {:.2} at low priority", f.other_cores, f.yielding_cores),
            ),
            ("disk/lease, bytes", format!("{:.0}", f.disk_bytes_per_lease)),
            ("node's memory, MiB", course(&f.node_resident)),
            ("  without files' pages", course(&f.node_own_memory)),
        ];
        let mut text = String::new();
        for (name, value) in rows {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name:<24} {value}");
        }
        for (step, tally) in &self.transactions {
            let _ = writeln!(text, "{:<24} {}", format!("{step:?} transactions"), fate(tally));
        }
        text
    }
}

fn spread(spread: &Spread, digits: usize) -> String {
    let Spread { p50, p99, max } = spread;
    format!("p50 {p50:.digits$}, p99 {p99:.digits$}, max {max:.digits$}")
}

fn course(course: &Course) -> String {
    let Course {
        start,
        max,
        end,
        slope_per_minute,
    } = course;
    format!("{start:.0} → {end:.0}, most {max:.0}, {slope_per_minute:+.1} per minute in the second half")
}

fn fate(tally: &Tally) -> String {
    let mut text = format!("{} sent = {} included", tally.sent, tally.included);
    let errors = [("failed", &tally.failed), ("refused", &tally.refused)];
    for (what, reasons) in errors {
        for (reason, count) in reasons {
            let _ = write!(text, " + {count} {what} ({reason})");
        }
    }
    let _ = write!(text, " + {} lost", tally.lost);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fate_is_told_with_its_reason() {
        let tally = Tally {
            sent: 9,
            included: 5,
            failed: [("no room".to_owned(), 1)].into(),
            refused: [("pool full".to_owned(), 2)].into(),
            lost: 1,
        };
        let expected = "9 sent = 5 included + 1 failed (no room) + 2 refused (pool full) + 1 lost";
        assert_eq!(fate(&tally), expected);
    }
}
