//! Groups as clients of the query protocol meet them.

use crate::site::{Site, refusal};

#[tokio::test]
async fn a_group_is_made_filled_read_renamed_and_deleted() {
    let site = Site::start().await;
    let made = site.done("CreateGroup", &[("GroupName", "Staff"), ("Path", "/team/")]).await;
    assert_eq!(made.text("Arn"), Some("arn:aws:iam::111111111111:group/team/Staff"));
    assert!(made.text("GroupId").unwrap().starts_with("AGPA"));
    for name in ["ana", "bob"] {
        site.done("CreateUser", &[("UserName", name)]).await;
        site.done("AddUserToGroup", &[("UserName", name), ("GroupName", "staff")]).await;
    }
    let read = site.done("GetGroup", &[("GroupName", "staff"), ("MaxItems", "1")]).await;
    assert_eq!((read.text("UserName"), read.text("IsTruncated")), (Some("ana"), Some("true")));
    let rest = [("GroupName", "staff"), ("Marker", read.text("Marker").unwrap())];
    assert_eq!(site.done("GetGroup", &rest).await.text("UserName"), Some("bob"));
    site.done("UpdateGroup", &[("GroupName", "staff"), ("NewGroupName", "crew")]).await;
    let of_ana = site.done("ListGroupsForUser", &[("UserName", "ana")]).await;
    assert_eq!((of_ana.text("GroupName"), of_ana.text("GroupId")), (Some("crew"), made.text("GroupId")));
    let kept = refusal(409, "DeleteConflict", "Cannot delete entity, must remove users from group first.");
    assert_eq!(site.refused("DeleteGroup", &[("GroupName", "crew")]).await, kept);
    assert_eq!(site.refused("DeleteUser", &[("UserName", "ana")]).await, kept);
    for name in ["ana", "bob"] {
        site.done("RemoveUserFromGroup", &[("UserName", name), ("GroupName", "crew")]).await;
    }
    site.done("DeleteGroup", &[("GroupName", "crew")]).await;
    let gone = refusal(404, "NoSuchEntity", "The group with name crew cannot be found.");
    assert_eq!(site.refused("GetGroup", &[("GroupName", "crew")]).await, gone);
    assert!(site.done("ListGroups", &[]).await.body.contains("<Groups></Groups>"));
}

#[tokio::test]
async fn groups_are_not_nested_and_their_names_have_no_case() {
    let site = Site::start().await;
    site.done("CreateGroup", &[("GroupName", "inner")]).await;
    site.done("CreateGroup", &[("GroupName", "outer")]).await;
    let no_user = refusal(404, "NoSuchEntity", "The user with name inner cannot be found.");
    assert_eq!(site.refused("AddUserToGroup", &[("UserName", "inner"), ("GroupName", "outer")]).await, no_user);
    let exists = refusal(409, "EntityAlreadyExists", "Group with name INNER already exists.");
    assert_eq!(site.refused("CreateGroup", &[("GroupName", "INNER")]).await, exists);
}

#[tokio::test]
async fn a_user_is_in_at_most_ten_groups() {
    let site = Site::start().await;
    site.done("CreateUser", &[("UserName", "ana")]).await;
    for number in 0..11 {
        site.done("CreateGroup", &[("GroupName", &format!("group{number}"))]).await;
    }
    for number in 0..10 {
        site.done("AddUserToGroup", &[("UserName", "ana"), ("GroupName", &format!("group{number}"))]).await;
    }
    let full = refusal(409, "LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10");
    assert_eq!(site.refused("AddUserToGroup", &[("UserName", "ana"), ("GroupName", "group10")]).await, full);
}
