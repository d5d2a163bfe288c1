//! OpenID Connect providers. AssumeRoleWithWebIdentity takes their tokens from then on.

use std::collections::BTreeMap;

use super::call::{Call, Operation, refused};
use super::input;
use super::target::{Named, Target};
use super::{shapes, tags};
use crate::arn::Arn;
use crate::http::query::{Answer, Constraints, Element, QueryError};
use crate::iam::{Entity, IamError, NewOidcProvider};
use crate::identity::oidc::{IssuerUrl, OidcProvider};
use crate::policy::Keys;

pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "CreateOpenIDConnectProvider" => create,
        "GetOpenIDConnectProvider" => get,
        "ListOpenIDConnectProviders" => list,
        "DeleteOpenIDConnectProvider" => delete,
        "AddClientIDToOpenIDConnectProvider" => |call| change_client(call, "AddClientIDToOpenIDConnectProvider"),
        "RemoveClientIDFromOpenIDConnectProvider" => {
            |call| change_client(call, "RemoveClientIDFromOpenIDConnectProvider")
        }
        "UpdateOpenIDConnectProviderThumbprint" => update_thumbprints,
        _ => return None,
    })
}

fn create(call: &Call<'_>) -> Result<Answer, QueryError> {
    let query = call.query;
    let mut constraints = Constraints::default();
    let client_ids = query.members("ClientIDList")?;
    let fits = |id: &str| (1..=255).contains(&id.chars().count());
    let rules = ["have length less than or equal to 255", "have length greater than or equal to 1"];
    constraints.members("ClientIDList", &client_ids, fits, &rules);
    let thumbprints = thumbprints(call, &mut constraints)?;
    let url = constraints.required(query, "Url", (1, 255));
    constraints.finish()?;
    let (tags, keys) = tags::requested(query)?;
    let name = url.split_once("://").map_or(url, |(_, name)| name).trim_end_matches('/');
    let arn = call.arn(&format!("oidc-provider/{name}"));
    call.authorize("iam:CreateOpenIDConnectProvider", arn.as_str(), &keys)?;
    if !tags.is_empty() {
        call.authorize("iam:TagOpenIDConnectProvider", arn.as_str(), &keys)?;
    }
    let client_ids = client_ids.into_iter().map(str::to_owned).collect();
    let new = NewOidcProvider { url, client_ids, thumbprints, tags: tags.clone() };
    let now = call.now();
    let local = IssuerUrl::parse(url).is_ok_and(|issuer| call.iam.local_issuers.contains(&issuer));
    let arn = call.update(|account, limits| {
        let arn = account.create_oidc_provider(new, local, limits, now)?;
        let name = &account.oidc_provider(&arn)?.name;
        // An ARN that is configured for every account would otherwise stand for two providers.
        match call.iam.broker.has_oidc_provider_named(name) {
            true => Err(IamError::AlreadyExists { entity: Entity::OidcProvider, name: url.to_owned() }),
            false => Ok(arn),
        }
    })?;
    let mut result = vec![Element::text("OpenIDConnectProviderArn", arn.as_str())];
    if !tags.is_empty() {
        result.push(shapes::tags(&tags));
    }
    Ok(Answer::new("CreateOpenIDConnectProvider", result))
}

fn get(call: &Call<'_>) -> Result<Answer, QueryError> {
    let (arn, target) = named(call, "iam:GetOpenIDConnectProvider", &Keys::new())?;
    if let Some(provider) = configured(call, &arn) {
        let result = vec![
            Element::text("Url", provider.issuer().name()),
            Element::texts("ClientIDList", provider.audiences().iter().map(String::as_str)),
            Element::texts("ThumbprintList", std::iter::empty::<&str>()),
            Element::Instant("CreateDate", call.iam.since),
            shapes::tags(&BTreeMap::new()),
        ];
        return Ok(Answer::new("GetOpenIDConnectProvider", result));
    }
    let record = target.account().oidc_provider(&arn).map_err(refused)?;
    let result = vec![
        // Without its scheme, as it is registered.
        Element::text("Url", record.name.as_str()),
        Element::texts("ClientIDList", record.client_ids.iter().map(String::as_str)),
        Element::texts("ThumbprintList", record.thumbprints.iter().map(String::as_str)),
        Element::Instant("CreateDate", record.created),
        shapes::tags(&record.tags),
    ];
    Ok(Answer::new("GetOpenIDConnectProvider", result))
}

fn list(call: &Call<'_>) -> Result<Answer, QueryError> {
    call.authorize("iam:ListOpenIDConnectProviders", call.arn("oidc-provider/*").as_str(), &Keys::new())?;
    let account = call.own_account()?;
    let providers = account.oidc_providers.values().map(|record| vec![Element::text("Arn", record.arn.as_str())]);
    let mut names: Vec<&str> = call.iam.broker.oidc_providers().map(|own| own.issuer().name()).collect();
    names.sort_unstable();
    let arn = |name: &str| vec![Element::text("Arn", call.arn(&format!("oidc-provider/{name}")).as_str())];
    let all: Vec<_> = providers.chain(names.into_iter().map(arn)).collect();
    Ok(Answer::new("ListOpenIDConnectProviders", vec![Element::list("OpenIDConnectProviderList", all)]))
}

fn delete(call: &Call<'_>) -> Result<Answer, QueryError> {
    let (arn, target) = changeable(call, "iam:DeleteOpenIDConnectProvider", &Keys::new())?;
    target.update(call, |account, _| account.delete_oidc_provider(&arn))?;
    Ok(Answer::done("DeleteOpenIDConnectProvider"))
}

fn change_client(call: &Call<'_>, operation: &'static str) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let client_id = constraints.required(call.query, "ClientID", (1, 255));
    constraints.finish()?;
    let (arn, target) = changeable(call, &format!("iam:{operation}"), &Keys::new())?;
    target.update(call, |account, _| match operation.starts_with("Add") {
        true => account.add_client_id(&arn, client_id),
        false => account.remove_client_id(&arn, client_id),
    })?;
    Ok(Answer::done(operation))
}

fn update_thumbprints(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let thumbprints = thumbprints(call, &mut constraints)?;
    constraints.finish()?;
    let (arn, target) = changeable(call, "iam:UpdateOpenIDConnectProviderThumbprint", &Keys::new())?;
    target.update(call, |account, _| account.set_thumbprints(&arn, thumbprints))?;
    Ok(Answer::done("UpdateOpenIDConnectProviderThumbprint"))
}

fn thumbprints(call: &Call<'_>, constraints: &mut Constraints) -> Result<Vec<String>, QueryError> {
    let thumbprints = call.query.members("ThumbprintList")?;
    let rules = ["have length less than or equal to 40", "have length greater than or equal to 40"];
    constraints.members("ThumbprintList", &thumbprints, |own| own.chars().count() == 40, &rules);
    Ok(thumbprints.into_iter().map(str::to_owned).collect())
}

fn named(call: &Call<'_>, action: &str, asked: &Keys) -> Result<(Arn, Target), QueryError> {
    Target::of_arn(call, "OpenIDConnectProviderArn", Named::OidcProvider, action, asked)
}

/// The same, for a change: what is configured for every account is not one account's to change.
fn changeable(call: &Call<'_>, action: &str, asked: &Keys) -> Result<(Arn, Target), QueryError> {
    let (arn, target) = named(call, action, asked)?;
    match configured(call, &arn) {
        Some(_) => Err(input::configured(&arn)),
        None => Ok((arn, target)),
    }
}

/// The provider of this ARN, where it is configured for every account.
pub(super) fn configured<'a>(call: &Call<'a>, arn: &Arn) -> Option<&'a OidcProvider> {
    let name = arn.resource().strip_prefix("oidc-provider/")?;
    call.iam.broker.oidc_providers().find(|provider| provider.issuer().name() == name)
}
