//! Leases per second, from the tenant's signature to the block.
//!
//! [`stage`] prepares the chain, [`load`] sends, [`follow`] watches blocks, [`book`] knows the fate of every
//! transaction, [`figures`] and [`report`] make sense of it. What an order is, only [`order`] knows.

mod book;
mod figures;
mod follow;
mod load;
mod order;
mod report;
mod stage;

use crate::machine::{Machine, Process};
use anyhow::{bail, ensure, Context, Result};
use book::Step;
use figures::Figures;
use follow::{Follower, Log, Sample, Watched};
use load::{Load, Pace};
use order::Terms;
use perigee_chain::Chain;
use report::{Report, Settings, SCHEMA};
use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long transactions may take to their blocks after the last one was sent.
const DRAIN: Duration = Duration::from_secs(120);

/// How it is measured.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The node.
    #[arg(long, value_name = "URL", default_value = "ws://127.0.0.1:9944")]
    node: String,

    /// Its process.
    #[arg(long, value_name = "PID")]
    pid: u32,

    /// Its database.
    #[arg(long, value_name = "DIR")]
    base_path: PathBuf,

    /// Measured time in seconds.
    #[arg(long, value_name = "S", default_value_t = 60)]
    seconds: u64,

    /// Time before it, under load.
    #[arg(long, value_name = "S", default_value_t = 10)]
    warm_up: u64,

    /// Leases per second that are offered. Without it: as many as the node takes.
    #[arg(long, value_name = "N")]
    rate: Option<f64>,

    /// The most leases under way at a time.
    #[arg(long, value_name = "N", default_value_t = 2500)]
    in_flight: usize,

    /// Accounts that order.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    tenants: u32,

    /// Connections to the node.
    #[arg(long, value_name = "N", default_value_t = 2)]
    connections: usize,

    /// Whole leases, three transactions each: opened, activated, closed. Without it leases are opened only.
    #[arg(long)]
    whole: bool,

    /// Leases that run before anything is measured.
    #[arg(long, value_name = "N", default_value_t = 0)]
    live: u64,

    /// Where the figures go, as JSON.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

/// Measures, prints the table and writes the file. An error if a transaction was lost.
pub async fn run(args: Args) -> Result<()> {
    ensure!(args.seconds > 0, "--seconds must be at least 1");
    let watched = Watched {
        node: Process::of(args.pid).context("the node does not run")?,
        base_path: args.base_path.clone(),
    };
    let chain = Chain::connect(&args.node).await?;
    eprintln!("paying {} tenants, registering the provider", args.tenants);
    let stage = stage::prepare(&chain, args.tenants as usize).await?;
    let load = Load::new(&args.node, stage, args.in_flight, args.connections).await?;
    let (began, log) = (Instant::now(), Arc::new(Mutex::new(Log::default())));
    let follower = Follower::new(chain, load.clone(), watched, began, log.clone());
    let report = tokio::select! {
        report = measure(&args, &load, began, &log) => report?,
        stopped = follower.run() => {
            stopped?;
            bail!("the follower stopped");
        }
    };
    print!("{}", report.table());
    let json = serde_json::to_string(&report)?;
    fs::write(&args.output, json).with_context(|| args.output.display().to_string())?;
    eprintln!("figures: {}", args.output.display());
    ensure!(report.lost.is_empty(), "{} transactions were lost", report.lost.len());
    Ok(())
}

async fn measure(args: &Args, load: &Arc<Load>, began: Instant, log: &Mutex<Log>) -> Result<Report> {
    if args.live > 0 {
        eprintln!("opening and activating {} leases", args.live);
        load.feed(Step::Activate, Pace::Free, |started| started >= args.live)
            .await?;
        drain(load).await;
    }
    let last = if args.whole { Step::Close } else { Step::Deploy };
    let pace = args.rate.map_or(Pace::Free, Pace::PerSecond);
    eprintln!("measuring for {} s after {} s", args.seconds, args.warm_up);
    let begin = Instant::now() + Duration::from_secs(args.warm_up);
    let end = begin + Duration::from_secs(args.seconds);
    load.feed(last, pace, |_| Instant::now() >= end).await?;
    drain(load).await;

    let log = log.lock().unwrap_or_else(PoisonError::into_inner);
    let since = |at: Instant| at.duration_since(began).as_secs_f64();
    let figures = Figures::of(&log, since(begin), since(end), args.whole, &load.latencies(begin, end));
    let (transactions, lost) = load.close();
    Ok(Report {
        schema: SCHEMA,
        settings: settings(args)?,
        machine: Machine::this()?,
        figures: figures.context("fewer than two blocks were made in the measured time")?,
        transactions,
        lost,
        blocks: log.samples.clone(),
    })
}

/// Waits until every lease has gone its way, or for so long that a transaction must be lost.
async fn drain(load: &Load) {
    let began = Instant::now();
    while load.under_way() > 0 && began.elapsed() < DRAIN {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn settings(args: &Args) -> Result<Settings> {
    let node = fs::read_to_string(format!("/proc/{}/cmdline", args.pid))?;
    Ok(Settings {
        whole: args.whole,
        rate: args.rate,
        in_flight: args.in_flight,
        tenants: args.tenants as usize,
        connections: args.connections,
        live: args.live,
        warm_up: args.warm_up,
        node: node.replace('\0', " ").trim().to_owned(),
    })
}
