//! Groups: they hold users, and nothing else.

use daypass::iam::{IamError, KeyOwner, Limits, Registry};

use crate::world::{NOW, change, id, user, with_users};

fn group(registry: &Registry, name: &str) -> Result<(), IamError> {
    change(registry, |account, limits| account.create_group(limits, &name.parse()?, "/".parse()?, NOW).map(|_| ()))
}

fn join(registry: &Registry, user: &str, group: &str) -> Result<(), IamError> {
    change(registry, |account, limits| account.add_user_to_group(limits, user, group))
}

#[test]
fn members_are_listed_both_ways() {
    let registry = with_users(&["bob", "ana", "eve"]);
    group(&registry, "Staff").unwrap();
    group(&registry, "admins").unwrap();
    for (user, of) in [("bob", "staff"), ("ANA", "STAFF"), ("ana", "admins"), ("ana", "staff")] {
        join(&registry, user, of).unwrap();
    }
    let account = registry.read().find(&id()).unwrap().clone();
    let members: Vec<_> = account.members("staff").map(|user| user.name.as_str()).collect();
    assert_eq!(members, ["ana", "bob"]);
    let groups: Vec<_> = account.groups_of(account.user("ana").unwrap()).map(|group| group.name.as_str()).collect();
    assert_eq!(groups, ["admins", "Staff"]);
    assert_eq!(account.group("staff").unwrap().arn.as_str(), "arn:aws:iam::111111111111:group/Staff");
    assert!(account.group("staff").unwrap().id.as_str().starts_with("AGPA"));
}

#[test]
fn a_group_cannot_be_put_into_a_group() {
    let registry = with_users(&[]);
    group(&registry, "inner").unwrap();
    group(&registry, "outer").unwrap();
    let refused = join(&registry, "inner", "outer").unwrap_err();
    assert_eq!(refused.to_string(), "The user with name inner cannot be found.");
}

#[test]
fn a_user_named_like_a_group_is_another_thing() {
    let registry = with_users(&["staff"]);
    group(&registry, "staff").unwrap();
    change(&registry, |account, _| account.delete_group("staff")).unwrap();
    assert!(registry.read().find(&id()).unwrap().user("staff").is_ok());
}

#[test]
fn a_user_is_in_at_most_ten_groups() {
    let registry = with_users(&["ana"]);
    for number in 0..11 {
        group(&registry, &format!("group{number}")).unwrap();
    }
    for number in 0..10 {
        join(&registry, "ana", &format!("group{number}")).unwrap();
    }
    join(&registry, "ana", "group3").unwrap();
    let refused = join(&registry, "ana", "group10").unwrap_err();
    assert_eq!(refused.to_string(), "Cannot exceed quota for GroupsPerUser: 10");
}

#[test]
fn a_renamed_group_keeps_its_members_and_its_id() {
    let registry = with_users(&["ana"]);
    group(&registry, "staff").unwrap();
    group(&registry, "other").unwrap();
    join(&registry, "ana", "staff").unwrap();
    let before = registry.read().find(&id()).unwrap().group("staff").unwrap().id.clone();
    change(&registry, |account, _| account.update_group("STAFF", Some("crew".parse()?), Some("/x/".parse()?))).unwrap();
    let account = registry.read().find(&id()).unwrap().clone();
    let renamed = account.group("Crew").unwrap();
    assert_eq!((&renamed.id, renamed.arn.as_str()), (&before, "arn:aws:iam::111111111111:group/x/crew"));
    assert_eq!(account.members("crew").count(), 1);
    assert_eq!(account.groups_of(account.user("ana").unwrap()).count(), 1);
    assert!(account.group("staff").is_err());
    let taken = change(&registry, |account, _| account.update_group("crew", Some("OTHER".parse()?), None));
    assert_eq!(taken.unwrap_err().to_string(), "Group with name OTHER already exists.");
}

#[test]
fn a_group_is_deleted_only_when_it_is_empty() {
    let registry = with_users(&["ana"]);
    group(&registry, "staff").unwrap();
    join(&registry, "ana", "staff").unwrap();
    let refused = change(&registry, |account, _| account.delete_group("staff")).unwrap_err();
    assert_eq!(refused.to_string(), "Cannot delete entity, must remove users from group first.");
    change(&registry, |account, _| account.remove_user_from_group("ana", "staff")).unwrap();
    change(&registry, |account, _| {
        let group = account.groups.find_mut("staff").unwrap();
        group.permissions.inline.insert("p".to_owned(), crate::world::deny_all());
        Ok(())
    })
    .unwrap();
    let refused = change(&registry, |account, _| account.delete_group("staff")).unwrap_err();
    assert_eq!(refused.to_string(), "Cannot delete entity, must delete policies first.");
    change(&registry, |account, _| {
        account.groups.find_mut("staff").unwrap().permissions.inline.clear();
        account.delete_group("staff")
    })
    .unwrap();
    let gone = change(&registry, |account, _| account.delete_group("staff")).unwrap_err();
    assert_eq!(gone.to_string(), "The group with name staff cannot be found.");
}

#[test]
fn names_of_groups_have_no_case_and_a_quota() {
    let mut limits = Limits::default();
    limits.groups = 1;
    let registry = Registry::new(limits);
    registry.open_account(&id());
    group(&registry, "staff").unwrap();
    assert_eq!(group(&registry, "STAFF").unwrap_err().code(), "EntityAlreadyExists");
    assert_eq!(group(&registry, "more").unwrap_err().code(), "LimitExceeded");
}

#[test]
fn a_user_made_anew_is_in_no_group_of_the_one_before() {
    let registry = with_users(&["ana"]);
    group(&registry, "staff").unwrap();
    join(&registry, "ana", "staff").unwrap();
    change(&registry, |account, limits| {
        account.remove_user_from_group("ana", "staff")?;
        account.delete_user("ana")?;
        user(account, limits, "ana")
    })
    .unwrap();
    let account = registry.read().find(&id()).unwrap().clone();
    assert_eq!(account.members("staff").count(), 0);
    assert!(account.identity(&KeyOwner::user("ana")).is_some());
}
