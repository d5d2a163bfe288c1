//! What a mapping document makes of an accepted identity, for people and for machines.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use daypass::VerifiedIdentity;
use daypass::session::{FederationRequest, MappedValue, Mapping, MappingReport, RuleReport};
use serde::Serialize;

use crate::error::{Answer, CliError, InputError};
use crate::input::Source;
use crate::print::Printer;

/// The document that is asked, if any is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Document(Option<Arc<Mapping>>);

impl Document {
    pub(super) fn read(path: Option<&PathBuf>) -> Result<Self, CliError> {
        let Some(path) = path else { return Ok(Self(None)) };
        let mapping = Mapping::parse(&Source::new(Some(path.clone())).text()?);
        let mapping = mapping.map_err(|error| InputError::new(path.display().to_string(), error.reason()))?;
        Ok(Self(Some(Arc::new(mapping))))
    }

    /// Whether there is one.
    pub(crate) const fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// What the person would get.
    pub(crate) fn of(&self, identity: &VerifiedIdentity) -> Option<Mapped> {
        self.0.as_ref().map(|mapping| Mapped::of(mapping.explain(identity)))
    }
}

/// What a person would get, and by which rule.
#[derive(Debug, Serialize)]
pub(crate) struct Mapped {
    error: Option<String>,
    roles: Vec<Given>,
    role_session_name: Option<String>,
    /// In seconds, for roles that have none of their own.
    session_duration: Option<u64>,
    source_identity: Option<String>,
    tags: BTreeMap<String, String>,
    transitive_tag_keys: Vec<String>,
    values: Vec<MappedValue>,
    rules: Vec<RuleReport>,
}

/// One role and why.
#[derive(Debug, Serialize)]
struct Given {
    role: String,
    /// None where the provider lists it itself.
    rules: Vec<String>,
    /// In seconds.
    session_duration: Option<u64>,
}

impl Mapped {
    fn of(report: MappingReport) -> Self {
        let error = report.request.as_ref().err().map(|error| format!("{error}: {}", error.reason()));
        let request = report.request.clone().unwrap_or_default();
        Self {
            error,
            roles: given(&report, &request),
            role_session_name: request.role_session_name.map(|name| name.to_string()),
            session_duration: request.session_duration.map(|duration| duration.as_secs()),
            source_identity: request.source_identity.map(|identity| identity.as_str().to_owned()),
            tags: request.tags.values().clone(),
            transitive_tag_keys: request.tags.transitive().to_vec(),
            values: report.values,
            rules: report.rules,
        }
    }

    /// Whether the person would get a role.
    pub(crate) fn answer(&self) -> Answer {
        Answer::from(self.error.is_none() && !self.roles.is_empty())
    }

    pub(crate) fn print(&self, printer: &mut Printer) -> Result<(), CliError> {
        printer.heading("What the mapping makes of it")?;
        for rule in &self.rules {
            if rule.roles.is_empty() {
                printer.line(&format!("rule {:?} gives nothing", rule.name))?;
                printer.line(&format!("  expected  {}", rule.expected))?;
                printer.line(&format!("  found     {}", rule.found))?;
            } else {
                printer.line(&format!("rule {:?} applies: {}", rule.name, rule.expected))?;
            }
        }
        for MappedValue { target, from, value, .. } in &self.values {
            printer.line(&format!("  {target:<24} {value} (from {from})"))?;
        }
        if let Some(error) = &self.error {
            return printer.verdict(false, "not mapped", error);
        }
        for given in &self.roles {
            let by = if given.rules.is_empty() { "the provider".to_owned() } else { given.rules.join(", ") };
            let seconds = given.session_duration.or(self.session_duration);
            let lasting = seconds.map(|seconds| format!(" for {seconds} s")).unwrap_or_default();
            printer.verdict(true, "role", &format!("{}{lasting} (by {by})", given.role))?;
        }
        if self.roles.is_empty() {
            return printer.verdict(false, "no role", "no rule of the mapping applies");
        }
        printer.line("Not judged here: each role's trust policy, which decides whatever the mapping gives.")
    }
}

fn given(report: &MappingReport, request: &FederationRequest) -> Vec<Given> {
    let pairs = request.roles.iter().flatten();
    pairs
        .map(|pair| Given {
            role: pair.role.to_string(),
            rules: report.rules_giving(&pair.role).map(str::to_owned).collect(),
            session_duration: pair.session_duration.map(|duration| duration.as_secs()),
        })
        .collect()
}
