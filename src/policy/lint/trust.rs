//! Trust in identity providers: whom of a provider's people and workloads a role takes.

use std::collections::{BTreeMap, BTreeSet};

use super::lints::{
    ABSENT_KEY_PASSES, AUDIENCE_MISSING, NEGATION_ALONE, OTHER_ISSUER, SAML_AUDIENCE_MISSING, SUBJECT_MISSING,
    SUBJECT_WILDCARD, TESTS_NOTHING,
};
use super::report::{Report, clip, quote};
use super::subject::{self, Width};
use super::view::{Condition, Statement, Text};
use crate::policy::document::Kind;
use crate::policy::named::PrincipalName;

/// Claims that name one repository, project or person as `sub` does.
const SUBJECTS: [&str; 8] =
    ["sub", "repository", "repository_id", "project_path", "project_id", "email", "oid", "service_account_uid"];
/// Claims that name one repository or project.
const UNITS: [&str; 3] = ["repository", "repository_id", "project_id"];
/// Claims that hold the name of one, and what precedes that name in a subject.
const NAMES_OF_UNITS: [(&str, &str); 2] = [("repository", "repo:"), ("project_path", "project_path:")];
/// The claim by which a token says which repository's reviewed workflow runs, whoever's repository runs it.
const WORKFLOWS: [&str; 1] = ["job_workflow_ref"];
/// Claims by which a token says what of a repository it is of.
const REFERENCES: [&str; 8] = [
    "ref",
    "ref_protected",
    "environment",
    "environment_protected",
    "job_workflow_ref",
    "workflow_ref",
    "event_name",
    "pipeline_source",
];

/// A provider, as the condition keys that it sets tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Provider<'k> {
    /// Its host and path in lower case.
    OpenId(&'k str),
    Saml,
}

impl<'k> Provider<'k> {
    /// The provider whose claims a key in lower case is of.
    fn of_key(key: &'k str, named: &BTreeMap<String, Text<'_>>) -> Option<Self> {
        if key.starts_with("saml:") {
            return Some(Self::Saml);
        }
        let (issuer, _) = key.rsplit_once(':')?;
        (issuer.contains('.') || named.contains_key(issuer)).then_some(Self::OpenId(issuer))
    }
}

/// Conditions by the provider whose claims they test.
type Tests<'s, 'a> = BTreeMap<Provider<'s>, Vec<&'s Condition<'a>>>;

/// What a statement asks of some keys.
enum Pin<'s, 'a> {
    Pinned,
    /// A request without them passes, or all but some values do.
    Open(&'s Condition<'a>),
    Untested,
}

pub(super) fn look(statement: &Statement<'_>, report: &mut Report) {
    if statement.kind != Kind::Trust || !statement.allows() {
        return;
    }
    let mut openid = BTreeMap::new();
    let mut saml = None;
    let mut others = false;
    for (name, text) in statement.named() {
        match name {
            PrincipalName::Federated(name) if name.contains(":saml-provider/") => {
                saml.get_or_insert(text);
            }
            PrincipalName::Federated(name) => {
                let path = name.split_once(":oidc-provider/").map_or(&**name, |(_, path)| path);
                openid.entry(path.to_lowercase()).or_insert(text);
            }
            _ => others = true,
        }
    }
    let mut tests = Tests::new();
    for condition in &statement.conditions {
        if let Some(provider) = Provider::of_key(condition.key(), &openid) {
            tests.entry(provider).or_default().push(condition);
        }
    }
    let named: BTreeSet<_> =
        openid.keys().map(|issuer| Provider::OpenId(issuer)).chain(saml.map(|_| Provider::Saml)).collect();
    // Sessions of roles have the keys of the provider they came from.
    if !others {
        other_issuers(statement, &named, &tests, report);
    }
    // What a statement asks of one provider's keys keeps all of another's out.
    let required = tests.iter().filter(|(_, conditions)| conditions.iter().any(|own| own.compiled.needs_key()));
    let required: BTreeSet<_> = required.map(|(provider, _)| *provider).collect();
    let is_reachable = |provider: &Provider<'_>| required.iter().all(|own| own == provider);
    for provider in named.iter().filter(|provider| is_reachable(provider)) {
        let tests = tests.get(provider).map_or(&[][..], Vec::as_slice);
        match *provider {
            Provider::OpenId(issuer) if acts(statement, "sts:assumerolewithwebidentity") => {
                let Some(text) = openid.get(issuer) else { continue };
                subject(statement, issuer, *text, tests, report);
                audience(statement, issuer, *text, tests, report);
            }
            Provider::Saml if acts(statement, "sts:assumerolewithsaml") => {
                let Some(text) = saml else { continue };
                saml_audience(statement, text, tests, report);
            }
            Provider::OpenId(_) | Provider::Saml => {}
        }
    }
}

/// Whether the statement is of an action.
pub(super) fn acts(statement: &Statement<'_>, action: &str) -> bool {
    action.parse().is_ok_and(|action| statement.compiled.matches_action(&action))
}

fn subject(statement: &Statement<'_>, issuer: &str, at: Text<'_>, tests: &[&Condition<'_>], report: &mut Report) {
    let claims: &[&str] = match issuer {
        "graph.facebook.com" => &["id"],
        "www.amazon.com" => &["user_id"],
        // An identity pool is a directory of its own, which its audience names.
        "cognito-identity.amazonaws.com" => return,
        _ => &SUBJECTS,
    };
    match pin(tests, claims) {
        Pin::Pinned => drop(wildcards(statement, issuer, tests, report)),
        Pin::Open(condition) => {
            if !(condition.compiled.is_positive() && wildcards(statement, issuer, tests, report)) {
                open(statement, condition, "subject", report);
            }
        }
        Pin::Untested => {
            let name = claims.first().copied().unwrap_or_default();
            let problem = format!(
                "{} may assume the role as any subject: no condition tests {}",
                quote(at.text),
                key(issuer, name)
            );
            let instead = format!("StringEquals on {} with the subjects that may come", key(issuer, name));
            report.add(&SUBJECT_MISSING, statement, at.at, (problem, instead));
        }
    }
}

fn audience(statement: &Statement<'_>, issuer: &str, at: Text<'_>, tests: &[&Condition<'_>], report: &mut Report) {
    let claims: &[&str] = match issuer {
        "graph.facebook.com" | "www.amazon.com" => &["app_id"],
        _ => &["aud", "oaud"],
    };
    match pin(tests, claims) {
        Pin::Pinned => {}
        Pin::Open(condition) => open(statement, condition, "audience", report),
        Pin::Untested => {
            let name = claims.first().copied().unwrap_or_default();
            let problem = format!(
                "no condition tests {}: a token of {} for any of its clients assumes the role",
                key(issuer, name),
                quote(at.text)
            );
            let instead = format!(
                "StringEquals on {} with the audience of this role; without it the provider's list of client ids, which \
                 is checked first, is the only bar, and is enough while it holds that one audience",
                key(issuer, name)
            );
            report.add(&AUDIENCE_MISSING, statement, at.at, (problem, instead));
        }
    }
}

fn saml_audience(statement: &Statement<'_>, at: Text<'_>, tests: &[&Condition<'_>], report: &mut Report) {
    match pin(tests, &["aud"]) {
        Pin::Pinned => {}
        Pin::Open(condition) => open(statement, condition, "audience", report),
        Pin::Untested => {
            let problem = format!(
                "no condition tests saml:aud: an assertion of {} for any recipient that is accepted from it assumes the role",
                quote(at.text)
            );
            let instead = "StringEquals on saml:aud with the assertion consumer service; not needed where the provider \
                           is set up for one";
            report.add(&SAML_AUDIENCE_MISSING, statement, at.at, (problem, instead));
        }
    }
}

/// A condition that is there and does not keep anyone out.
fn open(statement: &Statement<'_>, condition: &Condition<'_>, what: &str, report: &mut Report) {
    let key = &condition.name;
    // Told by a lint of its own.
    if condition.compiled.is_for_all_values() {
        return;
    }
    let instead = |operator: &str| format!("{operator} on {key} with the values that may come");
    let (lint, problem) = if condition.compiled.is_positive() {
        (&TESTS_NOTHING, format!("{} lets in every {what} there is: one of its values is any", condition.title()))
    } else if condition.compiled.is_if_exists() {
        (&ABSENT_KEY_PASSES, format!("{} lets tokens without that {what} in", condition.title()))
    } else {
        (&NEGATION_ALONE, format!("{} lets in every {what} but those it names", condition.title()))
    };
    report.add(lint, statement, condition.at, (problem, instead("StringEquals")));
}

/// Patterns that reach further than one usually wants; whether there are any.
fn wildcards(statement: &Statement<'_>, issuer: &str, tests: &[&Condition<'_>], report: &mut Report) -> bool {
    let pins = |claims: &[&str]| {
        let pinning = tests.iter().filter(|own| claims.contains(&own.claim()) && own.compiled.is_pinning());
        pinning.into_iter().any(|own| own.values().all(|value| !value.text.starts_with('*')))
    };
    let is_whole = |own: &Condition<'_>| {
        !own.compiled.is_text_pattern() || own.values().all(|value| !value.text.contains(['*', '?']))
    };
    let mut of_units = tests.iter().filter(|own| UNITS.contains(&own.claim()) && own.compiled.is_pinning());
    let one_unit = of_units.any(|own| is_whole(own));
    let (one_workflow, one_reference) = (one_unit || pins(&WORKFLOWS), pins(&REFERENCES));
    let of_sub = |value: Text<'_>| {
        subject::judge(issuer, value.text).filter(|wide| match wide.width {
            Width::Strangers => !one_unit,
            Width::Units => !one_workflow,
            Width::Unit => !one_reference,
        })
    };
    // The name of a repository or project is the beginning of a subject.
    let of_unit = |own: &Condition<'_>, value: Text<'_>| {
        let scheme = NAMES_OF_UNITS.iter().find(|(claim, _)| *claim == own.claim()).map(|(_, scheme)| *scheme)?;
        let wide = subject::judge(issuer, &format!("{scheme}{}", value.text));
        wide.filter(|wide| wide.width != Width::Unit)
    };
    let judged =
        |own: &Condition<'_>, value: Text<'_>| if own.claim() == "sub" { of_sub(value) } else { of_unit(own, value) };
    let positive =
        |claim: fn(&str) -> bool| tests.iter().filter(move |own| claim(own.claim()) && own.compiled.is_positive());
    // Conditions are joined by AND: one narrow list of subjects is enough.
    let narrow = |own: &Condition<'_>| {
        own.compiled.is_pinning()
            && (!own.compiled.is_text_pattern() || own.values().all(|value| judged(own, value).is_none()))
    };
    let subjects: Vec<_> = positive(|claim| claim == "sub").collect();
    let wide = match subjects.as_slice() {
        [] if tests.iter().any(|own| SUBJECTS.contains(&own.claim()) && narrow(own)) => None,
        [] => positive(|claim| NAMES_OF_UNITS.iter().any(|(own, _)| *own == claim)).next(),
        several if several.iter().any(|own| narrow(own)) => None,
        [first, ..] => Some(*first),
    };
    let mut told = false;
    for (own, value) in wide.into_iter().flat_map(|own| own.values().map(move |value| (own, value))) {
        if let Some(wide) = judged(own, value) {
            let problem = format!("{} takes {}: {}", own.title(), quote(value.text), clip(&wide.reaches));
            report.add(&SUBJECT_WILDCARD, statement, value.at, (problem, wide.instead));
            told = true;
        }
    }
    told
}

/// Conditions on keys that the tokens of no provider, or not of every provider, of the statement set.
fn other_issuers(
    statement: &Statement<'_>,
    named: &BTreeSet<Provider<'_>>,
    tests: &Tests<'_, '_>,
    report: &mut Report,
) {
    for (provider, conditions) in tests {
        let (whose, instead) = match (named.contains(provider), named.len()) {
            (true, 1) | (_, 0) => continue,
            (true, _) => ("not every provider of the statement sets", "a statement for each provider"),
            (false, _) => (
                "no provider of the statement sets",
                "a key of the provider that Principal names: its host and path, a colon, and the claim",
            ),
        };
        for condition in conditions {
            let effect =
                if condition.compiled.needs_key() { "tokens without it never match" } else { "it passes without it" };
            let problem = format!("{} tests a key that {whose}: {effect}", condition.title());
            report.add(&OTHER_ISSUER, statement, condition.at, (problem, instead));
        }
    }
}

fn pin<'s, 'a>(tests: &[&'s Condition<'a>], claims: &[&str]) -> Pin<'s, 'a> {
    let conditions = || tests.iter().filter(|own| claims.contains(&own.claim()) && !own.compiled.is_null());
    if conditions().any(|own| own.compiled.is_pinning()) {
        return Pin::Pinned;
    }
    conditions().next().map_or(Pin::Untested, |own| Pin::Open(own))
}

fn key(issuer: &str, claim: &str) -> String {
    format!("{}:{claim}", clip(issuer))
}
