use crate::{mock::*, Error, Event, ReportCount, Reports};
use frame_support::{assert_noop, assert_ok};
use perigee_heartbeat::Gaps;
use sp_runtime::{
    transaction_validity::{InvalidTransaction, TransactionValidityError},
    DispatchError,
};
use Refused::Before;

const STALE: TransactionValidityError = TransactionValidityError::Invalid(InvalidTransaction::Stale);
const BAD_PROOF: TransactionValidityError = TransactionValidityError::Invalid(InvalidTransaction::BadProof);

fn dispatch(report: perigee_heartbeat::Report) -> sp_runtime::DispatchResult {
    let signature = sign(&key_of(report.epoch, 0), &report);
    let origin = RuntimeOrigin::from(frame_system::RawOrigin::Authorized);
    Reputation::report(origin, report, signature)
}

#[test]
fn a_report_is_taken_from_the_epochs_end_to_its_deadline() {
    run(3, || {
        go_to(19);
        assert_eq!(report(1, 0, &[]), Err(Before(STALE)));
        go_to(20);
        assert_ok!(report(1, 0, &[]));
        go_to(25);
        assert_ok!(report(1, 1, &[]));
        let late = report_of(1, 2, &[]);
        let signature = sign(&key_of(1, 2), &late);
        go_to(26);
        assert_eq!(submit(late, signature), Err(Before(STALE)));
    });
}

#[test]
fn a_report_is_stored_as_it_is() {
    run(2, || {
        register([0, 1, 2]);
        go_to(20);
        assert_ok!(report(1, 1, &[0, 2]));
        let stored = Reports::<Test>::get(1, 1).expect("stored");
        assert_eq!(stored.absent.ids().collect::<Vec<_>>(), vec![0, 2]);
        assert_eq!(stored.finalised, 18);
        assert_eq!(ReportCount::<Test>::get(1), 1);
        System::assert_last_event(Event::ReportReceived { epoch: 1, validator: 1 }.into());
    });
}

#[test]
fn the_first_report_counts() {
    run(2, || {
        register([0]);
        go_to(20);
        assert_ok!(report(1, 0, &[0]));
        assert_eq!(report(1, 0, &[]), Err(Before(STALE)));
        assert_noop!(dispatch(report_of(1, 0, &[])), Error::<Test>::AlreadyReported);
    });
}

#[test]
fn a_validator_outside_the_snapshot_is_refused() {
    run(2, || {
        go_to(20);
        let stranger = report_of(1, 2, &[]);
        assert_eq!(
            submit(stranger.clone(), sign(&key_of(1, 0), &stranger)),
            Err(Before(BAD_PROOF))
        );
        assert_noop!(dispatch(stranger), Error::<Test>::UnknownValidator);
    });
}

#[test]
fn a_validator_of_the_next_session_cannot_report_on_the_last_one() {
    run(1, || {
        go_to(15);
        let newcomers = new_keys(1);
        set_validators(&newcomers);
        go_to(20);
        let foreign = report_of(1, 0, &[]);
        assert_eq!(
            submit(foreign.clone(), sign(&newcomers[0], &foreign)),
            Err(Before(BAD_PROOF))
        );
        assert_ok!(report(1, 0, &[]));
    });
}

#[test]
fn malformed_lists_are_refused() {
    run(2, || {
        register([0, 1]);
        go_to(20);
        for bytes in [vec![0x80], vec![0x81, 0x00], vec![2], vec![0xff; 6]] {
            let mut bad = report_of(1, 0, &[]);
            bad.absent = Gaps::from_bytes(bytes).expect("short");
            assert_eq!(submit(bad.clone(), sign(&key_of(1, 0), &bad)), Err(Before(BAD_PROOF)));
            assert_noop!(dispatch(bad), Error::<Test>::BadList);
        }
    });
}

#[test]
fn a_provider_that_came_after_the_epochs_start_cannot_be_listed() {
    run(1, || {
        register([0]);
        go_to(10);
        register([1]);
        go_to(20);
        assert_eq!(report(1, 0, &[1]), Err(Before(BAD_PROOF)));
        assert_ok!(report(1, 0, &[0]));
    });
}

#[test]
fn a_wrong_signature_is_refused() {
    run(2, || {
        go_to(20);
        let mine = report_of(1, 0, &[]);
        assert_eq!(submit(mine.clone(), sign(&key_of(1, 1), &mine)), Err(Before(BAD_PROOF)));
        let mut changed = mine.clone();
        changed.finalised += 1;
        assert_eq!(submit(changed, sign(&key_of(1, 0), &mine)), Err(Before(BAD_PROOF)));
    });
}

/// Who sends it hears only that the proof is bad.
#[test]
fn a_wrong_signature_is_told_from_a_validator_that_is_none() {
    run(2, || {
        go_to(20);
        let check = |validator, key| {
            let report = report_of(1, validator, &[]);
            let checked = Reputation::ensure_signed_by_validator(&report, &sign(&key_of(1, key), &report));
            checked.map_err(DispatchError::from)
        };
        assert_ok!(check(0, 0));
        assert_noop!(check(0, 1), Error::<Test>::BadSignature);
        assert_noop!(check(2, 1), Error::<Test>::UnknownValidator);
    });
}

#[test]
fn the_call_takes_authorised_origins_only() {
    run(1, || {
        go_to(20);
        let mine = report_of(1, 0, &[]);
        let signature = sign(&key_of(1, 0), &mine);
        for origin in [RuntimeOrigin::signed(1), RuntimeOrigin::none(), RuntimeOrigin::root()] {
            let result = Reputation::report(origin, mine.clone(), signature.clone());
            assert_noop!(result, DispatchError::BadOrigin);
        }
    });
}

#[test]
fn the_call_checks_the_time_again() {
    run(2, || {
        go_to(19);
        assert_noop!(dispatch(report_of(1, 0, &[])), Error::<Test>::NotOpen);
    });
}

#[test]
fn reports_of_one_validator_and_epoch_exclude_each_other_in_the_pool() {
    run(2, || {
        register([0]);
        go_to(20);
        let tags = |validator, absent: &[u32]| {
            let report = report_of(1, validator, absent);
            let valid = authorize(&report, &sign(&key_of(1, validator), &report)).expect("valid");
            assert_eq!((valid.priority, valid.longevity, valid.propagate), (7, 5, true));
            valid.provides
        };
        assert_eq!(tags(0, &[]), tags(0, &[0]));
        assert_ne!(tags(0, &[]), tags(1, &[]));
    });
}

#[test]
fn reports_are_operational() {
    use frame_support::{
        dispatch::{DispatchClass, GetDispatchInfo},
        traits::Authorize,
    };
    run(1, || {
        go_to(20);
        let report = report_of(1, 0, &[]);
        let signature = sign(&key_of(1, 0), &report);
        let call = crate::Call::<Test>::report { report, signature };
        assert_eq!(call.get_dispatch_info().class, DispatchClass::Operational);
        assert!(call.weight_of_authorize().any_gt(Default::default()));
    });
}
