//! What holds after every block.

use crate::{
    availability::{self, Window},
    score::{MOST_EVIDENCE, PERIOD_DAYS},
    Applying, AverageFee, Config, DecidedBefore, HighWater, JudgedUntil, MissedEpochs, Pallet, ReportCount, Reports,
    ServiceRecords, Times, Unbilled, UnbilledIndex, Validators, Verdicts,
};
use frame_support::{ensure, traits::Get};
use perigee_primitives::{
    traits::{Availability, ProviderInspect},
    AttestationTimes, BlockNumber, ProviderId, Verdict,
};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks everything that must hold.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        let Some(times) = Times::<T>::get() else {
            return Ok(());
        };
        ensure!(
            JudgedUntil::<T>::get().is_multiple_of(times.epoch),
            "judged until is not an epoch's first block"
        );
        Self::check_open_epochs(&times)?;
        UnbilledIndex::<T>::iter_keys().try_for_each(|p| Self::check_runs(p, &times))?;
        Self::check_no_orphan_runs()?;
        Self::check_decided(&times)?;
        MissedEpochs::<T>::iter_keys().try_for_each(|p| Self::check_missed(p, &times))?;
        ServiceRecords::<T>::iter_keys().try_for_each(Self::check_service)?;
        ensure!(AverageFee::<T>::get() > 0, "the average fee is zero");
        Ok(())
    }

    /// Snapshots, reports and verdicts are where they belong in time.
    fn check_open_epochs(times: &AttestationTimes) -> Result<(), TryRuntimeError> {
        let current = times.epoch_of(JudgedUntil::<T>::get());
        ensure!(
            Verdicts::<T>::iter_keys().all(|e| e < current),
            "verdict on an epoch that is not judged"
        );
        ensure!(
            Validators::<T>::iter_keys().all(|e| e >= current),
            "snapshot of a judged epoch"
        );
        ensure!(
            HighWater::<T>::iter_keys().all(Validators::<T>::contains_key),
            "high water without a snapshot"
        );
        for (epoch, validator, _) in Reports::<T>::iter() {
            let validators = Validators::<T>::decode_len(epoch).unwrap_or(0);
            ensure!(
                (validator as usize) < validators,
                "report of a validator the snapshot does not hold"
            );
        }
        for (epoch, count) in ReportCount::<T>::iter() {
            ensure!(
                Reports::<T>::iter_key_prefix(epoch).count() == count as usize,
                "reports are counted wrongly"
            );
        }
        ensure!(
            Reports::<T>::iter_keys().all(|(e, _)| ReportCount::<T>::contains_key(e)),
            "reports are not counted"
        );
        if let Some(applying) = Applying::<T>::get() {
            ensure!(
                applying.absent.windows(2).all(|pair| pair[0] < pair[1]),
                "absent providers do not ascend"
            );
            ensure!(
                applying.done as usize <= applying.absent.len(),
                "more was applied than there is"
            );
        }
        Ok(())
    }

    /// Runs are dense, ascend, do not overlap, add up, are merged, and do not run ahead of the verdicts.
    fn check_runs(provider: ProviderId, times: &AttestationTimes) -> Result<(), TryRuntimeError> {
        let index = UnbilledIndex::<T>::get(provider);
        let mut last: Option<perigee_primitives::UnbilledRun> = None;
        for n in index.first..index.next {
            let run = Unbilled::<T>::get(provider, n).ok_or("runs are not numbered without a gap")?;
            ensure!(run.start < run.end, "empty run");
            if let Some(last) = last {
                ensure!(last.end <= run.start, "runs overlap");
                ensure!(
                    last.end < run.start || last.kind != run.kind,
                    "consecutive runs are not merged"
                );
                ensure!(run.before == last.unbilled_before(last.end), "runs do not add up");
                ensure!(
                    run.absent_before == last.absences_before(last.end),
                    "absences do not add up"
                );
            }
            last = Some(run);
        }
        let Some(last) = last else {
            return Ok(());
        };
        ensure!(
            index.total == last.unbilled_before(last.end),
            "runs do not add up to their total"
        );
        ensure!(
            index.absent == last.absences_before(last.end),
            "absences do not add up to their total"
        );
        ensure!(last.end <= Self::written_until(times), "run ahead of the verdicts");
        Ok(())
    }

    /// Blocks below may have runs: an epoch's are written before it counts as judged.
    fn written_until(times: &AttestationTimes) -> BlockNumber {
        let judged = JudgedUntil::<T>::get();
        if Applying::<T>::exists() {
            judged.saturating_add(times.epoch)
        } else {
            judged
        }
    }

    fn check_no_orphan_runs() -> Result<(), TryRuntimeError> {
        let indexed = |(provider, n, _)| {
            let index = UnbilledIndex::<T>::get(provider);
            (index.first..index.next).contains(&n)
        };
        ensure!(Unbilled::<T>::iter().all(indexed), "run outside its provider's index");
        Ok(())
    }

    /// The number of decided epochs follows the verdicts, and is there as far back as a window reaches.
    fn check_decided(times: &AttestationTimes) -> Result<(), TryRuntimeError> {
        let open = times.epoch_of(JudgedUntil::<T>::get());
        let oldest = open.saturating_sub(availability::longest_window(times, T::DayBlocks::get()));
        ensure!(
            DecidedBefore::<T>::iter_keys().all(|e| (oldest..=open).contains(&e)),
            "decided epochs are counted outside the window"
        );
        for epoch in oldest..open {
            let here = DecidedBefore::<T>::get(epoch + 1).checked_sub(DecidedBefore::<T>::get(epoch));
            ensure!(matches!(here, Some(0 | 1)), "an epoch was decided more than once");
            let expected = Verdicts::<T>::get(epoch).map(|v| u32::from(v != Verdict::Void));
            ensure!(expected.is_none() || expected == here, "a verdict is counted wrongly");
        }
        Ok(())
    }

    /// Nobody missed more epochs than were judged, none after the last verdict, and they are those of its runs.
    fn check_missed(provider: ProviderId, times: &AttestationTimes) -> Result<(), TryRuntimeError> {
        let (judged, written) = (JudgedUntil::<T>::get(), Self::written_until(times));
        let window = Window::before(times.epoch_of(written), times, T::DayBlocks::get());
        let missed = MissedEpochs::<T>::get(provider);
        let absent = missed.absent.sum(window.last_day);
        let sum = absent + missed.maintenance.sum(window.last_day);
        let last = missed.absent.last.max(missed.maintenance.last);
        ensure!(last <= window.last_day, "an epoch was missed that is not judged");
        if let Some(block) = T::Providers::registered_at(provider) {
            let from = window.first.max(times.first_judged(block));
            let in_progress = u32::from(written > judged);
            let most = Self::decided_in(from, times.epoch_of(judged)) + in_progress;
            ensure!(sum <= most, "more epochs were missed than judged");
        }
        // What was forgotten of the runs is still in the ring.
        let forgotten = UnbilledIndex::<T>::get(provider).first > 0;
        let agree = |epochs: u32, blocks_before: fn(ProviderId, BlockNumber) -> BlockNumber| {
            let blocks = blocks_before(provider, written) - blocks_before(provider, times.start_of(window.first));
            let counted = epochs.saturating_mul(times.epoch);
            counted == blocks || (forgotten && counted > blocks)
        };
        ensure!(
            agree(absent, <Self as Availability>::absent_before) && agree(sum, <Self as Availability>::unbilled_before),
            "missed epochs are not those of the runs"
        );
        Ok(())
    }

    /// No more evidence than can be, and none of the future.
    fn check_service(provider: ProviderId) -> Result<(), TryRuntimeError> {
        let record = ServiceRecords::<T>::get(provider);
        let (evidence, today) = (record.evidence, Self::today());
        ensure!(provider < T::Providers::next_id(), "a service record of nobody");
        ensure!(
            evidence.kept <= MOST_EVIDENCE && evidence.broken <= MOST_EVIDENCE,
            "more evidence than outcomes can add"
        );
        ensure!(evidence.day <= today, "evidence of the future");
        ensure!(
            record.shares.period <= today / PERIOD_DAYS,
            "shares of a period to come"
        );
        Ok(())
    }
}
