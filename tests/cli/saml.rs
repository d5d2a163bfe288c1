//! `daypass saml verify` against the demo identity provider, which shares no code with what it tests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use demo_idp::{AssertionRequest, Fault, Idp, ServiceProvider, User};
use serde_json::{Value, json};

use crate::{Folder, Ran, run, run_with};

const SP: &str = "https://sp.example/metadata";
const ACS: &str = "https://sp.example/acs";
const REQUEST: &str = "_request";

/// A response and the metadata of who signed it, in files.
struct Site {
    folder: Folder,
    metadata: String,
    response: String,
    entity_id: String,
}

impl Site {
    fn new(test: &str, request: AssertionRequest) -> Self {
        let idp = Idp::builder()
            .base_url("http://localhost:8100")
            .user(User::new("martha", "correct-horse").with_groups(["Admins", "Developers"]))
            .service_provider(ServiceProvider::new(SP, ACS))
            .build()
            .unwrap();
        let folder = Folder::new(test);
        let metadata = folder.file("idp.xml", idp.saml_metadata());
        let posted = idp.assertion_for(request).unwrap();
        let response = folder.file("response.b64", &posted);
        folder.file("response.xml", STANDARD.decode(posted).unwrap());
        folder.file("idp.pem", pem(&idp.saml_metadata()));
        Self { folder, metadata, response, entity_id: idp.saml_entity_id() }
    }

    fn answering(test: &str) -> Self {
        Self::new(test, AssertionRequest::new("martha").with_in_response_to(REQUEST))
    }

    fn file(&self, name: &str) -> String {
        format!("{}/{name}", self.folder.path())
    }

    fn verify(&self, more: &[&str]) -> Ran {
        let mut arguments = vec!["saml", "verify", "--idp-metadata", &self.metadata];
        arguments.extend(["--sp-entity-id", SP, "--acs-url", ACS]);
        arguments.extend(more);
        run(&arguments)
    }

    /// A line of a batch about this response, changed in one way.
    fn case(&self, id: impl Into<Value>, change: impl FnOnce(&mut Value)) -> String {
        let mut case = json!({
            "id": id.into(), "path": "response.xml", "idp_certs": ["idp.pem"], "sp_key": null,
            "idp_entity_id": self.entity_id, "sp_entity_id": SP, "acs_url": ACS, "request_id": REQUEST,
            "now": null, "policy": {}, "layer": "sso",
        });
        change(&mut case);
        format!("{case}\n")
    }
}

fn pem(metadata: &str) -> String {
    let (_, rest) = metadata.split_once("X509Certificate>").unwrap();
    let (body, _) = rest.split_once("</").unwrap();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", body.trim())
}

#[test]
fn a_good_response_is_accepted_with_every_check_and_nothing_but_plain_text() {
    let site = Site::answering("accept");
    let ran = site.verify(&["--request-id", REQUEST, &site.response]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.is_empty() && !ran.out.contains('\x1b'));
    assert!(ran.out.contains("passed       audience               saml-core 2.5.1.4\n"), "{}", ran.out);
    assert!(ran.out.contains(&format!("expected and found  {SP}\n")), "{}", ran.out);
    assert!(ran.out.contains("\naccepted martha\n") && ran.out.contains("attribute groups = Admins | Developers\n"));
}

#[test]
fn xml_base64_standard_input_and_a_bare_certificate_all_serve() {
    let site = Site::answering("forms");
    let (xml, pem) = (site.file("response.xml"), site.file("idp.pem"));
    assert_eq!(site.verify(&["--request-id", REQUEST, &xml]).code, 0);
    let of_certificate = ["saml", "verify", "--idp-certificate", &pem, "--idp-entity-id", &site.entity_id];
    let mut arguments = of_certificate.to_vec();
    arguments.extend(["--sp-entity-id", SP, "--acs-url", ACS, "--request-id", REQUEST]);
    for input in [&site.response, &xml] {
        let ran = run_with(&arguments, &std::fs::read_to_string(input).unwrap());
        assert_eq!(ran.code, 0, "{ran:?}");
    }
}

#[test]
fn a_bare_public_key_is_pinned_and_anything_else_in_its_file_is_refused() {
    let site = Site::answering("public-key");
    let certificate = std::fs::read_to_string(site.file("idp.pem")).unwrap();
    let body: String = certificate.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(body).unwrap();
    let (_, parsed) = x509_parser::parse_x509_certificate(&der).unwrap();
    let spki = STANDARD.encode(parsed.public_key().raw);
    let block = |label: &str, body: &str| format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
    let verify = |pem: &str| {
        let pem = site.folder.file("key.pem", pem);
        let mut arguments = vec!["saml", "verify", "--idp-certificate", &pem, "--idp-entity-id", &site.entity_id];
        arguments.extend(["--sp-entity-id", SP, "--acs-url", ACS, "--request-id", REQUEST, &site.response]);
        run(&arguments)
    };
    assert_eq!(verify(&block("PUBLIC KEY", &spki)).code, 0);
    // The same bytes with something behind them, another label, a cut block, and no block at all.
    let longer = STANDARD.encode([parsed.public_key().raw, &[0]].concat());
    for pem in [
        block("PUBLIC KEY", &longer),
        block("PUBLIC KEY", &spki) + &block("PRIVATE KEY", &spki),
        block("CERTIFICATE", &spki),
        format!("-----BEGIN PUBLIC KEY-----\n{spki}"),
        String::new(),
    ] {
        verify(&pem).refused_as_usage("the metadata holds a certificate that cannot be read");
    }
}

#[test]
fn one_identity_provider_is_picked_out_of_an_aggregate() {
    let site = Site::answering("aggregate");
    let one = std::fs::read_to_string(&site.metadata).unwrap();
    let one = one.split_once("?>").map_or(one.as_str(), |(_, rest)| rest);
    let other = one.replace(&site.entity_id, "https://other.example");
    let both = format!(
        "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">{one}{other}</md:EntitiesDescriptor>"
    );
    let aggregate = site.folder.file("aggregate.xml", both);
    let verify = |more: &[&str]| {
        let mut arguments =
            vec!["saml", "verify", "--idp-metadata", &aggregate, "--sp-entity-id", SP, "--acs-url", ACS];
        arguments.extend(["--request-id", REQUEST, &site.response]);
        arguments.extend(more);
        run(&arguments)
    };
    // Relaxed or not, it is the one that was named.
    assert_eq!(verify(&["--idp-entity-id", &site.entity_id]).code, 0);
    assert_eq!(verify(&["--idp-entity-id", &site.entity_id, "--allow", "sha1"]).code, 0);
    assert_eq!(verify(&["--idp-entity-id", "https://other.example"]).code, 1);
    verify(&[]).refused_as_usage("the metadata does not hold the identity provider that was asked for");
}

#[test]
fn a_refusal_names_the_check_in_text_and_in_json() {
    let site = Site::answering("refuse");
    let ran = site.verify(&["--request-id", "_another", &site.response]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("FAILED       in_response_to"), "{}", ran.out);
    assert!(ran.out.contains("\nrejected in_response_to: expected _another; found _request\n"), "{}", ran.out);
    assert!(ran.out.contains("not reached  audience "), "{}", ran.out);

    let answer = site.verify(&["--request-id", "_another", "--json", &site.response]).json();
    assert_eq!((&answer["verdict"], &answer["check"]), (&json!("reject"), &json!("in_response_to")));
    assert_eq!(
        (&answer["name_id"], &answer["attributes"], &answer["identity"]),
        (&json!(null), &json!(null), &json!(null))
    );
    let checks = answer["checks"].as_array().unwrap();
    let failed: Vec<_> = checks.iter().filter(|check| check["verdict"] == "failed").collect();
    assert_eq!(failed.len(), 1);
    assert_eq!((&failed[0]["expected"], &failed[0]["found"]), (&json!("_another"), &json!(REQUEST)));
    assert_eq!(failed[0]["section"], "saml-profiles 4.1.4.3");
}

#[test]
fn json_of_an_accepted_response_holds_the_identity() {
    let site = Site::answering("json");
    let answer = site.verify(&["--request-id", REQUEST, "--json", &site.response]).json();
    assert_eq!(
        (&answer["verdict"], &answer["check"], &answer["reason"]),
        (&json!("accept"), &json!(null), &json!(null))
    );
    assert_eq!(
        (&answer["name_id"], &answer["attributes"]["groups"]),
        (&json!("martha"), &json!(["Admins", "Developers"]))
    );
    assert_eq!(
        (&answer["identity"]["issuer"], &answer["identity"]["recipient"]),
        (&json!(site.entity_id), &json!(ACS))
    );
}

#[test]
fn the_instant_and_the_request_are_the_ones_that_were_given() {
    let site = Site::answering("instant");
    let late = site.verify(&["--request-id", REQUEST, "--now", "2099-01-01T00:00:00Z", "--json", &site.response]);
    assert_eq!((late.code, &late.json()["check"]), (1, &json!("confirmation_time")));
    let unasked = site.verify(&["--json", &site.response]);
    assert_eq!((unasked.code, &unasked.json()["check"]), (1, &json!("in_response_to")));
    assert_eq!(site.verify(&["--exchange", &site.response]).code, 0);

    let unsolicited = Site::new("unsolicited", AssertionRequest::new("martha"));
    assert_eq!(unsolicited.verify(&[&unsolicited.response]).code, 1);
    let allowed = unsolicited.verify(&["--allow", "unsolicited", "--json", &unsolicited.response]);
    assert_eq!((allowed.code, &allowed.json()["relaxations"]), (0, &json!(["unsolicited"])));
    assert_eq!(allowed.json()["relaxed"], json!(["unsolicited"]));
}

#[test]
fn a_forged_response_is_refused_by_its_signature() {
    let request = AssertionRequest::new("martha").with_in_response_to(REQUEST).with_fault(Fault::WrongKey);
    let site = Site::new("forged", request);
    let ran = site.verify(&["--request-id", REQUEST, "--json", &site.response]);
    assert_eq!((ran.code, &ran.json()["check"]), (1, &json!("signature")));
}

#[test]
fn demands_beyond_the_profile_are_met_or_refuse() {
    let site = Site::answering("require");
    let ran =
        site.verify(&["--request-id", REQUEST, "--authn-context", "urn:example:strong", "--json", &site.response]);
    assert_eq!((ran.code, &ran.json()["check"]), (1, &json!("authn_context")));
    site.verify(&["--clock-skew", "301", &site.response]).refused_as_usage("301 is not in 0..=300");
}

#[test]
fn what_cannot_be_used_is_named_and_is_no_verdict() {
    let site = Site::answering("usage");
    let nowhere = site.file("nowhere.xml");
    site.verify(&[&nowhere]).refused_as_usage(&format!("cannot read {nowhere}: No such file"));
    site.verify(&["--now", "yesterday", &site.response]).refused_as_usage("--now <TIME>");
    site.verify(&["--allow", "md5", &site.response]).refused_as_usage("cbc_in_unsigned_responses");
    site.verify(&["--decryption-key", &site.metadata, &site.response]).refused_as_usage("idp.xml: not a usable key");
    site.verify(&["--batch", &site.response]).refused_as_usage("cannot be used with");
    run(&["saml", "verify", &site.response]).refused_as_usage("--idp-metadata: missing");
    let pem = site.file("idp.pem");
    run(&["saml", "verify", "--idp-certificate", &pem]).refused_as_usage("--idp-entity-id: missing");
    run(&["saml", "verify", "--idp-metadata", &pem]).refused_as_usage("idp.pem: metadata: expected");
    run(&["saml", "verify", "--idp-metadata", &site.metadata]).refused_as_usage("--sp-entity-id: missing");
}

#[test]
fn a_batch_answers_in_order_and_says_which_lines_it_could_not_use() {
    let site = Site::answering("batch");
    let lines = [
        site.case("good", |_| {}),
        site.case(2, |case| case["sp_entity_id"] = json!("https://other.example")),
        "not json\n".to_owned(),
        "\n".to_owned(),
        site.case("gone", |case| case["path"] = json!("gone.xml")),
        site.case("late", |case| case["now"] = json!("2099-01-01T00:00:00Z")),
        site.case("no instant", |case| case["now"] = json!("soon")),
        site.case("again", |case| case["path"] = json!("response.b64")),
    ];
    let cases = site.folder.file("cases.jsonl", lines.concat());
    let expected = [
        (json!("good"), "accept", json!(null)),
        (json!(2), "reject", json!("audience")),
        (json!(null), "reject", json!("input")),
        (json!("gone"), "reject", json!("input")),
        (json!("late"), "reject", json!("confirmation_time")),
        (json!("no instant"), "reject", json!("input")),
        (json!("again"), "accept", json!(null)),
    ];
    let from_file = run(&["saml", "verify", "--batch", &cases]);
    let piped = run_with(&["saml", "verify", "--batch", "--root", site.folder.path()], &lines.concat());
    for ran in [from_file, piped] {
        let answers: Vec<_> = ran.lines();
        let found: Vec<_> =
            answers.iter().map(|a| (a["id"].clone(), a["verdict"].as_str().unwrap(), a["check"].clone())).collect();
        assert_eq!(found, expected);
        assert_eq!((ran.code, ran.err.as_str()), (2, "daypass: 3 of 7 lines could not be judged\n"));
        assert_eq!(answers[0]["attributes"]["groups"], json!(["Admins", "Developers"]));
        assert!(answers[0].get("checks").is_none());
        assert!(answers[2]["reason"].as_str().unwrap().starts_with("line 3: expected a JSON object"), "{}", answers[2]);
        assert!(answers[3]["reason"].as_str().unwrap().starts_with("path: cannot read "), "{}", answers[3]);
        assert!(answers[5]["reason"].as_str().unwrap().starts_with("now: expected RFC 3339"), "{}", answers[5]);
    }
}

#[test]
fn a_batch_refuses_what_a_policy_asks_for_and_the_library_does_not_have() {
    let site = Site::answering("policies");
    let with = |id: &str, policy: Value| site.case(id, |case| case["policy"] = policy);
    let lines = [
        with("known", json!({"allow_sha1": true, "allow_cbc": false, "allow_3des": false, "clock_skew_s": 180})),
        with("allow_3des", json!({"allow_3des": true})),
        with("want_assertion_signed", json!({"want_assertion_signed": true})),
        with("clock_skew_s", json!({"clock_skew_s": 301})),
        with("not a switch", json!({"allow_sha1": "yes"})),
    ];
    let ran = run_with(&["saml", "verify", "--batch", "--root", site.folder.path()], &lines.concat());
    let answers = ran.lines();
    assert_eq!(answers[0]["verdict"], "accept");
    for answer in &answers[1..4] {
        let (id, reason) = (answer["id"].as_str().unwrap(), answer["reason"].as_str().unwrap());
        assert_eq!((answer["verdict"].as_str(), answer["check"].as_str()), (Some("reject"), Some("policy")));
        assert!(reason.starts_with(&format!("{id}: ")), "{reason}");
    }
    assert_eq!(answers[4]["reason"], "policy.allow_sha1: expected true or false");
    assert_eq!((answers[4]["check"].as_str(), ran.code), (Some("input"), 2));
}

#[test]
fn a_batch_explains_when_asked() {
    let site = Site::answering("explain");
    let ran =
        run_with(&["saml", "verify", "--batch", "--explain", "--root", site.folder.path()], &site.case(1, |_| {}));
    let answers = ran.lines();
    let checks = answers[0]["checks"].as_array().unwrap();
    assert!(checks.iter().any(|check| check["name"] == "digest" && check["verdict"] == "passed"), "{checks:?}");
    assert_eq!(ran.code, 0);
}

#[test]
fn canonical_bytes_are_the_ones_whose_digest_was_signed() {
    let site = Site::answering("canonicalize");
    let xml = std::fs::read_to_string(site.file("response.xml")).unwrap();
    let (_, reference) = xml.split_once("Reference URI=\"#").unwrap();
    let (id, rest) = reference.split_once('"').unwrap();
    let (_, value) = rest.split_once("DigestValue>").unwrap();
    let (signed, _) = value.split_once('<').unwrap();
    // Of the XML and of the form value; exactly the bytes, without a line end.
    for input in [site.file("response.xml"), site.response.clone()] {
        let canonicalize = ["saml", "canonicalize", "--id", id];
        let answer = run(&[&canonicalize[..], &["--json", &input]].concat()).json();
        assert_eq!(answer["sha256"], signed);
        let ran = run(&[&canonicalize[..], &[&input]].concat());
        assert_eq!((ran.code, ran.out.as_str()), (0, answer["canonical"].as_str().unwrap()));
    }
    let nobody = run(&["saml", "canonicalize", "--id", "_nobody", &site.response]);
    nobody.refused_as_usage("reference: expected an element whose ID is _nobody; found nothing");
    run_with(&["saml", "canonicalize"], "<a>\u{e9}").refused_as_usage("standard input: well_formed: ");
    let listed = run_with(&["saml", "canonicalize", "--prefix-list", "p, q"], "<a xmlns:p='urn:p' xmlns:q='urn:q'/>");
    assert_eq!(listed.out, r#"<a xmlns:p="urn:p" xmlns:q="urn:q"></a>"#);
}

#[test]
fn a_batch_of_documents_is_canonicalized_in_order() {
    let lines = [
        json!({"id": 1, "xml": "<a xmlns:p='urn:p'><p:b ID='x'/></a>", "element_id": "x", "prefixes": []}),
        json!({"id": 2, "xml": "<a xmlns:p='urn:p'/>", "prefixes": ["p"]}),
        json!({"id": 3, "xml": "<a><!-- --></a>"}),
        json!({"id": 4}),
    ];
    let ran = run_with(&["saml", "canonicalize", "--batch"], &lines.map(|line| format!("{line}\n")).concat());
    let answers = ran.lines();
    assert_eq!(answers[0]["canonical"], r#"<p:b xmlns:p="urn:p" ID="x"></p:b>"#);
    assert_eq!(answers[1]["canonical"], r#"<a xmlns:p="urn:p"></a>"#);
    assert_eq!((&answers[2]["canonical"], &answers[2]["check"]), (&json!(null), &json!("comment")));
    assert_eq!((&answers[3]["id"], &answers[3]["check"], ran.code), (&json!(4), &json!("input"), 2));
}

#[test]
fn a_refusal_says_what_usually_lies_behind_it_and_whom_to_ask() {
    let site = Site::answering("hint");
    let other = site.folder.file("other.xml", std::fs::read_to_string(&site.metadata).unwrap());
    let arguments =
        ["saml", "verify", "--idp-metadata", &other, "--sp-entity-id", "https://another.example", "--acs-url", ACS];
    let ran = run(&[&arguments[..], &["--request-id", REQUEST, &site.response]].concat());
    assert!(
        ran.out.contains("\nrejected audience: expected https://another.example; found https://sp.example/metadata\n")
    );
    assert!(ran.out.contains("usual cause  our entity id at the identity provider"), "{}", ran.out);
    assert!(ran.out.contains("ask          whoever configured the two sides"), "{}", ran.out);
    let at = |text: &str| ran.out.find(text).unwrap_or_else(|| panic!("{text}: {}", ran.out));
    assert!(at("The document\n") < at("doctype") && at("The signature\n") < at("digest"));
    assert!(at("digest") < at("The assertion,") && at("The assertion,") < at("FAILED       audience"));
    // The signature was good, and what it covers is known.
    assert!(ran.out.contains("\nsigned: Assertion "), "{}", ran.out);
    let json = run(&[&arguments[..], &["--request-id", REQUEST, "--json", &site.response]].concat()).json();
    assert_eq!(json["signed"][0]["element"], "Assertion");
    assert!(json["hint"]["ask"].as_str().unwrap().starts_with("whoever"));
}

#[test]
fn the_signed_parts_of_the_document_are_marked() {
    let site = Site::answering("marked");
    let xml = std::fs::read_to_string(site.file("response.xml")).unwrap();
    let ran = site.verify(&["--request-id", REQUEST, "--show-signed", &site.response]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let unmarked = ran.out.replace(['⟦', '⟧'], "");
    assert!(unmarked.contains(xml.trim_end()), "{}", ran.out);
    let (_, signed) = ran.out.split_once('⟦').unwrap();
    let (signed, _) = signed.split_once('⟧').unwrap();
    assert!(signed.starts_with("<saml") && !signed.contains("SignatureValue"), "{signed}");
    let json = site.verify(&["--request-id", REQUEST, "--json", &site.response]).json();
    let range = &json["signed"][0]["bytes"][0];
    let (start, end) = (range["start"].as_u64().unwrap(), range["end"].as_u64().unwrap());
    let (start, end) = (usize::try_from(start).unwrap(), usize::try_from(end).unwrap());
    assert_eq!(xml.get(start..end), Some(signed));
}

#[test]
fn relaxations_are_told_apart_by_whether_they_were_needed() {
    let site = Site::answering("needed");
    let xml = std::fs::read_to_string(site.file("response.xml")).unwrap();
    let sectioned = site.folder.file("sectioned.xml", xml.replacen(">martha</", "><![CDATA[martha]]></", 1));
    let allow = ["--request-id", REQUEST, "--allow", "sha1,cdata"];
    let ran = site.verify(&[&allow[..], &[&sectioned]].concat());
    assert!(ran.out.contains("\nrelaxed: sha1 (not needed), cdata (needed)\n"), "{}", ran.out);
    let json = site.verify(&[&allow[..], &["--json", &sectioned]].concat()).json();
    assert_eq!((&json["relaxed"], &json["relaxations"]), (&json!(["cdata"]), &json!(["sha1", "cdata"])));
}
