use super::*;
use crate::WeightInfo;

#[test]
fn an_ask_offers_what_is_free_at_its_price() {
    run(|| {
        let ask = standing_provider();
        let offer = Providers::offer(ask).expect("stands");
        assert_eq!(
            (offer.provider, offer.operator, offer.terms, offer.free),
            (0, OPERATOR, terms(), some())
        );
    });
}

#[test]
fn withdrawing_returns_exactly_the_deposit() {
    run(|| {
        assert_ok!(register(STASH, OPERATOR));
        let before = held(STASH, HoldReason::Record);
        assert_ok!(publish());
        assert!(held(STASH, HoldReason::Record) > before);
        assert_ok!(Providers::withdraw_ask(operator(), 0));
        assert_eq!(held(STASH, HoldReason::Record), before);
        assert!(Providers::offer(0).is_none());
        assert_ok!(publish());
        assert!(Asks::<Test>::contains_key(1), "numbers are not reused");
    });
}

#[test]
fn more_attributes_cost_a_larger_deposit() {
    run(|| {
        assert_ok!(register(STASH, OPERATOR));
        let cost = |pairs: &[(&str, &str)]| {
            let before = held(STASH, HoldReason::Record);
            assert_ok!(Providers::publish_ask(operator(), with_attributes(pairs)));
            held(STASH, HoldReason::Record) - before
        };
        assert!(cost(&[("a", "1"), ("b", "2")]) > cost(&[("a", "1")]));
    });
}

#[test]
fn attributes_must_be_sorted_and_unique_and_printable() {
    run(|| {
        assert_ok!(register(STASH, OPERATOR));
        for bad in [
            &[("b", "1"), ("a", "1")][..],
            &[("a", "1"), ("a", "2")],
            &[("", "1")],
            &[("a b", "1")],
            &[("a", "\n")],
            &[("a", "\u{e9}")],
        ] {
            let result = Providers::publish_ask(operator(), with_attributes(bad));
            assert_noop!(result, Error::<Test>::BadAttributes);
        }
    });
}

#[test]
fn asks_are_limited_per_provider() {
    run(|| {
        assert_ok!(register(STASH, OPERATOR));
        for _ in 0..8 {
            assert_ok!(publish());
        }
        assert_noop!(publish(), Error::<Test>::TooManyAsks);
        assert_ok!(Providers::withdraw_ask(operator(), 3));
        assert_ok!(publish());
    });
}

#[test]
fn an_ask_that_is_unknown_or_anothers_cannot_be_withdrawn() {
    run(|| {
        let ask = standing_provider();
        assert_ok!(register(OTHER_STASH, OTHER_OPERATOR));
        let other = || signed(OTHER_OPERATOR);
        assert_noop!(Providers::withdraw_ask(other(), ask), Error::<Test>::NotYourAsk);
        assert_noop!(Providers::withdraw_ask(other(), 99), Error::<Test>::UnknownAsk);
    });
}

#[test]
fn a_provider_below_the_minimum_stake_offers_nothing_and_leases_nothing() {
    run(|| {
        let ask = standing_provider();
        MinStake::set(STAKE + 1);
        assert_eq!(Providers::offer(ask).expect("stands").free, Resources::default());
        let lease = <Providers as ProviderCapacity>::lease(0, &Resources::default(), 0);
        assert_noop!(lease, Error::<Test>::StakeTooLow);
        MinStake::set(STAKE);
    });
}

#[test]
fn ask_numbers_do_not_run_over() {
    run(|| {
        assert_ok!(register(STASH, OPERATOR));
        NextAskId::<Test>::put(AskId::MAX);
        assert_noop!(publish(), Error::<Test>::IdsExhausted);
    });
}

#[test]
fn terms_are_checked_when_published_and_when_replaced() {
    run(|| {
        let ask = standing_provider();
        let place = |country: Option<[u8; 2]>, region: &[u8]| AskTerms {
            place: Place {
                country,
                region: region.to_vec().try_into().expect("short"),
            },
            ..terms()
        };
        let limits = |shortest, longest| AskTerms {
            terms: TermLimits { shortest, longest },
            ..terms()
        };
        let notice = |notice| AskTerms { notice, ..terms() };
        let sla = |sla| AskTerms { sla, ..terms() };
        let refused = [
            (with_attributes(&[("b", "1"), ("a", "1")]), Error::<Test>::BadAttributes),
            (place(Some(*b"de"), b""), Error::<Test>::BadCountry),
            (place(Some(*b"D1"), b""), Error::<Test>::BadCountry),
            (place(None, b"eu west"), Error::<Test>::BadRegion),
            (limits(2, Some(1)), Error::<Test>::BadTermLimits),
            (limits(0, Some(0)), Error::<Test>::BadTermLimits),
            (notice(MIN_NOTICE - 1), Error::<Test>::NoticeOutOfBounds),
            (notice(MAX_NOTICE + 1), Error::<Test>::NoticeOutOfBounds),
            (sla(MILLION + 1), Error::<Test>::BadSla),
            (until(7), Error::<Test>::AskExpired),
        ];
        for (terms, error) in refused {
            let error = DispatchError::from(error);
            assert_noop!(Providers::publish_ask(operator(), terms.clone()), error);
            assert_noop!(Providers::replace_ask(operator(), ask, terms), error);
        }
        let taken = [
            place(Some(*b"DE"), b"eu-west"),
            limits(1, Some(1)),
            limits(5, None),
            notice(MAX_NOTICE),
            sla(MILLION),
            until(8),
        ];
        for terms in taken {
            assert_ok!(Providers::publish_ask(operator(), terms));
        }
    });
}

#[test]
fn replacing_changes_terms_and_deposit_in_place() {
    run(|| {
        let ask = standing_provider();
        let before = held(STASH, HoldReason::Record);
        let longer = AskTerms {
            tenants: Tenants::Only(vec![TENANT].try_into().expect("one")),
            ..until(20)
        };
        assert_ok!(Providers::replace_ask(operator(), ask, longer.clone()));
        assert_eq!(Providers::offer(ask).expect("stands").terms, longer);
        assert!(held(STASH, HoldReason::Record) > before);
        System::assert_last_event(Event::AskReplaced { ask, provider: 0 }.into());
        assert_ok!(Providers::replace_ask(operator(), ask, terms()));
        assert_eq!(held(STASH, HoldReason::Record), before);
        assert_eq!(AskExpiries::<Test>::iter_keys().count(), 0);
    });
}

#[test]
fn an_ask_that_is_unknown_or_anothers_or_expired_cannot_be_replaced() {
    run(|| {
        let ask = standing_provider();
        assert_ok!(register(OTHER_STASH, OTHER_OPERATOR));
        let replace = |who, ask| Providers::replace_ask(signed(who), ask, terms());
        assert_noop!(replace(OTHER_OPERATOR, ask), Error::<Test>::NotYourAsk);
        assert_noop!(replace(OPERATOR, 99), Error::<Test>::UnknownAsk);
        assert_noop!(replace(STASH, ask), Error::<Test>::NotOperator);
        assert_ok!(Providers::replace_ask(operator(), ask, until(9)));
        jump_to(9);
        assert_noop!(replace(OPERATOR, ask), Error::<Test>::AskExpired);
    });
}

#[test]
fn an_expired_ask_offers_nothing_before_it_is_removed() {
    run(|| {
        assert_ok!(register(STASH, OPERATOR));
        let before = held(STASH, HoldReason::Record);
        assert_ok!(Providers::publish_ask(operator(), until(10)));
        jump_to(9);
        assert!(Providers::offer(0).is_some());
        expire();
        jump_to(10);
        assert!(Providers::offer(0).is_none());
        assert!(Asks::<Test>::contains_key(0));
        expire();
        assert!(!Asks::<Test>::contains_key(0));
        assert_eq!(held(STASH, HoldReason::Record), before);
        System::assert_last_event(Event::AskExpired { ask: 0, provider: 0 }.into());
    });
}

#[test]
fn expired_asks_are_removed_in_order_and_within_the_weight() {
    run(|| {
        assert_ok!(register(STASH, OPERATOR));
        for block in [300, 10, 12, 11] {
            assert_ok!(Providers::publish_ask(operator(), until(block)));
        }
        jump_to(12);
        let one = <() as WeightInfo>::expiry_peek() + <() as WeightInfo>::expire_ask();
        let two_and_a_half = one * 2 + <() as WeightInfo>::expiry_peek();
        assert_eq!(Providers::on_idle(12, two_and_a_half), two_and_a_half);
        let left: Vec<_> = AsksByProvider::<Test>::get(0).into();
        assert_eq!(left, [0, 2]);
        assert_eq!(Providers::on_idle(12, Weight::zero()), Weight::zero());
        let rest = Providers::on_idle(12, Weight::MAX);
        assert_eq!(rest, one + <() as WeightInfo>::expiry_peek());
        assert_eq!(AsksByProvider::<Test>::get(0).into_inner(), [0]);
    });
}

#[test]
fn an_expired_ask_can_be_withdrawn_and_makes_room() {
    run(|| {
        assert_ok!(register(STASH, OPERATOR));
        for block in 10..18 {
            assert_ok!(Providers::publish_ask(operator(), until(block)));
        }
        assert_noop!(publish(), Error::<Test>::TooManyAsks);
        jump_to(11);
        assert_ok!(publish());
        assert!(!Asks::<Test>::contains_key(0) && Asks::<Test>::contains_key(8));
        assert_ok!(Providers::withdraw_ask(operator(), 1));
    });
}

#[test]
fn an_entry_of_the_queue_without_an_ask_is_dropped() {
    run(|| {
        AskExpiries::<Test>::insert(5u32.to_be_bytes(), 77, ());
        expire();
        assert_eq!(AskExpiries::<Test>::iter_keys().count(), 0);
    });
}

#[test]
fn a_tier_is_given_for_stake_availability_and_age() {
    run(|| {
        standing_provider();
        let tier = || <Providers as ProviderInspect<u64>>::tier(0);
        assert_eq!(tier(), Tier::Basic);
        assert_ok!(Providers::bond_stake(stash(), 4 * STAKE));
        Availability::set(999_000);
        jump_to(16);
        assert_eq!(tier(), Tier::Basic);
        jump_to(17);
        assert_eq!(tier(), Tier::Standard);
        jump_to(107);
        assert_eq!(tier(), Tier::Premium);
        assert_eq!(Providers::tier(0), Some(Tier::Premium));
        assert_eq!(Providers::tier(1), None);
        assert_eq!(<Providers as ProviderInspect<u64>>::tier(1), Tier::Basic);
        Availability::set(998_999);
        assert_eq!(tier(), Tier::Standard);
    });
}
