//! Deployments, orders and leases, and the arithmetic that bills them.
//!
//! # Terminology
//!
//! - **Order**: resources, a commitment to a manifest, up to four asks, the highest rate and what is required of the
//!   provider. **Lease**: an order taken up by a provider at one of these asks. **Deployment**: a tenant's leases that
//!   belong together, one running at a time for each of its up to eight groups.
//! - **E**, **W**: the length of an attestation epoch, and epoch + reporting deadline + margin.
//! - **J**: the first block that no verdict covers. Nothing is billed beyond it.
//! - **Segment**: rate, payee and fee rate from a block on. **Boundary**: the first block of an attestation epoch.
//! - **Effective** and **processed**: a lease ends at a block by arithmetic; a call or the agenda writes it down later.
//!
//! Intervals are half-open: the activation block is billed, the end block is not.
//!
//! # Opening
//!
//! 1. `deploy` opens a lease for each group, at the first ask at which every check holds at this block: validity,
//!    tenant list, term limits, price, requirements, spread, capacity, stake, deposit and bond pool. Where one group
//!    finds none, nothing is opened. `explain_order` tells why.
//! 2. Held are the deposit (in escrow), the reservation fee, a deposit for the records, and the provider's bond for the
//!    lease: `rate × BondBlocks` out of its pool.
//! 3. The deposit is at least `rate × (W + E)`. With a term it is at least `rate × (term + W + E)`, so that a lease
//!    with a term never ends by funds; what is left comes back. Until activation only the owner deposits.
//! 4. `activate` starts billing and returns the reservation fee. `decline` refunds everything, but burns the fee where
//!    the workload was at fault.
//! 5. Without either the lease ends at `activate_by`, `ActivationDeadline` blocks after the opening. Anybody may file
//!    the provider's signed receipt of a manifest that it held for `ActivationWindow` blocks before; the latest
//!    `ReceiptWindow` blocks after `activate_by`, and so long the deposit and the fee stay held. With a receipt the
//!    provider did not show up: the fee returns, and a part of the bond pays the tenant. Without one the fee is burned.
//! 6. After a decline, unless the workload was at fault, and after a no-show the next named ask takes over, with every
//!    check anew: as a new lease of the same deployment, whose holds are made of what the old one gave back. With no
//!    ask left that fits, everything is refunded.
//!
//! # Ending
//!
//! The end is the earliest of: the tenant's `close` (at once), the provider's notice (`NoticeBlocks` later), the term,
//! and the end by funds: **J\* + W**, where J\* is the first judged boundary at which the balance is below the cost of
//! the next W + E blocks. A deposit counts for every boundary whose end has not come yet. Deposits, segments and
//! verdicts decide alone; the blocks at which somebody settled do not.
//!
//! Every call on a lease first advances it to the current block. A metered agenda does the same for each lease at the
//! block where something is due, and at least every `SettleInterval`.
//!
//! After the end the tail waits for its verdicts; then escrow pays and refunds. Capacity returns when the operator
//! reports `torn_down` or `TearDownGrace` blocks after processing. The record stays for `RetentionBlocks`.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod agenda;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod billing;
mod close;
mod deploy;
mod ending;
mod lifecycle;
mod open;
mod place;
mod receipt;
mod settlement;
mod state;
#[cfg(any(feature = "try-runtime", feature = "std"))]
mod try_state;
mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
use place::{DueEnds, Placement, Wanted};
pub use types::*;

/// Due ends of a full candidate that `deploy` processes before it passes on.
pub const MAX_DUE_ENDS: u32 = 4;
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use frame_support::{
        pallet_prelude::*,
        traits::{fungible, Consideration, Footprint},
        weights::WeightMeter,
    };
    use frame_system::pallet_prelude::*;
    use perigee_primitives::{
        traits::{Availability, LeaseBonds, ProviderCapacity, ProviderInspect, Scores, StreamingEscrow},
        AskId, Balance, BlockNumber, CloseReason, DeclineReason, DeploymentId, FeeRate, GroupOrder, LeaseId, Ppm,
        ProviderId, MAX_GROUPS, MILLION,
    };

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The money: for the reservation fee only.
        type Currency: fungible::Inspect<Self::AccountId, Balance = Balance>
            + fungible::hold::Mutate<Self::AccountId, Reason = Self::RuntimeHoldReason>;
        /// The runtime's hold reasons.
        type RuntimeHoldReason: From<HoldReason>;
        /// Deposit for the records of a deployment; the runtime holds it with [`HoldReason::Record`].
        type Consideration: Consideration<Self::AccountId, Footprint>;
        /// Streaming accounts.
        type Escrow: StreamingEscrow<Self::AccountId>;
        /// Who provides, on what terms, and what is left of their capacity.
        type Providers: ProviderInspect<Self::AccountId> + ProviderCapacity;
        /// What answers for the leases of a provider.
        type Bonds: LeaseBonds<Self::AccountId>;
        /// Which blocks of a provider count.
        type Availability: Availability;
        /// What attestation and past leases say of providers.
        type Scores: Scores<Self::AccountId>;
        /// The fee's rate for leases opened from now on.
        type Fee: Get<FeeRate>;
        /// Blocks from opening to the first block at which activation is too late. Longer than `ActivationWindow`:
        /// the manifest must arrive within the difference, or no receipt can show that the provider had time enough.
        #[pallet::constant]
        type ActivationDeadline: Get<BlockNumber>;
        /// Blocks for which a provider must have held the manifest before the deadline, to be at fault when it passes:
        /// what pulling images and starting takes.
        #[pallet::constant]
        type ActivationWindow: Get<BlockNumber>;
        /// Blocks after the deadline in which a receipt may still be filed.
        #[pallet::constant]
        type ReceiptWindow: Get<BlockNumber>;
        /// Blocks of a lease's rate that its bond comes to: 24 hours at least.
        #[pallet::constant]
        type BondBlocks: Get<BlockNumber>;
        /// Part of the bond that pays the tenant for a no-show.
        #[pallet::constant]
        type NoShowForfeit: Get<Ppm>;
        /// Part of the bond that pays the tenant of an abandoned lease.
        #[pallet::constant]
        type AbandonForfeit: Get<Ppm>;
        /// Judged attestation epochs in a row for which a provider must be absent to have abandoned its leases. All of
        /// them together are shorter than `SettleInterval`: older verdicts may be forgotten.
        #[pallet::constant]
        type AbandonedEpochs: Get<u32>;
        /// Blocks from a provider's notice to the end.
        #[pallet::constant]
        type NoticeBlocks: Get<BlockNumber>;
        /// Held from opening to activation.
        #[pallet::constant]
        type ReservationFee: Get<Balance>;
        /// Blocks from the processing of an end until capacity returns without a report of tear-down.
        #[pallet::constant]
        type TearDownGrace: Get<BlockNumber>;
        /// Blocks for which an ended lease stays readable.
        #[pallet::constant]
        type RetentionBlocks: Get<BlockNumber>;
        /// The agenda settles every lease at least this often.
        #[pallet::constant]
        type SettleInterval: Get<BlockNumber>;
        /// Weights.
        type WeightInfo: WeightInfo;
    }

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// Why this pallet holds money.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// The reservation fee of a lease that is not activated yet.
        #[codec(index = 0)]
        Reservation,
        /// The deposit for the records of deployments and leases.
        #[codec(index = 1)]
        Record,
    }

    /// The number that the next deployment gets.
    #[pallet::storage]
    pub type NextDeploymentId<T: Config> = StorageValue<_, DeploymentId, ValueQuery>;

    /// The number that the next lease gets: all numbers are below it.
    #[pallet::storage]
    pub type NextLeaseId<T: Config> = StorageValue<_, LeaseId, ValueQuery>;

    /// The deployments.
    #[pallet::storage]
    pub type Deployments<T: Config> = StorageMap<_, Twox64Concat, DeploymentId, Deployment<T::AccountId>>;

    /// The deposits for their records.
    #[pallet::storage]
    pub type Tickets<T: Config> = StorageMap<_, Twox64Concat, DeploymentId, T::Consideration>;

    /// The leases, until they are pruned.
    #[pallet::storage]
    pub type Leases<T: Config> = StorageMap<_, Twox64Concat, LeaseId, Lease<T::AccountId>>;

    /// The leases that take capacity of a provider.
    #[pallet::storage]
    pub type LeasesByProvider<T: Config> =
        StorageDoubleMap<_, Twox64Concat, ProviderId, Twox64Concat, LeaseId, (), OptionQuery>;

    /// The deployments of an account.
    #[pallet::storage]
    pub type DeploymentsByOwner<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, DeploymentId, (), OptionQuery>;

    /// When to look at which lease, earliest first: one entry per lease.
    #[pallet::storage]
    pub type Agenda<T: Config> = StorageDoubleMap<_, Identity, SortedBlock, Twox64Concat, LeaseId, (), OptionQuery>;

    /// The agenda of each provider's leases, earliest first.
    #[pallet::storage]
    pub type AgendaByProvider<T: Config> = StorageNMap<
        _,
        (
            NMapKey<Twox64Concat, ProviderId>,
            NMapKey<Identity, SortedBlock>,
            NMapKey<Twox64Concat, LeaseId>,
        ),
        (),
        OptionQuery,
    >;

    /// Leases that the agenda could not advance. Attestation forgets nothing of their providers. Expected empty.
    #[pallet::storage]
    pub type Stuck<T: Config> = StorageDoubleMap<_, Twox64Concat, ProviderId, Twox64Concat, LeaseId, (), OptionQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A deployment was opened.
        DeploymentOpened {
            /// Which.
            deployment: DeploymentId,
            /// By whom.
            owner: T::AccountId,
        },
        /// A lease was opened.
        LeaseOpened {
            /// Which.
            lease: LeaseId,
            /// Of which deployment.
            deployment: DeploymentId,
            /// At which provider.
            provider: ProviderId,
            /// At which ask.
            ask: AskId,
            /// Rate per block.
            rate: Balance,
            /// First block at which activation is too late.
            activate_by: BlockNumber,
        },
        /// A lease was activated: it is billed from here on.
        LeaseActivated {
            /// Which.
            lease: LeaseId,
            /// The first billed block.
            at: BlockNumber,
        },
        /// Judged blocks of a lease were billed.
        LeaseSettled {
            /// Which.
            lease: LeaseId,
            /// All blocks before are billed.
            until: BlockNumber,
            /// Billed by this settlement, fee included.
            billed: Balance,
            /// The fee's part of it.
            fee: Balance,
        },
        /// The end of a lease was processed.
        LeaseEnded {
            /// Which.
            lease: LeaseId,
            /// The effective end: the first block that is not billed.
            at: BlockNumber,
            /// Why.
            reason: CloseReason,
        },
        /// The tail of a lease was judged and settled; nothing changes any more.
        LeaseFinal {
            /// Which.
            lease: LeaseId,
            /// All deposits.
            deposited: Balance,
            /// What the provider earned.
            to_provider: Balance,
            /// The fee.
            fee: Balance,
            /// What came back.
            refunded: Balance,
        },
        /// A deposit was added.
        Deposited {
            /// To which lease.
            lease: LeaseId,
            /// By whom.
            who: T::AccountId,
            /// How much.
            amount: Balance,
        },
        /// The provider gave notice.
        NoticeGiven {
            /// Of which lease.
            lease: LeaseId,
            /// The block at which it ends by this notice.
            ends_at: BlockNumber,
        },
        /// Another lease of the same deployment took over from one that was declined or not activated.
        LeaseTakenOver {
            /// The lease that ended.
            lease: LeaseId,
            /// The lease that was opened.
            by: LeaseId,
        },
        /// It was shown that the provider of a lease held the manifest early enough.
        ReceiptFiled {
            /// Of which lease.
            lease: LeaseId,
            /// The block at which the provider received it.
            received_at: BlockNumber,
        },
        /// A part of a lease's bond was paid to the tenant, because the provider did not show up or abandoned it.
        BondForfeited {
            /// Of which lease.
            lease: LeaseId,
            /// How much.
            amount: Balance,
        },
        /// The reservation fee was burned.
        ReservationBurned {
            /// Of which lease.
            lease: LeaseId,
            /// How much.
            amount: Balance,
        },
        /// The reservation fee was returned.
        ReservationReturned {
            /// Of which lease.
            lease: LeaseId,
            /// How much.
            amount: Balance,
        },
        /// The capacity that a lease took is free again.
        CapacityFreed {
            /// Which lease.
            lease: LeaseId,
        },
        /// The record of an ended lease was removed.
        LeasePruned {
            /// Which.
            lease: LeaseId,
        },
        /// The agenda could not advance a lease; it tries again later. Never expected.
        WakeFailed {
            /// Which.
            lease: LeaseId,
            /// Why.
            error: DispatchError,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// There is no record of this deployment.
        NoSuchDeployment,
        /// There is no record of this lease.
        NoSuchLease,
        /// Only the owner of the deployment may do this.
        NotOwner,
        /// Only the operator of the lease's provider may do this.
        NotOperator,
        /// A deployment needs a group.
        NoGroups,
        /// The order names no ask.
        NoAsks,
        /// The order asks for no CPU or no memory.
        NotRunnable,
        /// None of the asks that the group of this index names takes it at this block. The runtime's `explain_order`
        /// tells why not.
        NoAskFits(u8),
        /// Of the group of this index: the deposit does not cover W + E blocks at the lease's rate, plus the term where
        /// there is one.
        DepositTooSmall(u8),
        /// The term is zero.
        ZeroTerm,
        /// The term ends beyond the last block number.
        TermTooLong,
        /// The amount is zero.
        ZeroAmount,
        /// The lease waits no more for activation.
        NotPending,
        /// A receipt was filed already.
        ReceiptFiled,
        /// The time to file a receipt is over.
        ReceiptFiledTooLate,
        /// The provider received the manifest too late to be at fault.
        ReceivedTooLate,
        /// The receipt is not signed by the provider's heartbeat key over this chain, lease, commitment and block.
        BadReceipt,
        /// Attestation does not confirm that a lease of the deployment was abandoned.
        NotAbandoned,
        /// The lease is not active.
        NotActive,
        /// The lease has ended.
        LeaseEnded,
        /// The lease has not ended.
        LeaseRuns,
        /// Every lease of the deployment has ended.
        DeploymentEnded,
        /// The provider gave notice already.
        NoticeAlreadyGiven,
        /// Too many changes of the lease's terms wait beyond the first unjudged block.
        TooManyPendingChanges,
        /// A change of the terms lies before one that is made already.
        ChangeOutOfOrder,
        /// An amount or a block number overflows.
        Overflow,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        /// A quarter of what the block has left, so that a backlog leaves room for transactions.
        fn on_poll(_: BlockNumberFor<T>, weight: &mut WeightMeter) {
            let mut share = WeightMeter::with_limit(weight.remaining().saturating_div(4));
            Self::run_agenda(&mut share);
            weight.consume(share.consumed());
        }

        /// What transactions left.
        fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
            let mut meter = WeightMeter::with_limit(remaining);
            Self::run_agenda(&mut meter);
            meter.consumed()
        }

        fn integrity_test() {
            assert!(
                T::ActivationDeadline::get() > T::ActivationWindow::get(),
                "a manifest that arrives at once must arrive in time"
            );
            assert!(T::ReceiptWindow::get() > 0, "filing a receipt takes time");
            assert!(T::BondBlocks::get() > 0, "a lease without a bond answers for nothing");
            assert!(
                T::NoShowForfeit::get() <= MILLION && T::AbandonForfeit::get() <= MILLION,
                "no more than the bond is forfeited"
            );
            assert!(T::AbandonedEpochs::get() > 0, "abandonment takes time");
            assert!(T::NoticeBlocks::get() > 0, "notice takes time");
            assert!(T::TearDownGrace::get() > 0, "tear-down takes time");
            assert!(T::SettleInterval::get() > 0, "the agenda must move forward");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Opens a deployment with a lease for each group, at the first ask that fits; or nothing.
        #[pallet::call_index(0)]
        #[pallet::weight(Pallet::<T>::deploy_weight(groups))]
        pub fn deploy(
            origin: OriginFor<T>,
            groups: BoundedVec<GroupOrder<T::AccountId>, ConstU32<MAX_GROUPS>>,
        ) -> DispatchResultWithPostInfo {
            let owner = ensure_signed(origin)?;
            Self::do_deploy(owner, groups.into_inner())
        }

        /// The workload runs: billing starts with this block. By the provider's operator.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::activate())]
        pub fn activate(origin: OriginFor<T>, lease: LeaseId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_activate(who, lease)
        }

        /// Refuses a lease before its activation. By the provider's operator; the deposit is refunded whole. Unless the
        /// workload is at fault, the next ask that the order names takes over.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::decline(MAX_DUE_ENDS))]
        pub fn decline(origin: OriginFor<T>, lease: LeaseId, reason: DeclineReason) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            Self::do_decline(who, lease, reason)
        }

        /// Ends all leases of a deployment with this block. By its owner, who may claim that they are abandoned: then
        /// those end so of which attestation confirms it, one at least, and a part of their bonds pays the owner.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::close(MAX_LEASES))]
        pub fn close(
            origin: OriginFor<T>,
            deployment: DeploymentId,
            claim: Option<Claim>,
        ) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            Self::do_close(who, deployment, claim)
        }

        /// Ends an active lease `NoticeBlocks` from now. By the provider's operator.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::give_notice())]
        pub fn give_notice(origin: OriginFor<T>, lease: LeaseId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_give_notice(who, lease)
        }

        /// Adds to a lease's deposit, until its effective end. By its owner.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::deposit())]
        pub fn deposit(origin: OriginFor<T>, lease: LeaseId, amount: Balance) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_deposit(who, lease, amount)
        }

        /// Advances a lease to this block: bills what is judged, processes what is due. By anybody.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::settle())]
        pub fn settle(origin: OriginFor<T>, lease: LeaseId) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_settle(lease)
        }

        /// Reports that nothing of these ended leases is left in the cluster: their capacity is free. By the operator
        /// of their provider. Leases that are freed or pruned already are passed over.
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::torn_down(leases.len() as u32))]
        pub fn torn_down(origin: OriginFor<T>, leases: BoundedVec<LeaseId, ConstU32<MAX_TORN_DOWN>>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_torn_down(who, &leases)
        }

        /// Shows that the provider held the manifest of a lease that it has not activated, by the signature of its
        /// heartbeat key. By anybody, until `ReceiptWindow` blocks after the deadline.
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::file_receipt())]
        pub fn file_receipt(
            origin: OriginFor<T>,
            lease: LeaseId,
            received_at: BlockNumber,
            signature: [u8; 64],
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_file_receipt(lease, received_at, signature)
        }
    }
}
