//! Who says they signed, read strictly from the `Authorization` header or from the query of a presigned request.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use super::canonical::decode_query_part;
use super::signed::listed_names;
use super::{RequestError, SignedHead};
use crate::credentials::{AccessKeyId, CredentialScope};
use crate::time::Timestamp;

/// The one signature algorithm read here.
pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The longest life of a presigned request: seven days.
const MAX_EXPIRES: u64 = 604_800;

/// What a request says about its signature. Nothing of it is verified until the request is authenticated.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorization {
    pub(super) access_key_id: AccessKeyId,
    pub(super) credential_scope: CredentialScope,
    /// Lower case, sorted, each once, joined by semicolons.
    pub(super) signed_headers: String,
    pub(super) signature: [u8; 32],
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

    /// Day, region and service the signature is good for.
    #[must_use]
    pub const fn credential_scope(&self) -> &CredentialScope {
        &self.credential_scope
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
            .field("credential_scope", &self.credential_scope)
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
    let (algorithm, parameters) = header.split_once(' ').unwrap_or((header, ""));
    if algorithm != ALGORITHM {
        return Err(RequestError::Algorithm { found: algorithm.chars().take(40).collect() });
    }
    let (mut credential, mut signed_headers, mut signature) = (None, None, None);
    for parameter in parameters.split(',').filter(|text| !text.trim().is_empty()) {
        let wrong = || RequestError::malformed("Authorization header", parameter);
        let (name, value) = parameter.trim().split_once('=').ok_or_else(wrong)?;
        let (slot, name) = match name {
            "Credential" => (&mut credential, "Credential"),
            "SignedHeaders" => (&mut signed_headers, "SignedHeaders"),
            "Signature" => (&mut signature, "Signature"),
            _ => return Err(wrong()),
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
    Ok(Claimed { authorization: authorization(credential, signed_headers, signature, amz_date)?, session_token })
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

fn authorization(
    credential: &str,
    signed_headers: &str,
    signature: &str,
    amz_date: &str,
) -> Result<Authorization, RequestError> {
    let wrong = || RequestError::malformed("Credential", credential);
    let (access_key_id, scope) = credential.split_once('/').ok_or_else(wrong)?;
    let (amz_date, signed_at) = AmzDate::parse(amz_date)?;
    verify_signed_headers(signed_headers)?;
    Ok(Authorization {
        access_key_id: access_key_id.parse().map_err(|_| wrong())?,
        credential_scope: scope.parse().map_err(|_| wrong())?,
        signed_headers: signed_headers.to_owned(),
        // What was found is not shown: a signature is as good as a password until it expires.
        signature: parse_hex(signature).ok_or_else(|| RequestError::malformed("Signature", ""))?,
        amz_date,
        signed_at,
        expires: None,
    })
}

/// One spelling only: another would name the same headers in a second way.
fn verify_signed_headers(list: &str) -> Result<(), RequestError> {
    let lower = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase();
    let mut previous = "";
    for name in listed_names(list) {
        if name <= previous || !name.bytes().all(lower) {
            return Err(RequestError::malformed("SignedHeaders", list));
        }
        previous = name;
    }
    Ok(())
}

/// Exactly 64 hexadecimal digits in lower case.
pub(super) fn parse_hex(text: &str) -> Option<[u8; 32]> {
    let bytes = text.as_bytes();
    if bytes.len() != 64 {
        return None;
    }
    let (mut read, mut worst) = ([0; 32], 0);
    for (byte, pair) in read.iter_mut().zip(bytes.chunks_exact(2)) {
        for digit in pair {
            let value = match digit {
                b'0'..=b'9' => digit.wrapping_sub(b'0'),
                b'a'..=b'f' => digit.wrapping_sub(b'a').wrapping_add(10),
                _ => u8::MAX,
            };
            worst = worst.max(value);
            *byte = (*byte << 4) | (value & 0x0f);
        }
    }
    (worst < 16).then_some(read)
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
        if algorithm != ALGORITHM {
            return Err(RequestError::Algorithm { found: algorithm.chars().take(40).collect() });
        }
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
        let read = authorization(credential, signed_headers, signature, amz_date)?;
        let authorization = Authorization { expires: Some(Duration::from_secs(seconds)), ..read };
        Ok(Claimed { authorization, session_token })
    }
}
