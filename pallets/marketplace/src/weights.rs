//! Weights, estimated: database accesses counted by hand at their worst, computing time from similar calls of
//! pallet-balances. Benchmarks replace them.
//!
//! Advancing a lease dominates: the lease, its escrow account, two agenda indices before and after, the index by
//! provider, and unbilled blocks at a handful of boundaries (the search for the end by funds asks at up to 34; all of
//! them hit the same few runs). When it ends a lease, three payouts, the release of two holds and the provider's pool
//! come on top.

use crate::MAX_LEASES;
use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};
use perigee_primitives::{MAX_ASKS, MAX_GROUPS};

/// Weights of this pallet's calls and of its agenda.
pub trait WeightInfo {
    /// `deploy` of so many groups, for which so many asks are looked at, and so many signatures of auditors. Without
    /// the due ends it processes.
    fn deploy(groups: u32, asks: u32, audits: u32) -> Weight;
    /// Ending a lease that was not activated, and opening the one that takes over.
    fn take_over() -> Weight;
    /// What the agenda does with a lease at most: it is active, or waits for activation.
    fn wake() -> Weight {
        Self::advance().max(Self::take_over())
    }
    /// Advancing one lease to the current block, through every stage.
    fn advance() -> Weight;
    /// Looking for the next entry of the agenda.
    fn agenda_peek() -> Weight;
    /// `activate`.
    fn activate() -> Weight {
        Self::small_change().saturating_mul(3)
    }
    /// `decline`, with so many due ends of full candidates.
    fn decline(due_ends: u32) -> Weight {
        Self::take_over().saturating_add(Self::wake().saturating_mul(due_ends.into()))
    }
    /// `file_receipt`.
    fn file_receipt() -> Weight {
        Self::take_over().saturating_add(Self::small_change())
    }
    /// `close` of a deployment with `n` leases.
    fn close(n: u32) -> Weight {
        Self::advance()
            .saturating_mul(n.into())
            .saturating_add(Self::small_change())
    }
    /// `give_notice`.
    fn give_notice() -> Weight {
        Self::advance().saturating_add(Self::small_change())
    }
    /// `deposit`.
    fn deposit() -> Weight {
        Self::advance().saturating_add(Self::small_change())
    }
    /// `settle`.
    fn settle() -> Weight {
        Self::wake()
    }
    /// `torn_down` of `n` leases.
    fn torn_down(n: u32) -> Weight {
        Self::advance()
            .saturating_mul(n.into())
            .saturating_add(Self::small_change())
    }
    /// `settle_many` of `n` leases.
    fn settle_many(n: u32) -> Weight {
        Self::settle().saturating_mul(n.into())
    }
    /// `withdraw`.
    fn withdraw() -> Weight {
        Self::advance().saturating_add(Self::small_change())
    }
    /// `resize`: ask, provider, bond and pool beside the lease.
    fn resize() -> Weight {
        Self::advance().saturating_add(Self::small_change().saturating_mul(2))
    }
    /// `update`.
    fn update() -> Weight {
        Self::advance().saturating_add(Self::small_change())
    }
    /// `extend`.
    fn extend() -> Weight {
        Self::advance().saturating_add(Self::small_change())
    }
    /// `pause`.
    fn pause() -> Weight {
        Self::advance().saturating_add(Self::small_change())
    }
    /// `resume`.
    fn resume() -> Weight {
        Self::advance().saturating_add(Self::small_change())
    }
    /// `set_ready`.
    fn set_ready() -> Weight {
        Self::advance().saturating_add(Self::small_change())
    }
    /// `stop_for_abuse`.
    fn stop_for_abuse() -> Weight {
        Self::advance().saturating_add(Self::small_change().saturating_mul(2))
    }
    /// `take_down`.
    fn take_down() -> Weight {
        Self::advance().saturating_add(Self::small_change())
    }
    /// `offer_transfer`.
    fn offer_transfer() -> Weight {
        Self::small_change()
    }
    /// `cancel_transfer`.
    fn cancel_transfer() -> Weight {
        Self::small_change()
    }
    /// `accept_transfer` of a deployment with `n` leases.
    fn accept_transfer(n: u32) -> Weight {
        Self::advance()
            .saturating_add(Self::small_change())
            .saturating_mul(n.into())
            .saturating_add(Self::small_change().saturating_mul(2))
    }
    /// What a call does beside advancing: origin, ask or deployment, a hold.
    fn small_change() -> Weight;
}

/// Estimated weights over the runtime's database.
pub struct Estimated<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for Estimated<T> {
    fn deploy(groups: u32, asks: u32, audits: u32) -> Weight {
        // Once: two numbers, deployment, index, ticket, the owner's account and holds.
        let once = Weight::from_parts(60_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(5, 6));
        // A group: lease, escrow account, two indices of the agenda, one of the provider, bond and pool, provider.
        let group = Weight::from_parts(90_000_000, 8_192).saturating_add(T::DbWeight::get().reads_writes(4, 8));
        // An ask: itself, its provider, its bond pool, and what is known of its provider.
        let ask = Weight::from_parts(20_000_000, 4_096).saturating_add(T::DbWeight::get().reads(5));
        let audit = Weight::from_parts(5_000_000, 1_024).saturating_add(T::DbWeight::get().reads(1));
        once.saturating_add(group.saturating_mul(groups.into()))
            .saturating_add(ask.saturating_mul(asks.into()))
            .saturating_add(audit.saturating_mul(audits.into()))
    }
    fn take_over() -> Weight {
        // Three asks with eight auditors each, apart from all leases that a deployment may have.
        let opened = Self::deploy(1, MAX_ASKS - 1, 8 * (MAX_ASKS - 1));
        let siblings = T::DbWeight::get().reads((MAX_LEASES + 3 * MAX_GROUPS).into());
        Weight::from_parts(200_000_000, 16_384)
            .saturating_add(T::DbWeight::get().reads_writes(16, 16))
            .saturating_add(opened)
            .saturating_add(siblings)
    }
    fn advance() -> Weight {
        Weight::from_parts(250_000_000, 16_384).saturating_add(T::DbWeight::get().reads_writes(34, 23))
    }
    fn agenda_peek() -> Weight {
        Weight::from_parts(5_000_000, 1_024).saturating_add(T::DbWeight::get().reads(1))
    }
    fn small_change() -> Weight {
        Weight::from_parts(60_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(4, 3))
    }
}

impl WeightInfo for () {
    fn deploy(groups: u32, asks: u32, audits: u32) -> Weight {
        Weight::from_parts(60_000_000, 4_096)
            .saturating_add(Weight::from_parts(90_000_000, 8_192).saturating_mul(groups.into()))
            .saturating_add(Weight::from_parts(20_000_000, 4_096).saturating_mul(asks.into()))
            .saturating_add(Weight::from_parts(5_000_000, 1_024).saturating_mul(audits.into()))
    }
    fn take_over() -> Weight {
        Weight::from_parts(400_000_000, 16_384)
    }
    fn advance() -> Weight {
        Weight::from_parts(250_000_000, 16_384)
    }
    fn agenda_peek() -> Weight {
        Weight::from_parts(5_000_000, 1_024)
    }
    fn small_change() -> Weight {
        Weight::from_parts(60_000_000, 4_096)
    }
}
