//! What is asked: who would do what to which resource, under which circumstances.

use super::{Action, Keys, Principal, Resource};
use crate::arn::AccountId;

/// A question that policies answer.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    principal: &'a Principal,
    action: &'a Action,
    resource: &'a Resource,
    resource_account: Option<&'a AccountId>,
    keys: &'a Keys,
}

impl<'a> Request<'a> {
    /// May `principal` do `action` to `resource`, given `keys`?
    ///
    /// The resource is taken to be in the account of its ARN, or in that of the principal where the ARN names none.
    #[must_use]
    pub fn new(principal: &'a Principal, action: &'a Action, resource: &'a Resource, keys: &'a Keys) -> Self {
        Self { principal, action, resource, resource_account: None, keys }
    }

    /// The same question of a resource known to be in `account`.
    #[must_use]
    pub fn in_account(self, account: &'a AccountId) -> Self {
        Self { resource_account: Some(account), ..self }
    }

    /// Who asks.
    #[must_use]
    pub fn principal(&self) -> &'a Principal {
        self.principal
    }

    /// What would be done.
    #[must_use]
    pub fn action(&self) -> &'a Action {
        self.action
    }

    /// What it would be done to.
    #[must_use]
    pub fn resource(&self) -> &'a Resource {
        self.resource
    }

    /// The condition keys.
    #[must_use]
    pub fn keys(&self) -> &'a Keys {
        self.keys
    }

    /// Whether principal and resource belong to different accounts.
    #[must_use]
    pub fn is_cross_account(&self) -> bool {
        let named = match self.resource {
            // `arn:aws:iam::aws:policy/…` and the like belong to everyone.
            Resource::Arn(arn) => {
                Some(arn.account()).filter(|id| id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit()))
            }
            Resource::All => None,
        };
        let owner = self.resource_account.map(AccountId::as_str).or(named);
        owner.is_some() && self.principal.account().is_some() && owner != self.principal.account()
    }
}
