//! What would be decided: SimulateCustomPolicy and SimulatePrincipalPolicy, and the condition keys that policies read.
//!
//! A role's trust policy is honoured where assuming it is simulated, and so are resource control policies, both of which
//! the cloud's own simulation leaves out.

mod context;
mod evaluation;
mod exclusion;
mod given;
mod principal;
mod verdict;

use std::collections::HashSet;

use self::evaluation::Simulation;
use self::exclusion::Exclusions;
use self::given::{Given, Whole};
use super::call::{Call, Operation, refused};
use super::holders;
use super::paging::Page;
use crate::http::query::{Answer, Constraints, Element, QueryError};
use crate::policy::{Keys, Policy};

pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "SimulateCustomPolicy" => simulate_custom,
        "SimulatePrincipalPolicy" => simulate_principal,
        "GetContextKeysForCustomPolicy" => context_keys_custom,
        "GetContextKeysForPrincipalPolicy" => context_keys_principal,
        _ => return None,
    })
}

fn simulate_custom(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let whole = Whole::read(call.query, &mut constraints);
    constraints.at_least_one(call.query, "PolicyInputList");
    let page = Page::read(call.query, &mut constraints);
    constraints.finish()?;
    call.authorize("iam:SimulateCustomPolicy", "*", &Keys::new())?;
    let given = Given::read(call, whole)?;
    let account = call.own_account()?;
    let caller = given.caller.as_ref().map(|arn| principal::of_arn(call, arn, &account)).transpose()?;
    let simulation = Simulation::new(&given, given.policies(call, "PolicyInputList")?, None, caller, call, &account)?;
    Ok(Answer::new("SimulateCustomPolicy", results(&given, &simulation, page)?))
}

fn simulate_principal(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let whole = Whole::read(call.query, &mut constraints);
    let source = super::input::arn(call.query, "PolicySourceArn", &mut constraints);
    let page = Page::read(call.query, &mut constraints);
    constraints.finish()?;
    let source = source.ok_or_else(super::input::no_arn)?;
    call.authorize("iam:SimulatePrincipalPolicy", source.as_str(), &Keys::new())?;
    let mut given = Given::read(call, whole)?;
    let excluded = Exclusions::read(call.query)?;
    if !excluded.spare_service_control() {
        given.service_control = Some(Vec::new());
    }
    let account = call.own_account()?;
    let holder = holders::of_arn(&account, &source)?;
    let own = account.policies_of(&holder).map_err(refused)?.into_iter().filter(|sourced| excluded.spare(sourced));
    let mut policies: Vec<_> = own.map(|sourced| sourced.policy).collect();
    policies.extend(given.policies(call, "PolicyInputList")?);
    let boundary = account.boundary_of(&holder).map_err(refused)?.filter(|_| excluded.spare_boundary());
    let caller = match &given.caller {
        Some(arn) if *arn != source => Some(principal::of_arn(call, arn, &account)?),
        _ => principal::of_holder(&account, &holder),
    };
    let simulation = Simulation::new(&given, policies, boundary, caller, call, &account)?;
    Ok(Answer::new("SimulatePrincipalPolicy", results(&given, &simulation, page)?))
}

/// One result for each action, with one for each resource inside.
fn results(given: &Given<'_>, simulation: &Simulation<'_>, page: Page) -> Result<Vec<Element>, QueryError> {
    let most = simulation.decisions_per_page();
    if given.resources.len() > most {
        let message = format!(
            "ResourceArns: with policies and values of this length at most {most} resources can be asked about"
        );
        return Err(QueryError::new("InvalidInput", message));
    }
    // Only what is on the page is evaluated.
    let page = page.at_most(most.checked_div(given.resources.len()).unwrap_or(most));
    let (asked, told) = page.of((0_usize..).zip(&given.actions), |(number, _)| format!("{number:010}"))?;
    let results: Result<Vec<_>, _> = asked.into_iter().map(|(_, action)| simulation.result(action)).collect();
    let mut elements = vec![Element::list("EvaluationResults", results?)];
    elements.extend(told);
    Ok(elements)
}

fn context_keys_custom(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    constraints.at_least_one(call.query, "PolicyInputList");
    constraints.finish()?;
    call.authorize("iam:GetContextKeysForCustomPolicy", "*", &Keys::new())?;
    let policies = given::any_policies(call.query, "PolicyInputList")?;
    Ok(Answer::new("GetContextKeysForCustomPolicy", vec![key_names(policies.iter())]))
}

fn context_keys_principal(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let source = super::input::arn(call.query, "PolicySourceArn", &mut constraints);
    constraints.finish()?;
    let source = source.ok_or_else(super::input::no_arn)?;
    call.authorize("iam:GetContextKeysForPrincipalPolicy", source.as_str(), &Keys::new())?;
    let account = call.own_account()?;
    let own = account.policies_of(&holders::of_arn(&account, &source)?).map_err(refused)?;
    let more = given::any_policies(call.query, "PolicyInputList")?;
    let policies = own.iter().map(|sourced| &sourced.policy).chain(&more);
    Ok(Answer::new("GetContextKeysForPrincipalPolicy", vec![key_names(policies)]))
}

fn key_names<'p>(policies: impl Iterator<Item = &'p Policy>) -> Element {
    let mut seen = HashSet::new();
    let names = policies.flat_map(Policy::context_keys).filter(|name| seen.insert(name.to_ascii_lowercase()));
    Element::texts("ContextKeyNames", names)
}
