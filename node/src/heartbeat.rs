//! The heartbeat service: hears providers, and leaves what it heard where the off-chain worker looks.
//!
//! Heartbeats come over [`NodeNet`]. The pure [`Watch`] judges and counts them. Whenever the best block has left an
//! attestation epoch, the watch's record of it is written to off-chain storage; the off-chain worker of the reputation
//! pallet turns it into this validator's report.

mod keys;

use crate::service::{Backend, Client};
use clap::Args;
use codec::Encode;
use futures::StreamExt;
use keys::KeyCache;
use perigee_heartbeat::{record_key, EpochRecord, HeartbeatPublic, Rejection, SignedHeartbeat, Watch};
use perigee_heartbeat_net::{Acceptance, Multiaddr, NodeConfig, NodeNet};
use perigee_primitives::{runtime_api::AttestationApi, AttestationEpoch, BlockNumber, ProviderId};
use perigee_runtime::Hash;
use sc_client_api::{Backend as _, BlockchainEvents};
use sc_service::{error::Error as ServiceError, TaskManager};
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_core::offchain::OffchainStorage;
use sp_runtime::traits::Header;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use substrate_prometheus_endpoint::{register, CounterVec, Opts, PrometheusError, Registry, U64};

const LOG_TARGET: &str = "perigee::heartbeat";

/// Records older than so many epochs are deleted: their verdicts are long made.
const KEPT_EPOCHS: AttestationEpoch = 16;

/// Where providers reach this node with their heartbeats.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Heartbeats")]
pub struct HeartbeatArgs {
    /// Where to listen for heartbeats of providers, as a multiaddress.
    #[arg(long, value_name = "MULTIADDR", default_value = "/ip4/0.0.0.0/tcp/30444")]
    pub heartbeat_listen: Multiaddr,

    /// Another node to exchange heartbeats with, as a multiaddress. May be given several times.
    #[arg(long, value_name = "MULTIADDR")]
    pub heartbeat_peer: Vec<Multiaddr>,

    /// Do not listen for heartbeats. A validator that does not listen abstains from attestation.
    #[arg(long, conflicts_with_all = ["heartbeat_listen", "heartbeat_peer"])]
    pub no_heartbeat: bool,
}

/// What the service takes from the node.
pub struct HeartbeatDeps<'a> {
    /// The chain.
    pub client: Arc<Client>,
    /// Its database, for off-chain storage.
    pub backend: Arc<Backend>,
    /// Hash of the genesis block.
    pub genesis: Hash,
    /// Time between blocks.
    pub block_time: Duration,
    /// Where the service runs.
    pub tasks: &'a TaskManager,
    /// Where it counts.
    pub registry: Option<&'a Registry>,
}

/// Starts the service, unless `args` say otherwise.
pub async fn start(args: &HeartbeatArgs, deps: HeartbeatDeps<'_>) -> Result<(), ServiceError> {
    if args.no_heartbeat {
        log::info!(target: LOG_TARGET, "not listening for heartbeats; this node abstains from attestation");
        return Ok(());
    }
    let genesis = deps.genesis.to_fixed_bytes();
    let config = NodeConfig {
        listen: args.heartbeat_listen.clone(),
        peers: args.heartbeat_peer.clone(),
        genesis,
    };
    let best = deps.client.info().best_hash;
    let times = deps.client.runtime_api().attestation_times(best).map_err(|error| {
        other(format!(
            "the chain's runtime does not know attestation, start with --no-heartbeat: {error}"
        ))
    })?;
    let storage = deps
        .backend
        .offchain_storage()
        .ok_or_else(|| other("the database has no off-chain storage"))?;
    let metrics = deps.registry.map(Metrics::register).transpose()?;
    let listener = Arc::new(Listener {
        client: deps.client.clone(),
        started: Instant::now(),
        state: Mutex::new(State {
            watch: Watch::new(genesis, times, deps.block_time),
            keys: KeyCache::default(),
        }),
        metrics,
    });
    let judge = listener.clone();
    let net = NodeNet::start(config, move |key, message| judge.on_heartbeat(key, message))
        .await
        .map_err(|error| other(format!("{error}; choose another place with --heartbeat-listen")))?;
    deps.tasks
        .spawn_handle()
        .spawn("heartbeat", Some("heartbeat"), run(listener, net, storage));
    Ok(())
}

fn other(message: impl Into<String>) -> ServiceError {
    ServiceError::Other(message.into())
}

/// Follows the best block until the node stops. Without a network nothing is recorded any more: silence that nobody
/// listened to is no absence.
async fn run(listener: Arc<Listener>, mut net: NodeNet, mut storage: impl OffchainStorage) {
    let mut imports = listener.client.import_notification_stream();
    write(&mut storage, listener.on_best_block(listener.client.info().best_number));
    loop {
        tokio::select! {
            import = imports.next() => match import {
                Some(block) if block.is_new_best => {
                    write(&mut storage, listener.on_best_block(*block.header.number()));
                }
                Some(_) => {}
                None => return,
            },
            () = net.stopped() => return,
        }
    }
}

fn write(storage: &mut impl OffchainStorage, records: Vec<(AttestationEpoch, EpochRecord)>) {
    const PREFIX: &[u8] = sp_offchain::STORAGE_PREFIX;
    for (epoch, record) in records {
        let (slots, heard) = (record.observed.count_ones(), record.seen.len());
        log::debug!(target: LOG_TARGET, "epoch {epoch}: listened in {slots} slots, heard {heard} providers");
        storage.set(PREFIX, &record_key(epoch), &record.encode());
        if let Some(old) = epoch.checked_sub(KEPT_EPOCHS) {
            storage.remove(PREFIX, &record_key(old));
        }
    }
}

/// What is heard, and when.
struct Listener {
    client: Arc<Client>,
    started: Instant,
    state: Mutex<State>,
    metrics: Option<Metrics>,
}

struct State {
    watch: Watch,
    keys: KeyCache,
}

impl Listener {
    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked while it held the lock changed nothing halfway: the watch notes last what it accepted.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn on_best_block(&self, best: BlockNumber) -> Vec<(AttestationEpoch, EpochRecord)> {
        let finalised = self.client.info().finalized_number;
        let mut state = self.state();
        let records = state.watch.advance(best, finalised, self.started.elapsed());
        state.keys.new_block();
        if !records.is_empty() {
            state.keys.new_epoch();
        }
        records
    }

    fn on_heartbeat(&self, key: &HeartbeatPublic, message: &SignedHeartbeat) -> Acceptance {
        let claimed = message.heartbeat.provider;
        let mut state = self.state();
        let State { watch, keys } = &mut *state;
        let result = watch.accept(key, message, |key| keys.provider(key, claimed, |key| self.look_up(key)));
        if let Err(why) = result {
            log::debug!(target: LOG_TARGET, "heartbeat for provider {claimed} does not count: {why}");
        }
        if let Some(metrics) = &self.metrics {
            metrics.count(result);
        }
        result.into()
    }

    /// Asks the runtime at the best block.
    fn look_up(&self, key: &HeartbeatPublic) -> Option<ProviderId> {
        let best = self.client.info().best_hash;
        self.client
            .runtime_api()
            .heartbeat_provider(best, *key)
            .inspect_err(|error| log::warn!(target: LOG_TARGET, "cannot ask the runtime for a heartbeat key: {error}"))
            .ok()
            .flatten()
    }
}

/// Heartbeats by outcome.
struct Metrics {
    heartbeats: CounterVec<U64>,
}

impl Metrics {
    fn register(registry: &Registry) -> Result<Self, PrometheusError> {
        let opts = Opts::new("perigee_heartbeats", "Heartbeats received, by outcome");
        Ok(Self {
            heartbeats: register(CounterVec::new(opts, &["outcome"])?, registry)?,
        })
    }

    fn count(&self, result: Result<(), Rejection>) {
        let outcome = match result {
            Ok(()) => "accepted",
            Err(Rejection::NotReady) => "not_ready",
            Err(Rejection::WrongEpoch) => "wrong_epoch",
            Err(Rejection::Future) => "future",
            Err(Rejection::UnknownKey) => "unknown_key",
            Err(Rejection::ForeignKey) => "foreign_key",
            Err(Rejection::OldIncarnation) => "old_incarnation",
            Err(Rejection::OldSequence) => "old_sequence",
            Err(Rejection::BadSignature) => "bad_signature",
        };
        self.heartbeats.with_label_values(&[outcome]).inc();
    }
}
