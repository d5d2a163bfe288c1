use std::time::Duration;

use daypass::time::ManualClock;

use super::*;

fn bucket() -> Bucket {
    Bucket::empty(Arc::new(ManualClock::new(Timestamp::from_unix_seconds(1_790_000_000))))
}

fn put(bucket: &Bucket, key: &str, body: &'static str) -> Arc<Object> {
    bucket
        .put(key, Bytes::from_static(body.as_bytes()), Attributes::default(), Checksums::default(), &Condition::Always)
        .unwrap()
}

fn names(listing: &Listing) -> Vec<&str> {
    listing.entries.iter().map(Entry::name).collect()
}

fn query(prefix: &str, delimiter: Option<&str>, after: Option<&str>, limit: usize) -> ListingQuery {
    ListingQuery {
        prefix: prefix.to_owned(),
        delimiter: delimiter.map(str::to_owned),
        after: after.map(str::to_owned),
        limit,
    }
}

#[test]
fn the_seeded_bucket_holds_seven_photos_and_a_note() {
    let bucket = Bucket::seeded(Arc::new(ManualClock::new(Timestamp::EPOCH)));
    assert_eq!(bucket.list(&query("photos/", None, None, 100)).entries.len(), 7);
    let note = bucket.object("README.txt").unwrap();
    assert_eq!(note.attributes.content_type.as_deref(), Some("text/plain; charset=utf-8"));
}

#[test]
fn an_entity_tag_is_the_md5_of_the_content() {
    // RFC 1321, A.5: MD5 ("abc").
    assert_eq!(put(&bucket(), "a", "abc").etag, "900150983cd24fb0d6963f7d28e17f72");
}

#[test]
fn last_modified_comes_from_the_injected_clock_in_whole_seconds() {
    let clock = Arc::new(ManualClock::new(Timestamp::from_unix_millis(1_790_000_000_900)));
    let bucket = Bucket::empty(clock.clone());
    clock.advance(Duration::from_secs(60));
    assert_eq!(put(&bucket, "a", "x").last_modified, Timestamp::from_unix_seconds(1_790_000_060));
}

#[test]
fn content_that_is_not_what_its_checksum_says_is_refused() {
    let sent: [fn(String) -> Checksums; 6] = [
        |sum| Checksums { md5: Some(sum), ..Checksums::default() },
        |sum| Checksums { crc32: Some(sum), ..Checksums::default() },
        |sum| Checksums { crc32c: Some(sum), ..Checksums::default() },
        |sum| Checksums { crc64nvme: Some(sum), ..Checksums::default() },
        |sum| Checksums { sha1: Some(sum), ..Checksums::default() },
        |sum| Checksums { sha256: Some(sum), ..Checksums::default() },
    ];
    for checksums in sent {
        let refused = bucket().put(
            "a",
            Bytes::from_static(b"cat"),
            Attributes::default(),
            checksums("AAAAAA==".to_owned()),
            &Condition::Always,
        );
        assert_eq!(refused, Err(BucketError::BadDigest));
    }
    // The check value of CRC-32/ISO-HDLC over "123456789" is CBF43926.
    let checksums = sent[1]("y/Q5Jg==".to_owned());
    let body = Bytes::from_static(b"123456789");
    let kept = bucket().put("a", body, Attributes::default(), checksums, &Condition::Always);
    assert!(kept.is_ok());
}

#[test]
fn conditions_on_what_is_there_are_kept() {
    let bucket = bucket();
    let first = put(&bucket, "a", "one");
    let again = |condition: &Condition| {
        bucket.put("a", Bytes::from_static(b"two"), Attributes::default(), Checksums::default(), condition)
    };
    assert_eq!(again(&Condition::Absent), Err(BucketError::PreconditionFailed));
    assert_eq!(again(&Condition::Is("0".to_owned())), Err(BucketError::PreconditionFailed));
    assert!(again(&Condition::Is(first.etag.clone())).is_ok());
}

#[test]
fn an_object_over_the_limit_is_refused_and_nothing_is_stored() {
    let bucket = bucket();
    let body = Bytes::from(vec![0; OBJECT_LIMIT + 1]);
    let refused = bucket.put("a", body, Attributes::default(), Checksums::default(), &Condition::Always);
    assert_eq!(refused, Err(BucketError::EntityTooLarge));
    assert_eq!(bucket.shelf().stored, 0);
}

#[test]
fn a_full_bucket_refuses_more_and_deleting_makes_room() {
    let bucket = bucket();
    // One allocation shared by every object: the bucket counts what it would have to hold.
    let body = Bytes::from(vec![0; OBJECT_LIMIT]);
    let fill = |key: &str| {
        let (attributes, checksums) = (Attributes::default(), Checksums::default());
        bucket.put(key, body.clone(), attributes, checksums, &Condition::Always)
    };
    for key in ["1", "2", "3", "4"] {
        assert!(fill(key).is_ok());
    }
    assert_eq!(fill("5"), Err(BucketError::Full));
    assert!(fill("4").is_ok(), "a replacement needs no further room");
    bucket.delete("1");
    assert!(fill("5").is_ok());
}

#[test]
fn a_listing_folds_keys_at_the_delimiter_and_goes_on_after_a_folded_prefix() {
    let bucket = bucket();
    for key in ["a.txt", "b/1", "b/2", "b/é", "c.txt", "d/x/y"] {
        put(&bucket, key, "");
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = bucket.list(&query("", Some("/"), after.as_deref(), 1));
        seen.extend(names(&page).into_iter().map(str::to_owned));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["a.txt", "b/", "c.txt", "d/"]);
    assert_eq!(names(&bucket.list(&query("b/", Some("/"), None, 10))), ["b/1", "b/2", "b/é"]);
    assert_eq!(names(&bucket.list(&query("b/", None, Some("b/1"), 10))), ["b/2", "b/é"]);
    assert_eq!(names(&bucket.list(&query("b/", None, Some("a"), 1))), ["b/1"]);
    assert_eq!(bucket.list(&query("", Some("/"), None, 4)).next, None);
    assert_eq!(names(&bucket.list(&query("", Some(""), None, 2))), ["a.txt", "b/1"]);
    assert_eq!(bucket.list(&query("", None, None, 0)), Listing::default());
}

#[test]
fn parts_are_put_together_in_order_and_give_back_their_room() {
    let bucket = bucket();
    let upload = bucket.begin_upload("a", Attributes::of_type("text/plain")).unwrap();
    let part = |number, body: &'static [u8]| {
        bucket.put_part("a", &upload, number, Bytes::from_static(body), &Checksums::default()).unwrap()
    };
    let second = part(2, b"world");
    part(1, b"nothing of this is kept");
    let first = part(1, b"hello ");
    let complete = |parts: &[(i32, &str)]| {
        let parts: Vec<_> =
            parts.iter().map(|(number, etag)| CompletedPart { number: *number, etag: (*etag).to_owned() }).collect();
        bucket.complete_upload("a", &upload, &parts, &Condition::Always)
    };
    assert_eq!(complete(&[]), Err(BucketError::InvalidPart));
    assert_eq!(complete(&[(1, "0")]), Err(BucketError::InvalidPart));
    let swapped = [(2, second.etag.as_str()), (1, first.etag.as_str())];
    assert_eq!(complete(&swapped), Err(BucketError::InvalidPartOrder));
    let whole = complete(&[(1, &first.etag), (2, &second.etag)]).unwrap();
    assert_eq!(whole.body, "hello world");
    // MD5 over the two binary MD5s, computed with another implementation.
    assert_eq!(whole.etag, "e09e4fd6265b36115fe3db32df945d84-2");
    assert_eq!(whole.attributes.content_type.as_deref(), Some("text/plain"));
    assert_eq!(bucket.shelf().stored, 11);
    assert_eq!(bucket.abort_upload("a", &upload), Err(BucketError::NoSuchUpload));
}

#[test]
fn an_upload_to_one_key_cannot_be_finished_as_another() {
    let bucket = bucket();
    let upload = bucket.begin_upload("a", Attributes::default()).unwrap();
    let none = Checksums::default();
    let part = bucket.put_part("b", &upload, 1, Bytes::new(), &none);
    assert_eq!(part, Err(BucketError::NoSuchUpload));
    let complete = bucket.complete_upload("b", &upload, &[], &Condition::Always);
    assert_eq!(complete, Err(BucketError::NoSuchUpload));
    assert_eq!(bucket.abort_upload("b", &upload), Err(BucketError::NoSuchUpload));
    for number in [0, 10_001] {
        let part = bucket.put_part("a", &upload, number, Bytes::new(), &none);
        assert_eq!(part, Err(BucketError::PartNumber));
    }
}

#[test]
fn parts_count_against_the_bucket_until_they_are_aborted() {
    let bucket = bucket();
    let upload = bucket.begin_upload("a", Attributes::default()).unwrap();
    let none = Checksums::default();
    let half = Bytes::from(vec![0; OBJECT_LIMIT / 2]);
    for number in [1, 2] {
        assert!(bucket.put_part("a", &upload, number, half.clone(), &none).is_ok());
    }
    let third = bucket.put_part("a", &upload, 3, Bytes::from_static(b"x"), &none);
    assert_eq!(third, Err(BucketError::EntityTooLarge));
    assert_eq!(bucket.shelf().stored, OBJECT_LIMIT);
    bucket.abort_upload("a", &upload).unwrap();
    assert_eq!(bucket.shelf().stored, 0);
}
