//! What a logout token is held to, in the order in which it is looked at.

use crate::explain::Rule;
use crate::identity::oidc::jws;
use crate::identity::oidc::rules::CLAIMS;

macro_rules! rules {
    ($($constant:ident $name:literal $section:literal $prevents:literal;)*) => {
        $(pub(super) const $constant: Rule = Rule { name: $name, section: $section, prevents: $prevents };)*
    };
}

rules! {
    TYPE "type" "OpenID Connect Back-Channel Logout 2.4; RFC 8725 3.11" "an access token, proof or other event taken for a logout token";
    ISSUER "issuer" "OpenID Connect Back-Channel Logout 2.6 (4)" "one provider logging out people of another";
    AUDIENCE "audience" "OpenID Connect Back-Channel Logout 2.6 (4)" "a logout meant for another application, replayed here";
    ISSUED_AT "issued_at" "OpenID Connect Back-Channel Logout 2.4" "tokens dated in the future, which would end sessions yet to begin";
    EXPIRATION "expiration" "OpenID Connect Back-Channel Logout 2.6 (4)" "an old logout used again after the next sign-in";
    LIFETIME "lifetime" "OpenID Connect Back-Channel Logout 2.4" "a logout kept back until long after it was said";
    NOT_BEFORE "not_before" "RFC 7519 4.1.5" "tokens used before their time";
    SESSION "session" "OpenID Connect Back-Channel Logout 2.6 (5)" "a logout of nobody";
    EVENTS "events" "OpenID Connect Back-Channel Logout 2.6 (6)" "an ID token, or a token about another event, taken for a logout token";
    NO_NONCE "no_nonce" "OpenID Connect Back-Channel Logout 2.6 (7)" "an ID token taken for a logout token";
    TOKEN_ID "token_id" "OpenID Connect Back-Channel Logout 2.4" "a logout that cannot be known again when it is replayed";
}

/// Every rule of logout tokens, in the order in which they are looked at.
pub const LOGOUT_RULES: [&Rule; 18] = [
    &jws::TOKEN_FORM,
    &jws::HEADER,
    &jws::HEADER_PARAMETERS,
    &jws::ALGORITHM,
    &jws::KEY,
    &jws::SIGNATURE,
    &CLAIMS,
    &TYPE,
    &ISSUER,
    &AUDIENCE,
    &ISSUED_AT,
    &EXPIRATION,
    &LIFETIME,
    &NOT_BEFORE,
    &SESSION,
    &EVENTS,
    &NO_NONCE,
    &TOKEN_ID,
];
