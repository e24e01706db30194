//! `perigee deposit ID AMOUNT`

use crate::{
    args::Deposit,
    context::{when, Context},
    error::CliError,
    money::Amount,
    write::Writer,
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
    runs_until: Option<u32>,
    runs_until_text: String,
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
    let view = writer.chain.at(included.block).await?;
    let state = view.lease(group.lease).await?;
    let (now_ms, block_time) = (view.timestamp().await?, writer.chain.block_time().await?);
    let runs_until = state.as_ref().and_then(|s| s.runs_until);
    let added = Added {
        deployment: id,
        lease: group.lease,
        added: args.amount.0,
        deposited: state.map(|s| s.deposited).unwrap_or_default(),
        runs_until,
        runs_until_text: runs_until
            .map(|b| when(included.block.number, now_ms, b, block_time))
            .unwrap_or_default(),
    };
    context.printer.data(&added, || {
        let ends = match added.runs_until_text.as_str() {
            "" => String::new(),
            text => format!("; it ends {text}"),
        };
        format!(
            "{} added, {} deposited in all{ends}",
            Amount(added.added),
            Amount(added.deposited)
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
                .hint("The owner lets you deposit with `perigee depositors ID allow ADDRESS`."),
        ),
    }
}
