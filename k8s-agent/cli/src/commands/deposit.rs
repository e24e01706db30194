//! `perigee deposit ID AMOUNT`

use crate::{
    args::Deposit,
    context::{check_owner, find, when, Context},
    error::CliError,
    money::Amount,
};
use perigee_chain::calls;
use perigee_primitives::{Balance, LeasePhase};
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
    let account = context.settings.account()?;
    let chain = context.connect().await?;
    let view = chain.best().await?;
    let found = find(&view, args.id.deployment).await?;
    check_owner(&found, &account.id())?;
    if found
        .state
        .as_ref()
        .is_none_or(|s| matches!(s.phase, LeasePhase::Ended { .. }))
    {
        return Err(CliError::refused(format!(
            "deployment {} has ended: nothing can be added",
            args.id.deployment
        )));
    }
    let holds = view.balances(&account.id()).await?.free;
    if args.amount.0 > holds {
        return Err(CliError::refused(format!(
            "this needs {}, the account holds {}",
            args.amount,
            Amount(holds)
        )));
    }
    let question = format!("Add {} to deployment {}?", args.amount, args.id.deployment);
    context.printer.confirm(&question, context.settings.yes)?;
    let included = chain
        .submit(&calls::deposit(found.lease, args.amount.0), &account)
        .await?;

    let view = chain.at(included.block).await?;
    let state = view.lease(found.lease).await?;
    let block_time = chain.block_time().await?;
    let now_ms = view.timestamp().await?;
    let runs_until = state.as_ref().and_then(|s| s.runs_until);
    let added = Added {
        deployment: args.id.deployment,
        lease: found.lease,
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
