//! The wire: HTTP in, broker calls, HTTP out. No rule of its own.

pub mod application;
mod cookie;
mod environment;
pub mod fetch;
pub mod iam;
pub mod identity_context;
pub mod inspector;
mod page;
pub mod portal;
pub mod query;
pub mod relying_party;
pub mod resource_server;
pub mod signed;
mod signin;
pub mod signing_keys;
pub mod sts;
pub mod well_known;
