//! The bucket `cat-photos`: objects in memory, bounded, changed only by whoever holds the [`Bucket`].
//!
//! Nothing here knows who asks: that is decided before, by `guard` and `gallery`.

mod listing;
mod object;
mod seed;
#[cfg(test)]
mod tests;
mod upload;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use daypass::time::{Clock, Timestamp};

pub use listing::{Entry, Listing, ListingQuery};
pub use object::{Attributes, Checksums, Condition, Object};
pub use upload::{CompletedPart, Part};

use upload::Uploads;

/// The name of the one bucket there is.
pub const NAME: &str = "cat-photos";
/// The longest object, in bytes: a demonstration that fits in memory.
pub const OBJECT_LIMIT: usize = 64 * 1024 * 1024;
/// All objects and unfinished parts together, in bytes.
pub const BUCKET_LIMIT: usize = 256 * 1024 * 1024;
/// How many objects there may be: small ones cost more than their bytes.
const OBJECT_COUNT_LIMIT: usize = 10_000;

/// Why the bucket did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BucketError {
    /// No object has this key.
    #[error("The specified key does not exist.")]
    NoSuchKey,
    /// No upload has this id and key.
    #[error("The specified multipart upload does not exist.")]
    NoSuchUpload,
    /// The object is longer than [`OBJECT_LIMIT`].
    #[error("Your proposed upload exceeds the maximum allowed object size, 64 MiB.")]
    EntityTooLarge,
    /// The bucket would hold more than it may.
    #[error("The demonstration bucket is full: it holds 256 MiB and 10,000 objects at most.")]
    Full,
    /// An If-Match or If-None-Match condition does not hold.
    #[error("At least one of the pre-conditions you specified did not hold.")]
    PreconditionFailed,
    /// The content is not what its Content-MD5 or checksum says.
    #[error("The checksum you specified did not match the content received.")]
    BadDigest,
    /// A part named at completion was not uploaded, or not as named.
    #[error("One or more of the specified parts could not be found.")]
    InvalidPart,
    /// The parts named at completion are not in ascending order.
    #[error("The list of parts was not in ascending order.")]
    InvalidPartOrder,
    /// A part number outside 1 to 10,000.
    #[error("Part number must be an integer between 1 and 10000, inclusive.")]
    PartNumber,
    /// Names for uploads come from the operating system's randomness, and it gave none.
    #[error("The service could not draw a random identifier.")]
    Randomness,
}

/// The objects of `cat-photos` and their uploads under way.
#[derive(Debug)]
pub struct Bucket {
    clock: Arc<dyn Clock>,
    created: Timestamp,
    shelf: Mutex<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    objects: BTreeMap<String, Arc<Object>>,
    uploads: Uploads,
    /// Bytes of every object and part.
    stored: usize,
}

impl Bucket {
    /// The bucket as the demonstration begins: a few hand-drawn cats and a note.
    #[must_use]
    pub fn seeded(clock: Arc<dyn Clock>) -> Self {
        let bucket = Self::empty(clock);
        for (key, content_type, text) in seed::OBJECTS {
            let attributes = Attributes::of_type(content_type);
            let body = Bytes::from_static(text.as_bytes());
            let object = Object::new(body, attributes, Checksums::default(), bucket.created);
            let mut shelf = bucket.shelf();
            shelf.stored = shelf.stored.saturating_add(object.body.len());
            shelf.objects.insert((*key).to_owned(), Arc::new(object));
        }
        bucket
    }

    fn empty(clock: Arc<dyn Clock>) -> Self {
        Self { created: clock.now(), clock, shelf: Mutex::default() }
    }

    /// When the bucket was made.
    #[must_use]
    pub const fn created(&self) -> Timestamp {
        self.created
    }

    /// The object under `key`.
    ///
    /// # Errors
    /// [`BucketError::NoSuchKey`].
    pub fn object(&self, key: &str) -> Result<Arc<Object>, BucketError> {
        self.shelf().objects.get(key).cloned().ok_or(BucketError::NoSuchKey)
    }

    /// Stores `body` under `key`, in place of what was there, if `condition` holds.
    ///
    /// # Errors
    /// [`BucketError::EntityTooLarge`], [`BucketError::Full`], [`BucketError::PreconditionFailed`] or
    /// [`BucketError::BadDigest`] when `body` is not what `checksums` says.
    pub fn put(
        &self,
        key: &str,
        body: Bytes,
        attributes: Attributes,
        checksums: Checksums,
        condition: &Condition,
    ) -> Result<Arc<Object>, BucketError> {
        checksums.verify(&body)?;
        let object = Arc::new(Object::new(body, attributes, checksums, self.clock.now()));
        self.shelf().place(key, object, condition)
    }

    /// Removes the object under `key`; as in S3, removing what is not there succeeds.
    pub fn delete(&self, key: &str) {
        let mut shelf = self.shelf();
        if let Some(gone) = shelf.objects.remove(key) {
            shelf.stored = shelf.stored.saturating_sub(gone.body.len());
        }
    }

    /// One page of the objects, in the order of their keys' bytes.
    #[must_use]
    pub fn list(&self, query: &ListingQuery) -> Listing {
        listing::list(&self.shelf().objects, query)
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // Every change below is complete before anything can panic, so a poisoned shelf is still whole.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn place(&mut self, key: &str, object: Arc<Object>, condition: &Condition) -> Result<Arc<Object>, BucketError> {
        let before = self.objects.get(key);
        condition.verify(before.map(|object| object.etag.as_str()))?;
        let freed = before.map_or(0, |object| object.body.len());
        if before.is_none() && self.objects.len() >= OBJECT_COUNT_LIMIT {
            return Err(BucketError::Full);
        }
        let stored = self.room_for(object.body.len(), freed)?;
        self.stored = stored;
        self.objects.insert(key.to_owned(), Arc::clone(&object));
        Ok(object)
    }

    /// What would be stored after `added` bytes came and `freed` went.
    fn room_for(&self, added: usize, freed: usize) -> Result<usize, BucketError> {
        if added > OBJECT_LIMIT {
            return Err(BucketError::EntityTooLarge);
        }
        let stored = self.stored.saturating_sub(freed).saturating_add(added);
        if stored > BUCKET_LIMIT {
            return Err(BucketError::Full);
        }
        Ok(stored)
    }
}
