//! What the parser of the library stands beside in its own crate.
#![allow(dead_code, reason = "operations of the library use more of it than is fuzzed")]

#[path = "../../../../../src/http/query/constraints.rs"]
mod constraints;
#[path = "../../../../../src/http/query/parameters.rs"]
mod parameters;

use std::fmt;

pub(in crate::http) use self::constraints::Constraints;
pub(in crate::http) use self::parameters::Query;

/// A refusal by its message, without what the wire makes of it.
#[derive(Debug)]
pub(in crate::http) struct QueryError(String);

impl QueryError {
    pub(in crate::http) fn validation(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    pub(in crate::http) fn malformed(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
