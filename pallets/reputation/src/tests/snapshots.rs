use crate::{mock::*, HighWater, Times, Validators};
use frame_support::traits::OneSessionHandler;
use perigee_primitives::AttestationTimes;

fn snapshot(epoch: u32) -> Vec<crate::AuthorityId> {
    Validators::<Test>::get(epoch).expect("taken").into_inner()
}

#[test]
fn the_first_snapshot_is_taken_at_block_one() {
    run(2, || {
        register([0, 1]);
        assert!(!Validators::<Test>::contains_key(0));
        next_block();
        assert_eq!(snapshot(0).len(), 2);
        assert_eq!(HighWater::<Test>::get(0), 2);
    });
}

#[test]
fn a_rotation_within_the_epoch_does_not_change_its_snapshot() {
    run(1, || {
        go_to(10);
        let before = snapshot(1);
        set_validators(&new_keys(3));
        register([0]);
        go_to(19);
        assert_eq!(snapshot(1), before);
        assert_eq!(HighWater::<Test>::get(1), 0);
        go_to(20);
        assert_eq!(snapshot(2).len(), 3);
        assert_eq!(HighWater::<Test>::get(2), 1);
    });
}

#[test]
fn a_rotation_in_the_epochs_first_block_is_in_its_snapshot() {
    run(1, || {
        go_to(9);
        let keys = new_keys(2);
        // Sessions rotate in their hook, which runs before this pallet's.
        set_validators(&keys);
        go_to(10);
        assert_eq!(snapshot(1), keys);
    });
}

#[test]
fn genesis_validators_are_in_the_first_snapshot() {
    run(0, || {
        let keys = new_keys(2);
        Reputation::on_genesis_session([0, 1].iter().zip(keys.clone()));
        next_block();
        assert_eq!(snapshot(0), keys);
    });
}

#[test]
fn without_times_nothing_is_judged() {
    use perigee_primitives::traits::Availability;
    run(1, || {
        Times::<Test>::kill();
        go_to(50);
        assert_eq!(Validators::<Test>::iter().count(), 0);
        assert_eq!(Reputation::judged_until(), 0);
        assert_eq!(<Reputation as Availability>::times().epoch_of(50), 0);
    });
}

#[test]
fn unsound_times_are_refused_at_genesis() {
    use frame_support::traits::BuildGenesisConfig;
    for (epoch, deadline) in [(0, 5), (15, 5), (10, 10), (10, 1)] {
        let times = Some(AttestationTimes {
            epoch,
            deadline,
            margin: 5,
        });
        let config = crate::GenesisConfig::<Test> {
            times,
            ..Default::default()
        };
        let built = std::panic::catch_unwind(|| {
            sp_io::TestExternalities::default().execute_with(|| config.build());
        });
        assert!(built.is_err(), "epoch {epoch}, deadline {deadline}");
    }
}
