//! The algorithms of XML Signature by URI, and which of them this crate knows.

use super::danger::Relaxations;
use crate::crypto::{DigestAlgorithm, EcCurve, PublicKeyKind, SignatureAlgorithm};

pub(super) const EXCLUSIVE_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
pub(super) const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
pub(super) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// What a SignatureMethod names; which algorithm it is only the key can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignatureMethod {
    RsaPkcs1(Hash),
    RsaPss(Hash),
    Ecdsa(Hash),
    Ed25519,
}

impl SignatureMethod {
    /// The method that `uri` names (RFC 9231), when this provider allows it.
    pub(super) fn named(uri: &str, relaxations: Relaxations) -> Option<Self> {
        Some(match uri {
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" => Self::RsaPkcs1(Hash::Sha256),
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => Self::RsaPkcs1(Hash::Sha384),
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => Self::RsaPkcs1(Hash::Sha512),
            "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1" => Self::RsaPss(Hash::Sha256),
            "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1" => Self::RsaPss(Hash::Sha384),
            "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1" => Self::RsaPss(Hash::Sha512),
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256" => Self::Ecdsa(Hash::Sha256),
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384" => Self::Ecdsa(Hash::Sha384),
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512" => Self::Ecdsa(Hash::Sha512),
            "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519" => Self::Ed25519,
            "http://www.w3.org/2000/09/xmldsig#rsa-sha1" if relaxations.sha1() => Self::RsaPkcs1(Hash::Sha1),
            _ => return None,
        })
    }

    pub(super) const fn is_sha1(self) -> bool {
        matches!(self, Self::RsaPkcs1(Hash::Sha1))
    }

    /// The algorithm this method is with a key of `kind`; `None` when such a key makes no such signature.
    pub(super) const fn with_key(self, kind: PublicKeyKind) -> Option<SignatureAlgorithm> {
        use SignatureAlgorithm as A;
        Some(match (self, kind) {
            (Self::RsaPkcs1(Hash::Sha1), PublicKeyKind::Rsa { .. }) => A::RsaPkcs1Sha1,
            (Self::RsaPkcs1(Hash::Sha256), PublicKeyKind::Rsa { .. }) => A::RsaPkcs1Sha256,
            (Self::RsaPkcs1(Hash::Sha384), PublicKeyKind::Rsa { .. }) => A::RsaPkcs1Sha384,
            (Self::RsaPkcs1(Hash::Sha512), PublicKeyKind::Rsa { .. }) => A::RsaPkcs1Sha512,
            (Self::RsaPss(Hash::Sha256), PublicKeyKind::Rsa { .. }) => A::RsaPssSha256,
            (Self::RsaPss(Hash::Sha384), PublicKeyKind::Rsa { .. }) => A::RsaPssSha384,
            (Self::RsaPss(Hash::Sha512), PublicKeyKind::Rsa { .. }) => A::RsaPssSha512,
            (Self::Ecdsa(Hash::Sha256), PublicKeyKind::Ec(EcCurve::P256)) => A::EcdsaP256Sha256,
            (Self::Ecdsa(Hash::Sha384), PublicKeyKind::Ec(EcCurve::P256)) => A::EcdsaP256Sha384,
            (Self::Ecdsa(Hash::Sha512), PublicKeyKind::Ec(EcCurve::P256)) => A::EcdsaP256Sha512,
            (Self::Ecdsa(Hash::Sha256), PublicKeyKind::Ec(EcCurve::P384)) => A::EcdsaP384Sha256,
            (Self::Ecdsa(Hash::Sha384), PublicKeyKind::Ec(EcCurve::P384)) => A::EcdsaP384Sha384,
            (Self::Ecdsa(Hash::Sha512), PublicKeyKind::Ec(EcCurve::P384)) => A::EcdsaP384Sha512,
            (Self::Ecdsa(Hash::Sha256), PublicKeyKind::Ec(EcCurve::P521)) => A::EcdsaP521Sha256,
            (Self::Ecdsa(Hash::Sha384), PublicKeyKind::Ec(EcCurve::P521)) => A::EcdsaP521Sha384,
            (Self::Ecdsa(Hash::Sha512), PublicKeyKind::Ec(EcCurve::P521)) => A::EcdsaP521Sha512,
            (Self::Ed25519, PublicKeyKind::Ed25519) => A::Ed25519,
            _ => return None,
        })
    }
}

/// The digest that `uri` names, when this provider allows it.
pub(super) fn digest_named(uri: &str, relaxations: Relaxations) -> Option<DigestAlgorithm> {
    Some(match uri {
        SHA256 => DigestAlgorithm::Sha256,
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => DigestAlgorithm::Sha384,
        "http://www.w3.org/2001/04/xmlenc#sha512" => DigestAlgorithm::Sha512,
        "http://www.w3.org/2000/09/xmldsig#sha1" if relaxations.sha1() => DigestAlgorithm::Sha1,
        _ => return None,
    })
}
