//! What a caller is told who may not assume a role.

use super::QueryError;
use crate::Error;
use crate::session::SessionError;

/// Why a role was not assumed, in the same `sentence` about an action whether the role does not exist or does not trust
/// the caller: otherwise anyone with a token could learn which roles there are.
pub(super) fn not_assumed(error: Error, operation: &'static str, sentence: impl FnOnce(&str) -> String) -> QueryError {
    match &error {
        Error::Session(SessionError::NotTrusted { action, .. }) => QueryError::new("AccessDenied", sentence(action)),
        Error::Session(SessionError::UnknownRole { .. } | SessionError::NotListed { .. }) => {
            QueryError::new("AccessDenied", sentence(operation))
        }
        _ => error.into(),
    }
}
