//! Stage 1: the bytes of an assertion in, a [`VerifiedIdentity`] out.
//!
//! Enters: a SAML response or an ID token, the provider it should come from, and `now`. Leaves: who the person is, as the
//! provider signed it. Refused: everything that a check of `saml` or `oidc` names.

mod attribute;
#[cfg(feature = "oidc")]
pub mod oidc;
pub mod replay;
#[cfg(feature = "saml")]
pub mod saml;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

pub use attribute::{AttributeName, NameFormat};

use crate::arn::{AccountId, Arn};
use crate::time::Timestamp;

/// The name under which accounts register an identity provider.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProviderName {
    /// A SAML provider, by the name an operator gave it: `corp`.
    Saml(String),
    /// An OpenID provider, by its issuer without the scheme: `login.example.com/tenant`.
    Oidc(String),
}

impl ProviderName {
    /// The ARN of this provider as registered in `account`.
    #[must_use]
    pub fn arn(&self, account: &AccountId) -> Arn {
        Arn::iam(account, &self.to_string())
    }
}

impl fmt::Display for ProviderName {
    /// The resource part of the provider's ARN.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Saml(name) => write!(f, "saml-provider/{name}"),
            Self::Oidc(host_and_path) => write!(f, "oidc-provider/{host_and_path}"),
        }
    }
}

/// How often one assertion may be exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Use {
    /// For one session, ever.
    Once,
    /// For any number of sessions until it expires.
    UntilExpiry,
}

/// Who a person or workload is, as an identity provider signed it and this stage verified it.
///
/// Only this stage makes one:
///
/// ```compile_fail,E0451
/// let identity = daypass::VerifiedIdentity { subject: "alice".to_owned() };
/// ```
#[derive(Debug)]
pub struct VerifiedIdentity {
    pub(in crate::identity) provider: ProviderName,
    pub(in crate::identity) account: Option<AccountId>,
    pub(in crate::identity) issuer: String,
    pub(in crate::identity) subject: String,
    pub(in crate::identity) subject_type: Option<String>,
    pub(in crate::identity) audience: String,
    pub(in crate::identity) attributes: BTreeMap<String, Vec<String>>,
    pub(in crate::identity) attribute_names: Vec<AttributeName>,
    pub(in crate::identity) nested_claims: BTreeMap<String, Vec<String>>,
    /// The claims that are no attribute: objects, `null`, and lists of more than plain values.
    #[cfg(feature = "oidc")]
    pub(in crate::identity) other_claims: Vec<String>,
    /// A token's are made of its claims when somebody asks.
    pub(in crate::identity) condition_keys: OnceLock<Vec<(String, Vec<String>)>>,
    pub(in crate::identity) multivalued: Vec<String>,
    pub(in crate::identity) assertion_id: String,
    pub(in crate::identity) assertion_use: Use,
    pub(in crate::identity) not_on_or_after: Timestamp,
    pub(in crate::identity) session_not_on_or_after: Option<Timestamp>,
    pub(in crate::identity) authenticated_at: Option<Timestamp>,
    pub(in crate::identity) issued_at: Option<Timestamp>,
    #[cfg(feature = "saml")]
    pub(in crate::identity) saml_session: Option<saml::SamlSession>,
}

impl VerifiedIdentity {
    /// The provider that vouches for the subject.
    #[must_use]
    pub const fn provider(&self) -> &ProviderName {
        &self.provider
    }

    /// The one account whose own provider it is, which vouches for nobody in another; none for a provider that is configured
    /// for every account.
    #[must_use]
    pub const fn account(&self) -> Option<&AccountId> {
        self.account.as_ref()
    }

    /// The entity id (SAML) or issuer URL (OpenID Connect) that signed.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The NameID (SAML) or `sub` (OpenID Connect), unique only together with the issuer.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The NameID format as the short word STS reports, such as `persistent`; `None` for OpenID Connect.
    #[must_use]
    pub fn subject_type(&self) -> Option<&str> {
        self.subject_type.as_deref()
    }

    /// For whom it was issued: the recipient (SAML), or `azp`, else `aud` (OpenID Connect).
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// The values of a SAML attribute or of a claim; empty when it is absent. Values of attributes that share one Name are
    /// joined in the order of the assertion, whatever their NameFormat.
    #[must_use]
    pub fn attribute(&self, name: &str) -> &[String] {
        self.attributes.get(name).map_or(&[], Vec::as_slice)
    }

    /// Every attribute or claim, by name.
    #[must_use]
    pub const fn attributes(&self) -> &BTreeMap<String, Vec<String>> {
        &self.attributes
    }

    /// What each SAML attribute is called beside its Name, in the order of the assertion (saml-core 2.7.3.1).
    #[must_use]
    pub fn attribute_names(&self) -> &[AttributeName] {
        &self.attribute_names
    }

    /// Claims inside of objects, by their place in the payload as a JSON pointer (RFC 6901) such as `/realm_access/roles`;
    /// no condition key is made of them.
    #[must_use]
    pub const fn nested_claims(&self) -> &BTreeMap<String, Vec<String>> {
        &self.nested_claims
    }

    /// The condition keys a trust policy may test, such as `saml:aud` or `login.example.com:sub`.
    #[must_use]
    pub fn condition_keys(&self) -> &[(String, Vec<String>)] {
        self.condition_keys.get_or_init(|| {
            #[cfg(feature = "oidc")]
            if let ProviderName::Oidc(issuer) = &self.provider {
                return oidc::condition_keys(issuer, &self.audience, &self.attributes);
            }
            Vec::new()
        })
    }

    /// Whether a condition key is a list however many values it has: a person in one group is still in a list of groups,
    /// and a policy that compares lists must mean the same for them.
    #[must_use]
    pub fn is_multivalued(&self, condition_key: &str) -> bool {
        self.multivalued.iter().any(|key| key == condition_key)
    }

    /// What replay memory remembers: the assertion's ID, or the digest of what a token signs.
    #[must_use]
    pub fn assertion_id(&self) -> &str {
        &self.assertion_id
    }

    /// How often the assertion may be exchanged for credentials.
    #[must_use]
    pub const fn assertion_use(&self) -> Use {
        self.assertion_use
    }

    /// When the assertion stops being acceptable.
    #[must_use]
    pub const fn not_on_or_after(&self) -> Timestamp {
        self.not_on_or_after
    }

    /// When the provider wants sessions built on this to end, if it says so.
    #[must_use]
    pub const fn session_not_on_or_after(&self) -> Option<Timestamp> {
        self.session_not_on_or_after
    }

    /// When the person proved who they are, if the provider says so.
    #[must_use]
    pub const fn authenticated_at(&self) -> Option<Timestamp> {
        self.authenticated_at
    }

    /// When the provider issued the assertion, by its own clock, if it said so.
    #[must_use]
    pub const fn issued_at(&self) -> Option<Timestamp> {
        self.issued_at
    }

    /// What must be kept beside a session so that it can be logged out together with the one at a SAML provider; `None` for
    /// OpenID Connect.
    #[cfg(feature = "saml")]
    #[must_use]
    pub const fn saml_session(&self) -> Option<&saml::SamlSession> {
        self.saml_session.as_ref()
    }
}
