//! Text to statements: strict, bounded, and by kind of policy.
//!
//! A document with several mistakes is refused for the one that the cloud names first: the types of all elements come
//! before the version, that before what only the oldest rules refuse, and the forms of resources before those of actions.

use super::action::{ActionElement, ActionPattern, names_assuming};
use super::condition::Condition;
use super::document::{Kind, Reading};
use super::error::{PolicyError, ResourceProblem};
use super::limits::{self, MAX_DOCUMENT_CHARACTERS};
use super::pattern::Syntax;
use super::principal::PrincipalElement;
use super::resource::{ResourceElement, ResourcePattern, Weight};
use super::shape::{Shape, StatementShape, Strings};
use super::statement::{Effect, Statement};
use super::{providers, trusted};
use crate::json::{self, Value};

/// A character takes at most four bytes, a policy nests six levels, and one value takes at least two characters.
const LIMITS: json::Limits = json::Limits { bytes: 4 * MAX_DOCUMENT_CHARACTERS, depth: 6, values: 65_536 };

/// The JSON of a document, with the place of every element.
pub(super) fn tree(text: &str) -> Result<Value<'_>, PolicyError> {
    json::parse(text.as_bytes(), LIMITS).map_err(PolicyError::Json)
}

/// Reads the statements of a document.
pub(super) fn document(
    text: &str,
    kind: Kind,
    quota: usize,
    reading: Reading,
) -> Result<Box<[Statement]>, PolicyError> {
    limits::hold_text(text, kind)?;
    let root = tree(text)?;
    limits::hold_size(text, kind, quota)?;
    let shape = Shape::read(&root, kind)?;
    let syntax = Syntax { wildcards: true, variables: shape.older.is_none() };
    if let (Some(at), Reading::SavedManaged) = (shape.older, reading) {
        return Err(PolicyError::Version { at });
    }
    let reader = Reader { kind, reading, syntax };
    let shapes = &shape.statements;
    let mut statements = each(shapes, begun)?;
    for (statement, shape) in statements.iter_mut().zip(shapes) {
        statement.conditions = reader.conditions(shape)?;
    }
    let resources = reader.all_resources(shapes)?;
    for (statement, shape) in statements.iter_mut().zip(shapes) {
        statement.principal = reader.principal(shape, statement.effect)?;
    }
    reader.sids(shapes)?;
    let named = each(shapes, actions_named)?;
    let resources = resources?;
    for ((statement, strings), resources) in statements.iter_mut().zip(named).zip(resources) {
        statement.actions = reader.actions(strings, statement.effect)?;
        statement.resources = resources;
    }
    each(shapes, |shape| reader.resources_named(shape))?;
    for statement in &statements {
        reader.permit_in_resource_control(statement)?;
    }
    if kind == Kind::Trust && reading.is_saved() {
        shapes.iter().zip(&statements).try_for_each(|(shape, own)| providers::are_told_apart(shape, own))?;
    }
    Ok(statements.into_boxed_slice())
}

/// A statement of which nothing is read yet but its effect: it matches no action.
fn begun(shape: &StatementShape<'_, '_>) -> Result<Statement, PolicyError> {
    Ok(Statement {
        sid: shape.sid.map(|(sid, _)| sid).filter(|sid| !sid.is_empty()).map(Into::into),
        number: shape.number,
        follows: shape.follows,
        at: shape.value.at,
        end: shape.value.end,
        effect: effect(shape)?,
        principal: None,
        actions: ActionElement { negated: false, patterns: Box::default() },
        resources: None,
        conditions: Box::default(),
    })
}

fn each<'a, T, U>(items: &'a [T], read: impl FnMut(&'a T) -> Result<U, PolicyError>) -> Result<Vec<U>, PolicyError> {
    items.iter().map(read).collect()
}

fn effect(shape: &StatementShape<'_, '_>) -> Result<Effect, PolicyError> {
    match shape.effect {
        ("Allow", _) => Ok(Effect::Allow),
        ("Deny", _) => Ok(Effect::Deny),
        (effect, at) => Err(PolicyError::Effect { at, effect: effect.to_owned() }),
    }
}

fn actions_named<'s, 'v>(shape: &'s StatementShape<'v, '_>) -> Result<&'s Strings<'v>, PolicyError> {
    let missing = |at| PolicyError::Missing { at, element: "Action" };
    let strings = shape.actions.as_ref().ok_or_else(|| missing(shape.value.at))?;
    if strings.values.is_empty() { Err(missing(strings.at)) } else { Ok(strings) }
}

/// The resources of every statement; what is wrong with the form of one is said after other things.
type Resources = Result<Vec<Option<ResourceElement>>, PolicyError>;

struct Reader {
    kind: Kind,
    reading: Reading,
    syntax: Syntax,
}

impl Reader {
    fn sids(&self, shapes: &[StatementShape<'_, '_>]) -> Result<(), PolicyError> {
        let mut seen = std::collections::HashSet::with_capacity(shapes.len());
        for shape in shapes {
            let Some((sid, at)) = shape.sid.filter(|_| self.kind != Kind::Resource) else { continue };
            if !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(PolicyError::Sid { at, sid: sid.to_owned() });
            }
            if !sid.is_empty() && !seen.insert(sid) {
                return Err(PolicyError::Repeated { at: shape.value.at, element: "Sid", name: sid.to_owned() });
            }
        }
        Ok(())
    }

    fn principal(
        &self,
        shape: &StatementShape<'_, '_>,
        effect: Effect,
    ) -> Result<Option<PrincipalElement>, PolicyError> {
        let misplaced = |at, element, rule| Err(PolicyError::Misplaced { at, element, rule });
        match (self.kind, shape.principal) {
            (Kind::Trust | Kind::Resource | Kind::ResourceControl, None) => {
                Err(PolicyError::Missing { at: shape.value.at, element: "Principal" })
            }
            (Kind::Trust, Some(found)) if found.negated && effect == Effect::Allow => {
                misplaced(found.value.at, found.element, "with Allow it would let everyone else assume the role")
            }
            (Kind::ResourceControl, Some(found)) if found.negated => {
                misplaced(found.value.at, found.element, "resource control policies are for everyone")
            }
            (Kind::Trust | Kind::Resource | Kind::ResourceControl, Some(found)) => {
                let names = trusted::names(found, self.kind, self.reading)?;
                Ok(Some(PrincipalElement { negated: found.negated, names: names.into_boxed_slice() }))
            }
            (_, None) => Ok(None),
            (_, Some(found)) => {
                misplaced(found.value.at, found.element, "this kind of policy speaks for whom it is attached to")
            }
        }
    }

    fn actions(&self, strings: &Strings<'_>, effect: Effect) -> Result<ActionElement, PolicyError> {
        let mut patterns = Vec::with_capacity(strings.values.len());
        for (text, at) in strings.values.iter().copied() {
            let refuse = |expected| {
                let action = text.to_owned();
                PolicyError::Action { at, element: strings.element, action, expected }
            };
            let pattern = ActionPattern::parse(text, Weight::of(effect, strings.negated)).map_err(refuse)?;
            if self.kind == Kind::Trust {
                let of_sts = text.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("sts:"));
                if !of_sts {
                    return Err(refuse("an action of sts in a trust policy"));
                }
                if self.reading.is_saved() && !names_assuming(&pattern) {
                    return Err(refuse("an action by which a role is assumed"));
                }
            }
            patterns.push(pattern);
        }
        Ok(ActionElement { negated: strings.negated, patterns: patterns.into_boxed_slice() })
    }

    /// # Errors
    /// Of the outer result, what is refused at once: that the first resource that is refused is not even of the oldest form.
    fn all_resources(&self, shapes: &[StatementShape<'_, '_>]) -> Result<Resources, PolicyError> {
        match each(shapes, |shape| self.resources(shape)) {
            Err(error @ PolicyError::Resource { problem: ResourceProblem::Legacy, .. }) => Err(error),
            other => Ok(other),
        }
    }

    fn resources(&self, shape: &StatementShape<'_, '_>) -> Result<Option<ResourceElement>, PolicyError> {
        let Some(strings) = &shape.resources else { return Ok(None) };
        if self.kind == Kind::Trust {
            let rule = "a trust policy speaks of the role it is attached to";
            return Err(PolicyError::Misplaced { at: strings.at, element: strings.element, rule });
        }
        let weight = Weight::of(effect(shape)?, strings.negated);
        let patterns = strings.values.iter().map(|(text, at)| {
            let read = ResourcePattern::parse(text, self.syntax, self.kind, (weight, self.reading.is_saved()));
            read.map_err(|(problem, expected)| {
                let (element, resource) = (strings.element, (*text).to_owned());
                PolicyError::Resource { at: *at, element, resource, problem, expected }
            })
        });
        let patterns = patterns.collect::<Result<Box<[_]>, _>>()?;
        Ok(Some(ResourceElement { negated: strings.negated, patterns }))
    }

    fn resources_named(&self, shape: &StatementShape<'_, '_>) -> Result<(), PolicyError> {
        let missing = |at| PolicyError::Missing { at, element: "Resource" };
        match &shape.resources {
            None if matches!(self.kind, Kind::Trust | Kind::Resource) => Ok(()),
            None => Err(missing(shape.value.at)),
            Some(strings) if strings.values.is_empty() => Err(missing(strings.at)),
            Some(_) => Ok(()),
        }
    }

    fn conditions(&self, shape: &StatementShape<'_, '_>) -> Result<Box<[Condition]>, PolicyError> {
        let conditions = shape.conditions.iter().map(|own| {
            Condition::parse(own.operator, own.key, own.values.clone(), self.syntax).map_err(|expected| {
                let element = format!("each value of {} under {}", own.key.0, own.operator);
                match own.operator.is_of_dates() {
                    true => PolicyError::Date { at: own.at, element, expected },
                    false => PolicyError::Malformed { at: own.at, element, expected },
                }
            })
        });
        conditions.collect()
    }

    /// Resource control policies only deny, save the one policy that is always there and lets everything through.
    fn permit_in_resource_control(&self, statement: &Statement) -> Result<(), PolicyError> {
        if self.kind != Kind::ResourceControl {
            return Ok(());
        }
        let refuse = |element, rule| Err(PolicyError::Misplaced { at: statement.at, element, rule });
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
