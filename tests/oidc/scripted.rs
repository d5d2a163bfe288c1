//! A provider of this machine that answers as a test tells it to, and remembers what it was asked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use aws_lc_rs::encoding::AsDer;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use daypass::explain::Report;
use daypass::http::relying_party::{ClientCredential, RelyingParty, SignInError, SignedIn, StartedSignIn};
use daypass::identity::oidc::OidcProvider;
use reqwest::Url;
use serde_json::{Value, json};

use crate::support::{CLIENT, Keys, claims_with, now};

pub(crate) const CALLBACK: &str = "http://localhost:8200/oidc/callback";

/// One request that came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) form: BTreeMap<String, String>,
    /// The same as it was sent, with what is there more than once.
    pub(crate) pairs: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Header and claims of the proof of possession.
    pub(crate) fn proof(&self) -> (Value, Value) {
        decoded(self.header("dpop").expect("a proof"))
    }
}

/// One answer to give: status, header fields, body.
#[derive(Clone, Debug)]
pub(crate) struct Answer(pub(crate) u16, pub(crate) Vec<(&'static str, String)>, pub(crate) String);

impl Answer {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self(status, vec![("content-type", "application/json".to_owned())], body.to_string())
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.1.push((name, value.to_owned()));
        self
    }
}

#[derive(Debug, Default)]
struct Script {
    metadata: Value,
    answers: BTreeMap<&'static str, VecDeque<Answer>>,
    asked: Vec<Asked>,
}

#[derive(Clone, Debug)]
pub(crate) struct Scripted {
    pub(crate) issuer: String,
    script: Arc<Mutex<Script>>,
}

impl Scripted {
    /// A provider whose metadata has these members beside the usual ones; `null` takes one away.
    pub(crate) async fn start(members: Value) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let mut metadata = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize?tenant=1"),
            "token_endpoint": format!("{issuer}/token?tenant=1"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "jwks_uri": format!("{issuer}/jwks"),
            "authorization_response_iss_parameter_supported": true,
        });
        for (name, value) in members.as_object().unwrap() {
            let value = match value.as_str() {
                Some(path) if path.starts_with('/') => json!(format!("{issuer}{path}")),
                _ => value.clone(),
            };
            metadata[name] = value;
        }
        metadata.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let script = Arc::new(Mutex::new(Script { metadata, ..Script::default() }));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { issuer, script }
    }

    /// Answers the next request to `path` so.
    pub(crate) fn answer_next(&self, path: &'static str, answer: Answer) {
        self.script.lock().unwrap().answers.entry(path).or_default().push_back(answer);
    }

    /// What came to `path`, in order.
    pub(crate) fn asked(&self, path: &str) -> Vec<Asked> {
        self.script.lock().unwrap().asked.iter().filter(|asked| asked.path == path).cloned().collect()
    }

    pub(crate) fn party(&self, credential: impl Into<ClientCredential>) -> RelyingParty {
        let provider = OidcProvider::new(&self.issuer, [CLIENT]).unwrap().with_local_network();
        RelyingParty::new(provider, credential, CALLBACK).unwrap()
    }

    /// An ID token of this provider about martha, with `changes` to its claims.
    pub(crate) fn id_token(&self, nonce: &str, changes: Value) -> String {
        let mut all = json!({ "iss": self.issuer, "nonce": nonce });
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        Keys::of_issuer().sign("ES256", &claims_with(all))
    }

    /// A sign-in from the beginning to the end, `edit` having the last word on the token response.
    pub(crate) async fn sign_in(
        &self,
        party: &RelyingParty,
        report: &mut Report,
        edit: impl FnOnce(&mut Value),
    ) -> Result<SignedIn, SignInError> {
        let started = party.begin(now()).await?;
        self.come_back(party, started, report, edit).await
    }

    /// The browser comes back with a code, for which the provider gives tokens.
    pub(crate) async fn come_back(
        &self,
        party: &RelyingParty,
        started: StartedSignIn,
        report: &mut Report,
        edit: impl FnOnce(&mut Value),
    ) -> Result<SignedIn, SignInError> {
        let pushed = self.asked("/par").last().map(|asked| asked.form.clone());
        let sent = pushed.unwrap_or_else(|| query_of(&started.redirect_url));
        let mut tokens = json!({
            "access_token": "access-1", "token_type": "Bearer", "expires_in": 300, "refresh_token": "refresh-1",
            "scope": "openid", "id_token": self.id_token(&sent["nonce"], json!({})),
        });
        edit(&mut tokens);
        tokens.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self.answer_next("/token", Answer::json(200, tokens));
        let query = format!("code=c-1&state={}&iss={}", sent["state"], self.issuer);
        let secret = String::from_utf8(started.browser_secret.expose().to_vec()).unwrap();
        party.complete_with_tokens(started.pending, &secret, &query, now(), report).await
    }
}

async fn answer(
    State(script): State<Arc<Mutex<Script>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut script = script.lock().unwrap();
    let path = uri.path().to_owned();
    let all = pairs(std::str::from_utf8(&body).unwrap());
    let form: BTreeMap<_, _> = all.iter().cloned().collect();
    let repeated = all.iter().filter(|(name, _)| ["resource", "audience"].contains(&name.as_str())).count();
    let unique = form.keys().filter(|name| !["resource", "audience"].contains(&name.as_str())).count();
    assert_eq!(unique + repeated, all.len(), "a parameter is given twice");
    script.asked.push(Asked { path: path.clone(), form, pairs: all, headers });
    let told = script.answers.get_mut(path.as_str()).and_then(VecDeque::pop_front);
    let answer = match (told, path.as_str()) {
        (Some(answer), _) => answer,
        (None, "/.well-known/openid-configuration") => Answer::json(200, script.metadata.clone()),
        (None, "/jwks") => Answer::json(200, Keys::of_issuer().jwks_json()),
        (None, _) => Answer::json(404, json!({ "error": format!("nothing for {method} {path}") })),
    };
    let mut response = (StatusCode::from_u16(answer.0).unwrap(), answer.2).into_response();
    response.headers_mut().remove("content-type");
    for (name, value) in answer.1 {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let mut url = Url::parse("http://form").unwrap();
    url.set_query(Some(query));
    url.query_pairs().filter(|(name, _)| !name.is_empty()).map(|(name, value)| (name.into(), value.into())).collect()
}

pub(crate) fn query_of(url: &str) -> BTreeMap<String, String> {
    pairs(Url::parse(url).unwrap().query().unwrap()).into_iter().collect()
}

/// Header and claims of a JWT, unverified.
pub(crate) fn decoded(jwt: &str) -> (Value, Value) {
    let part = |index| {
        let text = jwt.split('.').nth(index).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
    };
    (part(0), part(1))
}

/// PKCS#8 of each kind of key, in PEM, by the algorithm it signs with.
pub(crate) fn pems() -> Vec<(&'static str, String)> {
    let keys = Keys::of_issuer();
    let rsa = keys.rsa.as_der().unwrap().as_ref().to_vec();
    let all = [
        ("RS256", rsa),
        ("ES256", keys.ec("ES256").1.clone()),
        ("ES384", keys.ec("ES384").1.clone()),
        ("EdDSA", keys.ed_pkcs8.clone()),
    ];
    let pem = |der| format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der));
    all.into_iter().map(|(alg, der)| (alg, pem(der))).collect()
}

pub(crate) fn pem(alg: &str) -> String {
    pems().into_iter().find(|(name, _)| *name == alg).unwrap().1
}
