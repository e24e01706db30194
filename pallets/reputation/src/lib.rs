//! Heartbeat attestation: who was absent, judged by a quorum of validators.
//!
//! # Terms
//!
//! - An *attestation epoch* is a fixed number of blocks; its *deadline* is so many blocks after its end.
//! - At an epoch's first block a *snapshot* is taken: the validators with their `hbat` session keys, and the
//!   *high-water mark*, the index the next provider would get.
//! - A *report* lists the providers that one validator of the snapshot holds to have been absent.
//! - A *verdict* is either decided, with those whom more than half of all validators listed, or void.
//! - *Judged until* is the first block that no verdict covers. It only moves forward, an epoch at a time.
//! - A *run* is a stretch of blocks in which a provider is not billed.
//! - *Standings* are what orders may ask of a provider: its attested availability and its service score.
//!
//! # One epoch
//!
//! 1. During the epoch every node notes the heartbeats it receives. At the end it stores a record off chain.
//! 2. The off-chain worker of a validator turns the record into one report, signs it with the session key, and submits
//!    it. A node that did not listen in all slots abstains, and says why in its log.
//! 3. Reports are stored as they come. Once all validators have reported, at latest after the deadline, they are
//!    counted, once.
//! 4. The outcome is written down, as much per block as fits, and then *judged until* moves to the epoch's end.
//!
//! Providers are judged from their first full epoch on. The rest of the rules is in [`perigee_heartbeat::quorum`].
//!
//! # Standings
//!
//! Both are computed when they are asked for. [`availability`] counts the epochs that a provider missed in the last 30
//! days; only who was absent is written. [`score`] weighs how its leases went; only who had a lease is written. Who is
//! new has neither, and passes no filter: nothing known is not taken for good.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod availability;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod crypto;
#[cfg(any(feature = "try-runtime", feature = "std"))]
mod invariants;
mod judging;
mod reports;
pub mod score;
mod session;
mod standings;
mod types;
mod unbilled;
pub mod weights;
mod worker;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use availability::{Day, DayCounts, Missed};
pub use crypto::*;
pub use pallet::*;
pub use score::{Evidence, OutcomeWeight, ServiceRecord, Shares};
pub use types::*;
pub use weights::WeightInfo;

const LOG_TARGET: &str = "perigee::reputation";

#[frame_support::pallet]
pub mod pallet {
    use crate::{
        Application, AuthorityId, AuthoritySignature, Missed, OutcomeWeight, RunIndex, ServiceRecord, StoredReport,
        WeightInfo,
    };
    use frame_support::{pallet_prelude::*, weights::WeightMeter, DefaultNoBound, WeakBoundedVec};
    use frame_system::{offchain::CreateAuthorizedTransaction, pallet_prelude::*};
    use perigee_heartbeat::Report;
    use perigee_primitives::{
        traits::{Outcome, ProviderInspect},
        AttestationEpoch, AttestationTimes, Balance, BlockNumber, ProviderId, UnbilledRun, Verdict, SLOTS,
    };
    use sp_runtime::SaturatedConversion;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// Needs `frame_system::AuthorizeCall` among the runtime's transaction extensions.
    #[pallet::config]
    pub trait Config:
        CreateAuthorizedTransaction<Call<Self>> + frame_system::Config<RuntimeEvent: From<Event<Self>>>
    {
        /// Who is judged.
        type Providers: ProviderInspect<Self::AccountId>;

        /// Most validators of a session. More would be counted, with a warning.
        #[pallet::constant]
        type MaxValidators: Get<u32>;

        /// An epoch is void when its median reporter's finality trailed the epoch's end by more blocks than this.
        /// Suggested: far above what a healthy network shows, for example 100.
        #[pallet::constant]
        type MaxFinalityLag: Get<BlockNumber>;

        /// Priority of reports in the transaction pool. Suggested: above transfers, below consensus.
        #[pallet::constant]
        type ReportPriority: Get<TransactionPriority>;

        /// Blocks of a day, in which availability and the age of outcomes are counted.
        #[pallet::constant]
        type DayBlocks: Get<BlockNumber>;

        /// What the average lease is taken to pay as fee, until leases have said otherwise: outcomes are weighed by the
        /// fee paid against it. Suggested: the fee of an ordinary lease.
        #[pallet::constant]
        type TypicalFee: Get<Balance>;

        /// Weights of this pallet.
        type WeightInfo: WeightInfo;
    }

    /// Lengths of epoch, deadline and margin. Set at genesis.
    #[pallet::storage]
    pub type Times<T> = StorageValue<_, AttestationTimes, OptionQuery>;

    /// The first block that no verdict covers; always an epoch's first.
    #[pallet::storage]
    pub type JudgedUntil<T> = StorageValue<_, BlockNumber, ValueQuery>;

    /// Report keys of the validators of this session.
    #[pallet::storage]
    pub type Authorities<T: Config> = StorageValue<_, WeakBoundedVec<AuthorityId, T::MaxValidators>, ValueQuery>;

    /// Report keys of the validators that were active at an epoch's first block. Kept until the epoch is judged.
    #[pallet::storage]
    pub type Validators<T: Config> =
        StorageMap<_, Twox64Concat, AttestationEpoch, WeakBoundedVec<AuthorityId, T::MaxValidators>>;

    /// The index that the next provider would have got at an epoch's first block. Kept until the epoch is judged.
    #[pallet::storage]
    pub type HighWater<T> = StorageMap<_, Twox64Concat, AttestationEpoch, ProviderId, ValueQuery>;

    /// Reports as they came in, by epoch and validator. Kept until they are counted.
    #[pallet::storage]
    pub type Reports<T> =
        StorageDoubleMap<_, Twox64Concat, AttestationEpoch, Twox64Concat, u32, StoredReport, OptionQuery>;

    /// How many reports of an epoch came in.
    #[pallet::storage]
    pub type ReportCount<T> = StorageMap<_, Twox64Concat, AttestationEpoch, u32, ValueQuery>;

    /// The verdict that is being written down, of the epoch that begins at [`JudgedUntil`].
    #[pallet::storage]
    pub type Applying<T> = StorageValue<_, Application, OptionQuery>;

    /// The last verdicts.
    #[pallet::storage]
    pub type Verdicts<T> = StorageMap<_, Twox64Concat, AttestationEpoch, Verdict>;

    /// Runs of blocks in which a provider is not billed, numbered without a gap, ascending, not overlapping.
    #[pallet::storage]
    pub type Unbilled<T> = StorageDoubleMap<_, Identity, ProviderId, Twox64Concat, u32, UnbilledRun>;

    /// Which runs of a provider are stored.
    #[pallet::storage]
    pub type UnbilledIndex<T> = StorageMap<_, Identity, ProviderId, RunIndex, ValueQuery>;

    /// How many of the epochs before this one were decided. Kept as far back as availability is counted.
    #[pallet::storage]
    pub type DecidedBefore<T> = StorageMap<_, Twox64Concat, AttestationEpoch, u32, ValueQuery>;

    /// Epochs of the last 30 days for which a provider is not billed, by day. Written for those who were absent.
    #[pallet::storage]
    pub type MissedEpochs<T> = StorageMap<_, Identity, ProviderId, Missed, ValueQuery>;

    /// How the leases of a provider went, weighted and aged.
    #[pallet::storage]
    pub type ServiceRecords<T> = StorageMap<_, Identity, ProviderId, ServiceRecord, ValueQuery>;

    /// The fee that leases paid on average, against which outcomes are weighed.
    #[pallet::storage]
    pub type AverageFee<T: Config> = StorageValue<_, Balance, ValueQuery, T::TypicalFee>;

    #[pallet::genesis_config]
    #[derive(DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// Lengths of epoch, deadline and margin.
        pub times: Option<AttestationTimes>,
        #[serde(skip)]
        #[doc(hidden)]
        pub _config: core::marker::PhantomData<T>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            let Some(times) = self.times else {
                return;
            };
            assert!(
                times.epoch > 0 && times.epoch % SLOTS == 0,
                "an epoch is a multiple of ten blocks"
            );
            assert!(
                times.deadline > 1 && times.deadline < times.epoch,
                "reports of one epoch are taken at a time, and need a block or two to arrive"
            );
            Times::<T>::put(times);
        }
    }

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A validator reported.
        ReportReceived {
            /// About which epoch.
            epoch: AttestationEpoch,
            /// Its index in the epoch's snapshot.
            validator: u32,
        },
        /// A provider was judged absent; the epoch's blocks are not billed.
        ProviderAbsent {
            /// Who.
            provider: ProviderId,
            /// When.
            epoch: AttestationEpoch,
        },
        /// An epoch was judged; everything up to `judged_until` is final.
        EpochJudged {
            /// Which.
            epoch: AttestationEpoch,
            /// What was found.
            verdict: Verdict,
            /// The first block that no verdict covers.
            judged_until: BlockNumber,
        },
        /// It was noted how a lease of a provider went.
        OutcomeNoted {
            /// Whose service it was.
            provider: ProviderId,
            /// How it went.
            outcome: Outcome,
            /// What counts of it, in parts of 65,536.
            weight: OutcomeWeight,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// Reports about this epoch are not taken now: it is not over, or its deadline is.
        NotOpen,
        /// The epoch's snapshot has no validator of this index.
        UnknownValidator,
        /// The validator has reported already; the first report counts.
        AlreadyReported,
        /// The list of absent providers is malformed, or names a provider the epoch does not know.
        BadList,
        /// The signature is not the validator's.
        BadSignature,
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Reports who was absent in an epoch. Sent by the off-chain worker of a validator, signed with its session
        /// key, free of charge.
        #[pallet::call_index(0)]
        #[pallet::weight((T::WeightInfo::report(report.absent.byte_len()), DispatchClass::Operational))]
        #[pallet::weight_of_authorize(T::WeightInfo::authorize_report(report.absent.byte_len()))]
        #[pallet::authorize(Self::validate_report)]
        pub fn report(origin: OriginFor<T>, report: Report, signature: AuthoritySignature) -> DispatchResult {
            ensure_authorized(origin)?;
            // Checked before this block; the report and its signer are what they were.
            let _ = signature;
            Self::do_report(report)
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(now: BlockNumberFor<T>) -> Weight {
            Self::take_snapshot(now.saturated_into())
        }

        fn on_poll(now: BlockNumberFor<T>, meter: &mut WeightMeter) {
            Self::judge_what_is_due(now.saturated_into(), meter);
        }

        fn integrity_test() {
            let day = T::DayBlocks::get();
            assert!(day > 0, "a day has blocks");
            assert!(
                day / SLOTS <= u16::MAX.into(),
                "the shortest epochs of a day are counted in 16 bits"
            );
            assert!(
                T::TypicalFee::get() > 0,
                "an average of zero would weigh every fee alike"
            );
        }

        fn offchain_worker(now: BlockNumberFor<T>) {
            Self::report_as_validator(now.saturated_into());
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }
}
