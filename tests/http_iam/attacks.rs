//! Attacks by those who may call: reading what they may not, and taking the service's time and memory.

use std::sync::Arc;

use daypass::http::iam::Iam;
use daypass::iam::{Account, Limits};
use daypass::{Broker, Keyring, Role};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::caller::{Keys, serve};
use crate::issuer;
use crate::site::{ACCOUNT, Site, allow, arn, policy, trust};

const ELSEWHERE: &str = "222222222222";

/// What is decided of an S3 action for `caller` by a policy that asks for a tag of this value.
async fn decided(site: &Site, who: &Keys, caller: &str, value: &str) -> String {
    let statement = json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*",
        "Condition": {"StringLike": {"aws:PrincipalTag/project": value}}});
    let asked = [
        ("PolicyInputList.member.1", &*policy(&statement)),
        ("ActionNames.member.1", "s3:GetObject"),
        ("CallerArn", caller),
    ];
    let reply = site.iam_as(who, "SimulateCustomPolicy", &asked).await;
    reply.text("EvalDecision").unwrap_or_else(|| panic!("{}", reply.body)).to_owned()
}

#[tokio::test]
async fn a_simulation_tells_no_tags_of_another_accounts_user() {
    let site = Site::start().await;
    let furnish = |account: &mut Account, limits: &Limits| {
        account.create_user(limits, &"rosa".parse()?, "/".parse()?, issuer::now())?;
        account.tag_user(limits, "rosa", [("project".to_owned(), "merger".to_owned())].into())
    };
    site.broker.registry().update(&ELSEWHERE.parse().unwrap(), furnish).unwrap();
    // Whoever may do everything may do it in one account.
    let who = site.session_with("worker", &allow("*")).await;
    assert_eq!(decided(&site, &who, &format!("arn:aws:iam::{ELSEWHERE}:user/rosa"), "m*").await, "implicitDeny");
}

#[tokio::test]
async fn a_simulation_tells_tags_to_those_who_may_read_them() {
    let site = Site::start().await;
    let tagged = [("UserName", "martha"), ("Tags.member.1.Key", "project"), ("Tags.member.1.Value", "merger")];
    site.done("CreateUser", &tagged).await;
    let martha = arn("user/martha");
    let stranger = site.session_with("worker", &allow("iam:SimulateCustomPolicy")).await;
    assert_eq!(decided(&site, &stranger, &martha, "m*").await, "implicitDeny");
    let reader = policy(&json!({"Effect": "Allow", "Action": ["iam:SimulateCustomPolicy", "iam:GetUser"],
        "Resource": "*"}));
    let reader = site.session_with("reader", &reader).await;
    assert_eq!(decided(&site, &reader, &martha, "m*").await, "allowed");
}

/// What simulating `sts:AssumeRole` on `role` answers.
async fn assuming(site: &Site, who: &Keys, role: &str) -> String {
    let everything = allow("*");
    let asked = [
        ("PolicyInputList.member.1", everything.as_str()),
        ("ActionNames.member.1", "sts:AssumeRole"),
        ("ResourceArns.member.1", role),
    ];
    let reply = site.iam_as(who, "SimulateCustomPolicy", &asked).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body
}

#[tokio::test]
async fn a_simulation_tells_no_trust_of_another_accounts_role() {
    let site = Site::start().await;
    let trust = policy(&json!({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:PrincipalTag/secret-project": "merger"}}}));
    let role = format!("arn:aws:iam::{ELSEWHERE}:role/vault");
    site.broker
        .registry()
        .configure_role(Role::new(role.parse().unwrap(), trust.parse().unwrap()).unwrap(), issuer::now());
    let who = site.session_with("worker", &allow("*")).await;
    let told = assuming(&site, &who, &role).await;
    assert!(!told.contains("secret-project") && !told.contains("Resource Policy"), "{told}");
}

#[tokio::test]
async fn a_simulation_tells_trust_to_those_who_may_read_it() {
    let site = Site::start().await;
    site.create_role("vault", &trust(&json!({"AWS": ACCOUNT}))).await;
    let vault = arn("role/vault");
    let stranger = site.session_with("worker", &allow("iam:SimulateCustomPolicy")).await;
    assert!(!assuming(&site, &stranger, &vault).await.contains("Resource Policy"));
    let reader = policy(&json!({"Effect": "Allow", "Action": ["iam:SimulateCustomPolicy", "iam:GetRole"],
        "Resource": "*"}));
    let reader = site.session_with("reader", &reader).await;
    assert!(assuming(&site, &reader, &vault).await.contains("Resource Policy"));
}

#[tokio::test]
async fn nothing_is_parsed_for_those_who_may_not_simulate() {
    let site = Site::start().await;
    let who = site.session_with("worker", &allow("s3:*")).await;
    let everything = allow("*");
    let source = arn("role/worker");
    for (operation, list) in [
        ("SimulateCustomPolicy", "PermissionsBoundaryPolicyInputList.member.1"),
        ("SimulatePrincipalPolicy", "PolicyInputList.member.2"),
    ] {
        let asked = [
            ("PolicyInputList.member.1", everything.as_str()),
            ("PolicySourceArn", source.as_str()),
            (list, "{"),
            ("ActionNames.member.1", "s3:GetObject"),
        ];
        let reply = site.iam_as(&who, operation, &asked).await;
        assert_eq!(reply.text("Code"), Some("AccessDenied"), "{}", reply.body);
    }
}

#[tokio::test]
async fn a_page_of_decisions_is_the_shorter_the_longer_the_policies_are() {
    let site = Site::start().await;
    let long = format!("{}{}", " ".repeat(130_000), allow("s3:GetObject"));
    let actions: Vec<_> = (1..=50).map(|place| format!("ActionNames.member.{place}")).collect();
    let mut asked = vec![
        ("PolicyInputList.member.1", long.as_str()),
        ("ResourceArns.member.1", "arn:aws:s3:::photos/a"),
        ("ResourceArns.member.2", "arn:aws:s3:::photos/b"),
    ];
    asked.extend(actions.iter().map(|name| (name.as_str(), "s3:GetObject")));
    let (mut told, mut pages, mut marker) = (0, 0, None);
    loop {
        let mut next = asked.clone();
        next.extend(marker.as_deref().map(|marker| ("Marker", marker)));
        let reply = site.done("SimulateCustomPolicy", &next).await;
        let decisions = reply.body.matches("<EvalResourceDecision>").count();
        assert!((1..=40).contains(&decisions), "{decisions} decisions on one page");
        (told, pages) = (told + decisions, pages + 1);
        marker = reply.text("Marker").map(str::to_owned);
        assert_eq!(reply.text("IsTruncated"), Some(if marker.is_some() { "true" } else { "false" }));
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(told, 100, "on {pages} pages");
}

#[tokio::test]
async fn what_is_compared_is_bounded() {
    let site = Site::start().await;
    let everything = allow("*");
    let (value, resource, action) =
        ("v".repeat(17_000), format!("arn:aws:s3:::{}", "a".repeat(2048)), format!("s3:{}", "a".repeat(126)));
    let base = [("PolicyInputList.member.1", everything.as_str())];
    let entry = [
        ("ActionNames.member.1", "s3:GetObject"),
        ("ContextEntries.member.1.ContextKeyName", "aws:username"),
        ("ContextEntries.member.1.ContextKeyType", "string"),
        ("ContextEntries.member.1.ContextKeyValues.member.1", value.as_str()),
    ];
    let (_, _, message) = site.refused("SimulateCustomPolicy", &[&base[..], &entry].concat()).await;
    assert!(message.contains("16384 characters together"), "{message}");
    let entry = [("ActionNames.member.1", "s3:GetObject"), ("ResourceArns.member.1", resource.as_str())];
    let (_, _, message) = site.refused("SimulateCustomPolicy", &[&base[..], &entry].concat()).await;
    assert!(message.starts_with("ResourceArns:"), "{message}");
    let entry = [("ActionNames.member.1", action.as_str())];
    let (_, _, message) = site.refused("SimulateCustomPolicy", &[&base[..], &entry].concat()).await;
    assert!(message.starts_with("ActionNames:"), "{message}");
}

#[tokio::test]
async fn a_slip_in_a_code_is_not_repeated() {
    let site = Site::start().await;
    let asked = [
        ("UserName", "martha"),
        ("SerialNumber", "arn:aws:iam::111111111111:mfa/martha"),
        ("AuthenticationCode1", "1234567"),
        ("AuthenticationCode2", "654321"),
    ];
    let reply = site.iam("EnableMFADevice", &asked).await;
    assert_eq!(reply.status, 400, "{}", reply.body);
    assert!(!reply.body.contains("1234567"), "{}", reply.body);
}

/// Sixteen megabytes are taken in of nobody whose request cannot turn out authentic: here nobody has the key.
#[tokio::test]
async fn a_large_body_of_nobody_is_not_waited_for() {
    let broker = Arc::new(Broker::new(Keyring::generate().unwrap()));
    let now = broker.now().to_string().replace(['-', ':'], "");
    let (time, day) = (now.split(['.', 'Z']).next().unwrap(), now.get(..8).unwrap());
    let url = serve(Iam::new(broker).router()).await;
    let address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let signature = "0".repeat(64);
    for authorization in [
        format!(
            "authorization: AWS4-HMAC-SHA256 Credential=AKIAAAAAAAAAAAAAAAAA/{day}/eu-west-1/iam/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature={signature}\r\n"
        ),
        String::new(),
    ] {
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        let head = format!(
            "POST / HTTP/1.1\r\nhost: broker.example\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: 15728640\r\nx-amz-date: {time}Z\r\n{authorization}\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // Whoever waits for the body waits for ever.
        let mut answer = vec![0; 2048];
        let read = stream.read(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
        let expected = if authorization.is_empty() { "MissingAuthentication" } else { "InvalidClientTokenId" };
        assert!(answer.contains(expected), "{answer}");
    }
}
