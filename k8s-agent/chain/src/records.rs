//! Records of the chain as clients see them.

use crate::{AccountId, Hash};
use perigee_primitives::{
    AskId, Balance, BlockNumber, Commitment, DeploymentId, LeaseId, ProviderId, Resources, TlsPin,
};

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockId {
    /// Height.
    pub number: BlockNumber,
    /// Hash.
    pub hash: Hash,
}

/// A registered provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Index.
    pub id: ProviderId,
    /// Holds the stake.
    pub stash: AccountId,
    /// Acts day by day, and is paid.
    pub operator: AccountId,
    /// ed25519 key of its heartbeats and receipts.
    pub heartbeat_key: [u8; 32],
    /// Pins of its gateway's certificate.
    pub pins: Vec<TlsPin>,
    /// `host:port` of its gateway.
    pub gateway: String,
    /// What it staked.
    pub stake: Balance,
    /// What it offers in all.
    pub capacity: Resources,
    /// What of it is leased.
    pub leased: Resources,
    /// When it registered.
    pub registered_at: BlockNumber,
}

impl Provider {
    /// What is not leased.
    pub fn free(&self) -> Resources {
        self.capacity.saturating_sub(&self.leased)
    }
}

/// What a provider registers with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Acts day by day, and is paid.
    pub operator: AccountId,
    /// ed25519 key of its heartbeats and receipts.
    pub heartbeat_key: [u8; 32],
    /// The heartbeat key's signature over `perigee/register/1`, genesis hash and stash.
    pub proof: [u8; 64],
    /// Up to two pins of its gateway's certificate.
    pub pins: Vec<TlsPin>,
    /// `host:port` of its gateway.
    pub gateway: String,
    /// The stake.
    pub stake: Balance,
}

/// A deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// Number.
    pub id: DeploymentId,
    /// Who pays.
    pub owner: AccountId,
    /// Its leases, in the order of its groups.
    pub leases: Vec<LeaseId>,
    /// When it was opened.
    pub opened_at: BlockNumber,
}

/// An order for one group of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupOrder {
    /// What is leased.
    pub resources: Resources,
    /// Commitment to nonce and manifest.
    pub commitment: Commitment,
    /// Up to four asks, in order of preference.
    pub asks: Vec<AskId>,
    /// The most that is paid per block.
    pub max_rate: Balance,
    /// What goes into escrow.
    pub deposit: Balance,
    /// After so many blocks from activation the lease ends.
    pub term: Option<BlockNumber>,
}

/// What an account has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balances {
    /// Can be spent.
    pub free: Balance,
    /// Is held: deposits, stakes.
    pub held: Balance,
}
