//! Refusals and answers in the words and fields that the cloud was recorded with.

use base64::Engine;
use demo_idp::{Idp, ServiceProvider};
use serde_json::{Value, json};

use crate::site::{ACCOUNT, ACS, ENTITY_ID, Site, arn, policy, trust};

/// One call, and the code and message that it was recorded to be refused with.
type Recorded<'a> = (&'a str, Vec<(&'a str, &'a str)>, &'a str, &'a str);

async fn differences(site: &Site, recorded: Vec<Recorded<'_>>) -> Vec<String> {
    let mut differences = Vec::new();
    for (action, parameters, code, message) in recorded {
        let reply = site.iam(action, &parameters).await;
        let text = |name| reply.text(name).unwrap_or_default().replace("&quot;", "\"");
        let found = (text("Code"), text("Message"));
        if found != (code.to_owned(), message.to_owned()) {
            differences.push(format!("{action}: expected {code} {message:?}; found {} {:?}", found.0, found.1));
        }
    }
    differences
}

#[tokio::test]
async fn refusals_of_what_is_not_there_or_not_allowed() {
    let site = Site::start().await;
    let anyone = trust(&json!({"AWS": ACCOUNT}));
    site.create_role("reader", &anyone).await;
    site.done("CreateUser", &[("UserName", "martha")]).await;
    site.done("CreateVirtualMFADevice", &[("VirtualMFADeviceName", "phone")]).await;
    let (missing, device, provider) = (arn("policy/missing"), arn("mfa/missing"), arn("oidc-provider/n.example.com"));
    let no_policy = arn("not_a_policy/invalid");
    let managed = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    let other_action =
        policy(&json!({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:InvalidAction"}));
    let resource =
        policy(&json!({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole", "Resource": "*"}));
    let absent_device = format!("MFA Device with serial number {device} does not exist.");
    let absent_version = format!("Policy {missing} version v1 does not exist or is not attachable.");
    let absent_policy = format!("Policy {missing} does not exist or is not attachable.");
    let absent_provider = format!("OpenId connect Provider {provider} cannot be found.");
    let invalid_arn = format!("ARN {no_policy} is not valid.");
    let outside = "for policies outside your own account.";
    let delete_version = format!("Cannot delete policy versions {outside}");
    let thumbprints: Vec<String> = "abcdef".chars().map(|digit| digit.to_string().repeat(40)).collect();
    let too_many: Vec<(String, &str)> = thumbprints
        .iter()
        .enumerate()
        .map(|(at, print)| (format!("ThumbprintList.member.{}", at + 1), print.as_str()))
        .collect();
    let mut with_thumbprints: Vec<(&str, &str)> = vec![("Url", "https://x.example.com")];
    with_thumbprints.extend(too_many.iter().map(|(name, value)| (name.as_str(), *value)));
    let recorded: Vec<Recorded<'_>> = vec![
        (
            "CreateVirtualMFADevice",
            vec![("VirtualMFADeviceName", "phone")],
            "EntityAlreadyExists",
            "MFA device already exists.",
        ),
        ("DeleteVirtualMFADevice", vec![("SerialNumber", &device)], "NoSuchEntity", &absent_device),
        (
            "DeactivateMFADevice",
            vec![("UserName", "martha"), ("SerialNumber", &device)],
            "NoSuchEntity",
            &absent_device,
        ),
        (
            "CreateUser",
            vec![("UserName", "q"), ("Path", "a/")],
            "ValidationError",
            "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.",
        ),
        (
            "DeleteAccountPasswordPolicy",
            vec![],
            "NoSuchEntity",
            "The account policy with name PasswordPolicy cannot be found.",
        ),
        (
            "AttachRolePolicy",
            vec![("RoleName", "reader"), ("PolicyArn", "longpolicynamebutnoarn")],
            "ValidationError",
            "ARN longpolicynamebutnoarn is not valid.",
        ),
        (
            "PutRolePermissionsBoundary",
            vec![("RoleName", "reader"), ("PermissionsBoundary", &no_policy)],
            "InvalidInput",
            &invalid_arn,
        ),
        (
            "UpdateAssumeRolePolicy",
            vec![("RoleName", "reader"), ("PolicyDocument", &other_action)],
            "MalformedPolicyDocument",
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (
            "UpdateAssumeRolePolicy",
            vec![("RoleName", "reader"), ("PolicyDocument", &resource)],
            "MalformedPolicyDocument",
            "Has prohibited field Resource",
        ),
        (
            "DeletePolicy",
            vec![("PolicyArn", managed)],
            "AccessDenied",
            "Cannot delete policies outside your own account.",
        ),
        ("DeletePolicyVersion", vec![("PolicyArn", managed), ("VersionId", "v1")], "AccessDenied", &delete_version),
        (
            "SetDefaultPolicyVersion",
            vec![("PolicyArn", managed), ("VersionId", "v1")],
            "AccessDenied",
            "Cannot update policies outside your own account.",
        ),
        (
            "CreateOpenIDConnectProvider",
            with_thumbprints,
            "InvalidInput",
            "Thumbprint list must contain fewer than 5 entries.",
        ),
        (
            "CreateOpenIDConnectProvider",
            vec![("Url", "notaurl")],
            "ValidationError",
            "Invalid Open ID Connect Provider URL",
        ),
        (
            "DeleteOpenIDConnectProvider",
            vec![("OpenIDConnectProviderArn", &provider)],
            "NoSuchEntity",
            &absent_provider,
        ),
        ("ListEntitiesForPolicy", vec![("PolicyArn", &missing)], "NoSuchEntity", &absent_policy),
        ("GetPolicyVersion", vec![("PolicyArn", &missing), ("VersionId", "v1")], "NoSuchEntity", &absent_version),
        (
            "SetDefaultPolicyVersion",
            vec![("PolicyArn", &missing), ("VersionId", "v1")],
            "NoSuchEntity",
            &absent_version,
        ),
        (
            "RemoveUserFromGroup",
            vec![("GroupName", "missing"), ("UserName", "missing")],
            "NoSuchEntity",
            "The user with name missing cannot be found.",
        ),
    ]; // fmt: skip
    let differences = differences(&site, recorded).await;
    assert!(differences.is_empty(), "{differences:#?}");
}

/// What is not kept here has no owner that is not there.
#[tokio::test]
async fn lists_of_somebody_who_is_not_there_are_no_empty_lists() {
    let site = Site::start().await;
    let (user, role) = ("The user with name missing cannot be found.", "The role with name missing cannot be found.");
    let recorded: Vec<Recorded<'_>> = vec![
        ("ListInstanceProfilesForRole", vec![("RoleName", "missing")], "NoSuchEntity", role),
        ("ListSSHPublicKeys", vec![("UserName", "missing")], "NoSuchEntity", user),
        ("ListSigningCertificates", vec![("UserName", "missing")], "NoSuchEntity", user),
        ("ListServiceSpecificCredentials", vec![("UserName", "missing")], "NoSuchEntity", user),
        (
            "ListInstanceProfileTags",
            vec![("InstanceProfileName", "p")],
            "NoSuchEntity",
            "Instance Profile p cannot be found.",
        ),
        (
            "ListServerCertificateTags",
            vec![("ServerCertificateName", "c")],
            "NoSuchEntity",
            "The Server Certificate with name c cannot be found.",
        ),
    ]; // fmt: skip
    let differences = differences(&site, recorded).await;
    assert!(differences.is_empty(), "{differences:#?}");
}

/// The sentence of the cloud stands first, and where it is in the document after it.
#[tokio::test]
async fn documents_are_refused_in_the_sentence_for_their_mistake() {
    let site = Site::start().await;
    let statement = |change: &dyn Fn(&mut Value)| {
        let mut all = json!({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::example_bucket"});
        change(&mut all);
        policy(&all)
    };
    let set = |name: &'static str, value: Value| statement(&move |all| all[name] = value.clone());
    let without = |name: &'static str| statement(&move |all| drop(all.as_object_mut().unwrap().remove(name)));
    let version = |value: &str| {
        policy(&json!({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"})).replace("2012-10-17", value)
    };
    let twice = json!([{"Sid": "a", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"},
        {"Sid": "a", "Effect": "Allow", "Action": "s3:Put*", "Resource": "*"}]);
    let mut differences = Vec::new();
    for (document, expected) in [
        (version("2008-10-17"), "Policy document must be version 2012-10-17 or greater."),
        (
            version("2012-10-17").replace("\"Version\":\"2012-10-17\"", "\"Id\":\"a\""),
            "Policy document must be version 2012-10-17 or greater.",
        ),
        (set("Action", json!("invalid")), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
        (set("Action", json!("a a:ListBucket")), "Vendor a a is not valid"),
        (set("Action", json!("s3:List:Bucket")), "Actions/Condition can contain only one colon."),
        (set("Resource", json!("invalid resource")), "Resource invalid resource must be in ARN format or \"*\"."),
        (set("Resource", json!("arn:aws:s3::example_bucket")), "The policy failed legacy parsing"),
        (
            set("Resource", json!("arn:aws:s3:us-east-1::example_bucket")),
            "Resource arn:aws:s3:us-east-1::example_bucket can not contain region information.",
        ),
        (without("Resource"), "Policy statement must contain resources."),
        (without("Action"), "Policy statement must contain actions."),
        (set("Effect", json!("denY")), "The policy failed legacy parsing"),
        (policy(&twice), "Statement IDs (SID) in a single policy must be unique."),
    ] {
        let reply = site.iam("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", &document)]).await;
        let message = reply.text("Message").unwrap_or_default().replace("&quot;", "\"");
        if !message.starts_with(expected) {
            differences.push(format!("expected {expected:?}; found {} {message:?}", reply.status));
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
}

#[tokio::test]
async fn a_trust_policy_with_a_wildcard_inside_of_an_arn_names_no_principal() {
    let site = Site::start().await;
    let pattern = arn("role/*");
    let document = trust(&json!({"AWS": pattern}));
    let (status, code, message) =
        site.refused("CreateRole", &[("RoleName", "q"), ("AssumeRolePolicyDocument", &document)]).await;
    assert_eq!((status, code.as_str()), (400, "MalformedPolicyDocument"));
    assert_eq!(message, format!("Invalid principal in policy: \"AWS\":\"{pattern}\""));
}

#[tokio::test]
async fn a_saml_provider_is_shown_with_what_tools_read_of_it() {
    let site = Site::start().await;
    let service = ServiceProvider::new(ENTITY_ID, ACS);
    let idp = Idp::builder().service_provider(service).start().await.unwrap();
    let metadata = idp.saml_metadata();
    let made = site.done("CreateSAMLProvider", &[("Name", "acme"), ("SAMLMetadataDocument", &metadata)]).await;
    let provider = made.text("SAMLProviderArn").unwrap();
    let shown = site.done("GetSAMLProvider", &[("SAMLProviderArn", provider)]).await;
    let missing: Vec<_> = ["ValidUntil", "SAMLProviderUUID", "AssertionEncryptionMode"]
        .into_iter()
        .filter(|name| shown.text(name).is_none())
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(site.done("ListSAMLProviders", &[]).await.text("ValidUntil").is_some());
}

/// `2026-01-01T00:00:00+00:00`, as the report has its instants; the root user's row says when the account was made and that
/// nothing is known of a password's use.
#[tokio::test]
async fn a_credential_report_is_read_by_the_tools_that_read_the_clouds() {
    let site = Site::start().await;
    site.user("martha").await;
    site.done("GenerateCredentialReport", &[]).await;
    let reply = site.done("GetCredentialReport", &[]).await;
    let report = base64::engine::general_purpose::STANDARD.decode(reply.text("Content").unwrap()).unwrap();
    let report = String::from_utf8(report).unwrap();
    let row = |name: &str| report.lines().find(|line| line.starts_with(name)).unwrap().split(',').collect::<Vec<_>>();
    let (root, martha) = (row("<root_account>"), row("martha"));
    assert!(martha[2].ends_with("+00:00") && martha[9].ends_with("+00:00"), "{martha:?}");
    assert!(root[2].ends_with("+00:00") && root[4] == "no_information", "{root:?}");
}
