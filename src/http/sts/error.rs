//! What a caller is told who may not assume a role.

use super::QueryError;
use crate::Error;
use crate::arn::Arn;
use crate::broker::Flow;
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

/// That the account of `role` has no provider of `issuer`; recorded as every other refusal.
pub(super) fn no_provider_of(flow: &Flow<'_>, issuer: &str, role: &Arn) -> Result<QueryError, Error> {
    let issuer: String = issuer.chars().take(255).collect();
    let sentence = format!("No OpenIDConnect provider found in your account for {issuer}");
    let error = Error::UnknownProvider { issuer };
    let reason = format!("{} that {} could use", error.reason(), role.account());
    flow.refuse("exchange of an ID token", error.code(), &reason)?;
    Ok(QueryError::from(error).saying(sentence))
}

/// Why the name of a session could not be had from an assertion: the assertion is to blame, and no parameter of the call.
pub(super) fn no_session_name(error: Error) -> QueryError {
    let sentence = match &error {
        Error::Session(SessionError::RoleSessionName { .. }) => {
            "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}"
        }
        Error::Session(SessionError::SourceIdentity { .. }) => {
            "Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with \"aws:\""
        }
        _ => return error.into(),
    };
    QueryError::new("InvalidIdentityToken", sentence)
}
