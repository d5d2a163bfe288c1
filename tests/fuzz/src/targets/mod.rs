//! What is fuzzed. Each module documents what it takes for a finding.

pub mod authorization;
pub mod context_assertion;
pub mod discovery;
pub mod encrypted;
pub mod gate;
pub mod id_token;
pub mod instant;
pub mod jwk;
pub mod jws;
pub mod logout;
pub mod logout_token;
pub mod mapping;
pub mod metadata;
pub mod policy;
pub mod redirect;
pub mod response;
pub mod signed;
pub mod signed_metadata;
pub mod userinfo;
pub mod wrapping;

/// A target: bytes in, a panic when they show a mistake.
pub type Target = fn(&[u8]);

/// Every target by the name of its binary and of its seed folder.
pub const ALL: [(&str, Target); 21] = [
    ("gate", gate::target),
    ("response", response::target),
    ("wrapping", wrapping::target),
    ("signed", signed::target),
    ("metadata", metadata::target),
    ("signed_metadata", signed_metadata::target),
    ("encrypted", encrypted::target),
    ("redirect", redirect::target),
    ("logout", logout::target),
    ("mapping", mapping::target),
    ("instant", instant::target),
    ("jws", jws::target),
    ("jwk", jwk::target),
    ("id_token", id_token::target),
    ("discovery", discovery::target),
    ("logout_token", logout_token::target),
    ("userinfo", userinfo::target),
    ("policy", policy::target),
    ("authorization", authorization::target),
    ("context_assertion", context_assertion::target),
    ("query", crate::http::target::target),
];
