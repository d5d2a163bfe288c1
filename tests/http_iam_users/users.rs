//! Users as clients of the query protocol meet them.

use serde_json::json;

use crate::site::{Site, refusal};

#[tokio::test]
async fn a_user_is_read_as_it_was_made() {
    let site = Site::start().await;
    let tag = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "cats")];
    let made = site.done("CreateUser", &[&[("UserName", "Ana"), ("Path", "/team/")], &tag[..]].concat()).await;
    let read = site.done("GetUser", &[("UserName", "aNA")]).await;
    for reply in [made, read] {
        assert_eq!(reply.text("UserName"), Some("Ana"));
        assert_eq!(reply.text("Path"), Some("/team/"));
        assert_eq!(reply.text("Arn"), Some("arn:aws:iam::111111111111:user/team/Ana"));
        assert!(reply.text("UserId").unwrap().starts_with("AIDA"));
        assert_eq!(reply.text("CreateDate"), Some("2026-01-01T00:00:00Z"));
        assert!(reply.body.contains("<Tags><member><Key>team</Key><Value>cats</Value></member></Tags>"));
    }
}

#[tokio::test]
async fn refusals_are_those_that_clients_know() {
    let site = Site::start().await;
    site.done("CreateUser", &[("UserName", "ana")]).await;
    let missing = refusal(404, "NoSuchEntity", "The user with name nobody cannot be found.");
    let exists = refusal(409, "EntityAlreadyExists", "User with name ANA already exists.");
    assert_eq!(site.refused("CreateUser", &[("UserName", "ANA")]).await, exists);
    for action in ["GetUser", "DeleteUser", "UpdateUser", "ListUserTags", "ListGroupsForUser", "ListAccessKeys"] {
        assert_eq!(site.refused(action, &[("UserName", "nobody")]).await, missing, "{action}");
    }
    let (status, code, message) = site.refused("CreateUser", &[("UserName", "a b")]).await;
    assert_eq!((status, code.as_str()), (400, "ValidationError"));
    assert_eq!(
        message,
        "1 validation error detected: Value at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+"
    );
    let (_, code, _) = site.refused("CreateUser", &[("UserName", &"x".repeat(65))]).await;
    assert_eq!(code, "ValidationError");
    let (status, code, message) = site
        .refused("CreateUser", &[("UserName", "bob"), ("PermissionsBoundary", "arn:aws:iam::111111111111:policy/p")])
        .await;
    assert_eq!((status, code.as_str()), (404, "NoSuchEntity"), "{message}");
    let made = site.refused("GetUser", &[("UserName", "bob")]).await;
    assert_eq!(made.1, "NoSuchEntity", "nothing of a refused call is left");
}

#[tokio::test]
async fn a_session_of_a_role_must_say_which_user_it_means() {
    let site = Site::start().await;
    let nameless = refusal(400, "ValidationError", "Must specify userName when calling with non-User credentials");
    for action in ["GetUser", "ListAccessKeys", "CreateAccessKey", "ListMFADevices", "GetLoginProfile"] {
        assert_eq!(site.refused(action, &[]).await, nameless, "{action}");
    }
}

#[tokio::test]
async fn a_renamed_user_keeps_its_id() {
    let site = Site::start().await;
    let made = site.done("CreateUser", &[("UserName", "ana")]).await;
    site.done("UpdateUser", &[("UserName", "ana"), ("NewUserName", "anna"), ("NewPath", "/new/")]).await;
    let read = site.done("GetUser", &[("UserName", "anna")]).await;
    assert_eq!(read.text("UserId"), made.text("UserId"));
    assert_eq!(read.text("Arn"), Some("arn:aws:iam::111111111111:user/new/anna"));
    let (_, code, message) = site.refused("UpdateUser", &[("UserName", "anna"), ("NewPath", "new")]).await;
    assert_eq!(code, "ValidationError");
    assert!(message.starts_with("The specified value for path is invalid. It must begin and end with /"), "{message}");
}

#[tokio::test]
async fn nobody_renames_a_user_out_of_what_a_policy_says_of_it() {
    let site = Site::start().await;
    let limited = site
        .session_with(
            &json!({"Effect": "Allow", "Action": "iam:*", "Resource": "arn:aws:iam::111111111111:user/own/*"}),
        )
        .await;
    site.done("CreateUser", &[("UserName", "ana"), ("Path", "/own/")]).await;
    site.iam_as(&limited, "UpdateUser", &[("UserName", "ana"), ("NewUserName", "anna")]).await;
    let (status, code, _) =
        site.refused_to(&limited, "UpdateUser", &[("UserName", "anna"), ("NewPath", "/admins/")]).await;
    assert_eq!((status, code.as_str()), (403, "AccessDenied"));
}

#[tokio::test]
async fn users_are_listed_by_path_and_in_pages() {
    let site = Site::start().await;
    for (name, path) in [("c", "/"), ("A", "/x/"), ("b", "/x/y/")] {
        site.done("CreateUser", &[("UserName", name), ("Path", path)]).await;
    }
    let names = |body: &str| body.matches("<UserName>").count();
    let below = site.done("ListUsers", &[("PathPrefix", "/x/")]).await;
    assert_eq!((names(&below.body), below.text("IsTruncated")), (2, Some("false")));
    let first = site.done("ListUsers", &[("MaxItems", "2")]).await;
    assert_eq!((names(&first.body), first.text("IsTruncated")), (2, Some("true")));
    let rest = site.done("ListUsers", &[("Marker", first.text("Marker").unwrap())]).await;
    assert_eq!((names(&rest.body), rest.text("UserName")), (1, Some("c")));
}

#[tokio::test]
async fn tags_are_put_listed_and_taken_away() {
    let site = Site::start().await;
    site.done("CreateUser", &[("UserName", "ana")]).await;
    let tag = |key, value| [("UserName", "ana"), ("Tags.member.1.Key", key), ("Tags.member.1.Value", value)];
    site.done("TagUser", &tag("Team", "cats")).await;
    site.done("TagUser", &tag("team", "dogs")).await;
    let listed = site.done("ListUserTags", &[("UserName", "ana")]).await;
    assert!(
        listed.body.contains("<Tags><member><Key>team</Key><Value>dogs</Value></member></Tags>"),
        "{}",
        listed.body
    );
    site.done("UntagUser", &[("UserName", "ana"), ("TagKeys.member.1", "TEAM")]).await;
    assert!(site.done("ListUserTags", &[("UserName", "ana")]).await.body.contains("<Tags></Tags>"));
    for number in 0..50 {
        let key = format!("key{number}");
        site.done("TagUser", &[("UserName", "ana"), ("Tags.member.1.Key", &key), ("Tags.member.1.Value", "")]).await;
    }
    let (status, code, _) = site.refused("TagUser", &tag("one-more", "")).await;
    assert_eq!((status, code.as_str()), (409, "LimitExceeded"));
    let names: Vec<_> = (1..=51).map(|n| (format!("Tags.member.{n}.Key"), format!("Tags.member.{n}.Value"))).collect();
    let mut many = vec![("UserName", "ana")];
    many.extend(names.iter().flat_map(|(key, value)| [(key.as_str(), key.as_str()), (value.as_str(), "")]));
    let nobody = site.session_with(&json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})).await;
    let refused = site.refused_to(&nobody, "TagUser", &many).await;
    assert_eq!(refused.1, "ValidationError", "so many are refused before they are looked at");
}

#[tokio::test]
async fn policies_decide_by_the_users_arn_and_tags() {
    let site = Site::start().await;
    for (name, team) in [("ana", "cats"), ("bob", "dogs")] {
        let tags = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", team)];
        site.done("CreateUser", &[&[("UserName", name)], &tags[..]].concat()).await;
    }
    let limited = site
        .session_with(&json!([
            {"Effect": "Allow", "Action": "iam:GetUser", "Resource": "*",
             "Condition": {"StringEquals": {"aws:ResourceTag/team": "cats"}}},
            {"Effect": "Allow", "Action": "iam:ListUserTags", "Resource": "arn:aws:iam::111111111111:user/bob"},
        ]))
        .await;
    assert_eq!(site.iam_as(&limited, "GetUser", &[("UserName", "ana")]).await.status, 200);
    let refused = site.refused_to(&limited, "GetUser", &[("UserName", "bob")]).await;
    assert_eq!(
        refused,
        refusal(
            403,
            "AccessDenied",
            "User: arn:aws:sts::111111111111:assumed-role/limited/martha is not authorized to perform: iam:GetUser on resource: user bob because no identity-based policy allows the iam:GetUser action"
        )
    );
    assert_eq!(site.iam_as(&limited, "ListUserTags", &[("UserName", "BOB")]).await.status, 200);
    assert_eq!(site.refused_to(&limited, "ListUserTags", &[("UserName", "ana")]).await.0, 403);
    let unknown = site.refused_to(&limited, "ListUserTags", &[("UserName", "nobody")]).await;
    assert_eq!(unknown.1, "AccessDenied", "who may not ask is not told who exists");
}

/// Names can be asked for that no user can have, though not everywhere.
#[tokio::test]
async fn names_are_held_to_the_length_that_each_operation_takes() {
    let site = Site::start().await;
    let long = "x".repeat(65);
    let (policy, name) = (("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess"), ("UserName", long.as_str()));
    let boundary = ("PermissionsBoundary", policy.1);
    for (action, parameters) in [
        ("CreateLoginProfile", vec![name, ("Password", "correct-horse-7")]),
        ("UpdateLoginProfile", vec![name]),
        ("GetLoginProfile", vec![name]),
        ("DeleteLoginProfile", vec![name]),
        ("AttachUserPolicy", vec![name, policy]),
        ("DetachUserPolicy", vec![name, policy]),
        ("ListAttachedUserPolicies", vec![name]),
        ("PutUserPermissionsBoundary", vec![name, boundary]),
        ("DeleteUserPermissionsBoundary", vec![name]),
        ("GetMFADevice", vec![name, ("SerialNumber", "arn:aws:iam::111111111111:mfa/phone")]),
    ] {
        let (_, code, message) = site.refused(action, &parameters).await;
        assert_eq!(code, "ValidationError", "{action}: {message}");
        assert!(message.ends_with("Member must have length less than or equal to 64"), "{action}: {message}");
    }
    for action in ["GetUser", "ListAccessKeys", "ListUserTags", "ListUserPolicies", "ListGroupsForUser"] {
        assert_eq!(site.refused(action, &[name]).await.1, "NoSuchEntity", "{action}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_tags_is_said_in_the_words_of_the_cloud() {
    let site = Site::start().await;
    site.done("CreateUser", &[("UserName", "ana")]).await;
    let key = "k".repeat(129);
    for wrong in [key.as_str(), "a!", ""] {
        let asked = [("UserName", "ana"), ("TagKeys.member.1", "team"), ("TagKeys.member.2", wrong)];
        let (_, code, message) = site.refused("UntagUser", &asked).await;
        let expected = "1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: Member must \
                        satisfy constraint: [Member must have length less than or equal to 128, Member must have \
                        length greater than or equal to 1, Member must satisfy regular expression pattern: \
                        [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+, Member must not be null]";
        assert_eq!((code.as_str(), message.as_str()), ("ValidationError", expected));
    }
    let tags: Vec<(String, String)> = (1..=51)
        .flat_map(|n| {
            [(format!("Tags.member.{n}.Key"), format!("k{n}")), (format!("Tags.member.{n}.Value"), "v".into())]
        })
        .collect();
    let of = |range: std::ops::Range<usize>| {
        let own = tags[range].iter().enumerate().map(|(at, (name, value))| {
            let part = name.rsplit('.').next().unwrap();
            (format!("Tags.member.{}.{part}", at / 2 + 1), value.clone())
        });
        let mut all = vec![("UserName".to_owned(), "ana".to_owned())];
        all.extend(own);
        all
    };
    let root = site.root();
    let tag = async |range| {
        let all = of(range);
        let all: Vec<(&str, &str)> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        site.iam_as(&*root, "TagUser", &all).await
    };
    assert_eq!(tag(0..100).await.status, 200);
    let refused = tag(100..102).await;
    assert_eq!((refused.status, refused.text("Code")), (409, Some("LimitExceeded")));
    assert_eq!(refused.text("Message"), Some("The number of tags has reached the maximum limit."));
}
