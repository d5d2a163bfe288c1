//! How a client proves itself to the provider (OpenID Connect Core, 9): by a shared secret, by a private key, or not at all.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::SignInError;
use super::form::Form;
use super::jose::Signer;
use super::token::basic;
use crate::crypto::{CryptoError, PrivateKey, SecretBytes, SignatureAlgorithm, random_id};
use crate::http::fetch::Fields;
use crate::identity::oidc::discovery::{ClientAuthentication, Discovery};
use crate::time::Timestamp;

/// A client assertion is good for this long: 1 minute.
const ASSERTION_LIFETIME: Duration = Duration::from_secs(60);

/// An algorithm under the name that JWS has for it.
type Named = (&'static str, SignatureAlgorithm);

/// The private key of a client, for `private_key_jwt` (RFC 7523; OpenID Connect Core, 9).
#[derive(Debug)]
pub struct ClientKey {
    signer: Signer,
    key_id: Option<String>,
    wants_pss: bool,
}

impl ClientKey {
    /// Reads a private key in PKCS#8 PEM: RSA of 2,048 bits or more, P-256, P-384 or Ed25519.
    ///
    /// RSA signs with RS256, and with PS256 where the provider lists that and not RS256.
    ///
    /// # Errors
    /// [`CryptoError::KeyMalformed`] for anything else.
    pub fn from_pem(pem: &str) -> Result<Self, CryptoError> {
        Ok(Self { signer: Signer::new(PrivateKey::from_pem(pem)?)?, key_id: None, wants_pss: false })
    }

    /// Signs with PS256 and never with RS256, as FAPI 2.0 wants it (FAPI 2.0 Security Profile, 5.4.1).
    ///
    /// # Errors
    /// [`CryptoError::AlgorithmMismatch`] when this is no RSA key.
    pub fn with_ps256(mut self) -> Result<Self, CryptoError> {
        self.signer.permits(SignatureAlgorithm::RsaPssSha256)?;
        self.wants_pss = true;
        Ok(self)
    }

    /// Names the key in every assertion, by the `kid` it is registered under.
    #[must_use]
    pub fn with_key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into());
        self
    }

    /// The public key as a JWK set (RFC 7517, 5), for registering it or for publishing it as `jwks_uri`.
    ///
    /// It says which algorithm it is for, but for an RSA key that leaves the choice to the provider.
    #[must_use]
    pub fn jwks(&self) -> String {
        let mut jwk = self.signer.public_jwk();
        jwk.insert("use".to_owned(), "sig".into());
        let is_open = self.signer.permits(SignatureAlgorithm::RsaPssSha256).is_ok() && !self.wants_pss;
        if !is_open {
            let ((algorithm, _), _) = self.algorithms();
            jwk.insert("alg".to_owned(), algorithm.into());
        }
        if let Some(key_id) = &self.key_id {
            jwk.insert("kid".to_owned(), key_id.as_str().into());
        }
        json!({ "keys": [jwk] }).to_string()
    }

    /// An assertion for the provider that `issuer` names. It alone is the audience, as one string: with a token endpoint
    /// or a list for it, another provider could have it made for itself (CVE-2025-27370, CVE-2025-27371).
    fn assertion(&self, named: Named, client_id: &str, issuer: &str, now: Timestamp) -> Result<String, CryptoError> {
        let (name, algorithm) = named;
        let mut header = json!({ "alg": name, "typ": "client-authentication+jwt" });
        if let (Some(key_id), Value::Object(members)) = (&self.key_id, &mut header) {
            members.insert("kid".to_owned(), key_id.as_str().into());
        }
        let claims = json!({
            "iss": client_id,
            "sub": client_id,
            "aud": issuer,
            "jti": random_id()?,
            "iat": now.unix_seconds(),
            "exp": now.saturating_add(ASSERTION_LIFETIME).unix_seconds(),
        });
        self.signer.sign_with(algorithm, &header, &claims)
    }

    /// What this key signs with, and what else where the provider does not take that.
    fn algorithms(&self) -> (Named, Option<Named>) {
        use SignatureAlgorithm as A;
        match self.signer.algorithm() {
            A::EcdsaP256Sha256 => (("ES256", A::EcdsaP256Sha256), None),
            A::EcdsaP384Sha384 => (("ES384", A::EcdsaP384Sha384), None),
            A::Ed25519 => (("EdDSA", A::Ed25519), Some(("Ed25519", A::Ed25519))),
            _ if self.wants_pss => (("PS256", A::RsaPssSha256), None),
            _ => (("RS256", A::RsaPkcs1Sha256), Some(("PS256", A::RsaPssSha256))),
        }
    }

    /// The algorithm of this key that the provider takes.
    fn offered_algorithm(&self, discovery: &Discovery) -> Result<Named, SignInError> {
        let (first, second) = self.algorithms();
        let Some(offered) = discovery.assertion_algorithms() else { return Ok(first) };
        let found = [Some(first), second].into_iter().flatten().find(|(name, _)| offered.iter().any(|one| one == name));
        found.ok_or_else(|| SignInError::SigningAlgorithm { algorithm: first.0, offered: offered.to_vec() })
    }
}

/// What a client proves itself with.
pub struct ClientCredential(Kind);

enum Kind {
    Secret(SecretBytes),
    Key(Box<ClientKey>),
    Public,
}

impl ClientCredential {
    /// Nothing: a public client, which PKCE and, if it is asked for, DPoP protect.
    #[must_use]
    pub const fn public() -> Self {
        Self(Kind::Public)
    }

    /// The public key as a JWK set, if this is a private key.
    #[must_use]
    pub fn jwks(&self) -> Option<String> {
        match &self.0 {
            Kind::Key(key) => Some(key.jwks()),
            Kind::Secret(_) | Kind::Public => None,
        }
    }

    /// How this credential is shown, by the methods the provider offers; none is used that it does not offer.
    pub(super) fn method(&self, discovery: &Discovery) -> Result<ClientAuthentication, SignInError> {
        use ClientAuthentication::{PrivateKeyJwt, Public, SecretBasic, SecretPost};
        let (fitting, wanted): (&[_], _) = match &self.0 {
            Kind::Secret(_) => (&[SecretBasic, SecretPost], "client_secret_basic or client_secret_post"),
            Kind::Key(_) => (&[PrivateKeyJwt], "private_key_jwt"),
            Kind::Public => (&[Public], "none"),
        };
        let offered = discovery.client_authentications();
        let method = offered.iter().copied().find(|method| fitting.contains(method)).ok_or_else(|| {
            SignInError::ClientAuthentication { wanted, offered: offered.iter().map(|method| method.name()).collect() }
        })?;
        if let Kind::Key(key) = &self.0 {
            key.offered_algorithm(discovery)?;
        }
        Ok(method)
    }

    /// Adds to a request what proves it to be this client's.
    pub(super) fn authenticate(
        &self,
        discovery: &Discovery,
        (client_id, issuer): (&str, &str),
        form: &mut Form,
        now: Timestamp,
    ) -> Result<Fields, SignInError> {
        let method = self.method(discovery)?;
        match (&self.0, method) {
            (Kind::Secret(secret), ClientAuthentication::SecretBasic) => {
                let authorization = basic(client_id, std::str::from_utf8(secret.expose()).unwrap_or_default());
                return Ok(vec![("authorization", authorization)]);
            }
            (Kind::Secret(secret), _) => {
                form.set("client_id", client_id);
                form.set("client_secret", std::str::from_utf8(secret.expose()).unwrap_or_default());
            }
            (Kind::Key(key), _) => {
                let algorithm = key.offered_algorithm(discovery)?;
                form.set("client_id", client_id);
                form.set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
                form.set("client_assertion", &key.assertion(algorithm, client_id, issuer, now)?);
            }
            (Kind::Public, _) => form.set("client_id", client_id),
        }
        Ok(Vec::new())
    }
}

impl From<&str> for ClientCredential {
    /// A shared secret.
    fn from(secret: &str) -> Self {
        Self(Kind::Secret(SecretBytes::new(secret.as_bytes().to_vec())))
    }
}

impl From<Zeroizing<String>> for ClientCredential {
    /// A shared secret.
    fn from(secret: Zeroizing<String>) -> Self {
        Self::from(secret.as_str())
    }
}

impl From<ClientKey> for ClientCredential {
    fn from(key: ClientKey) -> Self {
        Self(Kind::Key(Box::new(key)))
    }
}

impl fmt::Debug for ClientCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Secret(_) => f.write_str("ClientCredential(secret, redacted)"),
            Kind::Key(key) => f.debug_tuple("ClientCredential").field(key).finish(),
            Kind::Public => f.write_str("ClientCredential(public)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::oidc::IssuerUrl;

    fn discovery(members: &str) -> Discovery {
        let document = format!(r#"{{"issuer":"https://a.example","jwks_uri":"https://a.example/k"{members}}}"#);
        Discovery::parse(document.as_bytes(), &IssuerUrl::parse("https://a.example").unwrap()).unwrap()
    }

    fn key() -> ClientKey {
        ClientKey { signer: Signer::new(PrivateKey::generate_p256().unwrap()).unwrap(), key_id: None, wants_pss: false }
    }

    #[test]
    fn a_method_that_is_not_offered_is_not_used() {
        let secret = || ClientCredential::from("secret");
        for (credential, offered, method) in [
            (secret(), "", Some("client_secret_basic")),
            (
                secret(),
                r#","token_endpoint_auth_methods_supported":["client_secret_post"]"#,
                Some("client_secret_post"),
            ),
            (secret(), r#","token_endpoint_auth_methods_supported":["private_key_jwt","none"]"#, None),
            (key().into(), "", None),
            (
                key().into(),
                r#","token_endpoint_auth_methods_supported":["none","private_key_jwt"]"#,
                Some("private_key_jwt"),
            ),
            (key().into(), r#","token_endpoint_auth_methods_supported":["client_secret_basic"]"#, None),
            (ClientCredential::public(), r#","token_endpoint_auth_methods_supported":["none"]"#, Some("none")),
            (ClientCredential::public(), "", None),
            (secret(), r#","token_endpoint_auth_methods_supported":[]"#, None),
        ] {
            let discovery = discovery(offered);
            let found = credential.method(&discovery);
            assert_eq!(found.as_ref().ok().map(|method| method.name()), method, "{credential:?} {offered}");
            let mut form = Form::default();
            let sent = credential.authenticate(&discovery, ("c", "https://a.example"), &mut form, Timestamp::EPOCH);
            assert_eq!(sent.is_ok(), method.is_some());
        }
    }

    #[test]
    fn an_algorithm_that_is_not_offered_is_not_used() {
        let methods = r#","token_endpoint_auth_methods_supported":["private_key_jwt"]"#;
        for (algorithms, taken) in
            [("", true), (r#"["RS256","ES256"]"#, true), (r#"["PS256","RS256"]"#, false), ("[]", false)]
        {
            let member = match algorithms {
                "" => String::new(),
                list => format!(r#","token_endpoint_auth_signing_alg_values_supported":{list}"#),
            };
            let found = ClientCredential::from(key()).method(&discovery(&format!("{methods}{member}")));
            assert_eq!(found.is_ok(), taken, "{algorithms}");
        }
    }

    #[test]
    fn no_secret_is_printed() {
        let printed = format!("{:?} {:?}", ClientCredential::from("hunter2"), ClientCredential::from(key()));
        assert!(!printed.contains("hunter2") && printed.contains("redacted"), "{printed}");
    }
}
