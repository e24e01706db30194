//! When to look at which lease. One entry per lease, at the first block at which something may be due.
//!
//! An entry that comes too early costs a look; what a look finds depends on the current block only, so that a late
//! one changes nothing but the block of the events.

use crate::{
    billing::judgement, standing::Standing, Agenda, Config, Deployments, DeploymentsByOwner, Event, Lease, Leases,
    LeasesByProvider, Pallet, SortedBlock, Stage, Stuck, WeightInfo,
};
use alloc::vec::Vec;
use frame_support::{
    storage::with_storage_layer,
    traits::Get,
    weights::{Weight, WeightMeter},
};
use perigee_primitives::{traits::Availability, BlockNumber, LeaseId, ProviderId};
use sp_runtime::{DispatchError, DispatchResult};

/// The key of a block in the agenda.
fn key(block: BlockNumber) -> SortedBlock {
    block.to_be_bytes()
}

impl<T: Config> Pallet<T> {
    /// Looks at due leases, earliest first, while the meter allows.
    pub(crate) fn run_agenda(meter: &mut WeightMeter) {
        let now = Self::now();
        let mut first = true;
        let mut entries = Agenda::<T>::iter_keys();
        while meter.try_consume(T::WeightInfo::agenda_peek()).is_ok() {
            let Some((block, lease)) = entries.next() else { return };
            let due = BlockNumber::from_be_bytes(block);
            if core::mem::take(&mut first) && Self::is_old(due) {
                Self::show_backlog(due, meter);
            }
            if due > now || !meter.can_consume(Self::wake_at_most()) {
                return;
            }
            meter.consume(Self::wake(lease, due));
        }
    }

    /// Looks at up to `limit` due leases that take capacity of a provider, while the meter allows. Returns how many. One
    /// that waits for activation would give no capacity back yet, and another might take over: it is left to the agenda.
    pub(crate) fn process_due_ends(provider: ProviderId, limit: u32, meter: &mut WeightMeter) -> u32 {
        let now = Self::now();
        let due: Vec<_> = LeasesByProvider::<T>::iter_key_prefix((provider,))
            .map(|(block, lease)| (BlockNumber::from_be_bytes(block), lease))
            .take_while(|(due, _)| *due <= now)
            .take(limit as usize)
            .collect();
        let mut processed = 0;
        for (due, lease) in due {
            if !meter.can_consume(Self::end_at_most(provider, lease)) {
                break;
            }
            meter.consume(if Self::waits_for_activation(lease) {
                T::WeightInfo::look(0)
            } else {
                Self::wake(lease, due)
            });
            processed += 1;
        }
        processed
    }

    fn waits_for_activation(id: LeaseId) -> bool {
        Leases::<T>::get(id).is_some_and(|lease| matches!(lease.stage, Stage::Pending { .. }))
    }

    /// Advances one lease. A failure changes nothing, is shown by an event, and is tried again later. Returns the
    /// weight that was used.
    fn wake(id: LeaseId, due: BlockNumber) -> Weight {
        let depositors = Self::depositors(id);
        let advanced = with_storage_layer(|| {
            let mut lease = Self::touched(id)?;
            let taken_over = Self::expire(id, &mut lease)?;
            let (provider, lags) = (lease.provider, !Self::sla_is_counted(&lease));
            Self::keep(id, lease)?;
            Ok::<_, DispatchError>((provider, lags, taken_over))
        });
        match advanced {
            Ok((provider, lags, taken_over)) => {
                if !lags {
                    Stuck::<T>::remove(provider, id);
                }
                Self::forget_verdicts(provider, due);
                Self::look_used(id, depositors).saturating_add(taken_over)
            }
            Err(error) => {
                Self::put_off(id, due, error);
                Self::wake_at_most()
            }
        }
    }

    /// Lets attestation forget what no lease asks about. Every lease is looked at within `SettleInterval`, and the
    /// agenda is worked off in order: all have been looked at since the earliest due block minus that interval, and
    /// none asks about blocks more than 2 W before. A lease that lags behind may ask about any.
    fn forget_verdicts(provider: ProviderId, due: BlockNumber) {
        let window = T::Availability::times().window();
        let horizon = due
            .saturating_sub(T::SettleInterval::get())
            .saturating_sub(window.saturating_mul(2));
        if horizon > 0 && Stuck::<T>::iter_key_prefix(provider).next().is_none() {
            T::Availability::forget_before(provider, horizon);
        }
    }

    fn put_off(id: LeaseId, due: BlockNumber, error: DispatchError) {
        Self::deposit_event(Event::WakeFailed { lease: id, error });
        match Leases::<T>::get(id) {
            Some(mut lease) => {
                let window = T::Availability::times().window().max(1);
                Stuck::<T>::insert(lease.provider, id, ());
                Self::leave_agenda(id, &lease);
                Self::enter_agenda(id, &mut lease, Self::now().saturating_add(window));
                Leases::<T>::insert(id, lease);
            }
            None => Agenda::<T>::remove(key(due), id),
        }
    }

    /// Stores an advanced lease with its place in the agenda, or removes it when its time is over.
    pub(crate) fn keep(id: LeaseId, mut lease: Lease<T::AccountId>) -> DispatchResult {
        if Self::is_over(&lease) {
            Self::prune(id, lease);
            return Ok(());
        }
        let due = Self::next_due(id, &mut lease)?;
        if !Self::sla_is_counted(&lease) {
            Stuck::<T>::insert(lease.provider, id, ());
        }
        // An entry that is early enough stays: one look too many is cheaper than moving it at every call.
        if lease.wake > due || (lease.wake < due && lease.wake <= Self::now()) {
            Self::leave_agenda(id, &lease);
            Self::enter_agenda(id, &mut lease, due);
        }
        Leases::<T>::insert(id, lease);
        Ok(())
    }

    /// The first block, after the current one, at which something may be due. A missed activation stays due: only the
    /// agenda ends it, and nobody puts it off.
    fn next_due(id: LeaseId, lease: &mut Lease<T::AccountId>) -> Result<BlockNumber, DispatchError> {
        let now = Self::now();
        let due = match lease.stage {
            Stage::Active { .. } | Stage::Ended { .. } if !Self::sla_is_counted(lease) => now,
            Stage::Pending { activate_by, receipt } => return Ok(Self::expires_at(activate_by, receipt)),
            Stage::Active { .. } => {
                let settle = now.saturating_add(T::SettleInterval::get());
                let standing = Self::standing_of(id, lease)?;
                let end = standing.runs_until.map(|(at, _)| at);
                let warning = Self::warn(id, lease, &standing);
                [end, warning].into_iter().flatten().fold(settle, BlockNumber::min)
            }
            Stage::Ended {
                at,
                processed_at,
                totals,
                ..
            } => {
                let freed = lease
                    .capacity_held
                    .then(|| processed_at.saturating_add(T::TearDownGrace::get()));
                let judged = totals.is_none().then(|| Self::verdict_due(lease.provider, at));
                let pruned = at.saturating_add(T::RetentionBlocks::get());
                [freed, judged].into_iter().flatten().min().unwrap_or(pruned)
            }
        };
        Ok(due.max(now.saturating_add(1)))
    }

    /// Warns the tenant when the end by funds is near, once. Returns the block at which it will be.
    fn warn(id: LeaseId, lease: &mut Lease<T::AccountId>, standing: &Standing) -> Option<BlockNumber> {
        let ends_at = standing.funds_end().filter(|_| !lease.warned)?;
        let near = ends_at.saturating_sub(T::WarnBlocks::get());
        if near > Self::now() {
            return Some(near);
        }
        lease.warned = true;
        Self::deposit_event(Event::FundsLow { lease: id, ends_at });
        None
    }

    /// The block at which the verdicts on all blocks before `end` are due; when they are late, one margin from now.
    fn verdict_due(provider: ProviderId, end: BlockNumber) -> BlockNumber {
        let judged = judgement::<T::Availability>(provider);
        let due = judged.verdict_due(end);
        if due > Self::now() {
            return due;
        }
        Self::now().saturating_add(judged.times.margin)
    }

    pub(crate) fn enter_agenda(id: LeaseId, lease: &mut Lease<T::AccountId>, block: BlockNumber) {
        lease.wake = block;
        Agenda::<T>::insert(key(block), id, ());
        if lease.capacity_held {
            LeasesByProvider::<T>::insert((lease.provider, key(block), id), ());
        }
    }

    fn leave_agenda(id: LeaseId, lease: &Lease<T::AccountId>) {
        Agenda::<T>::remove(key(lease.wake), id);
        Self::leave_provider(id, lease);
    }

    /// Takes a lease out of its provider's, if it is among them.
    pub(crate) fn leave_provider(id: LeaseId, lease: &Lease<T::AccountId>) {
        if lease.capacity_held {
            LeasesByProvider::<T>::remove((lease.provider, key(lease.wake), id));
        }
    }

    /// Final, its capacity free, and kept long enough?
    fn is_over(lease: &Lease<T::AccountId>) -> bool {
        let Stage::Ended { at, .. } = lease.stage else {
            return false;
        };
        lease.is_final() && !lease.capacity_held && at.saturating_add(T::RetentionBlocks::get()) <= Self::now()
    }

    /// Removes a lease, and its deployment with the last one.
    fn prune(id: LeaseId, lease: Lease<T::AccountId>) {
        Self::leave_agenda(id, &lease);
        Leases::<T>::remove(id);
        Stuck::<T>::remove(lease.provider, id);
        Self::deposit_event(Event::LeasePruned { lease: id });
        let Some(mut deployment) = Deployments::<T>::get(lease.deployment) else {
            return;
        };
        deployment.leases.retain(|other| *other != id);
        if !deployment.leases.is_empty() {
            Deployments::<T>::insert(lease.deployment, deployment);
            return;
        }
        Deployments::<T>::remove(lease.deployment);
        DeploymentsByOwner::<T>::remove(&deployment.owner, lease.deployment);
        Self::return_ticket(deployment.ticket, &deployment.owner);
    }
}
