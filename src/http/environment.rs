//! What a request's connection and headers say of it, as condition keys.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use axum::http::header;
use axum::http::request::Parts;

use crate::policy::Keys;

/// The keys `aws:SourceIp`, `aws:UserAgent` and `aws:Referer`.
///
/// The address is that of the connection: a forwarding header is the sender's word alone. TLS ends before this server, so
/// `aws:SecureTransport` is left absent rather than claimed.
pub(super) fn keys(parts: &Parts) -> Keys {
    let mut keys = Keys::new();
    if let Some(ConnectInfo(address)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() {
        keys.set("aws:SourceIp", address.ip().to_canonical().to_string());
    }
    for (name, header) in [("aws:UserAgent", header::USER_AGENT), ("aws:Referer", header::REFERER)] {
        if let Some(value) = parts.headers.get(header).and_then(|value| value.to_str().ok()) {
            keys.set(name, value);
        }
    }
    keys
}
