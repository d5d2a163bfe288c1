//! A posted response of about 7 KB to a verified identity, beside what its cryptography alone costs.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a benchmark that cannot go on should stop"
)]

#[path = "saml/hostile.rs"]
mod hostile;
#[path = "../tests/saml/signer.rs"]
#[expect(dead_code, reason = "the tests use the rest of it")]
mod signer;

use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use daypass::explain::{Report, Silent};
use daypass::identity::saml::{SamlProvider, UnverifiedResponse, canonicalize, verify};
use daypass::time::Timestamp;
use signer::{ACS, Fields, Key, REQUEST, SP, Signing, TRUSTED};

/// A signed assertion with ten attributes, filled up to about `size` bytes; below 4 KB without them and without the
/// certificate, which alone are more.
fn message(size: usize) -> String {
    let small = size < 4096;
    let attribute = |n| signer::attribute(&format!("https://example.com/attributes/{n}"), &["value"]);
    let attributes = if small { String::new() } else { (0..10).map(attribute).collect() };
    let mut fields = Fields { attributes, ..Fields::default() };
    let certificate = format!(
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
        TRUSTED.certificate()
    );
    let signing = Signing { more: if small { String::new() } else { certificate }, ..Signing::default() };
    let sign = |fields: &Fields| fields.response(&signing.sign(&fields.assertion(), "_assertion", &TRUSTED));
    let missing = size.saturating_sub(sign(&fields).len());
    fields.attributes += &signer::attribute("groups", &vec!["Some-Group-Of-People"; missing / 64]);
    sign(&fields)
}

fn provider() -> SamlProvider {
    SamlProvider::new(&signer::metadata(&[("", &TRUSTED)]), SP, ACS).unwrap()
}

fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2026-06-01T12:00:30Z").unwrap()
}

fn against_the_floor(criterion: &mut Criterion) {
    let xml = message(7_000);
    let posted = STANDARD.encode(&xml);
    let (provider, now) = (provider(), now());
    let name = format!("saml {} bytes, RSA-2048, target at most 2.2 x floor", xml.len());
    let mut group = criterion.benchmark_group(name);
    let Key::Rsa(pair) = &*TRUSTED else { unreachable!() };
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref().to_vec());
    let parsed = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref()).unwrap();
    // The message is as short as SignedInfo.
    let signed_info = &xml.as_bytes()[..1_000];
    let mut short = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &aws_lc_rs::rand::SystemRandom::new(), signed_info, &mut short).unwrap();
    group.bench_function("floor: RSA verify + SHA-256 of the document", |bencher| {
        bencher.iter(|| {
            public.verify(signed_info, &short).unwrap();
            digest::digest(&digest::SHA256, xml.as_bytes())
        });
    });
    // As the stage does, which keeps the key parsed: the sharper floor.
    group.bench_function("floor with a key parsed before", |bencher| {
        bencher.iter(|| {
            parsed.verify_sig(signed_info, &short).unwrap();
            digest::digest(&digest::SHA256, xml.as_bytes())
        });
    });
    group.bench_function("verify", |bencher| {
        bencher.iter(|| {
            verify(&provider, UnverifiedResponse::from_post(&posted, REQUEST).unwrap(), now, &mut Silent).unwrap()
        });
    });
    group.bench_function("verify, explained", |bencher| {
        bencher.iter(|| {
            let mut report = Report::new();
            verify(&provider, UnverifiedResponse::from_post(&posted, REQUEST).unwrap(), now, &mut report).unwrap()
        });
    });
    group.finish();
}

fn by_size(criterion: &mut Criterion) {
    let (provider, now) = (provider(), now());
    let mut group = criterion.benchmark_group("saml by size, honest and refused");
    for kilobytes in [2, 8, 32, 128] {
        let xml = message(kilobytes * 1024);
        let posted = STANDARD.encode(&xml);
        group.throughput(Throughput::Bytes(xml.len() as u64));
        group.bench_function(format!("{} bytes honest", xml.len()), |bencher| {
            bencher.iter(|| {
                verify(&provider, UnverifiedResponse::from_post(&posted, REQUEST).unwrap(), now, &mut Silent).unwrap()
            });
        });
        let edited = STANDARD.encode(xml.replace("martha", "admin"));
        group.bench_function(format!("{} bytes edited", xml.len()), |bencher| {
            bencher.iter(|| {
                verify(&provider, UnverifiedResponse::from_post(&edited, REQUEST).unwrap(), now, &mut Silent)
                    .unwrap_err()
            });
        });
    }
    group.finish();
}

/// The strict parse beside that of the general-purpose tree: no element has the ID, so nothing is canonicalized.
fn parsers(criterion: &mut Criterion) {
    let xml = message(7_000);
    let mut group = criterion.benchmark_group(format!("xml {} bytes", xml.len()));
    group.throughput(Throughput::Bytes(xml.len() as u64));
    group.bench_function("ours, with the search for an ID", |bencher| {
        bencher.iter(|| canonicalize(black_box(&xml), Some("absent"), &[]).unwrap_err());
    });
    group.bench_function("roxmltree", |bencher| bencher.iter(|| roxmltree::Document::parse(black_box(&xml)).unwrap()));
    group.finish();
}

/// The least time of several, which a busy machine disturbs least.
fn least(provider: &SamlProvider, posted: &str) -> (Duration, &'static str) {
    let judge = || {
        let begun = Instant::now();
        let response = UnverifiedResponse::from_post(black_box(posted), REQUEST);
        let outcome = response.and_then(|response| verify(provider, response, now(), &mut Silent));
        let rule = outcome.map_or_else(|error| error.rule().name, |_| "accepted");
        (begun.elapsed(), rule)
    };
    (0..15).map(|_| judge()).min().unwrap()
}

/// Prints what each hostile message costs beside an honest one of its length; more than 5 times is too much.
fn hostile_by_size(_: &mut Criterion) {
    let provider = provider();
    for kilobytes in [4, 8, 32, 128, 188] {
        let honest = message(kilobytes * 1024);
        let (floor, _) = least(&provider, &STANDARD.encode(&honest));
        println!(
            "hostile messages of {} bytes, as multiples of an honest one ({} us), at most 5:",
            honest.len(),
            floor.as_micros()
        );
        let lines: String = STANDARD.encode(&honest).chars().map(|character| format!("{character}\n")).collect();
        let broken = ("a line break after every character", lines);
        let encoded = hostile::messages(&honest).into_iter().map(|(name, xml)| (name, STANDARD.encode(xml)));
        for (name, posted) in encoded.chain([broken]) {
            let (time, rule) = least(&provider, &posted);
            let ratio = time.as_secs_f64() / floor.as_secs_f64();
            let mark = if ratio > 5.0 { "  <-- MORE THAN 5" } else { "" };
            println!("  {ratio:6.2}  {:8} us  {name}: {rule}{mark}", time.as_micros());
        }
    }
}

criterion_group!(benches, against_the_floor, by_size, parsers, hostile_by_size);
criterion_main!(benches);
