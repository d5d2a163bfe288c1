//! Trusted identity propagation: the directory asserts who somebody is, and a role is assumed on their behalf.

use super::record::Told;
use super::{Broker, Flow};
use crate::arn::Arn;
use crate::audit::{OnBehalfOf, Stage};
use crate::credentials::context_assertion::{self, ContextAssertion, ContextSubject};
use crate::directory::{Directory, DirectoryError, IdentityStore, User};
use crate::explain::{Evidence, Listener};
use crate::session::{self, AssumeRole, IdentityContextClaims};
use crate::time::Timestamp;
use crate::{Error, VerifiedIdentity};

const ISSUE: &str = "issue context assertion";
/// What a context that is provided must be.
pub(super) const EXPECTED: &str = "an assertion of the identity store about somebody in it";

impl Broker {
    /// Asserts that `application` acts on behalf of whom a provider signed for; see [`Flow::issue_context_assertion`].
    ///
    /// # Errors
    /// As [`Flow::issue_context_assertion`].
    pub fn issue_context_assertion(
        &self,
        identity: &VerifiedIdentity,
        application: Option<&Arn>,
    ) -> Result<ContextAssertion, Error> {
        self.begin()?.issue_context_assertion(identity, application)
    }

    /// This ask with the contexts that it provides verified, by the person being in the directory still.
    pub(super) fn with_context(&self, ask: AssumeRole, now: Timestamp) -> Result<AssumeRole, Error> {
        let store = self.directory().identity_store().map(IdentityStore::arn);
        let provided = ask.provided_contexts();
        let Some(context) = context_assertion::verify(self.sessions().keyring(), provided, store, now)? else {
            return Ok(ask);
        };
        self.directory().user_of_id(&context.claims().user_id)?;
        Ok(ask.with_identity_context(context))
    }
}

impl Flow<'_> {
    /// Asserts that `application` acts on behalf of whom a provider signed for: what AssumeRole takes as a provided context,
    /// within the next five minutes. Every provider that is asked about vouches for every name of the directory.
    ///
    /// # Errors
    /// [`Error::Directory`] when nobody in the directory has the name, the person has no id, the directory is no identity
    /// store or has no such application, or the provider is one account's own; [`Error::ContextAssertion`], or that the
    /// audit trail failed.
    pub fn issue_context_assertion(
        &self,
        identity: &VerifiedIdentity,
        application: Option<&Arn>,
    ) -> Result<ContextAssertion, Error> {
        let directory = self.broker().directory();
        let subject = identity.subject();
        let user = match identity.account() {
            // An account's administrators make such a provider, and could make it sign for anybody.
            Some(_) => Err(DirectoryError::ForeignProvider { subject: subject.to_owned() }),
            None => directory.user_for(identity),
        };
        self.assert_context(subject, user, application, identity.session_not_on_or_after())
    }

    /// As [`Flow::issue_context_assertion`], on behalf of the person of this name in the directory, whom the caller knows to
    /// have asked for it.
    ///
    /// # Errors
    /// As [`Flow::issue_context_assertion`].
    pub fn issue_context_assertion_for(
        &self,
        user_name: &str,
        application: Option<&Arn>,
    ) -> Result<ContextAssertion, Error> {
        let unknown = || DirectoryError::UnknownUser { subject: user_name.to_owned() };
        let user = self.broker().directory().user(user_name).ok_or_else(unknown);
        self.assert_context(user_name, user, application, None)
    }

    fn assert_context(
        &self,
        subject: &str,
        user: Result<&User, DirectoryError>,
        application: Option<&Arn>,
        ends: Option<Timestamp>,
    ) -> Result<ContextAssertion, Error> {
        let broker = self.broker();
        let known = user.and_then(|user| subject_of(broker.directory(), user, application));
        let issued = known.map_err(Error::from).and_then(|subject| {
            let keyring = broker.sessions().keyring();
            Ok((context_assertion::issue(keyring, subject, broker.now(), ends)?, subject))
        });
        let on_behalf_of = issued.as_ref().ok().map(|(assertion, subject)| OnBehalfOf {
            user_id: subject.user_id.to_owned(),
            identity_store_arn: subject.identity_store_arn.to_string(),
            credential_id: Some(assertion.credential_id().to_owned()),
        });
        let resource = application.map(ToString::to_string).unwrap_or_default();
        let told = Told { principal: subject.to_owned(), resource, on_behalf_of, ..Told::default() };
        self.conclude(Stage::Credentials, ISSUE, told, issued.map(|(assertion, _)| assertion))
    }

    /// This ask with the contexts that it provides verified; a refusal is recorded as one of `operation`.
    pub(super) fn verify_contexts(
        &self,
        ask: AssumeRole,
        operation: &str,
        told: impl FnOnce() -> Told,
    ) -> Result<AssumeRole, Error> {
        let refused = match self.broker().with_context(ask, self.broker().now()) {
            Ok(verified) => return Ok(verified),
            Err(refused) => refused,
        };
        let mut hearing = self.hearing();
        hearing.failed(&session::CONTEXT, || Evidence::new(EXPECTED, refused.reason()));
        let told = Told { checks: hearing.finish(&session::RULES), ..told() };
        self.conclude(Stage::Session, operation, told, Err(refused))
    }
}

/// Whom an assertion about `user` to `application` names.
fn subject_of<'a>(
    directory: &'a Directory,
    user: &'a User,
    application: Option<&'a Arn>,
) -> Result<ContextSubject<'a>, DirectoryError> {
    let known = |store: &&IdentityStore| application.is_none_or(|application| store.has_application(application));
    let store = directory.identity_store().filter(known);
    let named = || application.map(ToString::to_string);
    let store = store.ok_or_else(|| DirectoryError::NoIdentityStore { application: named() })?;
    let id = user.user_id.as_ref().ok_or_else(|| DirectoryError::NoUserId { user_name: user.user_name.clone() })?;
    // What would not be accepted is not given out: the id may be somebody else's as well.
    directory.user_of_id(id.as_str())?;
    Ok(ContextSubject {
        user_id: id.as_str(),
        identity_store_arn: store.arn(),
        instance_arn: store.instance_arn(),
        application_arn: application,
    })
}

impl From<&IdentityContextClaims> for OnBehalfOf {
    fn from(claims: &IdentityContextClaims) -> Self {
        Self {
            user_id: claims.user_id.clone(),
            identity_store_arn: claims.identity_store_arn.clone(),
            credential_id: claims.credential_id.clone(),
        }
    }
}
