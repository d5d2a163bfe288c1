//! What the userinfo endpoint says of the person an ID token is about (OpenID Connect Core, 5.3).
//!
//! Enters: an answer as it came, plain or signed, and the identity it should speak of. Leaves: that identity, with the
//! claims the ID token had not. Refused: an answer about anybody else, and a signed one that is not the issuer's, for us,
//! now.
//! Nothing of it becomes a condition key, a tag or a role: those are for claims that were signed for this sign-in.

mod error;

use std::fmt;

pub use error::UserinfoError;

use super::claims::{Claims, ClaimsError, Payload, timestamp};
use super::identity::{ASKED_FOR, descend, pointer, texts};
use super::jws::is_media_type;
use super::provider::{OidcProvider, TimeClaim};
use super::{CompactJws, Jwks, OidcError};
use crate::explain::{Evidence, Listener, Rule, Silent};
use crate::identity::VerifiedIdentity;
use crate::json::{self, Data, Limits, Member, Value};
use crate::time::Timestamp;

/// The longest answer that is read: 64 KiB; a signed one is held to the length of a token.
pub const MAX_USERINFO_LENGTH: usize = 64 * 1024;

const LIMITS: Limits = Limits { bytes: MAX_USERINFO_LENGTH, depth: 32, values: 4096 };

/// Claims about a token, or about a sign-in, that an answer about a person cannot speak for.
const NOT_ABOUT_THE_PERSON: [&str; 16] = [
    "iss",
    "sub",
    "aud",
    "azp",
    "exp",
    "iat",
    "nbf",
    "jti",
    "nonce",
    "at_hash",
    "c_hash",
    "auth_time",
    "acr",
    "amr",
    "sid",
    "events",
];

const SIGNATURE: Rule = Rule {
    name: "userinfo_signature",
    section: "OpenID Connect Core 5.3.2",
    prevents: "an answer signed by a key the issuer does not publish",
};
const CLAIMS: Rule = Rule {
    name: "userinfo_claims",
    section: "OpenID Connect Core 5.3.2; RFC 8725 3.11; RFC 8417 2.2",
    prevents: "claims given twice or of another type, and another kind of token taken for an answer",
};
const ISSUER: Rule = Rule {
    name: "userinfo_issuer",
    section: "OpenID Connect Core 5.3.2",
    prevents: "an answer of another provider (mix-up)",
};
const AUDIENCE: Rule = Rule {
    name: "userinfo_audience",
    section: "OpenID Connect Core 5.3.2",
    prevents: "an answer given to another application",
};
const EXPIRATION: Rule =
    Rule { name: "userinfo_expiration", section: "RFC 7519 4.1.4", prevents: "an old answer given again" };
const NOT_BEFORE: Rule =
    Rule { name: "userinfo_not_before", section: "RFC 7519 4.1.5", prevents: "an answer used before its time" };
const SUBJECT: Rule = Rule {
    name: "userinfo_subject",
    section: "OpenID Connect Core 5.3.2, 5.3.4",
    prevents: "claims of another person, by an access token swapped for another",
};

/// What an answer is held to, in the order in which it is looked at; the first, and issuer to not_before, if it is signed.
pub const USERINFO_RULES: [&Rule; 7] = [&SIGNATURE, &CLAIMS, &ISSUER, &AUDIENCE, &EXPIRATION, &NOT_BEFORE, &SUBJECT];

/// An answer of the userinfo endpoint as it came.
#[derive(Clone)]
pub struct UnverifiedUserinfo(Answer);

impl fmt::Debug for UnverifiedUserinfo {
    /// Without the answer, which is somebody's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedUserinfo").field("is_signed", &self.is_signed()).finish_non_exhaustive()
    }
}

#[derive(Clone)]
enum Answer {
    Plain(Vec<u8>),
    Signed(String),
}

impl UnverifiedUserinfo {
    /// A body and its media type: `application/json` or `application/jwt`.
    ///
    /// # Errors
    /// [`UserinfoError::MediaType`] for any other.
    pub fn new(content_type: Option<&str>, body: Vec<u8>) -> Result<Self, UserinfoError> {
        let refused =
            || UserinfoError::MediaType { found: content_type.map(|found| found.chars().take(100).collect()) };
        let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        match essence.to_ascii_lowercase().as_str() {
            "application/json" => Ok(Self(Answer::Plain(body))),
            "application/jwt" => String::from_utf8(body).map(|jwt| Self(Answer::Signed(jwt))).map_err(|_| refused()),
            _ => Err(refused()),
        }
    }

    /// The `kid` a signed answer claims, for deciding whether keys must be fetched; nobody has vouched for it.
    #[must_use]
    pub fn claimed_key_id(&self) -> Option<String> {
        match &self.0 {
            Answer::Plain(_) => None,
            Answer::Signed(jwt) => CompactJws::parse(jwt).ok()?.key_id().map(str::to_owned),
        }
    }

    /// Whether keys are needed to verify it.
    #[must_use]
    pub const fn is_signed(&self) -> bool {
        matches!(self.0, Answer::Signed(_))
    }
}

/// Adds to `identity` what `userinfo` says of the same person and the ID token did not, telling `listener` how each rule
/// ended. Condition keys stay what the ID token made them.
///
/// # Errors
/// [`UserinfoError`] with the first rule of [`USERINFO_RULES`] that the answer breaks.
#[expect(clippy::needless_pass_by_value, reason = "an answer is verified once: verifying consumes it")]
pub fn add_userinfo<L: Listener>(
    provider: &OidcProvider,
    jwks: &Jwks,
    identity: VerifiedIdentity,
    userinfo: UnverifiedUserinfo,
    now: Timestamp,
    listener: &mut L,
) -> Result<VerifiedIdentity, UserinfoError> {
    match &userinfo.0 {
        Answer::Plain(body) => {
            let value =
                heard(&CLAIMS, json::parse(body, LIMITS).map_err(UserinfoError::Json).and_then(object), listener)?;
            let subject = value.member("sub").and_then(Value::as_str);
            merged(identity, subject, members(&value), listener)
        }
        Answer::Signed(jwt) => {
            let parsed = CompactJws::parse(jwt).map_err(OidcError::from);
            let jws = parsed.map_err(|error| UserinfoError::Signature(Box::new(error)));
            let jws = jws.inspect_err(|error| told_failed(error, listener))?;
            let verified = super::verify_signature(provider, jwks, &jws, &mut Silent);
            let signed = verified.map_err(|error| UserinfoError::Signature(Box::new(error)));
            let (signed, _) = heard(&SIGNATURE, signed, listener)?;
            let payload =
                typed(signed.typ()).and_then(|()| Payload::parse(signed.payload()).map_err(UserinfoError::Claims));
            let payload = payload.inspect_err(|error| told_failed(error, listener))?;
            let claims = heard(&CLAIMS, payload.claims().map_err(UserinfoError::Claims).and_then(no_events), listener)?;
            heard(&ISSUER, issuer(provider, claims.iss), listener)?;
            heard(&AUDIENCE, audience(provider, &claims.aud), listener)?;
            heard(&EXPIRATION, expiration(provider, claims.exp, now), listener)?;
            heard(&NOT_BEFORE, not_before(provider, claims.nbf, now), listener)?;
            merged(identity, claims.sub, payload.members(), listener)
        }
    }
}

/// Tells `listener` how `rule` ended.
fn heard<T, L: Listener>(
    rule: &'static Rule,
    outcome: Result<T, UserinfoError>,
    listener: &mut L,
) -> Result<T, UserinfoError> {
    match &outcome {
        Ok(_) => listener.passed(rule, || Evidence::new("as the standard has it", "the same")),
        Err(error) => told_failed(error, listener),
    }
    outcome
}

fn told_failed<L: Listener>(error: &UserinfoError, listener: &mut L) {
    listener.failed(error.rule(), || Evidence::new("as the standard has it", error.reason()));
}

fn object(value: Value<'_>) -> Result<Value<'_>, UserinfoError> {
    match value.data {
        Data::Object(_) => Ok(value),
        _ => Err(UserinfoError::Claims(ClaimsError::NotAnObject)),
    }
}

fn members<'v, 'a>(value: &'v Value<'a>) -> &'v [Member<'a>] {
    match &value.data {
        Data::Object(members) => members,
        _ => &[],
    }
}

/// RFC 8725, 3.11: access tokens, logout tokens and proofs name their type.
fn typed(typ: Option<&str>) -> Result<(), UserinfoError> {
    if typ.is_none_or(|typ| is_media_type(typ, &["jwt"])) {
        return Ok(());
    }
    Err(UserinfoError::Type { found: typ.unwrap_or_default().to_owned() })
}

/// A logout token or another security event, if its type does not say so, has the issuer and the audience of an answer.
fn no_events(claims: Claims<'_>) -> Result<Claims<'_>, UserinfoError> {
    if claims.has_events { Err(UserinfoError::Events) } else { Ok(claims) }
}

fn issuer(provider: &OidcProvider, found: Option<&str>) -> Result<(), UserinfoError> {
    let expected = provider.issuer().as_str();
    if found == Some(expected) {
        return Ok(());
    }
    Err(UserinfoError::Issuer { expected: expected.to_owned(), found: found.map(str::to_owned) })
}

/// One must be ours, and beside it those that an ID token may name.
fn audience(provider: &OidcProvider, found: &[&str]) -> Result<(), UserinfoError> {
    let expected = provider.audiences();
    let is_one = |of: &[String], aud: &str| of.iter().any(|one| one == aud);
    let known = |aud: &&str| is_one(expected, aud) || is_one(&provider.trusted_audiences, aud);
    if found.iter().any(|aud| is_one(expected, aud)) && found.iter().all(known) {
        return Ok(());
    }
    let found = found.iter().map(|aud| (*aud).to_owned()).collect();
    Err(UserinfoError::Audience { expected: expected.to_vec(), found })
}

fn expiration(provider: &OidcProvider, found: Option<u64>, now: Timestamp) -> Result<(), UserinfoError> {
    let Some(found) = found else { return Ok(()) };
    let expiration = timestamp(found);
    let fits = now < expiration.saturating_add(provider.skew_of(TimeClaim::Expiration));
    fits.then_some(()).ok_or(UserinfoError::Expired { expiration, now })
}

fn not_before(provider: &OidcProvider, found: Option<u64>, now: Timestamp) -> Result<(), UserinfoError> {
    let Some(found) = found else { return Ok(()) };
    let not_before = timestamp(found);
    let fits = not_before <= now.saturating_add(provider.skew_of(TimeClaim::NotBefore));
    fits.then_some(()).ok_or(UserinfoError::NotYetValid { not_before, now })
}

fn merged<L: Listener>(
    mut identity: VerifiedIdentity,
    subject: Option<&str>,
    claims: &[Member<'_>],
    listener: &mut L,
) -> Result<VerifiedIdentity, UserinfoError> {
    let same = subject == Some(identity.subject.as_str());
    let other = || UserinfoError::Subject { expected: identity.subject.clone(), found: subject.map(str::to_owned) };
    heard(&SUBJECT, if same { Ok(()) } else { Err(other()) }, listener)?;
    // Made of the claims that were signed, before there are others.
    let _ = identity.condition_keys();
    for Member { key: name, value, .. } in claims {
        if NOT_ABOUT_THE_PERSON.contains(&name.as_ref()) || name.starts_with(ASKED_FOR) || spoken_of(&identity, name) {
            continue;
        }
        if let Some(values) = texts(value) {
            identity.attributes.insert(name.as_ref().to_owned(), values);
        } else {
            descend(value, &pointer("", name), &mut identity.nested_claims);
            identity.other_claims.push(name.as_ref().to_owned());
        }
    }
    Ok(identity)
}

/// Whether the ID token has this claim, whatever its value.
fn spoken_of(identity: &VerifiedIdentity, name: &str) -> bool {
    identity.attributes.contains_key(name) || identity.other_claims.iter().any(|other| other == name)
}
