//! What holds after every block.

use crate::{
    Applying, Config, HighWater, JudgedUntil, Pallet, ReportCount, Reports, Times, Unbilled, UnbilledIndex, Validators,
    Verdicts,
};
use frame_support::ensure;
use perigee_primitives::{AttestationTimes, BlockNumber, ProviderId};
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
        Self::check_no_orphan_runs()
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
}
