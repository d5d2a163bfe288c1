//! A broker that trusts the identity provider in this process, three roles, and the resource on a port of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials as SdkCredentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use daypass::arn::Arn;
use daypass::credentials::Credentials;
use daypass::identity::saml::{SamlProvider, UnverifiedResponse};
use daypass::time::{Clock, ManualClock, SystemClock};
use daypass::{AssumeRole, Broker, Keyring, Role};
use demo_idp::demo::cat_photos::{self, BUCKET_ARN, BUCKET_POLICY};
use demo_idp::{AssertionRequest, Idp, ServiceProvider, User};
use reqwest::{Method, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub(crate) const PORTAL: &str = "http://localhost:8200/portal";
const SP: &str = "http://localhost:8200/saml/metadata";
const ACS: &str = "http://localhost:8200/saml/acs";
const ACCOUNT: &str = "111111111111";

const TRUST: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRoleWithSAML",
    "Principal": {"Federated": "arn:aws:iam::111111111111:saml-provider/corp"}}}"#;
const READ: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Sid": "ListPhotos", "Effect": "Allow", "Action": ["s3:ListAllMyBuckets", "s3:GetBucketLocation"], "Resource": "*"},
    {"Sid": "ListBelowPhotos", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::cat-photos",
     "Condition": {"StringLike": {"s3:prefix": ["", "photos/*"]}}},
    {"Sid": "ReadPhotos", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::cat-photos/photos/*"},
    {"Sid": "NotAtNight", "Effect": "Deny", "Action": "s3:GetObject",
     "Resource": "arn:aws:s3:::cat-photos/photos/night.svg"},
    {"Sid": "FromThisMachine", "Effect": "Deny", "Action": "s3:*", "Resource": "*",
     "Condition": {"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}}}]}"#;
const EVERYTHING: &str = r#"{"Version": "2012-10-17", "Statement": {"Sid": "Everything", "Effect": "Allow",
    "Action": "s3:*", "Resource": "*"}}"#;

/// Lists and reads photos, but not the one of the night, and from this machine alone.
pub(crate) const READER: &str = "PhotoReader";
/// May do everything that the bucket's policy does not deny.
pub(crate) const EDITOR: &str = "PhotoEditor";
/// Whom the bucket's policy exempts from its denial.
pub(crate) const ADMINISTRATOR: &str =
    "aws-reserved/sso.amazonaws.com/AWSReservedSSO_AdministratorAccess_0123456789abcdef";

pub(crate) struct Demo {
    pub(crate) address: SocketAddr,
    pub(crate) clock: Arc<ManualClock>,
    broker: Arc<Broker>,
    idp: Idp,
    client: reqwest::Client,
}

pub(crate) async fn start() -> Demo {
    let provider_arn = format!("arn:aws:iam::{ACCOUNT}:saml-provider/corp");
    let roles = [(READER, READ), (EDITOR, EVERYTHING), (ADMINISTRATOR, EVERYTHING)];
    let mut martha = User::new("martha", "correct-horse");
    for (role, _) in roles {
        martha = martha.with_role(format!("{},{provider_arn}", role_arn(role)));
    }
    let idp = Idp::builder().user(martha).service_provider(ServiceProvider::new(SP, ACS)).start().await.unwrap();
    let clock = Arc::new(ManualClock::new(SystemClock.now().whole_seconds()));
    let mut broker = Broker::new(Keyring::generate().unwrap())
        .with_provider(SamlProvider::new(&idp.saml_metadata(), SP, ACS).unwrap())
        .with_resource_policy(ACCOUNT.parse().unwrap(), &BUCKET_ARN.parse().unwrap(), BUCKET_POLICY.parse().unwrap())
        .with_clock(clock.clone());
    for (role, permissions) in roles {
        let role = Role::new(role_arn(role), TRUST.parse().unwrap()).unwrap();
        broker = broker.with_role(role.with_permissions(&permissions.parse().unwrap()));
    }
    let broker = Arc::new(broker);
    let router = cat_photos::router(Arc::clone(&broker), clock.clone(), PORTAL);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    Demo { address, clock, broker, idp, client }
}

fn role_arn(role: &str) -> Arn {
    format!("arn:aws:iam::{ACCOUNT}:role/{role}").parse().unwrap()
}

impl Demo {
    /// Martha's credentials in a role, from an assertion that the identity provider signed.
    pub(crate) async fn credentials(&self, role: &str) -> Credentials {
        let assertion = self.idp.assertion_for(AssertionRequest::new("martha")).unwrap();
        let flow = self.broker.begin().unwrap();
        let response = UnverifiedResponse::for_exchange(&assertion).unwrap();
        let identity = flow.exchange("corp", response).await.unwrap();
        let session = flow.assume_role(&identity, AssumeRole::new(role_arn(role), "martha".parse().unwrap())).unwrap();
        flow.mint(session).unwrap()
    }

    pub(crate) fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.address)
    }

    /// What the clock says, as HTTP writes it.
    pub(crate) fn clock_date(&self) -> String {
        self.clock.now().http_date()
    }

    /// Sends bytes that no client would, and reads the answer.
    pub(crate) async fn raw(&self, message: &str) -> String {
        let mut stream = tokio::net::TcpStream::connect(self.address).await.unwrap();
        stream.write_all(message.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn signed_at(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.clock.now().unix_seconds().try_into().unwrap())
    }

    /// A request as nobody in particular sends it.
    pub(crate) fn plain(&self, method: Method, target: &str) -> reqwest::RequestBuilder {
        self.client.request(method, self.url(target))
    }

    /// Sends what the SDK's signer made of a request.
    pub(crate) async fn send(&self, credentials: &Credentials, ask: Ask) -> Response {
        self.client.execute(self.sign(credentials, ask)).await.unwrap()
    }

    pub(crate) fn sign(&self, credentials: &Credentials, ask: Ask) -> reqwest::Request {
        let identity = SdkCredentials::new(
            credentials.access_key_id().as_str(),
            credentials.secret_access_key().expose(),
            Some(credentials.session_token().expose().to_owned()),
            None,
            "test",
        )
        .into();
        let mut settings = SigningSettings::default();
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        if let Some(expires_in) = ask.presigned {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = Some(expires_in);
        }
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region("eu-west-1")
            .name("s3")
            .time(self.signed_at())
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let mut request = http::Request::builder().method(ask.method.clone()).uri(self.url(&ask.target));
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        let mut request = request.body(ask.body).unwrap();
        let body = match (ask.presigned, ask.payload) {
            (Some(_), _) => SignableBody::UnsignedPayload,
            (None, Some(declared)) => SignableBody::Precomputed(declared.to_owned()),
            (None, None) => SignableBody::Bytes(request.body()),
        };
        let headers = ask.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let target = self.url(&ask.target);
        let signable = SignableRequest::new(ask.method.as_str(), &target, headers, body).unwrap();
        let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
        instructions.apply_to_request_http1x(&mut request);
        request.try_into().unwrap()
    }
}

/// What a client asks for, before it is signed.
pub(crate) struct Ask {
    method: Method,
    target: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    presigned: Option<Duration>,
    payload: Option<&'static str>,
}

impl Ask {
    pub(crate) fn new(method: Method, target: impl Into<String>) -> Self {
        Self { method, target: target.into(), headers: Vec::new(), body: Vec::new(), presigned: None, payload: None }
    }

    pub(crate) fn get(target: impl Into<String>) -> Self {
        Self::new(Method::GET, target)
    }

    pub(crate) fn put(target: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..Self::new(Method::PUT, target) }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Signed in the query, good for so long.
    pub(crate) fn presigned(mut self, seconds: u64) -> Self {
        self.presigned = Some(Duration::from_secs(seconds));
        self
    }

    /// What is signed in place of the body's digest.
    pub(crate) fn payload(mut self, declared: &'static str) -> Self {
        self.payload = Some(declared);
        self
    }
}

/// The status and the text of an answer.
pub(crate) async fn read(response: Response) -> (u16, String) {
    (response.status().as_u16(), response.text().await.unwrap())
}

/// The status, code and message of an S3 error.
pub(crate) async fn refusal(response: Response) -> (u16, String, String) {
    assert!(response.headers().contains_key("x-amz-request-id"));
    let (status, text) = read(response).await;
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("{name} in {text}"));
        let (inner, _) = rest.split_once("</").unwrap();
        inner.replace("&quot;", "\"").replace("&apos;", "'")
    };
    (status, element("Code"), element("Message"))
}
