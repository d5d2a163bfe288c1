//! The authorization request (RFC 6749 section 4.1.1, RFC 7636, OpenID Connect Core 3.1.2.1) and its answer.

use crate::core::Core;
use crate::params::Params;
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
}

/// Why a request is not answered to anyone: the address to answer to is not known to be the client's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum NoRedirect {
    #[error("the client {0:?} is not registered here")]
    UnknownClient(String),
    #[error("{redirect_uri:?} is not registered as a redirect URI of {client_id:?}")]
    UnregisteredRedirect { client_id: String, redirect_uri: String },
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

/// Reads the request. The client and its redirect URI come first: before they are known to belong together, nothing is
/// sent anywhere (attack: open redirector).
pub(crate) fn parse(core: &Core, params: &Params) -> Result<AuthorizationRequest, Refused> {
    let client_id = params.get("client_id").unwrap_or_default();
    let client =
        core.client(client_id).ok_or_else(|| Refused::Shown(NoRedirect::UnknownClient(client_id.to_owned())))?;
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

fn parse_scope(scope: Option<&str>) -> Result<String, Complaint> {
    scope
        .filter(|scope| scope.split(' ').any(|word| word == "openid"))
        .map(str::to_owned)
        .ok_or(("invalid_scope", "The scope must contain openid."))
}

/// PKCE with S256 is required of every client (RFC 9700 section 2.1.1).
fn parse_code_challenge(params: &Params) -> Result<String, Complaint> {
    if params.get("code_challenge_method") != Some("S256") {
        return Err(("invalid_request", "PKCE with code_challenge_method=S256 is required."));
    }
    let is_hash =
        |text: &&str| text.len() == 43 && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    params
        .get("code_challenge")
        .filter(is_hash)
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
    answer_url(core, &request.redirect_uri, request.state.as_deref(), &[("code", code)])
}

/// Where to send the browser with an error.
pub(crate) fn error_url(core: &Core, error: &ErrorResponse) -> String {
    let parameters = [("error", error.code), ("error_description", error.description)];
    answer_url(core, &error.redirect_uri, error.state.as_deref(), &parameters)
}

/// Every answer names its issuer (RFC 9207), which is what a client with several needs against mix-up.
fn answer_url(core: &Core, redirect_uri: &str, state: Option<&str>, parameters: &[(&str, &str)]) -> String {
    let state = state.map(|state| ("state", state));
    let mut url = redirect_uri.to_owned();
    let mut separator = if redirect_uri.contains('?') { '&' } else { '?' };
    for (name, value) in parameters.iter().copied().chain(state).chain([("iss", core.issuer())]) {
        url.push(separator);
        url.push_str(name);
        url.push('=');
        url.extend(byte_serialize(value.as_bytes()));
        separator = '&';
    }
    url
}
