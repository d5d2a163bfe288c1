//! The rules of this stage, in the order in which they are held.

use crate::explain::Rule;

/// Who signed, in which scope, which headers, with what signature.
pub(super) const AUTHORIZATION: Rule = Rule {
    name: "authorization",
    section: "SigV4, Authorization header and query parameters",
    prevents: "an unsigned request, or one that can be read in two ways",
};
/// The service and the day of the credential scope, and the region where the service is in one.
pub(super) const SCOPE: Rule = Rule {
    name: "credential_scope",
    section: "SigV4, credential scope",
    prevents: "a signature made for one service, day or region used at another",
};
/// The age of the signature.
pub(super) const TIME: Rule = Rule {
    name: "time",
    section: "SigV4, X-Amz-Date and X-Amz-Expires",
    prevents: "a captured request sent again later",
};
/// What the signature covers.
pub(super) const SIGNED_HEADERS: Rule =
    Rule { name: "signed_headers", section: "SigV4, SignedHeaders", prevents: "a header added or changed on the way" };
/// The session token, or for a long-term access key that it is known and comes without one.
pub(super) const SESSION_TOKEN: Rule = Rule {
    name: "session_token",
    section: "RFC 7515 5.2, RFC 8725 3.11",
    prevents: "a session that was made up, altered, borrowed or is over, or a key that is not active",
};
/// Revocation.
pub(super) const REVOCATION: Rule = Rule {
    name: "revocation",
    section: "revoking role sessions",
    prevents: "credentials that leaked and were taken back",
};
/// The signature.
pub(super) const SIGNATURE: Rule = Rule {
    name: "signature",
    section: "SigV4, calculate the signature",
    prevents: "a request altered on the way, or signed without the secret",
};
/// The body.
pub(super) const PAYLOAD: Rule = Rule {
    name: "payload",
    section: "SigV4, x-amz-content-sha256 and aws-chunked",
    prevents: "a body altered on the way",
};

/// Every rule a request is held to, in order.
pub const RULES: [&Rule; 8] =
    [&AUTHORIZATION, &SCOPE, &TIME, &SIGNED_HEADERS, &SESSION_TOKEN, &REVOCATION, &SIGNATURE, &PAYLOAD];
