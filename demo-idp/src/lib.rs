//! demo

#[cfg(feature = "demo")]
pub mod demo;
