//! What the bucket does with what it is sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;

use crate::fixture::{Ask, EDITOR, read, refusal, start};

const NEW: &str = "/cat-photos/photos/new%20one.txt";

#[tokio::test]
async fn an_object_comes_back_as_it_was_sent() {
    let demo = start().await;
    let credentials = demo.credentials(EDITOR).await;
    // The check value of CRC-32 over "123456789".
    let put = Ask::put(NEW, "123456789")
        .header("content-type", "text/plain")
        .header("x-amz-meta-colour", "orange")
        .header("x-amz-checksum-crc32", "y/Q5Jg==");
    let stored = demo.send(&credentials, put).await;
    assert_eq!(stored.status(), 200);
    // MD5 of "123456789" (RFC 1321 gives it for a longer text; this one is md5sum's).
    let etag = "\"25f9e794323b453885f5181f1b624d0b\"";
    assert_eq!(stored.headers()["etag"], etag);
    let asked = Ask::get(NEW).header("x-amz-checksum-mode", "ENABLED");
    let got = demo.send(&credentials, asked).await;
    for (name, value) in [
        ("etag", etag),
        ("content-type", "text/plain"),
        ("x-amz-meta-colour", "orange"),
        ("x-amz-checksum-crc32", "y/Q5Jg=="),
        ("content-length", "9"),
    ] {
        assert_eq!(got.headers()[name], value, "{name}");
    }
    assert_eq!(got.headers()["last-modified"], demo.clock_date());
    assert_eq!(got.text().await.unwrap(), "123456789");
    let headed = demo.send(&credentials, Ask::new(Method::HEAD, NEW)).await;
    assert_eq!((headed.status().as_u16(), &headed.headers()["content-length"]), (200, &"9".parse().unwrap()));
    let unchanged = demo.send(&credentials, Ask::get(NEW).header("if-none-match", etag)).await;
    assert_eq!(unchanged.status(), 304);
}

#[tokio::test]
async fn a_range_is_a_part_of_the_object() {
    let demo = start().await;
    let credentials = demo.credentials(EDITOR).await;
    demo.send(&credentials, Ask::put(NEW, "0123456789")).await;
    for (range, content_range, part) in
        [("bytes=2-4", "bytes 2-4/10", "234"), ("bytes=7-", "bytes 7-9/10", "789"), ("bytes=-1", "bytes 9-9/10", "9")]
    {
        let got = demo.send(&credentials, Ask::get(NEW).header("range", range)).await;
        assert_eq!((got.status().as_u16(), got.headers()["content-range"].to_str().unwrap()), (206, content_range));
        assert_eq!(got.text().await.unwrap(), part);
    }
    let (status, code, _) = refusal(demo.send(&credentials, Ask::get(NEW).header("range", "bytes=10-")).await).await;
    assert_eq!((status, code.as_str()), (416, "InvalidRange"));
}

#[tokio::test]
async fn a_listing_goes_on_page_by_page() {
    let demo = start().await;
    let credentials = demo.credentials(EDITOR).await;
    let (mut keys, mut token) = (Vec::new(), None::<String>);
    loop {
        let next = token.as_deref().map(|token| format!("&continuation-token={token}")).unwrap_or_default();
        let target = format!("/cat-photos?list-type=2&max-keys=3{next}");
        let (status, page) = read(demo.send(&credentials, Ask::get(target)).await).await;
        assert_eq!(status, 200, "{page}");
        keys.extend(
            page.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>")).map(|(key, _)| key.to_owned()),
        );
        let Some((_, rest)) = page.split_once("<NextContinuationToken>") else { break };
        token = rest.split_once('<').map(|(token, _)| token.to_owned());
    }
    assert_eq!(keys.len(), 8);
    assert!(keys.is_sorted());
    let (_, folded) = read(demo.send(&credentials, Ask::get("/cat-photos?list-type=2&delimiter=%2F")).await).await;
    assert!(folded.contains("<CommonPrefixes><Prefix>photos/</Prefix></CommonPrefixes>"), "{folded}");
    assert_eq!(folded.matches("<Key>").count(), 1);
}

#[tokio::test]
async fn names_are_encoded_when_asked_for() {
    let demo = start().await;
    let credentials = demo.credentials(EDITOR).await;
    demo.send(&credentials, Ask::put("/cat-photos/x%26y%20z", "")).await;
    let (_, page) =
        read(demo.send(&credentials, Ask::get("/cat-photos?list-type=2&prefix=x&encoding-type=url")).await).await;
    assert!(page.contains("<Key>x%26y%20z</Key>") && page.contains("<EncodingType>url</EncodingType>"), "{page}");
}

#[tokio::test]
async fn an_upload_in_parts_becomes_one_object() {
    let demo = start().await;
    let credentials = demo.credentials(EDITOR).await;
    let (status, begun) = read(demo.send(&credentials, Ask::new(Method::POST, format!("{NEW}?uploads"))).await).await;
    assert_eq!(status, 200, "{begun}");
    let (_, rest) = begun.split_once("<UploadId>").unwrap();
    let (id, _) = rest.split_once('<').unwrap();
    let mut named = String::new();
    for (number, body) in [(1, "hello "), (2, "world")] {
        let part = Ask::put(format!("{NEW}?partNumber={number}&uploadId={id}"), body);
        let stored = demo.send(&credentials, part).await;
        let etag = stored.headers()["etag"].to_str().unwrap();
        named.push_str(&format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"));
    }
    let body = format!("<CompleteMultipartUpload>{named}</CompleteMultipartUpload>");
    let complete = Ask::new(Method::POST, format!("{NEW}?uploadId={id}")).body(body);
    let (status, answer) = read(demo.send(&credentials, complete).await).await;
    assert_eq!(status, 200, "{answer}");
    let (_, whole) = read(demo.send(&credentials, Ask::get(NEW)).await).await;
    assert_eq!(whole, "hello world");
    let abort = Ask::new(Method::DELETE, format!("{NEW}?uploadId={id}"));
    let (status, code, _) = refusal(demo.send(&credentials, abort).await).await;
    assert_eq!((status, code.as_str()), (404, "NoSuchUpload"));
}

#[tokio::test]
async fn a_streamed_body_is_stored_without_its_framing() {
    let demo = start().await;
    let credentials = demo.credentials(EDITOR).await;
    let framed = "5\r\n12345\r\n4\r\n6789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n";
    let streamed = |body: &str| {
        Ask::put(NEW, body)
            .header("content-encoding", "aws-chunked")
            .header("x-amz-decoded-content-length", "9")
            .header("x-amz-trailer", "x-amz-checksum-crc32")
            .payload("STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    };
    let (status, answer) = read(demo.send(&credentials, streamed(framed)).await).await;
    assert_eq!(status, 200, "{answer}");
    let got = demo.send(&credentials, Ask::get(NEW)).await;
    assert!(!got.headers().contains_key("content-encoding"));
    assert_eq!(got.text().await.unwrap(), "123456789");
    // The checksum in the trailer is held against the content.
    let (status, code, _) = refusal(demo.send(&credentials, streamed(&framed.replace("y/Q5", "AAAA"))).await).await;
    assert_eq!((status, code.as_str()), (400, "BadDigest"));
    let (status, code, _) = refusal(demo.send(&credentials, streamed("5\r\n12345\r\n0\r\n\r\n")).await).await;
    assert_eq!((status, code.as_str()), (400, "IncompleteBody"));
}

#[tokio::test]
async fn an_unsigned_payload_is_stored() {
    let demo = start().await;
    let credentials = demo.credentials(EDITOR).await;
    let stored = demo.send(&credentials, Ask::put(NEW, "hello").payload("UNSIGNED-PAYLOAD")).await;
    assert_eq!(stored.status(), 200);
}

#[tokio::test]
async fn the_bucket_shows_the_policy_it_is_under() {
    let demo = start().await;
    let credentials = demo.credentials(EDITOR).await;
    let (status, policy) = read(demo.send(&credentials, Ask::get("/cat-photos?policy")).await).await;
    assert_eq!((status, policy.as_str()), (200, demo_idp::demo::cat_photos::BUCKET_POLICY));
    let (status, location) = read(demo.send(&credentials, Ask::get("/cat-photos?location")).await).await;
    assert!(status == 200 && location.contains("LocationConstraint"), "{location}");
}

#[tokio::test]
async fn a_write_can_be_conditional() {
    let demo = start().await;
    let credentials = demo.credentials(EDITOR).await;
    let once = || Ask::put(NEW, "first").header("if-none-match", "*");
    assert_eq!(demo.send(&credentials, once()).await.status(), 200);
    let (status, code, _) = refusal(demo.send(&credentials, once()).await).await;
    assert_eq!((status, code.as_str()), (412, "PreconditionFailed"));
    let md5 = STANDARD.encode([0; 16]);
    let (status, code, _) = refusal(demo.send(&credentials, Ask::put(NEW, "x").header("content-md5", md5)).await).await;
    assert_eq!((status, code.as_str()), (400, "BadDigest"));
}
