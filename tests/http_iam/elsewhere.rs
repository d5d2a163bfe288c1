//! What tools ask for on their way and is not kept here, and what is told of services and the organisation.

use daypass::organization::Organization;
use serde_json::json;

use crate::site::{ACCOUNT, Site, allow, arn, policy, trust};

#[tokio::test]
async fn what_is_not_kept_is_missing_by_its_name() {
    let site = Site::start().await;
    let user = ("UserName", "martha");
    site.done("CreateUser", &[user]).await;
    let (key, certificate) = ("APKAXXXXXXXXXXXXXXXXX", "NONEXISTENTCERTID12345678901");
    let credential = "satisfiesregexbutstillinvalid";
    let status = ("Status", "Inactive");
    for (id, value, operations, told) in [
        (
            "SSHPublicKeyId",
            key,
            &["UpdateSSHPublicKey", "DeleteSSHPublicKey"][..],
            format!("The Public Key with id {key} cannot be found."),
        ),
        (
            "CertificateId",
            certificate,
            &["UpdateSigningCertificate", "DeleteSigningCertificate"],
            format!("The Certificate with id {certificate} cannot be found."),
        ),
        (
            "ServiceSpecificCredentialId",
            credential,
            &["UpdateServiceSpecificCredential", "ResetServiceSpecificCredential", "DeleteServiceSpecificCredential"],
            format!("No such credential {credential} exists"),
        ),
        (
            "ServerCertificateName",
            "web",
            &["UpdateServerCertificate", "DeleteServerCertificate", "TagServerCertificate", "UntagServerCertificate"],
            "The Server Certificate with name web cannot be found.".to_owned(),
        ),
    ] {
        for operation in operations {
            let refused = site.refused(operation, &[user, (id, value), status]).await;
            assert_eq!(refused, (404, "NoSuchEntity".to_owned(), told.clone()), "{operation}");
        }
        let (_, code, _) = site.refused(operations[0], &[user, (id, "a b"), status]).await;
        assert_eq!(code, "ValidationError", "{id}");
    }
    let nobody = [("UserName", "nobody"), ("SSHPublicKeyId", key)];
    assert_eq!(site.refused("DeleteSSHPublicKey", &nobody).await.2, "The user with name nobody cannot be found.");
    let wrong = [user, ("ServiceSpecificCredentialId", credential), ("Status", "Invalid")];
    let told = site.refused("UpdateServiceSpecificCredential", &wrong).await.2;
    assert_eq!(
        told,
        "1 validation error detected: Value at 'status' failed to satisfy constraint: Member must satisfy enum value set"
    );
}

#[tokio::test]
async fn credentials_are_listed_for_services_that_have_some() {
    let site = Site::start().await;
    let user = ("UserName", "martha");
    site.done("CreateUser", &[user]).await;
    site.done("ListServiceSpecificCredentials", &[user, ("ServiceName", "codecommit.amazonaws.com")]).await;
    let name = "nonexistentservice.amazonaws.com";
    let told = format!("No such service {name} is supported for Service Specific Credentials");
    let refused = site.refused("ListServiceSpecificCredentials", &[user, ("ServiceName", name)]).await;
    assert_eq!(refused, (404, "NoSuchEntity".to_owned(), told));
}

#[tokio::test]
async fn lists_of_what_is_not_kept_are_empty() {
    let site = Site::start().await;
    let requests = site.done("ListDelegationRequests", &[]).await;
    assert!(
        requests.body.contains("<DelegationRequests></DelegationRequests><isTruncated>false<"),
        "{}",
        requests.body
    );
    let properties = site.done("GetAccountProperties", &[]).await;
    assert!(properties.body.contains("<Properties></Properties>"), "{}", properties.body);
    let who = site.session_with("worker", &allow("s3:*")).await;
    for operation in ["ListDelegationRequests", "GetAccountProperties", "ListOrganizationsFeatures"] {
        assert_eq!(site.iam_as(&who, operation, &[]).await.text("Code"), Some("AccessDenied"), "{operation}");
    }
}

#[tokio::test]
async fn the_management_account_is_told_which_features_its_organisation_has() {
    let of = |organization: Organization| Site::with(|broker| broker.with_organization(organization));
    let management = || Organization::new("o-a1b2c3d4e5", ACCOUNT.parse().unwrap());
    let features = of(management()).await.done("ListOrganizationsFeatures", &[]).await;
    assert_eq!(features.text("OrganizationId"), Some("o-a1b2c3d4e5"));
    assert!(features.body.contains("<EnabledFeatures></EnabledFeatures>"), "{}", features.body);
    let features = of(management().with_root_sessions()).await.done("ListOrganizationsFeatures", &[]).await;
    assert!(features.body.contains("<EnabledFeatures><member>RootSessions</member></EnabledFeatures>"));
    let member = Organization::new("o-a1b2c3d4e5", "999999999999".parse().unwrap());
    let member = of(member.with_account(ACCOUNT.parse().unwrap(), "o-a1b2c3d4e5/r-ab12/")).await;
    let code = member.refused("ListOrganizationsFeatures", &[]).await.1;
    assert_eq!(code, "AccountNotManagementOrDelegatedAdministratorException");
    let alone = Site::start().await;
    assert_eq!(alone.refused("ListOrganizationsFeatures", &[]).await.1, "OrganizationNotFoundException");
}

#[tokio::test]
async fn policies_that_grant_a_service_are_told_with_where_they_come_from() {
    let site = Site::start().await;
    let (user, group) = (("UserName", "martha"), ("GroupName", "Readers"));
    site.user("martha").await;
    let managed = site.create_policy("managed", &allow("s3:Get*")).await;
    site.done("AttachUserPolicy", &[user, ("PolicyArn", &managed)]).await;
    let inline = policy(&json!([{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"},
        {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}]));
    site.done("PutUserPolicy", &[user, ("PolicyName", "inline"), ("PolicyDocument", &inline)]).await;
    let others = policy(&json!({"Effect": "Allow", "NotAction": ["sqs:*", "s3:Get*"], "Resource": "*"}));
    site.done("PutGroupPolicy", &[group, ("PolicyName", "others"), ("PolicyDocument", &others)]).await;
    let ask = async |who: &str, service: &str| {
        let who = arn(who);
        let asked = [("Arn", who.as_str()), ("ServiceNamespaces.member.1", service)];
        let reply = site.done("ListPoliciesGrantingServiceAccess", &asked).await;
        assert_eq!(reply.text("ServiceNamespace"), Some(service));
        let names = reply.body.split("<PolicyName>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned());
        (names.collect::<Vec<_>>(), reply.body)
    };
    let (names, body) = ask("user/martha", "s3").await;
    assert_eq!(names, ["managed", "others"]);
    let expected = format!("<PolicyType>MANAGED</PolicyType><PolicyArn>{managed}</PolicyArn></member>");
    assert!(body.contains(&expected), "{body}");
    let expected = "<PolicyType>INLINE</PolicyType><EntityType>GROUP</EntityType><EntityName>Readers</EntityName>";
    assert!(body.contains(expected), "{body}");
    assert_eq!(ask("user/martha", "sqs").await.0, ["inline"]);
    assert_eq!(ask("user/martha", "kms").await.0, ["others"], "what denies grants nothing");
    assert_eq!(ask("group/Readers", "S3").await.0, ["others"], "names of services have no case");
    site.create_role("idle", &trust(&json!({"AWS": ACCOUNT}))).await;
    assert_eq!(ask("role/idle", "s3").await.0, Vec::<String>::new());
}

#[tokio::test]
async fn services_are_asked_about_in_pages_and_by_their_names() {
    let site = Site::start().await;
    let admin = arn("role/admin");
    let base = [("Arn", admin.as_str()), ("ServiceNamespaces.member.1", "s3"), ("ServiceNamespaces.member.2", "sqs")];
    let first = site.done("ListPoliciesGrantingServiceAccess", &[&base[..], &[("MaxItems", "1")]].concat()).await;
    assert_eq!((first.text("ServiceNamespace"), first.text("IsTruncated")), (Some("s3"), Some("true")));
    let next = [("Marker", first.text("Marker").unwrap())];
    let rest = site.done("ListPoliciesGrantingServiceAccess", &[&base[..], &next].concat()).await;
    assert_eq!((rest.text("ServiceNamespace"), rest.text("IsTruncated")), (Some("sqs"), Some("false")));
    let refused = async |arn: &str, service: &str| {
        let asked = [("Arn", arn), ("ServiceNamespaces.member.1", service)];
        site.refused("ListPoliciesGrantingServiceAccess", &asked).await.1
    };
    assert_eq!(refused(&admin, "s3:*").await, "ValidationError");
    assert_eq!(site.refused("ListPoliciesGrantingServiceAccess", &base[..1]).await.1, "ValidationError");
    assert_eq!(refused(&arn("role/nobody"), "s3").await, "NoSuchEntity");
    assert_eq!(refused(&arn("policy/none"), "s3").await, "InvalidInput");
}
