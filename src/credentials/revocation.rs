//! Sessions that end before they expire.

use std::collections::{HashMap, HashSet};

use super::AccessKeyId;
use crate::session::Session;
use crate::time::Timestamp;

/// Why a session is over before its time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Revoked {
    /// This one session was revoked by its access key.
    #[error("the session was revoked")]
    AccessKey {
        /// The access key of the session.
        access_key_id: AccessKeyId,
    },
    /// Every session of its role or user that was issued before an instant was revoked.
    #[error("the sessions of the role or user were revoked")]
    IssuedBefore {
        /// When the session was issued.
        issued_at: Timestamp,
        /// The instant before which no session of the role or user lives on.
        before: Timestamp,
    },
    /// The role or user that the session is of is gone, or was made anew under its name.
    #[error("The security token included in the request is invalid.")]
    PrincipalGone {
        /// The unique id that nobody has any more.
        principal_id: String,
    },
}

impl Revoked {
    /// What happened, for logs and the audit trail.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::AccessKey { access_key_id } => {
                format!("the session of access key {access_key_id} was revoked")
            }
            Self::IssuedBefore { issued_at, before } => {
                format!("issued at {issued_at}; sessions of the role or user from before {before} were revoked")
            }
            Self::PrincipalGone { principal_id } => {
                format!("no role or user has the unique id {principal_id} any more")
            }
        }
    }

    /// The wire code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AccessKey { .. } | Self::IssuedBefore { .. } => "AccessDenied",
            Self::PrincipalGone { .. } => "InvalidClientTokenId",
        }
    }
}

/// Which sessions were revoked. A plain value: the broker keeps it in its store and hands a copy to
/// [`Sessions::replace_revocations`](super::Sessions::replace_revocations) when it changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revocations {
    access_keys: HashSet<AccessKeyId>,
    /// By unique id, not ARN: a role or user made anew under the same name starts afresh.
    principals: HashMap<String, Timestamp>,
}

impl Revocations {
    /// Nothing is revoked.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Revokes the one session that `access_key_id` belongs to.
    pub fn revoke_access_key(&mut self, access_key_id: AccessKeyId) {
        self.access_keys.insert(access_key_id);
    }

    /// Revokes the sessions of the role or user with this unique id that were issued before an instant; those of root
    /// users by the number of their account.
    pub fn revoke_before(&mut self, principal_id: impl Into<String>, before: Timestamp) {
        let latest = self.principals.entry(principal_id.into()).or_insert(before);
        // A later revocation never brings earlier sessions back.
        *latest = before.max(*latest);
    }

    /// Holds a session against what was revoked.
    ///
    /// # Errors
    /// [`Revoked`], saying by what.
    pub fn verify(&self, session: &Session, access_key_id: &AccessKeyId) -> Result<(), Revoked> {
        if self.access_keys.contains(access_key_id) {
            return Err(Revoked::AccessKey { access_key_id: access_key_id.clone() });
        }
        let issued_at = session.issued_at();
        match self.principals.get(session.principal_id()) {
            Some(&before) if issued_at < before => Err(Revoked::IssuedBefore { issued_at, before }),
            _ => Ok(()),
        }
    }
}
