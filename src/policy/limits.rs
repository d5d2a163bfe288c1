//! How long documents may be, in characters, and which characters they may hold.
//!
//! The sizes are the cloud's default quotas of 2023; accounts can have some of them raised, so whoever stores documents
//! keeps a [`Limits`] of its own.

use super::document::Kind;
use super::error::PolicyError;
use crate::json::Position;

/// The most characters of any document, white space included (IAM service model, `policyDocumentType`).
pub const MAX_DOCUMENT_CHARACTERS: usize = 131_072;

/// How long documents may be, by what they are attached to: in characters, as [`Kind::size`] counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// A managed policy, also where it serves as a permissions boundary.
    pub managed: usize,
    /// All inline policies of one user together.
    pub user: usize,
    /// All inline policies of one group together.
    pub group: usize,
    /// All inline policies of one role together.
    pub role: usize,
    /// A role's trust policy; the cloud raises it to 4,096 when asked.
    pub trust: usize,
    /// All session policies of one session together.
    pub session: usize,
    /// The policy of a resource, by the quota of buckets.
    pub resource: usize,
    /// A service control policy.
    pub service_control: usize,
    /// A resource control policy.
    pub resource_control: usize,
}

impl Limits {
    /// The cloud's default quotas.
    pub const DEFAULT: Self = Self {
        managed: 6_144,
        user: 2_048,
        group: 5_120,
        role: 10_240,
        trust: 2_048,
        session: 2_048,
        resource: 20_480,
        service_control: 5_120,
        resource_control: 5_120,
    };

    /// The most characters a document of this kind may have wherever it is attached.
    ///
    /// Of identity policies that is the largest of four; the narrower ones belong to whoever stores them.
    #[must_use]
    pub const fn of(&self, kind: Kind) -> usize {
        match kind {
            Kind::Identity => larger(larger(self.managed, self.role), larger(self.user, self.group)),
            Kind::Boundary => self.managed,
            Kind::Trust => self.trust,
            Kind::Session => self.session,
            Kind::Resource => self.resource,
            Kind::ServiceControl => self.service_control,
            Kind::ResourceControl => self.resource_control,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

const fn larger(one: usize, other: usize) -> usize {
    if one > other { one } else { other }
}

impl Kind {
    /// The most characters a document of this kind may have, by the cloud's [default quotas](Limits::DEFAULT).
    #[must_use]
    pub const fn quota(self) -> usize {
        Limits::DEFAULT.of(self)
    }

    /// The size of a document of this kind in characters; IAM does not count white space, organisations and STS do.
    #[must_use]
    pub fn size(self, text: &str) -> usize {
        match self {
            Self::Identity | Self::Boundary | Self::Trust | Self::Resource => {
                text.chars().filter(|character| !character.is_whitespace()).count()
            }
            Self::Session | Self::ServiceControl | Self::ResourceControl => text.chars().count(),
        }
    }

    /// Whether IAM or STS takes the document, whose service models hold it to Latin-1; the others have no such rule.
    const fn is_latin(self) -> bool {
        matches!(self, Self::Identity | Self::Boundary | Self::Trust | Self::Session)
    }
}

/// Holds the text of a document to its length and its characters, before anything of it is read.
pub(super) fn hold_text(text: &str, kind: Kind) -> Result<(), PolicyError> {
    let characters = text.chars().count();
    if characters > MAX_DOCUMENT_CHARACTERS {
        return Err(PolicyError::TooLong { characters, limit: MAX_DOCUMENT_CHARACTERS });
    }
    if let Some((offset, character)) = text.char_indices().find(|(_, own)| kind.is_latin() && !is_storable(*own)) {
        let before = text.get(..offset).unwrap_or_default();
        return Err(PolicyError::Character { at: Position::after(before), character });
    }
    Ok(())
}

/// Holds a document to the quota of its kind.
pub(super) fn hold_size(text: &str, kind: Kind, quota: usize) -> Result<(), PolicyError> {
    let size = kind.size(text);
    if size > quota { Err(PolicyError::TooLarge { kind, size, limit: quota }) } else { Ok(()) }
}

/// TAB, LF, CR and U+0020 to U+00FF.
const fn is_storable(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{FF}')
}
