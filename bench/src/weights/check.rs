//! Do the weights that were written still hold?

use super::{fastest, read_record, run::Runtime, Args, Cost};
use anyhow::{bail, Result};
use frame_benchmarking::BenchmarkResult;
use frame_support::weights::RuntimeDbWeight;
use std::cmp::Reverse;

/// Measures the dearest benchmarks again, each at its worst. Fails where one takes longer than its weight, the
/// computing of the state's root included.
pub fn run(args: &Args, runtime: &Runtime, dearest: usize, db: RuntimeDbWeight) -> Result<()> {
    let mut all: Vec<(String, String, Cost)> = read_record(args)?
        .into_iter()
        .flat_map(|(pallet, costs)| costs.into_iter().map(move |(name, cost)| (pallet.clone(), name, cost)))
        .collect();
    all.sort_by_key(|(.., cost)| Reverse(cost.most_time(db)));
    let known = runtime.benchmarks()?;
    let mut too_long = Vec::new();
    for (pallet, name, cost) in all.into_iter().take(dearest) {
        let Some(benchmark) = known.iter().find(|b| (&b.pallet, &b.name) == (&pallet, &name)) else {
            bail!("{pallet} has no benchmark {name} any more: run scripts/weights");
        };
        let runs = fastest(runtime.measure(benchmark, &benchmark.most(), args.repeat)?);
        let took = runs.iter().map(whole).min().unwrap_or_default();
        let weight = cost.most_time(db) / 1_000;
        println!("{pallet:<20} {name:<22} took {took:>10} ns, weighs {weight:>10} ns");
        if took > weight.into() {
            too_long.push(format!("{pallet}::{name}"));
        }
    }
    if too_long.is_empty() {
        return Ok(());
    }
    bail!(
        "longer than their weight: {}. Run scripts/weights where nothing else runs",
        too_long.join(", ")
    )
}

/// Nanoseconds of a run, with the root of the state that it left.
fn whole(run: &BenchmarkResult) -> u128 {
    run.extrinsic_time.saturating_add(run.storage_root_time)
}
