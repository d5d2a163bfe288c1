//! Who may do what, and what is said to the others.

use std::time::Duration;

use reqwest::Method;

use crate::fixture::{ADMINISTRATOR, Ask, EDITOR, READER, read, refusal, start};

const LOAF: &str = "/cat-photos/photos/loaf.svg";

#[tokio::test]
async fn a_reader_lists_and_reads_photos() {
    let demo = start().await;
    let credentials = demo.credentials(READER).await;
    let (status, listing) =
        read(demo.send(&credentials, Ask::get("/cat-photos?list-type=2&prefix=photos%2F")).await).await;
    assert_eq!(status, 200);
    assert!(listing.contains("<Key>photos/loaf.svg</Key>"), "{listing}");
    let photo = demo.send(&credentials, Ask::get(LOAF)).await;
    let header = |name: &str| photo.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "image/svg+xml");
    assert_eq!(header("content-security-policy"), "sandbox; default-src 'none'; style-src 'unsafe-inline'");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(photo.text().await.unwrap(), include_str!("../../assets/photos/loaf.svg"));
    let (status, buckets) = read(demo.send(&credentials, Ask::get("/")).await).await;
    assert_eq!(status, 200);
    assert!(buckets.contains("<Name>cat-photos</Name>"), "{buckets}");
}

#[tokio::test]
async fn a_denial_by_the_session_names_its_statement() {
    let demo = start().await;
    let credentials = demo.credentials(READER).await;
    let (status, code, message) =
        refusal(demo.send(&credentials, Ask::get("/cat-photos/photos/night.svg")).await).await;
    assert_eq!((status, code.as_str()), (403, "AccessDenied"));
    assert_eq!(
        message,
        "User: arn:aws:sts::111111111111:assumed-role/PhotoReader/martha is not authorized to perform: s3:GetObject on \
         resource: \"arn:aws:s3:::cat-photos/photos/night.svg\" with an explicit deny in an identity-based policy \
         (statement NotAtNight)"
    );
}

#[tokio::test]
async fn what_nothing_allows_is_denied_and_says_so() {
    let demo = start().await;
    let credentials = demo.credentials(READER).await;
    let (status, code, message) =
        refusal(demo.send(&credentials, Ask::put("/cat-photos/photos/new.svg", "<svg/>")).await).await;
    assert_eq!((status, code.as_str()), (403, "AccessDenied"));
    assert!(message.contains("because no identity-based policy allows the s3:PutObject action"), "{message}");
    // The condition on s3:prefix decides a listing.
    let (status, _, message) = refusal(demo.send(&credentials, Ask::get("/cat-photos?prefix=secret%2F")).await).await;
    assert_eq!(status, 403);
    assert!(message.contains("s3:ListBucket") && message.contains("s3:prefix"), "{message}");
    // What is not read is not said to be there or not.
    let (status, code, _) = refusal(demo.send(&credentials, Ask::get("/cat-photos/nothing")).await).await;
    assert_eq!((status, code.as_str()), (403, "AccessDenied"));
}

#[tokio::test]
async fn the_bucket_denies_deletion_to_everyone_but_administrators() {
    let demo = start().await;
    let editor = demo.credentials(EDITOR).await;
    let (status, code, message) = refusal(demo.send(&editor, Ask::new(Method::DELETE, LOAF)).await).await;
    assert_eq!((status, code.as_str()), (403, "AccessDenied"));
    assert_eq!(
        message,
        "User: arn:aws:sts::111111111111:assumed-role/PhotoEditor/martha is not authorized to perform: s3:DeleteObject \
         on resource: \"arn:aws:s3:::cat-photos/photos/loaf.svg\" with an explicit deny in a resource-based policy \
         (statement DenyDeletion)"
    );
    assert_eq!(demo.send(&editor, Ask::get(LOAF)).await.status(), 200);
    let administrator = demo.credentials(ADMINISTRATOR).await;
    assert_eq!(demo.send(&administrator, Ask::new(Method::DELETE, LOAF)).await.status(), 204);
    let (status, code, _) = refusal(demo.send(&administrator, Ask::get(LOAF)).await).await;
    assert_eq!((status, code.as_str()), (404, "NoSuchKey"));
}

#[tokio::test]
async fn deleting_many_is_decided_key_by_key() {
    let demo = start().await;
    let body = "<Delete><Object><Key>photos/box.svg</Key></Object><Object><Key>photos/nap.svg</Key></Object></Delete>";
    let delete = || Ask::new(Method::POST, "/cat-photos?delete").body(body).header("content-type", "application/xml");
    let (status, answer) = read(demo.send(&demo.credentials(EDITOR).await, delete()).await).await;
    assert_eq!(status, 200);
    assert_eq!(answer.matches("<Code>AccessDenied</Code>").count(), 2, "{answer}");
    assert!(answer.contains("statement DenyDeletion") && !answer.contains("<Deleted>"), "{answer}");
    let (_, answer) = read(demo.send(&demo.credentials(ADMINISTRATOR).await, delete()).await).await;
    assert_eq!(answer.matches("<Deleted>").count(), 2, "{answer}");
}

#[tokio::test]
async fn a_copy_needs_the_source_too() {
    let demo = start().await;
    let copy = |source: &str| Ask::new(Method::PUT, "/cat-photos/copy.svg").header("x-amz-copy-source", source);
    let editor = demo.credentials(EDITOR).await;
    let (status, answer) = read(demo.send(&editor, copy("cat-photos/photos/loaf.svg")).await).await;
    assert_eq!(status, 200, "{answer}");
    let reader = demo.credentials(READER).await;
    let (status, _, message) = refusal(demo.send(&reader, copy("cat-photos/photos/night.svg")).await).await;
    assert_eq!(status, 403);
    assert!(message.contains("s3:GetObject") && message.contains("NotAtNight"), "{message}");
}

#[tokio::test]
async fn nobody_may_only_read_the_note() {
    let demo = start().await;
    let (status, note) = read(demo.plain(Method::GET, "/cat-photos/README.txt").send().await.unwrap()).await;
    assert_eq!(status, 200);
    assert!(note.starts_with("cat-photos"));
    for (method, target) in [(Method::GET, LOAF), (Method::PUT, LOAF), (Method::GET, "/cat-photos"), (Method::GET, "/")]
    {
        let (status, code, _) = refusal(demo.plain(method.clone(), target).send().await.unwrap()).await;
        assert_eq!((status, code.as_str()), (403, "AccessDenied"), "{method} {target}");
    }
}

#[tokio::test]
async fn an_expired_session_is_told_so() {
    let demo = start().await;
    let credentials = demo.credentials(READER).await;
    demo.clock.advance(Duration::from_secs(3601));
    let (status, code, _) = refusal(demo.send(&credentials, Ask::get(LOAF)).await).await;
    assert_eq!((status, code.as_str()), (400, "ExpiredToken"));
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_told_so() {
    let demo = start().await;
    let credentials = demo.credentials(READER).await;
    let request = demo.sign(&credentials, Ask::get(LOAF));
    demo.clock.advance(Duration::from_secs(16 * 60));
    let response = reqwest::Client::new().execute(request).await.unwrap();
    assert_eq!(response.headers()["date"], demo.clock_date());
    let (status, code, _) = refusal(response).await;
    assert_eq!((status, code.as_str()), (403, "RequestTimeTooSkewed"));
}

/// Attack: what was signed is changed on its way.
#[tokio::test]
async fn a_tampered_request_is_refused() {
    let demo = start().await;
    let credentials = demo.credentials(EDITOR).await;
    let sent = async |change: fn(&mut reqwest::Request)| {
        let mut request = demo.sign(&credentials, Ask::put("/cat-photos/photos/new.svg", "<svg/>"));
        change(&mut request);
        let (status, code, _) = refusal(reqwest::Client::new().execute(request).await.unwrap()).await;
        (status, code)
    };
    let mismatch = (403, "SignatureDoesNotMatch".to_owned());
    assert_eq!(sent(|request| request.url_mut().set_path("/cat-photos/photos/loaf.svg")).await, mismatch);
    assert_eq!(sent(|request| request.url_mut().set_query(Some("uploadId=1"))).await, mismatch);
    assert_eq!(sent(|request| *request.method_mut() = Method::DELETE).await, mismatch);
    let swapped = sent(|request| *request.body_mut() = Some("<bad/>".into())).await;
    assert_eq!(swapped, (400, "XAmzContentSHA256Mismatch".to_owned()));
    // A header that changes the operation must be among the signed ones.
    let added = sent(|request| {
        request.headers_mut().insert("x-amz-copy-source", "cat-photos/photos/loaf.svg".parse().unwrap());
    });
    assert_eq!(added.await, (403, "AccessDenied".to_owned()));
    let stripped = sent(|request| {
        request.headers_mut().remove("x-amz-security-token");
    });
    assert_ne!(stripped.await.0, 200);
}

#[tokio::test]
async fn a_presigned_url_works_until_it_expires() {
    let demo = start().await;
    let credentials = demo.credentials(READER).await;
    let request = demo.sign(&credentials, Ask::get(LOAF).presigned(60));
    let fetch = async || reqwest::get(request.url().clone()).await.unwrap();
    assert_eq!(fetch().await.status(), 200);
    demo.clock.advance(Duration::from_secs(61));
    let (status, code, _) = refusal(fetch().await).await;
    assert_eq!((status, code.as_str()), (403, "AccessDenied"));
}

#[tokio::test]
async fn a_presigned_upload_takes_its_body_later() {
    let demo = start().await;
    let credentials = demo.credentials(EDITOR).await;
    let request = demo.sign(&credentials, Ask::put("/cat-photos/photos/later.svg", "").presigned(60));
    let uploaded = reqwest::Client::new().put(request.url().clone()).body("<svg/>").send().await.unwrap();
    assert_eq!(uploaded.status(), 200);
    let (_, body) = read(demo.send(&credentials, Ask::get("/cat-photos/photos/later.svg")).await).await;
    assert_eq!(body, "<svg/>");
}

/// Attack: a query parameter that is another operation to the service than to whoever decides.
#[tokio::test]
async fn an_operation_that_is_not_served_is_not_taken_for_another() {
    let demo = start().await;
    let administrator = demo.credentials(ADMINISTRATOR).await;
    for (method, target) in [
        (Method::GET, "/cat-photos/photos/loaf.svg?acl"),
        (Method::PUT, "/cat-photos?policy"),
        (Method::DELETE, "/cat-photos"),
        (Method::GET, "/?x-id=ListDirectoryBuckets"),
    ] {
        let (status, code, _) = refusal(demo.send(&administrator, Ask::new(method.clone(), target)).await).await;
        assert_eq!((status, code.as_str()), (501, "NotImplemented"), "{method} {target}");
    }
    let (status, code, _) = refusal(demo.send(&administrator, Ask::get("/other-bucket/a")).await).await;
    assert_eq!((status, code.as_str()), (404, "NoSuchBucket"));
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_before_it_is_read() {
    let demo = start().await;
    let credentials = demo.credentials(EDITOR).await;
    let head = format!(
        "PUT /cat-photos/big HTTP/1.1\r\nhost: {}\r\ncontent-length: 99999999999\r\nconnection: close\r\n\r\n",
        demo.address
    );
    let answer = demo.raw(&head).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("<Code>EntityTooLarge</Code>"), "{answer}");
    let announced = Ask::put("/cat-photos/small", "x").header("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==");
    let (status, code, _) = refusal(demo.send(&credentials, announced).await).await;
    assert_eq!((status, code.as_str()), (400, "BadDigest"));
}

#[tokio::test]
async fn the_old_signature_is_refused_with_what_to_set() {
    let demo = start().await;
    let presigned =
        demo.plain(Method::GET, &format!("{LOAF}?AWSAccessKeyId=ASIAEXAMPLE&Signature=x&Expires=9999999999"));
    let signed = demo.plain(Method::GET, LOAF).header("authorization", "AWS ASIAEXAMPLE:x");
    for request in [presigned, signed] {
        let (status, code, message) = refusal(request.send().await.unwrap()).await;
        assert_eq!((status, code.as_str()), (400, "InvalidRequest"));
        assert!(message.contains("signature_version s3v4"), "{message}");
    }
}

/// Attack: a header that changes the operation, brought in the query of a presigned URL.
#[tokio::test]
async fn a_header_in_the_query_is_decided_as_a_header() {
    let demo = start().await;
    let target = "/cat-photos/copy.svg?x-amz-copy-source=cat-photos%2Fphotos%2Fnight.svg";
    let fetch = async |role| {
        let request = demo.sign(&demo.credentials(role).await, Ask::put(target, "").presigned(60));
        reqwest::Client::new().put(request.url().clone()).send().await.unwrap()
    };
    let (status, _, message) = refusal(fetch(READER).await).await;
    assert!(status == 403 && message.contains("s3:GetObject") && message.contains("NotAtNight"), "{message}");
    let (status, answer) = read(fetch(EDITOR).await).await;
    assert!(status == 200 && answer.contains("<CopyObjectResult"), "{answer}");
}

#[tokio::test]
async fn strangers_send_no_large_bodies_and_hear_why() {
    let demo = start().await;
    let large = vec![b'x'; 8 * 1024 * 1024];
    let anonymous = demo.plain(Method::PUT, "/cat-photos/photos/new.svg").body(large.clone());
    let (status, code, _) = refusal(anonymous.send().await.unwrap()).await;
    assert_eq!((status, code.as_str()), (400, "EntityTooLarge"));
    let credentials = demo.credentials(EDITOR).await;
    let mut forged = demo.sign(&credentials, Ask::put("/cat-photos/photos/new.svg", large));
    let signed = forged.headers()["authorization"].to_str().unwrap();
    let (head, _) = signed.split_once("Signature=").unwrap();
    let made_up = format!("{head}Signature={}", "0".repeat(64)).parse().unwrap();
    forged.headers_mut().insert("authorization", made_up);
    let (status, code, _) = refusal(reqwest::Client::new().execute(forged).await.unwrap()).await;
    assert_eq!((status, code.as_str()), (403, "SignatureDoesNotMatch"));
}
