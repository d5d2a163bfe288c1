//! Compiled statements beside the text they were compiled from, so that a finding has a place.

use super::report::clip;
use crate::json::{Data, Position, Value};
use crate::policy::Policy;
use crate::policy::condition::Condition as CompiledCondition;
use crate::policy::document::Kind;
use crate::policy::named::PrincipalName;
use crate::policy::statement::{Effect, Statement as CompiledStatement};

pub(super) struct Document<'a> {
    pub(super) at: Position,
    pub(super) has_version: bool,
    /// Whether `${` starts a variable.
    pub(super) variables: bool,
    pub(super) statements: Vec<Statement<'a>>,
}

pub(super) struct Statement<'a> {
    pub(super) kind: Kind,
    pub(super) compiled: &'a CompiledStatement,
    /// Its sid or number, the beginning of it where it is long.
    pub(super) name: String,
    pub(super) actions: Element<'a>,
    pub(super) resources: Option<Element<'a>>,
    pub(super) principals: Option<Element<'a>>,
    pub(super) conditions: Vec<Condition<'a>>,
}

/// An element and its texts, in the order in which they were compiled.
pub(in crate::policy) struct Element<'a> {
    pub(in crate::policy) name: &'static str,
    pub(super) at: Position,
    pub(in crate::policy) texts: Vec<Text<'a>>,
}

#[derive(Clone, Copy)]
pub(in crate::policy) struct Text<'a> {
    pub(super) at: Position,
    pub(in crate::policy) text: &'a str,
}

pub(super) struct Condition<'a> {
    pub(super) at: Position,
    pub(super) compiled: &'a CompiledCondition,
    /// Its key as it is written, the beginning of it where it is long.
    pub(super) name: String,
    /// Where each of its values stands.
    places: Vec<Position>,
}

impl<'a> Document<'a> {
    pub(super) fn new(policy: &'a Policy, root: &'a Value<'a>) -> Self {
        let list = root.member("Statement");
        let values = list.map_or(&[][..], |list| match &list.data {
            Data::Array(values) => values,
            _ => std::slice::from_ref(list),
        });
        let version = root.member("Version");
        Self {
            at: root.at,
            has_version: version.is_some(),
            variables: version.and_then(Value::as_str) == Some("2012-10-17"),
            statements: policy
                .statements()
                .iter()
                .zip(values)
                .map(|(compiled, value)| Statement::new(policy.kind(), compiled, value))
                .collect(),
        }
    }
}

impl<'a> Statement<'a> {
    fn new(kind: Kind, compiled: &'a CompiledStatement, value: &'a Value<'a>) -> Self {
        let actions = either(value, "Action", "NotAction");
        Self {
            kind,
            compiled,
            name: clip(&compiled.label()),
            actions: actions.unwrap_or(Element { name: "Action", at: value.at, texts: Vec::new() }),
            resources: either(value, "Resource", "NotResource"),
            principals: either(value, "Principal", "NotPrincipal"),
            conditions: value.member("Condition").map_or_else(Vec::new, |block| conditions(compiled, block)),
        }
    }

    pub(super) fn allows(&self) -> bool {
        self.compiled.effect == Effect::Allow
    }

    /// The principals it names, none where it names all others.
    pub(super) fn named(&self) -> impl Iterator<Item = (&'a PrincipalName, Text<'a>)> {
        let element = self.compiled.principal.as_ref().filter(|element| !element.negated);
        let texts = self.principals.iter().flat_map(|element| element.texts.iter().copied());
        element.into_iter().flat_map(|element| element.names.iter()).zip(texts)
    }

    /// `statement OwnTeam`.
    pub(super) fn label(&self) -> String {
        format!("statement {}", self.name)
    }
}

impl<'a> Condition<'a> {
    /// `StringEquals on saml:aud`.
    pub(super) fn title(&self) -> String {
        format!("{} on {}", self.compiled.operator(), self.name)
    }

    pub(super) fn key(&self) -> &'a str {
        self.compiled.key().folded()
    }

    /// What follows the last colon of the key.
    pub(super) fn claim(&self) -> &'a str {
        self.key().rsplit_once(':').map_or("", |(_, claim)| claim)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = Text<'a>> {
        let (values, places) = (self.compiled.values(), &self.places);
        values.iter().zip(places).map(|(text, at)| Text { text, at: *at })
    }
}

/// Keys under operators, in the order in which the parser compiles them.
fn conditions<'a>(compiled: &'a CompiledStatement, block: &'a Value<'a>) -> Vec<Condition<'a>> {
    let operators = members(block).flat_map(|(_, operator)| members(operator));
    let conditions = compiled.conditions.iter().zip(operators);
    conditions
        .map(|(compiled, (at, value))| {
            let name = clip(&compiled.key().to_string());
            Condition { compiled, at, name, places: places(value) }
        })
        .collect()
}

fn members<'a>(value: &'a Value<'a>) -> impl Iterator<Item = (Position, &'a Value<'a>)> {
    let members = match &value.data {
        Data::Object(members) => members.as_slice(),
        _ => &[],
    };
    members.iter().map(|member| (member.at, &member.value))
}

fn places(value: &Value<'_>) -> Vec<Position> {
    match &value.data {
        Data::Array(values) => values.iter().map(|value| value.at).collect(),
        _ => vec![value.at],
    }
}

/// An element of a statement, or its opposite, whichever is there.
pub(in crate::policy) fn either<'a>(
    value: &'a Value<'a>,
    positive: &'static str,
    negative: &'static str,
) -> Option<Element<'a>> {
    [positive, negative].into_iter().find_map(|name| {
        let element = value.member(name)?;
        let texts = match &element.data {
            Data::Object(_) => members(element).flat_map(|(_, names)| texts(names)).collect(),
            _ => texts(element).collect(),
        };
        Some(Element { name, at: element.at, texts })
    })
}

fn texts<'a>(value: &'a Value<'a>) -> impl Iterator<Item = Text<'a>> {
    let values = match &value.data {
        Data::Array(values) => values.as_slice(),
        _ => std::slice::from_ref(value),
    };
    values.iter().filter_map(|value| value.as_str().map(|text| Text { text, at: value.at }))
}
