//! What joins a session here to the one at the OpenID provider.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::UnverifiedIdToken;
use crate::crypto::sha256_hex;
use crate::identity::{ProviderName, VerifiedIdentity};

/// The longest `sid` that joins two sessions, in bytes.
pub(super) const MAX_SESSION_ID: usize = 512;
/// The longest ID token that is kept as a hint, in bytes: it travels in the query of a URL.
const MAX_HINT: usize = 4096;

/// What must be kept beside a session to log it out: here when the provider says so, there when the person does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OidcSession {
    issuer: String,
    client_id: String,
    subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id_token_hint: Option<IdTokenHint>,
}

impl OidcSession {
    /// The session that `identity` was signed in by; `None` when no OpenID provider signed it.
    #[must_use]
    pub fn of(identity: &VerifiedIdentity) -> Option<Self> {
        let ProviderName::Oidc(_) = identity.provider() else { return None };
        let session_id = match identity.attribute("sid") {
            [session_id] if is_plain(session_id, MAX_SESSION_ID) => Some(session_id.clone()),
            _ => None,
        };
        Some(Self {
            issuer: identity.issuer().to_owned(),
            client_id: identity.audience().to_owned(),
            subject: identity.subject().to_owned(),
            session_id,
            id_token_hint: None,
        })
    }

    /// This session with the token it began with, to be shown to the provider at logout.
    #[must_use]
    pub fn with_hint(mut self, hint: Option<IdTokenHint>) -> Self {
        self.id_token_hint = hint;
        self
    }

    /// The issuer that signed.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The client that the person signed in to.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Who signed in.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// What the provider calls this session (`sid`), if it gave it a name.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.session_id.as_deref()
    }

    /// The token it began with, if it was kept.
    #[must_use]
    pub const fn id_token_hint(&self) -> Option<&IdTokenHint> {
        self.id_token_hint.as_ref()
    }

    /// The keys under which a logout token can end this session: it is over when a token that came after it began has any
    /// of them ([`LogoutToken::session_keys`](super::LogoutToken::session_keys)).
    #[must_use]
    pub fn session_keys(&self) -> Vec<String> {
        let key = |kind| session_key(&self.issuer, &self.client_id, kind);
        let own = self.session_id.as_deref().map_or(Kind::Unnamed(&self.subject), Kind::Session);
        vec![key(Kind::All(&self.subject)), key(own)]
    }
}

/// Which sessions a key stands for.
#[derive(Clone, Copy)]
pub(super) enum Kind<'a> {
    /// All of a person.
    All(&'a str),
    /// Those of a person to which the provider gave no `sid`.
    Unnamed(&'a str),
    /// The one of this `sid`, which is unique for its issuer (Back-Channel Logout, 2.1).
    Session(&'a str),
}

/// Clients are kept apart: two of one provider may share a store, and a token is meant for one of them.
pub(super) fn session_key(issuer: &str, client_id: &str, kind: Kind<'_>) -> String {
    let (word, value) = match kind {
        Kind::All(subject) => ("oidc-all", subject),
        Kind::Unnamed(subject) => ("oidc-unnamed", subject),
        Kind::Session(session_id) => ("oidc-session", session_id),
    };
    // Lengths divide the parts where no separator could: each may hold any character.
    let parts = [issuer, client_id, word, value];
    let joined: String = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
    sha256_hex(joined.as_bytes())
}

/// Whether `text` has a length from 1 to `limit` bytes and no control characters.
pub(super) fn is_plain(text: &str, limit: usize) -> bool {
    (1..=limit).contains(&text.len()) && !text.contains(char::is_control)
}

/// An ID token as it came, kept to say at logout whose session ends (`id_token_hint`).
#[derive(Clone, PartialEq, Eq)]
pub struct IdTokenHint(Zeroizing<String>);

impl IdTokenHint {
    /// The token, for the one address that may see it: the provider's own.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IdTokenHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdTokenHint(redacted)")
    }
}

impl Serialize for IdTokenHint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for IdTokenHint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Zeroizing::new).map(Self)
    }
}

impl UnverifiedIdToken {
    /// A copy to be kept once it is verified; `None` above 4 KiB, which no URL should carry.
    #[must_use]
    pub fn hint(&self) -> Option<IdTokenHint> {
        let token = self.text();
        (token.len() <= MAX_HINT).then(|| IdTokenHint(Zeroizing::new(token.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(issuer: &str, client_id: &str, subject: &str, session_id: Option<&str>) -> OidcSession {
        OidcSession {
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            subject: subject.to_owned(),
            session_id: session_id.map(str::to_owned),
            id_token_hint: None,
        }
    }

    #[test]
    fn no_two_sessions_share_a_key_that_they_should_not() {
        let all = [
            session("https://a.example", "client", "martha", Some("one")),
            session("https://a.example", "client", "sam", Some("two")),
            session("https://a.example", "client", "one", None),
            session("https://a.example", "other", "martha", Some("one")),
            session("https://b.example", "client", "martha", Some("one")),
            // The same letters, divided otherwise.
            session("https://a.example", "clientm", "artha", Some("one")),
        ];
        let keys: Vec<String> = all.iter().flat_map(OidcSession::session_keys).collect();
        let different: std::collections::BTreeSet<&String> = keys.iter().collect();
        assert_eq!(different.len(), keys.len());
    }

    #[test]
    fn sessions_of_one_person_share_the_key_of_all_of_them() {
        let of = |session_id| session("https://a.example", "client", "martha", session_id).session_keys();
        let (one, two, unnamed) = (of(Some("one")), of(Some("two")), of(None));
        assert_eq!((one.first(), one.first()), (two.first(), unnamed.first()));
        assert!(one.get(1) != two.get(1) && two.get(1) != unnamed.get(1));
    }

    #[test]
    fn a_hint_is_kept_up_to_4_kib_and_never_shown() {
        let token = |length: usize| UnverifiedIdToken::for_sign_in("t".repeat(length), "nonce");
        let hint = token(MAX_HINT).hint().unwrap();
        assert_eq!((hint.expose().len(), format!("{hint:?}").as_str()), (MAX_HINT, "IdTokenHint(redacted)"));
        assert_eq!(token(MAX_HINT + 1).hint(), None);
    }
}
