//! Balances and transaction fees.

use crate::{configs::system::MaxFreezes, *};
use frame_support::{
    parameter_types,
    traits::{
        fungible::{Balanced, Credit},
        ConstU32, ConstU8, OnUnbalanced,
    },
    weights::{ConstantMultiplier, IdentityFee},
    PalletId,
};
use pallet_transaction_payment::{FungibleAdapter, Multiplier, TargetedFeeAdjustment};
use perigee_primitives::{PRG, UPRG};
use sp_runtime::{
    traits::{AccountIdConversion, Bounded, One},
    FixedPointNumber, Perquintill,
};

/// A thousandth of a PRG.
pub const MILLI_PRG: Balance = PRG / 1_000;
/// SCALE size of the session keys of one validator.
pub const SESSION_KEYS_BYTES: u32 = 3 * 32;

/// What a record in storage holds of its owner, until it is removed.
pub const fn deposit(items: u32, bytes: u32) -> Balance {
    items as Balance * 10 * MILLI_PRG + bytes as Balance * 10 * UPRG
}

parameter_types! {
    pub const ExistentialDeposit: Balance = MILLI_PRG;
    /// For each byte of a transaction.
    pub const TransactionByteFee: Balance = UPRG;
    pub const TargetBlockFullness: Perquintill = Perquintill::from_percent(25);
    pub AdjustmentVariable: Multiplier = Multiplier::saturating_from_rational(3, 100_000);
    pub MinimumMultiplier: Multiplier = Multiplier::one();
    pub MaximumMultiplier: Multiplier = Bounded::max_value();
    pub const TreasuryPalletId: PalletId = PalletId(*b"py/trsry");
    /// Where the marketplace fee goes. Governance spends it later, through the treasury pallet of the same id.
    pub TreasuryAccount: AccountId = TreasuryPalletId::get().into_account_truncating();
}

impl pallet_balances::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeHoldReason = RuntimeHoldReason;
    type RuntimeFreezeReason = RuntimeFreezeReason;
    type WeightInfo = pallet_balances::weights::SubstrateWeight<Runtime>;
    type Balance = Balance;
    type DustRemoval = ();
    type ExistentialDeposit = ExistentialDeposit;
    type AccountStore = System;
    type ReserveIdentifier = [u8; 8];
    type FreezeIdentifier = RuntimeFreezeReason;
    type MaxLocks = ConstU32<50>;
    type MaxReserves = ConstU32<50>;
    type MaxFreezes = MaxFreezes;
    type DoneSlashHandler = ();
}

impl pallet_transaction_payment::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type OnChargeTransaction = FungibleAdapter<Balances, ToAuthor>;
    type WeightToFee = IdentityFee<Balance>;
    type LengthToFee = ConstantMultiplier<Balance, TransactionByteFee>;
    type FeeMultiplierUpdate =
        TargetedFeeAdjustment<Self, TargetBlockFullness, AdjustmentVariable, MinimumMultiplier, MaximumMultiplier>;
    type OperationalFeeMultiplier = ConstU8<5>;
    type WeightInfo = weights::pallet_transaction_payment::SubstrateWeight<Runtime>;
}

/// Fees and tips go to the author of the block. Where it cannot take them they are burned.
pub struct ToAuthor;

impl OnUnbalanced<Credit<AccountId, Balances>> for ToAuthor {
    fn on_nonzero_unbalanced(fee: Credit<AccountId, Balances>) {
        match Authorship::author() {
            Some(author) => drop(<Balances as Balanced<AccountId>>::resolve(&author, fee)),
            None => drop(fee),
        }
    }
}
