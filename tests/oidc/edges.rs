//! What each rule accepts last and refuses first where no attack is known, and the words it says it with.

use aws_lc_rs::digest;
use daypass::VerifiedIdentity;
use daypass::explain::Report;
use daypass::identity::oidc::{
    self, CompactJws, Jwks, JwsError, MAX_KEYS, MAX_SIGNED_LENGTH, OidcError, UnusableKey, UnverifiedIdToken,
};
use serde_json::{Value, json};

use crate::support::{CLIENT, Keys, NOW, b64, claims_with, now, provider, refused_header, sign_in, verify};

/// What is said of a workload's token with this `typ` and honest claims so changed.
fn exchange(typ: &str, changes: Value) -> Result<VerifiedIdentity, OidcError> {
    let header = json!({"alg": "EdDSA", "kid": "EdDSA", "typ": typ}).to_string();
    verify(UnverifiedIdToken::for_exchange(Keys::of_issuer().sign_raw(
        "EdDSA",
        &header,
        claims_with(changes).to_string(),
    )))
}

fn refused_workload(changes: Value) -> &'static str {
    exchange("JWT", changes).unwrap_err().rule().name
}

#[test]
fn a_workloads_token_may_have_more_types() {
    let complete = json!({"client_id": "c", "jti": "1"});
    for typ in ["JWT", "JOSE", "jose", "at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+JWT"] {
        assert!(exchange(typ, complete.clone()).is_ok(), "{typ}");
    }
    for typ in ["logout+jwt", "dpop+jwt", "application/", "at+jwt2"] {
        assert_eq!(exchange(typ, complete.clone()).unwrap_err().rule().name, "type", "{typ}");
    }
    assert_eq!(exchange("application/AT+JWT", json!({})).unwrap_err().rule().name, "type");
    for typ in ["JOSE", "AT+JWT", "application/at+jwt", "Application/AT+JWT"] {
        let header = json!({"alg": "ES256", "kid": "ES256", "typ": typ}).to_string();
        assert_eq!(refused_header(&header), "type", "{typ} is none of a sign-in");
    }
}

#[test]
fn a_workload_without_iat_has_a_day_and_the_skew_from_now() {
    let ends = |exp: i64| exchange("JWT", json!({"iat": null, "exp": exp}));
    for exp in [NOW - 59, NOW, NOW + 1, NOW + 86_460] {
        assert!(ends(exp).is_ok(), "{}", exp - NOW);
    }
    let refused = ends(NOW + 86_461).unwrap_err();
    assert_eq!(refused, OidcError::Lifetime { seconds: 86_461, limit: 86_460 });
    assert_eq!(ends(NOW - 60).unwrap_err().rule().name, "expiration");
    assert!(exchange("JWT", json!({"iat": NOW, "exp": NOW + 1})).is_ok());
    assert_eq!(refused_workload(json!({"iat": NOW + 5, "exp": NOW + 4})), "lifetime");
}

#[test]
fn a_workload_has_a_longer_subject_and_nobody_else_for_an_audience() {
    assert!(exchange("JWT", json!({"sub": "x".repeat(2048)})).is_ok());
    assert_eq!(refused_workload(json!({"sub": "x".repeat(2049)})), "subject");
    assert_eq!(refused_workload(json!({"sub": "a\u{7f}"})), "subject");
    assert_eq!(refused_workload(json!({"aud": [CLIENT, "client-2"]})), "extra_audiences");
    assert_eq!(refused_workload(json!({"aud": [CLIENT, "client-2"], "azp": "client-2"})), "audience");
    assert!(exchange("JWT", json!({"aud": ["client-2", "client-3"], "azp": CLIENT})).is_ok());
    assert_eq!(refused_workload(json!({"events": false})), "no_events");
    assert!(exchange("JWT", json!({"nonce": "any", "auth_time": 1})).is_ok());
}

#[test]
fn a_token_names_a_hundred_audiences_at_most() {
    let many = |count: usize| claims_with(json!({"aud": vec![CLIENT; count], "azp": CLIENT}));
    assert!(verify(sign_in(Keys::of_issuer().sign("EdDSA", &many(100)))).is_ok());
    let refused = verify(sign_in(Keys::of_issuer().sign("EdDSA", &many(101)))).unwrap_err();
    assert_eq!(refused.reason(), "aud: expected a string or a list of 1 to 100 strings, found a list");
}

#[test]
fn every_claim_that_is_read_has_its_type() {
    for claim in ["iss", "sub", "azp", "nonce", "at_hash", "c_hash", "client_id", "jti"] {
        for (value, found) in
            [(json!(5), "5"), (json!(true), "a boolean"), (json!(["x"]), "a list"), (json!({}), "an object")]
        {
            let token = Keys::of_issuer().sign("EdDSA", &claims_with(json!({ claim: value })));
            let reason = verify(sign_in(token)).unwrap_err().reason();
            assert_eq!(reason, format!("{claim}: expected a string, found {found}"));
        }
    }
    for claim in ["exp", "iat", "nbf", "auth_time"] {
        for (value, found) in [(json!("1800000000"), "a string"), (json!(-1), "-1"), (json!([1]), "a list")] {
            let token = Keys::of_issuer().sign("EdDSA", &claims_with(json!({ claim: value })));
            let reason = verify(sign_in(token)).unwrap_err().reason();
            assert_eq!(reason, format!("{claim}: expected whole seconds from 0 to 2^53, found {found}"));
        }
    }
    let null = Keys::of_issuer().sign_raw("EdDSA", r#"{"alg":"EdDSA","kid":"EdDSA"}"#, r#"{"jti":null}"#);
    assert_eq!(verify(sign_in(null)).unwrap_err().reason(), "jti: expected a string, found null");
}

#[test]
fn a_sign_in_may_be_as_far_to_come_as_clocks_are_apart() {
    let token = |at: i64| sign_in(Keys::of_issuer().sign("EdDSA", &claims_with(json!({ "auth_time": at }))));
    let asked = |at: i64| verify(token(at).with_max_age(std::time::Duration::ZERO));
    assert!(asked(NOW + 60).is_ok() && asked(NOW - 60).is_ok());
    assert_eq!(asked(NOW + 61).unwrap_err().rule().name, "auth_time");
    assert_eq!(asked(NOW - 61).unwrap_err().rule().name, "auth_time");
    assert!(verify(token(1)).is_ok(), "nobody asked");
}

#[test]
fn hashes_are_of_the_length_that_the_algorithm_has() {
    let half = |algorithm: &'static digest::Algorithm| {
        let whole = digest::digest(algorithm, b"access");
        b64(&whole.as_ref()[..whole.as_ref().len() / 2])
    };
    let hashes = [&digest::SHA256, &digest::SHA384, &digest::SHA512];
    for (alg, own) in [("RS256", 0), ("PS384", 1), ("ES384", 1), ("RS512", 2), ("ES512", 2), ("EdDSA", 2)] {
        for (index, hash) in hashes.into_iter().enumerate() {
            let token = Keys::of_issuer().sign(alg, &claims_with(json!({"at_hash": half(hash)})));
            let accepted = verify(sign_in(token).with_access_token("access")).is_ok();
            assert_eq!(accepted, index == own, "{alg} {index}");
        }
    }
    let none = Keys::of_issuer().sign("ES256", &claims_with(json!({})));
    assert!(
        verify(sign_in(none).with_access_token("access").with_code("code")).is_ok(),
        "there is no hash to hold it to"
    );
}

#[test]
fn a_key_id_has_256_bytes_and_a_token_16_kib() {
    let header = |length: usize| json!({"alg": "ES256", "kid": "k".repeat(length)}).to_string();
    assert_eq!((refused_header(&header(256)), refused_header(&header(257))), ("key", "header"));
    // So long that the payload is whole base64url.
    let padded = b64(r#"{"alg":"ES256"  }"#);
    let payload = "A".repeat(MAX_SIGNED_LENGTH - padded.len() - 1);
    assert!(CompactJws::parse(&format!("{padded}.{payload}.AAAA")).is_ok());
    let long = CompactJws::parse(&format!("{padded}.{payload}AAAA.AAAA")).map(drop).unwrap_err();
    assert_eq!(long.reason(), "16388 bytes, at most 16384 are read");
    let signature = |length: usize| CompactJws::parse(&format!("{padded}.{payload}.{}", "A".repeat(length))).map(drop);
    assert_eq!(signature(1366), Ok(()));
    assert_eq!(signature(1367), Err(JwsError::TooLong { bytes: 16384 + 1 + 1367, limit: 16384 + 1 + 1366 }));
}

fn set(keys: &[Value]) -> Jwks {
    Jwks::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

#[test]
fn keys_of_one_id_are_told_apart_by_algorithm_alone() {
    let own = Keys::of_issuer().jwks_json();
    let other = Keys::generate().jwks_json();
    let key = |from: &Value, index: usize, alg: Option<&str>| {
        let mut key = from["keys"][index].clone();
        key["kid"] = json!("one");
        key.as_object_mut().unwrap().remove("alg");
        if let Some(alg) = alg {
            key["alg"] = json!(alg);
        }
        key
    };
    const RSA: usize = 0;
    const P256: usize = 2;
    const P384: usize = 3;
    for (one, two, kept) in [
        (key(&own, RSA, None), key(&other, RSA, None), 0),
        (key(&own, RSA, Some("RS256")), key(&other, RSA, None), 0),
        (key(&own, RSA, None), key(&other, RSA, Some("PS256")), 0),
        (key(&own, RSA, Some("RS256")), key(&other, RSA, Some("RS256")), 0),
        (key(&own, RSA, Some("RS256")), key(&other, RSA, Some("PS256")), 2),
        (key(&own, P256, None), key(&other, P256, None), 0),
        (key(&own, P256, None), key(&own, P384, None), 2),
        (key(&own, P256, Some("ES256")), key(&own, P384, None), 2),
        (key(&own, RSA, None), key(&own, P256, Some("ES256")), 2),
    ] {
        let pair = set(&[one, two]);
        assert_eq!(pair.keys().len(), kept, "{pair:?}");
        assert!(pair.skipped().iter().all(|skipped| skipped.reason == UnusableKey::DuplicateKeyId));
        assert_eq!((pair.has_key_id("one"), pair.has_key_id("two")), (kept > 0, false));
    }
}

#[test]
fn a_set_has_a_hundred_keys_and_each_a_key_id_of_256_bytes() {
    let key = Keys::of_issuer().jwks_json()["keys"][2].clone();
    let named = |key_id: String| {
        let mut key = key.clone();
        key["kid"] = json!(key_id);
        key
    };
    let hundred: Vec<Value> = (0..MAX_KEYS).map(|index| named(index.to_string())).collect();
    assert_eq!(set(&hundred).keys().len(), 100);
    assert_eq!(set(&[named("k".repeat(256))]).keys().len(), 1);
    let long = set(&[named("k".repeat(257))]);
    assert_eq!((long.keys().len(), long.skipped()[0].index), (0, 0));
    assert_eq!(long.skipped()[0].reason.to_string(), "kid is missing or not at most 256 bytes");
}

#[test]
fn what_is_missing_is_told_as_missing() {
    for (claim, rule) in [
        ("iss", "issuer"),
        ("sub", "subject"),
        ("azp", "authorized_party"),
        ("exp", "expiration"),
        ("iat", "issued_at"),
    ] {
        let mut claims = claims_with(json!({ claim: null }));
        if claim == "azp" {
            claims["aud"] = json!([CLIENT, CLIENT]);
        }
        let token = Keys::of_issuer().sign("EdDSA", &claims);
        let mut report = Report::new();
        let error =
            oidc::verify(&provider(), &Keys::of_issuer().jwks(), sign_in(token), now(), &mut report).unwrap_err();
        assert_eq!(error.reason(), format!("there is no {claim}"));
        let failure = report.failure().unwrap();
        assert_eq!((failure.name, failure.found.as_str()), (rule, "none"));
    }
}
