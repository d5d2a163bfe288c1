//! How a resource server signs what it asks of the broker (Signature Version 4).

use std::fmt;

use zeroize::Zeroizing;

use crate::credentials::{AccessKeyId, CredentialScope, Credentials, LongTermKey, ScopedSigningKey, SecretAccessKey};
use crate::crypto::{hex, sha256_hex};
use crate::http::fetch::Fields;
use crate::http::signing_keys::SERVICE;
use crate::request::canonical::{Form, canonical_request, string_in_scope};
use crate::request::{Algorithm, AmzDate, RequestError, SignedHead};
use crate::time::Timestamp;

/// The services of the broker take no other.
const ALGORITHM: Algorithm = Algorithm::HmacSha256;

/// What a resource server proves with who it is: an access key of its own.
pub struct ServerCredentials {
    access_key_id: AccessKeyId,
    secret_access_key: SecretAccessKey,
    session_token: Option<Zeroizing<String>>,
}

impl ServerCredentials {
    /// An access key, as the server's operator has it.
    #[must_use]
    pub const fn new(access_key_id: AccessKeyId, secret_access_key: SecretAccessKey) -> Self {
        Self { access_key_id, secret_access_key, session_token: None }
    }

    /// The token that belongs to a temporary access key.
    #[must_use]
    pub fn with_session_token(mut self, session_token: String) -> Self {
        self.session_token = Some(Zeroizing::new(session_token));
        self
    }
}

impl From<&Credentials> for ServerCredentials {
    fn from(credentials: &Credentials) -> Self {
        let secret = SecretAccessKey::new(credentials.secret_access_key().expose().to_owned());
        let token = credentials.session_token().expose().to_owned();
        Self::new(credentials.access_key_id().clone(), secret).with_session_token(token)
    }
}

impl From<&LongTermKey> for ServerCredentials {
    fn from(key: &LongTermKey) -> Self {
        let secret = SecretAccessKey::new(key.secret_access_key().expose().to_owned());
        Self::new(key.access_key_id().clone(), secret)
    }
}

impl fmt::Debug for ServerCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerCredentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// The header fields that sign a form posted to `target` at `host`, for the service of the broker.
///
/// # Errors
/// [`RequestError`] when one of the parts is not one of HTTP.
pub(super) fn sign(
    credentials: &ServerCredentials,
    (host, target): (&str, &str),
    region: &str,
    form: &str,
    now: Timestamp,
) -> Result<Fields, RequestError> {
    let (date, _) = AmzDate::parse(&now.amz_date())?;
    let day = date.as_str().get(..8).unwrap_or_default();
    let wrong = |_| RequestError::Malformed { part: "Credential", found: region.to_owned() };
    let scope = CredentialScope::new(day, region, SERVICE).map_err(wrong)?;
    let token = credentials.session_token.as_ref().map(|token| ("x-amz-security-token", token.as_str()));
    let headers = [("host", host), ("x-amz-date", date.as_str())].into_iter().chain(token);
    let head = SignedHead::new("POST", target, headers)?;
    let signed_headers = if token.is_some() { "host;x-amz-date;x-amz-security-token" } else { "host;x-amz-date" };
    let canonical = canonical_request(&head, signed_headers, Form::STANDARD, &sha256_hex(form.as_bytes()));
    let key = ScopedSigningKey::derive(&credentials.secret_access_key, &scope).mac_key();
    let signature = hex(&key.sign(string_in_scope((ALGORITHM, scope.as_str()), &date, &canonical).as_bytes()));
    let id = &credentials.access_key_id;
    let authorization =
        format!("{ALGORITHM} Credential={id}/{scope}, SignedHeaders={signed_headers}, Signature={signature}");
    let mut fields = vec![
        ("authorization", Zeroizing::new(authorization)),
        ("x-amz-date", Zeroizing::new(date.as_str().to_owned())),
    ];
    if let Some((name, token)) = token {
        fields.push((name, Zeroizing::new(token.to_owned())));
    }
    Ok(fields)
}
