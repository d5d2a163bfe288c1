//! One measurement of `benches/compare_saml`: a case as JSON on standard input, microseconds a verification out.
//!
//! Run by itself, as `cargo bench` does, it measures nothing.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a measurement that cannot go on should stop")]

use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use daypass::explain::Silent;
use daypass::identity::saml::{IdpMetadata, SamlProvider, UnverifiedResponse, verify};
use daypass::time::Timestamp;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let Some(at) = arguments.iter().position(|argument| argument == "--speed") else {
        println!("saml_compared is one part of benches/compare_saml: skipped");
        return;
    };
    let time = Duration::from_secs_f64(arguments[at + 1].parse().unwrap());
    let case: serde_json::Value = serde_json::from_reader(std::io::stdin()).unwrap();
    let text = |name: &str| case[name].as_str().unwrap();
    let document = std::fs::read(text("path")).unwrap();

    let bytes = |name: &str| STANDARD.decode(text(name)).unwrap();
    let (public, message, signature) = (bytes("public_key"), bytes("message"), bytes("signature"));
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public);
    measure("floor", time, || {
        public.verify(&message, &signature).unwrap();
        digest::digest(&digest::SHA256, &document)
    });

    let certificate = std::fs::read_to_string(case["idp_certs"][0].as_str().unwrap()).unwrap();
    let metadata = IdpMetadata::from_pem(text("idp_entity_id"), [certificate.as_str()]).unwrap();
    let provider = SamlProvider::from_metadata(metadata, text("sp_entity_id"), text("acs_url")).unwrap();
    let (posted, request) = (STANDARD.encode(&document), text("request_id"));
    let now = Timestamp::parse_rfc3339(text("now")).unwrap();
    measure("daypass", time, || {
        verify(&provider, UnverifiedResponse::from_post(&posted, request).unwrap(), now, &mut Silent).unwrap()
    });
}

fn measure<T>(name: &str, time: Duration, mut once: impl FnMut() -> T) {
    let (began, mut count) = (Instant::now(), 0_u32);
    while began.elapsed() < time {
        for _ in 0..64 {
            std::hint::black_box(once());
        }
        count += 64;
    }
    println!("{name} {:.3}", began.elapsed().as_secs_f64() * 1e6 / f64::from(count));
}
