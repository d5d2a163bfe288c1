//! Signs requests as any SDK does (Signature Version 4), sharing no code with the broker that verifies them.

use aws_lc_rs::{digest, hmac};

/// Temporary credentials as STS answered them.
#[derive(Clone)]
pub(super) struct Keys {
    pub(super) access_key_id: String,
    pub(super) secret_access_key: String,
    pub(super) session_token: String,
}

/// What is signed: a request without a query, to one host.
pub(super) struct Unsigned<'a> {
    pub(super) method: &'a str,
    pub(super) host: &'a str,
    pub(super) path: &'a str,
    pub(super) service: &'a str,
    pub(super) body: &'a [u8],
    /// Now, as `20260131T120000Z`.
    pub(super) amz_date: &'a str,
}

const REGION: &str = "us-east-1";

/// The headers that sign `request` with `keys`, in the order of their names.
pub(super) fn sign(request: &Unsigned<'_>, keys: &Keys) -> Vec<(&'static str, String)> {
    let day = request.amz_date.get(..8).unwrap_or_default();
    let payload = hex(digest::digest(&digest::SHA256, request.body).as_ref());
    let mut headers = vec![
        ("host", request.host.to_owned()),
        ("x-amz-content-sha256", payload.clone()),
        ("x-amz-date", request.amz_date.to_owned()),
        ("x-amz-security-token", keys.session_token.clone()),
    ];
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let canonical = format!("{}\n{}\n\n{lines}\n{names}\n{payload}", request.method, request.path);
    let scope = format!("{day}/{REGION}/{}/aws4_request", request.service);
    let digest = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
    let string_to_sign = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{digest}", request.amz_date);
    let mut key = format!("AWS4{}", keys.secret_access_key).into_bytes();
    for part in scope.split('/') {
        key = mac(&key, part);
    }
    let signature = hex(&mac(&key, &string_to_sign));
    let access_key_id = &keys.access_key_id;
    headers.push((
        "authorization",
        format!("AWS4-HMAC-SHA256 Credential={access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"),
    ));
    headers
}

fn mac(key: &[u8], message: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
