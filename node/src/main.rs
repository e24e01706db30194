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

fn main() -> ExitCode {
    match command::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {}", command::explain(&error));
            ExitCode::FAILURE
        }
    }
}
