//! Bodies that are declared in `x-amz-content-sha256`, which every service may be sent, and session tokens that are not
//! signed, which some services are sent.

use daypass::crypto::sha256_hex;
use daypass::explain::{Report, Silent};
use daypass::request::{BodyOf, RequestError, Service, authenticate_streamed, verify_head};

use crate::chunked::{SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER, replaced, upload_to};
use crate::fixture;
use crate::oracle::{Draft, Token, Wire, encode, martha, sessions, somebody_else};

/// SHA-256 of `meow`.
const MEOW: &str = "404cdd7bc109c432f8cc2443b45bcfe95980f5107215c645236e577929ac3e52";

/// A request to a service of its own that says how its body is signed.
fn put(payload: &'static str) -> Wire {
    let draft = Draft { service: "reports", payload: Some(payload), ..Draft::put("/r/1", b"meow") };
    draft.header("x-amz-content-sha256", payload).sign(martha())
}

/// The body as it arrives, in pieces of `size`, or why it was refused.
fn streamed(wire: &Wire, service: &Service, size: usize) -> Result<Vec<u8>, RequestError> {
    let streamed = authenticate_streamed(sessions(), service, wire.head()?, fixture::now(), &mut Silent)?;
    assert_eq!(streamed.request().access_key_id(), martha().access_key_id());
    let (_, mut payload) = streamed.into_parts();
    let mut decoded = Vec::new();
    for piece in wire.body.chunks(size) {
        payload.feed(piece, &mut decoded)?;
    }
    payload.finish().map(|_| decoded)
}

#[test]
fn the_digest_used_here_is_that_of_the_body() {
    assert_eq!(MEOW, sha256_hex(b"meow"));
}

#[test]
fn a_declared_digest_is_held_to_by_every_service_whole_and_streamed() {
    let (wire, reports) = (put(MEOW), Service::new("reports"));
    assert_eq!(wire.verdict().unwrap().body(), b"meow");
    assert_eq!(streamed(&wire, &reports, 1).unwrap(), b"meow");
    let other = wire.with(|w| w.body = b"woof".to_vec());
    assert_eq!(other.verdict().unwrap_err(), (RequestError::PayloadDigest, "payload"));
    assert_eq!(streamed(&other, &reports, 4), Err(RequestError::PayloadDigest));
    // Declared to be another body than the one the signature is of.
    let declared = other.with(|w| *w.value_mut("x-amz-content-sha256") = sha256_hex(b"woof"));
    assert_eq!(declared.verdict().unwrap_err(), (RequestError::SignatureMismatch, "signature"));
}

#[test]
fn chunks_are_read_by_every_service() {
    let reports = Service::new("reports");
    for payload in [SIGNED, SIGNED_TRAILER] {
        let wire = upload_to("reports", &[b"me", b"ow"], payload);
        assert_eq!(wire.verdict().unwrap().body(), b"meow", "{payload}");
        assert_eq!(streamed(&wire, &reports, 3).unwrap(), b"meow", "{payload}");
        let edited = replaced(&wire, "me\r\n", "we\r\n");
        assert_eq!(edited.verdict().unwrap_err(), (RequestError::ChunkSignature { chunk: 0 }, "payload"));
    }
}

#[test]
fn an_unsigned_payload_is_taken_by_s3_and_where_a_service_says_so_alone() {
    let s3 = Draft { payload: Some("UNSIGNED-PAYLOAD"), ..Draft::put("/x", b"meow") }.sign(martha());
    assert!(s3.with(|w| w.body.clear()).verdict().is_ok());
    let reports = Service::new("reports");
    for wire in [put("UNSIGNED-PAYLOAD"), upload_to("reports", &[b"meow"], UNSIGNED_TRAILER)] {
        let (error, rule) = wire.verdict().unwrap_err();
        assert!(matches!(error, RequestError::PayloadDeclaration { .. }), "{error:?}");
        assert_eq!((rule, error.code()), ("payload", ("InvalidParameterValue", 400)));
        let mut report = Report::new();
        let refused = authenticate_streamed(sessions(), &reports, wire.head().unwrap(), fixture::now(), &mut report);
        assert!(matches!(refused, Err(RequestError::PayloadDeclaration { .. })));
        assert_eq!(report.failure().map(|check| check.name), Some("payload"));
        let trusting = reports.clone().with_unsigned_payload();
        assert_eq!(wire.judged_by(&trusting, 0).unwrap().body(), b"meow");
        assert_eq!(streamed(&wire, &trusting, 2).unwrap(), b"meow");
    }
    // Said after signing, it is a body that nobody signed.
    let stripped = put(MEOW).with(|w| *w.value_mut("x-amz-content-sha256") = "UNSIGNED-PAYLOAD".to_owned());
    let refused = stripped.judged_by(&reports.with_unsigned_payload(), 0).unwrap_err();
    assert_eq!(refused, (RequestError::SignatureMismatch, "signature"));
}

#[test]
fn a_body_that_is_not_declared_cannot_be_streamed() {
    let wire = Draft::sts("Action=GetCallerIdentity").sign(martha());
    let refused = streamed(&wire, &Service::STS, 9).unwrap_err();
    assert_eq!(refused, RequestError::PayloadDeclaration { found: String::new() });
}

#[test]
fn a_head_says_whether_its_body_is_worth_reading() {
    let judge =
        |wire: &Wire| verify_head(sessions(), &Service::new(wire.service), &wire.head().unwrap(), fixture::now());
    let (declared, undeclared) = (put(MEOW), Draft::sts("Action=GetCallerIdentity").sign(martha()));
    assert_eq!(judge(&declared), Ok(BodyOf::Declared));
    assert_eq!(judge(&undeclared), Ok(BodyOf::Undeclared));
    // The signature over a declared body needs no body.
    assert_eq!(judge(&declared.with(|w| w.method = "POST".to_owned())), Err(RequestError::SignatureMismatch));
    let borrowed = |wire: &Wire| {
        wire.with(|w| *w.value_mut("x-amz-security-token") = somebody_else().session_token().expose().to_owned())
    };
    for wire in [&declared, &undeclared] {
        assert!(matches!(judge(&borrowed(wire)), Err(RequestError::Token(_))));
        assert!(matches!(judge(&wire.with(|w| w.add("x-amz-acl", "x"))), Err(RequestError::HeaderNotSigned { .. })));
        assert_eq!(judge(&wire.with(|w| w.remove("authorization"))), Err(RequestError::MissingAuthentication));
    }
}

#[test]
fn a_token_added_after_signing_is_taken_where_a_service_says_so_alone() {
    let plain = Service::new("iotdevicegateway");
    let added = plain.clone().with_unsigned_session_token();
    let late = |draft: Draft| Draft { token: Token::AddedAfterSigning, ..draft }.sign(martha());
    let query = late(Draft::get("iotdevicegateway", "/mqtt").presigned(60));
    let header = late(Draft::get("iotdevicegateway", "/things/1"));
    for wire in [&query, &header] {
        assert!(wire.judged_by(&added, 0).is_ok(), "{wire:?}");
        assert!(wire.judged_by(&plain, 0).is_err(), "{wire:?}");
    }
    // Signed as everybody else signs it, it is another canonical request in a query; among headers it is one of those signed.
    let signed = Draft::get("iotdevicegateway", "/mqtt").presigned(60).sign(martha());
    assert_eq!(signed.judged_by(&added, 0).unwrap_err().1, "signature");
    assert!(Draft::get("iotdevicegateway", "/things/1").sign(martha()).judged_by(&added, 0).is_ok());
    // Unsigned is not unverified.
    let (mine, other) = (martha().session_token().expose(), somebody_else().session_token().expose());
    let borrowed = query.with(|w| w.replace(&encode(mine), &encode(other)));
    assert_eq!(borrowed.judged_by(&added, 0).unwrap_err().1, "session_token");
}
