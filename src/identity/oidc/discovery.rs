//! A provider's metadata (OpenID Connect Discovery, 3): JSON in, the endpoints of exactly the issuer asked for out.

use super::issuer::IssuerUrl;
use super::jws::shown;
use crate::json::{self, Data, JsonError, Limits, Value};

/// The longest document that is read: 256 KiB.
pub const MAX_DISCOVERY_LENGTH: usize = 256 * 1024;

/// The longest endpoint that is read, in bytes.
const MAX_ENDPOINT_LENGTH: usize = 2048;

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

/// How a client proves itself at the token endpoint (OpenID Connect Core, 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// `client_secret_basic`: in the `Authorization` header.
    SecretBasic,
    /// `client_secret_post`: in the body.
    SecretPost,
    /// `private_key_jwt`: by a signed assertion (RFC 7523).
    PrivateKeyJwt,
    /// `none`: a public client, which has no secret.
    Public,
}

impl ClientAuthentication {
    /// The registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SecretBasic => "client_secret_basic",
            Self::SecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::Public => "none",
        }
    }

    /// The way that `name` names; `None` for those that are not spoken here.
    fn from_name(name: &str) -> Option<Self> {
        [Self::SecretBasic, Self::SecretPost, Self::PrivateKeyJwt, Self::Public]
            .into_iter()
            .find(|known| known.name() == name)
    }
}

/// What a relying party needs to know of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    jwks_uri: String,
    end_session_endpoint: Option<String>,
    userinfo_endpoint: Option<String>,
    pushed_authorization_request_endpoint: Option<String>,
    requires_pushed_authorization_requests: bool,
    client_authentications: Vec<ClientAuthentication>,
    assertion_algorithms: Option<Vec<String>>,
    dpop_algorithms: Option<Vec<String>>,
    names_issuer_in_response: bool,
}

impl Discovery {
    /// Reads the metadata of `issuer`.
    ///
    /// # Errors
    /// [`DiscoveryError`] when the document names any other issuer, has no `jwks_uri`, is not JSON within the limits, has a
    /// member of another type, or where keys or pushed requests are concerned an endpoint that is not an `https` URL (`http`
    /// for loopback). Any other endpoint of that kind counts as none: issuers of workload tokens alone fill it with what
    /// nobody is meant to open.
    pub fn parse(document: &[u8], issuer: &IssuerUrl) -> Result<Self, DiscoveryError> {
        let value = json::parse(document, LIMITS).map_err(DiscoveryError::Json)?;
        let found = text(&value, "issuer")?.unwrap_or_default();
        if found != issuer.as_str() {
            return Err(DiscoveryError::Issuer { expected: issuer.as_str().to_owned(), found });
        }
        let jwks_uri =
            endpoint(&value, "jwks_uri")?.ok_or(DiscoveryError::Member { member: "jwks_uri", expected: "a URL" })?;
        Ok(Self {
            authorization_endpoint: usable(&value, "authorization_endpoint")?,
            token_endpoint: usable(&value, "token_endpoint")?,
            jwks_uri,
            end_session_endpoint: usable(&value, "end_session_endpoint")?,
            userinfo_endpoint: usable(&value, "userinfo_endpoint")?,
            // Taken for none, it would have requests sent through the browser instead.
            pushed_authorization_request_endpoint: endpoint(&value, "pushed_authorization_request_endpoint")?,
            requires_pushed_authorization_requests: flag(&value, "require_pushed_authorization_requests")?,
            client_authentications: client_authentications(&value)?,
            assertion_algorithms: names(&value, "token_endpoint_auth_signing_alg_values_supported")?,
            dpop_algorithms: names(&value, "dpop_signing_alg_values_supported")?,
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

    /// Where the claims about a person are (OpenID Connect Core, 5.3).
    #[must_use]
    pub fn userinfo_endpoint(&self) -> Option<&str> {
        self.userinfo_endpoint.as_deref()
    }

    /// Where an authorization request is sent before the browser is (RFC 9126, 5).
    #[must_use]
    pub fn pushed_authorization_request_endpoint(&self) -> Option<&str> {
        self.pushed_authorization_request_endpoint.as_deref()
    }

    /// Whether authorization requests are taken only if they were pushed (RFC 9126, 5).
    #[must_use]
    pub const fn requires_pushed_authorization_requests(&self) -> bool {
        self.requires_pushed_authorization_requests
    }

    /// The algorithms a client may sign its assertions with; `None` when the provider does not say.
    #[must_use]
    pub fn assertion_algorithms(&self) -> Option<&[String]> {
        self.assertion_algorithms.as_deref()
    }

    /// The algorithms a proof of possession may be signed with (RFC 9449, 5.1); `None` when the provider does not say.
    #[must_use]
    pub fn dpop_algorithms(&self) -> Option<&[String]> {
        self.dpop_algorithms.as_deref()
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
    let offered = names(value, "token_endpoint_auth_methods_supported")?;
    Ok(offered.map_or_else(
        || vec![ClientAuthentication::SecretBasic],
        |offered| offered.iter().filter_map(|name| ClientAuthentication::from_name(name)).collect(),
    ))
}

fn names(value: &Value<'_>, member: &'static str) -> Result<Option<Vec<String>>, DiscoveryError> {
    let wrong = || DiscoveryError::Member { member, expected: "a list of names" };
    match value.member(member).map(|found| &found.data) {
        None => Ok(None),
        Some(Data::Array(found)) => {
            let name = |item: &Value<'_>| item.as_str().map(str::to_owned).ok_or_else(wrong);
            found.iter().map(name).collect::<Result<_, _>>().map(Some)
        }
        Some(_) => Err(wrong()),
    }
}

/// The endpoint if it is one; who needs it finds that it is missing.
fn usable(value: &Value<'_>, member: &'static str) -> Result<Option<String>, DiscoveryError> {
    Ok(text(value, member)?.filter(|found| is_endpoint(found)))
}

fn endpoint(value: &Value<'_>, member: &'static str) -> Result<Option<String>, DiscoveryError> {
    let expected = "an https URL without a fragment (http for loopback alone)";
    match text(value, member)? {
        Some(found) if !is_endpoint(&found) => Err(DiscoveryError::Member { member, expected }),
        found => Ok(found),
    }
}

/// A browser or a secret is sent there: the scheme must be one that moves it to another page of an authenticated host.
fn is_endpoint(found: &str) -> bool {
    let before_query = found.split('?').next().unwrap_or_default();
    let plain = found.len() <= MAX_ENDPOINT_LENGTH && found.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    // An endpoint may have a query (RFC 6749, 3.1); for the rest it is held to what an issuer is, percent-encoding apart.
    plain && IssuerUrl::parse(&before_query.replace('%', "-")).is_ok()
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
            r#""jwks_uri":"https://a.example/k","token_endpoint_auth_methods_supported":["none",5]"#,
            r#""jwks_uri":"https://a.example/k","token_endpoint_auth_signing_alg_values_supported":"ES256""#,
            r#""jwks_uri":"https://a.example/k","dpop_signing_alg_values_supported":{}"#,
            r#""jwks_uri":"https://a.example/k","require_pushed_authorization_requests":"true""#,
            r#""jwks_uri":"https://a.example/k","userinfo_endpoint":5"#,
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
        assert_eq!((read.userinfo_endpoint(), read.pushed_authorization_request_endpoint()), (None, None));
        assert_eq!((read.assertion_algorithms(), read.dpop_algorithms()), (None, None));
        assert!(!read.requires_pushed_authorization_requests());
    }

    #[test]
    fn what_a_relying_party_needs_is_read() {
        let read = read(
            r#"{"issuer":"https://a.example","jwks_uri":"https://a.example/k%20s?v=1",
            "userinfo_endpoint":"https://a.example/me","require_pushed_authorization_requests":true,
            "pushed_authorization_request_endpoint":"https://b.example/par",
            "token_endpoint_auth_methods_supported":["tls_client_auth","private_key_jwt","none","client_secret_post"],
            "token_endpoint_auth_signing_alg_values_supported":["PS256","ES256"],
            "dpop_signing_alg_values_supported":["ES256"]}"#,
        )
        .unwrap();
        use ClientAuthentication::{PrivateKeyJwt, Public, SecretPost};
        assert_eq!(read.client_authentications(), [PrivateKeyJwt, Public, SecretPost]);
        assert_eq!(read.assertion_algorithms(), Some(&["PS256".to_owned(), "ES256".to_owned()][..]));
        assert_eq!(read.dpop_algorithms(), Some(&["ES256".to_owned()][..]));
        assert_eq!(read.userinfo_endpoint(), Some("https://a.example/me"));
        assert_eq!(read.pushed_authorization_request_endpoint(), Some("https://b.example/par"));
        assert!(read.requires_pushed_authorization_requests());
        assert_eq!(read.jwks_uri(), "https://a.example/k%20s?v=1");
    }

    #[test]
    fn endpoints_that_are_not_https_count_as_none_or_are_refused() {
        let long = format!("https://a.example/{}", "x".repeat(3000));
        for url in [
            "javascript:alert(document.cookie)//",
            "JavaScript://a.example/%0aalert(1)",
            "data:text/html,<script>alert(1)</script>",
            "http://a.example/x",
            "https://u:p@a.example/x",
            "https://a.example/x#y",
            "//a.example/x",
            "https:a.example",
            "",
            long.as_str(),
        ] {
            let with = |name: &str| {
                read(&format!(r#"{{"issuer":"https://a.example","jwks_uri":"https://a.example/k","{name}":"{url}"}}"#))
            };
            assert_eq!(with("authorization_endpoint").unwrap().authorization_endpoint(), None, "{url}");
            assert_eq!(with("token_endpoint").unwrap().token_endpoint(), None, "{url}");
            assert_eq!(with("end_session_endpoint").unwrap().end_session_endpoint(), None, "{url}");
            assert_eq!(with("userinfo_endpoint").unwrap().userinfo_endpoint(), None, "{url}");
            let refused = with("pushed_authorization_request_endpoint");
            assert!(
                matches!(refused, Err(DiscoveryError::Member { member: "pushed_authorization_request_endpoint", .. })),
                "{url}"
            );
            let refused = read(&format!(r#"{{"issuer":"https://a.example","jwks_uri":"{url}"}}"#));
            assert!(matches!(refused, Err(DiscoveryError::Member { member: "jwks_uri", .. })), "{url}");
        }
    }
}
