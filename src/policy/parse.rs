//! Text to statements: strict, bounded, and by kind of policy.

use super::action::{ActionElement, ActionPattern};
use super::condition::{Condition, parse_operator};
use super::document::Kind;
use super::error::PolicyError;
use super::limits::{self, MAX_DOCUMENT_CHARACTERS};
use super::pattern::Syntax;
use super::principal::{PrincipalElement, PrincipalName, is_host_name};
use super::resource::{ResourceElement, ResourcePattern};
use super::statement::{Effect, Statement};
use crate::json::{self, Data, Position, Value};

/// A character takes at most four bytes, a policy nests six levels, and one value takes at least two characters.
const LIMITS: json::Limits = json::Limits { bytes: 4 * MAX_DOCUMENT_CHARACTERS, depth: 6, values: 65_536 };

const DOCUMENT: [&str; 3] = ["Version", "Id", "Statement"];
const STATEMENT: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

/// The JSON of a document, with the place of every element.
pub(super) fn tree(text: &str) -> Result<Value<'_>, PolicyError> {
    json::parse(text.as_bytes(), LIMITS).map_err(PolicyError::Json)
}

/// Reads the statements of a document.
pub(super) fn document(text: &str, kind: Kind, quota: usize) -> Result<Box<[Statement]>, PolicyError> {
    limits::hold_text(text, kind)?;
    let root = tree(text)?;
    limits::hold_size(text, kind, quota)?;
    known_elements(&root, "the policy", &DOCUMENT)?;
    if let Some(id) = root.member("Id") {
        string(id, "Id")?;
    }
    let variables = match root.member("Version") {
        None => false,
        Some(version) => match version.as_str() {
            Some("2012-10-17") => true,
            Some("2008-10-17") => false,
            _ => return Err(malformed(version.at, "Version", "\"2012-10-17\" or \"2008-10-17\"")),
        },
    };
    let list = root.member("Statement").ok_or(PolicyError::Missing { at: root.at, element: "Statement" })?;
    let reader = Reader { kind, syntax: Syntax { wildcards: true, variables } };
    let statements = match &list.data {
        // Only a control policy means something by saying nothing: its level of the organisation allows nothing.
        Data::Array(values) if values.is_empty() && !matches!(kind, Kind::ServiceControl | Kind::ResourceControl) => {
            return Err(malformed(list.at, "Statement", "a statement or a list of at least one"));
        }
        Data::Array(values) => {
            let numbered = values.iter().zip(1..);
            numbered.map(|(value, number)| reader.statement(value, number)).collect::<Result<Box<[_]>, _>>()?
        }
        _ => Box::new([reader.statement(list, 1)?]),
    };
    unique_sids(kind, &statements)?;
    Ok(statements)
}

struct Reader {
    kind: Kind,
    syntax: Syntax,
}

impl Reader {
    fn statement(&self, value: &Value<'_>, number: usize) -> Result<Statement, PolicyError> {
        known_elements(value, "the statement", &STATEMENT)?;
        let effect = value.member("Effect").ok_or(PolicyError::Missing { at: value.at, element: "Effect" })?;
        let effect = match effect.as_str() {
            Some("Allow") => Effect::Allow,
            Some("Deny") => Effect::Deny,
            _ => return Err(malformed(effect.at, "Effect", "\"Allow\" or \"Deny\"")),
        };
        let statement = Statement {
            sid: self.sid(value)?,
            number,
            at: value.at,
            end: value.end,
            effect,
            principal: self.principal(value, effect)?,
            actions: self.actions(value)?,
            resources: self.resources(value)?,
            conditions: value.member("Condition").map(|block| self.conditions(block)).transpose()?.unwrap_or_default(),
        };
        self.permit_in_resource_control(value, &statement)?;
        Ok(statement)
    }

    fn sid(&self, statement: &Value<'_>) -> Result<Option<Box<str>>, PolicyError> {
        let Some(value) = statement.member("Sid") else { return Ok(None) };
        let sid = string(value, "Sid")?;
        let plain = sid.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !plain && self.kind != Kind::Resource {
            return Err(malformed(value.at, "Sid", "letters and digits"));
        }
        Ok((!sid.is_empty()).then(|| sid.into()))
    }

    fn principal(&self, statement: &Value<'_>, effect: Effect) -> Result<Option<PrincipalElement>, PolicyError> {
        let found = either(statement, "Principal", "NotPrincipal")?;
        match (self.kind, found) {
            (Kind::Trust | Kind::Resource | Kind::ResourceControl, None) => {
                Err(PolicyError::Missing { at: statement.at, element: "Principal" })
            }
            (Kind::Trust, Some((element @ "NotPrincipal", true, value))) if effect == Effect::Allow => {
                let rule = "with Allow it would let everyone else assume the role";
                Err(PolicyError::Misplaced { at: value.at, element, rule })
            }
            (Kind::ResourceControl, Some((element @ "NotPrincipal", _, value))) => {
                let rule = "resource control policies are for everyone";
                Err(PolicyError::Misplaced { at: value.at, element, rule })
            }
            (Kind::Trust | Kind::Resource | Kind::ResourceControl, Some((element, negated, value))) => {
                let names = principal_names(value, element)?.into_boxed_slice();
                if self.kind == Kind::Trust {
                    services_are_named(value)?;
                }
                Ok(Some(PrincipalElement { negated, names }))
            }
            (_, None) => Ok(None),
            (_, Some((element, _, value))) => {
                let rule = "this kind of policy speaks for whom it is attached to";
                Err(PolicyError::Misplaced { at: value.at, element, rule })
            }
        }
    }

    fn actions(&self, statement: &Value<'_>) -> Result<ActionElement, PolicyError> {
        let (element, negated, value) = either(statement, "Action", "NotAction")?
            .ok_or(PolicyError::Missing { at: statement.at, element: "Action" })?;
        let mut patterns = Vec::new();
        for (text, at) in strings(value, element)? {
            let pattern = ActionPattern::parse(text).map_err(|expected| malformed(at, element, expected))?;
            let of_sts = text.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("sts:"));
            if self.kind == Kind::Trust && !of_sts {
                return Err(malformed(at, element, "an action of sts in a trust policy"));
            }
            patterns.push(pattern);
        }
        Ok(ActionElement { negated, patterns: patterns.into_boxed_slice() })
    }

    fn resources(&self, statement: &Value<'_>) -> Result<Option<ResourceElement>, PolicyError> {
        let (element, negated, value) = match (self.kind, either(statement, "Resource", "NotResource")?) {
            (Kind::Trust, Some((element, _, value))) => {
                let rule = "a trust policy speaks of the role it is attached to";
                return Err(PolicyError::Misplaced { at: value.at, element, rule });
            }
            (Kind::Trust | Kind::Resource, None) => return Ok(None),
            (_, None) => return Err(PolicyError::Missing { at: statement.at, element: "Resource" }),
            (_, Some(found)) => found,
        };
        let patterns = strings(value, element)?.into_iter().map(|(text, at)| {
            ResourcePattern::parse(text, self.syntax, self.kind).map_err(|expected| malformed(at, element, expected))
        });
        Ok(Some(ResourceElement { negated, patterns: patterns.collect::<Result<_, _>>()? }))
    }

    fn conditions(&self, block: &Value<'_>) -> Result<Box<[Condition]>, PolicyError> {
        let Data::Object(operators) = &block.data else {
            return Err(malformed(block.at, "Condition", "an object"));
        };
        let mut conditions = Vec::new();
        for member in operators {
            let operator = parse_operator(&member.key)
                .ok_or_else(|| PolicyError::UnknownOperator { at: member.at, operator: member.key.to_string() })?;
            let Data::Object(keys) = &member.value.data else {
                return Err(malformed(member.value.at, &member.key, "an object of condition keys"));
            };
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
                let condition =
                    Condition::parse(operator, (&key.key, key.at), values, self.syntax).map_err(|expected| {
                        malformed(key.value.at, &format!("each value of {} under {operator}", key.key), expected)
                    })?;
                conditions.push(condition);
            }
        }
        Ok(conditions.into_boxed_slice())
    }

    /// Resource control policies only deny, save the one policy that is always there and lets everything through.
    fn permit_in_resource_control(&self, value: &Value<'_>, statement: &Statement) -> Result<(), PolicyError> {
        if self.kind != Kind::ResourceControl {
            return Ok(());
        }
        let refuse = |element, rule| Err(PolicyError::Misplaced { at: value.at, element, rule });
        if !statement.principal.as_ref().is_some_and(PrincipalElement::is_everyone) {
            return refuse("Principal", "in a resource control policy it is *");
        }
        if statement.actions.negated {
            return refuse("NotAction", "a resource control policy names its actions");
        }
        let all_actions = matches!(&*statement.actions.patterns, [ActionPattern::Anything]);
        let all_resources = statement.resources.as_ref().is_some_and(ResourceElement::is_everything);
        let lets_through = all_actions && all_resources && statement.conditions.is_empty();
        if statement.effect == Effect::Allow && !lets_through {
            return refuse("Effect", "a resource control policy denies, or allows everything");
        }
        Ok(())
    }
}

fn unique_sids(kind: Kind, statements: &[Statement]) -> Result<(), PolicyError> {
    let mut seen = std::collections::HashSet::with_capacity(statements.len());
    for statement in statements {
        if let Some(sid) = &statement.sid
            && !seen.insert(sid)
            && kind != Kind::Resource
        {
            return Err(PolicyError::Repeated { at: statement.at, element: "Sid", name: sid.to_string() });
        }
    }
    Ok(())
}

fn principal_names(value: &Value<'_>, element: &str) -> Result<Vec<PrincipalName>, PolicyError> {
    if value.as_str() == Some("*") {
        return Ok(vec![PrincipalName::Everyone]);
    }
    let Data::Object(kinds) = &value.data else {
        return Err(malformed(value.at, element, "\"*\" or an object"));
    };
    let mut names = Vec::new();
    for kind in kinds {
        let read: fn(&str) -> Result<PrincipalName, &'static str> = match kind.key.as_ref() {
            "AWS" => PrincipalName::parse_aws,
            "Federated" => |text| Ok(PrincipalName::Federated(text.into())),
            "Service" => |text| Ok(PrincipalName::Service(text.into())),
            "CanonicalUser" => |text| Ok(PrincipalName::CanonicalUser(text.into())),
            other => return Err(PolicyError::UnknownElement { at: kind.at, element: other.to_owned() }),
        };
        for (text, at) in strings(&kind.value, &kind.key)? {
            names.push(read(text).map_err(|expected| malformed(at, &kind.key, expected))?);
        }
    }
    if names.is_empty() { Err(malformed(value.at, element, "at least one principal")) } else { Ok(names) }
}

/// A role's trust policy is refused with a service that cannot be one, which a resource's own policy may be left with.
fn services_are_named(principal: &Value<'_>) -> Result<(), PolicyError> {
    const EXPECTED: &str = "the host name of a service, such as ec2.amazonaws.com";
    let Some(services) = principal.member("Service") else { return Ok(()) };
    match strings(services, "Service")?.into_iter().find(|(name, _)| !is_host_name(name)) {
        None => Ok(()),
        Some((name, at)) => {
            Err(PolicyError::Principal { at, kind: "Service", principal: name.to_owned(), expected: EXPECTED })
        }
    }
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

/// One string or a list of at least one.
fn strings<'v>(value: &'v Value<'_>, element: &str) -> Result<Vec<(&'v str, Position)>, PolicyError> {
    match &value.data {
        Data::Array(values) if !values.is_empty() => {
            values.iter().map(|value| string(value, element).map(|text| (text, value.at))).collect()
        }
        Data::String(text) => Ok(vec![(text, value.at)]),
        _ => Err(malformed(value.at, element, "a string or a list of strings")),
    }
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

fn malformed(at: Position, element: &str, expected: &'static str) -> PolicyError {
    PolicyError::Malformed { at, element: element.to_owned(), expected }
}
