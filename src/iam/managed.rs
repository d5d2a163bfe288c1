//! Managed policies: documents with versions, attached to any number of users, groups and roles.

use std::collections::{BTreeMap, HashMap};

use super::{
    Account, Boundary, Entity, EntityName, EntityPath, IamError, IdKind, Limits, Permissions, UniqueId, document,
    tagging,
};
use crate::arn::Arn;
use crate::policy::Policy;
use crate::time::Timestamp;

/// One version of a managed policy.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PolicyVersion {
    /// Its number: `v1` is 1. Numbers are not given again.
    pub number: u32,
    /// The document, compiled.
    pub policy: Policy,
    /// When it was made.
    pub created: Timestamp,
}

/// A managed policy.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ManagedPolicy {
    /// `arn:aws:iam::<account>:policy/<path and name>`
    pub arn: Arn,
    /// Its name.
    pub name: EntityName,
    /// The path, a part of the ARN.
    pub path: EntityPath,
    /// The unique id, `ANPA…`.
    pub id: UniqueId,
    /// What it is for.
    pub description: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its versions, oldest first.
    pub versions: Vec<PolicyVersion>,
    /// The number of the version in force.
    pub default_version: u32,
    /// How many versions it has had.
    pub(super) versions_made: u32,
}

/// How often a managed policy is used in an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyUses {
    /// How many users, groups and roles it is attached to.
    pub attachments: usize,
    /// How many users and roles it is the permissions boundary of.
    pub boundaries: usize,
}

impl ManagedPolicy {
    /// The version in force.
    #[must_use]
    pub fn default_policy(&self) -> Option<&Policy> {
        self.version(self.default_version).map(|version| &version.policy)
    }

    /// The version of this number.
    #[must_use]
    pub fn version(&self, number: u32) -> Option<&PolicyVersion> {
        self.versions.iter().find(|version| version.number == number)
    }
}

/// A managed policy that is asked for.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "these are the parameters of CreatePolicy")]
pub struct NewPolicy<'a> {
    /// Its name.
    pub name: EntityName,
    /// The path, a part of the ARN.
    pub path: EntityPath,
    /// The document.
    pub document: &'a str,
    /// What it is for.
    pub description: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

impl Account {
    /// Makes a managed policy, whose document is its first version and in force.
    ///
    /// # Errors
    /// [`IamError::AlreadyExists`], [`IamError::LimitExceeded`], [`IamError::MalformedPolicy`], [`IamError::Crypto`].
    pub fn create_policy(&mut self, new: NewPolicy<'_>, limits: &Limits, now: Timestamp) -> Result<Arn, IamError> {
        let NewPolicy { name, path, document, description, tags: asked } = new;
        let policy = document::managed(document, name.as_str(), limits.managed_policy)?;
        if self.policies.find(name.as_str()).is_some() {
            return Err(IamError::AlreadyExists { entity: Entity::Policy, name: name.to_string() });
        }
        if self.policies.len() >= limits.policies {
            return Err(IamError::LimitExceeded { quota: "PoliciesPerAccount", most: limits.policies });
        }
        let mut tags = BTreeMap::new();
        tagging::tag(&mut tags, asked, limits)?;
        let arn = Arn::iam(&self.id, &format!("policy{path}{name}"));
        let managed = ManagedPolicy {
            arn: arn.clone(),
            name: name.clone(),
            path,
            id: UniqueId::fresh(IdKind::Policy)?,
            description,
            created: now,
            updated: now,
            tags,
            versions: vec![PolicyVersion { number: 1, policy, created: now }],
            default_version: 1,
            versions_made: 1,
        };
        self.policies.insert(&name, managed);
        Ok(arn)
    }

    /// Deletes a managed policy that is attached nowhere and has no version but the one in force.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::Unmodifiable`], [`IamError::OutsideAccount`].
    pub fn delete_policy(&mut self, arn: &Arn) -> Result<(), IamError> {
        own_account(arn, "delete policies")?;
        let (versions, name) = self.own_policy(arn).map(|own| (own.versions.len(), own.name.to_string()))?;
        if self.uses_of(arn) != PolicyUses::default() {
            return Err(IamError::Unmodifiable { reason: "Cannot delete a policy attached to entities." });
        }
        if versions > 1 {
            let reason = "This policy has more than one version. Before you delete a policy, you must delete the \
                          policy's versions. The default version is deleted with the policy.";
            return Err(IamError::Unmodifiable { reason });
        }
        self.policies.remove(&name);
        Ok(())
    }

    /// Adds a version, and puts it in force if it is to be the default; gives its number.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::TooManyVersions`], [`IamError::MalformedPolicy`],
    /// [`IamError::LimitExceeded`].
    pub fn create_policy_version(
        &mut self,
        arn: &Arn,
        text: &str,
        default: bool,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<PolicyVersion, IamError> {
        let own = self.own_policy(arn)?;
        if own.versions.len() >= limits.policy_versions {
            return Err(IamError::TooManyVersions { most: limits.policy_versions });
        }
        let policy = document::managed(text, own.name.as_str(), limits.managed_policy)?;
        own.versions_made = own.versions_made.saturating_add(1);
        let version = PolicyVersion { number: own.versions_made, policy, created: now };
        own.versions.push(version.clone());
        own.updated = now;
        if default {
            own.default_version = version.number;
            self.compile_roles_with(arn);
        }
        Ok(version)
    }

    /// Deletes a version that is not in force.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::Unmodifiable`], [`IamError::OutsideAccount`].
    pub fn delete_policy_version(&mut self, arn: &Arn, number: u32) -> Result<(), IamError> {
        own_account(arn, "delete policy versions for policies")?;
        let own = self.own_policy(arn).map_err(|_| no_version(arn, number))?;
        own.version(number).ok_or_else(|| no_version(arn, number))?;
        if own.default_version == number {
            return Err(IamError::Unmodifiable { reason: "Cannot delete the default version of a policy." });
        }
        own.versions.retain(|version| version.number != number);
        Ok(())
    }

    /// Puts another version in force, at once for everyone whom the policy speaks for.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::OutsideAccount`].
    pub fn set_default_version(&mut self, arn: &Arn, number: u32, now: Timestamp) -> Result<(), IamError> {
        own_account(arn, "update policies")?;
        let own = self.own_policy(arn).map_err(|_| no_version(arn, number))?;
        own.version(number).ok_or_else(|| no_version(arn, number))?;
        own.default_version = number;
        own.updated = now;
        self.compile_roles_with(arn);
        Ok(())
    }

    /// Adds tags to a managed policy.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::LimitExceeded`].
    pub fn tag_policy(&mut self, arn: &Arn, tags: BTreeMap<String, String>, limits: &Limits) -> Result<(), IamError> {
        tagging::tag(&mut self.own_policy(arn)?.tags, tags, limits)
    }

    /// Takes tags off a managed policy.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`].
    pub fn untag_policy(&mut self, arn: &Arn, keys: &[&str]) -> Result<(), IamError> {
        tagging::untag(&mut self.own_policy(arn)?.tags, keys);
        Ok(())
    }

    /// How often the policy is used.
    #[must_use]
    pub fn uses_of(&self, arn: &Arn) -> PolicyUses {
        let count =
            |used: fn(&Permissions, &Arn) -> bool| self.every_permissions().filter(|own| used(own, arn)).count();
        PolicyUses {
            attachments: count(|own, arn| own.attached.contains(arn)),
            boundaries: count(|own, arn| own.boundary.as_ref().is_some_and(|boundary| boundary.is_managed(arn))),
        }
    }

    /// How often each managed policy is used that is used at all.
    #[must_use]
    pub fn policy_uses(&self) -> HashMap<&Arn, PolicyUses> {
        let mut uses: HashMap<&Arn, PolicyUses> = HashMap::new();
        for permissions in self.every_permissions() {
            for arn in &permissions.attached {
                let own = uses.entry(arn).or_default();
                own.attachments = own.attachments.saturating_add(1);
            }
            if let Some(Boundary::Managed(arn)) = &permissions.boundary {
                let own = uses.entry(arn).or_default();
                own.boundaries = own.boundaries.saturating_add(1);
            }
        }
        uses
    }

    /// A policy of the account itself, to be changed; those that every account has are nobody's to change.
    fn own_policy(&mut self, arn: &Arn) -> Result<&mut ManagedPolicy, IamError> {
        let name = self.managed_policy(arn).map(|policy| policy.name.clone());
        let own = name.and_then(|name| self.policies.find_mut(name.as_str())).filter(|own| own.arn == *arn);
        own.ok_or_else(|| IamError::missing(Entity::Policy, arn.as_str()))
    }
}

/// Refuses to change what every account has.
fn own_account(arn: &Arn, change: &'static str) -> Result<(), IamError> {
    if arn.account() == "aws" { Err(IamError::OutsideAccount { change }) } else { Ok(()) }
}

fn no_version(arn: &Arn, number: u32) -> IamError {
    IamError::missing(Entity::PolicyVersion, format!("{arn} version v{number}"))
}
