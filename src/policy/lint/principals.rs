//! Principals that are more than they seem, and less.

use super::lints::{ACCOUNT_TRUSTED, EVERYONE_TRUSTED, NAMES_NOTHING, NOT_PRINCIPAL};
use super::report::{Report, quote};
use super::trust::acts;
use super::view::Statement;
use crate::policy::document::Kind;
use crate::policy::principal::PrincipalName;

pub(super) fn look(statement: &Statement<'_>, report: &mut Report) {
    negated(statement, report);
    for (name, text) in statement.named() {
        if *name == PrincipalName::Nobody {
            let problem = format!("{} names nobody: principals have no wildcards but the lone *", quote(text.text));
            let instead = "the account as principal, and ArnLike on aws:PrincipalArn";
            report.add(&NAMES_NOTHING, statement, text.at, (problem, instead));
        }
        if statement.kind != Kind::Trust || !statement.allows() {
            continue;
        }
        if *name == PrincipalName::Everyone && statement.conditions.is_empty() {
            let problem = format!("{} lets every principal of every account assume the role", quote(text.text));
            let instead = "the accounts or roles that may come, or a condition on aws:PrincipalOrgID";
            report.add(&EVERYONE_TRUSTED, statement, text.at, (problem, instead));
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

fn negated(statement: &Statement<'_>, report: &mut Report) {
    let Some(element) = statement.principals.as_ref().filter(|element| element.name == "NotPrincipal") else { return };
    let (problem, instead) = if statement.allows() {
        (
            "NotPrincipal with Allow lets in everyone it does not name, anonymous callers too",
            "Principal with those who may",
        )
    } else {
        (
            "NotPrincipal with Deny spares only those it names in full: their account, role and session each, and nobody \
             who has a permissions boundary",
            "Principal \"*\" with ArnNotLike on aws:PrincipalArn",
        )
    };
    report.add(&NOT_PRINCIPAL, statement, element.at, (problem.to_owned(), instead));
}
