//! `daypass mapping check`, and `--mapping` where an identity is judged.

use demo_idp::{AssertionRequest, Idp, ServiceProvider, User};
use serde_json::json;

use crate::{Folder, Ran, run, run_with};

const SP: &str = "https://sp.example/metadata";
const ACS: &str = "https://sp.example/acs";
const READER: &str = "arn:aws:iam::111111111111:role/PhotoReader";
const AUDIENCE: &str = "sts.example";

const MAPPING: &str = r#"{"version": 1, "rules": [
  {"name": "readers", "when": {"attribute": "groups", "any_of": "Developers"},
   "roles": "arn:aws:iam::111111111111:role/PhotoReader", "session_duration": 3600},
  {"name": "admins", "when": {"attribute": "groups", "any_of": ["Root"]},
   "roles": "arn:aws:iam::111111111111:role/Admin"}],
  "session_name": {"from": "email", "transform": "local_part"},
  "tags": {"Source": "demo"}}"#;

fn idp() -> Idp {
    let martha = User::new("martha", "correct-horse").with_groups(["Developers"]).with_email("m.rivera@example.com");
    let idp = Idp::builder().base_url("http://localhost:8100").user(martha);
    idp.service_provider(ServiceProvider::new(SP, ACS)).build().unwrap()
}

struct Site {
    folder: Folder,
    metadata: String,
    response: String,
}

impl Site {
    fn new(test: &str) -> Self {
        let (folder, idp) = (Folder::new(test), idp());
        let metadata = folder.file("idp.xml", idp.saml_metadata());
        let request = AssertionRequest::new("martha").with_in_response_to("_request");
        let response = folder.file("response.b64", idp.assertion_for(request).unwrap());
        Self { folder, metadata, response }
    }

    fn verify(&self, mapping: &str, more: &[&str]) -> Ran {
        let mapping = self.folder.file("mapping.json", mapping);
        let mut arguments = vec!["saml", "verify", "--idp-metadata", &self.metadata, "--sp-entity-id", SP];
        arguments.extend(["--acs-url", ACS, "--request-id", "_request", "--mapping", &mapping, &self.response]);
        arguments.extend(more);
        run(&arguments)
    }
}

#[test]
fn a_person_reads_which_role_by_which_rule() {
    let ran = Site::new("mapped").verify(MAPPING, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for line in [
        "rule \"readers\" applies: groups to hold any of Developers\n",
        "rule \"admins\" gives nothing\n  expected  groups to hold any of Root\n  found     Developers\n",
        "  session_name             m.rivera (from email)\n",
        "  tags[\"Source\"]           demo (from the document)\n",
        &format!("role {READER} for 3600 s (by readers)\n"),
    ] {
        assert!(ran.out.contains(line), "{line}{}", ran.out);
    }
}

#[test]
fn a_person_without_a_role_is_refused_with_the_reason() {
    let site = Site::new("unmapped");
    let ran = site.verify(&MAPPING.replace("Developers", "Support"), &[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.ends_with("no role no rule of the mapping applies\n"), "{}", ran.out);
    let ran = site.verify(&MAPPING.replace("\"email\"", "\"upn\""), &[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("session_name: expected a value of upn, found none"), "{}", ran.out);
}

#[test]
fn machines_read_the_same_in_json_and_in_a_batch() {
    let site = Site::new("mapped-json");
    let answer = site.verify(MAPPING, &["--json"]).json();
    let mapping = &answer["mapping"];
    assert_eq!(mapping["roles"], json!([{"role": READER, "rules": ["readers"], "session_duration": 3600}]));
    assert_eq!((&mapping["role_session_name"], &mapping["tags"]["Source"]), (&json!("m.rivera"), &json!("demo")));
    assert_eq!(mapping["rules"][1]["found"], "Developers");

    let metadata = std::fs::read_to_string(&site.metadata).unwrap();
    let (_, rest) = metadata.split_once("X509Certificate>").unwrap();
    let (body, _) = rest.split_once("</").unwrap();
    site.folder.file("idp.pem", format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", body.trim()));
    let line = |request: &str| {
        json!({"id": request, "path": "response.b64", "idp_certs": ["idp.pem"], "sp_entity_id": SP, "acs_url": ACS,
            "idp_entity_id": idp().saml_entity_id(), "request_id": request})
    };
    let mapping = site.folder.file("mapping.json", MAPPING);
    let batch = ["saml", "verify", "--batch", "--root", site.folder.path(), "--mapping", &mapping];
    let answers = run_with(&batch, &format!("{}\n{}\n", line("_request"), line("_other"))).lines();
    assert_eq!(answers[0]["mapping"]["roles"][0]["role"], READER, "{}", answers[0]);
    assert_eq!((&answers[1]["verdict"], answers[1].get("mapping")), (&json!("reject"), None));
}

#[tokio::test]
async fn claims_are_mapped_as_attributes_are() {
    let martha = User::new("martha", "correct-horse").with_groups(["Developers"]).with_email("m.rivera@example.com");
    let idp = Idp::builder().user(martha).audience(AUDIENCE).start().await.unwrap();
    let served = reqwest::get(format!("{}/jwks", idp.base_url())).await.unwrap().text().await.unwrap();
    let folder = Folder::new("mapped-token");
    let mapping = folder.file("mapping.json", MAPPING);
    let jwks = folder.file("jwks.json", served);
    let token = idp.id_token("martha", AUDIENCE).unwrap();
    let verify = |purpose: &str| {
        let mut arguments = vec!["jwt", "verify", "--issuer", idp.issuer(), "--audience", AUDIENCE, "--jwks", &jwks];
        arguments.extend(["--use", purpose, "--mapping", &mapping]);
        run_with(&arguments, &token)
    };
    let ran = verify("workload");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains(&format!("role {READER} for 3600 s (by readers)\n")), "{}", ran.out);
    verify("signature").refused_as_usage("--mapping: a bare signature is about nobody");
}

#[test]
fn a_mapping_that_cannot_be_read_is_no_verdict() {
    let ran = Site::new("unreadable").verify("{\"version\": 1, \"rules\": [], \"role\": 1}", &[]);
    ran.refused_as_usage("mapping.json: line 1, column 29: there is no field role");
}

#[test]
fn documents_are_checked_by_themselves() {
    let folder = Folder::new("mapping-check");
    let good = folder.file("good.json", MAPPING);
    let odd = folder.file("odd.json", MAPPING.replace("\"any_of\": \"Developers\"", "\"matches\": \"*\""));
    let bad = folder.file("bad.json", MAPPING.replace("\"any_of\"", "\"anyof\""));
    let ran = run(&["mapping", "check", &good]);
    assert_eq!((ran.code, &*ran.out), (0, &*format!("valid {good}: mapping document\n")), "{ran:?}");
    let ran = run(&["mapping", "check", &odd]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains(&format!("odd  {odd}:2:3: readers gives its roles to everyone")), "{}", ran.out);
    assert_eq!(run(&["mapping", "check", "--strict", &odd]).code, 1);
    let ran = run(&["mapping", "check", &good, &bad]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains(&format!("not valid {bad}:2:55: there is no field rules[0].when.anyof; ")), "{}", ran.out);
    let lines = run(&["mapping", "check", "--json", &odd, &bad]).lines();
    assert_eq!((&lines[0]["valid"], &lines[0]["findings"][0]["at"]["line"]), (&json!(true), &json!(2)));
    assert_eq!((&lines[1]["valid"], &lines[1]["column"]), (&json!(false), &json!(55)));
}

#[test]
fn the_samples_are_valid_and_strictly_so() {
    let folder = format!("{}/examples/mappings", env!("CARGO_MANIFEST_DIR"));
    let paths: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().display().to_string()).collect();
    let mut arguments = vec!["mapping", "check", "--strict"];
    arguments.extend(paths.iter().map(String::as_str).filter(|path| path.ends_with(".json")));
    assert_eq!(run(&arguments).code, 0);
}
