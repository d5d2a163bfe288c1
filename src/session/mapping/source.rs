//! Where a mapping reads: which attribute or claim a name means, and which values it has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::error::MappingError;
use crate::VerifiedIdentity;

/// What Entra ID sends in place of more than 150 groups, and what is then missing.
const OVERAGE_LINK: &str = "http://schemas.microsoft.com/claims/groups.link";
const OVERAGE_GROUPS: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups";

/// What a document calls a source of values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// A SAML attribute by its Name, or a claim.
    Attribute(String),
    /// The NameID, or `sub`.
    Subject,
    /// A SAML attribute by its FriendlyName.
    Friendly(String),
    /// A claim inside of objects, by its JSON pointer.
    Claim(String),
}

impl Source {
    /// Reads a name; the error says what it must be.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let Some(word) = text.strip_prefix('$') else {
            return if text.is_empty() {
                Err("the name of an attribute or claim")
            } else {
                Ok(Self::Attribute(text.to_owned()))
            };
        };
        let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
        match word.split_once(':') {
            None if word == "subject" => Some(Self::Subject),
            Some(("friendly", name)) => named(name).map(Self::Friendly),
            Some(("claim", pointer)) if pointer.starts_with('/') => named(pointer).map(Self::Claim),
            _ => None,
        }
        .ok_or("the name of an attribute or claim, $subject, $friendly:<FriendlyName> or $claim:/<object>/<claim>")
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(name) => f.write_str(name),
            Self::Subject => f.write_str("$subject"),
            Self::Friendly(name) => write!(f, "$friendly:{name}"),
            Self::Claim(pointer) => write!(f, "$claim:{pointer}"),
        }
    }
}

/// The sources of one identity, and how those that hold several values in one are taken apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sources<'a> {
    pub(super) identity: &'a VerifiedIdentity,
    pub(super) separators: &'a BTreeMap<Source, String>,
}

impl<'a> Sources<'a> {
    /// The different values of `source` in their order; those that are empty are left out.
    ///
    /// # Errors
    /// [`MappingError::Overage`] and [`MappingError::FriendlyName`].
    pub(super) fn values(&self, source: &Source) -> Result<Vec<&'a str>, MappingError> {
        let whole = match source {
            Source::Attribute(name) => self.identity.attribute(name),
            Source::Subject => return Ok(vec![self.identity.subject()]),
            Source::Friendly(name) => self.friendly(name)?,
            Source::Claim(pointer) => self.identity.nested_claims().get(pointer).map_or(&[][..], Vec::as_slice),
        };
        let mut seen = BTreeSet::new();
        let mut values = Vec::new();
        for value in whole {
            match self.separators.get(source) {
                None => values.push(value.as_str()),
                Some(separator) => values.extend(value.split(separator.as_str()).map(str::trim)),
            }
        }
        values.retain(|value| !value.is_empty() && seen.insert(*value));
        if values.is_empty() {
            self.overage(source)?;
        }
        Ok(values)
    }

    /// Every name the identity came with, for whoever looks for one that it did not.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.identity.attributes().keys().map(String::as_str).collect();
        if names.is_empty() { "no attributes".to_owned() } else { names.join(", ") }
    }

    fn friendly(&self, friendly_name: &str) -> Result<&'a [String], MappingError> {
        let names = self.identity.attribute_names().iter();
        let named = names.filter(|attribute| attribute.friendly_name() == Some(friendly_name));
        let names: BTreeSet<&str> = named.map(|attribute| attribute.name()).collect();
        // Two attributes of one FriendlyName are two attributes: whoever may set one must not speak for the other.
        if names.len() > 1 {
            return Err(MappingError::FriendlyName {
                friendly_name: friendly_name.to_owned(),
                attributes: names.len(),
            });
        }
        Ok(names.first().map_or(&[][..], |name| self.identity.attribute(name)))
    }

    /// Refuses where the provider says that there are values, but not which: taken for none, a person would lose roles
    /// without anyone knowing why.
    fn overage(&self, source: &Source) -> Result<(), MappingError> {
        let Source::Attribute(name) = source else { return Ok(()) };
        let is_there = |other: &str| self.identity.attributes().contains_key(other);
        // Entra ID's short form, and a distributed claim (OpenID Connect Core, 5.6.2).
        let distributed = format!("/_claim_names/{}", name.replace('~', "~0").replace('/', "~1"));
        let instead = match name.as_str() {
            OVERAGE_GROUPS if is_there(OVERAGE_LINK) => OVERAGE_LINK.to_owned(),
            "groups" if is_there("hasgroups") => "hasgroups".to_owned(),
            _ if self.identity.nested_claims().contains_key(&distributed) => format!("$claim:{distributed}"),
            _ => return Ok(()),
        };
        Err(MappingError::Overage { attribute: name.clone(), instead })
    }
}
