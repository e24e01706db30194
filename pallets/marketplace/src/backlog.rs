//! How far the agenda lags behind. A backlog changes no bill and no score: it is something to be seen, no more.

use crate::{Agenda, BacklogShown, Config, Event, Pallet};
use frame_support::traits::Get;
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

    /// Shows that the earliest entry, due at `oldest`, is older than `BacklogAge`; at most once per so many blocks.
    pub(crate) fn show_backlog(oldest: BlockNumber) {
        let (now, age) = (Self::now(), T::BacklogAge::get());
        if now.saturating_sub(oldest) <= age {
            return;
        }
        let shown = BacklogShown::<T>::get();
        if shown.is_some_and(|at| now.saturating_sub(at) < age) {
            return;
        }
        BacklogShown::<T>::put(now);
        Self::deposit_event(Event::AgendaBehind { oldest });
    }
}
