//! A value of the document with its place in it, so that what is wrong can be said of where it is wrong.

use super::error::MappingDocumentError;
use crate::json::{Data, Member, Position, Value};

/// One value and its path, such as `rules[1].when.any_of`.
#[derive(Clone, Debug)]
pub(super) struct Node<'d, 't> {
    value: &'d Value<'t>,
    path: String,
}

impl<'d, 't> Node<'d, 't> {
    pub(super) const fn root(value: &'d Value<'t>) -> Self {
        Self { value, path: String::new() }
    }

    pub(super) const fn at(&self) -> Position {
        self.value.at
    }

    /// That this is not what it must be.
    pub(super) fn malformed(&self, expected: impl Into<String>) -> MappingDocumentError {
        let path = if self.path.is_empty() { "the document".to_owned() } else { self.path.clone() };
        MappingDocumentError::Malformed { at: self.at(), path, expected: expected.into() }
    }

    /// Refuses everything but an object with these fields.
    pub(super) fn fields(&self, known: &[&str]) -> Result<(), MappingDocumentError> {
        let Data::Object(members) = &self.value.data else {
            return Err(self.malformed(format!("an object with {}", known.join(", "))));
        };
        match members.iter().find(|member| !known.contains(&member.key.as_ref())) {
            None => Ok(()),
            Some(Member { at, key, .. }) => {
                Err(MappingDocumentError::UnknownField { at: *at, path: self.below(key), expected: known.join(", ") })
            }
        }
    }

    pub(super) fn field(&self, name: &str) -> Option<Self> {
        self.value.member(name).map(|value| Self { value, path: self.below(name) })
    }

    pub(super) fn required(&self, name: &str) -> Result<Self, MappingDocumentError> {
        self.field(name).ok_or_else(|| MappingDocumentError::MissingField { at: self.at(), path: self.below(name) })
    }

    /// Every member of an object whose keys are the author's.
    pub(super) fn members(&self) -> Result<Vec<(&'d str, Self)>, MappingDocumentError> {
        let Data::Object(members) = &self.value.data else { return Err(self.malformed("an object")) };
        let named = members
            .iter()
            .map(|Member { key, value, .. }| (key.as_ref(), Self { value, path: format!("{}[{key:?}]", self.path) }));
        Ok(named.collect())
    }

    /// The values of a list.
    pub(super) fn list(&self) -> Result<Vec<Self>, MappingDocumentError> {
        let Data::Array(values) = &self.value.data else { return Err(self.malformed("a list")) };
        let numbered = values.iter().enumerate();
        Ok(numbered.map(|(index, value)| Self { value, path: format!("{}[{index}]", self.path) }).collect())
    }

    /// The values of a list, or this one for a list of one.
    pub(super) fn one_or_many(&self) -> Vec<Self> {
        self.list().unwrap_or_else(|_| vec![self.clone()])
    }

    pub(super) fn text(&self) -> Option<&'d str> {
        self.value.as_str()
    }

    pub(super) fn non_empty(&self) -> Option<&'d str> {
        self.text().filter(|text| !text.is_empty())
    }

    /// One text or a list of them, none of them empty.
    pub(super) fn texts(&self, expected: &str) -> Result<Vec<String>, MappingDocumentError> {
        let texts: Option<Vec<String>> =
            self.one_or_many().iter().map(|node| node.non_empty().map(str::to_owned)).collect();
        texts.filter(|texts| !texts.is_empty()).ok_or_else(|| self.malformed(expected))
    }

    /// A number as it is written.
    pub(super) const fn number(&self) -> Option<&'d str> {
        match &self.value.data {
            Data::Number(number) => Some(number),
            Data::Null | Data::Bool(_) | Data::String(_) | Data::Array(_) | Data::Object(_) => None,
        }
    }

    pub(super) const fn boolean(&self) -> Option<bool> {
        match &self.value.data {
            Data::Bool(flag) => Some(*flag),
            Data::Null | Data::Number(_) | Data::String(_) | Data::Array(_) | Data::Object(_) => None,
        }
    }

    fn below(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}
