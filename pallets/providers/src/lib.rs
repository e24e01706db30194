//! Who provides: stake, keys, capacity, standing asks, audits and bonds.
//!
//! # Terms
//!
//! - A *provider* is a cluster that rents out its capacity. It has an index that is never given out again.
//! - Its *stash* owns it: stake, bond pool and deposits are held there. Its *operator* acts for it and is paid.
//! - Its *heartbeat key* is an ed25519 key with which its agent shows that it is there, and signs receipts.
//! - Its *capacity* is one pool. An *ask* says at what price and on what terms the pool is leased; several asks draw on
//!   the same pool.
//! - Its *stake* backs the rates of its leases and can be slashed. Its *bond pool* is another sum, out of which each
//!   lease gets a *bond* that answers for this lease alone.
//! - An *audit* is an account's signature over attributes of a provider.
//!
//! # From registration to retirement
//!
//! 1. The stash calls `register` with a proof of the heartbeat key. Stake and a record deposit go on hold. The stash
//!    calls `fund_bonds`.
//! 2. The operator sets the capacity and publishes asks, whose record deposits the stash bears. It reprices with
//!    `replace_ask`, without a gap.
//! 3. Other pallets lease out of the pool and put back, through [`ProviderCapacity`]; they set and pay bonds through
//!    [`LeaseBonds`] and slash through [`ProviderStake`].
//! 4. Once nothing is leased or bonded, the stash calls `retire`: asks go, bond pool and deposits come back at once, the
//!    stake after the unbonding delay.
//!
//! # Slashing
//!
//! One function slashes, for a reason out of [`perigee_primitives::SlashProof`]. It takes stake, then what unbonds, also
//! of a provider that has retired. Downtime alone is never a reason.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod asks;
mod audits;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod bonds;
mod inspect;
#[cfg(any(feature = "try-runtime", feature = "std"))]
mod invariants;
mod registration;
mod slashing;
mod stake;
mod tiers;
mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

#[cfg(doc)]
use perigee_primitives::traits::{LeaseBonds, ProviderCapacity, ProviderStake};

const LOG_TARGET: &str = "perigee::providers";

#[frame_support::pallet]
pub mod pallet {
    use crate::{
        types::{Audit, BondPool, Provider, SortedBlock, TierRule, Unbonding},
        WeightInfo,
    };
    use frame_support::{
        pallet_prelude::*,
        traits::{
            fungible::{Inspect, MutateHold},
            Consideration, Footprint,
        },
        weights::WeightMeter,
    };
    use frame_system::pallet_prelude::*;
    use perigee_primitives::{
        traits::Scores, AbuseContact, Ask, AskId, AskTerms, Attributes, Balance, BlockNumber, GatewayAddress, LeaseId,
        ProviderId, Resources, SlashProof, TlsPins, MILLION,
    };

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The native currency; stakes are held in it.
        type Currency: Inspect<Self::AccountId, Balance = Balance>
            + MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

        /// Reasons for holds; includes this pallet's.
        type RuntimeHoldReason: From<HoldReason>;

        /// What an account pays for as long as a record of it is stored: the stash for the provider's own and for its
        /// asks, an auditor for what it signed. Suggested: a hold for [`HoldReason::Record`] that is linear in the
        /// footprint.
        type RecordDeposit: Consideration<Self::AccountId, Footprint>;

        /// What attestation says of a provider; tiers depend on it.
        type Scores: Scores<Self::AccountId>;

        /// Who slashes by the verdict of a dispute. Suggested: root, until a track of governance decides disputes.
        type SlashOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// The protocol's income: takes what is slashed, and bonds that a tenant cannot take. It should hold the
        /// existential deposit from genesis on, so that it can take any amount.
        type IncomeAccount: Get<Self::AccountId>;

        /// Least stake of a provider. A provider that falls below it offers nothing. Suggested: what abandoning a
        /// lease must hurt, far above the deposit.
        #[pallet::constant]
        type MinStake: Get<Balance>;

        /// Blocks of all its leases' rates that a provider's stake must cover. Suggested: those of 7 days.
        #[pallet::constant]
        type StakeBlocks: Get<BlockNumber>;

        /// Blocks from unbonding until stake can be withdrawn. Suggested: those of 7 days; longer than a dispute takes.
        #[pallet::constant]
        type UnbondingDelay: Get<BlockNumber>;

        /// What `Standard` and `Premium` ask of a provider, in this order. `Basic` asks for the least stake only.
        #[pallet::constant]
        type Tiers: Get<[TierRule; 2]>;

        /// Most standing asks of a provider. Suggested: 8.
        #[pallet::constant]
        type MaxAsks: Get<u32>;

        /// Fewest blocks of notice that an ask may offer before a provider ends a lease. Suggested: those of some
        /// minutes, so that a tenant can move.
        #[pallet::constant]
        type MinNotice: Get<BlockNumber>;

        /// Most blocks of notice that an ask may offer. Suggested: those of 30 days.
        #[pallet::constant]
        type MaxNotice: Get<BlockNumber>;

        /// Blocks for which a replaced heartbeat key is remembered; until then it is not replaced again. Suggested:
        /// those of a day, longer than a receipt can be claimed.
        #[pallet::constant]
        type KeyOverlap: Get<BlockNumber>;

        /// Weights of the calls.
        type WeightInfo: WeightInfo;
    }

    /// Why this pallet holds balance.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// Stake of a provider, also while it unbonds.
        #[codec(index = 0)]
        Stake,
        /// Deposit for a stored record.
        #[codec(index = 1)]
        Record,
        /// The bond pool of a provider.
        #[codec(index = 2)]
        Bonds,
    }

    /// Index of the next provider.
    #[pallet::storage]
    pub type NextProviderId<T> = StorageValue<_, ProviderId, ValueQuery>;

    /// The providers.
    #[pallet::storage]
    pub type Providers<T: Config> = StorageMap<_, Identity, ProviderId, Provider<T::AccountId>>;

    /// Deposits for the records in `Providers`.
    #[pallet::storage]
    pub type ProviderDeposits<T: Config> = StorageMap<_, Identity, ProviderId, T::RecordDeposit>;

    /// The provider that a stash owns.
    #[pallet::storage]
    pub type ByStash<T: Config> = StorageMap<_, Twox64Concat, T::AccountId, ProviderId>;

    /// The provider that an operator acts for.
    #[pallet::storage]
    pub type ByOperator<T: Config> = StorageMap<_, Twox64Concat, T::AccountId, ProviderId>;

    /// The provider that sends heartbeats with a key.
    #[pallet::storage]
    pub type ByHeartbeatKey<T: Config> = StorageMap<_, Blake2_128Concat, [u8; 32], ProviderId>;

    /// Number of the next ask.
    #[pallet::storage]
    pub type NextAskId<T> = StorageValue<_, AskId, ValueQuery>;

    /// The standing asks.
    #[pallet::storage]
    pub type Asks<T: Config> = StorageMap<_, Identity, AskId, Ask<T::AccountId>>;

    /// Deposits for the records in `Asks`.
    #[pallet::storage]
    pub type AskDeposits<T: Config> = StorageMap<_, Identity, AskId, T::RecordDeposit>;

    /// The asks of a provider, oldest first.
    #[pallet::storage]
    pub type AsksByProvider<T: Config> = StorageMap<_, Identity, ProviderId, BoundedVec<AskId, T::MaxAsks>, ValueQuery>;

    /// Which ask expires at which block, earliest first.
    #[pallet::storage]
    pub type AskExpiries<T> = StorageDoubleMap<_, Identity, SortedBlock, Identity, AskId, (), OptionQuery>;

    /// Stake that unbonds, also of providers that have retired.
    #[pallet::storage]
    pub type UnbondingOf<T: Config> = StorageMap<_, Identity, ProviderId, Unbonding<T::AccountId>>;

    /// The bond pools of providers that have funded one.
    #[pallet::storage]
    pub type BondPools<T> = StorageMap<_, Identity, ProviderId, BondPool, ValueQuery>;

    /// The bond of each lease, out of its provider's pool.
    #[pallet::storage]
    pub type Bonds<T> = StorageDoubleMap<_, Identity, ProviderId, Identity, LeaseId, Balance, ValueQuery>;

    /// What auditors signed of a provider.
    #[pallet::storage]
    pub type Audits<T: Config> =
        StorageDoubleMap<_, Identity, ProviderId, Blake2_128Concat, T::AccountId, Audit<T::RecordDeposit>, OptionQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A provider was registered.
        ProviderRegistered {
            /// Its index.
            provider: ProviderId,
            /// Who owns it.
            stash: T::AccountId,
            /// Who acts for it.
            operator: T::AccountId,
        },
        /// A provider set its capacity.
        CapacitySet {
            /// Whose.
            provider: ProviderId,
            /// The whole pool.
            capacity: Resources,
        },
        /// An ask was published.
        AskPublished {
            /// Its number.
            ask: AskId,
            /// Whose.
            provider: ProviderId,
        },
        /// An ask was withdrawn.
        AskWithdrawn {
            /// Its number.
            ask: AskId,
            /// Whose.
            provider: ProviderId,
        },
        /// A provider changed where and how its gateway is reached.
        GatewaySet {
            /// Whose.
            provider: ProviderId,
        },
        /// A provider retired; bond pool and deposits were returned, its stake unbonds.
        ProviderRetired {
            /// Which.
            provider: ProviderId,
        },
        /// The terms of an ask were replaced.
        AskReplaced {
            /// Its number.
            ask: AskId,
            /// Whose.
            provider: ProviderId,
        },
        /// An expired ask was removed.
        AskExpired {
            /// Its number.
            ask: AskId,
            /// Whose.
            provider: ProviderId,
        },
        /// Another account acts for a provider.
        OperatorSet {
            /// Which provider.
            provider: ProviderId,
            /// Who acts for it now.
            operator: T::AccountId,
        },
        /// A provider changed its heartbeat key.
        HeartbeatKeySet {
            /// Whose.
            provider: ProviderId,
            /// The new key.
            key: [u8; 32],
        },
        /// A provider said where abuse is reported.
        AbuseContactSet {
            /// Whose.
            provider: ProviderId,
        },
        /// Stake was added.
        StakeBonded {
            /// To which provider.
            provider: ProviderId,
            /// How much.
            amount: Balance,
        },
        /// Stake began to leave.
        StakeUnbonding {
            /// From which provider.
            provider: ProviderId,
            /// How much.
            amount: Balance,
            /// First block at which it can be withdrawn.
            release_at: BlockNumber,
        },
        /// Unbonded stake was returned to its stash.
        StakeWithdrawn {
            /// Whose it was.
            provider: ProviderId,
            /// How much.
            amount: Balance,
        },
        /// Stake was taken for the protocol's income.
        Slashed {
            /// Whose.
            provider: ProviderId,
            /// What proves that it was due.
            proof: SlashProof,
            /// How much was taken.
            amount: Balance,
        },
        /// Money was added to a bond pool.
        BondsFunded {
            /// Whose.
            provider: ProviderId,
            /// How much.
            amount: Balance,
        },
        /// Money that answered for no lease was taken out of a bond pool.
        BondsWithdrawn {
            /// Whose.
            provider: ProviderId,
            /// How much.
            amount: Balance,
        },
        /// The bond of a lease paid.
        BondPaid {
            /// Whose bond.
            provider: ProviderId,
            /// For which lease.
            lease: LeaseId,
            /// The tenant, or the protocol's income where the tenant could not take it.
            to: T::AccountId,
            /// How much.
            amount: Balance,
        },
        /// An auditor signed attributes of a provider.
        AttributesSigned {
            /// Of which provider.
            provider: ProviderId,
            /// Who signed.
            auditor: T::AccountId,
            /// First block at which the signature no longer counts.
            expires_at: BlockNumber,
        },
        /// What an auditor signed was revoked, or removed after it had expired.
        AuditRemoved {
            /// Of which provider.
            provider: ProviderId,
            /// Who had signed.
            auditor: T::AccountId,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The stash already owns a provider.
        StashTaken,
        /// The operator already acts for a provider.
        OperatorTaken,
        /// The heartbeat key already belongs to a provider.
        HeartbeatKeyTaken,
        /// The proof is not a signature of the heartbeat key over this chain and stash.
        BadProof,
        /// The stake is below the minimum.
        StakeTooLow,
        /// A gateway needs at least one certificate pin.
        NoPins,
        /// The gateway's address is not `host:port`.
        BadGateway,
        /// Attributes must be sorted by key, each key once, none empty, all printable ASCII.
        BadAttributes,
        /// The account does not act for a provider.
        NotOperator,
        /// The account does not own a provider.
        NotStash,
        /// There is no such provider.
        UnknownProvider,
        /// There is no such ask.
        UnknownAsk,
        /// The ask belongs to another provider.
        NotYourAsk,
        /// A provider has a limited number of asks.
        TooManyAsks,
        /// Something is leased.
        StillLeased,
        /// The pool does not hold what is to be leased.
        NoCapacity,
        /// All indices have been given out.
        IdsExhausted,
        /// The amount is zero.
        ZeroAmount,
        /// A contact is printable ASCII without spaces.
        BadContact,
        /// The heartbeat key was changed a short time ago; the one before it must be remembered for a while.
        KeyChangedRecently,
        /// A country is a code of two upper-case letters.
        BadCountry,
        /// A region is printable ASCII without spaces.
        BadRegion,
        /// The longest term is zero, or shorter than the shortest.
        BadTermLimits,
        /// An SLA is a part of a million.
        BadSla,
        /// The notice is shorter or longer than the platform allows.
        NoticeOutOfBounds,
        /// The ask has expired, or would have expired when it is published.
        AskExpired,
        /// The provider has less stake than this.
        NotEnoughStake,
        /// The rest of the stake would not back the rates of what is leased.
        StakeBacksLeases,
        /// The stake does not back this rate beside those of what is leased.
        NotBacked,
        /// Too many amounts unbond at once; withdraw the first of them when it is released.
        TooManyUnbonding,
        /// Nothing of the stake has been unbonded long enough to be withdrawn.
        NothingUnbonded,
        /// Neither stake nor anything that unbonds is left.
        NothingToSlash,
        /// The part of the bond pool that answers for no lease is smaller than this.
        PoolTooSmall,
        /// The bond pool answers for leases that are not settled.
        StillBonded,
        /// The auditor has signed nothing of this provider.
        UnknownAudit,
        /// A signature must expire in the future.
        AuditExpired,
        /// The signature has not expired; only its auditor revokes it.
        AuditValid,
    }

    #[pallet::call(weight = T::WeightInfo)]
    impl<T: Config> Pallet<T> {
        /// Registers the caller as the stash of a new provider. `proof` is the heartbeat key's signature over
        /// `perigee/register/1`, the genesis hash and the stash.
        #[pallet::call_index(0)]
        pub fn register(
            origin: OriginFor<T>,
            operator: T::AccountId,
            heartbeat_key: [u8; 32],
            proof: [u8; 64],
            pins: TlsPins,
            gateway: GatewayAddress,
            stake: Balance,
        ) -> DispatchResult {
            let stash = ensure_signed(origin)?;
            Self::do_register(stash, operator, heartbeat_key, proof, pins, gateway, stake)
        }

        /// Sets the whole pool. Less than what is leased ends no lease, but lets nothing new be leased.
        #[pallet::call_index(1)]
        pub fn set_capacity(origin: OriginFor<T>, resources: Resources) -> DispatchResult {
            let operator = ensure_signed(origin)?;
            Self::do_set_capacity(&operator, resources)
        }

        /// Publishes an ask.
        #[pallet::call_index(2)]
        pub fn publish_ask(origin: OriginFor<T>, terms: AskTerms<T::AccountId>) -> DispatchResult {
            let operator = ensure_signed(origin)?;
            Self::do_publish_ask(&operator, terms)
        }

        /// Withdraws an ask. Leases that were opened at it go on.
        #[pallet::call_index(3)]
        pub fn withdraw_ask(origin: OriginFor<T>, ask: AskId) -> DispatchResult {
            let operator = ensure_signed(origin)?;
            Self::do_withdraw_ask(&operator, ask)
        }

        /// Says where the gateway is and which certificates it shows.
        #[pallet::call_index(4)]
        pub fn set_gateway(origin: OriginFor<T>, pins: TlsPins, gateway: GatewayAddress) -> DispatchResult {
            let operator = ensure_signed(origin)?;
            Self::do_set_gateway(&operator, pins, gateway)
        }

        /// Retires the caller's provider. Refused while anything is leased or bonded. The stake unbonds.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::retire(T::MaxAsks::get()))]
        pub fn retire(origin: OriginFor<T>) -> DispatchResult {
            let stash = ensure_signed(origin)?;
            Self::do_retire(stash)
        }

        /// Replaces the terms of an ask in place, so that there is no block without it. Leases that were opened at the
        /// old terms go on.
        #[pallet::call_index(6)]
        pub fn replace_ask(origin: OriginFor<T>, ask: AskId, terms: AskTerms<T::AccountId>) -> DispatchResult {
            let operator = ensure_signed(origin)?;
            Self::do_replace_ask(&operator, ask, terms)
        }

        /// Adds to the stake of the caller's provider.
        #[pallet::call_index(7)]
        pub fn bond_stake(origin: OriginFor<T>, amount: Balance) -> DispatchResult {
            let stash = ensure_signed(origin)?;
            Self::do_bond_stake(&stash, amount)
        }

        /// Lets stake leave the caller's provider. What is left must be the least stake, and back what is leased. It
        /// can be withdrawn after the unbonding delay, and slashed until then.
        #[pallet::call_index(8)]
        pub fn unbond(origin: OriginFor<T>, amount: Balance) -> DispatchResult {
            let stash = ensure_signed(origin)?;
            Self::do_unbond(&stash, amount)
        }

        /// Returns the stake of a provider that has been unbonding long enough to its stash. Anybody may call it, also
        /// for a provider that has retired.
        #[pallet::call_index(9)]
        pub fn withdraw_unbonded(origin: OriginFor<T>, provider: ProviderId) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_withdraw_unbonded(provider)
        }

        /// Adds to the bond pool of the caller's provider.
        #[pallet::call_index(10)]
        pub fn fund_bonds(origin: OriginFor<T>, amount: Balance) -> DispatchResult {
            let stash = ensure_signed(origin)?;
            Self::do_fund_bonds(&stash, amount)
        }

        /// Takes money that answers for no lease out of the bond pool of the caller's provider.
        #[pallet::call_index(11)]
        pub fn withdraw_bonds(origin: OriginFor<T>, amount: Balance) -> DispatchResult {
            let stash = ensure_signed(origin)?;
            Self::do_withdraw_bonds(&stash, amount)
        }

        /// Signs attributes of a provider as its auditor, until a block. Replaces what the caller signed of it before.
        /// Everybody may audit; orders name the auditors they trust.
        #[pallet::call_index(12)]
        pub fn sign_attributes(
            origin: OriginFor<T>,
            provider: ProviderId,
            attributes: Attributes,
            expires_at: BlockNumber,
        ) -> DispatchResult {
            let auditor = ensure_signed(origin)?;
            Self::do_sign_attributes(auditor, provider, attributes, expires_at)
        }

        /// Revokes what the caller signed of a provider.
        #[pallet::call_index(13)]
        pub fn revoke(origin: OriginFor<T>, provider: ProviderId) -> DispatchResult {
            let auditor = ensure_signed(origin)?;
            Self::do_revoke(&auditor, provider)
        }

        /// Removes what an auditor signed, once it has expired or the provider has retired. Anybody may call it; the
        /// auditor gets the deposit back.
        #[pallet::call_index(14)]
        pub fn remove_expired_audit(
            origin: OriginFor<T>,
            provider: ProviderId,
            auditor: T::AccountId,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_remove_expired_audit(provider, &auditor)
        }

        /// Makes another account the operator of the caller's provider.
        #[pallet::call_index(15)]
        pub fn set_operator(origin: OriginFor<T>, operator: T::AccountId) -> DispatchResult {
            let stash = ensure_signed(origin)?;
            Self::do_set_operator(&stash, operator)
        }

        /// Replaces the heartbeat key of the operator's provider. `proof` is the new key's signature over the message
        /// of `register`.
        #[pallet::call_index(16)]
        pub fn set_heartbeat_key(origin: OriginFor<T>, key: [u8; 32], proof: [u8; 64]) -> DispatchResult {
            let operator = ensure_signed(origin)?;
            Self::do_set_heartbeat_key(&operator, key, proof)
        }

        /// Says where abuse of the provider's capacity is reported.
        #[pallet::call_index(17)]
        pub fn set_abuse_contact(origin: OriginFor<T>, contact: AbuseContact) -> DispatchResult {
            let operator = ensure_signed(origin)?;
            Self::do_set_abuse_contact(&operator, contact)
        }

        /// Takes up to `amount` of a provider's stake by the verdict of a dispute, whose evidence has this hash.
        #[pallet::call_index(18)]
        pub fn slash(
            origin: OriginFor<T>,
            provider: ProviderId,
            evidence: [u8; 32],
            amount: Balance,
        ) -> DispatchResult {
            T::SlashOrigin::ensure_origin(origin)?;
            Self::do_slash(provider, SlashProof::Verdict { evidence }, amount).map(|_| ())
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        /// Removes expired asks with what transactions left.
        fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
            let mut meter = WeightMeter::with_limit(remaining);
            Self::expire_asks(&mut meter);
            meter.consumed()
        }

        fn integrity_test() {
            let [standard, premium] = T::Tiers::get();
            assert!(T::MaxAsks::get() > 0, "a provider must be able to publish an ask");
            assert!(T::StakeBlocks::get() > 0, "stake must back rates");
            assert!(T::UnbondingDelay::get() > 0, "stake must answer while it unbonds");
            assert!(T::KeyOverlap::get() > 0, "a replaced key must be remembered");
            assert!(T::MinNotice::get() > 0, "notice takes time");
            assert!(
                T::MinNotice::get() <= T::MaxNotice::get(),
                "some notice must be allowed"
            );
            assert!(
                standard.stake >= T::MinStake::get(),
                "a tier asks for the least stake at least"
            );
            assert!(premium.includes(&standard), "a higher tier includes the lower");
            for rule in [standard, premium] {
                assert!(rule.availability <= MILLION, "availability is a part of a million");
            }
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }
}
