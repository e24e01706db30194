//! What is known of providers: counting verdicts and outcomes, and reading them.

use crate::{
    availability::{self, Window},
    score, AverageFee, Config, DecidedBefore, Event, JudgedUntil, MissedEpochs, Pallet, ServiceRecords, Times,
};
use codec::Encode;
use frame_support::traits::Get;
use perigee_primitives::{
    traits::{Outcome, ProviderInspect, Scores},
    AttestationEpoch, AttestationTimes, Balance, BlockNumber, Ppm, ProviderId, Standings, UnbilledKind, Verdict,
};
use sp_io::hashing::twox_64;
use sp_runtime::SaturatedConversion;

impl<T: Config> Pallet<T> {
    /// Writes down that `provider` is not billed for `epoch`.
    pub(crate) fn miss(provider: ProviderId, epoch: AttestationEpoch, times: &AttestationTimes, kind: UnbilledKind) {
        let start = times.start_of(epoch);
        Self::add_run(provider, start, times.end_of(epoch), kind);
        MissedEpochs::<T>::mutate(provider, |missed| missed.count(kind, Self::day_of(start)));
    }

    /// Carries the number of decided epochs on over `epoch`, and forgets what no window reaches any more.
    pub(crate) fn count_verdict(epoch: AttestationEpoch, times: &AttestationTimes, verdict: Verdict) {
        let open = epoch.saturating_add(1);
        let decided = u32::from(matches!(verdict, Verdict::Decided { .. }));
        DecidedBefore::<T>::insert(open, DecidedBefore::<T>::get(epoch).saturating_add(decided));
        let kept = availability::longest_window(times, T::DayBlocks::get());
        if let Some(old) = epoch.checked_sub(kept) {
            DecidedBefore::<T>::remove(old);
        }
    }

    /// Decided epochs in `[from, to)`, which lies within the window.
    pub(crate) fn decided_in(from: AttestationEpoch, to: AttestationEpoch) -> u32 {
        if from >= to {
            return 0;
        }
        DecidedBefore::<T>::get(to).saturating_sub(DecidedBefore::<T>::get(from))
    }

    /// What is known of `provider`, which registered at `registered_at`.
    pub(crate) fn standings_since(provider: ProviderId, registered_at: BlockNumber) -> Standings {
        let evidence = ServiceRecords::<T>::get(provider).evidence;
        Standings {
            availability: Self::availability(provider, registered_at),
            service: evidence.aged(Self::today()).score(),
        }
    }

    fn availability(provider: ProviderId, registered_at: BlockNumber) -> Ppm {
        let Some(times) = Times::<T>::get() else {
            return 0;
        };
        let (open, day) = (times.epoch_of(JudgedUntil::<T>::get()), T::DayBlocks::get());
        let window = Window::before(open, &times, day);
        let judged = Self::decided_in(window.first.max(times.first_judged(registered_at)), open);
        let least = availability::epochs_of_a_day(&times, day);
        MissedEpochs::<T>::get(provider).availability(window.last_day, judged, least)
    }

    pub(crate) fn day_of(block: BlockNumber) -> availability::Day {
        availability::day_of(block, T::DayBlocks::get())
    }

    pub(crate) fn today() -> availability::Day {
        Self::day_of(frame_system::Pallet::<T>::block_number().saturated_into())
    }
}

impl<T: Config> Scores<T::AccountId> for Pallet<T> {
    fn standings(provider: ProviderId) -> Standings {
        let registered_at = T::Providers::registered_at(provider);
        registered_at.map_or_else(Standings::default, |block| Self::standings_since(provider, block))
    }

    fn note(provider: ProviderId, tenant: &T::AccountId, outcome: Outcome, fee: Balance, at: BlockNumber) {
        let average = AverageFee::<T>::get();
        let weight = score::weight(fee, average);
        if weight == 0 {
            return;
        }
        let tenant = u64::from_le_bytes((provider, tenant).using_encoded(twox_64));
        let note = |record: &mut score::ServiceRecord| record.note(Self::day_of(at), tenant, outcome, weight);
        let counted = ServiceRecords::<T>::mutate(provider, note);
        AverageFee::<T>::put(score::next_average(average, fee, counted));
        Self::deposit_event(Event::OutcomeNoted {
            provider,
            outcome,
            weight: counted,
        });
    }
}
