use super::*;

fn sign(pairs: &[(&str, &str)], expires_at: BlockNumber) -> DispatchResult {
    Providers::sign_attributes(signed(AUDITOR), 0, attributes(pairs), expires_at)
}

fn asked(pairs: &[(&str, &str)]) -> AttributePatterns {
    attributes(pairs).into_inner().try_into().expect("few")
}

fn has_signed(pairs: &[(&str, &str)]) -> bool {
    Providers::has_signed(&AUDITOR, 0, &asked(pairs))
}

#[test]
fn a_signature_covers_what_was_signed_and_no_more() {
    run(|| {
        standing_provider();
        assert!(!has_signed(&[]));
        assert_ok!(sign(&[("capabilities/gpu", "a100"), ("region", "eu")], 100));
        assert!(has_signed(&[]));
        assert!(has_signed(&[("region", "eu")]));
        assert!(has_signed(&[("capabilities/*", "a100"), ("region", "eu")]));
        assert!(!has_signed(&[("region", "us")]));
        assert!(!has_signed(&[("region", "eu"), ("tier", "3")]));
        assert!(!Providers::has_signed(&TENANT, 0, &asked(&[])));
        assert!(!Providers::has_signed(&AUDITOR, 1, &asked(&[])));
    });
}

#[test]
fn a_signature_counts_until_it_expires() {
    run(|| {
        standing_provider();
        assert_ok!(sign(&[("region", "eu")], 20));
        jump_to(19);
        assert!(has_signed(&[("region", "eu")]));
        jump_to(20);
        assert!(!has_signed(&[("region", "eu")]));
    });
}

#[test]
fn the_auditor_pays_for_the_record_and_gets_it_back() {
    run(|| {
        standing_provider();
        assert_ok!(sign(&[("region", "eu")], 20));
        let short = held(AUDITOR, HoldReason::Record);
        assert_ok!(sign(&[("region", "eu"), ("tier", "3")], 20));
        assert!(held(AUDITOR, HoldReason::Record) > short);
        assert_ok!(sign(&[("region", "eu")], 20));
        assert_eq!(held(AUDITOR, HoldReason::Record), short);
        assert_ok!(Providers::revoke(signed(AUDITOR), 0));
        assert_eq!(held(AUDITOR, HoldReason::Record), 0);
        assert!(!has_signed(&[]));
        assert_noop!(Providers::revoke(signed(AUDITOR), 0), Error::<Test>::UnknownAudit);
    });
}

#[test]
fn anybody_removes_an_expired_signature() {
    run(|| {
        standing_provider();
        assert_ok!(sign(&[("region", "eu")], 20));
        let remove = || Providers::remove_expired_audit(signed(TENANT), 0, AUDITOR);
        assert_noop!(remove(), Error::<Test>::AuditValid);
        jump_to(20);
        assert_ok!(remove());
        assert_eq!(held(AUDITOR, HoldReason::Record), 0);
        System::assert_last_event(
            Event::AuditRemoved {
                provider: 0,
                auditor: AUDITOR,
            }
            .into(),
        );
        assert_noop!(remove(), Error::<Test>::UnknownAudit);
    });
}

#[test]
fn anybody_removes_a_signature_of_a_retired_provider() {
    run(|| {
        standing_provider();
        assert_ok!(sign(&[("region", "eu")], 2_000));
        assert_ok!(Providers::retire(stash()));
        assert_ok!(Providers::remove_expired_audit(signed(TENANT), 0, AUDITOR));
    });
}

#[test]
fn only_sound_signatures_over_known_providers_are_taken() {
    run(|| {
        assert_noop!(sign(&[], 20), Error::<Test>::UnknownProvider);
        standing_provider();
        assert_noop!(sign(&[("b", ""), ("a", "")], 20), Error::<Test>::BadAttributes);
        assert_noop!(sign(&[], 7), Error::<Test>::AuditExpired);
        let poor = Providers::sign_attributes(signed(NOBODY), 0, Attributes::default(), 20);
        assert_noop!(poor, TokenError::FundsUnavailable);
    });
}
