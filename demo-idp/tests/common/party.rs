//! A service provider that signs, as far as an identity provider can see one. It shares no code with what reads it:
//! queries are signed with the bare cryptography library, forms with the program xmlsec1.

use crate::common::{query, scratch};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Signature};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use std::io::Write;
use std::process::Command;

pub(crate) const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";

/// A P-256 key with its certificate.
pub(crate) struct Party {
    key: rcgen::KeyPair,
    pub(crate) certificate: String,
}

impl Party {
    pub(crate) fn new() -> Self {
        let key = rcgen::KeyPair::generate().expect("a key");
        let parameters = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
        let certificate = parameters.self_signed(&key).expect("a certificate").pem();
        Self { key, certificate }
    }

    fn sign(&self, message: &[u8]) -> Signature {
        let der = self.key.serialize_der();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).expect("a key");
        pair.sign(&SystemRandom::new(), message).expect("a signature")
    }

    /// The query of a redirect that carries `xml`, signed.
    pub(crate) fn redirect(&self, field: &str, xml: &str, relay_state: &str) -> String {
        let message = deflated(xml);
        let mut fields = vec![(field, message.as_str()), ("SigAlg", ECDSA_SHA256)];
        if !relay_state.is_empty() {
            fields.insert(1, ("RelayState", relay_state));
        }
        let unsigned = query(&fields);
        let signature = STANDARD.encode(self.sign(unsigned.as_bytes()).as_ref());
        format!("{unsigned}&{}", query(&[("Signature", &signature)]))
    }

    /// `xml`, whose root has the ID `id`, with a signature by xmlsec1 after its issuer; `None` where that is not installed.
    pub(crate) fn enveloped(&self, test: &str, xml: &str, id: &str) -> Option<String> {
        let directory = scratch(test);
        std::fs::create_dir_all(&directory).expect("scratch directory");
        let (key, template) = (directory.join("key.pem"), directory.join("template.xml"));
        std::fs::write(&key, self.key.serialize_pem()).expect("key");
        std::fs::write(&template, xml.replacen("</saml:Issuer>", &format!("</saml:Issuer>{}", unsigned(id)), 1))
            .expect("template");
        let root = xml.split([' ', ':']).nth(1).expect("a name").to_owned();
        let output = Command::new("xmlsec1")
            .args(["--sign", "--privkey-pem"])
            .arg(&key)
            .args(["--id-attr:ID", &format!("urn:oasis:names:tc:SAML:2.0:protocol:{root}")])
            .arg(&template)
            .output();
        std::fs::remove_dir_all(&directory).expect("clean-up");
        let Ok(output) = output else {
            println!("skipped: {test}: xmlsec1 is not installed");
            return None;
        };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let signed = String::from_utf8(output.stdout).expect("UTF-8");
        Some(signed.replacen("<?xml version=\"1.0\"?>\n", "", 1))
    }
}

fn unsigned(id: &str) -> String {
    format!(
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo>\
         <ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>\
         <ds:SignatureMethod Algorithm=\"{ECDSA_SHA256}\"/><ds:Reference URI=\"#{id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>\
         <ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><ds:DigestValue/></ds:Reference>\
         </ds:SignedInfo><ds:SignatureValue/></ds:Signature>"
    )
}

/// Deflated and in base64, as HTTP-Redirect carries a message.
pub(crate) fn deflated(xml: &str) -> String {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(xml.as_bytes()).expect("deflate");
    STANDARD.encode(encoder.finish().expect("deflate"))
}
