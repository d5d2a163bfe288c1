//! Bodies that reach the handler while they arrive.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use aws_sigv4::sign::v4;
use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::Request;
use axum::routing::put;
use daypass::crypto::sha256_hex;
use daypass::http::signed::{RequireSignature, SignedCaller};
use daypass::request::Service;
use http_body::Frame;

use crate::fixture;
use crate::oracle::{Draft, REGION, Wire, martha, signed_at};
use crate::site::{Site, app, draft, request, request_with, send};

const SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";

fn streaming(site: &Site) -> RequireSignature {
    RequireSignature::new(Arc::clone(&site.broker), Service::new("reports")).streaming()
}

/// Pieces that arrive one by one.
struct Pieces(VecDeque<Vec<u8>>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece.into()))))
    }
}

fn in_pieces(wire: &Wire, size: usize) -> Request<Body> {
    let pieces = wire.body.chunks(size).map(<[u8]>::to_vec).collect();
    request_with(wire, Body::new(Pieces(pieces)))
}

/// A handler that reads piece by piece and says what it was given, and how the body ended.
async fn listen(caller: SignedCaller, body: Body) -> String {
    let (mut body, mut told) = (body, format!("{}:", caller.arn().as_str().rsplit('/').next().unwrap()));
    while let Some(frame) = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        match frame {
            Ok(frame) => {
                told.push_str(&format!(" [{}]", String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()))
            }
            Err(error) => return format!("{told}, then {error}"),
        }
    }
    told + ", whole"
}

fn listening(layer: RequireSignature) -> Router {
    Router::new().route("/reports/{id}", put(listen)).layer(layer)
}

fn declared(body: &'static [u8]) -> Wire {
    let digest = sha256_hex(body);
    Draft { body: body.to_vec(), ..draft("PUT", "/reports/cats") }
        .header("x-amz-content-sha256", &digest)
        .sign(martha())
}

fn chunked(chunks: &[&str]) -> Wire {
    let length: usize = chunks.iter().map(|chunk| chunk.len()).sum();
    let wire = Draft { payload: Some(SIGNED), ..draft("PUT", "/reports/cats") }
        .header("x-amz-content-sha256", SIGNED)
        .header("content-encoding", "aws-chunked,gzip")
        .header("x-amz-decoded-content-length", &length.to_string())
        .sign(martha());
    let (mut body, mut previous) = (Vec::new(), wire.signature.clone());
    for chunk in chunks.iter().chain([&""]) {
        let key = v4::generate_signing_key(martha().secret_access_key().expose(), signed_at(), REGION, "reports");
        let scope = format!("20260101/{REGION}/reports/aws4_request");
        let digests = format!("{}\n{}", sha256_hex(b""), sha256_hex(chunk.as_bytes()));
        let message = format!("AWS4-HMAC-SHA256-PAYLOAD\n20260101T000000Z\n{scope}\n{previous}\n{digests}");
        previous = v4::calculate_signature(key, message.as_bytes());
        body.extend(format!("{:x};chunk-signature={previous}\r\n{chunk}\r\n", chunk.len()).bytes());
    }
    wire.with(|w| w.body = body)
}

#[tokio::test]
async fn a_declared_body_reaches_the_handler_piece_by_piece() {
    let site = Site::new();
    let (status, _, told) = send(listening(streaming(&site)), in_pieces(&declared(b"meow meow"), 5)).await;
    assert_eq!((status, told.as_str()), (200, "martha: [meow ] [meow], whole"));
}

#[tokio::test]
async fn whoever_streams_uses_the_role_as_well() {
    let site = Site::new();
    let last_used = || {
        let accounts = site.broker.registry().read();
        let account = accounts.find(&"111111111111".parse().unwrap()).unwrap();
        account.existing_role("PhotoReader").unwrap().last_used().map(|used| (used.at, used.region.clone()))
    };
    assert_eq!(last_used(), None);
    let forged = declared(b"meow").with(|w| w.method = "POST".to_owned());
    assert_eq!(send(listening(streaming(&site)), request(&forged)).await.0, 403);
    assert_eq!(last_used(), None);
    assert_eq!(send(listening(streaming(&site)), request(&declared(b"meow"))).await.0, 200);
    assert_eq!(last_used(), Some((fixture::now(), REGION.to_owned())));
}

#[tokio::test]
async fn attack_streamed_body_altered_cut_short_or_longer() {
    let site = Site::new();
    let wire = declared(b"meow meow");
    for (body, seen) in [(&b"meow woof"[..], "[meow ] [woof]"), (b"meow", "[meow]"), (b"meow meow!", "[meow ] [meow!]")]
    {
        let altered = wire.with(|w| w.body = body.to_vec());
        let (_, _, told) = send(listening(streaming(&site)), in_pieces(&altered, 5)).await;
        assert_eq!(told, format!("martha: {seen}, then the body does not match the digest in x-amz-content-sha256"));
        let events = site.trail.events();
        assert!(
            events.iter().any(|event| event.operation == "verify body" && event.code == Some("SignatureDoesNotMatch"))
        );
        // What takes the body whole is not run at all.
        let (status, _, text) = send(app(streaming(&site)), in_pieces(&altered, 5)).await;
        assert!(status == 400 && !text.contains("body\":"), "{status} {text}");
    }
}

#[tokio::test]
async fn attack_chunk_altered_after_an_honest_one() {
    let site = Site::new();
    let wire = chunked(&["meow", "purr"]);
    let (_, _, told) = send(listening(streaming(&site)), in_pieces(&wire, 1000)).await;
    assert_eq!(told, "martha: [meowpurr], whole");
    let altered =
        wire.with(|w| w.body = String::from_utf8(w.body.clone()).unwrap().replace("purr", "hiss").into_bytes());
    let (_, _, told) = send(listening(streaming(&site)), in_pieces(&altered, 96)).await;
    assert_eq!(told, "martha: [meow], then the signature of a chunk of the body does not match");
    let early = wire.with(|w| w.body.truncate(100));
    let (_, _, told) = send(listening(streaming(&site)), in_pieces(&early, 100)).await;
    assert!(told.ends_with("then the body is incomplete or its chunks are malformed"), "{told}");
}

#[tokio::test]
async fn the_framing_is_taken_off_body_and_headers() {
    let site = Site::new();
    let buffered = || RequireSignature::new(Arc::clone(&site.broker), Service::new("reports"));
    for layer in [buffered(), streaming(&site)] {
        let (status, _, text) = send(app(layer), request(&chunked(&["me", "ow"]))).await;
        assert_eq!(status, 200, "{text}");
        let told: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(told, serde_json::json!({"body": "meow", "length": "4", "encoding": "gzip", "trailers": 0}));
    }
}

#[tokio::test]
async fn a_streamed_body_is_bounded_too() {
    let site = Site::new();
    let layer = streaming(&site).with_body_limit(8);
    let (_, _, told) = send(listening(layer), in_pieces(&declared(b"meow meow"), 5)).await;
    assert_eq!(told, "martha: [meow ], then the body of the request is too large");
}

#[tokio::test]
async fn a_body_that_is_not_declared_is_read_whole_before_the_handler_runs() {
    let site = Site::new();
    let wire = Draft { body: b"meow".to_vec(), ..draft("PUT", "/reports/cats") }.sign(martha());
    let (_, _, told) = send(listening(streaming(&site)), in_pieces(&wire, 1)).await;
    assert_eq!(told, "martha: [meow], whole");
    let altered = wire.with(|w| w.body = b"woof".to_vec());
    assert_eq!(send(listening(streaming(&site)), in_pieces(&altered, 1)).await.0, 403);
}
