//! SAML providers whose metadata is fetched again while the broker runs.
//!
//! The broker asks for that before it judges a response and after a signature by no known key; no task in the background is
//! needed. How a document comes here is the business of a [`RenewedProvider`], whether it is believed that of
//! [`MetadataPolicy`](crate::identity::saml::MetadataPolicy).

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use super::record::bound;
use super::{Broker, Flow};
use crate::Error;
use crate::audit::{AuditEvent, AuditSink, Outcome, Stage};
use crate::explain::CorrelationId;
use crate::identity::saml::SamlProvider;
use crate::identity::saml::metadata::refresh::RefreshCause;
use crate::time::Timestamp;

const RENEWAL: &str = "renewal of SAML metadata";

/// A renewal under way.
pub type RenewalFuture<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// A SAML provider that is renewed from its metadata while the broker runs.
pub trait RenewedProvider: fmt::Debug + Send + Sync {
    /// The provider by the last good metadata.
    fn provider(&self) -> Arc<SamlProvider>;

    /// Fetches the metadata if that is due for the cause that `renewal` gives, and is done when the provider is as good as
    /// it gets now. How a fetch ends is told to `renewal`.
    fn renew(&self, renewal: Renewal) -> RenewalFuture<'_>;
}

/// Why metadata might be fetched, and the audit trail that hears how it ended.
#[derive(Clone, Debug)]
pub struct Renewal {
    cause: RefreshCause,
    now: Timestamp,
    correlation_id: CorrelationId,
    audit: Arc<dyn AuditSink>,
}

impl Renewal {
    /// Why.
    #[must_use]
    pub const fn cause(&self) -> RefreshCause {
        self.cause
    }

    /// The present instant.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Records that `newer` takes the place of `older`, where other keys are trusted by it. Keys seen for the first time are
    /// what shows a stolen signing key put to use.
    ///
    /// # Errors
    /// The audit trail's own failure; `newer` must then not take its place.
    pub fn accepted(&self, older: &SamlProvider, newer: &SamlProvider) -> io::Result<()> {
        let only_of = |one: &SamlProvider, other: &SamlProvider| {
            let keys = one.pinned_keys().iter().filter(|key| !other.pinned_keys().contains(key));
            keys.map(|key| key.fingerprint().to_owned()).collect::<Vec<_>>().join(", ")
        };
        let (new, old) = (only_of(newer, older), only_of(older, newer));
        if new.is_empty() && old.is_empty() {
            return Ok(());
        }
        let reason = format!("keys trusted from now on: [{new}]; keys no longer trusted: [{old}]");
        self.record(newer, Outcome::Accepted, None, reason)
    }

    /// Records that the metadata of `provider` could not be had or was refused, and that `provider` stays as it is.
    ///
    /// # Errors
    /// The audit trail's own failure.
    pub fn refused(&self, provider: &SamlProvider, code: &'static str, reason: String) -> io::Result<()> {
        self.record(provider, Outcome::Refused, Some(code), reason)
    }

    fn record(
        &self,
        provider: &SamlProvider,
        outcome: Outcome,
        code: Option<&'static str>,
        reason: String,
    ) -> io::Result<()> {
        let mut event = AuditEvent::new(self.now, self.correlation_id.clone(), Stage::Identity, RENEWAL, outcome);
        event.principal = provider.entity_id().to_owned();
        event.resource = provider.name().to_string();
        event.code = code;
        event.reason = reason;
        bound(&mut event);
        self.audit.record(&event)
    }
}

impl Broker {
    /// Fetches the metadata of the SAML provider called `name` now, and returns the provider by it, or as it was when that
    /// failed: the audit trail says which. A provider of fixed metadata is returned as it is.
    ///
    /// # Errors
    /// [`Error::UnknownProvider`] when there is no such provider, [`Error::Crypto`] without randomness.
    pub async fn renew_metadata(&self, name: &str) -> Result<Arc<SamlProvider>, Error> {
        let flow = self.begin()?;
        let standing = self.standing(name)?;
        standing.renew(flow.renewal(RefreshCause::Asked)).await;
        Ok(standing.provider())
    }
}

impl Flow<'_> {
    pub(super) fn renewal(&self, cause: RefreshCause) -> Renewal {
        let broker = self.broker();
        let correlation_id = self.correlation_id().clone();
        Renewal { cause, now: broker.now(), correlation_id, audit: Arc::clone(&broker.audit) }
    }
}
