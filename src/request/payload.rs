//! The body, held against what was signed about it in `x-amz-content-sha256`.

use std::borrow::Cow;

use super::algorithm::{VerifyingKey, parse_hex};
use super::canonical::decode_query_part;
use super::chunked::{ChunkSigning, Chunked};
use super::{Algorithm, Authorization, RequestError, Service, SignedHead};
#[cfg(feature = "http")]
use super::{AuthenticatedRequest, StreamedRequest};
use crate::crypto::{DigestAlgorithm, Hashing, verify_equal};

/// Trailing headers, by lower-case name.
type Trailers = Vec<(String, String)>;

const DECLARATION: &str = "x-amz-content-sha256";
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// What the request declares about its body.
#[derive(Debug)]
pub(super) enum Declared {
    /// Its SHA-256 digest.
    Digest([u8; 32]),
    /// Nothing: transport security alone protects it.
    Unsigned,
    /// It comes in chunks (`aws-chunked`).
    Streaming { signed: bool, trailer: bool, decoded_length: u64 },
}

/// Whether the body of a request is declared, so that its signature can be verified before any of it is here.
#[cfg(feature = "http")]
pub(crate) fn is_declared(service: &Service, head: &SignedHead) -> bool {
    service.wants_payload_declared() || head.headers().all(DECLARATION).next().is_some()
}

#[cfg(feature = "http")]
impl StreamedRequest {
    /// The request with its body, which is here by now.
    ///
    /// # Errors
    /// The request without it, and why it is not the one that was signed, as [`Payload::feed`] and [`Payload::finish`].
    pub(crate) fn with_body(
        self,
        body: Vec<u8>,
    ) -> Result<AuthenticatedRequest, Box<(AuthenticatedRequest, RequestError)>> {
        let (mut request, payload) = self.into_parts();
        match payload.verify_whole(body) {
            Ok(verified) => (request.body, request.trailers) = verified,
            Err(error) => return Err(Box::new((request, error))),
        }
        Ok(request)
    }
}

/// The declaration of a request, as text (a part of the canonical request) and as meaning; nothing where the digest of the
/// body is signed and not declared, as most services have it.
pub(super) fn declared<'a>(
    service: &Service,
    head: &'a SignedHead,
    authorization: &Authorization,
) -> Result<Option<(Cow<'a, str>, Declared)>, RequestError> {
    let text = match head.headers().single(DECLARATION)? {
        Some(text) => Cow::Borrowed(text),
        None if !service.wants_payload_declared() => return Ok(None),
        // A presigned URL is made before its body is known (S3, presigned requests).
        None if authorization.expires().is_some() => in_query(head)?.unwrap_or(Cow::Borrowed(UNSIGNED)),
        None => {
            return Err(RequestError::PayloadDeclaration { found: String::new() });
        }
    };
    let declared = read(head, authorization.algorithm(), &text)?;
    let unsigned = matches!(declared, Declared::Unsigned | Declared::Streaming { signed: false, .. });
    if unsigned && !service.takes_unsigned_payload() {
        return Err(RequestError::PayloadDeclaration { found: text.into_owned() });
    }
    Ok(Some((text, declared)))
}

/// Chunks are signed with the algorithm of the request, or not at all.
fn read(head: &SignedHead, algorithm: Algorithm, text: &str) -> Result<Declared, RequestError> {
    let streaming = |signed, trailer| {
        let length = head.headers().single("x-amz-decoded-content-length")?;
        let wrong = || RequestError::malformed("x-amz-decoded-content-length", length.unwrap_or(""));
        // The parser of numbers takes a sign as well.
        let digits = length.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let decoded_length = digits.and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
        Ok::<_, RequestError>(Declared::Streaming { signed, trailer, decoded_length })
    };
    match (text, algorithm) {
        (UNSIGNED, _) => Ok(Declared::Unsigned),
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", Algorithm::HmacSha256)
        | ("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", Algorithm::EcdsaP256Sha256) => streaming(true, false),
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", Algorithm::HmacSha256)
        | ("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER", Algorithm::EcdsaP256Sha256) => streaming(true, true),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", _) => streaming(false, true),
        (digest, _) => parse_hex(digest)
            .map(Declared::Digest)
            .ok_or_else(|| RequestError::PayloadDeclaration { found: digest.chars().take(80).collect() }),
    }
}

fn in_query(head: &SignedHead) -> Result<Option<Cow<'_, str>>, RequestError> {
    let mut values = head
        .query()
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .filter(|(name, _)| decode_query_part(name) == "X-Amz-Content-Sha256")
        .map(|(_, value)| decode_query_part(value));
    let first = values.next();
    if values.next().is_some() {
        return Err(RequestError::Repeated { name: "X-Amz-Content-Sha256" });
    }
    Ok(first)
}

/// Verifies the body of a request while it arrives.
///
/// Bytes it gives out before [`Payload::finish`] succeeds may still turn out to be altered: keep what is made of them apart
/// until then.
#[derive(Debug)]
pub struct Payload(Kind);

#[derive(Debug)]
#[cfg_attr(
    not(feature = "aws-lc-rs"),
    expect(
        clippy::large_enum_variant,
        reason = "ring keeps the state of a digest in place; boxing it would cost every request"
    )
)]
enum Kind {
    Unsigned,
    Digest { declared: [u8; 32], hashing: Hashing },
    Chunked(Box<Chunked>),
}

impl Payload {
    pub(super) fn new(
        declared: &Declared,
        head: &SignedHead,
        authorization: &Authorization,
        key: &VerifyingKey,
    ) -> Result<Self, RequestError> {
        Ok(Self(match *declared {
            Declared::Unsigned => Kind::Unsigned,
            Declared::Digest(declared) => Kind::Digest { declared, hashing: Hashing::new(DigestAlgorithm::Sha256) },
            Declared::Streaming { signed, trailer, decoded_length } => {
                let signing = signed.then(|| ChunkSigning::new(authorization, key.clone()));
                let announced = if trailer { announced_trailers(head)? } else { Vec::new() };
                Kind::Chunked(Box::new(Chunked::new(signing, announced, decoded_length)))
            }
        }))
    }

    /// How many bytes a body in chunks carries, as its head announces; nothing for other bodies, whose length HTTP knows.
    #[must_use]
    pub fn decoded_length(&self) -> Option<u64> {
        match &self.0 {
            Kind::Unsigned | Kind::Digest { .. } => None,
            Kind::Chunked(chunked) => Some(chunked.expected()),
        }
    }

    /// Takes in the next bytes as received, and appends the bytes they carry to `decoded`.
    ///
    /// # Errors
    /// [`RequestError::Chunk`] and [`RequestError::ChunkSignature`] for a body in chunks.
    pub fn feed(&mut self, received: &[u8], decoded: &mut Vec<u8>) -> Result<(), RequestError> {
        match &mut self.0 {
            Kind::Unsigned => decoded.extend_from_slice(received),
            Kind::Digest { hashing, .. } => {
                hashing.update(received);
                decoded.extend_from_slice(received);
            }
            Kind::Chunked(chunked) => chunked.feed(received, decoded)?,
        }
        Ok(())
    }

    /// Says that the body has ended, and gives its trailing headers.
    ///
    /// # Errors
    /// [`RequestError::PayloadDigest`] when the body is not the one that was signed; [`RequestError::Chunk`] when it ended
    /// too early.
    pub fn finish(self) -> Result<Vec<(String, String)>, RequestError> {
        match self.0 {
            Kind::Unsigned => Ok(Vec::new()),
            Kind::Digest { declared, hashing } => {
                verify_equal(hashing.finish().as_ref(), &declared).map_err(|_| RequestError::PayloadDigest)?;
                Ok(Vec::new())
            }
            Kind::Chunked(chunked) => chunked.finish(),
        }
    }

    /// Verifies a body that is here already, without copying it where it is not in chunks.
    pub(super) fn verify_whole(mut self, body: Vec<u8>) -> Result<(Vec<u8>, Trailers), RequestError> {
        match &mut self.0 {
            Kind::Unsigned => Ok((body, Vec::new())),
            Kind::Digest { hashing, .. } => {
                hashing.update(&body);
                let trailers = self.finish()?;
                Ok((body, trailers))
            }
            Kind::Chunked(chunked) => {
                let mut decoded = Vec::with_capacity(body.len());
                chunked.feed(&body, &mut decoded)?;
                Ok((decoded, self.finish()?))
            }
        }
    }
}

/// The names in `x-amz-trailer`, which is signed as every `x-amz-` header is.
fn announced_trailers(head: &SignedHead) -> Result<Vec<String>, RequestError> {
    let names = head.headers().single("x-amz-trailer")?.unwrap_or_default();
    Ok(names.split(',').map(|name| name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty()).collect())
}
