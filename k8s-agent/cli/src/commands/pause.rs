//! `perigee pause ID [--for TIME]` and `perigee resume ID`

use crate::{
    args::{GroupId, Pause},
    context::{check_owner, Clock, Context, Group},
    cover::Cover,
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
        return Err(CliError::refused(format!("a pause lasts {longest} at most"))
            .hint("Take a shorter time with --for, or leave it out: the longest is then taken."));
    }
    let span = time::in_words(time::time_of(blocks, block_time));
    let what = |name: String| format!("Pause {name} for {span} at most");
    let changed = change(&writer, &args.id, true, what, |lease| calls::pause(lease, blocks)).await?;
    changed.map_or(Ok(()), |change| {
        writer.report(&change, || {
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
    let changed = change(&writer, &args, false, what, calls::resume).await?;
    changed.map_or(Ok(()), |change| {
        writer.report(&change, || format!("it runs, and is billed, {}", change.from_text))
    })
}

async fn change(
    writer: &Writer<'_>,
    id: &GroupId,
    pause: bool,
    what: impl FnOnce(String) -> String,
    call: impl FnOnce(LeaseId) -> Call,
) -> Result<Option<Change>, CliError> {
    let found = writer.find(id.deployment).await?;
    check_owner(&found, &writer.account.id())?;
    let group = found.running_group(id.group.as_deref())?;
    ensure_changes(writer, group, pause, &found.name_of(group)).await?;
    let (call, what) = (call(group.lease), what(found.name_of(group)));
    // What rests costs nothing.
    let cover = match pause {
        true => Cover::default(),
        false => Cover::of_resumed(&writer.chain, &group.state).await?,
    };
    let Some(after) = writer.sign_covered((&found, group), cover, &call, &what).await? else {
        return Ok(None);
    };
    let from = after.state.as_ref().and_then(|state| state.next_change);
    Ok(Some(Change {
        deployment: id.deployment,
        lease: group.lease,
        paused: after.state.is_some_and(|state| state.paused),
        from,
        from_text: from.map_or_else(|| "now".into(), |at| after.clock.when(at)),
    }))
}

/// What rests already is not paused, and what runs with no pause ahead is not resumed.
async fn ensure_changes(writer: &Writer<'_>, group: &Group, pause: bool, name: &str) -> Result<(), CliError> {
    let state = &group.state;
    match (pause, state.paused, state.next_change) {
        (true, true, next) => {
            let clock = Clock::of(&writer.chain, &writer.chain.best().await?).await?;
            let until = next.map(|block| format!("; it goes on by itself {}", clock.when(block)));
            Err(
                CliError::refused(format!("{name} rests already{}", until.unwrap_or_default()))
                    .hint("`perigee resume ID` ends the pause."),
            )
        }
        (false, false, None) => {
            Err(CliError::refused(format!("{name} runs, and no pause is ahead")).hint("Nothing is left to do."))
        }
        _ => Ok(()),
    }
}
