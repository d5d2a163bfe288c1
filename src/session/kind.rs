//! The kinds of temporary sessions under one name.

use super::{FederatedUserSession, LongTermIdentity, RoleSession, RootSession, SessionPolicies, UserSession};
use crate::arn::{AccountId, Arn};
use crate::policy::{Keys, Principal};
use crate::time::Timestamp;

/// A temporary session, by how it came to be. Each kind is made by the operation it is named after, or read back from a
/// session token whose signature was verified; one that [`explain_supposed`](super::explain_supposed) supposes, it keeps.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a kind whose limits nobody thought of must not compile unnoticed")]
pub enum Session {
    /// Of a role: AssumeRole, AssumeRoleWithSAML, AssumeRoleWithWebIdentity, or an assignment of the directory.
    Role(RoleSession),
    /// Of a user or root user that asked for one: GetSessionToken.
    User(UserSession),
    /// Of somebody that a user vouches for: GetFederationToken.
    FederatedUser(FederatedUserSession),
    /// Of the root user of a member account, for one task: AssumeRoot.
    Root(RootSession),
}

impl Session {
    /// The role session, where it is one.
    #[must_use]
    pub const fn as_role(&self) -> Option<&RoleSession> {
        match self {
            Self::Role(session) => Some(session),
            Self::User(_) | Self::FederatedUser(_) | Self::Root(_) => None,
        }
    }

    /// The ARN that GetCallerIdentity reports.
    #[must_use]
    pub const fn arn(&self) -> &Arn {
        match self {
            Self::Role(session) => session.arn(),
            Self::User(session) => session.arn(),
            Self::FederatedUser(session) => session.arn(),
            Self::Root(session) => session.arn(),
        }
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &AccountId {
        match self {
            Self::Role(session) => session.account(),
            Self::User(session) => session.identity().account(),
            Self::FederatedUser(session) => session.account(),
            Self::Root(session) => session.account(),
        }
    }

    /// What `aws:userid` is.
    #[must_use]
    pub fn user_id(&self) -> String {
        match self {
            Self::Role(session) => session.user_id(),
            Self::User(session) => session.identity().user_id().to_owned(),
            Self::FederatedUser(session) => session.user_id(),
            Self::Root(session) => session.account().to_string(),
        }
    }

    /// The unique id of the role or user that the session is of, or the account of a root user; revocations name it.
    #[must_use]
    pub fn principal_id(&self) -> &str {
        match self {
            Self::Role(session) => &session.claims().role_id,
            Self::User(session) => session.identity().user_id(),
            Self::FederatedUser(session) => session.asker().user_id(),
            Self::Root(session) => session.account().as_str(),
        }
    }

    /// When the session was made.
    #[must_use]
    pub const fn issued_at(&self) -> Timestamp {
        Timestamp::from_unix_seconds(match self {
            Self::Role(session) => session.claims().issued_at,
            Self::User(session) => session.claims().issued_at,
            Self::FederatedUser(session) => session.claims().issued_at,
            Self::Root(session) => session.claims().issued_at,
        })
    }

    /// When the session's credentials stop working.
    #[must_use]
    pub const fn expiration(&self) -> Timestamp {
        Timestamp::from_unix_seconds(match self {
            Self::Role(session) => session.claims().expiration,
            Self::User(session) => session.claims().expiration,
            Self::FederatedUser(session) => session.claims().expiration,
            Self::Root(session) => session.claims().expiration,
        })
    }

    /// When the person proved a second factor for this session.
    #[must_use]
    pub fn mfa_authenticated_at(&self) -> Option<Timestamp> {
        let seconds = match self {
            Self::Role(session) => session.claims().mfa_authenticated_at,
            Self::User(session) => session.claims().mfa_authenticated_at,
            Self::FederatedUser(_) | Self::Root(_) => None,
        };
        seconds.map(Timestamp::from_unix_seconds)
    }

    /// The source identity.
    #[must_use]
    pub fn source_identity(&self) -> Option<&str> {
        match self {
            Self::Role(session) => session.claims().source_identity.as_deref(),
            Self::Root(session) => session.claims().source_identity.as_deref(),
            Self::User(_) | Self::FederatedUser(_) => None,
        }
    }

    /// The id of the flow that the session came from.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        match self {
            Self::Role(session) => session.claims().correlation_id.as_deref(),
            Self::User(session) => session.claims().correlation_id.as_deref(),
            Self::FederatedUser(session) => session.claims().correlation_id.as_deref(),
            Self::Root(session) => session.claims().correlation_id.as_deref(),
        }
    }

    /// The policies that whoever asked for the session gave it.
    #[must_use]
    pub const fn session_policies(&self) -> Option<&SessionPolicies> {
        match self {
            Self::Role(session) => Some(session.session_policies()),
            Self::FederatedUser(session) => Some(session.session_policies()),
            Self::User(_) | Self::Root(_) => None,
        }
    }

    /// The user or root user that the session is of, or who vouches for its federated user, as its token names them; their
    /// name may have changed since.
    #[must_use]
    pub const fn rests_on(&self) -> Option<&LongTermIdentity> {
        match self {
            Self::User(session) => Some(session.identity()),
            Self::FederatedUser(session) => Some(session.asker()),
            Self::Role(_) | Self::Root(_) => None,
        }
    }

    /// The session as the principal of a request, where whom it rests on is `present`.
    pub(super) fn principal(&self, present: Option<&LongTermIdentity>) -> Principal {
        match self {
            Self::Role(session) => session.principal(),
            Self::User(session) => present.unwrap_or_else(|| session.identity()).principal(),
            Self::FederatedUser(session) => session.principal(present.unwrap_or_else(|| session.asker())),
            Self::Root(session) => Principal::Root { account: session.account().clone() },
        }
    }

    /// Adds the condition keys that every request of this session carries, where whom it rests on is `present`.
    pub(super) fn principal_keys(&self, present: Option<&LongTermIdentity>, keys: &mut Keys) {
        match self {
            Self::Role(session) => session.principal_keys(keys),
            Self::User(session) => present.unwrap_or_else(|| session.identity()).principal_keys(keys),
            Self::FederatedUser(session) => session.principal_keys(keys),
            Self::Root(session) => session.principal_keys(keys),
        }
        keys.set("aws:TokenIssueTime", self.issued_at().to_string());
        keys.set("aws:MultiFactorAuthPresent", self.mfa_authenticated_at().is_some().to_string());
    }
}

impl From<RoleSession> for Session {
    fn from(session: RoleSession) -> Self {
        Self::Role(session)
    }
}

impl From<UserSession> for Session {
    fn from(session: UserSession) -> Self {
        Self::User(session)
    }
}

impl From<FederatedUserSession> for Session {
    fn from(session: FederatedUserSession) -> Self {
        Self::FederatedUser(session)
    }
}

impl From<RootSession> for Session {
    fn from(session: RootSession) -> Self {
        Self::Root(session)
    }
}
