//! What calls and the agenda cost: measured parts, put together. A call is charged for the worst that may be due at the
//! leases it looks at, and gives back what was not.

use crate::{Claim, Config, Lease, Leases, Pallet, Stage, WeightInfo, MAX_LEASES, MAX_SETTLED, MAX_TORN_DOWN};
use frame_support::{
    dispatch::{DispatchClass, PostDispatchInfo},
    traits::Get,
    weights::Weight,
};
use perigee_primitives::{
    traits::{Availability, StreamingEscrow, MAX_DEPOSITORS},
    Attributes, LeaseId, ProviderId, Requirements, MAX_ASKS, MAX_AUDITORS, MAX_GROUPS, MAX_PATTERNS,
};

/// Steps of the search among a provider's unbilled runs that are charged before they are known: as many as 8,191 runs
/// take, those of a provider that was absent in every other epoch for months.
pub const MAX_SEARCH_STEPS: u32 = 13;

impl<AccountId> Lease<AccountId> {
    /// Is everything paid and refunded that could be?
    pub(crate) fn is_final(&self) -> bool {
        matches!(self.stage, Stage::Ended { totals: Some(_), .. })
    }
}

impl<T: Config> Pallet<T> {
    /// Advancing a lease through every stage, to the payouts of all that may be owed.
    fn look_at_most() -> Weight {
        T::WeightInfo::advance(MAX_DEPOSITORS, MAX_SEARCH_STEPS)
    }

    /// The weight of a call, and of so many looks at leases, at their worst.
    pub(crate) fn at_most(call: Weight, looks: u32) -> Weight {
        call.saturating_add(Self::look_at_most().saturating_mul(looks.into()))
    }

    /// No call is so dear that no block could take it, and the agenda can go on in an empty one.
    pub(crate) fn ensure_calls_fit_a_block() {
        let limits = T::BlockWeights::get();
        let largest = limits
            .get(DispatchClass::Normal)
            .max_extrinsic
            .unwrap_or(limits.max_block);
        let calls = [
            ("close", Self::close_weight(Some(Claim::Abandoned))),
            (
                "accept_transfer",
                Self::at_most(T::WeightInfo::accept_transfer(MAX_LEASES), MAX_GROUPS),
            ),
            (
                "settle_many",
                Self::at_most(T::WeightInfo::settle_many(MAX_SETTLED), MAX_SETTLED),
            ),
            (
                "torn_down",
                Self::at_most(T::WeightInfo::torn_down(MAX_TORN_DOWN), MAX_TORN_DOWN + 1),
            ),
        ];
        for (call, weight) in calls {
            assert!(
                weight.all_lte(largest),
                "{call} weighs {weight}, a block takes {largest}"
            );
        }
        let polled = limits.max_block.saturating_div(4);
        assert!(Self::wake_at_most().all_lte(polled), "the agenda must move forward");
    }

    /// What a call used that looked so often at each of these leases. One that is final may just have been paid out.
    pub(crate) fn used(call: Weight, leases: &[LeaseId], looks: u32) -> PostDispatchInfo {
        let used = leases.iter().fold(call, |sum, id| {
            let look = Self::look_used(*id, MAX_DEPOSITORS);
            sum.saturating_add(look.saturating_mul(looks.into()))
        });
        Some(used).into()
    }

    /// What it cost to advance a lease whose escrow account had so many depositors before.
    pub(crate) fn look_used(id: LeaseId, depositors: u32) -> Weight {
        let Some(lease) = Leases::<T>::get(id) else {
            return T::WeightInfo::prune();
        };
        let steps = T::Availability::search_steps(lease.provider);
        if lease.is_final() && depositors > 0 {
            T::WeightInfo::advance(depositors, steps)
        } else {
            T::WeightInfo::look(steps)
        }
    }

    /// For how many depositors advancing a lease may have to pay.
    pub(crate) fn depositors(id: LeaseId) -> u32 {
        T::Escrow::depositors(id)
    }

    /// What the agenda does with a lease at most.
    pub fn wake_at_most() -> Weight {
        Self::look_at_most().saturating_add(Self::take_over_at_most())
    }

    /// The ends that a call may process before it passes a full candidate over: one at its worst, or as many ordinary
    /// ones as that pays for.
    pub(crate) fn due_ends_at_most() -> Weight {
        Self::look_at_most()
    }

    /// Processing the end of this lease.
    pub(crate) fn end_at_most(provider: ProviderId, id: LeaseId) -> Weight {
        T::WeightInfo::advance(Self::depositors(id).max(1), T::Availability::search_steps(provider))
    }

    /// Opening the lease that takes over, with all asks that may be left.
    pub(crate) fn take_over_at_most() -> Weight {
        T::WeightInfo::take_over().saturating_add(Self::search(MAX_ASKS - 1, MAX_PATTERNS, 2 * MAX_AUDITORS, true))
    }

    /// What an order costs by the length of its requirements, when one ask is looked at.
    pub(crate) fn length_weight(requirements: &Requirements<T::AccountId>) -> Weight {
        let regions = &requirements.regions;
        let regions = regions.allow.len().saturating_add(regions.deny.len());
        T::WeightInfo::require(requirements.attributes.len() as u32, regions as u32)
            .saturating_sub(T::WeightInfo::require(0, 0))
    }

    /// What an ask spares that has only so many attributes.
    pub(crate) fn spared(attributes: usize) -> Weight {
        T::WeightInfo::read_ask(Attributes::bound() as u32).saturating_sub(T::WeightInfo::read_ask(attributes as u32))
    }

    /// Looking at so many asks for an order with these requirements.
    pub(crate) fn search_weight(requirements: &Requirements<T::AccountId>, asks: usize) -> Weight {
        let auditors = requirements.all_of.len().saturating_add(requirements.any_of.len());
        let patterns = requirements
            .attributes
            .iter()
            .filter(|(key, _)| key.contains(&b'*'))
            .count();
        let standings = requirements.asks_for_standings();
        Self::search(asks as u32, patterns as u32, auditors as u32, standings)
    }

    /// Looking at so many asks, each for so many patterns with stars and so many auditors, who sign for every pattern,
    /// and for what is known of its provider. Opening a lease includes a look at the last of them without all this.
    pub(crate) fn search(asks: u32, patterns: u32, auditors: u32, standings: bool) -> Weight {
        let lists = u64::from(auditors).saturating_add(1);
        let matching = T::WeightInfo::match_pattern().saturating_mul(u64::from(patterns).saturating_mul(lists));
        let known = T::WeightInfo::check_standings().saturating_mul(standings.into());
        let audits = T::WeightInfo::check_audit().saturating_mul(auditors.into());
        let each = matching.saturating_add(audits).saturating_add(known);
        T::WeightInfo::look_at_ask()
            .saturating_mul(asks.saturating_sub(1).into())
            .saturating_add(each.saturating_mul(asks.into()))
    }
}
