//! Dispatches the command line.

use crate::{
    chain_spec,
    cli::{Cli, Subcommand, EXAMPLES},
    service::{self, Backend, Client},
};
use perigee_runtime::opaque::Block;
use sc_cli::{CliConfiguration, SubstrateCli};
use sc_consensus::DefaultImportQueue;
use sc_network::config::NetworkBackendType;
use sc_service::{ChainSpec, Configuration, PartialComponents};
use std::{future::Future, sync::Arc};

impl SubstrateCli for Cli {
    fn impl_name() -> String {
        "Perigee Node".into()
    }

    fn impl_version() -> String {
        env!("CARGO_PKG_VERSION").into()
    }

    fn description() -> String {
        env!("CARGO_PKG_DESCRIPTION").into()
    }

    fn author() -> String {
        "the Perigee authors".into()
    }

    fn support_url() -> String {
        concat!(env!("CARGO_PKG_REPOSITORY"), "/issues").into()
    }

    fn copyright_start_year() -> i32 {
        2026
    }

    fn load_spec(&self, id: &str) -> Result<Box<dyn ChainSpec>, String> {
        Ok(Box::new(chain_spec::load(id)?))
    }

    fn setup_command(command: clap::Command) -> clap::Command {
        command
            .name(Self::executable_name())
            .version(Self::impl_version())
            .about(Self::description())
            .after_help(EXAMPLES)
            .propagate_version(true)
            .args_conflicts_with_subcommands(true)
            .subcommand_negates_reqs(true)
            .mut_arg("trie_cache_size", |size| size.default_value(TRIE_CACHE))
            .mut_arg("state_pruning", |mode| {
                mode.default_value(KEPT_STATES).long_help(STATE_PRUNING)
            })
            .mut_arg("pool_type", |kind| kind.default_value(POOL))
    }
}

/// Bytes of the state that are kept in memory unless somebody asks for another amount. With the SDK's 1 GiB a busy node
/// needs twice as much.
const TRIE_CACHE: &str = "268435456";
/// Final blocks whose state is kept unless somebody asks for another number. The database remembers in memory what each
/// of them replaced, with 900 leases in a block some 3 MB.
const KEPT_STATES: &str = "64";
const STATE_PRUNING: &str = "\
Of how many final blocks the state is kept: a number, `archive` for all blocks, or `archive-canonical` for all final ones. A \
database that was made as an archive must be opened as one.";

/// The transaction pool unless somebody asks for the other one, which forgets transactions: docs/decisions/0005.
const POOL: &str = "single-state";

/// Does what the command line says.
pub fn run() -> sc_cli::Result<()> {
    let cli = Cli::from_args();
    match &cli.subcommand {
        None => run_node(&cli),
        Some(Subcommand::Key(cmd)) => cmd.run(&cli),
        Some(Subcommand::ExportChainSpec(cmd)) => cmd.run(cli.load_spec(&cmd.chain)?),
        Some(Subcommand::BuildSpec(cmd)) => cli
            .create_runner(cmd)?
            .sync_run(|config| cmd.run(config.chain_spec, config.network)),
        Some(Subcommand::CheckBlock(cmd)) => with_parts(&cli, cmd, |parts| cmd.run(parts.client, parts.import_queue)),
        Some(Subcommand::ExportBlocks(cmd)) => {
            with_parts(&cli, cmd, |parts| cmd.run(parts.client, parts.config.database))
        }
        Some(Subcommand::ImportBlocks(cmd)) => with_parts(&cli, cmd, |parts| cmd.run(parts.client, parts.import_queue)),
        Some(Subcommand::ExportState(cmd)) => {
            with_parts(&cli, cmd, |parts| cmd.run(parts.client, parts.config.chain_spec))
        }
        Some(Subcommand::PurgeChain(cmd)) => cli.create_runner(cmd)?.sync_run(|config| cmd.run(config.database)),
        Some(Subcommand::Revert(cmd)) => with_parts(&cli, cmd, |parts| {
            let consensus = Box::new(|client: Arc<Client>, backend, blocks| {
                sc_consensus_babe::revert(client.clone(), backend, blocks)?;
                sc_consensus_grandpa::revert(client, blocks)?;
                Ok(())
            });
            cmd.run(parts.client, parts.backend, Some(consensus))
        }),
    }
}

/// What subcommands work on.
struct Parts {
    client: Arc<Client>,
    backend: Arc<Backend>,
    import_queue: DefaultImportQueue<Block>,
    config: Configuration,
}

/// Runs a subcommand on the parts of a node.
fn with_parts<Command, Work>(cli: &Cli, command: &Command, run: impl FnOnce(Parts) -> Work) -> sc_cli::Result<()>
where
    Command: CliConfiguration,
    Work: Future<Output = sc_cli::Result<()>>,
{
    cli.create_runner(command)?.async_run(|config| {
        let PartialComponents {
            client,
            backend,
            import_queue,
            task_manager,
            ..
        } = service::new_partial(&config)?;
        let parts = Parts {
            client,
            backend,
            import_queue,
            config,
        };
        Ok((run(parts), task_manager))
    })
}

/// What went wrong, without the categories that errors are sorted by.
pub fn explain(error: &sc_cli::Error) -> String {
    match error {
        sc_cli::Error::Input(message) | sc_cli::Error::Service(sc_service::Error::Other(message)) => message.clone(),
        error => error.to_string(),
    }
}

fn run_node(cli: &Cli) -> sc_cli::Result<()> {
    if cli.run.shared_params().chain.is_none() && !cli.run.shared_params().dev {
        return Err(
            "name the chain to run: --dev for one that vanishes at exit, or --chain local|development|FILE \
            (more in --help)"
                .into(),
        );
    }
    let runner = cli.create_runner(&cli.run)?;
    runner.run_node_until_exit(|config| async move {
        ensure_litep2p(&config)?;
        service::new_full(config, &cli.heartbeat)
            .await
            .map_err(sc_cli::Error::Service)
    })
}

/// The node is compiled for one network backend.
fn ensure_litep2p(config: &Configuration) -> sc_cli::Result<()> {
    match config.network.network_backend {
        NetworkBackendType::Litep2p => Ok(()),
        NetworkBackendType::Libp2p => Err("this node speaks litep2p only: leave out --network-backend libp2p".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory, FromArgMatches};

    #[test]
    fn command_line_is_consistent() {
        Cli::setup_command(Cli::command()).debug_assert();
    }

    #[test]
    fn pool_that_forgets_nothing_is_the_default() {
        let matches = Cli::setup_command(Cli::command()).get_matches_from(["perigee-node"]);
        let cli = Cli::from_arg_matches(&matches).unwrap();
        let options = cli.run.pool_config.transaction_pool(true);
        assert!(format!("{options:?}").contains("SingleState"), "{options:?}");
    }

    #[test]
    fn errors_are_told_without_their_category() {
        assert_eq!(explain(&"name the chain".into()), "name the chain");
        assert_eq!(
            explain(&sc_service::Error::Other("no storage".into()).into()),
            "no storage"
        );
    }
}
