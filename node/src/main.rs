//! The Perigee node: BABE and GRANDPA, RPC, off-chain workers, heartbeat network.

// The SDK's error types are large, and its signatures give them.
#![allow(clippy::result_large_err)]

mod chain_spec;
mod cli;
mod command;
mod heartbeat;
mod metrics;
mod rpc;
mod service;

use std::process::ExitCode;

/// Under load it takes less CPU and less memory than the one of the system: docs/benchmarks.md has the figures.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    match command::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {}", command::explain(&error));
            ExitCode::FAILURE
        }
    }
}
