//! Extrinsics, not yet signed.

use crate::{
    api::{self, runtime_types},
    config::PerigeeConfig,
    records::{GroupOrder, Registration},
    AccountId,
};
use perigee_primitives::{
    AskId, Attributes, Balance, DeclineReason, DeploymentId, EscrowId, Isolation, LeaseId, PriceSchedule, Resources,
    TlsPin,
};
use runtime_types::bounded_collections::bounded_vec::BoundedVec;
use std::sync::Arc;
use subxt::{
    client::OnlineClientAtBlockImpl,
    config::DefaultExtrinsicParamsBuilder,
    error::ExtrinsicError,
    ext::scale_encode::EncodeAsFields,
    tx::{StaticPayload, SubmittableTransaction, TransactionsClient},
    utils::{MultiAddress, Static},
};
use subxt_signer::sr25519::Keypair;

pub(crate) type Online = OnlineClientAtBlockImpl<PerigeeConfig>;
pub(crate) type Transactions = TransactionsClient<PerigeeConfig, Online>;
pub(crate) type Signed = SubmittableTransaction<PerigeeConfig, Online>;

/// Blocks for which a signed extrinsic stays valid: after them it can be signed again without fear of a double.
const MORTALITY: u64 = 64;

/// A call of the runtime with its arguments.
#[derive(Clone)]
pub struct Call {
    name: &'static str,
    payload: Arc<dyn Sign>,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Call({})", self.name)
    }
}

impl Call {
    /// `pallet.call`, as wallets show it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn sign(
        &self,
        tx: &Transactions,
        key: &Keypair,
        nonce: u64,
        block: (u64, subxt::config::HashFor<PerigeeConfig>),
    ) -> Result<Signed, ExtrinsicError> {
        self.payload.sign(tx, key, nonce, block)
    }
}

/// Hides the type of a call's arguments.
trait Sign: Send + Sync {
    fn sign(
        &self,
        tx: &Transactions,
        key: &Keypair,
        nonce: u64,
        block: (u64, subxt::config::HashFor<PerigeeConfig>),
    ) -> Result<Signed, ExtrinsicError>;
}

impl<T: EncodeAsFields + Send + Sync> Sign for StaticPayload<T> {
    fn sign(
        &self,
        tx: &Transactions,
        key: &Keypair,
        nonce: u64,
        (number, hash): (u64, subxt::config::HashFor<PerigeeConfig>),
    ) -> Result<Signed, ExtrinsicError> {
        let params = DefaultExtrinsicParamsBuilder::<PerigeeConfig>::new()
            .nonce(nonce)
            .mortal_from_unchecked(MORTALITY, number, hash)
            .build();
        tx.create_signable_offline(self, params)?.sign(key)
    }
}

fn call<T: EncodeAsFields + Send + Sync + 'static>(name: &'static str, payload: StaticPayload<T>) -> Call {
    Call {
        name,
        payload: Arc::new(payload),
    }
}

fn bounded<T>(items: Vec<T>) -> BoundedVec<T> {
    BoundedVec(items)
}

/// Registers a provider; signed by its stash.
pub fn register(with: Registration) -> Call {
    call(
        "providers.register",
        api::transactions().providers().register(
            with.operator,
            with.heartbeat_key,
            with.proof,
            bounded(with.pins),
            bounded(with.gateway.into_bytes()),
            with.stake,
        ),
    )
}

/// Says what a provider offers in all; signed by its operator.
pub fn set_capacity(resources: Resources) -> Call {
    call(
        "providers.set_capacity",
        api::transactions().providers().set_capacity(Static(resources)),
    )
}

/// Publishes a standing ask; signed by the operator.
pub fn publish_ask(prices: PriceSchedule, attributes: &Attributes, isolation: Isolation) -> Call {
    let attributes = attributes
        .iter()
        .map(|(k, v)| (bounded(k.to_vec()), bounded(v.to_vec())))
        .collect();
    call(
        "providers.publish_ask",
        api::transactions()
            .providers()
            .publish_ask(Static(prices), bounded(attributes), Static(isolation)),
    )
}

/// Withdraws an ask; signed by the operator.
pub fn withdraw_ask(ask: AskId) -> Call {
    call(
        "providers.withdraw_ask",
        api::transactions().providers().withdraw_ask(ask),
    )
}

/// Changes pins and address of a gateway; signed by the operator.
pub fn set_gateway(pins: Vec<TlsPin>, gateway: &str) -> Call {
    call(
        "providers.set_gateway",
        api::transactions()
            .providers()
            .set_gateway(bounded(pins), bounded(gateway.as_bytes().to_vec())),
    )
}

/// Stops being a provider; signed by the stash.
pub fn retire() -> Call {
    call("providers.retire", api::transactions().providers().retire())
}

/// Opens a deployment; signed by its owner.
pub fn deploy(groups: Vec<GroupOrder>) -> Call {
    let groups = groups.into_iter().map(order).collect();
    call(
        "marketplace.deploy",
        api::transactions().marketplace().deploy(bounded(groups)),
    )
}

fn order(group: GroupOrder) -> api::GroupOrder {
    api::GroupOrder {
        resources: Static(group.resources),
        commitment: group.commitment,
        asks: bounded(group.asks),
        max_rate: group.max_rate,
        deposit: group.deposit,
        term: group.term,
    }
}

/// Starts a lease, and its bill; signed by the operator.
pub fn activate(lease: LeaseId) -> Call {
    call(
        "marketplace.activate",
        api::transactions().marketplace().activate(lease),
    )
}

/// Declines a lease before its activation; signed by the operator.
pub fn decline(lease: LeaseId, reason: DeclineReason) -> Call {
    call(
        "marketplace.decline",
        api::transactions().marketplace().decline(lease, Static(reason)),
    )
}

/// Closes a deployment; signed by its owner.
pub fn close(deployment: DeploymentId) -> Call {
    call("marketplace.close", api::transactions().marketplace().close(deployment))
}

/// Ends a lease after the notice period; signed by the operator.
pub fn give_notice(lease: LeaseId) -> Call {
    call(
        "marketplace.give_notice",
        api::transactions().marketplace().give_notice(lease),
    )
}

/// Adds to the escrow of a lease; signed by its owner.
pub fn deposit(lease: LeaseId, amount: Balance) -> Call {
    call(
        "marketplace.deposit",
        api::transactions().marketplace().deposit(lease, amount),
    )
}

/// Settles a lease up to what is judged; anybody may.
pub fn settle(lease: LeaseId) -> Call {
    call("marketplace.settle", api::transactions().marketplace().settle(lease))
}

/// Reports that nothing of these leases, at most 64, is left in the cluster; signed by the operator.
pub fn torn_down(leases: Vec<LeaseId>) -> Call {
    call(
        "marketplace.torn_down",
        api::transactions().marketplace().torn_down(bounded(leases)),
    )
}

/// Pays out what an escrow owes to `payee`; anybody may.
pub fn claim(escrow: EscrowId, payee: AccountId) -> Call {
    call("escrow.claim", api::transactions().escrow().claim(escrow, payee))
}

/// Sends money and keeps the sender's account alive.
pub fn transfer(to: AccountId, amount: Balance) -> Call {
    call(
        "balances.transfer_keep_alive",
        api::transactions()
            .balances()
            .transfer_keep_alive(MultiAddress::Id(to), amount),
    )
}
