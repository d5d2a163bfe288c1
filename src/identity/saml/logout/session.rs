//! What joins a session here to the one at the identity provider.

use serde::{Deserialize, Serialize};

use crate::crypto::sha256_hex;
use crate::identity::saml::SamlProvider;
use crate::identity::saml::name_id::NameId;

/// What must be kept beside a session to log it out: here when the identity provider asks, there when the person does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamlSession {
    issuer: String,
    name_id: NameId,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    session_indexes: Vec<String>,
}

impl SamlSession {
    pub(in crate::identity::saml) const fn new(issuer: String, name_id: NameId, session_indexes: Vec<String>) -> Self {
        Self { issuer, name_id, session_indexes }
    }

    /// The entity id of the identity provider.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Who signed in.
    #[must_use]
    pub const fn name_id(&self) -> &NameId {
        &self.name_id
    }

    /// What the identity provider calls this session; empty when it gave it no name.
    #[must_use]
    pub fn session_indexes(&self) -> &[String] {
        &self.session_indexes
    }

    /// The keys under which a logout request can end this session: it is over when a request that came after it began has
    /// any of them ([`super::LogoutRequested::session_keys`]).
    #[must_use]
    pub fn session_keys(&self, provider: &SamlProvider) -> Vec<String> {
        let mut keys = vec![session_key(provider, &self.issuer, &self.name_id, None)];
        let indexes = self.session_indexes.iter();
        keys.extend(indexes.map(|index| session_key(provider, &self.issuer, &self.name_id, Some(index))));
        keys
    }
}

/// A key of this person's sessions: of the one called `index`, or of all.
///
/// Two NameIDs name one person when value, format and qualifiers are equal; a qualifier left out means the identity provider
/// and this service (saml-core 8.3.7).
pub(super) fn session_key(provider: &SamlProvider, issuer: &str, name_id: &NameId, index: Option<&str>) -> String {
    let parts = [
        provider.sp_entity_id(),
        issuer,
        name_id.format(),
        name_id.name_qualifier().unwrap_or(issuer),
        name_id.sp_name_qualifier().unwrap_or_else(|| provider.sp_entity_id()),
        name_id.value(),
        index.map_or("all", |_| "one"),
        index.unwrap_or_default(),
    ];
    // Lengths divide the parts where no separator could: each may hold any character.
    let joined: String = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
    sha256_hex(joined.as_bytes())
}
