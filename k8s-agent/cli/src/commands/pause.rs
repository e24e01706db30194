//! `perigee pause ID [--for TIME]` and `perigee resume ID`

use crate::{
    args::{GroupId, Pause},
    context::{check_owner, Clock, Context, Found, Group},
    cover::Cover,
    error::CliError,
    time,
    write::{After, Writer},
};
use perigee_chain::{calls, LeaseState};
use serde::Serialize;
use std::time::Duration;

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

impl Change {
    fn of(found: &Found, group: &Group, after: After) -> Self {
        let from = after.state.as_ref().and_then(|state| state.next_change);
        Self {
            deployment: found.deployment.id,
            lease: group.lease,
            paused: after.state.is_some_and(|state| state.paused),
            from,
            from_text: from.map_or_else(|| "now".into(), |at| after.clock.when(at)),
        }
    }
}

pub async fn pause(context: &Context, args: Pause) -> Result<(), CliError> {
    let writer = Writer::connect(context).await?;
    let (found, group) = find(&writer, &args.id).await?;
    let name = found.name_of(&group);
    ensure_runs(&writer, &group, &name).await?;
    let limits = Limits {
        earned: group.state.longest_pause,
        view: writer.chain.best().await?.pause_limits()?,
        block_time: writer.chain.block_time().await?,
    };
    let blocks = limits.blocks(&name, args.duration.map(|span| span.0))?;
    let call = calls::pause(group.lease, blocks);
    let what = format!("Pause {name} for {} at most", limits.in_words(blocks));
    let Some(included) = writer.sign(&call, &what, 0).await? else {
        return Ok(());
    };
    let change = Change::of(&found, &group, writer.after(&included, group.lease).await?);
    writer.report(&change, || {
        format!(
            "it rests {}, at no cost; `perigee resume {}` wakes it",
            change.from_text, change.deployment
        )
    })
}

pub async fn resume(context: &Context, args: GroupId) -> Result<(), CliError> {
    let writer = Writer::connect(context).await?;
    let (found, group) = find(&writer, &args).await?;
    let name = found.name_of(&group);
    ensure_rests(&group.state, &name)?;
    let cover = Cover::of_resumed(&writer.chain, &group.state).await?;
    let (call, what) = (calls::resume(group.lease), format!("Resume {name}"));
    let Some(after) = writer.sign_covered((&found, &group), cover, &call, &what).await? else {
        return Ok(());
    };
    let change = Change::of(&found, &group, after);
    writer.report(&change, || format!("it runs, and is billed, {}", change.from_text))
}
