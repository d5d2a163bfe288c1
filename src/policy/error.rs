//! Why a policy document or a name in a request was refused.

use super::{Kind, sentence};
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
    /// Managed policies and resource control policies are saved in the current version of the language alone.
    #[error("the policy document is not of version 2012-10-17")]
    Version {
        /// Where the version stands or is missing.
        at: Position,
    },
    /// The effect is not one of the two.
    #[error("the policy document holds an effect that is none")]
    Effect {
        /// Where it stands.
        at: Position,
        /// The effect; empty where it is no text.
        effect: String,
    },
    /// The name of a statement holds other characters than letters and digits.
    #[error("the policy document holds a statement id that is none")]
    Sid {
        /// Where it stands.
        at: Position,
        /// The name.
        sid: String,
    },
    /// A value that is compared with dates is none.
    #[error("a date of the policy document is malformed")]
    Date {
        /// Where it stands.
        at: Position,
        /// The condition.
        element: String,
        /// What it should have been.
        expected: &'static str,
    },
    /// An action is not written as such, or not one that this kind of policy may name.
    #[error("an action of the policy document is malformed")]
    Action {
        /// Where it stands.
        at: Position,
        /// `Action` or `NotAction`.
        element: &'static str,
        /// The action.
        action: String,
        /// What it should have been.
        expected: &'static str,
    },
    /// A resource is not written as such, or not one that there can be.
    #[error("a resource of the policy document is malformed")]
    Resource {
        /// Where it stands.
        at: Position,
        /// `Resource` or `NotResource`.
        element: &'static str,
        /// The resource.
        resource: String,
        /// What is wrong with it.
        problem: ResourceProblem,
        /// What it should have been.
        expected: &'static str,
    },
    /// A principal is not written as such, or, in a trust policy to save, is nobody.
    #[error("a principal of the policy document is malformed")]
    Principal {
        /// Where it stands.
        at: Position,
        /// Its kind, such as `AWS`.
        kind: &'static str,
        /// The principal.
        principal: String,
        /// What it should have been.
        expected: &'static str,
    },
    /// Everybody stands without a kind in a trust policy to save.
    #[error("everybody is named without a kind of principal in the policy document")]
    BareEverybody {
        /// Where it stands.
        at: Position,
    },
    /// A trust policy to save lets everybody come with a token, and does not say whose tokens it means.
    #[error("the policy document trusts the tokens of every provider without a condition on whose they are")]
    EveryProvider {
        /// Where everybody is named.
        at: Position,
    },
    /// A trust policy to save trusts a provider that everybody shares, and sets no condition.
    #[error("the policy document trusts a shared provider without a condition")]
    ProviderWithoutCondition {
        /// Where the provider stands.
        at: Position,
        /// The provider.
        provider: String,
    },
    /// A trust policy to save trusts a provider that everybody shares, and does not say whose tokens it means.
    #[error("the policy document trusts a shared provider without a condition on whose tokens it means")]
    SharedProvider {
        /// Where the provider stands.
        at: Position,
        /// The provider.
        provider: String,
        /// The condition keys of which one has to be tested.
        keys: Vec<String>,
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
            Self::Version { at } | Self::Effect { at, .. } | Self::Sid { at, .. } => Some(*at),
            Self::Date { at, .. } => Some(*at),
            Self::Action { at, .. } | Self::Resource { at, .. } | Self::Principal { at, .. } => Some(*at),
            Self::SharedProvider { at, .. } | Self::ProviderWithoutCondition { at, .. } => Some(*at),
            Self::BareEverybody { at } | Self::EveryProvider { at } => Some(*at),
            Self::Missing { at, .. } | Self::Misplaced { at, .. } | Self::Repeated { at, .. } => Some(*at),
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

    /// The sentence that clients of the cloud know for a document of this kind, and after it where and what it is about.
    #[must_use]
    pub fn sentence(&self, kind: Kind) -> String {
        let sentence = sentence::of(self, kind);
        let joint = if sentence.ends_with('.') { " " } else { ": " };
        format!("{sentence}{joint}{}", self.reason())
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
            Self::Version { at } => format!("{at}: Version must be \"2012-10-17\""),
            Self::Effect { at, .. } => format!("{at}: Effect must be \"Allow\" or \"Deny\""),
            Self::Sid { at, .. } => format!("{at}: Sid must be letters and digits"),
            Self::Date { at, element, expected } => format!("{at}: {element} must be {expected}"),
            Self::Action { at, element, expected, .. } => format!("{at}: {element} must be {expected}"),
            Self::Resource { at, element, expected, .. } => format!("{at}: {element} must be {expected}"),
            Self::BareEverybody { at } => {
                format!("{at}: Principal must be an object, such as {{\"AWS\": \"*\"}}, in a trust policy")
            }
            Self::EveryProvider { at } => format!(
                "{at}: \"*\" is everybody with a token of any provider of the account; no condition tests whose it is, by a \
                 claim such as token.actions.githubusercontent.com:sub"
            ),
            Self::ProviderWithoutCondition { at, provider } => {
                format!("{at}: everybody shares {provider}; Condition is missing")
            }
            Self::Principal { at, kind, principal, expected } => {
                format!("{at}: {principal:?} is no principal: {kind} must be {expected}")
            }
            Self::SharedProvider { at, provider, keys } => {
                format!("{at}: everybody shares {provider}; no condition scopes {}", keys.join(" or "))
            }
            Self::UnknownElement { at, element } => format!("{at}: there is no element {element:?}"),
            Self::UnknownOperator { at, operator } => format!("{at}: there is no condition operator {operator:?}"),
            Self::Missing { at, element } => format!("{at}: {element} is missing"),
            Self::Misplaced { at, element, rule } => format!("{at}: {element} may not stand here: {rule}"),
            Self::Repeated { at, element, name } => format!("{at}: {element} {name:?} is used twice"),
        }
    }
}

/// What is wrong with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResourceProblem {
    /// It is neither `*` nor an ARN.
    Form,
    /// There is no such partition.
    Partition,
    /// It does not say of which service it is.
    Service,
    /// It says a region, and its service has resources of all regions.
    Region,
    /// IAM has no resources of that type.
    Path,
    /// A part is empty or missing, so that it never named anything.
    Legacy,
    /// Anything else.
    Syntax,
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
