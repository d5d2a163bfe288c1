//! Principals that are more than they seem, and less.

use super::callers::says_who;
use super::lints::{
    ACCOUNT_TRUSTED, EVERYONE_ADMITTED, EVERYONE_CONDITIONED, EVERYONE_TRUSTED, NAMES_NOTHING, NOT_PRINCIPAL,
    OTHER_ACTION,
};
use super::report::{Report, quote};
use super::trust::acts;
use super::view::{Statement, Text};
use crate::policy::Action;
use crate::policy::action::ActionPattern;
use crate::policy::document::Kind;
use crate::policy::named::PrincipalName;

pub(super) fn look(statement: &Statement<'_>, report: &mut Report) {
    negated(statement, report);
    other_actions(statement, report);
    for (name, text) in statement.named() {
        let instead = match name {
            PrincipalName::Nobody => Some("the account as principal, and ArnLike on aws:PrincipalArn"),
            PrincipalName::Federated(name) | PrincipalName::Service(name) | PrincipalName::CanonicalUser(name) => {
                name.contains(['*', '?']).then_some("the name in full")
            }
            _ => None,
        };
        if let Some(instead) = instead {
            let problem = format!("{} names nobody: principals have no wildcards but the lone *", quote(text.text));
            report.add(&NAMES_NOTHING, statement, text.at, (problem, instead));
        }
        if *name == PrincipalName::Everyone && statement.kind == Kind::Resource && statement.allows() {
            everyone(statement, &text, report);
        }
        if statement.kind != Kind::Trust || !statement.allows() {
            continue;
        }
        if *name == PrincipalName::Everyone {
            everyone_trusted(statement, &text, report);
        }
        let is_bare = !statement.conditions.iter().any(|condition| condition.compiled.is_pinning());
        if matches!(name, PrincipalName::Account(_)) && is_bare && acts(statement, "sts:assumerole") {
            let problem = format!("{} trusts whomever that account lets assume roles", quote(text.text));
            let instead = "the role that comes; for a vendor's account a condition on sts:ExternalId, for one of your \
                           own on aws:PrincipalOrgID";
            report.add(&ACCOUNT_TRUSTED, statement, text.at, (problem, instead));
        }
    }
}

/// Everyone who may assume a role, unless a condition says who comes.
fn everyone_trusted(statement: &Statement<'_>, text: &Text<'_>, report: &mut Report) {
    if statement.conditions.iter().any(says_who) {
        return;
    }
    let by_provider = acts(statement, "sts:AssumeRoleWithWebIdentity") || acts(statement, "sts:AssumeRoleWithSAML");
    let (who, instead) = if by_provider && !acts(statement, "sts:AssumeRole") {
        (
            "whomever an identity provider of the account vouches for",
            "the provider as Federated principal, and conditions on whose assertions or tokens are meant",
        )
    } else {
        (
            "every principal of every account",
            "the accounts or roles that may come, or a condition on aws:PrincipalOrgID",
        )
    };
    let unless = if statement.conditions.is_empty() { "" } else { ": no condition says who comes" };
    let problem = format!("{} lets {who} assume the role{unless}", quote(text.text));
    report.add(&EVERYONE_TRUSTED, statement, text.at, (problem, instead));
}

/// Everyone who is let in by the policy of a resource.
fn everyone(statement: &Statement<'_>, text: &Text<'_>, report: &mut Report) {
    let instead = "the accounts or roles that may come, or a condition on aws:PrincipalOrgID or aws:SourceArn";
    if statement.conditions.is_empty() {
        let problem = format!("{} lets in everyone, callers who did not sign too", quote(text.text));
        report.add(&EVERYONE_ADMITTED, statement, text.at, (problem, instead));
    } else if !statement.conditions.iter().any(says_who) {
        let problem = format!("{} lets in everyone whom no condition keeps out", quote(text.text));
        report.add(&EVERYONE_CONDITIONED, statement, text.at, (problem, instead));
    }
}

/// What a trust policy can allow, and to whom: to those whom a provider vouches for by SAML or by a token, or to others.
const TRUSTED_WITH: [(&str, [bool; 3]); 6] = [
    ("sts:AssumeRoleWithSAML", [true, false, false]),
    ("sts:AssumeRoleWithWebIdentity", [false, true, false]),
    ("sts:AssumeRole", [false, false, true]),
    ("sts:SetContext", [false, false, true]),
    ("sts:SetSourceIdentity", [true, true, true]),
    ("sts:TagSession", [true, true, true]),
];

/// Actions of a trust policy that none of those it names can ask for.
fn other_actions(statement: &Statement<'_>, report: &mut Report) {
    let actions = &statement.compiled.actions;
    if statement.kind != Kind::Trust || !statement.allows() || actions.negated {
        return;
    }
    let named = statement.named().fold([false; 3], |[saml, openid, others], (name, _)| match name {
        PrincipalName::Everyone => [true; 3],
        PrincipalName::Federated(name) if name.contains(":saml-provider/") => [true, openid, others],
        PrincipalName::Federated(_) => [saml, true, others],
        _ => [saml, openid, true],
    });
    for (pattern, text) in actions.patterns.iter().zip(&statement.actions.texts) {
        // Told by a lint of its own.
        if matches!(pattern, ActionPattern::Nothing) {
            continue;
        }
        let is_of = |name: &str| name.parse().is_ok_and(|action: Action| pattern.matches(&action));
        let matching = || TRUSTED_WITH.iter().filter(|(name, _)| is_of(name));
        let useful = matching().any(|(_, whose)| whose.iter().zip(named).any(|(own, named)| *own && named));
        if useful {
            continue;
        }
        let problem = if matching().next().is_none() {
            format!("{} is asked of no trust policy", quote(text.text))
        } else {
            format!("{} is for principals of another kind than the statement names", quote(text.text))
        };
        let instead = "sts:AssumeRoleWithSAML for a SAML provider, sts:AssumeRoleWithWebIdentity for an OpenID Connect \
                       provider, sts:AssumeRole for accounts, users, roles and services";
        report.add(&OTHER_ACTION, statement, text.at, (problem, instead));
    }
}

fn negated(statement: &Statement<'_>, report: &mut Report) {
    let Some(element) = statement.principals.as_ref().filter(|element| element.name == "NotPrincipal") else { return };
    let (problem, instead) = if statement.allows() {
        (
            "NotPrincipal with Allow lets in everyone it does not name, anonymous callers too",
            "Principal with those who may",
        )
    } else {
        (
            "NotPrincipal with Deny spares only whom it names itself, a session by its own ARN and nobody by account or \
             role alone, and never who has a permissions boundary; the cloud wants account and role named as well",
            "Principal \"*\" with ArnNotLike on aws:PrincipalArn",
        )
    };
    report.add(&NOT_PRINCIPAL, statement, element.at, (problem.to_owned(), instead));
}
