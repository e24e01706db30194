//! What every command works with.

use crate::{error::CliError, printer::Printer, settings::Settings, time, vault::Vault};
use perigee_chain::{Chain, Deployment, LeaseState, View};
use perigee_primitives::{DeploymentId, LeaseId, LeasePhase};
use std::{
    fs,
    io::{self, Read},
    path::Path,
    time::Duration,
};

/// What every command works with.
pub struct Context {
    /// What holds for this run.
    pub settings: Settings,
    /// Where output goes.
    pub printer: Printer,
}

impl Context {
    /// Connects to the node.
    pub async fn connect(&self) -> Result<Chain, CliError> {
        Ok(Chain::connect(&self.settings.node).await?)
    }
}

/// A deployment and the lease that serves it.
pub struct Found {
    /// The deployment.
    pub deployment: Deployment,
    /// Number of its lease.
    pub lease: LeaseId,
    /// The lease; `None` once its record is pruned.
    pub state: Option<LeaseState>,
}

impl Found {
    /// The lease, unless it is over.
    pub fn running(&self) -> Result<&LeaseState, CliError> {
        let over = || CliError::refused(format!("deployment {} has ended", self.deployment.id));
        let state = self.state.as_ref().ok_or_else(over)?;
        match state.phase {
            LeasePhase::Ended { .. } => Err(over()),
            _ => Ok(state),
        }
    }
}

/// Looks a deployment up. Where a provider declined, the next one took over under a later number.
pub async fn find(view: &View, id: DeploymentId) -> Result<Found, CliError> {
    let Some(deployment) = view.deployment(id).await? else {
        return Err(CliError::refused(format!("there is no deployment {id} on this chain"))
            .hint("`perigee list` shows your deployments. Records are kept for a day after the end."));
    };
    let Some(&lease) = deployment.leases.iter().max() else {
        return Err(CliError::refused(format!("deployment {id} has no lease")));
    };
    let state = view.lease(lease).await?;
    Ok(Found {
        deployment,
        lease,
        state,
    })
}

/// Refuses what only the owner may do before anything is signed.
pub fn check_owner(found: &Found, account: &perigee_chain::AccountId) -> Result<(), CliError> {
    if found.deployment.owner == *account {
        return Ok(());
    }
    let (id, owner) = (found.deployment.id, &found.deployment.owner);
    Err(CliError::refused(format!(
        "deployment {id} has another owner: {owner}, and you sign as {account}"
    ))
    .hint("Choose the owner's key with --key or PERIGEE_KEY."))
}

/// Saved deployments of the chain.
pub fn vault(chain: &Chain) -> Vault {
    Vault::of_user(&chain.genesis())
}

/// A point of chain time in words: `in 23 h 12 min (2026-11-24 07:10)`, `40 s ago`.
pub fn when(now: u32, now_ms: u64, block: u32, block_time: Duration) -> String {
    if block < now {
        return format!("{} ago", time::in_words(time::time_of(now - block, block_time)));
    }
    let ahead = time::time_of(block - now, block_time);
    let clock = time::clock(now_ms, ahead)
        .map(|c| format!(" ({c})"))
        .unwrap_or_default();
    format!("in {}{clock}", time::in_words(ahead))
}

/// Reads a file, or standard input for `-`. Returns the name to call it by.
pub fn read_file(path: &Path) -> Result<(String, String), CliError> {
    let (name, bytes) = read_bytes(path)?;
    let text = String::from_utf8(bytes).map_err(|_| CliError::usage(format!("{name} is not UTF-8 text")))?;
    Ok((name, text))
}

/// The same for a reader that says where a file stops to be text.
pub fn read_bytes(path: &Path) -> Result<(String, Vec<u8>), CliError> {
    let name = path.display().to_string();
    let read = || -> io::Result<Vec<u8>> {
        if name != "-" {
            return fs::read(path);
        }
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|e| CliError::usage(format!("cannot read {name}: {e}")))?;
    Ok((if name == "-" { "<stdin>".into() } else { name }, bytes))
}
