//! The rules by which reports become a verdict.

use crate::Gaps;
use alloc::{vec, vec::Vec};
use perigee_primitives::{BlockNumber, ProviderId};

/// Provider ids that are counted in one pass: bounds memory whatever the reports say.
const WINDOW: u32 = 65_536;

/// What one validator reported.
#[derive(Clone, Debug)]
pub struct Opinion {
    /// The height it knew to be final at the epoch's end.
    pub finalised: BlockNumber,
    /// Whom it holds to have been absent.
    pub absent: Gaps,
}

/// Do `reports` of `validators` suffice for a verdict? More than two thirds of all must have reported.
pub fn is_quorum(validators: u32, reports: u32) -> bool {
    u64::from(reports) * 3 > u64::from(validators) * 2
}

/// Do `votes` of `validators` make a provider absent? More than half of all must say so, silent ones included.
pub fn is_absent(validators: u32, votes: u32) -> bool {
    u64::from(votes) * 2 > u64::from(validators)
}

/// Who was absent, ascending, or `None` where the epoch is void: no quorum, or a median reporter whose finality
/// trails the epoch's `end` by more than `max_lag` blocks.
pub fn judge(validators: u32, opinions: &[Opinion], end: BlockNumber, max_lag: BlockNumber) -> Option<Vec<ProviderId>> {
    let lag = end.saturating_sub(median_finalised(opinions)?);
    let valid = is_quorum(validators, opinions.len() as u32) && lag <= max_lag;
    valid.then(|| absentees(validators, opinions))
}

fn median_finalised(opinions: &[Opinion]) -> Option<BlockNumber> {
    let mut heights: Vec<_> = opinions.iter().map(|o| o.finalised).collect();
    heights.sort_unstable();
    heights.get(heights.len() / 2).copied()
}

/// Counts votes window by window. Every list is read once.
fn absentees(validators: u32, opinions: &[Opinion]) -> Vec<ProviderId> {
    let mut lists: Vec<_> = opinions.iter().map(|o| o.absent.ids().peekable()).collect();
    let mut votes = vec![0u32; WINDOW as usize];
    let mut absent = Vec::new();
    while let Some(start) = lists.iter_mut().filter_map(|ids| ids.peek().copied()).min() {
        votes.fill(0);
        for ids in &mut lists {
            while let Some(id) = ids.next_if(|id| id - start < WINDOW) {
                votes[(id - start) as usize] += 1;
            }
        }
        let voted = votes.iter().enumerate().filter(|(_, n)| is_absent(validators, **n));
        absent.extend(voted.map(|(at, _)| start + at as u32));
    }
    absent
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const END: BlockNumber = 100;

    fn says(absent: &[ProviderId]) -> Opinion {
        Opinion {
            finalised: 98,
            absent: Gaps::from_ids(absent.iter().copied()).expect("ascending"),
        }
    }

    #[test]
    fn one_validator_is_a_quorum_of_one() {
        assert_eq!(judge(1, &[says(&[4])], END, 10), Some(vec![4]));
        assert_eq!(judge(1, &[], END, 10), None);
    }

    #[test]
    fn two_thirds_are_not_more_than_two_thirds() {
        assert!(!is_quorum(3, 2));
        assert!(is_quorum(3, 3));
        assert!(!is_quorum(6, 4));
        assert!(is_quorum(6, 5));
        assert!(!is_quorum(0, 0));
    }

    #[test]
    fn absence_needs_more_than_half_of_all_not_of_the_reporters() {
        // Five of six reported. Three of them are more than half of the five, not of the six.
        let reports = [says(&[1, 2]), says(&[1, 2]), says(&[1, 2]), says(&[2]), says(&[])];
        assert_eq!(judge(6, &reports, END, 10), Some(vec![2]));
    }

    #[test]
    fn stalled_finality_voids() {
        let at = |finalised| Opinion {
            finalised,
            ..says(&[1])
        };
        let reports = [at(90), at(89), at(100)];
        assert_eq!(judge(3, &reports, END, 10), Some(vec![1]));
        assert_eq!(judge(3, &reports, END, 9), None);
    }

    #[test]
    fn ids_far_apart_are_counted() {
        let ids = [0, WINDOW - 1, WINDOW, 3 * WINDOW + 7, u32::MAX];
        assert_eq!(judge(1, &[says(&ids)], END, 10), Some(ids.to_vec()));
    }

    proptest! {
        #[test]
        fn counting_in_windows_agrees_with_counting_one_by_one(
            lists in proptest::collection::vec(proptest::collection::btree_set(0u32..200_000, 0..60), 1..8),
            silent in 0u32..3,
        ) {
            let opinions: Vec<_> = lists.iter().map(|l| says(&l.iter().copied().collect::<Vec<_>>())).collect();
            let all = lists.len() as u32 + silent;
            let naive: alloc::collections::BTreeSet<u32> = lists.iter().flatten().copied()
                .filter(|id| is_absent(all, lists.iter().filter(|l| l.contains(id)).count() as u32))
                .collect();
            prop_assert_eq!(absentees(all, &opinions), naive.into_iter().collect::<Vec<_>>());
        }
    }
}
