//! Puts the node together: client, pool, network, consensus, RPC, off-chain workers, heartbeats.

use crate::{
    heartbeat::{self, HeartbeatArgs, HeartbeatDeps},
    metrics, rpc,
};
use futures::{future::BoxFuture, FutureExt};
use perigee_runtime::{apis::RuntimeApi, opaque::Block};
use sc_client_api::{Backend as _, BlockBackend};
use sc_consensus::{BoxBlockImport, DefaultImportQueue};
use sc_consensus_babe::{BabeLink, BabeWorkerHandle, SlotProportion};
use sc_consensus_grandpa::{
    FinalityProofProvider, LinkHalf, SharedVoterState, ThreeQuartersOfTheUnfinalizedChain, VotingRulesBuilder,
};
use sc_network::{config::FullNetworkConfiguration, Litep2pNetworkBackend, NetworkBackend};
use sc_service::{
    error::Error as ServiceError, Configuration, PartialComponents, SpawnEssentialTaskHandle, TaskManager,
    WarpSyncConfig,
};
use sc_telemetry::{Telemetry, TelemetryHandle, TelemetryWorker};
use sc_transaction_pool::TransactionPoolHandle;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_core::traits::SpawnEssentialNamed;
use sp_inherents::CreateInherentDataProviders;
use sp_runtime::traits::Block as BlockT;
use std::{sync::Arc, time::Duration};

/// Runs the runtime.
pub type Executor = sc_executor::WasmExecutor<sp_io::SubstrateHostFunctions>;
/// The chain.
pub type Client = sc_service::TFullClient<Block, RuntimeApi, Executor>;
/// Its database.
pub type Backend = sc_service::TFullBackend<Block>;
/// Finds the best chain.
pub type SelectChain = sc_consensus::LongestChain<Backend, Block>;
type Pool = TransactionPoolHandle<Block, Client>;
type Network = Litep2pNetworkBackend;

/// Blocks that are finalised without a justification of their own.
const JUSTIFICATION_PERIOD: u32 = 512;
/// How often GRANDPA tells its neighbours where it is. The default of a second costs half a block.
const GOSSIP_DURATION: Duration = Duration::from_millis(333);
/// The part of a slot in which a block must be made, or the slot stays empty. Full ones take half of it; the rest is for
/// validators that are busy with other things.
const PROPOSAL_PORTION: f32 = 0.75;

type InherentProviders = (
    sp_consensus_babe::inherents::InherentDataProvider,
    sp_timestamp::InherentDataProvider,
);
type Inherents = Arc<dyn CreateInherentDataProviders<Block, (), InherentDataProviders = InherentProviders>>;

/// What consensus shares between import and authoring.
pub struct Consensus {
    block_import: BoxBlockImport<Block>,
    babe: BabeLink<Block>,
    babe_worker: BabeWorkerHandle<Block>,
    grandpa: LinkHalf<Block, Client, SelectChain>,
    inherents: Inherents,
    telemetry: Option<Telemetry>,
}

type Partial = PartialComponents<Client, Backend, SelectChain, DefaultImportQueue<Block>, Pool, Consensus>;

/// The parts that every subcommand needs.
pub fn new_partial(config: &Configuration) -> Result<Partial, ServiceError> {
    let telemetry = telemetry(config)?;
    let executor: Executor = sc_service::new_wasm_executor(&config.executor);
    let (client, backend, keystore_container, task_manager) =
        sc_service::new_full_parts::<Block, RuntimeApi, _>(config, handle(&telemetry), executor, Vec::new())?;
    let client = Arc::new(client);
    let telemetry = telemetry.map(|(worker, telemetry)| {
        task_manager.spawn_handle().spawn("telemetry", None, worker.run());
        telemetry
    });

    let select_chain = SelectChain::new(backend.clone());
    let transaction_pool = Arc::from(
        sc_transaction_pool::Builder::new(
            PoolTasks(task_manager.spawn_essential_handle()),
            client.clone(),
            config.role.is_authority().into(),
        )
        .with_options(config.transaction_pool.clone())
        .with_prometheus(config.prometheus_registry())
        .build(),
    );

    let (grandpa_import, grandpa) = sc_consensus_grandpa::block_import(
        client.clone(),
        JUSTIFICATION_PERIOD,
        &client,
        select_chain.clone(),
        telemetry.as_ref().map(Telemetry::handle),
    )?;
    let babe_config = sc_consensus_babe::configuration(&*client)?;
    let slot_duration = babe_config.slot_duration();
    let inherents = inherents(slot_duration);
    let (block_import, babe) = sc_consensus_babe::block_import(
        babe_config,
        grandpa_import.clone(),
        client.clone(),
        inherents.clone(),
        select_chain.clone(),
        OffchainTransactionPoolFactory::new(transaction_pool.clone()),
    )?;
    let (import_queue, babe_worker) = sc_consensus_babe::import_queue(sc_consensus_babe::ImportQueueParams {
        link: babe.clone(),
        block_import: block_import.clone(),
        justification_import: Some(Box::new(grandpa_import)),
        client: client.clone(),
        slot_duration,
        spawner: &task_manager.spawn_essential_handle(),
        registry: config.prometheus_registry(),
        telemetry: telemetry.as_ref().map(Telemetry::handle),
    })?;

    Ok(PartialComponents {
        client,
        backend,
        task_manager,
        import_queue,
        keystore_container,
        select_chain,
        transaction_pool,
        other: Consensus {
            block_import: Box::new(block_import),
            babe,
            babe_worker,
            grandpa,
            inherents,
            telemetry,
        },
    })
}

/// Spawns the tasks of the transaction pool. One of them waits for work on a channel, blocking its thread, so it learns
/// of the node's end only when the channel closes; to the task manager that looks like a failure. Told apart by a look
/// at the exit signal, which comes before: the task gets one more turn for it.
#[derive(Clone)]
struct PoolTasks(SpawnEssentialTaskHandle);

impl SpawnEssentialNamed for PoolTasks {
    fn spawn_essential_blocking(
        &self,
        name: &'static str,
        group: Option<&'static str>,
        future: BoxFuture<'static, ()>,
    ) {
        let future = future.then(|()| tokio::task::yield_now());
        self.0.spawn_essential_blocking(name, group, future.boxed());
    }

    fn spawn_essential(&self, name: &'static str, group: Option<&'static str>, future: BoxFuture<'static, ()>) {
        self.0.spawn_essential(name, group, future);
    }
}

fn telemetry(config: &Configuration) -> Result<Option<(TelemetryWorker, Telemetry)>, ServiceError> {
    let endpoints = config
        .telemetry_endpoints
        .clone()
        .filter(|endpoints| !endpoints.is_empty());
    let telemetry = endpoints
        .map(|endpoints| -> Result<_, sc_telemetry::Error> {
            let worker = TelemetryWorker::new(16)?;
            let telemetry = worker.handle().new_telemetry(endpoints);
            Ok((worker, telemetry))
        })
        .transpose()?;
    Ok(telemetry)
}

fn handle(telemetry: &Option<(TelemetryWorker, Telemetry)>) -> Option<TelemetryHandle> {
    telemetry.as_ref().map(|(_, telemetry)| telemetry.handle())
}

/// Time and slot, for the inherents of a block made now.
fn inherents(slot_duration: sp_consensus_babe::SlotDuration) -> Inherents {
    Arc::new(move |_, ()| async move {
        let timestamp = sp_timestamp::InherentDataProvider::from_system_time();
        let slot = sp_consensus_babe::inherents::InherentDataProvider::from_timestamp_and_slot_duration(
            *timestamp,
            slot_duration,
        );
        Ok((slot, timestamp))
    })
}

/// A node that runs until its task manager ends.
pub async fn new_full(config: Configuration, heartbeat_args: &HeartbeatArgs) -> Result<TaskManager, ServiceError> {
    let PartialComponents {
        client,
        backend,
        mut task_manager,
        import_queue,
        keystore_container,
        select_chain,
        transaction_pool,
        other:
            Consensus {
                block_import,
                babe,
                babe_worker,
                grandpa,
                inherents,
                mut telemetry,
            },
    } = new_partial(&config)?;

    let genesis_hash = client.block_hash(0)?.ok_or_else(|| {
        ServiceError::Other("the database holds no genesis block: purge-chain and start again".into())
    })?;
    let mut net_config =
        FullNetworkConfiguration::<Block, _, Network>::new(&config.network, config.prometheus_registry().cloned());
    let metrics = <Network as NetworkBackend<Block, <Block as BlockT>::Hash>>::register_notification_metrics(
        config.prometheus_registry(),
    );
    let grandpa_protocol = sc_consensus_grandpa::protocol_standard_name(&genesis_hash, &config.chain_spec);
    let (grandpa_config, grandpa_notifications) = sc_consensus_grandpa::grandpa_peers_set_config::<Block, Network>(
        grandpa_protocol.clone(),
        metrics.clone(),
        net_config.peer_store_handle(),
    );
    net_config.add_notification_protocol(grandpa_config);
    let warp_sync = Arc::new(sc_consensus_grandpa::warp_proof::NetworkProvider::new(
        backend.clone(),
        grandpa.shared_authority_set().clone(),
        Vec::new(),
    ));

    let (network, system_rpc_tx, tx_handler_controller, sync_service, _bitswap) =
        sc_service::build_network(sc_service::BuildNetworkParams {
            config: &config,
            net_config,
            client: client.clone(),
            transaction_pool: transaction_pool.clone(),
            spawn_handle: task_manager.spawn_handle(),
            spawn_essential_handle: task_manager.spawn_essential_handle(),
            import_queue,
            block_announce_validator_builder: None,
            warp_sync_config: Some(WarpSyncConfig::WithProvider(warp_sync)),
            block_relay: None,
            metrics,
            gap_sync_body_policy: None,
        })?;

    if config.offchain_worker.enabled {
        let workers = sc_offchain::OffchainWorkers::new(sc_offchain::OffchainWorkerOptions {
            runtime_api_provider: client.clone(),
            is_validator: config.role.is_authority(),
            keystore: Some(keystore_container.keystore()),
            offchain_db: backend.offchain_storage(),
            transaction_pool: Some(OffchainTransactionPoolFactory::new(transaction_pool.clone())),
            network_provider: Arc::new(network.clone()),
            enable_http_requests: false,
            custom_extensions: |_| Vec::new(),
        })?;
        task_manager.spawn_handle().spawn(
            "offchain-workers-runner",
            "offchain-worker",
            workers.run(client.clone(), task_manager.spawn_handle()).boxed(),
        );
    }
    let heartbeat_deps = HeartbeatDeps {
        client: client.clone(),
        backend: backend.clone(),
        genesis: genesis_hash,
        block_time: babe.config().slot_duration().as_duration(),
        tasks: &task_manager,
        registry: config.prometheus_registry(),
    };
    heartbeat::start(heartbeat_args, heartbeat_deps).await?;
    metrics::start(client.clone(), &task_manager, config.prometheus_registry())?;

    let role = config.role;
    let force_authoring = config.force_authoring;
    let name = config.network.node_name.clone();
    let grandpa_enabled = !config.disable_grandpa;
    let prometheus = config.prometheus_registry().cloned();
    let voter_state = SharedVoterState::empty();
    let rpc_deps = rpc::Deps {
        client: client.clone(),
        pool: transaction_pool.clone(),
        select_chain: select_chain.clone(),
        keystore: keystore_container.keystore(),
        babe: babe_worker,
        grandpa: rpc::GrandpaDeps {
            voter_state: voter_state.clone(),
            authority_set: grandpa.shared_authority_set().clone(),
            justifications: grandpa.justification_stream(),
            finality_proofs: FinalityProofProvider::new_for_service(
                backend.clone(),
                Some(grandpa.shared_authority_set().clone()),
            ),
        },
    };
    let chain_spec = config.chain_spec.cloned_box();

    sc_service::spawn_tasks(sc_service::SpawnTasksParams {
        config,
        client: client.clone(),
        backend,
        task_manager: &mut task_manager,
        keystore: keystore_container.keystore(),
        transaction_pool: transaction_pool.clone(),
        rpc_builder: Box::new(move |executor| {
            rpc::create(rpc_deps.clone(), chain_spec.cloned_box(), executor).map_err(Into::into)
        }),
        network: network.clone(),
        system_rpc_tx,
        tx_handler_controller,
        sync_service: sync_service.clone(),
        telemetry: telemetry.as_mut(),
        tracing_execute_block: None,
    })?;

    if role.is_authority() {
        let authoring = sc_consensus_babe::start_babe(sc_consensus_babe::BabeParams {
            keystore: keystore_container.keystore(),
            client: client.clone(),
            select_chain,
            env: sc_basic_authorship::ProposerFactory::new(
                task_manager.spawn_handle(),
                client,
                transaction_pool.clone(),
                prometheus.as_ref(),
                telemetry.as_ref().map(Telemetry::handle),
            ),
            block_import,
            sync_oracle: sync_service.clone(),
            justification_sync_link: sync_service.clone(),
            create_inherent_data_providers: inherents,
            force_authoring,
            backoff_authoring_blocks: None::<()>,
            babe_link: babe,
            block_proposal_slot_portion: SlotProportion::new(PROPOSAL_PORTION),
            max_block_proposal_slot_portion: None,
            telemetry: telemetry.as_ref().map(Telemetry::handle),
        })?;
        task_manager
            .spawn_essential_handle()
            .spawn_blocking("babe-proposer", Some("block-authoring"), authoring);
    }

    if grandpa_enabled {
        let voter = sc_consensus_grandpa::run_grandpa_voter(sc_consensus_grandpa::GrandpaParams {
            config: sc_consensus_grandpa::Config {
                gossip_duration: GOSSIP_DURATION,
                justification_generation_period: JUSTIFICATION_PERIOD,
                name: Some(name),
                observer_enabled: false,
                keystore: role.is_authority().then(|| keystore_container.keystore()),
                local_role: role,
                telemetry: telemetry.as_ref().map(Telemetry::handle),
                protocol_name: grandpa_protocol,
            },
            link: grandpa,
            network,
            sync: sync_service,
            notification_service: grandpa_notifications,
            // Not `BeforeBestBlockBy`, one of the defaults: it alone keeps finality two blocks behind.
            voting_rule: VotingRulesBuilder::new()
                .add(ThreeQuartersOfTheUnfinalizedChain)
                .build(),
            prometheus_registry: prometheus,
            shared_voter_state: voter_state,
            telemetry: telemetry.as_ref().map(Telemetry::handle),
            offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(transaction_pool),
        })?;
        task_manager
            .spawn_essential_handle()
            .spawn_blocking("grandpa-voter", None, voter);
    }

    Ok(task_manager)
}
