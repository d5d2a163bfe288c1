//! Key and signature in, a proof out.

use std::cell::Cell;

use super::algorithm::VerifyingKey;
use super::authorization::Authorization;
use super::canonical::{Form, push_canonical_request, string_to_sign};
use super::{RequestError, SignedHead};
use crate::crypto::SignatureValid;

/// The longest buffer kept from one request to the next, in bytes.
const MAX_KEPT: usize = 16 * 1024;

thread_local! {
    /// Kept because a canonical request holds a session token: to have that much allocated anew costs more than to write it.
    static CANONICAL: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Verifies the signature of a request: an HMAC in constant time, an ECDSA signature in a time that tells nothing secret.
///
/// # Errors
/// [`RequestError::SignatureMismatch`], which does not say what the right signature is.
pub(super) fn verify(
    key: &VerifyingKey,
    head: &SignedHead,
    authorization: &Authorization,
    form: Form,
    payload_hash: &str,
) -> Result<SignatureValid, RequestError> {
    // A thread that is ending has no buffer, and then there is one for this request.
    let mut canonical = CANONICAL.try_with(Cell::take).unwrap_or_default();
    canonical.clear();
    push_canonical_request(&mut canonical, head, &authorization.signed_headers, form, payload_hash);
    let message = string_to_sign(authorization, &canonical);
    if canonical.capacity() <= MAX_KEPT {
        let _ = CANONICAL.try_with(|kept| kept.set(canonical));
    }
    key.verify(message.as_bytes(), &authorization.signature)
}
