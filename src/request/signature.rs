//! Key and signature in, a proof out.

use std::cell::Cell;

use super::algorithm::VerifyingKey;
use super::authorization::Authorization;
use super::canonical::{Form, push_canonical_request, push_string_in_scope};
use super::signed::SignedFields;
use super::{RequestError, SignedHead};
use crate::crypto::SignatureValid;

/// The longest buffer kept from one request to the next, in bytes.
const MAX_KEPT: usize = 16 * 1024;

/// The canonical request and the string to sign of the request at hand.
#[derive(Default)]
struct Texts {
    canonical: Vec<u8>,
    to_sign: String,
}

thread_local! {
    /// Kept because a canonical request holds a session token: to have that much allocated anew costs more than to write it.
    static TEXTS: Cell<Texts> = const { Cell::new(Texts { canonical: Vec::new(), to_sign: String::new() }) };
}

/// Verifies the signature of a request: an HMAC in constant time, an ECDSA signature in a time that tells nothing secret.
///
/// # Errors
/// [`RequestError::SignatureMismatch`], which does not say what the right signature is.
pub(super) fn verify(
    key: &VerifyingKey,
    (head, fields): (&SignedHead, SignedFields),
    authorization: &Authorization,
    form: Form,
    payload_hash: &str,
) -> Result<SignatureValid, RequestError> {
    // A thread that is ending has no buffers, and then there are some for this request.
    let Texts { mut canonical, mut to_sign } = TEXTS.try_with(Cell::take).unwrap_or_default();
    canonical.clear();
    to_sign.clear();
    push_canonical_request(&mut canonical, (head, fields), &authorization.signed_headers, form, payload_hash);
    let scope = (authorization.algorithm(), authorization.scope.as_str());
    push_string_in_scope(&mut to_sign, scope, &authorization.amz_date, &canonical);
    let verified = key.verify(to_sign.as_bytes(), &authorization.signature);
    if canonical.capacity() <= MAX_KEPT {
        let _ = TEXTS.try_with(|kept| kept.set(Texts { canonical, to_sign }));
    }
    verified
}
