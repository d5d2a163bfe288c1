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
        // What we have to say of our own follows the sentence that was recorded.
        let found = (text("Code"), text("Message"));
        if found.0 != code || !found.1.starts_with(message) {
            differences.push(format!("{action}: expected {code} {message:?}; found {} {:?}", found.0, found.1));
        }
    }
    differences
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table reads best whole")]
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
    let expected = format!("Invalid principal in policy: \"AWS\":\"{pattern}\": line 1, column ");
    assert!(message.starts_with(&expected), "{message}");
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
/// Inline policies may be of the older version of the language; what IAM knows of ARNs holds for all.
#[tokio::test]
async fn what_is_saved_is_held_to_more_than_what_is_evaluated() {
    let site = Site::start().await;
    site.create_role("reader", &trust(&json!({"AWS": ACCOUNT}))).await;
    let inline = |document: String| {
        vec![("RoleName", "reader".to_owned()), ("PolicyName", "p".to_owned()), ("PolicyDocument", document)]
    };
    let put = async |document: String| {
        let parameters = inline(document);
        let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
        site.iam("PutRolePolicy", &parameters).await
    };
    let allow = |resource: &str| policy(&json!({"Effect": "Allow", "Action": "s3:*", "Resource": resource}));
    for document in [
        allow("*").replace("2012-10-17", "2008-10-17"),
        allow("arn:aws:s3:us-east-1:111111111111:accesspoint/photos"),
        allow("arn:aws:s3:*:111111111111:job/*"),
        allow("arn:aws-cn:s3:::photos"),
        allow("arn:aws:iam::111111111111:root"),
        allow("arn:aws:iam::111111111111:*"),
        allow("arn:aws:iam::*:role/team/*"),
    ] {
        let saved = put(document.clone()).await;
        assert_eq!(saved.status, 200, "{document}: {}", saved.body);
    }
    let path = "IAM resource path must either be \"*\", root, or start with user/, federated-user/, role/, group/, \
                instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, \
                report/, access-report/. line 1, column";
    for (resource, expected) in [
        ("arn:error:s3:::photos", "Partition \"error\" is not valid for resource \"arn:error:s3:::photos\"."),
        ("arn:aws:s3:eu-west-1::photos", "Resource arn:aws:s3:eu-west-1::photos can not contain region information."),
        (
            "arn:aws:iam:eu-west-1::role/a",
            "IAM resource arn:aws:iam:eu-west-1::role/a cannot contain region information.",
        ),
        ("arn:aws:iam:::photos", path),
        ("arn:aws:iam::111111111111:role", path),
    ] {
        let refused = put(allow(resource)).await;
        let message = refused.text("Message").unwrap_or_default().replace("&quot;", "\"");
        assert!(message.starts_with(expected), "{resource}: {message}");
    }
    let older = trust(&json!({"AWS": ACCOUNT})).replace("2012-10-17", "2008-10-17");
    site.done("UpdateAssumeRolePolicy", &[("RoleName", "reader"), ("PolicyDocument", &older)]).await;
}

#[tokio::test]
async fn a_trust_policy_names_somebody_and_asks_for_a_role() {
    let site = Site::start().await;
    site.create_role("reader", &trust(&json!({"AWS": ACCOUNT}))).await;
    let federated = "Federated principals must be valid domain names or SAML metadata ARNs: line 1, column";
    let actions = "AssumeRole policy may only specify STS AssumeRole actions. line 1, column";
    let of = |action: &str| trust(&json!({"AWS": ACCOUNT})).replace("sts:AssumeRole", action);
    for (document, expected) in [
        (trust(&json!("*")), "AssumeRolepolicy contained an invalid principal: \"STAR\":\"*\". line 1, column"),
        (trust(&json!({"Federated": "*"})), federated),
        (trust(&json!({"Federated": "corp"})), federated),
        (trust(&json!({"Federated": "arn:aws:iam//111111111111:oidc-provider/login.example.com"})), federated),
        (trust(&json!({"Federated": arn("saml-provider/*")})), federated),
        (trust(&json!({"Federated": arn("role/admin")})), federated),
        (of("sts:GetFederationToken"), actions),
        (of("sts:Get*"), actions),
        (of("*"), actions),
    ] {
        let (_, code, message) =
            site.refused("UpdateAssumeRolePolicy", &[("RoleName", "reader"), ("PolicyDocument", &document)]).await;
        assert_eq!(code, "MalformedPolicyDocument");
        assert!(message.starts_with(expected), "{document}: {message}");
    }
    for document in
        [of("sts:*"), of("sts:AssumeRole*"), of("sts:TagSession"), trust(&json!({"Federated": "login.example.com"}))]
    {
        site.done("UpdateAssumeRolePolicy", &[("RoleName", "reader"), ("PolicyDocument", &document)]).await;
    }
}

/// Everybody's repositories have tokens of one issuer: what tells them apart has to be asked for.
#[tokio::test]
async fn a_provider_that_everybody_shares_is_trusted_with_a_condition_alone() {
    let site = Site::start().await;
    site.create_role("deploy", &trust(&json!({"AWS": ACCOUNT}))).await;
    let save = async |issuer: &str, condition: Value| {
        let principal = match issuer {
            "cognito-identity.amazonaws.com" | "accounts.google.com" | "www.amazon.com" | "graph.facebook.com" => {
                issuer.to_owned()
            }
            _ => arn(&format!("oidc-provider/{issuer}")),
        };
        let mut statement = json!({"Effect": "Allow", "Principal": {"Federated": principal},
            "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition});
        if condition.is_null() {
            drop(statement.as_object_mut().unwrap().remove("Condition"));
        }
        let document = policy(&statement);
        let reply = site.iam("UpdateAssumeRolePolicy", &[("RoleName", "deploy"), ("PolicyDocument", &document)]).await;
        (reply.status == 200, reply.text("Message").unwrap_or_default().to_owned())
    };
    let github = "token.actions.githubusercontent.com";
    let test = |operator: &str, key: &str, value: Value| json!({operator: {key: value}});
    let (sub, workflow) = (format!("{github}:sub"), format!("{github}:job_workflow_ref"));
    let told = format!(
        "Trust policy with trusted principal {} must evaluate, using StringEquals, StringLike or \
         StringEqualsIgnoreCase, {sub} or {workflow} which is not scoped to all. line 1, column",
        arn(&format!("oidc-provider/{github}"))
    );
    for condition in [
        Value::Null,
        test("StringEquals", &format!("{github}:aud"), json!("sts.amazonaws.com")),
        test("StringEquals", &format!("{github}:repository"), json!("acme/site")),
        test("StringLike", &sub, json!("*")),
        test("StringLike", &sub, json!("*/site:ref:refs/heads/main")),
        test("StringLike", &sub, json!(["repo:acme/site:*", "*"])),
        test("StringLike", &sub, json!("?epo:*")),
        test("StringEquals", &sub, json!(format!("${{{sub}}}"))),
        test("StringEquals", &sub, json!([])),
        test("StringNotEquals", &sub, json!("repo:acme/site:pull_request")),
        test("StringEqualsIfExists", &sub, json!("repo:acme/site:pull_request")),
        test("ForAllValues:StringEquals", &sub, json!("repo:acme/site:pull_request")),
    ] {
        let (saved, message) = save(github, condition.clone()).await;
        assert!(!saved && message.starts_with(&told), "{condition}: {message}");
    }
    for condition in [
        test("StringLike", &sub, json!("repo:acme/*")),
        test("StringEquals", &sub.to_uppercase(), json!("repo:acme/site:environment:prod")),
        test("StringLike", &workflow, json!("acme/site/.github/workflows/*")),
    ] {
        let (saved, message) = save(github, condition.clone()).await;
        assert!(saved, "{condition}: {message}");
    }
    let sentinel = "sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d";
    for (issuer, key) in [
        ("gitlab.com", "gitlab.com:sub"),
        ("api.pulumi.com/oidc", "api.pulumi.com/oidc:aud"),
        (
            "oidc.op1.openshiftapps.com/2f785sojlpb85i7402pk3qogugim5nfb",
            "oidc.op1.openshiftapps.com/2f785sojlpb85i7402pk3qogugim5nfb:sub",
        ),
        (
            "rh-oidc.s3.us-east-1.amazonaws.com/22ejnvnnturfmt6km08idd0nt4hekbn7",
            "rh-oidc.s3.us-east-1.amazonaws.com/22ejnvnnturfmt6km08idd0nt4hekbn7:sub",
        ),
        (sentinel, "sts:RoleSessionName"),
        (&format!("{sentinel}/"), "sts:RoleSessionName"),
    ] {
        assert!(!save(issuer, Value::Null).await.0, "{issuer}");
        let (saved, message) = save(issuer, test("StringEquals", key, json!("acme"))).await;
        assert!(saved, "{issuer}: {message}");
    }
    let everyone = |condition: Value| {
        policy(&json!({"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"AWS": "*"},
            "Condition": condition}))
    };
    let update = async |document: &str| {
        site.iam("UpdateAssumeRolePolicy", &[("RoleName", "deploy"), ("PolicyDocument", document)]).await.status
    };
    for condition in [
        json!({}),
        test("Bool", "aws:SecureTransport", json!("true")),
        test("StringLike", &sub, json!("*")),
        test("StringNotEquals", &sub, json!("repo:acme/site:pull_request")),
        test("StringEquals", &format!("{github}:aud"), json!("sts.amazonaws.com")),
        test("StringEquals", "accounts.google.com:email", json!("ada@example.com")),
        test("StringEquals", "aws:RequestTag/login.example.com:sub", json!("ada")),
    ] {
        let document = everyone(condition);
        let reply = site.iam("UpdateAssumeRolePolicy", &[("RoleName", "deploy"), ("PolicyDocument", &document)]).await;
        let message = reply.text("Message").unwrap_or_default().to_owned();
        // Nobody's words but ours: of everybody, and of no provider that the document does not name.
        let expected =
            "A trust policy that lets \"*\" assume a role with web identities needs a condition on whose they are: ";
        assert_eq!(reply.status, 400, "{document}");
        assert!(message.starts_with(expected) && !message.contains("Cognito"), "{document}: {message}");
    }
    for condition in [
        test("StringLike", &sub, json!("repo:acme/*")),
        test("StringEquals", "login.example.com:sub", json!("ada")),
        test("StringEquals", "accounts.google.com:aud", json!("app-1")),
        // Whoever comes with a token is in no organisation.
        test("StringEquals", "aws:PrincipalOrgID", json!("o-1")),
    ] {
        assert_eq!(update(&everyone(condition.clone())).await, 200, "{condition}");
    }
    // Tags alone let nobody in.
    let tags = policy(&json!({"Effect": "Allow", "Action": "sts:TagSession",
        "Principal": {"Federated": arn(&format!("oidc-provider/{github}"))}}));
    site.done("UpdateAssumeRolePolicy", &[("RoleName", "deploy"), ("PolicyDocument", &tags)]).await;
    let enterprise = format!("{github}/acme");
    assert!(!save(&enterprise, Value::Null).await.0);
    assert!(save("login.example.com", Value::Null).await.0);
    for (issuer, key) in
        [("accounts.google.com", "aud"), ("www.amazon.com", "app_id"), ("graph.facebook.com", "app_id")]
    {
        let key = format!("{issuer}:{key}");
        let expected = format!("Policy trusting {issuer} requires a StringEquals condition on an application id: ");
        for condition in [Value::Null, test("StringLike", &key, json!("app-*"))] {
            let (saved, message) = save(issuer, condition).await;
            assert!(!saved && message.starts_with(&expected), "{message}");
        }
        let (saved, message) = save(issuer, test("StringEquals", &key, json!("app-1"))).await;
        assert!(saved, "{message}");
    }
    let (saved, message) = save("cognito-identity.amazonaws.com", Value::Null).await;
    assert!(!saved && message.starts_with("A condition block must be present for the Cognito provider: "), "{message}");
}
