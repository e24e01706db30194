//! Typed client of the Perigee chain.
//!
//! - [`Chain`] is one connection, shared by cloning. It reconnects by itself and refuses to go on with another chain.
//! - [`View`] reads the state of one block: [`Chain::best`], [`Chain::finalised`] or [`Chain::at`].
//! - [`Chain::best_blocks`] and [`Chain::finalised_blocks`] follow the chain, across reconnections.
//! - [`calls`] makes extrinsics, [`Chain::submit`] signs one and waits until it is in a block.
//! - [`Signer`] signs many without asking the node, [`Chain::hand_over`] gives them to the node, and [`View::outcomes`] says what
//!   became of them.
//! - [`keys`] holds accounts.
//!
//! Records that pallets and clients share come from `perigee-primitives`. The rest is generated at compile time from
//! `metadata.scale`, so that a change of the runtime shows as a compile error here and, against an older or newer
//! node, as [`ChainError::Incompatible`].

mod api;
mod blocks;
mod bulk;
pub mod calls;
mod chain;
mod config;
mod error;
mod income;
pub mod keys;
mod link;
mod records;
mod slot;
mod submit;
mod view;

/// A share of the protocol's income was paid; as escrow tells.
pub use api::escrow::events::IncomePaid;
/// A lease was opened, and a bond paid for a notice that was not given; as the marketplace tells.
pub use api::marketplace::events::{LeaseOpened, NoticePaid};
pub use bulk::{Outcome, SignedExtrinsic, Signer};
pub use calls::Call;
pub use chain::{Chain, ChainType};
pub use error::ChainError;
pub use keys::Account;
pub use perigee_primitives as primitives;
pub use records::{
    Balances, BlockId, BondPool, Deployment, Earnings, Income, IncomeShare, Notice, PauseLimits, Provider,
    Registration, Unbonding,
};
pub use submit::{Included, Progress};
/// An account of the chain; its text form is SS58 with prefix 42.
pub use subxt::utils::AccountId32 as AccountId;
pub use view::View;

/// What a lease looks like at a block.
pub type LeaseState = perigee_primitives::LeaseState<AccountId>;
/// A standing ask.
pub type Ask = perigee_primitives::Ask<AccountId>;
/// What an operator publishes.
pub type AskTerms = perigee_primitives::AskTerms<AccountId>;
/// What an order asks of the provider.
pub type Requirements = perigee_primitives::Requirements<AccountId>;
/// An order for one group of a deployment.
pub type GroupOrder = perigee_primitives::GroupOrder<AccountId>;
/// Hash of a block.
pub type Hash = [u8; 32];
