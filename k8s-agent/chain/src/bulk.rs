//! Many extrinsics at a time: signed without asking the node, sent without waiting for a block, looked up by block.

use crate::{
    calls::{Call, Transactions},
    config::PerigeeConfig,
    link::Link,
    submit::{failure, rpc_rejection},
    Account, AccountId, Chain, ChainError, Hash, LeaseOpened, View,
};
use blake2::{digest::consts::U32, Blake2b, Digest};
use subxt::{config::HashFor, events::Phase};

/// Signs without asking the node. What it signs expires some minutes after the signer was made.
#[derive(Clone)]
pub struct Signer {
    link: Link,
    tx: Transactions,
    anchor: (u64, HashFor<PerigeeConfig>),
}

/// An extrinsic that may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedExtrinsic {
    /// Its name.
    pub hash: Hash,
    bytes: Vec<u8>,
}

/// What became of an extrinsic of a block.
#[derive(Debug)]
pub struct Outcome {
    /// Its name.
    pub hash: Hash,
    /// The leases that it opened, or why it failed.
    pub result: Result<Vec<LeaseOpened>, ChainError>,
}

impl Signer {
    /// Signs `call`. The caller counts nonces, from [`Chain::nonce`] on.
    pub fn sign(&self, call: &Call, by: &Account, nonce: u64) -> Result<SignedExtrinsic, ChainError> {
        let signed = call
            .sign(&self.tx, by.keypair(), nonce, self.anchor)
            .map_err(|e| self.link.error(e))?;
        Ok(SignedExtrinsic {
            hash: signed.hash().0,
            bytes: signed.encoded().to_vec(),
        })
    }
}

impl Chain {
    /// A signer whose extrinsics are anchored at the newest finalised block.
    pub async fn signer(&self) -> Result<Signer, ChainError> {
        let link = self.link().await?;
        let (tx, anchor) = self.transactions(&link).await?;
        Ok(Signer { link, tx, anchor })
    }

    /// The nonce that the next extrinsic of `account` gets, those in the node's pool counted.
    pub async fn nonce(&self, account: &AccountId) -> Result<u64, ChainError> {
        self.next_nonce(&self.link().await?, account).await
    }

    /// Hands `extrinsic` to the node's pool and waits for its word, not for a block.
    pub async fn hand_over(&self, extrinsic: &SignedExtrinsic) -> Result<(), ChainError> {
        let link = self.link().await?;
        let answer = link.methods.author_submit_extrinsic(&extrinsic.bytes).await;
        answer.map(|_| ()).map_err(|e| rpc_rejection(&link, e))
    }
}

impl View {
    /// What became of the extrinsics of this block, in their order.
    pub async fn outcomes(&self) -> Result<Vec<Outcome>, ChainError> {
        let hash = HashFor::<PerigeeConfig>::from(self.block().hash);
        let block = self.link.methods.chain_get_block(Some(hash)).await;
        let block = block.map_err(|e| self.link.rpc_error(e))?;
        let block = block.ok_or_else(|| ChainError::Protocol(format!("no block 0x{}", hex::encode(hash))))?;
        let mut outcomes: Vec<_> = block
            .block
            .extrinsics
            .iter()
            .map(|bytes| nothing_yet(&bytes.0))
            .collect();
        let events = self.at.events().fetch().await.map_err(|e| self.link.error(e))?;
        for event in events.iter() {
            let event = event.map_err(|e| self.link.error(e))?;
            let Phase::ApplyExtrinsic(index) = event.phase() else {
                continue;
            };
            // What hooks do between inherents and transactions counts as the first transaction's, also where there is none.
            let Some(outcome) = outcomes.get_mut(index as usize) else {
                continue;
            };
            if let Some(why) = failure(&self.link, &event, self.at.metadata())? {
                outcome.result = Err(why);
            } else if let (Ok(opened), Some(lease)) = (&mut outcome.result, event.decode_fields_as()) {
                opened.push(lease.map_err(|e| self.link.error(e))?);
            }
        }
        Ok(outcomes)
    }
}

fn nothing_yet(extrinsic: &[u8]) -> Outcome {
    Outcome {
        hash: Blake2b::<U32>::digest(extrinsic).into(),
        result: Ok(Vec::new()),
    }
}
