//! `perigee claim [LEASE]…`

use crate::{args::Claim, context::Context, error::CliError, money::Amount, write::Writer};
use perigee_chain::{calls, AccountId, Chain, ChainError};
use perigee_primitives::{Balance, LeaseId};
use serde::Serialize;

#[derive(Serialize)]
struct Claimed {
    payee: String,
    leases: Vec<LeaseId>,
    received: Balance,
}

pub async fn run(context: &Context, args: Claim) -> Result<(), CliError> {
    let writer = Writer::connect(context).await?;
    let (chain, account) = (&writer.chain, &writer.account);
    let payee = args.payee.unwrap_or_else(|| account.id());
    let leases = match args.leases.is_empty() {
        true => leases_of(chain, &payee).await?,
        false => args.leases,
    };
    if context.settings.dry_run {
        for lease in leases {
            let what = format!("Pay out what lease {lease} owes to {payee}");
            writer.agree(&calls::claim(lease, payee), &what, 0).await?;
        }
        return Ok(());
    }
    let question = format!("Settle and claim {} lease(s) for {payee}?", leases.len());
    context.printer.confirm(&question, context.settings.yes)?;
    let progress = context.printer.progress();
    let mut claimed = Claimed {
        payee: payee.to_string(),
        leases: Vec::new(),
        received: 0,
    };
    for lease in leases {
        progress.waiting_for(format!("lease {lease}"));
        // A lease that is settled for good needs no settling, and its escrow may still owe something.
        match chain.submit(&calls::settle(lease), account).await {
            Err(ChainError::Refused { .. }) | Ok(_) => {}
            Err(other) => return Err(other.into()),
        }
        // The payee may be who pays the fees: its balance does not tell what it received.
        let owed = chain.best().await?.earnings(lease, &payee).await?;
        let owed = owed.map_or(0, |earnings| earnings.credit);
        match chain.submit(&calls::claim(lease, payee), account).await {
            Err(error) if error.is_refusal("Escrow", "NoSuchAccount") => {
                progress.note(format!("lease {lease}: all was paid out"));
                continue;
            }
            Err(error) if error.is_refusal("Escrow", "NothingToClaim") => {
                progress.note(format!("lease {lease}: nothing is due now"));
                continue;
            }
            other => other?,
        };
        claimed.received = claimed.received.saturating_add(owed);
        claimed.leases.push(lease);
    }
    drop(progress);
    context.printer.data(&claimed, || {
        format!(
            "{} received {} from {} lease(s)",
            claimed.payee,
            Amount(claimed.received),
            claimed.leases.len()
        )
    })
}

async fn leases_of(chain: &Chain, operator: &AccountId) -> Result<Vec<LeaseId>, CliError> {
    let view = chain.best().await?;
    let Some(provider) = view.provider_by_operator(operator).await? else {
        return Err(
            CliError::refused(format!("{operator} is not the operator of a provider"))
                .hint("Name the leases: `perigee claim LEASE…`."),
        );
    };
    Ok(view.lease_ids_of(provider.id).await?)
}
