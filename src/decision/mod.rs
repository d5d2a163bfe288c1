//! Stage 5: who asks, for what, and every policy that has a say in; a [`Decision`] with its reason out.
//!
//! Enters: a caller, what the caller is entitled to, the organisation, the policy of the resource, an action and a
//! resource. Leaves:
//! whether it is allowed, and the statement that decided. Refused: nothing; what cannot be evaluated is denied.

mod authorize;
mod denial;

use std::fmt;

pub use authorize::{Question, authorize};
pub use denial::Denial;
#[cfg(feature = "http")]
pub(crate) use denial::why;

use crate::policy::Explanation;

/// The answer to one request, never a `bool`: a denial has a reason, and there are two kinds of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a fourth outcome must not compile unnoticed anywhere")]
pub enum Decision {
    /// A statement allows it, and none denies it.
    Allow(Reason),
    /// A statement denies it, whatever else allows it.
    ExplicitDeny(Reason),
    /// Nothing allows it.
    ImplicitDeny(Reason),
}

impl Decision {
    /// Whether the request may go on.
    #[must_use]
    pub const fn is_allow(&self) -> bool {
        matches!(self, Self::Allow(_))
    }

    /// Why.
    #[must_use]
    pub const fn reason(&self) -> &Reason {
        match self {
            Self::Allow(reason) | Self::ExplicitDeny(reason) | Self::ImplicitDeny(reason) => reason,
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = match self {
            Self::Allow(_) => "allowed",
            Self::ExplicitDeny(_) => "explicitly denied",
            Self::ImplicitDeny(_) => "implicitly denied",
        };
        write!(f, "{outcome}: {}", self.reason())
    }
}

/// Why a request was allowed or denied; displayed as the smallest fact that decided, in one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(Box<Explanation>);

impl Reason {
    /// The whole story: deciding statements with their positions, every layer's verdict, the keys that mattered.
    #[must_use]
    pub const fn explanation(&self) -> &Explanation {
        &self.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.reason)
    }
}
