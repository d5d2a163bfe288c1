//! Each rule about time and party: the last value it accepts and the first it refuses.

use std::time::Duration;

use daypass::explain::Report;
use daypass::identity::oidc::{self, OidcError, RULES, UnverifiedIdToken};
use daypass::time::Timestamp;
use serde_json::json;

use crate::support::{
    CLIENT, ISSUER, Keys, NOW, claims, claims_with, now, provider, refused_claims, sign_in, verify, verify_at,
};

fn accepted(changes: serde_json::Value) -> bool {
    verify(sign_in(Keys::of_issuer().sign("EdDSA", &claims_with(changes)))).is_ok()
}

#[test]
fn expiration_allows_for_the_skew_and_no_more() {
    assert!(accepted(json!({"exp": NOW - 59, "iat": NOW - 300})));
    assert_eq!(refused_claims(json!({"exp": NOW - 60, "iat": NOW - 300})), "expiration");
    assert_eq!(refused_claims(json!({"exp": null})), "expiration");
    let strict = provider().with_skew(Duration::ZERO).unwrap();
    let token = || sign_in(Keys::of_issuer().sign("EdDSA", &claims()));
    let last = Timestamp::from_unix_millis((NOW + 300) * 1000 - 1);
    assert!(verify_at(&strict, token(), last).is_ok());
    let error = verify_at(&strict, token(), Timestamp::from_unix_seconds(NOW + 300)).unwrap_err();
    assert_eq!(error.code(), "ExpiredTokenException");
}

#[test]
fn tokens_from_the_future_are_refused() {
    assert!(accepted(json!({"iat": NOW + 60})));
    assert_eq!(refused_claims(json!({"iat": NOW + 61})), "issued_at");
    assert_eq!(refused_claims(json!({"iat": null})), "issued_at");
    assert!(accepted(json!({"nbf": NOW + 60})));
    assert_eq!(refused_claims(json!({"nbf": NOW + 61})), "not_before");
}

#[test]
fn a_token_is_good_for_a_day_at_most() {
    assert!(accepted(json!({"exp": NOW + 86_400})));
    assert_eq!(refused_claims(json!({"exp": NOW + 86_401})), "lifetime");
    assert_eq!(refused_claims(json!({"exp": 9_007_199_254_740_991_u64})), "lifetime");
    assert_eq!(refused_claims(json!({"iat": NOW + 30, "exp": NOW + 30})), "lifetime");
    let long = provider().with_max_lifetime(Duration::from_secs(7 * 86_400));
    let week = Keys::of_issuer().sign("EdDSA", &claims_with(json!({"exp": NOW + 7 * 86_400})));
    assert!(verify_at(&long, sign_in(week), now()).is_ok());
}

#[test]
fn a_sign_in_older_than_asked_for_is_refused() {
    let token = |auth_time: serde_json::Value| {
        let token = Keys::of_issuer().sign("EdDSA", &claims_with(json!({ "auth_time": auth_time })));
        verify(sign_in(token).with_max_age(Duration::from_secs(100)))
    };
    assert!(token(json!(NOW - 160)).is_ok());
    for auth_time in [json!(NOW - 161), json!(NOW + 61), json!(null)] {
        assert_eq!(token(auth_time).unwrap_err().rule().name, "auth_time");
    }
}

#[test]
fn subjects_have_a_length_and_no_control_characters() {
    assert!(accepted(json!({"sub": "x".repeat(255)})));
    for sub in ["", "a\nb", &"x".repeat(256)] {
        assert_eq!(refused_claims(json!({ "sub": sub })), "subject");
    }
    assert_eq!(refused_claims(json!({"sub": null})), "subject");
}

#[test]
fn trusted_audiences_may_stand_beside_ours_and_not_for_it() {
    let trusting = provider().with_trusted_audiences(["api"]);
    let verify = |aud: serde_json::Value| {
        let token = Keys::of_issuer().sign("EdDSA", &claims_with(json!({"aud": aud, "azp": CLIENT})));
        verify_at(&trusting, sign_in(token), now())
    };
    assert_eq!(verify(json!([CLIENT, "api"])).unwrap().audience(), CLIENT);
    assert_eq!(verify(json!(["api"])).unwrap_err().rule().name, "audience");
    assert_eq!(verify(json!([CLIENT, "api", "evil"])).unwrap_err().rule().name, "extra_audiences");
}

#[test]
fn a_workload_needs_no_nonce_and_may_end_its_file_with_a_newline() {
    let token = Keys::of_issuer().sign("RS256", &claims_with(json!({"nonce": null, "auth_time": null, "iat": null})));
    for ending in ["", "\n", "\r\n"] {
        let identity = verify(UnverifiedIdToken::for_exchange(format!("{token}{ending}"))).unwrap();
        assert_eq!(identity.audience(), CLIENT);
    }
    let error = verify(UnverifiedIdToken::for_exchange(format!("{token} "))).unwrap_err();
    assert_eq!(error.rule().name, "token_form");
}

#[test]
fn a_workloads_authorized_party_stands_for_its_audience() {
    let exchange = |changes: serde_json::Value| {
        let token = Keys::of_issuer().sign("RS256", &claims_with(changes));
        verify(UnverifiedIdToken::for_exchange(token))
    };
    let identity = exchange(json!({"aud": "https://api.example", "azp": CLIENT})).unwrap();
    assert_eq!(identity.audience(), CLIENT);
    let oaud = identity.condition_keys().iter().find(|(name, _)| name == "idp.example/tenant:oaud").unwrap();
    assert_eq!(oaud.1, ["https://api.example"]);
    assert_eq!(exchange(json!({"aud": CLIENT, "azp": "client-2"})).unwrap_err().rule().name, "audience");
}

#[test]
fn a_workload_may_present_an_access_token_that_is_complete() {
    let at_jwt = |changes: serde_json::Value| {
        let header = json!({"alg": "ES256", "kid": "ES256", "typ": "at+jwt"}).to_string();
        let token = Keys::of_issuer().sign_raw("ES256", &header, claims_with(changes).to_string());
        verify(UnverifiedIdToken::for_exchange(token))
    };
    assert!(at_jwt(json!({"client_id": "c", "jti": "1"})).is_ok());
    // RFC 9068, 2.2.
    for changes in [json!({"client_id": "c"}), json!({"jti": "1"}), json!({"client_id": "c", "jti": "1", "iat": null})]
    {
        assert_eq!(at_jwt(changes).unwrap_err().rule().name, "type");
    }
}

#[test]
fn the_issuer_and_key_a_token_claims_can_be_read_for_routing() {
    let token = sign_in(Keys::of_issuer().sign("ES256", &claims()));
    assert_eq!(token.claimed_issuer().as_deref(), Some(ISSUER));
    assert_eq!(token.claimed_key_id().as_deref(), Some("ES256"));
    assert_eq!(sign_in("rubbish").claimed_issuer(), None);
    assert_eq!(sign_in("rubbish").claimed(), None);
}

#[test]
fn every_rule_is_told_with_its_section_and_evidence() {
    let token = Keys::of_issuer().sign("ES256", &claims_with(json!({"aud": "client-2"})));
    let mut report = Report::new();
    let error = oidc::verify(&provider(), &Keys::of_issuer().jwks(), sign_in(token), now(), &mut report).unwrap_err();
    assert!(matches!(error, OidcError::Audience { .. }));
    assert_eq!(error.to_string(), "the token is meant for another audience");
    assert_eq!(error.reason(), r#"aud: expected one of ["client-1"], found "client-2""#);
    let failure = report.failure().unwrap();
    assert_eq!((failure.expected.as_str(), failure.found.as_str()), ("one of client-1", "\"client-2\""));
    assert_eq!(failure.section, "OpenID Connect Core 3.1.3.7 (3)");
    assert_eq!(report.finish(&RULES).len(), RULES.len());
}

#[test]
fn a_token_that_was_read_for_routing_is_held_to_every_rule_all_the_same() {
    let read = |token: String| {
        let token = sign_in(token);
        let claimed = token.claimed().unwrap();
        assert_eq!((claimed.issuer.as_deref(), claimed.key_id.as_deref()), (Some(ISSUER), Some("ES256")));
        assert!(!format!("{token:?}").contains("martha"), "{token:?}");
        verify(token)
    };
    let honest = Keys::of_issuer().sign("ES256", &claims());
    assert_eq!(read(honest.clone()).unwrap().subject(), "martha");
    let (signed, _) = honest.rsplit_once('.').unwrap();
    let forged = crate::support::b64([7; 64]);
    assert_eq!(read(format!("{signed}.{forged}")).unwrap_err().rule().name, "signature");
    assert_eq!(read(Keys::generate().sign("ES256", &claims())).unwrap_err().rule().name, "signature");
    let expired = claims_with(json!({"exp": NOW - 3600, "iat": NOW - 7200}));
    assert_eq!(read(Keys::of_issuer().sign("ES256", &expired)).unwrap_err().rule().name, "expiration");
}
