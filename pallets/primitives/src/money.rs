//! Money: units and rates.

/// An amount in base units.
pub type Balance = u128;

/// Base units of one uprg.
pub const UPRG: Balance = 1_000_000;
/// Base units of one PRG.
pub const PRG: Balance = 1_000_000 * UPRG;

/// Parts of a million; fee rates are given in it.
pub type Ppm = u32;
/// A whole, in parts of a million.
pub const MILLION: Ppm = 1_000_000;

/// One escrow account. There is one per lease, and it carries the lease's id.
pub type EscrowId = u64;
