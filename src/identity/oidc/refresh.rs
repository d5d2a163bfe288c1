//! An ID token that came with a refresh, against the one of the sign-in that goes on (OpenID Connect Core, 12.2).
//!
//! Enters: what the first token said, and the claims of one that passed [`super::RULES`]. Refused: a token about another
//! person, of another issuer, for another client, older than the first, or with a nonce of another sign-in.

use super::OidcError;
use super::claims::{Claims, timestamp};
use super::jws::shown;
use crate::explain::{Evidence, Listener, Rule};
use crate::identity::VerifiedIdentity;
use crate::time::Timestamp;

const ISSUER: Rule = Rule {
    name: "refreshed_issuer",
    section: "OpenID Connect Core 12.2",
    prevents: "a sign-in with one provider that goes on with another",
};
const SUBJECT: Rule =
    Rule { name: "refreshed_subject", section: "OpenID Connect Core 12.2", prevents: "one person who becomes another" };
const ISSUED_AT: Rule = Rule {
    name: "refreshed_issued_at",
    section: "OpenID Connect Core 12.2",
    prevents: "an old token given again for a new one",
};
const AUDIENCE: Rule = Rule {
    name: "refreshed_audience",
    section: "OpenID Connect Core 12.2",
    prevents: "a token of another of our applications",
};
const AUTH_TIME: Rule = Rule {
    name: "refreshed_auth_time",
    section: "OpenID Connect Core 12.2",
    prevents: "a refresh taken for a person who proved anew who they are",
};
const AUTHORIZED_PARTY: Rule = Rule {
    name: "refreshed_authorized_party",
    section: "OpenID Connect Core 12.2",
    prevents: "a token that another client obtained",
};
const NONCE: Rule =
    Rule { name: "refreshed_nonce", section: "OpenID Connect Core 12.2", prevents: "a token of another sign-in" };

/// What a refreshed ID token is held to after [`RULES`](super::RULES), in the order in which it is looked at.
pub const REFRESH_RULES: [&Rule; 7] = [&ISSUER, &SUBJECT, &ISSUED_AT, &AUDIENCE, &AUTH_TIME, &AUTHORIZED_PARTY, &NONCE];

/// What the ID token of a sign-in said, as far as a refreshed one must say the same.
#[derive(Clone, PartialEq, Eq)]
pub struct OriginalSignIn {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) audience: String,
    pub(crate) authorized_party: Option<String>,
    /// Of the latest ID token.
    pub(crate) issued_at: Timestamp,
    /// Of the ID token of the sign-in itself, however often it went on.
    pub(crate) first_issued_at: Timestamp,
    pub(crate) auth_time: Option<Timestamp>,
    pub(crate) nonce: Option<String>,
}

impl OriginalSignIn {
    /// The sign-in that gave `identity`.
    #[must_use]
    pub fn of(identity: &VerifiedIdentity) -> Self {
        let claim = |name: &str| identity.attribute(name).first().cloned();
        let issued_at = identity.issued_at.unwrap_or(Timestamp::EPOCH);
        Self {
            issuer: identity.issuer().to_owned(),
            subject: identity.subject().to_owned(),
            audience: identity.audience().to_owned(),
            authorized_party: claim("azp"),
            issued_at,
            first_issued_at: issued_at,
            auth_time: identity.authenticated_at,
            nonce: claim("nonce"),
        }
    }

    /// This sign-in, with the instant at which its latest ID token was issued: the next one may not be older.
    #[must_use]
    pub fn continued_by(&self, identity: &VerifiedIdentity) -> Self {
        Self { issued_at: identity.issued_at.unwrap_or(self.issued_at), ..self.clone() }
    }
}

impl std::fmt::Debug for OriginalSignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("OriginalSignIn");
        debug.field("issuer", &self.issuer).field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Why a token does not belong to the sign-in that was refreshed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshedTokenError {
    /// Another provider issued it.
    #[error("the refreshed token was issued by another provider")]
    Issuer {
        /// Who issued the first one.
        expected: String,
        /// What the token says.
        found: String,
    },
    /// It is about another person.
    #[error("the refreshed token is about another person")]
    Subject {
        /// Whom the first one was about.
        expected: String,
        /// What the token says.
        found: String,
    },
    /// It is older than the token before it.
    #[error("the refreshed token is older than the one it replaces")]
    IssuedBefore {
        /// When the token before it was issued.
        earlier: Timestamp,
        /// What the token says.
        found: Timestamp,
    },
    /// It is not meant for the audience of the first one.
    #[error("the refreshed token is meant for another audience")]
    Audience {
        /// The audience of the first one.
        expected: String,
        /// What the token says.
        found: Vec<String>,
    },
    /// It says that the person proved who they are at another time.
    #[error("the refreshed token tells of another authentication")]
    AuthTime {
        /// When the person did, or when the first token was issued, at the latest.
        expected: Timestamp,
        /// What the token says.
        found: Timestamp,
    },
    /// Its authorized party is not that of the first one.
    #[error("the refreshed token was obtained by another client")]
    AuthorizedParty {
        /// The authorized party of the first one.
        expected: Option<String>,
        /// What the token says.
        found: Option<String>,
    },
    /// It has a nonce, and not that of the first one.
    #[error("the refreshed token belongs to another sign-in")]
    Nonce,
}

impl RefreshedTokenError {
    /// The rule that was broken.
    #[must_use]
    pub const fn rule(&self) -> &'static Rule {
        match self {
            Self::Issuer { .. } => &ISSUER,
            Self::Subject { .. } => &SUBJECT,
            Self::IssuedBefore { .. } => &ISSUED_AT,
            Self::Audience { .. } => &AUDIENCE,
            Self::AuthTime { .. } => &AUTH_TIME,
            Self::AuthorizedParty { .. } => &AUTHORIZED_PARTY,
            Self::Nonce => &NONCE,
        }
    }

    /// What was wrong, for logs and audit; text from the token is escaped.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Issuer { expected, found } => format!("iss: was {expected}, is {}", shown(found)),
            Self::Subject { expected, found } => format!("sub: was {}, is {}", shown(expected), shown(found)),
            Self::IssuedBefore { earlier, found } => format!("iat: was {earlier}, is {found}"),
            Self::Audience { expected, found } => {
                format!("aud: was {}, is {}", shown(expected), shown(&found.join(" ")))
            }
            Self::AuthTime { expected, found } => format!("auth_time: was {expected}, is {found}"),
            Self::AuthorizedParty { expected, found } => format!("azp: was {expected:?}, is {found:?}"),
            Self::Nonce => self.to_string(),
        }
    }
}

/// Every rule of [`REFRESH_RULES`].
pub(super) fn hold<L: Listener>(
    original: &OriginalSignIn,
    claims: &Claims<'_>,
    listener: &mut L,
) -> Result<(), OidcError> {
    let outcomes = [
        (&ISSUER, issuer(original, claims)),
        (&SUBJECT, subject(original, claims)),
        (&ISSUED_AT, issued_at(original, claims)),
        (&AUDIENCE, audience(original, claims)),
        (&AUTH_TIME, auth_time(original, claims)),
        (&AUTHORIZED_PARTY, authorized_party(original, claims)),
        (&NONCE, nonce(original, claims)),
    ];
    for (rule, outcome) in outcomes {
        let expected = "as in the sign-in that goes on";
        if let Err(error) = outcome {
            listener.failed(rule, || Evidence::new(expected, error.reason()));
            return Err(OidcError::Refreshed(error));
        }
        listener.passed(rule, || Evidence::new(expected, "the same"));
    }
    Ok(())
}

fn issuer(original: &OriginalSignIn, claims: &Claims<'_>) -> Result<(), RefreshedTokenError> {
    let (expected, found) = (original.issuer.clone(), claims.iss.unwrap_or_default().to_owned());
    if expected == found { Ok(()) } else { Err(RefreshedTokenError::Issuer { expected, found }) }
}

fn subject(original: &OriginalSignIn, claims: &Claims<'_>) -> Result<(), RefreshedTokenError> {
    let (expected, found) = (original.subject.clone(), claims.sub.unwrap_or_default().to_owned());
    if expected == found { Ok(()) } else { Err(RefreshedTokenError::Subject { expected, found }) }
}

fn issued_at(original: &OriginalSignIn, claims: &Claims<'_>) -> Result<(), RefreshedTokenError> {
    let (earlier, found) = (original.issued_at, timestamp(claims.iat.unwrap_or_default()));
    if earlier <= found { Ok(()) } else { Err(RefreshedTokenError::IssuedBefore { earlier, found }) }
}

fn audience(original: &OriginalSignIn, claims: &Claims<'_>) -> Result<(), RefreshedTokenError> {
    if claims.aud.contains(&original.audience.as_str()) {
        return Ok(());
    }
    let found = claims.aud.iter().map(|aud| (*aud).to_owned()).collect();
    Err(RefreshedTokenError::Audience { expected: original.audience.clone(), found })
}

/// A first token without `auth_time` still says when it was issued, and nobody proved anything for it after that.
fn auth_time(original: &OriginalSignIn, claims: &Claims<'_>) -> Result<(), RefreshedTokenError> {
    let Some(found) = claims.auth_time.map(timestamp) else { return Ok(()) };
    let fits = original.auth_time.map_or(found <= original.first_issued_at, |auth_time| auth_time == found);
    let expected = original.auth_time.unwrap_or(original.first_issued_at);
    if fits { Ok(()) } else { Err(RefreshedTokenError::AuthTime { expected, found }) }
}

fn authorized_party(original: &OriginalSignIn, claims: &Claims<'_>) -> Result<(), RefreshedTokenError> {
    let (expected, found) = (original.authorized_party.clone(), claims.azp.map(str::to_owned));
    if expected == found { Ok(()) } else { Err(RefreshedTokenError::AuthorizedParty { expected, found }) }
}

fn nonce(original: &OriginalSignIn, claims: &Claims<'_>) -> Result<(), RefreshedTokenError> {
    match claims.nonce {
        Some(found) if original.nonce.as_deref() != Some(found) => Err(RefreshedTokenError::Nonce),
        None | Some(_) => Ok(()),
    }
}
