//! What a visitor may look at.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::super::bucket::{Entry, ListingQuery};
use super::super::guard::SANDBOX;
use super::super::operation::Demand;
use super::page::{GalleryPage, Notice, PhotoView, Problem, VisitorView, render, size, time_left};
use super::{Gallery, PHOTO_TYPES, PREFIX, Visitor};

/// Photos on one page.
const PHOTO_COUNT: usize = 60;

pub(super) async fn gallery(State(gallery): State<Gallery>, parts: Parts) -> Response {
    let shown = gallery.continued(&parts, |visitor| gallery.page(StatusCode::OK, visitor, None));
    shown.unwrap_or_else(|problem| problem.into_response(&gallery.portal))
}

pub(super) async fn photo(State(gallery): State<Gallery>, parts: Parts, Path(key): Path<String>) -> Response {
    let shown = gallery.continued(&parts, |visitor| gallery.photo(visitor, &key));
    shown.unwrap_or_else(|problem| problem.into_response(&gallery.portal))
}

pub(super) async fn base_style() -> Response {
    asset("text/css; charset=utf-8", include_str!("../../../../assets/base.css"))
}

pub(super) async fn gallery_style() -> Response {
    asset("text/css; charset=utf-8", include_str!("../../../../assets/gallery.css"))
}

pub(super) async fn icon() -> Response {
    asset("image/svg+xml", include_str!("../../../../assets/photos/icon.svg"))
}

fn asset(content_type: &'static str, text: &'static str) -> Response {
    let headers = [(CONTENT_TYPE, content_type), (X_CONTENT_TYPE_OPTIONS, "nosniff"), (CACHE_CONTROL, "max-age=60")];
    (headers, text).into_response()
}

impl Gallery {
    /// Goes on with the visit that the request's cookie names.
    pub(super) fn continued(
        &self,
        parts: &Parts,
        then: impl FnOnce(&Visitor<'_>) -> Result<Response, Problem>,
    ) -> Result<Response, Problem> {
        let session_token = self.visits.session_token(&parts.headers).ok_or(Problem::NoVisit)?;
        then(&self.visitor(parts, &session_token)?)
    }

    /// The gallery as the visitor may see it.
    pub(super) fn page(
        &self,
        status: StatusCode,
        visitor: &Visitor<'_>,
        notice: Option<Notice>,
    ) -> Result<Response, Problem> {
        let mut page = GalleryPage {
            portal: &self.portal,
            visitor: VisitorView {
                session_arn: visitor.session_arn.clone(),
                expiration: visitor.expiration.to_string(),
                time_left: time_left(visitor.expiration, self.broker.now()),
            },
            notice,
            listing_refused: None,
            photos: Vec::new(),
            more: false,
            rulings: Vec::new(),
        };
        let mut demand = Demand::on_bucket("s3:ListBucket");
        demand.keys.push(("s3:prefix", PREFIX.to_owned()));
        let listing = visitor.may(&demand)?;
        if listing.allowed {
            self.fill(&mut page, visitor)?;
        } else {
            page.listing_refused = Some(listing.why.clone());
        }
        page.rulings.insert(0, listing);
        Ok(render(status, &page))
    }

    fn fill(&self, page: &mut GalleryPage<'_>, visitor: &Visitor<'_>) -> Result<(), Problem> {
        let query = ListingQuery { prefix: PREFIX.to_owned(), delimiter: None, after: None, limit: PHOTO_COUNT };
        let listed = self.bucket.list(&query);
        page.more = listed.next.is_some();
        for entry in listed.entries {
            let Entry::Object(key, object) = entry else { continue };
            let ruling = visitor.may(&Demand::on_object("s3:GetObject", &key))?;
            page.photos.push(PhotoView {
                name: key.strip_prefix(PREFIX).unwrap_or(&key).to_owned(),
                url: format!("/gallery/photo/{}", encode(&key)),
                size: size(object.body.len()),
                refused: (!ruling.allowed).then(|| ruling.why.clone()),
                other: not_a_photo(object.attributes.content_type.as_deref()),
                key,
            });
            page.rulings.push(ruling);
        }
        Ok(())
    }

    fn photo(&self, visitor: &Visitor<'_>, key: &str) -> Result<Response, Problem> {
        let ruling = visitor.may(&Demand::on_object("s3:GetObject", key))?;
        if !ruling.allowed {
            let heading = "You may not see this photo".to_owned();
            let notice = Notice { refused: true, heading, text: ruling.message };
            return self.page(StatusCode::FORBIDDEN, visitor, Some(notice));
        }
        let Ok(object) = self.bucket.object(key) else {
            let heading = "There is no such photo".to_owned();
            let notice = Notice { refused: true, heading, text: "It may have been deleted meanwhile.".to_owned() };
            return self.page(StatusCode::NOT_FOUND, visitor, Some(notice));
        };
        let content_type = object.attributes.content_type.as_deref().and_then(|kind| HeaderValue::from_str(kind).ok());
        let content_type = content_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
        let mut response = object.body.clone().into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, content_type);
        // Whoever may upload could otherwise run script in the name of whoever looks.
        headers.insert(CONTENT_SECURITY_POLICY, SANDBOX);
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }
}

/// The media type, unless browsers show it as a photo.
fn not_a_photo(content_type: Option<&str>) -> Option<String> {
    let content_type = content_type.unwrap_or("binary/octet-stream");
    (!PHOTO_TYPES.contains(&content_type)).then(|| content_type.to_owned())
}

/// Percent-encodes a key for a path.
fn encode(key: &str) -> String {
    let mut encoded = String::with_capacity(key.len());
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
