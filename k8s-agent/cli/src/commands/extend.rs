//! `perigee extend ID --for TIME`

use crate::{
    args::Extend,
    context::{check_owner, Context},
    cover::Cover,
    error::CliError,
    time,
    write::Writer,
};
use perigee_chain::{calls, Chain, LeaseState};
use perigee_primitives::LeasePhase;
use serde::Serialize;
use std::time::Duration;

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
    ensure_taken(&writer.chain, &group.state, blocks, block_time).await?;
    let what = format!("Extend {} by {}", found.name_of(group), time::in_words(args.duration.0));
    let call = calls::extend(group.lease, blocks);
    let mut cover = Cover::of(&writer.chain, &group.state).await?;
    cover.blocks = cover.blocks.saturating_add(blocks);
    let Some(after) = writer.sign_covered((&found, group), cover, &call, &what).await? else {
        return Ok(());
    };
    let term_end = after.state.as_ref().and_then(|state| state.term_end);
    let extended = Extended {
        deployment: id,
        lease: group.lease,
        blocks,
        term_end,
        term_end_text: after.clock.when_any(term_end),
    };
    writer.report(&extended, || format!("it ends {}", extended.term_end_text))
}

/// Is the whole time within what the lease's ask takes?
async fn ensure_taken(chain: &Chain, state: &LeaseState, blocks: u32, block_time: Duration) -> Result<(), CliError> {
    let ask = chain.best().await?.ask(state.ask).await?;
    let longest = ask.and_then(|ask| ask.terms.terms.longest);
    let (Some(longest), LeasePhase::Active { since }, Some(end)) = (longest, state.phase, state.term_end) else {
        return Ok(());
    };
    let whole = end.saturating_sub(since).saturating_add(blocks);
    if whole <= longest {
        return Ok(());
    }
    let words = |blocks| time::in_words(time::time_of(blocks, block_time));
    let left = longest.saturating_sub(end.saturating_sub(since));
    Err(CliError::refused(format!(
        "it would last {} in all, and its ask takes {} at most",
        words(whole),
        words(longest)
    ))
    .hint(match left {
        0 => "Deploy it anew for a longer time.".into(),
        left => format!("Extend it by {} at most, or deploy it anew.", words(left)),
    }))
}
