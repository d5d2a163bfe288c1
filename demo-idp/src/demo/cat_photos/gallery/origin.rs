//! Where a form was sent from: a page elsewhere must not act in the name of whoever is in the gallery.

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

/// The form was not sent from a page that may send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("This form was not sent from the gallery. Open the gallery and try again.")]
pub(super) struct ForeignOrigin;

/// Holds a form to the gallery's own pages (`Origin`, RFC 6454; browsers send it with every form that is posted).
pub(super) fn verify_own(headers: &HeaderMap) -> Result<(), ForeignOrigin> {
    let (Some(origin), Some(host)) = (single(headers, ORIGIN.as_str()), single(headers, HOST.as_str())) else {
        return Err(ForeignOrigin);
    };
    let own =
        origin.split_once("://").is_some_and(|(scheme, authority)| scheme.starts_with("http") && authority == host);
    if own { Ok(()) } else { Err(ForeignOrigin) }
}

/// Holds the form that brings a session to the portal's pages or the gallery's own.
///
/// A page without a referrer sends `Origin: null`, as any sandboxed page elsewhere can; then the browser's own word that
/// it came from this site (`Sec-Fetch-Site`, Fetch Metadata 2.4), which no page can write, decides.
pub(super) fn verify_portal(headers: &HeaderMap, portal: &str) -> Result<(), ForeignOrigin> {
    let from_portal = match single(headers, ORIGIN.as_str()) {
        Some("null") => matches!(single(headers, "sec-fetch-site"), Some("same-site" | "same-origin")),
        Some(origin) => portal == origin || portal.strip_prefix(origin).is_some_and(|rest| rest.starts_with('/')),
        None => false,
    };
    if from_portal { Ok(()) } else { verify_own(headers) }
}

fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let only = values.next()?;
    if values.next().is_some() { None } else { only.to_str().ok() }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    const PORTAL: &str = "http://localhost:8200/portal";

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        map
    }

    #[test]
    fn forms_of_the_gallery_itself_are_accepted() {
        for host in ["localhost:8300", "127.0.0.1:8300"] {
            let mut sent = headers(&[("host", host)]);
            sent.insert("origin", format!("http://{host}").parse().unwrap());
            assert_eq!(verify_own(&sent), Ok(()));
        }
    }

    #[test]
    fn forms_from_anywhere_else_are_refused() {
        for sent in [
            headers(&[("host", "localhost:8300")]),
            headers(&[("host", "localhost:8300"), ("origin", "null")]),
            headers(&[("host", "localhost:8300"), ("origin", "http://localhost:8200")]),
            headers(&[("host", "localhost:8300"), ("origin", "http://evil.example")]),
            headers(&[("host", "localhost:8300"), ("origin", "http://localhost:8300.evil.example")]),
            headers(&[("host", "localhost:8300"), ("origin", "http://localhost:8300"), ("origin", "null")]),
        ] {
            assert_eq!(verify_own(&sent), Err(ForeignOrigin), "{sent:?}");
        }
    }

    #[test]
    fn a_session_is_brought_from_the_portal_alone() {
        let host = ("host", "localhost:8300");
        for (sent, accepted) in [
            (headers(&[host, ("origin", "http://localhost:8200")]), true),
            (headers(&[host, ("origin", "http://localhost:8300")]), true),
            (headers(&[host, ("origin", "null"), ("sec-fetch-site", "same-site")]), true),
            (headers(&[host, ("origin", "null"), ("sec-fetch-site", "cross-site")]), false),
            (headers(&[host, ("origin", "null")]), false),
            (headers(&[host, ("origin", "http://localhost:820")]), false),
            (headers(&[host, ("origin", "http://evil.example"), ("sec-fetch-site", "same-site")]), false),
            (headers(&[host]), false),
        ] {
            assert_eq!(verify_portal(&sent, PORTAL).is_ok(), accepted, "{sent:?}");
        }
    }
}
