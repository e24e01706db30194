//! The connection as callers see it.

use crate::{link::Link, records::BlockId, slot, view::View, AccountId, ChainError, Hash};
use perigee_primitives::BlockNumber;
use std::{sync::Arc, time::Duration};
use tokio::sync::{Mutex, RwLock};

/// Pauses between attempts to reconnect.
const RETRY: [Duration; 4] = [
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(10),
];

/// Blocks over which the time of one is measured.
const BLOCK_TIME_SAMPLE: u32 = 100;

/// What the chain specification says the chain is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainType {
    /// One machine, well-known keys.
    Development,
    /// Several nodes on one machine.
    Local,
    /// Real money.
    Live,
    /// Something else.
    Custom(String),
}

/// A connection to a node, shared by cloning.
///
/// When the connection is lost, the next use makes one more attempt and then fails with
/// [`ChainError::Unreachable`]; streams of blocks keep trying. A node of another chain is never accepted.
#[derive(Clone)]
pub struct Chain {
    inner: Arc<Inner>,
}

struct Inner {
    address: String,
    genesis: Hash,
    link: RwLock<Link>,
    /// Held from choosing a nonce until the node has accepted the extrinsic, so that one process never uses one twice.
    signing: Mutex<()>,
}

impl Chain {
    /// Connects to the node at `address` (`ws://…` or `wss://…`).
    pub async fn connect(address: &str) -> Result<Self, ChainError> {
        let link = Link::open(address).await?;
        let genesis = link.genesis();
        Ok(Self {
            inner: Arc::new(Inner {
                address: address.into(),
                genesis,
                link: RwLock::new(link),
                signing: Mutex::new(()),
            }),
        })
    }

    /// Connects and refuses every chain but the one with this genesis hash.
    pub async fn connect_to(address: &str, genesis: Hash) -> Result<Self, ChainError> {
        let chain = Self::connect(address).await?;
        check_genesis(&genesis, &chain.genesis())?;
        Ok(chain)
    }

    /// The node's address.
    pub fn address(&self) -> &str {
        &self.inner.address
    }

    /// Hash of the first block: the identity of the chain.
    pub fn genesis(&self) -> Hash {
        self.inner.genesis
    }

    /// What the chain is for.
    pub async fn chain_type(&self) -> Result<ChainType, ChainError> {
        let link = self.link().await?;
        let text = link.methods.system_chain_type().await.map_err(|e| link.rpc_error(e))?;
        Ok(match text.as_str() {
            "Development" => ChainType::Development,
            "Local" => ChainType::Local,
            "Live" => ChainType::Live,
            _ => ChainType::Custom(text),
        })
    }

    /// Is the node still catching up with the network? What it shows is then old.
    pub async fn is_syncing(&self) -> Result<bool, ChainError> {
        let link = self.link().await?;
        let health = link.methods.system_health().await.map_err(|e| link.rpc_error(e))?;
        Ok(health.is_syncing)
    }

    /// The newest block.
    pub async fn best_block(&self) -> Result<BlockId, ChainError> {
        let link = self.link().await?;
        let header = link
            .methods
            .chain_get_header(None)
            .await
            .map_err(|e| link.rpc_error(e))?;
        let header = header.ok_or_else(|| ChainError::Protocol("the node has no best block".into()))?;
        let hash = link.methods.chain_get_block_hash(Some(header.number.into())).await;
        let hash = hash.map_err(|e| link.rpc_error(e))?;
        let hash = hash.ok_or_else(|| ChainError::Protocol(format!("block {} has no hash", header.number)))?;
        Ok(BlockId {
            number: height(header.number)?,
            hash: hash.0,
        })
    }

    /// The newest block that can no longer be undone.
    pub async fn finalised_block(&self) -> Result<BlockId, ChainError> {
        let link = self.link().await?;
        let hash = link
            .methods
            .chain_get_finalized_head()
            .await
            .map_err(|e| link.rpc_error(e))?;
        let header = link
            .methods
            .chain_get_header(Some(hash))
            .await
            .map_err(|e| link.rpc_error(e))?;
        let header = header.ok_or_else(|| ChainError::Protocol("the finalised block has no header".into()))?;
        Ok(BlockId {
            number: height(header.number)?,
            hash: hash.0,
        })
    }

    /// The block of this height in the node's best chain, if there is one.
    pub async fn block_of_height(&self, number: BlockNumber) -> Result<Option<BlockId>, ChainError> {
        let link = self.link().await?;
        let hash = link.methods.chain_get_block_hash(Some(u64::from(number).into())).await;
        let hash = hash.map_err(|e| link.rpc_error(e))?;
        Ok(hash.map(|hash| BlockId { number, hash: hash.0 }))
    }

    /// How long a block took lately, measured over up to [`BLOCK_TIME_SAMPLE`] blocks.
    pub async fn block_time(&self) -> Result<Duration, ChainError> {
        let best = self.best().await?;
        let nominal = Duration::from_millis(best.block_time()?);
        let last = best.block();
        // Block 0 has no time, and a few blocks say nothing.
        let past = last.number.saturating_sub(BLOCK_TIME_SAMPLE).max(1);
        let blocks = last.number.saturating_sub(past);
        if blocks < BLOCK_TIME_SAMPLE / 10 {
            return Ok(nominal);
        }
        let Some(first) = self.block_of_height(past).await? else {
            return Ok(nominal);
        };
        let slots = match (self.slot(first).await?, self.slot(last).await?) {
            (Some(first), Some(last)) => last.saturating_sub(first),
            _ => u64::from(blocks),
        };
        Ok(nominal.mul_f64(slots as f64 / f64::from(blocks)))
    }

    async fn slot(&self, block: BlockId) -> Result<Option<u64>, ChainError> {
        let link = self.link().await?;
        let header = link.methods.chain_get_header(Some(block.hash.into())).await;
        let header = header.map_err(|e| link.rpc_error(e))?;
        Ok(header.and_then(|header| slot::of(&header.digest)))
    }

    /// State after the newest block.
    pub async fn best(&self) -> Result<View, ChainError> {
        self.at(self.best_block().await?).await
    }

    /// State after the newest block that can no longer be undone.
    pub async fn finalised(&self) -> Result<View, ChainError> {
        self.at(self.finalised_block().await?).await
    }

    /// State after `block`.
    pub async fn at(&self, block: BlockId) -> Result<View, ChainError> {
        View::open(self.link().await?, block).await
    }

    /// The nonce that the next extrinsic of `account` gets, those in the node's pool counted.
    pub(crate) async fn next_nonce(&self, link: &Link, account: &AccountId) -> Result<u64, ChainError> {
        let index = link.methods.system_account_next_index(account).await;
        index.map_err(|e| link.rpc_error(e))
    }

    pub(crate) async fn signing(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.inner.signing.lock().await
    }

    /// A live link: the present one, or a new one after one attempt.
    pub(crate) async fn link(&self) -> Result<Link, ChainError> {
        let link = self.inner.link.read().await.clone();
        if link.is_alive() {
            return Ok(link);
        }
        let mut slot = self.inner.link.write().await;
        if !slot.is_alive() {
            let link = Link::open(&self.inner.address).await?;
            check_genesis(&self.inner.genesis, &link.genesis())?;
            tracing::info!(address = %self.inner.address, "connected to the node again");
            *slot = link;
        }
        Ok(slot.clone())
    }

    /// Pause before attempt number `attempt` to get back to the node.
    pub(crate) fn pause(attempt: usize) -> Duration {
        RETRY[attempt.min(RETRY.len() - 1)]
    }
}

/// Heights travel as 64 bits and are 32 on this chain.
pub(crate) fn height(number: u64) -> Result<BlockNumber, ChainError> {
    number
        .try_into()
        .map_err(|_| ChainError::Protocol(format!("block number {number} is too large")))
}

fn check_genesis(expected: &Hash, found: &Hash) -> Result<(), ChainError> {
    if expected == found {
        return Ok(());
    }
    Err(ChainError::WrongChain {
        expected: hex::encode(expected),
        found: hex::encode(found),
    })
}
