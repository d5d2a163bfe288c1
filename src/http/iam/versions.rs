//! Versions of managed policies.

use super::call::{Call, Operation, refused};
use super::input;
use super::paging::Page;
use super::policies::{existing, named};
use super::shapes;
use crate::http::query::{Answer, Constraints, Element, QueryError};
use crate::iam::{Entity, IamError};
use crate::policy::Keys;

pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "CreatePolicyVersion" => create,
        "GetPolicyVersion" => get,
        "ListPolicyVersions" => list,
        "DeletePolicyVersion" => delete,
        "SetDefaultPolicyVersion" => set_default,
        _ => return None,
    })
}

fn create(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let document = input::document(call.query, "PolicyDocument", &mut constraints);
    let default = constraints.one_of(call.query, "SetAsDefault", &["true", "false"]) == Some("true");
    constraints.finish()?;
    let (arn, target) = named(call, "iam:CreatePolicyVersion", &Keys::new())?;
    let now = call.now();
    let version =
        target.update(call, |account, limits| account.create_policy_version(&arn, document, default, limits, now))?;
    let account = call.own_account()?;
    let elements = shapes::version(existing(&account, &arn)?, &version);
    Ok(Answer::new("CreatePolicyVersion", vec![Element::Group("PolicyVersion", elements)]))
}

fn get(call: &Call<'_>) -> Result<Answer, QueryError> {
    let number = number(call)?;
    let (arn, target) = named(call, "iam:GetPolicyVersion", &Keys::new())?;
    let missing = || refused(IamError::missing(Entity::PolicyVersion, format!("{arn} version v{number}")));
    let policy = target.account().managed_policy(&arn).ok_or_else(missing)?;
    let version = policy.version(number).ok_or_else(missing)?;
    let mut elements = vec![Element::document("Document", version.policy.text())];
    elements.extend(shapes::version(policy, version));
    Ok(Answer::new("GetPolicyVersion", vec![Element::Group("PolicyVersion", elements)]))
}

fn list(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let page = Page::read(call.query, &mut constraints);
    constraints.finish()?;
    let (arn, target) = named(call, "iam:ListPolicyVersions", &Keys::new())?;
    let policy = existing(target.account(), &arn)?;
    // The newest first, and keys that grow along the list.
    let newest_first = policy.versions.iter().rev();
    let (versions, told) =
        page.of(newest_first, |version| format!("{:010}", u32::MAX.saturating_sub(version.number)))?;
    let versions = versions.into_iter().map(|version| shapes::version(policy, version));
    let mut result = vec![Element::list("Versions", versions)];
    result.extend(told);
    Ok(Answer::new("ListPolicyVersions", result))
}

fn delete(call: &Call<'_>) -> Result<Answer, QueryError> {
    let number = number(call)?;
    let (arn, target) = named(call, "iam:DeletePolicyVersion", &Keys::new())?;
    target.update(call, |account, _| account.delete_policy_version(&arn, number))?;
    Ok(Answer::done("DeletePolicyVersion"))
}

fn set_default(call: &Call<'_>) -> Result<Answer, QueryError> {
    let number = number(call)?;
    let (arn, target) = named(call, "iam:SetDefaultPolicyVersion", &Keys::new())?;
    let now = call.now();
    target.update(call, |account, _| account.set_default_version(&arn, number, now))?;
    Ok(Answer::done("SetDefaultPolicyVersion"))
}

/// The parameter `VersionId`, such as `v3`.
fn number(call: &Call<'_>) -> Result<u32, QueryError> {
    let mut constraints = Constraints::default();
    let text = constraints.required(call.query, "VersionId", (1, 64));
    let number = text.strip_prefix('v').and_then(|digits| digits.parse().ok()).filter(|number| *number > 0);
    if number.is_none() && !text.is_empty() {
        constraints.pattern("VersionId", Some(text), "v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?");
    }
    constraints.finish()?;
    number.ok_or_else(|| QueryError::validation("VersionId is missing"))
}
