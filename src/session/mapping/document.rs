//! Text to a mapping: strict, bounded, and every refusal says where.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::condition::{Case, Condition, Test};
use super::error::MappingDocumentError;
use super::node::Node;
use super::pattern::{Captures, Glob};
use super::role::RoleTemplate;
use super::source::Source;
use super::value::{self, Needed, Transform, ValueOf};
use super::{CloudAttributes, Length, Mapping, Rule, Tag};
use crate::json::{self, Limits};
use crate::session::Tags;
use crate::session::federation::MAX_ROLES;

/// A thousand rules of a few hundred bytes each.
const LIMITS: Limits = Limits { bytes: 262_144, depth: 6, values: 32_768 };
/// The most rules of a document.
const MAX_RULES: usize = 1000;

const DOCUMENT: &[&str] = &[
    "version",
    "aws_attributes",
    "separators",
    "rules",
    "session_name",
    "source_identity",
    "session_duration",
    "tags",
    "transitive_tags",
];

/// Reads a document.
pub(super) fn read(text: &str) -> Result<Mapping, MappingDocumentError> {
    let root = json::parse(text.as_bytes(), LIMITS).map_err(MappingDocumentError::Json)?;
    let root = Node::root(&root);
    root.fields(DOCUMENT)?;
    let version = root.required("version")?;
    if version.number() != Some("1") {
        return Err(version.malformed("1, the one version there is"));
    }
    let mut mapping = Mapping {
        cloud: root.field("aws_attributes").map_or(Ok(CloudAttributes::Ignored), |node| cloud(&node))?,
        separators: root.field("separators").map_or(Ok(BTreeMap::new()), |node| separators(&node))?,
        rules: rules(&root.required("rules")?)?,
        session_name: root.field("session_name").map(|node| value_of(&node)).transpose()?,
        source_identity: root.field("source_identity").map(|node| value_of(&node)).transpose()?,
        session_duration: root.field("session_duration").map(|node| length(&node)).transpose()?,
        tags: root.field("tags").map_or(Ok(BTreeMap::new()), |node| tags(&node))?,
        transitive_tags: Vec::new(),
    };
    if let Some(node) = root.field("transitive_tags") {
        mapping.transitive_tags = transitive(&node, &mapping.tags)?;
    }
    Ok(mapping)
}

fn cloud(node: &Node<'_, '_>) -> Result<CloudAttributes, MappingDocumentError> {
    match node.text() {
        Some("ignore") => Ok(CloudAttributes::Ignored),
        Some("merge") => Ok(CloudAttributes::Merged),
        _ => Err(node.malformed("\"ignore\" or \"merge\"")),
    }
}

fn separators(node: &Node<'_, '_>) -> Result<BTreeMap<Source, String>, MappingDocumentError> {
    let mut separators = BTreeMap::new();
    for (name, separator) in node.members()? {
        let source = Source::parse(name).map_err(|expected| separator.malformed(expected))?;
        let text = separator.text().filter(|text| !text.trim().is_empty());
        let text = text.ok_or_else(|| separator.malformed("a separator, such as \";\""))?;
        separators.insert(source, text.to_owned());
    }
    Ok(separators)
}

fn rules(node: &Node<'_, '_>) -> Result<Vec<Rule>, MappingDocumentError> {
    let listed = node.list()?;
    if listed.is_empty() || listed.len() > MAX_RULES {
        return Err(node.malformed("a list of 1 to 1000 rules"));
    }
    let mut rules: Vec<Rule> = Vec::with_capacity(listed.len());
    let mut names = BTreeSet::new();
    for (number, node) in (1..).zip(listed) {
        let rule = rule(&node, number)?;
        if !names.insert(rule.name.clone()) {
            return Err(node.malformed("a name that no other rule has"));
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn rule(node: &Node<'_, '_>, number: usize) -> Result<Rule, MappingDocumentError> {
    node.fields(&["name", "when", "roles", "session_duration"])?;
    let name = match node.field("name") {
        None => format!("rule {number}"),
        Some(name) => name.non_empty().ok_or_else(|| name.malformed("a name"))?.to_owned(),
    };
    let when = node.required("when")?;
    let mut conditions = Vec::new();
    for node in when.one_or_many() {
        conditions.push(condition(&node)?);
    }
    let captures: Vec<&Captures> = conditions.iter().filter_map(Condition::captures).collect();
    if conditions.is_empty() || captures.len() > 1 {
        return Err(when.malformed("at least one condition, of which at most one captures"));
    }
    let listed = node.required("roles")?;
    let mut roles = Vec::new();
    for node in listed.one_or_many() {
        roles.push(role(&node, captures.first().copied())?);
    }
    if roles.is_empty() || roles.len() > MAX_ROLES {
        return Err(listed.malformed("1 to 200 roles"));
    }
    let session_duration = node.field("session_duration").map(|node| seconds(&node)).transpose()?;
    Ok(Rule { name, at: node.at(), when: conditions, roles, session_duration })
}

fn role(node: &Node<'_, '_>, captures: Option<&Captures>) -> Result<RoleTemplate, MappingDocumentError> {
    let text = node.text().ok_or_else(|| node.malformed("the ARN of a role"))?;
    let template = RoleTemplate::parse(text).map_err(|expected| node.malformed(expected))?;
    let account = captures.is_some_and(Captures::has_account);
    let name = captures.is_some_and(Captures::has_role);
    if (template.needs_account() && !account) || (template.needs_role() && !name) {
        return Err(node.malformed("only places that the rule's captures fills"));
    }
    Ok(template)
}

fn condition(node: &Node<'_, '_>) -> Result<Condition, MappingDocumentError> {
    const TESTS: [&str; 4] = ["any_of", "all_of", "matches", "captures"];
    node.fields(&["attribute", "any_of", "all_of", "matches", "captures", "ignore_case"])?;
    let source = source(&node.required("attribute")?)?;
    let case = match node.field("ignore_case") {
        None => Case::Exact,
        Some(flag) => match flag.boolean() {
            Some(true) => Case::Ignored,
            Some(false) => Case::Exact,
            None => return Err(flag.malformed("true or false")),
        },
    };
    let mut tests = TESTS.into_iter().filter_map(|name| node.field(name).map(|test| (name, test)));
    let (Some((name, asked)), None) = (tests.next(), tests.next()) else {
        return Err(node.malformed("one of any_of, all_of, matches and captures"));
    };
    let test = match name {
        "any_of" => Test::AnyOf(set(&asked, case)?),
        "all_of" => Test::AllOf(set(&asked, case)?),
        "matches" => Test::Matches(
            asked.texts("a text, or a list of texts that are not empty")?.into_iter().map(Glob::new).collect(),
        ),
        _ => {
            let text = asked.text().ok_or_else(|| asked.malformed("a pattern such as aws#{account}#{role}"))?;
            Test::Captures(Captures::parse(text).map_err(|expected| asked.malformed(expected))?)
        }
    };
    Ok(Condition { source, test, case })
}

fn set(node: &Node<'_, '_>, case: Case) -> Result<BTreeSet<String>, MappingDocumentError> {
    let texts = node.texts("a text, or a list of texts that are not empty")?;
    Ok(match case {
        Case::Exact => texts.into_iter().collect(),
        Case::Ignored => texts.into_iter().map(|text| text.to_ascii_lowercase()).collect(),
    })
}

fn source(node: &Node<'_, '_>) -> Result<Source, MappingDocumentError> {
    let text = node.text().ok_or_else(|| node.malformed("the name of an attribute or claim"))?;
    Source::parse(text).map_err(|expected| node.malformed(expected))
}

fn value_of(node: &Node<'_, '_>) -> Result<ValueOf, MappingDocumentError> {
    node.fields(&["from", "transform", "optional"])?;
    let listed = node.required("from")?;
    let from: Vec<Source> = listed.one_or_many().iter().map(source).collect::<Result<_, _>>()?;
    if from.is_empty() {
        return Err(listed.malformed("at least one attribute"));
    }
    let mut transforms = Vec::new();
    for node in node.field("transform").map(|node| node.one_or_many()).unwrap_or_default() {
        let known = Transform::ALL.into_iter().find(|(name, _)| node.text() == Some(name));
        let (_, transform) = known.ok_or_else(|| node.malformed("local_part, account_name or lower_case"))?;
        transforms.push(transform);
    }
    let needed = match node.field("optional") {
        None => Needed::Yes,
        Some(flag) => match flag.boolean() {
            Some(true) => Needed::No,
            Some(false) => Needed::Yes,
            None => return Err(flag.malformed("true or false")),
        },
    };
    Ok(ValueOf { from, transforms, needed })
}

fn length(node: &Node<'_, '_>) -> Result<Length, MappingDocumentError> {
    if node.number().is_some() { seconds(node).map(Length::Always) } else { value_of(node).map(Length::Of) }
}

fn seconds(node: &Node<'_, '_>) -> Result<Duration, MappingDocumentError> {
    node.number().and_then(value::seconds).ok_or_else(|| node.malformed(value::DURATION))
}

fn tags(node: &Node<'_, '_>) -> Result<BTreeMap<String, Tag>, MappingDocumentError> {
    let mut tags = BTreeMap::new();
    for (key, node) in node.members()? {
        let tag = match node.text() {
            Some(constant) => Tag::Always(constant.to_owned()),
            None => Tag::Of(value_of(&node)?),
        };
        tags.insert(key.to_owned(), tag);
    }
    // The limits on keys do not depend on who signs in; those on values are held when there are values.
    let sample = |tag: &Tag| match tag {
        Tag::Always(value) => value.clone(),
        Tag::Of(_) => String::new(),
    };
    let samples = tags.iter().map(|(key, tag)| (key.clone(), sample(tag))).collect();
    match Tags::new(samples, Vec::new()) {
        Ok(_) => Ok(tags),
        Err(error) => Err(node.malformed(format!("session tags; {error}"))),
    }
}

fn transitive(node: &Node<'_, '_>, tags: &BTreeMap<String, Tag>) -> Result<Vec<String>, MappingDocumentError> {
    let keys = node.texts("a list of keys of tags")?;
    if keys.iter().all(|key| tags.contains_key(key)) { Ok(keys) } else { Err(node.malformed("keys that tags has")) }
}
