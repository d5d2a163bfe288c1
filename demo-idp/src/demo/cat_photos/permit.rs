//! What ties the decision to the deed.
//!
//! The guard reads a request and decides; the S3 service behind it reads the same request again. A [`Permit`] travels
//! between them and says what was decided, and every operation of the service first holds itself to it: were the two
//! ever to read one request differently, nothing is done.

use std::fmt;
use std::sync::Arc;

use s3s::{S3Error, S3ErrorCode, S3Request, S3Result};

use super::bucket::NAME;
use super::operation::{Operation, Wanted};

/// Decides whether the caller may delete the object under a key; the error is the sentence to answer.
pub(super) type MayDelete = Arc<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// Everything the request asked for was allowed to its caller.
#[derive(Clone)]
pub(super) struct Permit {
    wanted: Wanted,
    may_delete: MayDelete,
}

impl Permit {
    /// A permit for what was wanted; only `guard` makes one, after each demand was allowed.
    pub(super) const fn new(wanted: Wanted, may_delete: MayDelete) -> Self {
        Self { wanted, may_delete }
    }

    /// Holds a request against its permit.
    ///
    /// # Errors
    /// `AccessDenied` when it has none, or one for anything else.
    pub(super) fn verify<T>(
        request: &S3Request<T>,
        operation: Operation,
        bucket: Option<&str>,
        key: Option<&str>,
        source: Option<&str>,
    ) -> S3Result<Self> {
        request
            .extensions
            .get::<Self>()
            .filter(|permit| {
                permit.wanted.operation == operation
                    && permit.wanted.key.as_deref() == key
                    && permit.wanted.source.as_deref() == source
                    && bucket.is_none_or(|bucket| bucket == NAME)
            })
            .cloned()
            .ok_or_else(|| {
                S3Error::with_message(S3ErrorCode::AccessDenied, "What was asked for is not what was allowed.")
            })
    }

    /// Decides one key of a request that deletes many.
    ///
    /// # Errors
    /// The sentence that says why not.
    pub(super) fn may_delete(&self, key: &str) -> Result<(), String> {
        (self.may_delete)(key)
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("wanted", &self.wanted).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{Extensions, HeaderMap, Method, Uri};

    use super::*;

    fn request(permit: Option<Permit>) -> S3Request<()> {
        let mut extensions = Extensions::new();
        if let Some(permit) = permit {
            extensions.insert(permit);
        }
        S3Request {
            input: (),
            method: Method::GET,
            uri: Uri::from_static("/"),
            headers: HeaderMap::new(),
            extensions,
            credentials: None,
            region: None,
            service: None,
            trailing_headers: None,
        }
    }

    /// Attack: the service reads another operation, key or source out of the request than the guard decided.
    #[test]
    fn only_what_was_decided_is_done() {
        let wanted = Wanted::parse(&Method::GET, "/cat-photos/a", &[], &HeaderMap::new()).unwrap();
        let permit = Permit::new(wanted, Arc::new(|_| Ok(())));
        let permitted = request(Some(permit));
        let verify =
            |operation, bucket, key, source| Permit::verify(&permitted, operation, Some(bucket), key, source).is_ok();
        assert!(verify(Operation::GetObject, NAME, Some("a"), None));
        assert!(!verify(Operation::DeleteObject, NAME, Some("a"), None));
        assert!(!verify(Operation::GetObject, "other", Some("a"), None));
        assert!(!verify(Operation::GetObject, NAME, Some("b"), None));
        assert!(!verify(Operation::GetObject, NAME, None, None));
        assert!(!verify(Operation::GetObject, NAME, Some("a"), Some("b")));
        let without = Permit::verify(&request(None), Operation::GetObject, Some(NAME), Some("a"), None);
        assert_eq!(without.unwrap_err().code(), &S3ErrorCode::AccessDenied);
    }
}
