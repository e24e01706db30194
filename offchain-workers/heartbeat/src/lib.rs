//! What providers say to be counted as present, and how validators judge who was absent.
//!
//! # Terms
//!
//! - An *attestation epoch* is a fixed number of blocks, cut into ten *slots*.
//! - A [`Heartbeat`] is a provider's signed word that it is there. Its slot is that of the receiver's best block at
//!   arrival, whatever the sender claims.
//! - An [`EpochRecord`] is what one node saw in one epoch. A provider seen in at least eight slots was present.
//! - A [`Report`] is one validator's list of absent providers, coded as [`Gaps`].
//! - The verdict follows from the reports by the rules of [`quorum`].
//!
//! # How they meet
//!
//! 1. An agent signs a heartbeat twice a slot with a [`HeartbeatKey`] and publishes it.
//! 2. A node hands every heartbeat to its [`Watch`], which accepts it or says why not, and counts it.
//! 3. At an epoch's end the node stores the watch's record below [`record_key`] in off-chain storage.
//! 4. The off-chain worker turns the record into a report; the chain judges by [`quorum::judge`].
//!
//! Nothing here does I/O, and nothing but `HeartbeatKey`, signature checks and `Watch` needs `std`.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod gaps;
#[cfg(feature = "std")]
mod key;
mod message;
pub mod quorum;
mod record;
mod report;
#[cfg(feature = "std")]
mod watch;

pub use gaps::*;
#[cfg(feature = "std")]
pub use key::*;
pub use message::*;
pub use record::*;
pub use report::*;
#[cfg(feature = "std")]
pub use watch::*;

/// Hash of the genesis block: what ties a signature to one chain.
pub type GenesisHash = [u8; 32];
/// The ed25519 public key that a provider registered for its heartbeats.
pub type HeartbeatPublic = [u8; 32];
/// An ed25519 signature.
pub type HeartbeatSignature = [u8; 64];
