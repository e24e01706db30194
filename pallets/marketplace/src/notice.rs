//! Ends that the provider or governance brings about: notice, and what stops at once.

use crate::{
    billing::{judgement, Judgement},
    Bill, Config, Error, Event, Lease, Notice, Pallet, Stage,
};
use frame_support::ensure;
use perigee_primitives::{
    traits::{Availability, LeaseBonds},
    Balance, BlockNumber, CloseReason, LeaseId,
};
use sp_runtime::DispatchResult;

impl Notice {
    /// A notice of `blocks`, given at `now`. Up to W blocks are over W blocks or fewer later, present or not; of more
    /// than W all but the last W must be served. `None` beyond the last block number.
    pub fn given(now: BlockNumber, blocks: BlockNumber, window: BlockNumber) -> Option<Self> {
        if blocks > window {
            return Some(Self::Counting {
                owed: blocks.saturating_sub(window),
                counted_until: now,
            });
        }
        now.checked_add(blocks).map(|at| Self::Ends { at })
    }

    /// The notice with everything counted that is judged.
    pub fn counted<AccountId: Clone + PartialEq, F: Fn(BlockNumber) -> BlockNumber>(
        self,
        bill: &Bill<AccountId>,
        judged: &Judgement<F>,
    ) -> Self {
        let Self::Counting { owed, counted_until } = self else {
            return self;
        };
        let until = judged.boundary_at(judged.until);
        if until <= counted_until {
            return self;
        }
        let served = bill.served(judged, counted_until, until);
        if served < owed {
            return Self::Counting {
                owed: owed.saturating_sub(served),
                counted_until: until,
            };
        }
        let boundary = first_served(bill, judged, (counted_until, until), owed);
        Self::Ends {
            at: boundary.saturating_add(judged.times.window()),
        }
    }

    /// Its end, if the provider is present in every block that is not counted yet; none if the workload never gets
    /// ready again.
    pub fn end<AccountId: Clone + PartialEq, F: Fn(BlockNumber) -> BlockNumber>(
        &self,
        bill: &Bill<AccountId>,
        judged: &Judgement<F>,
    ) -> Option<BlockNumber> {
        let (mut owed, counted_until) = match *self {
            Self::Ends { at } => return Some(at),
            Self::Counting { owed, counted_until } => (owed, counted_until),
        };
        let ready = bill.parts(counted_until, BlockNumber::MAX).filter(|(s, ..)| !s.unready);
        for (_, start, end) in ready {
            let length = end.saturating_sub(start);
            if owed <= length {
                let served_at = start.saturating_add(owed);
                let boundary = judged.boundary_after(served_at.saturating_sub(1));
                return boundary.checked_add(judged.times.window());
            }
            owed = owed.saturating_sub(length);
        }
        None
    }
}

/// The first boundary of `(from, to]` before which `owed` blocks from `from` on were served; `to` is one.
fn first_served<AccountId: Clone + PartialEq, F: Fn(BlockNumber) -> BlockNumber>(
    bill: &Bill<AccountId>,
    judged: &Judgement<F>,
    (from, to): (BlockNumber, BlockNumber),
    owed: BlockNumber,
) -> BlockNumber {
    let first = judged.boundary_after(from);
    let epoch = judged.times.epoch;
    let (mut low, mut high) = (0, to.saturating_sub(first).checked_div(epoch).unwrap_or(0));
    while low < high {
        let middle = low + (high - low) / 2;
        if bill.served(judged, from, first + middle * epoch) >= owed {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    first + low * epoch
}

impl<T: Config> Pallet<T> {
    pub(crate) fn do_give_notice(who: T::AccountId, id: LeaseId) -> DispatchResult {
        let mut lease = Self::touched(id)?;
        Self::ensure_operator(&lease, &who)?;
        let window = T::Availability::times().window();
        let given = Notice::given(Self::now(), lease.notice, window).ok_or(Error::<T>::Overflow)?;
        let Stage::Active { notice, .. } = &mut lease.stage else {
            return Err(Error::<T>::NotActive.into());
        };
        ensure!(notice.is_none(), Error::<T>::NoticeAlreadyGiven);
        *notice = Some(given);
        let judged = judgement::<T::Availability>(lease.provider);
        Self::deposit_event(Event::NoticeGiven {
            lease: id,
            ends_at: given.end(&lease.bill, &judged),
        });
        Self::keep(id, lease)
    }

    pub(crate) fn do_stop_for_abuse(who: T::AccountId, id: LeaseId, evidence: [u8; 32]) -> DispatchResult {
        let mut lease = Self::touched(id)?;
        Self::ensure_operator(&lease, &who)?;
        let compensation = Self::notice_left(&lease).ok_or(Error::<T>::NotActive)?;
        let paid = T::Bonds::pay(lease.provider, id, &lease.owner, compensation);
        Self::deposit_event(Event::NoticePaid {
            lease: id,
            amount: paid,
        });
        Self::end_now(id, &mut lease, CloseReason::StoppedForAbuse(evidence))?;
        Self::keep(id, lease)
    }

    pub(crate) fn do_take_down(id: LeaseId, evidence: [u8; 32]) -> DispatchResult {
        let mut lease = Self::touched(id)?;
        ensure!(Self::runs(id, &lease), Error::<T>::LeaseEnded);
        Self::end_now(id, &mut lease, CloseReason::TakenDown(evidence))?;
        Self::keep(id, lease)
    }

    /// What the blocks cost that the provider would still have to serve if it gave notice now, at the agreed rate;
    /// fewer when it has given notice. `None` for a lease that is not active.
    fn notice_left(lease: &Lease<T::AccountId>) -> Option<Balance> {
        let Stage::Active { notice, .. } = lease.stage else {
            return None;
        };
        let judged = judgement::<T::Availability>(lease.provider);
        let end = notice.and_then(|notice| notice.end(&lease.bill, &judged));
        let blocks = end.map_or(lease.notice, |end| end.saturating_sub(Self::now()).min(lease.notice));
        Some(lease.rate.saturating_mul(blocks.into()))
    }
}
