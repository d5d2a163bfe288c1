//! The demonstration's organisation: accounts, people, roles, permission sets, and the policy of its bucket.
//!
//! All of it is made from the addresses the three parties are served at, so that it holds at any port.

use std::time::Duration;

use daypass::arn::{AccountId, Arn};
use daypass::crypto::sha256_hex;
use daypass::directory::{Assignment, Directory, IdentityStore, PermissionSet, Subject, User, UserId};
use daypass::organization::Organization;
use daypass::policy::{PermissionsPolicy, ResourcePolicy, TrustPolicy};
use daypass::{Broker, Role};
use serde_json::{Value, json};

use super::site::Site;
use super::{DemoError, cat_photos};
use crate::demo_directory;

/// Account of the photos, and of the roles for direct federation.
pub(super) const PRODUCTION: &str = "111111111111";
const STAGING: &str = "222222222222";
const MANAGEMENT: &str = "333333333333";
/// The bucket.
pub(super) const BUCKET: &str = "cat-photos";
/// The audience of tokens that are exchanged for a role.
pub(super) const AUDIENCE: &str = "sts.daypass.example";
/// The repository whose jobs on its branch `main` may publish photos.
const REPOSITORY: &str = "octo-org/octo-repo";
/// The name under which the accounts register the identity provider for SAML.
pub(super) const SAML_PROVIDER: &str = "corp";

/// The directory as an identity store of the management account.
const IDENTITY_STORE: &str = "d-90670c0ffe";
/// The Identity Center instance that it belongs to.
const INSTANCE: &str = "ssoins-7223c0ffee5c4e1d";
/// The one application of that instance, which acts on behalf of people.
const APPLICATION: &str = "apl-7223c0ffee5c4e1d";

/// Gives `broker` everything the demonstration has beside its identity provider.
pub(super) fn furnish(broker: Broker, site: &Site) -> Result<Broker, DemoError> {
    let account: AccountId = PRODUCTION.parse()?;
    let bucket: Arn = cat_photos::BUCKET_ARN.parse()?;
    let policy: ResourcePolicy = cat_photos::BUCKET_POLICY.parse()?;
    let broker = broker
        .with_role(workload_role(&account, "PhotoPublisher", site)?)
        .with_role(administrator_role(&account, "IamAdministrator", site)?)
        .with_role(administrator_role(&MANAGEMENT.parse()?, "IamAdministrator", site)?)
        .with_role(federated_role(&account, "PhotoReader", &reader(), site, None)?)
        .with_role(federated_role(&account, "PhotoEditor", &editor(), site, Some("PhotoReader"))?)
        .with_resource_policy(account, &bucket, policy.named("the policy of cat-photos"))
        .with_resource_policy(MANAGEMENT.parse()?, &application()?, application_policy()?);
    Ok(broker.with_organization(organization()?).with_directory(directory()?)?)
}

/// The ARN of the application that may ask for the context of a person.
pub(super) fn application() -> Result<Arn, DemoError> {
    Ok(identity_store()?.application_arn(APPLICATION)?)
}

fn identity_store() -> Result<IdentityStore, DemoError> {
    Ok(IdentityStore::new(MANAGEMENT.parse()?, IDENTITY_STORE)?.with_instance(INSTANCE)?)
}

/// Whoever production allows to may speak for the application; it is of another account.
fn application_policy() -> Result<ResourcePolicy, DemoError> {
    let statement = json!({"Sid": "ProductionSpeaksForIt", "Effect": "Allow", "Principal": {"AWS": PRODUCTION},
        "Action": "sso-oauth:CreateTokenWithIAM", "Resource": "*"});
    let policy: ResourcePolicy = document(&[statement]).parse()?;
    Ok(policy.named("the policy of the application"))
}

/// The accounts as one organisation, whose management account may take root sessions of the others.
fn organization() -> Result<Organization, DemoError> {
    const ROOT: &str = "o-catphotos01/r-cats/";
    let mut organization = Organization::new("o-catphotos01", MANAGEMENT.parse()?).with_root_sessions();
    for account in [PRODUCTION, STAGING, MANAGEMENT] {
        organization = organization.with_account(account.parse()?, ROOT);
    }
    Ok(organization)
}

fn federated_role(
    account: &AccountId,
    name: &str,
    permissions: &Value,
    site: &Site,
    from: Option<&str>,
) -> Result<Role, DemoError> {
    let issuer = site.idp_host();
    let mut statements = vec![
        json!({
            "Sid": "SignedInWithSaml",
            "Effect": "Allow",
            "Principal": {"Federated": format!("arn:aws:iam::{account}:saml-provider/{SAML_PROVIDER}")},
            "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
            "Condition": {"StringEquals": {"saml:aud": site.acs_url()}}
        }),
        json!({
            "Sid": "BearsAnIdToken",
            "Effect": "Allow",
            "Principal": {"Federated": format!("arn:aws:iam::{account}:oidc-provider/{issuer}")},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {
                format!("{issuer}:aud"): AUDIENCE,
                format!("{issuer}:sub"): ["martha", "sam"]
            }}
        }),
    ];
    if let Some(from) = from {
        statements.push(json!({
            "Sid": "ComesFromAnotherRole",
            "Effect": "Allow",
            "Principal": {"AWS": format!("arn:aws:iam::{account}:role/{from}")},
            "Action": "sts:AssumeRole"
        }));
    }
    role(account, name, permissions, &statements)
}

/// The role of jobs of GitHub Actions, whose tokens the demonstration's identity provider makes.
fn workload_role(account: &AccountId, name: &str, site: &Site) -> Result<Role, DemoError> {
    let issuer = site.idp_host();
    let statement = json!({
        "Sid": "RunsOnMain",
        "Effect": "Allow",
        "Principal": {"Federated": format!("arn:aws:iam::{account}:oidc-provider/{issuer}")},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {
            format!("{issuer}:aud"): AUDIENCE,
            format!("{issuer}:sub"): format!("repo:{REPOSITORY}:ref:refs/heads/main")
        }}
    });
    role(account, name, &editor(), &[statement])
}

/// The role in which martha manages users, roles, policies and providers of an account over the IAM API.
fn administrator_role(account: &AccountId, name: &str, site: &Site) -> Result<Role, DemoError> {
    let issuer = site.idp_host();
    let statement = json!({
        "Sid": "IsMartha",
        "Effect": "Allow",
        "Principal": {"Federated": format!("arn:aws:iam::{account}:oidc-provider/{issuer}")},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {format!("{issuer}:aud"): AUDIENCE, format!("{issuer}:sub"): "martha"}}
    });
    let permissions = json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "ManageTheAccount", "Effect": "Allow", "Action": ["iam:*", "sts:*"], "Resource": "*"
    }]});
    role(account, name, &permissions, &[statement])
}

fn role(account: &AccountId, name: &str, permissions: &Value, trusted: &[Value]) -> Result<Role, DemoError> {
    let trust: TrustPolicy = document(trusted).parse()?;
    let role = Role::new(Arn::iam(account, &format!("role/{name}")), trust.named(&format!("trust policy of {name}")))?;
    let permissions: PermissionsPolicy = permissions.to_string().parse()?;
    Ok(role.with_permissions(&permissions.named(name)).lasting_at_most(Duration::from_secs(4 * 3600)))
}

fn document(statements: &[Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn look() -> Value {
    json!({
        "Sid": "SeePhotos",
        "Effect": "Allow",
        "Action": ["s3:ListAllMyBuckets", "s3:GetBucketLocation", "s3:ListBucket", "s3:GetObject", "s3:GetBucketPolicy"],
        "Resource": "*"
    })
}

fn reader() -> Value {
    json!({"Version": "2012-10-17", "Statement": [look()]})
}

fn editor() -> Value {
    json!({"Version": "2012-10-17", "Statement": [look(), {
        "Sid": "ChangePhotos",
        "Effect": "Allow",
        "Action": [
            "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload",
            "s3:ListMultipartUploadParts", "s3:ListBucketMultipartUploads"
        ],
        "Resource": [format!("arn:aws:s3:::{BUCKET}"), format!("arn:aws:s3:::{BUCKET}/*")]
    }]})
}

fn administrator() -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"
    }]})
}

fn audit() -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "SeeWhoMayWhat",
        "Effect": "Allow",
        "Action": ["s3:ListAllMyBuckets", "s3:GetBucketLocation", "s3:GetBucketPolicy", "iam:Get*", "iam:List*"],
        "Resource": "*"
    }]})
}

/// An id for somebody of the demonstration, the same in every run.
fn user_id(name: &str) -> Result<UserId, DemoError> {
    let digest = sha256_hex(format!("a person of the demonstration: {name}").as_bytes());
    let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default();
    let (store, first, second, third) = (part(0, 10), part(10, 18), part(18, 22), part(22, 26));
    Ok(format!("{store}-{first}-{second}-{third}-{}-{}", part(26, 30), part(30, 42)).parse()?)
}

fn directory() -> Result<Directory, DemoError> {
    let mut directory = Directory::new()
        .with_identity_store(identity_store()?)
        .with_account(PRODUCTION.parse()?, "Cat Photos Production")
        .with_account(STAGING.parse()?, "Cat Photos Staging")
        .with_account(MANAGEMENT.parse()?, "Management");
    for person in demo_directory() {
        let user = User::new(person.name(), person.full_name()).with_user_id(user_id(person.name())?);
        directory = directory.with_user(user.with_groups(person.groups().iter().cloned()));
    }
    for (name, description, permissions) in [
        ("AdministratorAccess", "Everything, everywhere in the account.", administrator()),
        ("PhotoEditor", "See, add and replace photos.", editor()),
        ("PhotoReader", "See photos.", reader()),
        ("SecurityAudit", "See who may do what, and no photo.", audit()),
    ] {
        let permissions = permissions.to_string().parse()?;
        directory = directory.with_permission_set(PermissionSet::new(name, description, permissions));
    }
    for (group, account, set) in [
        ("Admins", PRODUCTION, "AdministratorAccess"),
        ("Admins", STAGING, "AdministratorAccess"),
        ("Admins", MANAGEMENT, "AdministratorAccess"),
        ("Developers", PRODUCTION, "PhotoReader"),
        ("Developers", PRODUCTION, "PhotoEditor"),
        ("Developers", STAGING, "PhotoEditor"),
        ("Security", PRODUCTION, "SecurityAudit"),
        ("Security", STAGING, "SecurityAudit"),
        ("Security", MANAGEMENT, "SecurityAudit"),
    ] {
        let subject = Subject::Group(group.to_owned());
        directory = directory.with_assignment(Assignment::new(subject, account.parse()?, set))?;
    }
    Ok(directory)
}
