//! `perigee pause ID [--for TIME]` and `perigee resume ID`

use crate::{
    args::{GroupId, Pause},
    context::{check_owner, when, Context},
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
    let what = |name: String| format!("Pause {name} for {span} at most");
    let changed = change(&writer, &args.id, what, |lease| calls::pause(lease, blocks)).await?;
    changed.map_or(Ok(()), |change| {
        context.printer.data(&change, || {
            format!(
                "it rests {}, at no cost; `perigee resume {}` wakes it",
                change.from_text, change.deployment
            )
        })
    })
}

pub async fn resume(context: &Context, args: GroupId) -> Result<(), CliError> {
    let writer = Writer::connect(context).await?;
    let what = |name: String| format!("Resume {name}");
    let changed = change(&writer, &args, what, calls::resume).await?;
    changed.map_or(Ok(()), |change| {
        context
            .printer
            .data(&change, || format!("it runs, and is billed, {}", change.from_text))
    })
}

async fn change(
    writer: &Writer<'_>,
    id: &GroupId,
    what: impl FnOnce(String) -> String,
    call: impl FnOnce(LeaseId) -> Call,
) -> Result<Option<Change>, CliError> {
    let found = writer.find(id.deployment).await?;
    check_owner(&found, &writer.account.id())?;
    let group = found.running_group(id.group.as_deref())?;
    let what = what(found.name_of(group));
    let Some(included) = writer.sign(&call(group.lease), &what, 0).await? else {
        return Ok(None);
    };
    let view = writer.chain.at(included.block).await?;
    let state = view.lease(group.lease).await?;
    let from = state.as_ref().and_then(|state| state.next_change);
    let (now_ms, block_time) = (view.timestamp().await?, writer.chain.block_time().await?);
    Ok(Some(Change {
        deployment: id.deployment,
        lease: group.lease,
        paused: state.is_some_and(|state| state.paused),
        from,
        from_text: from.map_or_else(
            || "now".into(),
            |at| when(included.block.number, now_ms, at, block_time),
        ),
    }))
}
