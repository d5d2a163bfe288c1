//! An identity provider made of string templates: it writes messages in canonical form by hand, so that it needs no
//! canonicalization, and shares no code with what it tests.

use std::sync::LazyLock;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
    RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
};
use aws_lc_rs::{digest, hmac, rsa};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub(crate) const IDP: &str = "https://idp.example/metadata";
pub(crate) const SP: &str = "https://sp.example/metadata";
pub(crate) const ACS: &str = "https://sp.example/acs";
pub(crate) const REQUEST: &str = "_request";
pub(crate) const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
pub(crate) const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
pub(crate) const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
pub(crate) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
pub(crate) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
pub(crate) const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";

pub(crate) enum Key {
    Rsa(rsa::KeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    /// Bytes that everybody knows, used as the key of an HMAC.
    Shared(Vec<u8>),
    /// No key at all: the value of the signature itself.
    Value(Vec<u8>),
}

pub(crate) static TRUSTED: LazyLock<Key> = LazyLock::new(|| Key::rsa(rsa::KeySize::Rsa2048));
pub(crate) static STRANGER: LazyLock<Key> = LazyLock::new(|| Key::rsa(rsa::KeySize::Rsa2048));

impl Key {
    pub(crate) fn rsa(size: rsa::KeySize) -> Self {
        Self::Rsa(rsa::KeyPair::generate(size).unwrap())
    }

    pub(crate) fn p256() -> Self {
        Self::ec(&ECDSA_P256_SHA256_FIXED_SIGNING)
    }

    pub(crate) fn p384() -> Self {
        Self::ec(&ECDSA_P384_SHA384_FIXED_SIGNING)
    }

    pub(crate) fn p521() -> Self {
        Self::ec(&ECDSA_P521_SHA512_FIXED_SIGNING)
    }

    pub(crate) fn ed25519() -> Self {
        Self::Ed(Ed25519KeyPair::generate().unwrap())
    }

    fn ec(algorithm: &'static EcdsaSigningAlgorithm) -> Self {
        Self::Ec(EcdsaKeyPair::generate(algorithm).unwrap())
    }

    pub(crate) fn sign(&self, method: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let encoding: &dyn RsaEncoding = match method {
                    m if m.ends_with("rsa-sha384") => &RSA_PKCS1_SHA384,
                    m if m.ends_with("rsa-sha512") => &RSA_PKCS1_SHA512,
                    m if m.ends_with("sha256-rsa-MGF1") => &RSA_PSS_SHA256,
                    m if m.ends_with("sha384-rsa-MGF1") => &RSA_PSS_SHA384,
                    m if m.ends_with("sha512-rsa-MGF1") => &RSA_PSS_SHA512,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signature).unwrap();
                signature
            }
            Self::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Shared(secret) => {
                let sha1 = method.ends_with("hmac-sha1");
                let algorithm = if sha1 { hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY } else { hmac::HMAC_SHA256 };
                hmac::sign(&hmac::Key::new(algorithm, secret), message).as_ref().to_vec()
            }
            Self::Value(value) => value.clone(),
        }
    }

    /// The private key in PKCS#8 PEM.
    pub(crate) fn pem(&self) -> String {
        let pkcs8 = match self {
            Self::Rsa(pair) => AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(pair).unwrap().as_ref().to_vec(),
            Self::Ec(pair) => pair.to_pkcs8v1().unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.to_pkcs8v1().unwrap().as_ref().to_vec(),
            Self::Shared(_) | Self::Value(_) => panic!("no private key"),
        };
        private_pem(&STANDARD.encode(pkcs8))
    }

    /// The certificate in PEM.
    pub(crate) fn certificate_pem(&self) -> String {
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", self.certificate())
    }

    /// The public key in PEM.
    pub(crate) fn public_pem(&self) -> String {
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(self.spki()))
    }

    /// The public key as the cryptography library takes it.
    pub(crate) fn public_bytes(&self) -> Vec<u8> {
        match self {
            Self::Rsa(pair) => pair.public_key().as_ref().to_vec(),
            Self::Ec(pair) => pair.public_key().as_ref().to_vec(),
            Self::Ed(pair) => pair.public_key().as_ref().to_vec(),
            Self::Shared(_) | Self::Value(_) => panic!("no public key"),
        }
    }

    /// A private RSA key of 1,024 bits, made by openssl for nothing else, in PEM.
    pub(crate) fn small_pem() -> String {
        private_pem(include_str!("rsa-1024.pkcs8").trim())
    }

    /// The public key as SubjectPublicKeyInfo.
    pub(crate) fn spki(&self) -> Vec<u8> {
        match self {
            Self::Rsa(pair) => {
                AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap().as_ref().to_vec()
            }
            Self::Ec(pair) => {
                AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap().as_ref().to_vec()
            }
            Self::Ed(pair) => {
                AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap().as_ref().to_vec()
            }
            Self::Shared(_) | Self::Value(_) => panic!("no public key"),
        }
    }

    /// A certificate with this key, valid through 2026: only its key and its dates mean anything.
    pub(crate) fn certificate(&self) -> String {
        let sha256_with_rsa =
            [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00];
        let name = der(0x30, &[]);
        let dates = der(0x30, &[der(0x17, b"260101000000Z"), der(0x17, b"261231235959Z")].concat());
        let to_be_signed = [der(0x02, &[1]), sha256_with_rsa.to_vec(), name.clone(), dates, name, self.spki()].concat();
        let parts = [der(0x30, &to_be_signed), sha256_with_rsa.to_vec(), der(0x03, &[0; 33])];
        STANDARD.encode(der(0x30, &parts.concat()))
    }
}

fn private_pem(base64: &str) -> String {
    format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n")
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut element = match length {
        0..0x80 => vec![tag, u8::try_from(length).unwrap()],
        _ => vec![tag, 0x82, u8::try_from(length >> 8).unwrap(), u8::try_from(length & 0xff).unwrap()],
    };
    element.extend(content);
    element
}

/// Metadata of the identity provider with these key descriptors (`use` attribute, key).
pub(crate) fn metadata(keys: &[(&str, &Key)]) -> String {
    let mut descriptors = String::new();
    for (usage, key) in keys {
        let certificate = key.certificate();
        descriptors += &format!(
            "<md:KeyDescriptor{usage}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n{certificate}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        );
    }
    format!(
        r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="{DSIG}" entityID="{IDP}"><md:IDPSSODescriptor protocolSupportEnumeration="{SAMLP}">{descriptors}<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso?tenant=1"/><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>"#
    )
}

/// What a message says. Each field is what an honest identity provider would write at `NOW`.
#[derive(Clone)]
pub(crate) struct Fields {
    pub(crate) response_attributes: String,
    pub(crate) response_issuer: String,
    pub(crate) status: String,
    pub(crate) assertion_attributes: String,
    pub(crate) issuer: String,
    pub(crate) name_id: String,
    pub(crate) confirmations: String,
    pub(crate) conditions: String,
    pub(crate) authn_statement: String,
    pub(crate) attributes: String,
}

impl Default for Fields {
    fn default() -> Self {
        Self {
            response_attributes: format!(
                r#"Destination="{ACS}" ID="_response" InResponseTo="{REQUEST}" IssueInstant="2026-06-01T12:00:00Z" Version="2.0""#
            ),
            response_issuer: issuer(IDP),
            status: r#"<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"></samlp:StatusCode>"#
                .into(),
            assertion_attributes: r#"ID="_assertion" IssueInstant="2026-06-01T12:00:00Z" Version="2.0""#.into(),
            issuer: format!("<saml:Issuer>{IDP}</saml:Issuer>"),
            name_id: "<saml:NameID>martha</saml:NameID>".into(),
            confirmations: confirmation(&format!(
                r#"InResponseTo="{REQUEST}" NotOnOrAfter="2026-06-01T12:05:00Z" Recipient="{ACS}""#
            )),
            conditions: format!(
                r#"<saml:Conditions NotBefore="2026-06-01T11:59:00Z" NotOnOrAfter="2026-06-01T12:10:00Z">{}</saml:Conditions>"#,
                audience(SP)
            ),
            authn_statement: authn_statement(""),
            attributes: attribute("groups", &["Admins", "Developers"]),
        }
    }
}

pub(crate) fn issuer(entity_id: &str) -> String {
    format!(r#"<saml:Issuer xmlns:saml="{SAML}">{entity_id}</saml:Issuer>"#)
}

pub(crate) fn confirmation(data: &str) -> String {
    format!(
        r#"<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData {data}></saml:SubjectConfirmationData></saml:SubjectConfirmation>"#
    )
}

pub(crate) fn audience(entity_id: &str) -> String {
    format!("<saml:AudienceRestriction><saml:Audience>{entity_id}</saml:Audience></saml:AudienceRestriction>")
}

pub(crate) fn authn_statement(session: &str) -> String {
    format!(
        r#"<saml:AuthnStatement AuthnInstant="2026-06-01T11:59:50Z"{session}><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"#
    )
}

pub(crate) fn attribute(name: &str, values: &[&str]) -> String {
    let values: String =
        values.iter().map(|value| format!("<saml:AttributeValue>{value}</saml:AttributeValue>")).collect();
    format!(r#"<saml:Attribute Name="{name}">{values}</saml:Attribute>"#)
}

impl Fields {
    /// The assertion, unsigned, in canonical form.
    pub(crate) fn assertion(&self) -> String {
        let Self {
            assertion_attributes, issuer, name_id, confirmations, conditions, authn_statement, attributes, ..
        } = self;
        format!(
            r#"<saml:Assertion xmlns:saml="{SAML}" {assertion_attributes}>{issuer}<saml:Subject>{name_id}{confirmations}</saml:Subject>{conditions}{authn_statement}<saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion>"#
        )
    }

    /// The response around `content`, unsigned, in canonical form.
    pub(crate) fn response(&self, content: &str) -> String {
        let Self { response_attributes, response_issuer, status, .. } = self;
        format!(
            r#"<samlp:Response xmlns:samlp="{SAMLP}" {response_attributes}>{response_issuer}<samlp:Status>{status}</samlp:Status>{content}</samlp:Response>"#
        )
    }

    /// An unsigned response around a signed assertion: the commonest shape.
    pub(crate) fn signed_assertion(&self) -> String {
        self.response(&Signing::default().sign(&self.assertion(), "_assertion", &TRUSTED))
    }

    /// A signed response around an unsigned assertion.
    pub(crate) fn signed_response(&self) -> String {
        Signing::default().sign(&self.response(&self.assertion()), "_response", &TRUSTED)
    }
}

/// How to sign, each part replaceable.
#[derive(Clone)]
pub(crate) struct Signing {
    pub(crate) canonicalization: String,
    pub(crate) method: String,
    pub(crate) uri: Option<String>,
    pub(crate) transforms: String,
    pub(crate) digest_method: String,
    pub(crate) digest: &'static digest::Algorithm,
    /// Written between SignedInfo's last known child and its end.
    pub(crate) more_signed_info: String,
    /// Written after SignatureValue.
    pub(crate) more: String,
}

impl Default for Signing {
    fn default() -> Self {
        Self {
            canonicalization: algorithm("CanonicalizationMethod", EXCLUSIVE),
            method: algorithm("SignatureMethod", RSA_SHA256),
            uri: None,
            transforms: format!("{}{}", algorithm("Transform", ENVELOPED), algorithm("Transform", EXCLUSIVE)),
            digest_method: "http://www.w3.org/2001/04/xmlenc#sha256".into(),
            digest: &digest::SHA256,
            more_signed_info: String::new(),
            more: String::new(),
        }
    }
}

pub(crate) fn algorithm(element: &str, uri: &str) -> String {
    format!(r#"<ds:{element} Algorithm="{uri}"></ds:{element}>"#)
}

impl Signing {
    /// With another SignatureMethod.
    pub(crate) fn method(uri: &str) -> Self {
        Self { method: algorithm("SignatureMethod", uri), ..Self::default() }
    }

    /// `element` (canonical, of this ID) with a signature by `key` after its first Issuer.
    pub(crate) fn sign(&self, element: &str, id: &str, key: &Key) -> String {
        let issuer = element.find("</saml:Issuer>").unwrap() + "</saml:Issuer>".len();
        let (before, after) = element.split_at(issuer);
        format!("{before}{}{after}", self.signature(element, id, key))
    }

    /// The signature alone, over `element`.
    pub(crate) fn signature(&self, element: &str, id: &str, key: &Key) -> String {
        let uri = self.uri.clone().unwrap_or_else(|| format!("#{id}"));
        let digest = STANDARD.encode(digest::digest(self.digest, element.as_bytes()));
        let Self { canonicalization, method, transforms, digest_method, more_signed_info, more, .. } = self;
        let inside = format!(
            r#"{canonicalization}{method}<ds:Reference URI="{uri}"><ds:Transforms>{transforms}</ds:Transforms>{}<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>{more_signed_info}"#,
            algorithm("DigestMethod", digest_method)
        );
        let canonical = format!(r#"<ds:SignedInfo xmlns:ds="{DSIG}">{inside}</ds:SignedInfo>"#);
        let value = STANDARD.encode(key.sign(method.split('"').nth(1).unwrap(), canonical.as_bytes()));
        format!(
            r#"<ds:Signature xmlns:ds="{DSIG}"><ds:SignedInfo>{inside}</ds:SignedInfo><ds:SignatureValue>{value}</ds:SignatureValue>{more}</ds:Signature>"#
        )
    }
}
