//! Key and signature in, a proof out.

use super::authorization::Authorization;
use super::canonical::{Form, canonical_request, string_to_sign};
use super::{RequestError, SignedHead};
use crate::crypto::{MacKey, SignatureValid};

/// Verifies the signature of a request in constant time.
///
/// # Errors
/// [`RequestError::SignatureMismatch`], which does not say what the right signature is.
pub(super) fn verify(
    key: &MacKey,
    head: &SignedHead,
    authorization: &Authorization,
    form: Form,
    payload_hash: &str,
) -> Result<SignatureValid, RequestError> {
    let canonical = canonical_request(head, &authorization.signed_headers, form, payload_hash);
    let message = string_to_sign(authorization, &canonical);
    key.verify(message.as_bytes(), &authorization.signature).map_err(|_| RequestError::SignatureMismatch)
}
