use crate::{mock::*, AverageFee, DecidedBefore, Event, JudgedUntil, MissedEpochs, ServiceRecords, WeightInfo};
use frame_support::hypothetically;
use perigee_primitives::{
    traits::{
        Outcome::{self, Broken, Kept},
        Scores,
    },
    AttestationEpoch, Balance, BlockNumber, ProviderId, UnbilledKind, Verdict, MILLION,
};
use proptest::prelude::*;

/// Epochs of a day, rounded down.
const DAY_EPOCHS: u32 = DAY / TIMES.epoch;

fn availability(provider: ProviderId) -> u32 {
    Reputation::standings(provider).availability
}

fn service(provider: ProviderId) -> u32 {
    Reputation::standings(provider).service
}

/// Notes an outcome of this block.
fn note(provider: ProviderId, tenant: u64, outcome: Outcome, fee: Balance) {
    Reputation::note(provider, &tenant, outcome, fee, System::block_number());
}

/// Judges the next epoch.
fn judge(absent: &[ProviderId], verdict: Verdict) {
    let epoch = TIMES.epoch_of(JudgedUntil::<Test>::get());
    for provider in absent {
        Reputation::miss(*provider, epoch, &TIMES, UnbilledKind::Absent);
    }
    Reputation::conclude(epoch, &TIMES, verdict);
}

fn decide(absent: &[ProviderId]) {
    let verdict = Verdict::Decided {
        absent: absent.len() as u32,
    };
    judge(absent, verdict);
}

#[test]
fn nothing_is_known_of_nobody_and_of_who_is_new() {
    run(1, || {
        register([0]);
        go_to(3);
        assert_eq!(Reputation::standings(0), Default::default());
        assert_eq!(Reputation::standings(1), Default::default());
    });
}

#[test]
fn nothing_is_known_of_who_has_retired() {
    run(0, || {
        register([0]);
        (0..20).for_each(|_| decide(&[]));
        note(0, 1, Kept, FEE);
        assert_ne!(Reputation::standings(0), Default::default());
        Registered::mutate(|r| r.remove(&0));
        assert_eq!(Reputation::standings(0), Default::default());
    });
}

#[test]
fn availability_is_known_after_a_day_of_judged_epochs() {
    run(0, || {
        register([0]);
        // Registered in epoch 0, judged from epoch 1 on.
        (0..DAY_EPOCHS).for_each(|_| decide(&[]));
        assert_eq!(availability(0), 0);
        decide(&[]);
        assert_eq!(availability(0), MILLION);
    });
}

#[test]
fn an_absent_epoch_costs_its_part_until_it_is_thirty_days_old() {
    run(1, || {
        register([0, 1]);
        let judge_until = |from, to| {
            for epoch in from..=to {
                go_to(TIMES.end_of(epoch));
                all_report(epoch, 1, if epoch == 3 { &[1] } else { &[] });
            }
            next_block();
        };
        judge_until(1, 8);
        assert_eq!([0, 1].map(availability), [MILLION, 875_000]);
        // Epoch 3 is of day 0, which is in the window up to day 29.
        let last = TIMES.epoch_of(30 * DAY - 1);
        judge_until(9, last);
        assert_eq!(availability(1), MILLION - MILLION.div_ceil(last));
        judge_until(last + 1, last + 1);
        assert_eq!(availability(1), MILLION);
    });
}

#[test]
fn void_epochs_count_for_nobody() {
    run(0, || {
        register([0]);
        (0..=DAY_EPOCHS).for_each(|_| decide(&[]));
        decide(&[0]);
        let before = availability(0);
        (0..20).for_each(|_| judge(&[], Verdict::Void));
        assert_eq!(availability(0), before);
    });
}

#[test]
fn maintenance_is_not_held_against_a_provider() {
    run(0, || {
        register([0]);
        (0..=8).for_each(|_| decide(&[]));
        decide(&[0]);
        assert_eq!(availability(0), 888_888);
        Reputation::miss(0, 10, &TIMES, UnbilledKind::Maintenance);
        decide(&[]);
        assert_eq!(availability(0), 888_888);
        Reputation::miss(0, 11, &TIMES, UnbilledKind::Suspended);
        decide(&[]);
        assert_eq!(availability(0), 800_000);
    });
}

#[test]
fn a_verdict_that_is_being_written_down_breaks_nothing() {
    run(1, || {
        register(0..3);
        for epoch in 1..DAY_EPOCHS + 1 {
            go_to(TIMES.end_of(epoch));
            all_report(epoch, 1, &[0, 1, 2]);
        }
        next_block_with(<()>::look() + <()>::look() + <()>::tally(1, 1) + <()>::apply());
        assert!(crate::Applying::<Test>::exists());
        assert_eq!(MissedEpochs::<Test>::get(0).absent.sum(1), DAY_EPOCHS);
        assert_eq!(MissedEpochs::<Test>::get(1).absent.sum(1), DAY_EPOCHS - 1);
        assert_eq!(availability(0), 0);
        frame_support::assert_ok!(Reputation::do_try_state());
        next_block();
        assert_eq!([0, 1, 2].map(availability), [0; 3]);
    });
}

#[test]
fn only_absence_is_written() {
    run(1, || {
        register(0..5);
        for epoch in 1..10 {
            go_to(TIMES.end_of(epoch));
            all_report(epoch, 1, &[3]);
        }
        next_block();
        assert_eq!(MissedEpochs::<Test>::iter_keys().collect::<Vec<_>>(), [3]);
        assert_eq!([2, 3].map(availability), [MILLION, 0]);
    });
}

#[test]
fn counts_of_decided_epochs_are_forgotten() {
    run(0, || {
        (0..1_000).for_each(|_| decide(&[]));
        // 30 days of 45 blocks are 135 epochs.
        assert_eq!(DecidedBefore::<Test>::iter().count(), 136);
        assert_eq!(DecidedBefore::<Test>::get(1_000), 1_000);
    });
}

#[test]
fn without_times_availability_is_unknown_and_service_is_not() {
    run(0, || {
        register([0]);
        note(0, 1, Kept, Balance::MAX);
        crate::Times::<Test>::kill();
        assert_eq!(availability(0), 0);
        assert!(service(0) > 0);
    });
}

#[test]
fn a_service_score_grows_with_tenants_and_falls_with_faults() {
    run(0, || {
        register([0]);
        let mut last = service(0);
        assert_eq!(last, 0);
        for tenant in 0..10 {
            note(0, tenant, Kept, FEE);
            assert!(service(0) > last, "tenant {tenant}");
            last = service(0);
        }
        note(0, 20, Broken, FEE);
        assert!(service(0) < last);
    });
}

#[test]
fn an_outcome_says_what_counted_of_it() {
    run(0, || {
        register([0]);
        System::set_block_number(1);
        let counted = [FEE, FEE, FEE].map(|fee| {
            note(0, 7, Kept, fee);
            let RuntimeEvent::Reputation(Event::OutcomeNoted {
                provider: 0,
                outcome: Kept,
                weight,
            }) = System::events().pop().expect("an event").event
            else {
                panic!("another event");
            };
            weight
        });
        assert_eq!(counted, [32_768, 32_767, 0]);
    });
}

#[test]
fn an_outcome_without_a_fee_leaves_no_trace() {
    run(0, || {
        register([0]);
        System::set_block_number(1);
        note(0, 7, Kept, 0);
        note(0, 7, Broken, 0);
        assert!(!ServiceRecords::<Test>::contains_key(0));
        assert!(!AverageFee::<Test>::exists());
        assert!(System::events().is_empty());
    });
}

#[test]
fn evidence_fades_when_nothing_is_heard() {
    run(0, || {
        register([0]);
        (0..10).for_each(|tenant| note(0, tenant, Kept, FEE));
        let fresh = service(0);
        let half = ServiceRecords::<Test>::get(0).evidence.kept / 2;
        System::set_block_number(30 * DAY);
        assert!(service(0) < fresh);
        assert!(ServiceRecords::<Test>::get(0).evidence.aged(30).kept.abs_diff(half) <= 1);
        System::set_block_number(2_048 * DAY);
        assert_eq!(service(0), 0);
    });
}

#[test]
fn it_does_not_matter_when_an_outcome_is_processed() {
    run(0, || {
        register([0]);
        let outcomes: Vec<(u64, BlockNumber)> = (0..20).map(|n| (n, n as BlockNumber * DAY / 2)).collect();
        let in_time = hypothetically!({
            for (tenant, at) in &outcomes {
                System::set_block_number(*at);
                note(0, *tenant, Kept, FEE);
            }
            System::set_block_number(60 * DAY);
            service(0)
        });
        System::set_block_number(60 * DAY);
        for (tenant, at) in outcomes.iter().rev() {
            Reputation::note(0, tenant, Kept, FEE, *at);
        }
        assert!(service(0).abs_diff(in_time) <= 6, "{} {in_time}", service(0));
    });
}

#[test]
fn the_average_follows_the_fees() {
    run(0, || {
        register([0]);
        assert_eq!(AverageFee::<Test>::get(), FEE);
        (0..64).for_each(|tenant| note(0, tenant, Kept, 2 * FEE));
        assert!(AverageFee::<Test>::get() > FEE);
    });
}

#[test]
fn damaged_standings_are_noticed() {
    run(0, || {
        register([0, 1]);
        for _ in 0..200 {
            decide(&[]);
            decide(&[0]);
            judge(&[], Verdict::Void);
        }
        System::set_block_number(TIMES.end_of(600));
        note(0, 1, Kept, FEE);
        type Damage = fn();
        let damages: [Damage; 16] = [
            || DecidedBefore::<Test>::remove(600),
            || DecidedBefore::<Test>::insert(601, 400),
            || DecidedBefore::<Test>::insert(464, 1),
            || DecidedBefore::<Test>::mutate(550, |n| *n += 1),
            || DecidedBefore::<Test>::mutate(550, |n| *n -= 1),
            || DecidedBefore::<Test>::mutate(600, |n| *n += 1),
            || MissedEpochs::<Test>::mutate(0, |m| m.absent.counts[3] += 1),
            || MissedEpochs::<Test>::mutate(0, |m| m.absent.counts[3] = 0),
            || MissedEpochs::<Test>::mutate(0, |m| m.absent.last += 1),
            || MissedEpochs::<Test>::mutate(0, |m| m.count(UnbilledKind::Maintenance, 134)),
            || MissedEpochs::<Test>::mutate(1, |m| m.count(UnbilledKind::Absent, 133)),
            || ServiceRecords::<Test>::mutate(0, |r| r.evidence.kept = 513 << 32),
            || ServiceRecords::<Test>::mutate(0, |r| r.evidence.broken = 513 << 32),
            || ServiceRecords::<Test>::mutate(0, |r| r.evidence.day += 1),
            || ServiceRecords::<Test>::mutate(0, |r| r.shares.period += 1),
            || ServiceRecords::<Test>::insert(2, ServiceRecords::<Test>::get(0)),
        ];
        frame_support::assert_ok!(Reputation::do_try_state());
        for (number, damage) in damages.into_iter().enumerate() {
            hypothetically!({
                damage();
                assert!(Reputation::do_try_state().is_err(), "damage {number}");
            });
        }
        hypothetically!({
            AverageFee::<Test>::put(0);
            assert!(Reputation::do_try_state().is_err(), "average");
        });
    });
}

#[test]
fn days_and_fees_that_cannot_be_counted_are_refused() {
    use frame_support::traits::Hooks;
    let accepted = |day, fee| {
        DayBlocks::set(day);
        TypicalFee::set(fee);
        std::panic::catch_unwind(Reputation::integrity_test).is_ok()
    };
    assert!(accepted(DAY, FEE));
    assert!(accepted(655_359, 1));
    for (day, fee) in [(0, 1), (655_360, 1), (DAY, 0)] {
        assert!(!accepted(day, fee), "a day of {day} blocks, a fee of {fee}");
    }
}

/// One epoch as a plain list remembers it.
struct Judged {
    epoch: AttestationEpoch,
    absent: Vec<ProviderId>,
    maintenance: Vec<ProviderId>,
}

/// Availability by looking at every decided epoch there was.
fn naive(provider: ProviderId, registered_at: BlockNumber, last: AttestationEpoch, decided: &[Judged]) -> u32 {
    let day = |epoch| TIMES.start_of(epoch) / DAY;
    let counts = |j: &&Judged| j.epoch > registered_at / TIMES.epoch && day(j.epoch) + 30 > day(last);
    let all: Vec<_> = decided.iter().filter(counts).collect();
    let expected = all.iter().filter(|j| !j.maintenance.contains(&provider)).count();
    let absent = all.iter().filter(|j| j.absent.contains(&provider)).count();
    if expected < DAY_EPOCHS as usize {
        return 0;
    }
    (MILLION as usize * (expected - absent) / expected) as u32
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn availability_agrees_with_keeping_every_epoch(
        // What happens to each of three providers; void if the last number says so.
        epochs in proptest::collection::vec((proptest::array::uniform3(0u8..12), 0u8..6), 1..250),
        arrivals in proptest::array::uniform3(0u32..1_500),
    ) {
        run(0, || {
            let mut decided = Vec::new();
            for (epoch, (fates, void)) in (0..).zip(epochs) {
                for (provider, block) in (0..).zip(arrivals) {
                    if TIMES.epoch_of(block) == epoch {
                        System::set_block_number(block);
                        register([provider]);
                    }
                }
                let mut judged = Judged { epoch, absent: Vec::new(), maintenance: Vec::new() };
                if void == 0 {
                    judge(&[], Verdict::Void);
                } else {
                    for (provider, fate) in (0..).zip(fates) {
                        if fate > 3 || !Reputation::is_judged_in(provider, epoch, &TIMES) {
                            continue;
                        }
                        let (list, kind) = match fate {
                            0 => (&mut judged.maintenance, UnbilledKind::Maintenance),
                            1 => (&mut judged.absent, UnbilledKind::Suspended),
                            _ => (&mut judged.absent, UnbilledKind::Absent),
                        };
                        list.push(provider);
                        Reputation::miss(provider, epoch, &TIMES, kind);
                    }
                    decide(&[]);
                    decided.push(judged);
                }
                for (provider, block) in (0..).zip(arrivals) {
                    if block < TIMES.end_of(epoch) {
                        assert_eq!(availability(provider), naive(provider, block, epoch, &decided));
                    }
                }
            }
        });
    }
}
