//! Logout tokens, honest and hostile; each test says which rule refuses.

use aws_lc_rs::hmac;
use daypass::explain::{Report, Verdict};
use daypass::identity::oidc::{
    JwsAlgorithm, LOGOUT_RULES, LogoutToken, LogoutTokenError, MAX_LOGOUT_LIFETIME, OidcProvider, OidcSession,
    UnverifiedLogoutToken, verify_logout_token,
};
use daypass::time::Timestamp;
use serde_json::{Value, json};

use crate::support::{
    CLIENT, ISSUER, Keys, NONCE, NOW, b64, claims, claims_with, now, provider, refused as id_token_refused, sign_in,
    verify_at,
};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
const CAP: i64 = MAX_LOGOUT_LIFETIME.as_secs().cast_signed();

fn header(typ: &str) -> Value {
    json!({"alg": "ES256", "kid": "ES256", "typ": typ})
}

fn logout_claims() -> Value {
    json!({
        "iss": ISSUER, "aud": CLIENT, "sub": "martha", "sid": "session-1", "iat": NOW, "exp": NOW + 120, "jti": "token-1",
        "events": {EVENT: {}},
    })
}

/// Honest claims with `changes` made to them; `null` takes a claim away.
fn changed(changes: &Value) -> Value {
    let mut claims = logout_claims();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

fn signed(header: &Value, claims: &Value) -> String {
    Keys::of_issuer().sign_raw("ES256", &header.to_string(), claims.to_string())
}

fn token(changes: &Value) -> String {
    signed(&header("logout+jwt"), &changed(changes))
}

fn verify_for(provider: &OidcProvider, token: String, now: Timestamp) -> Result<LogoutToken, LogoutTokenError> {
    let mut report = Report::new();
    let token = UnverifiedLogoutToken::new(token);
    let outcome = verify_logout_token(provider, &Keys::of_issuer().jwks(), token, now, &mut report);
    assert_told_in_order(report, outcome.as_ref().err());
    outcome
}

/// What the listener heard agrees with the outcome, and follows the order of the rules.
fn assert_told_in_order(report: Report, refused: Option<&LogoutTokenError>) {
    let broken = refused.map(|error| error.rule().name);
    assert_eq!(report.failure().map(|check| check.name), broken);
    let place = |name: &str| LOGOUT_RULES.iter().position(|rule| rule.name == name).unwrap();
    let heard: Vec<usize> = report.checks().iter().map(|check| place(check.name)).collect();
    assert!(heard.is_sorted(), "{heard:?}");
    let last = broken.map_or(LOGOUT_RULES.len(), |name| place(name) + 1);
    assert_eq!(heard, (0..last).collect::<Vec<_>>(), "every rule up to the broken one is told of");
    assert!(report.finish(&LOGOUT_RULES)[last..].iter().all(|check| check.verdict == Verdict::NotReached));
}

fn verify(token: String) -> Result<LogoutToken, LogoutTokenError> {
    verify_for(&provider(), token, now())
}

/// The name of the rule that refuses a token.
fn refused(token: String) -> &'static str {
    verify(token).expect_err("the token is accepted").rule().name
}

fn refused_claims(changes: &Value) -> &'static str {
    refused(token(changes))
}

#[test]
fn the_honest_token_says_whose_session_is_over() {
    let read = verify(token(&json!({}))).unwrap();
    assert_eq!((read.issuer(), read.client_id()), (ISSUER, CLIENT));
    assert_eq!((read.subject(), read.session_id()), (Some("martha"), Some("session-1")));
    assert_eq!((read.token_id(), read.issued_at()), ("token-1", now()));
    assert_eq!(read.remembered_until(), Timestamp::from_unix_seconds(NOW + 120 + 300));
}

#[test]
fn providers_that_do_not_name_the_type_are_understood() {
    for typ in ["logout+jwt", "application/logout+jwt", "Application/Logout+JWT", "LOGOUT+JWT", "JWT", "jwt"] {
        assert!(verify(signed(&header(typ), &logout_claims())).is_ok(), "{typ}");
    }
    assert!(verify(signed(&json!({"alg": "ES256", "kid": "ES256"}), &logout_claims())).is_ok());
}

#[test]
fn a_token_of_another_type_is_refused() {
    for typ in ["at+jwt", "dpop+jwt", "secevent+jwt", "id_token", "", "logout", "xlogout+jwt"] {
        assert_eq!(refused(signed(&header(typ), &logout_claims())), "type", "{typ}");
    }
}

#[test]
fn backchannel_logout_alg_none() {
    for alg in ["none", "None", "NONE", ""] {
        for signature in ["", "AAAA"] {
            let header = json!({"alg": alg, "kid": "ES256", "typ": "logout+jwt"}).to_string();
            let token = format!("{}.{}.{signature}", b64(header), b64(logout_claims().to_string()));
            assert_eq!(refused(token), "algorithm", "{alg:?}");
        }
    }
}

#[test]
fn backchannel_logout_wrong_alg() {
    // HMAC with a secret everyone knows, an algorithm that the key does not make, and one that the provider does not list.
    let input = format!("{}.{}", b64(r#"{"alg":"HS256","kid":"ES256"}"#), b64(logout_claims().to_string()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, Keys::of_issuer().jwks_json().to_string().as_bytes());
    assert_eq!(refused(format!("{input}.{}", b64(hmac::sign(&key, input.as_bytes())))), "algorithm");
    let other = json!({"alg": "RS256", "kid": "ES256", "typ": "logout+jwt"}).to_string();
    assert_eq!(refused(Keys::of_issuer().sign_raw("RS256", &other, logout_claims().to_string())), "algorithm");
    let provider = provider().with_algorithms([JwsAlgorithm::Rs256]).unwrap();
    assert_eq!(verify_for(&provider, token(&json!({})), now()).unwrap_err().rule().name, "algorithm");
}

#[test]
fn a_signature_by_an_unknown_key_or_of_other_bytes_is_refused() {
    let mut unknown = header("logout+jwt");
    unknown["kid"] = json!("another");
    assert_eq!(refused(signed(&unknown, &logout_claims())), "key");
    let forged = Keys::generate().sign_raw("ES256", &header("logout+jwt").to_string(), logout_claims().to_string());
    assert_eq!(refused(forged), "signature");
    let honest = token(&json!({}));
    let parts: Vec<&str> = honest.split('.').collect();
    let edited = b64(changed(&json!({"sub": "sam"})).to_string());
    assert_eq!(refused(format!("{}.{edited}.{}", parts[0], parts[2])), "signature");
}

#[test]
fn a_claim_of_another_type_is_an_error_and_never_absent() {
    for (claim, value) in [
        ("sid", json!(5)),
        ("sid", json!(["session-1"])),
        ("sub", json!({})),
        ("jti", json!(1)),
        ("iat", json!("now")),
        ("exp", json!(1.5)),
        ("nonce", json!(5)),
        ("aud", json!([])),
    ] {
        assert_eq!(refused_claims(&json!({claim: value})), "claims", "{claim}");
    }
    let twice = changed(&json!({})).to_string().replacen('{', r#"{"sid":"session-2","#, 1);
    let token = Keys::of_issuer().sign_raw("ES256", &header("logout+jwt").to_string(), twice);
    assert_eq!(refused(token), "claims");
}

#[test]
fn backchannel_logout_wrong_issuer() {
    for issuer in [json!("https://idp.example"), json!("https://idp.example/tenant/"), json!(""), Value::Null] {
        assert_eq!(refused_claims(&json!({"iss": issuer})), "issuer", "{issuer}");
    }
}

#[test]
fn backchannel_logout_wrong_aud() {
    for audience in [json!("client-2"), json!(["client-2"]), json!([CLIENT, "client-2"]), json!(""), Value::Null] {
        assert_eq!(refused_claims(&json!({"aud": audience})), "audience", "{audience}");
    }
    let trusting = provider().with_trusted_audiences(["client-2"]);
    let both = token(&json!({"aud": [CLIENT, "client-2"]}));
    assert_eq!(verify_for(&trusting, both, now()).unwrap().client_id(), CLIENT);
    let theirs = token(&json!({"aud": ["client-2"]}));
    assert_eq!(verify_for(&trusting, theirs, now()).unwrap_err().rule().name, "audience");
}

#[test]
fn it_was_issued_and_not_in_the_future() {
    assert_eq!(refused_claims(&json!({"iat": null})), "issued_at");
    assert!(verify(token(&json!({"iat": NOW + 60, "exp": NOW + 120}))).is_ok());
    assert_eq!(refused_claims(&json!({"iat": NOW + 61, "exp": NOW + 120})), "issued_at");
}

#[test]
fn it_expires_soon_and_has_not() {
    assert_eq!(refused_claims(&json!({"exp": null})), "expiration");
    assert!(verify(token(&json!({"iat": NOW - 120, "exp": NOW - 59}))).is_ok());
    assert_eq!(refused_claims(&json!({"iat": NOW - 120, "exp": NOW - 60})), "expiration");
    assert!(verify(token(&json!({"exp": NOW + CAP}))).is_ok());
    assert_eq!(refused_claims(&json!({"exp": NOW + CAP + 1})), "lifetime");
    assert_eq!(refused_claims(&json!({"iat": NOW, "exp": NOW})), "lifetime");
    assert_eq!(refused_claims(&json!({"nbf": NOW + 61})), "not_before");
}

#[test]
fn it_names_somebody_or_a_session() {
    assert_eq!(verify(token(&json!({"sub": null}))).unwrap().subject(), None);
    assert_eq!(verify(token(&json!({"sid": null}))).unwrap().session_id(), None);
    assert_eq!(refused_claims(&json!({"sub": null, "sid": null})), "session");
    for text in [String::new(), "a\nb".to_owned(), "x".repeat(513)] {
        assert_eq!(refused_claims(&json!({"sid": text})), "session");
        assert_eq!(refused_claims(&json!({"sub": text})), "session");
    }
}

#[test]
fn backchannel_logout_no_event() {
    assert_eq!(refused_claims(&json!({"events": null})), "events");
    for events in [json!({}), json!([]), json!(EVENT), json!([EVENT]), json!(false)] {
        assert_eq!(refused_claims(&json!({"events": events})), "events", "{events}");
    }
}

#[test]
fn backchannel_logout_wrong_event() {
    for events in [
        json!({"http://schemas.openid.net/event/frontchannel-logout": {}}),
        json!({"https://schemas.openid.net/event/backchannel-logout": {}}),
        json!({EVENT: {}, "https://schemas.openid.net/secevent/risc/event-type/account-disabled": {}}),
        json!({EVENT: true}),
        json!({EVENT: []}),
        json!({EVENT: null}),
    ] {
        assert_eq!(refused_claims(&json!({"events": events})), "events", "{events}");
    }
    assert!(verify(token(&json!({"events": {EVENT: {"anything": 1}}}))).is_ok());
}

#[test]
fn backchannel_logout_with_nonce() {
    for nonce in ["", NONCE] {
        assert_eq!(refused_claims(&json!({"nonce": nonce})), "no_nonce", "{nonce:?}");
    }
}

#[test]
fn it_can_be_known_again() {
    assert_eq!(refused_claims(&json!({"jti": null})), "token_id");
    for jti in [String::new(), "a\0b".to_owned(), "x".repeat(513)] {
        assert_eq!(refused_claims(&json!({"jti": jti})), "token_id");
    }
    let key = |changes| verify(token(&changes)).unwrap().replay_key();
    assert_eq!(key(json!({})), key(json!({"sub": null, "iat": NOW - 1})));
    assert_ne!(key(json!({})), key(json!({"jti": "token-2"})));
}

#[test]
fn attack_an_id_token_is_no_logout_token() {
    let mut id_token = claims();
    id_token["jti"] = json!("token-1");
    id_token["sid"] = json!("session-1");
    for nonce in [json!(NONCE), Value::Null] {
        id_token["nonce"] = nonce;
        if id_token["nonce"].is_null() {
            id_token.as_object_mut().unwrap().remove("nonce");
        }
        assert_eq!(refused(Keys::of_issuer().sign("ES256", &id_token)), "events");
    }
}

#[test]
fn attack_a_logout_token_is_no_id_token() {
    let claims = changed(&json!({"nonce": NONCE}));
    assert_eq!(id_token_refused(signed(&header("logout+jwt"), &claims)), "type");
    assert_eq!(id_token_refused(signed(&header("JWT"), &claims)), "no_events");
}

#[test]
fn the_sessions_it_ends_follow_from_what_it_names() {
    let keys = |changes| verify(token(&changes)).unwrap().session_keys();
    let (both, session, person) = (keys(json!({})), keys(json!({"sub": null})), keys(json!({"sid": null})));
    assert_eq!((both.len(), session.len(), person.len()), (2, 1, 1));
    assert_eq!(both[0], session[0]);
    assert!(!both.contains(&person[0]), "naming a session spares the others");
    assert_ne!(session, keys(json!({"sub": null, "sid": "session-2"})));
    assert_ne!(person, keys(json!({"sid": null, "sub": "sam"})));
}

#[test]
fn a_session_ends_by_its_own_name_or_its_persons() {
    let session = |subject: &str, session_id: Value, client: &str| {
        let claims = claims_with(json!({"sub": subject, "sid": session_id, "aud": client}));
        let provider = OidcProvider::new(ISSUER, [client]).unwrap();
        let token = sign_in(Keys::of_issuer().sign("ES256", &claims));
        OidcSession::of(&verify_at(&provider, token, now()).unwrap()).unwrap()
    };
    let named = session("martha", json!("session-1"), CLIENT);
    assert_eq!((named.subject(), named.session_id(), named.client_id()), ("martha", Some("session-1"), CLIENT));
    let others = [
        ("another of theirs", session("martha", json!("session-2"), CLIENT)),
        ("one without a name", session("martha", Value::Null, CLIENT)),
        ("another person's", session("sam", json!("session-3"), CLIENT)),
        ("at another client", session("martha", json!("session-1"), "client-2")),
    ];
    for (token, ended) in [
        (json!({}), [false, true, false, false]),
        (json!({"sub": null}), [false, false, false, false]),
        (json!({"sid": null}), [true, true, false, false]),
    ] {
        let keys = verify(self::token(&token)).unwrap().session_keys();
        let ends = |session: &OidcSession| session.session_keys().iter().any(|key| keys.contains(key));
        assert!(ends(&named), "{token}");
        for ((what, other), ended) in others.iter().zip(ended) {
            assert_eq!(ends(other), ended, "{token}: {what}");
        }
    }
    // What is no name is none, and keeps nobody from signing in.
    for odd in [json!(5), json!(["a", "b"]), json!(""), json!("x".repeat(600))] {
        let of_number = odd == json!(5);
        assert_eq!(session("martha", odd, CLIENT).session_id().is_some(), of_number);
    }
}

#[test]
fn no_error_repeats_the_token_to_its_sender() {
    for changes in [json!({"iss": "evil\n"}), json!({"aud": "evil\n"}), json!({"events": {"evil\n": {}}})] {
        let error = verify(token(&changes)).unwrap_err();
        assert!(!error.to_string().contains("evil"), "{error}");
        assert!(error.reason().contains("evil") && !error.reason().contains('\n'), "{}", error.reason());
    }
}
