//! The broker: what serves once, what a store or an audit trail that fails does, and the events that every outcome leaves.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

#[path = "broker/audit.rs"]
mod audit;
#[path = "broker/context.rs"]
mod context;
#[path = "broker/gone.rs"]
mod gone;
#[path = "common/issuer.rs"]
mod issuer;
#[path = "broker/metadata.rs"]
mod metadata;
#[path = "broker/replay.rs"]
mod replay;
#[path = "broker/resources.rs"]
mod resources;
#[path = "broker/roles.rs"]
mod roles;
#[path = "broker/saml_replay.rs"]
mod saml_replay;
#[path = "saml/signer.rs"]
#[expect(dead_code, reason = "the tests of the SAML stage use the rest")]
mod signer;
#[path = "broker/world.rs"]
mod world;
