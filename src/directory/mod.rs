//! Who may have which role: accounts, people, groups, permission sets and their assignments.
//!
//! The identity provider says who a person is; the directory says what that person is assigned. Enters: a verified
//! identity. Leaves: the person's [`AssignedRole`]s, each with the reason it is theirs. Refused: an identity that no person
//! of the directory has, and a role that is not assigned.

mod assignment;
mod identity_store;
mod provisioning;

pub use assignment::{AssignedRole, Assignment, Subject};
pub use identity_store::{IdentityStore, UserId};
pub use provisioning::ProvisionedRole;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::VerifiedIdentity;
use crate::arn::AccountId;
use crate::policy::PermissionsPolicy;

/// Why the directory gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// Nobody in the directory has the name that the provider signed.
    #[error("you signed in, but nobody in this directory has your name")]
    UnknownUser {
        /// The subject as the provider signed it.
        subject: String,
    },
    /// The provider is one account's own, and vouches for nobody outside of that account.
    #[error("you signed in with a provider that does not vouch for people of this directory")]
    ForeignProvider {
        /// The subject as the provider signed it.
        subject: String,
    },
    /// Nobody in the directory has the id, or more than one person has it.
    #[error("the user of this context is not in the identity store")]
    UnknownUserId {
        /// The id, shortened.
        user_id: String,
    },
    /// The person has no id that they keep when their name changes.
    #[error("the user has no id in the identity store")]
    NoUserId {
        /// The person.
        user_name: String,
    },
    /// The directory is no identity store, or the application is none of its instance.
    #[error("no identity store here has this application")]
    NoIdentityStore {
        /// The application that was named, if one was.
        application: Option<String>,
    },
    /// Text is not an id of the expected form.
    #[error("not {kind}")]
    Id {
        /// Of what.
        kind: &'static str,
        /// What was given, shortened.
        found: String,
    },
    /// The person is not assigned this permission set in this account.
    #[error("you are not assigned this permission set in this account")]
    NotAssigned {
        /// Who asked.
        user_name: String,
        /// For which account.
        account: AccountId,
        /// For which permission set.
        permission_set: String,
    },
    /// An assignment names something the directory does not hold.
    #[error("an assignment names an unknown {kind}")]
    UnknownName {
        /// Account, user or permission set.
        kind: &'static str,
        /// The name.
        name: String,
    },
}

/// An account that permission sets are assigned in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// Twelve digits.
    pub id: AccountId,
    /// What people call it.
    pub name: String,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// The name the identity provider signs: a SAML NameID or an OpenID Connect `sub`.
    pub user_name: String,
    /// The id in the identity store, which outlives a change of name and is never given to anybody else.
    pub user_id: Option<UserId>,
    /// What pages show.
    pub display_name: String,
    /// Names of the groups the person is in.
    pub groups: Vec<String>,
}

impl User {
    /// A person without groups, and without an id.
    #[must_use]
    pub fn new(user_name: impl Into<String>, display_name: impl Into<String>) -> Self {
        Self { user_name: user_name.into(), user_id: None, display_name: display_name.into(), groups: Vec::new() }
    }

    /// Gives the person their id, without which nobody can act on their behalf.
    #[must_use]
    pub fn with_user_id(mut self, id: UserId) -> Self {
        self.user_id = Some(id);
        self
    }

    /// Puts the person into `groups`.
    #[must_use]
    pub fn with_groups<G: Into<String>>(mut self, groups: impl IntoIterator<Item = G>) -> Self {
        self.groups.extend(groups.into_iter().map(Into::into));
        self
    }
}

/// A named set of permissions that can be assigned in any account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PermissionSet {
    /// Its name, at most 32 characters.
    pub name: String,
    /// What it is for, in one sentence.
    pub description: String,
    /// What it permits.
    pub permissions: PermissionsPolicy,
    /// How long sessions made from it last.
    pub session_duration: Duration,
}

impl PermissionSet {
    /// A permission set whose sessions last one hour.
    #[must_use]
    pub fn new(name: impl Into<String>, description: impl Into<String>, permissions: PermissionsPolicy) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            permissions,
            session_duration: Duration::from_secs(3600),
        }
    }

    /// Lets sessions last `duration`.
    #[must_use]
    pub const fn lasting(mut self, duration: Duration) -> Self {
        self.session_duration = duration;
        self
    }
}

/// The directory of one organisation.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    accounts: BTreeMap<AccountId, Account>,
    users: BTreeMap<String, User>,
    /// The names of those who have an id: one, unless a mistake gave it to two.
    names_by_id: HashMap<UserId, Vec<String>>,
    permission_sets: BTreeMap<String, PermissionSet>,
    assignments: Vec<Assignment>,
    identity_store: Option<IdentityStore>,
}

impl Directory {
    /// An empty directory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an account.
    #[must_use]
    pub fn with_account(mut self, id: AccountId, name: impl Into<String>) -> Self {
        self.accounts.insert(id.clone(), Account { id, name: name.into() });
        self
    }

    /// Adds a person; one of the same name is replaced.
    #[must_use]
    pub fn with_user(mut self, user: User) -> Self {
        if let Some(id) = user.user_id.clone() {
            self.names_by_id.entry(id).or_default().push(user.user_name.clone());
        }
        let replaced = self.users.insert(user.user_name.clone(), user);
        if let Some((name, id)) = replaced.and_then(|user| Some((user.user_name, user.user_id?)))
            && let Some(names) = self.names_by_id.get_mut(&id)
            && let Some(at) = names.iter().position(|other| *other == name)
        {
            names.remove(at);
        }
        self
    }

    /// Adds a permission set.
    #[must_use]
    pub fn with_permission_set(mut self, set: PermissionSet) -> Self {
        self.permission_sets.insert(set.name.clone(), set);
        self
    }

    /// Assigns a permission set in an account to a person or a group.
    ///
    /// # Errors
    /// [`DirectoryError::UnknownName`] when the account, the person or the permission set is not in the directory.
    pub fn with_assignment(mut self, assignment: Assignment) -> Result<Self, DirectoryError> {
        let unknown = |kind, name: &str| DirectoryError::UnknownName { kind, name: name.to_owned() };
        if !self.accounts.contains_key(&assignment.account) {
            return Err(unknown("account", assignment.account.as_str()));
        }
        if !self.permission_sets.contains_key(&assignment.permission_set) {
            return Err(unknown("permission set", &assignment.permission_set));
        }
        if let Subject::User(name) = &assignment.subject
            && !self.users.contains_key(name)
        {
            return Err(unknown("user", name));
        }
        self.assignments.push(assignment);
        Ok(self)
    }

    /// The account with this id.
    #[must_use]
    pub fn account(&self, id: &AccountId) -> Option<&Account> {
        self.accounts.get(id)
    }

    /// Every account, by id.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    /// The person with this user name.
    #[must_use]
    pub fn user(&self, user_name: &str) -> Option<&User> {
        self.users.get(user_name)
    }

    /// The person whom the provider signed for: the subject is the user name, exactly.
    ///
    /// Every provider that people may sign in with vouches for every name, so connect only those that name people alike. An
    /// e-mail address never links: two providers may both vouch for it, and only one of them is right.
    ///
    /// # Errors
    /// [`DirectoryError::UnknownUser`] when nobody has this name.
    pub fn user_for(&self, identity: &VerifiedIdentity) -> Result<&User, DirectoryError> {
        self.users
            .get(identity.subject())
            .ok_or_else(|| DirectoryError::UnknownUser { subject: identity.subject().to_owned() })
    }
}
