//! `perigee deposit ID AMOUNT`

use crate::{
    args::Deposit,
    context::Context,
    error::CliError,
    money::Amount,
    write::{End, Writer},
};
use perigee_chain::calls;
use perigee_primitives::{Balance, LeaseId};
use serde::Serialize;

#[derive(Serialize)]
struct Added {
    deployment: u64,
    lease: u64,
    added: Balance,
    deposited: Balance,
    #[serde(flatten)]
    end: End,
}

pub async fn run(context: &Context, args: Deposit) -> Result<(), CliError> {
    let writer = Writer::connect(context).await?;
    let id = args.id.deployment;
    let found = writer.find(id).await?;
    let group = found.running_group(args.id.group.as_deref())?;
    if group.state.owner != writer.account.id() {
        ensure_approved(&writer, group.lease, args.amount).await?;
    }
    let what = format!("Add {} to the escrow of {}", args.amount, found.name_of(group));
    let call = calls::deposit(group.lease, args.amount.0);
    let Some(included) = writer.sign(&call, &what, args.amount.0).await? else {
        return Ok(());
    };
    let after = writer.after(&included, group.lease).await?;
    let added = Added {
        deployment: id,
        lease: group.lease,
        added: args.amount.0,
        deposited: after.state.as_ref().map_or(0, |state| state.deposited),
        end: after.end(),
    };
    writer.report(&added, || {
        format!(
            "{} added, {} deposited in all{}",
            Amount(added.added),
            Amount(added.deposited),
            added.end
        )
    })
}

/// Others than the owner deposit what the owner approved at least.
async fn ensure_approved(writer: &Writer<'_>, lease: LeaseId, amount: Amount) -> Result<(), CliError> {
    let view = writer.chain.best().await?;
    let least = view.approved_minimum(lease, &writer.account.id()).await?.map(Amount);
    match least {
        Some(least) if amount < least => Err(CliError::refused(format!(
            "a deposit of {amount} is below the smallest that the owner approved, {least}"
        ))
        .hint("Deposit more at once; the owner sets the minimum with `perigee depositors`.")),
        Some(_) => Ok(()),
        None => Err(
            CliError::refused(format!("the owner has not let {} deposit", writer.account.id()))
                .hint("The owner lets you deposit with `perigee depositors ID allow ACCOUNT`."),
        ),
    }
}
