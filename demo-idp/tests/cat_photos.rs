//! The demo resource through real HTTP: requests signed by the AWS SDK's own signer, and pages as a browser asks for them.

#![cfg(feature = "demo")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "cat_photos/fixture.rs"]
mod fixture;
#[path = "cat_photos/gallery.rs"]
mod gallery;
#[path = "cat_photos/guard.rs"]
mod guard;
#[path = "cat_photos/objects.rs"]
mod objects;
