//! Who may ask this identity provider to sign people in: SAML service providers and OpenID clients.

use crate::address::{parse_http_address, parse_return_address};
use crate::error::IdpError;
use crate::keys::VerifyingKey;
use crate::oidc::jose::PublicKey;
use crate::sync::Fingerprint;
use std::fmt;

/// Which elements of a SAML response carry a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SignedPart {
    /// The assertion: what most service providers ask for.
    #[default]
    Assertion,
    /// The response around it.
    Response,
    /// The assertion, and then the response that holds it.
    Both,
}

/// How XML is signed (exclusive canonicalisation and SHA-256 in either case).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SamlAlgorithm {
    /// RSASSA-PKCS1-v1_5 with a 2048-bit key.
    RsaSha256,
    /// ECDSA over P-256.
    EcdsaSha256,
}

/// How ID tokens are signed (RFC 7518 section 3.1, RFC 8037).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdTokenAlgorithm {
    /// RSASSA-PKCS1-v1_5 with a 2048-bit key: what OpenID Connect takes for granted.
    Rs256,
    /// ECDSA over P-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl IdTokenAlgorithm {
    /// The value of the `alg` header parameter.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// A SAML service provider: its entity ID and where it takes assertions (HTTP-POST).
#[derive(Debug, Clone)]
pub struct ServiceProvider {
    entity_id: String,
    acs_urls: Vec<String>,
    name: Option<String>,
    signed: SignedPart,
    algorithm: Option<SamlAlgorithm>,
    certificates: Vec<String>,
    keys: Vec<VerifyingKey>,
    logout: Option<LogoutService>,
}

/// Where a service provider takes logout messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogoutService {
    pub(crate) url: String,
    pub(crate) binding: Binding,
}

/// How a message is handed to the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binding {
    Redirect,
    Post,
}

impl ServiceProvider {
    /// A service provider with one assertion consumer service, which is also the default one.
    pub fn new(entity_id: impl Into<String>, acs_url: impl Into<String>) -> Self {
        Self {
            entity_id: entity_id.into(),
            acs_urls: vec![acs_url.into()],
            name: None,
            signed: SignedPart::default(),
            algorithm: None,
            certificates: Vec::new(),
            keys: Vec::new(),
            logout: None,
        }
    }

    /// Registers a certificate, as PEM or as metadata carries it, whose key the service provider signs with: RSA from
    /// 2048 bits, or ECDSA over P-256 or P-384. Only the key counts. During rollover there are several. From then on
    /// everything the service provider sends must be signed; without one it cannot take part in single logout.
    #[must_use]
    pub fn with_certificate(mut self, certificate: impl Into<String>) -> Self {
        self.certificates.push(certificate.into());
        self
    }

    /// Registers where logout messages are sent to, by HTTP-Redirect.
    #[must_use]
    pub fn with_logout(mut self, url: impl Into<String>) -> Self {
        self.logout = Some(LogoutService { url: url.into(), binding: Binding::Redirect });
        self
    }

    /// Registers where logout messages are sent to, by HTTP-POST.
    #[must_use]
    pub fn with_posted_logout(mut self, url: impl Into<String>) -> Self {
        self.logout = Some(LogoutService { url: url.into(), binding: Binding::Post });
        self
    }

    /// Registers one more assertion consumer service.
    #[must_use]
    pub fn with_acs(mut self, acs_url: impl Into<String>) -> Self {
        self.acs_urls.push(acs_url.into());
        self
    }

    /// The name people read on the sign-in page; the entity ID when there is none.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Which elements are signed for this service provider; the assertion unless said otherwise.
    #[must_use]
    pub const fn with_signed(mut self, signed: SignedPart) -> Self {
        self.signed = signed;
        self
    }

    /// How; RSA unless said otherwise, ECDSA when keys come from a seed.
    #[must_use]
    pub const fn with_algorithm(mut self, algorithm: SamlAlgorithm) -> Self {
        self.algorithm = Some(algorithm);
        self
    }

    /// The entity ID.
    #[must_use]
    pub fn entity_id(&self) -> &str {
        &self.entity_id
    }

    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.entity_id)
    }

    pub(crate) const fn signed(&self) -> SignedPart {
        self.signed
    }

    pub(crate) const fn algorithm(&self) -> Option<SamlAlgorithm> {
        self.algorithm
    }

    pub(crate) fn default_acs(&self) -> &str {
        self.acs_urls.first().map_or("", String::as_str)
    }

    pub(crate) fn acs_at(&self, index: usize) -> Option<&str> {
        self.acs_urls.get(index).map(String::as_str)
    }

    pub(crate) fn has_acs(&self, url: &str) -> bool {
        self.acs_urls.iter().any(|registered| registered == url)
    }

    pub(crate) fn keys(&self) -> &[VerifyingKey] {
        &self.keys
    }

    pub(crate) const fn logout(&self) -> Option<&LogoutService> {
        self.logout.as_ref()
    }

    /// Holds what was registered to being usable, and reads the certificates.
    pub(crate) fn parse(&mut self) -> Result<(), IdpError> {
        bounded_name("an entity ID", &self.entity_id, 1_024)?;
        let unusable = || IdpError::Certificate { service_provider: self.entity_id.clone() };
        let keys = self.certificates.iter().map(|text| VerifyingKey::from_certificate(text).ok_or_else(unusable));
        self.keys = keys.collect::<Result<_, _>>()?;
        if let Some(logout) = &self.logout {
            parse_return_address("a single logout service", &logout.url)?;
        }
        self.acs_urls.iter().try_for_each(|url| parse_return_address("an assertion consumer service", url))
    }
}

/// Where a client hears that somebody signed out.
#[derive(Debug, Clone)]
pub(crate) struct BackchannelLogout {
    pub(crate) uri: String,
    /// Whether it is told which session, and not only whose.
    pub(crate) session_required: bool,
}

/// An OpenID client (relying party).
#[derive(Clone)]
pub struct Client {
    id: String,
    secret: Option<Fingerprint>,
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    backchannel_logout: Option<BackchannelLogout>,
    name: Option<String>,
    algorithm: Option<IdTokenAlgorithm>,
    key_sets: Vec<String>,
    public_keys: Vec<String>,
    keys: Vec<PublicKey>,
    signed_userinfo: Option<IdTokenAlgorithm>,
    refresh_tokens: bool,
    par: bool,
    dpop: bool,
}

impl Client {
    /// A client that authenticates at the token endpoint with a secret (`client_secret_basic` or `client_secret_post`).
    pub fn confidential(
        id: impl Into<String>,
        secret: impl AsRef<str>,
        redirect_uris: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self { secret: Some(Fingerprint::of(secret.as_ref())), ..Self::public(id, redirect_uris) }
    }

    /// A client that cannot keep a secret; PKCE, which every client must use, is what protects it.
    pub fn public(id: impl Into<String>, redirect_uris: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            id: id.into(),
            secret: None,
            redirect_uris: redirect_uris.into_iter().map(Into::into).collect(),
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout: None,
            name: None,
            algorithm: None,
            key_sets: Vec::new(),
            public_keys: Vec::new(),
            keys: Vec::new(),
            signed_userinfo: None,
            refresh_tokens: false,
            par: false,
            dpop: false,
        }
    }

    /// Registers the public keys that the client signs its assertions with, as the JSON of a JWK set: RSA from 2048
    /// bits, P-256, P-384, Ed25519. From then on it authenticates by `private_key_jwt` (OpenID Connect Core 9) and by
    /// nothing else.
    ///
    /// An assertion is good for one request: `iss` and `sub` are the client, `aud` is the issuer as a single string,
    /// `exp` is at most ten minutes away, and no `jti` is taken twice.
    #[must_use]
    pub fn with_jwks(mut self, jwks: impl Into<String>) -> Self {
        self.key_sets.push(jwks.into());
        self
    }

    /// The same with one key, as a `PUBLIC KEY` in PEM.
    #[must_use]
    pub fn with_public_key(mut self, pem: impl Into<String>) -> Self {
        self.public_keys.push(pem.into());
        self
    }

    /// `userinfo_signed_response_alg`: the userinfo endpoint answers with a signed JWT instead of JSON.
    #[must_use]
    pub const fn with_signed_userinfo(mut self, algorithm: IdTokenAlgorithm) -> Self {
        self.signed_userinfo = Some(algorithm);
        self
    }

    /// Gives the client a refresh token at every sign-in, whether or not its scope holds `offline_access`.
    #[must_use]
    pub const fn with_refresh_tokens(mut self) -> Self {
        self.refresh_tokens = true;
        self
    }

    /// `require_pushed_authorization_requests` (RFC 9126): requests of this client that were not pushed are refused.
    #[must_use]
    pub const fn with_required_par(mut self) -> Self {
        self.par = true;
        self
    }

    /// `dpop_bound_access_tokens` (RFC 9449): token requests of this client without a proof are refused.
    #[must_use]
    pub const fn with_required_dpop(mut self) -> Self {
        self.dpop = true;
        self
    }

    /// The name people read on the sign-in page; the client ID when there is none.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// `id_token_signed_response_alg`; RS256 unless said otherwise, ES256 when keys come from a seed.
    #[must_use]
    pub const fn with_algorithm(mut self, algorithm: IdTokenAlgorithm) -> Self {
        self.algorithm = Some(algorithm);
        self
    }

    /// Registers an address that people may be sent to after they signed out.
    #[must_use]
    pub fn with_post_logout_redirect(mut self, uri: impl Into<String>) -> Self {
        self.post_logout_redirect_uris.push(uri.into());
        self
    }

    /// Registers where logout tokens are posted to (`backchannel_logout_uri`), by `http` and with a name or address that
    /// this process can reach. They say who signed out, and so end every session of that person at the client.
    #[must_use]
    pub fn with_backchannel_logout(mut self, uri: impl Into<String>) -> Self {
        self.backchannel_logout = Some(BackchannelLogout { uri: uri.into(), session_required: false });
        self
    }

    /// The same for a client that wants to know which session is over (`backchannel_logout_session_required`): logout
    /// tokens name it, and end no other.
    #[must_use]
    pub fn with_backchannel_session_logout(mut self, uri: impl Into<String>) -> Self {
        self.backchannel_logout = Some(BackchannelLogout { uri: uri.into(), session_required: true });
        self
    }

    /// The client ID.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }

    pub(crate) const fn algorithm(&self) -> Option<IdTokenAlgorithm> {
        self.algorithm
    }

    pub(crate) const fn signed_userinfo(&self) -> Option<IdTokenAlgorithm> {
        self.signed_userinfo
    }

    /// The keys its assertions are signed with; none for a client that has another way to authenticate.
    pub(crate) fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// Whether it has nothing to authenticate with.
    pub(crate) const fn is_public(&self) -> bool {
        self.secret.is_none() && self.keys.is_empty()
    }

    pub(crate) const fn has_refresh_tokens(&self) -> bool {
        self.refresh_tokens
    }

    pub(crate) const fn needs_par(&self) -> bool {
        self.par
    }

    pub(crate) const fn needs_dpop(&self) -> bool {
        self.dpop
    }

    pub(crate) const fn secret(&self) -> Option<Fingerprint> {
        self.secret
    }

    pub(crate) fn first_redirect(&self) -> &str {
        self.redirect_uris.first().map_or("", String::as_str)
    }

    /// Compared as strings, never as patterns (OpenID Connect Core 3.1.2.1).
    pub(crate) fn has_redirect(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| registered == uri)
    }

    pub(crate) const fn backchannel_logout(&self) -> Option<&BackchannelLogout> {
        self.backchannel_logout.as_ref()
    }

    pub(crate) fn has_post_logout_redirect(&self, uri: &str) -> bool {
        self.post_logout_redirect_uris.iter().any(|registered| registered == uri)
    }

    /// Holds what was registered to being usable, and reads the keys.
    pub(crate) fn parse(&mut self) -> Result<(), IdpError> {
        bounded_name("a client ID", &self.id, 200)?;
        if let Some(logout) = &self.backchannel_logout {
            parse_http_address("a back-channel logout URI", &logout.uri)?;
        }
        let unusable = || IdpError::ClientKey { client: self.id.clone() };
        for text in &self.key_sets {
            self.keys.extend(PublicKey::set(text).ok_or_else(unusable)?);
        }
        for text in &self.public_keys {
            self.keys.push(PublicKey::from_pem(text).ok_or_else(unusable)?);
        }
        self.redirect_uris.iter().try_for_each(|uri| parse_return_address("a redirect URI", uri))?;
        self.post_logout_redirect_uris
            .iter()
            .try_for_each(|uri| parse_return_address("a post-logout redirect URI", uri))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id)
            .field("redirect_uris", &self.redirect_uris)
            .finish_non_exhaustive()
    }
}

pub(crate) fn bounded_name(what: &'static str, name: &str, most: usize) -> Result<(), IdpError> {
    if name.is_empty() || name.len() > most {
        return Err(IdpError::Length { what, most, length: name.len() });
    }
    Ok(())
}
