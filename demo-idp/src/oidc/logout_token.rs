//! Logout tokens (OpenID Connect Back-Channel Logout 1.0 section 2.4), whole or with one deliberate mistake.

use super::id_token::{symmetric, typed, unsigned, with_payload};
use crate::core::Core;
use crate::error::KeyError;
use crate::fault::Fault;
use crate::relying::Client;
use crate::sync::random_secret;
use serde_json::{Map, Value, json};
use time::Duration;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// The type of a logout token (2.4).
const TYPE: &str = "logout+jwt";
/// What the standard advises.
const LIFETIME: Duration = Duration::minutes(2);

/// Whose session is over; `None` for the session stands for all of theirs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended<'a> {
    pub(crate) subject: &'a str,
    pub(crate) session_id: Option<&'a str>,
}

/// The signed token.
pub(crate) fn mint(core: &Core, client: &Client, ended: Ended<'_>, fault: Option<Fault>) -> Result<String, KeyError> {
    let published = core.keys.for_id_token(client.algorithm())?;
    let mut claims = claims(core, client, ended, fault)?;
    match fault {
        Some(Fault::WrongKey) => typed(TYPE, published.id(), &claims, core.keys.stranger(published.family())?),
        Some(Fault::AlgNone) => Ok(format!("{}.", unsigned("none", published.id(), &claims))),
        Some(Fault::HmacWithPublicKey) => symmetric(&published, &claims),
        Some(Fault::Unsigned) => {
            let token = typed(TYPE, published.id(), &claims, &published)?;
            Ok(token.rsplit_once('.').map_or_else(String::new, |(message, _)| format!("{message}.")))
        }
        Some(Fault::Tampered) => {
            let token = typed(TYPE, published.id(), &claims, &published)?;
            claims.insert("sub".to_owned(), json!("administrator"));
            Ok(with_payload(&token, &claims))
        }
        _ => typed(TYPE, published.id(), &claims, &published),
    }
}

fn claims(
    core: &Core,
    client: &Client,
    ended: Ended<'_>,
    fault: Option<Fault>,
) -> Result<Map<String, Value>, KeyError> {
    let offset = match fault {
        Some(Fault::Expired) => -Duration::hours(1),
        Some(Fault::NotYetValid) => Duration::hours(1),
        _ => Duration::ZERO,
    };
    let issued = core.clock.now() + offset;
    let issuer = if fault == Some(Fault::WrongIssuer) { "https://somebody-else.example" } else { core.issuer() };
    let audience = if fault == Some(Fault::WrongAudience) { "somebody-else" } else { client.id() };
    let mut claims = Map::new();
    claims.insert("iss".to_owned(), json!(issuer));
    claims.insert("aud".to_owned(), json!(audience));
    claims.insert("iat".to_owned(), json!(issued.unix_timestamp()));
    claims.insert("exp".to_owned(), json!((issued + LIFETIME).unix_timestamp()));
    claims.insert("jti".to_owned(), json!(random_secret()?));
    claims.insert("sub".to_owned(), json!(ended.subject));
    if let Some(session_id) = ended.session_id {
        claims.insert("sid".to_owned(), json!(session_id));
    }
    match fault {
        Some(Fault::NoEvent) => {}
        Some(Fault::WrongEvent) => {
            claims.insert("events".to_owned(), json!({ "https://somebody-else.example/event": {} }));
        }
        _ => {
            claims.insert("events".to_owned(), json!({ EVENT: {} }));
        }
    }
    if fault == Some(Fault::WithNonce) {
        claims.insert("nonce".to_owned(), json!("a-nonce-nobody-sent"));
    }
    Ok(claims)
}
