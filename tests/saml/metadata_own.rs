//! Our metadata, read by others: roxmltree, and xmlsec1 for the signature.

use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use aws_lc_rs::rsa::KeySize;
use daypass::crypto::RsaDecryptionKey;
use daypass::identity::saml::danger::{self, Relaxations};
use daypass::identity::saml::{ContactKind, MetadataError, SamlProvider, SpDescription, SpSigningKey};
use roxmltree::{Document, Node};

use super::signer::{ACS, DSIG, Key, SP, STRANGER, TRUSTED};
use super::{now, provider};

const MD: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";

static OLD: LazyLock<Key> = LazyLock::new(|| Key::rsa(KeySize::Rsa2048));

fn signing_key(key: &Key) -> SpSigningKey {
    SpSigningKey::from_pem(&key.pem(), &key.certificate_pem()).unwrap()
}

fn decryption_key(key: &Key) -> RsaDecryptionKey {
    RsaDecryptionKey::from_pem(&key.pem()).unwrap()
}

fn published(provider: &SamlProvider) -> String {
    provider.sp_metadata(now()).unwrap()
}

fn elements<'a>(document: &'a Document<'a>, namespace: &str, name: &str) -> Vec<Node<'a, 'a>> {
    document.descendants().filter(|node| node.has_tag_name((namespace, name))).collect()
}

fn role<'a>(document: &'a Document<'a>) -> Node<'a, 'a> {
    elements(document, MD, "SPSSODescriptor").pop().unwrap()
}

#[test]
fn our_metadata_names_us_and_where_to_post() {
    let metadata = super::signer::metadata(&[("", &TRUSTED)]);
    let xml = published(&SamlProvider::new(&metadata, "https://sp.example/?a=1&b=\"2\"", ACS).unwrap());
    let document = Document::parse(&xml).unwrap();
    assert_eq!(document.root_element().attribute("entityID"), Some("https://sp.example/?a=1&b=\"2\""));
    let [service] = elements(&document, MD, "AssertionConsumerService")[..] else { panic!("{xml}") };
    assert_eq!(service.attribute("Location"), Some(ACS));
    assert_eq!(service.attribute("Binding"), Some("urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"));
    assert_eq!((service.attribute("index"), service.attribute("isDefault")), (Some("0"), Some("true")));
    let role = role(&document);
    assert_eq!(role.attribute("AuthnRequestsSigned"), Some("false"));
    assert_eq!(role.attribute("WantAssertionsSigned"), Some("true"));
    for absent in ["KeyDescriptor", "SingleLogoutService", "NameIDFormat", "Organization", "ContactPerson"] {
        assert!(elements(&document, MD, absent).is_empty(), "{absent}");
    }
    assert!(elements(&document, DSIG, "Signature").is_empty());
}

#[test]
fn during_rollover_every_key_is_published() {
    let provider = provider()
        .with_signing_key(signing_key(&OLD))
        .with_signing_key(signing_key(&STRANGER))
        .with_certified_decryption_key(decryption_key(&OLD), &OLD.certificate_pem())
        .unwrap()
        .with_decryption_key(decryption_key(&STRANGER));
    let xml = published(&provider);
    let document = Document::parse(&xml).unwrap();
    let keys = elements(&document, MD, "KeyDescriptor");
    let uses: Vec<_> = keys.iter().map(|key| key.attribute("use").unwrap()).collect();
    assert_eq!(uses, ["signing", "signing", "encryption", "encryption"]);
    let certificate = |key: &Node<'_, '_>| {
        let found = key.descendants().find(|node| node.has_tag_name((DSIG, "X509Certificate")));
        found.map(|node| node.text().unwrap().to_owned())
    };
    let certificates: Vec<_> = keys.iter().map(certificate).collect();
    assert_eq!(certificates, [Some(OLD.certificate()), Some(STRANGER.certificate()), Some(OLD.certificate()), None]);
    let modulus = elements(&document, DSIG, "Modulus");
    assert_eq!(modulus.len(), 1, "the key without a certificate is published bare");
    assert_eq!(modulus[0].text().unwrap().len(), 344, "2048 bits without a leading zero");
    assert_eq!(elements(&document, DSIG, "Exponent")[0].text(), Some("AQAB"));
    assert_eq!(role(&document).attribute("AuthnRequestsSigned"), Some("true"));
}

#[test]
fn only_sound_encryption_is_asked_for() {
    let metadata = super::signer::metadata(&[("", &TRUSTED)]);
    let relaxations = Relaxations::none().allow_cbc().allow_aes_192();
    let relaxed = danger::provider(&metadata, SP, ACS, relaxations).unwrap().with_decryption_key(decryption_key(&OLD));
    let xml = published(&relaxed);
    let document = Document::parse(&xml).unwrap();
    let methods: Vec<_> = elements(&document, MD, "EncryptionMethod")
        .iter()
        .map(|method| method.attribute("Algorithm").unwrap().rsplit_once('#').unwrap().1.to_owned())
        .collect();
    assert_eq!(methods, ["aes256-gcm", "aes128-gcm", "rsa-oaep", "rsa-oaep-mgf1p"]);
    assert_eq!(elements(&document, XENC11, "MGF").len(), 1);
}

#[test]
fn a_certificate_of_another_key_is_refused() {
    let refused = |pem: &str| provider().with_certified_decryption_key(decryption_key(&OLD), pem).unwrap_err();
    for pem in
        [STRANGER.certificate_pem(), Key::p256().certificate_pem(), String::new(), OLD.certificate_pem().repeat(2)]
    {
        assert_eq!(refused(&pem), MetadataError::CertificateMalformed.into());
    }
}

fn described() -> SamlProvider {
    let description = SpDescription::new()
        .with_name_id_format("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent")
        .with_name_id_format("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress")
        .with_organization("Example <Corp> & Co", "Example", "https://example.com/")
        .with_contact(ContactKind::Technical, "identity@example.com")
        .with_contact(ContactKind::Support, "mailto:help@example.com")
        .with_validity(Duration::from_secs(7 * 86_400))
        .with_cache_duration(Duration::from_secs(86_400));
    provider().with_description(description).with_logout_url("https://sp.example/slo")
}

#[test]
fn people_and_schedulers_find_what_they_need() {
    let xml = published(&described());
    let document = Document::parse(&xml).unwrap();
    let root = document.root_element();
    assert_eq!(root.attribute("validUntil"), Some("2026-06-08T12:00:30Z"));
    assert_eq!(root.attribute("cacheDuration"), Some("PT86400S"));
    let text = |name: &str| elements(&document, MD, name).iter().map(|node| node.text().unwrap()).collect::<Vec<_>>();
    assert_eq!(text("OrganizationName"), ["Example <Corp> & Co"]);
    assert_eq!(text("EmailAddress"), ["mailto:identity@example.com", "mailto:help@example.com"]);
    assert_eq!(text("NameIDFormat").len(), 2);
    let logout: Vec<_> = elements(&document, MD, "SingleLogoutService")
        .iter()
        .map(|service| {
            (service.attribute("Binding").unwrap().rsplit_once(':').unwrap().1, service.attribute("Location"))
        })
        .collect();
    let location = Some("https://sp.example/slo");
    assert_eq!(logout, [("HTTP-Redirect", location), ("HTTP-POST", location)]);
    // The order of the schema.
    let order: Vec<_> = role(&document).children().map(|child| child.tag_name().name()).collect();
    assert_eq!(
        order,
        ["SingleLogoutService", "SingleLogoutService", "NameIDFormat", "NameIDFormat", "AssertionConsumerService"]
    );
}

#[test]
fn metadata_is_signed_when_there_is_a_key() {
    let signed = published(&described().with_signing_key(signing_key(&OLD)));
    let document = Document::parse(&signed).unwrap();
    let root = document.root_element();
    let first = root.first_element_child().unwrap();
    assert!(first.has_tag_name((DSIG, "Signature")), "where the schema has it");
    let id = root.attribute("ID").unwrap();
    assert!(id.starts_with('_'), "an NCName");
    assert_eq!(elements(&document, DSIG, "Reference")[0].attribute("URI"), Some(format!("#{id}").as_str()));
}

#[test]
fn xmlsec1_verifies_our_metadata() {
    if Command::new("xmlsec1").arg("--version").output().is_err() {
        println!("skipped xmlsec1_verifies_our_metadata: no xmlsec1");
        return;
    }
    let folder = std::env::temp_dir().join(format!("daypass-own-metadata-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (kind, key) in [("rsa", &*OLD), ("p256", &Key::p256())] {
        let (public, document) = (folder.join(format!("{kind}.pem")), folder.join(format!("{kind}.xml")));
        std::fs::write(&public, key.public_pem()).unwrap();
        let provider = described()
            .with_signing_key(signing_key(key))
            .with_certified_decryption_key(decryption_key(&OLD), &OLD.certificate_pem())
            .unwrap();
        let xml = published(&provider);
        let verified = |xml: &str| {
            std::fs::write(&document, xml).unwrap();
            let mut xmlsec1 = Command::new("xmlsec1");
            let id = format!("{MD}:EntityDescriptor");
            xmlsec1.args(["--verify", "--id-attr:ID", &id, "--pubkey-pem"]).arg(&public).arg(&document);
            xmlsec1.output().unwrap().status.success()
        };
        assert!(verified(&xml), "{kind}: {xml}");
        assert!(xml.contains(SP) && !verified(&xml.replace(ACS, "https://evil.example/acs")), "{kind}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
