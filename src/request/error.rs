//! Why a request was not authenticated, in three tongues: for the caller, for the log, and for the wire.

use super::checks::CLOCK_SKEW;
use crate::credentials::{AccessKeyId, Revoked, TokenError};
use crate::crypto::CryptoError;
use crate::explain::Evidence;
use crate::time::Timestamp;

/// The algorithms there are.
const TAKEN: &str = "AWS4-HMAC-SHA256, or AWS4-ECDSA-P256-SHA256 where the service takes it";

/// Why a request was not authenticated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// A part of the request is larger than this stage reads.
    #[error("the {what} of the request is too large")]
    TooLarge {
        /// Which part.
        what: &'static str,
    },
    /// A part of the request has a form that its standard does not allow.
    #[error("the {part} of the request is malformed")]
    Malformed {
        /// Which part.
        part: &'static str,
        /// What was found, shortened; never a secret.
        found: String,
    },
    /// Something that may be there once is there several times.
    #[error("the request carries {name} more than once")]
    Repeated {
        /// The header or query parameter.
        name: &'static str,
    },
    /// The request is not signed.
    #[error("Request is missing Authentication Token")]
    MissingAuthentication,
    /// The request is signed in its header and in its query.
    #[error("the request is signed twice, in its header and in its query")]
    SignedTwice,
    /// The signature is of another algorithm.
    #[error("the signature algorithm is not supported; expected {TAKEN}")]
    Algorithm {
        /// The algorithm found, shortened; empty where it is the name of none, and may be a secret.
        found: String,
    },
    /// The request is signed with Signature Version 4A where that is not taken.
    #[error("AWS4-ECDSA-P256-SHA256 is not supported here: {why}")]
    Asymmetric {
        /// Why not.
        why: NoAsymmetric,
    },
    /// Parts of the signature are missing.
    #[error("the signature is incomplete; missing: {}", missing.join(", "))]
    Incomplete {
        /// Which of Credential, SignedHeaders, Signature, X-Amz-Date and the like.
        missing: Vec<&'static str>,
    },
    /// The credential scope is of another service.
    #[error("the credential is scoped to another service")]
    ScopeService {
        /// The service the request was sent to.
        expected: String,
        /// The service it was signed for.
        found: String,
    },
    /// The request is signed for another region than that of the service, or for a set without it.
    #[error("the request is signed for another region")]
    ScopeRegion {
        /// The region of the service.
        expected: String,
        /// The region or the set of regions it was signed for.
        found: String,
    },
    /// The day of the credential scope is not the day of the signature.
    #[error("the date of the credential scope is not the date of the signature")]
    ScopeDate {
        /// The day of the scope.
        scope: String,
        /// The date of the signature.
        signed_at: Timestamp,
    },
    /// The signature is more than fifteen minutes old.
    #[error(
        "Signature expired: {} is now earlier than {} ({} - 15 min.)",
        signed_at.amz_date(), now.saturating_sub(CLOCK_SKEW).amz_date(), now.amz_date()
    )]
    SignatureExpired {
        /// When it was made.
        signed_at: Timestamp,
        /// When it was received.
        now: Timestamp,
    },
    /// The signature was made more than fifteen minutes in the future.
    #[error(
        "Signature not yet current: {} is still later than {} ({} + 15 min.)",
        signed_at.amz_date(), now.saturating_add(CLOCK_SKEW).amz_date(), now.amz_date()
    )]
    SignatureNotYetCurrent {
        /// When it was made.
        signed_at: Timestamp,
        /// When it was received.
        now: Timestamp,
    },
    /// A presigned request is used after its time.
    #[error("the presigned request has expired")]
    PresignedExpired {
        /// When it stopped working.
        expiration: Timestamp,
        /// When it was received.
        now: Timestamp,
    },
    /// A header that must be signed is not.
    #[error("a header of the request that must be signed is not signed")]
    HeaderNotSigned {
        /// The header.
        name: String,
    },
    /// A header is said to be signed, but is not there.
    #[error("a signed header is missing from the request")]
    SignedHeaderAbsent {
        /// The header.
        name: String,
    },
    /// No session token accompanies the access key.
    #[error("the access key is not valid without its session token")]
    MissingSessionToken {
        /// The access key.
        access_key_id: AccessKeyId,
    },
    /// There is no active access key of this id.
    #[error("The security token included in the request is invalid.")]
    UnknownAccessKey {
        /// The access key.
        access_key_id: AccessKeyId,
    },
    /// The service takes sessions alone, and this is no access key of one.
    #[error("long-term access keys are not accepted here; ask for a session first")]
    LongTermKey {
        /// The access key.
        access_key_id: AccessKeyId,
    },
    /// The session token was refused.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The session was revoked.
    #[error(transparent)]
    Revoked(#[from] Revoked),
    /// The signature is not the session's.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    )]
    SignatureMismatch,
    /// The body does not have the digest that was signed.
    #[error("the body does not match the digest in x-amz-content-sha256")]
    PayloadDigest,
    /// The body must say how it is signed, or says it in a way that is not supported here.
    #[error("x-amz-content-sha256 is missing or not supported")]
    PayloadDeclaration {
        /// What was found, shortened.
        found: String,
    },
    /// A chunk of the body, or its trailer, does not have the signature that was given.
    #[error("the signature of a chunk of the body does not match")]
    ChunkSignature {
        /// The number of the chunk, from zero.
        chunk: usize,
    },
    /// The body is shorter or longer than announced, or its chunks are malformed.
    #[error("the body is incomplete or its chunks are malformed")]
    Chunk {
        /// The number of the chunk, from zero.
        chunk: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The cryptography library failed.
    #[error("the request could not be verified")]
    Crypto(#[from] CryptoError),
}

/// Why no request signed with Signature Version 4A is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoAsymmetric {
    /// The service is one that takes none.
    #[error("the service takes AWS4-HMAC-SHA256 alone")]
    Service,
    /// The backend computes no public keys.
    #[error("this server was built with a cryptography library that cannot verify it")]
    Backend,
    /// Keys of single scopes were handed over, and the secret that the key of Signature Version 4A is derived from was not.
    #[error("this server has keys for AWS4-HMAC-SHA256 alone")]
    HandedKeys,
}

impl RequestError {
    pub(super) fn malformed(part: &'static str, found: &str) -> Self {
        Self::Malformed { part, found: found.chars().take(80).collect() }
    }

    /// What happened, for logs and the audit trail.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Malformed { part, found } => format!("malformed {part}: {found:?}"),
            Self::Algorithm { found } if found.is_empty() => "no algorithm is named that there is".to_owned(),
            Self::Algorithm { found } => format!("the algorithm is {found:?}"),
            Self::ScopeService { expected, found } => {
                format!("signed for service {found}; sent to {expected}")
            }
            Self::ScopeRegion { expected, found } => format!("signed for {found}; the service is in {expected}"),
            Self::ScopeDate { scope, signed_at } => {
                format!("the scope is of {scope}; signed at {signed_at}")
            }
            Self::PresignedExpired { expiration, now } => {
                format!("expired at {expiration}, and it is {now}")
            }
            Self::HeaderNotSigned { name } => format!("{name} is not signed"),
            Self::SignedHeaderAbsent { name } => format!("{name} is signed but absent"),
            Self::MissingSessionToken { access_key_id } => {
                format!("no session token with access key {access_key_id}")
            }
            Self::LongTermKey { access_key_id } => format!("{access_key_id} is a long-term access key"),
            Self::UnknownAccessKey { access_key_id } => format!("no active access key {access_key_id}"),
            Self::Token(error) => error.reason(),
            Self::Revoked(error) => error.reason(),
            Self::PayloadDeclaration { found } => format!("x-amz-content-sha256 is {found:?}"),
            Self::ChunkSignature { chunk } => format!("chunk {chunk} is not signed as it says"),
            Self::Chunk { chunk, problem } => format!("chunk {chunk}: {problem}"),
            Self::MissingAuthentication => "the request is not signed".to_owned(),
            Self::SignatureMismatch => "the signature does not match the request and the access key".to_owned(),
            Self::Crypto(error) => error.to_string(),
            _ => self.to_string(),
        }
    }

    /// The code and HTTP status of the AWS query protocol, which STS and IAM speak.
    #[must_use]
    pub const fn code(&self) -> (&'static str, u16) {
        match self {
            Self::TooLarge { .. } => ("RequestEntityTooLarge", 413),
            Self::MissingAuthentication => ("MissingAuthenticationToken", 403),
            Self::Malformed { .. }
            | Self::Repeated { .. }
            | Self::SignedTwice
            | Self::Algorithm { .. }
            | Self::Asymmetric { .. }
            | Self::Incomplete { .. } => ("IncompleteSignature", 400),
            Self::PresignedExpired { .. } => ("RequestExpired", 400),
            Self::ScopeService { .. }
            | Self::ScopeRegion { .. }
            | Self::ScopeDate { .. }
            | Self::SignatureExpired { .. }
            | Self::SignatureNotYetCurrent { .. }
            | Self::HeaderNotSigned { .. }
            | Self::SignedHeaderAbsent { .. }
            | Self::SignatureMismatch
            | Self::PayloadDigest
            | Self::ChunkSignature { .. } => ("SignatureDoesNotMatch", 403),
            Self::MissingSessionToken { .. } | Self::UnknownAccessKey { .. } | Self::LongTermKey { .. } => {
                ("InvalidClientTokenId", 403)
            }
            Self::Token(TokenError::Crypto(_)) | Self::Crypto(_) => ("InternalFailure", 500),
            Self::Token(TokenError::Unavailable { .. }) => ("ServiceUnavailable", 503),
            Self::Token(error) => (error.code(), 403),
            Self::Revoked(error) => (error.code(), 403),
            Self::PayloadDeclaration { .. } => ("InvalidParameterValue", 400),
            Self::Chunk { .. } => ("IncompleteBody", 400),
        }
    }

    /// The code and HTTP status of the S3 REST API, which names some of them otherwise.
    #[must_use]
    pub const fn s3_code(&self) -> (&'static str, u16) {
        match self {
            Self::TooLarge { .. } => ("RequestHeaderSectionTooLarge", 400),
            Self::Revoked(Revoked::PrincipalGone { .. }) => ("InvalidAccessKeyId", 403),
            Self::MissingAuthentication | Self::Revoked(_) => ("AccessDenied", 403),
            Self::PresignedExpired { .. } | Self::HeaderNotSigned { .. } => ("AccessDenied", 403),
            Self::Malformed { .. }
            | Self::Incomplete { .. }
            | Self::ScopeService { .. }
            | Self::ScopeRegion { .. }
            | Self::ScopeDate { .. } => ("AuthorizationHeaderMalformed", 400),
            Self::Repeated { .. } | Self::SignedTwice | Self::PayloadDeclaration { .. } => ("InvalidArgument", 400),
            Self::Algorithm { .. } | Self::Asymmetric { .. } => ("InvalidRequest", 400),
            Self::SignatureExpired { .. } | Self::SignatureNotYetCurrent { .. } => ("RequestTimeTooSkewed", 403),
            Self::MissingSessionToken { .. } | Self::UnknownAccessKey { .. } | Self::LongTermKey { .. } => {
                ("InvalidAccessKeyId", 403)
            }
            Self::Token(TokenError::Expired { .. }) => ("ExpiredToken", 400),
            Self::Token(TokenError::Crypto(_)) | Self::Crypto(_) => ("InternalError", 500),
            Self::Token(TokenError::Unavailable { .. }) => ("ServiceUnavailable", 503),
            Self::Token(TokenError::NotVouchedFor { .. }) => ("AccessDenied", 403),
            Self::Token(_) => ("InvalidToken", 400),
            Self::SignatureMismatch | Self::SignedHeaderAbsent { .. } | Self::ChunkSignature { .. } => {
                ("SignatureDoesNotMatch", 403)
            }
            Self::PayloadDigest => ("XAmzContentSHA256Mismatch", 400),
            Self::Chunk { .. } => ("IncompleteBody", 400),
        }
    }

    /// The sentence of the S3 REST API, which has words of its own for some of them.
    #[must_use]
    pub fn s3_sentence(&self) -> String {
        match self {
            Self::MissingAuthentication => "the request is not signed".to_owned(),
            Self::MissingSessionToken { .. } | Self::UnknownAccessKey { .. } => {
                "The AWS Access Key Id you provided does not exist in our records.".to_owned()
            }
            Self::SignatureMismatch => {
                "The request signature we calculated does not match the signature you provided. \
                                        Check your key and signing method."
                    .to_owned()
            }
            _ => self.to_string(),
        }
    }

    /// What the failed rule expected and found; never the signature that would have been right.
    pub(super) fn evidence(&self) -> Evidence {
        let expected = match self {
            Self::TooLarge { .. } => "a request within the limits",
            Self::Malformed { .. } => "the form its standard gives it",
            Self::Repeated { .. } => "each part once",
            Self::MissingAuthentication | Self::SignedTwice | Self::Incomplete { .. } => {
                "one complete signature, in the Authorization header or in the query"
            }
            Self::Algorithm { .. } => TAKEN,
            Self::Asymmetric { .. } => "AWS4-HMAC-SHA256",
            Self::ScopeService { .. } => "the service the request was sent to",
            Self::ScopeRegion { .. } => "the region of the service",
            Self::ScopeDate { .. } => "the date of the signature",
            Self::SignatureExpired { .. } | Self::SignatureNotYetCurrent { .. } => {
                "a signature within 15 minutes of now"
            }
            Self::PresignedExpired { .. } => "a presigned request within its X-Amz-Expires",
            Self::HeaderNotSigned { .. } => "host and every x-amz- header among the signed headers",
            Self::SignedHeaderAbsent { .. } => "every signed header in the request",
            Self::MissingSessionToken { .. } => "a session token with a temporary access key",
            Self::UnknownAccessKey { .. } => "an active access key",
            Self::LongTermKey { .. } => "a temporary access key with its session token",
            Self::Token(_) => "a live session token of this broker, belonging to the access key",
            Self::Revoked(_) => "a session that was not revoked, of a role or user that there still is",
            Self::SignatureMismatch => "the signature of the caller's signing key",
            Self::PayloadDigest => "the digest that was signed",
            Self::PayloadDeclaration { .. } => "a SHA-256 digest, UNSIGNED-PAYLOAD or STREAMING-…",
            Self::ChunkSignature { .. } => "the signature of each chunk and of the trailer",
            Self::Chunk { .. } => "whole chunks, as many bytes as announced",
            Self::Crypto(_) => "a working cryptography library",
        };
        Evidence::new(expected, self.reason())
    }
}
