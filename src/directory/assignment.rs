//! Assignments, and the roles a person has by them.

use super::{Directory, DirectoryError, IdentityStore, PermissionSet, User, UserId};
use crate::arn::{AccountId, Arn};

/// To whom a permission set is assigned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// One person, by user name.
    User(String),
    /// Everyone in a group, by its name.
    Group(String),
}

/// A permission set in an account, assigned to a person or a group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Assignment {
    /// To whom.
    pub subject: Subject,
    /// In which account.
    pub account: AccountId,
    /// Which permission set, by name.
    pub permission_set: String,
}

impl Assignment {
    /// Assigns `permission_set` in `account` to `subject`.
    #[must_use]
    pub fn new(subject: Subject, account: AccountId, permission_set: impl Into<String>) -> Self {
        Self { subject, account, permission_set: permission_set.into() }
    }
}

/// A role that a person has by an assignment; only a [`Directory`] makes one, so holding it is proof of the assignment.
#[derive(Clone, Debug)]
pub struct AssignedRole {
    user_name: String,
    identity: Option<(IdentityStore, UserId)>,
    account: AccountId,
    permission_set: PermissionSet,
    role_arn: Arn,
    because: Vec<Subject>,
}

impl AssignedRole {
    /// Who has it.
    #[must_use]
    pub fn user_name(&self) -> &str {
        &self.user_name
    }

    /// The identity store that knows them and their id in it, where there is one and nobody else has that id.
    #[must_use]
    pub fn identity(&self) -> Option<(&IdentityStore, &UserId)> {
        self.identity.as_ref().map(|(store, id)| (store, id))
    }

    /// In which account.
    #[must_use]
    pub const fn account(&self) -> &AccountId {
        &self.account
    }

    /// The permission set it comes from.
    #[must_use]
    pub const fn permission_set(&self) -> &PermissionSet {
        &self.permission_set
    }

    /// The role that the permission set is provisioned as in the account.
    #[must_use]
    pub const fn role_arn(&self) -> &Arn {
        &self.role_arn
    }

    /// Why it is theirs: each assignment's subject that includes the person.
    #[must_use]
    pub fn because(&self) -> &[Subject] {
        &self.because
    }
}

impl Directory {
    /// Every role `user` has, by account and then by permission set.
    #[must_use]
    pub fn assigned_roles(&self, user: &User) -> Vec<AssignedRole> {
        let mut roles: Vec<AssignedRole> = Vec::new();
        for assignment in &self.assignments {
            if !includes(&assignment.subject, user) {
                continue;
            }
            let already = roles.iter_mut().find(|role| {
                role.account == assignment.account && role.permission_set.name == assignment.permission_set
            });
            if let Some(role) = already {
                role.because.push(assignment.subject.clone());
            } else if let Some(set) = self.permission_sets.get(&assignment.permission_set) {
                roles.push(AssignedRole {
                    user_name: user.user_name.clone(),
                    identity: self.identity_of(user),
                    account: assignment.account.clone(),
                    permission_set: set.clone(),
                    role_arn: Self::provisioned_role_arn(&assignment.account, &set.name),
                    because: vec![assignment.subject.clone()],
                });
            }
        }
        roles.sort_by(|a, b| (&a.account, &a.permission_set.name).cmp(&(&b.account, &b.permission_set.name)));
        roles
    }

    /// The role that `permission_set` is in `account`, if it is assigned to `user`.
    ///
    /// # Errors
    /// [`DirectoryError::NotAssigned`] when it is not.
    pub fn assigned_role(
        &self,
        user: &User,
        account: &AccountId,
        permission_set: &str,
    ) -> Result<AssignedRole, DirectoryError> {
        let mut roles = self.assigned_roles(user).into_iter();
        roles.find(|role| role.account == *account && role.permission_set.name == permission_set).ok_or_else(|| {
            DirectoryError::NotAssigned {
                user_name: user.user_name.clone(),
                account: account.clone(),
                permission_set: permission_set.to_owned(),
            }
        })
    }

    fn identity_of(&self, user: &User) -> Option<(IdentityStore, UserId)> {
        let id = user.user_id.as_ref().filter(|id| self.user_of_id(id.as_str()).is_ok())?;
        Some((self.identity_store.clone()?, id.clone()))
    }

    /// The permission sets of `account` that anyone is assigned.
    pub(super) fn assigned_sets(&self, account: &AccountId) -> impl Iterator<Item = &PermissionSet> {
        self.permission_sets.values().filter(move |set| {
            let named = |a: &&Assignment| a.account == *account && a.permission_set == set.name;
            self.assignments.iter().any(|assignment| named(&assignment))
        })
    }
}

fn includes(subject: &Subject, user: &User) -> bool {
    match subject {
        Subject::User(name) => *name == user.user_name,
        Subject::Group(name) => user.groups.contains(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PermissionsPolicy;

    const NOTHING: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;

    fn directory() -> Directory {
        let account: AccountId = "111111111111".parse().unwrap();
        let set = |name| PermissionSet::new(name, "", NOTHING.parse::<PermissionsPolicy>().unwrap());
        Directory::new()
            .with_account(account.clone(), "Production")
            .with_user(User::new("sam", "Sam").with_groups(["Developers"]))
            .with_user(User::new("otto", "Otto"))
            .with_permission_set(set("Reader"))
            .with_assignment(Assignment::new(Subject::Group("Developers".into()), account.clone(), "Reader"))
            .unwrap()
            .with_assignment(Assignment::new(Subject::User("sam".into()), account, "Reader"))
            .unwrap()
    }

    #[test]
    fn a_role_is_listed_once_with_every_reason() {
        let directory = directory();
        let roles = directory.assigned_roles(directory.user("sam").unwrap());
        assert_eq!(roles.len(), 1);
        assert_eq!(roles[0].because(), [Subject::Group("Developers".into()), Subject::User("sam".into())]);
    }

    #[test]
    fn what_is_not_assigned_is_refused() {
        let directory = directory();
        let (otto, sam) = (directory.user("otto").unwrap(), directory.user("sam").unwrap());
        let account: AccountId = "111111111111".parse().unwrap();
        assert!(directory.assigned_role(sam, &account, "Reader").is_ok());
        assert!(matches!(directory.assigned_role(otto, &account, "Reader"), Err(DirectoryError::NotAssigned { .. })));
        let other: AccountId = "222222222222".parse().unwrap();
        assert!(matches!(directory.assigned_role(sam, &other, "Reader"), Err(DirectoryError::NotAssigned { .. })));
    }

    #[test]
    fn an_assignment_of_something_unknown_is_refused() {
        let account: AccountId = "111111111111".parse().unwrap();
        let unknown = Assignment::new(Subject::Group("Developers".into()), account, "Writer");
        let refused = directory().with_assignment(unknown).unwrap_err();
        assert_eq!(refused, DirectoryError::UnknownName { kind: "permission set", name: "Writer".into() });
    }
}
