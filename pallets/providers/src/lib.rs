//! Who provides: stake, keys, capacity and standing asks.
//!
//! # Terms
//!
//! - A *provider* is a cluster that rents out its capacity. It has an index that is never given out again.
//! - Its *stash* owns it: stake and deposits are held there. Its *operator* acts for it and is paid.
//! - Its *heartbeat key* is an ed25519 key with which its agent shows that it is there.
//! - Its *capacity* is one pool. An *ask* says at what price and with what attributes the pool is leased; several
//!   asks draw on the same pool.
//!
//! # From registration to retirement
//!
//! 1. The stash calls `register` with a proof of the heartbeat key. Stake and a record deposit go on hold.
//! 2. The operator sets the capacity and publishes asks, whose record deposits the stash bears.
//! 3. Other pallets lease out of the pool and put back, through [`ProviderCapacity`].
//! 4. Once nothing is leased, the stash calls `retire`: asks go, stake and deposits come back.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod calls;
mod inspect;
#[cfg(any(feature = "try-runtime", test))]
mod invariants;
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
use perigee_primitives::traits::ProviderCapacity;

const LOG_TARGET: &str = "perigee::providers";

#[frame_support::pallet]
pub mod pallet {
    use crate::{types::Provider, WeightInfo};
    use frame_support::{
        pallet_prelude::*,
        traits::{
            fungible::{Inspect, MutateHold},
            Consideration, Footprint,
        },
    };
    use frame_system::pallet_prelude::*;
    use perigee_primitives::{
        Ask, AskId, Attributes, Balance, GatewayAddress, Isolation, PriceSchedule, ProviderId, Resources, TlsPins,
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

        /// What the stash pays for as long as a record of it, the provider's own or an ask, is stored. Suggested: a
        /// hold for [`HoldReason::Record`] that is linear in the footprint.
        type RecordDeposit: Consideration<Self::AccountId, Footprint>;

        /// Least stake of a provider. A provider that falls below it offers nothing. Suggested: what abandoning a
        /// lease must hurt, far above the deposit.
        #[pallet::constant]
        type MinStake: Get<Balance>;

        /// Most standing asks of a provider. Suggested: 8.
        #[pallet::constant]
        type MaxAsks: Get<u32>;

        /// Weights of the calls.
        type WeightInfo: WeightInfo;
    }

    /// Why this pallet holds balance.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// Stake of a provider.
        #[codec(index = 0)]
        Stake,
        /// Deposit for a stored record.
        #[codec(index = 1)]
        Record,
    }

    /// Index of the next provider.
    #[pallet::storage]
    pub type NextProviderId<T> = StorageValue<_, ProviderId, ValueQuery>;

    /// The providers.
    #[pallet::storage]
    pub type Providers<T: Config> = StorageMap<_, Twox64Concat, ProviderId, Provider<T::AccountId>>;

    /// Deposits for the records in `Providers`.
    #[pallet::storage]
    pub type ProviderDeposits<T: Config> = StorageMap<_, Twox64Concat, ProviderId, T::RecordDeposit>;

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
    pub type Asks<T: Config> = StorageMap<_, Twox64Concat, AskId, Ask>;

    /// Deposits for the records in `Asks`.
    #[pallet::storage]
    pub type AskDeposits<T: Config> = StorageMap<_, Twox64Concat, AskId, T::RecordDeposit>;

    /// The asks of a provider, oldest first.
    #[pallet::storage]
    pub type AsksByProvider<T: Config> =
        StorageMap<_, Twox64Concat, ProviderId, BoundedVec<AskId, T::MaxAsks>, ValueQuery>;

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
        /// A provider retired; stake and deposits were returned.
        ProviderRetired {
            /// Which.
            provider: ProviderId,
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
        /// Attributes must be sorted by key, each key once, none empty.
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
        pub fn publish_ask(
            origin: OriginFor<T>,
            prices: PriceSchedule,
            attributes: Attributes,
            isolation: Isolation,
        ) -> DispatchResult {
            let operator = ensure_signed(origin)?;
            Self::do_publish_ask(&operator, prices, attributes, isolation)
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

        /// Retires the caller's provider. Refused while anything is leased.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::retire(T::MaxAsks::get()))]
        pub fn retire(origin: OriginFor<T>) -> DispatchResult {
            let stash = ensure_signed(origin)?;
            Self::do_retire(stash)
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            assert!(T::MaxAsks::get() > 0, "a provider must be able to publish an ask");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }
}
