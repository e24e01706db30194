//! `perigee pause ID [--for TIME]` and `perigee resume ID`

use crate::{
    args::{GroupId, Pause},
    context::{check_owner, Clock, Context, Found, Group},
    cover::Cover,
    error::CliError,
    time,
    write::{After, Writer},
};
use perigee_chain::{calls, LeaseState, PauseLimits};
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
        chain: writer.chain.best().await?.pause_limits()?,
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

async fn find(writer: &Writer<'_>, id: &GroupId) -> Result<(Found, Group), CliError> {
    let found = writer.find(id.deployment).await?;
    check_owner(&found, &writer.account.id())?;
    let group = found.running_group(id.group.as_deref())?.clone();
    Ok((found, group))
}

/// How long a lease may be paused.
struct Limits {
    /// Blocks for which it may rest now.
    earned: u32,
    chain: PauseLimits,
    block_time: Duration,
}

impl Limits {
    /// The blocks of `span`, or as many as the chain allows.
    fn blocks(&self, name: &str, span: Option<Duration>) -> Result<u32, CliError> {
        let longest = self.earned.min(self.chain.longest);
        let blocks = match span {
            Some(span) => time::blocks(span, self.block_time)?,
            None => longest,
        };
        if longest > 0 && blocks <= longest {
            return Ok(blocks);
        }
        let what = match longest {
            0 => format!("{name} has not earned a pause"),
            _ => format!("{name} may rest for {} at most", self.in_words(longest)),
        };
        let earning = format!(
            "What it pays earns its pauses: {} times as much may stay unpaid, for {} in one go.",
            self.chain.ratio,
            self.in_words(self.chain.longest)
        );
        let next = match longest {
            0 => "Let it run for a while.",
            _ => "Take a shorter time with --for, or leave it out: the longest is then taken.",
        };
        Err(CliError::refused(what).hint(earning).hint(next))
    }

    fn in_words(&self, blocks: u32) -> String {
        time::in_words(time::time_of(blocks, self.block_time))
    }
}

/// What rests already is not paused, nor what is going to.
async fn ensure_runs(writer: &Writer<'_>, group: &Group, name: &str) -> Result<(), CliError> {
    let (state, chain) = (&group.state, &writer.chain);
    let Some(next) = state.next_change.filter(|_| state.paused || state.longest_pause == 0) else {
        return Ok(());
    };
    let when = Clock::of(chain, &chain.best().await?).await?.when(next);
    let how = match state.paused {
        true => format!("rests already; it goes on by itself {when}"),
        false => format!("may not be paused now; its terms change {when}"),
    };
    Err(CliError::refused(format!("{name} {how}"))
        .hint("`perigee resume ID` ends a pause, or takes back one that is ahead."))
}

/// What runs with no pause ahead is not resumed.
fn ensure_rests(state: &LeaseState, name: &str) -> Result<(), CliError> {
    if state.paused || state.next_change.is_some() {
        return Ok(());
    }
    Err(CliError::refused(format!("{name} runs, and no pause is ahead")).hint("Nothing is left to do."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(earned: u32) -> Limits {
        Limits {
            earned,
            chain: PauseLimits { longest: 100, ratio: 3 },
            block_time: Duration::from_secs(2),
        }
    }

    fn refusal(earned: u32, seconds: Option<u64>) -> String {
        let found = limits(earned).blocks("deployment 7", seconds.map(Duration::from_secs));
        found.expect_err("too long").to_string()
    }

    #[test]
    fn a_pause_is_as_long_as_it_is_earned_unless_it_is_to_be_shorter() {
        assert_eq!(limits(60).blocks("deployment 7", None).ok(), Some(60));
        let short = Some(Duration::from_secs(20));
        assert_eq!(limits(60).blocks("deployment 7", short).ok(), Some(10));
    }

    #[test]
    fn a_pause_that_is_not_earned_is_refused_with_what_is() {
        assert_eq!(refusal(60, Some(122)), "deployment 7 may rest for 2 min at most");
        assert_eq!(
            refusal(1_000, Some(3_600)),
            "deployment 7 may rest for 3 min 20 s at most"
        );
        assert_eq!(refusal(0, None), "deployment 7 has not earned a pause");
        let error = limits(0).blocks("deployment 7", None).expect_err("nothing is earned");
        assert!(error.hints()[0].contains("3 times"), "{:?}", error.hints());
    }
}
