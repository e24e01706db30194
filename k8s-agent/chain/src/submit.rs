//! Signing, sending and waiting for a block.

use crate::{
    api::transaction_payment::events::TransactionFeePaid,
    calls::{Call, Transactions},
    config::PerigeeConfig,
    link::Link,
    records::BlockId,
    Account, Chain, ChainError, Hash, IncomePaid, LeaseOpened, NoticePaid,
};
use perigee_primitives::Balance;
use std::time::Duration;
use subxt::{
    error::{BackendError, DispatchError, ExtrinsicError, RpcError},
    events::Event,
    extrinsics::ExtrinsicEvents,
    metadata::ArcMetadata,
    tx::{TransactionInBlock, TransactionProgress, TransactionStatus},
};

/// An extrinsic that is in no block after so long is given up: it would have expired by then (64 blocks of 2 s).
const INCLUSION_TIMEOUT: Duration = Duration::from_secs(150);

/// Where an extrinsic is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Signed, about to be sent: from here on it may be included whatever happens to this process.
    Signed {
        /// Hash of the extrinsic.
        hash: Hash,
    },
    /// The node took it.
    Accepted,
    /// It is in a block.
    Included {
        /// Hash of the block.
        block: Hash,
    },
    /// It was charged, whether it succeeds or not.
    Charged {
        /// The fee with its tip: what was not needed of the fee that was asked for is given back by then.
        fee: Balance,
    },
}

/// An extrinsic in a block.
#[derive(Debug)]
pub struct Included {
    /// Hash of the extrinsic.
    pub hash: Hash,
    /// The block. Not final yet.
    pub block: BlockId,
    /// The leases that it opened.
    pub opened: Vec<LeaseOpened>,
    /// The shares of the protocol's income that it paid.
    pub income_paid: Vec<IncomePaid>,
    /// What bonds paid in it for notices that were not given.
    pub notice_paid: Vec<NoticePaid>,
    /// The fee that it was charged, with its tip.
    pub fee: Balance,
}

type Online = crate::calls::Online;

impl Chain {
    /// Signs `call`, sends it, and waits until it is in a block where it succeeded.
    pub async fn submit(&self, call: &Call, by: &Account) -> Result<Included, ChainError> {
        self.submit_with(call, by, |_| ()).await
    }

    /// As [`Chain::submit`], telling about each step.
    pub async fn submit_with(
        &self,
        call: &Call,
        by: &Account,
        mut progress: impl FnMut(Progress),
    ) -> Result<Included, ChainError> {
        let link = self.link().await?;
        let sent = self.send(&link, call, by, &mut progress).await?;
        progress(Progress::Accepted);
        let waiting = included(&link, sent);
        let found = tokio::time::timeout(INCLUSION_TIMEOUT, waiting)
            .await
            .map_err(|_| ChainError::Timeout {
                what: format!("{} to be included in a block", call.name()),
                after: INCLUSION_TIMEOUT,
            })??;
        progress(Progress::Included {
            block: found.block_hash().0,
        });
        self.outcome(&link, found, &mut progress).await
    }

    /// The most that `call` would cost now: what it does not need of that is not charged.
    pub async fn fee(&self, call: &Call, by: &Account) -> Result<Balance, ChainError> {
        let link = self.link().await?;
        let (tx, block) = self.transactions(&link).await?;
        let nonce = self.next_nonce(&link, &by.id()).await?;
        let signed = call.sign(&tx, by.keypair(), nonce, block).map_err(|e| link.error(e))?;
        signed.partial_fee_estimate().await.map_err(|e| link.error(e))
    }

    /// `call` as bytes, for wallets that sign elsewhere.
    pub async fn call_data(&self, call: &Call) -> Result<Vec<u8>, ChainError> {
        let link = self.link().await?;
        let (tx, _) = self.transactions(&link).await?;
        call.data(&tx).map_err(|e| link.error(e))
    }

    async fn send(
        &self,
        link: &Link,
        call: &Call,
        by: &Account,
        progress: &mut impl FnMut(Progress),
    ) -> Result<TransactionProgress<PerigeeConfig, Online>, ChainError> {
        let _one_at_a_time = self.signing().await;
        let (tx, block) = self.transactions(link).await?;
        let nonce = self.next_nonce(link, &by.id()).await?;
        let signed = call.sign(&tx, by.keypair(), nonce, block).map_err(|e| link.error(e))?;
        progress(Progress::Signed { hash: signed.hash().0 });
        signed.submit_and_watch().await.map_err(|e| rejection(link, e))
    }

    /// Extrinsics are anchored at the finalised block, so that no fork can invalidate them.
    pub(crate) async fn transactions(
        &self,
        link: &Link,
    ) -> Result<(Transactions, (u64, subxt::config::HashFor<PerigeeConfig>)), ChainError> {
        let at = link.client.at_current_block().await.map_err(|e| link.error(e))?;
        Ok((at.transactions(), (at.block_number(), at.block_hash())))
    }

    async fn outcome(
        &self,
        link: &Link,
        found: TransactionInBlock<PerigeeConfig, Online>,
        progress: &mut impl FnMut(Progress),
    ) -> Result<Included, ChainError> {
        let events = found.fetch_events().await.map_err(|e| link.error(e))?;
        let fee = charged(link, &events)?;
        progress(Progress::Charged { fee });
        let at = found.at().await.map_err(|e| link.error(e))?;
        for event in events.iter() {
            let event = event.map_err(|e| link.error(e))?;
            if let Some(why) = failure(link, &event, at.metadata())? {
                return Err(why);
            }
        }
        Ok(Included {
            hash: found.extrinsic_hash().0,
            block: BlockId {
                number: crate::chain::height(at.block_number())?,
                hash: found.block_hash().0,
            },
            opened: events.find().collect::<Result<_, _>>().map_err(|e| link.error(e))?,
            income_paid: events.find().collect::<Result<_, _>>().map_err(|e| link.error(e))?,
            notice_paid: events.find().collect::<Result<_, _>>().map_err(|e| link.error(e))?,
            fee,
        })
    }
}

/// What an extrinsic with these events was charged: `actual_fee` has the tip in it.
fn charged(link: &Link, events: &ExtrinsicEvents<PerigeeConfig>) -> Result<Balance, ChainError> {
    let paid = events.find_first::<TransactionFeePaid>().transpose();
    Ok(paid.map_err(|e| link.error(e))?.map_or(0, |paid| paid.actual_fee))
}

async fn included(
    link: &Link,
    mut sent: TransactionProgress<PerigeeConfig, Online>,
) -> Result<TransactionInBlock<PerigeeConfig, Online>, ChainError> {
    while let Some(status) = sent.next().await {
        match status.map_err(|e| link.error(e))? {
            TransactionStatus::InBestBlock(found) | TransactionStatus::InFinalizedBlock(found) => return Ok(found),
            TransactionStatus::Error { message }
            | TransactionStatus::Invalid { message }
            | TransactionStatus::Dropped { message } => return Err(ChainError::Rejected { reason: message }),
            TransactionStatus::Validated | TransactionStatus::Broadcasted | TransactionStatus::NoLongerInBestBlock => {}
        }
    }
    Err(link.lost("the node stopped reporting on the transaction; it may still be included".into()))
}

/// The pool's answer, or a lost connection.
fn rejection(link: &Link, error: ExtrinsicError) -> ChainError {
    match error {
        ExtrinsicError::ErrorSubmittingTransaction(BackendError::Rpc(RpcError::ClientError(error))) => {
            rpc_rejection(link, error)
        }
        other => link.error(other),
    }
}

/// As [`rejection`], for an error of the request itself.
pub(crate) fn rpc_rejection(link: &Link, error: subxt::rpcs::Error) -> ChainError {
    let subxt::rpcs::Error::User(answer) = &error else {
        return link.rpc_error(error);
    };
    let detail = answer
        .data
        .as_ref()
        .map(|d| format!(": {}", d.get().trim_matches('"')))
        .unwrap_or_default();
    ChainError::Rejected {
        reason: format!("{}{detail}", answer.message),
    }
}

/// Why the extrinsic of this event failed, if that is what the event tells.
pub(crate) fn failure(
    link: &Link,
    event: &Event<'_, PerigeeConfig>,
    metadata: ArcMetadata,
) -> Result<Option<ChainError>, ChainError> {
    if event.pallet_name() != "System" || event.event_name() != "ExtrinsicFailed" {
        return Ok(None);
    }
    let error = DispatchError::decode_from(event.field_bytes(), metadata).map_err(|e| link.error(e))?;
    Ok(Some(refusal(&error)))
}

fn refusal(error: &DispatchError) -> ChainError {
    if let DispatchError::Module(module) = error {
        if let Ok(details) = module.details() {
            return ChainError::Refused {
                pallet: details.pallet.name().to_owned(),
                error: details.variant.name.clone(),
                docs: details.variant.docs.join(" ").trim().to_owned(),
            };
        }
    }
    let (name, docs) = match error {
        DispatchError::Token(e) => (format!("{e:?}"), e.to_string()),
        DispatchError::Arithmetic(e) => (format!("{e:?}"), e.to_string()),
        other => (format!("{other:?}"), other.to_string()),
    };
    ChainError::Refused {
        pallet: "System".into(),
        error: name,
        docs,
    }
}
