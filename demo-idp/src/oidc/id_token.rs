//! ID tokens (OpenID Connect Core 1.0 section 2), whole or with one deliberate mistake.

use crate::core::Core;
use crate::directory::User;
use crate::error::KeyError;
use crate::fault::Fault;
use crate::keys::{Family, SigningKey};
use crate::relying::IdTokenAlgorithm;
use crate::sync::sha256;
use aws_lc_rs::digest::{SHA512, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::aws_lc;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime};

/// Long enough to be pasted into a terminal, short enough to be seen expiring.
const LIFETIME: Duration = Duration::hours(1);

/// What an ID token says beside who the person is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grant<'a> {
    pub(crate) audience: &'a str,
    pub(crate) algorithm: Option<IdTokenAlgorithm>,
    pub(crate) nonce: Option<&'a str>,
    pub(crate) authenticated: OffsetDateTime,
    pub(crate) access_token: Option<&'a str>,
    /// The session at this provider (`sid`), which a logout token names.
    pub(crate) session_id: Option<&'a str>,
}

/// The signed token.
pub(crate) fn mint(core: &Core, user: &User, grant: Grant<'_>, fault: Option<Fault>) -> Result<String, KeyError> {
    let published = core.keys.for_id_token(grant.algorithm)?;
    let mut claims = claims(core, user, grant, published.family());
    break_claims(&mut claims, core.clock.now(), published.family(), fault);
    match fault {
        Some(Fault::WrongKey) => compact(published.id(), &claims, core.keys.stranger(published.family())?),
        Some(Fault::UnknownKey) => {
            let stranger = core.keys.stranger(published.family())?;
            compact(stranger.id(), &claims, stranger)
        }
        Some(Fault::WrongTyp) => typed("at+jwt", published.id(), &claims, &published),
        Some(Fault::AlgNone) => Ok(format!("{}.", unsigned("none", published.id(), &claims))),
        Some(Fault::HmacWithPublicKey) => symmetric(&published, &claims),
        Some(Fault::Unsigned) => {
            let algorithm = published.public_jwk();
            let algorithm = algorithm.get("alg").and_then(Value::as_str).unwrap_or_default();
            Ok(format!("{}.", unsigned(algorithm, published.id(), &claims)))
        }
        Some(Fault::Tampered) => {
            let token = compact(published.id(), &claims, &published)?;
            claims.insert("sub".to_owned(), json!("administrator"));
            Ok(with_payload(&token, &claims))
        }
        _ => compact(published.id(), &claims, &published),
    }
}

/// Claims that are no ID token, signed as one would be.
pub(super) fn sign(core: &Core, algorithm: IdTokenAlgorithm, claims: &Map<String, Value>) -> Result<String, KeyError> {
    let key = core.keys.for_id_token(Some(algorithm))?;
    compact(key.id(), claims, &key)
}

/// What is said about a person in ID tokens, whatever the scope: a demonstration that left groups out for a missing word
/// in a request would teach the wrong lesson first. The userinfo endpoint says as much of it as was asked for.
pub(super) fn person_claims(user: &User) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), json!(user.name()));
    claims.insert("name".to_owned(), json!(user.full_name()));
    claims.insert("preferred_username".to_owned(), json!(user.name()));
    claims.insert("groups".to_owned(), json!(user.groups()));
    if let Some(email) = user.email() {
        claims.insert("email".to_owned(), json!(email));
        claims.insert("email_verified".to_owned(), json!(true));
    }
    claims
}

fn claims(core: &Core, user: &User, grant: Grant<'_>, family: Family) -> Map<String, Value> {
    let now = core.clock.now();
    let mut claims = person_claims(user);
    claims.insert("iss".to_owned(), json!(core.issuer()));
    claims.insert("aud".to_owned(), json!(grant.audience));
    claims.insert("iat".to_owned(), json!(now.unix_timestamp()));
    claims.insert("exp".to_owned(), json!((now + LIFETIME).unix_timestamp()));
    claims.insert("auth_time".to_owned(), json!(grant.authenticated.unix_timestamp()));
    claims.insert("amr".to_owned(), json!(["pwd"]));
    if let Some(nonce) = grant.nonce {
        claims.insert("nonce".to_owned(), json!(nonce));
    }
    if let Some(access_token) = grant.access_token {
        claims.insert("at_hash".to_owned(), json!(half_hash(access_token, family)));
    }
    if let Some(session_id) = grant.session_id {
        claims.insert("sid".to_owned(), json!(session_id));
    }
    claims
}

fn break_claims(claims: &mut Map<String, Value>, now: OffsetDateTime, family: Family, fault: Option<Fault>) {
    let at = |offset: Duration| json!((now + offset).unix_timestamp());
    let changes = match fault {
        Some(Fault::Expired) => {
            let issued = -Duration::hours(1) - LIFETIME;
            vec![("iat", at(issued)), ("auth_time", at(issued)), ("exp", at(-Duration::hours(1)))]
        }
        Some(Fault::NotYetValid) => {
            let begins = Duration::hours(1);
            vec![("iat", at(begins)), ("nbf", at(begins)), ("exp", at(begins + LIFETIME))]
        }
        Some(Fault::WrongAudience) => vec![("aud", json!("somebody-else"))],
        Some(Fault::ExtraAudience) => {
            // The authorized party is right, so that the stranger among the audiences is the only thing wrong.
            let own = claims.get("aud").cloned().unwrap_or_default();
            vec![("azp", own.clone()), ("aud", json!([own, "somebody-else"]))]
        }
        Some(Fault::WrongAuthorizedParty) => vec![("azp", json!("somebody-else"))],
        Some(Fault::FutureIat) => {
            vec![("iat", at(Duration::hours(1))), ("exp", at(Duration::hours(1) + LIFETIME))]
        }
        Some(Fault::WrongAtHash) => vec![("at_hash", json!(half_hash("an access token nobody has", family)))],
        Some(Fault::OtherPersonRefreshed) => vec![("sub", json!("somebody-else"))],
        Some(Fault::WrongIssuer) => vec![("iss", json!("https://somebody-else.example"))],
        Some(Fault::WrongNonce) => vec![("nonce", json!("a-nonce-nobody-sent"))],
        Some(Fault::MissingNonce) => {
            claims.remove("nonce");
            Vec::new()
        }
        _ => Vec::new(),
    };
    for (name, value) in changes {
        claims.insert(name.to_owned(), value);
    }
}

/// OpenID Connect Core 3.1.3.6: the left half of the hash that the signature algorithm uses (SHA-512 for Ed25519).
fn half_hash(access_token: &str, family: Family) -> String {
    let hash = match family {
        Family::Rsa | Family::P256 => sha256(access_token.as_bytes()),
        Family::Ed25519 => digest(&SHA512, access_token.as_bytes()).as_ref().to_vec(),
    };
    let half = hash.split_at_checked(hash.len() / 2).map_or(hash.as_slice(), |(half, _)| half);
    URL_SAFE_NO_PAD.encode(half)
}

/// Signed by jsonwebtoken with a provider that is named here: its process-wide default belongs to the application this
/// identity provider may be embedded in.
pub(super) fn compact(key_id: &str, claims: &Map<String, Value>, key: &SigningKey) -> Result<String, KeyError> {
    typed("JWT", key_id, claims, key)
}

pub(super) fn typed(
    typ: &str,
    key_id: &str,
    claims: &Map<String, Value>,
    key: &SigningKey,
) -> Result<String, KeyError> {
    let algorithm = key.family().jws();
    let mut header = jsonwebtoken::Header::new(algorithm);
    header.typ = Some(typ.to_owned());
    header.kid = Some(key_id.to_owned());
    let header = serde_json::to_string(&header).map_err(|_| KeyError::Crypto("writing a token header"))?;
    signed(&header, claims, algorithm, key.encoding_key())
}

pub(super) fn signed(
    header: &str,
    claims: &Map<String, Value>,
    algorithm: Algorithm,
    key: &EncodingKey,
) -> Result<String, KeyError> {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), payload(claims));
    let signer = (aws_lc::DEFAULT_PROVIDER.signer_factory)(&algorithm, key).map_err(|_| KeyError::Crypto("signing"))?;
    let signature = signer.try_sign(message.as_bytes()).map_err(|_| KeyError::Crypto("signing"))?;
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// The attack of RFC 8725 section 2.1: the verifier's public key, which everyone knows, used as a shared secret.
pub(super) fn symmetric(published: &SigningKey, claims: &Map<String, Value>) -> Result<String, KeyError> {
    let secret = EncodingKey::from_secret(published.public_jwk().to_string().as_bytes());
    let header = json!({ "alg": "HS256", "kid": published.id(), "typ": "JWT" }).to_string();
    signed(&header, claims, Algorithm::HS256, &secret)
}

pub(super) fn unsigned(algorithm: &str, key_id: &str, claims: &Map<String, Value>) -> String {
    let header = json!({ "alg": algorithm, "kid": key_id, "typ": "JWT" }).to_string();
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header), payload(claims))
}

pub(super) fn with_payload(token: &str, claims: &Map<String, Value>) -> String {
    let mut parts = token.split('.');
    let header = parts.next().unwrap_or_default();
    let signature = parts.nth(1).unwrap_or_default();
    format!("{header}.{}.{signature}", payload(claims))
}

fn payload(claims: &Map<String, Value>) -> String {
    URL_SAFE_NO_PAD.encode(Value::Object(claims.clone()).to_string())
}
