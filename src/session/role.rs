//! A role: who may assume it, what it permits, and for how long.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::SessionError;
use crate::arn::{AccountId, Arn};
use crate::directory::ProvisionedRole;
use crate::policy::{PermissionsPolicy, Policy, TrustPolicy};

/// The shortest session, 15 minutes.
pub const MIN_SESSION_DURATION: Duration = Duration::from_secs(900);
/// The longest session of any role, 12 hours.
pub const MAX_SESSION_DURATION: Duration = Duration::from_secs(43_200);
/// How long sessions last when nobody says: one hour. Also the most a chained session lasts.
pub const DEFAULT_SESSION_DURATION: Duration = Duration::from_secs(3600);

/// The id of a role, `AROA` and 17 characters; made from its ARN unless it is given one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleId(String);

impl RoleId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An id that is the same whenever a role of this ARN is configured anew, so that nodes need not agree on one.
    fn of(arn: &Arn) -> Self {
        const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let digest = crate::crypto::digest(crate::crypto::DigestAlgorithm::Sha256, arn.as_str().as_bytes());
        let letter = |byte: &u8| LETTERS.get(usize::from(byte & 31)).copied().map_or('A', char::from);
        Self(format!("AROA{}", digest.as_ref().iter().take(17).map(letter).collect::<String>()))
    }
}

impl FromStr for RoleId {
    type Err = SessionError;

    fn from_str(text: &str) -> Result<Self, SessionError> {
        let letters = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        match text.len() == 21 && text.starts_with("AROA") && letters {
            true => Ok(Self(text.to_owned())),
            false => Err(SessionError::RoleId { found: text.chars().take(80).collect() }),
        }
    }
}

impl fmt::Display for RoleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A role that can be assumed.
#[derive(Clone, Debug)]
pub struct Role {
    arn: Arn,
    account: AccountId,
    id: RoleId,
    trust_policy: TrustPolicy,
    permissions: Vec<Policy>,
    boundary: Option<Vec<Policy>>,
    tags: BTreeMap<String, String>,
    max_session_duration: Duration,
}

impl Role {
    /// A role that permits nothing yet, with sessions of at most one hour.
    ///
    /// # Errors
    /// [`SessionError::RoleArn`] when `arn` does not name a role of an account.
    pub fn new(arn: Arn, trust_policy: TrustPolicy) -> Result<Self, SessionError> {
        let refused = |_| SessionError::RoleArn { found: arn.to_string() };
        let name = arn.role_name().map_err(refused)?;
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte)) {
            return Err(SessionError::RoleArn { found: arn.to_string() });
        }
        let account = arn.account_id().map_err(refused)?;
        Ok(Self {
            id: RoleId::of(&arn),
            arn,
            account,
            trust_policy,
            permissions: Vec::new(),
            boundary: None,
            tags: BTreeMap::new(),
            max_session_duration: DEFAULT_SESSION_DURATION,
        })
    }

    /// The role that a permission set is provisioned as: it trusts the directory alone.
    ///
    /// # Errors
    /// [`SessionError::RoleArn`] when the directory's ARN does not name a role.
    pub(crate) fn provisioned(provisioned: ProvisionedRole) -> Result<Self, SessionError> {
        let trust = TrustPolicy::of_provider(&provisioned.trusts)?;
        let role = Self::new(provisioned.role_arn, trust)?;
        Ok(role.with_permissions(&provisioned.permissions).lasting_at_most(provisioned.max_session_duration))
    }

    /// Adds permissions; statements of all added policies count together.
    #[must_use]
    pub fn with_permissions(mut self, permissions: &PermissionsPolicy) -> Self {
        self.permissions.push(permissions.policy().clone());
        self
    }

    /// Gives the role an id of its own: a role made anew under the same name is another one, which sessions of the former
    /// and trust in it do not reach.
    #[must_use]
    pub fn with_id(mut self, id: RoleId) -> Self {
        self.id = id;
        self
    }

    /// Keeps what the role may do within these policies; an empty list allows nothing.
    #[must_use]
    pub fn with_boundary(mut self, boundary: Vec<Policy>) -> Self {
        self.boundary = Some(boundary);
        self
    }

    /// Tags the role: `iam:ResourceTag` when it is assumed, `aws:PrincipalTag` of its sessions where they do not set it.
    #[must_use]
    pub fn with_tags(mut self, tags: BTreeMap<String, String>) -> Self {
        self.tags = tags;
        self
    }

    /// The same role, changed: what it permits, within which boundary, and its tags.
    #[must_use]
    pub(crate) fn governed_by(
        self,
        permissions: Vec<Policy>,
        boundary: Option<Vec<Policy>>,
        tags: BTreeMap<String, String>,
    ) -> Self {
        Self { permissions, boundary, tags, ..self }
    }

    /// The same role with another trust policy.
    #[must_use]
    pub(crate) fn trusting(self, trust_policy: TrustPolicy) -> Self {
        Self { trust_policy, ..self }
    }

    /// Lets sessions last up to `duration`, kept between one hour and twelve, as for every role.
    #[must_use]
    pub fn lasting_at_most(mut self, duration: Duration) -> Self {
        self.max_session_duration = duration.clamp(DEFAULT_SESSION_DURATION, MAX_SESSION_DURATION);
        self
    }

    /// The role's name as a resource.
    #[must_use]
    pub const fn arn(&self) -> &Arn {
        &self.arn
    }

    /// The account that owns the role.
    #[must_use]
    pub const fn account(&self) -> &AccountId {
        &self.account
    }

    /// Its unique id.
    #[must_use]
    pub const fn id(&self) -> &RoleId {
        &self.id
    }

    /// Who may assume it.
    #[must_use]
    pub const fn trust_policy(&self) -> &TrustPolicy {
        &self.trust_policy
    }

    /// What it permits.
    #[must_use]
    pub fn permissions(&self) -> &[Policy] {
        &self.permissions
    }

    /// The most that it may permit, if it has a permissions boundary.
    #[must_use]
    pub fn boundary(&self) -> Option<&[Policy]> {
        self.boundary.as_deref()
    }

    /// Its own tags.
    #[must_use]
    pub const fn tags(&self) -> &BTreeMap<String, String> {
        &self.tags
    }

    /// How long its sessions last at most.
    #[must_use]
    pub const fn max_session_duration(&self) -> Duration {
        self.max_session_duration
    }
}

/// The name qualifier STS reports for a SAML provider: BASE64(SHA-1(issuer + account + "/" + provider name)).
#[must_use]
pub(crate) fn name_qualifier(issuer: &str, account: &AccountId, provider: &str) -> String {
    use base64::Engine;
    let text = format!("{issuer}{account}/{provider}");
    let digest = crate::crypto::digest(crate::crypto::DigestAlgorithm::Sha1, text.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(digest.as_ref())
}
