use serde_json::{Value, json};

use super::*;
use crate::credentials::token;
use crate::crypto::{MacKey, SignatureAlgorithm};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_767_225_600);
const STORE: &str = "arn:aws:identitystore::333333333333:identitystore/d-906766a9c1";
const MARTHA: &str = "54c8f4d8-1001-7010-d5b9-2f1a0f0a1b2c";

fn store() -> Arn {
    STORE.parse().unwrap()
}

fn keyring() -> Keyring {
    Keyring::from_secret(&Zeroizing::new([7; 32])).unwrap().with_issuer("https://broker.example")
}

fn assertion(keyring: &Keyring) -> String {
    let store = store();
    let subject = ContextSubject {
        user_id: MARTHA,
        identity_store_arn: &store,
        instance_arn: None,
        application_arn: Some(&"arn:aws:sso::333333333333:application/ssoins-1/apl-1".parse().unwrap()),
    };
    issue(keyring, subject, NOW, None).unwrap().expose().to_owned()
}

fn verdict_at(keyring: &Keyring, assertion: &str, now: Timestamp) -> Result<IdentityContext, ContextAssertionError> {
    let provided = [ProvidedContext::new(CONTEXT_PROVIDER_ARN, assertion)];
    verify(keyring, &provided, Some(&store()), now).map(Option::unwrap)
}

fn verdict(assertion: &str) -> Result<IdentityContext, ContextAssertionError> {
    verdict_at(&keyring(), assertion, NOW)
}

/// What is signed in an honest assertion, with `more` in it or instead of it.
fn claims(more: &Value) -> Value {
    let mut claims = json!({"iss": "https://broker.example", "aud": AUDIENCE, "sub": MARTHA, "iat": NOW.unix_seconds(),
        "exp": NOW.unix_seconds() + 300, "jti": "j", "identity_store_arn": STORE});
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    claims
}

/// An assertion of these claims by whoever has the keyring.
fn forged(more: &Value) -> String {
    sign(&keyring(), HEADER, claims(more).to_string().as_bytes()).unwrap()
}

fn refusal(assertion: &str) -> ContextAssertionError {
    verdict(assertion).unwrap_err()
}

#[test]
fn an_assertion_is_read_back_as_it_was_issued() {
    let context = verdict(&assertion(&keyring())).unwrap();
    let claims = context.claims();
    assert_eq!((claims.user_id.as_str(), claims.identity_store_arn.as_str()), (MARTHA, STORE));
    assert!(claims.application_arn.as_ref().unwrap().ends_with("/apl-1"));
    assert_eq!((claims.instance_arn.as_ref(), claims.credential_id.as_ref().unwrap().len()), (None, 32));
    assert!(verdict(&forged(&json!({}))).is_ok(), "the tests below forge what is accepted but for one thing");
}

#[test]
fn an_assertion_outlives_a_rotation_and_no_other_keyring_verifies_it() {
    let earlier = assertion(&keyring());
    assert!(verdict_at(&keyring().rotate().unwrap(), &earlier, NOW).is_ok());
    let other = Keyring::generate().unwrap().with_issuer("https://broker.example");
    assert_eq!(verdict_at(&other, &earlier, NOW).unwrap_err(), ContextAssertionError::Signature);
}

#[test]
fn it_serves_for_five_minutes_and_no_longer_than_the_session_it_rests_on() {
    let keyring = keyring();
    let text = assertion(&keyring);
    let later = |seconds| NOW.saturating_add(Duration::from_secs(seconds));
    assert!(verdict_at(&keyring, &text, later(299)).is_ok());
    let expired = verdict_at(&keyring, &text, later(300)).unwrap_err();
    assert!(matches!(expired, ContextAssertionError::Expired { .. }));
    assert_eq!(expired.code(), "ExpiredTokenException");
    assert!(verdict_at(&keyring, &text, NOW.saturating_sub(CLOCK_SKEW)).is_ok());
    let early = NOW.saturating_sub(CLOCK_SKEW + Duration::from_secs(1));
    let refused = verdict_at(&keyring, &text, early).unwrap_err();
    assert!(matches!(refused, ContextAssertionError::NotYetValid { .. }));
    let store = store();
    let subject =
        ContextSubject { user_id: MARTHA, identity_store_arn: &store, instance_arn: None, application_arn: None };
    let short = issue(&keyring, subject, NOW, Some(later(60))).unwrap();
    assert_eq!(short.expiration(), later(60));
    assert!(verdict_at(&keyring, short.expose(), later(60)).is_err());
    let long = forged(&json!({"exp": NOW.unix_seconds() + 301}));
    assert_eq!(refusal(&long), ContextAssertionError::Claims, "nobody issues one that lasts longer");
}

#[test]
fn what_is_for_somebody_else_or_of_another_store_is_named() {
    let other = "arn:aws:identitystore::333333333333:identitystore/d-0000000000";
    for (more, part) in [
        (json!({"iss": "urn:daypass"}), "issued by another service"),
        (json!({"aud": "sts.daypass.example"}), "another audience; expected urn:daypass:sts:provided-context"),
        (json!({"identity_store_arn": other}), "another identity store; expected arn:aws:identitystore::333333333333:"),
    ] {
        let refused = refusal(&forged(&more));
        assert_eq!(refused.code(), "ValidationError");
        assert!(refused.to_string().contains(part), "{refused}");
        assert!(refused.reason().contains("; found "), "{}", refused.reason());
    }
}

#[test]
fn claims_of_another_form_are_refused() {
    for more in [
        json!({"admin": true}),
        json!({"sub": 1}),
        json!({"aud": [AUDIENCE]}),
        json!({"exp": "1767225900"}),
        json!({"exp": null}),
    ] {
        assert_eq!(refusal(&forged(&more)), ContextAssertionError::Claims, "{more}");
    }
    let twice = claims(&json!({})).to_string().replacen('{', r#"{"sub":"somebody","#, 1);
    assert_eq!(refusal(&sign(&keyring(), HEADER, twice.as_bytes()).unwrap()), ContextAssertionError::Claims);
}

#[test]
fn attack_an_assertion_that_was_altered() {
    let honest = assertion(&keyring());
    let parts: Vec<&str> = honest.split('.').collect();
    let other = URL_SAFE_NO_PAD.encode(claims(&json!({"sub": "somebody"})).to_string());
    assert_eq!(refusal(&format!("{}.{other}.{}", parts[0], parts[2])), ContextAssertionError::Signature);
    for at in (0..honest.len()).step_by(7) {
        let mut bytes = honest.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        assert!(verdict(&String::from_utf8(bytes).unwrap()).is_err(), "byte {at}");
    }
    for text in [
        String::new(),
        "e30.e30.".to_owned(),
        "....".to_owned(),
        format!("{honest}."),
        format!(".{honest}"),
        format!("{honest}="),
        format!("{honest}\n"),
        format!("{}..{}", parts[0], parts[2]),
        format!("{}.{}", parts[0], parts[1]),
        "A".repeat(MAX_CONTEXT_ASSERTION_LENGTH),
    ] {
        assert!(verdict(&text).is_err(), "{text}");
    }
    let long = "A".repeat(MAX_CONTEXT_ASSERTION_LENGTH + 1);
    assert_eq!(refusal(&long), ContextAssertionError::Length { length: MAX_CONTEXT_ASSERTION_LENGTH + 1 });
}

#[test]
fn attack_a_header_that_chooses_how_it_is_verified() {
    let payload = claims(&json!({})).to_string();
    let signed = |header: &str| refusal(&sign(&keyring(), header, payload.as_bytes()).unwrap());
    let found = |found: &str| ContextAssertionError::Algorithm { found: found.to_owned() };
    assert_eq!(signed(r#"{"typ":"daypass-context+jwt","alg":"none"}"#), found("none"));
    assert_eq!(signed(r#"{"typ":"daypass-context+jwt","alg":"EdDSA"}"#), found("EdDSA"));
    assert_eq!(signed(r#"{"typ":"daypass-context+jwt"}"#), found(""));
    let typed = |found: &str| ContextAssertionError::Type { found: found.to_owned() };
    assert_eq!(signed(r#"{"alg":"HS256"}"#), typed(""));
    assert_eq!(signed(r#"{"typ":"JWT","alg":"HS256"}"#), typed("JWT"));
    for spelling in [
        r#"{"alg":"HS256","typ":"daypass-context+jwt"}"#,
        r#"{"typ":"daypass-context+jwt","alg":"HS256","kid":"x"}"#,
        r#"{"typ":"daypass-context+jwt", "alg":"HS256"}"#,
        "[]",
    ] {
        assert_eq!(signed(spelling), ContextAssertionError::Malformed, "{spelling}");
    }
}

#[test]
fn attack_a_session_token_for_an_assertion_and_the_other_way_round() {
    let keyring = keyring();
    let payload = claims(&json!({})).to_string();
    let generation = keyring.current();
    let message = format!("{}.{}", generation.token_key().header(), URL_SAFE_NO_PAD.encode(&payload));
    let signature = URL_SAFE_NO_PAD.encode(generation.signing_key().sign(message.as_bytes()));
    let session_token = format!("{message}.{signature}");
    assert_eq!(refusal(&session_token), ContextAssertionError::Type { found: "daypass+jwt".to_owned() });
    let assertion = assertion(&keyring);
    let refused = token::verify(&keyring, &assertion, NOW).unwrap_err();
    assert!(matches!(refused, token::TokenError::Algorithm { .. }), "{refused}");
    // What is published verifies no assertion, under whatever name.
    let (message, code) = assertion.rsplit_once('.').unwrap();
    let public = generation.token_key().public_key();
    let verified = public.verify(SignatureAlgorithm::Ed25519, message.as_bytes(), &decode(code).unwrap());
    assert!(verified.is_err());
    let header = URL_SAFE_NO_PAD.encode(HEADER);
    let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(&payload));
    for key in [generation.signing_key().public_key(), keyring.jwks().as_bytes()] {
        let code = MacKey::new(key).sign(message.as_bytes());
        let forged = format!("{message}.{}", URL_SAFE_NO_PAD.encode(code));
        assert_eq!(refusal(&forged), ContextAssertionError::Signature, "a public key taken for a secret");
    }
}

#[cfg(feature = "http")]
#[test]
fn attack_state_in_a_browser_for_an_assertion_and_the_other_way_round() {
    let keyring = keyring();
    let message =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims(&json!({})).to_string()));
    let state_key = keyring.state_key().unwrap();
    let forged = format!("{message}.{}", URL_SAFE_NO_PAD.encode(state_key.sign(message.as_bytes())));
    assert_eq!(refusal(&forged), ContextAssertionError::Signature);
    let context_key = keyring.context_key().unwrap();
    assert!(state_key.verify(message.as_bytes(), &context_key.sign(message.as_bytes())).is_err());
}

#[test]
fn another_provider_two_of_one_and_more_than_five_are_refused() {
    let keyring = keyring();
    let honest = || ProvidedContext::new(CONTEXT_PROVIDER_ARN, assertion(&keyring));
    let quick = || ProvidedContext::new("arn:aws:iam::aws:contextProvider/QuickSight", assertion(&keyring));
    let verdict = |provided: &[ProvidedContext]| verify(&keyring, provided, Some(&store()), NOW);
    assert_eq!(verdict(&[]), Ok(None));
    let refused = verdict(&[honest(), quick()]).unwrap_err().to_string();
    assert!(refused.contains("contextProvider/QuickSight; expected arn:aws:iam::aws:contextProvider/IdentityCenter"));
    assert_eq!(verdict(&[honest(), honest()]), Err(ContextAssertionError::ProviderTwice { found: 2 }));
    let many: Vec<_> = (0..6).map(|_| honest()).collect();
    assert_eq!(verdict(&many), Err(ContextAssertionError::TooMany { found: 6 }));
    assert_eq!(verify(&keyring, &[honest()], None, NOW), Err(ContextAssertionError::NoIdentityStore));
}

#[test]
fn names_that_do_not_fit_are_refused_when_they_are_issued() {
    let keyring = keyring().with_issuer("https://".to_owned() + &"x".repeat(2000));
    let store = store();
    let subject =
        ContextSubject { user_id: MARTHA, identity_store_arn: &store, instance_arn: None, application_arn: None };
    assert!(matches!(issue(&keyring, subject, NOW, None), Err(ContextAssertionError::Length { .. })));
}

#[test]
fn nothing_of_an_assertion_is_printed_but_its_id_and_its_end() {
    let store = store();
    let subject =
        ContextSubject { user_id: MARTHA, identity_store_arn: &store, instance_arn: None, application_arn: None };
    let issued = issue(&keyring(), subject, NOW, None).unwrap();
    let printed = format!("{issued:?}");
    assert!(printed.contains(issued.credential_id()) && !printed.contains(issued.expose()), "{printed}");
}
