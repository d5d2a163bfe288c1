//! Who signed a request: a user or the root user of an account with a long-term key, or a temporary session.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{RoleSession, Session};
use crate::arn::{AccountId, Arn};
use crate::policy::{Keys, Principal};
use crate::time::Timestamp;

/// A user as requests carry it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserIdentity {
    /// `arn:aws:iam::<account>:user/<path and name>`
    pub arn: Arn,
    /// The account.
    pub account: AccountId,
    /// The unique id, `AIDA…` (`aws:userid`).
    pub user_id: String,
    /// The name without its path (`aws:username`).
    pub user_name: String,
    /// The user's tags (`aws:PrincipalTag/…`).
    pub tags: BTreeMap<String, String>,
}

impl UserIdentity {
    /// A user without tags.
    #[must_use]
    pub fn new(arn: Arn, account: AccountId, user_id: impl Into<String>, user_name: impl Into<String>) -> Self {
        Self { arn, account, user_id: user_id.into(), user_name: user_name.into(), tags: BTreeMap::new() }
    }
}

/// Who a long-term access key belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "nobody else can own a long-term access key")]
pub enum LongTermIdentity {
    /// The root user of an account, who may do what nothing denies.
    Root {
        /// The account.
        account: AccountId,
    },
    /// A user.
    User(Arc<UserIdentity>),
}

impl LongTermIdentity {
    /// The account.
    #[must_use]
    pub fn account(&self) -> &AccountId {
        match self {
            Self::Root { account } => account,
            Self::User(user) => &user.account,
        }
    }

    /// The ARN that GetCallerIdentity reports.
    #[must_use]
    pub fn arn(&self) -> Arn {
        match self {
            Self::Root { account } => account.root(),
            Self::User(user) => user.arn.clone(),
        }
    }

    /// What `aws:userid` is: the account of a root user, the unique id of a user.
    #[must_use]
    pub fn user_id(&self) -> &str {
        match self {
            Self::Root { account } => account.as_str(),
            Self::User(user) => &user.user_id,
        }
    }

    /// The user, unless it is the root user.
    #[must_use]
    pub fn user(&self) -> Option<&UserIdentity> {
        match self {
            Self::Root { .. } => None,
            Self::User(user) => Some(user),
        }
    }

    /// The identity as the principal of a request.
    #[must_use]
    pub fn principal(&self) -> Principal {
        match self {
            Self::Root { account } => Principal::Root { account: account.clone() },
            Self::User(user) => Principal::User { arn: user.arn.clone() },
        }
    }

    pub(super) fn principal_keys(&self, keys: &mut Keys) {
        keys.set("aws:PrincipalArn", self.arn().as_str());
        keys.set("aws:PrincipalAccount", self.account().as_str());
        keys.set("aws:userid", self.user_id());
        match self {
            Self::Root { .. } => keys.set("aws:PrincipalType", "Account"),
            Self::User(user) => {
                keys.set("aws:PrincipalType", "User");
                keys.set("aws:username", user.user_name.as_str());
                for (key, value) in &user.tags {
                    keys.set(&format!("aws:PrincipalTag/{key}"), value.as_str());
                }
            }
        }
    }
}

/// Who signed a request, or bears a session token. Only the stage that verified that makes one, or a session that is the
/// proof itself.
#[derive(Clone, Debug)]
pub struct Caller(Kind);

#[derive(Clone, Debug)]
enum Kind {
    LongTerm(LongTermIdentity),
    Temporary {
        session: Arc<Session>,
        /// As it is by now: a session's token tells the name that its user had when it was made.
        present: Option<LongTermIdentity>,
    },
}

impl Caller {
    /// Whoever a long-term access key belongs to that a request was signed with.
    pub(crate) const fn long_term(identity: LongTermIdentity) -> Self {
        Self(Kind::LongTerm(identity))
    }

    /// Whoever the session of these temporary credentials is, under the name that its token tells.
    #[must_use]
    pub const fn temporary(session: Arc<Session>) -> Self {
        Self(Kind::Temporary { session, present: None })
    }

    /// Whoever the session is, where the user that it is of, or who vouches for it, is `present` by now.
    pub(crate) const fn of_present(session: Arc<Session>, present: LongTermIdentity) -> Self {
        Self(Kind::Temporary { session, present: Some(present) })
    }

    /// The session; none when a long-term key signed.
    #[must_use]
    pub const fn session(&self) -> Option<&Arc<Session>> {
        match &self.0 {
            Kind::LongTerm(_) => None,
            Kind::Temporary { session, .. } => Some(session),
        }
    }

    /// The role session, where it is one.
    #[must_use]
    pub fn role_session(&self) -> Option<&RoleSession> {
        self.session()?.as_role()
    }

    /// The user or root user who signed with a long-term key.
    #[must_use]
    pub const fn long_term_identity(&self) -> Option<&LongTermIdentity> {
        match &self.0 {
            Kind::LongTerm(identity) => Some(identity),
            Kind::Temporary { .. } => None,
        }
    }

    /// The user or root user that the caller is, with a long-term key or as a session from GetSessionToken.
    #[must_use]
    pub fn identity(&self) -> Option<&LongTermIdentity> {
        match &self.0 {
            Kind::LongTerm(identity) => Some(identity),
            Kind::Temporary { session, present } => match &**session {
                Session::User(session) => Some(present.as_ref().unwrap_or_else(|| session.identity())),
                Session::Role(_) | Session::FederatedUser(_) | Session::Root(_) => None,
            },
        }
    }

    /// The user or root user on whom everything that the caller may do rests: the caller, or who vouches for a federated
    /// user. None for sessions of roles and of AssumeRoot.
    #[must_use]
    pub fn rests_on(&self) -> Option<&LongTermIdentity> {
        match &self.0 {
            Kind::LongTerm(identity) => Some(identity),
            Kind::Temporary { session, present } => present.as_ref().or_else(|| session.rests_on()),
        }
    }

    /// The ARN that GetCallerIdentity reports.
    #[must_use]
    pub fn arn(&self) -> Arn {
        match &self.0 {
            Kind::LongTerm(identity) => identity.arn(),
            Kind::Temporary { session, .. } => {
                self.identity().map_or_else(|| session.arn().clone(), LongTermIdentity::arn)
            }
        }
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &AccountId {
        match &self.0 {
            Kind::LongTerm(identity) => identity.account(),
            Kind::Temporary { session, .. } => session.account(),
        }
    }

    /// What `aws:userid` is.
    #[must_use]
    pub fn user_id(&self) -> String {
        match &self.0 {
            Kind::LongTerm(identity) => identity.user_id().to_owned(),
            Kind::Temporary { session, .. } => session.user_id(),
        }
    }

    /// The caller as the principal of a request.
    #[must_use]
    pub fn principal(&self) -> Principal {
        match &self.0 {
            Kind::LongTerm(identity) => identity.principal(),
            Kind::Temporary { session, .. } => session.principal(self.rests_on()),
        }
    }

    /// When the session was made; long-term keys have no such instant.
    #[must_use]
    pub fn issued_at(&self) -> Option<Timestamp> {
        self.session().map(|session| session.issued_at())
    }

    /// When the credentials stop working; long-term keys do not.
    #[must_use]
    pub fn expiration(&self) -> Option<Timestamp> {
        self.session().map(|session| session.expiration())
    }

    /// The source identity, which whoever the caller becomes keeps.
    #[must_use]
    pub fn source_identity(&self) -> Option<&str> {
        self.session()?.source_identity()
    }

    /// The id of the flow that the session came from.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.session()?.correlation_id()
    }

    /// Adds the condition keys that every request of this caller carries.
    pub fn principal_keys(&self, keys: &mut Keys) {
        match &self.0 {
            Kind::LongTerm(identity) => identity.principal_keys(keys),
            Kind::Temporary { session, .. } => session.principal_keys(self.rests_on(), keys),
        }
    }
}

impl From<Session> for Caller {
    fn from(session: Session) -> Self {
        Self::temporary(Arc::new(session))
    }
}

impl From<RoleSession> for Caller {
    fn from(session: RoleSession) -> Self {
        Session::Role(session).into()
    }
}
