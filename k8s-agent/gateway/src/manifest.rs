//! Does a delivered manifest match the lease? Pure.

use crate::api::ApiError;
use blake2::{digest::consts::U32, Blake2b, Digest};
use perigee_sdl::{Manifest, ManifestGroup, Totals};

/// What the chain knows about a lease, as far as a gateway needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseInfo {
    /// Account of the owner.
    pub owner: [u8; 32],
    /// The provider it is leased from.
    pub provider: u32,
    /// Commitment to nonce and manifest.
    pub commitment: [u8; 32],
    /// What is leased.
    pub resources: Totals,
    /// Where it is in its life.
    pub phase: Phase,
}

/// Where a lease is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Opened, not yet activated.
    Pending,
    /// Running and billed.
    Active,
    /// Over.
    Ended,
}

/// `blake2_256(nonce ‖ hash)`: what stands on chain for a manifest.
pub fn commitment(nonce: &[u8; 32], hash: &[u8; 32]) -> [u8; 32] {
    Blake2b::<U32>::new()
        .chain_update(nonce)
        .chain_update(hash)
        .finalize()
        .into()
}

/// The group that `lease` runs, if the manifest is the one that was committed to and asks for no more than was leased.
pub fn check<'a>(
    lease: &LeaseInfo,
    nonce: &[u8; 32],
    manifest: &'a Manifest,
) -> Result<&'a ManifestGroup, ManifestError> {
    if commitment(nonce, &manifest.hash()) != lease.commitment {
        return Err(ManifestError::Commitment);
    }
    let [group] = manifest.groups.as_slice() else {
        return Err(ManifestError::Groups(manifest.groups.len()));
    };
    check_amounts(&group.total(), &lease.resources)?;
    Ok(group)
}

fn check_amounts(asked: &Totals, leased: &Totals) -> Result<(), ManifestError> {
    let amounts = [
        ("CPU (thousandths of a core)", asked.cpu_milli, leased.cpu_milli),
        ("memory (bytes)", asked.memory_bytes, leased.memory_bytes),
        ("storage (bytes)", asked.storage_bytes, leased.storage_bytes),
        ("GPUs", asked.gpus, leased.gpus),
        ("endpoints", asked.endpoints, leased.endpoints),
    ];
    match amounts.into_iter().find(|(_, asked, leased)| asked > leased) {
        Some((what, asked, leased)) => Err(ManifestError::TooMuch { what, asked, leased }),
        None => Ok(()),
    }
}

/// Why a manifest is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Hash or nonce differ from those at deployment.
    #[error("manifest and nonce do not match the commitment of the lease")]
    Commitment,
    /// A lease runs one group.
    #[error("the manifest has {0} groups; a lease runs exactly one")]
    Groups(usize),
    /// It asks for more than is leased.
    #[error("the manifest asks for {asked} of {what}; {leased} are leased")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// Asked for.
        asked: u64,
        /// Leased.
        leased: u64,
    },
}

impl From<ManifestError> for ApiError {
    fn from(e: ManifestError) -> Self {
        let (code, hint) = match e {
            ManifestError::Commitment => (
                "commitment_mismatch",
                "send the saved manifest of this lease: `perigee send` does; a changed file needs a new deployment",
            ),
            ManifestError::Groups(_) => ("groups", "send the manifest of the one placement: `perigee send` does"),
            ManifestError::TooMuch { .. } => (
                "more_than_leased",
                "scale or update the deployment, or deploy again: a lease runs no more than the chain says it holds",
            ),
        };
        Self::new(422, code, e.to_string(), hint)
    }
}
