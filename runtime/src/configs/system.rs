//! System, timestamp, utility and sudo: the frame every chain stands on.

use crate::*;
use frame_support::{
    derive_impl,
    dispatch::DispatchClass,
    parameter_types,
    traits::VariantCountOf,
    weights::{
        constants::{WEIGHT_REF_TIME_PER_MICROS, WEIGHT_REF_TIME_PER_MILLIS},
        RuntimeDbWeight, Weight,
    },
};
use frame_system::limits::{BlockLength, BlockWeights};
use sp_runtime::Perbill;

/// What a block may cost: half of the 2 s of a slot. Importing takes a validator less than making, see docs/weights.md.
pub const MAXIMUM_BLOCK_WEIGHT: Weight = Weight::from_parts(WEIGHT_REF_TIME_PER_MILLIS * 1_000, u64::MAX);
/// What the database takes for a key, see docs/weights.md.
pub const DATABASE_WEIGHT: RuntimeDbWeight = RuntimeDbWeight {
    read: 8 * WEIGHT_REF_TIME_PER_MICROS,
    write: 35 * WEIGHT_REF_TIME_PER_MICROS,
};
/// The largest block.
pub const MAXIMUM_BLOCK_LENGTH: u32 = 5 * 1024 * 1024;
/// The part of a block that ordinary transactions may fill; the rest is for operational ones, attestation among them.
pub const NORMAL_RATIO: Perbill = Perbill::from_percent(85);

parameter_types! {
    pub const Version: RuntimeVersion = VERSION;
    /// How far back a mortal transaction may be anchored: about two hours.
    pub const BlockHashCount: BlockNumber = 4_096;
    pub const SS58Prefix: u16 = 42;
    pub const DatabaseWeight: RuntimeDbWeight = DATABASE_WEIGHT;
    pub RuntimeBlockWeights: BlockWeights =
        BlockWeights::with_sensible_defaults(MAXIMUM_BLOCK_WEIGHT, NORMAL_RATIO);
    pub RuntimeBlockLength: BlockLength = BlockLength::builder()
        .max_length(MAXIMUM_BLOCK_LENGTH)
        .modify_max_length_for_class(DispatchClass::Normal, |length| *length = NORMAL_RATIO * *length)
        .build();
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
    type Block = Block;
    type AccountId = AccountId;
    type Nonce = Nonce;
    type Hash = Hash;
    type AccountData = pallet_balances::AccountData<Balance>;
    type BlockHashCount = BlockHashCount;
    type BlockLength = RuntimeBlockLength;
    type BlockWeights = RuntimeBlockWeights;
    type DbWeight = DatabaseWeight;
    type SS58Prefix = SS58Prefix;
    type SystemWeightInfo = frame_system::weights::SubstrateWeight<Runtime>;
    type ExtensionsWeightInfo = weights::frame_system_extensions::SubstrateWeight<Runtime>;
    type Version = Version;
}

impl pallet_timestamp::Config for Runtime {
    type Moment = u64;
    type OnTimestampSet = Babe;
    type MinimumPeriod = frame_support::traits::ConstU64<{ SLOT_MILLIS / 2 }>;
    type WeightInfo = pallet_timestamp::weights::SubstrateWeight<Runtime>;
}

impl pallet_utility::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type PalletsOrigin = OriginCaller;
    type WeightInfo = pallet_utility::weights::SubstrateWeight<Runtime>;
}

impl pallet_sudo::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type WeightInfo = pallet_sudo::weights::SubstrateWeight<Runtime>;
}

/// As many freezes per account as there are reasons.
pub type MaxFreezes = VariantCountOf<RuntimeFreezeReason>;
