//! The files that pages load, kept in the binary under names that change with their content.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::crypto::sha256_hex;

/// A file by the path that pages load it from.
#[derive(Debug)]
pub(in crate::http) struct Asset {
    /// Absolute path, with a part of the content's hash.
    pub(in crate::http) path: String,
    content_type: &'static str,
    content: &'static str,
}

impl Asset {
    fn new(stem: &str, extension: &str, content_type: &'static str, content: &'static str) -> Self {
        let hash = sha256_hex(content.as_bytes());
        let version = hash.get(..12).unwrap_or_default();
        Self { path: format!("/assets/{stem}-{version}.{extension}"), content_type, content }
    }
}

/// How every page looks.
pub(in crate::http) static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("daypass", "css", "text/css; charset=utf-8", include_str!("../../../assets/daypass.css"))
});
/// What pages do beyond links and forms.
pub(in crate::http) static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("portal", "js", "text/javascript; charset=utf-8", include_str!("../../../assets/portal.js"))
});
/// The badge in the browser's tab and in the header of each page.
pub(in crate::http) static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("badge", "svg", "image/svg+xml", include_str!("../../../assets/badge.svg")));

/// `GET /assets/{file}`.
pub(in crate::http) async fn serve(Path(file): Path<String>) -> Response {
    let wanted = |asset: &&LazyLock<Asset>| asset.path.strip_prefix("/assets/") == Some(file.as_str());
    let Some(asset) = [&STYLE, &SCRIPT, &ICON].into_iter().find(wanted) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(asset.content_type)),
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, asset.content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_served_under_its_current_name_only() {
        let current = STYLE.path.strip_prefix("/assets/").unwrap().to_owned();
        assert_eq!(serve(Path(current)).await.status(), StatusCode::OK);
        assert_eq!(serve(Path("daypass-000000000000.css".to_owned())).await.status(), StatusCode::NOT_FOUND);
    }
}
