//! What one service of the query protocol has of its own.

use super::{Query, QueryError};

/// A service's version, namespace and limits.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Protocol {
    /// The date that names the version of the service's model.
    pub(in crate::http) version: &'static str,
    /// The namespace of every element it answers.
    pub(in crate::http) namespace: &'static str,
    /// The largest body, in bytes.
    pub(in crate::http) max_body: usize,
    /// The most parameters of one call.
    pub(in crate::http) max_parameters: usize,
}

impl Protocol {
    /// The operation that is asked for.
    pub(in crate::http) fn operation<'a>(&self, query: &'a Query) -> Result<&'a str, QueryError> {
        if query.value("Version").is_some_and(|version| version != self.version) {
            return Err(self.unknown_operation(query));
        }
        query
            .value("Action")
            .filter(|action| !action.is_empty())
            .ok_or_else(|| QueryError::new("MissingAction", "the parameter Action is missing"))
    }

    /// That the service has no such operation in the version asked for.
    pub(in crate::http) fn unknown_operation(&self, query: &Query) -> QueryError {
        let operation: String = query.value("Action").unwrap_or_default().chars().take(64).collect();
        let version: String = query.value("Version").unwrap_or(self.version).chars().take(32).collect();
        QueryError::new("InvalidAction", format!("Could not find operation {operation} for version {version}"))
    }
}
