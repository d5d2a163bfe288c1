//! What answers say of credentials and their session token.

use crate::credentials::Credentials;
use crate::credentials::token::MAX_TOKEN_LENGTH;
use crate::http::query::{Constraints, Element, Query};

/// The most that `MinimumSessionTokenSize` may ask for, in bytes.
const MOST_ASKED_FOR: u32 = 4096;

/// The parameter `MinimumSessionTokenSize`: how long the session token is to be at least, in bytes.
pub(super) fn least_token_size(query: &Query, constraints: &mut Constraints) -> usize {
    let asked = constraints.whole_number(query, "MinimumSessionTokenSize", 0, MOST_ASKED_FOR);
    asked.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or_default()
}

/// The element `Credentials`.
pub(super) fn credentials_element(credentials: &Credentials) -> Element {
    Element::Group(
        "Credentials",
        vec![
            Element::text("AccessKeyId", credentials.access_key_id().as_str()),
            Element::secret("SecretAccessKey", credentials.secret_access_key().expose()),
            Element::secret("SessionToken", credentials.session_token().expose()),
            Element::Instant("Expiration", credentials.expiration()),
        ],
    )
}

/// Elements behind the others: how much room policies and tags take, the source identity, and how long the token is.
pub(super) fn finish(result: &mut Vec<Element>, credentials: &Credentials, packed_size: Option<usize>) {
    if let Some(size) = packed_size {
        result.push(Element::number("PackedPolicySize", size));
    }
    if let Some(identity) = credentials.session().source_identity() {
        result.push(Element::text("SourceIdentity", identity));
    }
    let length = credentials.session_token().expose().len();
    let utilization = length.saturating_mul(100).div_ceil(MAX_TOKEN_LENGTH);
    result.push(Element::number("SessionTokenUtilization", utilization));
    result.push(Element::number("SessionTokenSize", length));
}
