//! The demo resource `cat-photos`: one S3 bucket in memory and a gallery page over it, both guarded by daypass.
//!
//! ```text
//!  aws s3 … ──► guard: authenticate, what is wanted, authorize ──► service (s3s) ──► bucket
//!  browser ───► gallery: session, authorize ───────────────────────────────────────► bucket
//! ```

pub mod bucket;
mod gallery;
mod guard;
pub mod operation;
mod permit;
mod ruling;
mod service;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use daypass::Broker;
use daypass::time::Clock;
use s3s::service::S3ServiceBuilder;

use bucket::Bucket;
use gallery::Gallery;
use guard::Guard;
use service::PhotoService;

/// The ARN of the bucket.
pub const BUCKET_ARN: &str = "arn:aws:s3:::cat-photos";

/// The bucket's policy: everyone may read the note, and only administrators may delete. Give it to the broker as the
/// policy of [`BUCKET_ARN`]; the bucket itself only shows it.
pub const BUCKET_POLICY: &str = include_str!("../../../assets/photos/bucket-policy.json");

/// The whole resource on one port: the S3 API, the gallery under `/gallery`, and `/healthz`.
///
/// Every request is authenticated and decided by `broker`; `clock`, which should be the broker's, dates the objects;
/// `portal` is the URL where people get a session. Serve it with
/// [`into_make_service_with_connect_info`](Router::into_make_service_with_connect_info), so that policies can speak of
/// `aws:SourceIp`.
pub fn router(broker: Arc<Broker>, clock: Arc<dyn Clock>, portal: &str) -> Router {
    let bucket = Arc::new(Bucket::seeded(clock));
    let photos = PhotoService::new(Arc::clone(&bucket), BUCKET_POLICY.into());
    let service = S3ServiceBuilder::new(photos).build();
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .fallback(guard::answer)
        .with_state(Guard { broker: Arc::clone(&broker), service })
        .merge(Gallery::new(broker, bucket, portal.into()).router())
}
