//! A provider seen from outside, for people.

use crate::{
    config::Config,
    core::income::Income,
    identity::{account, Stash},
    income, look,
    state::StateDir,
    AgentStatus, Error, LeaseStatus, ProviderStatus, Result, Status, StatusOptions,
};
use perigee_chain::{Chain, LeaseState, Provider, View};
use perigee_cluster::{ChainTag, Cluster, LeaseKey};
use perigee_primitives::{AttestationTimes, BlockNumber, CloseReason, DeclineReason, LeaseId, LeasePhase};
use std::time::Duration;

/// The cluster gets so long to say how workloads do; without an answer the rest is shown.
const CLUSTER_PATIENCE: Duration = Duration::from_secs(5);

/// Looks.
pub async fn status(options: StatusOptions) -> Result<Status> {
    let config = Config::load(&options.config)?;
    let state = StateDir::open(&config.state)?;
    let stash = Stash::resolve(&config.keys.stash)?;
    let operator = account("keys.operator", &config.keys.operator)?;
    let chain = Chain::connect(&config.chain.node).await?;
    let finalised = chain.finalised_block().await?;
    let view = chain.best().await?;
    let provider = view.provider_by_stash(&stash.id).await?;
    let judged_until = view.judged_until().await?;
    let leases = match &provider {
        Some(provider) => view.leases_of(provider.id).await?,
        None => Vec::new(),
    };
    let tag = ChainTag::of(&chain.genesis());
    let workloads = Workloads::look(&config, tag, &leases).await;
    let mut shown = Vec::new();
    for (id, lease) in &leases {
        let income = income::of(&view, *id, lease, &operator.id()).await?;
        shown.push(lease_status(*id, lease, &income, &workloads));
    }
    Ok(Status {
        node: chain.address().into(),
        genesis: hex::encode(chain.genesis()),
        best: view.block().number,
        finalised: finalised.number,
        judged_until,
        stash: stash.id.to_string(),
        operator: operator.id().to_string(),
        operator_balance: view.balances(&operator.id()).await?.free,
        stash_balance: view.balances(&stash.id).await?.free,
        provider: match provider {
            Some(provider) => Some(describe(&view, provider, judged_until).await?),
            None => None,
        },
        claim_from: config.income.claim_from.base_units(),
        agent: running(&state)?,
        leases: shown,
    })
}

/// What the agent said of itself last, if it still runs.
fn running(state: &StateDir) -> Result<Option<AgentStatus>> {
    match state.lock() {
        Err(Error::Locked(_)) => state.status(),
        Err(other) => Err(other),
        Ok(_) => Ok(None),
    }
}

async fn describe(view: &View, provider: Provider, judged_until: BlockNumber) -> Result<ProviderStatus> {
    let times = view.attestation_times().await?;
    let asks = view.asks_of(provider.id).await?;
    Ok(ProviderStatus {
        id: provider.id,
        registered_at: provider.registered_at,
        stake: provider.stake,
        gateway: provider.gateway,
        capacity: (&provider.capacity).into(),
        leased: (&provider.leased).into(),
        asks: asks.into_iter().map(|(id, _)| id).collect(),
        judged_blocks: judged_blocks(&times, provider.registered_at, judged_until),
        unbilled_blocks: view.unbilled_blocks(provider.id).await?,
    })
}

/// Blocks since the first epoch that a provider registered at `registered` is judged in.
fn judged_blocks(times: &AttestationTimes, registered: BlockNumber, judged_until: BlockNumber) -> BlockNumber {
    judged_until.saturating_sub(times.start_of(times.first_judged(registered)))
}

fn lease_status(id: LeaseId, lease: &LeaseState, income: &Income, workloads: &Workloads) -> LeaseStatus {
    let (phase, detail) = phase(&lease.phase);
    LeaseStatus {
        lease: id,
        owner: lease.owner.to_string(),
        phase: phase.into(),
        detail,
        resources: (&lease.resources).into(),
        rate: lease.rate,
        billed: lease.billed,
        earned: income.earned,
        due: income.due(),
        unbilled_blocks: lease.unbilled_blocks,
        runs_until: lease.runs_until,
        workload: workloads.phase(id),
    }
}

fn phase(phase: &LeasePhase) -> (&'static str, String) {
    match phase {
        LeasePhase::Pending { activate_by } => ("pending", format!("activate by block {activate_by}")),
        LeasePhase::Active { since } => ("active", format!("since block {since}")),
        LeasePhase::Ended { at, reason } => ("ended", format!("at block {at} ({})", words(reason))),
    }
}

fn words(reason: &CloseReason) -> &'static str {
    match reason {
        CloseReason::ClosedByTenant => "closed by tenant",
        CloseReason::ClosedByProvider => "closed by provider",
        CloseReason::Declined(DeclineReason::NoCapacity) => "declined: no capacity",
        CloseReason::Declined(DeclineReason::NoManifest) => "declined: no manifest came",
        CloseReason::Declined(DeclineReason::TenantWorkload) => "declined: the workload does not start",
        CloseReason::Declined(DeclineReason::ClusterError) => "declined: the cluster refused it",
        CloseReason::ActivationMissed => "not activated in time",
        CloseReason::FundsEnded => "funds ended",
        CloseReason::TermEnded => "term ended",
        CloseReason::NoShow => "not activated in time, although the manifest was here",
        CloseReason::Abandoned => "closed by tenant for absence",
        CloseReason::TakenDown(_) => "taken down by governance",
        CloseReason::StoppedForAbuse(_) => "stopped for abuse",
    }
}

/// Phases of workloads; `None` when the cluster does not answer.
struct Workloads(Option<Vec<(LeaseId, String)>>);

impl Workloads {
    async fn look(config: &Config, tag: ChainTag, leases: &[(LeaseId, LeaseState)]) -> Self {
        let look = tokio::time::timeout(CLUSTER_PATIENCE, Self::try_look(config, tag, leases)).await;
        Self(look.ok().and_then(Result::ok))
    }

    async fn try_look(
        config: &Config,
        tag: ChainTag,
        leases: &[(LeaseId, LeaseState)],
    ) -> Result<Vec<(LeaseId, String)>> {
        let cluster = Cluster::connect(&config.cluster.kubeconfig, None).await?;
        let held = look::cluster(&cluster, tag).await?;
        let mut found = Vec::new();
        for (id, _) in leases.iter().filter(|(id, _)| held.objects.contains_key(id)) {
            let key = LeaseKey { chain: tag, id: *id };
            let status = cluster.lease_status(key, &config.workloads).await?;
            found.push((*id, status.map_or("starting", |status| status.phase()).to_owned()));
        }
        Ok(found)
    }

    fn phase(&self, id: LeaseId) -> String {
        match &self.0 {
            None => "unknown".into(),
            Some(found) => found
                .iter()
                .find(|(lease, _)| *lease == id)
                .map_or_else(|| "absent".into(), |(_, phase)| phase.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_count_from_the_first_full_epoch() {
        let times = AttestationTimes {
            epoch: 10,
            deadline: 5,
            margin: 5,
        };
        assert_eq!(judged_blocks(&times, 13, 50), 30);
        assert_eq!(judged_blocks(&times, 13, 20), 0);
        assert_eq!(judged_blocks(&times, 13, 0), 0);
    }

    #[test]
    fn an_end_says_why() {
        let ended = LeasePhase::Ended {
            at: 7,
            reason: CloseReason::Declined(DeclineReason::NoManifest),
        };
        assert_eq!(
            phase(&ended),
            ("ended", "at block 7 (declined: no manifest came)".into())
        );
    }

    #[test]
    fn an_agent_that_does_not_run_shows_no_status() {
        let directory = tempfile::tempdir().unwrap();
        let state = StateDir::open(directory.path()).unwrap();
        assert_eq!(running(&state).unwrap(), None);
        let _lock = state.lock().unwrap();
        assert_eq!(running(&state).unwrap(), None, "it has said nothing yet");
    }

    #[test]
    fn a_cluster_that_does_not_answer_is_not_an_absent_workload() {
        assert_eq!(Workloads(None).phase(1), "unknown");
        assert_eq!(Workloads(Some(vec![(2, "running".into())])).phase(1), "absent");
        assert_eq!(Workloads(Some(vec![(1, "running".into())])).phase(1), "running");
    }
}
