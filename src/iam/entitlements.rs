//! Who a caller is and what a caller is entitled to, from the accounts as they are now.

use std::sync::Arc;

use super::{Account, Accounts, User};
use crate::arn::{AccountId, Arn};
use crate::policy::Policy;
use crate::session::{
    Caller, Entitlements, LongTermIdentity, Role, RoleSession, Session, SessionPolicies, everything, nothing,
};

impl Accounts {
    /// Who `caller` is by now: a user under the present name and path, also as a session that was made before and where
    /// it is who vouches for a federated user. None when the role or user is gone, also when another one has the name.
    ///
    /// Policies speak of callers by ARN and name. Whoever decides about a caller that was authenticated a while ago asks
    /// this first.
    #[must_use]
    pub fn present(&self, caller: &Caller) -> Option<Caller> {
        match caller.session() {
            Some(session) => self.present_session(session),
            None => self.present_identity(caller.long_term_identity()?).map(Caller::long_term),
        }
    }

    pub(super) fn present_session(&self, session: &Arc<Session>) -> Option<Caller> {
        match &**session {
            Session::Role(role) => self.role_of(role).map(|_| Caller::temporary(Arc::clone(session))),
            // Nobody deletes a root user.
            Session::Root(_) => Some(Caller::temporary(Arc::clone(session))),
            Session::User(_) | Session::FederatedUser(_) => {
                let present = self.present_identity(session.rests_on()?)?;
                Some(Caller::of_present(Arc::clone(session), present))
            }
        }
    }

    /// Every policy that speaks for `caller`. A user or role that is gone is entitled to nothing, and so is one that was
    /// made anew under its name.
    #[must_use]
    pub fn entitlements(&self, caller: &Caller) -> Entitlements {
        let entitled = match caller.session().map(|session| &**session) {
            None | Some(Session::User(_)) => caller.identity().map(|identity| self.of_identity(identity)),
            Some(Session::Role(session)) => self.role_of(session).map(|role| Entitlements::of_role(role)),
            Some(Session::FederatedUser(session)) => Some(match session.asker() {
                // The principal is not the root user, but may do what the root user may as far as its policies go.
                LongTermIdentity::Root { .. } => Entitlements::new(everything().to_vec()),
                user @ LongTermIdentity::User(_) => Entitlements { tags: [].into(), ..self.of_identity(user) },
            }),
            Some(Session::Root(_)) => None,
        };
        let managed = caller.session().and_then(|session| session.session_policies());
        let managed = managed.map(|policies| self.managed_session(caller.account(), policies)).unwrap_or_default();
        entitled.unwrap_or_default().limited_to(managed)
    }

    /// The default version of the managed policy of this ARN, for a principal of `account`.
    #[must_use]
    pub fn managed_policy(&self, account: &AccountId, arn: &Arn) -> Option<&Policy> {
        self.find(account)?.managed_policy(arn)?.default_policy()
    }

    /// The managed policies that limit a session. What one that is gone denied is not known any more, so that everything is.
    fn managed_session(&self, account: &AccountId, policies: &SessionPolicies) -> Vec<Policy> {
        let found = |arn| match self.managed_policy(account, arn) {
            Some(policy) => vec![policy.clone()],
            None => nothing().iter().map(|nothing| nothing.named(&format!("{arn}, which is gone"))).collect(),
        };
        policies.managed().iter().flat_map(found).collect()
    }

    fn of_identity(&self, identity: &LongTermIdentity) -> Entitlements {
        let LongTermIdentity::User(user) = identity else { return Entitlements::default() };
        let found = self.snapshot(&user.account).and_then(|snapshot| Some((snapshot.account(), snapshot.same(user)?)));
        found.map(|(account, user)| account.entitlements_of_user(user)).unwrap_or_default()
    }

    fn present_identity(&self, identity: &LongTermIdentity) -> Option<LongTermIdentity> {
        let snapshot = self.snapshot(identity.account())?;
        Some(match identity {
            LongTermIdentity::Root { .. } => identity.clone(),
            LongTermIdentity::User(user) => LongTermIdentity::User(Arc::clone(&snapshot.same(user)?.identity)),
        })
    }

    fn role_of(&self, session: &RoleSession) -> Option<&Arc<Role>> {
        let role = self.find(session.account())?.role(session.role_arn())?;
        (role.id().as_str() == session.claims().role_id).then_some(role)
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
