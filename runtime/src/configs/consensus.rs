//! Who makes blocks and who finalises them.

use crate::{
    configs::money::{deposit, SESSION_KEYS_BYTES},
    *,
};
use frame_support::{
    parameter_types,
    traits::{ConstU32, ConstU64},
};
use sp_consensus_babe::{AllowedSlots, BabeEpochConfiguration};
use sp_runtime::traits::OpaqueKeys;

/// Slots of a BABE epoch, and so of a session.
pub const EPOCH_SLOTS: u64 = 200;
/// Most validators there can be.
pub const MAX_VALIDATORS: u32 = 100;
/// A quarter of the slots has a primary author by lot; the others fall to one validator in turn, so that no slot is empty.
pub const GENESIS_EPOCH_CONFIG: BabeEpochConfiguration = BabeEpochConfiguration {
    c: (1, 4),
    allowed_slots: AllowedSlots::PrimaryAndSecondaryVRFSlots,
};

parameter_types! {
    pub const EpochDuration: u64 = EPOCH_SLOTS;
    pub const ExpectedBlockTime: u64 = SLOT_MILLIS;
    pub const SessionKeyDeposit: Balance = deposit(1, SESSION_KEYS_BYTES);
}

impl pallet_babe::Config for Runtime {
    type EpochDuration = EpochDuration;
    type ExpectedBlockTime = ExpectedBlockTime;
    type EpochChangeTrigger = pallet_babe::ExternalTrigger;
    type DisabledValidators = Session;
    type WeightInfo = ();
    type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
    type MaxNominators = ConstU32<0>;
    type KeyOwnerProof = sp_core::Void;
    type EquivocationReportSystem = ();
}

impl pallet_grandpa::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = ();
    type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
    type MaxNominators = ConstU32<0>;
    type MaxSetIdSessionEntries = ConstU64<0>;
    type KeyOwnerProof = sp_core::Void;
    type EquivocationReportSystem = ();
}

impl pallet_authorship::Config for Runtime {
    type FindAuthor = pallet_session::FindAccountFromAuthorIndex<Self, Babe>;
    type EventHandler = ();
}

impl pallet_session::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type ValidatorId = AccountId;
    type ValidatorIdOf = sp_runtime::traits::ConvertInto;
    type ShouldEndSession = Babe;
    type NextSessionRotation = Babe;
    type SessionManager = GenesisValidators;
    type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
    type Keys = SessionKeys;
    type DisablingStrategy = pallet_session::disabling::UpToLimitWithReEnablingDisablingStrategy;
    type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
    type Currency = Balances;
    type KeyDeposit = SessionKeyDeposit;
}

/// Keeps the validators of genesis: those whose keys stand in the `session` part of it. Their keys may change.
pub struct GenesisValidators;

impl pallet_session::SessionManager<AccountId> for GenesisValidators {
    fn new_session(_: sp_staking::SessionIndex) -> Option<alloc::vec::Vec<AccountId>> {
        None
    }
    fn start_session(_: sp_staking::SessionIndex) {}
    fn end_session(_: sp_staking::SessionIndex) {}
}
