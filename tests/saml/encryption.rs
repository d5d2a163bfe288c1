//! Encrypted assertions: what is decrypted is not what is trusted.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::{aead, cipher, rsa};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use daypass::crypto::{RsaDecryptionKey, SecretBytes};
use daypass::explain::Report;
use daypass::identity::saml::danger::{self, Relaxations};
use daypass::identity::saml::{SamlError, SamlProvider, UnverifiedResponse, verify};

use super::signer::{self, DSIG, Fields, REQUEST, SAML, SP, STRANGER, Signing, TRUSTED};
use super::{ACS, judge_with, now};

const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
const AES_128_GCM: &str = "http://www.w3.org/2009/xmlenc11#aes128-gcm";
const AES_256_GCM: &str = "http://www.w3.org/2009/xmlenc11#aes256-gcm";
const AES_256_CBC: &str = "http://www.w3.org/2001/04/xmlenc#aes256-cbc";
const OAEP: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";

static OURS: LazyLock<rsa::PrivateDecryptingKey> =
    LazyLock::new(|| rsa::PrivateDecryptingKey::generate(rsa::KeySize::Rsa2048).unwrap());

pub(crate) fn our_key() -> RsaDecryptionKey {
    let der = AsDerPkcs8::of(&OURS);
    RsaDecryptionKey::from_pkcs8(&SecretBytes::new(der)).unwrap()
}

/// A key that nothing is encrypted to.
pub(super) fn other_key() -> RsaDecryptionKey {
    let key = rsa::PrivateDecryptingKey::generate(rsa::KeySize::Rsa2048).unwrap();
    RsaDecryptionKey::from_pkcs8(&SecretBytes::new(AsDerPkcs8::of(&key))).unwrap()
}

struct AsDerPkcs8;

impl AsDerPkcs8 {
    fn of(key: &rsa::PrivateDecryptingKey) -> Vec<u8> {
        let der: Pkcs8V1Der<'_> = key.as_der().unwrap();
        der.as_ref().to_vec()
    }
}

fn provider_with(relaxations: Relaxations) -> SamlProvider {
    let metadata = signer::metadata(&[("", &TRUSTED)]);
    danger::provider(&metadata, SP, ACS, relaxations).unwrap().with_decryption_key(our_key())
}

#[track_caller]
fn rule_with(relaxations: Relaxations, xml: &str) -> &'static str {
    judge_with(&provider_with(relaxations), xml).unwrap_err().rule().name
}

#[track_caller]
fn rule(xml: &str) -> &'static str {
    rule_with(Relaxations::none(), xml)
}

fn sealed(content_method: &str, key: &[u8], plain: &[u8]) -> Vec<u8> {
    let mut content = plain.to_vec();
    if content_method.ends_with("cbc") {
        let algorithm = if key.len() == 32 { &cipher::AES_256 } else { &cipher::AES_128 };
        let key = cipher::UnboundCipherKey::new(algorithm, key).unwrap();
        let context = cipher::PaddedBlockEncryptingKey::cbc_pkcs7(key).unwrap().encrypt(&mut content).unwrap();
        let vector: &[u8] = (&context).try_into().unwrap();
        return [vector, &content].concat();
    }
    let algorithm = match key.len() {
        16 => &aead::AES_128_GCM,
        24 => &aead::AES_192_GCM,
        _ => &aead::AES_256_GCM,
    };
    let key = aead::LessSafeKey::new(aead::UnboundKey::new(algorithm, key).unwrap());
    key.seal_in_place_append_tag(aead::Nonce::assume_unique_for_key([7; 12]), aead::Aad::empty(), &mut content)
        .unwrap();
    [&[7; 12][..], &content].concat()
}

/// How to encrypt, each part replaceable.
pub(crate) struct Sealing {
    pub(crate) content_method: &'static str,
    pub(crate) key: Vec<u8>,
    pub(crate) key_method: &'static str,
    pub(crate) key_parameters: String,
    pub(crate) oaep: &'static rsa::OaepAlgorithm,
    pub(crate) beside: bool,
}

impl Default for Sealing {
    fn default() -> Self {
        Self {
            content_method: AES_256_GCM,
            key: vec![9; 32],
            key_method: OAEP,
            key_parameters: String::new(),
            oaep: &rsa::OAEP_SHA1_MGF1SHA1,
            beside: false,
        }
    }
}

impl Sealing {
    /// An EncryptedAssertion around `plain`, in canonical form.
    fn seal(&self, plain: &str) -> String {
        self.seal_as("EncryptedAssertion", &format!(r#" xmlns:saml="{SAML}""#), plain)
    }

    /// `plain` inside an element of this name.
    pub(crate) fn seal_as(&self, element: &str, declared: &str, plain: &str) -> String {
        let Self { content_method, key, key_method, key_parameters, oaep, beside } = self;
        let public = rsa::OaepPublicEncryptingKey::new(OURS.public_key()).unwrap();
        let mut wrapped = vec![0; public.ciphertext_size()];
        public.encrypt(oaep, key, &mut wrapped, None).unwrap();
        let method = |uri: &str, inside: &str| {
            format!(r#"<xenc:EncryptionMethod Algorithm="{uri}">{inside}</xenc:EncryptionMethod>"#)
        };
        let cipher = |bytes: &[u8]| {
            format!(
                "<xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData>",
                STANDARD.encode(bytes)
            )
        };
        let encrypted_key = format!(
            r#"<xenc:EncryptedKey{}>{}{}</xenc:EncryptedKey>"#,
            if *beside { format!(r#" xmlns:xenc="{XENC}""#) } else { String::new() },
            method(key_method, key_parameters),
            cipher(&wrapped)
        );
        let info = if *beside {
            String::new()
        } else {
            format!(r#"<ds:KeyInfo xmlns:ds="{DSIG}">{encrypted_key}</ds:KeyInfo>"#)
        };
        let content = cipher(&sealed(content_method, key, plain.as_bytes()));
        format!(
            r#"<saml:{element}{declared}><xenc:EncryptedData xmlns:xenc="{XENC}" Type="{XENC}Element">{}{info}{content}</xenc:EncryptedData>{}</saml:{element}>"#,
            method(content_method, ""),
            if *beside { encrypted_key.as_str() } else { "" }
        )
    }

    /// The commonest shape: signed, then encrypted, in an unsigned response.
    pub(crate) fn signed_inside(&self) -> String {
        let fields = Fields::default();
        fields.response(&self.seal(&Signing::default().sign(&fields.assertion(), "_assertion", &TRUSTED)))
    }

    /// Encrypted, then the response around it signed.
    pub(crate) fn signed_outside(&self, plain: &str) -> String {
        Signing::default().sign(&Fields::default().response(&self.seal(plain)), "_response", &TRUSTED)
    }
}

#[test]
fn a_signed_assertion_is_decrypted_and_read() {
    let provider = provider_with(Relaxations::none());
    for (content_method, length) in [(AES_128_GCM, 16), (AES_256_GCM, 32)] {
        let sealing = Sealing { content_method, key: vec![9; length], ..Sealing::default() };
        assert_eq!(judge_with(&provider, &sealing.signed_inside()).unwrap().subject(), "martha");
    }
    let beside = Sealing { beside: true, ..Sealing::default() };
    assert_eq!(judge_with(&provider, &beside.signed_inside()).unwrap().subject(), "martha");
}

#[test]
fn an_unsigned_assertion_is_read_when_the_response_around_it_is_signed() {
    let provider = provider_with(Relaxations::none());
    let plain = Fields::default().assertion();
    let message = Sealing::default().signed_outside(&plain);
    assert_eq!(judge_with(&provider, &message).unwrap().attribute("groups"), ["Admins", "Developers"]);
    let signed = Signing::default().sign(&plain, "_assertion", &TRUSTED);
    assert!(judge_with(&provider, &Sealing::default().signed_outside(&signed)).is_ok());
    let by_a_stranger = Signing::default().sign(&plain, "_assertion", &STRANGER);
    assert_eq!(rule(&Sealing::default().signed_outside(&by_a_stranger)), "signature");
}

#[test]
fn oaep_with_sha256_is_accepted_and_mixed_hashes_are_not() {
    let sha256 = format!(
        r#"<ds:DigestMethod xmlns:ds="{DSIG}" Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>"#
    );
    let mask = r#"<x:MGF xmlns:x="http://www.w3.org/2009/xmlenc11#" Algorithm="http://www.w3.org/2009/xmlenc11#mgf1sha256"></x:MGF>"#;
    let sealing = |parameters: String| Sealing {
        key_method: "http://www.w3.org/2009/xmlenc11#rsa-oaep",
        key_parameters: parameters,
        oaep: &rsa::OAEP_SHA256_MGF1SHA256,
        ..Sealing::default()
    };
    let both = sealing(format!("{sha256}{mask}"));
    assert!(judge_with(&provider_with(Relaxations::none()), &both.signed_inside()).is_ok());
    assert_eq!(rule(&sealing(sha256).signed_inside()), "decryption");
}

#[test]
fn a_forged_assertion_encrypted_to_our_public_key() {
    // CVE-2026-2092 (Keycloak): encrypted was taken for signed. Anyone has our public key.
    let forged = Fields::default().assertion().replace("martha", "admin");
    assert_eq!(rule(&Fields::default().response(&Sealing::default().seal(&forged))), "signed");
    let by_a_stranger = Signing::default().sign(&forged, "_assertion", &STRANGER);
    assert_eq!(rule(&Fields::default().response(&Sealing::default().seal(&by_a_stranger))), "signature");
}

#[test]
fn plaintext_goes_through_the_same_gate() {
    let seal = |plain: &str| Fields::default().response(&Sealing::default().seal(plain));
    let signed = Signing::default().sign(&Fields::default().assertion(), "_assertion", &TRUSTED);
    assert_eq!(rule(&seal(&signed.replace("martha", "mar<!-- -->tha"))), "comment");
    assert_eq!(rule(&seal(&format!("<!DOCTYPE x>{signed}"))), "doctype");
    assert_eq!(rule(&seal("not xml")), "well_formed");
    assert_eq!(rule(&seal("<x></x>")), "decryption");
    let twice = signed.replace("<saml:Subject>", "<saml:Subject ID=\"_assertion\">");
    assert_eq!(rule(&seal(&twice)), "unique_id");
    let two =
        signed.replace("</saml:Assertion>", &format!("{}</saml:Assertion>", signed.replace("_assertion", "_other")));
    assert_eq!(rule(&seal(&two)), "response");
}

#[test]
fn an_encrypted_assertion_beside_a_plain_one() {
    let fields = Fields::default();
    let signed = Signing::default().sign(&fields.assertion(), "_assertion", &TRUSTED);
    let sealed = Sealing::default().seal(&fields.assertion().replace("martha", "admin"));
    assert_eq!(rule(&fields.response(&format!("{sealed}{signed}"))), "response");
    assert_eq!(rule(&fields.response(&format!("{signed}{sealed}"))), "response");
}

/// Everything an observer of a verification is told: the error in full, its texts, and each check with its evidence,
/// which relaxations were needed and what was signed.
fn told(provider: &SamlProvider, xml: &str) -> (String, Vec<(&'static str, String)>) {
    let mut report = Report::new();
    let posted = UnverifiedResponse::from_post(&STANDARD.encode(xml), REQUEST).unwrap();
    let error = verify(provider, posted, now(), &mut report).unwrap_err();
    assert_eq!(error, SamlError::DecryptionFailed, "{xml:.4000}");
    // How long the message is its sender knows.
    let checks = report.checks().iter().filter(|check| check.name != "size");
    let checks = checks.map(|check| (check.name, format!("{check:?}"))).collect();
    let rest = (report.relaxations(), report.signed_elements());
    (format!("{error:?} {error} {} {} {rest:?}", error.reason(), error.code()), checks)
}

/// `message` with one letter changed in its first (the key) or second (the content) CipherValue, at some two dozen places.
fn edited(message: &str, value: usize) -> Vec<String> {
    let (index, marker) = message.match_indices("<xenc:CipherValue>").nth(value).unwrap();
    let from = index + marker.len();
    let to = from + message[from..].find('<').unwrap();
    let edit = |at: usize| {
        let letter = if &message[at..=at] == "A" { "B" } else { "A" };
        format!("{}{letter}{}", &message[..at], &message[at + 1..])
    };
    // The letters before the last four carry bits that all count.
    (from..to - 4).step_by((to - from) / 24).map(edit).collect()
}

#[test]
fn every_failure_to_decrypt_looks_the_same() {
    let honest = Sealing::default().signed_inside();
    let provider = provider_with(Relaxations::none());
    let keyless = super::provider();
    let other_key = super::provider().with_decryption_key(other_key());
    let expected = told(&keyless, &honest);
    assert_eq!(told(&other_key, &honest), expected);
    for value in [0, 1] {
        for message in edited(&honest, value) {
            assert_eq!(told(&provider, &message), expected);
        }
    }
    let with_key = |content_method, key| Sealing { content_method, key, ..Sealing::default() }.signed_inside();
    let cut = |keep: usize| {
        let (index, marker) = honest.match_indices("<xenc:CipherValue>").nth(1).unwrap();
        let from = index + marker.len();
        let to = from + honest[from..].find('<').unwrap();
        format!("{}{}", &honest[..from + keep], &honest[to..])
    };
    for message in [
        // Keys of another length than the method wants, and of no length at all.
        with_key(AES_128_GCM, vec![9; 16]).replace(AES_128_GCM, AES_256_GCM),
        with_key(AES_256_GCM, vec![9; 32]).replace(AES_256_GCM, AES_128_GCM),
        // Nothing, less than a nonce, a nonce, less than a tag.
        cut(0),
        cut(8),
        cut(16),
        cut(32),
        // The hash of another OAEP.
        Sealing { oaep: &rsa::OAEP_SHA256_MGF1SHA256, ..Sealing::default() }.signed_inside(),
    ] {
        assert_eq!(told(&provider, &message), expected);
    }
}

#[test]
fn weak_ciphers_and_transports_are_refused_by_name() {
    let honest = Sealing::default().signed_inside();
    for uri in
        ["http://www.w3.org/2001/04/xmlenc#tripledes-cbc", AES_256_CBC, "http://www.w3.org/2009/xmlenc11#aes192-gcm"]
    {
        let error = judge_with(&provider_with(Relaxations::none()), &honest.replace(AES_256_GCM, uri)).unwrap_err();
        assert_eq!(error.rule().name, "decryption");
        assert!(error.reason().contains(uri), "{}", error.reason());
    }
    let rsa_1_5 = "http://www.w3.org/2001/04/xmlenc#rsa-1_5";
    let everything = Relaxations::none().allow_cbc_in_unsigned_responses().allow_aes_192().allow_sha1();
    let error = judge_with(&provider_with(everything), &honest.replace(OAEP, rsa_1_5)).unwrap_err();
    assert!(error.reason().contains(rsa_1_5), "{}", error.reason());
}

#[test]
fn aes_192_is_accepted_by_name() {
    let sealing = Sealing {
        content_method: "http://www.w3.org/2009/xmlenc11#aes192-gcm",
        key: vec![9; 24],
        ..Sealing::default()
    };
    assert!(judge_with(&provider_with(Relaxations::none().allow_aes_192()), &sealing.signed_inside()).is_ok());
}

#[test]
fn cbc_is_accepted_inside_a_signature_and_elsewhere_only_by_a_name_of_its_own() {
    let sealing = Sealing { content_method: AES_256_CBC, ..Sealing::default() };
    let cbc = Relaxations::none().allow_cbc();
    let covered = sealing.signed_outside(&Fields::default().assertion());
    assert!(judge_with(&provider_with(cbc), &covered).is_ok());
    assert_eq!(rule_with(cbc, &sealing.signed_inside()), "decryption");
    let open = Relaxations::none().allow_cbc_in_unsigned_responses();
    assert!(judge_with(&provider_with(open), &sealing.signed_inside()).is_ok());
}

#[test]
fn a_padding_oracle_hears_one_answer() {
    // Jager and Somorovsky 2011: whether varied plaintext has good padding, or still parses, or is still signed, tells the
    // plaintext byte by byte. Errors, texts and reported evidence are compared in full.
    let sealing = Sealing { content_method: AES_256_CBC, ..Sealing::default() };
    let provider = provider_with(Relaxations::none().allow_cbc_in_unsigned_responses());
    let honest = sealing.signed_inside();
    assert_eq!(judge_with(&provider, &honest).unwrap().subject(), "martha");
    let expected = told(
        &danger::provider(
            &signer::metadata(&[("", &TRUSTED)]),
            SP,
            ACS,
            Relaxations::none().allow_cbc_in_unsigned_responses(),
        )
        .unwrap(),
        &honest,
    );
    let fields = Fields::default();
    let stranger = Signing::default().sign(&fields.assertion(), "_assertion", &STRANGER);
    let damaged = Signing::default().sign(&fields.assertion(), "_assertion", &TRUSTED).replace("martha", "admin");
    let with_comment = damaged.replace("admin", "mar<!-- -->tha");
    let two = damaged.replace("<saml:Subject>", "<saml:Subject ID=\"_assertion\">");
    for plain in ["", "not xml", "<x></x>", &fields.assertion(), &stranger, &damaged, &with_comment, &two, "\u{1}"] {
        assert_eq!(told(&provider, &fields.response(&sealing.seal(plain))), expected, "{plain}");
    }
    for value in [0, 1] {
        for message in edited(&honest, value) {
            assert_eq!(told(&provider, &message), expected);
        }
    }
    // What an attacker cannot vary is told apart as ever: the signature inside is good.
    let late = Fields { conditions: fields.conditions.replace("12:10:00", "11:59:01"), ..fields };
    let sealed = late.response(&sealing.seal(&Signing::default().sign(&late.assertion(), "_assertion", &TRUSTED)));
    assert_eq!(judge_with(&provider, &sealed).unwrap_err().rule().name, "not_on_or_after");
}

#[test]
fn a_report_of_varied_plaintext_is_whole_once_it_is_known_good() {
    let sealing = Sealing { content_method: AES_256_CBC, ..Sealing::default() };
    let provider = provider_with(Relaxations::none().allow_cbc_in_unsigned_responses());
    let names = |xml: &str| {
        let mut report = Report::new();
        let posted = UnverifiedResponse::from_post(&STANDARD.encode(xml), REQUEST).unwrap();
        verify(&provider, posted, now(), &mut report).unwrap();
        report.checks().iter().map(|check| check.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&sealing.signed_inside()), names(&Sealing::default().signed_inside()));
    assert!(names(&sealing.signed_inside()).contains(&"decryption"));
}

#[test]
fn a_cipher_turned_into_a_weaker_one() {
    // Jager, Paterson and Somorovsky, "One Bad Apple", NDSS 2013: ciphertext of GCM sent again as CBC asks the CBC oracle.
    let honest = Sealing::default().signed_inside();
    let swapped = honest.replace(AES_256_GCM, AES_256_CBC);
    assert_eq!(rule(&swapped), "decryption");
    let error = judge_with(&provider_with(Relaxations::none().allow_cbc()), &swapped).unwrap_err();
    assert!(matches!(error, SamlError::AlgorithmNotAllowed { .. }), "{error:?}");
    let open = provider_with(Relaxations::none().allow_cbc_in_unsigned_responses());
    assert_eq!(judge_with(&open, &swapped).unwrap_err(), SamlError::DecryptionFailed);
    // Where the response is signed, the method is signed with it.
    let covered = Sealing::default().signed_outside(&Fields::default().assertion());
    let open = judge_with(&open, &covered.replace(AES_256_GCM, AES_256_CBC)).unwrap_err();
    assert_eq!(open.rule().name, "digest");
}

#[test]
fn wrapping_of_what_is_encrypted() {
    let fields = Fields::default();
    let signed = Signing::default().sign(&fields.assertion(), "_assertion", &TRUSTED);
    let forged = fields.assertion().replace("martha", "admin").replace("_assertion", "_forged");
    let sealed = Sealing::default().seal(&signed);
    let inside = |at: &str, with: &str, message: &str, what: &str| message.replacen(at, &with.replace("{}", what), 1);
    // The true ciphertext beside, before and inside a forgery.
    assert_eq!(rule(&fields.response(&format!("{forged}{sealed}"))), "response");
    assert_eq!(rule(&fields.response(&format!("{sealed}{forged}"))), "response");
    assert_eq!(rule(&fields.response(&sealed.repeat(2))), "response");
    assert_eq!(rule(&inside("</saml:Assertion>", "{}</saml:Assertion>", &fields.response(&forged), &sealed)), "signed");
    let advice = "</saml:Conditions><saml:Advice>{}</saml:Advice>";
    assert_eq!(rule(&inside("</saml:Conditions>", advice, &fields.response(&forged), &sealed)), "signed");
    let wrapped = sealed.replace("</saml:EncryptedAssertion>", &format!("{forged}</saml:EncryptedAssertion>"));
    assert_eq!(rule(&fields.response(&wrapped)), "response");
    // A signature over ciphertext, made by a stranger or taken from elsewhere, in the place of one over the assertion.
    let signature = Signing::default().signature(&signed, "_assertion", &TRUSTED);
    let over = sealed.replace("<xenc:EncryptedData ", &format!("{signature}<xenc:EncryptedData "));
    assert_eq!(rule(&fields.response(&over)), "signature_shape");
    let after = sealed.replace("</saml:EncryptedAssertion>", &format!("{signature}</saml:EncryptedAssertion>"));
    assert_eq!(rule(&fields.response(&after)), "signature_shape");
    // Another ciphertext under the signature of the response.
    let covered = Sealing::default().signed_outside(&fields.assertion());
    let (from, to) =
        (covered.find("<saml:EncryptedAssertion").unwrap(), covered.find("</saml:EncryptedAssertion>").unwrap());
    let replaced = covered
        .replace(&covered[from..to], Sealing::default().seal(&forged).trim_end_matches("</saml:EncryptedAssertion>"));
    assert_eq!(rule(&replaced), "digest");
    // Plaintexts that are something else.
    let seal = |plain: &str| fields.response(&Sealing::default().seal(plain));
    for (plain, expected) in [
        (fields.response(&signed), "decryption"),
        (sealed.clone(), "decryption"),
        (format!("{signed}{forged}"), "well_formed"),
        (format!("{signed}text"), "well_formed"),
        (format!("<saml:Subject xmlns:saml=\"{SAML}\"></saml:Subject>"), "decryption"),
        (signed.replace(SAML, "urn:evil"), "decryption"),
        (inside("</saml:Subject>", "{}</saml:Subject>", &signed, &forged), "response"),
        (inside("</saml:Subject>", "{}</saml:Subject>", &signed, &signature), "signature_shape"),
    ] {
        let refused = rule(&seal(&plain));
        assert_eq!(refused, expected, "{plain:.300}");
    }
    // The prefix that the plaintext leaves to its surroundings, bound to something else there.
    let bare = signed.replace(&format!(" xmlns:saml=\"{SAML}\""), "");
    assert_eq!(judge_with(&provider_with(Relaxations::none()), &seal(&bare)).unwrap().subject(), "martha");
    let rebound = seal(&bare).replace("<xenc:EncryptedData ", "<xenc:EncryptedData xmlns:saml=\"urn:evil\" ");
    assert_eq!(judge_with(&provider_with(Relaxations::none()), &rebound).unwrap().subject(), "martha", "not around it");
}

#[test]
fn shapes_of_encryption_that_are_not_one() {
    let honest = Sealing::default().signed_inside();
    let (from, to) = (honest.find("<xenc:EncryptedData").unwrap(), honest.find("</xenc:EncryptedData>").unwrap());
    let data = &honest[from..to + "</xenc:EncryptedData>".len()];
    let key = &honest[honest.find("<xenc:EncryptedKey>").unwrap()..];
    let key = &key[..key.find("</xenc:EncryptedKey>").unwrap() + "</xenc:EncryptedKey>".len()];
    let shape = |error: SamlError| {
        assert!(matches!(error, SamlError::Shape { .. }), "{error:?}");
        error.rule().name
    };
    for message in [
        honest.replace(data, ""),
        honest.replace(data, &data.repeat(2)),
        honest.replace(data, &format!("text{data}")),
        honest.replace(data, &format!("{data}<x></x>")),
        honest.replace(data, &format!("<x>{data}</x>")),
        honest.replace(data, &data.replace("xenc:EncryptedData", "xenc:Data")),
        honest.replace(key, ""),
        honest.replace(key, &key.repeat(5)),
        honest.replace(key, &key.replace("xenc:CipherValue", "xenc:Value")),
        honest.replace(key, &key.replace("xenc:CipherData", "xenc:Data")),
        honest.replace(key, &key.replace("<xenc:CipherValue>", "<xenc:CipherValue>!")),
        honest.replace(key, &key.replace("<xenc:CipherValue>", "<xenc:CipherValue><x></x>")),
        honest.replace(
            "</xenc:EncryptionMethod><xenc:CipherData>",
            "<xenc:OAEPparams>!</xenc:OAEPparams></xenc:EncryptionMethod><xenc:CipherData>",
        ),
    ] {
        assert_eq!(shape(judge_with(&provider_with(Relaxations::none()), &message).unwrap_err()), "decryption");
    }
    for allowed in [1, 2, 4] {
        let message = honest.replace(key, &key.repeat(allowed));
        assert_eq!(judge_with(&provider_with(Relaxations::none()), &message).unwrap().subject(), "martha");
    }
    // A label that was not the sender's is a wrong key.
    let label = honest.replace(
        "</xenc:EncryptionMethod><xenc:CipherData>",
        "<xenc:OAEPparams>AAAA</xenc:OAEPparams></xenc:EncryptionMethod><xenc:CipherData>",
    );
    assert_eq!(judge_with(&provider_with(Relaxations::none()), &label).unwrap_err(), SamlError::DecryptionFailed);
    // No method at all, for key or content.
    for method in [
        format!("<xenc:EncryptionMethod Algorithm=\"{OAEP}\"></xenc:EncryptionMethod>"),
        format!("<xenc:EncryptionMethod Algorithm=\"{AES_256_GCM}\"></xenc:EncryptionMethod>"),
    ] {
        let error = judge_with(&provider_with(Relaxations::none()), &honest.replace(&method, "")).unwrap_err();
        assert!(
            matches!(&error, SamlError::AlgorithmNotAllowed { algorithm, .. } if algorithm.is_empty()),
            "{error:?}"
        );
    }
}

#[test]
fn a_bomb_of_encrypted_keys_is_refused_before_any_is_decrypted() {
    let honest = Sealing::default().signed_inside();
    let (_, key) = honest.split_once("<xenc:EncryptedKey>").unwrap();
    let key = format!("<xenc:EncryptedKey>{}</xenc:EncryptedKey>", key.split_once("</xenc:EncryptedKey>").unwrap().0);
    let many = honest.replace(&key, &key.repeat(5));
    let error = judge_with(&provider_with(Relaxations::none()), &many).unwrap_err();
    assert!(error.reason().contains("one to four"), "{}", error.reason());
}

#[test]
fn four_rsa_decryptions_are_all_that_one_message_gets() {
    let message = Sealing::default().signed_inside();
    let with_others = |count: usize| {
        let others = (0..count).map(|_| other_key());
        others.fold(super::provider(), SamlProvider::with_decryption_key).with_decryption_key(our_key())
    };
    assert!(judge_with(&with_others(3), &message).is_ok());
    assert!(matches!(judge_with(&with_others(4), &message), Err(SamlError::DecryptionFailed)));
}

#[test]
fn ciphertext_elsewhere_is_not_fetched() {
    let honest = Sealing::default().signed_inside();
    let elsewhere = honest
        .replacen(
            "<xenc:CipherValue>",
            "<xenc:CipherReference URI=\"http://evil.example\"></xenc:CipherReference><xenc:x>",
            1,
        )
        .replacen("</xenc:CipherValue>", "</xenc:x>", 1);
    assert_eq!(rule(&elsewhere), "decryption");
}

#[test]
fn an_encrypted_id_and_an_encrypted_attribute_are_read_inside_the_signature() {
    let provider = provider_with(Relaxations::none());
    let seal = |element: &str, plain: &str| Sealing::default().seal_as(element, "", plain);
    // The prefix is declared around the ciphertext, not in it.
    let name_id = r#"<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">rosa</saml:NameID>"#;
    let fields = Fields {
        name_id: seal("EncryptedID", name_id),
        attributes: seal("EncryptedAttribute", &signer::attribute("groups", &["Security"])),
        ..Fields::default()
    };
    let identity = judge_with(&provider, &fields.signed_assertion()).unwrap();
    assert_eq!((identity.subject(), identity.subject_type()), ("rosa", Some("persistent")));
    assert_eq!(identity.attribute("groups"), ["Security"]);
    let both = Fields { name_id: format!("<saml:NameID>admin</saml:NameID>{}", fields.name_id), ..Fields::default() };
    assert_eq!(rule(&both.signed_assertion()), "subject");
    let swapped = Fields { name_id: seal("EncryptedID", &signer::attribute("x", &[])), ..Fields::default() };
    assert_eq!(rule(&swapped.signed_assertion()), "decryption");
    let swapped = Fields { attributes: seal("EncryptedAttribute", name_id), ..Fields::default() };
    assert_eq!(rule(&swapped.signed_assertion()), "decryption");
}
