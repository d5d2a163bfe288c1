//! One account and everything in it.

use std::collections::BTreeMap;
use std::sync::Arc;

#[cfg(feature = "oidc")]
use super::OidcProviderRecord;
#[cfg(feature = "saml")]
use super::SamlProviderRecord;
use super::{
    AccountAlias, CredentialReport, Group, IamError, InstanceProfile, ManagedPolicy, MfaDevice, Named, PasswordPolicy,
    RoleRecord, User,
};
use crate::arn::{AccountId, Arn};
use crate::credentials::{AccessKeyId, LongTermKey};
use crate::session::{LongTermIdentity, Role};
use crate::time::Timestamp;

/// Whom an access key belongs to. Names of users are read without regard to case: make one with [`KeyOwner::user`], which
/// folds it, as keys are found by it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "nobody else can own a long-term access key")]
pub enum KeyOwner {
    /// The account's root user.
    Root,
    /// A user, by name in lower case.
    User(String),
}

impl KeyOwner {
    /// The user of this name, however it is written.
    #[must_use]
    pub fn user(name: &str) -> Self {
        Self::User(name.to_ascii_lowercase())
    }
}

/// A long-term access key of an account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KeyRecord {
    /// Whose it is.
    pub owner: KeyOwner,
    /// The key itself, with when it was made and last used.
    pub key: Arc<LongTermKey>,
    /// Whether it opens anything at the moment.
    pub active: bool,
}

/// One account. Its fields are what IAM manages; the operations beside each type keep them consistent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Account {
    /// Twelve digits.
    pub id: AccountId,
    /// Its users.
    pub users: Named<User>,
    /// Its groups.
    pub groups: Named<Group>,
    /// Its roles.
    pub roles: Named<RoleRecord>,
    /// Its instance profiles.
    pub instance_profiles: Named<InstanceProfile>,
    /// Its own managed policies.
    pub policies: Named<ManagedPolicy>,
    /// Its long-term access keys.
    pub access_keys: BTreeMap<AccessKeyId, KeyRecord>,
    /// Its SAML providers.
    #[cfg(feature = "saml")]
    pub saml_providers: Named<SamlProviderRecord>,
    /// Its OpenID Connect providers, by host and path of the issuer.
    #[cfg(feature = "oidc")]
    pub oidc_providers: BTreeMap<String, Arc<OidcProviderRecord>>,
    /// Its MFA devices.
    pub mfa_devices: Named<MfaDevice>,
    /// What it asks of passwords, if that was set.
    pub password_policy: Option<PasswordPolicy>,
    /// Its alias.
    pub alias: Option<AccountAlias>,
    /// The credential report that was made last.
    pub(super) credential_report: Option<Arc<CredentialReport>>,
    /// Whether it tells outside services who calls.
    pub outbound_web_identity: bool,
}

impl Account {
    /// An account that holds nothing.
    #[must_use]
    pub fn new(id: AccountId) -> Self {
        Self {
            id,
            users: Named::default(),
            groups: Named::default(),
            roles: Named::default(),
            instance_profiles: Named::default(),
            policies: Named::default(),
            access_keys: BTreeMap::new(),
            #[cfg(feature = "saml")]
            saml_providers: Named::default(),
            #[cfg(feature = "oidc")]
            oidc_providers: BTreeMap::new(),
            mfa_devices: Named::default(),
            password_policy: None,
            alias: None,
            credential_report: None,
            outbound_web_identity: false,
        }
    }

    /// The compiled role of this ARN.
    #[must_use]
    pub fn role(&self, arn: &Arn) -> Option<&Arc<Role>> {
        let record = self.roles.find(arn.role_name().ok()?)?;
        (record.role.arn() == arn).then_some(&record.role)
    }

    /// Takes a role that was made in code, under its own name; one of the same name is replaced.
    ///
    /// Its permissions appear as inline policies under the names they have.
    pub fn configure_role(&mut self, role: Role, now: Timestamp) {
        let record = RoleRecord::configured(role, now);
        let name = record.name.clone();
        self.roles.insert(&name, record);
    }

    /// The long-term identity that `owner` is, while it exists.
    #[must_use]
    pub fn identity(&self, owner: &KeyOwner) -> Option<LongTermIdentity> {
        match owner {
            KeyOwner::Root => Some(LongTermIdentity::Root { account: self.id.clone() }),
            KeyOwner::User(name) => {
                self.users.find(name).map(|user| LongTermIdentity::User(Arc::clone(&user.identity)))
            }
        }
    }

    /// The owner that `identity` is here; none when the user is gone, also when there is another one of the name.
    #[must_use]
    pub fn owner(&self, identity: &LongTermIdentity) -> Option<KeyOwner> {
        match identity {
            LongTermIdentity::Root { account } => (*account == self.id).then_some(KeyOwner::Root),
            LongTermIdentity::User(asked) => {
                let user = self.users.find(&asked.user_name)?;
                (user.id.as_str() == asked.user_id).then(|| KeyOwner::User(user.name.folded()))
            }
        }
    }

    /// How many SAML and OpenID Connect providers there are.
    pub(super) fn providers(&self) -> usize {
        #[cfg(feature = "saml")]
        let saml = self.saml_providers.len();
        #[cfg(not(feature = "saml"))]
        let saml = 0_usize;
        #[cfg(feature = "oidc")]
        let oidc = self.oidc_providers.len();
        #[cfg(not(feature = "oidc"))]
        let oidc = 0_usize;
        saml.saturating_add(oidc)
    }

    /// Refuses an owner who does not exist.
    pub(super) fn require_owner(&self, owner: &KeyOwner) -> Result<(), IamError> {
        match owner {
            KeyOwner::Root => Ok(()),
            KeyOwner::User(name) => self.user(name).map(|_| ()),
        }
    }
}
