//! Property: whatever the SDK signs is accepted, and no part of it can be changed without the right rule refusing.

use daypass::request::RegionSet;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::fixture::NOW;
use crate::oracle::{Draft, Token, Wire, encode, martha, somebody_else};

fn drafts() -> impl Strategy<Value = Draft> {
    let text = "[ -~\u{e4}\u{4e2d}]{1,12}";
    let path = vec(text, 0..4);
    let query = vec((text, "[ -~\u{e4}]{0,12}"), 0..4);
    let headers = vec(("x-(amz-meta|other)-[a-z]{1,8}", "[!-~]([ -~]{0,16}[!-~])?"), 0..4);
    let service = prop_oneof![Just("s3"), Just("sts"), Just("iam"), Just("execute-api")];
    let method = prop_oneof![Just("GET"), Just("PUT"), Just("POST"), Just("DELETE")];
    let presigned = proptest::option::of(1_u64..=604_800);
    let body = vec(any::<u8>(), 0..64);
    (service, method, path, query, headers, body, presigned).prop_map(
        |(service, method, path, query, mut headers, body, presigned)| {
            headers.sort();
            headers.dedup_by(|one, other| one.0 == other.0);
            // Dot segments are another test: HTTP clients resolve them before they sign.
            let path: Vec<_> = path
                .iter()
                .filter(|segment| !matches!(segment.as_str(), "." | ".."))
                .map(|segment| encode(segment))
                .collect();
            let query: Vec<_> =
                query.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
            let mut draft = Draft::get(service, &format!("/{}", path.join("/")));
            if !query.is_empty() {
                draft.target = format!("{}?{}", draft.target, query.join("&"));
            }
            draft.method = method;
            draft.headers = headers;
            draft.body = body;
            draft.presigned = presigned.map(std::time::Duration::from_secs);
            draft
        },
    )
}

type Tampered = Vec<(&'static str, Wire, &'static str)>;

/// Changes that mean the same in both forms, each with the rule that must refuse it.
fn tampered(wire: &Wire, draft: &Draft) -> Tampered {
    let id = martha().access_key_id().as_str();
    let signature = wire.signature.as_str();
    let last = if signature.ends_with('0') { "1" } else { "0" };
    let other = format!("{}{last}", &signature[..signature.len() - 1]);
    let regions = match (draft.region_set, draft.presigned) {
        (None, _) => wire.with(|w| w.replace("eu-west-1", "us-east-1")),
        (Some(_), None) => wire.with(|w| w.value_mut("x-amz-region-set").push_str(",us-east-1")),
        (Some(_), Some(_)) => wire.with(|w| w.replace("X-Amz-Region-Set=", "X-Amz-Region-Set=us-east-1,")),
    };
    let mut all = vec![
        ("method", wire.with(|w| w.method = "PATCH".to_owned()), "signature"),
        ("path", wire.with(|w| w.target = format!("/x{}", w.target)), "signature"),
        ("query added", wire.with(|w| w.add_query("versionId", "1")), "signature"),
        ("host", wire.with(|w| *w.value_mut("host") = "evil.example".to_owned()), "signature"),
        ("signature", wire.with(|w| w.replace(signature, &other)), "signature"),
        ("region", regions, "signature"),
        ("access key", wire.with(|w| w.replace(id, somebody_else().access_key_id().as_str())), "session_token"),
        ("header added", wire.with(|w| w.add("x-amz-acl", "public-read")), "signed_headers"),
    ];
    for (name, _) in &draft.headers {
        let leaf = wire.with(|w| w.value_mut(name).push('x'));
        all.push(("header changed", leaf, "signature"));
        all.push(("header removed", wire.with(|w| w.remove(name)), "signed_headers"));
        all.push(("header repeated", wire.with(|w| w.add(name, "x")), "signature"));
    }
    if draft.presigned.is_none() || draft.service != "s3" {
        let rule = if draft.service == "s3" { "payload" } else { "signature" };
        all.push(("body longer", wire.with(|w| w.body.push(b'x')), rule));
        if !wire.body.is_empty() {
            all.push(("body changed", wire.with(|w| w.body[0] ^= 1), rule));
        }
    }
    all
}

fn tampered_header(wire: &Wire) -> Tampered {
    let date = wire.with(|w| *w.value_mut("x-amz-date") = "20260101T000001Z".to_owned());
    let day = wire.with(|w| w.replace("/20260101/", "/20260102/"));
    let service = wire.with(|w| w.replace(&format!("/{}/", w.service), "/other/"));
    let token = somebody_else().session_token().expose();
    let token = wire.with(|w| *w.value_mut("x-amz-security-token") = token.to_owned());
    let mut all = vec![
        ("host unsigned", wire.with(|w| w.replace("host;", "")), "signed_headers"),
        ("date", date, "signature"),
        ("scope day", day, "credential_scope"),
        ("scope service", service, "credential_scope"),
        ("token", token, "session_token"),
        ("token removed", wire.with(|w| w.remove("x-amz-security-token")), "signed_headers"),
        ("date removed", wire.with(|w| w.remove("x-amz-date")), "authorization"),
    ];
    if wire.headers.iter().any(|(name, _)| name == "x-amz-content-sha256") {
        all.push(("digest removed", wire.with(|w| w.remove("x-amz-content-sha256")), "payload"));
    }
    all
}

fn tampered_query(wire: &Wire) -> Tampered {
    let service = format!("%2F{}%2F", wire.service);
    let token = encode(somebody_else().session_token().expose());
    let mine = encode(martha().session_token().expose());
    vec![
        ("date", wire.with(|w| w.replace("T000000Z", "T000001Z")), "signature"),
        ("scope day", wire.with(|w| w.replace("%2F20260101", "%2F20260102")), "credential_scope"),
        ("scope service", wire.with(|w| w.replace(&service, "%2Fother%2F")), "credential_scope"),
        ("life", wire.with(|w| w.replace("X-Amz-Expires=", "X-Amz-Expires=0")), "signature"),
        ("token", wire.with(|w| w.replace(&mine, &token)), "session_token"),
        ("token removed", wire.with(|w| w.replace(&format!("&X-Amz-Security-Token={mine}"), "")), "session_token"),
        ("signature repeated", wire.with(|w| w.add_query("X-Amz-Signature", &w.signature.clone())), "authorization"),
    ]
}

fn verify_draft(draft: &Draft) -> Result<(), TestCaseError> {
    let wire = draft.sign(martha());
    let accepted = wire.verdict();
    let accepted = accepted
        .map_err(|(error, rule)| TestCaseError::fail(format!("refused by {rule}: {}\n{draft:?}", error.reason())))?;
    prop_assert_eq!(accepted.body(), &draft.body[..]);
    prop_assert_eq!(accepted.access_key_id(), martha().access_key_id());
    prop_assert_eq!(accepted.authorization().signed_at().unix_seconds(), NOW);
    prop_assert_eq!(accepted.authorization().region_set().map(RegionSet::as_str), draft.region_set);
    let more = if draft.presigned.is_some() { tampered_query(&wire) } else { tampered_header(&wire) };
    for (what, wire, expected) in tampered(&wire, draft).into_iter().chain(more) {
        match wire.verdict() {
            Ok(_) => {
                return Err(TestCaseError::fail(format!("{what} was accepted\n{wire:?}")));
            }
            Err((error, rule)) => {
                prop_assert_eq!(rule, expected, "{}: {}", what, error.reason());
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_the_sdk_signs_is_accepted_and_nothing_of_it_can_be_changed(draft in drafts()) {
        verify_draft(&draft)?;
    }
}

proptest! {
    // Fewer: the SDK's elliptic curve takes its time in a build for tests.
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_the_sdk_signs_for_regions_is_accepted_and_nothing_of_it_can_be_changed(
        draft in drafts(),
        regions in prop_oneof![Just("eu-west-1"), Just("*"), Just("eu-*"), Just("us-east-1,eu-west-1"), Just("*-west-*")],
    ) {
        verify_draft(&draft.for_regions(regions))?;
    }
}

#[test]
fn every_use_the_sdks_make_is_accepted() {
    let drafts = [
        Draft::sts("Action=GetCallerIdentity&Version=2011-06-15"),
        Draft::get("sts", "/?Action=GetCallerIdentity&Version=2011-06-15").presigned(60),
        Draft::get("s3", "/cat-photos?list-type=2&prefix=photos%2F&encoding-type=url"),
        Draft::get("s3", "/cat-photos/photos/a%20cat%20%26%20a%20hat.svg"),
        Draft::get("s3", "/cat-photos//photos/../photos/./x"),
        Draft::put("/cat-photos/x", b"meow").header("x-amz-meta-name", "  two   spaces "),
        Draft::get("s3", "/cat-photos/x").presigned(604_800),
        Draft { payload: Some("UNSIGNED-PAYLOAD"), ..Draft::put("/cat-photos/x", b"meow") },
        Draft { token: Token::Signed, ..Draft::get("execute-api", "/a//b/./c%20d?x=%2F&x=1") },
    ];
    let asymmetric = drafts.clone().map(|draft| draft.for_regions("eu-west-1"));
    for draft in drafts.into_iter().chain(asymmetric) {
        if let Err((error, rule)) = draft.sign(martha()).verdict() {
            panic!("refused by {rule}: {}\n{draft:?}", error.reason());
        }
    }
}
