//! Requests signed by the AWS SDK's own signer, which shares no code with what verifies them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials as SdkCredentials;
use aws_sigv4::http_request::{PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use daypass::credentials::Credentials;
use daypass::time::Timestamp;

/// A request of S3 without a body, as it is written on the wire.
pub(crate) fn signed(credentials: &Credentials, method: &str, path: &str, at: Timestamp) -> String {
    let identity = SdkCredentials::new(
        credentials.access_key_id().as_str(),
        credentials.secret_access_key().expose(),
        Some(credentials.session_token().expose().to_owned()),
        None,
        "test",
    )
    .into();
    let mut settings = SigningSettings::default();
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let parameters = SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name("s3")
        .time(instant(at))
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let url = format!("https://photos.example{path}");
    let request = SignableRequest::new(method, url, std::iter::empty(), SignableBody::Bytes(b"")).unwrap();
    let (instructions, _) = sign(request, &parameters).unwrap().into_parts();
    let (headers, _) = instructions.into_parts();
    let headers: String = headers.iter().map(|header| format!("{}: {}\r\n", header.name(), header.value())).collect();
    format!("{method} {path} HTTP/1.1\r\nhost: photos.example\r\n{headers}\r\n")
}

fn instant(at: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(at.unix_millis().try_into().unwrap())
}
