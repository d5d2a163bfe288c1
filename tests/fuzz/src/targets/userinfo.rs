//! What a userinfo endpoint answers, after an honest sign-in: JSON as it comes, or the same signed by the issuer where the
//! first byte is odd. A finding: an answer about somebody else that is taken, anything that the ID token says changed by it,
//! or a condition key made of it.

use daypass::VerifiedIdentity;
use daypass::explain::Silent;
use daypass::identity::oidc::{UnverifiedUserinfo, add_userinfo};
use daypass::time::Timestamp;
use serde_json::Value;

use crate::issuer::{CLAIMS, KEYS, NOW, PROVIDER, Use, header, sign};
use crate::judge::in_time;

/// Adds the answer in `data` to what an honest ID token says.
pub fn target(data: &[u8]) {
    let [mode, answer @ ..] = data else { return };
    if answer.len() > 20_000 {
        return;
    }
    let token = sign("EdDSA", header("EdDSA"), CLAIMS);
    let signed_in = || -> VerifiedIdentity { Use::SignIn.verdict(&token).expect("an honest token") };
    let (kind, body) = match mode % 2 {
        0 => ("application/json; charset=utf-8", answer.to_vec()),
        _ => ("application/jwt", sign("EdDSA", header("EdDSA"), answer).into_bytes()),
    };
    let Ok(unverified) = UnverifiedUserinfo::new(Some(kind), body) else { return };
    let known = signed_in();
    let now = Timestamp::from_unix_seconds(NOW);
    let added = in_time(data, || add_userinfo(&PROVIDER, &KEYS, signed_in(), unverified.clone(), now, &mut Silent));
    let Ok(added) = added else { return };
    match serde_json::from_slice::<Value>(answer) {
        Ok(said) => assert_eq!(said["sub"], "martha", "somebody else"),
        Err(error) => assert!(error.to_string().contains("number out of range"), "no JSON: {error}"),
    }
    assert_eq!(
        (added.issuer(), added.subject(), added.audience()),
        (known.issuer(), known.subject(), known.audience())
    );
    for (name, values) in known.attributes() {
        assert_eq!(added.attribute(name), values.as_slice(), "{name} was changed");
    }
    assert_eq!(added.condition_keys(), known.condition_keys(), "a condition key came of it");
    assert!(added.attributes().keys().all(|name| !name.starts_with("https://aws.amazon.com/")));
}
