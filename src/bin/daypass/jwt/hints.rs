//! What usually lies behind the refusal of a token.

use crate::hint::Hint;

const ISSUER: &str = "the people who run the issuer";
const CALLER: &str = "whoever asked the issuer for this token";
const US: &str = "whoever configures this service";
const BOTH: &str = "whoever registered this client with the issuer";
const CLOCKS: &str = "whoever keeps the clocks, here or at the issuer";
const NOBODY: &str = "nobody yet: find out who sent it";

/// The hint for the rule of this name, or for what was asked; every rule that can refuse has one.
pub(super) fn hint(check: &str) -> Option<Hint> {
    let (usual_cause, ask) = match check {
        "provider" => ("the issuer, audience or secret given here is not one the library accepts", US),
        "jwks" => ("what was given as a key set is none: an error page saved under its name, or a key by itself", US),
        "token_form" => (
            "the token was cut or wrapped when it was copied, or has something around it: Bearer, quotes, blanks; or it is \
             encrypted, or an opaque access token",
            CALLER,
        ),
        "header" => ("it is no JWT, or a hand-written one", NOBODY),
        "header_parameters" => {
            ("the token brings a key of its own, as no ID token of a provider does: an attack", NOBODY)
        }
        "algorithm" => (
            "the client is registered for another algorithm, HS256 often (then --client-secret-file); or alg none: an attack",
            BOTH,
        ),
        "key" => {
            ("the issuer changed its signing key and this key set is older, or it is another issuer's key set", US)
        }
        "signature" => {
            ("the token was edited, or signed by another environment of the issuer under the same key id", ISSUER)
        }
        "claims" => ("a claim has another JSON type than the standard gives it, or stands there twice", ISSUER),
        "type" => ("it is an access token, a logout token or a proof where an ID token belongs", CALLER),
        "no_events" => ("it is a logout token or another security event", CALLER),
        "issuer" => {
            ("another tenant or environment, or the trailing slash: the issuer is compared character by character", US)
        }
        "subject" => ("the issuer writes no sub for this kind of account, or a very long one", ISSUER),
        "subject_form" => (
            "the token is another platform's, or sub was customised: then allow the other form \
             (`OidcProvider::with_subject_form`)",
            US,
        ),
        "audience" => ("the token was asked for with another audience, or by another client", CALLER),
        "extra_audiences" => ("the token is for several services at once; trust the others, or ask for one", CALLER),
        "authorized_party" => {
            ("another client obtained the token, or the token names several audiences and no azp", CALLER)
        }
        "expiration" => ("the token is old: fetched once and kept; judge an old one with --now", CALLER),
        "issued_at" | "not_before" => ("the issuer's clock is ahead of ours, or ours is behind", CLOCKS),
        "lifetime" => ("the issuer gives longer tokens than are accepted here; --max-lifetime allows them", US),
        "nonce" => (
            "another tab's sign-in, a second try, or a token that was carried here from elsewhere; none at all: a workload's \
             or refreshed token, then --use workload",
            US,
        ),
        "auth_time" => ("the session at the issuer is older than was asked for: sign in there again", ISSUER),
        "at_hash" => ("the access token beside it is another one's", ISSUER),
        "c_hash" => ("the code beside it is another one's", ISSUER),
        _ => return None,
    };
    Some(Hint { usual_cause, ask })
}

/// The same where a client secret is to verify the token, and nothing else.
pub(super) fn hint_by_secret(check: &str) -> Option<Hint> {
    let usual_cause = "the provider signs with its keys: leave --client-secret-file out; or with another \
                       --client-secret-algorithm; or alg none: an attack";
    if check == "algorithm" { Some(Hint { usual_cause, ask: BOTH }) } else { hint(check) }
}

#[cfg(test)]
mod tests {
    use daypass::identity::oidc::RULES;

    #[test]
    fn every_rule_has_a_hint() {
        let without: Vec<_> = RULES.iter().map(|rule| rule.name).filter(|name| super::hint(name).is_none()).collect();
        assert!(without.is_empty(), "{without:?}");
    }
}
