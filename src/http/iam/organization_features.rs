//! What the organisation lets its management account do in members.

use super::call::{Call, Operation};
use crate::http::query::{Answer, Element, QueryError};
use crate::policy::Keys;

pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "ListOrganizationsFeatures" => list,
        _ => return None,
    })
}

/// Root sessions (AssumeRoot) are the one feature; keeping members without root credentials is not a thing of its own here.
fn list(call: &Call<'_>) -> Result<Answer, QueryError> {
    call.authorize("iam:ListOrganizationsFeatures", "*", &Keys::new())?;
    let organization = call.iam.broker.organization();
    let Some(id) = organization.id_of(&call.account) else {
        let message = "The account is not a member of an organization.";
        return Err(QueryError::new("OrganizationNotFoundException", message));
    };
    if !organization.is_management(&call.account) {
        let message = "The account is not the management account of its organization.";
        return Err(QueryError::new("AccountNotManagementOrDelegatedAdministratorException", message));
    }
    let features = organization.has_root_sessions().then_some("RootSessions");
    let result = vec![Element::text("OrganizationId", id), Element::texts("EnabledFeatures", features)];
    Ok(Answer::new("ListOrganizationsFeatures", result))
}
