//! Statements that never decide anything: they name nothing, contradict themselves, or stand behind another.

use std::collections::BTreeMap;

use super::lints::{DUPLICATE, NAMES_NOTHING, NEVER_MATCHES, SHADOWED};
use super::report::{Report, quote};
use super::view::{Condition, Element, Statement, Text};
use crate::policy::action::ActionPattern;
use crate::policy::pattern::{Pattern, Syntax};
use crate::policy::principal::PrincipalElement;
use crate::policy::resource::{ResourceElement, ResourcePattern};
use crate::policy::{Action, Keys, Resource};

/// How many characters are compared at most between statements, and between conditions, of one document.
const BUDGET: usize = 1 << 20;

/// Work that is left to do before comparing stops.
struct Budget(usize);

impl Budget {
    fn spend(&mut self, work: usize) -> bool {
        let left = self.0.checked_sub(work.saturating_add(1));
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

pub(super) fn look(statements: &[Statement<'_>], report: &mut Report) {
    let mut budget = Budget(BUDGET);
    for statement in statements {
        names_nothing(statement, report);
        leaves_nothing(statement, report);
        contradictions(statement, &mut budget, report);
    }
    duplicates(statements, report);
    shadowed(statements, &mut Budget(BUDGET), report);
}

fn names_nothing(statement: &Statement<'_>, report: &mut Report) {
    let actions = statement.compiled.actions.patterns.iter().zip(&statement.actions.texts);
    for (own, text) in actions {
        let names = match own {
            ActionPattern::Nothing => "names no action",
            ActionPattern::Doubtful(_) => "may name no action in the cloud, and is taken by its text here",
            ActionPattern::Anything | ActionPattern::Exact(_) | ActionPattern::Like { .. } => continue,
        };
        let problem = format!("{} {names}: a service has no wildcards", quote(text.text));
        report.add(&NAMES_NOTHING, statement, text.at, (problem, "the service in full, or * alone"));
    }
    let Some((element, texts)) = statement.compiled.resources.as_ref().zip(statement.resources.as_ref()) else {
        return;
    };
    for (own, text) in element.patterns.iter().zip(&texts.texts) {
        let names = match own {
            ResourcePattern::Nothing => "names no resource",
            ResourcePattern::Doubtful { parts: None, .. } => {
                "may name no resource in the cloud, and is taken by its text here"
            }
            ResourcePattern::Doubtful { parts: Some(_), .. } => {
                "may name other resources in the cloud: a * before a colon reaches over it, or does not"
            }
            ResourcePattern::Parts(parts) if lacks_account(parts.parts().len(), text.text) => {
                "names no resource: its fifth part is no account"
            }
            ResourcePattern::Anything | ResourcePattern::Headed { .. } | ResourcePattern::Parts(_) => continue,
        };
        let problem = format!("{} {names}", quote(text.text));
        let instead = "an ARN of six parts without wildcards in its service and its resource type";
        report.add(&NAMES_NOTHING, statement, text.at, (problem, instead));
    }
}

/// Whether the last of five parts is no account, as where a colon is missing before the resource.
fn lacks_account(parts: usize, text: &str) -> bool {
    let account = text.splitn(5, ':').last().unwrap_or_default();
    let may_be_one =
        |part: &str| part == "aws" || part.bytes().all(|byte| byte.is_ascii_digit() || b"*?".contains(&byte));
    parts == 5 && !may_be_one(account)
}

/// An element that leaves out everything leaves nothing.
fn leaves_nothing(statement: &Statement<'_>, report: &mut Report) {
    let actions = &statement.compiled.actions;
    let no_action = actions.negated && actions.patterns.iter().any(|own| matches!(own, ActionPattern::Anything));
    let no_resource = statement.compiled.resources.as_ref().is_some_and(|own| own.negated && own.names_all());
    let elements = [no_action.then_some(&statement.actions), statement.resources.as_ref().filter(|_| no_resource)];
    for element in elements.into_iter().flatten() {
        let problem = format!("{} \"*\" leaves out everything, so {} never applies", element.name, statement.label());
        report.add(&NEVER_MATCHES, statement, element.at, (problem, "what is meant to be left out; or no statement"));
    }
}

fn contradictions(statement: &Statement<'_>, budget: &mut Budget, report: &mut Report) {
    let is_empty = |own: &&Condition<'_>| own.compiled.values().is_empty() && own.compiled.needs_key();
    for condition in statement.conditions.iter().filter(is_empty) {
        let problem = format!("{} lists no values, so {} never applies", condition.title(), statement.label());
        report.add(&NEVER_MATCHES, statement, condition.at, (problem, "the values that are meant"));
    }
    let mut by_key: BTreeMap<&str, Vec<&Condition<'_>>> = BTreeMap::new();
    for condition in statement.conditions.iter().filter(|own| !own.compiled.values().is_empty()) {
        by_key.entry(condition.key()).or_default().push(condition);
    }
    for conditions in by_key.values() {
        for (number, second) in conditions.iter().enumerate() {
            let size =
                |own: &Condition<'_>| own.values().map(|value| value.text.len().saturating_add(1)).sum::<usize>();
            let excluded = conditions.iter().take(number).find(|first| {
                let work = size(first)
                    .saturating_mul(second.compiled.values().len())
                    .saturating_add(size(second).saturating_mul(first.compiled.values().len()));
                budget.spend(work) && first.compiled.excludes(second.compiled)
            });
            if let Some(first) = excluded {
                let (wanted, other) = (first.compiled.wanted(), second.compiled.wanted());
                let problem = format!(
                    "{} wants {} and {} wants {}: no request has both, so {} never applies",
                    first.title(),
                    super::report::clip(&wanted),
                    second.title(),
                    super::report::clip(&other),
                    statement.label()
                );
                report.add(&NEVER_MATCHES, statement, second.at, (problem, "one of the two, or two statements"));
                break;
            }
        }
    }
}

fn duplicates(statements: &[Statement<'_>], report: &mut Report) {
    let mut seen: BTreeMap<Vec<String>, &Statement<'_>> = BTreeMap::new();
    for statement in statements {
        let content = content(statement);
        if let Some(first) = seen.get(&content) {
            let problem = format!("{} says what {} says", statement.label(), first.label());
            report.add(&DUPLICATE, statement, statement.compiled.at, (problem, "one of them"));
        } else {
            seen.insert(content, statement);
        }
    }
}

/// What a statement says, whatever the order in which it says it.
fn content(statement: &Statement<'_>) -> Vec<String> {
    let mut content = vec![format!("{:?}", statement.compiled.effect)];
    let sorted = |mut texts: Vec<String>| {
        texts.sort();
        texts.dedup();
        texts.insert(0, texts.len().to_string());
        texts
    };
    let element = |element: &Element<'_>, fold: bool| {
        let texts = element.texts.iter();
        let texts = texts.map(|own| if fold { own.text.to_ascii_lowercase() } else { own.text.to_owned() }).collect();
        std::iter::once(element.name.to_owned()).chain(sorted(texts)).collect::<Vec<_>>()
    };
    content.extend(element(&statement.actions, true));
    content.extend(statement.resources.iter().flat_map(|own| element(own, false)));
    content.extend(statement.principals.iter().map(|own| own.name.to_owned()));
    let names = statement.compiled.principal.iter().flat_map(|own| &own.names);
    content.extend(sorted(names.map(|name| format!("{name:?}")).collect()));
    let conditions = statement.conditions.iter().map(|own| {
        let values = sorted(own.values().map(|value| value.text.to_owned()).collect());
        format!("{} {values:?}", own.compiled.title().replace(&own.compiled.key().to_string(), own.key()))
    });
    content.extend(sorted(conditions.collect()));
    content
}

fn shadowed(statements: &[Statement<'_>], budget: &mut Budget, report: &mut Report) {
    let unconditional = |own: &&Statement<'_>| {
        let negated = own.compiled.principal.as_ref().is_some_and(|element| element.negated);
        !own.allows() && own.conditions.is_empty() && !negated
    };
    let denials: Vec<_> = statements.iter().filter(unconditional).collect();
    for allowance in statements.iter().filter(|own| own.allows()) {
        if let Some(denial) = denials.iter().find(|denial| covers(denial, allowance, budget)) {
            let problem = format!("{} denies all that {} allows", denial.label(), allowance.label());
            let instead = "a narrower Deny, or no Allow";
            report.add(&SHADOWED, allowance, allowance.compiled.at, (problem, instead));
        }
    }
}

fn covers(denial: &Statement<'_>, allowance: &Statement<'_>, budget: &mut Budget) -> bool {
    budget.spend(denial.actions.texts.len().saturating_add(denial.resources.iter().map(|own| own.texts.len()).sum()))
        && covers_principals(denial, allowance, budget)
        && covers_actions(denial, allowance, budget)
        && covers_resources(denial, allowance, budget)
}

fn covers_principals(denial: &Statement<'_>, allowance: &Statement<'_>, budget: &mut Budget) -> bool {
    let (Some(denied), Some(allowed)) = (&denial.compiled.principal, &allowance.compiled.principal) else {
        return true;
    };
    PrincipalElement::is_everyone(denied)
        || !allowed.negated
            && allowed.names.iter().all(|name| budget.spend(denied.names.len()) && denied.names.contains(name))
}

fn covers_actions(denial: &Statement<'_>, allowance: &Statement<'_>, budget: &mut Budget) -> bool {
    let denied = &denial.compiled.actions;
    if denied.negated {
        // Actions in full are left out of a denial or are not; of patterns that takes more than comparing them.
        let exact = |text: &Text<'_>| text.text.parse().ok().filter(|_| budget.spend(denied.patterns.len()));
        let allowed: Option<Vec<Action>> = allowance.actions.texts.iter().map(exact).collect();
        return !allowance.compiled.actions.negated
            && allowed.is_some_and(|allowed| allowed.iter().all(|action| denied.matches(action)));
    }
    if denied.patterns.iter().any(|pattern| matches!(pattern, ActionPattern::Anything)) {
        return true;
    }
    !allowance.compiled.actions.negated
        && covers_all(&allowance.actions, &denial.actions, budget, |wide, narrow| {
            let (wide, narrow) = (wide.to_ascii_lowercase(), narrow.to_ascii_lowercase());
            let wild_service = wide.split_once(':').is_some_and(|(service, _)| service.contains(['*', '?']));
            !wild_service && covers_text(&wide, &narrow)
        })
}

fn covers_resources(denial: &Statement<'_>, allowance: &Statement<'_>, budget: &mut Budget) -> bool {
    let (Some(denied), Some(element)) = (&denial.compiled.resources, &denial.resources) else { return true };
    if denied.negated {
        let is_plain = |text: &str| !text.contains(['*', '?', '$']);
        let exact = |text: &Text<'_>| {
            let plain = budget.spend(denied.patterns.len().saturating_add(text.text.len())) && is_plain(text.text);
            text.text.parse::<Resource>().ok().filter(|_| plain)
        };
        let own = allowance.resources.as_ref().filter(|element| element.name == "Resource");
        let allowed: Option<Vec<Resource>> = own.and_then(|own| own.texts.iter().map(exact).collect());
        let settled = denied.keys().next().is_none();
        return settled && allowed.is_some_and(|own| own.iter().all(|own| denied.matches(own, &Keys::new())));
    }
    if ResourceElement::is_everything(denied) {
        return true;
    }
    let narrow = allowance.resources.as_ref().filter(|element| element.name == "Resource");
    let names_some = denied.patterns.iter().all(|pattern| !matches!(pattern, ResourcePattern::Nothing));
    names_some && narrow.is_some_and(|narrow| covers_all(narrow, element, budget, covers_arn))
}

/// Whether each text of `narrow` is covered by one of `wide`.
fn covers_all(
    narrow: &Element<'_>,
    wide: &Element<'_>,
    budget: &mut Budget,
    covers: impl Fn(&str, &str) -> bool,
) -> bool {
    narrow.texts.iter().all(|narrow| {
        wide.texts.iter().any(|wide| {
            budget.spend(wide.text.len().saturating_add(narrow.text.len())) && covers(wide.text, narrow.text)
        })
    })
}

/// Part by part, since no wildcard reaches over a colon between two of them.
fn covers_arn(wide: &str, narrow: &str) -> bool {
    let (wide, narrow): (Vec<_>, Vec<_>) = (wide.splitn(6, ':').collect(), narrow.splitn(6, ':').collect());
    wide.len() == 6 && narrow.len() == 6 && wide.iter().zip(narrow).all(|(wide, narrow)| covers_text(wide, narrow))
}

/// Whether a pattern takes all that another takes: its `*`s stand for what the other has there, wildcards included.
///
/// A `?` and a variable stand for other text than they are, so a pattern with them covers itself alone.
fn covers_text(wide: &str, narrow: &str) -> bool {
    let syntax = Syntax { wildcards: true, variables: false };
    let plain = !wide.contains('?') && !wide.contains("${");
    wide == narrow || plain && Pattern::parse(wide, syntax).is_ok_and(|wide| wide.matches(narrow, &Keys::new()))
}
