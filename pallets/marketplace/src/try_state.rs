//! Invariants, one function each.

use crate::{
    Agenda, Config, Deployments, DeploymentsByOwner, HoldReason, Lease, Leases, LeasesByProvider, NextDeploymentId,
    NextLeaseId, Pallet, Reservation, Spread, Stage, Stuck, MAX_PENDING_SEGMENTS,
};
use alloc::{collections::BTreeMap, vec::Vec};
use frame_support::{ensure, traits::fungible::hold::Inspect};
use perigee_primitives::{
    traits::{Availability, EscrowTotals, LeaseBonds, ProviderCapacity, ProviderInspect, StreamingEscrow},
    Balance, LeaseId, ProviderId, Resources,
};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks all invariants.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        for (id, lease) in Leases::<T>::iter() {
            Self::ids_were_given_out(id, &lease)?;
            Self::lease_belongs_to_its_deployment(id, &lease)?;
            Self::money_is_accounted_for(id, &lease)?;
            Self::tail_is_funded(id, &lease)?;
            Self::bill_is_in_order(&lease)?;
            Self::terms_end_in_those_agreed(&lease)?;
            Self::pauses_are_counted(&lease)?;
            Self::sla_is_counted_within_the_bill(id, &lease)?;
            Self::capacity_index_matches(id, &lease)?;
            Self::rest_of_an_order_waits_for_activation(&lease)?;
            Self::bond_stands_for_its_lease(id, &lease)?;
        }
        Self::deployments_are_whole()?;
        Self::spread_leases_lie_apart()?;
        Self::one_agenda_entry_per_lease()?;
        Self::no_orphans_in_the_indices()?;
        Self::what_is_leased_is_leased_to_somebody()?;
        Self::reservations_equal_holds()
    }

    /// Every id is below the next one: none is given out twice.
    fn ids_were_given_out(id: LeaseId, lease: &Lease<T::AccountId>) -> Result<(), TryRuntimeError> {
        ensure!(id < NextLeaseId::<T>::get(), "a lease id is not below the next");
        ensure!(
            lease.deployment < NextDeploymentId::<T>::get(),
            "a deployment id is not below the next"
        );
        Ok(())
    }

    fn lease_belongs_to_its_deployment(id: LeaseId, lease: &Lease<T::AccountId>) -> Result<(), TryRuntimeError> {
        let deployment = Deployments::<T>::get(lease.deployment).ok_or("a lease without a deployment")?;
        ensure!(deployment.leases.contains(&id), "a deployment does not list its lease");
        ensure!(
            deployment.owner == lease.owner,
            "lease and deployment differ in their owner"
        );
        Ok(())
    }

    /// A live lease has an open account; a final one has totals without a balance; both add up.
    fn money_is_accounted_for(id: LeaseId, lease: &Lease<T::AccountId>) -> Result<(), TryRuntimeError> {
        let totals = match lease.stage {
            Stage::Ended {
                totals: Some(totals), ..
            } => {
                ensure!(totals.balance == 0, "a final lease has a balance");
                totals
            }
            _ => T::Escrow::totals(id).ok_or("a live lease without an escrow account")?,
        };
        let EscrowTotals {
            deposited,
            balance,
            to_payees,
            fee,
            refunded,
        } = totals;
        let sum = [balance, to_payees, fee, refunded]
            .into_iter()
            .try_fold(0, Balance::checked_add);
        ensure!(
            sum == Some(deposited),
            "deposits differ from paid, fee, refund and balance"
        );
        Ok(())
    }

    /// An ended lease's balance covers every block up to its end.
    fn tail_is_funded(id: LeaseId, lease: &Lease<T::AccountId>) -> Result<(), TryRuntimeError> {
        let Stage::Ended { at, totals: None, .. } = lease.stage else {
            return Ok(());
        };
        let tail = lease
            .bill
            .full_cost(lease.bill.billed_until, at)
            .ok_or("a tail's cost overflows")?;
        let balance = T::Escrow::totals(id)
            .ok_or("a live lease without an escrow account")?
            .balance;
        ensure!(tail <= balance, "a tail is not funded");
        Ok(())
    }

    fn bill_is_in_order(lease: &Lease<T::AccountId>) -> Result<(), TryRuntimeError> {
        let bill = &lease.bill;
        let active = matches!(lease.stage, Stage::Active { .. });
        ensure!(!active || !bill.segments.is_empty(), "an active lease without terms");
        ensure!(
            bill.funded_until <= bill.billed_until,
            "funds were checked beyond what is billed"
        );
        ensure!(
            bill.segments.windows(2).all(|pair| pair[0].from < pair[1].from),
            "segments out of order"
        );
        let pending = bill.pending(T::Availability::judged_until());
        ensure!(pending <= MAX_PENDING_SEGMENTS as usize, "too many pending changes");
        Ok(())
    }

    /// The last segment of an active lease is not paused and has the lease's rate: every pause ends.
    fn terms_end_in_those_agreed(lease: &Lease<T::AccountId>) -> Result<(), TryRuntimeError> {
        let (Stage::Active { .. }, Some(last)) = (&lease.stage, lease.bill.segments.last()) else {
            return Ok(());
        };
        ensure!(!last.paused, "a pause without an end");
        ensure!(
            last.rate == lease.rate,
            "a lease and its last terms differ in their rate"
        );
        Ok(())
    }

    /// What the pauses that are known leave unpaid is counted.
    fn pauses_are_counted(lease: &Lease<T::AccountId>) -> Result<(), TryRuntimeError> {
        let known = lease.bill.forgone_from(0);
        ensure!(known <= lease.bill.forgone, "a pause is not counted");
        Ok(())
    }

    /// The SLA is counted up to a block that is billed, and up to the last one of a final lease. What lags is known.
    fn sla_is_counted_within_the_bill(id: LeaseId, lease: &Lease<T::AccountId>) -> Result<(), TryRuntimeError> {
        let (counted, billed) = (lease.sla_count.counted_until, lease.bill.billed_until);
        ensure!(counted <= billed, "the SLA is counted beyond what is billed");
        if counted < billed {
            ensure!(
                !matches!(lease.stage, Stage::Ended { totals: Some(_), .. }),
                "a final lease whose SLA is not counted"
            );
            ensure!(
                Stuck::<T>::contains_key(lease.provider, id),
                "attestation may forget what an SLA is counted by"
            );
        }
        Ok(())
    }

    fn capacity_index_matches(id: LeaseId, lease: &Lease<T::AccountId>) -> Result<(), TryRuntimeError> {
        let listed = LeasesByProvider::<T>::contains_key((lease.provider, lease.wake.to_be_bytes(), id));
        ensure!(
            listed == lease.capacity_held,
            "the index of a provider's leases differs from the lease"
        );
        Ok(())
    }

    fn rest_of_an_order_waits_for_activation(lease: &Lease<T::AccountId>) -> Result<(), TryRuntimeError> {
        let Some(rest) = &lease.rest else {
            return Ok(());
        };
        ensure!(
            matches!(lease.stage, Stage::Pending { .. }),
            "the rest of an order outlives the wait for activation"
        );
        ensure!(!rest.asks.is_empty(), "the rest of an order names no ask");
        Ok(())
    }

    /// A lease that waits for activation has its whole bond, a final one has none.
    fn bond_stands_for_its_lease(id: LeaseId, lease: &Lease<T::AccountId>) -> Result<(), TryRuntimeError> {
        let bond = T::Bonds::bonded(lease.provider, id);
        match lease.stage {
            Stage::Pending { .. } => ensure!(
                Self::bond_of(lease.rate) == Some(bond),
                "a lease that waits for activation lacks its bond"
            ),
            Stage::Ended { totals: Some(_), .. } => ensure!(bond == 0, "a final lease has a bond"),
            _ => {}
        }
        Ok(())
    }

    /// Running leases of one deployment with the same number lie at different providers and in different regions.
    fn spread_leases_lie_apart() -> Result<(), TryRuntimeError> {
        for deployment in Deployments::<T>::iter_values() {
            let leases = deployment
                .leases
                .iter()
                .filter_map(|id| Some((*id, Leases::<T>::get(id)?)));
            let mut seen = Vec::new();
            for (_, lease) in leases.filter(|(id, lease)| lease.spread.is_some() && Self::runs(*id, lease)) {
                let Some(spread) = lease.spread else { continue };
                let clash = |(other, provider): &(Spread, ProviderId)| {
                    other.number == spread.number && (*provider == lease.provider || other.region == spread.region)
                };
                ensure!(!seen.iter().any(clash), "leases that are spread lie together");
                seen.push((spread, lease.provider));
            }
        }
        Ok(())
    }

    /// A deployment has leases and an entry at its owner; nothing else has.
    fn deployments_are_whole() -> Result<(), TryRuntimeError> {
        let mut count = 0;
        for (id, deployment) in Deployments::<T>::iter() {
            count += 1;
            ensure!(!deployment.leases.is_empty(), "an empty deployment remains");
            ensure!(
                deployment.offered_to.as_ref() != Some(&deployment.owner),
                "a deployment is offered to its owner"
            );
            ensure!(
                deployment.leases.iter().all(Leases::<T>::contains_key),
                "a deployment lists a lease that is gone"
            );
            ensure!(
                DeploymentsByOwner::<T>::contains_key(&deployment.owner, id),
                "an owner does not list a deployment"
            );
        }
        ensure!(
            DeploymentsByOwner::<T>::iter_keys().count() == count,
            "an owner lists a deployment that is gone"
        );
        Ok(())
    }

    /// One end per live lease: each lease stands in the agenda, once, at the block it says; and among its provider's,
    /// if it takes capacity.
    fn one_agenda_entry_per_lease() -> Result<(), TryRuntimeError> {
        let (mut count, mut held) = (0, 0);
        for (id, lease) in Leases::<T>::iter() {
            count += 1;
            held += usize::from(lease.capacity_held);
            let key = lease.wake.to_be_bytes();
            ensure!(Agenda::<T>::contains_key(key, id), "a lease is not on the agenda");
        }
        ensure!(
            Agenda::<T>::iter_keys().count() == count,
            "the agenda holds more than the leases"
        );
        ensure!(
            LeasesByProvider::<T>::iter_keys().count() == held,
            "a provider has more leases than take its capacity"
        );
        Ok(())
    }

    fn no_orphans_in_the_indices() -> Result<(), TryRuntimeError> {
        let gone = |(_, id)| !Leases::<T>::contains_key(id);
        ensure!(!Stuck::<T>::iter_keys().any(gone), "a lease is stuck that is gone");
        Ok(())
    }

    /// What is leased of a provider, and at which rate, is the sum of the leases that take its capacity.
    fn what_is_leased_is_leased_to_somebody() -> Result<(), TryRuntimeError> {
        let mut sums = BTreeMap::<ProviderId, (Resources, Balance)>::new();
        for lease in Leases::<T>::iter_values().filter(|lease| lease.capacity_held) {
            let sum = sums.entry(lease.provider).or_default();
            let more = sum.0.checked_add(&lease.resources).zip(sum.1.checked_add(lease.rate));
            *sum = more.ok_or("what is leased of a provider overflows")?;
        }
        for id in 0..T::Providers::next_id() {
            let (resources, rate) = sums.remove(&id).unwrap_or_default();
            let (leased, leased_rate) = T::Providers::leased(id);
            // Not `==`: a lease may name a GPU model of which it has none.
            ensure!(
                resources.fits(&leased) && leased.fits(&resources),
                "what is leased of a provider differs from its leases"
            );
            ensure!(
                rate == leased_rate,
                "the rate that is leased of a provider differs from its leases"
            );
        }
        ensure!(sums.is_empty(), "a lease takes capacity of no provider");
        Ok(())
    }

    /// The reservation fee is held for pending leases only, and each owner's hold is their sum.
    fn reservations_equal_holds() -> Result<(), TryRuntimeError> {
        let mut held = BTreeMap::<T::AccountId, Balance>::new();
        for lease in Leases::<T>::iter_values() {
            let sum = held.entry(lease.owner).or_default();
            if let Reservation::Held(amount) = lease.reservation {
                ensure!(
                    matches!(lease.stage, Stage::Pending { .. }),
                    "a reservation fee outlives its reservation"
                );
                *sum = sum.checked_add(amount).ok_or("an owner's reservation fees overflow")?;
            }
        }
        for (owner, amount) in held {
            let on_hold = T::Currency::balance_on_hold(&HoldReason::Reservation.into(), &owner);
            ensure!(on_hold == amount, "an owner's hold differs from its reservation fees");
        }
        Ok(())
    }
}
