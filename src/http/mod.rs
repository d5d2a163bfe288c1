//! Bytes of HTTP on one side, calls into the stages on the other; no rule of its own.

pub mod fetch;
pub mod relying_party;
