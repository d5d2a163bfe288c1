//! Operations that are signed.

use std::collections::BTreeMap;

use super::Call;
use super::error::not_assumed;
use super::federation::{Common, arn, assumed_role_user, credentials_element, finish};
use crate::http::query::{Answer, Constraints, Element, QueryError};
use crate::request::AuthenticatedRequest;
use crate::session::{RoleSessionName, SourceIdentity, Tags};

/// AssumeRole: by a user, or from one role into another.
pub(super) fn assume_role(call: &Call<'_>, caller: &AuthenticatedRequest) -> Result<Answer, QueryError> {
    let query = call.query;
    let mut constraints = Constraints::default();
    let role = constraints.required(query, "RoleArn", (20, 2048));
    let session_name = constraints.required(query, "RoleSessionName", (2, 64));
    let external_id = query.value("ExternalId");
    constraints.length("ExternalId", external_id, (2, 1224));
    let common = Common::read(query, &mut constraints);
    constraints.finish()?;
    if query.value("SerialNumber").is_some() || query.value("TokenCode").is_some() {
        return Err(QueryError::new(
            "AccessDenied",
            "MultiFactorAuthentication failed: no MFA device is registered here",
        ));
    }
    let role = arn(role)?;
    let session_name: RoleSessionName = session_name.parse()?;
    let wanted = role.clone();
    let (mut ask, policy_size) = common.ask(call, role, session_name)?;
    if let Some(external_id) = external_id {
        ask = ask.with_external_id(external_id);
    }
    if let Some(identity) = query.value("SourceIdentity") {
        ask = ask.with_source_identity(identity.parse::<SourceIdentity>()?);
    }
    ask = ask.with_tags(tags(call)?);

    let refused = |action: &str| {
        format!("User: {} is not authorized to perform: {action} on resource: {wanted}", caller.caller().arn())
    };
    let session = call.flow.assume_as(caller, ask);
    let session = session.map_err(|error| not_assumed(error, "sts:AssumeRole", refused))?;
    let user = assumed_role_user(&session);
    let credentials = call.flow.mint(session)?;
    let mut result = vec![credentials_element(&credentials), user];
    finish(&mut result, &credentials, policy_size);
    Ok(Answer::new("AssumeRole", result))
}

/// GetCallerIdentity, which no policy can deny.
pub(super) fn get_caller_identity(caller: &AuthenticatedRequest) -> Answer {
    let caller = caller.caller();
    Answer::new(
        "GetCallerIdentity",
        vec![
            Element::text("Arn", caller.arn().as_str()),
            Element::text("UserId", caller.user_id()),
            Element::text("Account", caller.account().as_str()),
        ],
    )
}

fn tags(call: &Call<'_>) -> Result<Tags, QueryError> {
    let mut values = BTreeMap::new();
    for (key, value) in call.query.pairs("Tags", "Key", "Value")? {
        if values.insert(key.to_owned(), value.to_owned()).is_some() {
            let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            return Err(QueryError::new("InvalidParameterValue", message));
        }
    }
    let transitive = call.query.members("TransitiveTagKeys")?.into_iter().map(str::to_owned).collect();
    Ok(Tags::new(values, transitive)?)
}
