//! Stage 4: a [`SignedRequest`] in, an [`AuthenticatedRequest`] out.
//!
//! Enters: an HTTP request signed with AWS Signature Version 4 or 4A (in its `Authorization` header, or presigned in its query),
//! the [`Sessions`] that temporary credentials belong to, the [`Service`] it was sent to, and `now`. Leaves: the request,
//! and the [`Caller`] who signed it: a user or root user with a long-term key, or a temporary session. Refused: everything that a rule of [`RULES`] names.
//!
//! A session token can also be borne without a signature; [`authenticate_bearer`] gives a type that says so.
//!
//! [`Sessions`]: crate::credentials::Sessions

mod algorithm;
mod authenticate;
pub mod authorization;
pub mod canonical;
mod checks;
mod chunked;
mod error;
mod http1;
mod payload;
mod region_set;
mod rules;
mod service;
mod signature;
mod signed;

pub use algorithm::Algorithm;
pub use authenticate::{
    BearerSession, BodyOf, StreamedRequest, authenticate, authenticate_bearer, authenticate_streamed, verify_head,
};
#[cfg(feature = "http")]
pub(crate) use authenticate::{claimed, verify_standing};
#[cfg(feature = "http")]
pub(crate) use authorization::AmzDate;
pub use authorization::Authorization;
pub use error::{NoAsymmetric, RequestError};
pub use payload::Payload;
#[cfg(feature = "http")]
pub(crate) use payload::is_declared;
pub use region_set::RegionSet;
pub use rules::RULES;
pub use service::Service;
pub use signed::{Headers, SignedHead, SignedRequest};

use std::fmt;

use crate::credentials::AccessKeyId;
use crate::crypto::SignatureValid;
use crate::session::Caller;
use crate::time::Timestamp;

/// A request, and who signed it.
///
/// Only this stage makes one:
///
/// ```compile_fail,E0451
/// let request = daypass::AuthenticatedRequest { caller: unreachable!() };
/// ```
///
/// and not from a request that nobody verified:
///
/// ```compile_fail,E0277
/// fn promote(request: daypass::SignedRequest) -> daypass::AuthenticatedRequest { request.into() }
/// ```
pub struct AuthenticatedRequest {
    head: SignedHead,
    body: Vec<u8>,
    trailers: Vec<(String, String)>,
    caller: Caller,
    authorization: Authorization,
    authenticated_at: Timestamp,
}

impl fmt::Debug for AuthenticatedRequest {
    /// Without the body, which holds passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticatedRequest")
            .field("head", &self.head)
            .field("body_length", &self.body.len())
            .field("caller", &self.caller)
            .field("authorization", &self.authorization)
            .field("authenticated_at", &self.authenticated_at)
            .finish_non_exhaustive()
    }
}

impl AuthenticatedRequest {
    /// Takes the proof that the signature over `head` was verified with a key of `caller`.
    fn new(
        head: SignedHead,
        authorization: Authorization,
        caller: Caller,
        authenticated_at: Timestamp,
        _signed: &SignatureValid,
    ) -> Self {
        let (body, trailers) = (Vec::new(), Vec::new());
        Self { head, body, trailers, caller, authorization, authenticated_at }
    }

    /// Whose credentials signed the request.
    #[must_use]
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The access key that signed.
    #[must_use]
    pub const fn access_key_id(&self) -> &AccessKeyId {
        &self.authorization.access_key_id
    }

    /// How it was signed: scope, signed headers, and when.
    #[must_use]
    pub const fn authorization(&self) -> &Authorization {
        &self.authorization
    }

    /// Method, path, query and headers, as received.
    #[must_use]
    pub const fn head(&self) -> &SignedHead {
        &self.head
    }

    /// The body, without the framing of `aws-chunked`; empty when the body is streamed.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body, without the framing of `aws-chunked`, handed over.
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// The body, taken out for a handler.
    #[cfg(feature = "http")]
    pub(crate) fn take_body(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.body)
    }

    /// Trailing headers of an `aws-chunked` body, by lower-case name, such as a checksum.
    #[must_use]
    pub fn trailers(&self) -> &[(String, String)] {
        &self.trailers
    }

    /// The instant at which the request was authenticated.
    #[must_use]
    pub const fn authenticated_at(&self) -> Timestamp {
        self.authenticated_at
    }
}
