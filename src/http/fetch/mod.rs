//! Documents of identity providers over HTTPS: metadata, keys, and the token endpoint.
//!
//! Enters: a URL from configuration or from a provider's metadata. Leaves: a bounded document. Refused: plain `http`,
//! redirects, and hosts that resolve to private, link-local or loopback addresses (CVE-2026-1180, CVE-2021-26715), unless
//! the provider is declared local; answers that are too long or take more than 5 seconds (metadata: 30).

mod address;
mod issuer_keys;
mod issuer_metadata;
mod saml_metadata;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use reqwest::{Client, NoProxy, Proxy, Request, RequestBuilder, Response, Url};
use zeroize::Zeroizing;

use crate::identity::oidc::discovery::DiscoveryError;
use crate::identity::oidc::{Jwks, JwksError, MAX_JWKS_LENGTH};
use crate::identity::saml::SamlError;
use crate::time::Timestamp;
use address::{GuardedResolver, is_public};
pub use issuer_keys::IssuerKeys;
pub use saml_metadata::{MetadataUrl, SamlMetadata};

/// A provider has this long to answer in full: 5 seconds.
pub const TIMEOUT: Duration = Duration::from_secs(5);
/// The publisher of SAML metadata, which may be an aggregate of 10 MB, has this long: 30 seconds.
pub const METADATA_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest header field that is kept, and maybe sent back.
const MAX_FIELD_LENGTH: usize = 256;

/// Why a provider's document could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The URL is not one that is fetched: not `https`, with a user or password, or not a URL.
    #[error("the provider's address is not acceptable")]
    Url {
        /// The URL, or what the metadata has in its place.
        url: String,
    },
    /// The host is an address of this machine or of a private network.
    #[error("the provider's address is not public")]
    PrivateAddress {
        /// The host.
        host: String,
    },
    /// The fetcher is for local addresses and the provider is not, or the other way round.
    #[error("the provider's address is not one that this fetcher is for")]
    Reach,
    /// The provider could not be reached, or did not answer in time.
    #[error("the provider cannot be reached")]
    Unreachable {
        /// What went wrong.
        reason: String,
    },
    /// The provider answered with an error, or with a redirect, which is not followed.
    #[error("the provider answered with an error")]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// The answer is longer than is read.
    #[error("the provider's answer is too long")]
    TooLong {
        /// The most that is read, in bytes.
        limit: usize,
    },
    /// The metadata is not the provider's.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    /// The key set cannot be read.
    #[error(transparent)]
    Jwks(#[from] JwksError),
    /// The key set holds no key that can be used.
    #[error("the provider publishes no key that can be used")]
    NoUsableKey {
        /// How many keys were skipped.
        skipped: usize,
    },
    /// The SAML metadata is refused, or no provider can be made from it.
    #[error(transparent)]
    Saml(#[from] SamlError),
    /// The audit trail could not be written, so nothing was changed.
    #[error("the service cannot answer at the moment; try again")]
    Audit {
        /// What the sink said.
        reason: String,
    },
    /// The provider failed a moment ago and is not asked again yet.
    #[error("the provider cannot be reached")]
    CoolingDown {
        /// When it may be asked again.
        until: Timestamp,
    },
}

impl FetchError {
    /// What was wrong, for logs and audit.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Url { url } => format!("not fetched: {url:?}"),
            Self::PrivateAddress { host } => format!("{host:?} is not a public address"),
            Self::Unreachable { reason } | Self::Audit { reason } => reason.clone(),
            Self::Saml(error) => error.reason(),
            Self::Reach => self.to_string(),
            Self::Status { status } => format!("HTTP status {status}"),
            Self::TooLong { limit } => format!("more than {limit} bytes"),
            Self::Discovery(error) => error.reason(),
            Self::Jwks(error) => error.reason(),
            Self::NoUsableKey { skipped } => format!("{skipped} keys, none can be used"),
            Self::CoolingDown { until } => format!("not asked again before {until}"),
        }
    }
}

/// A document and how long its sender wants it kept.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Document {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: Vec<u8>,
    /// `max-age` of `Cache-Control` (RFC 9111, 5.2.2.1), zero for `no-store` and `no-cache`.
    pub(crate) max_age: Option<Duration>,
    /// `ETag` (RFC 9110, 8.8.3).
    pub(crate) etag: Option<String>,
    /// `Content-Type` (RFC 9110, 8.3).
    pub(crate) content_type: Option<String>,
    /// `DPoP-Nonce` (RFC 9449, 8).
    pub(crate) dpop_nonce: Option<String>,
}

/// Header fields of a request, by their lower-case names.
pub(crate) type Fields = Vec<(&'static str, Zeroizing<String>)>;

impl fmt::Debug for Document {
    /// Without the body, which may be tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Where documents may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Public,
    Local,
}

/// Fetches documents; cheap to clone.
#[derive(Clone, Debug)]
pub struct Fetcher {
    client: Client,
    reach: Reach,
}

impl Fetcher {
    /// Fetches from public addresses over `https`, through the proxy that `HTTPS_PROXY` or `ALL_PROXY` names, if any, but
    /// for the hosts of `NO_PROXY`.
    ///
    /// Behind a proxy it is the proxy that resolves names, and so the proxy that must keep private addresses out.
    ///
    /// # Errors
    /// [`FetchError::Unreachable`] when TLS cannot be set up or the proxy setting is not a URL.
    pub fn public() -> Result<Self, FetchError> {
        let proxy = address::proxy_of(|name| std::env::var(name).ok());
        Self::behind(proxy.as_deref(), NoProxy::from_env())
    }

    /// As [`Fetcher::public`], through the proxy at this URL, but for the hosts of `no_proxy`: names, which stand for the
    /// names below them too, addresses and networks, divided by commas.
    ///
    /// # Errors
    /// As [`Fetcher::public`].
    pub fn through_proxy(proxy: &str, no_proxy: &str) -> Result<Self, FetchError> {
        Self::behind(Some(proxy), NoProxy::from_string(no_proxy))
    }

    fn behind(proxy: Option<&str>, no_proxy: Option<NoProxy>) -> Result<Self, FetchError> {
        // Going without a proxy that an operator named, because its name is misspelt, would go around it.
        let proxy = proxy.map(address::proxy_url).transpose()?;
        let resolver = GuardedResolver::public(proxy.as_ref().and_then(Url::host_str));
        let mut builder = builder().dns_resolver(Arc::new(resolver));
        if let Some(url) = proxy {
            let proxy = Proxy::all(url).map_err(|error| unreachable(&error))?;
            builder = builder.proxy(proxy.no_proxy(no_proxy));
        }
        let client = builder.build().map_err(|error| unreachable(&error))?;
        Ok(Self { client, reach: Reach::Public })
    }

    /// Fetches from any address, and from this machine over `http`, for a provider that is declared local.
    ///
    /// # Errors
    /// As [`Fetcher::public`].
    pub fn local() -> Result<Self, FetchError> {
        let client = builder().build().map_err(|error| unreachable(&error))?;
        Ok(Self { client, reach: Reach::Local })
    }

    /// Fetches a key set by its own address, for one verification by hand; [`IssuerKeys`] keeps what it fetched.
    ///
    /// # Errors
    /// [`FetchError`] when there is none, or none of its keys can be used.
    pub async fn jwks(&self, url: &str) -> Result<Jwks, FetchError> {
        Ok(self.key_set(url).await?.0)
    }

    /// A key set, and how long its sender wants it kept.
    async fn key_set(&self, url: &str) -> Result<(Jwks, Option<Duration>), FetchError> {
        let document = self.get(url, MAX_JWKS_LENGTH).await?;
        let jwks = Jwks::parse(&document.body)?;
        if jwks.keys().is_empty() {
            // Taking this for success would throw away the good keys of a moment ago.
            return Err(FetchError::NoUsableKey { skipped: jwks.skipped().len() });
        }
        Ok((jwks, document.max_age))
    }

    /// Fetches one document of at most `limit` bytes.
    pub(crate) async fn get(&self, url: &str, limit: usize) -> Result<Document, FetchError> {
        let request = self.client.get(self.accept(url)?).header("accept", "application/json");
        let document = self.send(request.build().map_err(|error| unreachable(&error))?, limit).await?;
        match document.status {
            200 => Ok(document),
            status => Err(FetchError::Status { status }),
        }
    }

    /// Fetches SAML metadata of at most `limit` bytes, unless it is still what `etag` names: then the status is 304.
    async fn metadata(&self, url: &str, limit: usize, etag: Option<&str>) -> Result<Document, FetchError> {
        let accepted = "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.8";
        let mut request = self.client.get(self.accept(url)?).timeout(METADATA_TIMEOUT).header("accept", accepted);
        if let Some(etag) = etag {
            request = request.header("if-none-match", etag);
        }
        let document = self.send(request.build().map_err(|error| unreachable(&error))?, limit).await?;
        match document.status {
            200 => Ok(document),
            304 if etag.is_some() => Ok(document),
            status => Err(FetchError::Status { status }),
        }
    }

    /// Posts a form; the status of the answer is the caller's to judge.
    pub(crate) async fn post_form(
        &self,
        url: &str,
        form: String,
        fields: Fields,
        limit: usize,
    ) -> Result<Document, FetchError> {
        let request = self.client.post(self.accept(url)?).header("accept", "application/json");
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        self.ask(request, fields, limit).await
    }

    /// Fetches one document with these header fields; the status of the answer is the caller's to judge.
    pub(crate) async fn get_with(&self, url: &str, fields: Fields, limit: usize) -> Result<Document, FetchError> {
        let request = self.client.get(self.accept(url)?).header("accept", "application/json, application/jwt");
        self.ask(request, fields, limit).await
    }

    async fn ask(&self, mut request: RequestBuilder, fields: Fields, limit: usize) -> Result<Document, FetchError> {
        for (name, value) in fields {
            let mut value = HeaderValue::from_str(&value).map_err(|error| unreachable(&error))?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        self.send(request.build().map_err(|error| unreachable(&error))?, limit).await
    }

    /// The URL, if it may be fetched. Names are judged when they are resolved, addresses here: they are never resolved.
    fn accept(&self, text: &str) -> Result<Url, FetchError> {
        let refused = || FetchError::Url { url: text.chars().take(200).collect() };
        let url = Url::parse(text).map_err(|_| refused())?;
        let host = url.host_str().ok_or_else(refused)?;
        let address: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        let loopback = host == "localhost" || address.is_some_and(|address| address.is_loopback());
        let scheme_fits = match url.scheme() {
            "https" => true,
            "http" => self.reach == Reach::Local && loopback,
            _ => false,
        };
        if !scheme_fits || !url.username().is_empty() || url.password().is_some() {
            return Err(refused());
        }
        match address {
            Some(address) if self.reach == Reach::Public && !is_public(address) => {
                Err(FetchError::PrivateAddress { host: host.to_owned() })
            }
            _ => Ok(url),
        }
    }

    async fn send(&self, request: Request, limit: usize) -> Result<Document, FetchError> {
        let response = self.client.execute(request).await.map_err(|error| unreachable(&error))?;
        let status = response.status().as_u16();
        let max_age = max_age(&response);
        let field = |name| {
            let value = response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
            value.filter(|value| value.len() <= MAX_FIELD_LENGTH).map(str::to_owned)
        };
        let (etag, content_type, dpop_nonce) = (field("etag"), field("content-type"), field("dpop-nonce"));
        let body = bounded_body(response, limit).await?;
        Ok(Document { status, body, max_age, etag, content_type, dpop_nonce })
    }
}

fn builder() -> reqwest::ClientBuilder {
    builder_within(TIMEOUT)
}

fn builder_within(time: Duration) -> reqwest::ClientBuilder {
    Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .timeout(time)
        .user_agent(concat!("daypass/", env!("CARGO_PKG_VERSION")))
}

/// Counts while it reads: a length in a header is a promise of the sender.
async fn bounded_body(mut response: Response, limit: usize) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
        if body.len().saturating_add(chunk.len()) > limit {
            return Err(FetchError::TooLong { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn max_age(response: &Response) -> Option<Duration> {
    let directives = response.headers().get("cache-control")?.to_str().ok()?.to_ascii_lowercase();
    let mut max_age = None;
    for directive in directives.split(',').map(str::trim) {
        if directive == "no-store" || directive == "no-cache" {
            return Some(Duration::ZERO);
        }
        if let Some(seconds) = directive.strip_prefix("max-age=") {
            max_age = seconds.trim_matches('"').parse().ok().map(Duration::from_secs);
        }
    }
    max_age
}

/// The innermost cause says most: "connection refused", or why an address was refused.
fn unreachable(error: &(dyn std::error::Error + 'static)) -> FetchError {
    let mut cause = error;
    while let Some(source) = cause.source() {
        if let Some(refused) = source.downcast_ref::<FetchError>() {
            return refused.clone();
        }
        cause = source;
    }
    FetchError::Unreachable { reason: cause.to_string() }
}

#[cfg(test)]
mod tests;
