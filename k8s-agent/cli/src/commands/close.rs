//! `perigee close ID`

use crate::{
    args::Close,
    context::{check_owner, Context, Found},
    error::{CliError, ExitCode},
    money::exact,
    printer::Progress,
    write::Writer,
};
use perigee_chain::{calls, Chain, LeaseState, View};
use perigee_primitives::{Balance, BlockNumber, LeaseId, LeasePhase};
use serde::Serialize;
use std::{ops::Range, time::Duration};
use tokio::time::{sleep, Instant};

const POLL: Duration = Duration::from_secs(1);
/// Blocks after the last verdict that the chain gets to settle by itself before it is asked to.
const PATIENCE: u32 = 3;

/// Where the money went: in all, and of each placement.
#[derive(Serialize)]
struct Ledgers {
    deployment: u64,
    lease: LeaseId,
    #[serde(flatten)]
    sums: Ledger,
    groups: Vec<GroupLedger>,
}

#[derive(Serialize)]
struct GroupLedger {
    name: Option<String>,
    lease: LeaseId,
    #[serde(flatten)]
    ledger: Ledger,
}

#[derive(Clone, Copy, Default, Serialize)]
struct Ledger {
    ended_at: Option<u32>,
    /// Are these figures the last ones?
    settled: bool,
    deposited: Balance,
    to_provider: Balance,
    fee: Balance,
    refunded: Balance,
    reservation_burned: Balance,
    unbilled_blocks: u32,
    /// What the provider's bond paid beside.
    credits_paid: Balance,
}

pub async fn run(context: &Context, args: Close) -> Result<(), CliError> {
    let writer = Writer::connect(context).await?;
    let id = args.id.deployment;
    let found = writer.find(id).await?;
    check_owner(&found, &writer.account.id())?;
    let over = found.running().is_err();
    if over && !args.wait {
        return Err(CliError::refused(format!("deployment {id} has ended already"))
            .hint(format!("`perigee close {id} --wait` shows the ledger.")));
    }
    if !over {
        if args.abandoned {
            ensure_abandoned(&writer.chain.best().await?, &found).await?;
        }
        let what = format!("Close deployment {id}, whose data is lost");
        if writer
            .sign(&calls::close(id, args.abandoned), &what, 0)
            .await?
            .is_none()
        {
            return Ok(());
        }
    }
    // Settling what nobody else settles is signed, too.
    let wait = args.wait && !context.settings.dry_run;
    let progress = context.printer.progress();
    let deadline = Instant::now() + args.timeout.0;
    let mut groups = Vec::new();
    for group in &found.groups {
        let state = match wait {
            true => settled(&writer, group.lease, deadline, &progress).await?,
            false => state(&writer.chain, group.lease).await?,
        };
        groups.push(GroupLedger {
            name: group.name.clone(),
            lease: group.lease,
            ledger: Ledger::of(&state),
        });
    }
    drop(progress);
    let ledgers = Ledgers {
        deployment: id,
        lease: found.foremost().lease,
        sums: Ledger::sum(groups.iter().map(|group| &group.ledger)),
        groups,
    };
    if !ledgers.sums.settled {
        context.printer.message(format!(
            "The last blocks wait for their verdict; then the rest comes back. `perigee close {id} --wait` shows the ledger."
        ));
    }
    writer.report(&ledgers, || text(&ledgers.sums))
}

/// Refuses a claim that attestation confirms of none of the leases that run, as the chain would.
async fn ensure_abandoned(view: &View, found: &Found) -> Result<(), CliError> {
    let epochs = view.abandoned_epochs()?;
    let needed = view.attestation_times().await?.epoch.saturating_mul(epochs);
    let mut seen = Vec::new();
    for group in found.running()? {
        let LeasePhase::Active { since } = group.state.phase else {
            seen.push(format!("{} was not activated", found.name_of(group)));
            continue;
        };
        let absent = absent_of(view.absent_lately(group.state.provider).await?, since);
        if absent >= needed {
            return Ok(());
        }
        seen.push(format!(
            "the provider of {} was absent for {absent} of them since it runs",
            found.name_of(group)
        ));
    }
    Err(not_abandoned(needed, epochs, &seen))
}

/// How much of an absence a lease has seen that runs since a block.
fn absent_of(absence: Range<BlockNumber>, since: BlockNumber) -> BlockNumber {
    absence.end.saturating_sub(absence.start.max(since))
}

fn not_abandoned(needed: BlockNumber, epochs: u32, seen: &[String]) -> CliError {
    CliError::refused(format!(
        "attestation does not confirm it: the last {needed} blocks that are judged, {epochs} epochs, must all be absences, and {}",
        seen.join(", ")
    ))
    .hint("Close it without --abandoned, or later; absence that is attested later still counts for what is billed.")
}

/// How a lease is now.
pub async fn state(chain: &Chain, lease: LeaseId) -> Result<LeaseState, CliError> {
    let state = chain.best().await?.lease(lease).await?;
    state.ok_or_else(|| CliError::refused(format!("the record of lease {lease} is removed from the chain")))
}

/// Waits for the last verdict, and settles if nobody else does.
async fn settled(
    writer: &Writer<'_>,
    lease: LeaseId,
    deadline: Instant,
    progress: &Progress,
) -> Result<LeaseState, CliError> {
    let mut judged_at = None;
    loop {
        let state = match state(&writer.chain, lease).await {
            Err(error) if error.code() == ExitCode::Unreachable && Instant::now() < deadline => {
                progress.waiting_for(format!("the node: {error}"));
                sleep(POLL).await;
                continue;
            }
            other => other?,
        };
        if state.settled {
            progress.done("settled");
            return Ok(state);
        }
        let now = writer.chain.best_block().await?.number;
        let end = match state.phase {
            LeasePhase::Ended { at, .. } => at,
            _ => now,
        };
        progress.waiting_for(format!("verdicts up to block {end}, so far {}", state.judged_until));
        if state.judged_until >= end {
            let since = *judged_at.get_or_insert(now);
            if now > since + PATIENCE {
                writer.submit_quietly(&calls::settle(lease)).await?;
                judged_at = Some(now);
            }
        }
        if Instant::now() >= deadline {
            return Err(
                CliError::new(ExitCode::TimedOut, "timed out waiting for the last verdict")
                    .hint("The deployment is closed; the rest comes back by itself."),
            );
        }
        sleep(POLL).await;
    }
}

impl Ledger {
    fn of(state: &LeaseState) -> Self {
        Self {
            ended_at: match state.phase {
                LeasePhase::Ended { at, .. } => Some(at),
                _ => None,
            },
            settled: state.settled,
            deposited: state.deposited,
            to_provider: state.to_provider,
            fee: state.fee,
            refunded: state.refunded,
            reservation_burned: state.reservation_burned,
            unbilled_blocks: state.unbilled_blocks,
            credits_paid: state.credits_paid,
        }
    }

    /// Of several leases: sums, the last end, and settled if all are.
    fn sum<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        let none = Self {
            settled: true,
            ..Default::default()
        };
        all.fold(none, |sum, one| Self {
            ended_at: sum.ended_at.max(one.ended_at),
            settled: sum.settled && one.settled,
            deposited: sum.deposited.saturating_add(one.deposited),
            to_provider: sum.to_provider.saturating_add(one.to_provider),
            fee: sum.fee.saturating_add(one.fee),
            refunded: sum.refunded.saturating_add(one.refunded),
            reservation_burned: sum.reservation_burned.saturating_add(one.reservation_burned),
            unbilled_blocks: sum.unbilled_blocks.saturating_add(one.unbilled_blocks),
            credits_paid: sum.credits_paid.saturating_add(one.credits_paid),
        })
    }
}

fn text(l: &Ledger) -> String {
    if !l.settled {
        return String::new();
    }
    let rows = [
        ("deposit", l.deposited),
        ("provider", l.to_provider),
        ("fee", l.fee),
        ("refund", l.refunded),
    ];
    let mut lines: Vec<_> = rows
        .iter()
        .map(|(label, amount)| format!("{label:<9}  {:>24}", exact(*amount)))
        .collect();
    let adds_up = l.deposited == l.to_provider + l.fee + l.refunded;
    lines.push(format!(
        "{:<9}  deposit {} provider + fee + refund",
        "",
        if adds_up { "=" } else { "≠" }
    ));
    if l.reservation_burned > 0 {
        lines.push(format!(
            "{:<9}  {:>24} of the reservation fee",
            "burned",
            exact(l.reservation_burned)
        ));
    }
    if l.unbilled_blocks > 0 {
        lines.push(format!("{:<9}  {} blocks", "unbilled", l.unbilled_blocks));
    }
    if l.credits_paid > 0 {
        lines.push(format!(
            "{:<9}  {:>24} from the provider's bond, beside the above",
            "credit",
            exact(l.credits_paid)
        ));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absence_counts_from_the_activation_on() {
        assert_eq!(absent_of(100..460, 0), 360);
        assert_eq!(absent_of(100..460, 110), 350);
        assert_eq!(absent_of(100..460, 470), 0, "nothing of it is judged yet");
        assert_eq!(absent_of(460..460, 0), 0);
    }

    #[test]
    fn a_claim_that_attestation_does_not_confirm_is_refused_with_figures() {
        let seen = ["the provider of deployment 7 was absent for 40 of them since it runs".into()];
        let error = not_abandoned(360, 36, &seen);
        let expected = "attestation does not confirm it: the last 360 blocks that are judged, 36 epochs, must all be \
                        absences, and the provider of deployment 7 was absent for 40 of them since it runs";
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.code(), ExitCode::Refused);
        assert!(error.hints()[0].starts_with("Close it without --abandoned"));
    }

    #[test]
    fn ledgers_of_several_leases_add_up_and_are_settled_together() {
        let one = |ended_at, settled, deposited| Ledger {
            ended_at: Some(ended_at),
            settled,
            deposited,
            refunded: deposited,
            ..Default::default()
        };
        let all = [one(5, true, 10), one(7, true, 20)];
        let sum = Ledger::sum(all.iter());
        assert_eq!(
            (sum.ended_at, sum.settled, sum.deposited, sum.refunded),
            (Some(7), true, 30, 30)
        );
        assert!(!Ledger::sum([one(5, true, 1), one(5, false, 1)].iter()).settled);
    }
}
