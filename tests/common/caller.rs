//! A client of the query protocol: forms signed by the AWS SDK's own signer, sent over HTTP.

use std::sync::LazyLock;
use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials as SdkCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use daypass::credentials::{Credentials, LongTermKey};
use daypass::time::Timestamp;

/// What a client signs with.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    id: String,
    secret: String,
    token: Option<String>,
}

/// Key id and secret of an access key that does not expire.
impl From<(&str, &str)> for Keys {
    fn from((id, secret): (&str, &str)) -> Self {
        Self { id: id.to_owned(), secret: secret.to_owned(), token: None }
    }
}

impl From<&LongTermKey> for Keys {
    fn from(key: &LongTermKey) -> Self {
        Self::from((key.access_key_id().as_str(), key.secret_access_key().expose()))
    }
}

impl From<&Credentials> for Keys {
    fn from(credentials: &Credentials) -> Self {
        Self {
            id: credentials.access_key_id().to_string(),
            secret: credentials.secret_access_key().expose().to_owned(),
            token: Some(credentials.session_token().expose().to_owned()),
        }
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// Serves `router` on a free port of the loopback interface.
pub(crate) async fn serve(router: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

pub(crate) fn form(parameters: &[(&str, &str)]) -> String {
    let mut form = reqwest::Url::parse("http://form").unwrap();
    form.query_pairs_mut().extend_pairs(parameters);
    form.query().unwrap_or_default().to_owned()
}

/// The one client of all calls: making one reads the certificates of the machine, which takes longer than a call.
pub(crate) fn client() -> &'static reqwest::Client {
    // A connection ends with the runtime of the test that opened it, and is no other test's to use.
    static CLIENT: LazyLock<reqwest::Client> =
        LazyLock::new(|| reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap());
    &CLIENT
}

/// Posts a form, signed with `credentials` for `service` if there are any.
pub(crate) async fn post(url: &str, body: String, signer: Option<(&Keys, &str)>, at: Timestamp) -> Reply {
    const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
    let mut request = client().post(url).header("content-type", FORM);
    if let Some((keys, service)) = signer {
        for (name, value) in signature(url, &body, keys, service, at) {
            request = request.header(name, value);
        }
    }
    let response = request.body(body).send().await.unwrap();
    Reply { status: response.status().as_u16(), body: response.text().await.unwrap() }
}

/// The headers of a signature over a form.
pub(crate) fn signature(url: &str, body: &str, keys: &Keys, service: &str, at: Timestamp) -> Vec<(String, String)> {
    let identity = SdkCredentials::new(&keys.id, &keys.secret, keys.token.clone(), None, "test").into();
    let seconds = at.unix_millis().try_into().unwrap();
    let parameters = SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name(service)
        .time(UNIX_EPOCH + Duration::from_millis(seconds))
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let body = SignableBody::Bytes(body.as_bytes());
    let request = SignableRequest::new("POST", url, std::iter::empty(), body).unwrap();
    let (instructions, _) = sign(request, &parameters).unwrap().into_parts();
    let (headers, _) = instructions.into_parts();
    headers.iter().map(|header| (header.name().to_owned(), header.value().to_owned())).collect()
}

impl Reply {
    /// The text of the first element called `name`.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let (_, after) = self.body.split_once(&format!("<{name}>"))?;
        after.split('<').next()
    }
}
