//! Token exchange (RFC 8693): a token of somebody else's for one that is good elsewhere.
//!
//! Enters: a [`TokenExchange`], which is what the provider is asked for. Leaves: an [`ExchangedToken`]. Refused: an answer
//! that is not one, a token of another kind than was asked for, and one that is not bound to the key it was to be bound to.
//!
//! An exchanged token is never an identity: it is for another audience to judge, and nothing in it was looked at. A token
//! that the provider calls an ID token is one that anybody may have brought ([`ExchangedToken::into_id_token`]).

mod answer;
mod error;
mod request;

pub use answer::{ExchangedToken, TokenType};
pub use error::TokenExchangeError;
pub use request::{TokenExchange, TokenTypeIdentifier};

use super::callback::heard;
use super::token::error_code;
use super::{RelyingParty, SignInError};
use crate::explain::{Evidence, Listener, Rule};
use crate::http::fetch::Document;
use crate::time::Timestamp;

pub(super) const GRANT: Rule = Rule {
    name: "exchange_grant",
    section: "RFC 8693 2.2.2; RFC 6749 5.2",
    prevents: "going on after the provider refused",
};
pub(super) const RESPONSE: Rule =
    Rule { name: "exchange_response", section: "RFC 8693 2.2.1", prevents: "a token of which nobody said what it is" };
pub(super) const ISSUED_TYPE: Rule = Rule {
    name: "issued_token_type",
    section: "RFC 8693 2.2.1, 3",
    prevents: "a token of one kind used as one of another",
};
pub(super) const USE: Rule = Rule {
    name: "exchanged_token_type",
    section: "RFC 8693 2.2.1; RFC 9449 5",
    prevents: "tokens that a thief could use where tokens bound to a key were asked for",
};

/// What the answer to a token exchange is held to, in the order in which it is looked at.
pub const EXCHANGE_RULES: [&Rule; 4] = [&GRANT, &RESPONSE, &ISSUED_TYPE, &USE];

impl RelyingParty {
    /// Exchanges a token at the provider's token endpoint, as this client. The provider sees the tokens of `request`.
    ///
    /// # Errors
    /// [`SignInError::Fetch`] when the provider cannot be reached; [`SignInError::Endpoint`],
    /// [`SignInError::ClientAuthentication`] and [`SignInError::SigningAlgorithm`], before a token is sent, when its
    /// metadata has no place for this request; [`SignInError::TokenExchangeRefused`] when it does not exchange the token;
    /// [`SignInError::TokenExchangeResponse`], [`SignInError::IssuedTokenType`] and [`SignInError::ExchangedTokenType`]
    /// when its answer breaks one of [`EXCHANGE_RULES`]; [`SignInError::Randomness`] when the operating system gives none.
    pub async fn exchange<L: Listener>(
        &self,
        request: &TokenExchange,
        now: Timestamp,
        listener: &mut L,
    ) -> Result<ExchangedToken, SignInError> {
        let discovery = self.keys.discovery(now).await?;
        self.proofs_are_taken(&discovery)?;
        let answer = self.ask_for_tokens(&discovery, &request.form(), now).await?;
        heard(&GRANT, granted(&answer), listener, |()| Evidence::new("HTTP status 200", "HTTP status 200"))?;
        let response = heard(&RESPONSE, answer::parse(&answer.body), listener, |_| {
            Evidence::new("a token with its types", "a token with its types")
        })?;
        let issued = response.issued_as(request.requested_token_type());
        let response = heard(&ISSUED_TYPE, issued, listener, |response| {
            let expected = request.requested_token_type().map_or("any", TokenTypeIdentifier::as_str);
            Evidence::new(expected, response.issued_token_type())
        })?;
        let wanted = if self.dpop.is_some() { TokenType::Dpop } else { TokenType::Bearer };
        let token_type = heard(&USE, response.token_type(wanted), listener, |found| {
            Evidence::new(response.expected_token_type(wanted), found.name())
        })?;
        Ok(response.into_token(token_type, request, now))
    }
}

fn granted(answer: &Document) -> Result<(), SignInError> {
    if answer.status == 200 {
        return Ok(());
    }
    Err(SignInError::TokenExchangeRefused { status: answer.status, error: error_code(&answer.body) })
}
