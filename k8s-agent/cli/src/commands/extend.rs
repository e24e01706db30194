//! `perigee extend ID --for TIME`

use crate::{
    args::Extend,
    context::{check_owner, find, when, Context},
    error::CliError,
    time,
    write::Writer,
};
use perigee_chain::calls;
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
    let found = find(&writer.chain.best().await?, id).await?;
    check_owner(&found, &writer.account.id())?;
    if found.running()?.term_end.is_none() {
        return Err(
            CliError::refused(format!("deployment {id} has no fixed end to move")).hint(format!(
                "It runs for as long as its escrow lasts: `perigee deposit {id} AMOUNT` adds to it."
            )),
        );
    }
    let block_time = writer.chain.block_time().await?;
    let blocks = time::blocks(args.duration.0, block_time)?;
    let what = format!("Extend deployment {id} by {}", time::in_words(args.duration.0));
    let Some(included) = writer.sign(&calls::extend(found.lease, blocks), &what, 0).await? else {
        return Ok(());
    };
    let view = writer.chain.at(included.block).await?;
    let term_end = view.lease(found.lease).await?.and_then(|state| state.term_end);
    let now_ms = view.timestamp().await?;
    let extended = Extended {
        deployment: id,
        lease: found.lease,
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
