//! The daemon: starts every task, and ends them when it is told to.

use crate::{
    beats,
    config::Config,
    core::beat::{Clock, Sequence},
    gateway::{Directory, Runtime},
    identity::{self, Identity},
    keeper,
    leader::Leader,
    reconciler,
    reconciler::lock,
    register,
    shared::{millis_since, unix_now, Shared},
    state::StateDir,
    stop::Stop,
    AgentStatus, Error, Result, RunOptions,
};
use perigee_chain::{Chain, ChainError};
use perigee_cluster::{ChainTag, Cluster, ClusterError};
use perigee_gateway::{Gateway, Place};
use perigee_heartbeat_net::AgentNet;
use perigee_primitives::AttestationTimes;
use std::{
    future::Future,
    net::TcpListener,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{
    sync::{watch, Notify},
    task::JoinSet,
};

/// Version that the gateway tells.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Pauses before chain or cluster are tried again at the start; the last one repeats.
const RETRY: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(15),
];
/// What the agent says of itself is written down so often.
const STATUS_EVERY: Duration = Duration::from_secs(2);

/// Runs until SIGTERM or SIGINT.
pub async fn run(options: RunOptions) -> Result<()> {
    let mut stop = Stop::listen()?;
    let config = Config::load(&options.config)?;
    let state = StateDir::open(&config.state)?;
    let _lock = state.lock()?;
    let identity = Identity::load(&config, &state)?;
    let daemon = tokio::select! {
        started = Daemon::start(config, state, identity) => started?,
        () = stop.told() => return Ok(()),
    };
    let leader = daemon.shared.leader.clone();
    let ended = tokio::select! {
        ended = daemon.run() => ended,
        () = stop.told() => {
            tracing::info!("stopping; leases stay as they are");
            Ok(())
        }
    };
    leader.give_back().await;
    ended
}

struct Daemon {
    shared: Arc<Shared>,
    net: Arc<AgentNet>,
    sequence: Sequence,
    listener: TcpListener,
}

impl Daemon {
    async fn start(config: Config, state: StateDir, identity: Identity) -> Result<Self> {
        let start = Instant::now();
        let listener = TcpListener::bind(config.gateway.listen)
            .map_err(|e| Error::other(format!("listening on {}", config.gateway.listen))(&e))?;
        let cluster = connect_cluster(&config, &state).await?;
        let chain = connect_chain(&config, &state).await?;
        let leader = lead(&cluster, &chain, &state, &identity, start).await?;
        let provider = patiently(|| register::ensure(&config, &state, &identity, &chain), is_passing)
            .await?
            .id;
        let (clock, finalised) = patiently(|| first_clock(&chain, start), is_passing).await?;
        let nodes = config
            .heartbeat_nodes()
            .iter()
            .map(|node| node.parse())
            .collect::<std::result::Result<_, _>>();
        let nodes = nodes.map_err(|e| Error::other("heartbeat.nodes")(&e))?;
        let net = AgentNet::start(&identity.heartbeat, &chain.genesis(), nodes)
            .map_err(|e| Error::other("starting the heartbeat network")(&e))?;
        let sequence = Sequence::new(state.next_incarnation()?);
        tracing::info!(
            provider,
            incarnation = sequence.incarnation,
            node = chain.address(),
            cluster = cluster.address(),
            gateway = %config.gateway.listen,
            "running"
        );
        let shared = Arc::new(Shared {
            config,
            state,
            identity,
            chain,
            cluster,
            leader: Arc::new(leader),
            provider,
            clock: watch::Sender::new(clock),
            finalised: watch::Sender::new(Some(finalised)),
            wake: Notify::new(),
            claimed: Mutex::default(),
            fees: Mutex::default(),
            alarms: Mutex::default(),
            start,
        });
        Ok(Self {
            shared,
            net: Arc::new(net),
            sequence,
            listener,
        })
    }

    /// Runs until a task fails; none should.
    async fn run(self) -> Result<()> {
        let Self {
            shared,
            net,
            sequence,
            listener,
        } = self;
        let sent = watch::Sender::new(0);
        let incarnation = sequence.incarnation;
        let mut tasks = JoinSet::new();
        tasks.spawn(endless(beats::send(
            shared.clone(),
            net.clone(),
            sequence,
            sent.clone(),
        )));
        tasks.spawn(endless(beats::follow_best(shared.clone())));
        tasks.spawn(endless(beats::follow_finalised(shared.clone())));
        tasks.spawn(endless(keeper::run(shared.clone())));
        tasks.spawn(shared.leader.clone().keep(shared.clone()));
        tasks.spawn(endless(tell(shared.clone(), net, sent, incarnation)));
        tasks.spawn(reconciler::run(shared.clone()));
        tasks.spawn(serve(shared, listener));
        match tasks.join_next().await {
            Some(Ok(ended)) => ended,
            Some(Err(panic)) => Err(Error::other("running")(&panic)),
            None => Ok(()),
        }
    }
}

/// A task that is not meant to end, as one that may fail.
async fn endless(task: impl Future<Output = ()>) -> Result<()> {
    task.await;
    Ok(())
}

async fn serve(shared: Arc<Shared>, listener: TcpListener) -> Result<()> {
    let place = Place {
        provider: shared.provider,
        genesis: shared.chain.genesis(),
    };
    let key = shared.identity.heartbeat.seed();
    let gateway = Gateway::new(place, VERSION, key, Directory(shared.clone()), Runtime(shared.clone()));
    // The process ends by dropping this: tenants repeat what was cut off, for writes are idempotent.
    perigee_gateway::serve(listener, &shared.identity.tls, gateway.router(), std::future::pending())
        .await
        .map_err(|e| Error::other("serving the gateway")(&e))
}

/// Writes down how the agent does, for `status`.
async fn tell(shared: Arc<Shared>, net: Arc<AgentNet>, sent: watch::Sender<u64>, incarnation: u32) {
    let started = unix_now();
    loop {
        let clock = *shared.clock.borrow();
        let alarms = lock(&shared.alarms)
            .iter()
            .map(|alarm| reconciler::describe(alarm, &shared))
            .collect();
        let status = AgentStatus {
            pid: std::process::id(),
            at: unix_now(),
            started,
            incarnation,
            heartbeats: *sent.borrow(),
            heartbeat_peers: net.status().connected.try_into().unwrap_or(u32::MAX),
            claimed: *lock(&shared.claimed),
            node_connected: clock.connected,
            best: clock.best,
            alarms,
        };
        if let Err(error) = shared.state.set_status(&status) {
            tracing::warn!(%error, "cannot write the status file");
        }
        tokio::time::sleep(STATUS_EVERY).await;
    }
}

async fn connect_cluster(config: &Config, state: &StateDir) -> Result<Cluster> {
    let cluster = Cluster::connect(&config.cluster.kubeconfig, None).await?;
    let uid = patiently(|| cluster.identity(), |e| matches!(e, ClusterError::Unreachable { .. })).await?;
    identity::pin_cluster(state, &uid)?;
    cluster.refuse_cluster_admin(config.cluster.allow_cluster_admin).await?;
    match cluster.missing_grants().await?.as_slice() {
        [] => Ok(cluster),
        missing => Err(Error::MissingGrants(missing.join(", "))),
    }
}

/// Becomes the one agent of the cluster, before anything is done on chain.
async fn lead(
    cluster: &Cluster,
    chain: &Chain,
    state: &StateDir,
    identity: &Identity,
    start: Instant,
) -> Result<Leader> {
    let installation = state.installation()?;
    let about = format!("stash {}, chain {}", identity.stash.id, ChainTag::of(&chain.genesis()));
    patiently(
        || Leader::take(cluster, installation.clone(), about.clone(), start),
        is_passing,
    )
    .await
}

async fn connect_chain(config: &Config, state: &StateDir) -> Result<Chain> {
    let chain = patiently(|| Chain::connect(&config.chain.node), ChainError::is_connection).await?;
    identity::pin_genesis(state, &chain.genesis())?;
    Ok(chain)
}

async fn first_clock(chain: &Chain, start: Instant) -> Result<(Clock, perigee_chain::BlockId)> {
    let finalised = chain.finalised_block().await?;
    let best = chain.best().await?;
    let times: AttestationTimes = best.attestation_times().await?;
    let clock = Clock {
        times,
        block_ms: best.block_time()?,
        best: best.block().number,
        at: millis_since(start),
        connected: true,
    };
    Ok((clock, finalised))
}

fn is_passing(error: &Error) -> bool {
    matches!(error, Error::Unreachable { .. } | Error::TimedOut(_))
}

/// Tries until it works or fails for good: an agent that starts before its node or cluster waits for them.
async fn patiently<T, E, F>(attempt: impl Fn() -> F, is_passing: impl Fn(&E) -> bool) -> Result<T>
where
    E: std::fmt::Display + Into<Error>,
    F: Future<Output = Result<T, E>>,
{
    let mut pauses = RETRY.into_iter();
    let mut pause = Duration::ZERO;
    loop {
        pause = pauses.next().unwrap_or(pause);
        match attempt().await {
            Ok(value) => return Ok(value),
            Err(error) if is_passing(&error) => {
                tracing::warn!(%error, "waiting for it; next attempt in {} s", pause.as_secs());
                tokio::time::sleep(pause).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn what_passes_is_waited_for_and_what_does_not_is_told() {
        let tries = AtomicU32::new(0);
        let attempt = || async {
            match tries.fetch_add(1, Ordering::Relaxed) {
                0..1 => Err(Error::Unreachable {
                    what: "it".into(),
                    message: "down".into(),
                }),
                _ => Ok(7),
            }
        };
        assert_eq!(patiently(attempt, is_passing).await.unwrap(), 7);
        let refused = || async {
            let reason = "no".into();
            Err::<(), _>(Error::Refused(ChainError::Rejected { reason }))
        };
        assert!(matches!(patiently(refused, is_passing).await, Err(Error::Refused(_))));
    }
}
