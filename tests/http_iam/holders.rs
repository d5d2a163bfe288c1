//! What users may do comes from their own policies and their groups', within their boundary; each kind has limits of its own.

use daypass::organization::Organization;
use daypass::policy::{Kind, Level, Policy};

use crate::caller::Keys;
use crate::site::{Site, allow, arn, decoded};

const USER: (&str, &str) = ("UserName", "martha");
const GROUP: (&str, &str) = ("GroupName", "Readers");
const READ_ONLY: (&str, &str) = ("PolicyArn", "arn:aws:iam::aws:policy/IAMReadOnlyAccess");

async fn looks(site: &Site, who: &Keys) -> u16 {
    site.iam_as(who, "GetRole", &[("RoleName", "admin")]).await.status
}

#[tokio::test]
async fn a_user_may_what_its_groups_may() {
    let site = Site::start().await;
    let martha = site.user("martha").await;
    assert_eq!(looks(&site, &martha).await, 403);
    site.done("AttachGroupPolicy", &[GROUP, READ_ONLY]).await;
    assert_eq!(looks(&site, &martha).await, 200);
    site.done("DetachGroupPolicy", &[GROUP, READ_ONLY]).await;
    assert_eq!(looks(&site, &martha).await, 403);
    let document = allow("iam:GetRole");
    site.done("PutGroupPolicy", &[GROUP, ("PolicyName", "look"), ("PolicyDocument", &document)]).await;
    assert_eq!(looks(&site, &martha).await, 200);
    let read = site.done("GetGroupPolicy", &[GROUP, ("PolicyName", "look")]).await;
    assert_eq!((read.text("GroupName"), decoded(read.text("PolicyDocument").unwrap())), (Some("Readers"), document));
    site.done("DeleteGroupPolicy", &[GROUP, ("PolicyName", "look")]).await;
    assert_eq!(looks(&site, &martha).await, 403);
}

#[tokio::test]
async fn a_user_may_no_more_than_its_boundary() {
    let site = Site::start().await;
    let martha = site.user("martha").await;
    site.done("AttachUserPolicy", &[USER, READ_ONLY]).await;
    assert_eq!(looks(&site, &martha).await, 200);
    let bound = site.create_policy("bound", &allow("s3:*")).await;
    site.done("PutUserPermissionsBoundary", &[USER, ("PermissionsBoundary", &bound)]).await;
    assert_eq!(looks(&site, &martha).await, 403);
    let told = site.iam_as(&martha, "GetRole", &[("RoleName", "admin")]).await;
    assert!(told.text("Message").unwrap().ends_with("because no permissions boundary allows the iam:GetRole action"));
    site.done("DeleteUserPermissionsBoundary", &[USER]).await;
    assert_eq!(looks(&site, &martha).await, 200);
}

#[tokio::test]
async fn policies_of_users_and_groups_are_listed_with_whom_they_are_attached_to() {
    let site = Site::start().await;
    site.user("martha").await;
    let own = site.create_policy("own", &allow("s3:*")).await;
    let policy = ("PolicyArn", own.as_str());
    site.done("AttachUserPolicy", &[USER, policy]).await;
    site.done("AttachGroupPolicy", &[GROUP, policy]).await;
    let attached = site.done("ListAttachedUserPolicies", &[USER]).await;
    assert_eq!(attached.text("PolicyArn"), Some(own.as_str()));
    let attached = site.done("ListAttachedGroupPolicies", &[GROUP]).await;
    assert_eq!(attached.text("PolicyArn"), Some(own.as_str()));
    let entities = site.done("ListEntitiesForPolicy", &[policy]).await;
    assert_eq!((entities.text("GroupName"), entities.text("UserName")), (Some("Readers"), Some("martha")));
    assert_eq!(site.done("GetPolicy", &[policy]).await.text("AttachmentCount"), Some("2"));
    let details = site.done("GetAccountAuthorizationDetails", &[("Filter.member.1", "User")]).await;
    assert!(details.body.contains("<GroupList><member>Readers</member></GroupList>"), "{}", details.body);
}

#[tokio::test]
async fn each_kind_has_room_of_its_own_for_inline_policies() {
    let site = Site::start().await;
    site.user("martha").await;
    for (subject, action, most, told) in [
        (USER, "PutUserPolicy", 2048, "Maximum policy size of 2048 bytes exceeded for user martha"),
        (GROUP, "PutGroupPolicy", 5120, "Maximum policy size of 5120 bytes exceeded for group Readers"),
    ] {
        let over = allow(&format!("s3:{}", "x".repeat(most)));
        let fits = allow(&format!("s3:{}", "x".repeat(most - 200)));
        let put = |document| [subject, ("PolicyName", "p"), ("PolicyDocument", document)];
        let (status, code, message) = site.refused(action, &put(&over)).await;
        assert_eq!((status, code.as_str(), message.as_str()), (409, "LimitExceeded", told));
        site.done(action, &put(&fits)).await;
    }
}

#[tokio::test]
async fn a_simulation_of_a_user_counts_groups_and_the_organisation() {
    let limit = Policy::parse(&allow("iam:*"), Kind::ServiceControl).unwrap();
    let site = Site::with(|broker| {
        let organization = Organization::new("o-a1b2c3d4e5", "333333333333".parse().unwrap());
        let levels = vec![Level::new("Root", vec![limit])];
        broker.with_organization(organization.with_service_control("111111111111".parse().unwrap(), levels))
    })
    .await;
    site.user("martha").await;
    site.done("PutGroupPolicy", &[GROUP, ("PolicyName", "all"), ("PolicyDocument", &allow("*"))]).await;
    let source = arn("user/martha");
    let ask = async |action: &str| {
        let asked = [("PolicySourceArn", source.as_str()), ("ActionNames.member.1", action)];
        let reply = site.done("SimulatePrincipalPolicy", &asked).await;
        ["EvalDecision", "AllowedByOrganizations", "SourcePolicyId"]
            .map(|name| reply.text(name).unwrap_or("").to_owned())
    };
    assert_eq!(ask("iam:GetRole").await, ["allowed", "true", "group_Readers_all"]);
    assert_eq!(ask("s3:GetObject").await, ["implicitDeny", "false", ""]);
}
