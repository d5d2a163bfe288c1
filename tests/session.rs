//! Stage 2: who may assume a role, under which conditions, for how long, and what the session carries on.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "session/chained.rs"]
mod chained;
#[path = "session/federated.rs"]
mod federated;
#[path = "common/issuer.rs"]
mod issuer;
#[path = "session/saml.rs"]
mod saml;
#[path = "session/world.rs"]
mod world;
