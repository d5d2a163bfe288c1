//! Operations that are signed.

use std::collections::BTreeMap;

use super::Call;
use super::error::not_assumed;
use super::federation::{Common, arn, assumed_role_user, packed_size};
use super::minted::{credentials_element, finish};
use super::tokens::mfa_code;
use crate::http::query::{Answer, Constraints, Element, Query, QueryError};
use crate::request::AuthenticatedRequest;
use crate::session::{
    AssumeRole, IdentityContextClaims, MAX_PROVIDED_CONTEXTS, MAX_TAGS, ProvidedContext, RoleSessionName,
    SourceIdentity, Tags,
};

/// AssumeRole: by a user, or from one role into another.
pub(super) fn assume_role(call: &Call<'_>, caller: &AuthenticatedRequest) -> Result<Answer, QueryError> {
    let query = call.query;
    let mut constraints = Constraints::repeating();
    let role = constraints.required(query, "RoleArn", (20, 2048));
    let session_name = constraints.required(query, "RoleSessionName", (2, 64));
    constraints.word("RoleSessionName", Some(session_name), "+=,.@-", "[\\w+=,.@-]*");
    let external_id = query.value("ExternalId");
    constraints.length("ExternalId", external_id, (2, 1224));
    constraints.word("ExternalId", external_id, "+=,.@:/-", "[\\w+=,.@:\\/-]*");
    let source_identity = query.value("SourceIdentity");
    constraints.length("SourceIdentity", source_identity, (2, 64));
    constraints.word("SourceIdentity", source_identity, "+=,.@-", "[\\w+=,.@-]*");
    let mfa = mfa_code(query, &mut constraints);
    let common = Common::read(query, &mut constraints, None)?;
    note_tags(query, &mut constraints)?;
    let contexts = contexts(query, &mut constraints)?;
    constraints.finish()?;
    let role = arn(role)?;
    let session_name: RoleSessionName = session_name.parse()?;
    let wanted = role.clone();
    let mut ask = common.ask(call, role, session_name, tags(call)?)?;
    if let Some(external_id) = external_id {
        ask = ask.with_external_id(external_id);
    }
    if let Some(code) = mfa? {
        ask = ask.with_mfa_code(code);
    }
    ask = contexts.into_iter().fold(ask, AssumeRole::with_provided_context);
    if let Some(identity) = source_identity {
        ask = ask.with_source_identity(identity.parse::<SourceIdentity>()?);
    }

    let refused = |action: &str| {
        format!("User: {} is not authorized to perform: {action} on resource: {wanted}", caller.caller().arn())
    };
    let session = call.flow.assume_as(caller, ask);
    let session = session.map_err(|error| not_assumed(error, "sts:AssumeRole", refused))?;
    // Whichever has less room left; what was not passed has none to fill.
    let context = session.claims().identity_context.as_deref().map(IdentityContextClaims::percent);
    let packed = packed_size(&session).max(context);
    let user = assumed_role_user(&session);
    let credentials = call.flow.mint_with_token_of(session, common.least_token_size)?;
    let mut result = vec![credentials_element(&credentials), user];
    finish(&mut result, &credentials, packed);
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

/// The parameter `ProvidedContexts`. Whether an assertion is what it says is for the broker to verify.
fn contexts(query: &Query, constraints: &mut Constraints) -> Result<Vec<ProvidedContext>, QueryError> {
    let contexts = query.records("ProvidedContexts", ["ProviderArn", "ContextAssertion"])?;
    let providers: Vec<&str> = contexts.iter().map(|[provider, _]| provider.unwrap_or("null")).collect();
    constraints.at_most("ProvidedContexts", &providers, MAX_PROVIDED_CONTEXTS);
    for (place, [provider, assertion]) in (1_usize..).zip(&contexts) {
        constraints.member(&format!("providedContexts.{place}.member.providerArn"), *provider, (20, 2048));
        constraints.member(&format!("providedContexts.{place}.member.contextAssertion"), *assertion, (4, 2048));
    }
    let whole = contexts.into_iter().filter_map(|[provider, assertion]| provider.zip(assertion));
    Ok(whole.map(|(provider, assertion)| ProvidedContext::new(provider, assertion)).collect())
}

/// Notes more tags than a session may have, and what does not fit one.
pub(super) fn note_tags(query: &Query, constraints: &mut Constraints) -> Result<(), QueryError> {
    let tags = query.records("Tags", ["Key", "Value"])?;
    let keys: Vec<&str> = tags.iter().map(|[key, _]| key.unwrap_or("null")).collect();
    constraints.at_most("Tags", &keys, MAX_TAGS);
    // What is too much is not looked at one by one.
    for (number, [key, value]) in (1..).zip(tags.iter().take(MAX_TAGS)) {
        constraints.tag(number, *key, *value);
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
