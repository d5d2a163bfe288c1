//! A posted response of about 7 KB to a verified identity, beside what its cryptography alone costs.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a benchmark that cannot go on should stop"
)]

#[path = "../tests/saml/signer.rs"]
#[expect(dead_code, reason = "the tests use the rest of it")]
mod signer;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use daypass::explain::{Report, Silent};
use daypass::identity::saml::{SamlProvider, UnverifiedResponse, verify};
use daypass::time::Timestamp;
use signer::{ACS, Fields, Key, REQUEST, SP, Signing, TRUSTED};

/// A signed assertion with ten attributes, filled up to about `size` bytes.
fn message(size: usize) -> String {
    let attribute = |n| signer::attribute(&format!("https://example.com/attributes/{n}"), &["value"]);
    let mut fields = Fields { attributes: (0..10).map(attribute).collect(), ..Fields::default() };
    let certificate = format!(
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
        TRUSTED.certificate()
    );
    let signing = Signing { more: certificate, ..Signing::default() };
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
    // The key is parsed at each verification, as in the stage; the message is as short as SignedInfo.
    let signed_info = &xml.as_bytes()[..1_000];
    let mut short = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &aws_lc_rs::rand::SystemRandom::new(), signed_info, &mut short).unwrap();
    group.bench_function("floor: RSA verify + SHA-256 of the document", |bencher| {
        bencher.iter(|| {
            public.verify(signed_info, &short).unwrap();
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
    for kilobytes in [4, 8, 32, 128] {
        let xml = message(kilobytes * 1024);
        let posted = STANDARD.encode(&xml);
        group.throughput(Throughput::Bytes(xml.len() as u64));
        group.bench_function(format!("{kilobytes} KB honest"), |bencher| {
            bencher.iter(|| {
                verify(&provider, UnverifiedResponse::from_post(&posted, REQUEST).unwrap(), now, &mut Silent).unwrap()
            });
        });
        let edited = STANDARD.encode(xml.replace("martha", "admin"));
        group.bench_function(format!("{kilobytes} KB edited"), |bencher| {
            bencher.iter(|| {
                verify(&provider, UnverifiedResponse::from_post(&edited, REQUEST).unwrap(), now, &mut Silent)
                    .unwrap_err()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, against_the_floor, by_size);
criterion_main!(benches);
