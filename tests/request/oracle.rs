//! Requests signed by the AWS SDK's own signer, which shares no code with the verifier.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials as SdkCredentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SessionTokenMode, SignableBody, SignableRequest, SignatureLocation,
    SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::{v4, v4a};
use daypass::AuthenticatedRequest;
use daypass::credentials::{AccessKeyId, Credentials, SecretAccessKey, Sessions};
use daypass::explain::Report;
use daypass::request::{RequestError, Service, SignedHead, SignedRequest, authenticate};
use daypass::time::Timestamp;

use crate::fixture::{self, NOW};

pub(crate) const HOST: &str = "127.0.0.1:8300";
pub(crate) const REGION: &str = "eu-west-1";

pub(crate) fn signed_at() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW.try_into().unwrap())
}

pub(crate) fn sessions() -> &'static Sessions {
    static SESSIONS: OnceLock<Sessions> = OnceLock::new();
    SESSIONS.get_or_init(|| Sessions::new(fixture::keyring()))
}

/// Martha's credentials, and those of somebody else.
pub(crate) fn martha() -> &'static Credentials {
    static CREDENTIALS: OnceLock<Credentials> = OnceLock::new();
    CREDENTIALS.get_or_init(|| fixture::credentials_of(&fixture::claims()))
}

pub(crate) fn somebody_else() -> &'static Credentials {
    static CREDENTIALS: OnceLock<Credentials> = OnceLock::new();
    CREDENTIALS.get_or_init(|| fixture::credentials_of(&fixture::claims()))
}

/// What a client wants to say, before it is signed.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) service: &'static str,
    pub(crate) method: &'static str,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) presigned: Option<Duration>,
    /// What is signed in place of the body's digest.
    pub(crate) payload: Option<&'static str>,
    pub(crate) token: Token,
    /// The regions it is signed for with Signature Version 4A, in place of the one of Signature Version 4.
    pub(crate) region_set: Option<&'static str>,
}

/// What happens to the session token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Signed,
    AddedAfterSigning,
    Absent,
}

impl Draft {
    pub(crate) fn get(service: &'static str, target: &str) -> Self {
        Self {
            service,
            method: "GET",
            target: target.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            presigned: None,
            payload: None,
            token: Token::Signed,
            region_set: None,
        }
    }

    pub(crate) fn put(target: &str, body: &[u8]) -> Self {
        Self { method: "PUT", body: body.to_vec(), ..Self::get("s3", target) }
    }

    pub(crate) fn sts(body: &str) -> Self {
        Self { method: "POST", body: body.as_bytes().to_vec(), ..Self::get("sts", "/") }
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn presigned(mut self, seconds: u64) -> Self {
        self.presigned = Some(Duration::from_secs(seconds));
        self
    }

    /// The same, signed with Signature Version 4A.
    pub(crate) fn for_regions(mut self, region_set: &'static str) -> Self {
        self.region_set = Some(region_set);
        self
    }

    fn settings(&self) -> SigningSettings {
        let mut settings = SigningSettings::default();
        if self.service == "s3" {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        if self.presigned.is_some() {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = self.presigned;
        }
        if self.token == Token::AddedAfterSigning {
            settings.session_token_mode = SessionTokenMode::Exclude;
        }
        settings
    }

    /// As the SDK sends it.
    pub(crate) fn sign(&self, credentials: &Credentials) -> Wire {
        let token = (self.token != Token::Absent).then(|| credentials.session_token().expose());
        self.sign_with(credentials.access_key_id(), credentials.secret_access_key(), token)
    }

    /// The same with these credentials, with a session token or without.
    pub(crate) fn sign_with(&self, id: &AccessKeyId, secret: &SecretAccessKey, token: Option<&str>) -> Wire {
        let token = token.map(str::to_owned);
        let identity = SdkCredentials::new(id.as_str(), secret.expose(), token, None, "test").into();
        let parameters = match self.region_set {
            None => v4::SigningParams::builder()
                .identity(&identity)
                .region(REGION)
                .name(self.service)
                .time(signed_at())
                .settings(self.settings())
                .build()
                .unwrap()
                .into(),
            Some(region_set) => v4a::SigningParams::builder()
                .identity(&identity)
                .region_set(region_set)
                .name(self.service)
                .time(signed_at())
                .settings(self.settings())
                .build()
                .unwrap()
                .into(),
        };
        let body = match self.payload {
            Some(payload) => SignableBody::Precomputed(payload.to_owned()),
            None if self.presigned.is_some() && self.service == "s3" => SignableBody::UnsignedPayload,
            None => SignableBody::Bytes(&self.body),
        };
        let headers = self.headers.iter().map(|(name, value)| (&**name, &**value));
        let uri = format!("http://{HOST}{}", self.target);
        let request = SignableRequest::new(self.method, uri, headers, body).unwrap();
        let (instructions, signature) = sign(request, &parameters).unwrap().into_parts();
        let mut wire = Wire {
            service: self.service,
            method: self.method.to_owned(),
            target: self.target.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
            signature,
        };
        wire.headers.push(("host".to_owned(), HOST.to_owned()));
        let (headers, query) = instructions.into_parts();
        for header in headers {
            let pair = (header.name().to_owned(), header.value().to_owned());
            wire.headers.push(pair);
        }
        for (name, value) in query {
            wire.add_query(name, &encode(&value));
        }
        wire
    }
}

/// A request on its way, which anyone may change.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub(crate) service: &'static str,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) signature: String,
}

impl Wire {
    pub(crate) fn head(&self) -> Result<SignedHead, RequestError> {
        let headers = self.headers.iter().map(|(name, value)| (name, value));
        SignedHead::new(&self.method, &self.target, headers)
    }

    /// The verdict at `seconds` after 2026-01-01, and the name of the rule that refused.
    pub(crate) fn at(&self, seconds: i64) -> Result<AuthenticatedRequest, (RequestError, &'static str)> {
        // Signature Version 4A is each service's own choice; the tests of that choice name their service.
        self.judged_by(&Service::new(self.service).with_asymmetric_signatures(), seconds)
    }

    /// The verdict of `service`.
    pub(crate) fn judged_by(
        &self,
        service: &Service,
        seconds: i64,
    ) -> Result<AuthenticatedRequest, (RequestError, &'static str)> {
        let mut report = Report::new();
        let request = SignedRequest::new(self.head().map_err(|error| (error, "shape"))?, self.body.clone());
        authenticate(sessions(), service, request, Timestamp::from_unix_seconds(NOW + seconds), &mut report).map_err(
            |error| {
                let failure = report.failure().expect("a refusal names its rule");
                assert_eq!(report.checks().last(), Some(failure));
                (error, failure.name)
            },
        )
    }

    pub(crate) fn verdict(&self) -> Result<AuthenticatedRequest, (RequestError, &'static str)> {
        self.at(0)
    }

    pub(crate) fn refusal(&self) -> RequestError {
        self.verdict().expect_err("the request was accepted").0
    }

    /// This request with something done to it.
    pub(crate) fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut changed = self.clone();
        change(&mut changed);
        changed
    }

    pub(crate) fn value_mut(&mut self, name: &str) -> &mut String {
        let found = self.headers.iter_mut().find(|(known, _)| known == name);
        &mut found.unwrap_or_else(|| panic!("no header {name}")).1
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.headers.retain(|(known, _)| known != name);
    }

    pub(crate) fn add(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn add_query(&mut self, name: &str, value: &str) {
        self.target.push(if self.target.contains('?') { '&' } else { '?' });
        self.target.push_str(&format!("{name}={value}"));
    }

    /// Replaces text in the `Authorization` header or, when presigned, in the query; it must be there.
    pub(crate) fn replace(&mut self, from: &str, to: &str) {
        let presigned = self.target.contains("X-Amz-Signature=");
        let place = if presigned { &mut self.target } else { self.value_mut("authorization") };
        assert!(place.contains(from), "{from} is not in {place}");
        *place = place.replacen(from, to, 1);
    }
}

/// Percent-encodes everything but the unreserved characters.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
