//! Allowances that are wider than a job needs.

use super::lints::{ALLOW_ALL, ESCALATION, EVERY_ROLE, NOT_ACTION, NOT_RESOURCE};
use super::report::{Report, quote};
use super::view::{Condition, Statement, Text};
use crate::policy::Action;
use crate::policy::action::ActionPattern;
use crate::policy::document::Kind;
use crate::policy::resource::ResourceElement;

/// Actions that hand on the rights of the role they are done to.
const OF_ROLES: [&str; 2] = ["iam:passrole", "sts:assumerole"];

/// Actions by which whoever may do them to any identity can make itself an administrator.
const ESCALATING: [&str; 16] = [
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteUserPermissionsBoundary",
    "iam:PutGroupPolicy",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
    "sts:AssumeRoot",
];

pub(super) fn look(statement: &Statement<'_>, report: &mut Report) {
    if !statement.allows() {
        return;
    }
    let actions = &statement.compiled.actions;
    let names_all_actions = actions.patterns.iter().any(|own| matches!(own, ActionPattern::Anything));
    if actions.negated && !names_all_actions {
        let names = quote(statement.actions.texts.first().map_or("", |text| text.text));
        let problem = format!(
            "NotAction with Allow allows every action but {names}{}, of every service",
            more(&statement.actions.texts)
        );
        report.add(
            &NOT_ACTION,
            statement,
            statement.actions.at,
            (problem, "Action with what is needed; or Deny with Action"),
        );
    }
    let left_out = statement.compiled.resources.as_ref().filter(|own| own.negated && !own.names_all());
    if let Some(element) = statement.resources.as_ref().filter(|_| left_out.is_some()) {
        let names = quote(element.texts.first().map_or("", |text| text.text));
        let problem = format!("NotResource with Allow reaches every resource but {names}{}", more(&element.texts));
        report.add(
            &NOT_RESOURCE,
            statement,
            element.at,
            (problem, "Resource with what is needed; or Deny with Resource"),
        );
    }
    // The other kinds say the most that is allowed, and allow nothing themselves.
    if !matches!(statement.kind, Kind::Identity | Kind::Resource) || actions.negated {
        return;
    }
    if !statement.conditions.iter().all(holds_of_any_request) {
        return;
    }
    let everything = statement.compiled.resources.as_ref().is_some_and(ResourceElement::is_everything);
    let any_action = actions.patterns.iter().zip(&statement.actions.texts);
    let any_action = any_action.into_iter().find(|(own, _)| matches!(own, ActionPattern::Anything));
    if let Some((_, text)) = any_action.filter(|_| everything) {
        let problem = "Action \"*\" on Resource \"*\" allows everything".to_owned();
        report.add(&ALLOW_ALL, statement, text.at, (problem, "the actions and resources that are needed"));
        return;
    }
    every_role(statement, report);
    if everything {
        escalation(statement, report);
    }
}

/// Whether a condition is one that no request fails.
fn holds_of_any_request(condition: &Condition<'_>) -> bool {
    const OF_EVERY_REQUEST: [&str; 4] = ["aws:currenttime", "aws:principalarn", "aws:sourceip", "aws:useragent"];
    let own = condition.compiled;
    let absent_passes = own.is_if_exists() || OF_EVERY_REQUEST.contains(&condition.key());
    absent_passes && own.is_open() && !own.is_negated()
}

fn escalation(statement: &Statement<'_>, report: &mut Report) {
    for (pattern, text) in statement.compiled.actions.patterns.iter().zip(&statement.actions.texts) {
        let mut escalating = ESCALATING.iter().filter_map(|name| name.parse::<Action>().ok());
        if let Some(action) = escalating.find(|action| pattern.matches(action)) {
            let problem =
                format!("{} on Resource \"*\" allows {action}, by which one gives oneself more", quote(text.text));
            let instead = "the ARNs of the identities, and a condition on iam:PermissionsBoundary or iam:PolicyARN";
            report.add(&ESCALATION, statement, text.at, (problem, instead));
        }
    }
}

fn every_role(statement: &Statement<'_>, report: &mut Report) {
    let resources = statement.resources.iter().filter(|element| element.name == "Resource");
    let Some(resource) = resources.flat_map(|element| &element.texts).find(|text| reaches_every_role(text.text)) else {
        return;
    };
    for action in OF_ROLES.iter().filter_map(|name| name.parse::<Action>().ok()) {
        let mut patterns = statement.compiled.actions.patterns.iter().zip(&statement.actions.texts);
        if let Some((_, text)) = patterns.find(|(own, _)| own.matches(&action)) {
            let does = if action.service() == "iam" { "hands any role to a service" } else { "assumes any role" };
            let problem =
                format!("{} on Resource {} {does}, stronger ones too", quote(text.text), quote(resource.text));
            let instead = "the ARNs of the roles; for iam:PassRole also a condition on iam:PassedToService";
            report.add(&EVERY_ROLE, statement, text.at, (problem, instead));
        }
    }
}

fn reaches_every_role(resource: &str) -> bool {
    let name = resource.splitn(6, ':').nth(5);
    let of_iam = resource.split(':').nth(2) == Some("iam");
    resource.chars().all(|character| character == '*')
        || of_iam && name.is_some_and(|name| matches!(name, "*" | "role/*" | "role*"))
}

fn more(texts: &[Text<'_>]) -> String {
    match texts.len() {
        0 | 1 => String::new(),
        count => format!(" and {} more", count.saturating_sub(1)),
    }
}
