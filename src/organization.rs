//! Organisations: which accounts belong together, and the control policies that reach each of them.

use std::collections::BTreeMap;

use crate::arn::AccountId;
use crate::policy::{Keys, Level};

/// An organisation of accounts: its management account, and for every other one where it hangs and what limits it.
///
/// Control policies never reach the management account.
#[derive(Clone, Debug, Default)]
pub struct Organization {
    identified: Option<Identified>,
    members: BTreeMap<AccountId, Member>,
    root_sessions: bool,
}

#[derive(Clone, Debug)]
struct Identified {
    id: String,
    management: AccountId,
}

#[derive(Clone, Debug, Default)]
struct Member {
    path: Option<String>,
    service_control: Vec<Level>,
    resource_control: Vec<Level>,
}

impl Organization {
    /// The organisation `id`, such as `o-a1b2c3d4e5`, whose management account is this one.
    #[must_use]
    pub fn new(id: impl Into<String>, management: AccountId) -> Self {
        let mut members = BTreeMap::new();
        members.insert(management.clone(), Member::default());
        Self { identified: Some(Identified { id: id.into(), management }), members, root_sessions: false }
    }

    /// Adds an account at `path`, such as `o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/`, which always ends in a slash.
    #[must_use]
    pub fn with_account(mut self, account: AccountId, path: impl Into<String>) -> Self {
        self.members.entry(account).or_default().path = Some(path.into());
        self
    }

    /// Limits what the principals of `account` may do: every level, from the root down, must allow it.
    #[must_use]
    pub fn with_service_control(mut self, account: AccountId, levels: Vec<Level>) -> Self {
        self.members.entry(account).or_default().service_control = levels;
        self
    }

    /// Limits what anyone may do to the resources of `account`.
    #[must_use]
    pub fn with_resource_control(mut self, account: AccountId, levels: Vec<Level>) -> Self {
        self.members.entry(account).or_default().resource_control = levels;
        self
    }

    /// Lets the management account take root sessions of the members (AssumeRoot).
    #[must_use]
    pub const fn with_root_sessions(mut self) -> Self {
        self.root_sessions = true;
        self
    }

    /// Whether root sessions of the members may be taken.
    #[must_use]
    pub const fn has_root_sessions(&self) -> bool {
        self.root_sessions
    }

    /// The id of the organisation that `account` belongs to.
    #[must_use]
    pub fn id_of(&self, account: &AccountId) -> Option<&str> {
        let identified = self.identified.as_ref()?;
        self.members.contains_key(account).then_some(identified.id.as_str())
    }

    /// Where `account` hangs in the organisation.
    #[must_use]
    pub fn path_of(&self, account: &AccountId) -> Option<&str> {
        self.members.get(account)?.path.as_deref()
    }

    /// Whether `account` manages the organisation.
    #[must_use]
    pub fn is_management(&self, account: &AccountId) -> bool {
        self.identified.as_ref().is_some_and(|identified| identified.management == *account)
    }

    /// The service control policies that reach the principals of `account`.
    #[must_use]
    pub fn service_control(&self, account: &AccountId) -> &[Level] {
        self.limited(account).map_or(&[], |member| &member.service_control)
    }

    /// The resource control policies that reach the resources of `account`.
    #[must_use]
    pub fn resource_control(&self, account: &AccountId) -> &[Level] {
        self.limited(account).map_or(&[], |member| &member.resource_control)
    }

    fn limited(&self, account: &AccountId) -> Option<&Member> {
        if self.is_management(account) { None } else { self.members.get(account) }
    }

    /// Sets the keys `aws:<role>OrgID` and `aws:<role>OrgPaths`, `role` being `Principal` or `Resource`.
    pub(crate) fn describe(&self, role: &str, account: &AccountId, keys: &mut Keys) {
        if let Some(id) = self.id_of(account) {
            keys.set(&format!("aws:{role}OrgID"), id);
            keys.set_list(&format!("aws:{role}OrgPaths"), self.path_of(account));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Kind, Policy};

    fn level() -> Vec<Level> {
        let deny = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}"#;
        vec![Level::new("Root", vec![Policy::parse(deny, Kind::ServiceControl).unwrap()])]
    }

    #[test]
    fn the_management_account_is_beyond_the_reach_of_control_policies() {
        let (management, member): (AccountId, AccountId) =
            ("111111111111".parse().unwrap(), "222222222222".parse().unwrap());
        let organization = Organization::new("o-example", management.clone())
            .with_service_control(management.clone(), level())
            .with_service_control(member.clone(), level())
            .with_resource_control(management.clone(), level());
        assert!(organization.service_control(&management).is_empty());
        assert!(organization.resource_control(&management).is_empty());
        assert_eq!(organization.service_control(&member).len(), 1);
    }

    #[test]
    fn an_account_of_no_organisation_has_no_id() {
        let (management, stranger): (AccountId, AccountId) =
            ("111111111111".parse().unwrap(), "333333333333".parse().unwrap());
        let organization = Organization::new("o-example", management.clone());
        assert_eq!(organization.id_of(&management), Some("o-example"));
        assert_eq!(organization.id_of(&stranger), None);
        let mut keys = Keys::new();
        organization.describe("Principal", &stranger, &mut keys);
        assert_eq!(keys, Keys::new());
    }
}
