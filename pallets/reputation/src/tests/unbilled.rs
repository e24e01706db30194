use crate::{mock::*, JudgedUntil, Unbilled, UnbilledIndex};
use perigee_primitives::{traits::Availability, UnbilledKind, Verdict};
use proptest::prelude::*;
use UnbilledKind::{Absent, Maintenance, Suspended};

const P: u32 = 5;

/// Judges everything up to `end`, of which `[start, end)` is not billed.
fn add(start: u32, end: u32, kind: UnbilledKind) {
    for epoch in TIMES.epoch_of(JudgedUntil::<Test>::get())..TIMES.epoch_of(end) {
        if TIMES.start_of(epoch) >= start {
            Reputation::miss(P, epoch, &TIMES, kind);
        }
        Reputation::conclude(epoch, &TIMES, Verdict::Decided { absent: 1 });
    }
}

fn before(block: u32) -> u32 {
    Reputation::unbilled_before(P, block)
}

#[test]
fn a_provider_without_runs_is_always_billed() {
    run(0, || assert_eq!(before(u32::MAX), 0));
}

#[test]
fn runs_are_half_open() {
    run(0, || {
        add(10, 20, Absent);
        let at = [9, 10, 11, 19, 20, 21].map(before);
        assert_eq!(at, [0, 0, 1, 9, 10, 10]);
    });
}

#[test]
fn runs_of_another_kind_are_not_merged() {
    run(0, || {
        add(10, 20, Absent);
        add(20, 30, Maintenance);
        add(30, 40, Maintenance);
        assert_eq!(Unbilled::<Test>::iter_prefix(P).count(), 2);
        assert_eq!(before(35), 25);
    });
}

#[test]
fn maintenance_is_unbilled_and_no_absence() {
    run(0, || {
        add(10, 20, Maintenance);
        add(20, 30, Absent);
        add(40, 50, Suspended);
        let absent = [15, 20, 25, 35, 45, 60].map(|block| Reputation::absent_before(P, block));
        assert_eq!(absent, [0, 0, 5, 10, 15, 20]);
        assert_eq!(before(60), 30);
        Reputation::forget_before(P, 30);
        assert_eq!(Reputation::absent_before(P, 35), 10);
        Reputation::forget_before(P, 60);
        assert_eq!(Reputation::absent_before(P, 60), 20);
    });
}

#[test]
fn providers_do_not_share_runs() {
    run(0, || {
        add(10, 20, Absent);
        assert_eq!(Reputation::unbilled_before(P + 1, 100), 0);
    });
}

#[test]
fn forgetting_changes_no_answer_about_later_blocks() {
    run(0, || {
        for n in 0..10 {
            add(n * 20, n * 20 + 10, Absent);
        }
        let answers: Vec<_> = (100..220).map(before).collect();
        Reputation::forget_before(P, 100);
        assert_eq!(UnbilledIndex::<Test>::get(P).first, 5);
        assert_eq!(Unbilled::<Test>::iter_prefix(P).count(), 5);
        assert_eq!((100..220).map(before).collect::<Vec<_>>(), answers);
    });
}

#[test]
fn a_run_that_reaches_the_asked_block_is_kept() {
    run(0, || {
        add(10, 30, Absent);
        Reputation::forget_before(P, 29);
        assert_eq!(before(25), 15);
        Reputation::forget_before(P, 30);
        assert_eq!(Unbilled::<Test>::iter_prefix(P).count(), 0);
        assert_eq!(before(30), 20);
        add(40, 50, Absent);
        assert_eq!(before(45), 25);
    });
}

#[test]
fn forgetting_is_done_in_bounded_steps() {
    run(0, || {
        for n in 0..40 {
            add(n * 20, n * 20 + 10, Absent);
        }
        Reputation::forget_before(P, 10_000);
        assert_eq!(UnbilledIndex::<Test>::get(P).first, 16);
        Reputation::forget_before(P, 10_000);
        Reputation::forget_before(P, 10_000);
        assert_eq!(Unbilled::<Test>::iter_prefix(P).count(), 0);
        assert_eq!(before(10_000), 400);
    });
}

#[test]
fn forgetting_what_never_was_writes_nothing() {
    run(0, || {
        Reputation::forget_before(P, 100);
        assert!(!UnbilledIndex::<Test>::contains_key(P));
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn binary_search_agrees_with_counting_block_by_block(
        absent in proptest::collection::vec(any::<bool>(), 1..60),
        forget in 0u32..600,
    ) {
        run(0, || {
            let mut plain = vec![false; absent.len() * 10];
            for (epoch, yes) in absent.iter().enumerate().filter(|(_, yes)| **yes) {
                add(epoch as u32 * 10, epoch as u32 * 10 + 10, Absent);
                plain[epoch * 10..][..10].fill(*yes);
            }
            let count = |block: u32| plain.iter().take(block as usize).filter(|b| **b).count() as u32;
            for block in 0..=plain.len() as u32 {
                assert_eq!(before(block), count(block));
            }
            Reputation::forget_before(P, forget);
            for block in forget..=plain.len() as u32 {
                assert_eq!(before(block), count(block));
            }
        });
    }
}
