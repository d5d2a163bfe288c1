//! A logout token that the issuer signs, whatever it says. The first byte says with which `typ`; the rest is the payload. A
//! finding: anything accepted that a second reader of the same claims would not accept, or reads otherwise; anything that is
//! a logout token and an ID token at once.

use daypass::explain::{Report, Silent};
use daypass::identity::oidc::{LOGOUT_RULES, LogoutToken, UnverifiedLogoutToken, verify_logout_token};
use daypass::time::Timestamp;
use serde_json::{Map, Value};

use super::id_token::{TYPES, header};
use crate::issuer::{CLIENT, ISSUER, KEYS, NOW, PROVIDER, TRUSTED, Use, encode, sign};
use crate::judge::in_time;

const SKEW: i64 = 60;
const LIFETIME: i64 = 600;
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Signs the claims in `data` and judges the token.
pub fn target(data: &[u8]) {
    let [mode, payload @ ..] = data else { return };
    if payload.len() > 20_000 {
        return;
    }
    let typ = TYPES[usize::from(*mode) % TYPES.len()];
    let token = sign("EdDSA", header(typ), payload);
    let now = Timestamp::from_unix_seconds(NOW);
    let judged = |token: &str| {
        in_time(token.as_bytes(), || {
            verify_logout_token(&PROVIDER, &KEYS, UnverifiedLogoutToken::new(token), now, &mut Silent)
        })
    };
    let mut report = Report::new();
    let told = verify_logout_token(&PROVIDER, &KEYS, UnverifiedLogoutToken::new(token.as_str()), now, &mut report);
    let quiet = judged(&token);
    assert_eq!(quiet, told, "listening changed the verdict");
    let broken = quiet.as_ref().err().map(|error| error.rule().name);
    assert_eq!(report.failure().map(|check| check.name), broken, "the explanation names another rule");
    assert_eq!(report.finish(&LOGOUT_RULES).len(), LOGOUT_RULES.len());
    match quiet {
        Ok(accepted) => {
            confirm(typ, payload, &accepted);
            assert!(Use::ALL.into_iter().all(|purpose| purpose.verdict(&token).is_err()), "an ID token as well");
        }
        Err(error) => {
            let _ = (error.to_string(), error.reason());
        }
    }
    assert!(judged(&format!("{}.{}.", encode(header(typ)), encode(payload))).is_err(), "nobody signed it");
}

/// Panics unless a second reader accepts the payload, and reads it as `accepted` says.
fn confirm(typ: &str, payload: &[u8], accepted: &LogoutToken) {
    // That parser makes numbers of numbers, and so refuses some that nothing reads.
    let claims: Map<String, Value> = match serde_json::from_slice(payload) {
        Ok(claims) => claims,
        Err(error) if error.to_string().contains("number out of range") => return,
        Err(error) => panic!("claims that are no JSON: {error}"),
    };
    let text = |name: &str| claims.get(name).map(|value| value.as_str().expect("text"));
    let instant = |name: &str| claims.get(name).map(|value| value.as_i64().expect("whole seconds"));
    assert!(["", "JWT", "logout+jwt", "application/JWT"].contains(&typ), "{typ}");
    assert_eq!(text("iss"), Some(ISSUER));
    let named: Vec<&str> = match &claims["aud"] {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().map(|one| one.as_str().expect("text")).collect(),
        other => panic!("an audience of {other}"),
    };
    assert!(named.contains(&CLIENT) && named.iter().all(|one| [CLIENT, TRUSTED].contains(one)), "{named:?}");
    let (issued_at, expiration) = (instant("iat").expect("a beginning"), instant("exp").expect("an end"));
    assert!((0..=NOW + SKEW).contains(&issued_at) && NOW < expiration + SKEW);
    assert!((1..=LIFETIME).contains(&(expiration - issued_at)), "good for {}", expiration - issued_at);
    assert!(instant("nbf").is_none_or(|at| (0..=NOW + SKEW).contains(&at)));
    assert!(!claims.contains_key("nonce"));
    let events = claims["events"].as_object().expect("events");
    assert!(events.len() == 1 && events[EVENT].is_object(), "{events:?}");
    assert!(text("sub").is_some() || text("sid").is_some(), "nobody's session");
    assert_eq!((accepted.issuer(), accepted.subject(), accepted.session_id()), (ISSUER, text("sub"), text("sid")));
    assert_eq!((Some(accepted.token_id()), accepted.issued_at().unix_seconds()), (text("jti"), issued_at));
    assert!(!accepted.session_keys().is_empty());
}
