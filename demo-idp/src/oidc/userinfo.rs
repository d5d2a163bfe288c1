//! The userinfo endpoint (OpenID Connect Core 5.3, RFC 6750, RFC 9449 section 7).

use super::codes::AccessToken;
use super::dpop::{self, Place, Presented};
use super::id_token;
use super::token_error::TokenError;
use crate::core::Core;
use crate::directory::User;
use crate::fault::Target;
use serde_json::{Map, Value, json};

/// What the client registered to be answered in.
#[derive(Debug)]
pub(crate) enum UserInfo {
    Json(Map<String, Value>),
    Signed(String),
}

/// How the access token was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Bearer,
    Dpop,
}

/// Why there are no claims.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Nobody tried: RFC 6750 section 3 has such a request answered by a bare challenge.
    NoToken,
    /// Unknown, revoked, expired, or not sent in the way it has to be.
    InvalidToken(Scheme),
    Proof(TokenError),
    Broken,
}

/// The claims about the person an access token is about, as far as its scope goes.
pub(crate) fn answer(
    core: &Core,
    authorization: Option<&str>,
    proof: &Presented<'_>,
    method: &str,
) -> Result<UserInfo, Refused> {
    let (scheme, text) = authorization.and_then(parse).ok_or(Refused::NoToken)?;
    let token = core.codes.access_token(text, core.clock.now()).ok_or(Refused::InvalidToken(scheme))?;
    match (scheme, &token.thumbprint) {
        (Scheme::Bearer, None) => {}
        (Scheme::Dpop, Some(bound)) => {
            let place = Place { method, path: "/userinfo", access_token: Some(text) };
            let proven = dpop::optional(core, proof, place).map_err(Refused::Proof)?;
            let proven = proven.ok_or(Refused::Proof(TokenError::InvalidDpopProof("There is no proof.")))?;
            if proven != *bound {
                return Err(Refused::InvalidToken(scheme));
            }
        }
        // RFC 9449 section 7.2: a bound token is none of a bearer's (attack: downgrade by whoever stole it).
        (Scheme::Bearer, Some(_)) | (Scheme::Dpop, None) => return Err(Refused::InvalidToken(scheme)),
    }
    let user = core.directory.find(&token.user).ok_or(Refused::InvalidToken(scheme))?;
    speak(core, user, &token)
}

fn parse(authorization: &str) -> Option<(Scheme, &str)> {
    let (scheme, token) = authorization.split_once(' ')?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Scheme::Bearer,
        "dpop" => Scheme::Dpop,
        _ => return None,
    };
    Some((scheme, token.trim()))
}

fn speak(core: &Core, user: &User, token: &AccessToken) -> Result<UserInfo, Refused> {
    let mut claims = scoped_claims(user, &token.scope);
    if core.faults.take(Target::UserInfo).is_some() {
        claims.insert("sub".to_owned(), json!("somebody-else"));
    }
    let algorithm = core.client(&token.client_id).and_then(|client| client.signed_userinfo());
    let Some(algorithm) = algorithm else { return Ok(UserInfo::Json(claims)) };
    claims.insert("iss".to_owned(), json!(core.issuer()));
    claims.insert("aud".to_owned(), json!(token.client_id));
    id_token::sign(core, algorithm, &claims).map(UserInfo::Signed).map_err(|_| Refused::Broken)
}

/// OpenID Connect Core 5.4, and the scope `groups`, which is our own.
fn scoped_claims(user: &User, scope: &str) -> Map<String, Value> {
    let mut claims = id_token::person_claims(user);
    let asked = |word: &str| scope.split(' ').any(|it| it == word);
    claims.retain(|name, _| match name.as_str() {
        "sub" => true,
        "email" | "email_verified" => asked("email"),
        "groups" => asked("groups"),
        _ => asked("profile"),
    });
    claims
}
