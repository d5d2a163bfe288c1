//! The gallery: the bucket for people with a browser, each thing on the page decided as if it were asked through S3.
//!
//! Enters: a session token, brought by a form of the portal, then pages and forms of a visit. Leaves: pages. Refused, with
//! the decision explained: whatever the policies do not allow; without explanation: forms from other origins.

mod form;
mod origin;
mod page;
mod view;
mod visits;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::request::Parts;
use axum::routing::{get, post};
use daypass::explain::CorrelationId;
use daypass::policy::Keys;
use daypass::{Broker, Flow};

use super::bucket::Bucket;
use super::operation::Demand;
use super::ruling::{Caller, Ruling, environment, rule};

use page::Problem;
use visits::Visits;

/// The largest photo a form may bring, in bytes; S3 clients may bring larger ones.
const PHOTO_LIMIT: usize = 8 * 1024 * 1024;
/// The largest form around a photo.
const UPLOAD_LIMIT: usize = PHOTO_LIMIT + 64 * 1024;
/// The largest form without one; a session token is what takes room in it.
const FORM_LIMIT: usize = 64 * 1024;
/// The media types of photos that browsers show.
const PHOTO_TYPES: [&str; 5] = ["image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp"];
/// Where the photos are in the bucket.
const PREFIX: &str = "photos/";

/// What the gallery needs to know.
#[derive(Clone, Debug)]
pub(super) struct Gallery {
    broker: Arc<Broker>,
    bucket: Arc<Bucket>,
    portal: Arc<str>,
    visits: Arc<Visits>,
}

/// Someone whose session token was verified for this page.
struct Visitor<'a> {
    flow: Flow<'a>,
    caller: Caller,
    environment: Keys,
    session_arn: String,
    expiration: daypass::time::Timestamp,
}

impl Gallery {
    pub(super) fn new(broker: Arc<Broker>, bucket: Arc<Bucket>, portal: Arc<str>) -> Self {
        Self { broker, bucket, portal, visits: Arc::default() }
    }

    pub(super) fn router(self) -> Router {
        Router::new()
            .route("/gallery", get(view::gallery))
            .route("/gallery/photo/{*key}", get(view::photo))
            .route("/gallery/base.css", get(view::base_style))
            .route("/gallery/gallery.css", get(view::gallery_style))
            .route("/gallery/icon.svg", get(view::icon))
            .route("/gallery/open", post(form::open))
            .route("/gallery/delete", post(form::delete))
            .route("/gallery/close", post(form::close))
            .layer(DefaultBodyLimit::max(FORM_LIMIT))
            .route("/gallery/upload", post(form::upload).layer(DefaultBodyLimit::max(UPLOAD_LIMIT)))
            .with_state(self)
    }

    /// Verifies a session token and follows the flow in which it was minted.
    fn visitor(&self, parts: &Parts, session_token: &str) -> Result<Visitor<'_>, Problem> {
        let bearer = self.broker.begin()?.authenticate_bearer(session_token)?;
        let session = bearer.session();
        let id = session.correlation_id().and_then(CorrelationId::parse);
        let flow = id.map_or_else(|| self.broker.begin(), |id| Ok(self.broker.follow(id)))?;
        Ok(Visitor {
            flow,
            environment: environment(parts),
            session_arn: session.arn().to_string(),
            expiration: session.expiration(),
            caller: Caller::Borne(Arc::new(bearer)),
        })
    }
}

impl Visitor<'_> {
    /// Asks whether the visitor may do something.
    fn may(&self, demand: &Demand) -> Result<Ruling, Problem> {
        Ok(rule(&self.flow, &self.caller, demand, &self.environment)?)
    }
}
