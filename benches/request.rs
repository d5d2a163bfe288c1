//! What a signed request and its credentials cost, beside the bare cryptography that no implementation can avoid.
//!
//! Targets: authenticate with a session seen before, at most 2 x its floor; with a new session, at most 1.2 x; mint, at most
//! 1.3 x. With Signature Version 4A: at most 1.1 x with a session seen before, and 1.2 x with a new one. Each floor is measured
//! in the same run.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark whose set-up fails must stop")]

#[path = "../tests/request/fixture.rs"]
mod fixture;

use std::hint::black_box;

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::{digest, hmac, signature};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::{v4, v4a};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use daypass::credentials::{CredentialScope, Credentials, ScopedSigningKey, Sessions, mint, token};
use daypass::explain::Silent;
use daypass::request::canonical::{Form, canonical_request, string_to_sign};
use daypass::request::{AuthenticatedRequest, Service, SignedHead, SignedRequest, authenticate, authorization};
use fixture::{NOW, SECRET, claims, credentials_of, derive, key_id, keyring, now, signing_key};

const BODY: &[u8] = b"Action=GetCallerIdentity&Version=2011-06-15";

/// Few at a time: a request is authenticated as soon as it is read, while the processor still has it at hand.
const AS_READ: BatchSize = BatchSize::NumIterations(16);

/// The GetCallerIdentity call of an SDK.
fn request(credentials: &Credentials) -> SignedRequest {
    request_for(credentials, None)
}

/// The same, signed with Signature Version 4A for a set of regions, if there is one.
fn request_for(credentials: &Credentials, region_set: Option<&str>) -> SignedRequest {
    let identity = aws_credential_types::Credentials::new(
        credentials.access_key_id().as_str(),
        credentials.secret_access_key().expose(),
        Some(credentials.session_token().expose().to_owned()),
        None,
        "bench",
    )
    .into();
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(NOW.unsigned_abs());
    let parameters = match region_set {
        None => v4::SigningParams::builder()
            .identity(&identity)
            .region("eu-west-1")
            .name("sts")
            .time(time)
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into(),
        Some(region_set) => v4a::SigningParams::builder()
            .identity(&identity)
            .region_set(region_set)
            .name("sts")
            .time(time)
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into(),
    };
    let mut headers = vec![
        ("host".to_owned(), "127.0.0.1:8200".to_owned()),
        ("content-type".to_owned(), "application/x-www-form-urlencoded; charset=utf-8".to_owned()),
    ];
    let signable = SignableRequest::new(
        "POST",
        "http://127.0.0.1:8200/",
        headers.iter().map(|(name, value)| (&**name, &**value)),
        SignableBody::Bytes(BODY),
    )
    .unwrap();
    let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
    for header in instructions.into_parts().0 {
        headers.push((header.name().to_owned(), header.value().to_owned()));
    }
    SignedRequest::new(SignedHead::new("POST", "/", headers).unwrap(), BODY.to_vec())
}

fn copy(request: &SignedRequest) -> SignedRequest {
    SignedRequest::new(request.head().clone(), BODY.to_vec())
}

/// The two texts a signature is made of.
fn texts(request: &SignedRequest) -> (Vec<u8>, String) {
    let read = authorization::parse(request.head()).unwrap();
    let payload = daypass::crypto::sha256_hex(BODY);
    let canonical = canonical_request(request.head(), read.signed_headers(), Form::STANDARD, &payload);
    let to_sign = string_to_sign(&read, &canonical);
    (canonical, to_sign)
}

fn run(sessions: &Sessions, request: SignedRequest) -> AuthenticatedRequest {
    authenticate(sessions, &Service::STS, request, now(), &mut Silent).unwrap()
}

fn authenticating(c: &mut Criterion) {
    let credentials = credentials_of(&claims());
    let signed = request(&credentials);
    let (canonical, to_sign) = texts(&signed);
    let scope = CredentialScope::new("20260101", "eu-west-1", "sts").unwrap();
    let secret = credentials.secret_access_key();
    let key = *ScopedSigningKey::derive(secret, &scope).expose();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let code = hmac::sign(&key, to_sign.as_bytes());
    let hashes_and_mac = || {
        black_box(digest::digest(&digest::SHA256, black_box(BODY)));
        black_box(digest::digest(&digest::SHA256, black_box(&canonical)));
        hmac::verify(&key, black_box(to_sign.as_bytes()), code.as_ref()).unwrap();
    };
    let mut group = c.benchmark_group("authenticate, session seen (target 2 x floor)");
    group.bench_function("floor: two hashes, one HMAC", |b| b.iter(hashes_and_mac));
    let sessions = Sessions::new(keyring());
    run(&sessions, copy(&signed));
    group.bench_function("daypass", |b| {
        b.iter_batched(|| copy(&signed), |request| run(&sessions, request), AS_READ);
    });
    group.bench_function("daypass, its head read too", |b| {
        let head = signed.head();
        let read = || SignedHead::new(head.method(), head.path(), head.headers().iter()).unwrap();
        b.iter_batched(|| BODY.to_vec(), |body| run(&sessions, SignedRequest::new(read(), body)), AS_READ);
    });
    group.finish();
}

fn authenticating_a_new_session(c: &mut Criterion) {
    let credentials = credentials_of(&claims());
    let signed = request(&credentials);
    let scope = CredentialScope::new("20260101", "eu-west-1", "sts").unwrap();
    let secret = credentials.secret_access_key();
    let token = credentials.session_token().expose();
    let (message, token_signature) = token.rsplit_once('.').unwrap();
    let token_signature = URL_SAFE_NO_PAD.decode(token_signature).unwrap();
    let jwks: serde_json::Value = serde_json::from_str(&keyring().jwks()).unwrap();
    let public = URL_SAFE_NO_PAD.decode(jwks["keys"][0]["x"].as_str().unwrap()).unwrap();
    let public = signature::UnparsedPublicKey::new(&signature::ED25519, public);
    let id = credentials.access_key_id().as_str().as_bytes();
    let verify_token = || {
        let verified = public.verify(black_box(message.as_bytes()), &token_signature);
        verified.unwrap();
    };
    let mut group = c.benchmark_group("authenticate, new session (target 1.2 x floor)");
    group.bench_function("floor: Ed25519 verify, HKDF, signing key", |b| {
        b.iter(|| {
            verify_token();
            black_box(derive(&SECRET, &[b"secret access key ", id]));
            black_box(ScopedSigningKey::derive(secret, &scope).mac_key());
        });
    });
    group.bench_function("daypass", |b| {
        b.iter_batched(
            || (Sessions::with_capacity(keyring(), 16), copy(&signed)),
            |(sessions, request)| {
                let authenticated = run(&sessions, request);
                (sessions, authenticated)
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();

    let mut group = c.benchmark_group("verify a session token");
    group.bench_function("floor: Ed25519 verify", |b| b.iter(verify_token));
    let keyring = keyring();
    group.bench_function("daypass", |b| {
        b.iter(|| token::verify(&keyring, black_box(token), now()).unwrap());
    });
    group.finish();
}

/// Signature Version 4A, whose floor is one verification on P-256, and for a new session what its key is derived with.
fn authenticating_for_regions(c: &mut Criterion) {
    let credentials = credentials_of(&claims());
    let signed = request_for(&credentials, Some("*"));
    let (id, secret) = (credentials.access_key_id().as_str(), credentials.secret_access_key().expose());
    let scalar = v4a::generate_signing_key(id, secret);
    let private = || PrivateKey::from_private_key(&ECDH_P256, black_box(scalar.as_ref())).unwrap();
    let point = private().compute_public_key().unwrap();
    let (_, to_sign) = texts(&signed);
    let code = der_of(&v4a::calculate_signature(&scalar, to_sign.as_bytes()));
    let public = signature::ParsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, point.as_ref()).unwrap();
    let verify = || public.verify_sig(black_box(to_sign.as_bytes()), &code).unwrap();
    let service = Service::STS.with_asymmetric_signatures();
    let run = |sessions: &Sessions, request| authenticate(sessions, &service, request, now(), &mut Silent).unwrap();

    let mut group = c.benchmark_group("authenticate SigV4A, session seen (target 1.1 x floor)");
    group.bench_function("floor: P-256 verify", |b| b.iter(verify));
    let sessions = Sessions::new(keyring());
    run(&sessions, copy(&signed));
    group.bench_function("daypass", |b| {
        b.iter_batched(|| copy(&signed), |request| run(&sessions, request), BatchSize::SmallInput);
    });
    group.finish();

    let token = credentials.session_token().expose();
    let (message, token_signature) = token.rsplit_once('.').unwrap();
    let token_signature = URL_SAFE_NO_PAD.decode(token_signature).unwrap();
    let jwks: serde_json::Value = serde_json::from_str(&keyring().jwks()).unwrap();
    let issuer = URL_SAFE_NO_PAD.decode(jwks["keys"][0]["x"].as_str().unwrap()).unwrap();
    let issuer = signature::UnparsedPublicKey::new(&signature::ED25519, issuer);
    let mut group = c.benchmark_group("authenticate SigV4A, new session (target 1.2 x floor)");
    group.bench_function("floor: Ed25519 verify, HKDF, point of a scalar, P-256 verify", |b| {
        b.iter(|| {
            issuer.verify(black_box(message.as_bytes()), &token_signature).unwrap();
            black_box(derive(&SECRET, &[b"secret access key ", id.as_bytes()]));
            black_box(private().compute_public_key().unwrap());
            verify();
        });
    });
    group.bench_function("daypass", |b| {
        b.iter_batched(
            || (Sessions::with_capacity(keyring(), 16), copy(&signed)),
            |(sessions, request)| {
                let authenticated = run(&sessions, request);
                (sessions, authenticated)
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn der_of(hex: &str) -> Vec<u8> {
    hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn minting(c: &mut Criterion) {
    let keyring = keyring();
    let credentials = credentials_of(&claims());
    let token = credentials.session_token().expose();
    let (message, _) = token.rsplit_once('.').unwrap();
    let mut group = c.benchmark_group("mint credentials (target 1.3 x floor)");
    let pair = signature::Ed25519KeyPair::from_pkcs8_maybe_unchecked(signing_key(&SECRET).as_bytes());
    let pair = pair.unwrap();
    let id = credentials.access_key_id().as_str().as_bytes();
    group.bench_function("floor: Ed25519 sign, HKDF", |b| {
        b.iter(|| {
            black_box(pair.sign(black_box(message.as_bytes())));
            black_box(derive(&SECRET, &[b"secret access key ", id]));
        });
    });
    let session = || token::verify(&keyring, token, now()).unwrap().into_parts().0;
    group.bench_function("daypass", |b| {
        b.iter_batched(session, |session| mint(&keyring, session, now()).unwrap(), BatchSize::SmallInput);
    });
    group.finish();
    assert_eq!(key_id(&keyring), token::verify(&keyring, token, now()).unwrap().key_id());
}

criterion_group!(benches, authenticating, authenticating_a_new_session, authenticating_for_regions, minting);
criterion_main!(benches);
