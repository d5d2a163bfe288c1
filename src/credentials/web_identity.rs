//! The broker as an OpenID provider: ID tokens that tell outside services who calls (GetWebIdentityToken).
//!
//! Every account is an issuer of its own, so that one who trusts an account trusts no other.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::arn::AccountId;
use crate::crypto::{CryptoError, DigestAlgorithm, EcCurve, PrivateKey, PublicParts, digest};
use crate::time::Timestamp;

/// The longest payload that is signed, in bytes.
pub const MAX_PAYLOAD: usize = 8192;

/// Why no web identity token was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebIdentityError {
    /// The account does not issue web identity tokens.
    #[error("Outbound web identity federation is not enabled for this account.")]
    Disabled,
    /// The token would outlive the session that asks for it.
    #[error("The requested token duration would extend the session beyond its original expiration time.")]
    DurationEscalation {
        /// When the session ends.
        expiration: Timestamp,
    },
    /// The tags make the token longer than it may be.
    #[error("The requested token payload size exceeds the maximum allowed size.")]
    PayloadSize {
        /// Its size in bytes.
        bytes: usize,
    },
    /// A parameter is outside its limits.
    #[error("{rule}")]
    Parameter {
        /// The limit that was broken.
        rule: &'static str,
    },
    /// The key could not sign.
    #[error("the token could not be signed")]
    Crypto(#[from] CryptoError),
}

impl WebIdentityError {
    /// The error code of STS for this refusal.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Disabled => "OutboundWebIdentityFederationDisabledException",
            Self::DurationEscalation { .. } => "SessionDurationEscalationException",
            Self::PayloadSize { .. } => "JWTPayloadSizeExceededException",
            Self::Parameter { .. } => "ValidationError",
            Self::Crypto(_) => "InternalFailure",
        }
    }

    /// What was expected and found, for logs and the audit trail.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::DurationEscalation { expiration } => format!("the session ends at {expiration}"),
            Self::PayloadSize { bytes } => format!("the payload has {bytes} bytes; at most {MAX_PAYLOAD} are signed"),
            Self::Disabled | Self::Parameter { .. } | Self::Crypto(_) => self.to_string(),
        }
    }
}

/// How a web identity token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "GetWebIdentityToken knows these two")]
pub enum WebIdentityAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
}

impl WebIdentityAlgorithm {
    /// The name of RFC 7518.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es384 => "ES384",
        }
    }
}

impl FromStr for WebIdentityAlgorithm {
    type Err = WebIdentityError;

    fn from_str(text: &str) -> Result<Self, WebIdentityError> {
        match text {
            "RS256" => Ok(Self::Rs256),
            "ES384" => Ok(Self::Es384),
            _ => Err(WebIdentityError::Parameter { rule: "the signing algorithm must be RS256 or ES384" }),
        }
    }
}

/// A web identity token as its bearer holds it; never printed.
pub struct WebIdentityToken {
    pub(crate) token: String,
    pub(crate) expiration: Timestamp,
}

impl WebIdentityToken {
    /// The token itself, to be handed to its owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.token
    }

    /// When it stops working.
    #[must_use]
    pub const fn expiration(&self) -> Timestamp {
        self.expiration
    }
}

impl fmt::Debug for WebIdentityToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebIdentityToken").field("expiration", &self.expiration).finish_non_exhaustive()
    }
}

/// Signs web identity tokens, and publishes what verifies them.
#[derive(Debug)]
pub struct WebIdentityIssuer {
    base: String,
    /// Made at first use where nobody gave any: most brokers never sign a web identity token.
    keys: OnceLock<Result<SigningKeys, CryptoError>>,
}

#[derive(Debug)]
struct SigningKeys {
    rsa: Key,
    p384: Key,
}

#[derive(Debug)]
struct Key {
    private: PrivateKey,
    /// The public half as a JWK, with its `kid`.
    jwk: Value,
    id: String,
}

impl WebIdentityIssuer {
    /// An issuer whose tokens and documents are found below `base`, such as `https://broker.example/web-identity`; each
    /// account is the issuer `<base>/<account>`. [`well_known::router`](../http/well_known/fn.router.html) serves the
    /// documents at `/web-identity/<account>/…`, so that `base` must end in `/web-identity` where it is used.
    ///
    /// # Errors
    /// [`CryptoError::KeyMalformed`] unless the keys are an RSA key and one on P-384.
    pub fn new(base: impl Into<String>, rsa: PrivateKey, p384: PrivateKey) -> Result<Self, CryptoError> {
        let issuer = Self { base: trimmed(base), keys: OnceLock::new() };
        let _ = issuer.keys.set(Ok(SigningKeys::new(rsa, p384)?));
        Ok(issuer)
    }

    /// An issuer with keys of its own, made when they are first needed, for as long as this process lives. A broker of
    /// several nodes, or one that restarts, is given its keys with [`WebIdentityIssuer::new`], where `base` is explained.
    #[cfg(feature = "aws-lc-rs")]
    #[must_use]
    pub fn with_fresh_keys(base: impl Into<String>) -> Self {
        Self { base: trimmed(base), keys: OnceLock::new() }
    }

    fn keys(&self) -> Result<&SigningKeys, CryptoError> {
        self.keys.get_or_init(SigningKeys::fresh).as_ref().map_err(Clone::clone)
    }

    /// The issuer that an account is: what its tokens carry as `iss`.
    #[must_use]
    pub fn issuer_of(&self, account: &AccountId) -> String {
        format!("{}/{account}", self.base)
    }

    /// The keys that verify the tokens of every account, as a JWK set (RFC 7517).
    ///
    /// # Errors
    /// [`CryptoError`] when there are no keys and none could be made.
    pub fn jwks(&self) -> Result<String, CryptoError> {
        let keys = self.keys()?;
        Ok(json!({"keys": [keys.rsa.jwk, keys.p384.jwk]}).to_string())
    }

    /// The discovery document of an account (OpenID Connect Discovery 1.0, 4.2).
    #[must_use]
    pub fn discovery(&self, account: &AccountId) -> String {
        let issuer = self.issuer_of(account);
        json!({
            "issuer": issuer,
            "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES384"],
            "claims_supported": ["iss", "sub", "aud", "exp", "iat", "jti", "https://sts.amazonaws.com/"],
        })
        .to_string()
    }

    /// Signs claims into a JWT.
    pub(crate) fn sign(&self, algorithm: WebIdentityAlgorithm, claims: &Value) -> Result<String, WebIdentityError> {
        let keys = self.keys()?;
        let key = match algorithm {
            WebIdentityAlgorithm::Rs256 => &keys.rsa,
            WebIdentityAlgorithm::Es384 => &keys.p384,
        };
        let payload = claims.to_string();
        if payload.len() > MAX_PAYLOAD {
            return Err(WebIdentityError::PayloadSize { bytes: payload.len() });
        }
        let header = json!({"typ": "JWT", "alg": algorithm.as_str(), "kid": key.id}).to_string();
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature = key.private.sign(message.as_bytes())?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl SigningKeys {
    fn new(rsa: PrivateKey, p384: PrivateKey) -> Result<Self, CryptoError> {
        Ok(Self { rsa: Key::rsa(rsa)?, p384: Key::p384(p384)? })
    }

    #[cfg(feature = "aws-lc-rs")]
    fn fresh() -> Result<Self, CryptoError> {
        Self::new(PrivateKey::generate_rsa()?, PrivateKey::generate_p384()?)
    }

    /// The other backend makes no RSA keys, and an issuer without keys cannot be made with it.
    #[cfg(not(feature = "aws-lc-rs"))]
    const fn fresh() -> Result<Self, CryptoError> {
        Err(CryptoError::KeyMalformed { expected: "keys that were given" })
    }
}

impl Key {
    fn rsa(private: PrivateKey) -> Result<Self, CryptoError> {
        let PublicParts::Rsa { modulus, exponent } = private.public_parts()? else {
            return Err(CryptoError::KeyMalformed { expected: "an RSA key" });
        };
        let (n, e) = (URL_SAFE_NO_PAD.encode(modulus), URL_SAFE_NO_PAD.encode(exponent));
        let id = thumbprint(&format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#));
        let jwk = json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": id, "n": n, "e": e});
        Ok(Self { private, jwk, id })
    }

    fn p384(private: PrivateKey) -> Result<Self, CryptoError> {
        let PublicParts::Ec { curve: EcCurve::P384, x, y } = private.public_parts()? else {
            return Err(CryptoError::KeyMalformed { expected: "a key on P-384" });
        };
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let id = thumbprint(&format!(r#"{{"crv":"P-384","kty":"EC","x":"{x}","y":"{y}"}}"#));
        let jwk = json!({"kty": "EC", "crv": "P-384", "use": "sig", "alg": "ES384", "kid": id, "x": x, "y": y});
        Ok(Self { private, jwk, id })
    }
}

fn trimmed(base: impl Into<String>) -> String {
    base.into().trim_end_matches('/').to_owned()
}

/// The JWK thumbprint of a key by its required members (RFC 7638).
fn thumbprint(members: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(DigestAlgorithm::Sha256, members.as_bytes()))
}
