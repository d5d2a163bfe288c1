//! OpenID Connect providers that an administrator made: AssumeRoleWithWebIdentity takes their tokens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Account, Entity, IamError, Limits, tagging};
use crate::arn::Arn;
use crate::identity::oidc::OidcProvider;
use crate::time::Timestamp;

/// The most client ids of one provider.
const MAX_CLIENT_IDS: usize = 100;
/// The most thumbprints of one provider.
const MAX_THUMBPRINTS: usize = 5;

/// An OpenID Connect provider of an account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OidcProviderRecord {
    /// `arn:aws:iam::<account>:oidc-provider/<host and path>`
    pub arn: Arn,
    /// Host and path of the issuer.
    pub name: String,
    /// Audiences of the tokens that are accepted; without any, none is.
    pub client_ids: BTreeSet<String>,
    /// SHA-1 thumbprints of certificates, kept and shown; the keys are fetched from servers that the public authorities
    /// vouch for.
    pub thumbprints: Vec<String>,
    /// What tokens are verified with; none while there is no client id.
    pub provider: Option<Arc<OidcProvider>>,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    issuer: String,
    local: bool,
}

/// An OpenID Connect provider that is asked for.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "these are the parameters of CreateOpenIDConnectProvider")]
pub struct NewOidcProvider<'a> {
    /// The issuer.
    pub url: &'a str,
    /// Audiences.
    pub client_ids: BTreeSet<String>,
    /// Thumbprints.
    pub thumbprints: Vec<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

impl OidcProviderRecord {
    /// The issuer as tokens write it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    fn make_provider(&mut self) -> Result<(), IamError> {
        let account = self.arn.account_id().map_err(|_| IamError::missing(Entity::OidcProvider, self.arn.as_str()))?;
        let refused = |error: crate::identity::oidc::ProviderError| IamError::Provider { reason: error.to_string() };
        self.provider = match self.client_ids.is_empty() {
            true => None,
            false => {
                let provider = OidcProvider::new(&self.issuer, self.client_ids.iter().cloned()).map_err(refused)?;
                let provider = provider.of_account(account);
                Some(Arc::new(if self.local { provider.with_local_network() } else { provider }))
            }
        };
        Ok(())
    }
}

impl Account {
    /// Makes an OpenID Connect provider; one at a local address only where `local` says so.
    ///
    /// # Errors
    /// [`IamError::ProviderUrl`] when the URL is no issuer, [`IamError::Provider`] for one on this machine,
    /// [`IamError::TooManyThumbprints`], [`IamError::AlreadyExists`], [`IamError::LimitExceeded`].
    pub fn create_oidc_provider(
        &mut self,
        new: NewOidcProvider<'_>,
        local: bool,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<Arn, IamError> {
        // An issuer is tried with some audience, so that one without a client id is held to the same form.
        let tried = OidcProvider::new(new.url, ["audience"]);
        let tried = tried.map_err(|error| IamError::ProviderUrl { reason: error.to_string() })?;
        let name = tried.issuer().name().to_owned();
        if tried.issuer().is_loopback() && !local {
            return Err(IamError::Provider { reason: "an issuer on this machine is not allowed here".to_owned() });
        }
        if self.oidc_providers.contains_key(&name) {
            return Err(IamError::AlreadyExists { entity: Entity::OidcProvider, name: new.url.to_owned() });
        }
        if self.oidc_providers.len() >= limits.oidc_providers {
            let quota = "OpenIdConnectProvidersPerAccount";
            return Err(IamError::LimitExceeded { quota, most: limits.oidc_providers });
        }
        within("ClientIdsPerOpenIdConnectProvider", new.client_ids.len(), MAX_CLIENT_IDS)?;
        hold_thumbprints(&new.thumbprints)?;
        let mut tags = BTreeMap::new();
        tagging::tag(&mut tags, new.tags, limits)?;
        let arn = Arn::iam(&self.id, &format!("oidc-provider/{name}"));
        let mut record = OidcProviderRecord {
            arn: arn.clone(),
            name: name.clone(),
            client_ids: new.client_ids,
            thumbprints: new.thumbprints,
            provider: None,
            created: now,
            tags,
            issuer: new.url.to_owned(),
            local,
        };
        record.make_provider()?;
        self.oidc_providers.insert(name, Arc::new(record));
        Ok(arn)
    }

    /// The OpenID Connect provider of this ARN.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`].
    pub fn oidc_provider(&self, arn: &Arn) -> Result<&Arc<OidcProviderRecord>, IamError> {
        let name = arn.resource().strip_prefix("oidc-provider/");
        let record = name.and_then(|name| self.oidc_providers.get(name)).filter(|record| record.arn == *arn);
        record.ok_or_else(|| IamError::missing(Entity::OidcProvider, arn.as_str()))
    }

    /// Deletes an OpenID Connect provider.
    ///
    /// # Errors
    /// [`IamError::NoOidcProvider`].
    pub fn delete_oidc_provider(&mut self, arn: &Arn) -> Result<(), IamError> {
        let missing = |_| IamError::NoOidcProvider { arn: arn.to_string() };
        let name = self.oidc_provider(arn).map_err(missing)?.name.clone();
        self.oidc_providers.remove(&name);
        Ok(())
    }

    /// Accepts tokens for one audience more.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::LimitExceeded`], [`IamError::Provider`].
    pub fn add_client_id(&mut self, arn: &Arn, client_id: &str) -> Result<(), IamError> {
        let record = self.oidc_provider_mut(arn)?;
        record.client_ids.insert(client_id.to_owned());
        within("ClientIdsPerOpenIdConnectProvider", record.client_ids.len(), MAX_CLIENT_IDS)?;
        record.make_provider()
    }

    /// Accepts no more tokens for an audience; one that never was accepted is no error.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::Provider`].
    pub fn remove_client_id(&mut self, arn: &Arn, client_id: &str) -> Result<(), IamError> {
        let record = self.oidc_provider_mut(arn)?;
        record.client_ids.remove(client_id);
        record.make_provider()
    }

    /// Replaces the thumbprints.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::LimitExceeded`].
    pub fn set_thumbprints(&mut self, arn: &Arn, thumbprints: Vec<String>) -> Result<(), IamError> {
        hold_thumbprints(&thumbprints)?;
        self.oidc_provider_mut(arn)?.thumbprints = thumbprints;
        Ok(())
    }

    /// Adds tags to an OpenID Connect provider.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::LimitExceeded`], [`IamError::Role`].
    pub fn tag_oidc_provider(
        &mut self,
        arn: &Arn,
        tags: BTreeMap<String, String>,
        limits: &Limits,
    ) -> Result<(), IamError> {
        tagging::tag(&mut self.oidc_provider_mut(arn)?.tags, tags, limits)
    }

    /// Takes tags off an OpenID Connect provider.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`].
    pub fn untag_oidc_provider(&mut self, arn: &Arn, keys: &[&str]) -> Result<(), IamError> {
        tagging::untag(&mut self.oidc_provider_mut(arn)?.tags, keys);
        Ok(())
    }

    fn oidc_provider_mut(&mut self, arn: &Arn) -> Result<&mut OidcProviderRecord, IamError> {
        let name = self.oidc_provider(arn)?.name.clone();
        let record = self.oidc_providers.get_mut(&name).map(Arc::make_mut);
        record.ok_or_else(|| IamError::missing(Entity::OidcProvider, arn.as_str()))
    }
}

fn hold_thumbprints(thumbprints: &[String]) -> Result<(), IamError> {
    match thumbprints.len() > MAX_THUMBPRINTS {
        true => Err(IamError::TooManyThumbprints { most: MAX_THUMBPRINTS }),
        false => Ok(()),
    }
}

fn within(quota: &'static str, count: usize, most: usize) -> Result<(), IamError> {
    if count > most { Err(IamError::LimitExceeded { quota, most }) } else { Ok(()) }
}
