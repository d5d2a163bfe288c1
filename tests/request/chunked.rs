//! Bodies in `aws-chunked` framing, framed and signed here with the SDK's key derivation.

use aws_sigv4::sign::{v4, v4a};
use daypass::crypto::sha256_hex;
use daypass::explain::Silent;
use daypass::request::{RequestError, Service, authenticate_streamed};

use crate::fixture;
use crate::oracle::{Draft, REGION, Wire, martha, sessions, signed_at};

pub(crate) const SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
pub(crate) const SIGNED_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
pub(crate) const ECDSA_SIGNED: &str = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD";
pub(crate) const ECDSA_SIGNED_TRAILER: &str = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER";
pub(crate) const UNSIGNED_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
const CHECKSUM: &str = "x-amz-checksum-crc32:AAAAAA==";

/// The signature of one link in the chain that begins with the request's own, in the algorithm of its `payload`.
pub(crate) fn link((service, payload): (&str, &str), kind: &str, previous: &str, what: &str) -> String {
    let secret = martha().secret_access_key().expose();
    if payload.starts_with("STREAMING-AWS4-ECDSA") {
        let key = v4a::generate_signing_key(martha().access_key_id().as_str(), secret);
        let scope = format!("20260101/{service}/aws4_request");
        let message = format!("AWS4-ECDSA-P256-SHA256-{kind}\n20260101T000000Z\n{scope}\n{previous}\n{what}");
        return v4a::calculate_signature(key, message.as_bytes());
    }
    let key = v4::generate_signing_key(secret, signed_at(), REGION, service);
    let scope = format!("20260101/{REGION}/{service}/aws4_request");
    let message = format!("AWS4-HMAC-SHA256-{kind}\n20260101T000000Z\n{scope}\n{previous}\n{what}");
    v4::calculate_signature(key, message.as_bytes())
}

/// The signature as it stands in a body: one of an elliptic curve is padded.
fn padded(payload: &str, signature: &str) -> String {
    if payload.starts_with("STREAMING-AWS4-ECDSA") { format!("{signature:*<144}") } else { signature.to_owned() }
}

pub(crate) fn framed(service: &str, chunks: &[&[u8]], payload: &str, seed: &str) -> Vec<u8> {
    let (mut body, mut previous) = (Vec::new(), seed.to_owned());
    for chunk in chunks.iter().chain([&&b""[..]]) {
        if payload == UNSIGNED_TRAILER {
            body.extend(format!("{:x}\r\n", chunk.len()).bytes());
        } else {
            let digests = format!("{}\n{}", sha256_hex(b""), sha256_hex(chunk));
            previous = link((service, payload), "PAYLOAD", &previous, &digests);
            let signature = padded(payload, &previous);
            body.extend(format!("{:x};chunk-signature={signature}\r\n", chunk.len()).bytes());
        }
        if !chunk.is_empty() {
            body.extend_from_slice(chunk);
            body.extend_from_slice(b"\r\n");
        }
    }
    if payload.ends_with("-TRAILER") {
        body.extend(format!("{CHECKSUM}\r\n").bytes());
    }
    if payload.ends_with("-TRAILER") && payload != UNSIGNED_TRAILER {
        let digest = sha256_hex(format!("{CHECKSUM}\n").as_bytes());
        let signature = padded(payload, &link((service, payload), "TRAILER", &previous, &digest));
        body.extend(format!("x-amz-trailer-signature:{signature}\r\n").bytes());
    }
    body.extend_from_slice(b"\r\n");
    body
}

pub(crate) fn upload(chunks: &[&[u8]], payload: &'static str) -> Wire {
    upload_to("s3", chunks, payload)
}

/// An upload in chunks, to any service.
pub(crate) fn upload_to(service: &'static str, chunks: &[&[u8]], payload: &'static str) -> Wire {
    let length: usize = chunks.iter().map(|chunk| chunk.len()).sum();
    let mut draft = Draft { service, payload: Some(payload), ..Draft::put("/cat-photos/cat.svg", b"") };
    if service != "s3" {
        draft = draft.header("x-amz-content-sha256", payload);
    }
    draft = draft.header("content-encoding", "aws-chunked").header("x-amz-decoded-content-length", &length.to_string());
    if payload.ends_with("-TRAILER") {
        draft = draft.header("x-amz-trailer", "x-amz-checksum-crc32");
    }
    if payload.starts_with("STREAMING-AWS4-ECDSA") {
        draft = draft.for_regions("*");
    }
    let wire = draft.sign(martha());
    wire.with(|w| w.body = framed(service, chunks, payload, &w.signature))
}

pub(crate) fn replaced(wire: &Wire, from: &str, to: &str) -> Wire {
    let body = String::from_utf8(wire.body.clone()).unwrap();
    assert!(body.contains(from), "{from} is not in {body}");
    wire.with(|w| w.body = body.replacen(from, to, 1).into_bytes())
}

/// The problem of a chunk that a rule of framing refused.
pub(crate) fn problem(wire: &Wire) -> &'static str {
    match wire.verdict() {
        Err((RequestError::Chunk { problem, .. }, "payload")) => problem,
        other => panic!("not refused for its framing: {other:?}"),
    }
}

#[test]
fn every_kind_of_chunked_bodies_is_read() {
    // Chunks that are signed with Signature Version 4A are larger, but for the last one.
    let large = vec![b'm'; 8192];
    for payload in [SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER, ECDSA_SIGNED, ECDSA_SIGNED_TRAILER] {
        let read = upload(&[&large, &large, b"ow\r\n"], payload).verdict().unwrap();
        assert_eq!(read.body(), [&large, &large, &b"ow\r\n"[..]].concat(), "{payload}");
        let trailers: &[_] = if payload.ends_with("-TRAILER") {
            &[("x-amz-checksum-crc32".to_owned(), "AAAAAA==".to_owned())]
        } else {
            &[]
        };
        assert_eq!(read.trailers(), trailers, "{payload}");
        assert_eq!(upload(&[], payload).verdict().unwrap().body(), b"");
    }
}

#[test]
fn a_body_may_arrive_in_any_pieces() {
    for payload in [SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER] {
        let wire = upload(&[b"me", b"ow\r\nmeow"], payload);
        for size in 1..wire.body.len() {
            let head = wire.head().unwrap();
            let request = authenticate_streamed(sessions(), &Service::S3, head, fixture::now(), &mut Silent);
            let (_, mut verifier) = request.unwrap().into_parts();
            let mut decoded = Vec::new();
            for piece in wire.body.chunks(size) {
                verifier.feed(piece, &mut decoded).unwrap();
            }
            verifier.finish().unwrap();
            assert_eq!(decoded, b"meow\r\nmeow", "{payload} in pieces of {size}");
        }
    }
}

#[test]
fn attack_chunk_edited_reordered_or_dropped() {
    for payload in [SIGNED, SIGNED_TRAILER] {
        let wire = upload(&[b"aaaa", b"bbbb", b"cccc"], payload);
        for (from, to, chunk) in [("aaaa", "aaab", 0), ("bbbb", "cccc", 1), ("cccc", "dddd", 2)] {
            let refused = replaced(&wire, from, to).verdict().unwrap_err();
            assert_eq!(refused, (RequestError::ChunkSignature { chunk }, "payload"));
        }
        // Each signature covers the one before it, so no chunk can stand in another's place.
        let text = String::from_utf8(wire.body.clone()).unwrap();
        let starts: Vec<_> = text.match_indices("4;chunk").map(|(at, _)| at).collect();
        let (first, second) = (&text[starts[0]..starts[1]], &text[starts[1]..starts[2]]);
        let swapped = format!("{second}{first}{}", &text[starts[2]..]);
        let refused = wire.with(|w| w.body = swapped.into_bytes()).verdict().unwrap_err();
        assert_eq!(refused, (RequestError::ChunkSignature { chunk: 0 }, "payload"));
        let dropped = replaced(&wire, first, "").verdict().unwrap_err();
        assert_eq!(dropped, (RequestError::ChunkSignature { chunk: 0 }, "payload"));
    }
}

#[test]
fn nothing_of_a_signed_chunk_is_given_out_before_its_signature_was_verified() {
    let wire = replaced(&upload(&[b"aaaa", b"bbbb"], SIGNED), "bbbb", "bbbc");
    let head = wire.head().unwrap();
    let request = authenticate_streamed(sessions(), &Service::S3, head, fixture::now(), &mut Silent);
    let (_, mut payload) = request.unwrap().into_parts();
    let mut decoded = Vec::new();
    let refused = payload.feed(&wire.body, &mut decoded).unwrap_err();
    assert_eq!(refused, RequestError::ChunkSignature { chunk: 1 });
    assert_eq!(refused.s3_code(), ("SignatureDoesNotMatch", 403));
    assert_eq!(decoded, b"aaaa");
}

#[test]
fn attack_trailer_edited_added_or_unsigned() {
    let wire = upload(&[b"meow"], SIGNED_TRAILER);
    let refused = replaced(&wire, "AAAAAA==", "AAAAAB==").verdict().unwrap_err();
    assert_eq!(refused, (RequestError::ChunkSignature { chunk: 1 }, "payload"));
    let body = String::from_utf8(wire.body.clone()).unwrap();
    let start = body.find("x-amz-trailer-signature").unwrap();
    let unsigned = replaced(&wire, &body[start..], "\r\n");
    assert_eq!(problem(&unsigned), "the trailing headers are not signed");
    for payload in [SIGNED, UNSIGNED_TRAILER] {
        let wire = upload(&[b"meow"], payload);
        let added = wire.with(|w| {
            w.body.truncate(w.body.len() - 2);
            w.body.extend_from_slice(b"x-amz-meta-owner:me\r\n\r\n");
        });
        assert_eq!(problem(&added), "a trailing header was not announced in x-amz-trailer");
    }
    let wire = upload(&[b"meow"], UNSIGNED_TRAILER);
    let missing = replaced(&wire, &format!("{CHECKSUM}\r\n"), "");
    assert_eq!(problem(&missing), "an announced trailing header is missing");
}

#[test]
fn attack_trailer_after_the_trailer_signature() {
    // Announced in a signed header, but slipped in behind the signature that should cover it.
    let mut draft = Draft { payload: Some(SIGNED_TRAILER), ..Draft::put("/cat-photos/cat.svg", b"") };
    draft = draft.header("x-amz-decoded-content-length", "4");
    draft = draft.header("x-amz-trailer", "x-amz-checksum-crc32, x-amz-meta-owner");
    let wire = draft.sign(martha());
    let wire = wire.with(|w| w.body = framed("s3", &[b"meow"], SIGNED_TRAILER, &w.signature));
    let late = wire.with(|w| {
        w.body.truncate(w.body.len() - 2);
        w.body.extend_from_slice(b"x-amz-meta-owner:me\r\n\r\n");
    });
    assert_eq!(problem(&late), "a trailing header after the trailer signature");
}

#[test]
fn attack_upload_cut_short_under_a_made_up_last_chunk() {
    for payload in [SIGNED, SIGNED_TRAILER] {
        let wire = upload(&[b"meow"], payload);
        let body = String::from_utf8(wire.body.clone()).unwrap();
        let last = body.rfind("\r\n0;chunk-signature=").unwrap() + "\r\n0;chunk-signature=".len();
        let forged = replaced(&wire, &body[last..last + 64], &"0".repeat(64));
        let refused = forged.verdict().unwrap_err();
        assert_eq!(refused, (RequestError::ChunkSignature { chunk: 1 }, "payload"));
    }
}

#[test]
fn trailing_headers_are_bounded() {
    let names: Vec<_> = (0..17).map(|number| format!("x-amz-meta-{number}")).collect();
    let mut draft = Draft { payload: Some(UNSIGNED_TRAILER), ..Draft::put("/x", b"") };
    draft = draft.header("x-amz-decoded-content-length", "0").header("x-amz-trailer", &names.join(","));
    let lines: String = names.iter().map(|name| format!("{name}:x\r\n")).collect();
    let wire = draft.sign(martha()).with(|w| w.body = format!("0\r\n{lines}\r\n").into_bytes());
    assert_eq!(problem(&wire), "too many trailing headers");
}

#[test]
fn malformed_and_incomplete_framing_is_refused() {
    let wire = upload(&[b"meow"], UNSIGNED_TRAILER);
    for (from, to, expected) in [
        ("4\r\n", "5\r\n", "more bytes than x-amz-decoded-content-length"),
        ("4\r\n", "3\r\n", "data does not end in CR LF"),
        ("4\r\n", "+4\r\n", "the size is malformed"),
        ("4\r\n", "\r\n", "the size is malformed"),
        ("4\r\n", "4 \r\n", "the size is malformed"),
        ("4\r\n", "00000000000000004\r\n", "the size is malformed"),
        ("4\r\n", "4\n", "a line is not text that ends in CR LF"),
        ("4\r\n", "4;chunk-signature=0\r\n", "the chunk signature is malformed"),
        ("4\r\nmeow\r\n", "", "fewer bytes than x-amz-decoded-content-length"),
        ("\r\n\r\n", "\r\n", "the body ended early"),
        ("\r\n\r\n", "\r\n\r\nx", "bytes after the end"),
        ("x-amz-checksum-crc32:", "x-amz-checksum-crc32", "a trailing header is malformed"),
    ] {
        assert_eq!(problem(&replaced(&wire, from, to)), expected, "{to:?}");
    }
    let endless = wire.with(|w| w.body = vec![b'0'; 5000]);
    assert_eq!(problem(&endless), "a line is too long");
    assert_eq!(endless.refusal().s3_code(), ("IncompleteBody", 400));
    let signed = upload(&[b"meow"], SIGNED);
    let unsigned = replaced(&signed, ";chunk-signature=", ";");
    assert_eq!(problem(&unsigned), "the chunk signature is malformed");
}

#[test]
fn a_signed_chunk_too_large_to_hold_is_refused_by_its_size_line() {
    let wire = upload(&[b"meow"], SIGNED);
    let line = format!("1000001;chunk-signature={}\r\n", "0".repeat(64));
    let large = wire.with(|w| w.body = line.into_bytes());
    assert_eq!(problem(&large), "a signed chunk is larger than 16 MiB");
}

#[test]
fn a_chunked_body_must_say_how_long_it_is() {
    let mut wire = Draft { payload: Some(SIGNED), ..Draft::put("/x", b"") }.sign(martha());
    wire.body = framed("s3", &[], SIGNED, &wire.signature);
    let (error, rule) = wire.verdict().unwrap_err();
    assert_eq!(rule, "payload");
    assert!(matches!(error, RequestError::Malformed { part: "x-amz-decoded-content-length", .. }));
    for length in ["4", "+4", "-4", " ", "0x4", "4 4"] {
        let draft = Draft { payload: Some(SIGNED), ..Draft::put("/x", b"") };
        let mut wire = draft.header("x-amz-decoded-content-length", length).sign(martha());
        wire.body = framed("s3", &[b"meow"], SIGNED, &wire.signature);
        assert_eq!(wire.verdict().is_ok(), length == "4", "{length:?}");
    }
}
