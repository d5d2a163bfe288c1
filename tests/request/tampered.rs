//! One tampered variant of each part of a request, by name: nothing of it can be changed, and the right rule says so.

use std::collections::BTreeSet;

use crate::chunked::{ECDSA_SIGNED_TRAILER, SIGNED_TRAILER, replaced, upload_to};
use crate::oracle::{Draft, Wire, encode, martha, somebody_else};

/// Every part there is. A part without a variant below, or a variant of a part that is not here, is a failure.
const PARTS: [&str; 37] = [
    "access key",
    "algorithm",
    "body changed",
    "body longer",
    "body shorter",
    "chunk data",
    "chunk order",
    "chunk signature",
    "chunk size",
    "date",
    "decoded length",
    "expires",
    "header added",
    "header changed",
    "header removed",
    "header repeated",
    "host",
    "last chunk dropped",
    "last chunk signature",
    "method",
    "path",
    "path case",
    "payload declaration",
    "query parameter added",
    "query parameter changed",
    "query parameter removed",
    "region set",
    "scope date",
    "scope region",
    "scope service",
    "scope terminator",
    "session token",
    "signature",
    "signed headers longer",
    "signed headers shorter",
    "trailer",
    "trailer signature",
];

type Variants = Vec<(&'static str, Wire, &'static str)>;

const QUERY: [(&str, &str); 3] = [("list-type", "2"), ("prefix", "photos%2F"), ("x-id", "ListObjectsV2")];
const HEADERS: [(&str, &str); 3] = [("content-type", "text/plain"), ("x-amz-meta-owner", "martha"), ("x-other", "a b")];

fn draft(service: &'static str, body: &[u8]) -> Draft {
    let query: Vec<_> = QUERY.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let draft = Draft { service, method: "PUT", body: body.to_vec(), ..Draft::get(service, "/reports/1") };
    let draft = Draft { target: format!("/reports/1?{}", query.join("&")), ..draft };
    HEADERS.iter().fold(draft, |draft, (name, value)| draft.header(name, value))
}

/// Another digit in place of the last one.
fn off_by_one(hex: &str) -> String {
    let last = if hex.ends_with('0') { "1" } else { "0" };
    format!("{}{last}", &hex[..hex.len() - 1])
}

/// Parts that every request has.
fn common(wire: &Wire) -> Variants {
    let id = martha().access_key_id().as_str();
    let signature = wire.signature.clone();
    let presigned = wire.target.contains("X-Amz-Signature");
    let (separator, slash) = if presigned { ("%3B", "%2F") } else { (";", "/") };
    let scoped = |service: &str| format!("{slash}{service}{slash}aws4_request");
    let listed = |name: &str| format!("{separator}{name}");
    let asymmetric = signature.len() > 64;
    let (algorithm, other) = ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256");
    let (algorithm, other) = if asymmetric { (other, algorithm) } else { (algorithm, other) };
    let regions = match (asymmetric, presigned) {
        (false, _) => wire.with(|w| w.replace("eu-west-1", "eu-west-2")),
        (true, false) => wire.with(|w| *w.value_mut("x-amz-region-set") = "eu-west-2".to_owned()),
        (true, true) => wire.with(|w| w.replace("X-Amz-Region-Set=eu-west-1", "X-Amz-Region-Set=eu-west-2")),
    };
    let mut all = vec![
        ("method", wire.with(|w| w.method = "POST".to_owned()), "signature"),
        ("path", wire.with(|w| w.target = w.target.replacen("/reports/1", "/reports/2", 1)), "signature"),
        ("path case", wire.with(|w| w.target = w.target.replacen("/reports/1", "/Reports/1", 1)), "signature"),
        ("host", wire.with(|w| *w.value_mut("host") = "evil.example".to_owned()), "signature"),
        ("query parameter added", wire.with(|w| w.add_query("versionId", "1")), "signature"),
        ("header added", wire.with(|w| w.add("x-amz-acl", "public-read")), "signed_headers"),
        ("access key", wire.with(|w| w.replace(id, somebody_else().access_key_id().as_str())), "session_token"),
        ("signature", wire.with(|w| w.replace(&signature, &off_by_one(&signature))), "signature"),
        ("algorithm", wire.with(|w| w.replace(algorithm, "AWS4-HMAC-SHA512")), "authorization"),
        ("algorithm", wire.with(|w| w.replace(algorithm, other)), "authorization"),
        ("scope date", wire.with(|w| w.replace("20260101", "20260102")), "credential_scope"),
        ("scope region", regions, "signature"),
        ("scope terminator", wire.with(|w| w.replace("aws4_request", "aws5_request")), "authorization"),
        ("scope service", wire.with(|w| w.replace(&scoped(w.service), &scoped("other"))), "credential_scope"),
        ("signed headers shorter", wire.with(|w| w.replace(&listed("x-other"), "")), "signature"),
        (
            "signed headers longer",
            wire.with(|w| w.replace(&listed("x-other"), &format!("{separator}x-other{separator}x-zebra"))),
            "signed_headers",
        ),
    ];
    for (name, value) in QUERY {
        let pair = format!("{name}={value}");
        let change = |to: &str| wire.with(|w| w.target = w.target.replacen(&pair, to, 1));
        all.push(("query parameter changed", change(&format!("{pair}x")), "signature"));
        all.push(("query parameter changed", change(&format!("{name}x={value}")), "signature"));
        all.push(("query parameter removed", change("x=y"), "signature"));
    }
    for (name, _) in HEADERS {
        all.push(("header changed", wire.with(|w| w.value_mut(name).push('x')), "signature"));
        all.push(("header removed", wire.with(|w| w.remove(name)), "signed_headers"));
        all.push(("header repeated", wire.with(|w| w.add(name, "x")), "signature"));
    }
    all
}

fn body(wire: &Wire, rule: &'static str) -> Variants {
    vec![
        ("body changed", wire.with(|w| w.body[0] ^= 1), rule),
        ("body longer", wire.with(|w| w.body.push(b'x')), rule),
        ("body shorter", wire.with(|w| w.body.truncate(w.body.len() - 1)), rule),
    ]
}

/// Parts of a request that is signed in its header.
fn in_header(wire: &Wire) -> Variants {
    let token = somebody_else().session_token().expose().to_owned();
    let mut all = vec![
        ("date", wire.with(|w| *w.value_mut("x-amz-date") = "20260101T000001Z".to_owned()), "signature"),
        ("session token", wire.with(|w| *w.value_mut("x-amz-security-token") = token.clone()), "session_token"),
        ("session token", wire.with(|w| w.remove("x-amz-security-token")), "signed_headers"),
    ];
    if wire.headers.iter().any(|(name, _)| name == "x-amz-content-sha256") {
        let unsigned = wire.with(|w| *w.value_mut("x-amz-content-sha256") = "UNSIGNED-PAYLOAD".to_owned());
        all.push(("payload declaration", unsigned, "signature"));
        all.push(("payload declaration", wire.with(|w| w.remove("x-amz-content-sha256")), "payload"));
    }
    all
}

/// Parts of a request that is signed in its query.
fn in_query(wire: &Wire) -> Variants {
    let (mine, other) = (martha().session_token().expose(), somebody_else().session_token().expose());
    let token = format!("&X-Amz-Security-Token={}", encode(mine));
    vec![
        ("date", wire.with(|w| w.replace("T000000Z", "T000001Z")), "signature"),
        ("expires", wire.with(|w| w.replace("X-Amz-Expires=60", "X-Amz-Expires=61")), "signature"),
        ("session token", wire.with(|w| w.replace(&encode(mine), &encode(other))), "session_token"),
        ("session token", wire.with(|w| w.replace(&token, "")), "session_token"),
    ]
}

/// Parts of a request that is signed with Signature Version 4A.
fn asymmetric(wire: &Wire) -> Variants {
    let presigned = wire.target.contains("X-Amz-Signature");
    let (removed, wider, repeated) = if presigned {
        (
            wire.with(|w| w.replace("&X-Amz-Region-Set=eu-west-1", "")),
            wire.with(|w| w.replace("X-Amz-Region-Set=eu-west-1", "X-Amz-Region-Set=%2A")),
            wire.with(|w| w.add_query("X-Amz-Region-Set", "eu-west-1")),
        )
    } else {
        (
            wire.with(|w| w.remove("x-amz-region-set")),
            wire.with(|w| *w.value_mut("x-amz-region-set") = "*".to_owned()),
            wire.with(|w| w.add("x-amz-region-set", "eu-west-1")),
        )
    };
    vec![
        ("region set", removed, "authorization"),
        ("region set", wider, "signature"),
        ("region set", repeated, "authorization"),
        ("signature", wire.with(|w| w.replace(&w.signature.clone(), &"0".repeat(140))), "signature"),
        ("signature", wire.with(|w| w.replace(&w.signature.clone(), &"0".repeat(146))), "authorization"),
    ]
}

/// Parts of a body in two chunks, of which the second one has four bytes.
fn in_chunks(wire: &Wire) -> Variants {
    let text = String::from_utf8(wire.body.clone()).unwrap();
    let signatures: Vec<_> = text.match_indices("signature=").map(|(at, found)| at + found.len()).collect();
    let of = |at: usize| text[at..].split(['*', '\r']).next().unwrap().to_owned();
    let size = &text[..text.find(';').unwrap()];
    let smaller = format!("{:x}", usize::from_str_radix(size, 16).unwrap() - 1);
    let (first, last) = (of(signatures[0]), of(signatures[2]));
    let trailer = text.find("x-amz-trailer-signature:").unwrap() + "x-amz-trailer-signature:".len();
    let second = text.find("\n4;chunk").unwrap() + 1;
    let end = text.find("\n0;chunk").unwrap() + 1;
    let (one, two) = (&text[..second], &text[second..end]);
    let swapped = format!("{two}{one}{}", &text[end..]);
    let cut = format!("{}{}", &text[..end], &text[text.find("x-amz-checksum").unwrap()..]);
    vec![
        ("chunk data", replaced(wire, "aaaa", "aaab"), "payload"),
        ("chunk signature", replaced(wire, &first, &off_by_one(&first)), "payload"),
        ("chunk size", replaced(wire, &format!("{size};chunk"), &format!("{smaller};chunk")), "payload"),
        ("chunk order", wire.with(|w| w.body = swapped.into_bytes()), "payload"),
        ("last chunk signature", replaced(wire, &last, &off_by_one(&last)), "payload"),
        ("last chunk dropped", wire.with(|w| w.body = cut.into_bytes()), "payload"),
        ("trailer", replaced(wire, "AAAAAA==", "AAAAAB=="), "payload"),
        ("trailer signature", replaced(wire, &of(trailer), &off_by_one(&of(trailer))), "payload"),
        ("decoded length", wire.with(|w| w.value_mut("x-amz-decoded-content-length").push('0')), "signature"),
    ]
}

/// Holds each variant to the rule that must refuse it, and gives the parts that were tampered with.
fn tampered_parts(honest: &[&Wire], variants: &[(&'static str, Wire, &'static str)]) -> BTreeSet<&'static str> {
    for honest in honest {
        let verdict = honest.verdict();
        assert!(verdict.is_ok(), "refused: {verdict:?}");
    }
    for (part, wire, expected) in variants {
        match wire.verdict() {
            Ok(_) => panic!("{part}: accepted\n{wire:?}"),
            Err((error, rule)) => assert_eq!(rule, *expected, "{part}: {}", error.reason()),
        }
    }
    variants.iter().map(|(part, ..)| *part).collect()
}

#[test]
fn no_part_of_a_request_can_be_changed() {
    let header = draft("reports", b"meow").sign(martha());
    let s3 = draft("s3", b"meow").sign(martha());
    let presigned = draft("reports", b"meow").presigned(60).sign(martha());
    let presigned_s3 = draft("s3", b"meow").presigned(60).sign(martha());
    let chunked = upload_to("s3", &[b"aaaaaaaa", b"bbbb"], SIGNED_TRAILER);
    let variants: Variants = [
        common(&header),
        body(&header, "signature"),
        in_header(&header),
        common(&s3),
        body(&s3, "payload"),
        in_header(&s3),
        common(&presigned),
        body(&presigned, "signature"),
        in_query(&presigned),
        common(&presigned_s3),
        in_query(&presigned_s3),
        in_chunks(&chunked),
    ]
    .into_iter()
    .flatten()
    .collect();
    let tampered = tampered_parts(&[&header, &s3, &presigned, &presigned_s3, &chunked], &variants);
    let mut parts = BTreeSet::from(PARTS);
    parts.remove("region set");
    assert_eq!(tampered, parts);
}

#[test]
fn no_part_of_a_request_signed_with_version_4a_can_be_changed() {
    let sign = |draft: Draft| draft.for_regions("eu-west-1").sign(martha());
    let header = sign(draft("reports", b"meow"));
    let s3 = sign(draft("s3", b"meow"));
    let presigned = sign(draft("reports", b"meow").presigned(60));
    let presigned_s3 = sign(draft("s3", b"meow").presigned(60));
    let chunked = upload_to("s3", &[&[b'a'; 8192], b"bbbb"], ECDSA_SIGNED_TRAILER);
    let variants: Variants = [
        common(&header),
        asymmetric(&header),
        body(&header, "signature"),
        in_header(&header),
        common(&s3),
        asymmetric(&s3),
        body(&s3, "payload"),
        in_header(&s3),
        common(&presigned),
        asymmetric(&presigned),
        body(&presigned, "signature"),
        in_query(&presigned),
        common(&presigned_s3),
        asymmetric(&presigned_s3),
        in_query(&presigned_s3),
        in_chunks(&chunked),
    ]
    .into_iter()
    .flatten()
    .collect();
    let tampered = tampered_parts(&[&header, &s3, &presigned, &presigned_s3, &chunked], &variants);
    assert_eq!(tampered, BTreeSet::from(PARTS));
}
