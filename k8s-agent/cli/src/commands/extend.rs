//! `perigee extend ID --for TIME`

use crate::{
    args::Extend,
    context::{check_owner, when, Context},
    error::CliError,
    money::Amount,
    time,
    write::Writer,
};
use perigee_chain::{calls, LeaseState};
use serde::Serialize;

#[derive(Serialize)]
struct Extended {
    deployment: u64,
    lease: u64,
    blocks: u32,
    term_end: Option<u32>,
    term_end_text: String,
}

pub async fn run(context: &Context, args: Extend) -> Result<(), CliError> {
    let writer = Writer::connect(context).await?;
    let id = args.id.deployment;
    let found = writer.find(id).await?;
    check_owner(&found, &writer.account.id())?;
    let group = found.running_group(args.id.group.as_deref())?;
    if group.state.term_end.is_none() {
        return Err(
            CliError::refused(format!("{} has no fixed end to move", found.name_of(group))).hint(format!(
                "It runs for as long as its escrow lasts: `perigee deposit {id} AMOUNT` adds to it."
            )),
        );
    }
    let block_time = writer.chain.block_time().await?;
    let blocks = time::blocks(args.duration.0, block_time)?;
    let what = format!("Extend {} by {}", found.name_of(group), time::in_words(args.duration.0));
    let call = calls::extend(group.lease, blocks);
    if !writer.agree(&call, &what, 0).await? {
        return Ok(());
    }
    let included = match writer.submit(&call).await {
        Err(error) if error.is_refusal("Marketplace", "NotCovered") => {
            return Err(not_covered(&group.state, blocks, id));
        }
        other => other?,
    };
    let view = writer.chain.at(included.block).await?;
    let term_end = view.lease(group.lease).await?.and_then(|state| state.term_end);
    let now_ms = view.timestamp().await?;
    let extended = Extended {
        deployment: id,
        lease: group.lease,
        blocks,
        term_end,
        term_end_text: term_end
            .map(|at| when(included.block.number, now_ms, at, block_time))
            .unwrap_or_default(),
    };
    context
        .printer
        .data(&extended, || format!("it ends {}", extended.term_end_text))
}

/// With a fixed end, escrow must hold what the whole time costs.
fn not_covered(state: &LeaseState, blocks: u32, id: u64) -> CliError {
    let more = state.rate.saturating_mul(blocks.into());
    let (more, holds) = (Amount(more), Amount(state.refundable));
    CliError::refused(format!(
        "the longer time costs {more} more, and escrow, with {holds} not owed yet, does not cover the whole"
    ))
    .hint(format!(
        "`perigee deposit {id} {}` first.",
        more.to_string().replace(" PRG", "prg")
    ))
}
