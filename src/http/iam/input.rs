//! Parameters that many operations take: names, paths, documents and tags, with the limits of the service model.

use crate::arn::Arn;
use crate::http::query::{Constraints, Query, QueryError};
use crate::iam::EntityPath;

/// The most characters of a user's or a role's name.
pub(super) const SHORT_NAME: usize = 64;
/// The most characters of the name of a group, a policy, or a provider.
pub(super) const LONG_NAME: usize = 128;
const MAX_PATH: usize = 512;
const ARN_LENGTH: (usize, usize) = (20, 2048);
const MAX_DESCRIPTION: usize = 1000;
const MAX_DOCUMENT: usize = 131_072;
/// The most tags that one call sets or takes away.
const MAX_TAGS: usize = 50;

/// One tag: its key and its value.
pub(super) type Tag = (String, String);

/// A required name of at most `most` characters.
pub(super) fn name<'a>(query: &'a Query, parameter: &str, most: usize, constraints: &mut Constraints) -> &'a str {
    let name = constraints.required(query, parameter, (1, most));
    named(parameter, Some(name).filter(|name| !name.is_empty()), constraints);
    name
}

/// A name that may be left out.
pub(super) fn optional_name<'a>(
    query: &'a Query,
    parameter: &str,
    most: usize,
    constraints: &mut Constraints,
) -> Option<&'a str> {
    let name = query.value(parameter);
    constraints.length(parameter, name, (1, most));
    named(parameter, name, constraints);
    name
}

fn named(parameter: &str, name: Option<&str>, constraints: &mut Constraints) {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_+=,.@-".contains(character);
    if name.is_some_and(|name| !name.chars().all(allowed)) {
        constraints.pattern(parameter, name, "[\\w+=,.@-]+");
    }
}

/// The parameter `Path`, `/` when it is left out.
pub(super) fn path<'a>(query: &'a Query, constraints: &mut Constraints) -> &'a str {
    optional_path(query, "Path", constraints).unwrap_or("/")
}

/// A path that may be left out.
pub(super) fn optional_path<'a>(query: &'a Query, parameter: &str, constraints: &mut Constraints) -> Option<&'a str> {
    let path = query.value(parameter);
    constraints.length(parameter, path, (1, MAX_PATH));
    if path.is_some_and(|path| path.parse::<EntityPath>().is_err()) {
        let rule = "It must begin and end with / and contain only alphanumeric characters and/or / characters.";
        constraints.otherwise(format!("The specified value for path is invalid. {rule}"));
    }
    path
}

/// The path of a managed policy, `/` when it is left out.
pub(super) fn policy_path<'a>(query: &'a Query, constraints: &mut Constraints) -> &'a str {
    path_of_policies(query, "Path", constraints)
}

/// The parameter `PathPrefix` where it is of managed policies, `/` when it is left out.
pub(super) fn policy_path_prefix<'a>(query: &'a Query, constraints: &mut Constraints) -> &'a str {
    path_of_policies(query, "PathPrefix", constraints)
}

fn path_of_policies<'a>(query: &'a Query, parameter: &str, constraints: &mut Constraints) -> &'a str {
    let path = query.value(parameter);
    constraints.length(parameter, path, (1, MAX_PATH));
    let path = path.unwrap_or("/");
    let allowed = |character: char| character.is_ascii_alphanumeric() || ".,+@=_-".contains(character);
    let word = |part: &str| !part.is_empty() && part.chars().all(allowed);
    let inner = path.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
    if path != "/" && !inner.is_some_and(|inner| inner.split('/').all(word)) {
        constraints.pattern(parameter, Some(path), "((/[A-Za-z0-9\\.,\\+@=_-]+)*)/");
    }
    path
}

/// The description of a role, if there is one.
pub(super) fn role_description(query: &Query, constraints: &mut Constraints) -> Option<String> {
    let description = query.value("Description");
    constraints.length("Description", description, (0, MAX_DESCRIPTION));
    let allowed = |character: char| matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{7E}' | '\u{A1}'..='\u{FF}');
    if description.is_some_and(|text| !text.chars().all(allowed)) {
        constraints.pattern("Description", description, "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*");
    }
    description.map(str::to_owned)
}

/// The description of a managed policy, if there is one.
pub(super) fn policy_description(query: &Query, constraints: &mut Constraints) -> Option<String> {
    let description = query.value("Description");
    constraints.length("Description", description, (0, MAX_DESCRIPTION));
    description.map(str::to_owned)
}

/// The parameter `PathPrefix`, `/` when it is left out.
pub(super) fn path_prefix<'a>(query: &'a Query, constraints: &mut Constraints) -> &'a str {
    let prefix = query.value("PathPrefix");
    constraints.length("PathPrefix", prefix, (1, MAX_PATH));
    let prefix = prefix.unwrap_or("/");
    if !(prefix.starts_with('/') && prefix.bytes().all(|byte| (0x21..=0x7F).contains(&byte))) {
        constraints.pattern("PathPrefix", Some(prefix), "\\u002F[\\u0021-\\u007F]*");
    }
    prefix
}

/// A required ARN; none when it is missing or no ARN, which is noted.
pub(super) fn arn(query: &Query, parameter: &str, constraints: &mut Constraints) -> Option<Arn> {
    let text = constraints.required(query, parameter, ARN_LENGTH);
    parsed(Some(text).filter(|text| !text.is_empty()), constraints)
}

/// An ARN that may be left out.
pub(super) fn optional_arn(query: &Query, parameter: &str, constraints: &mut Constraints) -> Option<Arn> {
    let text = query.value(parameter);
    constraints.length(parameter, text, ARN_LENGTH);
    parsed(text, constraints)
}

fn parsed(text: Option<&str>, constraints: &mut Constraints) -> Option<Arn> {
    let text = text?;
    let arn = text.parse().ok();
    if arn.is_none() {
        constraints.otherwise(format!("ARN {} is not valid.", text.chars().take(200).collect::<String>()));
    }
    arn
}

/// That an ARN is missing, where the constraints have said so already.
pub(super) fn no_arn() -> QueryError {
    QueryError::validation("an ARN is missing")
}

/// A required policy document.
pub(super) fn document<'a>(query: &'a Query, parameter: &str, constraints: &mut Constraints) -> &'a str {
    let document = constraints.required(query, parameter, (1, MAX_DOCUMENT));
    let allowed = |character: char| matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{FF}');
    if !document.chars().all(allowed) {
        constraints.pattern(parameter, Some(document), "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+");
    }
    document
}

/// The parameter `Tags`.
pub(super) fn tags(query: &Query) -> Result<Vec<Tag>, QueryError> {
    let records = query.records("Tags", ["Key", "Value"])?;
    few("tags", records.len())?;
    let mut constraints = Constraints::default();
    for (number, [key, value]) in (1..).zip(&records) {
        constraints.tag(number, *key, *value);
    }
    constraints.finish()?;
    let mut tags: Vec<Tag> = Vec::with_capacity(records.len());
    for (key, value) in records.into_iter().filter_map(|[key, value]| key.zip(value)) {
        if tags.iter().any(|(known, _)| known.to_lowercase() == key.to_lowercase()) {
            let of_policy = matches!(query.value("Action"), Some("CreatePolicy" | "TagPolicy"));
            let more = if of_policy { "" } else { " Please note that Tag keys are case insensitive." };
            return Err(QueryError::new("InvalidInput", format!("Duplicate tag keys found.{more}")));
        }
        tags.push((key.to_owned(), value.to_owned()));
    }
    Ok(tags)
}

/// The parameter `TagKeys`.
pub(super) fn tag_keys(query: &Query) -> Result<Vec<&str>, QueryError> {
    let keys = query.members("TagKeys")?;
    few("tagKeys", keys.len())?;
    let mut constraints = Constraints::default();
    constraints.tag_keys("TagKeys", &keys);
    constraints.finish()?;
    Ok(keys)
}

/// Refuses more tags than one call may name, before each of them is looked at.
fn few(place: &str, count: usize) -> Result<(), QueryError> {
    if count <= MAX_TAGS {
        return Ok(());
    }
    let constraint = format!("Member must have length less than or equal to {MAX_TAGS}");
    let found = format!("Value at '{place}' failed to satisfy constraint: {constraint}");
    Err(QueryError::validation(format!("1 validation error detected: {found}")))
}

/// What is configured with the service and no account can change.
pub(super) fn configured(arn: &Arn) -> QueryError {
    let sentence = format!("Cannot perform the operation: {arn} is configured with the service");
    QueryError::new("UnmodifiableEntity", sentence)
}
