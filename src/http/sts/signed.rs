//! Operations that are signed.

use std::collections::BTreeMap;

use super::Call;
use super::error::not_assumed;
use super::federation::{Common, arn, assumed_role_user, credentials_element, finish};
use super::tokens::mfa_code;
use crate::http::query::{Answer, Constraints, Element, Query, QueryError};
use crate::request::AuthenticatedRequest;
use crate::session::{MAX_TAGS, RoleSessionName, SourceIdentity, Tags};

/// AssumeRole: by a user, or from one role into another.
pub(super) fn assume_role(call: &Call<'_>, caller: &AuthenticatedRequest) -> Result<Answer, QueryError> {
    let query = call.query;
    let mut constraints = Constraints::default();
    let role = constraints.required(query, "RoleArn", (20, 2048));
    let session_name = constraints.required(query, "RoleSessionName", (2, 64));
    let external_id = query.value("ExternalId");
    constraints.length("ExternalId", external_id, (2, 1224));
    constraints.word("ExternalId", external_id, "+=,.@:/-", "[\\w+=,.@:\\/-]*");
    let source_identity = query.value("SourceIdentity");
    constraints.length("SourceIdentity", source_identity, (2, 64));
    let mfa = mfa_code(query, &mut constraints);
    let common = Common::read(query, &mut constraints, None)?;
    note_tags(query, &mut constraints)?;
    constraints.finish()?;
    refuse_contexts(query)?;
    let role = arn(role)?;
    let session_name: RoleSessionName = session_name.parse()?;
    let wanted = role.clone();
    let (mut ask, policy_size) = common.ask(call, role, session_name, tags(call)?)?;
    if let Some(external_id) = external_id {
        ask = ask.with_external_id(external_id);
    }
    if let Some(code) = mfa? {
        ask = ask.with_mfa_code(code);
    }
    if let Some(identity) = source_identity {
        ask = ask.with_source_identity(identity.parse::<SourceIdentity>()?);
    }

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
pub(super) fn get_caller_identity(_: &Call<'_>, caller: &AuthenticatedRequest) -> Result<Answer, QueryError> {
    let caller = caller.caller();
    let result = vec![
        Element::text("Arn", caller.arn().as_str()),
        Element::text("UserId", caller.user_id()),
        Element::text("Account", caller.account().as_str()),
    ];
    Ok(Answer::new("GetCallerIdentity", result))
}

/// ProvidedContexts: assertions of an identity centre, of which none is a context provider here. Passed over, a role that
/// asks for a context would be taken without one.
fn refuse_contexts(query: &Query) -> Result<(), QueryError> {
    if query.any_of("ProvidedContexts").is_none() {
        return Ok(());
    }
    let contexts = query.pairs("ProvidedContexts", "ProviderArn", "ContextAssertion")?;
    if contexts.len() > 5 {
        return Err(QueryError::validation("at most 5 contexts are provided"));
    }
    let named: Vec<String> = contexts.iter().map(|(provider, _)| provider.chars().take(200).collect()).collect();
    Err(QueryError::validation(format!("no context provider is configured as {}", named.join(" "))))
}

/// Notes more tags than a session may have, and what does not fit one.
pub(super) fn note_tags(query: &Query, constraints: &mut Constraints) -> Result<(), QueryError> {
    let tags = query.pairs("Tags", "Key", "Value")?;
    let keys: Vec<&str> = tags.iter().map(|(key, _)| *key).collect();
    constraints.at_most("Tags", &keys, MAX_TAGS);
    // What is too much is not looked at one by one.
    for (number, (key, value)) in (1..).zip(tags.iter().take(MAX_TAGS)) {
        constraints.tag_key(&format!("tags.{number}.member.key"), key);
        constraints.tag_value(&format!("tags.{number}.member.value"), value);
    }
    constraints.at_most("TransitiveTagKeys", &query.members("TransitiveTagKeys")?, MAX_TAGS);
    Ok(())
}

/// The parameters `Tags` and `TransitiveTagKeys`.
pub(super) fn tags(call: &Call<'_>) -> Result<Tags, QueryError> {
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
