//! Instance profiles: containers for one role each, with the refusals that clients know.

use serde_json::json;

use crate::caller::Keys;
use crate::site::{Site, allow, arn, decoded, policy, trust};

const PROFILE: (&str, &str) = ("InstanceProfileName", "Web");
const ROLE: (&str, &str) = ("RoleName", "machine");

fn machines() -> String {
    trust(&json!({"Service": "ec2.amazonaws.com"}))
}

/// An account with the role `machine` and the instance profile `Web`.
async fn with_role_and_profile() -> Site {
    let site = Site::start().await;
    site.create_role("machine", &machines()).await;
    site.done("CreateInstanceProfile", &[PROFILE, ("Path", "/servers/")]).await;
    site
}

#[tokio::test]
async fn an_instance_profile_is_read_as_it_was_made_and_deleted() {
    let site = Site::start().await;
    let tag = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "cats")];
    let made = site.done("CreateInstanceProfile", &[&[PROFILE, ("Path", "/servers/")][..], &tag].concat()).await;
    let read = site.done("GetInstanceProfile", &[("InstanceProfileName", "web")]).await;
    for reply in [&made, &read] {
        assert_eq!(reply.text("Arn"), Some(arn("instance-profile/servers/Web").as_str()));
        assert_eq!((reply.text("InstanceProfileName"), reply.text("Path")), (Some("Web"), Some("/servers/")));
        assert!(reply.text("InstanceProfileId").is_some_and(|id| id.starts_with("AIPA") && id.len() == 21));
        assert_eq!(reply.text("CreateDate"), Some("2026-01-01T00:00:00Z"));
        assert!(reply.body.contains("<Roles></Roles>"), "{}", reply.body);
        assert!(reply.body.contains("<member><Key>team</Key><Value>cats</Value></member>"), "{}", reply.body);
    }
    assert_eq!(made.text("InstanceProfileId"), read.text("InstanceProfileId"));
    site.done("DeleteInstanceProfile", &[PROFILE]).await;
    let (status, code, message) = site.refused("GetInstanceProfile", &[PROFILE]).await;
    assert_eq!((status, code.as_str()), (404, "NoSuchEntity"));
    assert_eq!(message, "Instance Profile Web cannot be found.");
}

#[tokio::test]
async fn a_role_is_put_in_listed_and_taken_out() {
    let site = with_role_and_profile().await;
    site.done("AddRoleToInstanceProfile", &[PROFILE, ROLE]).await;
    site.done("CreateInstanceProfile", &[("InstanceProfileName", "empty")]).await;
    for (action, asked) in [
        ("GetInstanceProfile", &[PROFILE][..]),
        ("ListInstanceProfiles", &[("PathPrefix", "/servers/")]),
        ("ListInstanceProfilesForRole", &[ROLE]),
        ("GetAccountAuthorizationDetails", &[("Filter.member.1", "Role")]),
    ] {
        let reply = site.done(action, asked).await;
        let (_, within) =
            reply.body.split_once("<Roles><member>").unwrap_or_else(|| panic!("{action}: {}", reply.body));
        let (role, _) = within.split_once("</Roles>").unwrap();
        assert!(role.contains("<RoleName>machine</RoleName>") && !role.contains("MaxSessionDuration"), "{role}");
        let document = role.split("<AssumeRolePolicyDocument>").nth(1).unwrap().split('<').next().unwrap();
        assert_eq!(decoded(document), machines());
        assert!(reply.body.contains(&arn("instance-profile/servers/Web")) && !reply.body.contains(">empty<"));
    }
    let all = site.done("ListInstanceProfiles", &[("MaxItems", "1")]).await;
    assert_eq!((all.text("InstanceProfileName"), all.text("IsTruncated")), (Some("empty"), Some("true")));
    let summary = site.done("GetAccountSummary", &[]).await.body;
    for entry in ["<key>InstanceProfiles</key><value>2<", "<key>InstanceProfilesQuota</key><value>1000<"] {
        assert!(summary.contains(entry), "{summary}");
    }
    site.done("RemoveRoleFromInstanceProfile", &[PROFILE, ROLE]).await;
    let none = site.done("ListInstanceProfilesForRole", &[ROLE]).await;
    assert!(none.body.contains("<InstanceProfiles></InstanceProfiles><IsTruncated>false"), "{}", none.body);
}

#[tokio::test]
async fn refusals_are_in_the_words_that_clients_know() {
    let site = with_role_and_profile().await;
    site.create_role("other", &machines()).await;
    let (no_profile, no_role) = (("InstanceProfileName", "none"), ("RoleName", "none"));
    let absent_profile = "Instance Profile none cannot be found.";
    let absent_role = "The role with name none cannot be found.";
    for (action, asked, code, message) in [
        (
            "CreateInstanceProfile",
            vec![("InstanceProfileName", "WEB")],
            "EntityAlreadyExists",
            "Instance Profile WEB already exists.",
        ),
        ("DeleteInstanceProfile", vec![no_profile], "NoSuchEntity", absent_profile),
        ("AddRoleToInstanceProfile", vec![no_profile, ROLE], "NoSuchEntity", absent_profile),
        ("AddRoleToInstanceProfile", vec![PROFILE, no_role], "NoSuchEntity", absent_role),
        ("RemoveRoleFromInstanceProfile", vec![no_profile, ROLE], "NoSuchEntity", absent_profile),
        ("RemoveRoleFromInstanceProfile", vec![PROFILE, no_role], "NoSuchEntity", absent_role),
        (
            "RemoveRoleFromInstanceProfile",
            vec![PROFILE, ROLE],
            "NoSuchEntity",
            "Role machine in Instance Profile Web cannot be found.",
        ),
        (
            "TagInstanceProfile",
            vec![no_profile, ("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "b")],
            "NoSuchEntity",
            absent_profile,
        ),
        ("UntagInstanceProfile", vec![no_profile, ("TagKeys.member.1", "a")], "NoSuchEntity", absent_profile),
        ("ListInstanceProfileTags", vec![no_profile], "NoSuchEntity", absent_profile),
        ("ListInstanceProfilesForRole", vec![no_role], "NoSuchEntity", absent_role),
    ] {
        let (_, found, said) = site.refused(action, &asked).await;
        assert_eq!((found.as_str(), said.as_str()), (code, message), "{action} {asked:?}");
    }
    site.done("AddRoleToInstanceProfile", &[PROFILE, ROLE]).await;
    let full = "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1";
    for role in ["other", "machine"] {
        let (status, code, message) = site.refused("AddRoleToInstanceProfile", &[PROFILE, ("RoleName", role)]).await;
        assert_eq!((status, code.as_str(), message.as_str()), (409, "LimitExceeded", full), "{role}");
    }
    let taken = "Cannot delete entity, must remove roles from instance profile first.";
    for (action, asked) in [("DeleteInstanceProfile", PROFILE), ("DeleteRole", ROLE)] {
        let (status, code, message) = site.refused(action, &[asked]).await;
        assert_eq!((status, code.as_str(), message.as_str()), (409, "DeleteConflict", taken), "{action}");
    }
    site.done("RemoveRoleFromInstanceProfile", &[PROFILE, ROLE]).await;
    site.done("DeleteRole", &[ROLE]).await;
}

#[tokio::test]
async fn whoever_puts_a_role_into_a_profile_must_be_allowed_to_pass_it() {
    let site = with_role_and_profile().await;
    let add = async |who: &Keys| site.iam_as(who, "AddRoleToInstanceProfile", &[PROFILE, ROLE]).await;
    let tools = site.session_with("tools", &allow("iam:AddRoleToInstanceProfile")).await;
    let refused = add(&tools).await;
    assert_eq!((refused.status, refused.text("Code")), (403, Some("AccessDenied")));
    assert!(refused.text("Message").unwrap().contains("iam:PassRole on resource: "), "{}", refused.body);
    let passing = |service: &str| {
        policy(&json!([{"Effect": "Allow", "Action": "iam:AddRoleToInstanceProfile", "Resource": "*"},
            {"Effect": "Allow", "Action": "iam:PassRole", "Resource": arn("role/machine"),
             "Condition": {"StringEquals": {"iam:PassedToService": service}}}]))
    };
    let elsewhere = site.session_with("lambda", &passing("lambda.amazonaws.com")).await;
    assert_eq!(add(&elsewhere).await.status, 403);
    let machines = site.session_with("machines", &passing("ec2.amazonaws.com")).await;
    assert_eq!(add(&machines).await.status, 200);
}

#[tokio::test]
async fn a_call_without_permission_says_nothing_of_what_exists() {
    let site = with_role_and_profile().await;
    let who = site.session_with("worker", &allow("s3:*")).await;
    for action in ["GetInstanceProfile", "DeleteInstanceProfile", "ListInstanceProfileTags"] {
        let known = site.iam_as(&who, action, &[PROFILE]).await;
        let unknown = site.iam_as(&who, action, &[("InstanceProfileName", "None")]).await;
        assert_eq!((known.status, unknown.status), (403, 403));
        let told = |body: &str, name: &str| body.split("<RequestId>").next().unwrap().replace(name, "NAME");
        assert_eq!(told(&known.body, "Web"), told(&unknown.body, "None"), "{action}");
    }
}

#[tokio::test]
async fn conditions_see_the_tags_of_an_instance_profile() {
    let site = with_role_and_profile().await;
    let owned = policy(&json!([
        {"Effect": "Allow", "Action": "iam:TagInstanceProfile", "Resource": arn("instance-profile/servers/*"),
         "Condition": {"StringEquals": {"aws:RequestTag/team": "cats"}}},
        {"Effect": "Allow", "Action": ["iam:DeleteInstanceProfile", "iam:UntagInstanceProfile"], "Resource": "*",
         "Condition": {"StringEquals": {"aws:ResourceTag/team": "cats"}}}]));
    let who = site.session_with("worker", &owned).await;
    let tag = async |value: &str| {
        let asked = [PROFILE, ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", value)];
        site.iam_as(&who, "TagInstanceProfile", &asked).await.status
    };
    let delete = async || site.iam_as(&who, "DeleteInstanceProfile", &[PROFILE]).await.status;
    assert_eq!((tag("dogs").await, delete().await), (403, 403));
    assert_eq!(tag("cats").await, 200);
    let tags = site.done("ListInstanceProfileTags", &[PROFILE]).await;
    assert!(tags.body.contains("<Key>team</Key><Value>cats</Value>"), "{}", tags.body);
    let untagged = site.iam_as(&who, "UntagInstanceProfile", &[PROFILE, ("TagKeys.member.1", "team")]).await;
    assert_eq!((untagged.status, delete().await), (200, 403));
    assert_eq!((tag("cats").await, delete().await), (200, 200));
}
