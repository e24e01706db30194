//! Measures a node from outside, as its users meet it: through RPC, pool and blocks. `scripts/bench` starts the node.
//! With the feature `weights` also the runtime by itself: `scripts/weights`.

mod machine;
mod market;
#[cfg(feature = "weights")]
mod weights;

use clap::Parser;
use std::process::ExitCode;

/// Measures a running node, or a runtime.
#[derive(Parser)]
#[command(name = "perigee-bench")]
enum Command {
    /// Leases per second, and what each of them costs.
    Market(market::Args),
    /// What each call and hook of a runtime costs, by its benchmarks.
    #[cfg(feature = "weights")]
    Weights(weights::Args),
    /// What the database takes for a key of the state.
    #[cfg(feature = "weights")]
    Storage(weights::storage::Args),
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::Market(args) => market::run(args).await,
        #[cfg(feature = "weights")]
        Command::Weights(args) => weights::run(args),
        #[cfg(feature = "weights")]
        Command::Storage(args) => weights::storage::run(args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
