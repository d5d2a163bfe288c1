//! What an ID token is held to, in the order in which it is looked at.

use super::jws;
use crate::explain::Rule;

pub(super) const CLAIMS: Rule = Rule {
    name: "claims",
    section: "RFC 7519 7.2 (10); RFC 8725 3.11",
    prevents: "claims of another type read as absent, and claims given twice",
};
pub(super) const TYPE: Rule = Rule {
    name: "type",
    section: "RFC 8725 3.11; RFC 9068 4",
    prevents: "an access token, logout token or proof taken for an ID token",
};
pub(super) const NO_EVENTS: Rule = Rule {
    name: "no_events",
    section: "OpenID Connect Back-Channel Logout 2.4; RFC 8417 2.2",
    prevents: "a logout token taken for an ID token",
};
pub(super) const ISSUER: Rule =
    Rule { name: "issuer", section: "OpenID Connect Core 3.1.3.7 (2)", prevents: "another provider's tokens (mix-up)" };
pub(super) const SUBJECT: Rule =
    Rule { name: "subject", section: "OpenID Connect Core 2", prevents: "a token about nobody" };
pub(super) const SUBJECT_FORM: Rule = Rule {
    name: "subject_form",
    section: "SPIFFE JWT-SVID 3.1; the platform's documentation",
    prevents: "tokens of another kind of issuer than was configured",
};
pub(super) const AUDIENCE: Rule = Rule {
    name: "audience",
    section: "OpenID Connect Core 3.1.3.7 (3)",
    prevents: "a token issued to another application, replayed here",
};
pub(super) const EXTRA_AUDIENCES: Rule = Rule {
    name: "extra_audiences",
    section: "OpenID Connect Core 3.1.3.7 (3)",
    prevents: "a token that an untrusted party also holds",
};
pub(super) const AUTHORIZED_PARTY: Rule = Rule {
    name: "authorized_party",
    section: "OpenID Connect Core 3.1.3.7 (4, 5)",
    prevents: "a token that another client obtained",
};
pub(super) const EXPIRATION: Rule =
    Rule { name: "expiration", section: "OpenID Connect Core 3.1.3.7 (9)", prevents: "old tokens" };
pub(super) const ISSUED_AT: Rule =
    Rule { name: "issued_at", section: "OpenID Connect Core 3.1.3.7 (10)", prevents: "tokens dated in the future" };
pub(super) const LIFETIME: Rule =
    Rule { name: "lifetime", section: "RFC 8725 2.8; RFC 7519 4.1.4", prevents: "tokens that never stop being good" };
pub(super) const NOT_BEFORE: Rule =
    Rule { name: "not_before", section: "RFC 7519 4.1.5", prevents: "tokens used before their time" };
pub(super) const NONCE: Rule = Rule {
    name: "nonce",
    section: "OpenID Connect Core 3.1.3.7 (11)",
    prevents: "a token or code from another browser, injected here",
};
pub(super) const AUTH_TIME: Rule = Rule {
    name: "auth_time",
    section: "OpenID Connect Core 3.1.3.7 (13)",
    prevents: "a sign-in older than was asked for",
};
pub(super) const ACCESS_TOKEN_HASH: Rule =
    Rule { name: "at_hash", section: "OpenID Connect Core 3.1.3.8", prevents: "an access token swapped for another" };
pub(super) const CODE_HASH: Rule = Rule {
    name: "c_hash",
    section: "OpenID Connect Core 3.3.2.10",
    prevents: "an authorization code swapped for another",
};

/// Every rule, in the order in which they are looked at.
pub const RULES: [&Rule; 23] = [
    &jws::TOKEN_FORM,
    &jws::HEADER,
    &jws::HEADER_PARAMETERS,
    &jws::ALGORITHM,
    &jws::KEY,
    &jws::SIGNATURE,
    &CLAIMS,
    &TYPE,
    &NO_EVENTS,
    &ISSUER,
    &SUBJECT,
    &SUBJECT_FORM,
    &AUDIENCE,
    &EXTRA_AUDIENCES,
    &AUTHORIZED_PARTY,
    &EXPIRATION,
    &ISSUED_AT,
    &LIFETIME,
    &NOT_BEFORE,
    &NONCE,
    &AUTH_TIME,
    &ACCESS_TOKEN_HASH,
    &CODE_HASH,
];
