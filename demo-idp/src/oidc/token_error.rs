//! What a client is told that gets no answer (RFC 6749 section 5.2, RFC 9126 section 2.3, RFC 9449).

use crate::error::KeyError;

/// Why there are no tokens; the texts are for whoever debugs a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TokenError {
    InvalidRequest(&'static str),
    /// Whether the client tried the `Authorization` header, and is answered by a challenge.
    InvalidClient {
        by_header: bool,
        why: &'static str,
    },
    InvalidGrant(&'static str),
    InvalidScope,
    UnsupportedGrantType,
    InvalidDpopProof(&'static str),
    /// The proof must be made again, with the nonce of the answer's `DPoP-Nonce` header (RFC 9449 section 8).
    UseDpopNonce,
    /// What a pushed authorization request is told, as the browser would be.
    Refused {
        code: &'static str,
        description: &'static str,
    },
    /// The fault of this name, or a failing cryptography library.
    Broken,
}

impl TokenError {
    pub(super) const fn unknown_client(by_header: bool) -> Self {
        Self::InvalidClient { by_header, why: "The client is unknown or did not authenticate." }
    }

    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::InvalidClient { .. } => "invalid_client",
            Self::InvalidGrant(_) => "invalid_grant",
            Self::InvalidScope => "invalid_scope",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidDpopProof(_) => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::Refused { code, .. } => code,
            Self::Broken => "server_error",
        }
    }

    pub(crate) const fn description(&self) -> &'static str {
        match self {
            Self::InvalidRequest(text) | Self::InvalidGrant(text) | Self::InvalidDpopProof(text) => text,
            Self::InvalidClient { why, .. } => why,
            Self::InvalidScope => "A refresh cannot ask for more than was granted.",
            Self::UnsupportedGrantType => "Only grant_type=authorization_code and refresh_token are supported.",
            Self::UseDpopNonce => "The proof must hold the nonce of the DPoP-Nonce header.",
            Self::Refused { description, .. } => description,
            Self::Broken => "The token endpoint is broken, on purpose or not.",
        }
    }
}

impl From<KeyError> for TokenError {
    fn from(_: KeyError) -> Self {
        Self::Broken
    }
}
