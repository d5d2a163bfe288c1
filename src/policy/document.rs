//! A policy: one compiled document of one kind.

use std::fmt;
use std::sync::Arc;

use super::action::Action;
use super::error::PolicyError;
use super::index::Index;
use super::parse;
use super::statement::{Effect, Statement};

/// What a policy is attached to, which decides the elements it may have and how long it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// Attached to a user, group or role: what it may do.
    Identity,
    /// A role's trust policy: who may assume it. It names no resource, since the role is the resource.
    Trust,
    /// Attached to a resource such as a bucket: who may do what to it. A statement without `Resource` means all of it.
    Resource,
    /// A permissions boundary of a user or role: the most it may be allowed.
    Boundary,
    /// Given when a role is assumed: the most that one session may be allowed.
    Session,
    /// A service control policy of an organisation: the most that the principals of an account may be allowed.
    ServiceControl,
    /// A resource control policy of an organisation: what nobody may do to the resources of an account.
    ResourceControl,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "an identity policy",
            Self::Trust => "a trust policy",
            Self::Resource => "a resource policy",
            Self::Boundary => "a permissions boundary",
            Self::Session => "a session policy",
            Self::ServiceControl => "a service control policy",
            Self::ResourceControl => "a resource control policy",
        })
    }
}

/// What a document is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// To be evaluated: also what was saved when less was asked of it.
    Evaluated,
    /// To be saved as an inline policy or a trust policy.
    Saved,
    /// To be saved as a policy that must be of the current version of the language, as managed ones.
    SavedManaged,
}

impl Reading {
    pub(super) const fn is_saved(self) -> bool {
        matches!(self, Self::Saved | Self::SavedManaged)
    }
}

/// A policy document, compiled once and shared: a clone is two counters.
#[derive(Clone)]
pub struct Policy {
    name: Arc<str>,
    compiled: Arc<Compiled>,
}

struct Compiled {
    kind: Kind,
    text: Box<str>,
    statements: Box<[Statement]>,
    index: Index,
}

impl Policy {
    /// Reads and compiles a document, held to the default [quota](Kind::quota) of its kind.
    ///
    /// # Errors
    /// [`PolicyError`] with line and column when the document is not a policy of this kind.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, PolicyError> {
        Self::parse_within(text, kind, kind.quota())
    }

    /// Reads and compiles a document of at most `quota` characters, for operators who raise or lower the default.
    ///
    /// Documents over [131,072 characters](super::MAX_DOCUMENT_CHARACTERS) are refused whatever the quota, and so are
    /// documents for IAM and STS with characters beyond U+00FF (JSON can escape them).
    ///
    /// # Errors
    /// As [`Policy::parse`].
    pub fn parse_within(text: &str, kind: Kind, quota: usize) -> Result<Self, PolicyError> {
        Self::parse_for(text, kind, quota, Reading::Evaluated)
    }

    /// Reads and compiles a document as one is read that is being saved, which is held to more than what is evaluated: by
    /// IAM for users, groups and roles, by whom a role trusts, by organisations for what they attach to resources. Those of
    /// other kinds are read as [`Policy::parse_within`] reads them.
    ///
    /// # Errors
    /// As [`Policy::parse`].
    pub fn parse_to_save(text: &str, kind: Kind, quota: usize) -> Result<Self, PolicyError> {
        let reading = match kind {
            Kind::Identity | Kind::Trust => Reading::Saved,
            // A boundary is a managed policy, and both are of the current version of the language.
            Kind::Boundary | Kind::ResourceControl => Reading::SavedManaged,
            Kind::Resource | Kind::Session | Kind::ServiceControl => Reading::Evaluated,
        };
        Self::parse_for(text, kind, quota, reading)
    }

    /// Reads and compiles a document for somebody who evaluates or saves it: what is saved is held to more.
    pub(crate) fn parse_for(text: &str, kind: Kind, quota: usize, reading: Reading) -> Result<Self, PolicyError> {
        let statements = parse::document(text, kind, quota, reading)?;
        let index = Index::new(&statements);
        let compiled = Compiled { kind, text: text.into(), statements, index };
        Ok(Self { name: Arc::from(""), compiled: Arc::new(compiled) })
    }

    /// The same policy under a name, by which explanations speak of it.
    #[must_use]
    pub fn named(&self, name: &str) -> Self {
        Self { name: Arc::from(name), compiled: Arc::clone(&self.compiled) }
    }

    /// The name, or the kind where it has none.
    #[must_use]
    pub fn name(&self) -> String {
        if self.name.is_empty() { self.kind().to_string() } else { self.name.to_string() }
    }

    /// The kind it was read as.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.compiled.kind
    }

    /// The document as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.compiled.text
    }

    /// Its size in characters as its [kind](Kind::size) counts them, which is what quotas are about.
    #[must_use]
    pub fn size(&self) -> usize {
        self.kind().size(self.text())
    }

    /// The condition keys it reads, in conditions and in variables, each once as it is first written.
    #[must_use]
    pub fn context_keys(&self) -> Vec<String> {
        let mut seen = std::collections::HashSet::new();
        let keys = self.statements().iter().flat_map(Statement::keys);
        keys.filter(|key| seen.insert(key.folded())).map(ToString::to_string).collect()
    }

    /// Whether a statement allows something of this service, such as `s3`, whatever its conditions and whatever denies.
    #[must_use]
    pub fn may_allow_of(&self, service: &str) -> bool {
        let mut allowing = self.statements().iter().filter(|statement| statement.effect == Effect::Allow);
        allowing.any(|statement| statement.actions.may_be_of(service))
    }

    pub(super) fn statements(&self) -> &[Statement] {
        &self.compiled.statements
    }

    /// The statements of this effect whose action element matches; one may come twice.
    pub(super) fn candidates<'a>(&'a self, effect: Effect, action: &'a Action) -> impl Iterator<Item = &'a Statement> {
        self.compiled.index.candidates(&self.compiled.statements, effect, action)
    }
}

impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        self.kind() == other.kind() && self.name == other.name && self.text() == other.text()
    }
}

impl Eq for Policy {}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("name", &self.name)
            .field("kind", &self.kind())
            .field("text", &self.text())
            .finish_non_exhaustive()
    }
}
