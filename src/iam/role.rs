//! A role as IAM manages it; what the stages ask is its compiled [`Role`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;

use super::{
    Account, Accounts, Boundary, Entity, EntityName, EntityPath, IamError, IdKind, Limits, Permissions, UniqueId,
    document, principal, tagging,
};
use crate::arn::Arn;
use crate::policy::Policy;
use crate::session::{DEFAULT_SESSION_DURATION, MAX_SESSION_DURATION, Role, RoleSession};
use crate::time::Timestamp;

/// The most characters of a role's name.
const MAX_NAME: usize = 64;
/// The most characters of a role's description.
const MAX_DESCRIPTION: usize = 1000;

/// A role of an account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RoleRecord {
    /// Its name.
    pub name: EntityName,
    /// The path, a part of the ARN.
    pub path: EntityPath,
    /// What it is for, up to 1,000 characters.
    pub description: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its own policies.
    pub permissions: Permissions,
    last_used: LastUse,
    /// What the stages ask: ARN, id, trust policy, and the policies compiled.
    pub role: Arc<Role>,
}

impl RoleRecord {
    /// The record of a role that was made in code.
    #[must_use]
    pub fn configured(role: Role, now: Timestamp) -> Self {
        let resource = role.arn().resource().strip_prefix("role").unwrap_or_default();
        let (path, name) = resource.rsplit_once('/').unwrap_or(("", resource));
        let (path, name) = (EntityPath::of_arn(path), EntityName::of_arn(name));
        let mut permissions = Permissions::default();
        for policy in role.permissions() {
            keep(&mut permissions.inline, policy);
        }
        permissions.boundary = role.boundary().map(|policies| {
            let arn = Arn::iam(role.account(), &format!("policy/configured-boundary/{name}"));
            Boundary::Configured { arn, policies: policies.to_vec() }
        });
        let (description, tags) = (None, role.tags().clone());
        let last_used = LastUse::default();
        Self { name, path, description, created: now, tags, permissions, last_used, role: Arc::new(role) }
    }

    /// When a session of the role last signed a request, and for which region; none if none has since the service began.
    #[must_use]
    pub fn last_used(&self) -> Option<Arc<RoleUse>> {
        self.last_used.0.load_full()
    }

    /// The trust policy as it is shown: with the ARNs of the users and roles it names, as far as they still exist.
    #[must_use]
    pub fn trust_document(&self, accounts: &Accounts) -> String {
        principal::shown(self.role.trust_policy().policy().text(), accounts)
    }
}

/// When and for which region a session of a role signed a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoleUse {
    /// When, to the second.
    pub at: Timestamp,
    /// The region it signed for.
    pub region: String,
}

/// The last use, none before there is one; one for all snapshots.
#[derive(Clone, Debug, Default)]
struct LastUse(Arc<ArcSwapOption<RoleUse>>);

/// A role that is asked for.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "these are the parameters of CreateRole")]
pub struct NewRole<'a> {
    /// Its name, at most 64 characters.
    pub name: EntityName,
    /// The path, a part of the ARN.
    pub path: EntityPath,
    /// The trust policy.
    pub trust_policy: &'a str,
    /// What it is for.
    pub description: Option<String>,
    /// How long its sessions last at most, one hour to twelve.
    pub max_session_duration: Duration,
    /// ARN of the managed policy that is its permissions boundary.
    pub boundary: Option<Arn>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

impl Accounts {
    /// Notes that `session` signed a request for `region`, unless its role is gone.
    pub fn note_role_use(&self, session: &RoleSession, region: &str, now: Timestamp) {
        let account = session.role_arn().account_id().ok().and_then(|id| self.find(&id));
        let record = account.and_then(|account| account.roles.find(session.role_arn().role_name().ok()?));
        if let Some(record) = record.filter(|record| record.role.id().as_str() == session.claims().role_id) {
            let (at, last) = (now.whole_seconds(), record.last_used.0.load());
            if last.as_ref().is_none_or(|last| last.at < at || (last.at == at && last.region != region)) {
                record.last_used.0.store(Some(Arc::new(RoleUse { at, region: region.to_owned() })));
            }
        }
    }
}

impl Account {
    /// Makes a role that permits nothing yet; `elsewhere` are the accounts whose users and roles it may trust.
    ///
    /// # Errors
    /// [`IamError::AlreadyExists`], [`IamError::LimitExceeded`], [`IamError::InvalidInput`],
    /// [`IamError::MalformedPolicy`], [`IamError::InvalidPrincipal`], [`IamError::NoSuchEntity`] without the boundary.
    pub fn create_role(
        &mut self,
        new: NewRole<'_>,
        elsewhere: &Accounts,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<Arc<RoleRecord>, IamError> {
        self.accept_role_name(&new.name, &new.path)?;
        described(new.description.as_deref())?;
        if self.roles.len() >= limits.roles {
            return Err(IamError::LimitExceeded { quota: "RolesPerAccount", most: limits.roles });
        }
        if let Some(boundary) = &new.boundary {
            self.attachable(boundary, Entity::Boundary)?;
        }
        let mut tags = BTreeMap::new();
        tagging::tag(&mut tags, new.tags, limits)?;
        let stored = || principal::stored(new.trust_policy, self, elsewhere);
        let trust = document::trust(new.trust_policy, stored, new.name.as_str(), limits.trust_policy)?;
        let arn = Arn::iam(&self.id, &format!("role{}{}", new.path, new.name));
        let id = UniqueId::fresh(IdKind::Role)?;
        let role =
            Role::new(arn, trust)?.with_id(id.as_str().parse()?).lasting_at_most(lasting(new.max_session_duration)?);
        let record = RoleRecord {
            name: new.name.clone(),
            path: new.path,
            description: new.description,
            created: now,
            tags,
            last_used: LastUse::default(),
            permissions: Permissions { boundary: new.boundary.map(Boundary::Managed), ..Permissions::default() },
            role: Arc::new(role),
        };
        self.roles.insert(&new.name, record);
        self.compile_role(new.name.as_str());
        self.existing_role(new.name.as_str()).cloned()
    }

    /// The role of this name, however it is written.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`].
    pub fn existing_role(&self, name: &str) -> Result<&Arc<RoleRecord>, IamError> {
        self.roles.find(name).ok_or_else(|| IamError::missing(Entity::Role, name))
    }

    /// Changes what a role is for and how long its sessions last at most; what is none stays.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::InvalidInput`], [`IamError::Protected`].
    pub fn update_role(
        &mut self,
        name: &str,
        description: Option<String>,
        max_session_duration: Option<Duration>,
    ) -> Result<Arc<RoleRecord>, IamError> {
        described(description.as_deref())?;
        let record = self.changeable_role_mut(name)?;
        if description.is_some() {
            record.description = description;
        }
        if let Some(duration) = max_session_duration {
            record.role = Arc::new(Role::clone(&record.role).lasting_at_most(lasting(duration)?));
        }
        Ok(Arc::new(record.clone()))
    }

    /// Changes who may assume a role.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::MalformedPolicy`], [`IamError::InvalidPrincipal`],
    /// [`IamError::LimitExceeded`], [`IamError::Protected`].
    pub fn set_trust_policy(
        &mut self,
        name: &str,
        text: &str,
        elsewhere: &Accounts,
        limits: &Limits,
    ) -> Result<(), IamError> {
        let own = self.changeable_role(name)?.name.clone();
        let stored = || principal::stored(text, self, elsewhere);
        let trust = document::trust(text, stored, own.as_str(), limits.trust_policy)?;
        let record = self.changeable_role_mut(name)?;
        record.role = Arc::new(Role::clone(&record.role).trusting(trust));
        Ok(())
    }

    /// Deletes a role that has no policies and is in no instance profile.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::DeleteConflict`], [`IamError::Protected`].
    pub fn delete_role(&mut self, name: &str) -> Result<(), IamError> {
        let permissions = &self.changeable_role(name)?.permissions;
        if !permissions.attached.is_empty() {
            return Err(IamError::DeleteConflict { remedy: "detach all policies" });
        }
        if !permissions.inline.is_empty() {
            return Err(IamError::DeleteConflict { remedy: "delete policies" });
        }
        if self.instance_profiles_of(name).next().is_some() {
            return Err(IamError::DeleteConflict { remedy: "remove roles from instance profile" });
        }
        self.roles.remove(name);
        Ok(())
    }

    /// Adds tags to a role.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::LimitExceeded`], [`IamError::Role`], [`IamError::Protected`].
    pub fn tag_role(&mut self, name: &str, tags: BTreeMap<String, String>, limits: &Limits) -> Result<(), IamError> {
        tagging::tag(&mut self.changeable_role_mut(name)?.tags, tags, limits)?;
        self.compile_role(name);
        Ok(())
    }

    /// Takes tags off a role.
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`], [`IamError::Protected`].
    pub fn untag_role(&mut self, name: &str, keys: &[&str]) -> Result<(), IamError> {
        tagging::untag(&mut self.changeable_role_mut(name)?.tags, keys);
        self.compile_role(name);
        Ok(())
    }

    fn accept_role_name(&self, name: &EntityName, path: &EntityPath) -> Result<(), IamError> {
        if name.as_str().len() > MAX_NAME {
            return Err(IamError::InvalidInput { parameter: "RoleName", expected: "at most 64 characters" });
        }
        if path.as_str().starts_with("/aws-reserved/") || path.as_str().starts_with("/aws-service-role/") {
            let expected = "a path that is not kept for services";
            return Err(IamError::InvalidInput { parameter: "Path", expected });
        }
        match self.roles.find(name.as_str()) {
            Some(_) => Err(IamError::AlreadyExists { entity: Entity::Role, name: name.to_string() }),
            None => Ok(()),
        }
    }

    fn changeable_role_mut(&mut self, name: &str) -> Result<&mut RoleRecord, IamError> {
        self.changeable_role(name)?;
        self.roles.find_mut(name).ok_or_else(|| IamError::missing(Entity::Role, name))
    }
}

/// Keeps an inline policy under the name it has, or one like it where that is no name or another policy's: none may be lost.
fn keep(inline: &mut BTreeMap<String, Policy>, policy: &Policy) {
    let own = policy.name().parse::<EntityName>().ok().map(|name| name.to_string());
    let made = (inline.len().saturating_add(1)..).map(|place| format!("permissions-{place}"));
    let free = own.into_iter().chain(made).find(|name| !inline.contains_key(name));
    inline.extend(free.map(|name| (name, policy.clone())));
}

fn lasting(duration: Duration) -> Result<Duration, IamError> {
    if (DEFAULT_SESSION_DURATION..=MAX_SESSION_DURATION).contains(&duration) {
        return Ok(duration);
    }
    Err(IamError::InvalidInput { parameter: "MaxSessionDuration", expected: "3600 to 43200 seconds" })
}

fn described(description: Option<&str>) -> Result<(), IamError> {
    if description.is_some_and(|text| text.chars().count() > MAX_DESCRIPTION) {
        return Err(IamError::InvalidInput { parameter: "Description", expected: "at most 1000 characters" });
    }
    Ok(())
}
