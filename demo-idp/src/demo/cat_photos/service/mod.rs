//! The S3 operations of the bucket, for the `s3s` protocol layer.
//!
//! Every operation holds itself to the request's `Permit` before anything else.

mod answer;
mod ask;
mod objects;
mod uploads;

use std::sync::Arc;

use s3s::dto::*;
use s3s::{S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result};

use super::bucket::{Bucket as Photos, NAME};
use super::operation::Operation;
use super::permit::Permit;

/// The bucket as an S3 service.
#[derive(Clone, Debug)]
pub(super) struct PhotoService {
    bucket: Arc<Photos>,
    /// The bucket's policy document, as GetBucketPolicy gives it back.
    policy: Arc<str>,
}

impl PhotoService {
    pub(super) const fn new(bucket: Arc<Photos>, policy: Arc<str>) -> Self {
        Self { bucket, policy }
    }
}

/// Holds a request about an object against its permit.
fn about_object<T>(request: &S3Request<T>, operation: Operation, bucket: &str, key: &str) -> S3Result<Permit> {
    Permit::verify(request, operation, Some(bucket), Some(key), None)
}

/// Holds a request about the bucket against its permit.
fn about_bucket<T>(request: &S3Request<T>, operation: Operation, bucket: &str) -> S3Result<Permit> {
    Permit::verify(request, operation, Some(bucket), None, None)
}

#[async_trait::async_trait]
impl S3 for PhotoService {
    async fn list_buckets(&self, req: S3Request<ListBucketsInput>) -> S3Result<S3Response<ListBucketsOutput>> {
        Permit::verify(&req, Operation::ListBuckets, None, None, None)?;
        let named = req.input.prefix.is_none_or(|prefix| NAME.starts_with(&prefix));
        let only = Bucket {
            name: Some(NAME.to_owned()),
            creation_date: Some(answer::timestamp(self.bucket.created())),
            ..Bucket::default()
        };
        Ok(S3Response::new(ListBucketsOutput {
            buckets: Some(named.then_some(only).into_iter().collect()),
            ..ListBucketsOutput::default()
        }))
    }

    async fn head_bucket(&self, req: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        about_bucket(&req, Operation::HeadBucket, &req.input.bucket)?;
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    async fn get_bucket_location(
        &self,
        req: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        about_bucket(&req, Operation::GetBucketLocation, &req.input.bucket)?;
        // No constraint means us-east-1, where clients without a region look.
        Ok(S3Response::new(GetBucketLocationOutput::default()))
    }

    async fn get_bucket_policy(
        &self,
        req: S3Request<GetBucketPolicyInput>,
    ) -> S3Result<S3Response<GetBucketPolicyOutput>> {
        about_bucket(&req, Operation::GetBucketPolicy, &req.input.bucket)?;
        Ok(S3Response::new(GetBucketPolicyOutput { policy: Some(self.policy.to_string()) }))
    }

    async fn list_objects(&self, req: S3Request<ListObjectsInput>) -> S3Result<S3Response<ListObjectsOutput>> {
        about_bucket(&req, Operation::ListObjects, &req.input.bucket)?;
        let query = ask::listing_v1(&req.input)?;
        let listing = self.bucket.list(&query);
        Ok(S3Response::new(answer::listing_v1(req.input, &listing)))
    }

    async fn list_objects_v2(&self, req: S3Request<ListObjectsV2Input>) -> S3Result<S3Response<ListObjectsV2Output>> {
        about_bucket(&req, Operation::ListObjectsV2, &req.input.bucket)?;
        let query = ask::listing_v2(&req.input)?;
        let listing = self.bucket.list(&query);
        Ok(S3Response::new(answer::listing_v2(req.input, &listing)))
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        about_object(&req, Operation::GetObject, &req.input.bucket, &req.input.key)?;
        objects::get(&self.bucket, &req.input)
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        about_object(&req, Operation::HeadObject, &req.input.bucket, &req.input.key)?;
        objects::head(&self.bucket, &req.input)
    }

    async fn put_object(&self, req: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        about_object(&req, Operation::PutObject, &req.input.bucket, &req.input.key)?;
        objects::put(&self.bucket, req.input).await
    }

    async fn copy_object(&self, req: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        let CopySource::Bucket { bucket, key, version_id: None } = &req.input.copy_source else {
            return Err(S3Error::with_message(S3ErrorCode::NotImplemented, "Copy from an object of the bucket."));
        };
        if **bucket != *NAME {
            return Err(S3Error::with_message(S3ErrorCode::NoSuchBucket, "The specified bucket does not exist."));
        }
        let (to, source) = (Some(req.input.bucket.as_str()), Some(&**key));
        Permit::verify(&req, Operation::CopyObject, to, Some(&req.input.key), source)?;
        objects::copy(&self.bucket, key, &req.input)
    }

    async fn delete_object(&self, req: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        about_object(&req, Operation::DeleteObject, &req.input.bucket, &req.input.key)?;
        self.bucket.delete(&req.input.key);
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(&self, req: S3Request<DeleteObjectsInput>) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let permit = about_bucket(&req, Operation::DeleteObjects, &req.input.bucket)?;
        objects::delete_many(&self.bucket, &permit, req.input.delete)
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        about_object(&req, Operation::CreateMultipartUpload, &req.input.bucket, &req.input.key)?;
        uploads::create(&self.bucket, req.input)
    }

    async fn upload_part(&self, req: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        about_object(&req, Operation::UploadPart, &req.input.bucket, &req.input.key)?;
        uploads::put_part(&self.bucket, req.input).await
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        about_object(&req, Operation::CompleteMultipartUpload, &req.input.bucket, &req.input.key)?;
        uploads::complete(&self.bucket, req.input)
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        about_object(&req, Operation::AbortMultipartUpload, &req.input.bucket, &req.input.key)?;
        self.bucket.abort_upload(&req.input.key, &req.input.upload_id).map_err(answer::refusal)?;
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }
}
