//! The event that concludes an operation, and what is known of a signed request before its body is here.

use std::collections::BTreeMap;

use serde_json::json;

use super::Flow;
use super::record::Told;
use crate::Error;
use crate::audit::{Outcome, Stage};
use crate::decision::Decision;
use crate::policy::{Keys, Kind, Policy};
use crate::request::{self, AuthenticatedRequest, Service, SignedHead};
use crate::session::Caller;

/// How an operation ended that somebody asked for.
pub(crate) struct Conclusion<'a> {
    /// Its name.
    pub(crate) operation: &'a str,
    /// What it is about.
    pub(crate) subject: String,
    /// What was asked for, without anything secret.
    pub(crate) parameters: BTreeMap<&'static str, String>,
    /// The wire code of a refusal; none when the operation was carried out.
    pub(crate) code: Option<&'static str>,
    /// Why, where there is something to say.
    pub(crate) reason: String,
}

/// Whether somebody may do what the account may grant to all its users.
pub(crate) enum Granted {
    /// The caller's own policies allow it.
    ByPolicy,
    /// They do not speak of it, and the account's grant stands in for them.
    ByAccount,
    /// It is denied.
    Not(Decision),
}

/// What the trail says of a grant of the account.
pub(crate) const GRANTED: &str = "the account grants this action to its users, whose own policies do not speak of it";

impl Flow<'_> {
    /// As [`Flow::authorize`], for an action that the caller's account grants to all its users: the grant is one more of their
    /// own policies, and is asked where the others do not speak of it.
    pub(crate) fn authorize_granted(
        &self,
        request: &AuthenticatedRequest,
        action: &str,
        resource: &str,
        environment: Keys,
    ) -> Result<Granted, Error> {
        let environment = super::flow::environment(request, environment);
        self.decide_granted(request.caller(), action, resource, environment)
    }

    fn decide_granted(
        &self,
        caller: &Caller,
        action: &str,
        resource: &str,
        environment: Keys,
    ) -> Result<Granted, Error> {
        let asked = (action, resource);
        let (decision, told) = self.weigh(Some(caller), None, None, asked, environment.clone())?;
        let by_account = match &decision {
            Decision::ImplicitDeny(_) => {
                self.weigh(Some(caller), None, grant_of(action), asked, environment)?.0.is_allow()
            }
            Decision::Allow(_) | Decision::ExplicitDeny(_) => false,
        };
        let (granted, outcome, reason) = match decision {
            Decision::Allow(_) => (Granted::ByPolicy, Outcome::Accepted, decision.to_string()),
            _ if by_account => (Granted::ByAccount, Outcome::Accepted, format!("granted: {GRANTED}")),
            Decision::ImplicitDeny(_) | Decision::ExplicitDeny(_) => {
                let reason = decision.to_string();
                (Granted::Not(decision), Outcome::Refused, reason)
            }
        };
        self.tell_decision(action, told, outcome, reason)?;
        Ok(granted)
    }

    /// Records how an operation ended: a decision tells what somebody may do, this tells what they did.
    pub(crate) fn conclude_operation(
        &self,
        request: &AuthenticatedRequest,
        conclusion: Conclusion<'_>,
    ) -> Result<(), Error> {
        let Conclusion { operation, subject, parameters, code, reason } = conclusion;
        let outcome = if code.is_none() { Outcome::Accepted } else { Outcome::Refused };
        let told = Told { resource: subject, ..Told::of_caller(request.caller()) };
        let mut event = self.event(Stage::Operation, operation, outcome, told);
        (event.parameters, event.code, event.reason) = (parameters, code, reason);
        self.record(event)
    }

    /// Refuses a request that cannot turn out authentic whatever its body is, so that nobody's body is waited for.
    pub(crate) fn foresee(&self, service: &Service, head: &SignedHead) -> Result<(), Error> {
        let (sessions, now) = (self.broker().sessions(), self.broker().now());
        let foreseen = request::verify_head(sessions, service, head, now);
        // What may still turn out authentic is recorded when it has.
        let Err(error) = foreseen else { return Ok(()) };
        let resource = format!("{} {}", head.method(), head.path());
        let told = Told { resource, ..Told::default() };
        self.conclude(Stage::Request, "authenticate", told, Err(error.into()))
    }
}

/// What the account grants, as a policy; nothing if it could not be compiled.
fn grant_of(action: &str) -> Option<Policy> {
    let statement = json!({"Sid": "Granted", "Effect": "Allow", "Action": action, "Resource": "*"});
    let document = json!({"Version": "2012-10-17", "Statement": statement});
    Policy::parse(&document.to_string(), Kind::Identity).ok().map(|policy| policy.named("the grant of the account"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::Silent;
    use crate::session::{Asking, AssumeRole, Entitlements, LongTermIdentity, Role, UserIdentity, assume_as};
    use crate::{Broker, Keyring};

    const ARN: &str = "arn:aws:iam::111111111111:role/reader";
    const ACTION: &str = "iam:ChangePassword";

    fn policy(kind: Kind, statement: &str) -> Policy {
        Policy::parse(&format!(r#"{{"Version": "2012-10-17", "Statement": {statement}}}"#), kind).unwrap()
    }

    /// What comes of the account's grant to a session of a role with these policies.
    fn granted(permissions: Vec<Policy>, boundary: Option<Vec<Policy>>) -> Granted {
        let trust = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"AWS": "111111111111"}}}"#;
        let role = Role::new(ARN.parse().unwrap(), trust.parse().unwrap()).unwrap();
        let role = role.governed_by(permissions, boundary, BTreeMap::new());
        let broker = Broker::new(Keyring::generate().unwrap()).with_role(role.clone());
        let arn = "arn:aws:iam::111111111111:user/martha".parse().unwrap();
        let user = UserIdentity::new(arn, "111111111111".parse().unwrap(), "AIDAAAAAAAAAAAAAAAAAA", "martha");
        let martha = Caller::long_term(LongTermIdentity::User(user.into()));
        let own = r#"{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}"#;
        let entitlements = Entitlements::new(vec![policy(Kind::Identity, own)]);
        let ask = AssumeRole::new(ARN.parse().unwrap(), "martha".parse().unwrap());
        let session = assume_as(Asking::new(&martha, &entitlements), &role, ask, broker.now(), &mut Silent).unwrap();
        let flow = broker.begin().unwrap();
        flow.decide_granted(&session.into(), ACTION, "arn:aws:iam::111111111111:user/martha", Keys::new()).unwrap()
    }

    #[test]
    fn the_grant_of_the_account_stands_beside_a_callers_own_policies_and_over_no_other() {
        let allow = |action: &str| format!(r#"{{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}"#);
        let own = |action: &str| vec![policy(Kind::Identity, &allow(action))];
        let bound = |action: &str| Some(vec![policy(Kind::Boundary, &allow(action))]);
        assert!(matches!(granted(own("iam:*"), None), Granted::ByPolicy));
        assert!(matches!(granted(own("s3:*"), None), Granted::ByAccount));
        assert!(matches!(granted(own("s3:*"), bound("iam:*")), Granted::ByAccount));
        assert!(matches!(granted(own("s3:*"), bound("s3:*")), Granted::Not(_)));
    }

    #[test]
    fn the_grant_of_the_account_makes_up_for_no_policy_that_stands_where_it_has_no_part() {
        let admit = r#"{"Effect": "Allow", "Principal": "*", "Action": "iam:*", "Resource": "*"}"#;
        let misplaced = || vec![policy(Kind::Resource, admit)];
        for granted in [granted(misplaced(), None), granted(Vec::new(), Some(misplaced()))] {
            let Granted::Not(decision) = granted else { panic!("granted over a policy that was not evaluated") };
            assert!(decision.to_string().contains("policy"), "{decision}");
        }
    }
}
