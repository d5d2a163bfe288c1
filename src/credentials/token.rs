//! A session to and from a session token: a JWS (RFC 7515) in compact form, `typ: daypass+jwt`, signed with Ed25519.
//!
//! A token is read back only with a key of the keyring, chosen by a header that has one spelling per key; its claims are
//! not looked at before the signature was verified.

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::keyring::Generation;
use super::token_key::TokenKey;
use super::{AccessKeyId, CredentialsError, Keyring};
use crate::crypto::{CryptoError, SignatureAlgorithm, SignatureValid};
use crate::session::{
    FederatedUserClaims, FederatedUserSession, RoleSession, RootSession, RootSessionClaims, Session, SessionClaims,
    UserSession, UserSessionClaims,
};
use crate::time::Timestamp;

/// The longest session token that is made or read, in bytes: it travels in a header or in the query of a presigned request,
/// and widely used servers take header fields and request lines of 8 KiB.
pub const MAX_TOKEN_LENGTH: usize = 7 * 1024;
/// The `typ` that keeps a session token from being taken for any other JWT (RFC 8725, 3.11).
pub(super) const TYPE: &str = "daypass+jwt";
/// How far the clocks of two brokers may differ.
const CLOCK_SKEW: Duration = Duration::from_secs(60);

/// Why a session token was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The token is longer than [`MAX_TOKEN_LENGTH`].
    #[error("the session token is too long")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// The token is not three parts of base64url with a JSON header in its one spelling.
    #[error("the session token is malformed")]
    Malformed,
    /// The header's `typ` is another one.
    #[error("the token is not a session token")]
    Type,
    /// The header's `alg` is another one, such as `none`.
    #[error("the session token is signed with another algorithm")]
    Algorithm {
        /// The `alg` found, shortened.
        found: String,
    },
    /// No key of the keyring has the header's `kid`.
    #[error("the session token is signed by an unknown key")]
    UnknownKey {
        /// The `kid` found, shortened.
        found: String,
    },
    /// The signature is not the key's.
    #[error("the signature of the session token does not verify")]
    Signature,
    /// The claims are signed, but do not describe a session.
    #[error("the session token does not describe a session")]
    Claims,
    /// The token was made by a broker of another name.
    #[error("the session token was issued by another broker")]
    Issuer {
        /// The `iss` found.
        found: String,
    },
    /// The token was issued in the future.
    #[error("the session token is not valid yet")]
    NotYetValid {
        /// When it was issued.
        issued_at: Timestamp,
        /// When it was used.
        now: Timestamp,
    },
    /// The session is over.
    #[error("The security token included in the request is expired")]
    Expired {
        /// When the session ended.
        expiration: Timestamp,
        /// When it was used.
        now: Timestamp,
    },
    /// The token belongs to another access key than the one it was presented with.
    #[error("the session token does not belong to the access key")]
    AccessKey {
        /// The access key it was presented with.
        presented: AccessKeyId,
        /// The access key it belongs to.
        belongs_to: AccessKeyId,
    },
    /// The broker gives no key to verify its holder's signatures with, such as for a session that was revoked.
    #[error("the broker does not vouch for the session")]
    NotVouchedFor {
        /// What the broker said, shortened.
        reason: String,
    },
    /// The broker that would give the keys cannot be reached.
    #[error("the session cannot be verified at the moment; try again")]
    Unavailable {
        /// What went wrong.
        reason: String,
    },
    /// The cryptography library failed.
    #[error("the session token could not be verified")]
    Crypto(#[from] CryptoError),
}

impl TokenError {
    /// What happened, for logs and the audit trail.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::TooLong { length } => {
                format!("the token has {length} bytes; at most {MAX_TOKEN_LENGTH} are read")
            }
            Self::Algorithm { found } => format!("alg is {found:?}; expected EdDSA"),
            Self::UnknownKey { found } => format!("no key has the kid {found:?}"),
            Self::Issuer { found } => format!("iss is {found:?}"),
            Self::NotYetValid { issued_at, now } => {
                format!("issued at {issued_at}, and it is {now}")
            }
            Self::Expired { expiration, now } => {
                format!("expired at {expiration}, and it is {now}")
            }
            Self::AccessKey { presented, belongs_to } => format!("presented with {presented}; belongs to {belongs_to}"),
            Self::NotVouchedFor { reason } | Self::Unavailable { reason } => reason.clone(),
            Self::Crypto(error) => error.to_string(),
            Self::Malformed | Self::Type | Self::Signature | Self::Claims => self.to_string(),
        }
    }

    /// The wire code of the AWS query protocol.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "ExpiredToken",
            Self::NotVouchedFor { .. } => "AccessDenied",
            Self::Unavailable { .. } => "ServiceUnavailable",
            Self::Crypto(_) => "InternalFailure",
            _ => "InvalidClientTokenId",
        }
    }
}

/// The claims of a session token (RFC 7519, 4.1, and our own): the member that is there says what kind of session it is.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims<'a, R, U, F, A> {
    iss: Cow<'a, str>,
    sub: String,
    iat: i64,
    exp: i64,
    access_key_id: &'a str,
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    session: Option<R>,
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    user_session: Option<U>,
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    federated_user: Option<F>,
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    assumed_root: Option<A>,
    /// What makes the token as long as was asked for; means nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    padding: Option<String>,
}

/// Without asking for a default of `T`.
const fn none<T>() -> Option<T> {
    None
}

type Read<'a> = Claims<'a, SessionClaims, UserSessionClaims, FederatedUserClaims, RootSessionClaims>;

impl Read<'_> {
    /// The one session that the claims describe.
    fn session(&mut self, proof: &SignatureValid) -> Result<Session, TokenError> {
        let claims =
            (self.session.take(), self.user_session.take(), self.federated_user.take(), self.assumed_root.take());
        let session = match claims {
            (Some(claims), None, None, None) => RoleSession::from_claims(claims, proof).map(Session::Role),
            (None, Some(claims), None, None) => UserSession::from_claims(claims, proof).map(Session::User),
            (None, None, Some(claims), None) => {
                FederatedUserSession::from_claims(claims, proof).map(Session::FederatedUser)
            }
            (None, None, None, Some(claims)) => RootSession::from_claims(claims, proof).map(Session::Root),
            _ => return Err(TokenError::Claims),
        };
        session.map_err(|_| TokenError::Claims)
    }
}

#[derive(Deserialize)]
struct Header<'a> {
    typ: Option<&'a str>,
    alg: Option<&'a str>,
    kid: Option<&'a str>,
}

/// A session token whose signature was verified, and what it says.
#[derive(Debug)]
pub struct Verified {
    session: Session,
    access_key_id: AccessKeyId,
    key_id: String,
}

impl Verified {
    /// The session the token carries.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// The access key the token belongs to.
    #[must_use]
    pub const fn access_key_id(&self) -> &AccessKeyId {
        &self.access_key_id
    }

    /// The key that signed the token.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The session and its access key id.
    #[must_use]
    pub fn into_parts(self) -> (Session, AccessKeyId) {
        (self.session, self.access_key_id)
    }
}

/// Writes `session` into a token of `least` bytes or more that belongs to `access_key_id`.
pub(super) fn sign(
    keyring: &Keyring,
    session: &Session,
    access_key_id: &AccessKeyId,
    least: usize,
) -> Result<String, CredentialsError> {
    let mut claims = Claims {
        iss: Cow::Borrowed(keyring.issuer()),
        sub: session.arn().to_string(),
        iat: session.issued_at().unix_seconds(),
        exp: session.expiration().unix_seconds(),
        access_key_id: access_key_id.as_str(),
        session: session.as_role().map(RoleSession::claims),
        user_session: if let Session::User(session) = session { Some(session.claims()) } else { None },
        federated_user: if let Session::FederatedUser(session) = session { Some(session.claims()) } else { None },
        assumed_root: if let Session::Root(session) = session { Some(session.claims()) } else { None },
        padding: None,
    };
    let written = |claims: &_| serde_json::to_vec(claims).map_err(|_| CredentialsError::Claims);
    let mut payload = written(&claims)?;
    let generation = keyring.current();
    let header = generation.token_key().header();
    // A third more than the payload for base64, and 87 bytes of signature and its dot.
    let length = |payload: &[u8]| payload.len().saturating_mul(4).div_ceil(3) + header.len() + 88;
    let short = least.saturating_sub(length(&payload));
    if short > 0 {
        // The claim's name and marks are 13 bytes of it.
        claims.padding = Some("x".repeat(short.saturating_mul(3).div_ceil(4).saturating_sub(13)));
        payload = written(&claims)?;
    }
    let mut token = String::with_capacity(length(&payload));
    token.push_str(header);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut token);
    let signature = generation.signing_key().sign(token.as_bytes());
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// Reads a session back from a token that `keyring` signed.
///
/// # Errors
/// [`TokenError`], naming the first thing wrong: form, type, algorithm, key, signature, claims, issuer, expiry.
pub fn verify(keyring: &Keyring, token: &str, now: Timestamp) -> Result<Verified, TokenError> {
    let (verified, _) = verify_with_generation(keyring, token, now)?;
    Ok(verified)
}

pub(super) fn verify_with_generation<'k>(
    keyring: &'k Keyring,
    token: &str,
    now: Timestamp,
) -> Result<(Verified, &'k Generation), TokenError> {
    verify_by(keyring.issuer(), keyring.generations(), Generation::token_key, token, now)
}

/// Verifies `token` by one of `keys`, each of which has a `token_key`; gives what it says, and the key.
pub(super) fn verify_by<'k, K>(
    issuer: &str,
    keys: impl Iterator<Item = &'k K> + Clone,
    token_key: impl Fn(&'k K) -> &'k TokenKey,
    token: &str,
    now: Timestamp,
) -> Result<(Verified, &'k K), TokenError> {
    if token.len() > MAX_TOKEN_LENGTH {
        return Err(TokenError::TooLong { length: token.len() });
    }
    let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(TokenError::Malformed)?;
    let signed_by = keys
        .clone()
        .find(|key| token_key(key).header() == header)
        .ok_or_else(|| refused_header(keys.map(&token_key), header))?;
    let key = token_key(signed_by);
    let signature = decode(signature)?;
    let proof = key
        .public_key()
        .verify(SignatureAlgorithm::Ed25519, message.as_bytes(), &signature)
        .map_err(|_| TokenError::Signature)?;
    let payload = decode(payload)?;
    let mut claims: Read<'_> = serde_json::from_slice(&payload).map_err(|_| TokenError::Claims)?;
    if claims.iss != issuer {
        return Err(TokenError::Issuer { found: excerpt(&claims.iss) });
    }
    let access_key_id = claims.access_key_id.parse().map_err(|_| TokenError::Claims)?;
    let session = claims.session(&proof)?;
    let (issued, expires) = (session.issued_at().unix_seconds(), session.expiration().unix_seconds());
    // What other readers of the token see must be what this broker acts on.
    if (claims.iat, claims.exp) != (issued, expires) || claims.sub != session.arn().as_str() {
        return Err(TokenError::Claims);
    }
    verify_time(&session, now)?;
    let verified = Verified { session, access_key_id, key_id: key.key_id().to_owned() };
    Ok((verified, signed_by))
}

/// Holds a session to its span of time.
pub(crate) fn verify_time(session: &Session, now: Timestamp) -> Result<(), TokenError> {
    let (issued_at, expiration) = (session.issued_at(), session.expiration());
    if now.saturating_add(CLOCK_SKEW) < issued_at {
        return Err(TokenError::NotYetValid { issued_at, now });
    }
    if expiration <= now {
        return Err(TokenError::Expired { expiration, now });
    }
    Ok(())
}

/// Says what is wrong with a header that is not one of ours.
fn refused_header<'k>(mut keys: impl Iterator<Item = &'k TokenKey>, header: &str) -> TokenError {
    let Ok(decoded) = decode(header) else {
        return TokenError::Malformed;
    };
    let Ok(header) = serde_json::from_slice::<Header<'_>>(&decoded) else {
        return TokenError::Malformed;
    };
    let alg = header.alg.unwrap_or_default();
    let kid = header.kid.unwrap_or_default();
    if alg != "EdDSA" {
        TokenError::Algorithm { found: excerpt(alg) }
    } else if header.typ != Some(TYPE) {
        TokenError::Type
    } else if keys.all(|key| key.key_id() != kid) {
        TokenError::UnknownKey { found: excerpt(kid) }
    } else {
        // Right in meaning, but with members or white space that no token of ours has.
        TokenError::Malformed
    }
}

fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)
}

/// The first characters of untrusted text, for an error's evidence.
fn excerpt(text: &str) -> String {
    text.chars().take(80).collect()
}
