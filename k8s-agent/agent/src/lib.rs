//! The provider daemon: asks, reconciles, heartbeats.
//!
//! The command line calls functions with plain data: [`init`] sets an installation up, [`run`] is the daemon, [`status`]
//! looks at it from outside, [`forget`] removes what a chain that is gone has left in the cluster.
//!
//! Decisions are in [`core`], which does no I/O: what to do about leases ([`core::reconcile`]), when to send a
//! heartbeat ([`core::beat`]), whether this is the agent that acts in the cluster ([`core::leadership`]), what a month's price is per block ([`core::pricing`]) and whether what stands on
//! chain is still right ([`core::standing`]). Everything else carries facts to them and their answers out.

mod beats;
pub mod config;
pub mod core;
mod daemon;
mod error;
mod forget;
mod gateway;
mod identity;
mod income;
mod init;
mod keeper;
mod leader;
mod look;
mod options;
mod reconciler;
mod register;
mod shared;
mod state;
mod status;
mod stop;

pub use error::{Error, Kind, Result};
pub use options::*;
pub use perigee_cluster::ChainTag;

use std::path::PathBuf;

/// Where the config is if nobody says otherwise: `/etc/perigee/agent.toml` for root, else below the user's config directory.
pub fn default_config_path() -> PathBuf {
    match is_root() {
        true => PathBuf::from("/etc/perigee/agent.toml"),
        false => user_directory("XDG_CONFIG_HOME", ".config").join("perigee/agent.toml"),
    }
}

/// Where keys, counters and pins are: `/var/lib/perigee-agent` for root, else below the user's state directory.
pub fn default_state_dir() -> PathBuf {
    match is_root() {
        true => PathBuf::from("/var/lib/perigee-agent"),
        false => user_directory("XDG_STATE_HOME", ".local/state").join("perigee/agent"),
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn user_directory(variable: &str, below_home: &str) -> PathBuf {
    let named = std::env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    named.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(below_home))
}

/// Sets an installation up: pins the cluster, makes keys, certificate and service account, writes the config, and
/// looks whether everything the agent needs is there.
pub async fn init(options: InitOptions) -> Result<InitReport> {
    init::init(options).await
}

/// Which chains have leases in the cluster.
pub async fn held_chains(options: &ClusterOptions) -> Result<Vec<HeldChain>> {
    forget::chains(options).await
}

/// Removes every object of `chain` from the cluster: for chains that are gone, and whose leases nobody will close.
pub async fn forget(options: &ClusterOptions, chain: ChainTag) -> Result<Forgotten> {
    forget::forget(options, chain).await
}

/// Runs the daemon until SIGTERM or SIGINT.
pub async fn run(options: RunOptions) -> Result<()> {
    daemon::run(options).await
}

/// A provider as chain, cluster and running agent show it.
pub async fn status(options: StatusOptions) -> Result<Status> {
    status::status(options).await
}
