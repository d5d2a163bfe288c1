//! Reading, writing, copying and deleting objects.

use std::sync::Arc;

use s3s::dto::*;
use s3s::{S3Error, S3ErrorCode, S3Response, S3Result};

use super::super::bucket::{Bucket as Photos, Checksums, Condition, Object as Stored};
use super::super::permit::Permit;
use super::answer::{etag, length, refusal, timestamp};
use super::ask::{self, attributes, checksums};

/// The fields that GetObject and HeadObject answer under the same names.
macro_rules! described {
    ($output:ident, $stored:expr, $with_checksums:expr, { $($more:tt)* }) => {{
        let stored: &Stored = $stored;
        let attributes = stored.attributes.clone();
        let sums = if $with_checksums { stored.checksums.clone() } else { Checksums::default() };
        $output {
            accept_ranges: Some("bytes".to_owned()),
            e_tag: Some(etag(&stored.etag)),
            last_modified: Some(timestamp(stored.last_modified)),
            content_type: attributes.content_type.or_else(|| Some("binary/octet-stream".to_owned())),
            cache_control: attributes.cache_control,
            content_disposition: attributes.content_disposition,
            content_encoding: attributes.content_encoding,
            content_language: attributes.content_language,
            metadata: Some(attributes.metadata.into_iter().collect()),
            checksum_crc32: sums.crc32,
            checksum_crc32c: sums.crc32c,
            checksum_crc64nvme: sums.crc64nvme,
            checksum_sha1: sums.sha1,
            checksum_sha256: sums.sha256,
            $($more)*
            ..$output::default()
        }
    }};
}

pub(super) fn get(bucket: &Photos, input: &GetObjectInput) -> S3Result<S3Response<GetObjectOutput>> {
    let stored = bucket.object(&input.key).map_err(refusal)?;
    ask::read_condition(&stored.etag, input.if_match.as_ref(), input.if_none_match.as_ref())?;
    let part = slice(&stored, input.range)?;
    let whole = part.content_range.is_none();
    // A checksum of the whole says nothing of a part of it.
    let with_checksums = whole && asked(input.checksum_mode.as_ref());
    let body = s3s::Body::from(stored.body.slice(part.first..part.end));
    Ok(S3Response::new(described!(GetObjectOutput, &stored, with_checksums, {
        content_length: Some(length(part.end.saturating_sub(part.first))),
        content_range: part.content_range,
        body: Some(StreamingBlob::from(body)),
    })))
}

pub(super) fn head(bucket: &Photos, input: &HeadObjectInput) -> S3Result<S3Response<HeadObjectOutput>> {
    let stored = bucket.object(&input.key).map_err(refusal)?;
    ask::read_condition(&stored.etag, input.if_match.as_ref(), input.if_none_match.as_ref())?;
    let part = slice(&stored, input.range)?;
    let with_checksums = part.content_range.is_none() && asked(input.checksum_mode.as_ref());
    Ok(S3Response::new(described!(HeadObjectOutput, &stored, with_checksums, {
        content_length: Some(length(part.end.saturating_sub(part.first))),
        content_range: part.content_range,
    })))
}

fn asked(mode: Option<&ChecksumMode>) -> bool {
    mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED)
}

struct Slice {
    first: usize,
    end: usize,
    content_range: Option<String>,
}

fn slice(stored: &Stored, range: Option<Range>) -> S3Result<Slice> {
    let size = stored.body.len();
    let Some(range) = range else {
        return Ok(Slice { first: 0, end: size, content_range: None });
    };
    let full = u64::try_from(size).unwrap_or(u64::MAX);
    let unsatisfiable = || S3Error::with_message(S3ErrorCode::InvalidRange, "The requested range is not satisfiable.");
    let wanted = range.check(full).map_err(|_| unsatisfiable())?;
    let within = |position: u64| usize::try_from(position).unwrap_or(size).min(size);
    let last = wanted.end.saturating_sub(1);
    Ok(Slice {
        first: within(wanted.start),
        end: within(wanted.end),
        content_range: Some(format!("bytes {}-{last}/{size}", wanted.start)),
    })
}

pub(super) async fn put(bucket: &Photos, input: PutObjectInput) -> S3Result<S3Response<PutObjectOutput>> {
    let condition = ask::condition(input.if_match.clone(), input.if_none_match.as_ref())?;
    let (attributes, checksums) = (attributes!(input), checksums!(input));
    let body = ask::body(input.body).await?;
    let stored = bucket.put(&input.key, body, attributes, checksums, &condition).map_err(refusal)?;
    let sums = stored.checksums.clone();
    Ok(S3Response::new(PutObjectOutput {
        e_tag: Some(etag(&stored.etag)),
        checksum_crc32: sums.crc32,
        checksum_crc32c: sums.crc32c,
        checksum_crc64nvme: sums.crc64nvme,
        checksum_sha1: sums.sha1,
        checksum_sha256: sums.sha256,
        ..PutObjectOutput::default()
    }))
}

pub(super) fn copy(bucket: &Photos, source: &str, input: &CopyObjectInput) -> S3Result<S3Response<CopyObjectOutput>> {
    let from: Arc<Stored> = bucket.object(source).map_err(refusal)?;
    let replaces =
        input.metadata_directive.as_ref().is_some_and(|directive| directive.as_str() == MetadataDirective::REPLACE);
    if source == input.key && !replaces {
        return Err(S3Error::with_message(
            S3ErrorCode::InvalidRequest,
            "This copy request is illegal because it is trying to copy an object to itself without changing its metadata.",
        ));
    }
    let attributes = if replaces { attributes!(input) } else { from.attributes.clone() };
    let checksums = from.checksums.clone();
    let stored =
        bucket.put(&input.key, from.body.clone(), attributes, checksums, &Condition::Always).map_err(refusal)?;
    Ok(S3Response::new(CopyObjectOutput {
        copy_object_result: Some(CopyObjectResult {
            e_tag: Some(etag(&stored.etag)),
            last_modified: Some(timestamp(stored.last_modified)),
            ..CopyObjectResult::default()
        }),
        ..CopyObjectOutput::default()
    }))
}

/// Deletes what may be deleted and says of each other key why not: one refused key does not save the rest.
pub(super) fn delete_many(
    bucket: &Photos,
    permit: &Permit,
    delete: Delete,
) -> S3Result<S3Response<DeleteObjectsOutput>> {
    // The limit of S3 for one request.
    if delete.objects.len() > 1000 {
        let message = "A request deletes at most 1,000 objects.";
        return Err(S3Error::with_message(S3ErrorCode::MalformedXML, message));
    }
    let quiet = delete.quiet.unwrap_or(false);
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for ObjectIdentifier { key, version_id, .. } in delete.objects {
        let decided = match version_id {
            None => permit.may_delete(&key).map_err(|why| ("AccessDenied", why)),
            Some(_) => Err(("NotImplemented", "This bucket keeps no versions.".to_owned())),
        };
        match decided {
            Ok(()) => {
                bucket.delete(&key);
                if !quiet {
                    deleted.push(DeletedObject { key: Some(key), ..DeletedObject::default() });
                }
            }
            Err((code, message)) => errors.push(Error {
                code: Some(code.to_owned()),
                message: Some(message),
                key: Some(key),
                ..Error::default()
            }),
        }
    }
    Ok(S3Response::new(DeleteObjectsOutput {
        deleted: Some(deleted),
        errors: Some(errors),
        ..DeleteObjectsOutput::default()
    }))
}
