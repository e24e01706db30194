//! What validators will report of each epoch. It follows from the seed of a world alone, so that the model knows each
//! verdict at once, as the rules of the billing model ask for, and a shortened world keeps its verdicts.

use crate::chain::{MAX_LAG, TIMES, VALIDATORS};
use perigee_primitives::{AttestationEpoch, BlockNumber, ProviderId};

/// The reports of a world.
#[derive(Clone, Copy, Debug)]
pub struct Plan(pub u64);

/// One report to come.
#[derive(Clone, Copy, Debug)]
pub struct Planned {
    pub validator: u32,
    /// The block at which it is sent.
    pub at: BlockNumber,
    pub finalised: BlockNumber,
}

impl Plan {
    /// A number that follows from the seed and these.
    fn draw(&self, what: u64, epoch: u64, who: u64) -> u64 {
        let mut x = self.0 ^ what.rotate_left(48) ^ epoch.rotate_left(24) ^ who;
        for _ in 0..3 {
            x = (x ^ (x >> 30)).wrapping_add(0x9e37_79b9_7f4a_7c15);
            x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        }
        x ^ (x >> 31)
    }

    /// The reports of an epoch.
    pub fn reports(&self, epoch: AttestationEpoch) -> Vec<Planned> {
        let end = TIMES.end_of(epoch);
        let quiet = self.draw(1, epoch.into(), 0) % 12;
        let lags = self.draw(2, epoch.into(), 0).is_multiple_of(12);
        let silent = |validator: &u32| match quiet {
            // No quorum, and one that is missing.
            0 => *validator >= 2,
            1 => *validator == 3,
            _ => false,
        };
        let report = |validator: u32| {
            let hurry = self.draw(3, epoch.into(), 0).is_multiple_of(2);
            let delay = self.draw(4, epoch.into(), validator.into()) as BlockNumber;
            let delay = delay % if hurry { 2 } else { TIMES.deadline + 1 };
            let lag = if lags { MAX_LAG + 1 } else { validator % 3 };
            Planned {
                validator,
                at: end + delay,
                finalised: end.saturating_sub(lag),
            }
        };
        (0..VALIDATORS)
            .filter(|validator| !silent(validator))
            .map(report)
            .collect()
    }

    /// Does this validator list the provider?
    pub fn lists(&self, epoch: AttestationEpoch, validator: u32, provider: ProviderId) -> bool {
        let away_for_long = self.draw(5, u64::from(epoch / 5), provider.into()).is_multiple_of(5);
        let away = away_for_long || self.draw(6, epoch.into(), provider.into()).is_multiple_of(8);
        let errs = self
            .draw(7, epoch.into(), u64::from(validator) << 32 | u64::from(provider))
            .is_multiple_of(16);
        away != errs
    }

    /// Is it void: less than a quorum of reports, or finality too far behind for the median of them?
    pub fn is_void(&self, epoch: AttestationEpoch) -> bool {
        let reports = self.reports(epoch);
        let mut finalised: Vec<_> = reports.iter().map(|report| report.finalised).collect();
        finalised.sort_unstable();
        let trails = |median: &BlockNumber| TIMES.end_of(epoch) - median > MAX_LAG;
        3 * reports.len() <= 2 * VALIDATORS as usize || finalised.get(reports.len() / 2).is_some_and(trails)
    }

    /// Is a provider that is judged found absent: do more than half of all validators list it in an epoch that counts?
    pub fn is_absent(&self, epoch: AttestationEpoch, provider: ProviderId) -> bool {
        let lists = self
            .reports(epoch)
            .into_iter()
            .filter(|report| self.lists(epoch, report.validator, provider));
        2 * lists.count() > VALIDATORS as usize && !self.is_void(epoch)
    }

    /// The block at which an epoch is judged: all have reported in the block before, or the deadline is behind.
    pub fn judged_at(&self, epoch: AttestationEpoch) -> BlockNumber {
        let reports = self.reports(epoch);
        let last = reports.iter().map(|report| report.at).max().unwrap_or_default();
        if reports.len() == VALIDATORS as usize {
            last + 1
        } else {
            TIMES.end_of(epoch) + TIMES.deadline + 1
        }
    }
}
