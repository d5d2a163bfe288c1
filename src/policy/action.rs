//! Actions: the one a request asks for, and the `Action` and `NotAction` elements that name them.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use super::error::NameError;
use super::keys::{Keys, hash};
use super::pattern::{Pattern, Syntax};
use super::resource::Weight;

/// By what a role is assumed, and what is asked along with it, in lower case: what a trust policy decides.
pub(super) const ASSUMING: [&str; 6] = [
    "sts:assumerole",
    "sts:assumerolewithsaml",
    "sts:assumerolewithwebidentity",
    "sts:setcontext",
    "sts:setsourceidentity",
    "sts:tagsession",
];

/// Whether a pattern names one of these.
pub(super) fn names_assuming(pattern: &ActionPattern) -> bool {
    static ACTIONS: LazyLock<Vec<Action>> =
        LazyLock::new(|| ASSUMING.iter().filter_map(|name| name.parse().ok()).collect());
    ACTIONS.iter().any(|action| pattern.matches(action))
}

/// The action of a request, such as `s3:GetObject`; compared without case.
#[derive(Clone, PartialEq, Eq)]
pub struct Action {
    written: String,
    folded: String,
    colon: usize,
    hash: u64,
    service_hash: u64,
}

impl Action {
    /// The action as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The service, in lower case: what stands before the colon.
    #[must_use]
    pub fn service(&self) -> &str {
        self.folded.get(..self.colon).unwrap_or_default()
    }

    pub(super) fn folded(&self) -> &str {
        &self.folded
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    pub(super) fn service_hash(&self) -> u64 {
        self.service_hash
    }

    fn name(&self) -> &str {
        self.folded.get(self.colon.saturating_add(1)..).unwrap_or_default()
    }
}

impl FromStr for Action {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (service, name) = text.split_once(':').ok_or(NameError::Action)?;
        let plain = |part: &str| !part.is_empty() && !part.contains([':', '*', '?']) && part.is_ascii();
        if text.len() > 256 || !plain(service) || !plain(name) {
            return Err(NameError::Action);
        }
        let folded = text.to_ascii_lowercase();
        Ok(Self {
            written: text.to_owned(),
            colon: service.len(),
            hash: hash(&folded),
            service_hash: hash(&service.to_ascii_lowercase()),
            folded,
        })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.written, f)
    }
}

/// `Action` or `NotAction`.
#[derive(Clone, Debug)]
pub(super) struct ActionElement {
    pub(super) negated: bool,
    pub(super) patterns: Box<[ActionPattern]>,
}

/// One value of an action element, in lower case.
#[derive(Clone, Debug)]
pub(super) enum ActionPattern {
    /// `*`.
    Anything,
    /// A wildcard in the service: the language has none but the lone `*`, so this names no action that one could be allowed.
    Nothing,
    /// The same where more must not be allowed for it, read as text.
    Doubtful(Pattern),
    /// One action, in full.
    Exact(Box<str>),
    /// Actions of one service.
    Like { service: Box<str>, name: Pattern },
}

impl ActionElement {
    pub(super) fn matches(&self, action: &Action) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(action)) != self.negated
    }

    /// Whether it names actions of this service, and not all but some.
    pub(super) fn is_of(&self, service: &str) -> bool {
        let mut patterns = self.patterns.iter();
        !self.negated
            && patterns.any(|pattern| match pattern {
                ActionPattern::Exact(text) => text.strip_prefix(service).is_some_and(|rest| rest.starts_with(':')),
                ActionPattern::Like { service: own, .. } => **own == *service,
                ActionPattern::Anything | ActionPattern::Nothing | ActionPattern::Doubtful(_) => false,
            })
    }

    /// Whether it may name an action of this service, which is in lower case.
    pub(super) fn may_be_of(&self, service: &str) -> bool {
        let mut patterns = self.patterns.iter();
        match self.negated {
            // What leaves out all of the service names nothing of it; with anything less something is left.
            true => !patterns.any(|pattern| match pattern {
                ActionPattern::Anything => true,
                ActionPattern::Like { service: own, name } => **own == *service && name.is_anything(),
                ActionPattern::Exact(_) | ActionPattern::Nothing | ActionPattern::Doubtful(_) => false,
            }),
            false => patterns.any(|pattern| matches!(pattern, ActionPattern::Anything)) || self.is_of(service),
        }
    }
}

impl ActionPattern {
    /// Reads one value; the error says what it must be.
    pub(super) fn parse(text: &str, weight: Weight) -> Result<Self, &'static str> {
        // Variables have no meaning in actions: AWS reads them as text.
        let syntax = Syntax { wildcards: true, variables: false };
        let folded = text.to_ascii_lowercase();
        let Some((service, name)) = folded.split_once(':') else {
            return if text == "*" { Ok(Self::Anything) } else { Err("* or service:Operation") };
        };
        if name.contains(':') {
            return Err("* or service:Operation, with one colon");
        }
        if service.contains(['*', '?']) {
            return match weight {
                Weight::Grants => Ok(Self::Nothing),
                Weight::Withholds => Pattern::parse(&folded, syntax).map(Self::Doubtful),
            };
        }
        if service.is_empty() || !service.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.')) {
            return Err("* or service:Operation, the service in letters, digits, hyphens and dots");
        }
        let pattern = Pattern::parse(name, syntax)?;
        Ok(match pattern.literal() {
            Some(_) => Self::Exact(folded.into()),
            None => Self::Like { service: service.into(), name: pattern },
        })
    }

    pub(super) fn matches(&self, action: &Action) -> bool {
        match self {
            Self::Anything => true,
            Self::Nothing => false,
            Self::Doubtful(whole) => whole.matches(action.folded(), &Keys::new()),
            Self::Exact(text) => **text == *action.folded(),
            Self::Like { service, name } => **service == *action.service() && name.matches(action.name(), &Keys::new()),
        }
    }
}
