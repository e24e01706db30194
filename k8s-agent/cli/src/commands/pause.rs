//! `perigee pause ID [--for TIME]` and `perigee resume ID`

use crate::{
    args::{Id, Pause},
    context::{check_owner, find, when, Context},
    error::CliError,
    time,
    write::Writer,
};
use perigee_chain::{calls, Call};
use perigee_primitives::LeaseId;
use serde::Serialize;

/// A pause or its end. Both take effect with an attestation epoch.
#[derive(Serialize)]
struct Change {
    deployment: u64,
    lease: u64,
    paused: bool,
    /// The next block at which something changes.
    from: Option<u32>,
    from_text: String,
}

pub async fn pause(context: &Context, args: Pause) -> Result<(), CliError> {
    let writer = Writer::connect(context).await?;
    let longest = writer.chain.best().await?.longest_pause()?;
    let block_time = writer.chain.block_time().await?;
    let blocks = match args.duration {
        Some(span) => time::blocks(span.0, block_time)?,
        None => longest,
    };
    if blocks > longest {
        let longest = time::in_words(time::time_of(longest, block_time));
        return Err(CliError::refused(format!("a pause lasts {longest} at most")));
    }
    let span = time::in_words(time::time_of(blocks, block_time));
    let what = format!("Pause deployment {} for {span} at most", args.id.deployment);
    let changed = change(&writer, args.id.deployment, &what, |lease| calls::pause(lease, blocks)).await?;
    changed.map_or(Ok(()), |change| {
        context.printer.data(&change, || {
            format!(
                "it rests {}, at no cost; `perigee resume {}` wakes it",
                change.from_text, change.deployment
            )
        })
    })
}

pub async fn resume(context: &Context, args: Id) -> Result<(), CliError> {
    let writer = Writer::connect(context).await?;
    let what = format!("Resume deployment {}", args.deployment);
    let changed = change(&writer, args.deployment, &what, calls::resume).await?;
    changed.map_or(Ok(()), |change| {
        context
            .printer
            .data(&change, || format!("it runs, and is billed, {}", change.from_text))
    })
}

async fn change(
    writer: &Writer<'_>,
    id: u64,
    what: &str,
    call: impl FnOnce(LeaseId) -> Call,
) -> Result<Option<Change>, CliError> {
    let found = find(&writer.chain.best().await?, id).await?;
    check_owner(&found, &writer.account.id())?;
    found.running()?;
    let Some(included) = writer.sign(&call(found.lease), what, 0).await? else {
        return Ok(None);
    };
    let view = writer.chain.at(included.block).await?;
    let state = view.lease(found.lease).await?;
    let from = state.as_ref().and_then(|state| state.next_change);
    let (now_ms, block_time) = (view.timestamp().await?, writer.chain.block_time().await?);
    Ok(Some(Change {
        deployment: id,
        lease: found.lease,
        paused: state.is_some_and(|state| state.paused),
        from,
        from_text: from.map_or_else(
            || "now".into(),
            |at| when(included.block.number, now_ms, at, block_time),
        ),
    }))
}
