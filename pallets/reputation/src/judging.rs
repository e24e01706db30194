//! From reports to a verdict, and from a verdict to runs.

use crate::{
    Application, Applying, Config, Event, HighWater, JudgedUntil, Pallet, ReportCount, Reports, Times, Validators,
    Verdicts, WeightInfo,
};
use alloc::vec::Vec;
use frame_support::{traits::Get, weights::WeightMeter};
use perigee_heartbeat::quorum::{self, Opinion};
use perigee_primitives::{
    traits::ProviderInspect, AttestationEpoch, AttestationTimes, BlockNumber, ProviderId, UnbilledKind, Verdict,
};

/// Verdicts that stay readable: a week of ten-minute epochs.
const VERDICTS_KEPT: AttestationEpoch = 1_008;

impl<T: Config> Pallet<T> {
    /// Judges epochs in their order, as far as they are due and the weight lasts.
    pub(crate) fn judge_what_is_due(now: BlockNumber, meter: &mut WeightMeter) {
        let Some(times) = Times::<T>::get() else {
            return;
        };
        while meter.try_consume(T::WeightInfo::look()).is_ok() {
            let epoch = times.epoch_of(JudgedUntil::<T>::get());
            let advanced = match Applying::<T>::get() {
                Some(application) => Self::apply(epoch, &times, application, meter),
                None => Self::is_due(epoch, &times, now) && Self::tally(epoch, &times, meter),
            };
            if !advanced {
                return;
            }
        }
    }

    /// Have the reports of `epoch` not been counted yet?
    pub(crate) fn is_uncounted(epoch: AttestationEpoch, times: &AttestationTimes) -> bool {
        let next = times.epoch_of(JudgedUntil::<T>::get());
        epoch > next || (epoch == next && !Applying::<T>::exists())
    }

    /// Over, and either every validator has reported or the deadline is behind.
    fn is_due(epoch: AttestationEpoch, times: &AttestationTimes, now: BlockNumber) -> bool {
        let end = times.end_of(epoch);
        let all_reported = || {
            let validators = Validators::<T>::decode_len(epoch).unwrap_or(0);
            validators > 0 && ReportCount::<T>::get(epoch) as usize >= validators
        };
        now > end.saturating_add(times.deadline) || (now >= end && all_reported())
    }

    /// Counts the reports of `epoch` and removes them. `false` when the weight does not suffice.
    fn tally(epoch: AttestationEpoch, times: &AttestationTimes, meter: &mut WeightMeter) -> bool {
        let validators = Validators::<T>::decode_len(epoch).unwrap_or(0) as u32;
        if meter
            .try_consume(T::WeightInfo::tally(validators, ReportCount::<T>::get(epoch)))
            .is_err()
        {
            return false;
        }
        let opinions: Vec<_> = Reports::<T>::drain_prefix(epoch)
            .map(|(_, report)| Opinion {
                finalised: report.finalised,
                absent: report.absent,
            })
            .collect();
        Validators::<T>::remove(epoch);
        HighWater::<T>::remove(epoch);
        ReportCount::<T>::remove(epoch);
        match quorum::judge(validators, &opinions, times.end_of(epoch), T::MaxFinalityLag::get()) {
            Some(absent) => Applying::<T>::put(Application {
                // It always fits, see `MaxAbsent`.
                absent: absent.try_into().unwrap_or_default(),
                done: 0,
                judged_absent: 0,
            }),
            None => Self::conclude(epoch, times, Verdict::Void),
        }
        true
    }

    /// Writes down as many absent providers as the weight allows. `true` when the epoch is concluded.
    fn apply(
        epoch: AttestationEpoch,
        times: &AttestationTimes,
        mut application: Application,
        meter: &mut WeightMeter,
    ) -> bool {
        while let Some(provider) = application.absent.get(application.done as usize).copied() {
            if meter.try_consume(T::WeightInfo::apply()).is_err() {
                Applying::<T>::put(application);
                return false;
            }
            application.done += 1;
            if Self::is_judged_in(provider, epoch, times) {
                application.judged_absent += 1;
                Self::miss(provider, epoch, times, UnbilledKind::Absent);
                Self::deposit_event(Event::ProviderAbsent { provider, epoch });
            }
        }
        Applying::<T>::kill();
        let absent = application.judged_absent;
        Self::conclude(epoch, times, Verdict::Decided { absent });
        true
    }

    /// Retired providers are not judged, nor are those that came during the epoch.
    pub(crate) fn is_judged_in(provider: ProviderId, epoch: AttestationEpoch, times: &AttestationTimes) -> bool {
        T::Providers::registered_at(provider).is_some_and(|block| times.first_judged(block) <= epoch)
    }

    pub(crate) fn conclude(epoch: AttestationEpoch, times: &AttestationTimes, verdict: Verdict) {
        let judged_until = times.end_of(epoch);
        JudgedUntil::<T>::put(judged_until);
        Self::count_verdict(epoch, times, verdict);
        Verdicts::<T>::insert(epoch, verdict);
        if let Some(old) = epoch.checked_sub(VERDICTS_KEPT) {
            Verdicts::<T>::remove(old);
        }
        Self::deposit_event(Event::EpochJudged {
            epoch,
            verdict,
            judged_until,
        });
    }
}
