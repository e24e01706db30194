use super::*;

#[test]
fn registering_holds_stake_and_deposit_and_fills_every_index() {
    run(|| {
        assert_ok!(register(STASH, OPERATOR));
        assert_eq!(held(STASH, HoldReason::Stake), STAKE);
        assert!(held(STASH, HoldReason::Record) > 0);
        assert_eq!(Providers::by_heartbeat_key(&key(1).public().0), Some(0));
        assert_eq!(Providers::operator(0), Some(OPERATOR));
        assert_eq!(Providers::registered_at(0), Some(7));
        assert_eq!(Providers::next_id(), 1);
        System::assert_last_event(
            Event::ProviderRegistered {
                provider: 0,
                stash: STASH,
                operator: OPERATOR,
            }
            .into(),
        );
    });
}

#[test]
fn stash_operator_and_key_belong_to_one_provider() {
    run(|| {
        assert_ok!(register(STASH, OPERATOR));
        assert_noop!(register(STASH, OTHER_OPERATOR), Error::<Test>::StashTaken);
        assert_noop!(register(OTHER_STASH, OPERATOR), Error::<Test>::OperatorTaken);
        let first = key(1);
        let again = Providers::register(
            signed(OTHER_STASH),
            OTHER_OPERATOR,
            first.public().0,
            proof(&first, OTHER_STASH),
            pins(),
            gateway("gw:1"),
            STAKE,
        );
        assert_noop!(again, Error::<Test>::HeartbeatKeyTaken);
    });
}

#[test]
fn a_proof_for_another_stash_or_of_another_key_is_refused() {
    run(|| {
        let mine = key(1);
        for wrong in [proof(&mine, OTHER_STASH), proof(&key(2), STASH), [0; 64]] {
            let result = Providers::register(
                signed(STASH),
                OPERATOR,
                mine.public().0,
                wrong,
                pins(),
                gateway("gw:1"),
                STAKE,
            );
            assert_noop!(result, Error::<Test>::BadProof);
        }
    });
}

#[test]
fn too_little_stake_is_refused() {
    run(|| {
        MinStake::set(STAKE + 1);
        assert_noop!(register(STASH, OPERATOR), Error::<Test>::StakeTooLow);
        MinStake::set(STAKE);
    });
}

#[test]
fn a_stake_that_the_stash_does_not_have_is_refused() {
    run(|| {
        assert_noop!(register(POOR, OPERATOR), sp_runtime::TokenError::FundsUnavailable);
        assert_eq!(NextProviderId::<Test>::get(), 0);
    });
}

#[test]
fn a_gateway_needs_a_pin_a_host_and_a_port() {
    run(|| {
        assert_ok!(register(STASH, OPERATOR));
        let set = |pins, address: &str| Providers::set_gateway(operator(), pins, gateway(address));
        assert_noop!(set(Default::default(), "gw:1"), Error::<Test>::NoPins);
        for bad in ["", "gw", ":1", "gw:", "gw:0", "gw:65536", "gw:x", "g w:1"] {
            assert_noop!(set(pins(), bad), Error::<Test>::BadGateway);
        }
        assert_ok!(set(pins(), "[::1]:8443"));
        assert_eq!(
            Records::<Test>::get(0).expect("registered").gateway,
            gateway("[::1]:8443")
        );
    });
}

#[test]
fn only_the_operator_acts_for_a_provider() {
    run(|| {
        let ask = standing_provider();
        assert_noop!(Providers::set_capacity(stash(), some()), Error::<Test>::NotOperator);
        assert_noop!(
            Providers::set_gateway(stash(), pins(), gateway("gw:1")),
            Error::<Test>::NotOperator
        );
        assert_noop!(Providers::withdraw_ask(stash(), ask), Error::<Test>::NotOperator);
        let publish = Providers::publish_ask(stash(), terms());
        assert_noop!(publish, Error::<Test>::NotOperator);
        assert_noop!(Providers::retire(operator()), Error::<Test>::NotStash);
    });
}

#[test]
fn indices_do_not_run_over() {
    run(|| {
        NextProviderId::<Test>::put(ProviderId::MAX);
        assert_noop!(register(STASH, OPERATOR), Error::<Test>::IdsExhausted);
    });
}

#[test]
fn the_stash_changes_the_operator() {
    run(|| {
        let ask = standing_provider();
        assert_noop!(
            Providers::set_operator(operator(), OTHER_OPERATOR),
            Error::<Test>::NotStash
        );
        assert_ok!(Providers::set_operator(stash(), OTHER_OPERATOR));
        assert_eq!(Providers::operator(0), Some(OTHER_OPERATOR));
        assert_eq!(Providers::offer(ask).expect("stands").operator, OTHER_OPERATOR);
        assert_noop!(publish(), Error::<Test>::NotOperator);
        assert_ok!(Providers::publish_ask(signed(OTHER_OPERATOR), terms()));
    });
}

#[test]
fn an_operator_acts_for_one_provider() {
    run(|| {
        assert_ok!(register(STASH, OPERATOR));
        assert_ok!(register(OTHER_STASH, OTHER_OPERATOR));
        for taken in [OPERATOR, OTHER_OPERATOR] {
            assert_noop!(Providers::set_operator(stash(), taken), Error::<Test>::OperatorTaken);
        }
    });
}

fn rotate(to: u8) -> DispatchResult {
    let new = key(to);
    Providers::set_heartbeat_key(operator(), new.public().0, proof(&new, STASH))
}

#[test]
fn a_rotated_key_is_remembered() {
    run(|| {
        assert_ok!(register(STASH, OPERATOR));
        let (old, new) = (key(1).public().0, key(50).public().0);
        jump_to(20);
        assert_ok!(rotate(50));
        assert_eq!(Providers::heartbeat_key(0), Some(new));
        assert_eq!(Providers::heartbeat_key_at(0, 19), Some(old));
        assert_eq!(Providers::heartbeat_key_at(0, 20), Some(new));
        assert_eq!(Providers::by_heartbeat_key(&old), None);
        assert_eq!(Providers::by_heartbeat_key(&new), Some(0));
    });
}

#[test]
fn a_key_is_not_rotated_while_the_one_before_must_be_remembered() {
    run(|| {
        assert_ok!(register(STASH, OPERATOR));
        assert_ok!(rotate(50));
        jump_to(7 + KEY_OVERLAP - 1);
        assert_noop!(rotate(51), Error::<Test>::KeyChangedRecently);
        jump_to(7 + KEY_OVERLAP);
        assert_ok!(rotate(51));
        assert_eq!(Providers::heartbeat_key_at(0, 7), Some(key(50).public().0));
    });
}

#[test]
fn a_key_is_rotated_with_its_own_proof_to_one_that_nobody_has() {
    run(|| {
        assert_ok!(register(STASH, OPERATOR));
        assert_ok!(register(OTHER_STASH, OTHER_OPERATOR));
        for taken in [1, 3] {
            assert_noop!(rotate(taken), Error::<Test>::HeartbeatKeyTaken);
        }
        let new = key(50);
        let foreign = Providers::set_heartbeat_key(operator(), new.public().0, proof(&new, OTHER_STASH));
        assert_noop!(foreign, Error::<Test>::BadProof);
        let stranger = Providers::set_heartbeat_key(stash(), new.public().0, proof(&new, STASH));
        assert_noop!(stranger, Error::<Test>::NotOperator);
    });
}

#[test]
fn the_abuse_contact_is_printable_and_can_be_taken_back() {
    run(|| {
        assert_ok!(register(STASH, OPERATOR));
        let set = |contact: &str| {
            let contact = contact.as_bytes().to_vec().try_into().expect("short");
            Providers::set_abuse_contact(operator(), contact)
        };
        for bad in ["a b", "abuse@\u{e9}", "x\n"] {
            assert_noop!(set(bad), Error::<Test>::BadContact);
        }
        for good in ["mailto:abuse@provider.example", ""] {
            assert_ok!(set(good));
            assert_eq!(
                Records::<Test>::get(0).expect("registered").abuse_contact.into_inner(),
                good.as_bytes()
            );
        }
        let stranger = Providers::set_abuse_contact(stash(), Default::default());
        assert_noop!(stranger, Error::<Test>::NotOperator);
    });
}
