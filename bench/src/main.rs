//! Measures a node from outside, as its users meet it: through RPC, pool and blocks. `scripts/bench` starts the node.

mod machine;
mod market;

use clap::Parser;
use std::process::ExitCode;

/// Measures a running node.
#[derive(Parser)]
#[command(name = "perigee-bench")]
enum Command {
    /// Leases per second, and what each of them costs.
    Market(market::Args),
}

#[tokio::main]
async fn main() -> ExitCode {
    let Command::Market(args) = Command::parse();
    match market::run(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
