//! What verifying an ID token costs with the keys at hand, beside the bare signature by the same cryptography library
//! with the key parsed beforehand.
//!
//! Target: at most 1.15 x the bare verification plus 3 µs, for RS256, ES256 and EdDSA. `jsonwebtoken`, on the same library
//! and without most of the rules, is measured in the same run. So are the ways from a workload's token to its identity and to
//! credentials of a role, the latter at most 50 µs: 20,000 a second on one core.

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

use std::hint::black_box;
use std::sync::Arc;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use daypass::audit::{Discard, Recent};
use daypass::explain::{Report, Silent};
use daypass::http::fetch::{Fetcher, IssuerKeys};
use daypass::http::sts::Sts;
use daypass::identity::oidc::{self, OidcProvider, UnverifiedIdToken};
use daypass::time::ManualClock;
use daypass::{AssumeRole, Broker, Keyring, Role};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use support::{CLIENT, ISSUER, Keys, claims, now, provider, sign_in};

const ROLE: &str = "arn:aws:iam::111111111111:role/workload";

fn bare(alg: &str) -> (&'static dyn VerificationAlgorithm, Vec<u8>) {
    let keys = Keys::of_issuer();
    match alg {
        "RS256" => (&RSA_PKCS1_2048_8192_SHA256, keys.rsa.public_key().as_ref().to_vec()),
        "ES256" => (&ECDSA_P256_SHA256_FIXED, keys.ec("ES256").2.public_key().as_ref().to_vec()),
        _ => (&ED25519, keys.ed.public_key().as_ref().to_vec()),
    }
}

fn other_library(alg: &str) -> (DecodingKey, Validation) {
    let keys = Keys::of_issuer();
    let (algorithm, key) = match alg {
        "RS256" => {
            let (n, e) = keys.rsa_components();
            (Algorithm::RS256, DecodingKey::from_rsa_raw_components(&n, &e))
        }
        "ES256" => (Algorithm::ES256, DecodingKey::from_ec_der(keys.ec("ES256").2.public_key().as_ref())),
        _ => (Algorithm::EdDSA, DecodingKey::from_ed_der(keys.ed.public_key().as_ref())),
    };
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[CLIENT]);
    validation.validate_exp = false;
    (key, validation)
}

fn id_token(criterion: &mut Criterion) {
    let (provider, jwks) = (provider(), Keys::of_issuer().jwks());
    for alg in ["RS256", "ES256", "EdDSA"] {
        let token = Keys::of_issuer().sign(alg, &claims());
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let (algorithm, key) = bare(alg);
        let mut group = criterion.benchmark_group(format!("ID token {alg} (target 1.15 x bare + 3 us)"));
        group.bench_function("bare signature", |bencher| {
            let key = ParsedPublicKey::new(algorithm, &key).unwrap();
            bencher.iter(|| black_box(&key).verify_sig(signed.as_bytes(), &signature).unwrap());
        });
        group.bench_function("verify", |bencher| {
            let unverified = || sign_in(token.clone());
            let verify = |token: UnverifiedIdToken| oidc::verify(&provider, &jwks, token, now(), &mut Silent).unwrap();
            bencher.iter_batched(unverified, verify, BatchSize::SmallInput);
        });
        group.bench_function("verify, explained", |bencher| {
            let verify = |token: UnverifiedIdToken| {
                let mut report = Report::new();
                (oidc::verify(&provider, &jwks, token, now(), &mut report).unwrap(), report)
            };
            bencher.iter_batched(|| sign_in(token.clone()), verify, BatchSize::SmallInput);
        });
        let (key, validation) = other_library(alg);
        group.bench_function("jsonwebtoken", |bencher| {
            bencher.iter(|| jsonwebtoken::decode::<Value>(black_box(&token), &key, &validation).unwrap());
        });
        group.finish();
    }
}

/// From the text of a workload's token to its identity, as the Security Token Service goes, with the keys at hand.
fn exchange(criterion: &mut Criterion) {
    let provider = provider();
    let keys = IssuerKeys::pinned(&provider, Keys::of_issuer().jwks()).unwrap();
    let broker = Broker::new(Keyring::generate().unwrap()).with_provider(provider);
    let sts = Sts::new(Arc::new(broker)).with_issuer(ISSUER, keys);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut group = criterion.benchmark_group("workload token");
    for alg in ["RS256", "ES256", "EdDSA"] {
        let token = Keys::of_issuer().sign(alg, &claims());
        group.bench_function(format!("{alg}, issuer and keys looked up, verified"), |bencher| {
            let exchange = |token: UnverifiedIdToken| {
                let claimed = token.claimed().unwrap();
                let (provider, keys) = sts.issuer(claimed.issuer.as_deref().unwrap()).unwrap();
                let jwks = runtime.block_on(keys.for_key_id(claimed.key_id.as_deref(), now())).unwrap();
                oidc::verify(provider, &jwks, token, now(), &mut Silent).unwrap()
            };
            bencher.iter_batched(|| UnverifiedIdToken::for_exchange(token.clone()), exchange, BatchSize::SmallInput);
        });
    }
    group.finish();
}

/// From the text of a workload's token to credentials of a role, as AssumeRoleWithWebIdentity has it, without the wire.
fn credentials(criterion: &mut Criterion) {
    let host = ISSUER.trim_start_matches("https://");
    let audience = json!({format!("{host}:aud"): CLIENT});
    let trust = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow",
        "Principal": {"Federated": format!("arn:aws:iam::111111111111:oidc-provider/{host}")},
        "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": audience}}});
    let role = || Role::new(ROLE.parse().unwrap(), trust.to_string().parse().unwrap()).unwrap();
    let broker = || {
        let broker = Broker::new(Keyring::generate().unwrap()).with_provider(provider()).with_role(role());
        broker.with_clock(Arc::new(ManualClock::new(now())))
    };
    let (provider, jwks) = (provider(), Keys::of_issuer().jwks());
    let token = Keys::of_issuer().sign("RS256", &claims());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut group = criterion.benchmark_group("AssumeRoleWithWebIdentity, RS256 (target 50 us: 20,000 a second)");
    let trail = Arc::new(Recent::new(1_000, Discard));
    for (name, broker) in [("nothing recorded", broker()), ("every check recorded", broker().with_audit(trail))] {
        group.bench_function(name, |bencher| {
            let exchange = |token: UnverifiedIdToken| {
                let flow = broker.begin().unwrap();
                let identity = runtime.block_on(flow.exchange_token(&provider, &jwks, token)).unwrap();
                let ask = AssumeRole::new(ROLE.parse().unwrap(), "martha".parse().unwrap());
                flow.mint(flow.assume_role(&identity, ask).unwrap()).unwrap()
            };
            bencher.iter_batched(|| UnverifiedIdToken::for_exchange(token.clone()), exchange, BatchSize::SmallInput);
        });
    }
    group.finish();
}

/// Finding whom to verify for, among few issuers and among many.
fn look_up(criterion: &mut Criterion) {
    let fetcher = Fetcher::public().unwrap();
    let mut group = criterion.benchmark_group("look-up of an issuer (target: the same among 1 and 10,000)");
    for issuers in [1, 100, 10_000] {
        let issuer = |index: usize| format!("https://login.example.com/tenants/{index:05}/v2.0");
        let providers = (0..issuers).map(|index| OidcProvider::new(&issuer(index), [CLIENT]).unwrap());
        let keys: Vec<_> = providers.clone().map(|each| IssuerKeys::fetched_by(&each, &fetcher).unwrap()).collect();
        let broker = providers.fold(Broker::new(Keyring::generate().unwrap()), Broker::with_provider);
        let named = keys.into_iter().enumerate();
        let sts = named.fold(Sts::new(Arc::new(broker)), |sts, (index, keys)| sts.with_issuer(&issuer(index), keys));
        let wanted: Vec<_> = (0..issuers).step_by(issuers.div_ceil(64)).map(issuer).collect();
        group.bench_function(format!("{issuers} issuers"), |bencher| {
            let mut turn = wanted.iter().cycle();
            bencher.iter(|| sts.issuer(black_box(turn.next().unwrap())).unwrap());
        });
        group.bench_function(format!("{issuers} issuers, none of them"), |bencher| {
            bencher.iter(|| sts.issuer(black_box("https://login.example.com/tenants/99999/v2.0")).is_none());
        });
    }
    group.finish();
}

criterion_group!(benches, id_token, exchange, credentials, look_up);
criterion_main!(benches);
