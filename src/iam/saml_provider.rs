//! SAML providers that an administrator made from metadata: AssumeRoleWithSAML takes their assertions.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Account, Entity, EntityName, IamError, IdKind, Limits, UniqueId, tagging};
use crate::arn::Arn;
use crate::identity::saml::SamlProvider;
use crate::time::Timestamp;

/// A SAML provider of an account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SamlProviderRecord {
    /// `arn:aws:iam::<account>:saml-provider/<name>`
    pub arn: Arn,
    /// Its name.
    pub name: EntityName,
    /// The unique id, `SAMLP…`.
    pub id: UniqueId,
    /// The metadata as it was given.
    pub metadata: Arc<str>,
    /// What assertions are verified with.
    pub provider: Arc<SamlProvider>,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

impl Account {
    /// Makes a SAML provider of `provider`, which was read from `metadata`.
    ///
    /// # Errors
    /// [`IamError::AlreadyExists`], [`IamError::LimitExceeded`], [`IamError::Role`] for a tag, [`IamError::Crypto`].
    pub fn create_saml_provider(
        &mut self,
        name: &EntityName,
        metadata: &str,
        provider: SamlProvider,
        tags: BTreeMap<String, String>,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<Arn, IamError> {
        if self.saml_providers.find(name.as_str()).is_some() {
            return Err(IamError::AlreadyExists { entity: Entity::SamlProvider, name: name.to_string() });
        }
        if self.saml_providers.len() >= limits.saml_providers {
            return Err(IamError::LimitExceeded { quota: "SAMLProvidersPerAccount", most: limits.saml_providers });
        }
        let mut held = BTreeMap::new();
        tagging::tag(&mut held, tags, limits)?;
        let arn = Arn::iam(&self.id, &format!("saml-provider/{name}"));
        let record = SamlProviderRecord {
            arn: arn.clone(),
            name: name.clone(),
            id: UniqueId::fresh(IdKind::SamlProvider)?,
            metadata: metadata.into(),
            provider: Arc::new(provider.named(name.as_str()).of_account(self.id.clone())),
            created: now,
            tags: held,
        };
        self.saml_providers.insert(name, record);
        Ok(arn)
    }

    /// The SAML provider of this ARN.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`].
    pub fn saml_provider(&self, arn: &Arn) -> Result<&Arc<SamlProviderRecord>, IamError> {
        let name = arn.resource().strip_prefix("saml-provider/");
        let record = name.and_then(|name| self.saml_providers.find(name)).filter(|record| record.arn == *arn);
        record.ok_or_else(|| IamError::missing(Entity::SamlProvider, arn.as_str()))
    }

    /// Reads a SAML provider from newer metadata; assertions are verified with it from now on.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`].
    pub fn update_saml_provider(&mut self, arn: &Arn, metadata: &str, provider: SamlProvider) -> Result<(), IamError> {
        let account = self.id.clone();
        let record = self.saml_provider_mut(arn)?;
        record.metadata = metadata.into();
        record.provider = Arc::new(provider.named(record.name.as_str()).of_account(account));
        Ok(())
    }

    /// Deletes a SAML provider. Roles that trust it stay as they are, and nobody can assume them through it.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`].
    pub fn delete_saml_provider(&mut self, arn: &Arn) -> Result<(), IamError> {
        let name = self.saml_provider(arn)?.name.to_string();
        self.saml_providers.remove(&name);
        Ok(())
    }

    /// Adds tags to a SAML provider.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::LimitExceeded`], [`IamError::Role`].
    pub fn tag_saml_provider(
        &mut self,
        arn: &Arn,
        tags: BTreeMap<String, String>,
        limits: &Limits,
    ) -> Result<(), IamError> {
        tagging::tag(&mut self.saml_provider_mut(arn)?.tags, tags, limits)
    }

    /// Takes tags off a SAML provider.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`].
    pub fn untag_saml_provider(&mut self, arn: &Arn, keys: &[&str]) -> Result<(), IamError> {
        tagging::untag(&mut self.saml_provider_mut(arn)?.tags, keys);
        Ok(())
    }

    fn saml_provider_mut(&mut self, arn: &Arn) -> Result<&mut SamlProviderRecord, IamError> {
        let name = self.saml_provider(arn)?.name.to_string();
        let record = self.saml_providers.find_mut(&name);
        record.ok_or_else(|| IamError::missing(Entity::SamlProvider, arn.as_str()))
    }
}
