//! What both ways of asking share: a provider as configured, a message as it came, and the answer.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use daypass::VerifiedIdentity;
use daypass::crypto::RsaDecryptionKey;
use daypass::explain::Listener;
use daypass::identity::saml::danger::{self, Relaxations};
use daypass::identity::saml::{self, IdpMetadata, SamlError, SamlProvider, UnverifiedResponse};
use daypass::time::Timestamp;
use serde::Serialize;

use crate::mapping::{Document, Mapped};

/// More than the library decodes, as XML or as base64, so that it is the library that refuses what is longer.
pub(super) const MOST_MESSAGE_BYTES: usize = 512 * 1024;

/// What weakens a provider, by the names of [`danger`]; and the one option of a provider that does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Relaxation {
    Sha1,
    SmallRsa,
    Cbc,
    CbcInUnsignedResponses,
    Aes192,
    Extensions,
    Cdata,
    Unsolicited,
}

impl Relaxation {
    pub(super) const ALL: [Self; 8] = [
        Self::Sha1,
        Self::SmallRsa,
        Self::Cbc,
        Self::CbcInUnsignedResponses,
        Self::Aes192,
        Self::Extensions,
        Self::Cdata,
        Self::Unsolicited,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::SmallRsa => "small_rsa",
            Self::Cbc => "cbc",
            Self::CbcInUnsignedResponses => "cbc_in_unsigned_responses",
            Self::Aes192 => "aes_192",
            Self::Extensions => "extensions",
            Self::Cdata => "cdata",
            Self::Unsolicited => "unsolicited",
        }
    }

    const fn apply(self, to: Relaxations) -> Relaxations {
        match self {
            Self::Sha1 => to.allow_sha1(),
            Self::SmallRsa => to.allow_small_rsa(),
            Self::Cbc => to.allow_cbc(),
            Self::CbcInUnsignedResponses => to.allow_cbc_in_unsigned_responses(),
            Self::Aes192 => to.allow_aes_192(),
            Self::Extensions => to.allow_extensions(),
            Self::Cdata => to.allow_cdata(),
            Self::Unsolicited => to,
        }
    }
}

/// What a provider demands beyond the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Requirement {
    SignedResponse,
    CertificateValidity,
}

impl Requirement {
    pub(super) const ALL: [Self; 2] = [Self::SignedResponse, Self::CertificateValidity];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::SignedResponse => "signed_response",
            Self::CertificateValidity => "certificate_validity",
        }
    }
}

/// How a provider differs from the default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Options {
    pub(super) allow: BTreeSet<Relaxation>,
    pub(super) require: BTreeSet<Requirement>,
    /// In seconds.
    pub(super) clock_skew: Option<u64>,
    /// In seconds.
    pub(super) authn_age: Option<u64>,
    pub(super) authn_contexts: Vec<String>,
}

/// Both sides of a sign-in as one case has them.
#[derive(Debug)]
pub(super) struct Parties {
    pub(super) metadata: IdpMetadata,
    pub(super) sp_entity_id: String,
    pub(super) acs_url: String,
    pub(super) options: Options,
    pub(super) decryption_keys: Vec<RsaDecryptionKey>,
}

impl Parties {
    pub(super) fn provider(self) -> Result<SamlProvider, SamlError> {
        let Self { metadata, sp_entity_id, acs_url, options, decryption_keys } = self;
        let relaxations = options.allow.iter().fold(Relaxations::none(), |so_far, one| one.apply(so_far));
        let mut provider = danger::from_metadata(metadata, &sp_entity_id, &acs_url, relaxations)?;
        if let Some(seconds) = options.clock_skew {
            provider = provider.with_clock_skew(Duration::from_secs(seconds))?;
        }
        if options.allow.contains(&Relaxation::Unsolicited) {
            provider = provider.with_unsolicited_responses();
        }
        if options.require.contains(&Requirement::SignedResponse) {
            provider = provider.with_signed_responses();
        }
        if options.require.contains(&Requirement::CertificateValidity) {
            provider = provider.with_certificate_validity();
        }
        if let Some(seconds) = options.authn_age {
            provider = provider.with_authn_age(Duration::from_secs(seconds));
        }
        if !options.authn_contexts.is_empty() {
            provider = provider.with_authn_contexts(options.authn_contexts);
        }
        Ok(decryption_keys.into_iter().fold(provider, SamlProvider::with_decryption_key))
    }
}

/// What the response should answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    Id(String),
    None,
    Exchange,
}

/// How a file holds a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Xml,
    Base64,
}

/// The form value that would have carried `message`. No XML document is made of base64 characters alone.
pub(super) fn encoded(message: Vec<u8>, format: Option<Format>) -> String {
    let of_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/= \t\r\n".contains(byte);
    let is_base64 = format.map_or_else(|| message.iter().all(of_base64), |format| format == Format::Base64);
    if is_base64 { String::from_utf8_lossy(&message).into_owned() } else { STANDARD.encode(message) }
}

/// The XML that a file holds, as it is or in base64.
pub(super) fn document(message: Vec<u8>) -> Option<String> {
    let form_value = encoded(message, None);
    let packed: String = form_value.split_ascii_whitespace().collect();
    String::from_utf8(STANDARD.decode(packed).ok()?).ok()
}

pub(super) fn verify<L: Listener>(
    provider: &SamlProvider,
    form_value: &str,
    request: &Request,
    now: Timestamp,
    listener: &mut L,
) -> Result<VerifiedIdentity, Refusal> {
    Ok(saml::verify(provider, unverified(form_value, request)?, now, listener)?)
}

/// As [`verify`], with everything there is to say about it.
pub(super) fn explain(
    provider: &SamlProvider,
    form_value: &str,
    request: &Request,
    now: Timestamp,
) -> Result<saml::Explained, Refusal> {
    Ok(saml::verify_explained(provider, unverified(form_value, request)?, now))
}

fn unverified(form_value: &str, request: &Request) -> Result<UnverifiedResponse, SamlError> {
    match request {
        Request::Id(id) => UnverifiedResponse::from_post(form_value, id),
        Request::None => UnverifiedResponse::unsolicited(form_value),
        Request::Exchange => UnverifiedResponse::for_exchange(form_value),
    }
}

/// Why a response is refused: by a rule of the library, or because of what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The rule's name; `policy` for a relaxation the library does not have, `input` for a line that cannot be used.
    pub(super) check: &'static str,
    pub(super) reason: String,
}

impl From<SamlError> for Refusal {
    fn from(error: SamlError) -> Self {
        Self { check: error.rule().name, reason: error.reason() }
    }
}

/// The answer to one case.
#[derive(Debug, Serialize)]
pub(super) struct Judgement {
    pub(super) verdict: &'static str,
    pub(super) check: Option<&'static str>,
    pub(super) reason: Option<String>,
    pub(super) name_id: Option<String>,
    pub(super) attributes: Option<BTreeMap<String, Vec<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mapping: Option<Mapped>,
}

impl From<Refusal> for Judgement {
    fn from(Refusal { check, reason }: Refusal) -> Self {
        let (check, reason) = (Some(check), Some(reason));
        Self { verdict: "reject", check, reason, name_id: None, attributes: None, mapping: None }
    }
}

impl Judgement {
    pub(super) fn accepted(identity: &VerifiedIdentity, mapping: &Document) -> Self {
        Self {
            verdict: "accept",
            check: None,
            reason: None,
            name_id: Some(identity.subject().to_owned()),
            attributes: Some(identity.attributes().clone()),
            mapping: mapping.of(identity),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_relaxation_is_the_one_the_library_calls_so() {
        for relaxation in Relaxation::ALL.into_iter().filter(|one| *one != Relaxation::Unsolicited) {
            let names: Vec<_> = relaxation.apply(Relaxations::none()).names().collect();
            // CBC without a signature around it is CBC too.
            assert_eq!(names.last(), Some(&relaxation.name()));
        }
        assert_eq!(Relaxation::Unsolicited.apply(Relaxations::none()), Relaxations::none());
    }

    #[test]
    fn a_file_holds_xml_unless_all_of_it_is_base64() {
        assert_eq!(encoded(b"PGE+PC9hPg==\n".to_vec(), None), "PGE+PC9hPg==\n");
        assert_eq!(encoded(b"<a></a>".to_vec(), None), "PGE+PC9hPg==");
        assert_eq!(encoded(b"PGE+".to_vec(), Some(Format::Xml)), "UEdFKw==");
    }
}
