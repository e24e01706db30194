//! Deployments, orders and leases, and the arithmetic that bills them.
//!
//! # Terminology
//!
//! - **Order**: resources, a commitment to a manifest, up to four asks, the highest rate and what is required of the
//!   provider. **Lease**: an order taken up by a provider at one of these asks. **Deployment**: a tenant's leases that
//!   belong together, one running at a time for each of its up to eight groups.
//! - **E**, **W**: the length of an attestation epoch, and epoch + reporting deadline + margin.
//! - **J**: the first block that no verdict covers. Nothing is billed beyond it.
//! - **Segment**: the terms from a block on: rate, payee, fee rate, whether paused or unready. **Boundary**: the first
//!   block of an attestation epoch.
//! - **Effective** and **processed**: a lease ends at a block by arithmetic; a call or the agenda writes it down later.
//!
//! Intervals are half-open: the activation block is billed, the end block is not.
//!
//! # Opening
//!
//! 1. `deploy` opens a lease for each group, at the first ask at which every check holds at this block: validity,
//!    tenant list, term limits, price, requirements, spread, deposit, capacity, stake and bond pool. Where one group
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
//! # Billing
//!
//! - A block costs the *rate* of its segment; nothing while the lease is *paused* or its workload *unready*, nor in
//!   blocks in which the provider was found absent, suspended or in announced maintenance.
//! - **What is left must do**: whatever costs more or takes money out leaves enough for the W + E blocks from the next
//!   one on, at the rates of the segments, and for the whole term where there is one: `balance ≥ cost of [J, b) +
//!   full cost of [b, b + W + E)`, where b is the next block or the end of the term. Unjudged blocks count as billed;
//!   the W + E blocks count as if the workload were ready. The same must hold at every boundary before b whose end
//!   has not come.
//! - At most four changes of terms wait beyond J, and eight segments are kept: those that end within W + E blocks
//!   before now, the one in force, and what waits. Any more are refused.
//!
//! # Changing
//!
//! - `resize` leases other resources from the next block on, at the prices that the ask has now at which the lease was
//!   opened: it must stand, and the rate be at most `max_rate`. What is more is taken out of capacity, stake and bond
//!   pool; what is less is free at once, because agents apply a change within seconds and a workload that comes into a
//!   place too early waits that long. The bond becomes `new rate × BondBlocks`, less the credits it paid. More or fewer
//!   replicas are other resources. `update` commits to another manifest for the same resources.
//! - `extend` lets the term end later, within the longest term of the ask as it stands, counted from the activation.
//! - `pause` lets the lease rest from the next boundary on for at most `MaxPause` blocks; its end is fixed with it, and
//!   `resume` ends it with the next block. The capacity stays, so all pauses together leave at most `PauseRatio` times
//!   of that unpaid which the lease has paid; a provider that does not want to keep it gives notice.
//! - `set_ready`, by the operator, stops the billing from the next boundary on, and starts it with the next block. An
//!   unready lease keeps its reserve.
//! - `offer_transfer` and `accept_transfer` give a deployment with its leases and escrow accounts to another owner, who
//!   takes over the deposit for its records. Deposits stay whose they are. Refused while a lease waits for activation,
//!   and to whom a standing ask is not for.
//! - `deposit` counts until the effective end, by whom the owner approved. `withdraw` gives back what is left of one's
//!   own. `FundsLow` warns once, `WarnBlocks` before the end by funds, and again after somebody deposited or
//!   changed the terms.
//!
//! # SLA
//!
//! Windows of `SlaWindow` blocks follow each other from the activation on. In each, `SlaWindow × (1 − sla)` absences
//! are allowed, rounded down; maintenance and void epochs are none. Each further one credits the tenant with the rate
//! that the provider answers for: the lowest so far of its window, of the one before, and of those before that as long
//! as each window after them was missed and ended with an absence. So a lease that is made larger once its provider is
//! gone credits and forfeits no more. All credits and the forfeit together are at most `BondBlocks` of that rate, out
//! of the bond, which a resize does not fill up. A pause costs nothing and credits nothing; that the workload was
//! unready helps nobody who is absent. The last window allows as much as a whole one, so that a tenant gains nothing by
//! closing in the midst of a short outage. One such absence makes the lease count as broken. A look at a lease counts
//! at most [`MAX_SLA_WINDOWS`] with absences; it is looked at again in the next block if there are more.
//!
//! # Ending
//!
//! The end is the earliest of these; at the same block the first counts:
//!
//! 1. the **term**,
//! 2. the provider's **notice** of N blocks, given at block g: for N ≤ W at g + N. For a longer one **J\* + W**, where
//!    J\* is the first judged boundary before which N − W blocks from g on were served: the provider present, the
//!    workload ready. Thus notice counts only while it is worth something, and its end is known W ahead.
//! 3. the **funds**: **J\* + W**, where J\* is the first judged boundary at which the balance is below the full cost
//!    of the next W + E blocks. What is deposited, withdrawn or changed before J\* + W counts for J\*.
//! 4. `close`, `take_down` by governance and `stop_for_abuse` by the operator, all at once. A provider that stops a lease
//!    pays for the notice that it does not give, `rate × blocks of notice left`, out of the bond and at most the bond:
//!    nobody has judged its claim. One that is taken down costs its provider nothing.
//!
//! Deposits, withdrawals, segments and verdicts decide alone; the blocks at which somebody settled do not. So says a
//! plain model that walks block by block (`perigee-billing-model`), beside which random lives are lived in the tests.
//!
//! Every call on a lease first advances it to the current block. A metered agenda does the same for each lease at the
//! block where something is due, and at least every `SettleInterval`. A backlog changes no bill and no score; the event
//! `AgendaBehind` and the runtime's `agenda_backlog` show it.
//!
//! After the end the tail waits for its verdicts; then escrow pays and refunds. Capacity returns when the operator
//! reports `torn_down` or `TearDownGrace` blocks after processing. The record stays for `RetentionBlocks`.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod agenda;
mod backlog;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod billing;
mod change;
mod close;
mod costs;
mod deploy;
mod ending;
pub mod funds;
mod lifecycle;
mod notice;
mod open;
mod pause;
mod place;
mod receipt;
mod settlement;
pub mod sla;
pub mod standing;
mod state;
mod transfer;
#[cfg(any(feature = "try-runtime", feature = "std"))]
mod try_state;
mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use costs::MAX_SEARCH_STEPS;
pub use pallet::*;
use place::{DueEnds, Placement, Wanted};
pub use types::*;

/// Due ends of a full candidate that `deploy` processes at most before it passes on; fewer where they are dear.
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
        AskId, Balance, BlockNumber, CloseReason, Commitment, DeclineReason, DeploymentId, FeeRate, GroupOrder,
        LeaseId, Ppm, ProviderId, Resources, MAX_GROUPS, MILLION,
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
        /// The longest pause.
        #[pallet::constant]
        type MaxPause: Get<BlockNumber>;
        /// Pauses leave at most so many times of that unpaid which the lease has paid.
        #[pallet::constant]
        type PauseRatio: Get<u32>;
        /// Blocks of a window in which the SLA is measured.
        #[pallet::constant]
        type SlaWindow: Get<BlockNumber>;
        /// The tenant is warned so many blocks before the end by funds.
        #[pallet::constant]
        type WarnBlocks: Get<BlockNumber>;
        /// An entry of the agenda that has been due for longer than this is shown by an event.
        #[pallet::constant]
        type BacklogAge: Get<BlockNumber>;
        /// Who takes leases down for abuse.
        type TakedownOrigin: EnsureOrigin<Self::RuntimeOrigin>;
        /// Weights.
        type WeightInfo: WeightInfo;
    }

    /// A deployment of this chain.
    pub type DeploymentOf<T> = Deployment<<T as frame_system::Config>::AccountId, <T as Config>::Consideration>;

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

    /// The number that the next deployment gets. However many a block opens, the database sees one access.
    #[pallet::storage]
    #[pallet::whitelist_storage]
    pub type NextDeploymentId<T: Config> = StorageValue<_, DeploymentId, ValueQuery>;

    /// The number that the next lease gets: all numbers are below it. However many a block opens, the database sees
    /// one access.
    #[pallet::storage]
    #[pallet::whitelist_storage]
    pub type NextLeaseId<T: Config> = StorageValue<_, LeaseId, ValueQuery>;

    /// The deployments.
    #[pallet::storage]
    pub type Deployments<T: Config> = StorageMap<_, Identity, DeploymentId, DeploymentOf<T>>;

    /// The leases, until they are pruned.
    #[pallet::storage]
    pub type Leases<T: Config> = StorageMap<_, Identity, LeaseId, Lease<T::AccountId>>;

    /// The deployments of an account.
    #[pallet::storage]
    pub type DeploymentsByOwner<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Identity, DeploymentId, (), OptionQuery>;

    /// When to look at which lease, earliest first: one entry per lease.
    #[pallet::storage]
    pub type Agenda<T: Config> = StorageDoubleMap<_, Identity, SortedBlock, Identity, LeaseId, (), OptionQuery>;

    /// The leases that take capacity of a provider, those earliest in the agenda first.
    #[pallet::storage]
    pub type LeasesByProvider<T: Config> = StorageNMap<
        _,
        (
            NMapKey<Identity, ProviderId>,
            NMapKey<Identity, SortedBlock>,
            NMapKey<Identity, LeaseId>,
        ),
        (),
        OptionQuery,
    >;

    /// Leases that lag behind: the agenda could not advance them, which is never expected, or their SLA is not counted
    /// up to the judged blocks. Attestation forgets nothing of their providers.
    #[pallet::storage]
    pub type Stuck<T: Config> = StorageDoubleMap<_, Identity, ProviderId, Identity, LeaseId, (), OptionQuery>;

    /// When a backlog of the agenda was shown last.
    #[pallet::storage]
    pub type BacklogShown<T: Config> = StorageValue<_, BlockNumber, OptionQuery>;

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
        /// A depositor took money out.
        Withdrawn {
            /// Of which lease.
            lease: LeaseId,
            /// Who.
            who: T::AccountId,
            /// How much.
            amount: Balance,
        },
        /// The end by funds is near. Shown once, and again after somebody deposited or changed the terms.
        FundsLow {
            /// Of which lease.
            lease: LeaseId,
            /// The block at which it ends, if every block until then is billed.
            ends_at: BlockNumber,
        },
        /// The resources of a lease were changed.
        LeaseResized {
            /// Which.
            lease: LeaseId,
            /// What is leased now.
            resources: Resources,
            /// Commitment to the manifest.
            commitment: Commitment,
            /// Rate per block.
            rate: Balance,
            /// The first block at this rate.
            from: BlockNumber,
        },
        /// A lease got another manifest.
        LeaseUpdated {
            /// Which.
            lease: LeaseId,
            /// Commitment to the manifest.
            commitment: Commitment,
        },
        /// The term of a lease ends later.
        LeaseExtended {
            /// Which.
            lease: LeaseId,
            /// The first block after it.
            ends_at: BlockNumber,
        },
        /// The tenant lets a lease rest.
        LeasePaused {
            /// Which.
            lease: LeaseId,
            /// The first block that costs nothing.
            from: BlockNumber,
            /// The first block after it that costs again, unless the tenant resumes it earlier.
            until: BlockNumber,
        },
        /// The tenant ended a pause.
        LeaseResumed {
            /// Of which lease.
            lease: LeaseId,
            /// The first block that costs again.
            from: BlockNumber,
        },
        /// The operator said whether a lease's workload runs.
        ReadinessSet {
            /// Of which lease.
            lease: LeaseId,
            /// Does it?
            ready: bool,
            /// The first block for which that counts.
            from: BlockNumber,
        },
        /// The provider gave notice.
        NoticeGiven {
            /// Of which lease.
            lease: LeaseId,
            /// The block at which it ends by this notice, if the provider is present until then; none while the
            /// workload is unready.
            ends_at: Option<BlockNumber>,
        },
        /// The bond paid the tenant for a notice that was not given.
        NoticePaid {
            /// Of which lease.
            lease: LeaseId,
            /// How much.
            amount: Balance,
        },
        /// The provider was absent for longer than its SLA allows.
        SlaCredited {
            /// In which lease.
            lease: LeaseId,
            /// What the absences beyond it would have cost.
            due: Balance,
            /// What the bond paid to the tenant for them.
            paid: Balance,
        },
        /// A deployment was offered to another account.
        TransferOffered {
            /// Which.
            deployment: DeploymentId,
            /// To whom.
            to: T::AccountId,
        },
        /// The offer of a deployment was taken back.
        TransferCancelled {
            /// Which deployment.
            deployment: DeploymentId,
        },
        /// A deployment, its leases and their escrow accounts have another owner.
        Transferred {
            /// Which.
            deployment: DeploymentId,
            /// The owner before.
            from: T::AccountId,
            /// The owner now.
            to: T::AccountId,
        },
        /// The agenda lags behind. Bills and scores do not change by it.
        AgendaBehind {
            /// The block at which its earliest entry was due.
            oldest: BlockNumber,
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
        /// Too many changes of the lease's terms wait beyond the first unjudged block, or were made within W + E
        /// blocks.
        TooManyPendingChanges,
        /// The ask that the lease was opened at has expired or was withdrawn.
        AskGone,
        /// The ask has no price for these resources.
        NotOffered,
        /// What is left of the deposit does not cover the W + E blocks from the next one on, or not the whole term.
        NotCovered,
        /// The rate is above `max_rate`.
        RateTooHigh,
        /// The number of blocks is zero.
        ZeroBlocks,
        /// The lease has no term.
        NoTerm,
        /// The pause is longer than `MaxPause`.
        PauseTooLong,
        /// Pauses would leave more than `PauseRatio` times of that unpaid which the lease has paid.
        PauseNotEarned,
        /// More windows of the SLA wait than one call counts: settle the lease first.
        SlaNotCounted,
        /// The lease is paused, or a pause is ahead.
        AlreadyPaused,
        /// The lease is not paused, and no pause is ahead.
        NotPaused,
        /// The operator has said so already.
        ReadinessUnchanged,
        /// A lease of the deployment waits for activation.
        LeasePending,
        /// The account owns the deployment already.
        AlreadyOwner,
        /// The deployment is not offered to this account, or to nobody.
        NoTransferOffered,
        /// The ask of a lease is not for this account, or not any more.
        TenantNotAdmitted,
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
            assert!(T::TearDownGrace::get() > 0, "tear-down takes time");
            assert!(T::SettleInterval::get() > 0, "the agenda must move forward");
            assert!(T::MaxPause::get() > 0, "a pause takes time");
            assert!(T::PauseRatio::get() > 0, "a lease that has paid may rest");
            assert!(T::SlaWindow::get() > 0, "an SLA is measured over time");
            assert!(T::BacklogAge::get() > 0, "a backlog is shown once in a while");
            Self::ensure_calls_fit_a_block();
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
        #[pallet::weight(Pallet::<T>::decline_weight())]
        pub fn decline(origin: OriginFor<T>, lease: LeaseId, reason: DeclineReason) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            Self::do_decline(who, lease, reason)
        }

        /// Ends all leases of a deployment with this block. By its owner, who may claim that they are abandoned: then
        /// those end so of which attestation confirms it, one at least, and a part of their bonds pays the owner.
        #[pallet::call_index(3)]
        #[pallet::weight(Pallet::<T>::close_weight(*claim))]
        pub fn close(
            origin: OriginFor<T>,
            deployment: DeploymentId,
            claim: Option<Claim>,
        ) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            Self::do_close(who, deployment, claim)
        }

        /// Ends an active lease when the notice is over that its ask promised. By the provider's operator.
        #[pallet::call_index(4)]
        #[pallet::weight(Pallet::<T>::at_most(T::WeightInfo::give_notice(), 1))]
        pub fn give_notice(origin: OriginFor<T>, lease: LeaseId) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            Self::do_give_notice(who, lease)?;
            Ok(Self::used(T::WeightInfo::give_notice(), &[lease], 1))
        }

        /// Adds to a lease's deposit, until its effective end. By its owner, or by whom the owner approved.
        #[pallet::call_index(5)]
        #[pallet::weight(Pallet::<T>::at_most(T::WeightInfo::deposit(), 2))]
        pub fn deposit(origin: OriginFor<T>, lease: LeaseId, amount: Balance) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            Self::do_deposit(who, lease, amount)?;
            Ok(Self::used(T::WeightInfo::deposit(), &[lease], 2))
        }

        /// Advances a lease to this block: bills what is judged, processes what is due. By anybody. A lease that waits
        /// for activation is left to the agenda.
        #[pallet::call_index(6)]
        #[pallet::weight(Pallet::<T>::at_most(T::WeightInfo::settle(), 1))]
        pub fn settle(origin: OriginFor<T>, lease: LeaseId) -> DispatchResultWithPostInfo {
            ensure_signed(origin)?;
            Self::do_settle(lease)?;
            Ok(Self::used(T::WeightInfo::settle(), &[lease], 1))
        }

        /// Reports that nothing of these ended leases is left in the cluster: their capacity is free. By the operator
        /// of their provider. Leases that are freed or pruned already are passed over.
        #[pallet::call_index(7)]
        #[pallet::weight(Pallet::<T>::at_most(T::WeightInfo::torn_down(leases.len() as u32), leases.len() as u32 + 1))]
        pub fn torn_down(
            origin: OriginFor<T>,
            leases: BoundedVec<LeaseId, ConstU32<MAX_TORN_DOWN>>,
        ) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            Self::do_torn_down(who, &leases)?;
            Ok(Self::used(T::WeightInfo::torn_down(leases.len() as u32), &leases, 1))
        }

        /// Shows that the provider held the manifest of a lease that it has not activated, by the signature of its
        /// heartbeat key. By anybody, until `ReceiptWindow` blocks after the deadline.
        #[pallet::call_index(8)]
        #[pallet::weight(Pallet::<T>::at_most(T::WeightInfo::file_receipt(), 1).saturating_add(Pallet::<T>::take_over_at_most()))]
        pub fn file_receipt(
            origin: OriginFor<T>,
            lease: LeaseId,
            received_at: BlockNumber,
            signature: [u8; 64],
        ) -> DispatchResultWithPostInfo {
            ensure_signed(origin)?;
            Self::do_file_receipt(lease, received_at, signature)
        }

        /// Advances several leases like `settle`. By anybody. Leases that are pruned already are passed over.
        #[pallet::call_index(20)]
        #[pallet::weight(Pallet::<T>::at_most(T::WeightInfo::settle_many(leases.len() as u32), leases.len() as u32))]
        pub fn settle_many(
            origin: OriginFor<T>,
            leases: BoundedVec<LeaseId, ConstU32<MAX_SETTLED>>,
        ) -> DispatchResultWithPostInfo {
            ensure_signed(origin)?;
            Self::do_settle_many(&leases)?;
            Ok(Self::used(T::WeightInfo::settle_many(leases.len() as u32), &leases, 1))
        }

        /// Takes back what is left of one's own deposits, as far as W + E blocks stay covered, and the term where there
        /// is one. By a depositor.
        #[pallet::call_index(21)]
        #[pallet::weight(Pallet::<T>::at_most(T::WeightInfo::withdraw(), 2))]
        pub fn withdraw(origin: OriginFor<T>, lease: LeaseId, amount: Balance) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            Self::do_withdraw(who, lease, amount)?;
            Ok(Self::used(T::WeightInfo::withdraw(), &[lease], 2))
        }

        /// Leases other resources from the next block on, at the prices of the ask that the lease was opened at. By its
        /// owner.
        #[pallet::call_index(22)]
        #[pallet::weight(Pallet::<T>::at_most(T::WeightInfo::resize(), 2))]
        pub fn resize(
            origin: OriginFor<T>,
            lease: LeaseId,
            resources: Resources,
            commitment: Commitment,
            max_rate: Balance,
        ) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            Self::do_resize(who, lease, resources, commitment, max_rate)?;
            Ok(Self::used(T::WeightInfo::resize(), &[lease], 2))
        }

        /// Commits to another manifest for the same resources. By the lease's owner.
        #[pallet::call_index(23)]
        #[pallet::weight(Pallet::<T>::at_most(T::WeightInfo::update(), 1))]
        pub fn update(origin: OriginFor<T>, lease: LeaseId, commitment: Commitment) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            Self::do_update(who, lease, commitment)?;
            Ok(Self::used(T::WeightInfo::update(), &[lease], 1))
        }

        /// Lets the term of a lease end so many blocks later. By its owner.
        #[pallet::call_index(24)]
        #[pallet::weight(Pallet::<T>::at_most(T::WeightInfo::extend(), 2))]
        pub fn extend(origin: OriginFor<T>, lease: LeaseId, blocks: BlockNumber) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            Self::do_extend(who, lease, blocks)?;
            Ok(Self::used(T::WeightInfo::extend(), &[lease], 2))
        }

        /// Lets a lease rest for so many blocks from the next attestation epoch on: it costs nothing and keeps its
        /// capacity. By its owner.
        #[pallet::call_index(25)]
        #[pallet::weight(Pallet::<T>::at_most(T::WeightInfo::pause(), 1))]
        pub fn pause(origin: OriginFor<T>, lease: LeaseId, blocks: BlockNumber) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            Self::do_pause(who, lease, blocks)?;
            Ok(Self::used(T::WeightInfo::pause(), &[lease], 1))
        }

        /// Ends a pause with the next block. By the lease's owner.
        #[pallet::call_index(26)]
        #[pallet::weight(Pallet::<T>::at_most(T::WeightInfo::resume(), 2))]
        pub fn resume(origin: OriginFor<T>, lease: LeaseId) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            Self::do_resume(who, lease)?;
            Ok(Self::used(T::WeightInfo::resume(), &[lease], 2))
        }

        /// Says whether the workload of a lease runs: while it does not, from the next attestation epoch on, nothing is
        /// billed. By the provider's operator.
        #[pallet::call_index(27)]
        #[pallet::weight(Pallet::<T>::at_most(T::WeightInfo::set_ready(), 1))]
        pub fn set_ready(origin: OriginFor<T>, lease: LeaseId, ready: bool) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            Self::do_set_ready(who, lease, ready)?;
            Ok(Self::used(T::WeightInfo::set_ready(), &[lease], 1))
        }

        /// Ends an active lease for abuse with this block; the bond pays for the notice that is not given. By the
        /// provider's operator.
        #[pallet::call_index(28)]
        #[pallet::weight(Pallet::<T>::at_most(T::WeightInfo::stop_for_abuse(), 1))]
        pub fn stop_for_abuse(origin: OriginFor<T>, lease: LeaseId, evidence: [u8; 32]) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            Self::do_stop_for_abuse(who, lease, evidence)?;
            Ok(Self::used(T::WeightInfo::stop_for_abuse(), &[lease], 1))
        }

        /// Ends a lease for abuse with this block. By `TakedownOrigin`.
        #[pallet::call_index(29)]
        #[pallet::weight(Pallet::<T>::at_most(T::WeightInfo::take_down(), 2))]
        pub fn take_down(origin: OriginFor<T>, lease: LeaseId, evidence: [u8; 32]) -> DispatchResultWithPostInfo {
            T::TakedownOrigin::ensure_origin(origin)?;
            Self::do_take_down(lease, evidence)?;
            Ok(Self::used(T::WeightInfo::take_down(), &[lease], 2))
        }

        /// Offers a deployment with all its leases to another account, in place of an offer made before. By its owner.
        #[pallet::call_index(30)]
        #[pallet::weight(T::WeightInfo::offer_transfer())]
        pub fn offer_transfer(origin: OriginFor<T>, deployment: DeploymentId, to: T::AccountId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_offer_transfer(who, deployment, to)
        }

        /// Takes the offer of a deployment back. By its owner.
        #[pallet::call_index(31)]
        #[pallet::weight(T::WeightInfo::cancel_transfer())]
        pub fn cancel_transfer(origin: OriginFor<T>, deployment: DeploymentId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_cancel_transfer(who, deployment)
        }

        /// Becomes the owner of a deployment, of its leases and of their escrow accounts; deposits stay whose they are.
        /// By the account that it is offered to, while no lease waits for activation.
        #[pallet::call_index(32)]
        #[pallet::weight(Pallet::<T>::at_most(T::WeightInfo::accept_transfer(MAX_LEASES), MAX_GROUPS))]
        pub fn accept_transfer(origin: OriginFor<T>, deployment: DeploymentId) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            Self::do_accept_transfer(who, deployment)
        }
    }
}
