//! The authorization request (RFC 6749 section 4.1.1, RFC 7636, OpenID Connect Core 3.1.2.1) and its answer.

use super::par;
use crate::core::Core;
use crate::fault::{Fault, Target};
use crate::params::Params;
use crate::relying::Client;
use form_urlencoded::byte_serialize;

/// A request that may be answered to its redirect URI.
#[derive(Debug, Clone)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) scope: String,
    pub(crate) code_challenge: String,
    pub(crate) prompt_none: bool,
    pub(crate) prompt_login: bool,
    /// Seconds since the password was typed.
    pub(crate) max_age: Option<i64>,
    pub(crate) login_hint: Option<String>,
    /// `dpop_jkt`: the key that the code is bound to.
    pub(crate) thumbprint: Option<String>,
}

/// Why a request is not answered to anyone: the address to answer to is not known to be the client's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum NoRedirect {
    #[error("the client {0:?} is not registered here")]
    UnknownClient(String),
    #[error("{redirect_uri:?} is not registered as a redirect URI of {client_id:?}")]
    UnregisteredRedirect { client_id: String, redirect_uri: String },
    #[error(
        "there is no pushed request under this request_uri: it was used, is older than 90 seconds, or is another client's"
    )]
    NoPushedRequest,
}

/// An error that the client is told (RFC 6749 section 4.1.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ErrorResponse {
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
    pub(crate) code: &'static str,
    pub(crate) description: &'static str,
}

/// Either kind of refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    Shown(NoRedirect),
    Sent(ErrorResponse),
}

/// The longest `state`, `nonce`, `scope` or hint, in bytes; they are stored, and echoed.
const PARAMETER_MOST: usize = 2_048;

/// The words of a scope that mean something here.
pub(super) const SCOPES: [&str; 5] = ["openid", "profile", "email", "groups", "offline_access"];

/// Reads the request, or finds the one that was pushed.
pub(crate) fn parse(core: &Core, params: &Params) -> Result<AuthorizationRequest, Refused> {
    let client_id = params.get("client_id").unwrap_or_default();
    let client =
        core.client(client_id).ok_or_else(|| Refused::Shown(NoRedirect::UnknownClient(client_id.to_owned())))?;
    if let Some(uri) = params.get("request_uri").filter(|uri| uri.starts_with(par::PREFIX)) {
        let pushed = core.pushed.take(uri, client_id, core.clock.now());
        return pushed.ok_or(Refused::Shown(NoRedirect::NoPushedRequest));
    }
    let request = parse_for(client, params)?;
    if client.needs_par() {
        return Err(Refused::Sent(ErrorResponse {
            redirect_uri: request.redirect_uri,
            state: request.state,
            code: "invalid_request",
            description: "This client registered to push its requests.",
        }));
    }
    Ok(request)
}

/// Reads a request of this client, by whichever way it came. The redirect URI comes first: before the two are known to
/// belong together, nothing is sent anywhere (attack: open redirector).
pub(super) fn parse_for(client: &Client, params: &Params) -> Result<AuthorizationRequest, Refused> {
    let client_id = client.id();
    let redirect_uri = params.get("redirect_uri").unwrap_or_default();
    if !client.has_redirect(redirect_uri) {
        let (client_id, redirect_uri) = (client_id.to_owned(), redirect_uri.to_owned());
        return Err(Refused::Shown(NoRedirect::UnregisteredRedirect { client_id, redirect_uri }));
    }
    let state = params.get("state").filter(|state| state.len() <= PARAMETER_MOST);
    let sent = |(code, description)| {
        let (redirect_uri, state) = (redirect_uri.to_owned(), state.map(str::to_owned));
        Refused::Sent(ErrorResponse { redirect_uri, state, code, description })
    };
    refuse_unsupported(params).map_err(sent)?;
    let (prompt_none, prompt_login) = parse_prompt(params.get("prompt")).map_err(sent)?;
    Ok(AuthorizationRequest {
        client_id: client_id.to_owned(),
        redirect_uri: redirect_uri.to_owned(),
        state: state.map(str::to_owned),
        nonce: params.get("nonce").map(str::to_owned),
        scope: parse_scope(params.get("scope")).map_err(sent)?,
        code_challenge: parse_code_challenge(params).map_err(sent)?,
        prompt_none,
        prompt_login,
        max_age: parse_max_age(params.get("max_age")).map_err(sent)?,
        login_hint: params.get("login_hint").map(str::to_owned),
        thumbprint: parse_thumbprint(params.get("dpop_jkt")).map_err(sent)?,
    })
}

type Complaint = (&'static str, &'static str);

fn refuse_unsupported(params: &Params) -> Result<(), Complaint> {
    if ["state", "nonce", "scope", "login_hint"]
        .iter()
        .any(|name| params.get(name).is_some_and(|value| value.len() > PARAMETER_MOST))
    {
        return Err(("invalid_request", "A parameter is longer than 2,048 bytes."));
    }
    if params.get("request").is_some() {
        return Err(("request_not_supported", "Request objects are not supported."));
    }
    if params.get("request_uri").is_some() {
        return Err(("request_uri_not_supported", "Request objects are not supported."));
    }
    if params.get("response_type") != Some("code") {
        return Err(("unsupported_response_type", "Only response_type=code is supported."));
    }
    if params.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err(("invalid_request", "Only response_mode=query is supported."));
    }
    Ok(())
}

/// What is granted of the scope: words that mean nothing here are left out, and the token answer says so (RFC 6749
/// section 3.3).
fn parse_scope(scope: Option<&str>) -> Result<String, Complaint> {
    let asked: Vec<&str> = scope.unwrap_or_default().split(' ').collect();
    if !asked.contains(&"openid") {
        return Err(("invalid_scope", "The scope must contain openid."));
    }
    Ok(SCOPES.into_iter().filter(|word| asked.contains(word)).collect::<Vec<_>>().join(" "))
}

fn parse_thumbprint(thumbprint: Option<&str>) -> Result<Option<String>, Complaint> {
    match thumbprint {
        Some(text) if !is_sha256(text) => Err(("invalid_request", "The dpop_jkt is no SHA-256 thumbprint.")),
        other => Ok(other.map(str::to_owned)),
    }
}

/// 32 bytes in base64url.
fn is_sha256(text: &str) -> bool {
    text.len() == 43 && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

/// PKCE with S256 is required of every client (RFC 9700 section 2.1.1).
fn parse_code_challenge(params: &Params) -> Result<String, Complaint> {
    if params.get("code_challenge_method") != Some("S256") {
        return Err(("invalid_request", "PKCE with code_challenge_method=S256 is required."));
    }
    params
        .get("code_challenge")
        .filter(|text| is_sha256(text))
        .map(str::to_owned)
        .ok_or(("invalid_request", "The code_challenge is missing or no S256 hash."))
}

/// Whether nobody may be asked, and whether somebody must be. Consent is never asked for: the demo has no scopes that
/// would need it. Choosing another account means signing in again.
fn parse_prompt(prompt: Option<&str>) -> Result<(bool, bool), Complaint> {
    let words: Vec<&str> = prompt.unwrap_or_default().split(' ').filter(|word| !word.is_empty()).collect();
    let none = words.contains(&"none");
    if none && words.len() > 1 {
        return Err(("invalid_request", "prompt=none stands alone."));
    }
    if words.iter().any(|word| !matches!(*word, "none" | "login" | "consent" | "select_account")) {
        return Err(("invalid_request", "The prompt holds an unknown word."));
    }
    Ok((none, words.contains(&"login") || words.contains(&"select_account")))
}

fn parse_max_age(max_age: Option<&str>) -> Result<Option<i64>, Complaint> {
    let Some(text) = max_age else { return Ok(None) };
    text.parse::<u32>()
        .map(|seconds| Some(i64::from(seconds)))
        .map_err(|_| ("invalid_request", "The max_age is not a number of seconds."))
}

/// Where to send the browser with a code.
pub(crate) fn success_url(core: &Core, request: &AuthorizationRequest, code: &str) -> String {
    let state = request.state.as_deref().map(|state| ("state", state));
    let mut parameters: Vec<(&str, &str)> = [("code", code)].into_iter().chain(state).collect();
    parameters.push(("iss", core.issuer()));
    break_answer(&mut parameters, core.faults.take(Target::CodeAnswer));
    answer_url(&request.redirect_uri, &parameters)
}

fn break_answer(parameters: &mut Vec<(&str, &str)>, fault: Option<Fault>) {
    match fault {
        Some(Fault::MissingResponseIssuer) => parameters.retain(|(name, _)| *name != "iss"),
        Some(Fault::WrongResponseIssuer) => {
            parameters.retain(|(name, _)| *name != "iss");
            parameters.push(("iss", "https://somebody-else.example"));
        }
        Some(Fault::WrongState) => {
            parameters.retain(|(name, _)| *name != "state");
            parameters.push(("state", "a-state-nobody-sent"));
        }
        Some(Fault::DuplicateState) => parameters.extend(parameters.iter().copied().find(|(name, _)| *name == "state")),
        Some(Fault::DuplicateCode) => parameters.extend(parameters.iter().copied().find(|(name, _)| *name == "code")),
        _ => {}
    }
}

/// Where to send the browser with an error.
pub(crate) fn error_url(core: &Core, error: &ErrorResponse) -> String {
    let state = error.state.as_deref().map(|state| ("state", state));
    let said = [("error", error.code), ("error_description", error.description)];
    let parameters: Vec<(&str, &str)> = said.into_iter().chain(state).chain([("iss", core.issuer())]).collect();
    answer_url(&error.redirect_uri, &parameters)
}

/// Every answer names its issuer (RFC 9207), which is what a client with several needs against mix-up.
fn answer_url(redirect_uri: &str, parameters: &[(&str, &str)]) -> String {
    let mut url = redirect_uri.to_owned();
    let mut separator = if redirect_uri.contains('?') { '&' } else { '?' };
    for (name, value) in parameters {
        url.push(separator);
        url.push_str(name);
        url.push('=');
        url.extend(byte_serialize(value.as_bytes()));
        separator = '&';
    }
    url
}
