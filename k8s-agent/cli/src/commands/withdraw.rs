//! `perigee withdraw ID AMOUNT`

use crate::{
    args::Withdraw,
    context::{when, Context},
    error::CliError,
    money::Amount,
    write::Writer,
};
use perigee_chain::calls;
use perigee_primitives::Balance;
use serde::Serialize;

#[derive(Serialize)]
struct Withdrawn {
    deployment: u64,
    lease: u64,
    withdrawn: Balance,
    refundable: Balance,
    runs_until: Option<u32>,
    runs_until_text: String,
}

pub async fn run(context: &Context, args: Withdraw) -> Result<(), CliError> {
    let writer = Writer::connect(context).await?;
    let id = args.id.deployment;
    let found = writer.find(id).await?;
    let group = found.running_group(args.id.group.as_deref())?;
    let refundable = group.state.refundable;
    if args.amount.0 > refundable {
        let (name, most) = (found.name_of(group), Amount(refundable));
        return Err(CliError::refused(format!(
            "{name} has {most} that is not owed yet, less than {}",
            args.amount
        ))
        .hint("Take back less; what the coming verdicts may need has to stay."));
    }
    let what = format!("Take {} back from the escrow of {}", args.amount, found.name_of(group));
    let call = calls::withdraw(group.lease, args.amount.0);
    let Some(included) = writer.sign(&call, &what, 0).await? else {
        return Ok(());
    };
    let view = writer.chain.at(included.block).await?;
    let state = view.lease(group.lease).await?;
    let (now_ms, block_time) = (view.timestamp().await?, writer.chain.block_time().await?);
    let runs_until = state.as_ref().and_then(|state| state.runs_until);
    let withdrawn = Withdrawn {
        deployment: id,
        lease: group.lease,
        withdrawn: args.amount.0,
        refundable: state.map(|state| state.refundable).unwrap_or_default(),
        runs_until,
        runs_until_text: runs_until
            .map(|at| when(included.block.number, now_ms, at, block_time))
            .unwrap_or_default(),
    };
    context.printer.data(&withdrawn, || {
        format!(
            "{} came back; it ends {}",
            Amount(withdrawn.withdrawn),
            withdrawn.runs_until_text
        )
    })
}
