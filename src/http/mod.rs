//! The wire: HTTP in, broker calls, HTTP out. No rule of its own.

mod environment;
pub mod fetch;
pub mod relying_party;
pub mod sts;
pub mod well_known;
