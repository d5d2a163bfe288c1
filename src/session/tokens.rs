//! Sessions that are not of a role: GetSessionToken, GetFederationToken and AssumeRoot.

use std::time::Duration;

use super::role::MIN_SESSION_DURATION;
use super::{
    Caller, FederatedUserClaims, FederatedUserSession, LongTermIdentity, MfaProof, RootSession, RootSessionClaims,
    SessionError, SessionPolicies, Tags, TaskPolicy, UserClaims, UserSession, UserSessionClaims, rules,
};
use crate::arn::AccountId;
use crate::explain::{CorrelationId, Evidence, Listener};
use crate::time::Timestamp;

/// The longest session of GetSessionToken and GetFederationToken: 36 hours.
pub const MAX_TOKEN_DURATION: Duration = Duration::from_secs(129_600);
/// How long they last when nobody says: 12 hours.
pub const DEFAULT_TOKEN_DURATION: Duration = Duration::from_secs(43_200);
/// How long they last for root users, at most and when nobody says: one hour.
pub const ROOT_TOKEN_DURATION: Duration = Duration::from_secs(3600);
/// The longest session of AssumeRoot, which is its length when nobody says too: 15 minutes.
pub const MAX_ROOT_DURATION: Duration = Duration::from_secs(900);

/// What every one of these operations is told.
#[derive(Clone, Debug)]
pub struct Asked {
    /// How long the session is to last, in whole seconds.
    pub duration: Option<Duration>,
    /// The flow that the session belongs to.
    pub correlation_id: Option<CorrelationId>,
    /// The present instant.
    pub now: Timestamp,
}

impl Asked {
    fn correlation(&self) -> Option<String> {
        self.correlation_id.as_ref().map(ToString::to_string)
    }

    /// When a session of whoever `identity` is ends.
    fn until(&self, identity: &LongTermIdentity, listener: &mut impl Listener) -> Result<i64, SessionError> {
        let root = matches!(identity, LongTermIdentity::Root { .. });
        // A root user who asks for longer gets the hour, as in the cloud.
        let (usual, cap) = match root {
            true => (ROOT_TOKEN_DURATION, ROOT_TOKEN_DURATION),
            false => (DEFAULT_TOKEN_DURATION, MAX_TOKEN_DURATION),
        };
        let asked = self.duration.unwrap_or(usual).as_secs();
        let (least, most) = (MIN_SESSION_DURATION.as_secs(), MAX_TOKEN_DURATION.as_secs());
        let evidence = || Evidence::new(format_args!("{least} to {most} seconds"), format_args!("{asked} seconds"));
        if !(least..=most).contains(&asked) {
            listener.failed(&rules::DURATION, evidence);
            return Err(SessionError::TokenDuration { seconds: asked, least, most });
        }
        listener.passed(&rules::DURATION, evidence);
        Ok(self.now.saturating_add(Duration::from_secs(asked).min(cap)).unix_seconds())
    }
}

/// A session of the user or root user that signed with a long-term key (GetSessionToken); `mfa` is the second factor
/// that the person proved for this call, if any.
///
/// # Errors
/// [`SessionError::SessionCredentials`] when a session asks; [`SessionError::TokenDuration`].
pub fn get_session_token(
    caller: &Caller,
    mfa: Option<&MfaProof>,
    asked: &Asked,
    listener: &mut impl Listener,
) -> Result<UserSession, SessionError> {
    let identity = long_term(caller, "GetSessionToken", listener)?;
    let expiration = asked.until(identity, listener)?;
    UserSession::new(UserSessionClaims {
        account: identity.account().to_string(),
        user: UserClaims::of(identity),
        mfa_authenticated_at: mfa.map(|proof| proof.at().unix_seconds()),
        issued_at: asked.now.unix_seconds(),
        expiration,
        correlation_id: asked.correlation(),
    })
}

/// A session of somebody called `name`, whom the user or root user that signed with a long-term key vouches for
/// (GetFederationToken). That the caller may is for the caller's policies to say.
///
/// # Errors
/// [`SessionError::SessionCredentials`] when a session asks; [`SessionError::FederatedUserName`];
/// [`SessionError::Tag`] for transitive tags; [`SessionError::TokenDuration`]; [`SessionError::PackedPolicy`] and
/// [`SessionError::PackedTags`] where there is no room for both.
pub fn get_federation_token(
    caller: &Caller,
    name: &str,
    session_policies: SessionPolicies,
    tags: &Tags,
    asked: &Asked,
    listener: &mut impl Listener,
) -> Result<FederatedUserSession, SessionError> {
    let identity = long_term(caller, "GetFederationToken", listener)?;
    if !super::name::is_federated_user_name(name) {
        return Err(SessionError::FederatedUserName { found: name.chars().take(80).collect() });
    }
    let expiration = asked.until(identity, listener)?;
    let claims = FederatedUserClaims {
        account: identity.account().to_string(),
        name: name.to_owned(),
        user: UserClaims::of(identity),
        session_policies: session_policies.texts().to_vec(),
        policy_arns: session_policies.managed().iter().map(ToString::to_string).collect(),
        principal_tags: tags.values().clone(),
        issued_at: asked.now.unix_seconds(),
        expiration,
        correlation_id: asked.correlation(),
    };
    let session = FederatedUserSession::new(claims, session_policies)?;
    session.packed_size().verify()?;
    Ok(session)
}

/// A session of the root user of `account` for one task (AssumeRoot). That the caller may is for the organisation and the
/// caller's policies to say.
///
/// # Errors
/// [`SessionError::TokenDuration`] over 15 minutes.
pub fn assume_root(
    caller: &Caller,
    account: &AccountId,
    task: TaskPolicy,
    asked: &Asked,
    listener: &mut impl Listener,
) -> Result<RootSession, SessionError> {
    let most = MAX_ROOT_DURATION.as_secs();
    // The service model takes 0 for "nobody says".
    let seconds = asked.duration.map(|duration| duration.as_secs()).filter(|seconds| *seconds > 0).unwrap_or(most);
    let evidence = || Evidence::new(format_args!("at most {most} seconds"), format_args!("{seconds} seconds"));
    if seconds > most {
        listener.failed(&rules::DURATION, evidence);
        return Err(SessionError::TokenDuration { seconds, least: 0, most });
    }
    listener.passed(&rules::DURATION, evidence);
    RootSession::new(RootSessionClaims {
        account: account.to_string(),
        task_policy: task.arn().to_owned(),
        asked_by: caller.arn().to_string(),
        source_identity: caller.source_identity().map(str::to_owned),
        issued_at: asked.now.unix_seconds(),
        expiration: asked.now.saturating_add(Duration::from_secs(seconds)).unix_seconds(),
        correlation_id: asked.correlation(),
    })
}

fn long_term<'a>(
    caller: &'a Caller,
    operation: &'static str,
    listener: &mut impl Listener,
) -> Result<&'a LongTermIdentity, SessionError> {
    let evidence = || Evidence::new("a long-term access key", caller.arn());
    match caller.long_term_identity() {
        Some(identity) => {
            listener.passed(&rules::LONG_TERM, evidence);
            Ok(identity)
        }
        None => {
            listener.failed(&rules::LONG_TERM, evidence);
            Err(SessionError::SessionCredentials { operation })
        }
    }
}
