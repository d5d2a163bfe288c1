//! What can be said of each kind of caller.

use std::fmt;

use super::args::Explain;
use crate::error::InputError;

/// Who may ask for a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallerKind {
    Root,
    User,
    Session,
    Provider,
}

impl fmt::Display for CallerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Root => "a root user",
            Self::User => "a user",
            Self::Session => "a role's session",
            Self::Provider => "whom a provider vouches for",
        })
    }
}

/// Refuses a flag that says nothing of this kind of caller: passed over, a limit would be thought to have been asked.
pub(super) fn verify_flags(explain: &Explain, kind: CallerKind) -> Result<(), InputError> {
    use CallerKind::{Root, Session, User};
    const OF_PRINCIPALS: &[CallerKind] = &[User, Session];
    const OF_ACCOUNTS: &[CallerKind] = &[Root, User, Session];
    const OF_SESSIONS: &[CallerKind] = &[Session];
    let given = [
        ("--caller-id", !explain.caller_id.is_empty(), OF_PRINCIPALS),
        ("--principal-tag", !explain.principal_tag.is_empty(), OF_PRINCIPALS),
        ("--identity-policy", !explain.identity_policy.is_empty(), OF_PRINCIPALS),
        ("--permission-boundary", !explain.permission_boundary.is_empty(), OF_PRINCIPALS),
        ("--session-policy", !explain.session_policy.is_empty(), OF_SESSIONS),
        ("--inherited-tag-key", !explain.inherited_tag_key.is_empty(), OF_SESSIONS),
        ("--caller-source-identity", explain.caller_source_identity.is_some(), OF_SESSIONS),
        ("--scp", !explain.scp.is_empty(), OF_ACCOUNTS),
        ("--external-id", explain.external_id.is_some(), OF_ACCOUNTS),
        ("--mfa", explain.mfa, OF_ACCOUNTS),
    ];
    match given.iter().find(|(_, given, kinds)| *given && !kinds.contains(&kind)) {
        Some((flag, ..)) => Err(InputError::new(*flag, format!("says nothing of {kind}"))),
        None => Ok(()),
    }
}
