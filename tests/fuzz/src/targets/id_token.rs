//! What the issuer signs, whatever it is, so that everything behind the signature is reached. The first byte says with
//! which header; the rest is the payload, after a header of its own up to a byte 0xff where the first byte asks for one. A
//! finding: anything accepted that a second reader of the same JSON would not accept, or reads otherwise.

use std::collections::BTreeMap;

use daypass::VerifiedIdentity;
use serde_json::{Map, Value};

use crate::issuer::{CLIENT, ISSUER, NONCE, NOW, TRUSTED, Use, encode, sign};

/// How far clocks may be apart, and how long a token may be good for, in seconds.
const SKEW: i64 = 60;
const LIFETIME: i64 = 86_400;
/// Session tags, which are read by rules of their own.
const TAGS: &str = "https://aws.amazon.com/tags";
/// The first byte that says the input has a header of its own.
pub const OWN_HEADER: u8 = 255;

/// What the first byte chooses from.
pub const TYPES: [&str; 8] =
    ["", "JWT", "at+jwt", "application/at+jwt", "logout+jwt", "JOSE", "dpop+jwt", "application/JWT"];

/// Signs the claims in `data` and judges the token.
pub fn target(data: &[u8]) {
    let [mode, rest @ ..] = data else { return };
    let (header, payload) = if *mode == OWN_HEADER {
        let Some(at) = rest.iter().position(|byte| *byte == 0xff) else { return };
        (rest[..at].to_vec(), &rest[at + 1..])
    } else {
        (header(TYPES[usize::from(*mode) % TYPES.len()]).into_bytes(), rest)
    };
    // As much as a verifier may be given beside a little more.
    if header.len() + payload.len() > 20_000 {
        return;
    }
    let token = sign("EdDSA", &header, payload);
    for purpose in Use::ALL {
        if let Ok(identity) = purpose.verdict(&token) {
            let typ = serde_json::from_slice::<Value>(&header).expect("a header that is JSON")["typ"].clone();
            confirm(purpose, &typ, payload, &identity);
        }
    }
    assert!(Use::Exchange.verdict(&format!("{}.{}.", encode(&header), encode(payload))).is_err(), "nobody signed it");
}

/// A header with this `typ`.
pub fn header(typ: &str) -> String {
    match typ {
        "" => r#"{"alg":"EdDSA","kid":"EdDSA"}"#.to_owned(),
        _ => format!(r#"{{"alg":"EdDSA","kid":"EdDSA","typ":"{typ}"}}"#),
    }
}

/// Panics unless a second reader accepts the payload for `purpose` and reads it as `identity` says.
fn confirm(purpose: Use, typ: &Value, payload: &[u8], identity: &VerifiedIdentity) {
    // That parser makes numbers of numbers, and so refuses some that nothing reads.
    let claims: Map<String, Value> = match serde_json::from_slice(payload) {
        Ok(claims) => claims,
        Err(error) if error.to_string().contains("number out of range") => return,
        Err(error) => panic!("claims that are no JSON: {error}"),
    };
    let sign_in = purpose == Use::SignIn;
    let text = |name: &str| claims.get(name).map(|value| value.as_str().expect("text"));
    let instant = |name: &str| claims.get(name).map(|value| value.as_i64().expect("whole seconds"));

    let typ = typ.as_str().map(|typ| typ.to_ascii_lowercase()).unwrap_or_default();
    let typ = typ.strip_prefix("application/").unwrap_or(&typ);
    let types: &[&str] = if sign_in { &["", "jwt"] } else { &["", "jwt", "jose", "at+jwt"] };
    assert!(types.contains(&typ), "{typ}");
    assert!(!claims.contains_key("events"));
    assert_eq!(text("iss"), Some(ISSUER));
    let subject = text("sub").expect("a subject");
    assert!(!subject.is_empty() && subject.len() <= if sign_in { 255 } else { 2048 });
    audience(sign_in, &claims, text("azp"));
    times(sign_in, instant("iat"), instant("exp").expect("an end"), instant("nbf"));
    if sign_in {
        assert_eq!(text("nonce"), Some(NONCE));
    }
    if typ == "at+jwt" {
        assert!(claims.contains_key("client_id") && claims.contains_key("jti") && claims.contains_key("iat"));
    }
    assert_eq!((identity.issuer(), identity.subject(), identity.audience()), (ISSUER, subject, CLIENT));
    attributes(&claims, identity);
}

fn audience(sign_in: bool, claims: &Map<String, Value>, azp: Option<&str>) {
    let named: Vec<&str> = match &claims["aud"] {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().map(|one| one.as_str().expect("text")).collect(),
        other => panic!("an audience of {other}"),
    };
    assert!(!named.is_empty() && named.len() <= 100);
    assert!(azp.is_none_or(|azp| azp == CLIENT), "obtained by {azp:?}");
    if sign_in || azp.is_none() {
        assert!(named.contains(&CLIENT) && named.iter().all(|one| [CLIENT, TRUSTED].contains(one)), "{named:?}");
    }
    assert!(!sign_in || named.len() == 1 || azp.is_some(), "nobody says who obtained it");
}

fn times(sign_in: bool, issued_at: Option<i64>, expiration: i64, not_before: Option<i64>) {
    assert!(NOW < expiration + SKEW, "expired at {expiration}");
    assert!(issued_at.is_some() || !sign_in);
    assert!(issued_at.is_none_or(|at| (0..=NOW + SKEW).contains(&at)), "issued at {issued_at:?}");
    assert!(not_before.is_none_or(|at| (0..=NOW + SKEW).contains(&at)), "not before {not_before:?}");
    match issued_at {
        Some(at) => assert!((1..=LIFETIME).contains(&(expiration - at)), "good for {}", expiration - at),
        None => assert!(expiration - NOW <= LIFETIME + SKEW, "good for {}", expiration - NOW),
    }
}

/// Attributes are the claims that are plain values, or lists of them, as text.
fn attributes(claims: &Map<String, Value>, identity: &VerifiedIdentity) {
    let plain = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        // As written there, and maybe not here.
        Value::Number(_) => Some("number".to_owned()),
        _ => None,
    };
    let said: BTreeMap<&str, Vec<String>> = claims
        .iter()
        .filter(|(name, _)| !name.starts_with(TAGS))
        .filter_map(|(name, value)| match value {
            Value::Array(items) => Some((name.as_str(), items.iter().map(plain).collect::<Option<Vec<_>>>()?)),
            other => Some((name.as_str(), vec![plain(other)?])),
        })
        .collect();
    for (name, texts) in &said {
        let found = identity.attribute(name);
        assert_eq!(found.len(), texts.len(), "{name}");
        for (found, said) in found.iter().zip(texts) {
            assert!(said == "number" || found == said, "{name}: {found} instead of {said}");
        }
    }
}
