//! What limits each kind of caller whatever its policies say, written as policies so that decisions can name them.

use std::sync::LazyLock;

use super::{Caller, Entitlements, Session};
use crate::policy::{Action, Kind, Policy};

impl Caller {
    /// The session policies of a question about `action`: those that were given, and the rules of the kind of credentials.
    /// `None` is no limit; an empty list allows nothing.
    #[must_use]
    pub fn session_limits(&self, entitlements: &Entitlements, action: &Action) -> Option<Vec<Policy>> {
        let given = self.given(entitlements);
        // The rules are about these two services, and every other decision is spared them.
        if !matches!(action.service(), "sts" | "iam") {
            return given;
        }
        let Some(rules) = self.rules() else { return given };
        let mut limits = given.unwrap_or_else(|| EVERYTHING.clone());
        limits.extend(rules.iter().cloned());
        // A rule that could not be compiled must not vanish.
        Some(if rules.is_empty() { Vec::new() } else { limits })
    }

    /// Whether the policy of this name is none that was given, but the rules of the kind of credentials.
    pub(crate) fn is_ruled_by(&self, policy: &str) -> bool {
        self.rules().is_some_and(|rules| rules.iter().any(|rule| rule.name() == policy))
    }

    fn given(&self, entitlements: &Entitlements) -> Option<Vec<Policy>> {
        let both = |inline: &[Policy]| inline.iter().chain(&entitlements.managed_session).cloned().collect();
        match &**self.session()? {
            Session::Role(session) => {
                let policies = session.session_policies();
                (!policies.is_empty()).then(|| both(policies.compiled()))
            }
            Session::FederatedUser(session) => Some(both(session.session_policies().compiled())),
            Session::Root(session) => Some(session.task().policies().to_vec()),
            Session::User(_) => None,
        }
    }

    fn rules(&self) -> Option<&'static [Policy]> {
        let rules: &LazyLock<Vec<Policy>> = match self.session().map(|session| &**session) {
            None => match self.long_term_identity()?.user() {
                Some(_) => return None,
                None => &OF_ROOT,
            },
            Some(Session::Role(_)) => &OF_ROLE,
            Some(Session::User(_)) => &OF_SESSION_TOKEN,
            Some(Session::FederatedUser(_)) => &OF_FEDERATED_USER,
            Some(Session::Root(_)) => return None,
        };
        Some(rules)
    }
}

/// The policy that allows everything, for principals that no policy of their own limits.
pub(crate) fn everything() -> &'static [Policy] {
    &EVERYTHING
}

/// What stands for a policy that is not known any more, and may have denied anything.
pub(crate) fn nothing() -> &'static [Policy] {
    &NOTHING
}

fn compile(name: &str, statement: &str) -> Vec<Policy> {
    let document = format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#);
    Policy::parse(&document, Kind::Session).map(|policy| policy.named(name)).into_iter().collect()
}

static EVERYTHING: LazyLock<Vec<Policy>> = LazyLock::new(|| {
    compile("no session policy", r#"{"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"}"#)
});
static NOTHING: LazyLock<Vec<Policy>> = LazyLock::new(|| {
    compile("nothing", r#"{"Sid": "NothingWithoutEveryPolicy", "Effect": "Deny", "Action": "*", "Resource": "*"}"#)
});
static OF_ROOT: LazyLock<Vec<Policy>> = LazyLock::new(|| {
    compile(
        "the rules of root users",
        r#"{"Sid": "RootAssumesNoRoles", "Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"}"#,
    )
});
static OF_ROLE: LazyLock<Vec<Policy>> = LazyLock::new(|| {
    compile(
        "the rules of role sessions",
        r#"{"Sid": "RolesGetNoFurtherTokens", "Effect": "Deny",
            "Action": ["sts:GetSessionToken", "sts:GetFederationToken"], "Resource": "*"}"#,
    )
});
static OF_SESSION_TOKEN: LazyLock<Vec<Policy>> = LazyLock::new(|| {
    compile(
        "the rules of GetSessionToken",
        r#"{"Sid": "NoIamWithoutMfa", "Effect": "Deny", "Action": "iam:*", "Resource": "*",
            "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}},
           {"Sid": "OnlyAssumeRoleAndGetCallerIdentity", "Effect": "Deny", "Resource": "*",
            "Action": ["sts:AssumeRoot", "sts:DecodeAuthorizationMessage", "sts:Get*"]},
           {"Sid": "RootAssumesNoRoles", "Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalType": "Account"}}}"#,
    )
});
static OF_FEDERATED_USER: LazyLock<Vec<Policy>> = LazyLock::new(|| {
    compile(
        "the rules of GetFederationToken",
        r#"{"Sid": "NoIamAndNoSts", "Effect": "Deny", "Action": ["iam:*", "sts:*"], "Resource": "*"}"#,
    )
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_compiles() {
        for rules in [&EVERYTHING, &NOTHING, &OF_ROOT, &OF_ROLE, &OF_SESSION_TOKEN, &OF_FEDERATED_USER] {
            assert_eq!(rules.len(), 1);
        }
    }
}
