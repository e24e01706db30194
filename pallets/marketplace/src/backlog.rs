//! How far the agenda lags behind. A backlog changes no bill and no score: it is something to be seen, no more.

use crate::{Agenda, BacklogShown, Config, Event, Pallet, WeightInfo};
use frame_support::{traits::Get, weights::WeightMeter};
use perigee_primitives::{Backlog, BlockNumber, MAX_BACKLOG};

impl<T: Config> Pallet<T> {
    /// What is due and not processed.
    pub fn agenda_backlog() -> Backlog {
        let now = Self::now();
        let due = Agenda::<T>::iter_keys()
            .map(|(block, _)| BlockNumber::from_be_bytes(block))
            .take_while(|block| *block <= now)
            .take(MAX_BACKLOG as usize);
        due.fold(Backlog::default(), |found, block| Backlog {
            oldest_due: found.oldest_due.or(Some(block)),
            due: found.due.saturating_add(1),
        })
    }

    /// Has an entry of the agenda been due for longer than `BacklogAge`?
    pub(crate) fn is_old(due: BlockNumber) -> bool {
        Self::now().saturating_sub(due) > T::BacklogAge::get()
    }

    /// Shows that the earliest entry is old, if the meter allows; at most once per `BacklogAge`.
    pub(crate) fn show_backlog(oldest: BlockNumber, meter: &mut WeightMeter) {
        if meter.try_consume(T::WeightInfo::show_backlog()).is_err() {
            return;
        }
        if BacklogShown::<T>::get().is_some_and(|at| !Self::is_old(at)) {
            return;
        }
        BacklogShown::<T>::put(Self::now());
        Self::deposit_event(Event::AgendaBehind { oldest });
    }
}
