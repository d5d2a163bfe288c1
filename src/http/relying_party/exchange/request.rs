//! What is asked of the provider (RFC 8693, 2.1).

use std::borrow::Cow;
use std::fmt;

use zeroize::Zeroizing;

use super::super::form::Form;
use super::super::pushed::is_uri;
use super::TokenExchangeError;

/// The longest token that is sent, in bytes; a SAML assertion is one too.
const MAX_TOKEN_LENGTH: usize = 128 * 1024;
/// The longest audience or scope, in bytes.
const MAX_VALUE_LENGTH: usize = 1024;
/// The most resources, audiences and scopes, each.
const MAX_VALUES: usize = 32;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// What a token is (RFC 8693, 3), by a URI; two of them are the same when every character is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenTypeIdentifier(Cow<'static, str>);

impl TokenTypeIdentifier {
    /// An OAuth 2.0 access token of the provider that is asked.
    pub const ACCESS_TOKEN: Self = Self(Cow::Borrowed("urn:ietf:params:oauth:token-type:access_token"));
    /// An OAuth 2.0 refresh token of the provider that is asked.
    pub const REFRESH_TOKEN: Self = Self(Cow::Borrowed("urn:ietf:params:oauth:token-type:refresh_token"));
    /// An ID token (OpenID Connect Core, 2).
    pub const ID_TOKEN: Self = Self(Cow::Borrowed("urn:ietf:params:oauth:token-type:id_token"));
    /// A base64url-encoded SAML 1.1 assertion.
    pub const SAML1: Self = Self(Cow::Borrowed("urn:ietf:params:oauth:token-type:saml1"));
    /// A base64url-encoded SAML 2.0 assertion.
    pub const SAML2: Self = Self(Cow::Borrowed("urn:ietf:params:oauth:token-type:saml2"));
    /// A JWT, whatever it is for (RFC 7519).
    pub const JWT: Self = Self(Cow::Borrowed("urn:ietf:params:oauth:token-type:jwt"));

    /// Reads a token type identifier, one of these or another.
    ///
    /// # Errors
    /// [`TokenExchangeError::Uri`] when it is not an absolute URI.
    pub fn parse(text: &str) -> Result<Self, TokenExchangeError> {
        absolute_uri(text)?;
        Ok(Self(Cow::Owned(text.to_owned())))
    }

    /// The URI.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenTypeIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A request for a token in exchange for another (RFC 8693, 2.1); its tokens are wiped when dropped, and never printed.
///
/// ```
/// use daypass::http::relying_party::{TokenExchange, TokenTypeIdentifier};
///
/// let request = TokenExchange::new("the access token of whom it is for", TokenTypeIdentifier::ACCESS_TOKEN)?
///     .with_resource("https://api.example/reports")?
///     .with_scope("reports.read")?;
/// assert!(!format!("{request:?}").contains("whom it is for"));
/// # Ok::<(), daypass::http::relying_party::TokenExchangeError>(())
/// ```
pub struct TokenExchange {
    subject: Presented,
    actor: Option<Presented>,
    resources: Vec<String>,
    audiences: Vec<String>,
    scopes: Vec<String>,
    requested: Option<TokenTypeIdentifier>,
}

struct Presented {
    token: Zeroizing<String>,
    token_type: TokenTypeIdentifier,
}

impl TokenExchange {
    /// Asks for a token on behalf of whom `subject_token` is about.
    ///
    /// # Errors
    /// [`TokenExchangeError::Token`] when the token cannot be one.
    pub fn new(subject_token: &str, subject_token_type: TokenTypeIdentifier) -> Result<Self, TokenExchangeError> {
        Ok(Self {
            subject: Presented::new(subject_token, subject_token_type)?,
            actor: None,
            resources: Vec::new(),
            audiences: Vec::new(),
            scopes: Vec::new(),
            requested: None,
        })
    }

    /// Says who acts for the subject (delegation; RFC 8693, 1.1). Without it the token is as if the subject itself asked.
    ///
    /// # Errors
    /// [`TokenExchangeError::Token`] when the token cannot be one.
    pub fn with_actor(
        mut self,
        actor_token: &str,
        actor_token_type: TokenTypeIdentifier,
    ) -> Result<Self, TokenExchangeError> {
        self.actor = Some(Presented::new(actor_token, actor_token_type)?);
        Ok(self)
    }

    /// Names one more service that the token is for, by its address.
    ///
    /// # Errors
    /// [`TokenExchangeError::Uri`] when it is not an absolute URI, [`TokenExchangeError::Fragment`] when it has a fragment,
    /// [`TokenExchangeError::TooMany`] after the 32nd.
    pub fn with_resource(mut self, resource: &str) -> Result<Self, TokenExchangeError> {
        if resource.contains('#') {
            return Err(TokenExchangeError::Fragment { found: resource.to_owned() });
        }
        absolute_uri(resource)?;
        add(&mut self.resources, resource)?;
        Ok(self)
    }

    /// Names one more service that the token is for, by the name that the provider has for it.
    ///
    /// # Errors
    /// [`TokenExchangeError::Audience`] when it cannot be a name, [`TokenExchangeError::TooMany`] after the 32nd.
    pub fn with_audience(mut self, audience: &str) -> Result<Self, TokenExchangeError> {
        if !is_text(audience, MAX_VALUE_LENGTH) {
            return Err(TokenExchangeError::Audience { found: audience.to_owned() });
        }
        add(&mut self.audiences, audience)?;
        Ok(self)
    }

    /// Asks for one more scope.
    ///
    /// # Errors
    /// [`TokenExchangeError::Scope`] when it cannot be one, [`TokenExchangeError::TooMany`] after the 32nd.
    pub fn with_scope(mut self, scope: &str) -> Result<Self, TokenExchangeError> {
        if !is_text(scope, MAX_VALUE_LENGTH) || scope.contains([' ', '"', '\\']) {
            return Err(TokenExchangeError::Scope { found: scope.to_owned() });
        }
        add(&mut self.scopes, scope)?;
        Ok(self)
    }

    /// Asks for a token of this type, and for no other: the provider is held to it.
    #[must_use]
    pub fn with_requested_token_type(mut self, requested: TokenTypeIdentifier) -> Self {
        self.requested = Some(requested);
        self
    }

    pub(super) const fn requested_token_type(&self) -> Option<&TokenTypeIdentifier> {
        self.requested.as_ref()
    }

    /// The scopes that are asked for, as one text.
    pub(super) fn scope(&self) -> Option<String> {
        (!self.scopes.is_empty()).then(|| self.scopes.join(" "))
    }

    pub(super) fn form(&self) -> Form {
        let mut form = Form::default();
        form.set("grant_type", GRANT_TYPE);
        self.resources.iter().for_each(|resource| form.add("resource", resource));
        self.audiences.iter().for_each(|audience| form.add("audience", audience));
        form.set_some("scope", self.scope().as_deref());
        form.set_some("requested_token_type", self.requested.as_ref().map(TokenTypeIdentifier::as_str));
        form.set("subject_token", &self.subject.token);
        form.set("subject_token_type", self.subject.token_type.as_str());
        if let Some(actor) = &self.actor {
            form.set("actor_token", &actor.token);
            form.set("actor_token_type", actor.token_type.as_str());
        }
        form
    }
}

impl fmt::Debug for TokenExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenExchange")
            .field("subject_token_type", &self.subject.token_type)
            .field("actor_token_type", &self.actor.as_ref().map(|actor| &actor.token_type))
            .field("resources", &self.resources)
            .field("audiences", &self.audiences)
            .field("scopes", &self.scopes)
            .field("requested_token_type", &self.requested)
            .finish_non_exhaustive()
    }
}

impl Presented {
    fn new(token: &str, token_type: TokenTypeIdentifier) -> Result<Self, TokenExchangeError> {
        if is_text(token, MAX_TOKEN_LENGTH) {
            return Ok(Self { token: Zeroizing::new(token.to_owned()), token_type });
        }
        Err(TokenExchangeError::Token { length: token.len() })
    }
}

/// What is named twice is sent once.
fn add(values: &mut Vec<String>, value: &str) -> Result<(), TokenExchangeError> {
    if values.iter().any(|known| known == value) {
        return Ok(());
    }
    if values.len() >= MAX_VALUES {
        return Err(TokenExchangeError::TooMany { limit: MAX_VALUES });
    }
    values.push(value.to_owned());
    Ok(())
}

fn is_text(text: &str, limit: usize) -> bool {
    (1..=limit).contains(&text.len()) && text.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
}

/// A scheme and something behind it, of the characters a URI is made of (RFC 3986, 2 and 4.3).
fn absolute_uri(text: &str) -> Result<(), TokenExchangeError> {
    if is_uri(text) {
        return Ok(());
    }
    Err(TokenExchangeError::Uri { found: text.chars().take(100).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> TokenExchange {
        TokenExchange::new("subject-1", TokenTypeIdentifier::ACCESS_TOKEN).unwrap()
    }

    #[test]
    fn what_is_not_an_absolute_uri_names_no_resource_and_no_type() {
        let long = format!("urn:{}", "x".repeat(1024));
        for text in
            ["", "reports", "/reports", "//api.example", "urn:", ":a", "1:a", "urn:a b", "urn:ä", "urn:a\n", &long]
        {
            let refused = request().with_resource(text).unwrap_err();
            assert!(matches!(refused, TokenExchangeError::Uri { .. }), "{text}: {refused:?}");
            assert!(matches!(TokenTypeIdentifier::parse(text), Err(TokenExchangeError::Uri { .. })), "{text}");
        }
        let found = "https://api.example/#a".to_owned();
        assert_eq!(request().with_resource(&found).unwrap_err(), TokenExchangeError::Fragment { found });
        request().with_resource("https://api.example/reports?year=2026").unwrap();
        let custom = TokenTypeIdentifier::parse("https://types.example/ticket").unwrap();
        assert_eq!(custom.to_string(), "https://types.example/ticket");
        assert_eq!(TokenTypeIdentifier::parse(TokenTypeIdentifier::JWT.as_str()), Ok(TokenTypeIdentifier::JWT));
    }

    #[test]
    fn values_that_would_change_the_request_are_refused() {
        for scope in ["", "a b", "a\"", "a\\", "ä", "a\n", &"x".repeat(1025)] {
            assert!(matches!(request().with_scope(scope), Err(TokenExchangeError::Scope { .. })), "{scope}");
        }
        for audience in ["", "ä", "a\n", &"x".repeat(1025)] {
            let refused = request().with_audience(audience);
            assert!(matches!(refused, Err(TokenExchangeError::Audience { .. })), "{audience}");
        }
        let kind = || TokenTypeIdentifier::JWT;
        for token in [String::new(), "a\nb".to_owned(), "ä".to_owned(), "x".repeat(128 * 1024 + 1)] {
            let expected = TokenExchangeError::Token { length: token.len() };
            assert_eq!(TokenExchange::new(&token, kind()).unwrap_err(), expected);
            assert_eq!(request().with_actor(&token, kind()).unwrap_err(), expected);
        }
    }

    #[test]
    fn there_is_an_end_to_what_is_named_and_twice_is_once() {
        let mut request = request().with_audience("a").unwrap().with_audience("a").unwrap();
        assert_eq!(request.form().encoded().matches("audience=").count(), 1);
        for index in 1..32_u32 {
            request = request.with_audience(&index.to_string()).unwrap();
        }
        assert_eq!(request.with_audience("z").unwrap_err(), TokenExchangeError::TooMany { limit: 32 });
    }

    #[test]
    fn no_token_is_printed() {
        let request = request().with_actor("actor-1", TokenTypeIdentifier::JWT).unwrap();
        let printed = format!("{request:?}");
        assert!(!printed.contains("subject-1") && !printed.contains("actor-1"), "{printed}");
        assert!(printed.contains("token-type:jwt"), "{printed}");
    }
}
