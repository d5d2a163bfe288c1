//! SAML providers, made from metadata. AssumeRoleWithSAML takes their assertions from then on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::call::{Call, Operation, refused};
use super::input::{self, LONG_NAME};
use super::target::{Named, Target};
use super::{shapes, tags};
use crate::arn::Arn;
use crate::http::query::{Answer, Constraints, Element, QueryError};
use crate::iam::{Entity, IamError, IdKind, UniqueId};
use crate::identity::saml::SamlProvider;
use crate::policy::Keys;
use crate::time::Timestamp;

const METADATA: (usize, usize) = (1000, 10_000_000);
/// How long metadata that names no end is told to be good for: a hundred years, as in the cloud. 2100 is no leap year.
const WITHOUT_END: Duration = Duration::from_secs(36_524 * 24 * 3600);

pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "CreateSAMLProvider" => create,
        "GetSAMLProvider" => get,
        "ListSAMLProviders" => list,
        "UpdateSAMLProvider" => update,
        "DeleteSAMLProvider" => delete,
        _ => return None,
    })
}

fn create(call: &Call<'_>) -> Result<Answer, QueryError> {
    let query = call.query;
    let mut constraints = Constraints::default();
    let name = input::name(query, "Name", LONG_NAME, &mut constraints);
    let metadata = constraints.required(query, "SAMLMetadataDocument", METADATA);
    constraints.finish()?;
    no_encryption(call)?;
    let (tags, keys) = tags::requested(query)?;
    let arn = call.arn(&format!("saml-provider/{name}"));
    call.authorize("iam:CreateSAMLProvider", arn.as_str(), &keys)?;
    if !tags.is_empty() {
        call.authorize("iam:TagSAMLProvider", arn.as_str(), &keys)?;
    }
    // A name that is configured for every account would otherwise stand for two providers.
    if call.iam.broker.saml_provider(name).is_some() {
        return Err(refused(IamError::AlreadyExists { entity: Entity::SamlProvider, name: name.to_owned() }));
    }
    let provider = provider(call, metadata)?;
    let name = name.parse().map_err(refused)?;
    let (now, held) = (call.now(), tags.clone());
    let arn =
        call.update(|account, limits| account.create_saml_provider(&name, metadata, provider, held, limits, now))?;
    let mut result = vec![Element::text("SAMLProviderArn", arn.as_str())];
    if !tags.is_empty() {
        result.push(shapes::tags(&tags));
    }
    Ok(Answer::new("CreateSAMLProvider", result))
}

fn get(call: &Call<'_>) -> Result<Answer, QueryError> {
    let (arn, target) = named(call, "iam:GetSAMLProvider", &Keys::new())?;
    if let Some(provider) = configured(call, &arn) {
        let id = UniqueId::of_all(IdKind::SamlProvider, arn.as_str());
        // Its metadata may never have been one document: what is told is what is believed of it by now.
        let metadata = provider.metadata().document();
        let result = shape(&id, &metadata, &provider, call.iam.since, &BTreeMap::new());
        return Ok(Answer::new("GetSAMLProvider", result));
    }
    let record = target.account().saml_provider(&arn).map_err(refused)?;
    let result = shape(&record.id, &record.metadata, &record.provider, record.created, &record.tags);
    Ok(Answer::new("GetSAMLProvider", result))
}

/// A provider with all that is known of it. Assertions may be encrypted, and need not be; the keys that decrypt them are the
/// service's, not the provider's.
fn shape(
    id: &UniqueId,
    metadata: &str,
    provider: &SamlProvider,
    created: Timestamp,
    tags: &BTreeMap<String, String>,
) -> Vec<Element> {
    vec![
        Element::text("SAMLProviderUUID", id.as_str()),
        Element::text("SAMLMetadataDocument", metadata),
        Element::Instant("CreateDate", created),
        valid_until(provider, created),
        Element::text("AssertionEncryptionMode", "Allowed"),
        Element::list("PrivateKeyList", []),
        shapes::tags(tags),
    ]
}

fn list(call: &Call<'_>) -> Result<Answer, QueryError> {
    call.authorize("iam:ListSAMLProviders", call.arn("saml-provider/*").as_str(), &Keys::new())?;
    let account = call.own_account()?;
    let providers = account.saml_providers.iter().map(|record| listed(&record.arn, &record.provider, record.created));
    let configured = call.iam.broker.saml_providers().map(|provider| {
        let arn = provider.name().arn(&call.account);
        listed(&arn, &provider, call.iam.since)
    });
    let all: Vec<_> = providers.chain(configured).collect();
    Ok(Answer::new("ListSAMLProviders", vec![Element::list("SAMLProviderList", all)]))
}

fn update(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let metadata = call.query.value("SAMLMetadataDocument");
    constraints.length("SAMLMetadataDocument", metadata, METADATA);
    constraints.finish()?;
    no_encryption(call)?;
    let (arn, target) = changeable(call, "iam:UpdateSAMLProvider", &Keys::new())?;
    target.account().saml_provider(&arn).map_err(refused)?;
    let Some(metadata) = metadata else {
        let message =
            "Unable to update identity provider. No updates are defined for metadata or encryption assertion.";
        return Err(QueryError::new("InvalidInput", message));
    };
    let provider = provider(call, metadata)?;
    target.update(call, |account, _| account.update_saml_provider(&arn, metadata, provider))?;
    Ok(Answer::new("UpdateSAMLProvider", vec![Element::text("SAMLProviderArn", arn.as_str())]))
}

fn delete(call: &Call<'_>) -> Result<Answer, QueryError> {
    let (arn, target) = changeable(call, "iam:DeleteSAMLProvider", &Keys::new())?;
    target.update(call, |account, _| account.delete_saml_provider(&arn))?;
    Ok(Answer::done("DeleteSAMLProvider"))
}

fn listed(arn: &Arn, provider: &SamlProvider, created: Timestamp) -> Vec<Element> {
    vec![Element::text("Arn", arn.as_str()), valid_until(provider, created), Element::Instant("CreateDate", created)]
}

/// Until when the metadata is good. Tools expect an instant also where it says none.
fn valid_until(provider: &SamlProvider, created: Timestamp) -> Element {
    let until = provider.metadata().valid_until().unwrap_or_else(|| created.saturating_add(WITHOUT_END));
    Element::Instant("ValidUntil", until)
}

/// Private keys for encrypted assertions are the operator's to configure, not a caller's to upload.
fn no_encryption(call: &Call<'_>) -> Result<(), QueryError> {
    for parameter in ["AssertionEncryptionMode", "AddPrivateKey", "RemovePrivateKey"] {
        if call.query.value(parameter).is_some_and(|value| !value.is_empty()) {
            let message = format!("{parameter} is not supported: decryption keys are configured with the service");
            return Err(QueryError::new("InvalidInput", message));
        }
    }
    Ok(())
}

fn provider(call: &Call<'_>, metadata: &str) -> Result<SamlProvider, QueryError> {
    let Some((entity_id, acs_url)) = &call.iam.saml_service else {
        return Err(QueryError::new("InvalidInput", "no assertion consumer service is configured here"));
    };
    let refuse = |error: crate::identity::saml::SamlError| {
        let reason = format!("Invalid metadata document: {}", error.reason());
        refused(IamError::Provider { reason })
    };
    SamlProvider::new(metadata, entity_id, acs_url).map_err(refuse)
}

fn named(call: &Call<'_>, action: &str, asked: &Keys) -> Result<(Arn, Target), QueryError> {
    Target::of_arn(call, "SAMLProviderArn", Named::SamlProvider, action, asked)
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
pub(super) fn configured(call: &Call<'_>, arn: &Arn) -> Option<Arc<SamlProvider>> {
    call.iam.broker.saml_provider(arn.resource().strip_prefix("saml-provider/")?)
}
