//! The names JWS gives to signature algorithms (RFC 7518, 3.1; RFC 8037, 3.1).

use std::fmt;

use crate::crypto::{DigestAlgorithm, EcCurve, PublicKeyKind, SignatureAlgorithm};

/// A JWS algorithm with a public key. There is no `none`, and HMAC is another type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JwsAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// Ed25519, under the name `EdDSA` or its fully specified name `Ed25519` (RFC 9864).
    EdDsa,
}

impl JwsAlgorithm {
    /// The algorithm that `alg` names, in exactly the registered spelling.
    #[must_use]
    pub fn from_name(alg: &str) -> Option<Self> {
        Some(match alg {
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "PS256" => Self::Ps256,
            "PS384" => Self::Ps384,
            "PS512" => Self::Ps512,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "ES512" => Self::Es512,
            "EdDSA" | "Ed25519" => Self::EdDsa,
            _ => return None,
        })
    }

    /// The registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Whether a key of this kind makes such signatures; the curve belongs to the name (RFC 7518, 3.4).
    #[must_use]
    pub const fn fits(self, kind: PublicKeyKind) -> bool {
        matches!(
            (self, kind),
            (
                Self::Rs256 | Self::Rs384 | Self::Rs512 | Self::Ps256 | Self::Ps384 | Self::Ps512,
                PublicKeyKind::Rsa { .. }
            ) | (Self::Es256, PublicKeyKind::Ec(EcCurve::P256))
                | (Self::Es384, PublicKeyKind::Ec(EcCurve::P384))
                | (Self::Es512, PublicKeyKind::Ec(EcCurve::P521))
                | (Self::EdDsa, PublicKeyKind::Ed25519)
        )
    }

    pub(super) const fn signature(self) -> SignatureAlgorithm {
        match self {
            Self::Rs256 => SignatureAlgorithm::RsaPkcs1Sha256,
            Self::Rs384 => SignatureAlgorithm::RsaPkcs1Sha384,
            Self::Rs512 => SignatureAlgorithm::RsaPkcs1Sha512,
            Self::Ps256 => SignatureAlgorithm::RsaPssSha256,
            Self::Ps384 => SignatureAlgorithm::RsaPssSha384,
            Self::Ps512 => SignatureAlgorithm::RsaPssSha512,
            Self::Es256 => SignatureAlgorithm::EcdsaP256Sha256,
            Self::Es384 => SignatureAlgorithm::EcdsaP384Sha384,
            Self::Es512 => SignatureAlgorithm::EcdsaP521Sha512,
            Self::EdDsa => SignatureAlgorithm::Ed25519,
        }
    }

    /// The hash whose left half `at_hash` and `c_hash` hold (OpenID Connect Core, 3.1.3.6).
    ///
    /// Ed25519 hashes with SHA-512 inside, which is what providers use for it.
    pub(super) const fn half_hash(self) -> DigestAlgorithm {
        match self {
            Self::Rs256 | Self::Ps256 | Self::Es256 => DigestAlgorithm::Sha256,
            Self::Rs384 | Self::Ps384 | Self::Es384 => DigestAlgorithm::Sha384,
            Self::Rs512 | Self::Ps512 | Self::Es512 | Self::EdDsa => DigestAlgorithm::Sha512,
        }
    }
}

impl fmt::Display for JwsAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A JWS algorithm with a shared secret (RFC 7518, 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HmacAlgorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

impl HmacAlgorithm {
    /// The algorithm that `alg` names, in exactly the registered spelling.
    #[must_use]
    pub fn from_name(alg: &str) -> Option<Self> {
        Some(match alg {
            "HS256" => Self::Hs256,
            "HS384" => Self::Hs384,
            "HS512" => Self::Hs512,
            _ => return None,
        })
    }

    /// The registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    pub(super) const fn hash(self) -> DigestAlgorithm {
        match self {
            Self::Hs256 => DigestAlgorithm::Sha256,
            Self::Hs384 => DigestAlgorithm::Sha384,
            Self::Hs512 => DigestAlgorithm::Sha512,
        }
    }
}

impl fmt::Display for HmacAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
