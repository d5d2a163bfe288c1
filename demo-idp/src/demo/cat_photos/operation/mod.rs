//! Which S3 operation a request asks for, and what it must be allowed: one row per operation.
//!
//! A request that fits no row is refused, and so is one with a query parameter its row does not name: `GET` of an object
//! with `?acl` is another operation, and reading it as `GetObject` would decide the wrong question.

use axum::http::{HeaderMap, Method};
use s3s::path::{S3Path, parse_path_style};

use super::bucket::NAME;

/// The operations of S3 that the demonstration serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// `GET /`.
    ListBuckets,
    /// `HEAD /bucket`.
    HeadBucket,
    /// `GET /bucket?location`.
    GetBucketLocation,
    /// `GET /bucket?policy`.
    GetBucketPolicy,
    /// `GET /bucket`.
    ListObjects,
    /// `GET /bucket?list-type=2`.
    ListObjectsV2,
    /// `POST /bucket?delete`.
    DeleteObjects,
    /// `GET /bucket/key`.
    GetObject,
    /// `HEAD /bucket/key`.
    HeadObject,
    /// `PUT /bucket/key`.
    PutObject,
    /// `PUT /bucket/key` with `x-amz-copy-source`.
    CopyObject,
    /// `DELETE /bucket/key`.
    DeleteObject,
    /// `POST /bucket/key?uploads`.
    CreateMultipartUpload,
    /// `PUT /bucket/key?partNumber&uploadId`.
    UploadPart,
    /// `POST /bucket/key?uploadId`.
    CompleteMultipartUpload,
    /// `DELETE /bucket/key?uploadId`.
    AbortMultipartUpload,
}

/// On what a row's operation works, which is also the resource its action is decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Service,
    Bucket,
    Object,
}

struct Row {
    operation: Operation,
    method: Method,
    level: Level,
    /// Query parameters that make it this operation.
    required: &'static [&'static str],
    /// Query parameters it may have besides.
    optional: &'static [&'static str],
    /// What the caller must be allowed to do.
    action: &'static str,
}

const fn row(
    operation: Operation,
    method: Method,
    level: Level,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    action: &'static str,
) -> Row {
    Row { operation, method, level, required, optional, action }
}

const LISTING_V1: &[&str] = &["prefix", "delimiter", "marker", "max-keys", "encoding-type"];
const LISTING_V2: &[&str] =
    &["prefix", "delimiter", "continuation-token", "start-after", "max-keys", "fetch-owner", "encoding-type"];
const RESPONSE_HEADERS: &[&str] = &[
    "response-content-type",
    "response-content-language",
    "response-expires",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
];
const BUCKETS: &[&str] = &["prefix", "max-buckets", "bucket-region", "continuation-token"];

/// The actions are those the Service Authorization Reference gives for each operation.
#[rustfmt::skip]
static TABLE: [Row; 16] = {
    use Level::{Bucket, Object, Service};
    use Operation as Op;
    [
        row(Op::ListBuckets,             Method::GET,    Service, &[],                         BUCKETS,          "s3:ListAllMyBuckets"),
        row(Op::HeadBucket,              Method::HEAD,   Bucket,  &[],                         &[],              "s3:ListBucket"),
        row(Op::GetBucketLocation,       Method::GET,    Bucket,  &["location"],               &[],              "s3:GetBucketLocation"),
        row(Op::GetBucketPolicy,         Method::GET,    Bucket,  &["policy"],                 &[],              "s3:GetBucketPolicy"),
        row(Op::ListObjects,             Method::GET,    Bucket,  &[],                         LISTING_V1,       "s3:ListBucket"),
        row(Op::ListObjectsV2,           Method::GET,    Bucket,  &["list-type"],              LISTING_V2,       "s3:ListBucket"),
        row(Op::DeleteObjects,           Method::POST,   Bucket,  &["delete"],                 &[],              "s3:DeleteObject"),
        row(Op::GetObject,               Method::GET,    Object,  &[],                         RESPONSE_HEADERS, "s3:GetObject"),
        row(Op::HeadObject,              Method::HEAD,   Object,  &[],                         RESPONSE_HEADERS, "s3:GetObject"),
        row(Op::PutObject,               Method::PUT,    Object,  &[],                         &[],              "s3:PutObject"),
        row(Op::CopyObject,              Method::PUT,    Object,  &[],                         &[],              "s3:PutObject"),
        row(Op::DeleteObject,            Method::DELETE, Object,  &[],                         &[],              "s3:DeleteObject"),
        row(Op::CreateMultipartUpload,   Method::POST,   Object,  &["uploads"],                &[],              "s3:PutObject"),
        row(Op::UploadPart,              Method::PUT,    Object,  &["partNumber", "uploadId"], &[],              "s3:PutObject"),
        row(Op::CompleteMultipartUpload, Method::POST,   Object,  &["uploadId"],               &[],              "s3:PutObject"),
        row(Op::AbortMultipartUpload,    Method::DELETE, Object,  &["uploadId"],               &[],              "s3:AbortMultipartUpload"),
    ]
};

/// Headers that ask for what this bucket cannot do; to leave them unread would store less than was asked for.
const UNSUPPORTED_HEADERS: [&str; 6] = [
    "x-amz-acl",
    "x-amz-grant-",
    "x-amz-tagging",
    "x-amz-object-lock-",
    "x-amz-server-side-encryption-customer-",
    "x-amz-website-redirect-location",
];

/// Why a request is no operation of this service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OperationError {
    /// The path is not UTF-8 in percent-encoding, or no bucket and key.
    #[error("Couldn't parse the specified URI.")]
    InvalidUri,
    /// The key is longer than 1,024 bytes.
    #[error("Your key is too long.")]
    KeyTooLong,
    /// There is one bucket, and it is not this one.
    #[error("The specified bucket does not exist.")]
    NoSuchBucket,
    /// No row of the table fits.
    #[error("This service does not implement the requested operation.")]
    NotImplemented,
    /// `x-amz-copy-source` does not name an object of this bucket.
    #[error("Copy Source must mention the source bucket and key: sourcebucket/sourcekey.")]
    CopySource,
}

impl OperationError {
    /// The code of the S3 error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InvalidUri => "InvalidURI",
            Self::KeyTooLong => "KeyTooLongError",
            Self::NoSuchBucket => "NoSuchBucket",
            Self::NotImplemented => "NotImplemented",
            Self::CopySource => "InvalidArgument",
        }
    }
}

/// One question to be decided: may the caller do this?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The action, such as `s3:GetObject`.
    pub action: &'static str,
    /// The ARN of the resource it is done to.
    pub resource: String,
    /// Condition keys that S3 derives from the request.
    pub keys: Vec<(&'static str, String)>,
}

impl Demand {
    /// A demand to do `action` to the object under `key`.
    #[must_use]
    pub fn on_object(action: &'static str, key: &str) -> Self {
        Self { action, resource: format!("arn:aws:s3:::{NAME}/{key}"), keys: Vec::new() }
    }

    /// A demand to do `action` to the bucket.
    #[must_use]
    pub fn on_bucket(action: &'static str) -> Self {
        Self { action, resource: format!("arn:aws:s3:::{NAME}"), keys: Vec::new() }
    }
}

/// What a request asks for, read from its first lines alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The operation.
    pub operation: Operation,
    /// The key it is about, if it is about one.
    pub key: Option<String>,
    /// The key it copies from, if it copies.
    pub source: Option<String>,
    /// Everything that must be allowed before it is done; empty for [`Operation::DeleteObjects`], whose keys are in the
    /// body and are decided one by one.
    pub demands: Vec<Demand>,
}

impl Wanted {
    /// Reads what is wanted. `query` holds decoded pairs without those of a presigned URL.
    ///
    /// # Errors
    /// [`OperationError`] when that is nothing this service does.
    pub fn parse(
        method: &Method,
        path: &str,
        query: &[(String, String)],
        headers: &HeaderMap,
    ) -> Result<Self, OperationError> {
        let (level, key) = place(path)?;
        let copies = headers.contains_key("x-amz-copy-source");
        let unsupported =
            headers.keys().any(|name| UNSUPPORTED_HEADERS.iter().any(|start| name.as_str().starts_with(start)));
        let row = TABLE
            .iter()
            .find(|row| !unsupported && row.fits(method, level, query, copies))
            .ok_or(OperationError::NotImplemented)?;
        let source = if copies { Some(copy_source(headers)?) } else { None };
        let demands = row.demands(key.as_deref(), source.as_deref(), query);
        Ok(Self { operation: row.operation, key, source, demands })
    }
}

impl Row {
    fn fits(&self, method: &Method, level: Level, query: &[(String, String)], copies: bool) -> bool {
        // Clients add x-id to name the operation they mean; S3 takes no notice of it.
        let named = |name: &str| name == "x-id" || self.required.contains(&name) || self.optional.contains(&name);
        let versions = |(name, value): &(String, String)| name != "list-type" || value == "2";
        self.method == *method
            && self.level == level
            && copies == (self.operation == Operation::CopyObject)
            && self.required.iter().all(|name| query.iter().any(|(given, _)| given == name))
            && query.iter().all(|(name, _)| named(name))
            && query.iter().all(versions)
            && !has_duplicates(query)
    }

    fn demands(&self, key: Option<&str>, source: Option<&str>, query: &[(String, String)]) -> Vec<Demand> {
        let on_key = |action| key.map(|key| Demand::on_object(action, key));
        match self.operation {
            Operation::DeleteObjects => Vec::new(),
            Operation::CopyObject => source
                .map(|source| Demand::on_object("s3:GetObject", source))
                .into_iter()
                .chain(on_key(self.action))
                .collect(),
            _ => match self.level {
                Level::Service => {
                    vec![Demand { action: self.action, resource: "arn:aws:s3:::*".to_owned(), keys: Vec::new() }]
                }
                Level::Bucket => vec![Demand { keys: listing_keys(query), ..Demand::on_bucket(self.action) }],
                Level::Object => on_key(self.action).into_iter().collect(),
            },
        }
    }
}

/// The condition keys of a listing, from the parameters that were given.
fn listing_keys(query: &[(String, String)]) -> Vec<(&'static str, String)> {
    [("prefix", "s3:prefix"), ("delimiter", "s3:delimiter"), ("max-keys", "s3:max-keys")]
        .into_iter()
        .filter_map(|(parameter, condition_key)| {
            let (_, value) = query.iter().find(|(name, _)| name == parameter)?;
            Some((condition_key, value.clone()))
        })
        .collect()
}

/// A parameter given twice could be read one way when it is decided and the other way when it is done.
fn has_duplicates(query: &[(String, String)]) -> bool {
    query
        .iter()
        .enumerate()
        .any(|(index, (name, _))| query.iter().skip(index.saturating_add(1)).any(|(other, _)| other == name))
}

fn place(path: &str) -> Result<(Level, Option<String>), OperationError> {
    let decoded = decode(path).ok_or(OperationError::InvalidUri)?;
    // The same reading of the path as the service behind, so that both mean the same key.
    match parse_path_style(&decoded) {
        Ok(S3Path::Root) => Ok((Level::Service, None)),
        Ok(S3Path::Bucket { bucket }) if *bucket == *NAME => Ok((Level::Bucket, None)),
        Ok(S3Path::Object { bucket, key }) if *bucket == *NAME => Ok((Level::Object, Some(key.into()))),
        Ok(_) => Err(OperationError::NoSuchBucket),
        Err(s3s::path::ParseS3PathError::KeyTooLong) => Err(OperationError::KeyTooLong),
        Err(_) => Err(OperationError::InvalidUri),
    }
}

fn copy_source(headers: &HeaderMap) -> Result<String, OperationError> {
    let mut values = headers.get_all("x-amz-copy-source").iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(OperationError::CopySource);
    };
    let text = value.to_str().map_err(|_| OperationError::CopySource)?;
    match s3s::dto::CopySource::parse(text) {
        Ok(s3s::dto::CopySource::Bucket { bucket, key, version_id: None }) if *bucket == *NAME => Ok(key.into()),
        _ => Err(OperationError::CopySource),
    }
}

/// Percent-decoding of a path, in which `+` is itself.
fn decode(path: &str) -> Option<String> {
    let mut bytes = path.bytes();
    let mut decoded = Vec::with_capacity(path.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits = [bytes.next()?, bytes.next()?];
            let text = std::str::from_utf8(&digits).ok().filter(|text| !text.contains('+'))?;
            decoded.push(u8::from_str_radix(text, 16).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests;
