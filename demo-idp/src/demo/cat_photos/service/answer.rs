//! What the bucket gives, in the words of S3.

use axum::http::StatusCode;
use daypass::time::Timestamp as Instant;
use s3s::dto::{
    CommonPrefix, ETag, EncodingType, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output,
    Object as S3Object, ObjectStorageClass, Timestamp,
};
use s3s::{S3Error, S3ErrorCode};
use time::OffsetDateTime;

use super::super::bucket::{BucketError, Entry, Listing};
use super::ask::continuation;

pub(super) fn timestamp(instant: Instant) -> Timestamp {
    // Instants stay inside what `time` can hold, so the fallback is never taken.
    OffsetDateTime::from_unix_timestamp(instant.unix_seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH).into()
}

pub(super) fn etag(value: &str) -> ETag {
    ETag::Strong(value.to_owned())
}

/// A length in bytes; bounded by the bucket, so the fallback is never taken.
pub(super) fn length(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// The S3 error for what the bucket refused.
pub(super) fn refusal(refused: BucketError) -> S3Error {
    let (code, status) = match &refused {
        BucketError::NoSuchKey => (S3ErrorCode::NoSuchKey, None),
        BucketError::NoSuchUpload => (S3ErrorCode::NoSuchUpload, None),
        BucketError::EntityTooLarge => (S3ErrorCode::EntityTooLarge, None),
        // A status that SDKs do not retry: waiting makes no room.
        BucketError::Full => (S3ErrorCode::Custom("BucketFull".into()), Some(StatusCode::INSUFFICIENT_STORAGE)),
        BucketError::PreconditionFailed => (S3ErrorCode::PreconditionFailed, None),
        BucketError::BadDigest => (S3ErrorCode::BadDigest, None),
        BucketError::InvalidPart => (S3ErrorCode::InvalidPart, None),
        BucketError::InvalidPartOrder => (S3ErrorCode::InvalidPartOrder, None),
        BucketError::PartNumber => (S3ErrorCode::InvalidArgument, None),
        BucketError::Randomness => (S3ErrorCode::InternalError, None),
    };
    let mut error = S3Error::with_message(code, refused.to_string());
    if let Some(status) = status {
        error.set_status_code(status);
    }
    error
}

pub(super) fn listing_v1(input: ListObjectsInput, listing: &Listing) -> ListObjectsOutput {
    let encoded = Encoded::asked(input.encoding_type.as_ref());
    let (contents, common_prefixes) = encoded.entries(listing);
    ListObjectsOutput {
        name: Some(input.bucket),
        is_truncated: Some(listing.next.is_some()),
        // As in S3, a listing without a delimiter goes on after its last key and names no marker.
        next_marker: input.delimiter.as_ref().and(listing.next.as_deref()).map(|next| encoded.name(next)),
        marker: Some(encoded.name(input.marker.as_deref().unwrap_or_default())),
        max_keys: input.max_keys.or(Some(1000)),
        prefix: Some(encoded.name(input.prefix.as_deref().unwrap_or_default())),
        delimiter: input.delimiter.as_deref().map(|text| encoded.name(text)),
        encoding_type: input.encoding_type,
        contents: Some(contents),
        common_prefixes: Some(common_prefixes),
        ..ListObjectsOutput::default()
    }
}

pub(super) fn listing_v2(input: ListObjectsV2Input, listing: &Listing) -> ListObjectsV2Output {
    let encoded = Encoded::asked(input.encoding_type.as_ref());
    let (contents, common_prefixes) = encoded.entries(listing);
    ListObjectsV2Output {
        name: Some(input.bucket),
        is_truncated: Some(listing.next.is_some()),
        next_continuation_token: listing.next.as_deref().map(continuation),
        continuation_token: input.continuation_token,
        key_count: i32::try_from(listing.entries.len()).ok(),
        max_keys: input.max_keys.or(Some(1000)),
        prefix: Some(encoded.name(input.prefix.as_deref().unwrap_or_default())),
        delimiter: input.delimiter.as_deref().map(|text| encoded.name(text)),
        start_after: input.start_after.as_deref().map(|text| encoded.name(text)),
        encoding_type: input.encoding_type,
        contents: Some(contents),
        common_prefixes: Some(common_prefixes),
        ..ListObjectsV2Output::default()
    }
}

/// Whether names in a listing are percent-encoded, as clients ask so that any key fits into XML.
#[derive(Clone, Copy)]
struct Encoded(bool);

impl Encoded {
    fn asked(encoding_type: Option<&EncodingType>) -> Self {
        Self(encoding_type.is_some_and(|given| given.as_str() == EncodingType::URL))
    }

    fn name(self, text: &str) -> String {
        if !self.0 {
            return text.to_owned();
        }
        let mut encoded = String::with_capacity(text.len());
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
                encoded.push(char::from(byte));
            } else {
                encoded.push_str(&format!("%{byte:02X}"));
            }
        }
        encoded
    }

    fn entries(self, listing: &Listing) -> (Vec<S3Object>, Vec<CommonPrefix>) {
        let (mut contents, mut common_prefixes) = (Vec::new(), Vec::new());
        for entry in &listing.entries {
            let name = Some(self.name(entry.name()));
            match entry {
                Entry::CommonPrefix(_) => common_prefixes.push(CommonPrefix { prefix: name }),
                Entry::Object(_, object) => contents.push(S3Object {
                    key: name,
                    e_tag: Some(etag(&object.etag)),
                    size: Some(length(object.body.len())),
                    last_modified: Some(timestamp(object.last_modified)),
                    storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
                    ..S3Object::default()
                }),
            }
        }
        (contents, common_prefixes)
    }
}
