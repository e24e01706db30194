//! From samples to figures. Pure.

use super::{book::Wait, follow::Log, Sample};
use serde::Serialize;

/// Bytes of a MiB.
const MIB: f64 = 1_048_576.0;
/// Seconds of the windows whose worst is told.
const WINDOW: f64 = 10.0;

/// Median, nearly worst and worst of something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// Half are at most this.
    pub p50: f64,
    /// 99 of 100 are at most this.
    pub p99: f64,
    /// All are at most this.
    pub max: f64,
}

impl Spread {
    /// Of these values, nearest rank; zero without any.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let rank = |part: f64| {
            let at = (part * sorted.len() as f64).ceil() as usize;
            sorted.get(at.saturating_sub(1)).copied().unwrap_or(0.0)
        };
        Self {
            p50: rank(0.50),
            p99: rank(0.99),
            max: rank(1.0),
        }
    }
}

/// What the measured blocks say.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// Measured time, from block to block.
    pub seconds: f64,
    /// Blocks in it.
    pub blocks: usize,
    /// Leases in it.
    pub leases: u64,
    /// Leases per second.
    pub leases_per_second: f64,
    /// The same in the worst window of at least ten seconds.
    pub leases_per_second_worst_10s: f64,
    /// From sending an order to seeing its block, in blocks.
    pub order_to_lease_blocks: Spread,
    /// The same, in seconds.
    pub order_to_lease_seconds: Spread,
    /// From seeing a block as best to seeing it as final, in seconds.
    pub finality_lag_seconds: Spread,
    /// Seconds between blocks.
    pub block_seconds: Spread,
    /// Used part of the weight for ordinary extrinsics.
    pub block_fullness: Spread,
    /// CPU of the node for one lease.
    pub node_cpu_ms_per_lease: f64,
    /// CPU of the client for one lease.
    pub client_cpu_ms_per_lease: f64,
    /// Cores that everything else on the machine used meanwhile.
    pub other_cores: f64,
    /// Of them, for processes that let us go first.
    pub yielding_cores: f64,
    /// Disk space of the node for one lease.
    pub disk_bytes_per_lease: f64,
    /// Resident memory of the node, in MiB.
    pub node_resident: Course,
    /// Of it, without pages of files.
    pub node_own_memory: Course,
}

/// An amount over time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Course {
    /// At the first block.
    pub start: f64,
    /// The most.
    pub max: f64,
    /// At the last block.
    pub end: f64,
    /// Slope of the best straight line over the second half, per minute.
    pub slope_per_minute: f64,
}

impl Figures {
    /// Of the blocks seen from `begin` to `end`, in seconds; the first one only starts the clock. `None` with fewer than
    /// two. `whole` counts closed leases, otherwise opened ones count.
    pub fn of(log: &Log, begin: f64, end: f64, whole: bool, waits: &[Wait]) -> Option<Self> {
        let samples: Vec<&Sample> = log.samples.iter().filter(|s| (begin..=end).contains(&s.seen)).collect();
        let (first, last) = (*samples.first()?, *samples.last()?);
        let counted = samples.get(1..).filter(|rest| !rest.is_empty())?;
        let leases_of = |s: &Sample| u64::from(if whole { s.closed } else { s.opened });
        let leases = counted.iter().map(|s| leases_of(s)).sum::<u64>();
        let seconds = last.seen - first.seen;
        let per_lease = |amount: f64| amount / leases.max(1) as f64;
        let node_cpu = last.node_cpu - first.node_cpu;
        let client_cpu = last.client_cpu - first.client_cpu;
        let machine_cpu = last.machine_cpu.all - first.machine_cpu.all;
        let yielding = last.machine_cpu.yielding - first.machine_cpu.yielding;
        Some(Self {
            seconds,
            blocks: counted.len(),
            leases,
            leases_per_second: leases as f64 / seconds,
            leases_per_second_worst_10s: worst_window(&samples, leases_of),
            order_to_lease_blocks: Spread::of(waits.iter().map(|wait| wait.blocks.into())),
            order_to_lease_seconds: Spread::of(waits.iter().map(|wait| wait.time.as_secs_f64())),
            finality_lag_seconds: Spread::of(counted.iter().filter_map(|s| finality_lag(log, s))),
            block_seconds: Spread::of(samples.windows(2).map(|pair| pair[1].seen - pair[0].seen)),
            block_fullness: Spread::of(counted.iter().map(|s| s.fullness)),
            node_cpu_ms_per_lease: per_lease(node_cpu * 1e3),
            client_cpu_ms_per_lease: per_lease(client_cpu * 1e3),
            other_cores: (machine_cpu - node_cpu - client_cpu) / seconds,
            yielding_cores: yielding / seconds,
            disk_bytes_per_lease: per_lease(last.disk as f64 - first.disk as f64),
            node_resident: course(&samples, |s| s.node_memory.resident),
            node_own_memory: course(&samples, |s| s.node_memory.own),
        })
    }
}

fn finality_lag(log: &Log, sample: &Sample) -> Option<f64> {
    let last = log.finalised.get(&sample.number)?;
    // A block may be final before this program has looked at it.
    Some((last - sample.seen).max(0.0))
}

/// The worst rate over any run of blocks that lasts at least [`WINDOW`]; over all of them where they last less.
fn worst_window(samples: &[&Sample], leases_of: impl Fn(&Sample) -> u64) -> f64 {
    let rate = |run: &[&Sample]| {
        let leases: u64 = run[1..].iter().map(|s| leases_of(s)).sum();
        leases as f64 / (run[run.len() - 1].seen - run[0].seen)
    };
    let windows = (0..samples.len()).filter_map(|from| {
        let to = samples[from..]
            .iter()
            .position(|s| s.seen - samples[from].seen >= WINDOW)?;
        Some(rate(&samples[from..=from + to]))
    });
    windows.min_by(f64::total_cmp).unwrap_or_else(|| rate(samples))
}

fn course(samples: &[&Sample], of: impl Fn(&Sample) -> u64) -> Course {
    let point = |s: &&Sample| (s.seen / 60.0, of(s) as f64 / MIB);
    let points: Vec<(f64, f64)> = samples.iter().map(point).collect();
    let sizes = points.iter().map(|(_, size)| *size);
    Course {
        start: points.first().map_or(0.0, |(_, size)| *size),
        max: sizes.fold(0.0, f64::max),
        end: points.last().map_or(0.0, |(_, size)| *size),
        slope_per_minute: slope(&points[points.len() / 2..]),
    }
}

/// Least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let covariance: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    let variance: f64 = points.iter().map(|p| (p.0 - x).powi(2)).sum();
    if variance == 0.0 {
        return 0.0;
    }
    covariance / variance
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{Busy, Memory};
    use std::time::Duration;

    /// A block every two seconds with `opened` leases, each for 2 ms of CPU and 3 kB.
    fn log(opened: &[u32]) -> Log {
        let mut log = Log::default();
        let mut sum = 0;
        for (i, opened) in opened.iter().enumerate() {
            sum += opened;
            let seen = 2.0 * i as f64;
            log.samples.push(Sample {
                number: i as u32,
                seen,
                opened: *opened,
                closed: 1,
                extrinsics: opened + 1,
                fullness: 0.5,
                waiting: 0,
                node_cpu: f64::from(sum) * 0.002,
                client_cpu: f64::from(sum) * 0.001,
                machine_cpu: Busy {
                    all: f64::from(sum) * 0.003 + seen,
                    yielding: seen / 4.0,
                },
                node_memory: Memory {
                    resident: (100 + i as u64) << 20,
                    own: 50 << 20,
                },
                disk: u64::from(sum) * 3_000,
            });
            log.finalised.insert(i as u32, seen + 1.0);
        }
        log
    }

    #[test]
    fn the_first_block_only_starts_the_clock() {
        let figures = Figures::of(&log(&[900, 100, 300]), 0.0, 9.0, false, &[]).unwrap();
        assert_eq!((figures.leases, figures.blocks, figures.seconds), (400, 2, 4.0));
        assert_eq!(figures.leases_per_second, 100.0);
        assert!((figures.node_cpu_ms_per_lease - 2.0).abs() < 1e-9);
        assert!((figures.client_cpu_ms_per_lease - 1.0).abs() < 1e-9);
        assert!((figures.other_cores - 1.0).abs() < 1e-9);
        assert_eq!(figures.yielding_cores, 0.25);
        assert_eq!(figures.disk_bytes_per_lease, 3_000.0);
        assert_eq!(figures.finality_lag_seconds.max, 1.0);
    }

    #[test]
    fn only_blocks_of_the_measured_time_count() {
        let all = log(&[5, 10, 20, 40, 80]);
        assert_eq!(Figures::of(&all, 2.0, 6.0, false, &[]).unwrap().leases, 60);
        assert_eq!(Figures::of(&all, 2.0, 6.0, true, &[]).unwrap().leases, 2);
        assert!(Figures::of(&all, 2.0, 3.0, false, &[]).is_none());
        assert!(Figures::of(&Log::default(), 0.0, 1.0, false, &[]).is_none());
    }

    #[test]
    fn a_stall_shows_in_the_worst_window() {
        let mut opened = [100; 20];
        opened[8..13].fill(0);
        let figures = Figures::of(&log(&opened), 0.0, 100.0, false, &[]).unwrap();
        assert_eq!(figures.leases_per_second_worst_10s, 0.0);
        let short = Figures::of(&log(&[0, 100, 300]), 0.0, 100.0, false, &[]).unwrap();
        assert_eq!(short.leases_per_second_worst_10s, 100.0);
    }

    #[test]
    fn memory_that_grows_has_a_slope() {
        let figures = Figures::of(&log(&[1; 31]), 0.0, 100.0, false, &[]).unwrap();
        let grown = figures.node_resident;
        assert_eq!((grown.start, grown.max, grown.end), (100.0, 130.0, 130.0));
        assert!((grown.slope_per_minute - 30.0).abs() < 1e-6);
        assert_eq!(figures.node_own_memory.slope_per_minute, 0.0);
    }

    #[test]
    fn ranks_are_values_that_occurred() {
        let spread = Spread::of((1..=200).rev().map(f64::from));
        let expected = Spread {
            p50: 100.0,
            p99: 198.0,
            max: 200.0,
        };
        assert_eq!(spread, expected);
        assert_eq!(Spread::of([]), Spread::default());
        let wait = Wait {
            blocks: 1,
            time: Duration::from_millis(1500),
        };
        let figures = Figures::of(&log(&[1; 3]), 0.0, 100.0, false, &[wait]).unwrap();
        assert_eq!(figures.order_to_lease_blocks.max, 1.0);
        assert_eq!(figures.order_to_lease_seconds.p50, 1.5);
    }
}
