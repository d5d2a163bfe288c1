//! A provider's metadata (OpenID Connect Discovery, 3): JSON in, the endpoints of exactly the issuer asked for out.

use super::issuer::IssuerUrl;
use super::jws::shown;
use crate::json::{self, Data, JsonError, Limits, Value};

/// The longest document that is read: 256 KiB.
pub const MAX_DISCOVERY_LENGTH: usize = 256 * 1024;

const LIMITS: Limits = Limits { bytes: MAX_DISCOVERY_LENGTH, depth: 32, values: 8192 };

/// Why a document is not the metadata of the issuer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    /// It is not JSON within the limits.
    #[error("the provider's metadata is not valid JSON")]
    Json(JsonError),
    /// A member is missing or has the wrong JSON type.
    #[error("the provider's metadata lacks a member, or it is of another form")]
    Member {
        /// The member.
        member: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// The document speaks for another issuer (Discovery, 4.3).
    #[error("the metadata is another provider's")]
    Issuer {
        /// The issuer that was asked.
        expected: String,
        /// Who the document says it is.
        found: String,
    },
}

impl DiscoveryError {
    /// What was wrong, for logs and audit.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Json(error) => error.reason(),
            Self::Member { member, expected } => format!("{member}: expected {expected}"),
            Self::Issuer { expected, found } => {
                format!("issuer: expected {expected}, found {}", shown(found))
            }
        }
    }
}

/// How a client proves itself at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// `client_secret_basic`: in the `Authorization` header.
    SecretBasic,
    /// `client_secret_post`: in the body.
    SecretPost,
}

/// What a relying party needs to know of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    jwks_uri: String,
    end_session_endpoint: Option<String>,
    client_authentications: Vec<ClientAuthentication>,
    names_issuer_in_response: bool,
}

impl Discovery {
    /// Reads the metadata of `issuer`.
    ///
    /// # Errors
    /// [`DiscoveryError`] when the document names any other issuer, has no `jwks_uri`, or is not JSON within the limits.
    pub fn parse(document: &[u8], issuer: &IssuerUrl) -> Result<Self, DiscoveryError> {
        let value = json::parse(document, LIMITS).map_err(DiscoveryError::Json)?;
        let found = text(&value, "issuer")?.unwrap_or_default();
        if found != issuer.as_str() {
            return Err(DiscoveryError::Issuer { expected: issuer.as_str().to_owned(), found });
        }
        let jwks_uri =
            text(&value, "jwks_uri")?.ok_or(DiscoveryError::Member { member: "jwks_uri", expected: "a URL" })?;
        Ok(Self {
            authorization_endpoint: text(&value, "authorization_endpoint")?,
            token_endpoint: text(&value, "token_endpoint")?,
            jwks_uri,
            end_session_endpoint: text(&value, "end_session_endpoint")?,
            client_authentications: client_authentications(&value)?,
            names_issuer_in_response: flag(&value, "authorization_response_iss_parameter_supported")?,
        })
    }

    /// Where a browser is sent to sign in.
    #[must_use]
    pub fn authorization_endpoint(&self) -> Option<&str> {
        self.authorization_endpoint.as_deref()
    }

    /// Where a code is exchanged for tokens.
    #[must_use]
    pub fn token_endpoint(&self) -> Option<&str> {
        self.token_endpoint.as_deref()
    }

    /// Where the keys are.
    #[must_use]
    pub fn jwks_uri(&self) -> &str {
        &self.jwks_uri
    }

    /// Where a browser is sent to sign out.
    #[must_use]
    pub fn end_session_endpoint(&self) -> Option<&str> {
        self.end_session_endpoint.as_deref()
    }

    /// How clients may prove themselves, in the provider's order; basic when it says nothing (Discovery, 3).
    #[must_use]
    pub fn client_authentications(&self) -> &[ClientAuthentication] {
        &self.client_authentications
    }

    /// Whether every authorization response carries `iss` (RFC 9207, 3).
    #[must_use]
    pub const fn names_issuer_in_response(&self) -> bool {
        self.names_issuer_in_response
    }
}

fn client_authentications(value: &Value<'_>) -> Result<Vec<ClientAuthentication>, DiscoveryError> {
    let wrong = DiscoveryError::Member { member: "token_endpoint_auth_methods_supported", expected: "a list of names" };
    match value.member("token_endpoint_auth_methods_supported").map(|methods| &methods.data) {
        None => Ok(vec![ClientAuthentication::SecretBasic]),
        Some(Data::Array(methods)) => Ok(methods
            .iter()
            .filter_map(|method| match method.as_str() {
                Some("client_secret_basic") => Some(ClientAuthentication::SecretBasic),
                Some("client_secret_post") => Some(ClientAuthentication::SecretPost),
                _ => None,
            })
            .collect()),
        Some(_) => Err(wrong),
    }
}

fn text(value: &Value<'_>, member: &'static str) -> Result<Option<String>, DiscoveryError> {
    value.member(member).map_or(Ok(None), |found| {
        found.as_str().map(|text| Some(text.to_owned())).ok_or(DiscoveryError::Member { member, expected: "a string" })
    })
}

fn flag(value: &Value<'_>, member: &'static str) -> Result<bool, DiscoveryError> {
    match value.member(member).map(|found| &found.data) {
        None => Ok(false),
        Some(Data::Bool(flag)) => Ok(*flag),
        Some(_) => Err(DiscoveryError::Member { member, expected: "true or false" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer() -> IssuerUrl {
        IssuerUrl::parse("https://a.example").unwrap()
    }

    fn read(document: &str) -> Result<Discovery, DiscoveryError> {
        Discovery::parse(document.as_bytes(), &issuer())
    }

    #[test]
    fn metadata_of_any_other_issuer_is_refused() {
        for other in ["https://a.example/", "https://A.example", "http://a.example", ""] {
            let refused = read(&format!(r#"{{"issuer":"{other}","jwks_uri":"https://a.example/k"}}"#));
            assert!(matches!(refused, Err(DiscoveryError::Issuer { .. })), "{other}");
        }
    }

    #[test]
    fn members_of_another_type_are_refused() {
        for member in [
            r#""jwks_uri":5"#,
            r#""jwks_uri":"https://a.example/k","token_endpoint":[]"#,
            r#""jwks_uri":"https://a.example/k","authorization_response_iss_parameter_supported":"yes""#,
            r#""jwks_uri":"https://a.example/k","token_endpoint_auth_methods_supported":"none""#,
            r#""token_endpoint":"https://a.example/t""#,
        ] {
            let refused = read(&format!(r#"{{"issuer":"https://a.example",{member}}}"#));
            assert!(matches!(refused, Err(DiscoveryError::Member { .. })), "{member}");
        }
    }

    #[test]
    fn what_is_left_out_has_the_defaults_of_the_standard() {
        let read = read(r#"{"issuer":"https://a.example","jwks_uri":"https://a.example/k"}"#).unwrap();
        assert_eq!(read.client_authentications(), [ClientAuthentication::SecretBasic]);
        assert!(!read.names_issuer_in_response());
        assert_eq!((read.token_endpoint(), read.jwks_uri()), (None, "https://a.example/k"));
    }
}
