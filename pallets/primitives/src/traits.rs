//! What pallets ask of each other.

use crate::{
    AskId, AttestationTimes, AttributePatterns, Balance, BlockNumber, EscrowId, FeeRate, LeaseId, Offer, ProviderId,
    Resources, SlashProof, Standings, Tier,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_runtime::{DispatchError, DispatchResult};

/// Accounts whose money an escrow account may hold at once; the owner counts as one of them.
pub const MAX_DEPOSITORS: u32 = 8;

/// Which blocks of a provider count. Answers are final for blocks below [`Availability::judged_until`].
pub trait Availability {
    /// The first block that no verdict covers.
    fn judged_until() -> BlockNumber;
    /// Unbilled blocks of `provider` in `[0, block)`, known so far. O(log n) in the number of runs.
    fn unbilled_before(provider: ProviderId, block: BlockNumber) -> BlockNumber;
    /// Those of them in which it was absent or suspended: not announced maintenance. O(log n) likewise.
    fn absent_before(provider: ProviderId, block: BlockNumber) -> BlockNumber;
    /// Length of an attestation epoch, reporting deadline and margin.
    fn times() -> AttestationTimes;
    /// No lease of `provider` will ask about blocks before `block` any more: runs that end there may be forgotten.
    fn forget_before(provider: ProviderId, block: BlockNumber);
    /// Reads that the search for a block among the runs of `provider` takes: what it costs to bill its leases.
    fn search_steps(provider: ProviderId) -> u32;
    /// Judges all blocks before `until`, with these runs of absence of `provider`, in their order.
    #[cfg(feature = "runtime-benchmarks")]
    fn judge_as(provider: ProviderId, absent: &[(BlockNumber, BlockNumber)], until: BlockNumber);
}

/// What attestation and past leases say of providers.
pub trait Scores<AccountId> {
    /// What is known of `provider` now.
    fn standings(provider: ProviderId) -> Standings;
    /// Notes how a lease of `tenant` went, weighted by the fee it paid. `at` is the block at which that was settled in
    /// effect, not the one at which it is processed. Self-dealing is not noted by the caller.
    fn note(provider: ProviderId, tenant: &AccountId, outcome: Outcome, fee: Balance, at: BlockNumber);
}

/// How a lease went, seen from the provider's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Outcome {
    /// It was served as agreed.
    #[codec(index = 0)]
    Kept,
    /// It ended by the provider's fault, or its SLA was broken.
    #[codec(index = 1)]
    Broken,
}

/// What providers are, for pallets that lease from them or judge them.
pub trait ProviderInspect<AccountId> {
    /// The account that acts for `provider` day by day.
    fn operator(provider: ProviderId) -> Option<AccountId>;
    /// The account that owns it.
    fn stash(provider: ProviderId) -> Option<AccountId>;
    /// The key of its heartbeats and receipts.
    fn heartbeat_key(provider: ProviderId) -> Option<[u8; 32]>;
    /// The key that it had at `block`. Known as far back as keys are kept, which is longer than any receipt is good.
    fn heartbeat_key_at(provider: ProviderId, _block: BlockNumber) -> Option<[u8; 32]> {
        Self::heartbeat_key(provider)
    }
    /// The block at which it registered.
    fn registered_at(provider: ProviderId) -> Option<BlockNumber>;
    /// The index that the next provider will get: all indices are below it.
    fn next_id() -> ProviderId;
    /// The provider that sends heartbeats with this ed25519 key.
    fn by_heartbeat_key(key: &[u8; 32]) -> Option<ProviderId>;
    /// What `ask` offers now; none for an ask that has expired or is withdrawn.
    fn offer(ask: AskId) -> Option<Offer<AccountId>>;
    /// Its tier now; the lowest without a record of it.
    fn tier(provider: ProviderId) -> Tier;
    /// Has `auditor` signed these attributes of `provider`, and is the signature neither expired nor revoked?
    fn has_signed(auditor: &AccountId, provider: ProviderId, attributes: &AttributePatterns) -> bool;
}

/// The capacity pool of a provider and the stake behind it. Leased never exceeds capacity unless the provider lowered
/// it, and the rates of all leases together are backed by stake unless that was slashed.
pub trait ProviderCapacity {
    /// Takes `resources`, leased at `rate` per block, out of the pool.
    fn lease(provider: ProviderId, resources: &Resources, rate: Balance) -> DispatchResult;
    /// Puts them back. Never fails.
    fn free(provider: ProviderId, resources: &Resources, rate: Balance);
    /// What is leased out of the pool, and at which rate in all; nothing of a provider without a record.
    fn leased(provider: ProviderId) -> (Resources, Balance);
}

/// Bonds of leases: parts of a provider's prefunded bond pool that answer for one lease each.
pub trait LeaseBonds<AccountId> {
    /// Sets the bond of `lease` to `amount`, out of the pool. Fails when the pool holds too little, and then changes
    /// nothing. An amount below what the bond is gives the rest back to the pool.
    fn set(provider: ProviderId, lease: LeaseId, amount: Balance) -> DispatchResult;
    /// What answers for `lease`.
    fn bonded(provider: ProviderId, lease: LeaseId) -> Balance;
    /// Pays up to `amount` out of the bond to `tenant`; returns what was paid. Never fails: what `tenant` cannot take
    /// goes to the protocol's income.
    fn pay(provider: ProviderId, lease: LeaseId, tenant: &AccountId, amount: Balance) -> Balance;
    /// The lease is final: gives the rest of the bond back to the pool.
    fn release(provider: ProviderId, lease: LeaseId);
}

/// The stake with which a provider answers for what can be proved. Mere downtime is no reason to slash.
pub trait ProviderStake {
    /// Takes up to `amount` of `provider`'s stake, also of what is unbonding, for the protocol's income; returns what
    /// was taken. The caller has checked `proof`.
    fn slash(provider: ProviderId, proof: SlashProof, amount: Balance) -> Balance;
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
    /// Returned to the depositors, or owed to them.
    pub refunded: Balance,
}

/// Streaming accounts with up to eight depositors. Escrow knows amounts, never blocks or verdicts.
pub trait StreamingEscrow<AccountId> {
    /// Opens `id` with a first deposit of `owner`, held at `owner`.
    fn open(id: EscrowId, owner: &AccountId, amount: Balance) -> DispatchResult;
    /// Adds to it. Others than the owner need the owner's approval, and deposit the minimum that it names at least.
    fn deposit(id: EscrowId, who: &AccountId, amount: Balance) -> DispatchResult;
    /// Gives `amount` of the balance back to `who`, out of what is left of its own deposits.
    fn withdraw(id: EscrowId, who: &AccountId, amount: Balance) -> DispatchResult;
    /// Makes `owner` the owner. Deposits stay whose they are.
    fn set_owner(id: EscrowId, owner: &AccountId) -> DispatchResult;
    /// Totals, `None` for an account that does not exist.
    fn totals(id: EscrowId) -> Option<EscrowTotals>;
    /// Accounts whose money it holds, as balance or as credits: what it costs to close it.
    fn depositors(id: EscrowId) -> u32;
    /// The totals that `charge` would leave; changes nothing.
    fn quote(id: EscrowId, charges: &[Charge<AccountId>]) -> Result<EscrowTotals, DispatchError>;
    /// Turns balance into credits, the oldest deposit first. Fails when the balance is too small, and then changes
    /// nothing.
    fn charge(id: EscrowId, charges: &[Charge<AccountId>]) -> DispatchResult;
    /// Pays out what is credited to `payee`; returns the amount.
    fn pay_out(id: EscrowId, payee: &AccountId) -> Result<Balance, DispatchError>;
    /// Returns the balance to the depositors and tries every payout. A payout that fails stays a claimable credit;
    /// nothing reverts. The record goes once nothing is owed.
    fn close(id: EscrowId) -> DispatchResult;
}
