//! `perigee agent notice|stop`: a lease that its provider ends.

use crate::{
    args::{AgentNotice, AgentStop, Evidence},
    commands::{claim::no_lease_yet, close},
    context::{read_bytes, Clock, Context},
    delivery::reason_in_words,
    error::{CliError, ExitCode},
    money::Amount,
    time::{in_words, time_of, Span},
    write::Writer,
};
use perigee_chain::{calls, AccountId, Chain, Hash, LeaseState, Notice};
use perigee_primitives::{Balance, BlockNumber, LeaseId, LeasePhase, ProviderId};
use serde::Serialize;
use std::time::Duration;
use tokio::time::{sleep, Instant};

const POLL: Duration = Duration::from_secs(1);

/// An active lease of the provider whose operator signs.
struct Held {
    lease: LeaseId,
    state: LeaseState,
    notice: Notice,
    /// The block at which it is so.
    now: BlockNumber,
    clock: Clock,
}

#[derive(Serialize)]
struct Given {
    lease: LeaseId,
    deployment: u64,
    tenant: String,
    notice_blocks: BlockNumber,
    /// If the provider is present until then; unknown while the workload is unready.
    notice_end: Option<BlockNumber>,
    notice_end_text: String,
    /// Known after waiting for it.
    ended_at: Option<BlockNumber>,
}

#[derive(Serialize)]
struct Stopped {
    lease: LeaseId,
    deployment: u64,
    tenant: String,
    evidence: String,
    bond_paid: Balance,
    ended_at: BlockNumber,
}

pub async fn give(context: &Context, args: AgentNotice) -> Result<(), CliError> {
    let writer = Writer::connect(context).await?;
    let held = Held::find(&writer, args.lease).await?;
    held.ensure_no_notice()?;
    let blocks = held.notice.blocks;
    // One that is not longer ends before a verdict on its blocks.
    let counts = match blocks > writer.chain.best().await?.attestation_times().await?.window() {
        true => ", that count only while you are present",
        false => "",
    };
    let what = format!(
        "Give notice of lease {}, whose tenant is {}: it ends after {blocks} blocks, {}{counts}",
        held.lease,
        held.state.owner,
        in_words(time_of(blocks, writer.chain.block_time().await?))
    );
    let Some(included) = writer.sign(&calls::give_notice(held.lease), &what, 0).await? else {
        return Ok(());
    };
    let after = writer.after(&included, held.lease).await?;
    let ended_at = match args.wait {
        true => Some(end_of(context, &writer.chain, held.lease, args.timeout).await?),
        false => None,
    };
    let notice_end = after.state.and_then(|state| state.notice_end);
    let given = Given {
        lease: held.lease,
        deployment: held.state.deployment,
        tenant: held.state.owner.to_string(),
        notice_blocks: blocks,
        notice_end,
        notice_end_text: after.clock.when_any(notice_end),
        ended_at,
    };
    writer.report(&given, || given.text())
}

pub async fn stop(context: &Context, args: AgentStop) -> Result<(), CliError> {
    let evidence = hash_of(&args.evidence)?;
    let shown = format!("0x{}", hex::encode(evidence));
    let writer = Writer::connect(context).await?;
    let held = Held::find(&writer, args.lease).await?;
    let what = format!(
        "Stop lease {}, whose tenant is {}, at once for abuse that {shown} shows: {}",
        held.lease,
        held.state.owner,
        held.price()
    );
    let call = calls::stop_for_abuse(held.lease, evidence);
    let Some(included) = writer.sign(&call, &what, 0).await? else {
        return Ok(());
    };
    let stopped = Stopped {
        lease: held.lease,
        deployment: held.state.deployment,
        tenant: held.state.owner.to_string(),
        evidence: shown,
        bond_paid: included.notice_paid.iter().map(|paid| paid.amount).sum(),
        ended_at: included.block.number,
    };
    writer.report(&stopped, || {
        format!(
            "lease {} ended at block {}; its bond paid {} to the tenant. Keep the evidence: the chain has only its hash",
            stopped.lease,
            stopped.ended_at,
            Amount(stopped.bond_paid)
        )
    })
}

fn hash_of(evidence: &Evidence) -> Result<Hash, CliError> {
    match evidence {
        Evidence::Hash(hash) => Ok(*hash),
        Evidence::File(path) => Ok(calls::evidence_hash(&read_bytes(path)?.1)),
    }
}

/// Waits until a lease has ended, and says at which block.
async fn end_of(
    context: &Context,
    chain: &Chain,
    lease: LeaseId,
    timeout: Option<Span>,
) -> Result<BlockNumber, CliError> {
    let deadline = timeout.and_then(|span| Instant::now().checked_add(span.0));
    let progress = context.printer.progress();
    loop {
        let waits_for = match close::state(chain, lease).await {
            Err(error) if error.code() == ExitCode::Unreachable => format!("the node: {error}"),
            Err(error) => return Err(error),
            Ok(state) => match (state.phase, state.notice_end) {
                (LeasePhase::Ended { at, .. }, _) => return Ok(at),
                (_, Some(at)) => format!("the end at block {at}, judged until {}", state.judged_until),
                (_, None) => "the workload to be ready".into(),
            },
        };
        progress.waiting_for(waits_for);
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(CliError::new(
                ExitCode::TimedOut,
                format!("timed out waiting for lease {lease} to end"),
            )
            .hint("The notice stands: the lease ends by itself. `perigee agent status` shows it."));
        }
        sleep(POLL).await;
    }
}

impl Held {
    /// Refuses what the chain would.
    async fn find(writer: &Writer<'_>, lease: LeaseId) -> Result<Self, CliError> {
        let view = writer.chain.best().await?;
        if lease >= view.next_lease_id().await? {
            return Err(no_lease_yet(lease));
        }
        let (Some(state), Some(notice)) = (view.lease(lease).await?, view.notice(lease).await?) else {
            return Err(CliError::refused(format!(
                "lease {lease} is over and its record is removed from the chain"
            )));
        };
        let operator = view.provider(state.provider).await?.map(|provider| provider.operator);
        ensure_operator(lease, state.provider, operator, writer.account.id())?;
        ensure_active(lease, state.phase)?;
        Ok(Self {
            lease,
            state,
            notice,
            now: view.block().number,
            clock: Clock::of(&writer.chain, &view).await?,
        })
    }

    fn ensure_no_notice(&self) -> Result<(), CliError> {
        if !self.notice.given {
            return Ok(());
        }
        let end = match self.state.notice_end {
            Some(at) => format!("it ends at block {at}, {}", self.clock.when(at)),
            None => "its end is not known while the workload is unready".into(),
        };
        Err(
            CliError::refused(format!("notice of lease {} was given already; {end}", self.lease))
                .hint("Nothing is left to do but to stay present until then."),
        )
    }

    /// Blocks of notice that a stop now does not give.
    fn notice_left(&self) -> BlockNumber {
        let agreed = self.notice.blocks;
        let end = self.state.notice_end;
        end.map_or(agreed, |end| end.saturating_sub(self.now).min(agreed))
    }

    /// What a stop costs.
    fn price(&self) -> String {
        let blocks = self.notice_left();
        let due = self.state.rate.saturating_mul(blocks.into());
        let (rate, bond) = (Amount(self.state.rate), self.state.bond);
        let due_text = format!("{blocks} blocks of notice at {rate} are {}", Amount(due));
        match due > bond {
            true => format!("{due_text}, of which its bond pays all that it is, {}", Amount(bond)),
            false => format!("{due_text}, which its bond pays"),
        }
    }
}

fn ensure_operator(
    lease: LeaseId,
    provider: ProviderId,
    operator: Option<AccountId>,
    signer: AccountId,
) -> Result<(), CliError> {
    if operator == Some(signer) {
        return Ok(());
    }
    let operator = operator.map_or_else(|| "gone".into(), |operator| operator.to_string());
    Err(CliError::refused(format!(
        "lease {lease} is one of provider {provider}, whose operator is {operator}, and you sign as {signer}"
    ))
    .hint(
        "Choose the operator's key with --key or PERIGEE_KEY. `perigee agent status` shows the numbers of your leases.",
    ))
}

fn ensure_active(lease: LeaseId, phase: LeasePhase) -> Result<(), CliError> {
    match phase {
        LeasePhase::Active { .. } => Ok(()),
        LeasePhase::Pending { activate_by } => Err(CliError::refused(format!(
            "lease {lease} is not active; it may be activated before block {activate_by}"
        ))
        .hint("A running agent activates or declines it, and until then nothing is billed.")),
        LeasePhase::Ended { at, reason } => Err(CliError::refused(format!(
            "lease {lease} has ended at block {at}: {}",
            reason_in_words(reason)
        ))
        .hint("Nothing is left to do: a running agent removes it from the cluster.")),
    }
}

impl Given {
    fn text(&self) -> String {
        let lease = self.lease;
        match (self.ended_at, self.notice_end) {
            (Some(at), _) => format!("lease {lease} ended at block {at}"),
            (None, Some(at)) => format!(
                "lease {lease} ends at block {at}, {}, if you are present until then",
                self.notice_end_text
            ),
            (None, None) => {
                format!("lease {lease} ends once its notice is served, which counts only while its workload is ready")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::tests::{clock_at, lease};
    use perigee_primitives::{CloseReason, PRG};

    /// Notice of 50 blocks, at block 100; a block costs 1 PRG.
    fn held(notice_end: Option<BlockNumber>, bond: Balance) -> Held {
        Held {
            lease: 3,
            state: LeaseState {
                rate: PRG,
                bond,
                notice_end,
                ..lease(0)
            },
            notice: Notice {
                blocks: 50,
                given: notice_end.is_some(),
            },
            now: 100,
            clock: clock_at(100),
        }
    }

    fn refused(result: Result<(), CliError>) -> String {
        let error = result.unwrap_err();
        assert_eq!(error.code(), ExitCode::Refused);
        assert!(!error.hints().is_empty(), "{error}");
        error.to_string()
    }

    #[test]
    fn notice_is_given_once() {
        assert!(held(None, 0).ensure_no_notice().is_ok());
        let why = refused(held(Some(130), 0).ensure_no_notice());
        assert!(why.contains("it ends at block 130, in 1 min"), "{why}");
        let unready = Held {
            notice: Notice {
                blocks: 50,
                given: true,
            },
            ..held(None, 0)
        };
        assert!(refused(unready.ensure_no_notice()).contains("unready"));
    }

    #[test]
    fn a_stop_costs_the_notice_that_is_left_and_at_most_the_bond() {
        let price = held(None, 80 * PRG).price();
        assert_eq!(
            price,
            "50 blocks of notice at 1.00 PRG are 50.00 PRG, which its bond pays"
        );
        assert!(held(Some(130), 80 * PRG).price().starts_with("30 blocks"));
        assert!(
            held(Some(900), 80 * PRG).price().starts_with("50 blocks"),
            "absence made it late"
        );
        let price = held(None, 20 * PRG).price();
        assert!(price.ends_with("pays all that it is, 20.00 PRG"), "{price}");
    }

    #[test]
    fn only_active_leases_are_ended_and_only_by_their_operator() {
        let (operator, other) = (AccountId([1; 32]), AccountId([2; 32]));
        assert!(ensure_operator(3, 0, Some(operator), operator).is_ok());
        let why = refused(ensure_operator(3, 0, Some(operator), other));
        assert!(
            why.contains(&operator.to_string()) && why.contains(&other.to_string()),
            "{why}"
        );
        assert!(ensure_active(3, LeasePhase::Active { since: 1 }).is_ok());
        let pending = LeasePhase::Pending { activate_by: 300 };
        assert!(refused(ensure_active(3, pending)).contains("before block 300"));
        let reason = CloseReason::ClosedByTenant;
        let why = refused(ensure_active(3, LeasePhase::Ended { at: 84, reason }));
        assert_eq!(why, "lease 3 has ended at block 84: closed by its owner");
    }

    #[test]
    fn what_becomes_of_a_notice_is_told() {
        let given = |notice_end, ended_at| Given {
            lease: 3,
            deployment: 0,
            tenant: String::new(),
            notice_blocks: 50,
            notice_end,
            notice_end_text: "in 1 min".into(),
            ended_at,
        };
        assert!(given(Some(130), None)
            .text()
            .starts_with("lease 3 ends at block 130, in 1 min"));
        assert!(given(None, None).text().contains("workload is ready"));
        assert_eq!(given(Some(130), Some(135)).text(), "lease 3 ended at block 135");
    }
}
