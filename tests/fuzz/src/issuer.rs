//! The OpenID provider of the harness, and the relying party that trusts it. It writes and signs tokens with the
//! cryptography library itself, so that it can write what no JWT library would.

use std::sync::LazyLock;

use aws_lc_rs::agreement::{self, PrivateKey};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use daypass::VerifiedIdentity;
use daypass::explain::{Report, Silent};
use daypass::identity::oidc::{self, Jwks, OidcError, OidcProvider, RULES, UnverifiedIdToken};
use daypass::time::Timestamp;

use crate::judge::in_time;

/// The issuer identifier.
pub const ISSUER: &str = "https://idp.example/tenant";
/// The relying party's client id.
pub const CLIENT: &str = "client-1";
/// Another audience that the relying party trusts.
pub const TRUSTED: &str = "api-1";
/// The nonce of the sign-in.
pub const NONCE: &str = "n-0S6_WzA2Mj";
/// When everything is judged, in seconds since 1970.
pub const NOW: i64 = 1_800_000_000;
/// The algorithms of the issuer's keys, each with a key of its own but for RSA, which has one for both.
pub const ALGORITHMS: [&str; 6] = ["EdDSA", "ES256", "ES384", "ES512", "RS256", "PS256"];
/// A secret that the client shares with the issuer.
pub const SECRET: &[u8; 32] = b"thirty-two bytes that are shared";

/// Honest claims.
pub const CLAIMS: &str = r#"{"iss":"https://idp.example/tenant","sub":"martha","aud":"client-1","nonce":"n-0S6_WzA2Mj","iat":1800000000,"exp":1800000300,"auth_time":1799999990,"email":"martha@example.com","groups":["Admins","Developers"],"amr":["pwd"]}"#;

static EDWARDS: LazyLock<Ed25519KeyPair> = LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap());
static P256: LazyLock<EcdsaKeyPair> =
    LazyLock::new(|| elliptic(&agreement::ECDH_P256, &ECDSA_P256_SHA256_FIXED_SIGNING, &[7; 32]));
static P384: LazyLock<EcdsaKeyPair> =
    LazyLock::new(|| elliptic(&agreement::ECDH_P384, &ECDSA_P384_SHA384_FIXED_SIGNING, &[7; 48]));
static P521: LazyLock<EcdsaKeyPair> = LazyLock::new(|| {
    let mut scalar = [7; 66];
    scalar[0] = 0;
    elliptic(&agreement::ECDH_P521, &ECDSA_P521_SHA512_FIXED_SIGNING, &scalar)
});
static RSA: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::from_pkcs8(include_bytes!("rsa.pk8")).unwrap());

fn elliptic(
    curve: &'static agreement::Algorithm,
    signing: &'static EcdsaSigningAlgorithm,
    scalar: &[u8],
) -> EcdsaKeyPair {
    let private = PrivateKey::from_private_key(curve, scalar).unwrap();
    let public = private.compute_public_key().unwrap();
    EcdsaKeyPair::from_private_key_and_public_key(signing, scalar, public.as_ref()).unwrap()
}

/// Base64url without padding.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The header of an honest token.
pub fn header(algorithm: &str) -> String {
    format!(r#"{{"alg":"{algorithm}","kid":"{}","typ":"JWT"}}"#, key_id(algorithm))
}

fn key_id(algorithm: &str) -> &str {
    if matches!(algorithm, "RS256" | "PS256") { "RSA" } else { algorithm }
}

/// `payload` under `header`, whatever they are, signed as `algorithm` says.
pub fn sign(algorithm: &str, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    let input = format!("{}.{}", encode(header), encode(payload));
    let signature = encode(signature(algorithm, input.as_bytes()));
    format!("{input}.{signature}")
}

fn signature(algorithm: &str, input: &[u8]) -> Vec<u8> {
    let elliptic = |key: &EcdsaKeyPair| key.sign(&SystemRandom::new(), input).unwrap().as_ref().to_vec();
    let rsa = |padding: &'static dyn RsaEncoding| {
        let mut signature = vec![0; RSA.public_modulus_len()];
        RSA.sign(padding, &SystemRandom::new(), input, &mut signature).unwrap();
        signature
    };
    match algorithm {
        "ES256" => elliptic(&P256),
        "ES384" => elliptic(&P384),
        "ES512" => elliptic(&P521),
        "RS256" => rsa(&RSA_PKCS1_SHA256),
        "PS256" => rsa(&RSA_PSS_SHA256),
        "HS256" => hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), input).as_ref().to_vec(),
        _ => EDWARDS.sign(input).as_ref().to_vec(),
    }
}

/// The issuer's key set as JSON.
pub fn key_set() -> String {
    let mut keys = vec![format!(
        r#"{{"kty":"OKP","crv":"Ed25519","kid":"EdDSA","alg":"EdDSA","use":"sig","x":"{}"}}"#,
        encode(EDWARDS.public_key())
    )];
    for (crv, algorithm, key) in [("P-256", "ES256", &P256), ("P-384", "ES384", &P384), ("P-521", "ES512", &P521)] {
        let point = &key.public_key().as_ref()[1..];
        let (x, y) = point.split_at(point.len() / 2);
        keys.push(format!(
            r#"{{"kty":"EC","crv":"{crv}","kid":"{algorithm}","use":"sig","key_ops":["verify"],"x":"{}","y":"{}"}}"#,
            encode(x),
            encode(y)
        ));
    }
    // RSAPublicKey of a key of 2,048 bits: the modulus stands behind nine bytes, the exponent at the end.
    let public = RSA.public_key().as_ref();
    let (n, e) = (&public[9..265], &public[public.len() - 3..]);
    keys.push(format!(r#"{{"kty":"RSA","kid":"RSA","use":"sig","n":"{}","e":"{}"}}"#, encode(n), encode(e)));
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

/// The issuer's keys as the relying party has them.
pub static KEYS: LazyLock<Jwks> = LazyLock::new(|| Jwks::parse(key_set().as_bytes()).unwrap());

/// The issuer as the relying party trusts it.
pub static PROVIDER: LazyLock<OidcProvider> =
    LazyLock::new(|| OidcProvider::new(ISSUER, [CLIENT]).unwrap().with_trusted_audiences([TRUSTED]));

/// What a token is presented for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A sign-in with [`NONCE`].
    SignIn,
    /// An exchange for credentials.
    Exchange,
}

impl Use {
    /// Both uses.
    pub const ALL: [Self; 2] = [Self::SignIn, Self::Exchange];

    /// What the relying party says of `token`, which must not depend on whether somebody listens.
    pub fn verdict(self, token: &str) -> Result<VerifiedIdentity, OidcError> {
        let unverified = || match self {
            Self::SignIn => UnverifiedIdToken::for_sign_in(token, NONCE),
            Self::Exchange => UnverifiedIdToken::for_exchange(token),
        };
        let now = Timestamp::from_unix_seconds(NOW);
        let _ = (unverified().claimed_issuer(), unverified().claimed_key_id());
        let quiet = in_time(token.as_bytes(), || oidc::verify(&PROVIDER, &KEYS, unverified(), now, &mut Silent));
        let mut report = Report::new();
        let told = oidc::verify(&PROVIDER, &KEYS, unverified(), now, &mut report);
        assert_eq!(format!("{quiet:?}"), format!("{told:?}"), "listening changed the verdict");
        let broken = quiet.as_ref().err().map(|error| error.rule().name);
        assert_eq!(report.failure().map(|check| check.name), broken, "the explanation names another rule");
        assert_eq!(report.finish(&RULES).len(), RULES.len());
        if let Err(error) = &quiet {
            let _ = (error.to_string(), error.reason(), error.code());
        }
        quiet
    }
}
