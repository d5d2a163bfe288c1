//! The AWS SDK for Rust, unmodified, against a demo of its own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed step of a test is a failed test")]

mod demo;

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use demo::{Demo, from_reply};
use std::env;

const BUCKET: &str = "cat-photos";

fn code<E: ProvideErrorMetadata>(error: &E) -> &str {
    error.code().unwrap_or("no code")
}

#[tokio::test]
async fn signs_in_and_says_who_it_is() {
    let demo = Demo::start();
    let credentials = demo.assume("PhotoReader").await;
    let who = demo.sts(Some(credentials)).get_caller_identity().send().await.unwrap();
    assert_eq!(who.account(), Some("111111111111"));
    assert_eq!(who.arn(), Some("arn:aws:sts::111111111111:assumed-role/PhotoReader/rust"));
}

#[tokio::test]
async fn one_role_assumes_another() {
    let demo = Demo::start();
    let reader = demo.assume("PhotoReader").await;
    let ask = demo.sts(Some(reader)).assume_role();
    let reply =
        ask.role_arn("arn:aws:iam::111111111111:role/PhotoEditor").role_session_name("chained").send().await.unwrap();
    let editor = from_reply(reply.credentials().unwrap());
    let who = demo.sts(Some(editor)).get_caller_identity().send().await.unwrap();
    assert_eq!(who.arn(), Some("arn:aws:sts::111111111111:assumed-role/PhotoEditor/chained"));
}

#[tokio::test]
async fn a_job_on_the_trusted_branch_publishes_and_no_other_does() {
    let demo = Demo::start();
    let ask = |workload: &str| {
        let ask = demo.sts(None).assume_role_with_web_identity().role_session_name("job");
        let ask = ask.role_arn("arn:aws:iam::111111111111:role/PhotoPublisher");
        ask.web_identity_token(demo.token(["--workload", workload])).send()
    };
    let reply = ask("github:octo-org/octo-repo@refs/heads/main").await.unwrap();
    assert_eq!(reply.subject_from_web_identity_token(), Some("repo:octo-org/octo-repo:ref:refs/heads/main"));
    let publisher = demo.s3(from_reply(reply.credentials().unwrap()));
    let photo = publisher.put_object().bucket(BUCKET).key("photos/job.txt").body(ByteStream::from_static(b"miaow"));
    photo.send().await.unwrap();
    for other in ["github:octo-org/octo-repo@refs/heads/fork", "github:octo-org/other@refs/heads/main"] {
        let refused = ask(other).await.unwrap_err();
        assert_eq!(code(&refused), "AccessDenied", "{other}");
    }
}

#[tokio::test]
async fn errors_are_modelled_ones() {
    let demo = Demo::start();
    let refused = demo
        .sts(None)
        .assume_role_with_web_identity()
        .role_arn("arn:aws:iam::111111111111:role/PhotoReader")
        .role_session_name("rust")
        .web_identity_token("not.a.token")
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(refused.is_invalid_identity_token_exception(), "{refused:?}");
}

#[tokio::test]
async fn lists_puts_and_gets_but_may_not_delete() {
    let demo = Demo::start();
    let editor = demo.s3(demo.assume("PhotoEditor").await);
    let listed = editor.list_objects_v2().bucket(BUCKET).prefix("photos/").send().await.unwrap();
    let first = listed.contents().first().and_then(|object| object.key()).unwrap().to_owned();

    editor
        .put_object()
        .bucket(BUCKET)
        .key("photos/rust.txt")
        .body(ByteStream::from_static(b"miaow"))
        .send()
        .await
        .unwrap();
    let back = editor.get_object().bucket(BUCKET).key("photos/rust.txt").send().await.unwrap();
    assert_eq!(back.body.collect().await.unwrap().to_vec(), b"miaow");

    let refused = editor.delete_object().bucket(BUCKET).key(&first).send().await.unwrap_err();
    assert_eq!(code(&refused), "AccessDenied");
    let told = refused.message().unwrap_or_default();
    assert!(told.contains("explicit deny"), "{told}");
    editor.head_object().bucket(BUCKET).key(&first).send().await.unwrap();
}

#[tokio::test]
async fn a_reader_may_not_put() {
    let demo = Demo::start();
    let reader = demo.s3(demo.assume("PhotoReader").await);
    let refused =
        reader.put_object().bucket(BUCKET).key("photos/no.txt").body(ByteStream::from_static(b"no")).send().await;
    assert_eq!(code(&refused.unwrap_err()), "AccessDenied");
}

/// A body read from a file goes up in chunks with a trailing checksum (`aws-chunked`).
#[tokio::test]
async fn streams_a_file_up_and_down() {
    let demo = Demo::start();
    let editor = demo.s3(demo.assume("PhotoEditor").await);
    let sent: Vec<u8> = (0_u32..3_000_000).map(|index| index.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let path = env::temp_dir().join(format!("daypass-stream-{}", std::process::id()));
    std::fs::write(&path, &sent).unwrap();
    let body = ByteStream::from_path(&path).await.unwrap();
    let put = editor.put_object().bucket(BUCKET).key("photos/stream.bin").body(body).send().await;
    std::fs::remove_file(&path).unwrap();
    put.unwrap();
    let back = editor.get_object().bucket(BUCKET).key("photos/stream.bin").send().await.unwrap();
    assert!(back.body.collect().await.unwrap().to_vec() == sent, "the bytes that came back are not those sent");
}
