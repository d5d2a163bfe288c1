//! What clients send, in the bucket's words.

use axum::body::Bytes;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::StreamExt;
use s3s::dto::{ETag, ETagCondition, ListObjectsInput, ListObjectsV2Input, Metadata, StreamingBlob};
use s3s::{S3Error, S3ErrorCode, S3Result};

use super::super::bucket::{BucketError, Condition, ListingQuery, OBJECT_LIMIT};
use super::answer::refusal;

/// The most entries S3 lists in one page.
const PAGE: usize = 1000;

pub(super) fn listing_v1(input: &ListObjectsInput) -> S3Result<ListingQuery> {
    Ok(ListingQuery {
        prefix: input.prefix.clone().unwrap_or_default(),
        delimiter: input.delimiter.clone(),
        after: input.marker.clone(),
        limit: limit(input.max_keys)?,
    })
}

pub(super) fn listing_v2(input: &ListObjectsV2Input) -> S3Result<ListingQuery> {
    let resumed = input.continuation_token.as_deref().map(read_continuation).transpose()?;
    Ok(ListingQuery {
        prefix: input.prefix.clone().unwrap_or_default(),
        delimiter: input.delimiter.clone(),
        after: resumed.or_else(|| input.start_after.clone()),
        limit: limit(input.max_keys)?,
    })
}

fn limit(max_keys: Option<i32>) -> S3Result<usize> {
    let Some(given) = max_keys else { return Ok(PAGE) };
    let given = usize::try_from(given)
        .map_err(|_| S3Error::with_message(S3ErrorCode::InvalidArgument, "max-keys must not be negative."))?;
    Ok(given.min(PAGE))
}

/// A continuation token says where the next page begins; opaque to clients, who must not build one of their own.
pub(super) fn continuation(after: &str) -> String {
    URL_SAFE_NO_PAD.encode(after)
}

fn read_continuation(token: &str) -> S3Result<String> {
    let refused =
        || S3Error::with_message(S3ErrorCode::InvalidArgument, "The continuation token provided is incorrect.");
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| refused())?;
    String::from_utf8(bytes).map_err(|_| refused())
}

/// Reads a body, which `guard` has bounded already, and bounds it again.
pub(super) async fn body(blob: Option<StreamingBlob>) -> S3Result<Bytes> {
    let Some(mut blob) = blob else { return Ok(Bytes::new()) };
    let mut whole: Vec<u8> = Vec::new();
    while let Some(chunk) = blob.next().await {
        let chunk =
            chunk.map_err(|_| S3Error::with_message(S3ErrorCode::IncompleteBody, "The body ended too early."))?;
        if whole.len().saturating_add(chunk.len()) > OBJECT_LIMIT {
            return Err(refusal(BucketError::EntityTooLarge));
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(Bytes::from(whole))
}

pub(super) fn condition(if_match: Option<ETagCondition>, if_none_match: Option<&ETagCondition>) -> S3Result<Condition> {
    match (if_match, if_none_match) {
        (None, None) => Ok(Condition::Always),
        (None, Some(ETagCondition::Any)) => Ok(Condition::Absent),
        (Some(ETagCondition::ETag(etag)), None) => Ok(Condition::Is(etag.into_value())),
        // S3 answers the other combinations of a write the same way.
        _ => {
            let message = "Write with If-None-Match: * or with If-Match and one entity tag.";
            Err(S3Error::with_message(S3ErrorCode::NotImplemented, message))
        }
    }
}

/// Whether a read is conditional on an entity tag, and that fails (RFC 9110, 13.1.1 and 13.1.2).
pub(super) fn read_condition(
    etag: &str,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> S3Result<()> {
    let is = |condition: &ETagCondition| match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(given) => given.weak_cmp(&ETag::Strong(etag.to_owned())),
    };
    if if_match.is_some_and(|condition| !is(condition)) {
        return Err(refusal(BucketError::PreconditionFailed));
    }
    if if_none_match.is_some_and(is) {
        return Err(S3Error::new(S3ErrorCode::NotModified));
    }
    Ok(())
}

/// The pieces of `Attributes` that every write carries under the same names.
macro_rules! attributes {
    ($input:expr) => {
        $crate::demo::cat_photos::bucket::Attributes {
            content_type: $input.content_type.clone(),
            cache_control: $input.cache_control.clone(),
            content_disposition: $input.content_disposition.clone(),
            content_encoding: $input.content_encoding.clone(),
            content_language: $input.content_language.clone(),
            metadata: $crate::demo::cat_photos::service::ask::metadata($input.metadata.as_ref())?,
        }
    };
}

/// The checksums that every upload carries under the same names.
macro_rules! checksums {
    ($input:expr) => {
        $crate::demo::cat_photos::bucket::Checksums {
            md5: $input.content_md5.clone(),
            crc32: $input.checksum_crc32.clone(),
            crc32c: $input.checksum_crc32c.clone(),
            crc64nvme: $input.checksum_crc64nvme.clone(),
            sha1: $input.checksum_sha1.clone(),
            sha256: $input.checksum_sha256.clone(),
        }
    };
}

pub(super) use {attributes, checksums};

/// User metadata, at most 2 KiB as S3 counts it: names and values.
pub(super) fn metadata(given: Option<&Metadata>) -> S3Result<std::collections::BTreeMap<String, String>> {
    let pairs = given.into_iter().flatten();
    let kept: std::collections::BTreeMap<_, _> = pairs.map(|(name, value)| (name.clone(), value.clone())).collect();
    let size: usize = kept.iter().map(|(name, value)| name.len().saturating_add(value.len())).sum();
    if size > 2048 {
        let message = "Your metadata headers exceed the maximum allowed metadata size, 2 KiB.";
        return Err(S3Error::with_message(S3ErrorCode::MetadataTooLarge, message));
    }
    Ok(kept)
}
