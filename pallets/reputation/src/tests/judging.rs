use crate::{mock::*, Applying, Event, JudgedUntil, Reports, Validators, Verdicts, WeightInfo};
use frame_support::{assert_ok, weights::Weight};
use perigee_primitives::{traits::Availability, Verdict};

fn verdict(epoch: u32) -> Option<Verdict> {
    Verdicts::<Test>::get(epoch)
}

fn decided(absent: u32) -> Option<Verdict> {
    Some(Verdict::Decided { absent })
}

/// Unbilled blocks of `provider` so far.
fn unbilled(provider: u32) -> u32 {
    Reputation::unbilled_before(provider, u32::MAX)
}

#[test]
fn once_everybody_has_reported_the_verdict_comes_with_the_next_block() {
    run(1, || {
        register([0, 1]);
        go_to(20);
        all_report(1, 1, &[1]);
        assert_eq!(JudgedUntil::<Test>::get(), 10);
        next_block();
        assert_eq!(verdict(1), decided(1));
        assert_eq!(Reputation::judged_until(), 20);
        assert_eq!((unbilled(0), unbilled(1)), (0, 10));
        let judged = Event::EpochJudged {
            epoch: 1,
            verdict: Verdict::Decided { absent: 1 },
            judged_until: 20,
        };
        System::assert_last_event(judged.into());
    });
}

#[test]
fn without_a_report_the_epoch_is_void_right_after_the_deadline() {
    run(1, || {
        register([0]);
        go_to(15);
        assert_eq!(verdict(0), None);
        go_to(16);
        assert_eq!(verdict(0), Some(Verdict::Void));
        assert_eq!(Reputation::judged_until(), 10);
        go_to(25);
        assert_eq!(Reputation::judged_until(), 10);
        go_to(26);
        assert_eq!(Reputation::judged_until(), 20);
        assert_eq!(unbilled(0), 0);
    });
}

#[test]
fn a_quorum_decides_at_the_deadline_when_some_are_silent() {
    run(4, || {
        register([0, 1]);
        go_to(20);
        for validator in 0..3 {
            assert_ok!(report(1, validator, &[1]));
        }
        go_to(25);
        assert_eq!(verdict(1), None);
        go_to(26);
        assert_eq!(verdict(1), decided(1));
        assert_eq!(unbilled(1), 10);
    });
}

#[test]
fn two_thirds_are_no_quorum_and_everybody_is_billed() {
    run(3, || {
        register([0]);
        go_to(20);
        assert_ok!(report(1, 0, &[0]));
        assert_ok!(report(1, 1, &[0]));
        go_to(26);
        assert_eq!(verdict(1), Some(Verdict::Void));
        assert_eq!(unbilled(0), 0);
    });
}

#[test]
fn absence_needs_more_than_half_of_all() {
    run(4, || {
        register([0, 1]);
        go_to(20);
        assert_ok!(report(1, 0, &[0, 1]));
        assert_ok!(report(1, 1, &[0, 1]));
        assert_ok!(report(1, 2, &[1]));
        assert_ok!(report(1, 3, &[]));
        next_block();
        assert_eq!(verdict(1), decided(1));
        assert_eq!((unbilled(0), unbilled(1)), (0, 10));
    });
}

#[test]
fn stalled_finality_voids_the_epoch() {
    run(1, || {
        register([0]);
        go_to(50);
        let mut stalled = report_of(4, 0, &[0]);
        stalled.finalised = 50 - 21;
        let signature = sign(&key_of(4, 0), &stalled);
        assert_ok!(submit(stalled, signature));
        next_block();
        assert_eq!(verdict(4), Some(Verdict::Void));
        assert_eq!(unbilled(0), 0);
    });
}

#[test]
fn judging_starts_with_the_first_full_epoch() {
    run(1, || {
        go_to(5);
        register([0]);
        go_to(10);
        register([1]);
        go_to(20);
        all_report(1, 1, &[0]);
        next_block();
        assert_eq!((unbilled(0), unbilled(1)), (10, 0));
        // Provider 1 came in the first block of epoch 1, so epoch 2 is its first full one.
        go_to(30);
        all_report(2, 1, &[1]);
        next_block();
        assert_eq!((unbilled(0), unbilled(1)), (10, 10));
    });
}

#[test]
fn a_provider_that_is_not_to_be_judged_is_not_counted() {
    run(1, || {
        go_to(9);
        register([0, 1, 2]);
        // Known at the start of epoch 1, but as if it had come later.
        Registered::mutate(|r| r.insert(1, 12));
        go_to(20);
        all_report(1, 1, &[0, 1, 2]);
        // Retired in the meantime.
        Registered::mutate(|r| r.remove(&2));
        next_block();
        assert_eq!(verdict(1), decided(1));
        assert_eq!((unbilled(0), unbilled(1), unbilled(2)), (10, 0, 0));
    });
}

#[test]
fn absent_epochs_in_a_row_become_one_run() {
    run(1, || {
        register([0]);
        for epoch in 1..=3 {
            go_to((epoch + 1) * 10);
            all_report(epoch, 1, &[0]);
        }
        go_to(50);
        all_report(4, 1, &[]);
        go_to(60);
        all_report(5, 1, &[0]);
        next_block();
        let run = |n| crate::Unbilled::<Test>::get(0, n).map(|r| (r.start, r.end, r.before));
        let runs: Vec<_> = (0..3).map_while(run).collect();
        assert_eq!(runs, vec![(10, 40, 0), (50, 60, 30)]);
    });
}

#[test]
fn a_long_verdict_is_written_down_over_blocks_before_anything_counts_as_judged() {
    run(1, || {
        register(0..100);
        go_to(20);
        all_report(1, 1, &(0..100).collect::<Vec<_>>());
        // A third of the list, and the counting itself.
        let some = <()>::look() + <()>::look() + <()>::tally(1, 1) + <()>::apply() * 33;
        next_block_with(some);
        assert_eq!(Applying::<Test>::get().expect("in between").done, 33);
        assert_ok!(Reputation::do_try_state());
        for _ in 0..2 {
            assert_eq!(Reputation::judged_until(), 10);
            next_block_with(<()>::look() + <()>::apply() * 40);
        }
        assert_eq!(Reputation::judged_until(), 20);
        assert_eq!(verdict(1), decided(100));
        assert!((0..100).all(|p| unbilled(p) == 10));
    });
}

#[test]
fn without_weight_nothing_happens_and_nothing_is_lost() {
    run(1, || {
        register([0]);
        go_to(19);
        next_block();
        all_report(1, 1, &[0]);
        for _ in 0..10 {
            next_block_with(Weight::zero());
        }
        assert_eq!(Reputation::judged_until(), 10);
        next_block();
        assert_eq!(Reputation::judged_until(), 20);
        assert_eq!(unbilled(0), 10);
    });
}

#[test]
fn reports_on_the_next_epoch_are_taken_while_a_verdict_is_written_down() {
    run(1, || {
        register(0..4);
        go_to(20);
        all_report(1, 1, &[0, 1, 2, 3]);
        next_block_with(<()>::look() + <()>::look() + <()>::tally(1, 1) + <()>::apply());
        while System::block_number() < 30 {
            next_block_with(Weight::zero());
        }
        assert!(Applying::<Test>::exists());
        assert_ok!(report(2, 0, &[3]));
        next_block();
        assert_eq!((verdict(1), verdict(2)), (decided(4), decided(1)));
        assert_eq!((unbilled(0), unbilled(3)), (10, 20));
    });
}

#[test]
fn a_report_on_an_epoch_whose_verdict_is_being_written_is_refused() {
    run(4, || {
        register(0..4);
        go_to(20);
        for validator in 0..3 {
            assert_ok!(report(1, validator, &[0, 1]));
        }
        let late = report_of(1, 3, &[]);
        let signature = sign(&key_of(1, 3), &late);
        assert_ok!(submit(late.clone(), signature.clone()));
        next_block_with(<()>::look() + <()>::tally(4, 4));
        assert!(Applying::<Test>::exists());
        assert!(submit(late, signature).is_err());
    });
}

#[test]
fn what_a_verdict_was_made_of_is_removed() {
    run(2, || {
        register([0]);
        for epoch in 1..20 {
            go_to((epoch + 1) * 10);
            all_report(epoch, 2, &[0]);
        }
        next_block();
        assert_eq!(Reports::<Test>::iter().count(), 0);
        assert_eq!(Validators::<Test>::iter().count(), 1);
        assert_eq!(crate::HighWater::<Test>::iter().count(), 1);
        assert_eq!(crate::ReportCount::<Test>::iter().count(), 0);
    });
}

#[test]
fn old_verdicts_are_forgotten() {
    run(0, || {
        go_to(10_200);
        assert_eq!(Reputation::judged_until(), 10_190);
        assert_eq!(Verdicts::<Test>::iter().count(), 1_008);
        assert_eq!(verdict(10), None);
        assert_eq!(verdict(11), Some(Verdict::Void));
    });
}

#[test]
fn damaged_storage_is_noticed() {
    use crate::{Unbilled, UnbilledIndex};
    use frame_support::hypothetically;
    use perigee_primitives::UnbilledKind;
    run(1, || {
        register([0]);
        for epoch in [1, 3] {
            go_to((epoch + 1) * 10);
            all_report(epoch, 1, &[0]);
        }
        go_to(50);
        assert_ok!(report(4, 0, &[]));
        type Damage = fn();
        let damages: [Damage; 10] = [
            || JudgedUntil::<Test>::put(41),
            || JudgedUntil::<Test>::put(30),
            || Unbilled::<Test>::remove(0, 0),
            || Unbilled::<Test>::mutate(0, 1, |r| r.as_mut().expect("stored").before += 1),
            || Unbilled::<Test>::mutate(0, 1, |r| r.as_mut().expect("stored").absent_before += 1),
            || UnbilledIndex::<Test>::mutate(0, |i| i.total += 1),
            || UnbilledIndex::<Test>::mutate(0, |i| i.absent += 1),
            || Unbilled::<Test>::insert(9, 0, Unbilled::<Test>::get(0, 0).expect("stored")),
            || Reports::<Test>::remove(4, 0),
            || Reputation::add_run(0, 60, 70, UnbilledKind::Absent),
        ];
        for (number, damage) in damages.into_iter().enumerate() {
            hypothetically!({
                damage();
                assert!(Reputation::do_try_state().is_err(), "damage {number}");
            });
        }
    });
}
