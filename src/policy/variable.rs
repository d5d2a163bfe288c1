//! Policy variables, `${key}` and `${key, 'default'}`: named in a document, filled in by a request.

use super::keys::{Found, KeyName, Keys};

/// A place in a pattern that a condition key fills in.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    key: KeyName,
    default: Option<Box<str>>,
}

/// What stands between `${` and `}`.
#[derive(Debug)]
pub(super) enum Placeholder {
    /// `${*}`, `${?}` and `${$}`: the character itself.
    Literal(char),
    /// A condition key.
    Variable(Variable),
}

impl Variable {
    pub(super) fn key(&self) -> &KeyName {
        &self.key
    }

    /// The text that takes the variable's place: always literal, so that a value of `*` never becomes a wildcard.
    ///
    /// A multivalued key has no one text and counts as absent.
    pub(super) fn value<'a>(&'a self, keys: &'a Keys) -> Option<&'a str> {
        match keys.find(&self.key) {
            Some(Found::One(value)) => Some(value),
            Some(Found::Many(_)) | None => self.default.as_deref(),
        }
    }
}

/// Reads a placeholder, beginning after its `${`; gives back what follows the closing brace.
pub(super) fn parse(text: &str) -> Result<(Placeholder, &str), &'static str> {
    for literal in ['*', '?', '$'] {
        if let Some(rest) = text.strip_prefix(literal).and_then(|rest| rest.strip_prefix('}')) {
            return Ok((Placeholder::Literal(literal), rest));
        }
    }
    let (name, rest) = text
        .find([',', '}'])
        .and_then(|end| text.split_at_checked(end))
        .ok_or("text whose variables close with a brace")?;
    if name.is_empty() {
        return Err("text whose variables name a condition key");
    }
    if name.trim() != name || name.contains(['$', '{', '*', '?', '\'']) {
        return Err("text whose variables are written ${key} or ${key, 'default'}");
    }
    let key = KeyName::new(name);
    if let Some(rest) = rest.strip_prefix('}') {
        return Ok((Placeholder::Variable(Variable { key, default: None }), rest));
    }
    let quoted = rest.strip_prefix(',').map(str::trim_start).and_then(|rest| rest.strip_prefix('\''));
    let (default, rest) =
        quoted.and_then(|rest| rest.split_once('\'')).ok_or("text whose variables give defaults in single quotes")?;
    let rest = rest.trim_start().strip_prefix('}').ok_or("text whose variables close with a brace")?;
    Ok((Placeholder::Variable(Variable { key, default: Some(default.into()) }), rest))
}
