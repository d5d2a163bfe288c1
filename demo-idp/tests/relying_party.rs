//! The OpenID provider as a relying party meets it: clients that authenticate with keys, requests that are pushed, tokens
//! that are bound, refreshed and revoked, keys that change, and every mistake that can be made on purpose.
#![cfg(test)]

#[path = "relying_party/assertion.rs"]
mod assertion;
mod common;
#[path = "relying_party/dpop.rs"]
mod dpop;
#[path = "relying_party/faults.rs"]
mod faults;
#[path = "relying_party/fixture.rs"]
mod fixture;
#[path = "relying_party/openid_client.rs"]
mod openid_client;
#[path = "relying_party/pushed.rs"]
mod pushed;
#[path = "relying_party/refresh.rs"]
mod refresh;
#[path = "relying_party/rotation.rs"]
mod rotation;
#[path = "relying_party/userinfo.rs"]
mod userinfo;
