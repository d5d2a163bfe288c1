//! Access keys of users, and of the root user when it calls for itself.

use super::call::{Call, Operation, refused};
use super::holders::resource_tags;
use super::paging::Page;
use super::subject::Subject;
use crate::credentials::AccessKeyId;
use crate::http::query::{Answer, Constraints, Element, Query, QueryError};
use crate::iam::{Account, Entity, IamError, KeyOwner};
use crate::policy::Keys;

pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "CreateAccessKey" => create_access_key,
        "ListAccessKeys" => list_access_keys,
        "UpdateAccessKey" => update_access_key,
        "DeleteAccessKey" => delete_access_key,
        "GetAccessKeyLastUsed" => get_access_key_last_used,
        _ => return None,
    })
}

fn create_access_key(call: &Call<'_>) -> Result<Answer, QueryError> {
    let subject = Subject::named_or_caller(call, Constraints::default())?;
    subject.authorize(call, "iam:CreateAccessKey", &Keys::new())?;
    let now = call.now();
    let key = subject.update(call, |account, limits| account.create_access_key(limits, &subject.owner, now))?;
    let elements = vec![
        Element::text("UserName", user_name(&*call.own_account()?, &subject.owner)),
        Element::text("AccessKeyId", key.access_key_id().as_str()),
        Element::text("Status", "Active"),
        Element::secret("SecretAccessKey", key.secret_access_key().expose()),
        Element::Instant("CreateDate", key.created()),
    ];
    Ok(Answer::new("CreateAccessKey", vec![Element::Group("AccessKey", elements)]))
}

fn list_access_keys(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let page = Page::read(call.query, &mut constraints);
    let subject = Subject::named_or_caller(call, constraints)?;
    subject.authorize(call, "iam:ListAccessKeys", &Keys::new())?;
    let account = call.own_account()?;
    let name = user_name(&account, &subject.owner);
    let keys = account.list_access_keys(&subject.owner).map_err(refused)?;
    // Two keys are always one page, so their order by age does not matter to markers.
    let (keys, told) =
        page.of(keys, |record| record.key.created().to_string() + record.key.access_key_id().as_str())?;
    let listed = keys.into_iter().map(|record| {
        vec![
            Element::text("UserName", name.as_str()),
            Element::text("AccessKeyId", record.key.access_key_id().as_str()),
            Element::text("Status", if record.active { "Active" } else { "Inactive" }),
            Element::Instant("CreateDate", record.key.created()),
        ]
    });
    let mut result = vec![Element::list("AccessKeyMetadata", listed)];
    result.extend(told);
    Ok(Answer::new("ListAccessKeys", result))
}

fn update_access_key(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    constraints.required(call.query, "Status", (1, 16));
    let status = constraints.one_of(call.query, "Status", &["Active", "Inactive", "Expired"]);
    let id = access_key_id(call.query, &mut constraints);
    let subject = Subject::named_or_caller(call, constraints)?;
    if status == Some("Expired") {
        let expected = "Active or Inactive; only IAM lets a key expire";
        return Err(refused(IamError::InvalidInput { parameter: "status", expected }));
    }
    subject.authorize(call, "iam:UpdateAccessKey", &Keys::new())?;
    let id = existing(id)?;
    subject.update(call, |account, _| account.update_access_key(&subject.owner, &id, status == Some("Active")))?;
    Ok(Answer::done("UpdateAccessKey"))
}

fn delete_access_key(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let id = access_key_id(call.query, &mut constraints);
    let subject = Subject::named_or_caller(call, constraints)?;
    subject.authorize(call, "iam:DeleteAccessKey", &Keys::new())?;
    let id = existing(id)?;
    subject.update(call, |account, _| account.delete_access_key(&subject.owner, &id))?;
    Ok(Answer::done("DeleteAccessKey"))
}

fn get_access_key_last_used(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let id = access_key_id(call.query, &mut constraints);
    constraints.finish()?;
    let account = call.own_account()?;
    let record = id.parse::<AccessKeyId>().ok().and_then(|id| account.access_keys.get(&id));
    let user = record.and_then(|record| match &record.owner {
        KeyOwner::Root => None,
        KeyOwner::User(name) => account.users.find(name),
    });
    let mut keys = Keys::new();
    if let Some(user) = user {
        resource_tags(&mut keys, &user.identity.tags);
    }
    // A key of another account and one that does not exist look alike, and a refusal does not tell whose one is.
    let any = call.arn("user/*");
    let arn = user.map_or(&any, |user| &user.identity.arn);
    call.authorize_shown("iam:GetAccessKeyLastUsed", arn.as_str(), any.as_str(), &keys)?;
    let record = record.ok_or_else(|| {
        let caller = call.caller.caller().arn();
        let refused = "is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key";
        QueryError::new("AccessDenied", format!("User: {caller} {refused} {id}"))
    })?;
    let mut used = Vec::new();
    match record.key.last_used() {
        Some(last) => {
            used.push(Element::Instant("LastUsedDate", last.at));
            used.push(Element::text("ServiceName", last.service.as_str()));
            used.push(Element::text("Region", last.region.as_str()));
        }
        None => used.extend(["ServiceName", "Region"].map(|name| Element::text(name, "N/A"))),
    }
    let name = Element::text("UserName", user_name(&account, &record.owner));
    Ok(Answer::new("GetAccessKeyLastUsed", vec![name, Element::Group("AccessKeyLastUsed", used)]))
}

fn access_key_id<'a>(query: &'a Query, constraints: &mut Constraints) -> &'a str {
    let id = constraints.required(query, "AccessKeyId", (16, 128));
    if !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        constraints.pattern("AccessKeyId", Some(id), "[\\w]+");
    }
    id
}

fn existing(id: &str) -> Result<AccessKeyId, QueryError> {
    id.parse().map_err(|_| refused(IamError::missing(Entity::AccessKey, id)))
}

/// A key's owner by its present name; the root user has none.
fn user_name(account: &Account, owner: &KeyOwner) -> String {
    match owner {
        KeyOwner::Root => "root".to_owned(),
        KeyOwner::User(name) => account.users.find(name).map_or_else(String::new, |user| user.name.to_string()),
    }
}
