//! One signed call: who makes it, in which account, and whether policy allows it.

use std::cell::{Cell, OnceCell};
use std::sync::Arc;

use super::{Iam, trail};
use crate::Error;
use crate::arn::{AccountId, Arn};
use crate::broker::{Conclusion, Flow, GRANTED, Granted};
use crate::decision::{Decision, why};
use crate::http::query::{Answer, Query, QueryError};
use crate::iam::{Account, Accounts, Entity, IamError, Limits, Registry};
use crate::policy::Keys;
use crate::request::AuthenticatedRequest;
use crate::session::LongTermIdentity;
use crate::time::Timestamp;

/// What answers one operation.
pub(super) type Operation = fn(&Call<'_>) -> Result<Answer, QueryError>;

/// A call whose signature was verified, with its parameters.
pub(super) struct Call<'a> {
    pub(super) iam: &'a Iam,
    pub(super) flow: Flow<'a>,
    pub(super) caller: AuthenticatedRequest,
    pub(super) query: &'a Query,
    pub(super) environment: Keys,
    /// The account that the caller belongs to: IAM has no calls across accounts.
    pub(super) account: AccountId,
    /// What policy was first asked about, which is what the call is about.
    subject: OnceCell<String>,
    /// Whether an action was let through that only the account's own grant allows.
    granted: Cell<bool>,
}

impl<'a> Call<'a> {
    /// A call of whoever signed `caller`.
    pub(super) fn new(
        iam: &'a Iam,
        flow: Flow<'a>,
        caller: AuthenticatedRequest,
        query: &'a Query,
        environment: Keys,
    ) -> Self {
        let account = caller.caller().account().clone();
        Self { iam, flow, caller, query, environment, account, subject: OnceCell::new(), granted: Cell::new(false) }
    }

    /// Carries out the operation `name`, and records how it ended.
    pub(super) fn carry_out(&self, name: &str, operation: Operation) -> Result<Answer, QueryError> {
        let answered = operation(self);
        let mut parameters = trail::parameters(self.query);
        let (code, reason) = match &answered {
            Ok(answer) => {
                trail::add_made(&mut parameters, answer);
                (None, if self.granted.get() { GRANTED.to_owned() } else { String::new() })
            }
            Err(refused) => (Some(refused.code()), refused.reason().to_owned()),
        };
        let subject = self.subject.get().cloned().unwrap_or_default();
        let conclusion = Conclusion { operation: name, subject, parameters, code, reason };
        self.flow.conclude_operation(&self.caller, conclusion)?;
        answered
    }
}

impl Call<'_> {
    /// Lets the call go on if the caller's policies allow `action` on `resource`; `keys` is what the operation itself says,
    /// such as `iam:PolicyARN`.
    pub(super) fn authorize(&self, action: &str, resource: &str, keys: &Keys) -> Result<(), QueryError> {
        self.authorize_shown(action, resource, resource, keys)
    }

    /// The same with a refusal that shows the resource as `shown`: what the caller wrote, and not what there is.
    pub(super) fn authorize_shown(
        &self,
        action: &str,
        resource: &str,
        shown: &str,
        keys: &Keys,
    ) -> Result<(), QueryError> {
        let decision = self.decide(action, resource, keys)?;
        if decision.is_allow() { Ok(()) } else { Err(self.denied(&decision, action, shown)) }
    }

    /// The same for an action that the account grants to every user.
    pub(super) fn authorize_granted(&self, action: &str, resource: &str, keys: &Keys) -> Result<(), QueryError> {
        let environment = self.asked(resource, keys);
        match self.flow.authorize_granted(&self.caller, action, resource, environment)? {
            Granted::Not(decision) => return Err(self.denied(&decision, action, resource)),
            Granted::ByAccount => self.granted.set(true),
            Granted::ByPolicy => {}
        }
        Ok(())
    }

    /// Whether the caller's policies allow `action` on `resource`, for what an operation tells only those who may read it.
    pub(super) fn allows(&self, action: &str, resource: &str, keys: &Keys) -> Result<bool, QueryError> {
        Ok(self.decide(action, resource, keys)?.is_allow())
    }

    fn decide(&self, action: &str, resource: &str, keys: &Keys) -> Result<Decision, Error> {
        let environment = self.asked(resource, keys);
        self.flow.authorize(&self.caller, action, resource, environment)
    }

    /// Notes what policy is asked about, and gives the keys it is asked with.
    fn asked(&self, resource: &str, keys: &Keys) -> Keys {
        let mut all = self.environment.clone();
        all.extend(keys);
        self.subject.get_or_init(|| resource.to_owned());
        all
    }

    fn denied(&self, decision: &Decision, action: &str, resource: &str) -> QueryError {
        let why = why(self.caller.caller(), action, decision);
        let caller = self.caller.caller().arn();
        let message = format!("User: {caller} is not authorized to perform: {action} on resource: {resource} {why}");
        QueryError::new("AccessDenied", message)
    }

    /// The user or root user who calls, also in a session of its own; none when somebody else does.
    pub(super) fn long_term_identity(&self) -> Option<&LongTermIdentity> {
        self.caller.caller().identity()
    }

    /// An ARN of the caller's account, such as that of `role/reader`.
    pub(super) fn arn(&self, resource: &str) -> Arn {
        Arn::iam(&self.account, resource)
    }

    /// The present instant.
    pub(super) fn now(&self) -> Timestamp {
        self.iam.broker.now()
    }

    /// Every account as it is now.
    pub(super) fn accounts(&self) -> Arc<Accounts> {
        self.registry().read()
    }

    /// The caller's account as it is now.
    pub(super) fn own_account(&self) -> Result<Arc<Account>, QueryError> {
        let account = self.accounts().find(&self.account).cloned();
        account.ok_or_else(|| refused(IamError::missing(Entity::Account, self.account.as_str())))
    }

    /// Changes the caller's account, whole or not at all.
    pub(super) fn update<T>(
        &self,
        change: impl FnOnce(&mut Account, &Limits) -> Result<T, IamError>,
    ) -> Result<T, QueryError> {
        self.registry().update(&self.account, change).map_err(refused)
    }

    /// The accounts that the caller's is one of.
    pub(super) fn registry(&self) -> &Registry {
        self.iam.broker.registry()
    }
}

/// A refusal of the account as the wire carries it.
pub(super) fn refused(error: IamError) -> QueryError {
    Error::from(error).into()
}
