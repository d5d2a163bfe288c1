//! What stands before an application's routes: who may pass, and where everyone else goes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CACHE_CONTROL};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::SignedIn;
use crate::http::portal::{Portal, Stop};
use crate::http::signin::return_path::ReturnPath;

const NOT_TO_BE_KEPT: HeaderValue = HeaderValue::from_static("no-store");

/// Where a handler asks who is there.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    portal: Arc<Portal>,
    /// Where somebody comes back to after signing in; nothing where no page was asked for.
    page: Option<ReturnPath>,
    /// Whether the answer may depend on who is there.
    asked: Arc<AtomicBool>,
}

impl Desk {
    /// The desk of one request, which `request` has not been changed since: a nested router sees a part of its path.
    fn of(portal: Arc<Portal>, request: &Request) -> Self {
        let path = request.uri().path_and_query().and_then(|path| ReturnPath::parse(path.as_str()));
        let page = is_page(request.method(), request.headers());
        let page = page.then(|| path.unwrap_or_else(|| portal.door.return_path()));
        Self { portal, page, asked: Arc::new(AtomicBool::new(false)) }
    }

    /// Who is there, if someone is signed in.
    pub(super) async fn person(&self, headers: &HeaderMap) -> Result<Option<SignedIn>, Response> {
        self.asked.store(true, Ordering::Relaxed);
        match self.portal.session(headers).await {
            Ok(session) => Ok(session.map(SignedIn::new)),
            Err(refusal) => Err(self.portal.answer(Err(refusal.into()))),
        }
    }

    /// The answer to somebody who is not signed in: a page can be come back to, a program is told.
    pub(super) fn turn_away(&self) -> Response {
        match &self.page {
            Some(path) => self.portal.answer(Err(Stop::SignIn(path.clone()))),
            None => {
                let sign_in = format!("{}/signin", self.portal.origin);
                let told = Json(json!({"error": "sign_in_required", "sign_in": sign_in}));
                (StatusCode::UNAUTHORIZED, [(CACHE_CONTROL, NOT_TO_BE_KEPT)], told).into_response()
            }
        }
    }

    /// The desk that was set up for `parts`.
    pub(super) fn at(parts: &Parts) -> Result<Self, Response> {
        let outside = (StatusCode::INTERNAL_SERVER_ERROR, "sign-in was not set up for this route\n");
        parts.extensions.get::<Self>().cloned().ok_or_else(|| outside.into_response())
    }
}

/// Lets through whoever is signed in, and nobody else.
pub(super) async fn demand(State(portal): State<Arc<Portal>>, mut request: Request, next: Next) -> Response {
    let desk = Desk::of(portal, &request);
    match desk.person(request.headers()).await {
        Ok(Some(person)) => {
            request.extensions_mut().insert(person);
            request.extensions_mut().insert(desk);
            personal(next.run(request).await)
        }
        Ok(None) => desk.turn_away(),
        Err(refused) => refused,
    }
}

/// Lets everyone through, to handlers that ask who is there.
pub(super) async fn offer(State(portal): State<Arc<Portal>>, mut request: Request, next: Next) -> Response {
    let desk = Desk::of(portal, &request);
    let asked = Arc::clone(&desk.asked);
    request.extensions_mut().insert(desk);
    let response = next.run(request).await;
    if asked.load(Ordering::Relaxed) { personal(response) } else { response }
}

/// What one person was shown is kept by no cache, and is gone with the session: Back does not show it again.
fn personal(mut response: Response) -> Response {
    response.headers_mut().entry(CACHE_CONTROL).or_insert(NOT_TO_BE_KEPT);
    response
}

/// Whether a person waits for a page, as browsers say it. A script that was sent on to an identity provider would only see
/// an error that explains nothing, a picture would begin a sign-in of its own, and a form would lose what is in it.
fn is_page(method: &Method, headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(ACCEPT).iter().filter_map(|line| line.to_str().ok());
    matches!(*method, Method::GET | Method::HEAD)
        && accepted.any(|line| line.to_ascii_lowercase().contains("text/html"))
}
