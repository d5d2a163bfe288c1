//! Stage 3 through its public interface: what is minted, which tokens are refused and why, what is remembered.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, reason = "a test fails by panicking")]

#[path = "request/fixture.rs"]
mod fixture;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use daypass::credentials::{
    AccessKeyId, CredentialScope, CredentialsError, Keyring, KeyringError, Revocations, Revoked, Sessions, TokenError,
    mint, mint_with_token_of, token,
};
use daypass::time::Timestamp;
use fixture::{NOW, SECRET, claims, credentials_of, derive, key_id, keyring, now, sign, signing_key};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds)
}

fn refusal(token: &str) -> TokenError {
    token::verify(&keyring(), token, now()).unwrap_err()
}

fn with(mut value: Value, pointer: &str, replacement: Value) -> Value {
    *value.pointer_mut(pointer).unwrap() = replacement;
    value
}

/// What one part of a token says.
fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// A token with a header of the attacker's choosing, signed with the right key.
fn with_header(header: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(header), encode(&claims()));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &signing_key(&SECRET), Algorithm::EdDSA);
    format!("{message}.{}", signature.unwrap())
}

#[test]
fn minted_credentials_have_the_form_that_sdks_expect() {
    let credentials = credentials_of(&claims());
    let id = credentials.access_key_id().as_str();
    assert!(id.starts_with("ASIA") && id.len() == 20, "{id}");
    assert_eq!(credentials.secret_access_key().expose().len(), 40);
    assert_eq!(credentials.expiration(), at(NOW + 3600));
    let other = credentials_of(&claims());
    assert_ne!(credentials.access_key_id(), other.access_key_id());
    assert_ne!(credentials.secret_access_key().expose(), other.secret_access_key().expose());
}

#[test]
fn the_secret_is_derived_from_the_keyring_and_the_access_key_id_alone() {
    let credentials = credentials_of(&claims());
    let id = credentials.access_key_id().as_str().as_bytes();
    let derived = derive(&SECRET, &[b"secret access key ", id]);
    assert_eq!(credentials.secret_access_key().expose(), STANDARD.encode(&derived[..30]));
}

#[test]
fn anyone_with_the_jwks_can_read_a_minted_token_and_it_holds_no_secret() {
    let credentials = credentials_of(&claims());
    let token = credentials.session_token().expose();
    let jwks: Value = serde_json::from_str(&keyring().jwks()).unwrap();
    assert!(jwks["keys"][0].get("d").is_none());
    let key = DecodingKey::from_ed_components(jwks["keys"][0]["x"].as_str().unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.validate_exp = false;
    validation.set_issuer(&["urn:daypass"]);
    let read = jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap();
    assert_eq!(read.header.typ.as_deref(), Some("daypass+jwt"));
    let expected = with(claims(), "/access_key_id", json!(credentials.access_key_id().as_str()));
    assert_eq!(read.claims, expected);
    assert!(!read.claims.to_string().contains(credentials.secret_access_key().expose()));
}

#[test]
fn debug_shows_no_secret() {
    let credentials = credentials_of(&claims());
    let printed = format!("{credentials:?}");
    assert!(!printed.contains(credentials.secret_access_key().expose()));
    assert!(!printed.contains(credentials.session_token().expose()));
}

#[test]
fn a_session_that_is_over_gets_no_credentials() {
    let keyring = keyring();
    let verified = token::verify(&keyring, &sign(&claims()), now()).unwrap();
    let (session, _) = verified.into_parts();
    let refused = mint(&keyring, session, at(NOW + 3600)).unwrap_err();
    assert!(matches!(refused, CredentialsError::SessionExpired { .. }));
    assert_eq!(refused.code(), "ExpiredToken");
}

#[test]
fn a_token_has_the_least_length_that_was_asked_for_and_hardly_more() {
    let keyring = keyring();
    for least in [2000, 2001, 4096, 7164] {
        let (session, _) = token::verify(&keyring, &sign(&claims()), now()).unwrap().into_parts();
        let credentials = mint_with_token_of(&keyring, session, least, now()).unwrap();
        let token = credentials.session_token().expose();
        assert!((least..least + 4).contains(&token.len()), "{least}: {}", token.len());
        assert!(token::verify(&keyring, token, now()).is_ok());
    }
}

#[test]
fn a_session_too_large_for_its_token_gets_no_credentials() {
    let keyring = keyring();
    let signed = sign(&with(claims(), "/session/principal_tags/team", json!("x".repeat(4690))));
    let (session, _) = token::verify(&keyring, &signed, now()).unwrap().into_parts();
    assert!(mint(&keyring, session, now()).is_ok());
    // A longer name for the broker makes the same session too large.
    let (session, _) = token::verify(&keyring, &signed, now()).unwrap().into_parts();
    let refused = mint(&keyring.with_issuer("x".repeat(500)), session, now()).unwrap_err();
    assert!(matches!(refused, CredentialsError::TokenTooLong { .. }), "{refused:?}");
}

#[test]
fn a_token_comes_back_as_its_session() {
    let verified = token::verify(&keyring(), &sign(&claims()), now()).unwrap();
    assert_eq!(verified.access_key_id().as_str(), "ASIAAAAAAAAAAAAAAAAA");
    assert_eq!(verified.key_id(), key_id(&keyring()));
    assert_eq!(serde_json::to_value(verified.session().as_role().unwrap().claims()).unwrap(), claims()["session"]);
}

#[test]
fn attack_alg_none() {
    let header = json!({"typ": "daypass+jwt", "alg": "none", "kid": key_id(&keyring())});
    let signed = with_header(&header);
    let message = signed.rsplit_once('.').unwrap().0;
    for token in [format!("{message}."), signed.clone()] {
        assert_eq!(refusal(&token), TokenError::Algorithm { found: "none".to_owned() });
    }
}

#[test]
fn attack_public_key_used_as_hmac_secret() {
    let jwks: Value = serde_json::from_str(&keyring().jwks()).unwrap();
    let public = URL_SAFE_NO_PAD.decode(jwks["keys"][0]["x"].as_str().unwrap()).unwrap();
    let mut header = Header::new(Algorithm::HS256);
    header.typ = Some("daypass+jwt".to_owned());
    header.kid = Some(key_id(&keyring()));
    let token = jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(&public)).unwrap();
    assert!(matches!(refusal(&token), TokenError::Algorithm { .. }));
}

#[test]
fn attack_signed_by_another_key_under_our_kid() {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some("daypass+jwt".to_owned());
    header.kid = Some(key_id(&keyring()));
    let token = jsonwebtoken::encode(&header, &claims(), &signing_key(&[8; 32])).unwrap();
    assert_eq!(refusal(&token), TokenError::Signature);
}

#[test]
fn attack_kid_of_another_key_of_the_same_keyring() {
    // Both keys are the broker's; a token of one must not pass under the name of the other.
    let rotated = keyring().rotate().unwrap();
    let old = sign(&claims());
    let header = format!(r#"{{"typ":"daypass+jwt","alg":"EdDSA","kid":"{}"}}"#, key_id(&rotated));
    let (_, rest) = old.split_once('.').unwrap();
    let confused = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header));
    assert!(token::verify(&rotated, &old, now()).is_ok());
    assert_eq!(token::verify(&rotated, &confused, now()).unwrap_err(), TokenError::Signature);
}

#[test]
fn attack_unknown_kid_and_kid_that_is_a_path() {
    for kid in ["other", "../../dev/null", ""] {
        let header = json!({"typ": "daypass+jwt", "alg": "EdDSA", "kid": kid});
        assert_eq!(refusal(&with_header(&header)), TokenError::UnknownKey { found: kid.to_owned() });
    }
}

#[test]
fn attack_another_jwt_of_the_same_key() {
    let kid = key_id(&keyring());
    for typ in [json!("JWT"), json!(null), json!("at+jwt"), json!("DAYPASS+JWT")] {
        let header = json!({"typ": typ, "alg": "EdDSA", "kid": kid});
        assert_eq!(refusal(&with_header(&header)), TokenError::Type, "{typ}");
    }
}

#[test]
fn attack_embedded_key_and_critical_extensions() {
    let kid = key_id(&keyring());
    for (name, value) in [
        ("jwk", json!({"kty": "OKP"})),
        ("jku", json!("https://evil.example/jwks")),
        ("crit", json!(["b64"])),
        ("b64", json!(false)),
    ] {
        let header = json!({"typ": "daypass+jwt", "alg": "EdDSA", "kid": kid, name: value});
        assert_eq!(refusal(&with_header(&header)), TokenError::Malformed, "{name}");
    }
}

#[test]
fn attack_claims_edited() {
    let token = sign(&claims());
    let parts: Vec<_> = token.split('.').collect();
    for (pointer, value) in [
        ("/exp", json!(NOW + 360_000)),
        ("/session/role_arn", json!("arn:aws:iam::111111111111:role/Admin")),
        ("/access_key_id", json!("ASIABBBBBBBBBBBBBBBB")),
        ("/session/principal_tags/team", json!("admins")),
    ] {
        let edited = with(claims(), pointer, value).to_string();
        let forged = format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(edited), parts[2]);
        assert_eq!(refusal(&forged), TokenError::Signature, "{pointer}");
    }
}

#[test]
fn tokens_of_another_form_are_refused() {
    let token = sign(&claims());
    let (message, signature) = token.rsplit_once('.').unwrap();
    let last = signature.chars().last().unwrap();
    // The last character carries two bits of the signature; another with the same two bits spells it a second way.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let index = alphabet.find(last).unwrap();
    let second = &alphabet[index + 1..index + 2];
    let respelled = format!("{message}.{}{second}", &signature[..signature.len() - 1]);
    for form in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "a.b.c".to_owned(),
        message.to_owned(),
        format!("{token}="),
        format!("{token}\n"),
        format!(" {token}"),
        format!("{token}.x"),
        respelled,
    ] {
        assert_eq!(refusal(&form), TokenError::Malformed, "{form:?}");
    }
    let long = format!("{token}{}", "A".repeat(token::MAX_TOKEN_LENGTH));
    assert!(matches!(refusal(&long), TokenError::TooLong { .. }));
}

#[test]
fn signed_claims_that_describe_no_session_are_refused() {
    for (pointer, value) in [
        ("/sub", json!("arn:aws:sts::111111111111:assumed-role/Admin/martha")),
        ("/iat", json!(NOW - 1)),
        ("/exp", json!(NOW + 7200)),
        ("/exp", json!("never")),
        ("/access_key_id", json!("not one")),
        ("/session/role_arn", json!("arn:aws:iam::111111111111:user/martha")),
        ("/session/role_session_name", json!("m")),
        ("/session/origin", json!("elsewhere")),
        ("/session", json!({})),
    ] {
        let token = sign(&with(claims(), pointer, value));
        assert_eq!(refusal(&token), TokenError::Claims, "{pointer}");
    }
    let mut more = claims();
    more["admin"] = json!(true);
    assert_eq!(refusal(&sign(&more)), TokenError::Claims);
}

#[test]
fn a_token_of_another_broker_is_refused() {
    let token = sign(&with(claims(), "/iss", json!("https://other.example")));
    assert_eq!(refusal(&token), TokenError::Issuer { found: "https://other.example".to_owned() });
    let keyring = keyring().with_issuer("https://other.example");
    assert!(token::verify(&keyring, &token, now()).is_ok());
}

#[test]
fn a_token_works_from_its_issue_to_its_expiration() {
    let (keyring, token) = (keyring(), sign(&claims()));
    let at_second = |seconds| token::verify(&keyring, &token, at(seconds));
    assert!(at_second(NOW + 3599).is_ok());
    let expired = at_second(NOW + 3600).unwrap_err();
    assert!(matches!(expired, TokenError::Expired { .. }));
    assert_eq!(expired.code(), "ExpiredToken");
    // Clocks of two brokers differ by seconds, not minutes.
    assert!(at_second(NOW - 60).is_ok());
    assert!(matches!(at_second(NOW - 61).unwrap_err(), TokenError::NotYetValid { .. }));
}

#[test]
fn sessions_outlive_a_rotation_and_new_ones_use_the_new_key() {
    let credentials = credentials_of(&claims());
    let old = credentials.session_token().expose();
    let rotated = keyring().rotate().unwrap();
    let (session, _) = token::verify(&rotated, old, now()).unwrap().into_parts();
    let fresh = mint(&rotated, session, now()).unwrap();
    let header = part(fresh.session_token().expose(), 0);
    assert_eq!(header["kid"], key_id(&rotated));
    assert_ne!(header["kid"], key_id(&keyring()));
    assert!(matches!(refusal(fresh.session_token().expose()), TokenError::UnknownKey { .. }));
    // The secret of the old session stays the one its holder has.
    let sessions = Sessions::new(rotated);
    let opened = sessions.open(credentials.access_key_id(), old, now()).unwrap();
    let scope = CredentialScope::new("20260101", "eu-west-1", "s3").unwrap();
    let independent = aws_sigv4::sign::v4::generate_signing_key(
        credentials.secret_access_key().expose(),
        std::time::UNIX_EPOCH + Duration::from_secs(1_767_225_600),
        "eu-west-1",
        "s3",
    );
    let code = aws_sigv4::sign::v4::calculate_signature(independent, b"message");
    assert_eq!(daypass::crypto::hex(&opened.signing_key(&scope).unwrap().sign(b"message")), code);
}

#[test]
fn a_session_seen_before_is_remembered_and_still_held_to_its_token() {
    let sessions = Sessions::new(keyring());
    let credentials = credentials_of(&claims());
    let (id, token) = (credentials.access_key_id(), credentials.session_token().expose());
    let first = sessions.open(id, token, now()).unwrap();
    let second = sessions.open(id, token, now()).unwrap();
    assert!(Arc::ptr_eq(&first, &second));
    // Remembered or not: edited, foreign and expired tokens are refused.
    let mut edited = token.to_owned();
    edited.replace_range(150..151, if &token[150..151] == "A" { "B" } else { "A" });
    assert_eq!(sessions.open(id, &edited, now()).unwrap_err(), TokenError::Signature);
    let refused = sessions.open(id, &sign(&claims()), now()).unwrap_err();
    assert!(matches!(refused, TokenError::AccessKey { .. }));
    assert_eq!(refused.code(), "InvalidClientTokenId");
    let late = sessions.open(id, token, at(NOW + 3600)).unwrap_err();
    assert!(matches!(late, TokenError::Expired { .. }));
}

#[test]
fn the_cache_is_bounded_and_keeps_what_is_used() {
    let sessions = Sessions::with_capacity(keyring(), 32);
    let open = |number: usize| {
        let id = format!("ASIAAAAAAAAAAAAA{number:04}");
        let signed = sign(&with(claims(), "/access_key_id", json!(id)));
        sessions.open(&id.parse::<AccessKeyId>().unwrap(), &signed, now()).unwrap()
    };
    // Ids ending in the same character share a part of the cache, which holds one old and one young session here.
    let (used, forgotten) = (open(0), open(10));
    assert!(Arc::ptr_eq(&used, &open(0)));
    for number in 2..20 {
        open(number * 10);
        assert!(Arc::ptr_eq(&used, &open(0)), "{number}");
    }
    assert!(!Arc::ptr_eq(&forgotten, &open(10)));
}

#[test]
fn a_revoked_access_key_is_over_for_sessions_already_open() {
    let sessions = Sessions::new(keyring());
    let credentials = credentials_of(&claims());
    let (session, id) = (credentials.session(), credentials.access_key_id());
    let verify = |id| sessions.verify_live(session, id).map(|caller| caller.arn());
    assert_eq!(verify(id), Ok(session.arn().clone()));
    let mut revocations = Revocations::new();
    revocations.revoke_access_key(id.clone());
    sessions.replace_revocations(revocations);
    assert_eq!(verify(id), Err(Revoked::AccessKey { access_key_id: id.clone() }));
    let other = credentials_of(&claims());
    assert!(verify(other.access_key_id()).is_ok());
}

#[test]
fn revoking_a_role_ends_what_was_issued_before_and_never_brings_it_back() {
    let credentials = credentials_of(&claims());
    let (session, id) = (credentials.session(), credentials.access_key_id());
    let mut revocations = Revocations::new();
    revocations.revoke_before("AROABBBBBBBBBBBBBBBBB", at(NOW + 100));
    assert_eq!(revocations.verify(session, id), Ok(()));
    revocations.revoke_before("AROAAAAAAAAAAAAAAAAAA", at(NOW));
    assert_eq!(revocations.verify(session, id), Ok(()));
    revocations.revoke_before("AROAAAAAAAAAAAAAAAAAA", at(NOW + 1));
    revocations.revoke_before("AROAAAAAAAAAAAAAAAAAA", at(NOW - 100));
    assert_eq!(revocations.verify(session, id), Err(Revoked::IssuedBefore { issued_at: at(NOW), before: at(NOW + 1) }));
}

#[test]
fn a_scoped_key_verifies_one_service_on_one_day_and_no_other() {
    let keyring = keyring();
    let credentials = credentials_of(&claims());
    let id = credentials.access_key_id();
    let scope = |date, service| CredentialScope::new(date, "eu-west-1", service).unwrap();
    let key = |scope: &CredentialScope| *keyring.scoped_signing_key(&key_id(&keyring), id, scope).unwrap().expose();
    let independent = aws_sigv4::sign::v4::generate_signing_key(
        credentials.secret_access_key().expose(),
        std::time::UNIX_EPOCH + Duration::from_secs(1_767_225_600),
        "eu-west-1",
        "s3",
    );
    assert_eq!(&key(&scope("20260101", "s3"))[..], independent.as_ref());
    assert_ne!(key(&scope("20260101", "s3")), key(&scope("20260101", "sts")));
    assert_ne!(key(&scope("20260101", "s3")), key(&scope("20260102", "s3")));
    assert_eq!(
        keyring.scoped_signing_key("other", id, &scope("20260101", "s3")).unwrap_err(),
        KeyringError::UnknownKey
    );
}

#[test]
fn a_keyring_read_back_verifies_what_it_signed() {
    let keyring = Keyring::generate().unwrap();
    let text = keyring.to_text().unwrap();
    let (session, _) = token::verify(&fixture::keyring(), &sign(&claims()), now()).unwrap().into_parts();
    let credentials = mint(&keyring, session, now()).unwrap();
    let again = Keyring::from_text(&text).unwrap();
    assert!(token::verify(&again, credentials.session_token().expose(), now()).is_ok());
}
