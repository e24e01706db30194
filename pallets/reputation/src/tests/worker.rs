use crate::{mock::*, worker::Abstained};
use frame_support::{assert_ok, traits::Hooks};
use perigee_heartbeat::{record_key, EpochRecord};
use sp_runtime::offchain::storage::StorageValueRef;

const ALL_SLOTS: u16 = 0b11_1111_1111;

/// The node stores that it listened in `observed` slots and saw `present` in all of them.
fn store_record(epoch: u32, observed: u16, present: &[u32]) {
    let record = EpochRecord {
        observed,
        finalised: TIMES.end_of(epoch) - 3,
        seen: present.iter().map(|p| (*p, ALL_SLOTS)).collect(),
    };
    StorageValueRef::persistent(&record_key(epoch)).set(&record);
}

/// The worker of the current block runs.
fn work() {
    Reputation::offchain_worker(System::block_number());
}

fn try_to_send(epoch: u32) -> Result<(), Abstained> {
    Reputation::send_report(System::block_number(), epoch, 0, &key_of(epoch, 0), &TIMES)
}

#[test]
fn the_record_becomes_a_report_that_the_chain_takes() {
    run_with(1, |pool| {
        register(0..4);
        go_to(12);
        register([4]);
        go_to(20);
        store_record(1, ALL_SLOTS, &[0, 2]);
        work();
        let (report, signature) = pool.take().pop().expect("one report");
        assert_eq!((report.epoch, report.validator, report.finalised), (1, 0, 17));
        assert_eq!(report.absent.ids().collect::<Vec<_>>(), vec![1, 3]);
        next_block();
        assert_ok!(submit(report, signature));
        next_block();
        use perigee_primitives::traits::Availability;
        assert_eq!(Reputation::unbilled_before(1, 20), 10);
        assert_eq!(Reputation::unbilled_before(2, 20), 0);
    });
}

#[test]
fn only_those_who_are_judged_are_listed() {
    run_with(1, |pool| {
        go_to(9);
        register(0..3);
        Registered::mutate(|r| r.remove(&0));
        Registered::mutate(|r| r.insert(1, 15));
        go_to(20);
        store_record(1, ALL_SLOTS, &[]);
        work();
        let (report, _) = pool.take().pop().expect("one report");
        assert_eq!(report.absent.ids().collect::<Vec<_>>(), vec![2]);
    });
}

#[test]
fn without_a_record_the_worker_waits_for_it() {
    run_with(1, |pool| {
        go_to(20);
        work();
        assert!(pool.take().is_empty());
        assert_eq!(try_to_send(1), Err(Abstained::NoRecord));
        next_block();
        store_record(1, ALL_SLOTS, &[]);
        work();
        assert_eq!(pool.take().len(), 1);
    });
}

#[test]
fn a_node_that_missed_a_slot_abstains() {
    run_with(1, |pool| {
        go_to(20);
        store_record(1, 0b11_1101_1111, &[]);
        work();
        assert!(pool.take().is_empty());
        assert_eq!(try_to_send(1), Err(Abstained::Incomplete(0b11_1101_1111)));
        assert!(Abstained::Incomplete(0).to_string().contains("did not listen"));
    });
}

#[test]
fn a_list_that_is_too_long_is_not_sent() {
    run_with(1, |pool| {
        register(0..9_000);
        go_to(20);
        store_record(1, ALL_SLOTS, &[]);
        work();
        assert!(pool.take().is_empty());
    });
}

#[test]
fn a_report_is_sent_once_and_again_when_it_is_not_included() {
    run_with(1, |pool| {
        go_to(20);
        store_record(1, ALL_SLOTS, &[]);
        let mut sent = Vec::new();
        for _ in 20..=24 {
            work();
            sent.push(pool.take().len());
            next_block();
        }
        assert_eq!(sent, vec![1, 0, 0, 1, 0]);
        go_to(22);
    });
}

#[test]
fn an_included_report_is_not_sent_again() {
    run_with(2, |pool| {
        go_to(20);
        store_record(1, ALL_SLOTS, &[]);
        work();
        let (report, signature) = pool.take().into_iter().next().unwrap();
        assert_ok!(submit(report, signature));
        go_to(23);
        work();
        let again: Vec<_> = pool.take().into_iter().map(|(report, _)| report.validator).collect();
        assert_eq!(again, vec![1]);
    });
}

#[test]
fn every_own_key_of_the_snapshot_reports_and_no_other() {
    run_with(3, |pool| {
        go_to(15);
        set_validators(&new_keys(1));
        go_to(20);
        store_record(1, ALL_SLOTS, &[]);
        work();
        let mut validators: Vec<_> = pool.take().into_iter().map(|(report, _)| report.validator).collect();
        validators.sort();
        assert_eq!(validators, vec![0, 1, 2]);
    });
}

#[test]
fn a_failed_attempt_does_not_stand_in_the_way_of_the_next() {
    run_with(1, |pool| {
        register(0..9_000);
        go_to(20);
        store_record(1, ALL_SLOTS, &[]);
        assert!(matches!(try_to_send(1), Err(Abstained::Unlistable(_))));
        store_record(1, ALL_SLOTS, &(0..9_000).collect::<Vec<_>>());
        assert_eq!(try_to_send(1), Ok(()));
        assert_eq!(pool.take().len(), 1);
        assert_eq!(try_to_send(1), Err(Abstained::AwaitingInclusion(20)));
    });
}

#[test]
fn nothing_is_sent_that_could_not_be_included_in_time() {
    run_with(1, |pool| {
        go_to(19);
        store_record(1, ALL_SLOTS, &[]);
        work();
        assert!(pool.take().is_empty());
        go_to(25);
        work();
        assert!(pool.take().is_empty());
    });
}
