//! Who says they signed, read strictly from the `Authorization` header or from the query of a presigned request.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use memchr::memchr;

use super::algorithm::{Algorithm, Scope, Signature};
use super::canonical::decode_query_part;
use super::signed::{MAX_HEADERS, listed_names};
use super::{RegionSet, RequestError, SignedHead};
use crate::credentials::{AccessKeyId, CredentialScope};
use crate::time::Timestamp;

/// The header that names the regions of a request signed with Signature Version 4A.
const REGION_SET: &str = "x-amz-region-set";
/// The longest life of a presigned request: seven days.
const MAX_EXPIRES: u64 = 604_800;

/// What a request says about its signature. Nothing of it is verified until the request is authenticated.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorization {
    pub(super) access_key_id: AccessKeyId,
    pub(super) scope: Scope,
    /// Lower case, sorted, each once, joined by semicolons.
    pub(super) signed_headers: String,
    pub(super) signature: Signature,
    pub(super) amz_date: AmzDate,
    pub(super) signed_at: Timestamp,
    pub(super) expires: Option<Duration>,
}

/// A date as it was signed, `20150830T123600Z`: an instant whose every spelling but this one is refused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct AmzDate([u8; 16]);

impl AmzDate {
    pub(crate) fn parse(text: &str) -> Result<(Self, Timestamp), RequestError> {
        let wrong = || RequestError::malformed("X-Amz-Date", text);
        let read = Timestamp::parse_amz_date(text).map_err(|_| wrong())?;
        Ok((Self(text.as_bytes().try_into().map_err(|_| wrong())?), read))
    }

    pub(crate) fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Authorization {
    /// The access key that signed.
    #[must_use]
    pub const fn access_key_id(&self) -> &AccessKeyId {
        &self.access_key_id
    }

    /// The algorithm of the signature.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.scope.algorithm()
    }

    /// Day, region and service the signature is good for; nothing with Signature Version 4A, whose scope has no region.
    #[must_use]
    pub const fn credential_scope(&self) -> Option<&CredentialScope> {
        match &self.scope {
            Scope::Regional(scope) => Some(scope),
            Scope::Regionless { .. } => None,
        }
    }

    /// The service the signature is good for.
    #[must_use]
    pub fn service(&self) -> &str {
        self.scope.service()
    }

    /// The region the request is for, as far as it is known: the one it was signed for, or with Signature Version 4A the one
    /// its service is in, or the only one of its set. Nothing where a set leaves a choice: no policy is asked about a guess.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        match &self.scope {
            Scope::Regional(scope) => Some(scope.region()),
            Scope::Regionless { region_set, served_in, .. } => served_in.as_deref().or_else(|| region_set.only()),
        }
    }

    /// The regions the signature is good for, with Signature Version 4A.
    #[must_use]
    pub const fn region_set(&self) -> Option<&RegionSet> {
        match &self.scope {
            Scope::Regional(_) => None,
            Scope::Regionless { region_set, .. } => Some(region_set),
        }
    }

    /// Notes which region of its set the request is for.
    pub(super) fn serve_in(&mut self, region: &str) {
        if let Scope::Regionless { served_in, .. } = &mut self.scope {
            *served_in = Some(region.to_owned());
        }
    }

    /// The names of the signed headers: lower case, sorted, joined by semicolons.
    #[must_use]
    pub fn signed_headers(&self) -> &str {
        &self.signed_headers
    }

    /// When the request was signed.
    #[must_use]
    pub const fn signed_at(&self) -> Timestamp {
        self.signed_at
    }

    /// How long a presigned request works; `None` when it was signed in its header.
    #[must_use]
    pub const fn expires(&self) -> Option<Duration> {
        self.expires
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("access_key_id", &self.access_key_id)
            .field("scope", &self.scope)
            .field("signed_headers", &self.signed_headers)
            .field("signed_at", &self.signed_at)
            .finish_non_exhaustive()
    }
}

/// A signature, and the session token that came with it: borrowed, so that the token is kept in one place only.
pub(super) struct Claimed<'a> {
    pub(super) authorization: Authorization,
    pub(super) session_token: Option<Cow<'a, str>>,
}

/// Reads the signature of a request from wherever it is.
///
/// # Errors
/// [`RequestError::MissingAuthentication`] when there is none, [`RequestError::SignedTwice`] when there are two,
/// [`RequestError::Incomplete`] naming the missing parts, [`RequestError::Malformed`] and [`RequestError::Repeated`].
pub fn parse(head: &SignedHead) -> Result<Authorization, RequestError> {
    read(head).map(|claimed| claimed.authorization)
}

pub(super) fn read(head: &SignedHead) -> Result<Claimed<'_>, RequestError> {
    let header = head.headers().single("authorization")?;
    let query = Presigned::find(head.query())?;
    match (header, query) {
        (None, None) => Err(RequestError::MissingAuthentication),
        (Some(_), Some(_)) => Err(RequestError::SignedTwice),
        (Some(header), None) => in_header(head, header),
        (None, Some(query)) => query.read(head),
    }
}

fn in_header<'a>(head: &'a SignedHead, header: &str) -> Result<Claimed<'a>, RequestError> {
    let (algorithm, parameters) = split_at(header, b' ').unwrap_or((header, ""));
    let algorithm = Algorithm::parse(algorithm)?;
    let (mut credential, mut signed_headers, mut signature) = (None, None, None);
    let mut rest = parameters;
    while !rest.is_empty() {
        let (parameter, after) = split_at(rest, b',').unwrap_or((rest, ""));
        rest = after;
        let parameter = parameter.trim_ascii();
        if parameter.is_empty() {
            continue;
        }
        let (name, value) = split_at(parameter, b'=').unwrap_or((parameter, ""));
        let (slot, name) = match name {
            "Credential" => (&mut credential, "Credential"),
            "SignedHeaders" => (&mut signed_headers, "SignedHeaders"),
            "Signature" => (&mut signature, "Signature"),
            unknown => return Err(unknown_part(unknown)),
        };
        if slot.replace(value).is_some() {
            return Err(RequestError::Repeated { name });
        }
    }
    let amz_date = head.headers().single("x-amz-date")?;
    let [credential, signed_headers, signature, amz_date] = complete([
        ("Credential", credential),
        ("SignedHeaders", signed_headers),
        ("Signature", signature),
        ("X-Amz-Date", amz_date),
    ])?;
    let session_token = head.headers().single("x-amz-security-token")?.map(Cow::Borrowed);
    let region_set = region_set(algorithm, || head.headers().single(REGION_SET))?;
    let authorization = authorization((credential, region_set), signed_headers, (algorithm, signature), amz_date)?;
    Ok(Claimed { authorization, session_token })
}

/// What was found is shown only where it is a known name in other letters: anything else may be a signature or a key.
fn unknown_part(name: &str) -> RequestError {
    let known = ["Credential", "SignedHeaders", "Signature"].into_iter().any(|known| known.eq_ignore_ascii_case(name));
    RequestError::malformed("Authorization header", if known { name } else { "" })
}

/// What was found is shown as far as it looks like an access key id and a scope: a secret access key may stand in their place.
fn malformed_credential(credential: &str) -> RequestError {
    let (id, scope) = split_at(credential, b'/').unwrap_or((credential, ""));
    let is_id = id.len() >= 16 && id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let day = scope.split('/').next().unwrap_or_default();
    let is_scope = day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit());
    RequestError::malformed(
        "Credential",
        if !is_id {
            ""
        } else if is_scope {
            credential
        } else {
            id
        },
    )
}

/// What stands before and after the first `byte`, an ASCII character.
fn split_at(text: &str, byte: u8) -> Option<(&str, &str)> {
    let before = memchr(byte, text.as_bytes())?;
    Some((text.get(..before)?, text.get(before.saturating_add(1)..)?))
}

/// The parts that are there, or the names of those that are not.
fn complete<'a, const N: usize>(parts: [(&'static str, Option<&'a str>); N]) -> Result<[&'a str; N], RequestError> {
    let missing: Vec<_> =
        parts.iter().filter(|(_, value)| value.is_none_or(str::is_empty)).map(|(name, _)| *name).collect();
    if missing.is_empty() {
        Ok(parts.map(|(_, value)| value.unwrap_or_default()))
    } else {
        Err(RequestError::Incomplete { missing })
    }
}

/// The set that Signature Version 4A must name; another header or parameter like any with Signature Version 4.
fn region_set<'a>(
    algorithm: Algorithm,
    find: impl FnOnce() -> Result<Option<&'a str>, RequestError>,
) -> Result<Option<RegionSet>, RequestError> {
    match algorithm {
        Algorithm::HmacSha256 => Ok(None),
        Algorithm::EcdsaP256Sha256 => {
            let [found] = complete([("X-Amz-Region-Set", find()?)])?;
            RegionSet::parse(found).map(Some)
        }
    }
}

fn authorization(
    (credential, region_set): (&str, Option<RegionSet>),
    signed_headers: &str,
    (algorithm, signature): (Algorithm, &str),
    amz_date: &str,
) -> Result<Authorization, RequestError> {
    let wrong = || malformed_credential(credential);
    let (access_key_id, scope) = split_at(credential, b'/').ok_or_else(wrong)?;
    let scope = match region_set {
        None => Scope::Regional(scope.parse().map_err(|_| wrong())?),
        Some(region_set) => {
            Scope::Regionless { scope: scope.parse().map_err(|_| wrong())?, region_set, served_in: None }
        }
    };
    let (amz_date, signed_at) = AmzDate::parse(amz_date)?;
    verify_signed_headers(signed_headers)?;
    Ok(Authorization {
        access_key_id: access_key_id.parse().map_err(|_| wrong())?,
        scope,
        signed_headers: signed_headers.to_owned(),
        // What was found is not shown: a signature is as good as a password until it expires.
        signature: Signature::parse(algorithm, signature).ok_or_else(|| RequestError::malformed("Signature", ""))?,
        amz_date,
        signed_at,
        expires: None,
    })
}

/// One spelling only: another would name the same headers in a second way.
fn verify_signed_headers(list: &str) -> Result<(), RequestError> {
    let wrong = || RequestError::malformed("SignedHeaders", list);
    // Every byte is looked at, without an end at the first, because many are then looked at together.
    let plain = |seen, byte: &u8| seen & byte.is_ascii_graphic() & !byte.is_ascii_uppercase();
    if !list.as_bytes().iter().fold(true, plain) {
        return Err(wrong());
    }
    let mut previous: &[u8] = b"";
    for (count, name) in listed_names(list).enumerate() {
        // More names than there can be headers would be looked for in vain.
        if count >= MAX_HEADERS || name <= previous {
            return Err(wrong());
        }
        previous = name;
    }
    Ok(())
}

/// The query parameters of a presigned request, decoded.
#[derive(Default)]
struct Presigned<'a> {
    algorithm: Option<Cow<'a, str>>,
    credential: Option<Cow<'a, str>>,
    amz_date: Option<Cow<'a, str>>,
    expires: Option<Cow<'a, str>>,
    signed_headers: Option<Cow<'a, str>>,
    signature: Option<Cow<'a, str>>,
    session_token: Option<Cow<'a, str>>,
    region_set: Option<Cow<'a, str>>,
}

impl<'a> Presigned<'a> {
    /// The parameters, if any of those that only a presigned request has is there.
    fn find(query: &'a str) -> Result<Option<Self>, RequestError> {
        if query.is_empty() {
            return Ok(None);
        }
        let mut found = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode_query_part(name);
            let (slot, name) = match &*name {
                "X-Amz-Algorithm" => (&mut found.algorithm, "X-Amz-Algorithm"),
                "X-Amz-Credential" => (&mut found.credential, "X-Amz-Credential"),
                "X-Amz-Date" => (&mut found.amz_date, "X-Amz-Date"),
                "X-Amz-Expires" => (&mut found.expires, "X-Amz-Expires"),
                "X-Amz-SignedHeaders" => (&mut found.signed_headers, "X-Amz-SignedHeaders"),
                "X-Amz-Signature" => (&mut found.signature, "X-Amz-Signature"),
                "X-Amz-Security-Token" => (&mut found.session_token, "X-Amz-Security-Token"),
                "X-Amz-Region-Set" => (&mut found.region_set, "X-Amz-Region-Set"),
                _ => continue,
            };
            if slot.replace(decode_query_part(value)).is_some() {
                return Err(RequestError::Repeated { name });
            }
        }
        let presigned = found.algorithm.is_some() || found.credential.is_some() || found.signature.is_some();
        Ok(presigned.then_some(found))
    }

    fn read(self, head: &'a SignedHead) -> Result<Claimed<'a>, RequestError> {
        let [algorithm, credential, amz_date, expires, signed_headers, signature] = complete([
            ("X-Amz-Algorithm", self.algorithm.as_deref()),
            ("X-Amz-Credential", self.credential.as_deref()),
            ("X-Amz-Date", self.amz_date.as_deref()),
            ("X-Amz-Expires", self.expires.as_deref()),
            ("X-Amz-SignedHeaders", self.signed_headers.as_deref()),
            ("X-Amz-Signature", self.signature.as_deref()),
        ])?;
        let algorithm = Algorithm::parse(algorithm)?;
        let seconds = expires
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| expires.parse().ok())
            .flatten()
            .filter(|seconds| (1..=MAX_EXPIRES).contains(seconds))
            .ok_or_else(|| RequestError::malformed("X-Amz-Expires", expires))?;
        let header = head.headers().single("x-amz-security-token")?;
        let session_token = match (self.session_token, header.map(Cow::Borrowed)) {
            (Some(_), Some(_)) => {
                return Err(RequestError::Repeated { name: "X-Amz-Security-Token" });
            }
            (query, header) => query.or(header),
        };
        if algorithm == Algorithm::EcdsaP256Sha256 && head.headers().single(REGION_SET)?.is_some() {
            return Err(RequestError::Repeated { name: "X-Amz-Region-Set" });
        }
        let region_set = region_set(algorithm, || Ok(self.region_set.as_deref()))?;
        let read = authorization((credential, region_set), signed_headers, (algorithm, signature), amz_date)?;
        let authorization = Authorization { expires: Some(Duration::from_secs(seconds)), ..read };
        Ok(Claimed { authorization, session_token })
    }
}
