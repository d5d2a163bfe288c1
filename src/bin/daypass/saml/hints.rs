//! What usually lies behind the refusal of a SAML response.

pub(super) use crate::hint::Hint;

const IDP: &str = "the people who run the identity provider";
const US: &str = "whoever configures this service";
const BOTH: &str = "whoever configured the two sides for each other";
const NOBODY: &str = "nobody yet: find out who sent it";

/// The hint for the rule of this name; every rule that can refuse has one.
pub(super) fn hint(rule: &str) -> Option<Hint> {
    let (usual_cause, ask) = match rule {
        "metadata" => ("the metadata we hold has run out, or the identity provider was taken out of service here", US),
        "size" => ("hundreds of group memberships in one assertion; let the identity provider send fewer", IDP),
        "encoding" => ("the form value was cut, or changed on the way into this file", NOBODY),
        "doctype" | "comment" | "processing_instruction" => {
            ("no honest identity provider writes it: an attack", NOBODY)
        }
        "cdata" => ("an old identity provider that writes CDATA sections; --allow cdata reads them as text", IDP),
        "well_formed" | "namespaces" | "unique_id" => ("the message was edited or cut, or its writer has a bug", IDP),
        "response" => ("several assertions or Extensions; --allow extensions ignores the latter", IDP),
        "version" => ("a message of SAML 1.1", IDP),
        "response_issuer" | "issuer" => (
            "the identity provider's entity id changed, or this is another one's response; compare with its metadata",
            BOTH,
        ),
        "destination" | "recipient" => (
            "the identity provider has another assertion consumer service URL for us: http for https, a slash, a port",
            BOTH,
        ),
        "status" => ("the identity provider refused the sign-in; its log has the reason behind the status code", IDP),
        "signature_shape" | "reference" | "transforms" => {
            ("a signing profile that is not SAML's, or signature wrapping: an attack", IDP)
        }
        "algorithm" => ("the identity provider signs with SHA-1; let it sign with SHA-256, or --allow sha1", IDP),
        "signature" => ("the identity provider changed its signing key and our copy of its metadata is older", BOTH),
        "certificate" => ("the signing certificate has run out and its validity is required here", IDP),
        "canonicalization" | "digest" => (
            "the signed part was changed after signing: pretty-printed, re-encoded or forged; compare `daypass saml canonicalize`",
            IDP,
        ),
        "decryption" => {
            ("it is encrypted to a key that is not ours any more, or by an algorithm that needs --allow", BOTH)
        }
        "signed" => ("the identity provider signs neither assertions nor responses for us", IDP),
        "assertion" | "subject" | "bearer" | "authn_statement" | "attributes" => {
            ("the identity provider writes assertions of another profile for us", IDP)
        }
        "issue_instant" | "not_before" => ("the identity provider's clock is ahead of ours, or ours is behind", BOTH),
        "confirmation_time" | "not_on_or_after" => (
            "the response is old: a page left open, a bookmark of it, or a clock that is wrong; judge an old one with --now",
            BOTH,
        ),
        "in_response_to" => (
            "another tab's sign-in, a second try, or sign-in started at the identity provider (--allow unsolicited)",
            US,
        ),
        "audience" => ("our entity id at the identity provider is not the one configured here", BOTH),
        "conditions" => ("the assertion holds a condition that this service does not know, or none at all", IDP),
        "authn_instant" | "session" => ("the session at the identity provider is too old: sign in there again", IDP),
        "authn_context" => {
            ("the person signed in by a weaker way than is demanded here, such as without a second factor", IDP)
        }
        _ => return None,
    };
    Some(Hint { usual_cause, ask })
}

#[cfg(test)]
mod tests {
    use daypass::identity::saml::RULES;

    #[test]
    fn every_rule_that_can_refuse_has_a_hint() {
        let without: Vec<_> = RULES.iter().map(|rule| rule.name).filter(|name| super::hint(name).is_none()).collect();
        // They are reported, and judged by replay memory or nobody.
        assert_eq!(without, ["one_time_use", "proxy_restriction"]);
    }
}
