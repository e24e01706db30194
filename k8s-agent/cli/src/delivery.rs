//! From an open lease to a running application: deliver, wait for activation, wait for the services.

use crate::{
    context::vault,
    error::{CliError, ExitCode},
    money::Amount,
    printer::Progress,
    vault::Saved,
    write::Writer,
};
use perigee_chain::{calls, ChainError, LeaseState, Provider};
use perigee_gateway::{Client, ClientError, LeaseStatus, Place, Receipt, Scope, Session};
use perigee_primitives::{BlockNumber, CloseReason, Commitment, DeclineReason, LeaseId, LeasePhase};
use std::{
    future::Future,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::time::{sleep, timeout_at, Instant};

/// Between looks at chain and gateway.
const POLL: Duration = Duration::from_millis(400);
/// How long a session with a gateway lasts: longer than any wait.
const SESSION_SECONDS: u64 = 3_600;
/// So many blocks the provider's view of the chain and ours may differ.
const DRIFT: BlockNumber = 10;

/// An application that runs.
#[derive(Clone, Debug, Default)]
pub struct Running {
    /// Where it can be reached.
    pub urls: Vec<String>,
}

/// What became of a lease that was to be started.
pub struct Served {
    /// The lease that serves in the end.
    pub lease: LeaseId,
    /// Where it runs, or why it does not.
    pub outcome: Result<Running, CliError>,
}

impl Served {
    /// Addresses, if it runs.
    pub fn urls(&self) -> Vec<String> {
        self.outcome
            .as_ref()
            .map(|running| running.urls.clone())
            .unwrap_or_default()
    }
}

/// The way from an open lease to a running application. Everything may be repeated.
pub struct Delivery<'a> {
    /// The owner.
    pub writer: &'a Writer<'a>,
    /// The lease.
    pub lease: LeaseId,
    /// When to give up.
    pub deadline: Instant,
}

impl Delivery<'_> {
    /// [`Delivery::start`], with the lease that served in the end.
    pub async fn serve(mut self, progress: &Progress) -> Served {
        let outcome = self.start(progress).await;
        Served {
            lease: self.lease,
            outcome,
        }
    }

    /// Delivers, and waits until it runs. Goes on with the lease that takes over where a provider declines or does not
    /// show up.
    async fn start(&mut self, progress: &Progress) -> Result<Running, CliError> {
        loop {
            let error = match self.deliver_and_wait(progress).await {
                Ok(running) => return Ok(running),
                Err(error) => error,
            };
            match self.taken_over(progress).await {
                Ok(Some(next)) => self.lease = next,
                // What stopped it says more than why nothing goes on.
                Ok(None) | Err(_) => return Err(error),
            }
        }
    }

    async fn deliver_and_wait(&self, progress: &Progress) -> Result<Running, CliError> {
        self.deliver(progress).await?;
        self.wait(progress).await
    }

    /// The lease that took over, once the chain has opened it; `None` if none does.
    async fn taken_over(&self, progress: &Progress) -> Result<Option<LeaseId>, CliError> {
        let mut filed = false;
        loop {
            let state = self.state().await?;
            let view = self.writer.chain.best().await?;
            let leases = view.deployment(state.deployment).await?.map(|d| d.leases);
            let siblings = view.leases(&leases.unwrap_or_default()).await?;
            match succession(self.lease, &state, &siblings, filed) {
                Succession::Over => return Ok(None),
                Succession::FileReceipt => {
                    filed = true;
                    self.file_receipt(&state, progress).await?;
                }
                Succession::By(next, why) => {
                    progress.note(format!("lease {} ended: {why}; lease {next} takes over", self.lease));
                    return Ok(Some(next));
                }
                Succession::Wait => {
                    progress.waiting_for("the next named ask to take over");
                    self.check_deadline("the end of the lease")?;
                    sleep(POLL).await;
                }
            }
        }
    }

    /// Shows on chain that the provider held the manifest of a lease that it did not start: the miss is then its fault,
    /// its bond pays, and the next ask takes over.
    async fn file_receipt(&self, state: &LeaseState, progress: &Progress) -> Result<(), CliError> {
        let saved = vault(&self.writer.chain).load(&state.commitment)?;
        let ours = |receipt: &Receipt| receipt.lease == self.lease;
        let Some(receipt) = saved.and_then(|s| s.receipt).filter(ours).filter(|_| !state.settled) else {
            return Ok(());
        };
        progress.waiting_for("the receipt to be filed");
        let call = calls::file_receipt(self.lease, receipt.received, receipt.signature);
        match self.writer.submit_quietly(&call).await {
            Ok(included) => progress.done(format!(
                "not activated in time: the provider's receipt is filed in block {}, fee paid {}",
                included.block.number,
                Amount(included.fee)
            )),
            Err(error @ ChainError::Refused { .. }) => {
                progress.note(format!("the provider's receipt does not count: {error}"))
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Delivers the saved manifest, and checks the provider's receipt.
    pub async fn deliver(&self, progress: &Progress) -> Result<(), CliError> {
        let state = self.state().await?;
        ended(&state)?;
        let Some(saved) = vault(&self.writer.chain).load(&state.commitment)? else {
            let path = vault(&self.writer.chain).path(&state.commitment);
            return Err(
                CliError::usage("the manifest of this deployment is not on this machine".into()).hint(format!(
                    "Run this where it was deployed from, or copy {} here.",
                    path.display()
                )),
            );
        };
        let provider = self.provider(&state).await?;
        progress.waiting_for(format!("delivering the manifest to {}", provider.gateway));
        let receipt = self.deliver_to(&provider, &saved, progress).await?;
        self.check_receipt(&receipt, &state, &provider).await?;
        vault(&self.writer.chain).save(
            &state.commitment,
            &Saved {
                receipt: Some(receipt),
                ..saved
            },
        )?;
        progress.done("manifest delivered, receipt checked");
        Ok(())
    }

    /// Waits until the lease is active and every service is ready.
    pub async fn wait(&self, progress: &Progress) -> Result<Running, CliError> {
        let mut was_active = false;
        let mut now = "the provider's gateway does not answer".to_string();
        loop {
            let state = match self.state().await {
                Err(error) if error.code() == ExitCode::Unreachable && Instant::now() < self.deadline => {
                    progress.waiting_for(format!("the node: {error}"));
                    sleep(POLL).await;
                    continue;
                }
                other => other?,
            };
            ended(&state)?;
            let active = matches!(state.phase, LeasePhase::Active { .. });
            if active && !was_active {
                was_active = true;
                progress.done("lease active: billing has started");
            }
            let asking = self.gateway_status(&state);
            let status = in_time(self.deadline, &now, asking).await?;
            now = status
                .as_ref()
                .map_or_else(ToString::to_string, |s| in_words(s, active));
            if let (true, Ok(status)) = (active, status) {
                if runs(&status, &state.commitment) {
                    return self.running(&state, &status);
                }
            }
            progress.waiting_for(now.clone());
            self.check_deadline(&now)?;
            sleep(POLL).await;
        }
    }

    /// How the services do, as the provider says.
    pub async fn gateway_status(&self, state: &LeaseState) -> Result<LeaseStatus, CliError> {
        let provider = self.provider(state).await?;
        let client = client(&provider)?;
        Ok(client.lease_status(&self.session(&provider), self.lease).await?)
    }

    fn running(&self, state: &LeaseState, status: &LeaseStatus) -> Result<Running, CliError> {
        let urls: Vec<_> = status.uris.iter().map(|uri| url(uri)).collect();
        let vault = vault(&self.writer.chain);
        if let Some(saved) = vault.load(&state.commitment)? {
            vault.save(
                &state.commitment,
                &Saved {
                    urls: urls.clone(),
                    ..saved
                },
            )?;
        }
        Ok(Running { urls })
    }

    async fn state(&self) -> Result<LeaseState, CliError> {
        let state = self.writer.chain.best().await?.lease(self.lease).await?;
        state.ok_or_else(|| CliError::refused(format!("there is no record of lease {} any more", self.lease)))
    }

    async fn provider(&self, state: &LeaseState) -> Result<Provider, CliError> {
        let provider = self.writer.chain.best().await?.provider(state.provider).await?;
        provider.ok_or_else(|| CliError::refused(format!("provider {} is not registered any more", state.provider)))
    }

    fn session(&self, provider: &Provider) -> Session {
        let place = Place {
            provider: provider.id,
            genesis: self.writer.chain.genesis(),
        };
        let scope = Scope::MANIFEST | Scope::STATUS;
        Session::open(
            self.writer.account.keypair(),
            &place,
            Some(self.lease),
            scope,
            unix_now(),
            SESSION_SECONDS,
        )
    }

    /// Repeats until the deadline while the gateway is away or has not seen the block with the lease yet.
    async fn deliver_to(&self, provider: &Provider, saved: &Saved, progress: &Progress) -> Result<Receipt, CliError> {
        let client = client(provider)?;
        let session = self.session(provider);
        let mut told = false;
        let mut last_seen = format!("gateway {} does not answer", provider.gateway);
        loop {
            let sending = client.deliver(&session, self.lease, &saved.nonce, saved.manifest.as_bytes());
            let error = match in_time(self.deadline, &last_seen, sending).await? {
                Ok(receipt) => return Ok(receipt),
                Err(error) if may_pass(&error) => error,
                Err(error) => return Err(error.into()),
            };
            last_seen = error.to_string();
            // Meanwhile the provider may have declined, and another taken over.
            ended(&self.state().await?)?;
            self.check_deadline(&last_seen)?;
            progress.waiting_for(format!("trying again: {error}"));
            // A gateway that is a block behind is no news; one that is away is.
            if !told && !matches!(error, ClientError::Refused { .. }) {
                told = true;
                progress.note(format!("{error}; trying again"));
            }
            sleep(POLL).await;
        }
    }

    async fn check_receipt(&self, receipt: &Receipt, state: &LeaseState, provider: &Provider) -> Result<(), CliError> {
        let refused = |why: String| {
            let error = CliError::refused(format!("the receipt of gateway {} {why}", provider.gateway));
            Err(error.hint("Do not rely on this provider: close the deployment and deploy again."))
        };
        let ours = receipt.lease == self.lease && receipt.commitment == state.commitment;
        if !ours || !receipt.is_signed_by(&provider.heartbeat_key, &self.writer.chain.genesis()) {
            return refused(format!("is not signed by provider {}", provider.id));
        }
        let view = self.writer.chain.best().await?;
        let opened = view.deployment(state.deployment).await?.map_or(0, |d| d.opened_at);
        let best = view.block().number;
        if !is_credible(receipt.received, opened, best) {
            return refused(format!(
                "is of block {}, but the deployment was opened at block {opened} and the best block is {best}: the \
                 chain would not count it",
                receipt.received
            ));
        }
        Ok(())
    }

    fn check_deadline(&self, waiting_for: &str) -> Result<(), CliError> {
        if Instant::now() < self.deadline {
            return Ok(());
        }
        Err(timed_out(waiting_for))
    }
}

/// What `request` comes to, if it does so before the deadline: a gateway may take longer for one answer than the whole
/// wait may last.
async fn in_time<T>(deadline: Instant, last_seen: &str, request: impl Future<Output = T>) -> Result<T, CliError> {
    timeout_at(deadline, request).await.map_err(|_| timed_out(last_seen))
}

fn timed_out(last_seen: &str) -> CliError {
    CliError::new(ExitCode::TimedOut, format!("timed out; last seen: {last_seen}"))
}

/// May a manifest of a deployment that was opened at `opened` have been received at block `received`, now that the best
/// block is `best`? The chain takes a receipt of a later block for too late, and checks one of an earlier block against
/// a key that the provider may have replaced since.
fn is_credible(received: BlockNumber, opened: BlockNumber, best: BlockNumber) -> bool {
    (opened.saturating_sub(DRIFT)..=best.saturating_add(DRIFT)).contains(&received)
}

/// What follows the end of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Succession {
    /// Nothing.
    Over,
    /// The chain is to be shown that the provider held the manifest.
    FileReceipt,
    /// This lease, for this reason.
    By(LeaseId, &'static str),
    /// A lease that the chain has not opened yet.
    Wait,
}

/// What follows, as the chain looks now. `filed` tells whether a receipt was tried already.
fn succession(lease: LeaseId, state: &LeaseState, siblings: &[(LeaseId, LeaseState)], filed: bool) -> Succession {
    let LeasePhase::Ended { reason, .. } = state.phase else {
        return Succession::Over;
    };
    if reason == CloseReason::ActivationMissed && !filed {
        return Succession::FileReceipt;
    }
    if !reason.moves_on() {
        return Succession::Over;
    }
    let later = siblings
        .iter()
        .filter(|(id, other)| *id > lease && other.group == state.group);
    match later.map(|(id, _)| *id).min() {
        Some(next) => Succession::By(next, reason_in_words(reason)),
        // The names of asks go with the record's processing: as long as they are there, the next lease may come.
        None if state.asks_left.is_empty() => Succession::Over,
        None => Succession::Wait,
    }
}

fn client(provider: &Provider) -> Result<Client, CliError> {
    Ok(Client::new(&provider.gateway, &provider.pins)?)
}

fn may_pass(error: &ClientError) -> bool {
    match error {
        ClientError::Unreachable { .. } | ClientError::TimedOut { .. } => true,
        ClientError::Refused { error, .. } => matches!(error.status, 404 | 503),
        _ => false,
    }
}

/// Is it this manifest that runs, rather than one before it, and whole?
fn runs(status: &LeaseStatus, commitment: &Commitment) -> bool {
    status.commitment.as_deref() == Some(&hex::encode(commitment)) && all_ready(status)
}

fn all_ready(status: &LeaseStatus) -> bool {
    !status.services.is_empty() && status.services.iter().all(|s| s.ready >= s.wanted)
}

fn in_words(status: &LeaseStatus, active: bool) -> String {
    let service = |s: &perigee_gateway::ServiceStatus| match s.message.is_empty() {
        true => format!("{} {}/{}", s.name, s.ready, s.wanted),
        false => format!("{} {}/{} ({})", s.name, s.ready, s.wanted, s.message),
    };
    let services: Vec<_> = status.services.iter().map(service).collect();
    match (services.is_empty(), all_ready(status), active) {
        (true, _, _) => format!("services: {}", status.phase),
        (_, true, false) => "activation of the lease".into(),
        _ => format!("services: {}", services.join(", ")),
    }
}

/// With a scheme, so that it can be clicked.
pub fn url(uri: &str) -> String {
    match uri.contains("://") {
        true => uri.to_owned(),
        false => format!("http://{uri}"),
    }
}

/// An ended lease cannot be finished; says why it ended.
pub fn ended(state: &LeaseState) -> Result<(), CliError> {
    let LeasePhase::Ended { at, reason } = state.phase else {
        return Ok(());
    };
    let error = CliError::refused(format!("the lease ended at block {at}: {}", reason_in_words(reason)));
    Err(match reason {
        CloseReason::Declined(DeclineReason::TenantWorkload) => {
            error.hint("Check image names and commands; the reservation fee is lost, the deposit comes back.")
        }
        CloseReason::Declined(_) => error.hint("Nothing was billed and all of it comes back; deploy again."),
        CloseReason::ActivationMissed => error.hint("Nothing was billed; deploy again."),
        _ => error.hint("Deploy again to run it again."),
    })
}

/// Why a lease ended.
pub fn reason_in_words(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::ClosedByTenant => "closed by its owner",
        CloseReason::ClosedByProvider => "the provider gave notice",
        CloseReason::Declined(DeclineReason::NoCapacity) => "declined: the provider has no capacity after all",
        CloseReason::Declined(DeclineReason::NoManifest) => "declined: no manifest arrived",
        CloseReason::Declined(DeclineReason::TenantWorkload) => {
            "declined: an image cannot be pulled or a container crashes"
        }
        CloseReason::Declined(DeclineReason::ClusterError) => "declined: the provider's cluster refused the workload",
        CloseReason::ActivationMissed => "not activated in time",
        CloseReason::FundsEnded => "the deposit ran out",
        CloseReason::TermEnded => "its time was over",
        CloseReason::NoShow => "not activated in time, although the provider had the manifest",
        CloseReason::Abandoned => "closed by its owner, as the provider was absent",
        CloseReason::TakenDown(_) => "taken down for abuse",
        CloseReason::StoppedForAbuse(_) => "stopped by the provider, which claims abuse",
    }
}

/// Seconds since 1970.
pub fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use perigee_gateway::{ApiError, ServiceStatus};

    fn status(ready: u32) -> LeaseStatus {
        let service = ServiceStatus {
            name: "web".into(),
            ready,
            wanted: 1,
            message: "pulling".into(),
        };
        LeaseStatus {
            lease: 1,
            phase: "starting".into(),
            commitment: Some(hex::encode([7; 32])),
            services: vec![service],
            uris: Vec::new(),
        }
    }

    #[test]
    fn ready_means_every_service_and_at_least_one() {
        assert!(!all_ready(&status(0)));
        assert!(all_ready(&status(1)));
        assert!(!all_ready(&LeaseStatus {
            services: Vec::new(),
            ..status(1)
        }));
    }

    #[test]
    fn an_older_manifest_that_runs_is_not_the_one_that_is_waited_for() {
        assert!(runs(&status(1), &[7; 32]));
        assert!(!runs(&status(0), &[7; 32]));
        assert!(!runs(&status(1), &[8; 32]));
        assert!(!runs(
            &LeaseStatus {
                commitment: None,
                ..status(1)
            },
            &[7; 32]
        ));
    }

    #[test]
    fn the_next_lease_of_the_same_group_takes_over() {
        let declined = ended_by(CloseReason::Declined(DeclineReason::NoCapacity), &[9]);
        let open = |group| LeaseState {
            phase: LeasePhase::Pending { activate_by: 90 },
            group,
            ..declined.clone()
        };
        // The lease itself, one of another group, one from before, and two that took over one after the other.
        let siblings = [
            (5, declined.clone()),
            (6, open(1)),
            (4, open(0)),
            (8, open(0)),
            (7, open(0)),
        ];
        let reason = reason_in_words(CloseReason::Declined(DeclineReason::NoCapacity));
        assert_eq!(succession(5, &declined, &siblings, false), Succession::By(7, reason));
        assert_eq!(succession(5, &declined, &siblings[..3], false), Succession::Wait);
    }

    #[test]
    fn nothing_follows_once_no_ask_is_left_or_the_workload_is_at_fault() {
        let last = ended_by(CloseReason::Declined(DeclineReason::NoCapacity), &[]);
        assert_eq!(succession(5, &last, &[(5, last.clone())], false), Succession::Over);
        let ours = ended_by(CloseReason::Declined(DeclineReason::TenantWorkload), &[9]);
        assert_eq!(succession(5, &ours, &[(6, last.clone())], false), Succession::Over);
        let running = LeaseState {
            phase: LeasePhase::Active { since: 3 },
            ..last
        };
        assert_eq!(succession(5, &running, &[], false), Succession::Over);
    }

    #[test]
    fn a_missed_activation_becomes_a_no_show_by_the_receipt_and_then_moves_on() {
        let missed = ended_by(CloseReason::ActivationMissed, &[9]);
        assert_eq!(succession(5, &missed, &[], false), Succession::FileReceipt);
        // The receipt did not count: nobody takes over.
        assert_eq!(succession(5, &missed, &[], true), Succession::Over);
        let no_show = ended_by(CloseReason::NoShow, &[9]);
        assert_eq!(succession(5, &no_show, &[], true), Succession::Wait);
    }

    /// A lease of group 0 that ended so, with these asks behind it.
    fn ended_by(reason: CloseReason, asks_left: &[u64]) -> LeaseState {
        LeaseState {
            phase: LeasePhase::Ended { at: 40, reason },
            asks_left: asks_left.to_vec(),
            ..crate::context::tests::lease(0)
        }
    }

    #[tokio::test]
    async fn a_gateway_that_keeps_silent_is_not_waited_for_beyond_the_deadline() {
        let deadline = Instant::now() + Duration::from_millis(20);
        let silent = in_time(deadline, "gateway a:1 does not answer", std::future::pending::<()>());
        let error = silent.await.expect_err("nothing comes");
        assert_eq!(error.code(), ExitCode::TimedOut);
        assert_eq!(error.to_string(), "timed out; last seen: gateway a:1 does not answer");
        assert!(matches!(in_time(deadline, "late", std::future::ready(7)).await, Ok(7)));
    }

    #[test]
    fn what_is_waited_for_is_said() {
        assert_eq!(in_words(&status(0), false), "services: web 0/1 (pulling)");
        assert_eq!(in_words(&status(1), false), "activation of the lease");
    }

    #[test]
    fn a_receipt_is_credible_from_the_opening_to_the_best_block() {
        for received in [100, 120, 150] {
            assert!(is_credible(received, 100, 150));
        }
        for received in [0, 100 - DRIFT - 1, 150 + DRIFT + 1, BlockNumber::MAX] {
            assert!(!is_credible(received, 100, 150), "{received}");
        }
    }

    #[test]
    fn views_of_the_chain_may_differ_by_a_few_blocks() {
        assert!(is_credible(100 - DRIFT, 100, 150) && is_credible(150 + DRIFT, 100, 150));
        assert!(is_credible(0, 1, 1));
    }

    #[test]
    fn addresses_can_be_clicked() {
        assert_eq!(url("web-1.apps.localhost:8088"), "http://web-1.apps.localhost:8088");
        assert_eq!(url("http://a"), "http://a");
    }

    #[test]
    fn only_what_can_pass_is_repeated() {
        let refused = |status| ClientError::Refused {
            address: "a".into(),
            error: ApiError::new(status, "x", "x", ""),
        };
        assert!(may_pass(&ClientError::Unreachable {
            address: "a".into(),
            why: "x".into()
        }));
        assert!(may_pass(&refused(404)) && may_pass(&refused(503)));
        assert!(!may_pass(&refused(403)) && !may_pass(&refused(422)));
    }
}
