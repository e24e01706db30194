//! Leases that nobody has looked at for as long as may be, with as many depositors and changes of their terms as one
//! may have, of a provider that was absent every other epoch.

use super::{open, Shop, RATE};
use crate::{billing::judgement, *};
use alloc::vec::Vec;
use frame_benchmarking::v2::{account, BenchmarkError};
use frame_support::traits::{fungible::Mutate, Get};
use perigee_primitives::{
    traits::{Availability, Charge, StreamingEscrow, MAX_DEPOSITORS},
    Balance, BlockNumber, DeploymentId, LeaseId, ProviderId, MILLION,
};
use sp_runtime::SaturatedConversion;

/// Changes of a lease's terms beside the first: as many as wait, and as many that the end by funds may ask about.
const CHANGES: u32 = MAX_SEGMENTS - 1;
/// Blocks of the current epoch that are over: as many as changes wait, and more.
const INTO_THE_EPOCH: BlockNumber = 6;

/// The leases of one deployment.
pub struct Running<AccountId> {
    pub tenant: AccountId,
    pub shop: Shop<AccountId>,
    pub deployment: DeploymentId,
    pub leases: Vec<LeaseId>,
    since: BlockNumber,
}

impl<AccountId> Running<AccountId> {
    pub fn first(&self) -> LeaseId {
        self.leases[0]
    }
}

/// One lease with as many depositors as there may be, with `room` for so many more changes of its terms, of a provider
/// that was never absent.
pub fn ordinary<T>(room: u32) -> Result<Running<T::AccountId>, BenchmarkError>
where
    T: Config + pallet_providers::Config + pallet_escrow::Config,
    <T as Config>::Currency: Mutate<T::AccountId>,
{
    running::<T>(1, MAX_DEPOSITORS, 0, room)
}

/// A deployment with `n` leases that have plenty of money, each of `depositors`, and `room` for so many more changes of
/// its terms. A search among the runs of their provider takes so many `steps`.
pub fn running<T>(n: u32, depositors: u32, steps: u32, room: u32) -> Result<Running<T::AccountId>, BenchmarkError>
where
    T: Config + pallet_providers::Config + pallet_escrow::Config,
    <T as Config>::Currency: Mutate<T::AccountId>,
{
    let runs = (1u32 << steps).saturating_sub(1);
    let times = T::Availability::times();
    go_into_epoch::<T>(runs.saturating_mul(2).saturating_add(2));
    let (tenant, shop, first) = open::<T>(n)?;
    let leases: Vec<_> = (first..).take(n as usize).collect();
    for lease in &leases {
        Pallet::<T>::do_activate(shop.operator.clone(), *lease)?;
        pallet_escrow::Pallet::<T>::crowd(*lease, depositors)?;
    }
    let since = Pallet::<T>::now();
    let last = times
        .epoch_of(since.saturating_add(T::SettleInterval::get()))
        .saturating_add(1);
    go_into_epoch::<T>(last);
    judge::<T>(shop.provider, last, runs);
    for lease in &leases {
        change_terms::<T>(*lease, CHANGES.saturating_sub(room));
    }
    Ok(Running {
        tenant,
        shop,
        deployment: NextDeploymentId::<T>::get().saturating_sub(1),
        leases,
        since,
    })
}

fn go_into_epoch<T: Config>(epoch: u32) {
    let block = T::Availability::times().start_of(epoch).saturating_add(INTO_THE_EPOCH);
    frame_system::Pallet::<T>::set_block_number(block.saturated_into());
}

/// All epochs before `last` are judged; in every other one, so many times, the provider was absent.
fn judge<T: Config>(provider: ProviderId, last: u32, runs: u32) {
    let times = T::Availability::times();
    let epochs = (1..=runs).rev().map(|n| last.saturating_sub(n.saturating_mul(2)));
    let absent: Vec<_> = epochs
        .map(|epoch| (times.start_of(epoch), times.end_of(epoch)))
        .collect();
    T::Availability::judge_as(provider, &absent, times.start_of(last));
}

/// Lets the terms of a lease change in so many blocks around the first unjudged one. The provider promised to be there
/// always, and to give the longest notice.
fn change_terms<T: Config + pallet_providers::Config>(lease: LeaseId, changes: u32) {
    let judged = T::Availability::judged_until();
    let first = judged.saturating_add(MAX_PENDING_SEGMENTS + 1).saturating_sub(CHANGES);
    Leases::<T>::mutate_extant(lease, |lease| {
        lease.sla = MILLION;
        lease.notice = <T as pallet_providers::Config>::MaxNotice::get();
        let agreed = lease.bill.segments[0].clone();
        for n in 0..changes {
            let next = Segment {
                from: first.saturating_add(n),
                ..agreed.clone()
            };
            lease.bill.segments.try_push(next).unwrap_or_default();
        }
        set_rate(lease, RATE);
    });
}

/// Lets a lease cost `rate` with the last change of its terms, and a little less with each before it.
fn set_rate<AccountId>(lease: &mut Lease<AccountId>, rate: Balance) {
    lease.rate = rate;
    for (less, segment) in (0..).zip(lease.bill.segments.iter_mut().rev()) {
        segment.rate = rate.saturating_sub(less);
    }
}

/// The SLA of a lease is counted but for the last windows before `end`, as many as one look counts.
fn count_sla<T: Config>(lease: &mut Lease<T::AccountId>, since: BlockNumber, end: BlockNumber) {
    let window = T::SlaWindow::get().max(1);
    let windows = end.saturating_sub(since).saturating_sub(1) / window;
    let counted = windows.saturating_sub(MAX_SLA_WINDOWS - 1);
    lease.sla_count.counted_until = since.saturating_add(counted.saturating_mul(window));
}

/// The provider gave a notice that is over with the last judged epoch, which a search must find.
fn give_notice<T: Config>(lease: &mut Lease<T::AccountId>, since: BlockNumber) {
    let judged = judgement::<T::Availability>(lease.provider);
    let owed = lease.bill.served(&judged, since, judged.until).saturating_sub(1);
    let given = Some(Notice::Counting {
        owed,
        counted_until: since,
    });
    if let Stage::Active { notice, .. } = &mut lease.stage {
        *notice = given;
    }
}

/// Lets the operator of a shop earn all but `rest` of the balance of a lease.
fn spend_all_but<T>(shop: &Shop<T::AccountId>, lease: LeaseId, rest: Balance) -> Result<(), BenchmarkError>
where
    T: Config + pallet_escrow::Config,
{
    let charge = Charge {
        payee: shop.operator.clone(),
        amount: balance::<T>(lease).saturating_sub(rest),
        fee: <T as Config>::Fee::get(),
    };
    Ok(pallet_escrow::Pallet::<T>::charge(lease, &[charge])?)
}

fn balance<T: Config + pallet_escrow::Config>(lease: LeaseId) -> Balance {
    pallet_escrow::Pallet::<T>::totals(lease).map_or(0, |totals| totals.balance)
}

/// A lease at whose last judged boundary the balance was low for the first time.
pub fn nearly_out<T>(steps: u32) -> Result<LeaseId, BenchmarkError>
where
    T: Config + pallet_providers::Config + pallet_escrow::Config,
    <T as Config>::Currency: Mutate<T::AccountId>,
{
    let all = running::<T>(1, MAX_DEPOSITORS, steps, 0)?;
    let id = all.first();
    let mut lease = Leases::<T>::get(id).ok_or("an open lease")?;
    let judged = judgement::<T::Availability>(lease.provider);
    let spent = lease
        .bill
        .cost(&judged, all.since, judged.until)
        .ok_or("a small cost")?;
    let needed = RATE.saturating_mul(judged.reserve().into());
    spend_all_but::<T>(&all.shop, id, spent.saturating_add(needed).saturating_sub(RATE / 2))?;
    give_notice::<T>(&mut lease, all.since);
    count_sla::<T>(&mut lease, all.since, judged.until);
    Leases::<T>::insert(id, lease);
    Ok(id)
}

/// A lease whose funds ended long ago, and that owes to as many as it may, out of the money of so many depositors.
pub fn exhausted<T>(depositors: u32, steps: u32) -> Result<LeaseId, BenchmarkError>
where
    T: Config + pallet_providers::Config + pallet_escrow::Config,
    <T as Config>::Currency: Mutate<T::AccountId>,
{
    let all = running::<T>(1, depositors, steps, 0)?;
    let id = all.first();
    // The operator earns the first deposit of everybody. The second ones last for so many blocks.
    spend_all_but::<T>(&all.shop, id, balance::<T>(id) / 2)?;
    let blocks = 1u32 << (T::SettleInterval::get() / 4).max(1).ilog2();
    let rate = balance::<T>(id) / Balance::from(blocks);
    // At the end it is these that are left, of everybody, because they add to less than a block costs.
    for index in 0..depositors {
        let who = if index == 0 {
            all.tenant.clone()
        } else {
            account("depositor", index, 0)
        };
        pallet_escrow::Pallet::<T>::deposit(id, &who, rate / Balance::from(2 * MAX_DEPOSITORS))?;
    }
    let mut lease = Leases::<T>::get(id).ok_or("an open lease")?;
    set_rate(&mut lease, rate);
    give_notice::<T>(&mut lease, all.since);
    let end = Pallet::<T>::find(id, &lease).1.ok_or("its funds have ended")?;
    count_sla::<T>(&mut lease, all.since, end);
    Leases::<T>::insert(id, lease);
    let account = pallet_escrow::Accounts::<T>::get(id).ok_or("an open account")?;
    let credits = account.credits.0.len() as u32;
    // With what is left of everybody's deposits these are as many as fit.
    assert_eq!(
        credits + depositors,
        pallet_escrow::MAX_CREDITS / MAX_DEPOSITORS * depositors
    );
    Ok(id)
}
