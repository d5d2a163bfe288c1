//! Why a policy document or a name in a request was refused.

use super::Kind;
use crate::arn::ArnError;
use crate::json::{JsonError, Position, slip};

/// A policy document that was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The text is not the bounded, strict JSON that policies are written in.
    #[error("the policy document is not valid JSON")]
    Json(#[source] JsonError),
    /// The document is longer than any may be.
    #[error("the policy document is too long")]
    TooLong {
        /// Its length in characters.
        characters: usize,
        /// The most that is read.
        limit: usize,
    },
    /// The document holds a character that IAM does not store.
    #[error("the policy document holds a character that may not stand there")]
    Character {
        /// Where it stands.
        at: Position,
        /// The character.
        character: char,
    },
    /// The document is longer than the quota of its kind.
    #[error("the policy document is too large")]
    TooLarge {
        /// The kind of policy.
        kind: Kind,
        /// Its size in characters, as that kind counts them.
        size: usize,
        /// The most that is accepted.
        limit: usize,
    },
    /// An element is not of the JSON type, or not of the form, that it must have.
    #[error("an element of the policy document is malformed")]
    Malformed {
        /// Where it stands.
        at: Position,
        /// The element.
        element: String,
        /// What it should have been.
        expected: &'static str,
    },
    /// The language has no such element.
    #[error("the policy document holds an unknown element")]
    UnknownElement {
        /// Where it stands.
        at: Position,
        /// Its name.
        element: String,
    },
    /// The language has no such condition operator.
    #[error("the policy document holds an unknown condition operator")]
    UnknownOperator {
        /// Where it stands.
        at: Position,
        /// Its name.
        operator: String,
    },
    /// A required element is absent.
    #[error("the policy document lacks a required element")]
    Missing {
        /// Where the object that lacks it starts.
        at: Position,
        /// The element.
        element: &'static str,
    },
    /// An element stands where this kind of policy, or the element beside it, does not allow it.
    #[error("the policy document holds an element that may not stand there")]
    Misplaced {
        /// Where it stands.
        at: Position,
        /// The element.
        element: &'static str,
        /// The rule that keeps it out.
        rule: &'static str,
    },
    /// A principal that cannot be one, such as a service that is no host name.
    #[error("the policy document names an impossible principal")]
    Principal {
        /// Where it stands.
        at: Position,
        /// The kind it stands under, such as `Service`.
        kind: &'static str,
        /// The principal.
        principal: String,
        /// What it should have been.
        expected: &'static str,
    },
    /// Two names that must differ are equal.
    #[error("the policy document uses one name twice")]
    Repeated {
        /// Where the second one stands.
        at: Position,
        /// The element the names belong to.
        element: &'static str,
        /// The name.
        name: String,
    },
}

impl PolicyError {
    /// Where in the document the refused part stands, unless all of it was refused.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Json(error) => error.position(),
            Self::TooLarge { .. } | Self::TooLong { .. } => None,
            Self::Character { at, .. } => Some(*at),
            Self::Malformed { at, .. } | Self::UnknownElement { at, .. } | Self::UnknownOperator { at, .. } => {
                Some(*at)
            }
            Self::Missing { at, .. } | Self::Misplaced { at, .. } | Self::Repeated { at, .. } => Some(*at),
            Self::Principal { at, .. } => Some(*at),
        }
    }

    /// The error code of the IAM and STS query protocols.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { kind: Kind::Session, .. } => "PackedPolicyTooLarge",
            Self::TooLarge { .. } => "LimitExceeded",
            // The service model refuses these before anything reads them as a policy.
            Self::TooLong { .. } | Self::Character { .. } => "ValidationError",
            _ => "MalformedPolicyDocument",
        }
    }

    /// The sentence that clients of AWS know, and where and what it is about.
    #[must_use]
    pub fn sentence(&self) -> String {
        let reason = self.reason();
        match self {
            Self::Json(_) => format!("This policy contains invalid Json: {reason}"),
            Self::Principal { kind, principal, .. } => {
                format!("Invalid principal in policy: \"{}\":\"{principal}\"", kind.to_uppercase())
            }
            _ => format!("Syntax errors in policy. {reason}"),
        }
    }

    /// What was wrong and where, for logs, audit and the author of the document.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Json(error) => error.reason(),
            Self::TooLong { characters, limit } => format!("{characters} characters, at most {limit} are read"),
            Self::Character { at, character } => {
                let what = slip(*character).map(|what| format!(": {what}")).unwrap_or_default();
                format!("{at}: {character:?} (U+{:04X}) may not stand here unescaped{what}", u32::from(*character))
            }
            Self::TooLarge { kind, size, limit } => format!("{size} characters; {kind} holds at most {limit}"),
            Self::Malformed { at, element, expected } => format!("{at}: {element} must be {expected}"),
            Self::UnknownElement { at, element } => format!("{at}: there is no element {element:?}"),
            Self::UnknownOperator { at, operator } => format!("{at}: there is no condition operator {operator:?}"),
            Self::Missing { at, element } => format!("{at}: {element} is missing"),
            Self::Misplaced { at, element, rule } => format!("{at}: {element} may not stand here: {rule}"),
            Self::Principal { at, kind, principal, expected } => {
                format!("{at}: {principal:?} is no principal: {kind} must be {expected}")
            }
            Self::Repeated { at, element, name } => format!("{at}: {element} {name:?} is used twice"),
        }
    }
}

/// An action, resource or principal of a request that is not written as such.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Not an action.
    #[error("not an action; expected service:Operation")]
    Action,
    /// Not a resource.
    #[error("not a resource; expected an ARN or *")]
    Resource(#[source] ArnError),
    /// An ARN that no principal has.
    #[error("not a principal; expected the ARN of a user, role, session or account root")]
    Principal,
}
