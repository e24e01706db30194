//! `perigee claim [LEASE]…`

use crate::{args::Claim, context::Context, error::CliError, money::Amount, printer::Printer, write::Writer};
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
    let chain = &writer.chain;
    let payee = args.payee.unwrap_or_else(|| writer.account.id());
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
    let leases = open(&writer, leases, context.printer).await?;
    if let Some(first) = leases.first() {
        let (settle, claim) = (calls::settle(*first), calls::claim(*first, payee));
        let fees = chain
            .fee(&settle, &writer.account)
            .await?
            .saturating_add(chain.fee(&claim, &writer.account).await?);
        context.printer.message(format!(
            "Settle and claim {} lease(s) for {payee}: fees at most {}",
            leases.len(),
            Amount(fees.saturating_mul(leases.len() as Balance))
        ));
        context.printer.confirm("Sign?", context.settings.yes)?;
    }
    let progress = context.printer.progress();
    let mut claimed = Claimed {
        payee: payee.to_string(),
        leases: Vec::new(),
        received: 0,
    };
    for lease in leases {
        progress.waiting_for(format!("lease {lease}"));
        // A lease that is settled for good needs no settling, and its escrow may still owe something.
        match writer.submit_quietly(&calls::settle(lease)).await {
            Err(ChainError::Refused { .. }) | Ok(_) => {}
            Err(other) => return Err(other.into()),
        }
        // The payee may be who pays the fees: its balance does not tell what it received.
        let owed = chain.best().await?.earnings(lease, &payee).await?;
        let owed = owed.map_or(0, |earnings| earnings.credit);
        match writer.submit_quietly(&calls::claim(lease, payee)).await {
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
    writer.report(&claimed, || {
        format!(
            "{} received {} from {} lease(s), fees paid {}",
            claimed.payee,
            Amount(claimed.received),
            claimed.leases.len(),
            Amount(writer.paid())
        )
    })
}

/// Those whose escrow still has an account: what is paid out is worth no fee.
async fn open(writer: &Writer<'_>, leases: Vec<LeaseId>, printer: Printer) -> Result<Vec<LeaseId>, CliError> {
    let view = writer.chain.best().await?;
    let next = view.next_lease_id().await?;
    let mut open = Vec::new();
    for lease in leases {
        if lease >= next {
            return Err(no_lease_yet(lease));
        }
        match view.earnings(lease, &writer.account.id()).await? {
            Some(_) => open.push(lease),
            None => printer.message(format!("lease {lease}: all was paid out")),
        }
    }
    Ok(open)
}

/// Nobody has opened it.
pub fn no_lease_yet(lease: LeaseId) -> CliError {
    CliError::refused(format!("there is no lease {lease} on this chain yet"))
        .hint("`perigee agent status` shows the numbers of leases; those of deployments are others.")
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
