//! Conditions that say something else than they seem to: asterisks, variables and names that are read as text.

use std::collections::HashSet;

use super::known;
use super::lints::{
    FOR_ALL_VALUES, LITERAL_WILDCARD, MISSPELT_KEY, SET_OPERATOR_MISSING, VARIABLE_AS_TEXT, VERSION_MISSING,
};
use super::report::{Report, clip, quote};
use super::view::{Condition, Document, Statement, Text};

/// Keys whose absence is as good as an empty list: without tags there is no wrong one.
const LISTS_OF_TAGS: [&str; 2] = ["aws:tagkeys", "sts:transitivetagkeys"];

/// Keys that hold a list, and are compared through set operators only.
const LISTS: [&str; 9] = [
    "aws:calledvia",
    "aws:principalorgpaths",
    "aws:principalservicenameslist",
    "aws:resourceorgpaths",
    "aws:sourceorgpaths",
    "aws:tagkeys",
    "sts:identitytokenaudience",
    "sts:requestcontextproviders",
    "sts:transitivetagkeys",
];

/// The key that every call has that is asked about [`SET_CONTEXT`], and that may be absent from any other.
const CONTEXT_PROVIDERS: &str = "sts:requestcontextproviders";
const SET_CONTEXT: &str = "sts:SetContext";

pub(super) fn version(document: &Document<'_>, report: &mut Report) {
    if !document.has_version {
        let problem =
            "Version is missing, which means 2008-10-17: variables are text, and newer elements may be refused";
        report.add_to_document(&VERSION_MISSING, document.at, (problem, "\"Version\": \"2012-10-17\""));
    }
}

pub(super) fn look(statement: &Statement<'_>, variables: bool, report: &mut Report) {
    let required = statement.conditions.iter().filter(|condition| condition.compiled.needs_key());
    let required: HashSet<&str> = required.map(Condition::key).collect();
    for condition in &statement.conditions {
        if !required.contains(condition.key()) {
            for_all_values(statement, condition, report);
        }
        set_operator(statement, condition, report);
        literal_wildcards(statement, condition, variables, report);
        misspelt(statement, condition, report);
    }
    let resources = statement.resources.iter().flat_map(|element| element.texts.iter().copied());
    let conditions = statement.conditions.iter().filter(|condition| condition.compiled.takes_variables());
    for text in resources.chain(conditions.flat_map(Condition::values)) {
        if variables {
            misspelt_variables(statement, text, report);
        } else {
            variable(statement, text, report);
        }
    }
}

fn misspelt_variables(statement: &Statement<'_>, text: Text<'_>, report: &mut Report) {
    for after in text.text.split("${").skip(1) {
        let written = after.split([',', '}']).next().unwrap_or_default();
        if let Some(near) = known::nearest(&written.to_lowercase()) {
            let problem = format!("there is no condition key {}, so the variable has no value", clip(written));
            report.add(&MISSPELT_KEY, statement, text.at, (problem, format!("{near}, if that is meant")));
        }
    }
}

fn for_all_values(statement: &Statement<'_>, condition: &Condition<'_>, report: &mut Report) {
    let present = condition.key() == CONTEXT_PROVIDERS && is_about(statement, SET_CONTEXT);
    let harmless = !statement.allows() || LISTS_OF_TAGS.contains(&condition.key()) || present;
    if !condition.compiled.is_for_all_values() || harmless {
        return;
    }
    let key = &condition.name;
    let problem = format!("{} holds of requests without {key}", condition.title());
    let instead = format!(
        "the operator without ForAllValues: where {key} has one value; else a condition Null on {key} with \"false\" beside it"
    );
    report.add(&FOR_ALL_VALUES, statement, condition.at, (problem, instead));
}

fn set_operator(statement: &Statement<'_>, condition: &Condition<'_>, report: &mut Report) {
    if !LISTS.contains(&condition.key()) || condition.compiled.is_null() || condition.compiled.has_set_operator() {
        return;
    }
    let (key, operator) = (&condition.name, condition.compiled.operator());
    let effect = if statement.allows() { "lets nobody in" } else { "denies nobody" };
    let problem = format!("{} never holds of a list, which {key} is: it {effect} who has one", condition.title());
    let instead = format!("ForAnyValue:{operator} or ForAllValues:{operator}, whichever is meant");
    report.add(&SET_OPERATOR_MISSING, statement, condition.at, (problem, instead));
}

/// Whether a statement names this action and no other.
fn is_about(statement: &Statement<'_>, action: &str) -> bool {
    let named = &statement.actions.texts;
    !statement.compiled.actions.negated && named.iter().all(|text| text.text.eq_ignore_ascii_case(action))
}

fn literal_wildcards(statement: &Statement<'_>, condition: &Condition<'_>, variables: bool, report: &mut Report) {
    if !condition.compiled.is_plain_text() {
        return;
    }
    let is_wild = |text: &str| if variables { text.replace("${*}", "").contains('*') } else { text.contains('*') };
    for value in condition.values().filter(|value| is_wild(value.text)) {
        let effect = if condition.compiled.is_negated() { "excludes nobody" } else { "never matches" };
        let problem =
            format!("{} reads the * in {} as an asterisk, so it {effect}", condition.title(), quote(value.text));
        let operator = if condition.compiled.is_negated() { "StringNotLike" } else { "StringLike" };
        let instead = format!("the value in full; or {operator}, if a narrow pattern is meant");
        report.add(&LITERAL_WILDCARD, statement, value.at, (problem, instead));
    }
}

fn misspelt(statement: &Statement<'_>, condition: &Condition<'_>, report: &mut Report) {
    if let Some(near) = known::nearest(condition.key()) {
        let written = &condition.name;
        let problem = format!("there is no condition key {written}, so no request has it");
        report.add(&MISSPELT_KEY, statement, condition.at, (problem, format!("{near}, if that is meant")));
    }
}

fn variable(statement: &Statement<'_>, text: Text<'_>, report: &mut Report) {
    if text.text.split_once("${").is_some_and(|(_, rest)| rest.contains('}')) {
        let problem = format!("{} holds a variable, which is text in policies of version 2008-10-17", quote(text.text));
        report.add(&VARIABLE_AS_TEXT, statement, text.at, (problem, "\"Version\": \"2012-10-17\""));
    }
}
