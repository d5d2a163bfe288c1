//! The layer: who gets through, what the handler is given, and how everyone else is refused.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Request, Response};
use axum::routing::get;
use daypass::Broker;
use daypass::audit::{AuditEvent, AuditSink, Stage};
use daypass::credentials::Revocations;
use daypass::http::signed::{RequireSignature, SignedCaller};
use daypass::iam::{Account, KeyOwner, Limits};
use daypass::request::Service;
use http_body::Frame;
use tower::{Layer, service_fn};

use crate::fixture;
use crate::oracle::{Draft, Wire, martha};
use crate::site::{Site, Trail, app, ask, draft, request, request_with, send};

fn signed(site: &Site) -> RequireSignature {
    RequireSignature::new(Arc::clone(&site.broker), Service::new("reports"))
}

/// A body that says whether anybody read it.
struct Watched(Arc<AtomicBool>);

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.store(true, Ordering::SeqCst);
        Poll::Ready(None)
    }
}

async fn is_read(site: &Site, wire: &Wire) -> (u16, bool) {
    let read = Arc::new(AtomicBool::new(false));
    let body = Body::new(Watched(Arc::clone(&read)));
    let (status, ..) = send(app(signed(site)), request_with(wire, body)).await;
    (status, read.load(Ordering::SeqCst))
}

#[tokio::test]
async fn a_handler_is_given_the_caller_and_the_reason_of_the_decision() {
    let site = Site::new();
    let (status, _, text) = send(app(signed(&site)), request(&draft("GET", "/reports/1").sign(martha()))).await;
    assert_eq!(status, 200, "{text}");
    assert!(text.starts_with("arn:aws:sts::111111111111:assumed-role/PhotoReader/martha reads 1: "), "{text}");
    assert!(text.contains("statement ReadAll"), "{text}");
    let presigned = draft("GET", "/reports/1").presigned(60).sign(martha());
    assert_eq!(send(app(signed(&site)), request(&presigned)).await.0, 200);
}

#[tokio::test]
async fn what_policies_do_not_allow_is_refused_with_a_fixed_sentence() {
    let site = Site::new();
    let wire = Draft { body: b"meow".to_vec(), ..draft("PUT", "/reports/dogs") }.sign(martha());
    let (status, told) = ask(app(signed(&site)), &wire).await;
    assert_eq!((status, told["code"].as_str()), (403, Some("AccessDenied")));
    let sentence = "User: arn:aws:sts::111111111111:assumed-role/PhotoReader/martha is not authorized to perform: \
        reports:PutReport on resource: arn:aws:reports:::report/dogs";
    assert_eq!(told["message"], sentence);
    // Why is in the audit trail, under the id that the client was told.
    let events = site.trail.events();
    let event = events.iter().find(|event| event.operation == "reports:PutReport").unwrap();
    assert!(event.reason.contains("WriteCats"), "{}", event.reason);
    assert_eq!(told["request_id"], event.correlation_id.as_str());
}

#[tokio::test]
async fn a_refusal_says_its_code_in_the_form_that_clients_read() {
    let site = Site::new();
    let unsigned = draft("GET", "/reports/1").sign(martha()).with(|w| w.remove("authorization"));
    let (status, told) = ask(app(signed(&site)), &unsigned).await;
    assert_eq!((status, told["code"].as_str()), (403, Some("MissingAuthenticationToken")));
    assert_eq!(site.last_refusal(), ("MissingAuthenticationToken".to_owned(), "authenticate".to_owned()));
    let answer = tower::ServiceExt::oneshot(app(signed(&site)), request(&unsigned)).await.unwrap();
    assert_eq!(answer.headers()["x-amzn-errortype"], "MissingAuthenticationToken");
    assert_eq!(answer.headers()["cache-control"], "no-store");

    let s3 = RequireSignature::new(Arc::clone(&site.broker), Service::S3);
    let answer = tower::ServiceExt::oneshot(app(s3.clone()), request(&unsigned)).await.unwrap();
    let id = answer.headers()["x-amz-request-id"].to_str().unwrap().to_owned();
    assert_eq!(answer.headers()["x-amzn-requestid"], id.as_str());
    let (status, kind, text) = send(app(s3), request(&unsigned)).await;
    assert_eq!((status, kind.as_str()), (403, "application/xml"));
    let told = "<Error><Code>AccessDenied</Code><Message>The request is not signed.</Message><Resource>/reports/1</Resource>\
                <RequestId>";
    assert!(text.contains(told), "{text}");
    assert_eq!(id.len(), 36, "a UUID: {id}");
}

#[tokio::test]
async fn attack_request_altered_on_its_way() {
    let site = Site::new();
    let honest = Draft { body: b"meow".to_vec(), ..draft("PUT", "/reports/cats") }.sign(martha());
    assert_eq!(ask(app(signed(&site)), &honest).await.0, 200);
    for altered in [
        honest.with(|w| w.body = b"woof".to_vec()),
        honest.with(|w| w.target = "/reports/2".to_owned()),
        honest.with(|w| w.method = "DELETE".to_owned()),
    ] {
        let (status, told) = ask(app(signed(&site)), &altered).await;
        assert_eq!((status, told["code"].as_str()), (403, Some("SignatureDoesNotMatch")), "{altered:?}");
    }
    let elsewhere = RequireSignature::new(Arc::clone(&site.broker), Service::new("photos"));
    assert_eq!(ask(app(elsewhere), &honest).await.1["code"], "SignatureDoesNotMatch");
}

#[tokio::test]
async fn a_route_that_was_left_outside_is_not_open() {
    let open = Router::new().route("/", get(|_: SignedCaller| async { "open" }));
    let (status, _, text) = send(open, Request::get("/").body(Body::empty()).unwrap()).await;
    assert_eq!(status, 500, "{text}");
    assert!(!text.contains("open"), "{text}");
}

#[tokio::test]
async fn bodies_are_bounded() {
    let site = Site::new();
    let wire = Draft { body: b"meow".to_vec(), ..draft("PUT", "/reports/cats") }.sign(martha());
    assert_eq!(ask(app(signed(&site).with_body_limit(4)), &wire).await.0, 200);
    let (status, told) = ask(app(signed(&site).with_body_limit(3)), &wire).await;
    assert_eq!((status, told["code"].as_str()), (413, Some("RequestEntityTooLarge")));
    let s3 = RequireSignature::new(Arc::clone(&site.broker), Service::S3).with_body_limit(3);
    let wire = Draft { method: "PUT", body: b"meow".to_vec(), ..Draft::get("s3", "/reports/cats") }.sign(martha());
    let (status, _, text) = send(app(s3), request(&wire)).await;
    assert!(
        status == 400 && text.contains("Your proposed upload exceeds the maximum allowed size, 3 bytes."),
        "{text}"
    );
    // Its head was good, so that the trail has to say what became of it.
    assert_eq!(site.last_refusal().1, "verify body");
}

#[tokio::test]
async fn nothing_is_read_for_whoever_could_not_have_signed() {
    let site = Site::new();
    let honest = draft("PUT", "/reports/cats").sign(martha());
    assert_eq!(is_read(&site, &honest).await, (200, true));
    for refused in [
        honest.with(|w| w.remove("authorization")),
        honest.with(|w| *w.value_mut("x-amz-security-token") = "made.up.token".to_owned()),
        honest.with(|w| w.add("x-amz-acl", "public-read")),
    ] {
        assert_eq!(is_read(&site, &refused).await, (403, false), "{refused:?}");
    }
    // Where the body is declared, the signature itself comes before it.
    let digest = daypass::crypto::sha256_hex(b"");
    let declared = draft("PUT", "/reports/cats").header("x-amz-content-sha256", &digest).sign(martha());
    assert_eq!(is_read(&site, &declared).await, (200, true));
    assert_eq!(is_read(&site, &declared.with(|w| w.method = "POST".to_owned())).await, (403, false));
}

/// A body that notes what the trail has by when it is read.
struct Noting(Trail, Arc<Mutex<Vec<AuditEvent>>>, Option<Bytes>);

impl HttpBody for Noting {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        *self.1.lock().unwrap() = self.0.events();
        Poll::Ready(self.2.take().map(|piece| Ok(Frame::data(piece))))
    }
}

/// Each verification of Signature Version 4A costs as much as fifty of Version 4.
#[tokio::test]
async fn the_signature_over_a_declared_body_is_verified_once_and_before_the_body_is_read() {
    let digest = daypass::crypto::sha256_hex(b"meow");
    let wire = Draft { body: b"meow".to_vec(), ..draft("PUT", "/reports/cats") }
        .header("x-amz-content-sha256", &digest)
        .sign(martha());
    for (body, status, then) in [("meow", 200, None), ("woof", 403, Some("SignatureDoesNotMatch"))] {
        let site = Site::new();
        let before = Arc::new(Mutex::new(Vec::new()));
        let noting = Noting(site.trail.clone(), Arc::clone(&before), Some(Bytes::from(body)));
        let (answered, _, text) = send(app(signed(&site)), request_with(&wire, Body::new(noting))).await;
        assert_eq!(answered, status, "{text}");
        let told = |events: &[AuditEvent]| -> Vec<_> {
            let stage = events.iter().filter(|event| event.stage == Stage::Request);
            stage.map(|event| (event.operation.clone(), event.code)).collect()
        };
        let authenticated = ("authenticate".to_owned(), None);
        assert_eq!(told(&before.lock().unwrap()), std::slice::from_ref(&authenticated));
        let refused = then.map(|code| ("verify body".to_owned(), Some(code)));
        let all: Vec<_> = [authenticated].into_iter().chain(refused).collect();
        assert_eq!(told(&site.trail.events()), all);
    }
}

/// A body whose sender waits for something before it ends.
struct Waiting<F>(Option<F>, Option<Bytes>);

impl<F: FnOnce() + Unpin> HttpBody for Waiting<F> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(wait) = self.0.take() {
            wait();
        }
        Poll::Ready(self.1.take().map(|piece| Ok(Frame::data(piece))))
    }
}

/// Attack: a request sent but for its last byte, which comes when the session is over.
#[tokio::test]
async fn what_ends_while_a_body_comes_is_not_served() {
    let digest = daypass::crypto::sha256_hex(b"meow");
    let wire = |declared: bool| {
        let draft = Draft { body: b"meow".to_vec(), ..draft("PUT", "/reports/cats") };
        if declared { draft.header("x-amz-content-sha256", &digest) } else { draft }.sign(martha())
    };
    let revoke: fn(&Site) = |site| {
        let mut revocations = Revocations::new();
        revocations.revoke_access_key(martha().access_key_id().clone());
        site.broker.sessions().replace_revocations(revocations);
    };
    let be_late: fn(&Site) = |site| site.clock.advance(Duration::from_secs(901));
    for declared in [false, true] {
        for (happens, code) in
            [(None, None), (Some(revoke), Some("AccessDenied")), (Some(be_late), Some("SignatureDoesNotMatch"))]
        {
            let site = Arc::new(Site::new());
            let then = Arc::clone(&site);
            let wait = move || happens.map_or((), |happens| happens(&then));
            let body = Body::new(Waiting(Some(wait), Some(Bytes::from("meow"))));
            let (status, _, text) = send(app(signed(&site)), request_with(&wire(declared), body)).await;
            assert_eq!(status == 200, code.is_none(), "{text}");
            assert!(code.is_none_or(|code| text.contains(code)), "{text}");
        }
    }
}

#[tokio::test]
async fn a_nested_router_verifies_the_path_that_was_sent() {
    let site = Site::new();
    let nested = || Router::new().nest("/api/v1", app(signed(&site)));
    let (status, _, text) = send(nested(), request(&draft("GET", "/api/v1/reports/1").sign(martha()))).await;
    assert_eq!(status, 200, "{text}");
    let short = draft("GET", "/reports/1").sign(martha()).with(|w| w.target = "/api/v1/reports/1".to_owned());
    assert_eq!(ask(nested(), &short).await.1["code"], "SignatureDoesNotMatch");
}

#[tokio::test]
async fn policies_see_what_is_known_of_the_request_and_of_the_resource() {
    let site = Site::new();
    let wire = |id: &str| draft("DELETE", &format!("/reports/{id}")).sign(martha());
    let full = || {
        signed(&site).with_secure_transport().with_environment(|parts, keys| {
            // As a proxy that is trusted says it.
            let from = parts.headers.get("x-real-ip").and_then(|value| value.to_str().ok());
            keys.set("aws:SourceIp", from.unwrap_or_default());
        })
    };
    let from = |ip: &'static str, id: &str| wire(id).with(|w| w.add("x-real-ip", ip));
    let (status, _, text) = send(app(full()), request(&from("192.0.2.7", "cats"))).await;
    assert_eq!((status, text.as_str()), (200, "gone"));
    assert_eq!(ask(app(full()), &from("198.51.100.7", "cats")).await.0, 403);
    assert_eq!(ask(app(full()), &from("192.0.2.7", "dogs")).await.0, 403);
    assert_eq!(ask(app(signed(&site)), &from("192.0.2.7", "cats")).await.0, 403);
}

#[tokio::test]
async fn any_service_of_tower_can_stand_behind_it() {
    let site = Site::new();
    let echo = service_fn(|request: Request<Body>| async move {
        let caller = request.extensions().get::<SignedCaller>().unwrap();
        Ok::<_, Infallible>(Response::new(Body::from(caller.access_key_id().to_string())))
    });
    let (status, _, text) = send(signed(&site).layer(echo), request(&draft("GET", "/x").sign(martha()))).await;
    assert_eq!((status, text.as_str()), (200, martha().access_key_id().as_str()));
}

#[tokio::test]
async fn what_cannot_be_recorded_does_not_happen() {
    #[derive(Debug)]
    struct Full;
    impl AuditSink for Full {
        fn wants_checks(&self) -> bool {
            false
        }

        fn record(&self, _: &AuditEvent) -> std::io::Result<()> {
            Err(std::io::Error::other("the disk is full"))
        }
    }
    let clock = Arc::new(daypass::time::ManualClock::new(fixture::now()));
    let broker = Arc::new(Broker::new(fixture::keyring()).with_clock(clock).with_audit(Arc::new(Full)));
    let layer = RequireSignature::new(broker, Service::new("reports"));
    let (status, told) = ask(app(layer), &draft("GET", "/reports/1").sign(martha())).await;
    assert_eq!((status, told["code"].as_str()), (503, Some("ServiceUnavailable")));
    assert!(!told["message"].as_str().unwrap().contains("disk"), "{told}");
}

#[tokio::test]
async fn a_root_user_whose_key_signs_is_warned_of_in_the_trail() {
    let site = Site::new();
    let id = "111111111111".parse().unwrap();
    let key = |owner: KeyOwner| {
        let made = site
            .broker
            .registry()
            .update(&id, |account, limits| account.create_access_key(limits, &owner, fixture::now()));
        made.unwrap()
    };
    let create = |account: &mut Account, limits: &Limits| {
        account.create_user(limits, &"martha".parse()?, "/".parse()?, fixture::now())
    };
    site.broker.registry().update(&id, create).unwrap();
    let warnings = || {
        let events = site.trail.events();
        let event = events.iter().rfind(|event| event.operation == "authenticate").unwrap();
        (event.principal.clone(), event.warnings.clone())
    };
    for (owner, principal, warned) in [
        (KeyOwner::user("martha"), "arn:aws:iam::111111111111:user/martha", None),
        (
            KeyOwner::Root,
            "arn:aws:iam::111111111111:root",
            Some(
                "The root user of account 111111111111 signed a request with an access key: use a role, and delete the key.",
            ),
        ),
    ] {
        let key = key(owner);
        let wire = draft("GET", "/reports/1").sign_with(key.access_key_id(), key.secret_access_key(), None);
        send(app(signed(&site)), request(&wire)).await;
        assert_eq!(warnings(), (principal.to_owned(), warned.into_iter().map(str::to_owned).collect()));
    }
}
