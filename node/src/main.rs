//! The Perigee node: BABE and GRANDPA, RPC, off-chain workers, heartbeat network.

mod chain_spec;
mod cli;
mod command;
mod heartbeat;
mod rpc;
mod service;

fn main() -> sc_cli::Result<()> {
    command::run()
}
