//! Each rule has a test that fails without it, and each refusal its wire codes.

use daypass::credentials::{Revocations, Sessions, TokenError};
use daypass::explain::{Report, Silent, Verdict};
use daypass::request::{
    RULES, RequestError, Service, SignedRequest, authenticate, authenticate_bearer, authenticate_streamed,
};
use daypass::time::Timestamp;

use crate::fixture::{self, NOW};
use crate::oracle::{Draft, HOST, Token, Wire, martha, sessions, somebody_else};

const MINUTES: i64 = 60;

fn s3() -> Wire {
    Draft::get("s3", "/cat-photos/x").sign(martha())
}

fn sts() -> Wire {
    Draft::sts("Action=GetCallerIdentity&Version=2011-06-15").sign(martha())
}

fn presigned(seconds: u64) -> Wire {
    Draft::get("s3", "/cat-photos/x").presigned(seconds).sign(martha())
}

/// The refusal of a request and the rule that made it.
fn refused(wire: &Wire) -> (RequestError, &'static str) {
    wire.verdict().expect_err("the request was accepted")
}

#[test]
fn an_accepted_request_was_held_to_every_rule_in_order() {
    let wire = s3();
    let mut report = Report::new();
    let request = SignedRequest::new(wire.head().unwrap(), wire.body);
    let accepted = authenticate(sessions(), &Service::S3, request, fixture::now(), &mut report).unwrap();
    assert_eq!(accepted.caller().role_session().unwrap().claims().role_session_name, "martha");
    let names: Vec<_> = report.checks().iter().map(|check| check.name).collect();
    let rules: Vec<_> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(names, rules);
    assert!(
        report
            .checks()
            .iter()
            .all(|check| { check.verdict == Verdict::Passed && !check.expected.is_empty() && !check.found.is_empty() })
    );
}

#[test]
fn a_refused_request_says_why_and_what_was_not_reached() {
    let wire = sts().with(|w| w.method = "PUT".to_owned());
    let mut report = Report::new();
    let request = SignedRequest::new(wire.head().unwrap(), wire.body);
    let error = authenticate(sessions(), &Service::STS, request, fixture::now(), &mut report);
    assert_eq!(error.unwrap_err(), RequestError::SignatureMismatch);
    let verdicts: Vec<_> = report.finish(&RULES).iter().map(|check| check.verdict).collect();
    assert_eq!(verdicts[..6], [Verdict::Passed; 6]);
    assert_eq!(verdicts[6..], [Verdict::Failed, Verdict::NotReached]);
}

#[test]
fn no_refusal_reveals_the_right_signature_or_the_token() {
    let right = s3();
    let wire = right.with(|w| w.method = "PUT".to_owned());
    let wrong = "0".repeat(64);
    let wire = wire.with(|w| w.replace(&right.signature, &wrong));
    let resigned = Draft { method: "PUT", ..Draft::get("s3", "/cat-photos/x") }.sign(martha());
    let mut report = Report::new();
    let request = SignedRequest::new(wire.head().unwrap(), Vec::new());
    let error = authenticate(sessions(), &Service::S3, request, fixture::now(), &mut report).unwrap_err();
    let said = format!("{error} {error:?} {} {:?}", error.reason(), report.checks());
    assert!(!said.contains(&resigned.signature), "{said}");
    assert!(!said.contains(martha().session_token().expose()), "{said}");
}

#[test]
fn an_unsigned_request_is_refused() {
    let (error, rule) = refused(&s3().with(|w| w.remove("authorization")));
    assert_eq!((&error, rule), (&RequestError::MissingAuthentication, "authorization"));
    assert_eq!(error.code(), ("MissingAuthenticationToken", 403));
    assert_eq!(error.s3_code(), ("AccessDenied", 403));
}

#[test]
fn an_incomplete_signature_names_each_missing_part() {
    let wire = sts();
    let id = martha().access_key_id();
    let scope = "20260101/eu-west-1/sts/aws4_request";
    let (credential, headers) = (format!("Credential={id}/{scope}"), "SignedHeaders=host;x-amz-date");
    let signature = format!("Signature={}", wire.signature);
    for (header, missing) in [
        (String::new(), vec!["Credential", "SignedHeaders", "Signature"]),
        (format!("{headers}, {signature}"), vec!["Credential"]),
        (format!("{credential}, {signature}"), vec!["SignedHeaders"]),
        (format!("{credential}, {headers}"), vec!["Signature"]),
        (format!("{credential}, {headers}, Signature="), vec!["Signature"]),
    ] {
        let wire = wire.with(|w| *w.value_mut("authorization") = format!("AWS4-HMAC-SHA256 {header}"));
        let (error, rule) = refused(&wire);
        for name in &missing {
            assert!(error.to_string().contains(name), "{error}");
        }
        assert_eq!((error, rule), (RequestError::Incomplete { missing }, "authorization"));
    }
    let (error, _) = refused(&wire.with(|w| w.remove("x-amz-date")));
    assert_eq!(error.to_string(), "the signature is incomplete; missing: X-Amz-Date");
    assert_eq!(error.code(), ("IncompleteSignature", 400));
}

/// Every name would be looked for among all headers.
#[test]
fn attack_more_signed_headers_than_a_request_can_have() {
    let names: Vec<String> = (0..101).map(|number| format!("a{number:03}")).collect();
    let list = names.join(";");
    let wire = sts().with(|w| {
        let header = w.value_mut("authorization");
        *header = header.replace("SignedHeaders=", &format!("SignedHeaders={list};"));
    });
    let (error, rule) = refused(&wire);
    assert!(matches!(error, RequestError::Malformed { .. }), "{error:?}");
    assert_eq!(rule, "authorization");
}

#[test]
fn an_incomplete_presigned_request_names_each_missing_part() {
    for (name, value) in [
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Date", "20260101T000000Z"),
        ("X-Amz-Expires", "60"),
        ("X-Amz-SignedHeaders", "host"),
    ] {
        let wire = presigned(60).with(|w| w.replace(&format!("{name}={value}"), "x=y"));
        let missing = vec![name];
        assert_eq!(refused(&wire), (RequestError::Incomplete { missing }, "authorization"));
    }
}

#[test]
fn malformed_signatures_are_refused() {
    let wire = s3();
    let signature = wire.signature.clone();
    let upper = signature.to_uppercase();
    let id = martha().access_key_id().as_str();
    for (from, to, part) in [
        (signature.as_str(), &signature[..62], "Signature"),
        (&signature, &upper, "Signature"),
        (&signature, "é", "Signature"),
        ("SignedHeaders=host;", "SignedHeaders=Host;", "SignedHeaders"),
        ("SignedHeaders=host;", "SignedHeaders=x-amz-date;", "SignedHeaders"),
        ("SignedHeaders=host;", "SignedHeaders=host;host;", "SignedHeaders"),
        ("SignedHeaders=host;", "SignedHeaders=;host;", "SignedHeaders"),
        ("/aws4_request", "", "Credential"),
        ("/aws4_request", "/aws4_request/more", "Credential"),
        (id, "", "Credential"),
        (id, "a b", "Credential"),
        ("Signature=", "Extra=1, Signature=", "Authorization header"),
        ("Signature=", "Signature:", "Authorization header"),
    ] {
        let (error, rule) = refused(&wire.with(|w| w.replace(from, to)));
        assert_eq!(rule, "authorization", "{to}");
        assert!(matches!(error, RequestError::Malformed { part: found, .. } if found == part), "{to}: {error:?}");
    }
    // Without its value, a part that must have one is missing.
    let bare = wire.with(|w| w.replace(&format!("Signature={signature}"), "Signature"));
    assert!(matches!(bare.refusal(), RequestError::Incomplete { missing } if missing == ["Signature"]));
    let date = wire.with(|w| *w.value_mut("x-amz-date") = "2026-01-01T00:00:00Z".to_owned());
    assert!(matches!(date.refusal(), RequestError::Malformed { part: "X-Amz-Date", .. }));
    assert_eq!(date.refusal().s3_code(), ("AuthorizationHeaderMalformed", 400));
}

#[test]
fn no_refusal_repeats_what_may_be_a_secret() {
    let wire = s3();
    let signature = wire.signature.clone();
    let id = martha().access_key_id().as_str();
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    for (from, to) in [
        ("Signature=", "signature="),
        ("Signature=", "Sign="),
        ("Signature=", "Signature:"),
        ("Signature=", &*format!("{secret}=, Signature=")),
        ("Credential=", &*format!("{secret}, Credential=")),
        (id, secret),
        (id, &*format!("{id}/{secret}")),
    ] {
        let error = wire.with(|w| w.replace(from, to)).refusal();
        let told = format!("{error} {} {error:?}", error.reason());
        assert!(!told.contains(&signature) && !told.contains("wJalr") && !told.contains("K7MDENG"), "{told}");
    }
    let misspelt = wire.with(|w| w.replace("Signature=", "signature=")).refusal();
    assert!(misspelt.reason().contains(r#""signature""#), "{}", misspelt.reason());
    let scope = wire.with(|w| w.replace("/aws4_request", "/aws5_request")).refusal();
    assert!(scope.reason().contains("aws5_request"), "{}", scope.reason());
}

#[test]
fn what_can_be_read_in_two_ways_is_refused() {
    let authorization = s3().value_mut("authorization").clone();
    let token = martha().session_token().expose();
    for (wire, name) in [
        (s3().with(|w| w.add("authorization", &authorization)), "authorization"),
        (s3().with(|w| w.add("X-Amz-Date", "20260101T000000Z")), "x-amz-date"),
        (s3().with(|w| w.add("x-amz-security-token", token)), "x-amz-security-token"),
        (s3().with(|w| w.replace("Signature=", "Signature=0, Signature=")), "Signature"),
        (presigned(60).with(|w| w.add_query("X-Amz-Expires", "61")), "X-Amz-Expires"),
        (presigned(60).with(|w| w.add_query("X-Amz%2DDate", "1")), "X-Amz-Date"),
        (presigned(60).with(|w| w.add("x-amz-security-token", token)), "X-Amz-Security-Token"),
    ] {
        assert_eq!(refused(&wire), (RequestError::Repeated { name }, "authorization"));
    }
    let twice = presigned(60).with(|w| w.add("authorization", &authorization));
    assert_eq!(refused(&twice), (RequestError::SignedTwice, "authorization"));
    let digests = s3().with(|w| w.add("x-amz-content-sha256", "UNSIGNED-PAYLOAD"));
    let name = "x-amz-content-sha256";
    assert_eq!(refused(&digests), (RequestError::Repeated { name }, "payload"));
}

#[test]
fn another_algorithm_is_refused() {
    for found in ["AWS4-ECDSA-P384-SHA384", "AWS4-HMAC-SHA1", "Bearer", "Basic", "AWS", ""] {
        let wire = sts().with(|w| {
            let header = w.value_mut("authorization");
            *header = header.replacen("AWS4-HMAC-SHA256", found, 1);
        });
        let (error, rule) = refused(&wire);
        // Without an algorithm the credential stands in its place.
        assert!(matches!(error, RequestError::Algorithm { .. }), "{found}: {error:?}");
        assert_eq!((error.code(), rule), (("IncompleteSignature", 400), "authorization"));
    }
    let wire = presigned(60).with(|w| w.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"));
    assert!(matches!(wire.refusal(), RequestError::Algorithm { .. }));
}

#[test]
fn a_signature_for_one_service_is_not_taken_by_another() {
    let wire = sts().with(|w| w.service = "iam");
    let (error, rule) = refused(&wire);
    assert_eq!(rule, "credential_scope");
    assert_eq!(error.reason(), "signed for service sts; sent to iam");
    assert_eq!(error.code(), ("SignatureDoesNotMatch", 403));
}

#[test]
fn clocks_may_differ_by_fifteen_minutes_and_no_more() {
    let claims = {
        let mut claims = fixture::claims();
        claims["iat"] = (NOW - 3600).into();
        claims["session"]["issued_at"] = (NOW - 3600).into();
        claims
    };
    let wire = Draft::sts("Action=GetCallerIdentity").sign(&fixture::credentials_of(&claims));
    for seconds in [-15 * MINUTES, 15 * MINUTES] {
        assert!(wire.at(seconds).is_ok(), "{seconds}");
    }
    let (late, rule) = wire.at(15 * MINUTES + 1).unwrap_err();
    assert!(matches!(late, RequestError::SignatureExpired { .. }));
    assert_eq!(rule, "time");
    assert_eq!(late.code(), ("SignatureDoesNotMatch", 403));
    assert_eq!(late.s3_code(), ("RequestTimeTooSkewed", 403));
    assert_eq!(
        late.to_string(),
        "Signature expired: 20260101T000000Z is now earlier than 20260101T000001Z (20260101T001501Z - 15 min.)"
    );
    let (early, rule) = wire.at(-15 * MINUTES - 1).unwrap_err();
    assert!(matches!(early, RequestError::SignatureNotYetCurrent { .. }));
    assert_eq!(rule, "time");
    assert_eq!(
        early.to_string(),
        "Signature not yet current: 20260101T000000Z is still later than 20251231T235959Z (20251231T234459Z + 15 min.)"
    );
}

#[test]
fn a_presigned_request_works_for_its_life() {
    let wire = presigned(1800);
    assert!(wire.at(1799).is_ok());
    let (late, rule) = wire.at(1800).unwrap_err();
    assert!(matches!(late, RequestError::PresignedExpired { .. }));
    assert_eq!(rule, "time");
    assert_eq!(late.code(), ("RequestExpired", 400));
    assert_eq!(late.s3_code(), ("AccessDenied", 403));
    let (early, _) = wire.at(-15 * MINUTES - 1).unwrap_err();
    assert!(matches!(early, RequestError::SignatureNotYetCurrent { .. }));
}

#[test]
fn a_presigned_request_lives_one_second_to_seven_days() {
    assert!(presigned(1).verdict().is_ok());
    assert!(presigned(604_800).verdict().is_ok());
    for life in ["0", "604801", "-1", "%2B60", "60.5", "", "x", "99999999999999999999"] {
        let wire = presigned(60).with(|w| w.replace("X-Amz-Expires=60", &format!("X-Amz-Expires={life}")));
        let (error, rule) = refused(&wire);
        assert_eq!(rule, "authorization", "{life}");
        assert!(
            matches!(error, RequestError::Malformed { part: "X-Amz-Expires", .. } | RequestError::Incomplete { .. }),
            "{life}: {error:?}"
        );
    }
}

#[test]
fn a_token_added_after_signing_is_refused() {
    let late = |draft: Draft| Draft { token: Token::AddedAfterSigning, ..draft };
    let header = late(Draft::sts("Action=GetCallerIdentity")).sign(martha());
    let name = "x-amz-security-token".to_owned();
    assert_eq!(refused(&header), (RequestError::HeaderNotSigned { name }, "signed_headers"));
    let query = late(Draft::get("s3", "/x").presigned(60)).sign(martha());
    assert_eq!(refused(&query), (RequestError::SignatureMismatch, "signature"));
}

#[test]
fn a_presigned_request_may_carry_its_token_in_a_signed_header() {
    // As clients do that presign with headers instead of a token in the address.
    let draft = Draft { token: Token::Absent, ..Draft::get("s3", "/x").presigned(60) };
    let draft = draft.header("x-amz-security-token", martha().session_token().expose());
    assert!(draft.sign(martha()).verdict().is_ok());
}

#[test]
fn an_access_key_without_its_token_is_refused() {
    for draft in [Draft::sts("Action=GetCallerIdentity"), Draft::get("s3", "/x").presigned(60)] {
        let wire = Draft { token: Token::Absent, ..draft }.sign(martha());
        let (error, rule) = refused(&wire);
        assert!(matches!(error, RequestError::MissingSessionToken { .. }));
        assert_eq!(rule, "session_token");
        assert_eq!(error.code(), ("InvalidClientTokenId", 403));
        assert_eq!(error.s3_code(), ("InvalidAccessKeyId", 403));
    }
}

#[test]
fn an_access_key_with_the_token_of_another_is_refused() {
    let token = somebody_else().session_token().expose();
    let wire = sts().with(|w| *w.value_mut("x-amz-security-token") = token.to_owned());
    let (error, rule) = refused(&wire);
    assert!(matches!(error, RequestError::Token(TokenError::AccessKey { .. })));
    assert_eq!((error.code(), rule), (("InvalidClientTokenId", 403), "session_token"));
    assert_eq!(error.s3_code(), ("InvalidToken", 400));
}

#[test]
fn expired_credentials_are_refused() {
    // Signed in time, but the session ended an hour after it was made.
    let claims = {
        let mut claims = fixture::claims();
        claims["exp"] = (NOW + 60).into();
        claims["session"]["expiration"] = (NOW + 60).into();
        claims
    };
    let wire = Draft::sts("Action=GetCallerIdentity").sign(&fixture::credentials_of(&claims));
    assert!(wire.at(59).is_ok());
    let (error, rule) = wire.at(60).unwrap_err();
    assert!(matches!(error, RequestError::Token(TokenError::Expired { .. })));
    assert_eq!((error.code(), rule), (("ExpiredToken", 403), "session_token"));
    assert_eq!(error.s3_code(), ("ExpiredToken", 400));
}

#[test]
fn revoked_sessions_are_refused_signed_and_borne() {
    let sessions = Sessions::new(fixture::keyring());
    let mut revocations = Revocations::new();
    revocations.revoke_access_key(martha().access_key_id().clone());
    let authenticate = |report: &mut Report| {
        let request = SignedRequest::new(sts().head().unwrap(), sts().body);
        authenticate(&sessions, &Service::STS, request, fixture::now(), report)
    };
    assert!(authenticate(&mut Report::new()).is_ok());
    sessions.replace_revocations(revocations);
    let mut report = Report::new();
    let error = authenticate(&mut report).unwrap_err();
    assert!(matches!(error, RequestError::Revoked(_)));
    assert_eq!(report.failure().map(|check| check.name), Some("revocation"));
    assert_eq!(error.code(), ("AccessDenied", 403));
    let token = martha().session_token().expose();
    let borne = authenticate_bearer(&sessions, token, fixture::now(), &mut Silent);
    assert!(matches!(borne, Err(RequestError::Revoked(_))));
}

#[test]
fn a_borne_token_gives_its_session_until_it_expires() {
    let token = martha().session_token().expose();
    let mut report = Report::new();
    let borne = authenticate_bearer(sessions(), token, fixture::now(), &mut report).unwrap();
    assert_eq!(borne.session().as_role().unwrap().claims().role_session_name, "martha");
    assert_eq!(borne.access_key_id(), martha().access_key_id());
    assert_eq!(borne.authenticated_at(), fixture::now());
    let late = Timestamp::from_unix_seconds(NOW + 3600);
    let refused = authenticate_bearer(sessions(), token, late, &mut Silent).unwrap_err();
    assert!(matches!(refused, RequestError::Token(TokenError::Expired { .. })));
}

#[test]
fn the_host_and_every_amz_header_must_be_signed() {
    for name in ["x-amz-meta-owner", "x-amz-acl", "x-amz-target"] {
        let (error, rule) = refused(&s3().with(|w| w.add(name, "x")));
        let name = name.to_owned();
        assert_eq!((&error, rule), (&RequestError::HeaderNotSigned { name }, "signed_headers"));
        assert_eq!(error.s3_code(), ("AccessDenied", 403));
    }
    let name = "host".to_owned();
    let unsigned = s3().with(|w| w.replace("host;", ""));
    assert_eq!(refused(&unsigned), (RequestError::HeaderNotSigned { name }, "signed_headers"));
    let name = "host".to_owned();
    let absent = s3().with(|w| w.remove("host"));
    assert_eq!(refused(&absent), (RequestError::SignedHeaderAbsent { name }, "signed_headers"));
    // Proxies add these.
    let wire = s3().with(|w| {
        w.add("x-forwarded-for", "192.0.2.1");
        w.add("x-amzn-trace-id", "Root=1");
        w.add("user-agent", "aws-cli");
    });
    assert!(wire.verdict().is_ok());
}

#[test]
fn s3_bodies_are_held_to_the_digest_that_was_signed() {
    let wire = Draft::put("/cat-photos/x", b"meow").sign(martha());
    let (error, rule) = refused(&wire.with(|w| w.body = b"woof".to_vec()));
    assert_eq!((&error, rule), (&RequestError::PayloadDigest, "payload"));
    assert_eq!(error.s3_code(), ("XAmzContentSHA256Mismatch", 400));
    let (error, rule) = refused(&wire.with(|w| w.remove("x-amz-content-sha256")));
    assert_eq!((error, rule), (RequestError::PayloadDeclaration { found: String::new() }, "payload"));
    let odd = wire.with(|w| *w.value_mut("x-amz-content-sha256") = "STREAMING-OTHER".to_owned());
    assert!(matches!(odd.refusal(), RequestError::PayloadDeclaration { .. }));
}

#[test]
fn a_presigned_request_may_pin_its_body_in_its_query() {
    // SHA-256 of `meow`, declared as JavaScript's presigner does.
    let digest = "404cdd7bc109c432f8cc2443b45bcfe95980f5107215c645236e577929ac3e52";
    let draft = Draft {
        payload: Some(digest),
        ..Draft::put(&format!("/x?X-Amz-Content-Sha256={digest}"), b"meow").presigned(60)
    };
    let wire = draft.sign(martha());
    assert!(wire.verdict().is_ok());
    let (error, rule) = refused(&wire.with(|w| w.body = b"woof".to_vec()));
    assert_eq!((error, rule), (RequestError::PayloadDigest, "payload"));
    let twice = wire.with(|w| w.add_query("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"));
    let name = "X-Amz-Content-Sha256";
    assert_eq!(refused(&twice), (RequestError::Repeated { name }, "payload"));
}

#[test]
fn a_streamed_body_is_verified_as_it_arrives() {
    let wire = Draft::put("/x", b"meow meow").sign(martha());
    let streamed = |pieces: &[&[u8]]| {
        let head = wire.head().unwrap();
        let request = authenticate_streamed(sessions(), &Service::S3, head, fixture::now(), &mut Silent);
        let (request, mut payload) = request.unwrap().into_parts();
        assert_eq!(request.access_key_id(), martha().access_key_id());
        let mut decoded = Vec::new();
        for piece in pieces {
            payload.feed(piece, &mut decoded).unwrap();
        }
        payload.finish().map(|_| decoded)
    };
    assert_eq!(streamed(&[b"meow", b" meow"]).unwrap(), b"meow meow");
    assert_eq!(streamed(&[b"meow"]), Err(RequestError::PayloadDigest));
    assert_eq!(streamed(&[b"meow meow", b"!"]), Err(RequestError::PayloadDigest));
}

#[test]
fn the_text_form_of_a_request_is_read() {
    let wire = sts();
    let mut text = format!("{} {} HTTP/1.1\r\n", wire.method, wire.target);
    for (name, value) in &wire.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    assert!(text.contains(HOST));
    let message = [text.as_bytes(), b"\r\n", &wire.body].concat();
    let request = SignedRequest::parse(&message).unwrap();
    let read = authenticate(sessions(), &Service::STS, request, fixture::now(), &mut Silent);
    assert_eq!(read.unwrap().into_body(), wire.body);
}
