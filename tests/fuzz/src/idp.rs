//! The identity provider of the harness. It writes its own messages in canonical form by hand, so signing them needs
//! nothing of what is fuzzed.

use std::sync::LazyLock;

use aws_lc_rs::agreement::{self, PrivateKey};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use aws_lc_rs::{aead, digest, rsa};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The identity provider's entity id.
pub const IDP: &str = "https://idp.example/metadata";
/// The service's entity id.
pub const SP: &str = "https://sp.example/metadata";
/// The service's assertion consumer service.
pub const ACS: &str = "https://sp.example/acs";
/// Where the service takes logout messages.
pub const SLO: &str = "https://sp.example/slo";
/// The request that honest messages answer.
pub const REQUEST: &str = "_request";
/// The instant at which messages are judged.
pub const NOW: &str = "2026-06-01T12:00:30Z";
/// Namespace of assertions.
pub const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// Namespace of the protocol.
pub const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// A signing key that is the same in every process: kept inputs hold signatures by it.
pub struct Key(EcdsaKeyPair);

/// The key of the identity provider's metadata.
pub static TRUSTED: LazyLock<Key> = LazyLock::new(|| Key::of([7; 32]));
/// A key that nobody trusts.
pub static STRANGER: LazyLock<Key> = LazyLock::new(|| Key::of([9; 32]));

impl Key {
    fn of(scalar: [u8; 32]) -> Self {
        let private = PrivateKey::from_private_key(&agreement::ECDH_P256, &scalar).unwrap();
        let public = private.compute_public_key().unwrap();
        let pair =
            EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, &scalar, public.as_ref());
        Self(pair.unwrap())
    }

    /// The raw signature over `message`, in base64.
    pub fn sign(&self, message: &[u8]) -> String {
        STANDARD.encode(self.0.sign(&SystemRandom::new(), message).unwrap())
    }

    /// SubjectPublicKeyInfo in DER.
    fn spki(&self) -> Vec<u8> {
        let prefix = [
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
            0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
        ];
        [&prefix, self.0.public_key().as_ref()].concat()
    }

    /// The public key in PEM.
    pub fn pem(&self) -> String {
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(self.spki()))
    }

    /// A certificate of which only the key and the dates mean anything.
    pub fn certificate(&self) -> String {
        let algorithm = der(0x30, &der(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
        let name = der(0x30, &[]);
        let dates = der(0x30, &[der(0x17, b"260101000000Z"), der(0x17, b"261231235959Z")].concat());
        let inside = [der(0x02, &[1]), algorithm.clone(), name.clone(), dates, name, self.spki()].concat();
        STANDARD.encode(der(0x30, &[der(0x30, &inside), algorithm, der(0x03, &[0; 9])].concat()))
    }
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut element = match length {
        0..0x80 => vec![tag, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    element.extend(content);
    element
}

/// An honest assertion about `name`, unsigned, in canonical form.
pub fn assertion(id: &str, name: &str, groups: [&str; 2]) -> String {
    let [one, other] = groups;
    format!(
        r#"<saml:Assertion xmlns:saml="{SAML}" ID="{id}" IssueInstant="2026-06-01T12:00:00Z" Version="2.0"><saml:Issuer>{IDP}</saml:Issuer><saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{name}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData InResponseTo="{REQUEST}" NotOnOrAfter="2026-06-01T12:05:00Z" Recipient="{ACS}"></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="2026-06-01T11:59:00Z" NotOnOrAfter="2026-06-01T12:10:00Z"><saml:AudienceRestriction><saml:Audience>{SP}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="2026-06-01T11:59:50Z" SessionIndex="{id}-session" SessionNotOnOrAfter="2026-06-01T20:00:00Z"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement><saml:Attribute FriendlyName="groups" Name="urn:oid:1.3.6.1.4.1.5923.1.5.1.1"><saml:AttributeValue>{one}</saml:AttributeValue><saml:AttributeValue>{other}</saml:AttributeValue></saml:Attribute><saml:Attribute Name="mail"><saml:AttributeValue>{name}@example.com</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion>"#
    )
}

/// An honest assertion about Martha with these attributes alone, unsigned. Canonical unless a value holds a line end.
pub fn assertion_saying(attributes: &[(&str, &str)]) -> String {
    let honest = assertion("_assertion", "martha", ["", ""]);
    let (before, _) = honest.split_once("<saml:Attribute ").expect("an attribute");
    let escaped =
        |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#xD;");
    let attribute = |(name, value): &(&str, &str)| {
        let name = name.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        let value = escaped(value);
        format!(r#"<saml:Attribute Name="{name}"><saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>"#)
    };
    let attributes: String = attributes.iter().map(attribute).collect();
    format!("{before}{attributes}</saml:AttributeStatement></saml:Assertion>")
}

/// A response around `content`, unsigned; in canonical form when `content` is.
pub fn response(content: &str) -> String {
    format!(
        r#"<samlp:Response xmlns:samlp="{SAMLP}" Destination="{ACS}" ID="_response" InResponseTo="{REQUEST}" IssueInstant="2026-06-01T12:00:00Z" Version="2.0"><saml:Issuer xmlns:saml="{SAML}">{IDP}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"></samlp:StatusCode></samlp:Status>{content}</samlp:Response>"#
    )
}

/// A signature by `key` over `canonical`, the canonical form of the element of this ID.
pub fn signature(canonical: &str, id: &str, key: &Key) -> String {
    signature_around(&signed_info(canonical, id, ""), key)
}

/// The content of SignedInfo, in canonical form, for `canonical` with these inclusive prefixes.
pub fn signed_info(canonical: &str, id: &str, prefixes: &str) -> String {
    let digest = STANDARD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()));
    let algorithm =
        |element: &str, uri: &str, more: &str| format!(r#"<ds:{element} Algorithm="{uri}">{more}</ds:{element}>"#);
    let inclusive = match prefixes {
        "" => String::new(),
        _ => {
            format!(
                r#"<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{prefixes}"></ec:InclusiveNamespaces>"#
            )
        }
    };
    [
        algorithm("CanonicalizationMethod", EXCLUSIVE, ""),
        algorithm("SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", ""),
        format!(r##"<ds:Reference URI="#{id}"><ds:Transforms>"##),
        algorithm("Transform", &format!("{DSIG}enveloped-signature"), ""),
        algorithm("Transform", EXCLUSIVE, &inclusive),
        "</ds:Transforms>".to_owned(),
        algorithm("DigestMethod", &format!("{XENC}sha256"), ""),
        format!("<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>"),
    ]
    .concat()
}

/// A signature by `key` whose SignedInfo holds `inside`, which is signed as it stands.
pub fn signature_around(inside: &str, key: &Key) -> String {
    let value = key.sign(format!(r#"<ds:SignedInfo xmlns:ds="{DSIG}">{inside}</ds:SignedInfo>"#).as_bytes());
    format!(
        r#"<ds:Signature xmlns:ds="{DSIG}"><ds:SignedInfo>{inside}</ds:SignedInfo><ds:SignatureValue>{value}</ds:SignatureValue></ds:Signature>"#
    )
}

/// `element` (canonical, of this ID) with a signature by `key` as its first child.
pub fn sign_metadata(element: &str, id: &str, key: &Key) -> String {
    let start = element.find('>').map_or(0, |at| at + 1);
    format!("{}{}{}", &element[..start], signature(element, id, key), &element[start..])
}

/// `element` (canonical, of this ID) with a signature by `key` after its first Issuer.
pub fn sign(element: &str, id: &str, key: &Key) -> String {
    let issuer = element.find("</saml:Issuer>").map_or(0, |at| at + "</saml:Issuer>".len());
    let (before, after) = element.split_at(issuer);
    format!("{before}{}{after}", signature(element, id, key))
}

/// The service's decryption key: fresh in every process, for no kept input holds what was encrypted to it.
static OURS: LazyLock<rsa::PrivateDecryptingKey> =
    LazyLock::new(|| rsa::PrivateDecryptingKey::generate(rsa::KeySize::Rsa2048).unwrap());
/// The content key of every message, and how it travels.
const CONTENT_KEY: [u8; 16] = [5; 16];
static TRANSPORT: LazyLock<String> = LazyLock::new(|| {
    let public = rsa::OaepPublicEncryptingKey::new(OURS.public_key()).unwrap();
    let mut wrapped = vec![0; public.ciphertext_size()];
    public.encrypt(&rsa::OAEP_SHA1_MGF1SHA1, &CONTENT_KEY, &mut wrapped, None).unwrap();
    STANDARD.encode(wrapped)
});

/// The service's decryption key, in PKCS#8.
pub fn decryption_key() -> Vec<u8> {
    let der: Pkcs8V1Der<'_> = OURS.as_der().unwrap();
    der.as_ref().to_vec()
}

/// The content key as an EncryptedKey carries it, in base64.
pub fn transported_key() -> &'static str {
    &TRANSPORT
}

/// `plain` under the content key by AES-128-GCM, in base64.
pub fn sealed(plain: &[u8]) -> String {
    let key = aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_128_GCM, &CONTENT_KEY).unwrap());
    let mut content = plain.to_vec();
    // One key and nonce for every message would betray plaintexts; these are nobody's secrets.
    let nonce = aead::Nonce::assume_unique_for_key([3; 12]);
    key.seal_in_place_append_tag(nonce, aead::Aad::empty(), &mut content).unwrap();
    STANDARD.encode([&[3; 12], content.as_slice()].concat())
}

/// `plain` encrypted to the service inside an element of this SAML name; canonical inside a [`response`].
pub fn encrypt(name: &str, plain: &[u8]) -> String {
    let (key, data) = (transported_key(), sealed(plain));
    format!(
        r#"<saml:{name} xmlns:saml="{SAML}"><xenc:EncryptedData xmlns:xenc="{XENC}" Type="{XENC}Element"><xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes128-gcm"></xenc:EncryptionMethod><ds:KeyInfo xmlns:ds="{DSIG}"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="{XENC}rsa-oaep-mgf1p"></xenc:EncryptionMethod><xenc:CipherData><xenc:CipherValue>{key}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>{data}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></saml:{name}>"#
    )
}

/// `plaintext` as it stands in place of what [`encrypt`] made, with the declarations around it.
pub fn around(plaintext: &str) -> String {
    format!(r#"<plaintext xmlns:saml="{SAML}" xmlns:samlp="{SAMLP}">{plaintext}</plaintext>"#)
}

/// An honest logout message of this kind, unsigned, in canonical form.
pub fn logout(kind: &str) -> String {
    let (attributes, content) = match kind {
        "LogoutResponse" => (
            format!(r#" InResponseTo="{REQUEST}""#),
            r#"<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"></samlp:StatusCode></samlp:Status>"#,
        ),
        _ => (
            String::new(),
            r#"<saml:NameID xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">martha</saml:NameID><samlp:SessionIndex>_assertion-session</samlp:SessionIndex>"#,
        ),
    };
    format!(
        r#"<samlp:{kind} xmlns:samlp="{SAMLP}" Destination="{SLO}" ID="_response"{attributes} IssueInstant="2026-06-01T12:00:00Z" Version="2.0"><saml:Issuer xmlns:saml="{SAML}">{IDP}</saml:Issuer>{content}</samlp:{kind}>"#
    )
}

/// `bytes` as DEFLATE carries them: stored, which every reader takes.
pub fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut blocks = Vec::new();
    let mut rest = bytes;
    loop {
        let (block, after) = rest.split_at(rest.len().min(0xffff));
        let length = block.len() as u16;
        blocks.push(u8::from(after.is_empty()));
        blocks.extend(length.to_le_bytes());
        blocks.extend((!length).to_le_bytes());
        blocks.extend(block);
        rest = after;
        if rest.is_empty() {
            return blocks;
        }
    }
}

/// The query that carries `deflated` in `parameter` by HTTP-Redirect, signed by `key` over its octets.
pub fn signed_query(parameter: &str, deflated: &[u8], key: &Key) -> String {
    let escaped = |text: &str| text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let message = escaped(&STANDARD.encode(deflated));
    let method = "http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23ecdsa-sha256";
    let octets = format!("{parameter}={message}&RelayState=here&SigAlg={method}");
    format!("{octets}&Signature={}", escaped(&key.sign(octets.as_bytes())))
}

/// Metadata of the identity provider, its key in a certificate; in canonical form.
pub fn metadata() -> String {
    metadata_of(IDP, "_metadata", "https://idp.example", &TRUSTED)
}

/// Metadata of this entity with endpoints at `address` and this key, in canonical form.
pub fn metadata_of(entity_id: &str, id: &str, address: &str, key: &Key) -> String {
    let certificate = key.certificate();
    let service = |name: &str, binding: &str, path: &str| {
        format!(
            r#"<md:{name} Binding="urn:oasis:names:tc:SAML:2.0:bindings:{binding}" Location="{address}{path}"></md:{name}>"#
        )
    };
    let services = [
        service("SingleLogoutService", "HTTP-Redirect", "/slo"),
        service("SingleSignOnService", "HTTP-Redirect", "/sso"),
        service("SingleSignOnService", "HTTP-POST", "/sso"),
    ]
    .concat();
    format!(
        r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="{id}" cacheDuration="PT6H" entityID="{entity_id}" validUntil="2027-01-01T00:00:00Z"><md:IDPSSODescriptor WantAuthnRequestsSigned="true" protocolSupportEnumeration="{SAMLP}"><md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="{DSIG}"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>{services}</md:IDPSSODescriptor></md:EntityDescriptor>"#
    )
}
