//! The demonstration: what the binary joins to the identity provider.

pub mod cat_photos;
