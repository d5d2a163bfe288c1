//! Why a message, or the metadata of its provider, was refused.

use std::fmt;
use std::time::Duration;

use super::rules;
use super::xml::XmlError;
use crate::crypto::CryptoError;
use crate::explain::{Evidence, Rule};
use crate::time::Timestamp;

/// Why a message was refused, or could not be made, with the evidence. Its `Display` is safe for callers; [`SamlError::reason`] is for logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SamlError {
    /// The provider's metadata or options cannot be used.
    #[error("the identity provider's metadata cannot be used")]
    Metadata(MetadataError),
    /// The form value, the document or the plaintext is larger than allowed.
    #[error("the SAML message is larger than allowed")]
    TooLarge {
        /// What was counted.
        counted: &'static str,
        /// The most that is allowed.
        most: usize,
    },
    /// The form value is not base64, or the value of the query not base64 of one deflated document.
    #[error("the SAML message is not base64")]
    NotBase64,
    /// The document is not the XML that a message may hold.
    #[error("the SAML message is not acceptable XML")]
    Xml(XmlError),
    /// Two elements carry the same ID, or an ID is in a namespace.
    #[error("the SAML message holds identifiers that are not unique")]
    IdNotUnique {
        /// The identifier.
        id: String,
    },
    /// An element holds something else than the rule allows.
    #[error("the SAML message does not have the required shape")]
    Shape {
        /// The rule that says so.
        rule: &'static Rule,
        /// What the rule allows.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// A value is another than the provider's configuration or the request demands.
    #[error("the SAML message was not meant for this request or this service")]
    Mismatch {
        /// The rule that says so.
        rule: &'static Rule,
        /// The value demanded.
        expected: String,
        /// The value found; `None` when there is none.
        found: Option<String>,
    },
    /// The identity provider reported that it did not authenticate anyone.
    #[error("the identity provider refused the request")]
    StatusNotSuccess {
        /// The top-level status code.
        code: String,
        /// The second-level status code, which says why.
        second_level: Option<String>,
    },
    /// Nothing that covers the assertion is signed, or the provider demands a signature on the response.
    #[error("the SAML message is not signed as required")]
    NotSigned {
        /// What must be signed.
        expected: &'static str,
    },
    /// An algorithm that this provider does not allow, by name.
    #[error("the SAML message uses an algorithm that is not allowed")]
    AlgorithmNotAllowed {
        /// The rule that says so.
        rule: &'static Rule,
        /// The algorithm's URI.
        algorithm: String,
    },
    /// No configured key made the signature.
    #[error("the signature of the SAML message does not verify")]
    SignatureInvalid {
        /// How many configured keys could have made such a signature.
        keys_tried: usize,
        /// What the last of them answered.
        error: CryptoError,
    },
    /// The key that made the signature is outside its certificate's validity, and the provider is set to mind.
    #[error("the signing certificate is not valid at this time")]
    CertificateNotValid {
        /// When it begins.
        not_before: Timestamp,
        /// When it ends.
        not_after: Timestamp,
    },
    /// What was signed is not what is here.
    #[error("the signature of the SAML message does not verify")]
    DigestMismatch,
    /// The encrypted assertion could not be read. One error for every cause: more would answer an attacker's questions.
    #[error("the encrypted part of the SAML message cannot be read")]
    DecryptionFailed,
    /// An assertion came unsolicited, and this provider is not set to accept that.
    #[error("no sign-in was started for this SAML response")]
    Unsolicited,
    /// An instant is missing or not a date and time with a time zone.
    #[error("the SAML message holds an unreadable instant")]
    InstantMalformed {
        /// The rule that needs it.
        rule: &'static Rule,
        /// What was found.
        found: String,
    },
    /// The assertion is used before it may be.
    #[error("the SAML message is not valid yet")]
    TooEarly {
        /// The rule that says so.
        rule: &'static Rule,
        /// When its validity begins.
        not_before: Timestamp,
        /// When it was judged.
        now: Timestamp,
    },
    /// The assertion is used after it may be.
    #[error("the SAML message has expired")]
    Expired {
        /// The rule that says so.
        rule: &'static Rule,
        /// When its validity ended.
        not_on_or_after: Timestamp,
        /// When it was judged.
        now: Timestamp,
    },
    /// A key of this service's own cannot be used, or is not its certificate's.
    #[error("this service's signing key cannot be used")]
    OwnKey(CryptoError),
    /// A message must be signed, and this service has no key to sign it with.
    #[error("this service has no key to sign its messages with")]
    NoOwnKey {
        /// What must be signed.
        needed: &'static str,
    },
    /// The operating system gave no randomness for a request's ID.
    #[error("no randomness for a request")]
    Randomness,
    /// RelayState is longer than 80 bytes (saml-bindings 3.4.3), or, given back, than 1024.
    #[error("RelayState is too long")]
    RelayStateTooLong,
}

/// Why metadata cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// The document is not acceptable XML.
    #[error("the metadata is not acceptable XML")]
    Xml(XmlError),
    /// The document is not SAML metadata of an identity provider.
    #[error("the metadata does not describe an identity provider; expected {expected}")]
    Shape {
        /// What was expected.
        expected: &'static str,
    },
    /// An aggregate holds no identity provider of this entity id, or holds several and none was named.
    #[error("the metadata does not hold the identity provider that was asked for")]
    EntityNotFound,
    /// The document describes the same entity more than once.
    #[error("the metadata describes the same entity twice")]
    EntityRepeated,
    /// The document is not signed, and a signature is demanded.
    #[error("the metadata is not signed")]
    NotSigned,
    /// The signature is not one of a pinned key over the element it stands in.
    #[error("the signature of the metadata does not verify")]
    Untrusted(Box<SamlError>),
    /// The metadata is valid for longer than is allowed, or says nothing of it.
    #[error("the metadata is valid for longer than allowed")]
    BeyondHorizon {
        /// Its `validUntil`.
        valid_until: Option<Timestamp>,
        /// How far ahead that may be.
        horizon: Duration,
    },
    /// No signing key is usable: without one nothing could ever be verified, and nothing is accepted unverified.
    #[error("the metadata holds no usable signing key")]
    NoSigningKey {
        /// Why the last key was not usable, if there was one.
        last: Option<CryptoError>,
    },
    /// A certificate or key value is not of the expected form.
    #[error("the metadata holds a certificate that cannot be read")]
    CertificateMalformed,
    /// An endpoint is not an `http` or `https` URL.
    #[error("the metadata holds an endpoint that is not an http or https URL")]
    EndpointMalformed,
    /// It runs out before the metadata it should replace: an older document, brought out again.
    #[error("the metadata is older than the one at hand")]
    RolledBack {
        /// Its `validUntil`.
        valid_until: Timestamp,
        /// The `validUntil` of the one at hand.
        at_hand: Timestamp,
    },
    /// Endpoints were `https` URLs, and newer metadata has an `http` URL.
    #[error("the newer metadata sends people from https to http")]
    EndpointDowngraded,
    /// There is no single sign-on endpoint for this binding.
    #[error("the metadata holds no single sign-on endpoint for the {binding} binding")]
    NoEndpoint {
        /// The binding's short name.
        binding: &'static str,
    },
    /// There is no single logout endpoint that could be used.
    #[error("the metadata holds no single logout endpoint for the {binding} binding")]
    NoLogoutEndpoint {
        /// The binding's short name.
        binding: &'static str,
    },
    /// This service was given no address that logout messages come to.
    #[error("no address for logout messages is configured")]
    NoLogoutUrl,
    /// An authentication context was asked for that the order of contexts does not hold.
    #[error("an authentication context is not in the order of contexts")]
    AuthnContextNotOrdered {
        /// The class reference.
        class_ref: String,
    },
    /// The metadata has run out.
    #[error("the metadata has run out")]
    RunOut {
        /// Its `validUntil`.
        valid_until: Timestamp,
    },
    /// An operator took the provider out of service.
    #[error("the identity provider is out of service")]
    ProviderDisabled,
    /// The clock skew is larger than 300 s.
    #[error("the clock skew is larger than 300 s")]
    ClockSkewTooLarge,
}

impl SamlError {
    /// The rule that was broken.
    #[must_use]
    pub const fn rule(&self) -> &'static Rule {
        match self {
            Self::Metadata(_)
            | Self::OwnKey(_)
            | Self::NoOwnKey { .. }
            | Self::Randomness
            | Self::RelayStateTooLong => rules::METADATA,
            Self::TooLarge { .. } => rules::SIZE,
            Self::NotBase64 => rules::ENCODING,
            Self::Xml(error) => match error {
                XmlError::Limit { .. } => rules::SIZE,
                XmlError::NotUtf8 => rules::ENCODING,
                XmlError::Doctype { .. } => rules::DOCTYPE,
                XmlError::Comment { .. } => rules::COMMENT,
                XmlError::ProcessingInstruction { .. } => rules::PROCESSING_INSTRUCTION,
                XmlError::Cdata { .. } => rules::CDATA,
                XmlError::Malformed { .. } => rules::WELL_FORMED,
                XmlError::Namespace { .. } => rules::NAMESPACES,
            },
            Self::IdNotUnique { .. } => rules::UNIQUE_ID,
            Self::StatusNotSuccess { .. } => rules::STATUS,
            Self::NotSigned { .. } => rules::SIGNED,
            Self::SignatureInvalid { .. } => rules::SIGNATURE,
            Self::CertificateNotValid { .. } => rules::CERTIFICATE,
            Self::DigestMismatch => rules::DIGEST,
            Self::DecryptionFailed => rules::DECRYPTION,
            Self::Unsolicited => rules::IN_RESPONSE_TO,
            Self::Shape { rule, .. }
            | Self::Mismatch { rule, .. }
            | Self::AlgorithmNotAllowed { rule, .. }
            | Self::InstantMalformed { rule, .. }
            | Self::TooEarly { rule, .. }
            | Self::Expired { rule, .. } => rule,
        }
    }

    /// What the rule expected and what was found, for logs and audit: text of the message may be in it.
    #[must_use]
    pub fn reason(&self) -> String {
        let Evidence { expected, found } = self.evidence();
        format!("{}: expected {expected}; found {found}", self.rule().name)
    }

    /// The error code of AssumeRoleWithSAML.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::StatusNotSuccess { .. } => "IDPRejectedClaim",
            Self::Expired { .. } => "ExpiredTokenException",
            _ => "InvalidIdentityToken",
        }
    }

    pub(super) fn evidence(&self) -> Evidence {
        match self {
            Self::Metadata(error) => Evidence::new("usable metadata and options", error.detail()),
            Self::TooLarge { counted, most } | Self::Xml(XmlError::Limit { counted, most }) => {
                Evidence::new(format_args!("at most {most} {counted}"), "more")
            }
            Self::NotBase64 => Evidence::new("base64 of the document, deflated in a query", "something else"),
            Self::Xml(error) => xml_evidence(error),
            Self::IdNotUnique { id } => Evidence::new("each ID once, in no namespace", id),
            Self::Shape { expected, found, .. } => Evidence::new(expected, found),
            Self::Mismatch { expected, found, .. } => Evidence::new(expected, found.as_deref().unwrap_or("nothing")),
            Self::StatusNotSuccess { code, second_level } => Evidence::new(
                super::STATUS_SUCCESS,
                format_args!("{code}, {}", second_level.as_deref().unwrap_or("no second-level code")),
            ),
            Self::NotSigned { expected } => Evidence::new(expected, "no such signature"),
            Self::AlgorithmNotAllowed { algorithm, .. } => {
                Evidence::new("an algorithm that the provider allows", algorithm)
            }
            Self::SignatureInvalid { keys_tried, error } => Evidence::new(
                "a signature by a key of the provider's metadata",
                format_args!("{keys_tried} keys tried: {error}"),
            ),
            Self::CertificateNotValid { not_before, not_after } => Evidence::new(
                "a signing certificate that is valid now",
                format_args!("one valid from {not_before} to {not_after}"),
            ),
            Self::DigestMismatch => Evidence::new("the digest that was signed", "another digest"),
            Self::DecryptionFailed => Evidence::new("an assertion encrypted to this provider's key", "something else"),
            Self::Unsolicited => Evidence::new("an answer to a request", "an unsolicited response"),
            Self::InstantMalformed { found, .. } => Evidence::new("a date and time with a time zone", found),
            Self::TooEarly { not_before, now, .. } => Evidence::new(format_args!("{not_before} or later"), now),
            Self::Expired { not_on_or_after, now, .. } => Evidence::new(format_args!("before {not_on_or_after}"), now),
            Self::OwnKey(error) => Evidence::new("a private key that belongs to its certificate", error),
            Self::NoOwnKey { needed } => {
                Evidence::new("a signing key of this service", format_args!("none for {needed}"))
            }
            Self::Randomness => Evidence::new("randomness", "none"),
            Self::RelayStateTooLong => Evidence::new("RelayState of at most 80 bytes, or 1024 to give back", "more"),
        }
    }
}

impl MetadataError {
    fn detail(&self) -> String {
        match self {
            Self::Xml(error) => format!("{self}: {}", xml_evidence(error).found),
            Self::NoSigningKey { last: Some(error) } => format!("{self}: {error}"),
            Self::AuthnContextNotOrdered { class_ref } => format!("{self}: {class_ref}"),
            Self::RunOut { valid_until } => format!("{self}: validUntil {valid_until}"),
            Self::Untrusted(error) => format!("{self}: {}", error.reason()),
            Self::RolledBack { valid_until, at_hand } => {
                format!("{self}: validUntil {valid_until}, and {at_hand} at hand")
            }
            Self::BeyondHorizon { valid_until: None, .. } => format!("{self}: no validUntil"),
            Self::BeyondHorizon { valid_until: Some(until), horizon } => {
                format!("{self}: validUntil {until} is more than {} s ahead", horizon.as_secs())
            }
            _ => self.to_string(),
        }
    }
}

fn xml_evidence(error: &XmlError) -> Evidence {
    let at = |what: &dyn fmt::Display, at: &usize| format!("{what} at byte {at}");
    match error {
        XmlError::Malformed { at: offset, expected } => Evidence::new(expected, at(&"something else", offset)),
        XmlError::Namespace { at: offset, problem } => {
            Evidence::new("namespaces that every canonicalizer writes alike", at(problem, offset))
        }
        XmlError::Doctype { at: offset } => Evidence::new("none", at(&"<!", offset)),
        XmlError::Comment { at: offset } => Evidence::new("none", at(&"<!--", offset)),
        XmlError::ProcessingInstruction { at: offset } => Evidence::new("none", at(&"<?", offset)),
        XmlError::Cdata { at: offset } => Evidence::new("none", at(&"<![CDATA[", offset)),
        XmlError::NotUtf8 => Evidence::new("UTF-8", "other bytes"),
        XmlError::Limit { counted, most } => Evidence::new(format_args!("at most {most} {counted}"), "more"),
    }
}

impl From<XmlError> for SamlError {
    fn from(error: XmlError) -> Self {
        Self::Xml(error)
    }
}

impl From<MetadataError> for SamlError {
    fn from(error: MetadataError) -> Self {
        Self::Metadata(error)
    }
}

/// An element that breaks the shape `rule` demands.
pub(super) fn shape(rule: &'static Rule, expected: &'static str, found: impl Into<String>) -> SamlError {
    SamlError::Shape { rule, expected, found: found.into() }
}
