//! What the provider gives in exchange (RFC 8693, 2.2.1).

use std::fmt;

use zeroize::Zeroizing;

use super::super::SignInError;
use super::super::token::{self, LIMITS, TokenResponse, text};
use super::request::{TokenExchange, TokenTypeIdentifier};
use crate::identity::oidc::UnverifiedIdToken;
use crate::json;
use crate::time::Timestamp;

/// How a token is used (RFC 6749, 7.1; RFC 8693, 2.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenType {
    /// `Bearer`: whoever holds it may use it (RFC 6750).
    Bearer,
    /// `DPoP`: with a proof of the key it is bound to (RFC 9449).
    Dpop,
    /// `N_A`: not as an access token.
    NotApplicable,
}

impl TokenType {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
            Self::NotApplicable => "N_A",
        }
    }
}

/// A token that came in exchange for another; wiped when dropped, and never printed.
///
/// It is opaque here and says nothing about anybody: whom it is for has to verify it.
pub struct ExchangedToken {
    token: Zeroizing<String>,
    issued_token_type: TokenTypeIdentifier,
    token_type: TokenType,
    refresh_token: Option<Zeroizing<String>>,
    expires: Option<Timestamp>,
    scope: Option<String>,
}

impl ExchangedToken {
    /// The token, which the answer calls `access_token` whatever it is.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// What the provider says that the token is.
    #[must_use]
    pub const fn issued_token_type(&self) -> &TokenTypeIdentifier {
        &self.issued_token_type
    }

    /// How the token is used.
    #[must_use]
    pub const fn token_type(&self) -> TokenType {
        self.token_type
    }

    /// When the token stops being good, if the provider said so.
    #[must_use]
    pub const fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    /// What the token may be used for: as the provider says, or as was asked for where it says nothing.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// A refresh token for the token, if the provider gave one; it goes on with no sign-in.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&str> {
        self.refresh_token.as_ref().map(|token| token.as_str())
    }

    /// The token as an ID token that nobody has verified, if the provider calls it one. It has no nonce and belongs to no
    /// sign-in: it is verified as one that a workload brings, by whoever is its audience
    /// ([`oidc::verify`](crate::identity::oidc::verify)).
    #[must_use]
    pub fn into_id_token(self) -> Option<UnverifiedIdToken> {
        let is_id_token = self.issued_token_type == TokenTypeIdentifier::ID_TOKEN;
        is_id_token.then(|| UnverifiedIdToken::for_exchange(self.token.as_str()))
    }
}

impl fmt::Debug for ExchangedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangedToken")
            .field("issued_token_type", &self.issued_token_type)
            .field("token_type", &self.token_type)
            .field("expires", &self.expires)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// An answer of the right form, of which nobody knows yet whether it is what was asked for.
pub(super) struct Response {
    tokens: TokenResponse,
    issued_token_type: TokenTypeIdentifier,
}

/// Reads the answer to an exchange that was granted.
pub(super) fn parse(body: &[u8]) -> Result<Response, SignInError> {
    let wrong = |expected| SignInError::TokenExchangeResponse { expected };
    let answer = json::parse(body, LIMITS).map_err(|_| wrong("a JSON object"))?;
    let tokens = token::read(&answer).map_err(wrong)?;
    let issued = text(&answer, "issued_token_type").and_then(|text| TokenTypeIdentifier::parse(text).ok());
    Ok(Response { tokens, issued_token_type: issued.ok_or(wrong("an issued_token_type, which is a URI"))? })
}

impl Response {
    pub(super) fn issued_token_type(&self) -> &str {
        self.issued_token_type.as_str()
    }

    /// Refuses a token of another type than `requested`, where one was.
    pub(super) fn issued_as(self, requested: Option<&TokenTypeIdentifier>) -> Result<Self, SignInError> {
        match requested {
            Some(requested) if *requested != self.issued_token_type => Err(SignInError::IssuedTokenType {
                expected: requested.to_string(),
                found: self.issued_token_type.to_string(),
            }),
            _ => Ok(self),
        }
    }

    /// What may be said of how the token is used, where access tokens are `wanted` so.
    pub(super) fn expected_token_type(&self, wanted: TokenType) -> &'static str {
        match (self.is_access_token(), wanted) {
            (true, wanted) => wanted.name(),
            (false, TokenType::Dpop) => "DPoP or N_A",
            (false, _) => "Bearer or N_A",
        }
    }

    /// Refuses what is used otherwise than `wanted`; a token that is no access token may be of no use as one.
    pub(super) fn token_type(&self, wanted: TokenType) -> Result<TokenType, SignInError> {
        let found = self.tokens.token_type();
        let is = |token_type: TokenType| found.eq_ignore_ascii_case(token_type.name());
        if is(wanted) {
            Ok(wanted)
        } else if is(TokenType::NotApplicable) && !self.is_access_token() {
            Ok(TokenType::NotApplicable)
        } else {
            let found = found.chars().take(100).collect();
            Err(SignInError::ExchangedTokenType { expected: self.expected_token_type(wanted), found })
        }
    }

    pub(super) fn into_token(self, token_type: TokenType, request: &TokenExchange, now: Timestamp) -> ExchangedToken {
        let Self { tokens, issued_token_type } = self;
        ExchangedToken {
            token: tokens.access_token,
            issued_token_type,
            token_type,
            refresh_token: tokens.refresh_token,
            expires: tokens.expires_in.map(|lifetime| now.saturating_add(lifetime)),
            // Left out, it is what was asked for (RFC 8693, 2.2.1).
            scope: tokens.scope.or_else(|| request.scope()),
        }
    }

    fn is_access_token(&self) -> bool {
        self.issued_token_type == TokenTypeIdentifier::ACCESS_TOKEN
    }
}
