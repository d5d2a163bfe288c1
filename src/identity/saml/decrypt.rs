//! An EncryptedAssertion, EncryptedID or EncryptedAttribute and our keys in, the plaintext out (saml-core 2.2.4, 2.3.4,
//! 2.7.3.2, xmlenc-core 1.1).
//!
//! Decrypting proves nothing about who encrypted: the plaintext goes through the same gate as every message, and a
//! signature must cover it. Which algorithm is refused is said, since the message says it openly; why a decryption failed
//! is not.

use super::danger::Relaxations;
use super::error::shape;
use super::provider::SamlProvider;
use super::signature::decode;
use super::xml::{Document, Element, Profile};
use super::{DSIG, SamlError, XENC, rules};
use crate::crypto::{ContentMode, OaepHash, SecretBytes, decrypt_content};

const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";
const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
const MGF1_SHA1: &str = "http://www.w3.org/2009/xmlenc11#mgf1sha1";
/// EncryptedKeys of one encrypted element: there is one for each recipient.
const MOST_ENCRYPTED_KEYS: usize = 4;
/// RSA decryptions for one encrypted element, the dearest operation a stranger can ask for: an honest one needs one, or one
/// for each of our keys during rollover. Until a signature is verified a message has one such element.
const MOST_UNWRAPS: usize = 4;

/// Whether a verified signature covers the ciphertext.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ciphertext {
    Signed,
    Unsigned,
}

/// What came out, and whether telling apart why it is refused would answer an attacker's questions.
#[derive(Debug)]
pub(super) struct Plaintext<'d> {
    /// What it may hold, as XML.
    profile: Profile,
    pub(super) bytes: Vec<u8>,
    pub(super) algorithm: &'d str,
    pub(super) malleable: bool,
    /// The relaxations without which it would not have been decrypted.
    pub(super) needed: Relaxations,
}

/// Decrypts the one EncryptedData of `encrypted` with whichever of the provider's keys fits.
pub(super) fn decrypt<'d>(
    encrypted: Element<'d, '_>,
    provider: &SamlProvider,
    ciphertext: Ciphertext,
) -> Result<Plaintext<'d>, SamlError> {
    let expected = "one EncryptedData, and EncryptedKeys inside its KeyInfo or beside it";
    let children = encrypted.only_elements().unwrap_or_default();
    let [data, beside @ ..] = children.as_slice() else {
        return Err(shape(rules::DECRYPTION, expected, "nothing"));
    };
    if !data.is(XENC, "EncryptedData") || !beside.iter().all(|key| key.is(XENC, "EncryptedKey")) {
        return Err(shape(rules::DECRYPTION, expected, "other elements"));
    }
    let algorithm = method(*data);
    let content = ContentAlgorithm::named(algorithm, provider.relaxations, ciphertext)?;
    let keys = keys_for_us(*data, beside, provider);
    if keys.is_empty() || keys.len() > MOST_ENCRYPTED_KEYS {
        return Err(shape(rules::DECRYPTION, "one to four EncryptedKeys", keys.len().to_string()));
    }
    let mut transports = Vec::new();
    for key in keys {
        transports.push(Transport::of(key)?);
    }
    let sealed = cipher_value(*data)?;
    let content_key = unwrap(&transports, provider).filter(|key| key.expose().len() == content.key_length);
    let bytes = content_key.and_then(|key| decrypt_content(content.mode, &key, sealed).ok());
    Ok(Plaintext {
        profile: provider.relaxations.message(),
        bytes: bytes.ok_or(SamlError::DecryptionFailed)?,
        algorithm,
        malleable: content.mode == ContentMode::Cbc && ciphertext == Ciphertext::Unsigned,
        needed: content.needed(ciphertext),
    })
}

/// The EncryptedKeys of `data`, without those that name another Recipient: a message encrypted to several services holds
/// keys we could only fail with. When none is left the names are taken for mistakes. A RetrievalMethod adds none: what it
/// may refer to is beside `data` anyway, and anything else would have to be fetched.
fn keys_for_us<'d, 't>(
    data: Element<'d, 't>,
    beside: &[Element<'d, 't>],
    provider: &SamlProvider,
) -> Vec<Element<'d, 't>> {
    let infos = data.elements_named(DSIG, "KeyInfo");
    let inside = infos.flat_map(|info| info.elements_named(XENC, "EncryptedKey"));
    let all: Vec<_> = inside.chain(beside.iter().copied()).collect();
    let ours = |key: &Element<'_, '_>| key.attribute("Recipient").is_none_or(|name| name == provider.sp_entity_id);
    if all.iter().any(ours) { all.into_iter().filter(ours).collect() } else { all }
}

/// Sends `plaintext` through the gate that every message goes through, and lends out its root.
pub(super) fn parse<T>(
    plaintext: &Plaintext<'_>,
    encrypted: Element<'_, '_>,
    read: impl FnOnce(&Document<'_>, Element<'_, '_>) -> Result<T, SamlError>,
) -> Result<T, SamlError> {
    let text = std::str::from_utf8(&plaintext.bytes).map_err(|_| SamlError::DecryptionFailed)?;
    // Plaintext replaces EncryptedData where it stands (xmlenc-core 4.4), so it may use the prefixes declared there.
    let document = Document::parse_text(text, &plaintext.profile, &encrypted.in_scope())?;
    let root = document.root().ok_or(SamlError::DecryptionFailed)?;
    read(&document, root)
}

fn unwrap(transports: &[Transport], provider: &SamlProvider) -> Option<SecretBytes> {
    let pairs =
        transports.iter().flat_map(|transport| provider.decryption_keys.iter().map(move |key| (transport, key)));
    pairs.take(MOST_UNWRAPS).find_map(|(transport, key)| {
        key.unwrap_key(transport.hash, transport.label.as_deref(), &transport.wrapped).ok()
    })
}

struct ContentAlgorithm {
    mode: ContentMode,
    key_length: usize,
}

impl ContentAlgorithm {
    fn named(uri: &str, relaxations: Relaxations, ciphertext: Ciphertext) -> Result<Self, SamlError> {
        let cbc = relaxations.cbc(ciphertext == Ciphertext::Signed);
        let aes_192 = relaxations.aes_192();
        let (mode, key_length) = match uri {
            "http://www.w3.org/2009/xmlenc11#aes128-gcm" => (ContentMode::Gcm, 16),
            "http://www.w3.org/2009/xmlenc11#aes192-gcm" if aes_192 => (ContentMode::Gcm, 24),
            "http://www.w3.org/2009/xmlenc11#aes256-gcm" => (ContentMode::Gcm, 32),
            "http://www.w3.org/2001/04/xmlenc#aes128-cbc" if cbc => (ContentMode::Cbc, 16),
            "http://www.w3.org/2001/04/xmlenc#aes192-cbc" if cbc && aes_192 => (ContentMode::Cbc, 24),
            "http://www.w3.org/2001/04/xmlenc#aes256-cbc" if cbc => (ContentMode::Cbc, 32),
            _ => return Err(not_allowed(uri)),
        };
        Ok(Self { mode, key_length })
    }
}

impl ContentAlgorithm {
    fn needed(&self, ciphertext: Ciphertext) -> Relaxations {
        let needed = match (self.mode, ciphertext) {
            (ContentMode::Gcm, _) => Relaxations::none(),
            (ContentMode::Cbc, Ciphertext::Signed) => Relaxations::none().allow_cbc(),
            (ContentMode::Cbc, Ciphertext::Unsigned) => Relaxations::none().allow_cbc_in_unsigned_responses(),
        };
        if self.key_length == 24 { needed.allow_aes_192() } else { needed }
    }
}

struct Transport {
    hash: OaepHash,
    label: Option<Vec<u8>>,
    wrapped: Vec<u8>,
}

impl Transport {
    fn of(key: Element<'_, '_>) -> Result<Self, SamlError> {
        let uri = method(key);
        let method = key.elements_named(XENC, "EncryptionMethod").next();
        let parameter = |namespace, name| {
            method
                .and_then(|method| method.elements_named(namespace, name).next())
                .and_then(|found| found.attribute("Algorithm"))
        };
        let digest = parameter(DSIG, "DigestMethod");
        let hash = oaep_hash(digest);
        // The mask of the first form is fixed to SHA-1, that of the second defaults to it (xmlenc-core 5.5.2).
        let mask = match uri {
            "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p" => None,
            "http://www.w3.org/2009/xmlenc11#rsa-oaep" => parameter(XENC11, "MGF"),
            _ => return Err(not_allowed(uri)),
        };
        let Some(hash) = hash.filter(|_| hash == mask_hash(mask)) else {
            return Err(not_allowed(&pair(uri, digest, mask)));
        };
        let label = method.and_then(|method| method.elements_named(XENC, "OAEPparams").next());
        Ok(Self {
            hash,
            label: label.map(|label| decode(rules::DECRYPTION, label, "base64 in OAEPparams")).transpose()?,
            wrapped: cipher_value(key)?,
        })
    }
}

/// The backend computes OAEP with one hash for label and mask; an operator has to see which two were asked for.
fn pair(uri: &str, digest: Option<&str>, mask: Option<&str>) -> String {
    let digest = digest.unwrap_or(SHA1);
    let mask = mask.unwrap_or(MGF1_SHA1);
    format!("{uri} with {digest} and {mask}")
}

fn oaep_hash(uri: Option<&str>) -> Option<OaepHash> {
    Some(match uri {
        None | Some(SHA1) => OaepHash::Sha1,
        Some("http://www.w3.org/2001/04/xmlenc#sha256") => OaepHash::Sha256,
        Some("http://www.w3.org/2001/04/xmldsig-more#sha384") => OaepHash::Sha384,
        Some("http://www.w3.org/2001/04/xmlenc#sha512") => OaepHash::Sha512,
        Some(_) => return None,
    })
}

fn mask_hash(uri: Option<&str>) -> Option<OaepHash> {
    Some(match uri {
        None | Some(MGF1_SHA1) => OaepHash::Sha1,
        Some("http://www.w3.org/2009/xmlenc11#mgf1sha256") => OaepHash::Sha256,
        Some("http://www.w3.org/2009/xmlenc11#mgf1sha384") => OaepHash::Sha384,
        Some("http://www.w3.org/2009/xmlenc11#mgf1sha512") => OaepHash::Sha512,
        Some(_) => return None,
    })
}

fn method<'d>(encrypted: Element<'d, '_>) -> &'d str {
    let method = encrypted.elements_named(XENC, "EncryptionMethod").next();
    method.and_then(|method| method.attribute("Algorithm")).unwrap_or_default()
}

/// The ciphertext itself; a CipherReference would make us fetch it.
fn cipher_value(encrypted: Element<'_, '_>) -> Result<Vec<u8>, SamlError> {
    let expected = "base64 in CipherValue";
    let data = encrypted.elements_named(XENC, "CipherData").next();
    let value = data.and_then(|data| data.elements_named(XENC, "CipherValue").next());
    let value = value.ok_or_else(|| shape(rules::DECRYPTION, expected, "none"))?;
    decode(rules::DECRYPTION, value, expected)
}

fn not_allowed(uri: &str) -> SamlError {
    SamlError::AlgorithmNotAllowed { rule: rules::DECRYPTION, algorithm: uri.to_owned() }
}
