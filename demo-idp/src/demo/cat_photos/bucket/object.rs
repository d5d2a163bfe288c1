//! One object: its bytes, what was said of them when they came, and the digests they are known by.

use std::collections::BTreeMap;

use axum::body::Bytes;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use daypass::crypto::hex;
use daypass::time::Timestamp;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};

use super::BucketError;

/// What the uploader said of an object, given back with it unread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// `Content-Disposition`.
    pub content_disposition: Option<String>,
    /// `Content-Encoding`.
    pub content_encoding: Option<String>,
    /// `Content-Language`.
    pub content_language: Option<String>,
    /// `x-amz-meta-*`.
    pub metadata: BTreeMap<String, String>,
}

impl Attributes {
    /// Attributes that say nothing but the media type.
    #[must_use]
    pub fn of_type(content_type: &str) -> Self {
        Self { content_type: Some(content_type.to_owned()), ..Self::default() }
    }
}

/// The checksums an uploader sent, each in base64 as its header carries it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checksums {
    /// `Content-MD5`; held against the content, not kept.
    pub md5: Option<String>,
    /// `x-amz-checksum-crc32`.
    pub crc32: Option<String>,
    /// `x-amz-checksum-crc32c`.
    pub crc32c: Option<String>,
    /// `x-amz-checksum-crc64nvme`.
    pub crc64nvme: Option<String>,
    /// `x-amz-checksum-sha1`.
    pub sha1: Option<String>,
    /// `x-amz-checksum-sha256`.
    pub sha256: Option<String>,
}

impl Checksums {
    /// Holds `body` against every checksum that was sent.
    pub(super) fn verify(&self, body: &[u8]) -> Result<(), BucketError> {
        verify::<Md5>(self.md5.as_deref(), body)?;
        verify::<Crc32>(self.crc32.as_deref(), body)?;
        verify::<Crc32c>(self.crc32c.as_deref(), body)?;
        verify::<Crc64Nvme>(self.crc64nvme.as_deref(), body)?;
        verify::<Sha1>(self.sha1.as_deref(), body)?;
        verify::<Sha256>(self.sha256.as_deref(), body)
    }
}

fn verify<C: s3s::crypto::Checksum>(sent: Option<&str>, body: &[u8]) -> Result<(), BucketError> {
    let Some(sent) = sent else { return Ok(()) };
    if STANDARD.encode(C::checksum(body)) == sent { Ok(()) } else { Err(BucketError::BadDigest) }
}

/// An entity tag condition on what is already under the key (RFC 9110, 13.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// None.
    #[default]
    Always,
    /// `If-None-Match: *`: nothing may be there.
    Absent,
    /// `If-Match`: exactly this entity tag must be there.
    Is(String),
}

impl Condition {
    pub(super) fn verify(&self, before: Option<&str>) -> Result<(), BucketError> {
        let holds = match self {
            Self::Always => true,
            Self::Absent => before.is_none(),
            Self::Is(etag) => before == Some(etag.as_str()),
        };
        if holds { Ok(()) } else { Err(BucketError::PreconditionFailed) }
    }
}

/// One stored object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The content.
    pub body: Bytes,
    /// The entity tag without quotes: MD5 in hexadecimal, as S3 clients expect (MD5 guards nothing here).
    pub etag: String,
    /// When it was stored.
    pub last_modified: Timestamp,
    /// What its uploader said of it.
    pub attributes: Attributes,
    /// The checksums it came with.
    pub checksums: Checksums,
}

impl Object {
    pub(super) fn new(body: Bytes, attributes: Attributes, checksums: Checksums, now: Timestamp) -> Self {
        Self {
            etag: md5_hex(&body),
            body,
            // HTTP dates carry whole seconds; a fraction would make If-Modified-Since lie.
            last_modified: now.whole_seconds(),
            attributes,
            checksums,
        }
    }
}

pub(super) fn md5_hex(body: &[u8]) -> String {
    hex(&Md5::checksum(body))
}

/// The entity tag of an object put together from parts: MD5 of the parts' MD5s, and how many there were.
pub(super) fn multipart_etag<'a>(parts: impl ExactSizeIterator<Item = &'a Bytes>) -> String {
    let count = parts.len();
    let mut all = Md5::new();
    for part in parts {
        all.update(&Md5::checksum(part));
    }
    format!("{}-{count}", hex(&all.finalize()))
}
