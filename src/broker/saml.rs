//! The SAML side of a broker.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::admission::Provider;
use super::record::Told;
use super::renewal::{Renewal, RenewedProvider};
use super::{Broker, Flow};
use crate::arn::AccountId;
use crate::audit::Stage;
use crate::identity::Use;
use crate::identity::saml::metadata::refresh::RefreshCause;
use crate::identity::saml::{self, SamlError, SamlProvider, UnverifiedResponse};
use crate::{Error, VerifiedIdentity};

const SIGN_IN: &str = "sign-in with SAML";
const EXCHANGE: &str = "exchange of a SAML assertion";

impl From<SamlProvider> for Provider {
    fn from(provider: SamlProvider) -> Self {
        Self::Saml(Box::new(provider))
    }
}

/// A SAML provider of a running broker.
#[derive(Debug)]
pub(super) struct Standing {
    source: Source,
    disabled: AtomicBool,
}

#[derive(Debug)]
enum Source {
    Fixed(Arc<SamlProvider>),
    Renewed(Box<dyn RenewedProvider>),
}

impl Standing {
    pub(super) fn fixed(provider: SamlProvider) -> Self {
        Self { source: Source::Fixed(Arc::new(provider)), disabled: AtomicBool::new(false) }
    }

    pub(super) fn renewed(provider: Box<dyn RenewedProvider>) -> Self {
        Self { source: Source::Renewed(provider), disabled: AtomicBool::new(false) }
    }

    pub(super) fn provider(&self) -> Arc<SamlProvider> {
        let provider = match &self.source {
            Source::Fixed(provider) => Arc::clone(provider),
            Source::Renewed(renewed) => renewed.provider(),
        };
        if self.disabled.load(Ordering::SeqCst) {
            return Arc::new(SamlProvider::clone(&provider).disabled());
        }
        provider
    }

    pub(super) const fn may_change(&self) -> bool {
        matches!(self.source, Source::Renewed(_))
    }

    pub(super) async fn renew(&self, renewal: Renewal) {
        if let Source::Renewed(renewed) = &self.source {
            renewed.renew(renewal).await;
        }
    }
}

impl Broker {
    /// The SAML provider that accounts register under `name`, as it stands now.
    #[must_use]
    pub fn saml_provider(&self, name: &str) -> Option<Arc<SamlProvider>> {
        self.saml.get(name).map(Standing::provider)
    }

    /// Every SAML provider as it stands now, by name.
    pub fn saml_providers(&self) -> impl Iterator<Item = Arc<SamlProvider>> {
        self.saml.values().map(Standing::provider)
    }

    /// Takes the SAML provider called `name` out of service: what it says is refused from now on, also in answer to
    /// sign-ins under way.
    ///
    /// # Errors
    /// [`Error::UnknownProvider`] when there is no such provider.
    pub fn disable_saml_provider(&self, name: &str) -> Result<(), Error> {
        self.standing(name).map(|standing| standing.disabled.store(true, Ordering::SeqCst))
    }

    /// Puts the SAML provider called `name` back into service.
    ///
    /// # Errors
    /// [`Error::UnknownProvider`] when there is no such provider.
    pub fn enable_saml_provider(&self, name: &str) -> Result<(), Error> {
        self.standing(name).map(|standing| standing.disabled.store(false, Ordering::SeqCst))
    }

    pub(super) fn standing(&self, name: &str) -> Result<&Standing, Error> {
        self.saml.get(name).ok_or_else(|| Error::UnknownProvider { issuer: name.to_owned() })
    }

    /// Verifies a SAML response of the one configured provider and keeps it from being used again.
    ///
    /// # Errors
    /// [`Error::Saml`], [`Error::UnknownProvider`], [`Error::Replayed`], or that the store or the audit trail failed.
    pub async fn verify(&self, response: UnverifiedResponse) -> Result<VerifiedIdentity, Error> {
        self.begin()?.verify(response).await
    }
}

impl Flow<'_> {
    /// Verifies a SAML response of the one configured provider for signing in.
    ///
    /// # Errors
    /// As [`Flow::verify_from`]; [`Error::UnknownProvider`] when not exactly one SAML provider is configured.
    pub async fn verify(&self, response: UnverifiedResponse) -> Result<VerifiedIdentity, Error> {
        let mut names = self.broker().saml.keys();
        match (names.next(), names.next()) {
            (Some(name), None) => self.verify_from(name, response).await,
            _ => self.unknown(SIGN_IN, "the one SAML provider"),
        }
    }

    /// Verifies a SAML response of the provider called `name` for signing in, for which it serves once.
    ///
    /// # Errors
    /// [`Error::Saml`], [`Error::UnknownProvider`], [`Error::Replayed`], or that the store or the audit trail failed.
    pub async fn verify_from(&self, name: &str, response: UnverifiedResponse) -> Result<VerifiedIdentity, Error> {
        let Some(standing) = self.broker().saml.get(name) else { return self.unknown(SIGN_IN, name) };
        let (verified, heard) = self.saml(standing, response).await;
        self.admit(SIGN_IN, Some(Use::Once), verified, heard).await
    }

    /// Verifies a SAML response that its bearer exchanges for a role: until it expires, unless the provider or the
    /// assertion says once.
    ///
    /// # Errors
    /// As [`Flow::verify_from`].
    pub async fn exchange(&self, name: &str, response: UnverifiedResponse) -> Result<VerifiedIdentity, Error> {
        let Some(standing) = self.broker().saml.get(name) else { return self.unknown(EXCHANGE, name) };
        let (verified, heard) = self.saml(standing, response).await;
        self.admit(EXCHANGE, None, verified, heard).await
    }

    /// As [`Flow::exchange`], for the provider that `account` knows as `name`: one that is configured for every account, or
    /// else the account's own. An account's own provider vouches for nobody in another account: whom it vouches for assumes
    /// no role but one of `account`.
    ///
    /// # Errors
    /// As [`Flow::verify_from`].
    pub async fn exchange_in(
        &self,
        account: &AccountId,
        name: &str,
        response: UnverifiedResponse,
    ) -> Result<VerifiedIdentity, Error> {
        let accounts = self.broker().registry().read();
        let own = accounts.find(account).and_then(|account| account.saml_providers.find(name));
        // Names are written in one way only, as with the providers that are configured.
        match own.filter(|own| !self.broker().saml.contains_key(name) && own.name.as_str() == name) {
            Some(own) => {
                let (verified, heard) = self.judge(&own.provider, response).await;
                self.admit(EXCHANGE, None, verified, heard).await
            }
            None => self.exchange(name, response).await,
        }
    }

    /// The provider as it stands, renewed first where that is due.
    pub(super) async fn newest(&self, standing: &Standing) -> Arc<SamlProvider> {
        standing.renew(self.renewal(RefreshCause::Due)).await;
        standing.provider()
    }

    /// The provider by newer metadata with other keys than `older` has, if that can be had after a signature by no known key.
    pub(super) async fn by_other_keys(&self, standing: &Standing, older: &SamlProvider) -> Option<Arc<SamlProvider>> {
        standing.renew(self.renewal(RefreshCause::UnknownKey)).await;
        let newer = standing.provider();
        (newer.pinned_keys() != older.pinned_keys()).then_some(newer)
    }

    /// Verifies `response` by the newest metadata. A signature by no known key may be the first after a key change that
    /// nobody announced: it is verified once more if newer metadata can be had.
    async fn saml(&self, standing: &Standing, response: UnverifiedResponse) -> (Result<VerifiedIdentity, Error>, Told) {
        let provider = self.newest(standing).await;
        let again = standing.may_change().then(|| response.to_verify_again());
        let judged = self.judge(&provider, response).await;
        if let (Err(Error::Saml(SamlError::SignatureInvalid { .. })), Some(again)) = (&judged.0, again)
            && let Some(newer) = self.by_other_keys(standing, &provider).await
        {
            return self.judge(&newer, again).await;
        }
        judged
    }

    async fn judge(
        &self,
        provider: &SamlProvider,
        response: UnverifiedResponse,
    ) -> (Result<VerifiedIdentity, Error>, Told) {
        let mut hearing = self.hearing();
        let verified = match saml::verify(provider, response, self.broker().now(), &mut hearing) {
            Ok(identity) => self.still_live(provider, identity).await,
            Err(error) => Err(error.into()),
        };
        let relaxations = hearing.relaxations();
        (verified, Told { checks: hearing.finish(&saml::RULES), relaxations, ..Told::default() })
    }

    pub(super) fn unknown<T>(&self, operation: &str, name: &str) -> Result<T, Error> {
        let refused = Err(Error::UnknownProvider { issuer: name.to_owned() });
        self.conclude(Stage::Identity, operation, Told::default(), refused)
    }
}
