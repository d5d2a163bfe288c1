//! Uploads in parts, until they are completed or aborted.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use daypass::crypto::random_id;

use super::object::{md5_hex, multipart_etag};
use super::{Attributes, Bucket, BucketError, Checksums, Condition, OBJECT_LIMIT, Object};

/// Uploads under way at one time.
const UPLOAD_LIMIT: usize = 100;
/// S3 numbers parts from 1 to 10,000.
const PART_NUMBERS: std::ops::RangeInclusive<i32> = 1..=10_000;

pub(super) type Uploads = BTreeMap<String, Upload>;

#[derive(Debug)]
pub(super) struct Upload {
    key: String,
    attributes: Attributes,
    parts: BTreeMap<i32, Part>,
}

impl Upload {
    fn size(&self) -> usize {
        self.parts.values().map(|part| part.body.len()).sum()
    }
}

/// One uploaded part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The part's entity tag without quotes.
    pub etag: String,
    body: Bytes,
}

/// A part as its uploader names it at completion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletedPart {
    /// 1 to 10,000.
    pub number: i32,
    /// The entity tag the part was given, without quotes.
    pub etag: String,
}

impl Bucket {
    /// Begins an upload in parts and names it.
    ///
    /// # Errors
    /// [`BucketError::Full`] when too many are under way; [`BucketError::Randomness`].
    pub fn begin_upload(&self, key: &str, attributes: Attributes) -> Result<String, BucketError> {
        let upload_id = random_id().map_err(|_| BucketError::Randomness)?;
        let mut shelf = self.shelf();
        if shelf.uploads.len() >= UPLOAD_LIMIT {
            return Err(BucketError::Full);
        }
        let upload = Upload { key: key.to_owned(), attributes, parts: BTreeMap::new() };
        shelf.uploads.insert(upload_id.clone(), upload);
        Ok(upload_id)
    }

    /// Keeps one part, in place of the part that had its number.
    ///
    /// # Errors
    /// [`BucketError::NoSuchUpload`], [`BucketError::PartNumber`], [`BucketError::BadDigest`], or the bucket's limits.
    pub fn put_part(
        &self,
        key: &str,
        upload_id: &str,
        number: i32,
        body: Bytes,
        checksums: &Checksums,
    ) -> Result<Part, BucketError> {
        if !PART_NUMBERS.contains(&number) {
            return Err(BucketError::PartNumber);
        }
        checksums.verify(&body)?;
        let part = Part { etag: md5_hex(&body), body };
        let mut shelf = self.shelf();
        let upload = named(&shelf.uploads, key, upload_id)?;
        let freed = upload.parts.get(&number).map_or(0, |part| part.body.len());
        let whole = upload.size().saturating_sub(freed).saturating_add(part.body.len());
        if whole > OBJECT_LIMIT {
            return Err(BucketError::EntityTooLarge);
        }
        shelf.stored = shelf.room_for(part.body.len(), freed)?;
        if let Some(upload) = shelf.uploads.get_mut(upload_id) {
            upload.parts.insert(number, part.clone());
        }
        Ok(part)
    }

    /// Puts the named parts together, in their order, as the object under `key`; the upload is then over.
    ///
    /// # Errors
    /// [`BucketError::NoSuchUpload`], [`BucketError::InvalidPart`], [`BucketError::InvalidPartOrder`],
    /// [`BucketError::PreconditionFailed`]; the upload then goes on.
    pub fn complete_upload(
        &self,
        key: &str,
        upload_id: &str,
        named_parts: &[CompletedPart],
        condition: &Condition,
    ) -> Result<Arc<Object>, BucketError> {
        let mut shelf = self.shelf();
        let upload = named(&shelf.uploads, key, upload_id)?;
        let parts = chosen(upload, named_parts)?;
        let mut body = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
        for part in &parts {
            body.extend_from_slice(part);
        }
        let mut object =
            Object::new(Bytes::from(body), upload.attributes.clone(), Checksums::default(), self.clock.now());
        object.etag = multipart_etag(parts.into_iter());
        let held = upload.size();
        // The parts make room for the object they become; they come back if it is refused.
        shelf.stored = shelf.stored.saturating_sub(held);
        match shelf.place(key, Arc::new(object), condition) {
            Ok(placed) => {
                shelf.uploads.remove(upload_id);
                Ok(placed)
            }
            Err(refused) => {
                shelf.stored = shelf.stored.saturating_add(held);
                Err(refused)
            }
        }
    }

    /// Forgets an upload and its parts.
    ///
    /// # Errors
    /// [`BucketError::NoSuchUpload`].
    pub fn abort_upload(&self, key: &str, upload_id: &str) -> Result<(), BucketError> {
        let mut shelf = self.shelf();
        let held = named(&shelf.uploads, key, upload_id)?.size();
        shelf.uploads.remove(upload_id);
        shelf.stored = shelf.stored.saturating_sub(held);
        Ok(())
    }
}

/// The upload of this id, if it is for this key: who may write one key must not finish an upload to another.
fn named<'a>(uploads: &'a Uploads, key: &str, upload_id: &str) -> Result<&'a Upload, BucketError> {
    uploads.get(upload_id).filter(|upload| upload.key == key).ok_or(BucketError::NoSuchUpload)
}

fn chosen<'a>(upload: &'a Upload, named: &[CompletedPart]) -> Result<Vec<&'a Bytes>, BucketError> {
    if named.is_empty() {
        return Err(BucketError::InvalidPart);
    }
    let mut bodies = Vec::with_capacity(named.len());
    let mut before = 0;
    for wanted in named {
        if wanted.number <= before {
            return Err(BucketError::InvalidPartOrder);
        }
        before = wanted.number;
        let part =
            upload.parts.get(&wanted.number).filter(|part| part.etag == wanted.etag).ok_or(BucketError::InvalidPart)?;
        bodies.push(&part.body);
    }
    Ok(bodies)
}
