//! What a document says that its author can hardly mean.

use std::collections::BTreeSet;
use std::fmt;

use super::condition::Test;
use super::source::Source;
use super::{Length, Mapping, Rule, Tag};
use crate::json::Position;

/// Something a document says that it may say, and that does little good.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// Where the rule starts; none for what is said of the whole document.
    pub at: Option<Position>,
    /// What is odd about it.
    pub problem: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "{at}: {}", self.problem),
            None => f.write_str(&self.problem),
        }
    }
}

impl Mapping {
    /// What the document's author should look at again.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut earlier: Vec<&Rule> = Vec::new();
        for rule in &self.rules {
            let found = |problem: String| Finding { at: Some(rule.at), problem };
            findings.extend(rule.problems().into_iter().map(found));
            // Every rule counts, so that only one that says what another has said changes nothing.
            if let Some(same) = earlier.iter().find(|same| same.makes_needless(rule)) {
                findings.push(found(format!("{} gives nothing that {} does not give", rule.name, same.name)));
            }
            earlier.push(rule);
        }
        let read = self.sources();
        for source in self.separators.keys().filter(|source| !read.contains(source)) {
            findings.push(Finding { at: None, problem: format!("separators: nothing reads {source}") });
        }
        if self.session_name.is_none() {
            let problem = "session_name is missing: AssumeRoleWithSAML works only where the provider sends \
                           RoleSessionName and aws_attributes is merge";
            findings.push(Finding { at: None, problem: problem.to_owned() });
        }
        findings
    }

    fn sources(&self) -> BTreeSet<&Source> {
        let conditions = self.rules.iter().flat_map(|rule| &rule.when).map(|condition| &condition.source);
        let tags = self.tags.values().filter_map(|tag| match tag {
            Tag::Of(of) => Some(of),
            Tag::Always(_) => None,
        });
        let length = self.session_duration.iter().filter_map(|length| match length {
            Length::Of(of) => Some(of),
            Length::Always(_) => None,
        });
        let names = self.session_name.iter().chain(&self.source_identity);
        conditions.chain(names.chain(tags).chain(length).flat_map(|of| &of.from)).collect()
    }
}

impl Rule {
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let name = &self.name;
        let everyone =
            |test: &Test| matches!(test, Test::Matches(globs) if globs.iter().any(super::pattern::Glob::is_anything));
        if self.when.iter().all(|condition| everyone(&condition.test)) {
            problems.push(format!("{name} gives its roles to everyone who has the attribute"));
        }
        for captures in self.when.iter().filter_map(super::Condition::captures) {
            if let Some(next) = captures.cuts_role_at() {
                problems.push(format!(
                    "{name}: {{role}} ends at the first {next:?}, so that roles with it in their names are never given"
                ));
            }
            let (account, role) =
                (self.roles.iter().all(|t| t.needs_account()), self.roles.iter().all(|t| t.needs_role()));
            if captures.has_account() && !account {
                problems.push(format!("{name}: not every role is in the account that was captured"));
            }
            if captures.has_role() && !role {
                problems.push(format!("{name}: not every role has the name that was captured"));
            }
            if captures.has_role() && captures.starts_with_place() {
                problems.push(format!("{name}: any group may name a role; begin the pattern with a text of your own"));
            }
        }
        for (index, role) in self.roles.iter().enumerate() {
            if self.roles.iter().take(index).any(|other| other == role) {
                problems.push(format!("{name} lists {} twice", role.as_str()));
            }
        }
        problems
    }

    /// Whether it gives everything that `other` gives, to everyone.
    fn makes_needless(&self, other: &Self) -> bool {
        self.when.iter().all(|condition| other.when.contains(condition))
            && other.roles.iter().all(|role| self.roles.contains(role))
            && self.session_duration == other.session_duration
    }
}
