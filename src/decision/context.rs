//! The condition keys of a request: who asks, when, and what is known of the call.

use crate::policy::Keys;
use crate::session::RoleSession;
use crate::time::Timestamp;

/// The keys of a request made by `session`, or by nobody who signed; what the session signed for stands over what `environment` says.
pub(super) fn keys(session: Option<&RoleSession>, environment: Keys, now: Timestamp) -> Keys {
    let mut keys = environment;
    keys.set("aws:CurrentTime", now.to_string());
    keys.set("aws:EpochTime", now.unix_seconds().to_string());
    match session {
        Some(session) => session.principal_keys(&mut keys),
        None => keys.set("aws:PrincipalType", "Anonymous"),
    }
    keys
}
