//! Types and traits that pallets, node and agent share.
//!
//! Pallets never reach into each other's storage: they talk through the traits of [`traits`].
//! Amounts are base units (1 PRG = 10⁶ uprg = 10¹² base units), times are block numbers.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod attestation;
mod lease;
mod money;
mod order;
mod per_model;
mod placement;
mod provider;
mod resources;
pub mod runtime_api;
pub mod traits;

pub use attestation::*;
pub use lease::*;
pub use money::*;
pub use order::*;
pub use per_model::*;
pub use placement::*;
pub use provider::*;
pub use resources::*;

/// Number of a block.
pub type BlockNumber = u32;
