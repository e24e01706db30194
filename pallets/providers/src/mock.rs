//! A chain of this pallet.

use crate as pallet_providers;
use crate::{HoldReason, TierRule};
use frame_support::{
    derive_impl, parameter_types,
    traits::{fungible::HoldConsideration, ConstU128, ConstU32, LinearStoragePrice, LockableCurrency, WithdrawReasons},
    weights::{Weight, WeightMeter},
};
use frame_system::EnsureRoot;
use perigee_primitives::{
    registration_message,
    traits::{Outcome, Scores},
    AskTerms, Attributes, Balance, BlockNumber, GatewayAddress, GpuModel, PerModel, Ppm, PriceSchedule, ProviderId,
    Resources, Standings, TlsPins,
};
use sp_core::{ed25519, Pair};
use sp_keystore::{testing::MemoryKeystore, KeystoreExt};
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
    type ExistentialDeposit = ConstU128<ED>;
    type AccountStore = System;
    type RuntimeHoldReason = RuntimeHoldReason;
}

parameter_types! {
    pub const RecordReason: RuntimeHoldReason = RuntimeHoldReason::Providers(HoldReason::Record);
    pub const Income: u64 = INCOME;
    pub const Tiers: [TierRule; 2] = [
        TierRule { stake: 2 * STAKE, availability: 950_000, age: 10 },
        TierRule { stake: 5 * STAKE, availability: 999_000, age: 100 },
    ];
    pub static MinStake: Balance = STAKE;
    /// What the script says of every provider.
    pub static Availability: Ppm = 0;
}

/// Attestation from a script.
pub struct Script;

impl Scores<u64> for Script {
    fn standings(_: ProviderId) -> Standings {
        Standings {
            availability: Availability::get(),
            service: 0,
        }
    }
    fn note(_: ProviderId, _: &u64, _: Outcome, _: Balance, _: BlockNumber) {}
}

impl pallet_providers::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type RecordDeposit =
        HoldConsideration<u64, Balances, RecordReason, LinearStoragePrice<ConstU128<10>, ConstU128<1>, Balance>>;
    type Scores = Script;
    type SlashOrigin = EnsureRoot<u64>;
    type IncomeAccount = Income;
    type MinStake = MinStake;
    type StakeBlocks = ConstU32<STAKE_BLOCKS>;
    type UnbondingDelay = ConstU32<UNBONDING_DELAY>;
    type Tiers = Tiers;
    type MaxAsks = ConstU32<8>;
    type MinNotice = ConstU32<MIN_NOTICE>;
    type MaxNotice = ConstU32<MAX_NOTICE>;
    type KeyOverlap = ConstU32<KEY_OVERLAP>;
    type WeightInfo = ();
}

pub const ED: Balance = 10;
pub const STAKE: Balance = 1_000;
pub const ENDOWMENT: Balance = 100_000;
pub const STAKE_BLOCKS: BlockNumber = 20;
pub const UNBONDING_DELAY: BlockNumber = 30;
pub const MIN_NOTICE: BlockNumber = 5;
pub const MAX_NOTICE: BlockNumber = 50;
pub const KEY_OVERLAP: BlockNumber = 40;
/// Endowed accounts.
pub const STASH: u64 = 1;
pub const OPERATOR: u64 = 2;
pub const OTHER_STASH: u64 = 3;
pub const OTHER_OPERATOR: u64 = 4;
pub const TENANT: u64 = 5;
pub const AUDITOR: u64 = 6;
/// The protocol's income; holds the existential deposit.
pub const INCOME: u64 = 7;
/// An account with less than a stake.
pub const POOR: u64 = 9;
/// An account that does not exist.
pub const NOBODY: u64 = 10;

/// The capacity of most tests.
pub fn some() -> Resources {
    Resources {
        cpu_milli: 4_000,
        memory_mib: 8_192,
        storage_mib: 10_000,
        persistent_mib: [0, 100, 0],
        gpus: PerModel::one(GpuModel::new(b"nvidia/a100").expect("a valid name"), 1),
        ips: 1,
        endpoints: 8,
    }
}

/// Sorted attributes.
pub fn attributes(pairs: &[(&str, &str)]) -> Attributes {
    let text = |s: &str| s.as_bytes().to_vec().try_into().expect("short");
    let pairs: Vec<_> = pairs.iter().map(|(k, v)| (text(k), text(v))).collect();
    pairs.try_into().expect("few")
}

/// Terms that stand until they are withdrawn.
pub fn terms() -> AskTerms<u64> {
    AskTerms {
        prices: PriceSchedule {
            cpu_milli: 5,
            ..Default::default()
        },
        attributes: attributes(&[("region", "eu")]),
        place: Default::default(),
        isolation: Default::default(),
        terms: Default::default(),
        valid_until: None,
        tenants: Default::default(),
        notice: MIN_NOTICE,
        sla: 990_000,
    }
}

/// Locks `amount` of `who`'s balance, as a vote does.
pub fn freeze(who: u64, amount: Balance) {
    Balances::set_lock(*b"a vote  ", &who, amount, WithdrawReasons::all());
}

/// Goes to `block` without hooks.
pub fn jump_to(block: BlockNumber) {
    System::set_block_number(block.into());
}

/// Works off the queue of expiries, without a limit.
pub fn expire() {
    Providers::expire_asks(&mut WeightMeter::with_limit(Weight::MAX));
}

/// Block 7 of a chain without providers.
pub fn new_test_ext() -> sp_io::TestExternalities {
    MinStake::set(STAKE);
    Availability::set(0);
    let mut storage = frame_system::GenesisConfig::<Test>::default()
        .build_storage()
        .expect("plain genesis");
    let endowed = [STASH, OPERATOR, OTHER_STASH, OTHER_OPERATOR, TENANT, AUDITOR].map(|who| (who, ENDOWMENT));
    pallet_balances::GenesisConfig::<Test> {
        balances: endowed.into_iter().chain([(POOR, STAKE - 1), (INCOME, ED)]).collect(),
        ..Default::default()
    }
    .assimilate_storage(&mut storage)
    .expect("balances");
    let mut ext = sp_io::TestExternalities::new(storage);
    // Benchmarks make keys.
    ext.register_extension(KeystoreExt::new(MemoryKeystore::new()));
    ext.execute_with(|| System::set_block_number(7));
    ext
}

/// Runs a test, and then checks the invariants.
pub fn run(test: impl FnOnce()) {
    new_test_ext().execute_with(|| {
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
