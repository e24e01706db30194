//! Extrinsics, not yet signed.

use crate::{
    api::{self, runtime_types},
    config::PerigeeConfig,
    records::Registration,
    AccountId, AskTerms, GroupOrder, Hash,
};
use blake2::{digest::consts::U32, Blake2b, Digest};
use perigee_primitives::{
    AskId, Balance, BlockNumber, Commitment, DeclineReason, DeploymentId, EscrowId, LeaseId, ProviderId, Resources,
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

    pub(crate) fn data(&self, tx: &Transactions) -> Result<Vec<u8>, ExtrinsicError> {
        self.payload.data(tx)
    }
}

/// Hides the type of a call's arguments.
trait Sign: Send + Sync {
    fn data(&self, tx: &Transactions) -> Result<Vec<u8>, ExtrinsicError>;

    fn sign(
        &self,
        tx: &Transactions,
        key: &Keypair,
        nonce: u64,
        block: (u64, subxt::config::HashFor<PerigeeConfig>),
    ) -> Result<Signed, ExtrinsicError>;
}

impl<T: EncodeAsFields + Send + Sync> Sign for StaticPayload<T> {
    fn data(&self, tx: &Transactions) -> Result<Vec<u8>, ExtrinsicError> {
        tx.call_data(self)
    }

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
pub fn publish_ask(terms: AskTerms) -> Call {
    call(
        "providers.publish_ask",
        api::transactions().providers().publish_ask(Static(terms)),
    )
}

/// Replaces the terms of an ask in place; signed by the operator.
pub fn replace_ask(ask: AskId, terms: AskTerms) -> Call {
    call(
        "providers.replace_ask",
        api::transactions().providers().replace_ask(ask, Static(terms)),
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

/// Adds to the stake; signed by the stash.
pub fn bond_stake(amount: Balance) -> Call {
    call(
        "providers.bond_stake",
        api::transactions().providers().bond_stake(amount),
    )
}

/// Lets stake leave, after the unbonding delay; signed by the stash.
pub fn unbond(amount: Balance) -> Call {
    call("providers.unbond", api::transactions().providers().unbond(amount))
}

/// Returns stake that has unbonded to its stash; anybody may.
pub fn withdraw_unbonded(provider: ProviderId) -> Call {
    call(
        "providers.withdraw_unbonded",
        api::transactions().providers().withdraw_unbonded(provider),
    )
}

/// Adds to the bond pool; signed by the stash.
pub fn fund_bonds(amount: Balance) -> Call {
    call(
        "providers.fund_bonds",
        api::transactions().providers().fund_bonds(amount),
    )
}

/// Takes out of the bond pool what answers for no lease; signed by the stash.
pub fn withdraw_bonds(amount: Balance) -> Call {
    call(
        "providers.withdraw_bonds",
        api::transactions().providers().withdraw_bonds(amount),
    )
}

/// Opens a deployment; signed by its owner.
pub fn deploy(groups: Vec<GroupOrder>) -> Call {
    let groups = groups.into_iter().map(Static).collect();
    call(
        "marketplace.deploy",
        api::transactions().marketplace().deploy(bounded(groups)),
    )
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

/// Closes a deployment; signed by its owner. With `abandoned` the chain checks that the provider was absent, and the
/// bond pays.
pub fn close(deployment: DeploymentId, abandoned: bool) -> Call {
    let claim = abandoned.then_some(runtime_types::pallet_marketplace::types::Claim::Abandoned);
    call(
        "marketplace.close",
        api::transactions().marketplace().close(deployment, claim),
    )
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

/// Takes back what `who`, the signer, deposited into a lease's escrow and what it does not need.
pub fn withdraw(lease: LeaseId, amount: Balance) -> Call {
    call(
        "marketplace.withdraw",
        api::transactions().marketplace().withdraw(lease, amount),
    )
}

/// Changes what a lease holds, at the schedule of its ask; signed by its owner.
pub fn resize(lease: LeaseId, resources: Resources, commitment: Commitment, max_rate: Balance) -> Call {
    call(
        "marketplace.resize",
        api::transactions()
            .marketplace()
            .resize(lease, Static(resources), commitment, max_rate),
    )
}

/// Commits to another manifest of the same size; signed by the owner.
pub fn update(lease: LeaseId, commitment: Commitment) -> Call {
    call(
        "marketplace.update",
        api::transactions().marketplace().update(lease, commitment),
    )
}

/// Makes the term of a lease longer; signed by its owner.
pub fn extend(lease: LeaseId, blocks: BlockNumber) -> Call {
    call(
        "marketplace.extend",
        api::transactions().marketplace().extend(lease, blocks),
    )
}

/// Lets a lease rest for so many blocks; signed by its owner.
pub fn pause(lease: LeaseId, blocks: BlockNumber) -> Call {
    call(
        "marketplace.pause",
        api::transactions().marketplace().pause(lease, blocks),
    )
}

/// Ends a pause; signed by the owner.
pub fn resume(lease: LeaseId) -> Call {
    call("marketplace.resume", api::transactions().marketplace().resume(lease))
}

/// Says whether the workload of a lease runs; signed by the operator.
pub fn set_ready(lease: LeaseId, ready: bool) -> Call {
    call(
        "marketplace.set_ready",
        api::transactions().marketplace().set_ready(lease, ready),
    )
}

/// Offers a deployment to another owner; signed by its owner.
pub fn offer_transfer(deployment: DeploymentId, to: AccountId) -> Call {
    call(
        "marketplace.offer_transfer",
        api::transactions().marketplace().offer_transfer(deployment, to),
    )
}

/// Takes such an offer back; signed by the owner.
pub fn cancel_transfer(deployment: DeploymentId) -> Call {
    call(
        "marketplace.cancel_transfer",
        api::transactions().marketplace().cancel_transfer(deployment),
    )
}

/// Becomes the owner of a deployment that was offered.
pub fn accept_transfer(deployment: DeploymentId) -> Call {
    call(
        "marketplace.accept_transfer",
        api::transactions().marketplace().accept_transfer(deployment),
    )
}

/// Shows that the provider held the manifest at a block; anybody may. `signature` is the receipt's.
pub fn file_receipt(lease: LeaseId, received_at: BlockNumber, signature: [u8; 64]) -> Call {
    call(
        "marketplace.file_receipt",
        api::transactions()
            .marketplace()
            .file_receipt(lease, received_at, signature),
    )
}

/// Stops a lease for abuse at once; signed by the operator. `evidence` is the hash of what shows it.
pub fn stop_for_abuse(lease: LeaseId, evidence: Hash) -> Call {
    call(
        "marketplace.stop_for_abuse",
        api::transactions().marketplace().stop_for_abuse(lease, evidence),
    )
}

/// Under which hash evidence stands on chain: BLAKE2b with 256 bits over its bytes.
pub fn evidence_hash(evidence: &[u8]) -> Hash {
    Blake2b::<U32>::digest(evidence).into()
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

/// Lets `who` deposit into a lease's escrow, `minimum` at least each time; signed by the owner.
pub fn approve_depositor(escrow: EscrowId, who: AccountId, minimum: Balance) -> Call {
    call(
        "escrow.approve",
        api::transactions().escrow().approve(escrow, who, minimum),
    )
}

/// Lets `who` deposit no more; signed by the owner.
pub fn revoke_depositor(escrow: EscrowId, who: AccountId) -> Call {
    call(
        "escrow.revoke_approval",
        api::transactions().escrow().revoke_approval(escrow, who),
    )
}

/// Pays out what an escrow owes to `payee`; anybody may.
pub fn claim(escrow: EscrowId, payee: AccountId) -> Call {
    call("escrow.claim", api::transactions().escrow().claim(escrow, payee))
}

/// Pays the protocol's income to those who share it; anybody may.
pub fn distribute() -> Call {
    call("escrow.distribute", api::transactions().escrow().distribute())
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
