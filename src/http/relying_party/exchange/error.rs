//! Why a token exchange cannot be asked for.

/// Why a token exchange cannot be asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenExchangeError {
    /// The token is empty, longer than 128 KiB, or holds what is not printable ASCII (RFC 6749, A.12).
    #[error("a token to exchange is not of the expected form")]
    Token {
        /// Its length, in bytes.
        length: usize,
    },
    /// Not an absolute URI of at most 1 KiB (RFC 3986, 4.3).
    #[error("not an absolute URI")]
    Uri {
        /// What was given.
        found: String,
    },
    /// A resource is without a fragment (RFC 8693, 2.1).
    #[error("a resource is named without a fragment")]
    Fragment {
        /// What was given.
        found: String,
    },
    /// An audience is printable ASCII of at most 1 KiB.
    #[error("not the name of an audience")]
    Audience {
        /// What was given.
        found: String,
    },
    /// A scope is printable ASCII without space, quote and backslash, of at most 1 KiB (RFC 6749, 3.3).
    #[error("not a scope")]
    Scope {
        /// What was given.
        found: String,
    },
    /// More resources, audiences or scopes than are sent.
    #[error("a token exchange names too many resources, audiences or scopes")]
    TooMany {
        /// The most of each.
        limit: usize,
    },
}
