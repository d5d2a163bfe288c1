//! A role, whoever asks for it, and the rule that refused.

use daypass::explain::{Report, Silent};
use daypass::identity::oidc::{self, UnverifiedIdToken};
use daypass::policy::Keys;
use daypass::session::{
    Asking, AssumeRole, Caller, Entitlements, Role, RoleSession, SessionError, assume_as, assume_federated,
};
use daypass::time::Timestamp;
use daypass::{VerifiedIdentity, session};
use serde_json::{Value, json};

use crate::issuer;

pub(crate) const ACCOUNT: &str = "111111111111";
pub(crate) const READER: &str = "arn:aws:iam::111111111111:role/reader";
pub(crate) const EDITOR: &str = "arn:aws:iam::111111111111:role/editor";
pub(crate) const OIDC_PROVIDER: &str = "arn:aws:iam::111111111111:oidc-provider/login.example.com";

/// What a stage said, or the error and the name of the rule that refused.
pub(crate) type Verdict = Result<RoleSession, (SessionError, Option<&'static str>)>;

/// Policies as text: these statements.
pub(crate) fn policy(statements: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

pub(crate) fn role(arn: &str, trust: &Value) -> Role {
    Role::new(arn.parse().unwrap(), policy(trust).parse().unwrap()).unwrap()
}

/// A role that trusts the issuer for these actions, under this condition.
pub(crate) fn trusting(actions: &[&str], condition: &Value) -> Role {
    role(
        READER,
        &json!({"Sid": "Workloads", "Effect": "Allow", "Principal": {"Federated": OIDC_PROVIDER},
            "Action": actions, "Condition": condition}),
    )
}

/// Trusts the issuer without condition, with tags and source identity.
pub(crate) fn open_role() -> Role {
    trusting(&["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"], &json!({}))
}

pub(crate) fn identity(claims: &Value) -> VerifiedIdentity {
    let token = UnverifiedIdToken::for_exchange(issuer::token(claims));
    oidc::verify(&issuer::provider(), &issuer::jwks(), token, issuer::now(), &mut Silent).unwrap()
}

pub(crate) fn ask(role: &Role) -> AssumeRole {
    AssumeRole::new(role.arn().clone(), "martha".parse().unwrap())
}

pub(crate) fn federated(identity: &VerifiedIdentity, role: &Role, ask: AssumeRole, now: Timestamp) -> Verdict {
    let mut report = Report::new();
    told(assume_federated(identity, role, ask, now, &mut report), &report)
}

/// Assumes `role` with a token of these claims.
pub(crate) fn with_claims(claims: &Value, role: &Role) -> Verdict {
    federated(&identity(claims), role, ask(role), issuer::now())
}

pub(crate) fn chained(from: &Caller, permissions: &[&Role], role: &Role, ask: AssumeRole) -> Verdict {
    let mut report = Report::new();
    let permissions = permissions.iter().flat_map(|role| role.permissions().to_vec()).collect();
    let entitlements = Entitlements::new(permissions);
    told(assume_as(Asking::new(from, &entitlements), role, ask, issuer::now(), &mut report), &report)
}

fn told(outcome: Result<RoleSession, SessionError>, report: &Report) -> Verdict {
    let place = |name: &str| session::RULES.iter().position(|rule| rule.name == name).unwrap();
    assert!(report.checks().iter().all(|check| place(check.name) < session::RULES.len()));
    outcome.map_err(|error| (error, report.failure().map(|check| check.name)))
}

/// The rule that refused.
pub(crate) fn refused(verdict: Verdict) -> &'static str {
    verdict.expect_err("the role was assumed").1.expect("no rule was named")
}

/// The error of a refusal that no rule stands for.
pub(crate) fn error(verdict: Verdict) -> SessionError {
    verdict.expect_err("the role was assumed").0
}

/// The values of a condition key that requests of `session` carry.
pub(crate) fn key(session: &RoleSession, name: &str) -> Vec<String> {
    let mut keys = Keys::new();
    session.principal_keys(&mut keys);
    keys.values(name).map(str::to_owned).collect()
}
