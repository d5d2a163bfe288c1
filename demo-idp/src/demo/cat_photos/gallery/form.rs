//! What a visitor may do.

use axum::Form;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::multipart::{Multipart, MultipartRejection};
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::super::bucket::{Attributes, Checksums, Condition};
use super::super::operation::Demand;
use super::super::ruling::Ruling;
use super::origin::{verify_own, verify_portal};
use super::page::{Notice, Problem};
use super::{Gallery, PHOTO_LIMIT, PHOTO_TYPES, PREFIX, Visitor};

/// The longest name of an uploaded photo, in bytes.
const NAME_LIMIT: usize = 100;

#[derive(Deserialize)]
pub(super) struct OpenForm {
    session_token: Zeroizing<String>,
}

#[derive(Deserialize)]
pub(super) struct DeleteForm {
    key: String,
}

pub(super) async fn open(
    State(gallery): State<Gallery>,
    parts: Parts,
    form: Result<Form<OpenForm>, FormRejection>,
) -> Response {
    let opened = gallery.open(&parts, form);
    opened.unwrap_or_else(|problem| problem.into_response(&gallery.portal))
}

pub(super) async fn close(State(gallery): State<Gallery>, parts: Parts) -> Response {
    if let Err(foreign) = verify_own(&parts.headers) {
        return Problem::from(foreign).into_response(&gallery.portal);
    }
    ([(SET_COOKIE, gallery.visits.end(&parts.headers))], Redirect::to("/gallery")).into_response()
}

pub(super) async fn delete(
    State(gallery): State<Gallery>,
    parts: Parts,
    form: Result<Form<DeleteForm>, FormRejection>,
) -> Response {
    let deleted = act(&gallery, &parts, |visitor| {
        let Form(form) = form.map_err(|_| Problem::Form("Open the gallery and press Delete again."))?;
        gallery.delete(visitor, &form.key)
    });
    deleted.unwrap_or_else(|problem| problem.into_response(&gallery.portal))
}

pub(super) async fn upload(
    State(gallery): State<Gallery>,
    parts: Parts,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    // A form from elsewhere is refused before its body is read.
    let photo = match verify_own(&parts.headers) {
        Ok(()) => Photo::read(form).await,
        Err(foreign) => Err(foreign.into()),
    };
    let uploaded = act(&gallery, &parts, |visitor| gallery.upload(visitor, photo?));
    uploaded.unwrap_or_else(|problem| problem.into_response(&gallery.portal))
}

/// Goes on with a visit for a form of the gallery's own.
fn act(
    gallery: &Gallery,
    parts: &Parts,
    then: impl FnOnce(&Visitor<'_>) -> Result<Response, Problem>,
) -> Result<Response, Problem> {
    verify_own(&parts.headers)?;
    gallery.continued(parts, then)
}

impl Gallery {
    fn open(&self, parts: &Parts, form: Result<Form<OpenForm>, FormRejection>) -> Result<Response, Problem> {
        verify_portal(&parts.headers, &self.portal)?;
        let Form(form) = form.map_err(|_| Problem::Form("Go back to the portal and open the gallery again."))?;
        let visitor = self.visitor(parts, form.session_token.trim())?;
        let cookie = self.visits.begin(form.session_token.trim(), visitor.expiration, self.broker.now())?;
        Ok(([(SET_COOKIE, cookie)], Redirect::to("/gallery")).into_response())
    }

    fn delete(&self, visitor: &Visitor<'_>, key: &str) -> Result<Response, Problem> {
        let ruling = visitor.may(&Demand::on_object("s3:DeleteObject", key))?;
        if !ruling.allowed {
            return self.refused(visitor, format!("{key} was not deleted"), ruling);
        }
        self.bucket.delete(key);
        Ok(Redirect::to("/gallery").into_response())
    }

    fn upload(&self, visitor: &Visitor<'_>, photo: Photo) -> Result<Response, Problem> {
        let key = format!("{PREFIX}{}", photo.name);
        let ruling = visitor.may(&Demand::on_object("s3:PutObject", &key))?;
        if !ruling.allowed {
            return self.refused(visitor, format!("{key} was not uploaded"), ruling);
        }
        let attributes = Attributes::of_type(photo.content_type);
        match self.bucket.put(&key, photo.body, attributes, Checksums::default(), &Condition::Always) {
            Ok(_) => Ok(Redirect::to("/gallery").into_response()),
            Err(error) => {
                let notice =
                    Notice { refused: true, heading: format!("{key} was not uploaded"), text: error.to_string() };
                self.page(StatusCode::INSUFFICIENT_STORAGE, visitor, Some(notice))
            }
        }
    }

    fn refused(&self, visitor: &Visitor<'_>, heading: String, ruling: Ruling) -> Result<Response, Problem> {
        let notice = Notice { refused: true, heading, text: ruling.message };
        self.page(StatusCode::FORBIDDEN, visitor, Some(notice))
    }
}

struct Photo {
    name: String,
    content_type: &'static str,
    body: Bytes,
}

impl Photo {
    async fn read(form: Result<Multipart, MultipartRejection>) -> Result<Self, Problem> {
        let unreadable = || Problem::Form("Choose one image of at most 8 MiB and upload it again.");
        let mut form = form.map_err(|_| unreadable())?;
        let field = form.next_field().await.map_err(|_| unreadable())?.ok_or_else(unreadable)?;
        let content_type = PHOTO_TYPES.into_iter().find(|known| field.content_type() == Some(known));
        let name = file_name(field.file_name().unwrap_or_default());
        let named = field.name() == Some("photo") && !name.is_empty();
        let (Some(content_type), true) = (content_type, named) else {
            return Err(Problem::Form("Choose an SVG, PNG, JPEG, GIF or WebP image and upload it again."));
        };
        let body = field.bytes().await.map_err(|_| unreadable())?;
        if body.is_empty() || body.len() > PHOTO_LIMIT {
            return Err(unreadable());
        }
        Ok(Self { name, content_type, body })
    }
}

/// The part of a file's name that makes a plain key: no folders, no characters that need care in a URL.
fn file_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = last
        .chars()
        .map(|character| if character.is_ascii_alphanumeric() || "._-".contains(character) { character } else { '-' });
    let plain: String = plain.collect();
    plain.trim_start_matches(['.', '-']).chars().take(NAME_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_becomes_a_plain_key() {
        for (given, name) in [
            ("cat.png", "cat.png"),
            ("C:\\Users\\me\\my cat.png", "my-cat.png"),
            ("../../README.txt", "README.txt"),
            ("..", ""),
            ("Kätzchen?.svg", "K-tzchen-.svg"),
            ("<b>.gif", "b-.gif"),
        ] {
            assert_eq!(file_name(given), name, "{given}");
        }
        assert_eq!(file_name(&"x".repeat(500)).len(), NAME_LIMIT);
    }
}
