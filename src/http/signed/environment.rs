//! The condition keys of a request, and what an operator adds to them.

use std::fmt;
use std::sync::Arc;

use axum::http::request::Parts;

use crate::http::environment;
use crate::policy::Keys;

/// Adds what an operator knows of a request.
type More = Arc<dyn Fn(&Parts, &mut Keys) + Send + Sync>;

/// How the condition keys of a request are found.
#[derive(Clone, Default)]
pub(super) struct Environment {
    secure_transport: bool,
    more: Option<More>,
}

impl Environment {
    pub(super) const fn secure(&mut self) {
        self.secure_transport = true;
    }

    pub(super) fn add(&mut self, more: impl Fn(&Parts, &mut Keys) + Send + Sync + 'static) {
        self.more = Some(Arc::new(more));
    }

    pub(super) fn keys(&self, parts: &Parts) -> Keys {
        let mut keys = environment::keys(parts);
        if self.secure_transport {
            keys.set("aws:SecureTransport", "true");
        }
        if let Some(more) = &self.more {
            more(parts, &mut keys);
        }
        keys
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").field("secure_transport", &self.secure_transport).finish_non_exhaustive()
    }
}
