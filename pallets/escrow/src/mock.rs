//! Escrow over real balances.

use crate as pallet_escrow;
use frame_support::{
    derive_impl, parameter_types,
    traits::{fungible::Mutate, ConstU128, ConstU32},
    PalletId,
};
use frame_system::EnsureRoot;
use perigee_primitives::{traits::Charge, Balance, FeeRate};
use sp_runtime::BuildStorage;

type Block = frame_system::mocking::MockBlockU32<Test>;

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
    pub type Escrow = pallet_escrow;
}

pub const ED: Balance = 10;
pub const TENANT: u64 = 1;
pub const OTHER: u64 = 2;
pub const PROVIDER: u64 = 3;
pub const TREASURY: u64 = 9;
/// The first of eight accounts that have as much as the others.
pub const RICH: u64 = 20;
/// An account that does not exist.
pub const NOBODY: u64 = 77;

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
    pub static IncomeGoesTo: u64 = TREASURY;
    pub const Pot: PalletId = PalletId(*b"prg/incm");
    pub const InitialFee: FeeRate = FeeRate::new(40_000).expect("4 % lies within the bounds; qed");
}

impl pallet_escrow::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type PalletId = Pot;
    type Treasury = IncomeGoesTo;
    type InitialFee = InitialFee;
    type AdminOrigin = EnsureRoot<u64>;
    type WeightInfo = ();
}

/// The account that collects the fees.
pub fn pot() -> u64 {
    Escrow::income_account()
}

/// A charge of `amount` for `payee` at 4 %.
pub fn charge(payee: u64, amount: Balance) -> Charge<u64> {
    Charge {
        payee,
        amount,
        fee: InitialFee::get(),
    }
}

/// Brings the pot into being, so that it can take small fees.
pub fn fund_pot() {
    Balances::mint_into(&pot(), ED).expect("there is room");
}

/// Twelve accounts of a million each.
pub fn genesis() -> sp_io::TestExternalities {
    let who = [TENANT, OTHER, PROVIDER, TREASURY].into_iter().chain(RICH..RICH + 8);
    let genesis = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances: who.map(|who| (who, 1_000_000)).collect(),
            ..Default::default()
        },
        ..Default::default()
    };
    let mut ext = sp_io::TestExternalities::new(genesis.build_storage().expect("a genesis of plain balances"));
    ext.execute_with(|| System::set_block_number(1));
    ext
}

/// Runs `test`.
pub fn execute(test: impl FnOnce()) {
    genesis().execute_with(test);
}

/// Runs `test` and then all invariants.
pub fn build_and_execute(test: impl FnOnce()) {
    execute(|| {
        test();
        Escrow::do_try_state().expect("invariants hold");
    });
}
