//! Whom an operation is about: the user it names, or who calls.

use super::call::{Call, refused};
use super::{holders, input};
use crate::arn::Arn;
use crate::http::query::{Constraints, QueryError};
use crate::iam::{Account, Entity, Holder, IamError, KeyOwner, User};
use crate::policy::Keys;
use crate::session::Session;

/// The most characters of a user's name in operations on it. Longer than users' names become, as in the service model.
const ASKED_NAME: usize = 128;

/// A user or the root user, as an operation names it.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) owner: KeyOwner,
    /// The name as the caller wrote it, which errors repeat; none for the root user.
    written: Option<String>,
    /// What policies speak of.
    pub(super) arn: Arn,
    /// What policies may ask of it: its tags and its boundary.
    keys: Keys,
}

impl Subject {
    /// The user that the required parameter `UserName` names.
    pub(super) fn named(call: &Call<'_>, mut constraints: Constraints) -> Result<Self, QueryError> {
        let name = input::name(call.query, "UserName", ASKED_NAME, &mut constraints);
        constraints.finish()?;
        Self::of_user(call, name)
    }

    /// The user that `UserName` names, or without it the caller.
    pub(super) fn named_or_caller(call: &Call<'_>, mut constraints: Constraints) -> Result<Self, QueryError> {
        let name = input::optional_name(call.query, "UserName", ASKED_NAME, &mut constraints);
        constraints.finish()?;
        name.map_or_else(|| Self::caller(call), |name| Self::of_user(call, name))
    }

    /// The caller, who must be a user or the root user, or somebody in the root user's place (AssumeRoot).
    pub(super) fn caller(call: &Call<'_>) -> Result<Self, QueryError> {
        let nameless = || QueryError::validation("Must specify userName when calling with non-User credentials");
        let session = call.caller.caller().session();
        let owner = match session.map(|session| &**session) {
            Some(Session::Root(_)) => Some(KeyOwner::Root),
            _ => call.long_term_identity().and_then(|identity| call.own_account().ok()?.owner(identity)),
        };
        match owner.ok_or_else(nameless)? {
            KeyOwner::User(name) => Self::of_user(call, &name),
            owner @ KeyOwner::Root => Ok(Self { owner, written: None, arn: call.account.root(), keys: Keys::new() }),
        }
    }

    fn of_user(call: &Call<'_>, name: &str) -> Result<Self, QueryError> {
        let (owner, written) = (KeyOwner::user(name), Some(name.to_owned()));
        let (account, holder) = (call.own_account()?, Holder::User(name.to_owned()));
        // Whether there is such a user is told to those alone who may ask about it.
        let (arn, keys) = (holders::arn(call, &account, &holder), holders::keys(&account, &holder));
        Ok(Self { owner, written, arn, keys })
    }

    /// Lets the call go on if the caller's policies allow `action` on the subject, and if there is one.
    pub(super) fn authorize(&self, call: &Call<'_>, action: &str, further: &Keys) -> Result<(), QueryError> {
        let mut keys = self.keys.clone();
        keys.extend(further);
        call.authorize(action, self.arn.as_str(), &keys)?;
        match &self.written {
            Some(name) => call.own_account()?.user(name).map(|_| ()).map_err(refused),
            None => Ok(()),
        }
    }

    /// The name, for operations that only users have.
    pub(super) fn user_name(&self) -> Result<&str, QueryError> {
        self.written.as_deref().ok_or_else(|| refused(IamError::missing(Entity::User, "root")))
    }

    /// The user as the account has it now; none for the root user.
    pub(super) fn user<'a>(&self, account: &'a Account) -> Result<&'a User, QueryError> {
        account.user(self.user_name()?).map(|user| &**user).map_err(refused)
    }
}
