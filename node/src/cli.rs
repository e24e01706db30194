//! The command line.

use crate::heartbeat::HeartbeatArgs;
use clap::Parser;

/// What the command line says.
#[derive(Debug, Parser)]
pub struct Cli {
    /// A subcommand; without one the node runs.
    #[command(subcommand)]
    pub subcommand: Option<Subcommand>,

    #[command(flatten)]
    pub run: sc_cli::RunCmd,

    #[command(flatten)]
    pub heartbeat: HeartbeatArgs,
}

/// What the binary does besides running a node.
#[derive(Debug, clap::Subcommand)]
#[allow(clippy::large_enum_variant)]
pub enum Subcommand {
    /// Make, inspect and insert keys.
    #[command(subcommand)]
    Key(sc_cli::KeySubcommand),

    /// Print a chain specification, or write it to a file.
    ExportChainSpec(sc_cli::ExportChainSpecCmd),

    /// Print a chain specification with this node as boot node (for tools that call it; else use export-chain-spec).
    #[command(hide = true)]
    BuildSpec(sc_cli::BuildSpecCmd),

    /// Execute one block again and check it.
    CheckBlock(sc_cli::CheckBlockCmd),

    /// Write blocks to a file.
    ExportBlocks(sc_cli::ExportBlocksCmd),

    /// Read blocks from a file.
    ImportBlocks(sc_cli::ImportBlocksCmd),

    /// Write the state at a block as a chain specification.
    ExportState(sc_cli::ExportStateCmd),

    /// Delete the database of a chain.
    PurgeChain(sc_cli::PurgeChainCmd),

    /// Take back the newest blocks that are not final.
    Revert(sc_cli::RevertCmd),
}

/// Shown below `--help`.
pub const EXAMPLES: &str = "\
Examples:
  perigee-node --dev                             one validator (Alice), a chain that vanishes at exit
  perigee-node --dev --base-path ./chain         the same, and the chain stays
  perigee-node --chain local --alice             the first of four local validators (--bob, --charlie, --dave)
  perigee-node --chain chain.json --validator    a validator of the chain in chain.json
  perigee-node export-chain-spec --chain local   the specification that the others start from

A validator has a network key, made once before its first start; only --dev does without:
  perigee-node key generate-node-key --chain local --default-base-path

Ports: 9944 RPC, 30333 nodes, 30444 heartbeats of providers, 9615 Prometheus.";
