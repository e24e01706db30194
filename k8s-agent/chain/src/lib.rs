//! Typed client of the Perigee chain.
//!
//! - [`Chain`] is one connection, shared by cloning. It reconnects by itself and refuses to go on with another chain.
//! - [`View`] reads the state of one block: [`Chain::best`], [`Chain::finalised`] or [`Chain::at`].
//! - [`Chain::best_blocks`] and [`Chain::finalised_blocks`] follow the chain, across reconnections.
//! - [`calls`] makes extrinsics, [`Chain::submit`] signs one and waits until it is in a block.
//! - [`keys`] holds accounts.
//!
//! Records that pallets and clients share come from `perigee-primitives`. The rest is generated at compile time from
//! `metadata.scale`, so that a change of the runtime shows as a compile error here and, against an older or newer
//! node, as [`ChainError::Incompatible`].

mod api;
mod blocks;
pub mod calls;
mod chain;
mod config;
mod error;
mod event;
pub mod keys;
mod link;
mod records;
mod submit;
mod view;

pub use calls::Call;
pub use chain::{Chain, ChainType};
pub use error::ChainError;
pub use event::Event;
pub use keys::Account;
pub use perigee_primitives as primitives;
pub use records::{Balances, BlockId, Deployment, GroupOrder, Provider, Registration};
pub use submit::{Included, Progress};
/// An account of the chain; its text form is SS58 with prefix 42.
pub use subxt::utils::AccountId32 as AccountId;
pub use view::View;

/// What a lease looks like at a block.
pub type LeaseState = perigee_primitives::LeaseState<AccountId>;
/// Hash of a block.
pub type Hash = [u8; 32];
