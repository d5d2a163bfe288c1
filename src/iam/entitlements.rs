//! What a caller is entitled to, from the accounts as they are now.

use super::{Account, Accounts, User};
use crate::arn::{AccountId, Arn};
use crate::policy::Policy;
use crate::session::{Caller, Entitlements, LongTermIdentity, RoleSession, Session, UserIdentity, everything};

impl Accounts {
    /// Every policy that speaks for `caller`. A user or role that is gone is entitled to nothing, and so is one that was
    /// made anew under its name.
    #[must_use]
    pub fn entitlements(&self, caller: &Caller) -> Entitlements {
        let account = caller.account();
        let entitled = match caller.session().map(|session| &**session) {
            None => caller.long_term_identity().map(|identity| self.of_identity(identity)),
            Some(Session::User(session)) => Some(self.of_identity(session.identity())),
            Some(Session::Role(session)) => self.of_session(session),
            Some(Session::FederatedUser(session)) => Some(match session.asker() {
                // The principal is not the root user, but may do what the root user may as far as its policies go.
                LongTermIdentity::Root { .. } => Entitlements::new(everything().to_vec()),
                user @ LongTermIdentity::User(_) => Entitlements { tags: [].into(), ..self.of_identity(user) },
            }),
            Some(Session::Root(_)) => None,
        };
        let managed = caller.session().and_then(|session| session.session_policies());
        let managed = managed.map(|policies| policies.managed()).unwrap_or_default();
        let managed = managed.iter().filter_map(|arn| self.managed_policy(account, arn)).cloned().collect();
        entitled.unwrap_or_default().limited_to(managed)
    }

    /// The default version of the managed policy of this ARN, for a principal of `account`.
    #[must_use]
    pub fn managed_policy(&self, account: &AccountId, arn: &Arn) -> Option<&Policy> {
        self.find(account)?.managed_policy(arn)?.default_policy()
    }

    fn of_identity(&self, identity: &LongTermIdentity) -> Entitlements {
        match identity {
            LongTermIdentity::Root { .. } => Entitlements::default(),
            LongTermIdentity::User(user) => self.of_user(user).unwrap_or_default(),
        }
    }

    fn of_user(&self, identity: &UserIdentity) -> Option<Entitlements> {
        let account = self.find(&identity.account)?;
        let user = account.users.find(&identity.user_name).filter(|user| user.id.as_str() == identity.user_id)?;
        Some(account.entitlements_of_user(user))
    }

    fn of_session(&self, session: &RoleSession) -> Option<Entitlements> {
        let role = self.role(session.role_arn()).filter(|role| role.id().as_str() == session.claims().role_id)?;
        Some(Entitlements::of_role(role))
    }
}

impl Account {
    /// What `user` is entitled to.
    #[must_use]
    pub fn entitlements_of_user(&self, user: &User) -> Entitlements {
        let mut entitlements = Entitlements::new(self.compiled(&user.permissions));
        for group in user.groups.iter().filter_map(|name| self.groups.find(name)) {
            entitlements.identity.extend(self.compiled(&group.permissions));
        }
        entitlements.boundary = user.permissions.boundary.as_ref().map(|boundary| self.compiled_boundary(boundary));
        entitlements.tags.clone_from(&user.identity.tags);
        entitlements
    }
}
