//! Where a mapping reads: which attribute or claim a name means, and which values it has.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::rc::Rc;

use super::condition::Case;
use super::error::MappingError;
use crate::VerifiedIdentity;

/// What Entra ID sends in an assertion in place of more than 150 groups.
const OVERAGE_LINK: &str = "http://schemas.microsoft.com/claims/groups.link";

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

/// The different values of one source, in their order.
#[derive(Debug)]
pub(super) struct Values<'a> {
    listed: Vec<&'a str>,
    exact: HashSet<&'a str>,
    /// In lower case, once that is asked for.
    folded: OnceCell<HashSet<String>>,
}

impl<'a> Values<'a> {
    /// Keeps the first of each, and none that is empty.
    fn new(all: impl Iterator<Item = &'a str>) -> Self {
        let mut exact = HashSet::new();
        let listed = all.filter(|value| !value.is_empty() && exact.insert(*value)).collect();
        Self { listed, exact, folded: OnceCell::new() }
    }

    pub(super) fn as_slice(&self) -> &[&'a str] {
        &self.listed
    }

    /// Whether `wanted` is one of them; where case is ignored it is in lower case.
    pub(super) fn contains(&self, wanted: &str, case: Case) -> bool {
        let fold = || self.listed.iter().map(|value| value.to_ascii_lowercase()).collect();
        match case {
            Case::Exact => self.exact.contains(wanted),
            Case::Ignored => self.folded.get_or_init(fold).contains(wanted),
        }
    }
}

/// The sources of one identity, and how those that hold several values in one are taken apart.
#[derive(Debug)]
pub(super) struct Sources<'a> {
    pub(super) identity: &'a VerifiedIdentity,
    separators: &'a BTreeMap<Source, String>,
    /// A person may be in a thousand groups, and a thousand rules may ask for them.
    known: RefCell<BTreeMap<&'a Source, Rc<Values<'a>>>>,
}

impl<'a> Sources<'a> {
    pub(super) const fn new(identity: &'a VerifiedIdentity, separators: &'a BTreeMap<Source, String>) -> Self {
        Self { identity, separators, known: RefCell::new(BTreeMap::new()) }
    }

    /// The values of `source`.
    ///
    /// # Errors
    /// [`MappingError::Overage`] and [`MappingError::FriendlyName`].
    pub(super) fn values(&self, source: &'a Source) -> Result<Rc<Values<'a>>, MappingError> {
        if let Some(known) = self.known.borrow().get(source) {
            return Ok(Rc::clone(known));
        }
        let values = Rc::new(self.read(source)?);
        self.known.borrow_mut().insert(source, Rc::clone(&values));
        Ok(values)
    }

    fn read(&self, source: &Source) -> Result<Values<'a>, MappingError> {
        let whole = match source {
            Source::Attribute(name) => self.identity.attribute(name),
            Source::Subject => return Ok(Values::new([self.identity.subject()].into_iter())),
            Source::Friendly(name) => self.friendly(name)?,
            Source::Claim(pointer) => self.identity.nested_claims().get(pointer).map_or(&[][..], Vec::as_slice),
        };
        let values = match self.separators.get(source) {
            None => Values::new(whole.iter().map(String::as_str)),
            Some(separator) => {
                Values::new(whole.iter().flat_map(|value| value.split(separator.as_str()).map(str::trim)))
            }
        };
        if values.listed.is_empty() {
            self.overage(source)?;
        }
        Ok(values)
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
            "groups" if is_there("hasgroups") => "hasgroups".to_owned(),
            // Under whatever name the groups would have come.
            other if other.to_ascii_lowercase().ends_with("groups") && is_there(OVERAGE_LINK) => {
                OVERAGE_LINK.to_owned()
            }
            _ if self.identity.nested_claims().contains_key(&distributed) => format!("$claim:{distributed}"),
            _ => return Ok(()),
        };
        Err(MappingError::Overage { attribute: name.clone(), instead })
    }
}
