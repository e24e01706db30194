use super::*;
use sr25519_signer::sr25519::dev;

const PLACE: Place = Place {
    provider: 7,
    genesis: [9; 32],
};
const NOW: u64 = 1_800_000_000;
const PATH: &str = "/v1/leases/5/manifest";
const BODY: &[u8] = b"{}";

fn session_key() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

fn capability() -> Capability {
    Capability {
        session: session_key().verifying_key().to_bytes(),
        provider: PLACE.provider,
        genesis: PLACE.genesis,
        lease: Some(5),
        scope: Scope::MANIFEST | Scope::STATUS,
        expires: NOW + 3600,
    }
}

fn claims() -> Claims {
    Claims {
        htm: "PUT".into(),
        htu: PATH.into(),
        bh: body_hash(BODY),
        iat: NOW,
        exp: NOW + 60,
    }
}

/// Checks a request made of these parts, at `now`.
fn checked_at(signed: &SignedCapability, authorization: &str, now: u64) -> Result<Grant, AuthError> {
    let capability = signed.to_header();
    let request = Presented {
        method: "PUT",
        path: PATH,
        body: BODY,
        capability: Some(&capability),
        authorization: Some(authorization),
    };
    check(&request, &PLACE, now)
}

fn checked(capability: Capability, claims: &Claims) -> Result<Grant, AuthError> {
    let signed = SignedCapability::sign(capability, &dev::alice());
    checked_at(&signed, &format!("Bearer {}", claims.sign(&session_key())), NOW)
}

#[test]
fn session_of_the_owner_is_let_in() {
    let session = Session::open(&dev::alice(), &PLACE, Some(5), Scope::MANIFEST, NOW, 3600);
    let authorization = session.authorization("PUT", PATH, BODY, NOW);
    let request = Presented {
        method: "PUT",
        path: PATH,
        body: BODY,
        capability: Some(session.capability()),
        authorization: Some(&authorization),
    };
    let grant = check(&request, &PLACE, NOW).unwrap();
    assert_eq!(grant.allows(Scope::MANIFEST, 5, &dev::alice().public_key().0), Ok(()));
}

#[test]
fn wrapped_signature_of_a_wallet_is_accepted() {
    let wrapped = [b"<Bytes>".as_slice(), &capability().signed_bytes(), b"</Bytes>"].concat();
    let signed = SignedCapability {
        capability: capability(),
        account: dev::alice().public_key().0,
        signature: dev::alice().sign(&wrapped).0,
    };
    assert!(checked_at(&signed, &format!("Bearer {}", claims().sign(&session_key())), NOW).is_ok());
}

#[test]
fn missing_parts_are_named() {
    let request = Presented {
        method: "PUT",
        path: PATH,
        body: BODY,
        capability: None,
        authorization: None,
    };
    assert_eq!(check(&request, &PLACE, NOW), Err(AuthError::CapabilityMissing));
    let header = SignedCapability::sign(capability(), &dev::alice()).to_header();
    let request = Presented {
        capability: Some(&header),
        ..request
    };
    assert_eq!(check(&request, &PLACE, NOW), Err(AuthError::TokenMissing));
}

#[test]
fn malformed_capabilities_are_refused() {
    let good = SignedCapability::sign(capability(), &dev::alice());
    let longer = URL_SAFE_NO_PAD.encode([good.encode(), vec![0]].concat());
    let shorter = URL_SAFE_NO_PAD.encode(&good.encode()[..40]);
    for header in ["", "!!!", longer.as_str(), shorter.as_str()] {
        let request = Presented {
            method: "PUT",
            path: PATH,
            body: BODY,
            capability: Some(header),
            authorization: None,
        };
        assert_eq!(
            check(&request, &PLACE, NOW),
            Err(AuthError::CapabilityMalformed),
            "{header}"
        );
    }
}

#[test]
fn every_changed_bit_of_a_capability_breaks_its_signature() {
    let signed = SignedCapability::sign(capability(), &dev::alice());
    let token = format!("Bearer {}", claims().sign(&session_key()));
    for changed in [
        Capability {
            session: [2; 32],
            ..capability()
        },
        Capability {
            provider: 8,
            ..capability()
        },
        Capability {
            genesis: [8; 32],
            ..capability()
        },
        Capability {
            lease: None,
            ..capability()
        },
        Capability {
            scope: Scope::STATUS,
            ..capability()
        },
        Capability {
            expires: NOW + 3601,
            ..capability()
        },
    ] {
        let changed = SignedCapability {
            capability: changed,
            ..signed.clone()
        };
        assert_eq!(checked_at(&changed, &token, NOW), Err(AuthError::CapabilitySignature));
    }
    let other_account = SignedCapability {
        account: dev::bob().public_key().0,
        ..signed
    };
    assert_eq!(
        checked_at(&other_account, &token, NOW),
        Err(AuthError::CapabilitySignature)
    );
}

#[test]
fn capability_for_elsewhere_is_refused() {
    let foreign = checked(
        Capability {
            provider: 8,
            ..capability()
        },
        &claims(),
    );
    assert_eq!(foreign, Err(AuthError::ForeignProvider { named: 8, here: 7 }));
    let foreign = checked(
        Capability {
            genesis: [8; 32],
            ..capability()
        },
        &claims(),
    );
    assert_eq!(foreign, Err(AuthError::ForeignChain));
}

#[test]
fn capability_lives_until_its_expiry_and_no_longer() {
    let one_left = Capability {
        expires: NOW + 1,
        ..capability()
    };
    assert!(checked(one_left, &claims()).is_ok());
    let over = Capability {
        expires: NOW,
        ..capability()
    };
    assert_eq!(
        checked(over, &claims()),
        Err(AuthError::CapabilityExpired { seconds: 0 })
    );
}

#[test]
fn capability_for_more_than_a_day_is_refused() {
    let longest = NOW + MAX_CAPABILITY_SECONDS + CLOCK_SKEW_SECONDS;
    assert!(checked(
        Capability {
            expires: longest,
            ..capability()
        },
        &claims()
    )
    .is_ok());
    let longer = Capability {
        expires: longest + 1,
        ..capability()
    };
    assert_eq!(checked(longer, &claims()), Err(AuthError::CapabilityTooLong));
}

#[test]
fn session_never_asks_for_more_than_a_day() {
    let session = Session::open(&dev::alice(), &PLACE, None, Scope::STATUS, NOW, u64::MAX);
    let signed = SignedCapability::from_header(session.capability()).unwrap();
    assert_eq!(signed.capability.expires, NOW + MAX_CAPABILITY_SECONDS);
}

#[test]
fn token_of_another_key_is_refused() {
    let signed = SignedCapability::sign(capability(), &dev::alice());
    let token = format!("Bearer {}", claims().sign(&SigningKey::from_bytes(&[2; 32])));
    assert_eq!(checked_at(&signed, &token, NOW), Err(AuthError::TokenSignature));
}

#[test]
fn malformed_tokens_are_refused() {
    let signed = SignedCapability::sign(capability(), &dev::alice());
    let none = format!("{}.{}.", part(&serde_json::json!({"alg": "none"})), part(&claims()));
    let critical = format!(
        "{}.{}.AA",
        part(&serde_json::json!({"alg": "EdDSA", "crit": ["x"]})),
        part(&claims())
    );
    for token in [
        "",
        "Basic x",
        "Bearer ",
        "Bearer a.b",
        "Bearer a.b.c",
        &format!("Bearer {none}"),
        &format!("Bearer {critical}"),
    ] {
        assert_eq!(
            checked_at(&signed, token, NOW),
            Err(AuthError::TokenMalformed),
            "{token}"
        );
    }
}

#[test]
fn changed_claims_break_the_signature() {
    let signed = SignedCapability::sign(capability(), &dev::alice());
    let good = claims().sign(&session_key());
    let (header, rest) = good.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let changed = part(&Claims {
        exp: NOW + 59,
        ..claims()
    });
    let token = format!("Bearer {header}.{changed}.{signature}");
    assert_eq!(checked_at(&signed, &token, NOW), Err(AuthError::TokenSignature));
}

#[test]
fn token_is_for_one_request_only() {
    for claims in [
        Claims {
            htm: "GET".into(),
            ..claims()
        },
        Claims {
            htu: "/v1/leases/6/manifest".into(),
            ..claims()
        },
    ] {
        assert_eq!(checked(capability(), &claims), Err(AuthError::TokenRequestMismatch));
    }
    let other_body = Claims {
        bh: body_hash(b"[]"),
        ..claims()
    };
    assert_eq!(checked(capability(), &other_body), Err(AuthError::TokenBodyMismatch));
}

#[test]
fn token_lives_for_a_minute_give_or_take_the_clocks() {
    let signed = SignedCapability::sign(capability(), &dev::alice());
    let token = format!("Bearer {}", claims().sign(&session_key()));
    let last = NOW + MAX_TOKEN_SECONDS + CLOCK_SKEW_SECONDS - 1;
    assert!(checked_at(&signed, &token, last).is_ok());
    assert!(matches!(
        checked_at(&signed, &token, last + 1),
        Err(AuthError::TokenExpired { .. })
    ));
    assert!(checked_at(&signed, &token, NOW - CLOCK_SKEW_SECONDS).is_ok());
    let early = checked_at(&signed, &token, NOW - CLOCK_SKEW_SECONDS - 1);
    assert_eq!(
        early,
        Err(AuthError::TokenFromFuture {
            seconds: CLOCK_SKEW_SECONDS + 1
        })
    );
}

#[test]
fn token_for_more_than_a_minute_is_refused() {
    assert_eq!(
        checked(
            capability(),
            &Claims {
                exp: NOW + 61,
                ..claims()
            }
        ),
        Err(AuthError::TokenTooLong)
    );
}

#[test]
fn grant_is_for_its_scope_its_lease_and_its_owner() {
    let alice = dev::alice().public_key().0;
    let grant = checked(
        Capability {
            scope: Scope::STATUS,
            ..capability()
        },
        &claims(),
    )
    .unwrap();
    assert_eq!(grant.allows(Scope::STATUS, 5, &alice), Ok(()));
    assert_eq!(grant.allows(Scope::MANIFEST, 5, &alice), Err(AuthError::ScopeMissing));
    assert_eq!(
        grant.allows(Scope::STATUS, 6, &alice),
        Err(AuthError::ForeignLease { lease: 6 })
    );
    assert_eq!(
        grant.allows(Scope::STATUS, 5, &[0; 32]),
        Err(AuthError::NotOwner { lease: 5 })
    );
}

#[test]
fn capability_for_all_leases_still_needs_the_owner() {
    let grant = checked(
        Capability {
            lease: None,
            ..capability()
        },
        &claims(),
    )
    .unwrap();
    assert_eq!(grant.allows(Scope::STATUS, 6, &dev::alice().public_key().0), Ok(()));
    assert_eq!(
        grant.allows(Scope::STATUS, 6, &dev::bob().public_key().0),
        Err(AuthError::NotOwner { lease: 6 })
    );
}

#[test]
fn every_error_has_a_client_status_and_a_hint() {
    use AuthError::*;
    let all = [
        CapabilityMissing,
        CapabilityMalformed,
        CapabilitySignature,
        CapabilityExpired { seconds: 1 },
        CapabilityTooLong,
        ForeignChain,
        ForeignProvider { named: 1, here: 2 },
        ForeignLease { lease: 1 },
        ScopeMissing,
        NotOwner { lease: 1 },
        TokenMissing,
        TokenMalformed,
        TokenSignature,
        TokenExpired { seconds: 1 },
        TokenFromFuture { seconds: 1 },
        TokenTooLong,
        TokenRequestMismatch,
        TokenBodyMismatch,
    ];
    let codes: std::collections::BTreeSet<_> = all.iter().map(AuthError::code).collect();
    assert_eq!(codes.len(), all.len());
    assert!(all
        .iter()
        .all(|e| matches!(e.status(), 400 | 401 | 403) && !e.hint().is_empty()));
}
