//! What the node answers besides the methods that every Substrate node has.

use crate::service::{Backend, Client, SelectChain};
use jsonrpsee::RpcModule;
use perigee_runtime::{opaque::Block, AccountId, Balance, BlockNumber, Hash, Nonce};
use sc_consensus_babe::BabeWorkerHandle;
use sc_consensus_grandpa::{FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState};
use sc_rpc::SubscriptionTaskExecutor;
use sc_transaction_pool::TransactionPoolHandle;
use sp_keystore::KeystorePtr;
use std::sync::Arc;

/// What the methods of GRANDPA need.
#[derive(Clone)]
pub struct GrandpaDeps {
    /// State of the voter.
    pub voter_state: SharedVoterState,
    /// Who votes.
    pub authority_set: SharedAuthoritySet<Hash, BlockNumber>,
    /// Justifications as they come.
    pub justifications: GrandpaJustificationStream<Block>,
    /// Proofs of finality.
    pub finality_proofs: Arc<FinalityProofProvider<Backend, Block>>,
}

/// What the methods need.
#[derive(Clone)]
pub struct Deps {
    /// The chain.
    pub client: Arc<Client>,
    /// Transactions that wait.
    pub pool: Arc<TransactionPoolHandle<Block, Client>>,
    /// Finds the best chain.
    pub select_chain: SelectChain,
    /// Keys of this node.
    pub keystore: KeystorePtr,
    /// Answers questions about BABE epochs.
    pub babe: BabeWorkerHandle<Block>,
    /// For GRANDPA.
    pub grandpa: GrandpaDeps,
}

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// All methods of [`Deps`], and the specification of the chain with a state to sync from.
pub fn create(
    deps: Deps,
    chain_spec: Box<dyn sc_chain_spec::ChainSpec>,
    executor: SubscriptionTaskExecutor,
) -> Result<RpcModule<()>> {
    use pallet_transaction_payment::RuntimeDispatchInfo;
    use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
    use sc_consensus_babe_rpc::{Babe, BabeApiServer};
    use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
    use sc_sync_state_rpc::{SyncState, SyncStateApiServer};
    use substrate_frame_rpc_system::{System, SystemApiServer};

    let Deps {
        client,
        pool,
        select_chain,
        keystore,
        babe,
        grandpa,
    } = deps;
    let mut module = RpcModule::new(());

    module.merge(SystemApiServer::<Hash, AccountId, Nonce>::into_rpc(System::new(
        client.clone(),
        pool,
    )))?;
    module.merge(
        TransactionPaymentApiServer::<Hash, RuntimeDispatchInfo<Balance>>::into_rpc(TransactionPayment::new(
            client.clone(),
        )),
    )?;
    module.merge(Babe::new(client.clone(), babe.clone(), keystore, select_chain).into_rpc())?;
    module.merge(SyncState::new(chain_spec, client, grandpa.authority_set.clone(), babe)?.into_rpc())?;
    module.merge(
        Grandpa::new(
            executor,
            grandpa.authority_set,
            grandpa.voter_state,
            grandpa.justifications,
            grandpa.finality_proofs,
        )
        .into_rpc(),
    )?;
    Ok(module)
}
