//! Stage 4 through its public interface: what real signers send is accepted, and each rule refuses what it is there for.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "request/asymmetric.rs"]
mod asymmetric;
#[path = "request/chunked.rs"]
mod chunked;
#[path = "request/declared.rs"]
mod declared;
#[path = "request/fixture.rs"]
mod fixture;
#[path = "request/generated.rs"]
mod generated;
#[path = "request/long_term.rs"]
mod long_term;
#[path = "request/oracle.rs"]
mod oracle;
#[path = "request/rules.rs"]
mod rules;
#[path = "request/tampered.rs"]
mod tampered;
