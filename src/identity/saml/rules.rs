//! The rules a SAML response is held to, in the order in which they are reached.

use crate::explain::Rule;

macro_rules! rules {
    ($($constant:ident $name:literal $section:literal $prevents:literal;)*) => {
        $(pub(super) const $constant: &Rule = &Rule { name: $name, section: $section, prevents: $prevents };)*

        /// Every rule of this stage, in the order of the standards.
        pub const RULES: [&Rule; [$($name),*].len()] = [$($constant),*];
    };
}

rules! {
    METADATA "metadata" "saml-metadata 2.3.2" "trusting an identity provider whose metadata holds no key or has run out";
    SIZE "size" "saml-bindings 3.5.4" "exhausting memory before anything is known about the sender";
    ENCODING "encoding" "saml-bindings 3.5.4" "two decoders that read one form value differently";
    DOCTYPE "doctype" "xml 2.8" "entity expansion and external entities (CVE-2016-10149)";
    COMMENT "comment" "xml 2.5" "cutting a signed NameID short (CVE-2017-11427)";
    PROCESSING_INSTRUCTION "processing_instruction" "xml 2.6" "text that the signature covers and the reader does not see";
    CDATA "cdata" "xml 2.7" "joining or splitting signed text (CVE-2026-34601)";
    WELL_FORMED "well_formed" "xml 2.1" "two parsers that read one document differently (CVE-2025-25291)";
    NAMESPACES "namespaces" "xml-names 2" "canonicalization that fails and signs nothing (CVE-2025-66568)";
    UNIQUE_ID "unique_id" "saml-core 1.3.4" "a reference that names two elements";
    RESPONSE "response" "saml-core 3.3.3" "extra assertions and unread extensions beside the signed one (CVE-2022-41912)";
    VERSION "version" "saml-core 3.2.2" "a message read by the rules of another version";
    RESPONSE_ISSUER "response_issuer" "saml-profiles 4.1.4.2" "one identity provider answering for another (CVE-2026-49284)";
    DESTINATION "destination" "saml-bindings 3.5.5.2" "a response meant for another service";
    STATUS "status" "saml-core 3.2.2.2" "signing in although the identity provider refused";
    SIGNATURE_SHAPE "signature_shape" "saml-core 5.4" "signature wrapping: a true signature over something else";
    ALGORITHM "algorithm" "xmldsig 6.1" "a weak algorithm, or a public key used as a shared secret";
    REFERENCE "reference" "saml-core 5.4.2" "a signature that names another element, a file or an address";
    TRANSFORMS "transforms" "saml-core 5.4.4" "code, selection or bombs run before authentication";
    SIGNATURE "signature" "xmldsig 3.2.2" "a message that the trusted key never signed";
    CERTIFICATE "certificate" "saml-metadata 2.4.1.1" "a key used outside the time its owner stated";
    CANONICALIZATION "canonicalization" "saml-core 5.4.3" "one signature for two documents; quadratic output";
    DIGEST "digest" "xmldsig 3.2.1" "editing what was signed";
    DECRYPTION "decryption" "saml-core 2.3.4" "padding oracles, and encryption taken for a signature (CVE-2026-2092)";
    SIGNED "signed" "saml-profiles 4.1.3.5" "leaving the signature out (CVE-2026-28323)";
    ASSERTION "assertion" "saml-core 2.3.3" "an assertion that leaves out or repeats what it must say once";
    ISSUER "issuer" "saml-profiles 4.1.4.3" "one identity provider vouching for people of another";
    ISSUE_INSTANT "issue_instant" "saml-core 2.3.3" "assertions made in advance";
    SUBJECT "subject" "saml-core 2.4.1" "a session for nobody in particular";
    BEARER "bearer" "saml-profiles 4.1.4.2" "an assertion confirmed by other means than holding it";
    RECIPIENT "recipient" "saml-profiles 4.1.4.3" "an assertion delivered to one service and used at another";
    CONFIRMATION_TIME "confirmation_time" "saml-profiles 4.1.4.2" "using a stolen assertion later";
    IN_RESPONSE_TO "in_response_to" "saml-profiles 4.1.4.3" "planting one person's answer in another's browser";
    NOT_BEFORE "not_before" "saml-core 2.5.1.2" "using an assertion early";
    NOT_ON_OR_AFTER "not_on_or_after" "saml-core 2.5.1.2" "using an assertion late";
    AUDIENCE "audience" "saml-core 2.5.1.4" "an assertion for one service accepted by another";
    CONDITIONS "conditions" "saml-core 2.5.1" "ignoring a condition nobody understood";
    ONE_TIME_USE "one_time_use" "saml-core 2.5.1.5" "using an assertion twice (CVE-2026-18967)";
    PROXY_RESTRICTION "proxy_restriction" "saml-core 2.5.1.6" "passing on what was issued for this service alone";
    AUTHN_STATEMENT "authn_statement" "saml-profiles 4.1.4.2" "signing in with an assertion about no sign-in";
    AUTHN_INSTANT "authn_instant" "saml-core 2.7.2" "a sign-in too long ago, or dated ahead to seem fresh";
    SESSION "session" "saml-core 2.7.2" "outliving the session at the identity provider";
    AUTHN_CONTEXT "authn_context" "saml-core 2.7.2.2" "a weaker way of signing in than was asked for";
    ATTRIBUTES "attributes" "saml-core 2.7.3" "markup read as a plain value";
}
