//! What pallets ask of each other.

use crate::{AskId, AttestationTimes, Balance, BlockNumber, EscrowId, FeeRate, Offer, ProviderId, Resources};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_runtime::{DispatchError, DispatchResult};

/// Which blocks of a provider count. Answers are final for blocks below [`Availability::judged_until`].
pub trait Availability {
    /// The first block that no verdict covers.
    fn judged_until() -> BlockNumber;
    /// Unbilled blocks of `provider` in `[0, block)`, known so far. O(log n) in the number of runs.
    fn unbilled_before(provider: ProviderId, block: BlockNumber) -> BlockNumber;
    /// Length of an attestation epoch, reporting deadline and margin.
    fn times() -> AttestationTimes;
    /// No lease of `provider` will ask about blocks before `block` any more: runs that end there may be forgotten.
    fn forget_before(provider: ProviderId, block: BlockNumber);
}

/// What providers are, for pallets that lease from them or judge them.
pub trait ProviderInspect<AccountId> {
    /// The account that acts for `provider` day by day.
    fn operator(provider: ProviderId) -> Option<AccountId>;
    /// The block at which it registered.
    fn registered_at(provider: ProviderId) -> Option<BlockNumber>;
    /// The index that the next provider will get: all indices are below it.
    fn next_id() -> ProviderId;
    /// The provider that sends heartbeats with this ed25519 key.
    fn by_heartbeat_key(key: &[u8; 32]) -> Option<ProviderId>;
    /// What `ask` offers now.
    fn offer(ask: AskId) -> Option<Offer<AccountId>>;
}

/// The capacity pool of a provider. Leased never exceeds capacity unless the provider lowered it.
pub trait ProviderCapacity {
    /// Takes `resources` out of the pool.
    fn lease(provider: ProviderId, resources: &Resources) -> DispatchResult;
    /// Puts them back. Never fails.
    fn free(provider: ProviderId, resources: &Resources);
}

/// A charge to an escrow account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge<AccountId> {
    /// Who earned it.
    pub payee: AccountId,
    /// How much, fee included.
    pub amount: Balance,
    /// The fee's rate.
    pub fee: FeeRate,
}

/// Totals of an escrow account since it was opened. `deposited = billed + balance + refunded` at all times,
/// and `billed = to_payees + fee`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct EscrowTotals {
    /// All deposits.
    pub deposited: Balance,
    /// Not billed and not refunded.
    pub balance: Balance,
    /// Billed to payees, credited or paid out.
    pub to_payees: Balance,
    /// The fee, credited or paid out.
    pub fee: Balance,
    /// Returned to the depositor.
    pub refunded: Balance,
}

/// Streaming accounts. Escrow knows amounts, never blocks or verdicts.
pub trait StreamingEscrow<AccountId> {
    /// Opens `id` with a first deposit of `owner`, held at `owner`.
    fn open(id: EscrowId, owner: &AccountId, amount: Balance) -> DispatchResult;
    /// Adds to it. Only the owner deposits for now.
    fn deposit(id: EscrowId, who: &AccountId, amount: Balance) -> DispatchResult;
    /// Totals, `None` for an account that does not exist.
    fn totals(id: EscrowId) -> Option<EscrowTotals>;
    /// The totals that `charge` would leave; changes nothing.
    fn quote(id: EscrowId, charges: &[Charge<AccountId>]) -> Result<EscrowTotals, DispatchError>;
    /// Turns balance into credits. Fails when the balance is too small, and then changes nothing.
    fn charge(id: EscrowId, charges: &[Charge<AccountId>]) -> DispatchResult;
    /// Pays out what is credited to `payee`; returns the amount.
    fn pay_out(id: EscrowId, payee: &AccountId) -> Result<Balance, DispatchError>;
    /// Returns the balance to the owner and tries every payout. A payout that fails stays a claimable credit;
    /// nothing reverts. The record goes once nothing is owed.
    fn close(id: EscrowId) -> DispatchResult;
}
