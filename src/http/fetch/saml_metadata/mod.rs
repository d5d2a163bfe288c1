//! The metadata of one SAML identity provider, fetched when the metadata cache says so.

mod file;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::spawn_blocking;

use super::{Document, FetchError, Fetcher};
use crate::broker::{Provider, Renewal, RenewalFuture, RenewedProvider};
use crate::identity::saml::metadata::MAX_METADATA_LENGTH;
use crate::identity::saml::metadata::refresh::{HttpCaching, MetadataCache, MetadataMetrics, MetadataPlan};
use crate::identity::saml::{IdpMetadata, MetadataError, MetadataPolicy, SamlError, SamlProvider, XmlError};
use crate::time::Timestamp;
use file::BackingFile;

/// Whoever is signing in waits this long for newer metadata, and is then judged by what is at hand.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where metadata is published, and what is demanded of it.
///
/// ```no_run
/// # async fn start(now: daypass::time::Timestamp, signer: &str) -> Result<(), Box<dyn std::error::Error>> {
/// use daypass::http::fetch::MetadataUrl;
/// use daypass::identity::saml::{MetadataPolicy, SamlProvider};
/// use daypass::{Broker, Keyring};
///
/// let policy = MetadataPolicy::new("https://idp.example/metadata")?.with_signers([signer])?;
/// let corp = MetadataUrl::new("https://federation.example/metadata.xml", policy)
///     .with_backing_file("/var/lib/app/corp.xml")
///     .load(now, |metadata| SamlProvider::from_metadata(metadata, "https://app.example", "https://app.example/saml/acs"))
///     .await?;
/// let broker = Broker::new(Keyring::generate()?).with_provider(corp);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct MetadataUrl {
    url: String,
    policy: MetadataPolicy,
    local_network: bool,
    file: Option<BackingFile>,
}

impl MetadataUrl {
    /// Metadata at `url`, which must be `https`.
    #[must_use]
    pub fn new(url: &str, policy: MetadataPolicy) -> Self {
        Self { url: url.to_owned(), policy, local_network: false, file: None }
    }

    /// Lets it be fetched from loopback, private and link-local addresses, over `http` on loopback.
    #[must_use]
    pub const fn with_local_network(mut self) -> Self {
        self.local_network = true;
        self
    }

    /// Keeps the last good copy in a file, by which a start succeeds while the publisher is down. The copy is judged like a
    /// fetched one when it is read, and is as old as the file says. Where no signature is demanded, whoever can write the
    /// file decides whose assertions are believed.
    #[must_use]
    pub fn with_backing_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(BackingFile::new(path.into()));
        self
    }

    /// Fetches the metadata, and makes of it what `provider` says: the service's own addresses and options, which every
    /// renewal keeps. When nothing good can be fetched the backing file is read, if there is one.
    ///
    /// # Errors
    /// [`FetchError`] when there is no copy that satisfies the policy, or `provider` makes nothing of it.
    pub async fn load(
        self,
        now: Timestamp,
        provider: impl FnOnce(IdpMetadata) -> Result<SamlProvider, SamlError>,
    ) -> Result<SamlMetadata, FetchError> {
        let fetcher = if self.local_network { Fetcher::local()? } else { Fetcher::public()? };
        let origin = Arc::new(Origin { url: self.url, policy: self.policy, file: self.file });
        let (cache, last_error) = match origin.first(&fetcher, now).await {
            Ok((metadata, text, caching)) => {
                let cache = MetadataCache::new(&provider(metadata)?, caching, now);
                // What no provider can be made of must not take the place of a copy that served.
                origin.keep(Some(text), now).await;
                (cache, None)
            }
            Err(error) => {
                let Some((metadata, written)) = origin.kept(now).await else { return Err(error) };
                let mut cache = MetadataCache::new(&provider(metadata)?, HttpCaching::default(), written);
                cache.failed(now);
                (cache, Some(error))
            }
        };
        let (cache, last_error) = (Mutex::new(cache), Mutex::new(last_error));
        let shared = Shared { origin, fetcher, cache, last_error, finished: watch::Sender::new(0) };
        Ok(SamlMetadata { shared: Arc::new(shared) })
    }
}

/// A SAML provider by metadata that is fetched again and again; cheap to clone, all clones share one copy.
///
/// A [`Broker`](crate::Broker) takes it as a provider and asks for renewal when that is due.
#[derive(Clone, Debug)]
pub struct SamlMetadata {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    origin: Arc<Origin>,
    fetcher: Fetcher,
    cache: Mutex<MetadataCache>,
    last_error: Mutex<Option<FetchError>>,
    /// Counts finished fetches; whoever waits for one watches it.
    finished: watch::Sender<u64>,
}

/// Where documents come from, and what is demanded of them.
#[derive(Debug)]
struct Origin {
    url: String,
    policy: MetadataPolicy,
    file: Option<BackingFile>,
}

impl SamlMetadata {
    /// The counters of the metadata cache.
    #[must_use]
    pub fn metrics(&self, now: Timestamp) -> MetadataMetrics {
        lock(&self.shared.cache).metrics(now)
    }

    /// Why the last fetch brought nothing, if it did not.
    #[must_use]
    pub fn last_error(&self) -> Option<FetchError> {
        lock(&self.shared.last_error).clone()
    }

    /// A task of its own: a visitor who goes away must not take the fetch, and with it everyone else's keys, along.
    fn start_fetch(&self, renewal: Renewal) {
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            let mut report = Report { shared: &shared, renewal: &renewal, done: false };
            let outcome = shared.fetch(&renewal).await;
            report.finish(outcome.err());
        });
    }
}

impl From<SamlMetadata> for Provider {
    fn from(metadata: SamlMetadata) -> Self {
        Self::RenewedSaml(Box::new(metadata))
    }
}

impl RenewedProvider for SamlMetadata {
    fn provider(&self) -> Arc<SamlProvider> {
        Arc::clone(lock(&self.shared.cache).provider())
    }

    fn renew(&self, renewal: Renewal) -> RenewalFuture<'_> {
        Box::pin(async move {
            // Watching begins before the cache is asked, so that no end of a fetch is missed.
            let mut finished = self.shared.finished.subscribe();
            let plan = lock(&self.shared.cache).plan(renewal.cause(), renewal.now());
            match plan {
                MetadataPlan::Use => return,
                MetadataPlan::UseAndFetch => return self.start_fetch(renewal),
                MetadataPlan::Fetch => self.start_fetch(renewal),
                MetadataPlan::Wait => {}
            }
            let _ = tokio::time::timeout(PATIENCE, finished.changed()).await;
        })
    }
}

/// Tells how a fetch ended, also when its task dies.
struct Report<'s> {
    shared: &'s Shared,
    renewal: &'s Renewal,
    done: bool,
}

impl Report<'_> {
    fn finish(&mut self, error: Option<FetchError>) {
        self.done = true;
        if let Some(error) = &error {
            let now = self.renewal.now();
            let mut cache = lock(&self.shared.cache);
            let code = match error {
                FetchError::Saml(_) => {
                    cache.refused(now);
                    "MetadataRefused"
                }
                _ => {
                    cache.failed(now);
                    "MetadataUnavailable"
                }
            };
            let provider = Arc::clone(cache.provider());
            drop(cache);
            // Nothing changed, so that nothing depends on this being recorded; the counters and `last_error` tell it too.
            let _ = self.renewal.refused(&provider, code, error.reason());
        }
        *lock(&self.shared.last_error) = error;
    }
}

impl Drop for Report<'_> {
    fn drop(&mut self) {
        if !self.done {
            lock(&self.shared.cache).failed(self.renewal.now());
        }
        self.shared.finished.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl Shared {
    async fn fetch(&self, renewal: &Renewal) -> Result<(), FetchError> {
        let now = renewal.now();
        let (current, stated, etag) = {
            let cache = lock(&self.cache);
            (Arc::clone(cache.provider()), cache.as_stated(), cache.etag().map(str::to_owned))
        };
        let url = &self.origin.url;
        let document = self.fetcher.metadata(url, MAX_METADATA_LENGTH, etag.as_deref()).await?;
        if document.status == 304 {
            if self.apply(&current, |cache| cache.not_modified(document.max_age, now)) {
                self.origin.keep(None, now).await;
            }
            return Ok(());
        }
        let (text, caching) = text_of(document)?;
        let origin = Arc::clone(&self.origin);
        // Ten megabytes are parsed beside the tasks that answer people.
        let judged = spawn_blocking(move || origin.policy.renew(&stated, &text, now).map(|newer| (newer, text)));
        let (newer, text) = judged.await.map_err(|_| FetchError::Unreachable { reason: "stopping".to_owned() })??;
        // What cannot be recorded does not happen.
        renewal.accepted(&current, &newer).map_err(|error| FetchError::Audit { reason: error.to_string() })?;
        if self.apply(&current, |cache| cache.renewed(&newer, caching, now)) {
            self.origin.keep(Some(text), now).await;
        }
        Ok(())
    }

    /// Tells the cache what a fetch brought that was judged beside `current`, unless another has brought something since: a
    /// fetch that was given up for lost may still come back.
    fn apply(&self, current: &Arc<SamlProvider>, change: impl FnOnce(&mut MetadataCache)) -> bool {
        let mut cache = lock(&self.cache);
        let unchanged = Arc::ptr_eq(cache.provider(), current);
        if unchanged {
            change(&mut cache);
        }
        unchanged
    }
}

impl Origin {
    async fn first(
        self: &Arc<Self>,
        fetcher: &Fetcher,
        now: Timestamp,
    ) -> Result<(IdpMetadata, String, HttpCaching), FetchError> {
        let (text, caching) = text_of(fetcher.metadata(&self.url, MAX_METADATA_LENGTH, None).await?)?;
        let metadata = self.policy.read(&text, now)?;
        Ok((metadata, text, caching))
    }

    /// The copy in the backing file, and when it was last confirmed.
    async fn kept(self: &Arc<Self>, now: Timestamp) -> Option<(IdpMetadata, Timestamp)> {
        let origin = Arc::clone(self);
        let read = spawn_blocking(move || {
            let (text, written) = origin.file.as_ref()?.read(now)?;
            Some((origin.policy.read(&text, now).ok()?, written))
        });
        read.await.ok().flatten()
    }

    /// Writes `text`, or confirms what is written. A file that cannot be written is missed at the next start alone.
    async fn keep(self: &Arc<Self>, text: Option<String>, now: Timestamp) {
        let origin = Arc::clone(self);
        let written = spawn_blocking(move || {
            origin.file.as_ref().map(|file| match text {
                Some(text) => file.write(&text, now),
                None => file.confirm(now),
            })
        });
        let _ = written.await;
    }
}

fn text_of(document: Document) -> Result<(String, HttpCaching), FetchError> {
    let text = String::from_utf8(document.body);
    let text = text.map_err(|_| SamlError::Metadata(MetadataError::Xml(XmlError::NotUtf8)))?;
    Ok((text, HttpCaching::new(document.max_age, document.etag)))
}

/// A poisoned lock means that a thread died between two assignments; the cache is whole at every step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
