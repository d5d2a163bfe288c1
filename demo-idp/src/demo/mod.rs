//! The demonstration: what the binary joins to the identity provider.
//!
//! One process, three parties on three ports of this machine: the identity provider, the broker with its portal, and the
//! resource `cat-photos`. The identity provider knows nothing of the other two.

pub mod cat_photos;

mod ask;
mod banner;
mod error;
mod serve;
mod site;
mod state;
mod tour;
mod world;

pub use ask::{Asked, ask};
pub use banner::banner;
pub use error::DemoError;
pub use serve::{Demo, Options};
pub use tour::tour;
