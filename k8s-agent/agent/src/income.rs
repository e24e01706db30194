//! Fetches what leases have earned, and says what they have.

use crate::{
    config::Amount,
    core::income::{self, expected, Collection, Fee, Income},
    reconciler::lock,
    shared::Shared,
    Result,
};
use perigee_chain::{calls, AccountId, Call, LeaseState, View};
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

/// Signs `call` as operator, and tells what it cost.
async fn charged(shared: &Shared, call: &Call, asked: Balance) -> Result<Fee> {
    let included = shared.chain.submit(call, &shared.identity.operator).await?;
    Ok(Fee {
        asked,
        charged: included.fee,
    })
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
    let (settle_asked, claim_asked) = (chain.fee(&settle, operator).await?, chain.fee(&claim, operator).await?);
    let from = shared.config.income.claim_from.base_units();
    let last = *lock(&shared.fees);
    let (settle_fee, claim_fee) = (expected(settle_asked, last.settle), expected(claim_asked, last.claim));
    let what = income::collect(&income, from, settle_fee, claim_fee);
    if what == Collection::SettleAndClaim {
        let fee = charged(shared, &settle, settle_asked).await?;
        lock(&shared.fees).settle = Some(fee);
    }
    if what != Collection::Leave {
        let before = chain.best().await?;
        let due = before.earnings(lease, &operator.id()).await?.unwrap_or_default().credit;
        let fee = charged(shared, &claim, claim_asked).await?;
        lock(&shared.fees).claim = Some(fee);
        let claimed = {
            let mut sum = lock(&shared.claimed);
            *sum = sum.saturating_add(due);
            *sum
        };
        tracing::info!(
            lease,
            "claimed {} PRG for a fee of {} PRG, {} PRG since the start",
            Amount::from(due),
            Amount::from(fee.charged),
            Amount::from(claimed)
        );
    }
    Ok(income.earned)
}
