//! Perigee's own pallets: providers, escrow, reputation, marketplace.

use crate::{
    configs::{
        consensus::MAX_VALIDATORS,
        money::{deposit, TreasuryAccount, MILLI_PRG},
    },
    *,
};
use frame_support::{
    parameter_types,
    traits::{fungible::HoldConsideration, ConstU128, ConstU32, LinearStoragePrice},
    PalletId,
};
use frame_system::EnsureRoot;
use pallet_providers::TierRule;
use perigee_primitives::{FeeRate, MILLION, PRG};

/// Blocks of a minute.
pub const MINUTES: BlockNumber = (60_000 / SLOT_MILLIS) as BlockNumber;
/// Blocks of an hour.
pub const HOURS: BlockNumber = 60 * MINUTES;
/// Blocks of a day.
pub const DAYS: BlockNumber = 24 * HOURS;

/// What a record holds for each item and each byte of it.
type RecordPrice = LinearStoragePrice<DepositBase, DepositPerByte, Balance>;

parameter_types! {
    pub const DepositBase: Balance = deposit(1, 0);
    pub const DepositPerByte: Balance = deposit(0, 1);
    pub const ProviderRecord: RuntimeHoldReason =
        RuntimeHoldReason::Providers(pallet_providers::HoldReason::Record);
    pub const MarketplaceRecord: RuntimeHoldReason =
        RuntimeHoldReason::Marketplace(pallet_marketplace::HoldReason::Record);
    /// What `Standard` and `Premium` ask of a provider.
    pub const ProviderTiers: [TierRule; 2] = [
        TierRule { stake: 1_000 * PRG, availability: 950_000, age: 7 * DAYS },
        TierRule { stake: 10_000 * PRG, availability: 995_000, age: 30 * DAYS },
    ];
    /// Above every transfer; reports have a deadline.
    pub const ReportPriority: u64 = u64::MAX / 2;
    /// Collects the fees until somebody distributes them.
    pub const IncomePalletId: PalletId = PalletId(*b"prg/incm");
    /// Four per cent of what is billed, until another rate is set.
    pub const InitialFee: FeeRate = match FeeRate::new(4 * MILLION / 100) {
        Some(rate) => rate,
        None => FeeRate::MIN,
    };
}

impl pallet_providers::Config for Runtime {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type RecordDeposit = HoldConsideration<AccountId, Balances, ProviderRecord, RecordPrice>;
    type Scores = Reputation;
    type SlashOrigin = EnsureRoot<AccountId>;
    type IncomeAccount = pallet_escrow::IncomeAccount<Runtime>;
    type MinStake = ConstU128<{ 100 * PRG }>;
    type StakeBlocks = ConstU32<{ 7 * DAYS }>;
    type UnbondingDelay = ConstU32<{ 7 * DAYS }>;
    type Tiers = ProviderTiers;
    type MaxAsks = ConstU32<8>;
    type MinNotice = ConstU32<MINUTES>;
    type MaxNotice = ConstU32<{ 30 * DAYS }>;
    type KeyOverlap = ConstU32<DAYS>;
    type WeightInfo = pallet_providers::weights::SubstrateWeight<Runtime>;
}

impl pallet_escrow::Config for Runtime {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type PalletId = IncomePalletId;
    type Treasury = TreasuryAccount;
    type InitialFee = InitialFee;
    type AdminOrigin = EnsureRoot<AccountId>;
    type WeightInfo = pallet_escrow::weights::SubstrateWeight<Runtime>;
}

impl pallet_reputation::Config for Runtime {
    type Providers = Providers;
    type MaxValidators = ConstU32<MAX_VALIDATORS>;
    type MaxFinalityLag = ConstU32<100>;
    type ReportPriority = ReportPriority;
    type DayBlocks = ConstU32<DAYS>;
    type TypicalFee = ConstU128<{ 10 * MILLI_PRG }>;
    type WeightInfo = pallet_reputation::weights::SubstrateWeight<Runtime>;
}

impl pallet_marketplace::Config for Runtime {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Consideration = HoldConsideration<AccountId, Balances, MarketplaceRecord, RecordPrice>;
    type Escrow = Escrow;
    type Providers = Providers;
    type Bonds = Providers;
    type Availability = Reputation;
    type Scores = Reputation;
    type Fee = pallet_escrow::CurrentFee<Runtime>;
    // A manifest that arrives within five minutes leaves the provider five more.
    type ActivationDeadline = ConstU32<{ 10 * MINUTES }>;
    type ActivationWindow = ConstU32<{ 5 * MINUTES }>;
    type ReceiptWindow = ConstU32<{ 5 * MINUTES }>;
    type BondBlocks = ConstU32<DAYS>;
    type NoShowForfeit = ConstU32<{ MILLION / 10 }>;
    type AbandonForfeit = ConstU32<MILLION>;
    type AbandonedEpochs = ConstU32<36>;
    type ReservationFee = ConstU128<{ 10 * MILLI_PRG }>;
    type TearDownGrace = ConstU32<150>;
    type RetentionBlocks = ConstU32<DAYS>;
    type SettleInterval = ConstU32<{ 30 * DAYS }>;
    type MaxPause = ConstU32<{ 7 * DAYS }>;
    // Enough for what works by day and rests at night and at weekends.
    type PauseRatio = ConstU32<3>;
    type SlaWindow = ConstU32<DAYS>;
    type WarnBlocks = ConstU32<{ 6 * HOURS }>;
    type BacklogAge = ConstU32<{ 10 * MINUTES }>;
    type TakedownOrigin = EnsureRoot<AccountId>;
    type WeightInfo = pallet_marketplace::weights::SubstrateWeight<Runtime>;
}
