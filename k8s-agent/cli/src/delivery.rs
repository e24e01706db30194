//! From an open lease to a running application: deliver, wait for activation, wait for the services.

use crate::{
    context::vault,
    error::{CliError, ExitCode},
    printer::Progress,
    vault::Saved,
};
use perigee_chain::{calls, Account, Chain, ChainError, LeaseState, Provider};
use perigee_gateway::{Client, ClientError, LeaseStatus, Place, Receipt, Scope, Session};
use perigee_primitives::{CloseReason, DeclineReason, LeaseId, LeasePhase};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::{sleep, Instant};

/// Between looks at chain and gateway.
const POLL: Duration = Duration::from_millis(400);
/// How long a session with a gateway lasts: longer than any wait.
const SESSION_SECONDS: u64 = 3_600;

/// An application that runs.
#[derive(Clone, Debug)]
pub struct Running {
    /// Where it can be reached.
    pub urls: Vec<String>,
}

/// The way from an open lease to a running application. Everything may be repeated.
pub struct Delivery<'a> {
    /// The chain.
    pub chain: &'a Chain,
    /// The owner.
    pub account: &'a Account,
    /// The lease.
    pub lease: LeaseId,
    /// When to give up.
    pub deadline: Instant,
}

impl Delivery<'_> {
    /// Delivers, and waits until it runs. Goes on with the lease that takes over where a provider declines or does not
    /// show up.
    pub async fn start(&mut self, progress: &Progress) -> Result<Running, CliError> {
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
            let LeasePhase::Ended { at, reason } = state.phase else {
                return Ok(None);
            };
            if reason == CloseReason::ActivationMissed && !filed {
                filed = true;
                self.file_receipt(&state, progress).await?;
                continue;
            }
            let view = self.chain.best().await?;
            let leases = view.deployment(state.deployment).await?.map(|d| d.leases);
            let later = leases.unwrap_or_default().into_iter().filter(|id| *id > self.lease);
            if let (true, Some(next)) = (reason.moves_on(), later.min()) {
                let why = reason_in_words(reason);
                progress.note(format!(
                    "lease {} ended at block {at}: {why}; lease {next} takes over",
                    self.lease
                ));
                return Ok(Some(next));
            }
            // The names of asks go with the record's processing: as long as they are there, the next lease may come.
            if !reason.moves_on() || state.asks_left.is_empty() {
                return Ok(None);
            }
            progress.waiting_for("the next named ask to take over");
            self.check_deadline("the end of the lease")?;
            sleep(POLL).await;
        }
    }

    /// Shows on chain that the provider held the manifest of a lease that it did not start: the miss is then its fault,
    /// its bond pays, and the next ask takes over.
    async fn file_receipt(&self, state: &LeaseState, progress: &Progress) -> Result<(), CliError> {
        let saved = vault(self.chain).load(&state.commitment)?;
        let ours = |receipt: &Receipt| receipt.lease == self.lease;
        let Some(receipt) = saved.and_then(|s| s.receipt).filter(ours).filter(|_| !state.settled) else {
            return Ok(());
        };
        progress.waiting_for("the receipt to be filed");
        let call = calls::file_receipt(self.lease, receipt.received, receipt.signature);
        match self.chain.submit(&call, self.account).await {
            Ok(included) => progress.done(format!(
                "not activated in time: the provider's receipt is filed in block {}",
                included.block.number
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
        let Some(saved) = vault(self.chain).load(&state.commitment)? else {
            let path = vault(self.chain).path(&state.commitment);
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
        self.check_receipt(&receipt, &state, &provider)?;
        vault(self.chain).save(
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
            let status = self.gateway_status(&state).await;
            let now = status
                .as_ref()
                .map_or_else(ToString::to_string, |s| in_words(s, active));
            if let (true, Ok(status)) = (active, status) {
                if all_ready(&status) {
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
        let vault = vault(self.chain);
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
        let state = self.chain.best().await?.lease(self.lease).await?;
        state.ok_or_else(|| CliError::refused(format!("there is no record of lease {} any more", self.lease)))
    }

    async fn provider(&self, state: &LeaseState) -> Result<Provider, CliError> {
        let provider = self.chain.best().await?.provider(state.provider).await?;
        provider.ok_or_else(|| CliError::refused(format!("provider {} is not registered any more", state.provider)))
    }

    fn session(&self, provider: &Provider) -> Session {
        let place = Place {
            provider: provider.id,
            genesis: self.chain.genesis(),
        };
        let scope = Scope::MANIFEST | Scope::STATUS;
        Session::open(
            self.account.keypair(),
            &place,
            Some(self.lease),
            scope,
            unix_now(),
            SESSION_SECONDS,
        )
    }

    /// Repeats while the gateway is away or has not seen the block with the lease yet.
    async fn deliver_to(&self, provider: &Provider, saved: &Saved, progress: &Progress) -> Result<Receipt, CliError> {
        let client = client(provider)?;
        let session = self.session(provider);
        let mut told = false;
        loop {
            let sent = client
                .deliver(&session, self.lease, &saved.nonce, saved.manifest.as_bytes())
                .await;
            let error = match sent {
                Ok(receipt) => return Ok(receipt),
                Err(error) if may_pass(&error) && Instant::now() < self.deadline => error,
                Err(error) => return Err(error.into()),
            };
            // Meanwhile the provider may have declined, and another taken over.
            ended(&self.state().await?)?;
            progress.waiting_for(format!("trying again: {error}"));
            // A gateway that is a block behind is no news; one that is away is.
            if !told && !matches!(error, ClientError::Refused { .. }) {
                told = true;
                progress.note(format!("{error}; trying again"));
            }
            sleep(POLL).await;
        }
    }

    fn check_receipt(&self, receipt: &Receipt, state: &LeaseState, provider: &Provider) -> Result<(), CliError> {
        let ours = receipt.lease == self.lease && receipt.commitment == state.commitment;
        if ours && receipt.is_signed_by(&provider.heartbeat_key, &self.chain.genesis()) {
            return Ok(());
        }
        Err(CliError::refused(format!(
            "the receipt of gateway {} is not signed by provider {}",
            provider.gateway, provider.id
        ))
        .hint("Do not rely on this provider: close the deployment and deploy again."))
    }

    fn check_deadline(&self, waiting_for: &str) -> Result<(), CliError> {
        if Instant::now() < self.deadline {
            return Ok(());
        }
        Err(CliError::new(
            ExitCode::TimedOut,
            format!("timed out; last seen: {waiting_for}"),
        ))
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
    fn what_is_waited_for_is_said() {
        assert_eq!(in_words(&status(0), false), "services: web 0/1 (pulling)");
        assert_eq!(in_words(&status(1), false), "activation of the lease");
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
