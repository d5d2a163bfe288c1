//! Why a mapping document was refused, and why one gave nothing to an identity.

use crate::json::{JsonError, Position};

/// A mapping document that was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MappingDocumentError {
    /// The text is not bounded, strict JSON.
    #[error("the mapping document is not valid JSON")]
    Json(#[source] JsonError),
    /// There is no such field; a misspelt one must not be passed over.
    #[error("the mapping document holds an unknown field")]
    UnknownField {
        /// Where it stands.
        at: Position,
        /// Its place in the document, such as `rules[1].when.any_off`.
        path: String,
        /// The fields there are.
        expected: String,
    },
    /// A field that must be there is not.
    #[error("the mapping document lacks a required field")]
    MissingField {
        /// Where the object that lacks it starts.
        at: Position,
        /// Its place in the document.
        path: String,
    },
    /// A field holds something else than it must.
    #[error("a field of the mapping document is malformed")]
    Malformed {
        /// Where it stands.
        at: Position,
        /// Its place in the document.
        path: String,
        /// What it should have been.
        expected: String,
    },
}

impl MappingDocumentError {
    /// Where the document goes wrong, unless all of it does.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Json(error) => error.position(),
            Self::UnknownField { at, .. } | Self::MissingField { at, .. } | Self::Malformed { at, .. } => Some(*at),
        }
    }

    /// What is wrong and where, for the document's author.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Json(error) => error.reason(),
            Self::UnknownField { at, path, expected } => format!("{at}: there is no field {path}; expected {expected}"),
            Self::MissingField { at, path } => format!("{at}: {path} is missing"),
            Self::Malformed { at, path, expected } => format!("{at}: {path}: expected {expected}"),
        }
    }
}

/// Why a mapping could not say what an identity is to become.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MappingError {
    /// The identity has none of the attributes that a value is to be taken from.
    #[error("an attribute that the session needs is missing")]
    Missing {
        /// What needs it, such as `session_name`.
        target: String,
        /// The attributes that were looked for.
        attributes: Vec<String>,
    },
    /// One value is needed, and the attribute has several.
    #[error("an attribute of which the session needs one value has several")]
    Ambiguous {
        /// What needs it, such as `session_name`.
        target: String,
        /// The attribute.
        attribute: String,
        /// How many different values it has.
        values: usize,
    },
    /// A value is not what the session can carry.
    #[error("an attribute is not of the form that the session needs")]
    Form {
        /// What needs it, such as `session_name`.
        target: String,
        /// The attribute.
        attribute: String,
        /// What its value must be.
        expected: &'static str,
        /// The value, shortened.
        found: String,
    },
    /// The provider sent a link in place of the values, because there are too many of them. Nothing is fetched because a
    /// message says so.
    #[error("the identity provider did not send the groups, only where to ask for them")]
    Overage {
        /// The attribute that is missing.
        attribute: String,
        /// The attribute or claim that stands in its place.
        instead: String,
    },
    /// Several attributes share the FriendlyName that the mapping reads.
    #[error("several attributes share a friendly name")]
    FriendlyName {
        /// The FriendlyName.
        friendly_name: String,
        /// How many attributes have it.
        attributes: usize,
    },
    /// The rules give more roles than one assertion may list.
    #[error("the mapping gives too many roles")]
    TooManyRoles {
        /// The most.
        limit: usize,
    },
}

impl MappingError {
    /// What was expected and found, for logs and the audit trail.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Missing { target, attributes } => {
                format!("{target}: expected a value of {}, found none", attributes.join(" or "))
            }
            Self::Ambiguous { target, attribute, values } => {
                format!("{target}: expected one value of {attribute}, found {values}")
            }
            Self::Form { target, attribute, expected, found } => {
                format!("{target}: expected {expected} from {attribute}, found {found:?}")
            }
            Self::Overage { attribute, instead } => format!(
                "{attribute}: expected its values, found {instead}: the person is in more groups than the provider \
                 sends; let it send only groups assigned to the application, or roles"
            ),
            Self::FriendlyName { friendly_name, attributes } => {
                format!("$friendly:{friendly_name}: expected one attribute, found {attributes}")
            }
            Self::TooManyRoles { limit } => format!("expected at most {limit} roles, found more"),
        }
    }
}
