//! The parser of the query protocol. The library keeps it to itself, so that it is compiled here from the library's own files.

mod query;
pub mod target;
