//! Runs each example by itself and holds it to what its header promises.

#[expect(dead_code, reason = "main and what serves people are for `cargo run --example`")]
#[path = "../examples/end_to_end.rs"]
mod end_to_end;
#[expect(dead_code, reason = "main and what serves people are for `cargo run --example`")]
#[path = "../examples/group_mapping.rs"]
mod group_mapping;
#[expect(dead_code, reason = "main and what serves people are for `cargo run --example`")]
#[path = "../examples/resource_server.rs"]
mod resource_server;
#[expect(dead_code, reason = "main and what serves people are for `cargo run --example`")]
#[path = "../examples/sign_in.rs"]
mod sign_in;
#[expect(dead_code, reason = "main and what serves people are for `cargo run --example`")]
#[path = "../examples/signed_requests.rs"]
mod signed_requests;

#[tokio::test]
async fn an_application_greets_whoever_signed_in_by_either_protocol() {
    let greetings = sign_in::once().await.unwrap();
    let ways = ["/signin/saml/corp", "/signin/oidc/partner", "martha@partner.example"];
    assert_eq!(greetings, ways.map(|way| format!("{way}: Hello martha of Admins and Developers.")));
}

#[test]
fn an_application_adds_sign_in_by_either_protocol_in_under_20_lines() {
    let source = include_str!("../examples/sign_in.rs");
    let (_, own) = source.split_once("// The application.\n").unwrap();
    let (own, _) = own.split_once("// What is around it").unwrap();
    let lines = own.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with("//")).count();
    assert!(own.contains("with_saml") && own.contains("with_relying_party") && own.contains("guard"));
    assert!((10..20).contains(&lines), "{lines} lines");
}

#[tokio::test]
async fn groups_become_roles_by_a_document_and_the_reasons_are_told() {
    let told = group_mapping::once().await.unwrap();
    let [martha, assumed, sam, refused] = told.try_into().unwrap();
    assert!(
        martha.starts_with("martha: by group name: gives arn:aws:iam::111111111111:role/PhotoEditor; "),
        "{martha}"
    );
    assert!(assumed.contains("assumed-role/PhotoEditor/m.rivera until "), "{assumed}");
    assert!(sam.contains("admins: expected groups to hold any of Admins, found Everyone"), "{sam}");
    assert!(refused.starts_with("sam is refused: ") && refused.contains("does not list"), "{refused}");
}

#[tokio::test]
async fn a_service_lets_signed_and_permitted_requests_through() {
    let answers = signed_requests::once().await.unwrap();
    let [read, write, foreign, tampered, unsigned] = answers.try_into().unwrap();
    let martha = "arn:aws:sts::123456789012:assumed-role/author/martha";
    assert!(read.0 == 200 && read.1.starts_with(&format!("a note, read by {martha} (statement ReadAll")), "{read:?}");
    assert_eq!(write, (200, format!("4 bytes, written by {martha}\n")));
    for (answer, code) in
        [(foreign, "AccessDenied"), (tampered, "SignatureDoesNotMatch"), (unsigned, "MissingAuthenticationToken")]
    {
        assert!(answer.0 == 403 && answer.1.contains(&format!("\"code\":\"{code}\"")), "{answer:?}");
    }
}

#[tokio::test]
async fn a_server_elsewhere_verifies_with_keys_that_it_asks_for() {
    let told = resource_server::once().await.unwrap();
    let [report, again, denied, forged, elsewhere] = told.try_into().unwrap();
    assert!(report.starts_with("200 report q3 for arn:aws:sts::123456789012:assumed-role/analyst/martha"), "{report}");
    assert!(again.starts_with("200 report q4 "), "{again}");
    assert!(denied.starts_with("403 ") && denied.contains("AccessDenied"), "{denied}");
    assert!(forged.starts_with("403 ") && forged.contains("SignatureDoesNotMatch"), "{forged}");
    assert!(elsewhere.starts_with("the broker refuses the key of another service: 403"), "{elsewhere}");
}
