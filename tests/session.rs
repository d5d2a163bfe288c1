//! Stage 2: who may assume a role, under which conditions, for how long, and what the session carries on.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "session/chained.rs"]
mod chained;
#[path = "session/context.rs"]
mod context;
#[path = "session/federated.rs"]
mod federated;
#[expect(dead_code, reason = "shared with the tests of the request and credentials stages")]
#[path = "request/fixture.rs"]
mod fixture;
#[path = "common/issuer.rs"]
mod issuer;
#[path = "session/kinds.rs"]
mod kinds;
#[path = "session/mapping/mod.rs"]
mod mapping;
#[path = "session/present.rs"]
mod present;
#[path = "session/saml.rs"]
mod saml;
#[expect(dead_code, reason = "the attacks on signatures have tests of their own")]
#[path = "saml/signer.rs"]
mod signer;
#[path = "session/world.rs"]
mod world;
