//! Signature Version 4A: which regions a signature is good for, who takes it, and that no algorithm passes for the other.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use aws_sigv4::sign::v4a;
use daypass::crypto::{hex, sha256_hex};
use daypass::explain::{Report, Silent};
use daypass::request::{
    Algorithm, BodyOf, NoAsymmetric, RULES, RegionSet, RequestError, Service, SignedRequest, authenticate, verify_head,
};

use crate::chunked::{ECDSA_SIGNED, ECDSA_SIGNED_TRAILER, SIGNED, UNSIGNED_TRAILER, problem, replaced, upload};
use crate::fixture;
use crate::oracle::{Draft, Token, Wire, martha, sessions, somebody_else};

fn get(region_set: &'static str) -> Wire {
    Draft::get("s3", "/cat-photos/x").for_regions(region_set).sign(martha())
}

fn presigned(region_set: &'static str) -> Wire {
    Draft::get("s3", "/cat-photos/x").presigned(60).for_regions(region_set).sign(martha())
}

/// A set that no client here signs for, in place of the one that was signed.
fn with_set(wire: &Wire, set: &str) -> Wire {
    wire.with(|w| *w.value_mut("x-amz-region-set") = set.to_owned())
}

#[test]
fn the_caller_is_told_algorithm_and_regions() {
    for (set, region) in [
        ("eu-west-1", Some("eu-west-1")),
        ("*", None),
        ("eu-*", None),
        ("eu-west-1,us-east-1", None),
        ("eu-west-1,eu-west-1", None),
    ] {
        for wire in [get(set), presigned(set)] {
            let request = wire.judged_by(&Service::S3, 0).unwrap();
            let authorization = request.authorization();
            assert_eq!(authorization.algorithm(), Algorithm::EcdsaP256Sha256);
            assert_eq!(authorization.region_set().map(RegionSet::as_str), Some(set));
            assert_eq!(authorization.region(), region, "{set}");
            assert_eq!((authorization.service(), authorization.credential_scope()), ("s3", None));
            assert_eq!(request.caller().role_session().unwrap().claims().role_session_name, "martha");
        }
    }
    let request = Draft::get("s3", "/cat-photos/x").sign(martha()).verdict().unwrap();
    let authorization = request.authorization();
    assert_eq!((authorization.algorithm(), authorization.region_set()), (Algorithm::HmacSha256, None));
    assert_eq!(authorization.region(), Some("eu-west-1"));
}

#[test]
fn a_request_signed_for_regions_was_held_to_every_rule_in_order() {
    let wire = get("eu-*");
    let mut report = Report::new();
    let request = SignedRequest::new(wire.head().unwrap(), Vec::new());
    authenticate(sessions(), &Service::S3, request, fixture::now(), &mut report).unwrap();
    let names: Vec<_> = report.checks().iter().map(|check| check.name).collect();
    assert_eq!(names, RULES.map(|rule| rule.name));
    let found = |name: &str| report.checks().iter().find(|check| check.name == name).unwrap().found.clone();
    assert_eq!(found("credential_scope"), "20260101/s3/aws4_request for the regions eu-*");
    let expected = |name: &str| report.checks().iter().find(|check| check.name == name).unwrap().expected.clone();
    assert_eq!(expected("authorization"), "AWS4-ECDSA-P256-SHA256");
    assert_eq!(expected("credential_scope"), "20260101/s3 for any region");
}

#[test]
fn a_service_in_a_region_takes_what_is_signed_for_it_alone() {
    let ireland = Service::S3.with_region("eu-west-1");
    for set in ["eu-west-1", "*", "eu-*", "*-west-1", "us-east-1,eu-west-1", "us-*, eu-west-*"] {
        for wire in [get(set), presigned(set)] {
            let request = wire.judged_by(&ireland, 0).unwrap();
            // Of the regions that were signed for, it is this one that the request is for.
            assert_eq!(request.authorization().region(), Some("eu-west-1"), "{set}");
        }
    }
    for set in ["us-east-1", "us-*", "eu-west-2,us-*", "eu-west-1*0", "EU-WEST-1"] {
        for wire in [get(set), presigned(set)] {
            let (error, rule) = wire.judged_by(&ireland, 0).unwrap_err();
            let (expected, found) = ("eu-west-1".to_owned(), set.to_owned());
            assert_eq!((&error, rule), (&RequestError::ScopeRegion { expected, found }, "credential_scope"));
            assert_eq!(error.code(), ("SignatureDoesNotMatch", 403));
            assert_eq!(error.s3_code(), ("AuthorizationHeaderMalformed", 400));
        }
    }
    // Signature Version 4 is held to the same region.
    let wire = Draft::get("s3", "/cat-photos/x").sign(martha());
    assert_eq!(wire.judged_by(&ireland, 0).unwrap().authorization().region(), Some("eu-west-1"));
    let (error, rule) = wire.judged_by(&Service::S3.with_region("us-east-1"), 0).unwrap_err();
    assert_eq!(
        (error.reason(), rule),
        ("signed for eu-west-1; the service is in us-east-1".into(), "credential_scope")
    );
}

#[test]
fn the_set_of_regions_must_be_there_once_well_formed_and_signed() {
    let wire = get("eu-west-1");
    let (error, rule) = wire.with(|w| w.remove("x-amz-region-set")).verdict().unwrap_err();
    assert_eq!((error, rule), (RequestError::Incomplete { missing: vec!["X-Amz-Region-Set"] }, "authorization"));
    let (error, rule) = wire.with(|w| w.add("x-amz-region-set", "*")).verdict().unwrap_err();
    assert_eq!((error, rule), (RequestError::Repeated { name: "x-amz-region-set" }, "authorization"));
    let long = vec!["eu-west-1"; 200].join(",");
    for set in ["eu-west-1,", "eu west 1", "eu-west-1;us-east-1", "\u{e4}", &long] {
        let (error, rule) = with_set(&wire, set).verdict().unwrap_err();
        assert!(matches!(error, RequestError::Malformed { part: "X-Amz-Region-Set", .. }), "{set}: {error:?}");
        assert_eq!(rule, "authorization");
    }
    let (error, rule) = wire.with(|w| w.replace(";x-amz-region-set", "")).verdict().unwrap_err();
    assert_eq!((error, rule), (RequestError::HeaderNotSigned { name: "x-amz-region-set".into() }, "signed_headers"));

    let wire = presigned("eu-west-1");
    let missing = wire.with(|w| w.replace("&X-Amz-Region-Set=eu-west-1", ""));
    assert_eq!(missing.refusal(), RequestError::Incomplete { missing: vec!["X-Amz-Region-Set"] });
    // In the header it would stand beside the one that counts.
    for wire in [&wire, &missing] {
        let refused = wire.with(|w| w.add("x-amz-region-set", "*")).refusal();
        assert_eq!(refused, RequestError::Repeated { name: "X-Amz-Region-Set" });
    }
    let twice = wire.with(|w| w.add_query("X-Amz%2DRegion-Set", "%2A"));
    assert_eq!(twice.refusal(), RequestError::Repeated { name: "X-Amz-Region-Set" });
}

#[test]
fn a_service_takes_version_4a_only_where_it_says_so() {
    for (service, draft) in [
        (Service::STS, Draft::sts("Action=GetCallerIdentity&Version=2011-06-15")),
        (Service::IAM, Draft { service: "iam", ..Draft::sts("Action=ListUsers&Version=2010-05-08") }),
        (Service::new("reports"), Draft::get("reports", "/")),
        (Service::S3.without_asymmetric_signatures(), Draft::get("s3", "/")),
    ] {
        let wire = draft.for_regions("*").sign(martha());
        let (error, rule) = wire.judged_by(&service, 0).unwrap_err();
        assert_eq!((&error, rule), (&RequestError::Asymmetric { why: NoAsymmetric::Service }, "authorization"));
        assert_eq!(
            error.to_string(),
            "AWS4-ECDSA-P256-SHA256 is not supported here: the service takes AWS4-HMAC-SHA256 alone"
        );
        assert_eq!((error.code(), error.s3_code()), (("IncompleteSignature", 400), ("InvalidRequest", 400)));
        assert!(wire.judged_by(&service.with_asymmetric_signatures(), 0).is_ok());
    }
}

/// The scope of the one algorithm under the name of the other.
#[test]
fn attack_one_algorithm_under_the_name_of_the_other() {
    let (mac, ecdsa) = ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256");
    let (short, long) = ("20260101/s3/", "20260101/eu-west-1/s3/");
    let hmac = Draft::get("s3", "/cat-photos/x").header("x-amz-region-set", "eu-west-1").sign(martha());
    let asymmetric = get("eu-west-1");
    for (wire, from, to, scope) in [(&hmac, mac, ecdsa, (long, short)), (&asymmetric, ecdsa, mac, (short, long))] {
        assert!(wire.verdict().is_ok());
        let renamed = wire.with(|w| w.replace(from, to));
        assert!(matches!(renamed.refusal(), RequestError::Malformed { part: "Credential", .. }));
        let rewritten = renamed.with(|w| w.replace(scope.0, scope.1));
        // 32 bytes are no DER signature of the caller's, and 70 are no HMAC.
        let refused = rewritten.refusal();
        let expected =
            matches!(refused, RequestError::SignatureMismatch | RequestError::Malformed { part: "Signature", .. });
        assert!(expected, "{refused:?}");
    }
}

/// Signs the request anew with an HMAC whose key is something that is, or may become, public.
#[test]
fn attack_public_key_as_the_secret_of_an_hmac() {
    let scalar = v4a::generate_signing_key(martha().access_key_id().as_str(), martha().secret_access_key().expose());
    let curve = [0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    let der = [&[0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20][..], scalar.as_ref(), &curve].concat();
    let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_ASN1_SIGNING, &der).unwrap();
    let point = pair.public_key().as_ref();
    let wire = get("eu-west-1");
    let date = "20260101T000000Z";
    let headers = ["host", "x-amz-content-sha256", "x-amz-date", "x-amz-region-set", "x-amz-security-token"];
    let value = |name: &str| wire.headers.iter().find(|(known, _)| known == name).unwrap().1.clone();
    let lines: String = headers.iter().map(|name| format!("{name}:{}\n", value(name))).collect();
    let list = headers.join(";");
    let canonical = format!("GET\n/cat-photos/x\n\n{lines}\n{list}\n{}", value("x-amz-content-sha256"));
    for (algorithm, scope) in [
        ("AWS4-HMAC-SHA256", "20260101/eu-west-1/s3/aws4_request"),
        ("AWS4-ECDSA-P256-SHA256", "20260101/s3/aws4_request"),
    ] {
        let to_sign = format!("{algorithm}\n{date}\n{scope}\n{}", sha256_hex(canonical.as_bytes()));
        for secret in [point, &point[1..], scalar.as_ref()] {
            let code = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), to_sign.as_bytes());
            let forged = wire.with(|w| {
                *w.value_mut("authorization") = format!(
                    "{algorithm} Credential={}/{scope}, SignedHeaders={list}, Signature={}",
                    martha().access_key_id(),
                    hex(code.as_ref())
                );
            });
            assert_eq!(forged.verdict().unwrap_err(), (RequestError::SignatureMismatch, "signature"));
        }
        // What is signed here is right: the owner's own signature of it is accepted.
        if algorithm == "AWS4-ECDSA-P256-SHA256" {
            let right = v4a::calculate_signature(&scalar, to_sign.as_bytes());
            assert!(wire.with(|w| w.replace(&w.signature.clone(), &right)).verdict().is_ok());
        }
    }
}

#[test]
fn a_session_token_is_demanded_and_its_own_with_every_algorithm() {
    let draft = |token| Draft { token, ..Draft::get("s3", "/cat-photos/x").for_regions("*") };
    let absent = draft(Token::Absent).sign(martha());
    assert_eq!(absent.verdict().unwrap_err().1, "session_token");
    let token = somebody_else().session_token().expose();
    let wire = get("*").with(|w| *w.value_mut("x-amz-security-token") = token.to_owned());
    assert_eq!(wire.verdict().unwrap_err().1, "session_token");
    let added = draft(Token::AddedAfterSigning).sign(martha());
    assert_eq!(added.verdict().unwrap_err().1, "signed_headers");
    let iot = Service::S3.with_unsigned_session_token();
    assert!(added.judged_by(&iot, 0).is_ok());
}

#[test]
fn ages_and_lives_count_as_with_version_4() {
    for (wire, seconds, rule) in [
        (get("*"), 15 * 60 + 1, "time"),
        (get("*"), -(15 * 60 + 1), "time"),
        (presigned("*"), 60, "time"),
        (presigned("*"), -(15 * 60 + 1), "time"),
    ] {
        assert_eq!(wire.at(seconds).unwrap_err().1, rule, "{seconds}");
    }
    assert!(get("*").at(15 * 60).is_ok() && presigned("*").at(59).is_ok());
}

#[test]
fn bodies_are_declared_as_with_version_4_and_chunks_in_their_own_algorithm() {
    let unsigned = Draft { payload: Some("UNSIGNED-PAYLOAD"), ..Draft::put("/cat-photos/x", b"meow") };
    let unsigned = unsigned.for_regions("*").sign(martha());
    assert_eq!(unsigned.verdict().unwrap().body(), b"meow");
    let head = unsigned.head().unwrap();
    assert_eq!(verify_head(sessions(), &Service::S3, &head, fixture::now()), Ok(BodyOf::Declared));
    for (payload, region_set) in [(SIGNED, Some("*")), (ECDSA_SIGNED, None), (ECDSA_SIGNED_TRAILER, None)] {
        let draft = Draft { payload: Some(payload), region_set, ..Draft::put("/cat-photos/x", b"") };
        let wire = draft.header("x-amz-decoded-content-length", "0").sign(martha());
        let found = payload.to_owned();
        assert_eq!(wire.verdict().unwrap_err(), (RequestError::PayloadDeclaration { found }, "payload"));
    }
    let trailer = Draft { payload: Some(UNSIGNED_TRAILER), ..Draft::put("/cat-photos/x", b"4\r\nmeow\r\n0\r\n\r\n") };
    let trailer = trailer.header("x-amz-decoded-content-length", "4").for_regions("*").sign(martha());
    assert_eq!(trailer.verdict().unwrap().body(), b"meow");
}

#[test]
fn the_signature_of_a_chunk_may_go_without_its_padding_and_is_no_longer_with_it() {
    let wire = upload(&[b"meow"], ECDSA_SIGNED_TRAILER);
    let text = String::from_utf8(wire.body.clone()).unwrap();
    let bare = text.replace('*', "");
    assert_eq!(wire.with(|w| w.body = bare.clone().into_bytes()).verdict().unwrap().body(), b"meow");
    let first = &bare[bare.find('=').unwrap() + 1..bare.find('\r').unwrap()];
    for (to, expected) in [
        (format!("{first:*<145}"), "the chunk signature is malformed"),
        (format!("*{first}"), "the chunk signature is malformed"),
        (first.to_uppercase(), "the chunk signature is malformed"),
        ("0".repeat(64) + ";", "the chunk signature is malformed"),
    ] {
        assert_eq!(problem(&wire.with(|w| w.body = bare.replacen(first, &to, 1).into_bytes())), expected, "{to}");
    }
    let other = replaced(&wire, "meow", "woof");
    assert_eq!(other.verdict().unwrap_err(), (RequestError::ChunkSignature { chunk: 0 }, "payload"));
}

#[test]
fn attack_time_of_an_elliptic_curve_for_each_byte_of_a_body() {
    let large = vec![b'm'; 8192];
    let small = &large[1..];
    for payload in [ECDSA_SIGNED, ECDSA_SIGNED_TRAILER] {
        assert!(upload(&[&large, &large, small], payload).verdict().is_ok());
        assert!(upload(&[b"m"], payload).verdict().is_ok());
        for chunks in [&[small, small][..], &[&large, b"m", b"m"]] {
            let refused = problem(&upload(chunks, payload));
            assert_eq!(refused, "a chunk signed with AWS4-ECDSA-P256-SHA256 is smaller than 8 KiB and not the last");
        }
    }
    // An HMAC costs next to nothing, and clients have always sent such.
    assert!(upload(&[b"m", b"m"], SIGNED).verdict().is_ok());
}

#[test]
fn no_refusal_of_version_4a_reveals_a_signature() {
    let wire = get("*").with(|w| w.method = "PUT".to_owned());
    let mut report = Report::new();
    let request = SignedRequest::new(wire.head().unwrap(), Vec::new());
    let error = authenticate(sessions(), &Service::S3, request, fixture::now(), &mut report).unwrap_err();
    let said = format!("{error} {error:?} {} {:?}", error.reason(), report.checks());
    assert!(!said.contains(&wire.signature), "{said}");
    let request = SignedRequest::new(get("*").head().unwrap(), Vec::new());
    let request = authenticate(sessions(), &Service::S3, request, fixture::now(), &mut Silent).unwrap();
    let printed = format!("{request:?}");
    assert!(!printed.contains(&get("*").signature) && printed.contains("20260101/s3/aws4_request"), "{printed}");
}
