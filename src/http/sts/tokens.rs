//! GetSessionToken, GetFederationToken and AssumeRoot: sessions that are of no role.

use std::time::Duration;

use super::Call;
use super::federation::Policies;
use super::minted::{credentials_element, finish, least_token_size};
use super::signed::{note_tags, tags};
use crate::http::query::{Answer, Constraints, Element, Query, QueryError};
use crate::request::AuthenticatedRequest;
use crate::session::{MAX_SESSION_POLICY_LENGTH, MfaCode, TaskPolicy};

/// The shortest and the longest of these sessions, in seconds.
const DURATION_LIMITS: (u32, u32) = (900, 129_600);
/// The longest session of AssumeRoot, in seconds.
const ROOT_LIMITS: (u32, u32) = (0, 900);

/// GetSessionToken.
pub(super) fn get_session_token(call: &Call<'_>, caller: &AuthenticatedRequest) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::repeating();
    let duration = duration(call.query, DURATION_LIMITS, &mut constraints);
    let mfa = mfa_code(call.query, &mut constraints);
    let least = least_token_size(call.query, &mut constraints);
    constraints.finish()?;
    let session = call.flow.get_session_token(caller, duration, mfa?.as_ref())?;
    let credentials = call.flow.mint_with_token_of(session, least)?;
    let mut result = vec![credentials_element(&credentials)];
    finish(&mut result, &credentials, None);
    Ok(Answer::new("GetSessionToken", result))
}

/// GetFederationToken.
pub(super) fn get_federation_token(call: &Call<'_>, caller: &AuthenticatedRequest) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::repeating();
    let name = constraints.required(call.query, "Name", (2, 32));
    constraints.word("Name", Some(name).filter(|name| name.chars().count() >= 2), "+=,.@-", "[\\w+=,.@-]*");
    let duration = duration(call.query, DURATION_LIMITS, &mut constraints);
    let policies = Policies::read(call.query, &mut constraints, Some(MAX_SESSION_POLICY_LENGTH))?;
    note_tags(call.query, &mut constraints)?;
    let least = least_token_size(call.query, &mut constraints);
    constraints.finish()?;
    let policies = policies.parse()?;
    let tags = tags(call)?;
    let environment = call.environment.clone();
    let session = call.flow.get_federation_token(caller, name, policies, &tags, duration, environment)?;
    // Said whether there are any, unlike elsewhere.
    let size = session.packed_size().percent();
    let user = Element::Group(
        "FederatedUser",
        vec![Element::text("FederatedUserId", session.user_id()), Element::text("Arn", session.arn().as_str())],
    );
    let credentials = call.flow.mint_with_token_of(session, least)?;
    let mut result = vec![credentials_element(&credentials), user];
    finish(&mut result, &credentials, Some(size));
    Ok(Answer::new("GetFederationToken", result))
}

/// AssumeRoot.
pub(super) fn assume_root(call: &Call<'_>, caller: &AuthenticatedRequest) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::repeating();
    let target = constraints.required(call.query, "TargetPrincipal", (12, 2048));
    let task = call.query.value("TaskPolicyArn.arn");
    if task.is_none() {
        constraints.broken("taskPolicyArn", None, "not be null");
    }
    constraints.length("TaskPolicyArn.arn", task, (20, 2048));
    let duration = duration(call.query, ROOT_LIMITS, &mut constraints);
    let least = least_token_size(call.query, &mut constraints);
    constraints.finish()?;
    let task = task.unwrap_or_default();
    let Some(task) = TaskPolicy::from_arn(task) else {
        let task: String = task.chars().take(200).collect();
        return Err(QueryError::validation(format!("{task} is invalid")));
    };
    let session = call.flow.assume_root(caller, target, task, duration, call.environment.clone())?;
    let credentials = call.flow.mint_with_token_of(session, least)?;
    let mut result = vec![credentials_element(&credentials)];
    finish(&mut result, &credentials, None);
    Ok(Answer::new("AssumeRoot", result))
}

/// The second factor of a call: a serial number and a code, both or neither.
pub(super) fn mfa_code(query: &Query, constraints: &mut Constraints) -> Result<Option<MfaCode>, QueryError> {
    let (serial, code) = (query.value("SerialNumber"), query.value("TokenCode"));
    constraints.length("SerialNumber", serial, (9, 256));
    constraints.word("SerialNumber", serial, "+=/:,.@-", "[\\w+=/:,.@-]*");
    constraints.length("TokenCode", code, (6, 6));
    if let Some(code) = code.filter(|code| code.chars().count() == 6 && !code.bytes().all(|byte| byte.is_ascii_digit()))
    {
        constraints.pattern("TokenCode", Some(code), "[\\d]*");
    }
    match (serial, code) {
        (None, None) => Ok(None),
        (Some(serial), Some(code)) => Ok(Some(MfaCode::new(serial, code))),
        _ => Err(QueryError::validation("SerialNumber and TokenCode must be given together")),
    }
}

fn duration(query: &Query, (least, most): (u32, u32), constraints: &mut Constraints) -> Option<Duration> {
    let seconds = constraints.seconds(query, "DurationSeconds", least, most);
    seconds.map(|seconds| Duration::from_secs(u64::from(seconds)))
}
