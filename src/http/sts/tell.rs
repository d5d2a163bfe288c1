//! Operations that tell something: about a key, a denial, or who calls.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Call;
use super::signed::{note_tags, tags};
use crate::WebIdentityAsk;
use crate::broker::{Conclusion, is_scope};
use crate::http::query::{Answer, Constraints, Element, QueryError};
use crate::request::AuthenticatedRequest;

/// GetAccessKeyInfo.
pub(super) fn get_access_key_info(call: &Call<'_>, caller: &AuthenticatedRequest) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::repeating();
    let id = constraints.required(call.query, "AccessKeyId", (16, 128));
    let parsed = id.parse();
    if !id.is_empty() && parsed.is_err() {
        constraints.pattern("AccessKeyId", Some(id), "[\\w]*");
    }
    constraints.finish()?;
    let id = parsed.map_err(|_| QueryError::validation("AccessKeyId is invalid"))?;
    let account = call.flow.get_access_key_info(caller, &id, call.environment.clone())?;
    Ok(Answer::new("GetAccessKeyInfo", vec![Element::text("Account", account.as_str())]))
}

/// DecodeAuthorizationMessage.
pub(super) fn decode_authorization_message(
    call: &Call<'_>,
    caller: &AuthenticatedRequest,
) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::repeating();
    let encoded = constraints.required(call.query, "EncodedMessage", (1, 10_240));
    constraints.finish()?;
    let message = call.flow.decode_authorization_message(caller, encoded, call.environment.clone())?;
    Ok(Answer::new("DecodeAuthorizationMessage", vec![Element::text("DecodedMessage", message)]))
}

/// GetWebIdentityToken.
pub(super) fn get_web_identity_token(call: &Call<'_>, caller: &AuthenticatedRequest) -> Result<Answer, QueryError> {
    let query = call.query;
    let mut constraints = Constraints::repeating();
    let audience = query.members("Audience")?;
    let algorithm = constraints.one_of(query, "SigningAlgorithm", &["RS256", "ES384"]);
    if query.value("SigningAlgorithm").is_none() {
        constraints.broken("signingAlgorithm", None, "not be null");
    }
    let seconds = constraints.seconds(query, "DurationSeconds", 60, 3600);
    if audience.is_empty() {
        constraints.broken("audience", None, "not be null");
    }
    for (place, one) in (1_usize..).zip(&audience) {
        constraints.length(&format!("audience.{place}.member"), Some(one), (1, 1000));
    }
    constraints.at_most("Audience", &audience, 10);
    let scope = query.value("Scope");
    constraints.length("Scope", scope, (1, 256));
    if scope.is_some_and(|scope| !is_scope(scope)) {
        let token = r"[\x21\x23-\x2B\x2D-\x5B\x5D-\x7E]+";
        constraints.pattern("Scope", scope, &format!("{token}( {token})*"));
    }
    // Whoever asks for the subject of an origin must not be given another one.
    constraints.one_of(query, "SubjectMode", &["AWSIdentity"]);
    note_tags(query, &mut constraints)?;
    constraints.finish()?;
    let mut ask = WebIdentityAsk::new(
        audience.into_iter().map(str::to_owned).collect(),
        algorithm.unwrap_or_default().parse().map_err(crate::Error::WebIdentity)?,
    );
    ask.duration = seconds.map(|seconds| Duration::from_secs(u64::from(seconds)));
    ask.tags = tags(call)?;
    ask.scope = scope.map(str::to_owned);
    let token = call.flow.get_web_identity_token(caller, &ask, call.environment.clone())?;
    let result =
        vec![Element::secret("WebIdentityToken", token.expose()), Element::Instant("Expiration", token.expiration())];
    Ok(Answer::new("GetWebIdentityToken", result))
}

/// GetDelegatedAccessToken: trade-in tokens come from a product onboarding inside the cloud. None is given out here, so that
/// every one is over.
pub(super) fn get_delegated_access_token(call: &Call<'_>, caller: &AuthenticatedRequest) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::repeating();
    constraints.required(call.query, "TradeInToken", (4, 4096));
    constraints.finish()?;
    let refused = QueryError::new("ExpiredTradeInTokenException", "The trade-in token is not valid any more.");
    let conclusion = Conclusion {
        operation: "GetDelegatedAccessToken",
        subject: String::new(),
        parameters: BTreeMap::new(),
        code: Some(refused.code()),
        reason: "a trade-in token; none is given out here".to_owned(),
    };
    call.flow.conclude_operation(caller, conclusion)?;
    Err(refused)
}
