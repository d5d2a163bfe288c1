//! Uploads in parts.

use s3s::dto::*;
use s3s::{S3Error, S3ErrorCode, S3Response, S3Result};

use super::super::bucket::{Bucket as Photos, CompletedPart as Named, NAME};
use super::answer::{etag, refusal};
use super::ask::{self, attributes, checksums};

pub(super) fn create(
    bucket: &Photos,
    input: CreateMultipartUploadInput,
) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
    let upload_id = bucket.begin_upload(&input.key, attributes!(input)).map_err(refusal)?;
    Ok(S3Response::new(CreateMultipartUploadOutput {
        bucket: Some(NAME.to_owned()),
        key: Some(input.key),
        upload_id: Some(upload_id),
        checksum_algorithm: input.checksum_algorithm,
        ..CreateMultipartUploadOutput::default()
    }))
}

pub(super) async fn put_part(bucket: &Photos, input: UploadPartInput) -> S3Result<S3Response<UploadPartOutput>> {
    let checksums = checksums!(input);
    let body = ask::body(input.body).await?;
    let part = bucket.put_part(&input.key, &input.upload_id, input.part_number, body, &checksums).map_err(refusal)?;
    Ok(S3Response::new(UploadPartOutput {
        e_tag: Some(etag(&part.etag)),
        checksum_crc32: checksums.crc32,
        checksum_crc32c: checksums.crc32c,
        checksum_crc64nvme: checksums.crc64nvme,
        checksum_sha1: checksums.sha1,
        checksum_sha256: checksums.sha256,
        ..UploadPartOutput::default()
    }))
}

pub(super) fn complete(
    bucket: &Photos,
    input: CompleteMultipartUploadInput,
) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
    let condition = ask::condition(input.if_match, input.if_none_match.as_ref())?;
    let parts: Vec<Named> = input
        .multipart_upload
        .and_then(|upload| upload.parts)
        .unwrap_or_default()
        .into_iter()
        .map(named)
        .collect::<S3Result<_>>()?;
    let stored = bucket.complete_upload(&input.key, &input.upload_id, &parts, &condition).map_err(refusal)?;
    Ok(S3Response::new(CompleteMultipartUploadOutput {
        bucket: Some(NAME.to_owned()),
        location: Some(format!("/{NAME}/{}", input.key)),
        key: Some(input.key),
        e_tag: Some(etag(&stored.etag)),
        ..CompleteMultipartUploadOutput::default()
    }))
}

fn named(part: CompletedPart) -> S3Result<Named> {
    match (part.part_number, part.e_tag) {
        (Some(number), Some(etag)) => Ok(Named { number, etag: etag.into_value() }),
        _ => {
            let message = "Each part needs its PartNumber and its ETag.";
            Err(S3Error::with_message(S3ErrorCode::MalformedXML, message))
        }
    }
}
