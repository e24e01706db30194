//! Placing an order: the first named ask at which every check holds at this block.

use crate::{Config, Error, Lease, Leases, NextLeaseId, Pallet, Spread, MAX_DUE_ENDS};
use alloc::vec::Vec;
use frame_support::{
    ensure,
    storage::{with_transaction, TransactionOutcome},
    traits::Get,
    weights::{Weight, WeightMeter},
};
use perigee_primitives::{
    traits::{Availability, LeaseBonds, ProviderCapacity, ProviderInspect, Scores},
    AskId, Balance, GroupOrder, LeaseId, LeasePhase, Offer, ProviderId, Refusal, Region, Requirements, Standings, Tier,
};
use sp_runtime::DispatchError;

/// An order on its way to a lease.
pub(crate) struct Wanted<'a, AccountId> {
    /// The lease it becomes.
    pub lease: LeaseId,
    /// Whose it is.
    pub owner: &'a AccountId,
    /// What is ordered.
    pub order: &'a GroupOrder<AccountId>,
    /// Leases of the same deployment, which it may have to be apart from.
    pub siblings: &'a [LeaseId],
}

/// Where an order was placed. Capacity and bond are taken.
pub(crate) struct Placement<AccountId> {
    /// The ask.
    pub ask: AskId,
    /// Its place among those that the order names.
    pub position: usize,
    /// What it offered.
    pub offer: Offer<AccountId>,
    /// Rate per block.
    pub rate: Balance,
}

/// Ends of full candidates that may still be processed before they are passed over.
pub(crate) struct DueEnds {
    left: u32,
    meter: WeightMeter,
}

impl DueEnds {
    /// As many as a call may process.
    pub(crate) fn some<T: Config>() -> Self {
        Self {
            left: MAX_DUE_ENDS,
            meter: WeightMeter::with_limit(Pallet::<T>::due_ends_at_most()),
        }
    }

    /// None: where ends are being processed already.
    pub(crate) fn none() -> Self {
        Self {
            left: 0,
            meter: WeightMeter::with_limit(Weight::zero()),
        }
    }

    /// Processes due ends of a provider; were there any?
    fn process<T: Config>(&mut self, provider: ProviderId) -> bool {
        if self.left == 0 {
            return false;
        }
        let processed = Pallet::<T>::process_due_ends(provider, self.left, &mut self.meter);
        self.left = self.left.saturating_sub(processed);
        processed > 0
    }

    /// The weight of those that were processed.
    pub(crate) fn weight(&self) -> Weight {
        self.meter.consumed()
    }
}

impl<T: Config> Pallet<T> {
    /// Takes the first ask that fits, with its capacity and its bond. `group` names the order in errors.
    pub(crate) fn place(
        wanted: &Wanted<T::AccountId>,
        due_ends: &mut DueEnds,
        group: u8,
    ) -> Result<Placement<T::AccountId>, Error<T>> {
        let mut deposit_short = false;
        for (position, ask) in wanted.order.asks.iter().enumerate() {
            match Self::take(*ask, wanted, due_ends) {
                Ok((offer, rate)) => {
                    return Ok(Placement {
                        ask: *ask,
                        position,
                        offer,
                        rate,
                    })
                }
                Err(refusal) => deposit_short |= matches!(refusal, Refusal::Deposit { .. }),
            }
        }
        Err(if deposit_short {
            Error::DepositTooSmall(group)
        } else {
            Error::NoAskFits(group)
        })
    }

    /// Why each named ask would not take an order, for those that would not.
    pub fn explain_order(owner: T::AccountId, order: GroupOrder<T::AccountId>) -> Vec<(AskId, Refusal)> {
        let wanted = Wanted {
            lease: NextLeaseId::<T>::get(),
            owner: &owner,
            order: &order,
            siblings: &[],
        };
        let refusal = |ask: &AskId| {
            // The very steps of an opening, undone.
            let taken = with_transaction(|| {
                let taken = Self::take(*ask, &wanted, &mut DueEnds::some::<T>());
                TransactionOutcome::Rollback(Ok::<_, DispatchError>(taken.err()))
            });
            taken.ok().flatten().map(|refusal| (*ask, refusal))
        };
        order.asks.iter().filter_map(refusal).collect()
    }

    /// Takes capacity and bond at `ask`. At a provider that is short of them its due ends are processed first.
    fn take(
        ask: AskId,
        wanted: &Wanted<T::AccountId>,
        due_ends: &mut DueEnds,
    ) -> Result<(Offer<T::AccountId>, Balance), Refusal> {
        let offer = T::Providers::offer(ask).ok_or(Refusal::Gone)?;
        let rate = Self::check(&offer, wanted)?;
        let Err(shortage) = Self::take_what_is_free(&offer, rate, wanted) else {
            return Ok((offer, rate));
        };
        if !due_ends.process::<T>(offer.provider) {
            return Err(shortage);
        }
        let offer = T::Providers::offer(ask).ok_or(Refusal::Gone)?;
        Self::take_what_is_free(&offer, rate, wanted)?;
        Ok((offer, rate))
    }

    /// Checks all that no end changes; returns the rate. What costs reads comes late.
    fn check(offer: &Offer<T::AccountId>, wanted: &Wanted<T::AccountId>) -> Result<Balance, Refusal> {
        let order = wanted.order;
        ensure!(offer.terms.tenants.admit(wanted.owner), Refusal::Tenant);
        ensure!(offer.terms.terms.admit(order.term), Refusal::Term);
        let asked = offer.rate(&order.resources);
        let within_bounds = asked.filter(|rate| *rate > 0 && *rate <= order.max_rate);
        let rate = within_bounds.ok_or(Refusal::Price { rate: asked })?;
        let (standings, tier) = Self::known_of(offer.provider, &order.requirements);
        let unmet = order
            .requirements
            .unmet(offer, &standings, tier, T::Providers::has_signed);
        unmet.map_or(Ok(()), |unmet| Err(Refusal::Requirement(unmet)))?;
        if let Some(number) = order.requirements.spread {
            ensure!(Self::is_apart(number, offer, wanted.siblings), Refusal::Spread);
        }
        let least = Self::least_deposit(rate, order.term);
        let covered = least.is_some_and(|least| order.deposit >= least);
        ensure!(covered, Refusal::Deposit { least });
        Ok(rate)
    }

    /// Takes capacity and bond, or neither.
    fn take_what_is_free(
        offer: &Offer<T::AccountId>,
        rate: Balance,
        wanted: &Wanted<T::AccountId>,
    ) -> Result<(), Refusal> {
        let resources = &wanted.order.resources;
        ensure!(resources.fits(&offer.free), Refusal::Capacity);
        ensure!(rate <= offer.backed_rate, Refusal::Stake);
        let needed = Self::bond_of(rate);
        let bond = needed.ok_or(Refusal::Bond { needed })?;
        T::Bonds::set(offer.provider, wanted.lease, bond).map_err(|_| Refusal::Bond { needed })?;
        if T::Providers::lease(offer.provider, resources, rate).is_err() {
            T::Bonds::release(offer.provider, wanted.lease);
            return Err(Refusal::Capacity);
        }
        Ok(())
    }

    /// What is known of the provider, as far as the order asks for it.
    pub(crate) fn known_of(provider: ProviderId, requirements: &Requirements<T::AccountId>) -> (Standings, Tier) {
        let standings = if requirements.availability > 0 || requirements.service > 0 {
            T::Scores::standings(provider)
        } else {
            Standings::default()
        };
        let tier = if requirements.tier > Tier::default() {
            T::Providers::tier(provider)
        } else {
            Tier::default()
        };
        (standings, tier)
    }

    /// rate × (W + E), and with a term rate × (term + W + E).
    pub(crate) fn least_deposit(rate: Balance, term: Option<u32>) -> Option<Balance> {
        let blocks = Balance::from(T::Availability::times().reserve()) + Balance::from(term.unwrap_or(0));
        rate.checked_mul(blocks)
    }

    /// The bond of a lease at `rate`.
    pub(crate) fn bond_of(rate: Balance) -> Option<Balance> {
        rate.checked_mul(T::BondBlocks::get().into())
    }

    /// Does an offer lie at another operator and in another region than the running siblings with the same number? A
    /// region that is not stated may be any.
    fn is_apart(number: u8, offer: &Offer<T::AccountId>, siblings: &[LeaseId]) -> bool {
        let region = &offer.terms.place.region;
        let clashes = |id: &LeaseId| {
            let Some(lease) = Leases::<T>::get(id) else {
                return false;
            };
            let Some(spread) = lease.spread.as_ref().filter(|spread| spread.number == number) else {
                return false;
            };
            let same_operator = lease.provider == offer.provider || lease.payee == offer.operator;
            (same_operator || spread.region == *region) && Self::runs(*id, &lease)
        };
        !region.is_empty() && !siblings.iter().any(clashes)
    }

    /// Has it not ended, by arithmetic?
    pub(crate) fn runs(id: LeaseId, lease: &Lease<T::AccountId>) -> bool {
        !matches!(Self::find(id, lease).0, LeasePhase::Ended { .. })
    }
}

impl Spread {
    /// Of a lease in `region`, where its order asks for it.
    pub(crate) fn asked<AccountId>(requirements: &Requirements<AccountId>, region: &Region) -> Option<Self> {
        requirements.spread.map(|number| Self {
            number,
            region: region.clone(),
        })
    }
}
