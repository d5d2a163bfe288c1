//! Stage 2: who may assume a role, under which conditions, for how long, and what the session carries on.

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
