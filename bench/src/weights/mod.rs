//! The weights of a runtime: its benchmarks run in WebAssembly, on the state of genesis in memory.
//!
//! A weight is what was measured as a line over each component, lifted until no measured point lies above it, and the
//! database's share: so much for each key that is read or written for the first time. [`storage`] measures that.

mod check;
mod render;
mod run;
mod state;
pub mod storage;

use crate::machine::Machine;
use anyhow::{ensure, Context, Result};
use clap::Parser;
use frame_benchmarking::{Analysis, BenchmarkResult, BenchmarkSelector};
use frame_support::weights::RuntimeDbWeight;
use perigee_runtime::configs::system::DATABASE_WEIGHT;
use run::{Benchmark, Runtime};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs, path::PathBuf};

/// Measures the benchmarks of a runtime.
#[derive(Parser)]
pub struct Args {
    /// The runtime, built with `runtime-benchmarks`.
    runtime: PathBuf,
    /// The genesis to measure on.
    #[arg(long, default_value = "local_testnet")]
    preset: String,
    /// Pallets to measure; all in `pallets` without any.
    #[arg(long = "pallet")]
    pallets: Vec<String>,
    /// Benchmarks to measure; all without any. Nothing is written then.
    #[arg(long = "benchmark")]
    benchmarks: Vec<String>,
    /// Values of each component beside the greatest.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// Runs at each point.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Where the pallets are, and the record of what was measured.
    #[arg(long, default_value = ".")]
    root: PathBuf,
    /// What the files say that they were made with.
    #[arg(long, default_value = "perigee-bench weights")]
    command: String,
    /// Measure the dearest so many again, and fail where one takes longer than its weight says.
    #[arg(long, value_name = "N")]
    check: Option<usize>,
}

/// What every transaction runs through, and the trait of the SDK that weighs it. Its weights lie in the runtime.
const STOCK: [(&str, &str); 2] = [
    ("frame_system_extensions", "frame_system::ExtensionsWeightInfo"),
    ("pallet_transaction_payment", "pallet_transaction_payment::WeightInfo"),
];

/// Reads and writes only what is charged elsewhere: the signer's account, which the fee's extension charges.
const CHARGED_ELSEWHERE: (&str, &str) = ("frame_system_extensions", "check_nonce");

/// What each benchmark of each pallet came to.
type Measured = BTreeMap<String, BTreeMap<String, Cost>>;

/// A number that grows with the components of a benchmark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    base: u64,
    slopes: Vec<u64>,
}

impl Line {
    fn nothing(components: usize) -> Self {
        Self {
            base: 0,
            slopes: vec![0; components],
        }
    }

    fn at(&self, point: &[u32]) -> u64 {
        let terms = self
            .slopes
            .iter()
            .zip(point)
            .map(|(slope, at)| slope.saturating_mul((*at).into()));
        terms.fold(self.base, u64::saturating_add)
    }

    /// The line through these results, lifted until none of them lies above it.
    fn through(results: &Vec<BenchmarkResult>, selector: BenchmarkSelector) -> Result<Self> {
        let found = Analysis::min_squares_iqr(results, selector)?;
        let errors = found.errors.unwrap_or_default();
        let slopes = found.slopes.into_iter().enumerate().map(|(at, slope)| {
            // A slope below its own error is none.
            let error = errors.get(at).copied().unwrap_or_default();
            let real = !matches!(selector, BenchmarkSelector::ExtrinsicTime) || slope > error;
            if real {
                clamp(slope)
            } else {
                0
            }
        });
        let mut line = Self {
            base: clamp(found.base),
            slopes: slopes.collect(),
        };
        let unit = if matches!(selector, BenchmarkSelector::ExtrinsicTime) {
            1_000
        } else {
            1
        };
        let points = found.value_dists.unwrap_or_default();
        let short = points
            .iter()
            .map(|(point, mean, _)| clamp(mean * unit).saturating_sub(line.at(point)));
        let lift = short.max().unwrap_or_default();
        line.base = line.base.saturating_add(lift);
        Ok(line)
    }
}

fn clamp(value: u128) -> u64 {
    value.try_into().unwrap_or(u64::MAX)
}

/// What a benchmark costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Cost {
    /// The names of its components.
    components: Vec<String>,
    /// Their greatest values.
    most: Vec<u32>,
    /// Picoseconds of computing.
    time: Line,
    /// Keys read.
    reads: Line,
    /// Keys written.
    writes: Line,
    /// Bytes of the trie's nodes that were read.
    proof: Line,
}

impl Cost {
    fn of(benchmark: &Benchmark, results: &Vec<BenchmarkResult>) -> Result<Self> {
        ensure!(!results.is_empty(), "nothing was measured");
        let touches = |selector| {
            let charged = (benchmark.pallet.as_str(), benchmark.name.as_str()) != CHARGED_ELSEWHERE;
            if charged {
                Line::through(results, selector)
            } else {
                Ok(Line::nothing(benchmark.components.len()))
            }
        };
        Ok(Self {
            components: benchmark.components.iter().map(|(name, ..)| name.to_string()).collect(),
            most: benchmark.components.iter().map(|(.., most)| *most).collect(),
            time: Line::through(results, BenchmarkSelector::ExtrinsicTime)?,
            reads: touches(BenchmarkSelector::Reads)?,
            writes: touches(BenchmarkSelector::Writes)?,
            proof: Line::through(results, BenchmarkSelector::ProofSize)?,
        })
    }

    /// Picoseconds of the weight, database included, with every component at its most.
    fn most_time(&self, db: RuntimeDbWeight) -> u64 {
        let database = db.reads_writes(self.reads.at(&self.most), self.writes.at(&self.most));
        self.time.at(&self.most).saturating_add(database.ref_time())
    }
}

/// Measures, and writes down what came out; or checks what was written.
pub fn run(args: Args) -> Result<()> {
    let code = fs::read(&args.runtime).with_context(|| format!("{} cannot be read", args.runtime.display()))?;
    let runtime = Runtime::new(code, &args.preset)?;
    if let Some(dearest) = args.check {
        return check::run(&args, &runtime, dearest, DATABASE_WEIGHT);
    }
    let mut measured = Measured::new();
    for benchmark in runtime.benchmarks()? {
        if !is_wanted(&args, &benchmark) {
            continue;
        }
        let cost = measure(&runtime, &benchmark, args.steps, args.repeat)?;
        print(&benchmark, &cost);
        measured
            .entry(benchmark.pallet)
            .or_default()
            .insert(benchmark.name, cost);
    }
    if args.benchmarks.is_empty() {
        write(&args, &measured)?;
    }
    Ok(())
}

fn is_wanted(args: &Args, benchmark: &Benchmark) -> bool {
    let pallet = if args.pallets.is_empty() {
        stock_trait(&benchmark.pallet).is_some() || weights_file(args, &benchmark.pallet).exists()
    } else {
        args.pallets.contains(&benchmark.pallet)
    };
    pallet && (args.benchmarks.is_empty() || args.benchmarks.contains(&benchmark.name))
}

/// Of the runs at each point the fastest quarter counts: whatever else the machine does only adds to them.
fn measure(runtime: &Runtime, benchmark: &Benchmark, steps: u32, repeat: u32) -> Result<Cost> {
    let mut results = Vec::new();
    for point in benchmark.points(steps) {
        results.extend(fastest(runtime.measure(benchmark, &point, repeat)?));
    }
    Cost::of(benchmark, &results)
}

fn fastest(mut runs: Vec<BenchmarkResult>) -> Vec<BenchmarkResult> {
    runs.sort_by_key(|run| run.extrinsic_time);
    runs.truncate(runs.len().div_ceil(4));
    runs
}

fn print(benchmark: &Benchmark, cost: &Cost) {
    println!(
        "{:<20} {:<22} {:>9.1} µs {:>4} reads {:>4} writes {:>7} bytes  {:?}",
        benchmark.pallet,
        benchmark.name,
        cost.time.at(&cost.most) as f64 / 1e6,
        cost.reads.at(&cost.most),
        cost.writes.at(&cost.most),
        cost.proof.at(&cost.most),
        cost.most,
    );
}

/// The trait that weighs it, if it is not a pallet of ours.
fn stock_trait(pallet: &str) -> Option<&'static str> {
    STOCK
        .iter()
        .find(|(name, _)| *name == pallet)
        .map(|(_, trait_)| *trait_)
}

/// Where the weights of a pallet lie.
fn weights_file(args: &Args, pallet: &str) -> PathBuf {
    if stock_trait(pallet).is_some() {
        return args.root.join("runtime/src/weights").join(format!("{pallet}.rs"));
    }
    let folder = pallet.trim_start_matches("pallet_");
    args.root.join("pallets").join(folder).join("src/weights.rs")
}

/// Where it is recorded what was measured.
fn record_file(args: &Args) -> PathBuf {
    args.root.join("bench/weights.json")
}

fn write(args: &Args, measured: &Measured) -> Result<()> {
    let mut record = read_record(args).unwrap_or_default();
    let header = render::header(&Machine::this()?, &args.command)?;
    for (pallet, costs) in measured {
        let file = weights_file(args, pallet);
        let text = match stock_trait(pallet) {
            Some(name) => render::stock(&header, name, costs)?,
            None => render::pallet(&header, costs)?,
        };
        fs::write(&file, text).with_context(|| file.display().to_string())?;
        record.insert(pallet.clone(), costs.clone());
    }
    let text = serde_json::to_string_pretty(&record)? + "\n";
    fs::write(record_file(args), text).context("the record cannot be written")
}

fn read_record(args: &Args) -> Result<Measured> {
    let file = record_file(args);
    let text = fs::read_to_string(&file).with_context(|| format!("{}: run scripts/weights first", file.display()))?;
    Ok(serde_json::from_str(&text)?)
}
