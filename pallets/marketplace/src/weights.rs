//! Weights, estimated: database accesses counted by hand at their worst, computing time from similar calls of
//! pallet-balances. Benchmarks replace them.
//!
//! Advancing a lease dominates: the lease, its escrow account, two agenda indices before and after, the index by
//! provider, the provider's runs, of which a search among thousands reads a dozen: for the edges of up to eight segments
//! and the few boundaries that are not checked for good, and for the edges of up to eight SLA windows. When it ends a
//! lease, three payouts, the release of two holds, the provider's pool and its bonds come on top.

use crate::MAX_LEASES;
use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};
use perigee_primitives::{MAX_ASKS, MAX_AUDITORS, MAX_GROUPS, MAX_PATTERNS};

/// Weights of this pallet's calls and of its agenda.
pub trait WeightInfo {
    /// `deploy` of so many groups, without looking at asks and without the due ends it processes.
    fn deploy(groups: u32) -> Weight;
    /// Looking at an ask that refuses at the last check, for patterns without stars.
    fn look_at_ask() -> Weight;
    /// Looking among the attributes of an ask for one that meets a pattern with stars.
    fn match_pattern() -> Weight;
    /// Looking for the signature of an auditor.
    fn check_audit() -> Weight;
    /// Looking at so many asks, each for so many patterns with stars and so many auditors, who sign for every pattern.
    fn search(asks: u32, patterns: u32, auditors: u32) -> Weight {
        let lists = u64::from(auditors).saturating_add(1);
        let matching = Self::match_pattern().saturating_mul(u64::from(patterns).saturating_mul(lists));
        Self::look_at_ask()
            .saturating_add(Self::check_audit().saturating_mul(auditors.into()))
            .saturating_add(matching)
            .saturating_mul(asks.into())
    }
    /// Opening the lease that takes over from one that was not activated, without looking at asks.
    fn take_over() -> Weight;
    /// The same, with all asks that may be left.
    fn take_over_at_most() -> Weight {
        let search = Self::search(MAX_ASKS - 1, MAX_PATTERNS, 2 * MAX_AUDITORS);
        Self::take_over().saturating_add(search)
    }
    /// What the agenda does with a lease at most.
    fn wake() -> Weight {
        Self::advance().saturating_add(Self::take_over_at_most())
    }
    /// Advancing one lease to the current block, through every stage.
    fn advance() -> Weight;
    /// Looking for the next entry of the agenda.
    fn agenda_peek() -> Weight;
    /// Showing that the agenda lags behind.
    fn show_backlog() -> Weight;
    /// `activate`.
    fn activate() -> Weight {
        Self::small_change().saturating_mul(3)
    }
    /// `decline`, without what takes over.
    fn decline() -> Weight {
        Self::advance().saturating_add(Self::small_change())
    }
    /// `file_receipt`, without what takes over: the check of a signature beside an end.
    fn file_receipt() -> Weight {
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
    fn deploy(groups: u32) -> Weight {
        // Once: two numbers, deployment, index, ticket, the owner's account and holds.
        let once = Weight::from_parts(60_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(5, 6));
        // A group: lease, escrow account, two indices of the agenda, one of the provider, bond and pool, provider.
        let group = Weight::from_parts(90_000_000, 8_192).saturating_add(T::DbWeight::get().reads_writes(4, 8));
        once.saturating_add(group.saturating_mul(groups.into()))
    }
    fn look_at_ask() -> Weight {
        // The ask, its provider, its bond pool, and what is known of its provider.
        Weight::from_parts(20_000_000, 4_096).saturating_add(T::DbWeight::get().reads(5))
    }
    fn match_pattern() -> Weight {
        // 32 attributes whose keys differ in the last byte only: each is tried from every byte on.
        Weight::from_parts(70_000_000, 0)
    }
    fn check_audit() -> Weight {
        Weight::from_parts(10_000_000, 4_096).saturating_add(T::DbWeight::get().reads(1))
    }
    fn take_over() -> Weight {
        // The siblings that it must be apart from: all that a deployment may have, a few of which run.
        let siblings = T::DbWeight::get().reads((MAX_LEASES + 3 * MAX_GROUPS).into());
        Self::deploy(1).saturating_add(siblings)
    }
    fn advance() -> Weight {
        Weight::from_parts(250_000_000, 16_384).saturating_add(T::DbWeight::get().reads_writes(34, 23))
    }
    fn agenda_peek() -> Weight {
        Weight::from_parts(5_000_000, 1_024).saturating_add(T::DbWeight::get().reads(1))
    }
    fn show_backlog() -> Weight {
        Weight::from_parts(10_000_000, 1_024).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }
    fn small_change() -> Weight {
        Weight::from_parts(60_000_000, 4_096).saturating_add(T::DbWeight::get().reads_writes(4, 3))
    }
}

impl WeightInfo for () {
    fn deploy(groups: u32) -> Weight {
        let group = Weight::from_parts(90_000_000, 8_192);
        Weight::from_parts(60_000_000, 4_096).saturating_add(group.saturating_mul(groups.into()))
    }
    fn look_at_ask() -> Weight {
        Weight::from_parts(20_000_000, 4_096)
    }
    fn match_pattern() -> Weight {
        Weight::from_parts(70_000_000, 0)
    }
    fn check_audit() -> Weight {
        Weight::from_parts(10_000_000, 4_096)
    }
    fn take_over() -> Weight {
        Weight::from_parts(200_000_000, 16_384)
    }
    fn advance() -> Weight {
        Weight::from_parts(250_000_000, 16_384)
    }
    fn agenda_peek() -> Weight {
        Weight::from_parts(5_000_000, 1_024)
    }
    fn show_backlog() -> Weight {
        Weight::from_parts(10_000_000, 1_024)
    }
    fn small_change() -> Weight {
        Weight::from_parts(60_000_000, 4_096)
    }
}
