//! A context assertion. The first byte says what the rest is: the assertion itself, edits of an honest one by somebody who
//! holds it, or claims that the harness signs with a key that it derives itself. A finding: anything accepted that the harness
//! did not assert; claims of which a second reader makes something else; an assertion that is a session token as well.

use std::sync::LazyLock;

use aws_lc_rs::{hkdf, hmac};
use daypass::Keyring;
use daypass::arn::Arn;
use daypass::credentials::context_assertion::{self, ContextAssertionError, MAX_CONTEXT_ASSERTION_LENGTH};
use daypass::credentials::token;
use daypass::session::{CONTEXT_PROVIDER_ARN, IdentityContext, ProvidedContext};
use daypass::time::Timestamp;
use serde_json::Value;

use crate::issuer::{NOW, encode};
use crate::judge::in_time;
use crate::targets::jws::edited;

const STORE: &str = "arn:aws:identitystore::333333333333:identitystore/d-906766a9c1";
const AUDIENCE: &str = "urn:daypass:sts:provided-context";
const HEADER: &str = r#"{"typ":"daypass-context+jwt","alg":"HS256"}"#;
/// Honest claims.
pub const CLAIMS: &str = r#"{"iss":"urn:daypass","aud":"urn:daypass:sts:provided-context","sub":"54c8f4d8-1001-7010-d5b9-2f1a0f0a1b2c","iat":1800000000,"exp":1800000300,"jti":"one","identity_store_arn":"arn:aws:identitystore::333333333333:identitystore/d-906766a9c1"}"#;
const NAMES: [&str; 9] =
    ["iss", "aud", "sub", "iat", "exp", "jti", "identity_store_arn", "instance_arn", "application_arn"];

static KEYRING: LazyLock<Keyring> = LazyLock::new(|| Keyring::from_secret(&[7; 32].into()).unwrap());
static KEY: LazyLock<hmac::Key> = LazyLock::new(|| {
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, b"daypass keyring 1").extract(&[7; 32]);
    let mut key = [0; 32];
    extracted.expand(&[b"context assertion"], hkdf::HKDF_SHA256).unwrap().fill(&mut key).unwrap();
    hmac::Key::new(hmac::HMAC_SHA256, &key)
});
/// An honest assertion.
pub static HONEST: LazyLock<String> = LazyLock::new(|| sign(CLAIMS.as_bytes()));

/// Judges the assertion in `data`.
pub fn target(data: &[u8]) {
    let [mode, rest @ ..] = data else { return };
    let (assertion, claims) = match mode % 3 {
        0 => (String::from_utf8_lossy(rest).into_owned(), None),
        1 => (edited(&HONEST, rest), None),
        _ => (sign(rest), Some(rest)),
    };
    let now = Timestamp::from_unix_seconds(NOW);
    assert!(token::verify(&KEYRING, &assertion, now).is_err(), "a session token");
    let Ok(context) = in_time(data, || verdict(&assertion)) else { return };
    assert!(assertion.len() <= MAX_CONTEXT_ASSERTION_LENGTH);
    match claims {
        None => assert_eq!(assertion, *HONEST, "nobody asserted this"),
        Some(claims) => read_alike(claims, &context),
    }
}

/// What the broker of the harness says of an assertion.
pub fn verdict(assertion: &str) -> Result<IdentityContext, ContextAssertionError> {
    let store: Arn = STORE.parse().unwrap();
    let provided = [ProvidedContext::new(CONTEXT_PROVIDER_ARN, assertion)];
    let now = Timestamp::from_unix_seconds(NOW);
    context_assertion::verify(&KEYRING, &provided, Some(&store), now).map(Option::unwrap)
}

fn sign(claims: &[u8]) -> String {
    let message = format!("{}.{}", encode(HEADER), encode(claims));
    let code = hmac::sign(&KEY, message.as_bytes());
    format!("{message}.{}", encode(code.as_ref()))
}

/// Another reader finds the same person in the claims, for the right audience and time, and nothing beside it.
fn read_alike(claims: &[u8], context: &IdentityContext) {
    let read: Value = serde_json::from_slice(claims).expect("claims that are no JSON");
    let text = |name: &str| read.get(name).and_then(Value::as_str);
    let told = context.claims();
    assert_eq!((text("iss"), text("aud")), (Some("urn:daypass"), Some(AUDIENCE)));
    assert_eq!((text("sub"), text("identity_store_arn")), (Some(told.user_id.as_str()), Some(STORE)));
    assert_eq!((text("jti"), told.identity_store_arn.as_str()), (told.credential_id.as_deref(), STORE));
    assert_eq!(
        (text("instance_arn"), text("application_arn")),
        (told.instance_arn.as_deref(), told.application_arn.as_deref())
    );
    let (issued, ends) = (read["iat"].as_i64().unwrap(), read["exp"].as_i64().unwrap());
    assert!(issued <= NOW + 60 && NOW < ends && ends <= issued.saturating_add(300), "{read}");
    assert!(read.as_object().unwrap().keys().all(|name| NAMES.contains(&name.as_str())), "{read}");
}
