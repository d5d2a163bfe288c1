//! The door in front of the S3 service: a request in, and only what its signer may do goes on.
//!
//! Enters: any HTTP request that is not for the gallery. Leaves: the service's answer. Refused, with the S3 error of the
//! real protocol: what is not signed by a live session (unless the bucket lets everyone do it), what is no operation of
//! the table, and what the policies do not allow.
//!
//! The request is first verified as it came, then put into plain form (no signature, no framing of `aws-chunked`); from
//! there on one and the same request is decided and done.

mod answer;
mod plain;
mod refusal;

pub(super) use answer::SANDBOX;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Redirect, Response};
use daypass::explain::{CorrelationId, Silent};
use daypass::policy::Keys;
use daypass::request::{RequestError, Service, SignedHead, SignedRequest, authenticate_streamed};
use daypass::{Broker, Flow};
use futures_util::StreamExt;
use s3s::service::S3Service;

use super::bucket::OBJECT_LIMIT;
use super::operation::{Demand, Wanted};
use super::permit::Permit;
use super::ruling::{Caller, environment, rule};

use plain::Plain;
use refusal::Refusal;

/// The longest body: an object, and the sizes and signatures between its chunks.
const BODY_LIMIT: usize = OBJECT_LIMIT + 1024 * 1024;

/// The longest body of a request that nobody signed: a list of a thousand keys to delete.
const UNSIGNED_BODY_LIMIT: usize = 2 * 1024 * 1024;

/// What the guard needs to know.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    pub(super) broker: Arc<Broker>,
    pub(super) service: S3Service,
}

/// Answers every request that no page takes.
pub(super) async fn answer(State(guard): State<Guard>, request: Request) -> Response {
    if is_person(&request) {
        return Redirect::to("/gallery").into_response();
    }
    let now = guard.broker.now();
    let flow = match guard.broker.begin() {
        Ok(flow) => flow,
        Err(error) => return answer::finish(Refusal::from(error).into_response("", ""), "", now),
    };
    let resource = request.uri().path().to_owned();
    let request_id = flow.correlation_id().to_string();
    let response = match guard.serve(&flow, request).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(&resource, &request_id),
    };
    answer::finish(response, &request_id, now)
}

/// Whether a person opened the address in a browser: an SDK signs its requests and asks for no page.
fn is_person(request: &Request) -> bool {
    let wants_page = request
        .headers()
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.split(',').any(|kind| kind.trim().starts_with("text/html")));
    request.method() == Method::GET
        && request.uri().path() == "/"
        && request.uri().query().is_none()
        && !request.headers().contains_key(AUTHORIZATION)
        && wants_page
}

impl Guard {
    async fn serve(&self, flow: &Flow<'_>, request: Request) -> Result<Response, Refusal> {
        let (parts, body) = request.into_parts();
        let environment = environment(&parts);
        let body = receive(&parts.headers, body, self.room(&parts)).await?;
        let (caller, plain) = self.admit(flow, &parts, body)?;
        let wanted = Wanted::parse(&plain.method, plain.uri.path(), &plain.query, &plain.headers)?;
        // The decisions belong to the person's flow, which the session carries.
        let person = match &caller {
            Caller::Signed(request) => request.caller().correlation_id(),
            Caller::Borne(_) | Caller::Anonymous => None,
        };
        let id = person.and_then(CorrelationId::parse);
        let person = self.broker.follow(id.unwrap_or_else(|| flow.correlation_id().clone()));
        for demand in &wanted.demands {
            let ruling = rule(&person, &caller, demand, &environment)?;
            if !ruling.allowed {
                return Err(Refusal::denied(ruling.message));
            }
        }
        let permit = self.permit(&person, wanted, caller, environment);
        let answered = self.service.call(plain.into_request(permit)).await;
        let answered = answered.map_err(|_| Refusal::internal())?;
        Ok(answered.map(Body::new).into_response())
    }

    /// How much of a body is kept for whoever sent `parts`, in bytes.
    fn room(&self, parts: &Parts) -> usize {
        if plain::is_anonymous(parts) {
            return UNSIGNED_BODY_LIMIT;
        }
        let (sessions, now) = (self.broker.sessions(), self.broker.now());
        let verified =
            head(parts).and_then(|head| authenticate_streamed(sessions, &Service::S3, head, now, &mut Silent));
        // Without a good signature `admit` refuses whatever the body is.
        if verified.is_ok() { BODY_LIMIT } else { 0 }
    }

    /// Who sent the request, and the request in plain form.
    fn admit(&self, flow: &Flow<'_>, parts: &Parts, body: Vec<u8>) -> Result<(Caller, Plain), Refusal> {
        if plain::is_anonymous(parts) {
            return Ok((Caller::Anonymous, Plain::from_anonymous(parts, body.into())?));
        }
        if plain::is_signature_version_2(parts) {
            return Err(Refusal::signature_version_2());
        }
        let signed = SignedRequest::new(head(parts).map_err(daypass::Error::from)?, body);
        let authenticated = Arc::new(flow.authenticate(&Service::S3, signed)?);
        let plain = Plain::from_authenticated(parts, &authenticated)?;
        Ok((Caller::Signed(authenticated), plain))
    }

    fn permit(&self, flow: &Flow<'_>, wanted: Wanted, caller: Caller, environment: Keys) -> Permit {
        let (broker, id) = (Arc::clone(&self.broker), flow.correlation_id().clone());
        let may_delete = move |key: &str| {
            let demand = Demand::on_object("s3:DeleteObject", key);
            match rule(&broker.follow(id.clone()), &caller, &demand, &environment) {
                Ok(ruling) if ruling.allowed => Ok(()),
                Ok(ruling) => Err(ruling.message),
                Err(error) => Err(error.to_string()),
            }
        };
        Permit::new(wanted, Arc::new(may_delete))
    }
}

/// The head of a request as it was signed.
fn head(parts: &Parts) -> Result<SignedHead, RequestError> {
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    SignedHead::new(parts.method.as_str(), target, headers)
}

/// Reads the body, which is bounded whatever its sender announced, and keeps it where there is `room`: strangers must not
/// fill memory (attack: many large bodies at once, each with a signature that was made up). What is not kept is read all
/// the same, so that the refusal arrives.
async fn receive(headers: &HeaderMap, body: Body, room: usize) -> Result<Vec<u8>, Refusal> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|announced| announced > BODY_LIMIT) {
        return Err(Refusal::too_large());
    }
    let mut chunks = body.into_data_stream();
    let (mut whole, mut length) = (Vec::new(), 0_usize);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refusal::incomplete())?;
        length = length.saturating_add(chunk.len());
        if length > BODY_LIMIT {
            return Err(Refusal::too_large());
        }
        if length <= room {
            whole.extend_from_slice(&chunk);
        }
    }
    // Who has no room at all is told why by whoever reads the signature.
    if room > 0 && length > room { Err(Refusal::too_large()) } else { Ok(whole) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_is_kept_only_where_there_is_room() {
        let body = |count: usize| {
            let chunk = axum::body::Bytes::from_static(&[0; 1024]);
            Body::from_stream(futures_util::stream::iter(
                std::iter::repeat_n(chunk, count).map(Ok::<_, std::io::Error>),
            ))
        };
        let headers = HeaderMap::new();
        assert_eq!(receive(&headers, body(4), 4096).await.unwrap().len(), 4096);
        assert!(receive(&headers, body(5), 4096).await.is_err());
        assert!(receive(&headers, body(4), 0).await.unwrap().is_empty());
        assert!(receive(&headers, body(BODY_LIMIT / 1024 + 1), 0).await.is_err());
    }
}
