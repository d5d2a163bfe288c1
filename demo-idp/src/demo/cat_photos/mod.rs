//! The demo resource `cat-photos`: one S3 bucket in memory and a gallery page over it, both guarded by daypass.
//!
//! ```text
//!  aws s3 … ──► guard: authenticate, what is wanted, authorize ──► service (s3s) ──► bucket
//!  browser ───► gallery: session, authorize ───────────────────────────────────────► bucket
//! ```

pub mod bucket;
pub mod operation;
mod permit;
mod service;
