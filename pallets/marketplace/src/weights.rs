//! Weights, estimated: database accesses counted by hand at their worst, computing time from similar calls of
//! pallet-balances. Benchmarks replace them.
//!
//! Advancing a lease dominates: the lease, its escrow account, two agenda indices before and after, the index by
//! provider, and unbilled blocks at a handful of boundaries (the search for the end by funds asks at up to 34; all of
//! them hit the same few runs). When it ends a lease, three payouts, the release of two holds and the provider's pool
//! come on top.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights of this pallet's calls and of its agenda.
pub trait WeightInfo {
    /// `deploy`, without the due ends it processes.
    fn deploy_only() -> Weight;
    /// `deploy` at its worst: with [`crate::MAX_DUE_ENDS`] due ends.
    fn deploy() -> Weight {
        Self::deploy_only().saturating_add(Self::advance().saturating_mul(crate::MAX_DUE_ENDS.into()))
    }
    /// Advancing one lease to the current block, through every stage.
    fn advance() -> Weight;
    /// Looking for the next entry of the agenda.
    fn agenda_peek() -> Weight;
    /// `activate`.
    fn activate() -> Weight {
        Self::advance().saturating_add(Self::small_change())
    }
    /// `decline`.
    fn decline() -> Weight {
        Self::advance().saturating_add(Self::small_change())
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
        Self::advance()
    }
    /// `torn_down` of `n` leases.
    fn torn_down(n: u32) -> Weight {
        Self::advance()
            .saturating_mul(n.into())
            .saturating_add(Self::small_change())
    }
    /// What a call does beside advancing: origin, ask or deployment, a hold.
    fn small_change() -> Weight;
}

/// Estimated weights over the runtime's database.
pub struct Estimated<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for Estimated<T> {
    fn deploy_only() -> Weight {
        Weight::from_parts(180_000_000, 16_384).saturating_add(T::DbWeight::get().reads_writes(22, 16))
    }
    fn advance() -> Weight {
        Weight::from_parts(250_000_000, 16_384).saturating_add(T::DbWeight::get().reads_writes(29, 19))
    }
    fn agenda_peek() -> Weight {
        Weight::from_parts(5_000_000, 1_024).saturating_add(T::DbWeight::get().reads(1))
    }
    fn small_change() -> Weight {
        Weight::from_parts(60_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(4, 3))
    }
}

impl WeightInfo for () {
    fn deploy_only() -> Weight {
        Weight::from_parts(180_000_000, 16_384)
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
