//! Signed requests over HTTP: the layer and its caller, bodies that stream, and a server that asks the broker for its keys.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "http_signed/asymmetric.rs"]
mod asymmetric;
#[path = "request/fixture.rs"]
mod fixture;
#[path = "http_signed/handover.rs"]
mod handover;
#[path = "http_signed/layer.rs"]
mod layer;
#[expect(dead_code, reason = "the tests of the stage use more of it")]
#[path = "request/oracle.rs"]
mod oracle;
#[path = "http_signed/resource_server.rs"]
mod resource_server;
#[path = "http_signed/site.rs"]
mod site;
#[path = "http_signed/streaming.rs"]
mod streaming;
