//! The rules a logout message is held to. Those of the gate, the signature and decryption are those of every message.

use crate::explain::Rule;
use crate::identity::saml::rules::{
    ALGORITHM, CANONICALIZATION, CDATA, CERTIFICATE, COMMENT, DECRYPTION, DIGEST, DOCTYPE, ENCODING, METADATA,
    NAMESPACES, PROCESSING_INSTRUCTION, REFERENCE, SIGNATURE, SIGNATURE_SHAPE, SIGNED, SIZE, STATUS, SUBJECT,
    TRANSFORMS, UNIQUE_ID, WELL_FORMED,
};

macro_rules! rules {
    ($($constant:ident $name:literal $section:literal $prevents:literal;)*) => {
        $(pub(in crate::identity::saml) const $constant: &Rule =
            &Rule { name: $name, section: $section, prevents: $prevents };)*
    };
}

rules! {
    QUERY "query" "saml-bindings 3.4.4.1" "signing one parameter and having another read (CVE-2025-27773, CVE-2025-31335)";
    MESSAGE "logout_message" "saml-core 3.7" "a message of one kind taken for another, and parts that nobody reads";
    VERSION "version" "saml-core 3.2.1" "a message read by the rules of another version";
    ISSUER "issuer" "saml-profiles 4.4.4.1" "one identity provider logging out people of another";
    DESTINATION "destination" "saml-bindings 3.4.5.2" "a logout meant for one service delivered to another";
    ISSUE_INSTANT "issue_instant" "saml-core 3.2.1" "an old logout used again after the next sign-in";
    NOT_ON_OR_AFTER "not_on_or_after" "saml-core 3.7.1" "a logout used after its sender gave it up";
    SESSION_INDEX "session_index" "saml-core 3.7.1" "exhausting the store with sessions to be ended";
    IN_RESPONSE_TO "in_response_to" "saml-core 3.2.2" "one logout reported as the end of another";
}

/// Every rule of logout messages: the carrier, the document, the signature, what the message says.
pub const RULES: [&Rule; 31] = [
    METADATA,
    QUERY,
    SIZE,
    ENCODING,
    DOCTYPE,
    COMMENT,
    PROCESSING_INSTRUCTION,
    CDATA,
    WELL_FORMED,
    NAMESPACES,
    UNIQUE_ID,
    SIGNATURE_SHAPE,
    ALGORITHM,
    REFERENCE,
    TRANSFORMS,
    SIGNATURE,
    CERTIFICATE,
    CANONICALIZATION,
    DIGEST,
    SIGNED,
    MESSAGE,
    VERSION,
    ISSUER,
    DESTINATION,
    ISSUE_INSTANT,
    NOT_ON_OR_AFTER,
    DECRYPTION,
    SUBJECT,
    SESSION_INDEX,
    IN_RESPONSE_TO,
    STATUS,
];
