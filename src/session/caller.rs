//! Identities that exist without a session: users, and the root users of accounts.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::arn::{AccountId, Arn};
use crate::policy::Principal;

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

    /// The identity as the principal of a request.
    #[must_use]
    pub fn principal(&self) -> Principal {
        match self {
            Self::Root { account } => Principal::Root { account: account.clone() },
            Self::User(user) => Principal::User { arn: user.arn.clone() },
        }
    }
}
