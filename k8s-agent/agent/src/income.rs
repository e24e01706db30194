//! Fetches what leases have earned, and says what they have.

use crate::{
    config::Amount,
    core::income::{self, Collection, Income},
    reconciler::lock,
    shared::Shared,
    Result,
};
use perigee_chain::{calls, AccountId, LeaseState, View};
use perigee_primitives::{Balance, LeaseId};

/// What a lease has earned for `payee`.
pub async fn of(view: &View, lease: LeaseId, state: &LeaseState, payee: &AccountId) -> Result<Income> {
    let earned = state.to_provider;
    // Without an account everything was paid out.
    let account = view.earnings(lease, payee).await?;
    Ok(account.map_or(
        Income {
            earned,
            settled: earned,
            credit: 0,
        },
        |account| Income {
            earned,
            settled: account.settled,
            credit: account.credit,
        },
    ))
}

/// Claims what `lease` has earned, if it is worth the fees. What it had earned by then comes back: only what is more
/// is worth another look.
pub async fn collect(shared: &Shared, lease: LeaseId) -> Result<Balance> {
    let (chain, operator) = (&shared.chain, &shared.identity.operator);
    let view = chain.best().await?;
    let Some(state) = view.lease(lease).await? else {
        return Ok(0);
    };
    let income = of(&view, lease, &state, &operator.id()).await?;
    let (settle, claim) = (calls::settle(lease), calls::claim(lease, operator.id()));
    let (settle_fee, claim_fee) = (chain.fee(&settle, operator).await?, chain.fee(&claim, operator).await?);
    let from = shared.config.income.claim_from.base_units();
    let what = income::collect(&income, from, settle_fee, claim_fee);
    if what == Collection::SettleAndClaim {
        chain.submit(&settle, operator).await?;
    }
    if what != Collection::Leave {
        let before = chain.best().await?;
        let due = before.earnings(lease, &operator.id()).await?.unwrap_or_default().credit;
        chain.submit(&claim, operator).await?;
        let claimed = {
            let mut sum = lock(&shared.claimed);
            *sum = sum.saturating_add(due);
            *sum
        };
        tracing::info!(
            lease,
            "claimed {} PRG, {} PRG since the start",
            Amount::from(due),
            Amount::from(claimed)
        );
    }
    Ok(income.earned)
}
