//! What a session has room for, and how long its token is.

use serde_json::json;

use crate::site::{ACCOUNT, MEMBER, Signer, Site, allow, policy, trust};

/// What a pod of a cluster was recorded to pass on, every tag transitive.
const POD: [(&str, &str); 6] = [
    ("eks-cluster-arn", "arn:aws:eks:us-west-2:823571991546:cluster/eksworkshop-eksctl"),
    ("eks-cluster-name", "eksworkshop-eksctl"),
    ("kubernetes-namespace", "app1"),
    ("kubernetes-service-account", "default"),
    ("kubernetes-pod-name", "app1-v1-56b9f94b4-dvd5c"),
    ("kubernetes-pod-uid", "376f3cff-44fe-4a00-b9d4-970555f311d3"),
];

async fn site() -> (Site, Signer, String) {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["*"]));
    let open = trust(ACCOUNT, &["sts:AssumeRole", "sts:TagSession"], &json!({}));
    let open = site.role(ACCOUNT, "open", &open, &allow(&["*"]));
    (site, martha, open)
}

/// AssumeRole with these tags, all or none of them transitive.
async fn tagged(
    site: &Site,
    signer: &Signer,
    role: &str,
    tags: &[(&str, &str)],
    transitive: bool,
) -> crate::site::Reply {
    let mut asked = Vec::new();
    for (number, (key, value)) in (1..).zip(tags) {
        asked.push((format!("Tags.member.{number}.Key"), *key));
        asked.push((format!("Tags.member.{number}.Value"), *value));
        if transitive {
            asked.push((format!("TransitiveTagKeys.member.{number}"), *key));
        }
    }
    let asked: Vec<(&str, &str)> = asked.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    site.assume(signer, role, &asked).await
}

#[tokio::test]
async fn tags_that_a_session_inherits_take_the_room_that_they_took_at_first() {
    let (site, martha, open) = site().await;
    let first = tagged(&site, &martha, &open, &POD, true).await;
    assert_eq!(first.text("PackedPolicySize"), "61");
    let chained = first.credentials();
    assert_eq!(site.assume(&chained, &open, &[]).await.text("PackedPolicySize"), "61");
    let more = tagged(&site, &chained, &open, &[("stage", "production")], false).await;
    assert_eq!(more.text("PackedPolicySize"), "65");
    let refused = tagged(&site, &chained, &open, &[("stage", &"x".repeat(250))], false).await;
    let sentence = "Packed size of session tags consumes 117% of allotted space.".to_owned();
    assert_eq!(refused.refusal(), (400, "PackedPolicyTooLarge", sentence));
}

#[tokio::test]
async fn policies_and_tags_share_one_room_and_what_does_not_fit_is_named() {
    let (site, martha, open) = site().await;
    let own = policy(&json!({"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}));
    let alone: usize = site.assume(&martha, &open, &[("Policy", &own)]).await.text("PackedPolicySize").parse().unwrap();
    let value = "v".repeat(256);
    let tags = [("Tags.member.1.Key", "k"), ("Tags.member.1.Value", value.as_str())];
    let tags_alone: usize = site.assume(&martha, &open, &tags).await.text("PackedPolicySize").parse().unwrap();
    let both = [&tags[..], &[("Policy", &own)]].concat();
    let together: usize = site.assume(&martha, &open, &both).await.text("PackedPolicySize").parse().unwrap();
    assert!(alone + tags_alone - together <= 1 && together > tags_alone, "{alone} {tags_alone} {together}");
    let more = [&both[..], &[("Tags.member.2.Key", "l"), ("Tags.member.2.Value", &value[..180])]].concat();
    let refused = site.assume(&martha, &open, &more).await;
    let (status, code, sentence) = refused.refusal();
    assert_eq!((status, code), (400, "PackedPolicyTooLarge"));
    let percent = sentence.strip_prefix("Packed policy consumes ").unwrap();
    let percent = percent.strip_suffix("% of allotted space, please use smaller policy.").unwrap();
    assert!((101..120).contains(&percent.parse::<usize>().unwrap()), "{percent}");
    let federated = [("Name", "rosa"), ("Tags.member.1.Key", "k"), ("Tags.member.1.Value", &value)];
    let federated = [&federated[..], &[("Tags.member.2.Key", "l"), ("Tags.member.2.Value", &value)]].concat();
    let refused = site.sts(&martha, "GetFederationToken", &federated).await;
    let sentence = "Packed size of session tags consumes 113% of allotted space.".to_owned();
    assert_eq!(refused.refusal(), (400, "PackedPolicyTooLarge", sentence));
}

#[tokio::test]
async fn the_longest_token_that_is_given_fits_where_clients_and_servers_put_it() {
    let (site, martha, open) = site().await;
    // White space packs well, and stands in the token as it came.
    let spread = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
    let spread = format!("{spread}{}", "\n".repeat(2048 - spread.len()));
    let reply = site.assume(&martha, &open, &[("Policy", &spread)]).await;
    assert_eq!(reply.text("PackedPolicySize"), "4");
    let length: usize = reply.text("SessionTokenSize").parse().unwrap();
    assert!((5000..=7 * 1024).contains(&length), "{length}");
    assert_eq!(site.sts(&reply.credentials(), "GetCallerIdentity", &[]).await.status, 200);
}

#[tokio::test]
async fn how_long_a_token_is_is_said_of_every_session_and_may_be_asked_for() {
    let (site, martha, open) = site().await;
    let task = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials";
    for (operation, asked) in [
        ("AssumeRole", vec![("RoleArn", open.as_str()), ("RoleSessionName", "martha")]),
        ("GetSessionToken", vec![]),
        ("GetFederationToken", vec![("Name", "rosa")]),
        ("AssumeRoot", vec![("TargetPrincipal", MEMBER), ("TaskPolicyArn.arn", task)]),
    ] {
        let usual = site.sts(&martha, operation, &asked).await;
        let length = usual.credentials().token.unwrap().len();
        assert_eq!(usual.text("SessionTokenSize"), length.to_string(), "{operation}");
        assert_eq!(usual.text("SessionTokenUtilization"), (length * 100).div_ceil(7 * 1024).to_string());
        let least = |bytes: &'static str| [&asked[..], &[("MinimumSessionTokenSize", bytes)]].concat();
        let unchanged = site.sts(&martha, operation, &least("0")).await.credentials().token.unwrap().len();
        assert!(unchanged.abs_diff(length) < 8, "{operation}: {unchanged} {length}");
        for bytes in ["1024", "4095", "4096"] {
            let signer = site.sts(&martha, operation, &least(bytes)).await.credentials();
            let (length, asked) = (signer.token.as_ref().unwrap().len(), bytes.parse::<usize>().unwrap());
            assert!((asked..asked + 40).contains(&length), "{operation}: {length} for {asked}");
            assert_eq!(site.sts(&signer, "GetCallerIdentity", &[]).await.status, 200, "{operation}");
        }
        for (bytes, bound) in [("-5", "greater than or equal to 0"), ("4097", "less than or equal to 4096")] {
            let refused = site.sts(&martha, operation, &least(bytes)).await;
            let sentence = format!(
                "1 validation error detected: Value '{bytes}' at 'minimumSessionTokenSize' failed to satisfy constraint: \
                 Member must have value {bound}"
            );
            assert_eq!(refused.refusal(), (400, "ValidationError", sentence));
        }
    }
}
