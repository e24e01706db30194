//! A chain of this pallet.

use crate as pallet_providers;
use crate::HoldReason;
use frame_support::{
    derive_impl, parameter_types,
    traits::{fungible::HoldConsideration, ConstU128, ConstU32, LinearStoragePrice},
};
use perigee_primitives::{registration_message, Balance, GatewayAddress, Resources, TlsPins};
use sp_core::{ed25519, Pair};
use sp_runtime::{BuildStorage, DispatchResult};

type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Providers: pallet_providers,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type ExistentialDeposit = ConstU128<1>;
    type AccountStore = System;
    type RuntimeHoldReason = RuntimeHoldReason;
}

parameter_types! {
    pub const RecordReason: RuntimeHoldReason = RuntimeHoldReason::Providers(HoldReason::Record);
    pub static MinStake: Balance = STAKE;
}

impl pallet_providers::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type RecordDeposit =
        HoldConsideration<u64, Balances, RecordReason, LinearStoragePrice<ConstU128<10>, ConstU128<1>, Balance>>;
    type MinStake = MinStake;
    type MaxAsks = ConstU32<8>;
    type WeightInfo = ();
}

pub const STAKE: Balance = 1_000;
pub const ENDOWMENT: Balance = 100_000;
/// Endowed accounts.
pub const STASH: u64 = 1;
pub const OPERATOR: u64 = 2;
pub const OTHER_STASH: u64 = 3;
pub const OTHER_OPERATOR: u64 = 4;
/// An account with less than a stake.
pub const POOR: u64 = 9;

pub const SOME: Resources = Resources {
    cpu_milli: 4_000,
    memory_mib: 8_192,
    storage_mib: 10_000,
    gpus: 1,
    endpoints: 8,
};

/// Runs a test, and then checks the invariants.
pub fn run(test: impl FnOnce()) {
    MinStake::set(STAKE);
    let mut storage = frame_system::GenesisConfig::<Test>::default()
        .build_storage()
        .expect("plain genesis");
    let endowed = [STASH, OPERATOR, OTHER_STASH, OTHER_OPERATOR].map(|who| (who, ENDOWMENT));
    pallet_balances::GenesisConfig::<Test> {
        balances: endowed.into_iter().chain([(POOR, STAKE - 1)]).collect(),
        ..Default::default()
    }
    .assimilate_storage(&mut storage)
    .expect("balances");
    sp_io::TestExternalities::new(storage).execute_with(|| {
        System::set_block_number(7);
        test();
        Providers::do_try_state().expect("invariants hold");
    });
}

pub fn key(seed: u8) -> ed25519::Pair {
    ed25519::Pair::from_seed(&[seed; 32])
}

pub fn proof(key: &ed25519::Pair, stash: u64) -> [u8; 64] {
    let genesis = System::block_hash(0).0;
    key.sign(&registration_message(&genesis, &stash)).0
}

pub fn pins() -> TlsPins {
    vec![[7; 32]].try_into().expect("one fits")
}

pub fn gateway(address: &str) -> GatewayAddress {
    address.as_bytes().to_vec().try_into().expect("short")
}

/// Registers `stash` with the key that grows from its number.
pub fn register(stash: u64, operator: u64) -> DispatchResult {
    let key = key(stash as u8);
    Providers::register(
        RuntimeOrigin::signed(stash),
        operator,
        key.public().0,
        proof(&key, stash),
        pins(),
        gateway("gw.example:8443"),
        STAKE,
    )
}
