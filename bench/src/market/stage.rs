//! Prepares a development chain: a provider with room for everything, and tenants with money.

use super::order::{self, Terms};
use anyhow::{ensure, Context, Result};
use futures::{stream, StreamExt, TryStreamExt};
use perigee_chain::{calls, Account, AccountId, Chain, ChainType, Registration};
use perigee_heartbeat::HeartbeatKey;
use perigee_primitives::{registration_message, Balance, PRG};
use std::time::Duration;

/// Accounts of a development chain, each with one job.
const STASH: &str = "//Bob";
const OPERATOR: &str = "//Bob//operator";
const BANK: &str = "//Eve";
const TENANTS: &str = "//Eve//tenant";

/// What the operator gets for activating leases.
const OPERATOR_FUNDS: Balance = 50_000 * PRG;
/// What all tenants share.
const TENANT_FUNDS: Balance = 900_000 * PRG;
/// Requests that are under way at a time.
const CONCURRENCY: usize = 64;
/// Between looks at the transfers.
const PAUSE: Duration = Duration::from_secs(3);
/// The longest that they may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// An account with the nonce of its next transaction.
#[derive(Debug)]
pub struct Payer {
    /// The account.
    pub account: Account,
    /// Its next nonce.
    pub nonce: u64,
}

/// A chain that leases can be opened on.
#[derive(Debug)]
pub struct Stage {
    /// What is ordered.
    pub terms: Terms,
    /// Who activates.
    pub operator: Payer,
    /// Who orders.
    pub tenants: Vec<Payer>,
}

/// Makes sure that all of it is there; what is there already stays.
pub async fn prepare(chain: &Chain, tenants: usize) -> Result<Stage> {
    let kind = chain.chain_type().await?;
    ensure!(
        kind == ChainType::Development,
        "the node's chain is of type {kind:?}: this benchmark spends the money of well-known accounts and runs on a \
         development chain only (perigee-node --dev)"
    );
    let operator = Account::from_uri(OPERATOR)?;
    let root = Account::from_uri(TENANTS)?;
    let accounts: Vec<_> = (0..tenants as u64).map(|number| root.derived(number)).collect();
    let mut payments = vec![(operator.id(), OPERATOR_FUNDS)];
    payments.extend(accounts.iter().map(|a| (a.id(), TENANT_FUNDS / tenants as Balance)));
    fund(chain, payments).await?;
    let terms = ensure_ask(chain, &operator).await?;
    Ok(Stage {
        terms,
        operator: payer(chain, operator).await?,
        tenants: stream::iter(accounts)
            .map(|account| payer(chain, account))
            .buffered(CONCURRENCY)
            .try_collect()
            .await?,
    })
}

async fn payer(chain: &Chain, account: Account) -> Result<Payer> {
    let nonce = chain.nonce(&account.id()).await?;
    Ok(Payer { account, nonce })
}

/// Pays those who have less than half of what they should.
async fn fund(chain: &Chain, payments: Vec<(AccountId, Balance)>) -> Result<()> {
    let view = &chain.best().await?;
    let poor: Vec<_> = stream::iter(payments)
        .map(|(who, amount)| async move { Ok::<_, anyhow::Error>((who, amount, view.balances(&who).await?.free)) })
        .buffered(CONCURRENCY)
        .try_filter_map(|(who, amount, free)| async move { Ok((free < amount / 2).then_some((who, amount))) })
        .try_collect()
        .await?;
    let Some((last, _)) = poor.last().copied() else {
        return Ok(());
    };
    let signer = chain.signer().await?;
    let bank = payer(chain, Account::from_uri(BANK)?).await?;
    let mut transfers = Vec::new();
    for (nonce, (who, amount)) in (bank.nonce..).zip(poor) {
        transfers.push(signer.sign(&calls::transfer(who, amount), &bank.account, nonce)?);
    }
    for transfer in &transfers {
        chain.hand_over(transfer).await.context("paying a tenant")?;
    }
    // Nonces are in order: with the last payment all are made.
    let all_paid = async {
        while chain.best().await?.balances(&last).await?.free == 0 {
            tokio::time::sleep(PAUSE).await;
            // A fork-aware pool may forget a transaction whose predecessors came while it turned to a new block. The
            // next nonce tells which one.
            let next = chain.nonce(&bank.account.id()).await?.saturating_sub(bank.nonce);
            if let Some(forgotten) = transfers.get(next as usize) {
                // Refused if it is there after all.
                let _ = chain.hand_over(forgotten).await;
            }
        }
        Ok::<_, anyhow::Error>(())
    };
    tokio::time::timeout(PATIENCE, all_paid)
        .await
        .context("the tenants' money is not in any block after two minutes")?
}

/// The provider's ask, made now if it was not before.
async fn ensure_ask(chain: &Chain, operator: &Account) -> Result<Terms> {
    let stash = Account::from_uri(STASH)?;
    let view = chain.best().await?;
    let provider = match view.provider_by_stash(&stash.id()).await? {
        Some(provider) => provider,
        None => {
            register(chain, &stash, operator).await?;
            let view = chain.best().await?;
            let provider = view.provider_by_stash(&stash.id()).await?;
            provider.context("the provider is registered, and the chain does not show it")?
        }
    };
    let view = chain.best().await?;
    let asks = view.asks_of(provider.id).await?;
    let (ask, _) = asks.first().context("the provider of the benchmark has no ask")?;
    Ok(Terms::new(*ask, &view.attestation_times().await?))
}

async fn register(chain: &Chain, stash: &Account, operator: &Account) -> Result<()> {
    let key = HeartbeatKey::from_seed(&[1; 32]);
    let registration = Registration {
        operator: operator.id(),
        heartbeat_key: key.public(),
        proof: key.sign(&registration_message(&chain.genesis(), &stash.id().0)),
        pins: vec![[1; 32]],
        gateway: "localhost:8443".into(),
        stake: order::STAKE,
    };
    chain.submit(&calls::register(registration), stash).await?;
    chain.submit(&calls::fund_bonds(order::BONDS), stash).await?;
    chain.submit(&order::capacity(), operator).await?;
    chain.submit(&order::ask(), operator).await?;
    Ok(())
}
