//! A chain of the four pallets, composed as in the runtime, with short times. Nothing is scripted: attestation judges by
//! the reports that validators send.

use frame_support::{
    derive_impl, parameter_types,
    traits::{fungible::HoldConsideration, ConstU128, ConstU32, ConstU64, LinearStoragePrice},
};
use pallet_providers::TierRule;
use pallet_reputation::AuthorityId;
use perigee_primitives::{AttestationTimes, Balance, BlockNumber, FeeRate, PriceSchedule, Resources};
use sp_core::{crypto::UncheckedFrom, ed25519, sr25519, Pair};
use sp_runtime::{generic, testing::TestXt, traits::BlakeTwo256, BuildStorage};
use std::{
    collections::BTreeMap,
    sync::{LazyLock, Mutex},
};

type Extension = frame_system::AuthorizeCall<Test>;
type Extrinsic = TestXt<RuntimeCall, Extension>;
type Block = generic::Block<generic::Header<BlockNumber, BlakeTwo256>, Extrinsic>;

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeTask
    )]
    pub struct Test;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(1)]
    pub type Balances = pallet_balances;
    #[runtime::pallet_index(2)]
    pub type Providers = pallet_providers;
    #[runtime::pallet_index(3)]
    pub type Escrow = pallet_escrow;
    #[runtime::pallet_index(4)]
    pub type Reputation = pallet_reputation;
    #[runtime::pallet_index(5)]
    pub type Marketplace = pallet_marketplace;
}

/// Who has an account.
pub type Who = u64;

pub const ED: Balance = 100;
/// What each of the rich owns: more than all steps of a world move.
pub const RICH: Balance = 1_000_000_000_000;
/// More than there is.
pub const EVERYTHING: Balance = 1_000 * RICH;
/// Collects the fees.
pub const POT: Who = u64::from_le_bytes(*b"modlprg/");
/// E = 10, W = 20.
pub const TIMES: AttestationTimes = AttestationTimes {
    epoch: 10,
    deadline: 5,
    margin: 5,
};
/// W + E.
pub const RESERVE: BlockNumber = 30;
pub const MAX_LAG: BlockNumber = 20;
pub const VALIDATORS: u32 = 4;
pub const ACTIVATION_DEADLINE: BlockNumber = 15;
pub const ACTIVATION_WINDOW: BlockNumber = 6;
pub const RECEIPT_WINDOW: BlockNumber = 5;
pub const BOND_BLOCKS: BlockNumber = 50;
pub const NO_SHOW_FORFEIT: u32 = 500_001;
pub const ABANDON_FORFEIT: u32 = 800_003;
pub const ABANDONED_EPOCHS: u32 = 3;
pub const RESERVATION: Balance = 101;
pub const RETENTION: BlockNumber = 70;
pub const MAX_PAUSE: BlockNumber = 60;
pub const PAUSE_RATIO: u32 = 2;
pub const SLA_WINDOW: BlockNumber = 50;
pub const MIN_STAKE: Balance = 1_000;
pub const STAKE_BLOCKS: BlockNumber = 20;
/// Standard and premium. Providers are absent often.
pub const TIERS: [TierRule; 2] = [
    TierRule {
        stake: 2 * MIN_STAKE,
        availability: 600_000,
        age: 100,
    },
    TierRule {
        stake: 4 * MIN_STAKE,
        availability: 750_000,
        age: 300,
    },
];
pub const DAY: BlockNumber = 45;
pub const UNBONDING: BlockNumber = 30;
pub const MAX_ASKS: u32 = 8;
pub const MIN_NOTICE: BlockNumber = 5;
pub const MAX_NOTICE: BlockNumber = 500;
pub const KEY_OVERLAP: BlockNumber = 40;

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type ExistentialDeposit = ConstU128<ED>;
    type AccountStore = System;
    type FreezeIdentifier = u8;
    type MaxFreezes = ConstU32<1>;
}

parameter_types! {
    pub const Treasury: Who = TREASURY;
    pub const Pot: frame_support::PalletId = frame_support::PalletId(*b"prg/incm");
    pub const ProviderRecord: RuntimeHoldReason = RuntimeHoldReason::Providers(pallet_providers::HoldReason::Record);
    pub const LeaseRecord: RuntimeHoldReason = RuntimeHoldReason::Marketplace(pallet_marketplace::HoldReason::Record);
    pub const RecordBase: Balance = 100;
    pub const RecordByte: Balance = 1;
    pub const Tiers: [TierRule; 2] = TIERS;
    pub const Fee: FeeRate = FeeRate::new(40_000).expect("4 % lies within the bounds; qed");
}

/// Gets the protocol's income until shares are set.
pub const TREASURY: Who = 9;

type Record<Reason> = HoldConsideration<Who, Balances, Reason, LinearStoragePrice<RecordBase, RecordByte, Balance>>;

impl pallet_providers::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type RecordDeposit = Record<ProviderRecord>;
    type Scores = Reputation;
    type SlashOrigin = frame_system::EnsureRoot<Who>;
    type IncomeAccount = pallet_escrow::IncomeAccount<Test>;
    type MinStake = ConstU128<MIN_STAKE>;
    type StakeBlocks = ConstU32<STAKE_BLOCKS>;
    type UnbondingDelay = ConstU32<UNBONDING>;
    type Tiers = Tiers;
    type MaxAsks = ConstU32<MAX_ASKS>;
    type MinNotice = ConstU32<MIN_NOTICE>;
    type MaxNotice = ConstU32<MAX_NOTICE>;
    type KeyOverlap = ConstU32<KEY_OVERLAP>;
    type WeightInfo = ();
}

impl pallet_escrow::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type PalletId = Pot;
    type Treasury = Treasury;
    type InitialFee = Fee;
    type AdminOrigin = frame_system::EnsureRoot<Who>;
    type WeightInfo = ();
}

impl pallet_reputation::Config for Test {
    type Providers = Providers;
    type MaxValidators = ConstU32<16>;
    type MaxFinalityLag = ConstU32<MAX_LAG>;
    type ReportPriority = ConstU64<7>;
    type DayBlocks = ConstU32<DAY>;
    type TypicalFee = ConstU128<100>;
    type WeightInfo = ();
}

impl pallet_marketplace::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Consideration = Record<LeaseRecord>;
    type Escrow = Escrow;
    type Providers = Providers;
    type Bonds = Providers;
    type Availability = Reputation;
    type Scores = Reputation;
    type Fee = pallet_escrow::CurrentFee<Test>;
    type ActivationDeadline = ConstU32<ACTIVATION_DEADLINE>;
    type ActivationWindow = ConstU32<ACTIVATION_WINDOW>;
    type ReceiptWindow = ConstU32<RECEIPT_WINDOW>;
    type BondBlocks = ConstU32<BOND_BLOCKS>;
    type NoShowForfeit = ConstU32<NO_SHOW_FORFEIT>;
    type AbandonForfeit = ConstU32<ABANDON_FORFEIT>;
    type AbandonedEpochs = ConstU32<ABANDONED_EPOCHS>;
    type ReservationFee = ConstU128<RESERVATION>;
    type TearDownGrace = ConstU32<12>;
    type RetentionBlocks = ConstU32<RETENTION>;
    type SettleInterval = ConstU32<200>;
    type MaxPause = ConstU32<MAX_PAUSE>;
    type PauseRatio = ConstU32<PAUSE_RATIO>;
    type SlaWindow = ConstU32<SLA_WINDOW>;
    type WarnBlocks = ConstU32<30>;
    type BacklogAge = ConstU32<10>;
    type TakedownOrigin = frame_system::EnsureRoot<Who>;
    type WeightInfo = ();
}

impl<C> frame_system::offchain::CreateTransactionBase<C> for Test
where
    RuntimeCall: From<C>,
{
    type RuntimeCall = RuntimeCall;
    type Extrinsic = Extrinsic;
}

impl<C> frame_system::offchain::CreateTransaction<C> for Test
where
    RuntimeCall: From<C>,
{
    type Extension = Extension;
    fn create_transaction(call: RuntimeCall, extension: Extension) -> Extrinsic {
        Extrinsic::new_transaction(call, extension)
    }
}

impl<C> frame_system::offchain::CreateAuthorizedTransaction<C> for Test
where
    RuntimeCall: From<C>,
{
    fn create_extension() -> Extension {
        Extension::new()
    }
}

/// So many units of everything.
pub fn resources(units: u32) -> Resources {
    Resources {
        cpu_milli: u64::from(units) * 100,
        memory_mib: u64::from(units) * 64,
        ..Default::default()
    }
}

/// Prices at which a unit costs `rate` per block.
pub fn prices(rate: u64) -> PriceSchedule {
    PriceSchedule {
        cpu_milli: rate * 10_000,
        ..Default::default()
    }
}

/// The heartbeat key of this number.
pub fn key(number: u8) -> ed25519::Pair {
    ed25519::Pair::from_seed(&[number; 32])
}

/// Its public part.
pub fn public(number: u8) -> [u8; 32] {
    PUBLIC[usize::from(number)]
}

/// Signs by the key of this number. Signing is dear, and worlds resemble each other: each message is signed once.
pub fn sign(number: u8, message: &[u8]) -> [u8; 64] {
    let mut signed = SIGNED.lock().expect("no thread panics while it signs");
    if signed.len() > MOST_SIGNED {
        signed.clear();
    }
    let entry = signed.entry((number, message.to_vec()));
    *entry.or_insert_with(|| key(number).sign(message).0)
}

/// Signatures that are remembered.
const MOST_SIGNED: usize = 100_000;
/// Keys that anybody may come to have.
pub const KEYS: u8 = 64;
static PUBLIC: LazyLock<Vec<[u8; 32]>> = LazyLock::new(|| (0..KEYS).map(|number| key(number).public().0).collect());
/// By key and message.
type Signatures = BTreeMap<(u8, Vec<u8>), [u8; 64]>;
static SIGNED: LazyLock<Mutex<Signatures>> = LazyLock::new(Mutex::default);

/// The chain at genesis, where `rich` own something.
pub fn genesis(rich: &[Who]) -> sp_io::TestExternalities {
    let mut balances: Vec<_> = rich.iter().map(|who| (*who, RICH)).collect();
    balances.push((POT, ED));
    let genesis = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances,
            ..Default::default()
        },
        reputation: pallet_reputation::GenesisConfig {
            times: Some(TIMES),
            ..Default::default()
        },
        ..Default::default()
    };
    sp_io::TestExternalities::new(genesis.build_storage().expect("a sound genesis"))
}

/// The report keys of the validators.
pub fn validators() -> Vec<AuthorityId> {
    let key = |number: u32| sr25519::Public::unchecked_from([number as u8 + 1; 32]).into();
    (0..VALIDATORS).map(key).collect()
}
