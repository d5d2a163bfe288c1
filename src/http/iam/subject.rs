//! Whom an operation is about: the user it names, or who calls.

use super::call::{Call, refused};
use super::input;
use super::target::{Named, Target};
use crate::arn::Arn;
use crate::http::query::{Constraints, QueryError};
use crate::iam::{Account, Entity, Holder, IamError, KeyOwner, Limits, User};
use crate::policy::Keys;
use crate::session::Session;

/// The most characters of a user's name in operations on it. Longer than users' names become, as in the service model.
pub(super) const ASKED_NAME: usize = 128;

/// A user or the root user, as an operation names it.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) owner: KeyOwner,
    /// What policies speak of.
    pub(super) arn: Arn,
    /// The name as the caller wrote it, which errors repeat, and what it stands for; none for the root user.
    user: Option<(String, Target)>,
}

impl Subject {
    /// The user that the required parameter `UserName` names.
    pub(super) fn named(call: &Call<'_>, constraints: Constraints) -> Result<Self, QueryError> {
        Self::named_within(call, ASKED_NAME, constraints)
    }

    /// The same where the name is one of at most `most` characters.
    pub(super) fn named_within(call: &Call<'_>, most: usize, mut constraints: Constraints) -> Result<Self, QueryError> {
        let name = input::name(call.query, "UserName", most, &mut constraints);
        constraints.finish()?;
        Self::of_user(call, name)
    }

    /// The user that `UserName` names, or without it the caller.
    pub(super) fn named_or_caller(call: &Call<'_>, constraints: Constraints) -> Result<Self, QueryError> {
        Self::named_or_caller_within(call, ASKED_NAME, constraints)
    }

    /// The same where the name is one of at most `most` characters.
    pub(super) fn named_or_caller_within(
        call: &Call<'_>,
        most: usize,
        mut constraints: Constraints,
    ) -> Result<Self, QueryError> {
        let name = input::optional_name(call.query, "UserName", most, &mut constraints);
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
            owner @ KeyOwner::Root => Ok(Self { owner, arn: call.account.root(), user: None }),
        }
    }

    fn of_user(call: &Call<'_>, name: &str) -> Result<Self, QueryError> {
        let target = Target::find(call, Named::Holder(Holder::User(name.to_owned())))?;
        let (owner, arn) = (KeyOwner::user(name), target.arn().clone());
        Ok(Self { owner, arn, user: Some((name.to_owned(), target)) })
    }

    /// Lets the call go on if the caller's policies allow `action` on the subject, and if there is one.
    pub(super) fn authorize(&self, call: &Call<'_>, action: &str, further: &Keys) -> Result<(), QueryError> {
        match &self.user {
            Some((_, target)) => {
                target.authorize(call, action, further)?;
                target.existing()
            }
            None => call.authorize(action, self.arn.as_str(), further),
        }
    }

    /// What policies may ask of the subject.
    pub(super) fn keys(&self) -> Keys {
        self.user.as_ref().map(|(_, target)| target.keys(&Keys::new())).unwrap_or_default()
    }

    /// Changes the account while the subject is in it as policies were asked about it.
    pub(super) fn update<T>(
        &self,
        call: &Call<'_>,
        change: impl FnOnce(&mut Account, &Limits) -> Result<T, IamError>,
    ) -> Result<T, QueryError> {
        match &self.user {
            Some((_, target)) => target.update(call, change),
            None => call.update(change),
        }
    }

    /// Refuses an account where the subject is somebody else by now.
    pub(super) fn unchanged(&self, account: &Account) -> Result<(), QueryError> {
        self.user.as_ref().map_or(Ok(()), |(_, target)| target.unchanged(account).map_err(refused))
    }

    /// The name, for operations that only users have.
    pub(super) fn user_name(&self) -> Result<&str, QueryError> {
        self.target().map(|(name, _)| name.as_str())
    }

    /// The user as it was when policies were asked; none for the root user.
    pub(super) fn user(&self) -> Result<&User, QueryError> {
        let (name, target) = self.target()?;
        target.account().user(name).map(|user| &**user).map_err(refused)
    }

    fn target(&self) -> Result<&(String, Target), QueryError> {
        self.user.as_ref().ok_or_else(|| refused(IamError::missing(Entity::User, "root")))
    }
}
