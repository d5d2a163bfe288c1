//! A call as it came from the wire: bounded, its parameters read, its signature not verified.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::http::request::Parts;
use axum::http::{Method, Request, header};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{Protocol, Query, QueryError};
use crate::Error;
use crate::broker::Flow;
use crate::http::environment;
use crate::policy::Keys;
use crate::request::{Service, SignedHead, SignedRequest, authorization};

/// The largest body that is read before anything is known of who sent it, in bytes.
const ORDINARY_BODY: usize = 400 * 1024;
/// Those of this process: four are held at a time, and each may take a minute to arrive.
static LARGE_BODIES: LargeBodies = LargeBodies::new(4, Duration::from_secs(60));

/// How many larger bodies are held at a time, and how long one may take to arrive.
struct LargeBodies {
    turns: Semaphore,
    time: Duration,
}

impl LargeBodies {
    const fn new(most: usize, time: Duration) -> Self {
        Self { turns: Semaphore::const_new(most), time }
    }
}

/// One call of a service.
pub(in crate::http) struct Received {
    parts: Parts,
    body: Bytes,
    query: Query,
    head: SignedHead,
    scope_service: Option<String>,
    large: Option<LargeBody>,
}

/// The right to hold a large body.
pub(in crate::http) type LargeBody = SemaphorePermit<'static>;

impl Received {
    /// Reads a request within the limits of the service that its credential scope names. A large body is read only of those
    /// whose request may turn out authentic, as far as its head tells.
    pub(super) async fn read(
        request: Request<Body>,
        flow: &Flow<'_>,
        protocol: impl FnOnce(Option<&str>) -> Protocol,
    ) -> Result<Self, QueryError> {
        Self::read_within(&LARGE_BODIES, request, flow, protocol).await
    }

    async fn read_within(
        bodies: &'static LargeBodies,
        request: Request<Body>,
        flow: &Flow<'_>,
        protocol: impl FnOnce(Option<&str>) -> Protocol,
    ) -> Result<Self, QueryError> {
        let (parts, body) = request.into_parts();
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let head = SignedHead::new(parts.method.as_str(), target, headers).map_err(Error::from)?;
        let signed = authorization::parse(&head).ok();
        let scope_service = signed.map(|signed| signed.service().to_owned());
        let limits = protocol(scope_service.as_deref());
        let large = large(bodies, flow, &head, body.size_hint().exact(), limits).await?;
        let body = if large.is_some() {
            let late = |_| QueryError::new("RequestTimeout", "the body did not arrive in time");
            tokio::time::timeout(bodies.time, whole(body, limits.max_body)).await.map_err(late)??
        } else {
            whole(body, limits.max_body.min(ORDINARY_BODY)).await?
        };
        let query = parameters(&parts, &body, limits)?;
        Ok(Self { parts, body, query, head, scope_service, large })
    }

    /// The parameters.
    pub(in crate::http) const fn query(&self) -> &Query {
        &self.query
    }

    /// The service that the signature claims to be for; none without a signature that can be read.
    pub(super) fn scope_service(&self) -> Option<&str> {
        self.scope_service.as_deref()
    }

    /// What connection and headers say of the call, as condition keys.
    pub(in crate::http) fn environment(&self) -> Keys {
        environment::keys(&self.parts)
    }

    /// The call as a request whose signature can be verified.
    pub(in crate::http) fn signed(&self) -> SignedRequest {
        SignedRequest::new(self.head.clone(), self.body.to_vec())
    }

    /// The parameters, the call as a request whose signature can be verified, and the right to hold both if they are large.
    pub(in crate::http) fn into_parts(self) -> (Query, SignedRequest, Option<LargeBody>) {
        (self.query, SignedRequest::new(self.head, self.body.into()), self.large)
    }
}

/// The right to hold a body that may be large, for those who may turn out to be who they say.
async fn large(
    bodies: &'static LargeBodies,
    flow: &Flow<'_>,
    head: &SignedHead,
    announced: Option<u64>,
    limits: Protocol,
) -> Result<Option<LargeBody>, QueryError> {
    let announced = announced.and_then(|length| usize::try_from(length).ok());
    if limits.max_body <= ORDINARY_BODY || announced.is_some_and(|length| length <= ORDINARY_BODY) {
        return Ok(None);
    }
    // Whoever announces too much is told so below.
    if announced.is_some_and(|length| length > limits.max_body) {
        return Ok(None);
    }
    // Only IAM takes larger ones.
    flow.foresee(&Service::IAM, head)?;
    let busy = |_| QueryError::new("ServiceUnavailable", "the service cannot answer at the moment; try again");
    bodies.turns.acquire().await.map(Some).map_err(busy)
}

async fn whole(body: Body, most: usize) -> Result<Bytes, QueryError> {
    to_bytes(body, most)
        .await
        .map_err(|_| QueryError::new("RequestEntityTooLarge", format!("the body is larger than {most} bytes")))
}

fn parameters(parts: &Parts, body: &Bytes, limits: Protocol) -> Result<Query, QueryError> {
    let of_target = || Query::parse(parts.uri.query().unwrap_or_default().as_bytes(), limits.max_parameters);
    if parts.method != Method::POST {
        return of_target();
    }
    let content_type =
        parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if parts.headers.contains_key("x-amz-target") {
        let sentence =
            "services of the query protocol answer here, STS and IAM; x-amz-target names one that speaks JSON";
        return Err(QueryError::malformed(sentence));
    }
    if !body.is_empty() && !content_type.starts_with("application/x-www-form-urlencoded") {
        return Err(QueryError::malformed("expected a body of type application/x-www-form-urlencoded"));
    }
    // Clients presign what is to be posted as well, with all of its parameters in the query.
    if body.is_empty() { of_target() } else { Query::parse(body, limits.max_parameters) }
}

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};
    use std::sync::Arc;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::http::iam::PROTOCOL;
    use crate::iam::KeyOwner;
    use crate::time::{ManualClock, Timestamp};
    use crate::{Broker, Keyring};

    /// A body of so many bytes, of which no more than these ever arrive.
    struct Stalled(u64);

    impl axum::body::HttpBody for Stalled {
        type Data = Bytes;
        type Error = axum::Error;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
            Poll::Pending
        }

        fn size_hint(&self) -> http_body::SizeHint {
            http_body::SizeHint::with_exact(self.0)
        }
    }

    /// A broker and the id of an access key in it.
    fn broker() -> (Broker, String) {
        let now = Timestamp::from_unix_seconds(1_800_000_000);
        let broker = Broker::new(Keyring::generate().unwrap()).with_clock(Arc::new(ManualClock::new(now)));
        let account = "111111111111".parse().unwrap();
        broker.registry().open_account(&account);
        let make = |account: &mut crate::iam::Account, limits: &crate::iam::Limits| {
            account.create_access_key(limits, &KeyOwner::Root, now)
        };
        let key = broker.registry().update(&account, make).unwrap();
        (broker, key.access_key_id().to_string())
    }

    /// A call of IAM whose head is in order as far as it can be told without the body.
    fn call(key: &str, body: Body) -> Request<Body> {
        let credential = format!("Credential={key}/20270115/eu-west-1/iam/aws4_request");
        let signature = "0".repeat(64);
        let signed = "SignedHeaders=host;x-amz-date";
        Request::post("/")
            .header("host", "localhost")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-amz-date", "20270115T080000Z")
            .header("authorization", format!("AWS4-HMAC-SHA256 {credential}, {signed}, Signature={signature}"))
            .body(body)
            .unwrap()
    }

    fn large_body() -> Body {
        Body::from("x".repeat(ORDINARY_BODY + 1))
    }

    /// One look at whether it is done.
    fn poll<T>(future: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[tokio::test]
    async fn a_large_body_that_does_not_arrive_in_time_is_given_up() {
        static BODIES: LargeBodies = LargeBodies::new(1, Duration::ZERO);
        let (broker, key) = broker();
        let flow = broker.begin().unwrap();
        let stalled = Body::new(Stalled(500 * 1024));
        let refused = Received::read_within(&BODIES, call(&key, stalled), &flow, |_| PROTOCOL).await;
        assert_eq!(refused.err().unwrap().code(), "RequestTimeout");
        assert_eq!(BODIES.turns.available_permits(), 1, "its turn is given back");
    }

    #[tokio::test]
    async fn large_bodies_wait_for_their_turn_until_an_earlier_call_is_answered_and_nobody_else_waits() {
        static BODIES: LargeBodies = LargeBodies::new(1, Duration::from_secs(60));
        let (broker, key) = broker();
        let flow = broker.begin().unwrap();
        let read = |key: &str, body: Body| Received::read_within(&BODIES, call(key, body), &flow, |_| PROTOCOL);
        let first = read(&key, large_body()).await.unwrap();
        let mut second = pin!(read(&key, large_body()));
        assert!(poll(second.as_mut()).is_pending());
        assert!(read(&key, Body::from("Action=ListUsers")).await.is_ok(), "a small one");
        let stranger = read("AKIAAAAAAAAAAAAAAAAA", large_body()).await;
        assert_eq!(stranger.err().unwrap().code(), "InvalidClientTokenId");
        let (_, _, held) = first.into_parts();
        assert!(poll(second.as_mut()).is_pending(), "while the first is carried out");
        drop(held);
        assert!(matches!(poll(second.as_mut()), Poll::Ready(Ok(_))));
    }

    #[tokio::test]
    async fn four_large_bodies_are_held_and_a_fifth_waits() {
        let (broker, key) = broker();
        let flow = broker.begin().unwrap();
        let read = || Received::read(call(&key, large_body()), &flow, |_| PROTOCOL);
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(read().await.unwrap());
        }
        let mut fifth = pin!(read());
        assert!(poll(fifth.as_mut()).is_pending());
        held.pop();
        assert!(matches!(poll(fifth.as_mut()), Poll::Ready(Ok(_))));
        assert_eq!(LARGE_BODIES.time, Duration::from_secs(60));
    }
}
