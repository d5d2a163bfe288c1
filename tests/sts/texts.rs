//! Sentences that users of the service search for.

use serde_json::json;

use crate::site::{ACCOUNT, Signer, Site, allow, policy, trust};

#[tokio::test]
async fn a_session_policy_that_is_none_is_refused_in_the_words_of_iam() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["*"]));
    let reader = site.role(ACCOUNT, "reader", &trust(ACCOUNT, &["sts:AssumeRole"], &json!({})), &allow(&["s3:*"]));
    let own = policy(&json!({"Effect": "Allow", "Action": "s3", "Resource": "*"}));
    let column = own.find("\"s3\"").unwrap() + 1;
    let vendor = format!(
        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. line 1, column {column}: Action \
         must be * or service:Operation"
    );
    let json = "This policy contains invalid Json: line 1, column 2: expected a key in double quotes, found the end of the document: something is not closed";
    for (policy, expected) in [(own.as_str(), vendor.as_str()), ("{", json)] {
        let refused = site.assume(&martha, &reader, &[("Policy", policy)]).await;
        assert_eq!(refused.refusal(), (400, "MalformedPolicyDocument", expected.to_owned()));
    }
}

#[tokio::test]
async fn the_rules_of_a_kind_of_credentials_are_named_rather_than_a_session_policy() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["*"]));
    let session = site.sts(&martha, "GetSessionToken", &[]).await.credentials();
    let refused = site.iam(&session, "ListUsers", &[]).await;
    let end = "with an explicit deny in the rules of GetSessionToken (NoIamWithoutMfa)";
    assert!(refused.text("Message").ends_with(end), "{}", refused.body);
    let refused = site.sts(&session, "GetAccessKeyInfo", &[("AccessKeyId", &martha.id)]).await;
    let end = "with an explicit deny in the rules of GetSessionToken (OnlyAssumeRoleAndGetCallerIdentity)";
    assert!(refused.text("Message").contains(end), "{}", refused.body);
    let asked = [("Name", "rosa"), ("Policy", &allow(&["*"]))];
    let federated = site.sts(&martha, "GetFederationToken", &asked).await.credentials();
    let refused = site.iam(&federated, "ListUsers", &[]).await;
    let end = "with an explicit deny in the rules of GetFederationToken (NoIamAndNoSts)";
    assert!(refused.text("Message").ends_with(end), "{}", refused.body);
    // A policy that was given is one.
    let role = site.role(ACCOUNT, "all", &trust(ACCOUNT, &["sts:AssumeRole"], &json!({})), &allow(&["*"]));
    let deny = policy(&json!({"Effect": "Deny", "Action": "*", "Resource": "*"}));
    let narrow = site.assume(&martha, &role, &[("Policy", &deny)]).await.credentials();
    let refused = site.iam(&narrow, "ListUsers", &[]).await;
    assert!(refused.text("Message").ends_with("with an explicit deny in a session policy"), "{}", refused.body);
}

#[tokio::test]
async fn a_signature_and_a_duration_are_refused_in_words_that_can_be_searched_for() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["*"]));
    let forged = Signer { secret: "A".repeat(40), ..martha.clone() };
    let refused = site.sts(&forged, "GetCallerIdentity", &[]).await;
    let expected = "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                    Access Key and signing method. Consult the service documentation for details.";
    assert_eq!(refused.refusal(), (403, "SignatureDoesNotMatch", expected.to_owned()));
    let open = trust(ACCOUNT, &["sts:AssumeRole"], &json!({}));
    let made = [("RoleName", "short"), ("AssumeRolePolicyDocument", open.as_str()), ("MaxSessionDuration", "3600")];
    assert_eq!(site.iam(&martha, "CreateRole", &made).await.status, 200);
    let short = "arn:aws:iam::111111111111:role/short";
    let refused = site.assume(&martha, short, &[("DurationSeconds", "3601")]).await;
    let expected = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
    assert_eq!(refused.refusal(), (400, "ValidationError", expected.to_owned()));
}

#[tokio::test]
async fn lists_that_are_too_long_and_values_of_no_enumeration_are_validation_errors() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["*"]));
    let reader = site.role(ACCOUNT, "reader", &trust(ACCOUNT, &["sts:*"], &json!({})), &allow(&["s3:*"]));
    let arns: Vec<String> = (1..=11).map(|n| format!("PolicyArns.member.{n}.arn")).collect();
    let arns: Vec<(&str, &str)> = arns.iter().map(|n| (n.as_str(), "arn:aws:iam::aws:policy/ReadOnlyAccess")).collect();
    let tags: Vec<(String, String)> = (1..=51)
        .flat_map(|n| [("Key", "k"), ("Value", "v")].map(|(f, v)| (format!("Tags.member.{n}.{f}"), format!("{v}{n}"))))
        .collect();
    let tags: Vec<(&str, &str)> = tags.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let start = "1 validation error detected: Value '[";
    for (list, end) in [
        (&arns, "at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to 10"),
        (&tags, "at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50"),
    ] {
        let refused = site.assume(&martha, &reader, list).await;
        let (status, code, message) = refused.refusal();
        assert_eq!((status, code), (400, "ValidationError"), "{message}");
        assert!(message.starts_with(start) && message.ends_with(end), "{message}");
    }
    let token = [("Audience.member.1", "https://example.com"), ("SigningAlgorithm", "HS256")];
    let refused = site.sts(&martha, "GetWebIdentityToken", &token).await;
    let expected = "1 validation error detected: Value 'HS256' at 'signingAlgorithm' failed to satisfy constraint: \
                    Member must satisfy enum value set: [RS256, ES384]";
    assert_eq!(refused.refusal(), (400, "ValidationError", expected.to_owned()));
}

#[tokio::test]
async fn a_session_policy_is_too_large_for_assume_role_and_too_long_for_the_model_of_the_others() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["*"]));
    let reader = site.role(ACCOUNT, "reader", &trust(ACCOUNT, &["sts:*"], &json!({})), &allow(&["s3:*"]));
    let long = format!("{}{}", allow(&["s3:*"]), " ".repeat(2048));
    let refused = site.assume(&martha, &reader, &[("Policy", &long)]).await;
    assert_eq!((refused.status, refused.text("Code")), (400, "PackedPolicyTooLarge"), "{}", refused.body);
    let refused = site.sts(&martha, "GetFederationToken", &[("Name", "rosa"), ("Policy", &long)]).await;
    assert_eq!((refused.status, refused.text("Code")), (400, "ValidationError"), "{}", refused.body);
}

#[tokio::test]
async fn an_external_id_and_a_tag_outside_their_patterns_are_refused_like_a_session_name() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["*"]));
    let open = trust(ACCOUNT, &["sts:AssumeRole", "sts:TagSession"], &json!({}));
    let reader = site.role(ACCOUNT, "reader", &open, &allow(&["s3:*"]));
    let detected = "1 validation error detected: Value";
    let (ids, serials, tags) = (r"[\w+=,.@:\/-]*", r"[\w+=/:,.@-]*", r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*");
    let pattern = "failed to satisfy constraint: Member must satisfy regular expression pattern:";
    for (asked, expected) in [
        (vec![("ExternalId", "a b")], format!("{detected} 'a b' at 'externalId' {pattern} {ids}")),
        (
            vec![("SerialNumber", "GAHT 12345678"), ("TokenCode", "123456")],
            format!("{detected} 'GAHT 12345678' at 'serialNumber' {pattern} {serials}"),
        ),
        (
            vec![("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "a*b")],
            format!("{detected} 'a*b' at 'tags.1.member.value' {pattern} {tags}"),
        ),
    ] {
        let refused = site.assume(&martha, &reader, &asked).await;
        assert_eq!(refused.status, 400, "{asked:?}: {}", refused.body);
        assert_eq!(refused.refusal(), (400, "ValidationError", expected));
    }
}
