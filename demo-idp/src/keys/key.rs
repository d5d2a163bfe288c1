//! One private key with everything that is published about it.

use crate::error::KeyError;
use crate::sync::sha256;
use aws_lc_rs::agreement;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::hkdf;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::EncodingKey;
use jsonwebtoken::crypto::aws_lc;
use serde_json::{Value, json};
use std::fmt;
use time::macros::datetime;

/// A kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Rsa,
    P256,
    Ed25519,
}

impl Family {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::P256 => "P-256",
            Self::Ed25519 => "Ed25519",
        }
    }

    pub(crate) const fn jws(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Rsa => jsonwebtoken::Algorithm::RS256,
            Self::P256 => jsonwebtoken::Algorithm::ES256,
            Self::Ed25519 => jsonwebtoken::Algorithm::EdDSA,
        }
    }
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// A private key, its identifier, its JSON Web Key and its self-signed certificate.
pub(crate) struct SigningKey {
    pair: Pair,
    pem: String,
    jwk: Value,
    id: String,
    certificate: Vec<u8>,
    encoding: EncodingKey,
}

impl SigningKey {
    pub(crate) fn generate(family: Family) -> Result<Self, KeyError> {
        let failed = |_| KeyError::Crypto("making a key");
        let pkcs8 = match family {
            Family::Rsa => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
                AsDer::<Pkcs8V1Der<'static>>::as_der(&pair).map_err(failed)?.as_ref().to_vec()
            }
            Family::P256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                .and_then(|pair| pair.to_pkcs8v1())
                .map_err(failed)?
                .as_ref()
                .to_vec(),
            Family::Ed25519 => {
                Ed25519KeyPair::generate().and_then(|pair| pair.to_pkcs8v1()).map_err(failed)?.as_ref().to_vec()
            }
        };
        Self::from_pkcs8(family, &pkcs8, None)
    }

    /// The private scalar is HKDF output. That a P-256 scalar must be below the group order is no obstacle: the next
    /// counter is tried, which one seed in four billion needs.
    /// `holder` keeps keys of one seed apart that belong to different parties.
    pub(crate) fn from_seed(family: Family, seed: u64, holder: &str) -> Result<Self, KeyError> {
        (0_u8..8)
            .find_map(|counter| Self::from_seed_at(family, (seed, holder), counter).ok())
            .ok_or(KeyError::Crypto("deriving a key from the seed"))
    }

    fn from_seed_at(family: Family, (seed, holder): (u64, &str), counter: u8) -> Result<Self, KeyError> {
        let failed = |_| KeyError::Crypto("deriving a key from the seed");
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"demo-idp seeded key");
        let mut scalar = [0; 32];
        salt.extract(&seed.to_be_bytes())
            .expand(&[family.name().as_bytes(), &[counter], holder.as_bytes()], hkdf::HKDF_SHA256)
            .and_then(|material| material.fill(&mut scalar))
            .map_err(failed)?;
        let pkcs8 = match family {
            Family::Rsa => return Err(KeyError::Crypto("deriving an RSA key from a seed")),
            Family::P256 => {
                let private = agreement::PrivateKey::from_private_key(&agreement::ECDH_P256, &scalar)
                    .map_err(|_| KeyError::Crypto("deriving a key from the seed"))?;
                let public = private.compute_public_key().map_err(failed)?;
                EcdsaKeyPair::from_private_key_and_public_key(
                    &ECDSA_P256_SHA256_FIXED_SIGNING,
                    &scalar,
                    public.as_ref(),
                )
                .map_err(|_| KeyError::Crypto("deriving a key from the seed"))?
                .to_pkcs8v1()
                .map_err(failed)?
                .as_ref()
                .to_vec()
            }
            Family::Ed25519 => Ed25519KeyPair::from_seed_unchecked(&scalar)
                .map_err(|_| KeyError::Crypto("deriving a key from the seed"))?
                .to_pkcs8v1()
                .map_err(failed)?
                .as_ref()
                .to_vec(),
        };
        Self::from_pkcs8(family, &pkcs8, None)
    }

    /// Without a certificate, one is issued.
    pub(crate) fn from_pkcs8(family: Family, pkcs8: &[u8], certificate: Option<Vec<u8>>) -> Result<Self, KeyError> {
        let rejected = |_| KeyError::Crypto("reading a private key");
        let issuing = rcgen::KeyPair::try_from(pkcs8).map_err(|_| KeyError::Crypto("reading a private key"))?;
        let pem = issuing.serialize_pem();
        let (pair, encoding, jwk) = match family {
            Family::Rsa => {
                let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(rejected)?;
                let encoding =
                    EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(|_| KeyError::Crypto("reading a private key"))?;
                let jwk = rsa_jwk(&encoding)?;
                (Pair::Rsa(pair), encoding, jwk)
            }
            Family::P256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map_err(rejected)?;
                let jwk = p256_jwk(pair.public_key().as_ref())?;
                (Pair::P256(pair), EncodingKey::from_ec_der(pkcs8), jwk)
            }
            Family::Ed25519 => {
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(rejected)?;
                let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
                let jwk = json!({ "crv": "Ed25519", "kty": "OKP", "x": x });
                (Pair::Ed25519(pair), EncodingKey::from_ed_der(pkcs8), jwk)
            }
        };
        // RFC 7638: the required members alone, in lexicographic order, which is how they are written above.
        let id = URL_SAFE_NO_PAD.encode(sha256(jwk.to_string().as_bytes()));
        let certificate = match certificate {
            Some(certificate) => certificate,
            None => issue_certificate(&issuing)?,
        };
        Ok(Self { pair, pem, jwk, id, certificate, encoding })
    }

    pub(crate) const fn family(&self) -> Family {
        match self.pair {
            Pair::Rsa(_) => Family::Rsa,
            Pair::P256(_) => Family::P256,
            Pair::Ed25519(_) => Family::Ed25519,
        }
    }

    /// The JWK thumbprint (RFC 7638).
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn public_jwk(&self) -> Value {
        let mut jwk = self.jwk.clone();
        if let Some(members) = jwk.as_object_mut() {
            members.insert("kid".to_owned(), json!(self.id));
            members.insert("use".to_owned(), json!("sig"));
            let algorithm = match self.family() {
                Family::Rsa => "RS256",
                Family::P256 => "ES256",
                Family::Ed25519 => "EdDSA",
            };
            members.insert("alg".to_owned(), json!(algorithm));
        }
        jwk
    }

    /// The certificate as metadata and `KeyInfo` carry it: base64 without line breaks.
    pub(crate) fn certificate_base64(&self) -> String {
        STANDARD.encode(&self.certificate)
    }

    pub(super) fn certificate_der(&self) -> &[u8] {
        &self.certificate
    }

    pub(super) fn private_pem(&self) -> &str {
        &self.pem
    }

    pub(crate) const fn encoding_key(&self) -> &EncodingKey {
        &self.encoding
    }

    /// The signature as XML Signature wants it: for ECDSA the two integers side by side (RFC 4050 section 3.3).
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let failed = |_| KeyError::Crypto("signing");
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Pair::P256(pair) => {
                pair.sign(&SystemRandom::new(), message).map(|signature| signature.as_ref().to_vec()).map_err(failed)
            }
            Pair::Ed25519(pair) => pair.try_sign(message).map(|signature| signature.as_ref().to_vec()).map_err(failed),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("family", &self.family()).field("id", &self.id).finish_non_exhaustive()
    }
}

fn rsa_jwk(encoding: &EncodingKey) -> Result<Value, KeyError> {
    let (n, e) = (aws_lc::DEFAULT_PROVIDER.key_utils.rsa_pub_components_from_private_key)(encoding.as_bytes())
        .map_err(|_| KeyError::Crypto("reading a public key"))?;
    Ok(json!({ "e": URL_SAFE_NO_PAD.encode(e), "kty": "RSA", "n": URL_SAFE_NO_PAD.encode(n) }))
}

fn p256_jwk(point: &[u8]) -> Result<Value, KeyError> {
    let unreadable = || KeyError::Crypto("reading a public key");
    let coordinates = point.strip_prefix(&[4]).ok_or_else(unreadable)?;
    let (x, y) = coordinates.split_at_checked(32).ok_or_else(unreadable)?;
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    Ok(json!({ "crv": "P-256", "kty": "EC", "x": x, "y": y }))
}

/// SAML metadata carries keys as certificates; nobody is meant to read anything but the key out of this one.
fn issue_certificate(key: &rcgen::KeyPair) -> Result<Vec<u8>, KeyError> {
    let failed = |_| KeyError::Crypto("issuing a certificate");
    let mut parameters = rcgen::CertificateParams::new(Vec::new()).map_err(failed)?;
    parameters.not_before = datetime!(2020-01-01 00:00 UTC);
    parameters.not_after = datetime!(2049-12-31 23:59:59 UTC);
    let mut name = rcgen::DistinguishedName::new();
    name.push(rcgen::DnType::CommonName, "demo-idp signing");
    parameters.distinguished_name = name;
    Ok(parameters.self_signed(key).map_err(failed)?.der().to_vec())
}
