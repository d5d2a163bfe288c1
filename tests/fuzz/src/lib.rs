//! Fuzz targets, each a plain function from bytes.
//!
//! libFuzzer drives them through the binaries in `fuzz_targets`; `tests/replay.rs` runs every seed and every input that
//! once made one of them fail through the same functions, with nothing but a stable compiler. A target panics when it
//! has found something: a panic of the library, a broken promise, or an input that takes too long.

pub mod edits;
pub mod http;
pub mod idp;
pub mod issuer;
pub mod judge;
pub mod second_reader;
pub mod signer;
pub mod targets;
