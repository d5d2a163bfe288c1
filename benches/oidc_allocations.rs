//! How often verifying an ID token asks for memory, beside `jsonwebtoken` on the same token.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark whose set-up fails must stop"
)]

#[path = "../tests/oidc/support.rs"]
#[expect(dead_code, reason = "the tests use all of it")]
mod support;

use std::io::Write as _;

use daypass::explain::{Report, Silent};
use daypass::identity::oidc::{self, CompactJws, UnverifiedIdToken};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;
use support::{CLIENT, ISSUER, Keys, claims, now, provider, sign_in};

fn counted<T>(what: &str, run: impl FnOnce() -> T) {
    let mut kept = None;
    let info = allocation_counter::measure(|| kept = Some(run()));
    // What is asked for is counted with the result still at hand.
    drop(kept);
    let _ = writeln!(std::io::stdout(), "{what:<44} {:>4} allocations {:>7} bytes", info.count_total, info.bytes_total);
}

fn main() {
    let (provider, jwks, keys) = (provider(), Keys::of_issuer().jwks(), Keys::of_issuer());
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[CLIENT]);
    validation.validate_exp = false;
    let (n, e) = keys.rsa_components();
    let key = DecodingKey::from_rsa_raw_components(&n, &e);
    let token = keys.sign("RS256", &claims());
    let verify = |token: UnverifiedIdToken| oidc::verify(&provider, &jwks, token, now(), &mut Silent).unwrap();
    // The first verification with a key parses it for all that follow.
    drop(verify(sign_in(token.clone())));
    let _ = jsonwebtoken::decode::<Value>(&token, &key, &validation).unwrap();

    let unverified = sign_in(token.clone());
    counted("daypass: verify", || verify(unverified));
    let unverified = sign_in(token.clone());
    counted("daypass: verify, explained", || {
        let mut report = Report::new();
        (oidc::verify(&provider, &jwks, unverified, now(), &mut report).unwrap(), report)
    });
    counted("daypass: message and signature alone", || {
        let jws = CompactJws::parse(&token).unwrap();
        jwks.verify(&jws).unwrap().payload().len()
    });
    counted("jsonwebtoken: decode", || jsonwebtoken::decode::<Value>(&token, &key, &validation).unwrap());
}
