//! The JSON of a document as elements of the language, each of the right type, before anybody asks what they say.

use super::condition::{Operator, parse_operator};
use super::document::Kind;
use super::error::PolicyError;
use crate::json::{Data, Position, Value};

const DOCUMENT: [&str; 3] = ["Version", "Id", "Statement"];
const STATEMENT: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

/// A document whose elements have the types that they must have.
pub(super) struct Shape<'v, 'd> {
    /// Where a version of 2012 should stand, unless one stands there.
    pub(super) older: Option<Position>,
    pub(super) statements: Vec<StatementShape<'v, 'd>>,
}

/// The elements of one statement: of an element and its opposite one at most.
pub(super) struct StatementShape<'v, 'd> {
    pub(super) value: &'v Value<'d>,
    /// Its place in the document, from 1.
    pub(super) number: usize,
    /// The place after what precedes it in its list; after its own brace where there is no list.
    pub(super) follows: Position,
    pub(super) sid: Option<(&'v str, Position)>,
    /// `Allow` or `Deny`, in whatever case.
    pub(super) effect: (&'v str, Position),
    pub(super) principal: Option<Principals<'v, 'd>>,
    pub(super) actions: Option<Strings<'v>>,
    pub(super) resources: Option<Strings<'v>>,
    pub(super) conditions: Vec<ConditionShape<'v>>,
}

/// `Principal` or `NotPrincipal`, as it stands there.
#[derive(Clone, Copy)]
pub(super) struct Principals<'v, 'd> {
    pub(super) element: &'static str,
    pub(super) negated: bool,
    pub(super) value: &'v Value<'d>,
}

/// An element of one string or a list of strings, which may be empty.
pub(super) struct Strings<'v> {
    pub(super) element: &'static str,
    pub(super) negated: bool,
    pub(super) at: Position,
    pub(super) values: Vec<(&'v str, Position)>,
}

/// One condition key under one operator of the language, with values that are scalars.
pub(super) struct ConditionShape<'v> {
    pub(super) operator: Operator,
    pub(super) key: (&'v str, Position),
    pub(super) values: Vec<Box<str>>,
    pub(super) at: Position,
}

impl<'v, 'd> Shape<'v, 'd> {
    pub(super) fn read(root: &'v Value<'d>, kind: Kind) -> Result<Self, PolicyError> {
        known_elements(root, "the policy", &DOCUMENT)?;
        if let Some(id) = root.member("Id") {
            string(id, "Id")?;
        }
        let older = match root.member("Version") {
            None => Some(root.at),
            Some(version) => match version.as_str() {
                Some("2012-10-17") => None,
                Some("2008-10-17") => Some(version.at),
                _ => return Err(malformed(version.at, "Version", "\"2012-10-17\" or \"2008-10-17\"")),
            },
        };
        let list = root.member("Statement").ok_or(PolicyError::Missing { at: root.at, element: "Statement" })?;
        // Only a control policy means something by saying nothing: its level of the organisation allows nothing.
        let may_be_empty = matches!(kind, Kind::ServiceControl | Kind::ResourceControl);
        let statements = match &list.data {
            Data::Array(values) if values.is_empty() && !may_be_empty => {
                return Err(malformed(list.at, "Statement", "a statement or a list of at least one"));
            }
            Data::Array(values) => {
                let follows = std::iter::once(list.at.next()).chain(values.iter().map(|value| value.end));
                let placed = values.iter().zip(1..).zip(follows);
                let read = |((value, number), follows)| StatementShape::read(value, number, follows);
                placed.map(read).collect::<Result<_, _>>()?
            }
            _ => vec![StatementShape::read(list, 1, list.at.next())?],
        };
        Ok(Self { older, statements })
    }
}

impl<'v, 'd> StatementShape<'v, 'd> {
    fn read(value: &'v Value<'d>, number: usize, follows: Position) -> Result<Self, PolicyError> {
        known_elements(value, "the statement", &STATEMENT)?;
        let effect = value.member("Effect").ok_or(PolicyError::Missing { at: value.at, element: "Effect" })?;
        let sid = value.member("Sid").map(|sid| Ok((string(sid, "Sid")?, sid.at))).transpose()?;
        let principal = either(value, "Principal", "NotPrincipal")?;
        Ok(Self {
            value,
            number,
            follows,
            sid,
            effect: allow_or_deny(effect)?,
            principal: principal.map(|(element, negated, value)| Principals { element, negated, value }),
            actions: either(value, "Action", "NotAction")?.map(Strings::read).transpose()?,
            resources: either(value, "Resource", "NotResource")?.map(Strings::read).transpose()?,
            conditions: value.member("Condition").map(conditions).transpose()?.unwrap_or_default(),
        })
    }
}

impl<'v> Strings<'v> {
    fn read((element, negated, value): (&'static str, bool, &'v Value<'_>)) -> Result<Self, PolicyError> {
        let values = match &value.data {
            Data::Array(values) if values.is_empty() => Vec::new(),
            _ => strings(value, element)?,
        };
        Ok(Self { element, negated, at: value.at, values })
    }
}

/// One string or a list of at least one.
pub(super) fn strings<'v>(value: &'v Value<'_>, element: &str) -> Result<Vec<(&'v str, Position)>, PolicyError> {
    match &value.data {
        Data::Array(values) if !values.is_empty() => {
            values.iter().map(|value| string(value, element).map(|text| (text, value.at))).collect()
        }
        Data::String(text) => Ok(vec![(text, value.at)]),
        _ => Err(malformed(value.at, element, "a string or a list of strings")),
    }
}

pub(super) fn malformed(at: Position, element: &str, expected: &'static str) -> PolicyError {
    PolicyError::Malformed { at, element: element.to_owned(), expected }
}

fn allow_or_deny<'v>(effect: &'v Value<'_>) -> Result<(&'v str, Position), PolicyError> {
    let fits = |text: &&str| ["Allow", "Deny"].iter().any(|name| name.eq_ignore_ascii_case(text));
    match effect.as_str() {
        Some(text) if fits(&text) => Ok((text, effect.at)),
        found => Err(PolicyError::Effect { at: effect.at, effect: found.unwrap_or_default().to_owned() }),
    }
}

fn conditions<'v>(block: &'v Value<'_>) -> Result<Vec<ConditionShape<'v>>, PolicyError> {
    let Data::Object(operators) = &block.data else {
        return Err(malformed(block.at, "Condition", "an object"));
    };
    let mut conditions = Vec::new();
    for member in operators {
        let operator = parse_operator(&member.key);
        let unknown = || PolicyError::UnknownOperator { at: member.at, operator: member.key.to_string() };
        let keys = match &member.value.data {
            // The cloud takes an operator of any name as long as nothing is put to it.
            Data::Object(keys) if keys.is_empty() => continue,
            Data::Object(keys) => keys,
            _ if operator.is_none() => return Err(unknown()),
            _ => return Err(malformed(member.value.at, &member.key, "an object of condition keys")),
        };
        let operator = operator.ok_or_else(unknown)?;
        let mut seen = std::collections::HashSet::with_capacity(keys.len());
        for key in keys {
            if key.key.is_empty() {
                return Err(malformed(key.at, &member.key, "an object of condition keys, none of them empty"));
            }
            if !seen.insert(key.key.to_lowercase()) {
                let name = key.key.to_string();
                return Err(PolicyError::Repeated { at: key.at, element: "the condition key", name });
            }
            let values = condition_values(&key.value, &key.key)?;
            conditions.push(ConditionShape { operator, key: (&key.key, key.at), values, at: key.value.at });
        }
    }
    Ok(conditions)
}

fn known_elements(value: &Value<'_>, what: &str, names: &[&str]) -> Result<(), PolicyError> {
    let Data::Object(members) = &value.data else {
        return Err(malformed(value.at, what, "an object"));
    };
    match members.iter().find(|member| !names.contains(&member.key.as_ref())) {
        None => Ok(()),
        Some(member) => Err(PolicyError::UnknownElement { at: member.at, element: member.key.to_string() }),
    }
}

/// An element or its opposite, with its name and whether it is the opposite.
fn either<'v, 'd>(
    statement: &'v Value<'d>,
    positive: &'static str,
    negative: &'static str,
) -> Result<Option<(&'static str, bool, &'v Value<'d>)>, PolicyError> {
    match (statement.member(positive), statement.member(negative)) {
        (Some(_), Some(value)) => {
            let rule = "its opposite stands beside it";
            Err(PolicyError::Misplaced { at: value.at, element: negative, rule })
        }
        (Some(value), None) => Ok(Some((positive, false, value))),
        (None, Some(value)) => Ok(Some((negative, true, value))),
        (None, None) => Ok(None),
    }
}

fn string<'v>(value: &'v Value<'_>, element: &str) -> Result<&'v str, PolicyError> {
    value.as_str().ok_or_else(|| malformed(value.at, element, "a string"))
}

/// One scalar or a list of them; bare numbers and booleans stand for their text.
fn condition_values(value: &Value<'_>, key: &str) -> Result<Vec<Box<str>>, PolicyError> {
    let scalar = |value: &Value<'_>| match &value.data {
        Data::String(text) => Ok(text.as_ref().into()),
        Data::Number(text) => Ok((*text).into()),
        Data::Bool(truth) => Ok(truth.to_string().into_boxed_str()),
        Data::Null | Data::Array(_) | Data::Object(_) => {
            Err(malformed(value.at, key, "a string, number or boolean, or a list of them"))
        }
    };
    match &value.data {
        Data::Array(values) => values.iter().map(scalar).collect(),
        _ => scalar(value).map(|value| vec![value]),
    }
}
