//! One identity provider with a client of every kind, and a client that makes every kind of request.

use crate::common::*;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use demo_idp::{Client, Clock, IdTokenAlgorithm, Idp, IdpBuilder, demo_directory};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use time::OffsetDateTime;

pub(crate) const CALLBACK: &str = "http://rp.localhost/cb";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636 appendix B.
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A clock that stands, so that only a test moves it, and two tokens differ in nothing but what it is about.
#[derive(Debug)]
struct Noon;

impl Clock for Noon {
    fn now(&self) -> OffsetDateTime {
        time::macros::datetime!(2026-08-01 12:00 UTC)
    }
}

/// A P-256 key of a client.
pub(crate) struct Key {
    pair: EcdsaKeyPair,
    pub(crate) jwk: Value,
}

impl Key {
    pub(crate) fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let point = pair.public_key().as_ref().to_vec();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
        Self { pair, jwk: json!({ "crv": "P-256", "kty": "EC", "x": x, "y": y }) }
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }

    /// The private key, in base64.
    pub(crate) fn pkcs8(&self) -> String {
        STANDARD.encode(self.pair.to_pkcs8v1().unwrap().as_ref())
    }

    pub(crate) fn jwks(&self) -> String {
        json!({ "keys": [self.jwk] }).to_string()
    }

    pub(crate) fn thumbprint(&self) -> String {
        hash(&self.jwk.to_string())
    }
}

pub(crate) fn hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()).as_ref())
}

/// An identifier that no other call returns.
pub(crate) fn fresh() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("id-{}", NEXT.fetch_add(1, Ordering::SeqCst))
}

/// `value` with some members changed; `null` removes one.
pub(crate) fn changed(mut value: Value, changes: &Value) -> Value {
    let members = value.as_object_mut().unwrap();
    for (name, change) in changes.as_object().unwrap() {
        match change {
            Value::Null => members.remove(name),
            change => members.insert(name.clone(), change.clone()),
        };
    }
    value
}

pub(crate) struct World {
    pub(crate) idp: Idp,
    pub(crate) browser: Browser,
    /// What the client `signer` signs its assertions with.
    pub(crate) key: Key,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(|builder| builder).await
    }

    pub(crate) async fn start_with(more: impl FnOnce(IdpBuilder) -> IdpBuilder) -> Self {
        let key = Key::new();
        let builder = Idp::builder()
            .users(demo_directory())
            .client(Client::confidential("portal", "secret", [CALLBACK]))
            .client(Client::confidential("other", "secret", [CALLBACK]).with_refresh_tokens())
            .client(Client::confidential("pushy", "secret", [CALLBACK]).with_required_par())
            .client(Client::public("native", [CALLBACK]))
            .client(Client::public("bound", [CALLBACK]).with_required_dpop())
            .client(Client::public("signer", [CALLBACK]).with_jwks(key.jwks()))
            .client(Client::confidential("sealed", "secret", [CALLBACK]).with_signed_userinfo(IdTokenAlgorithm::EdDsa))
            .clock(Arc::new(Noon))
            .seed(11);
        let idp = more(builder).start().await.unwrap();
        let browser = Browser::new(idp.base_url());
        Self { idp, browser, key }
    }

    pub(crate) fn authorize(client_id: &str, more: &[(&str, &str)]) -> String {
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", CALLBACK),
            ("scope", "openid profile offline_access"),
            ("state", "a-state"),
            ("nonce", "a-nonce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for change in more {
            pairs.retain(|(name, _)| *name != change.0);
            pairs.push(*change);
        }
        query(&pairs)
    }

    /// Where martha's browser is sent in answer to a request.
    pub(crate) async fn answer(&self, query: &str) -> Answer {
        let answer = self.browser.get(&format!("/authorize?{query}")).await;
        match answer.location().contains("/login") {
            true => self.browser.sign_in(answer.location(), "martha", "correct-horse").await,
            false => answer,
        }
    }

    pub(crate) async fn code(&self, client_id: &str, more: &[(&str, &str)]) -> String {
        let answer = self.answer(&Self::authorize(client_id, more)).await;
        parameter(answer.location(), "code").expect("a code")
    }

    /// A form post, with DPoP headers as given.
    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)], proofs: &[String]) -> Answer {
        let mut request = self.browser.client().post(format!("{}{path}", self.idp.base_url())).body(query(form));
        request = request.header("content-type", "application/x-www-form-urlencoded");
        for proof in proofs {
            request = request.header("dpop", proof);
        }
        self.browser.send(request).await
    }

    pub(crate) async fn redeem(&self, client_id: &str, code: &str, proofs: &[String]) -> Answer {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        form.extend(credentials(client_id));
        self.post("/token", &form, proofs).await
    }

    /// The tokens of a sign-in of martha's.
    pub(crate) async fn tokens(&self, client_id: &str, more: &[(&str, &str)]) -> Value {
        let code = self.code(client_id, more).await;
        let answer = self.redeem(client_id, &code, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    pub(crate) async fn refresh(&self, client_id: &str, token: &Value, proofs: &[String]) -> Answer {
        let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", token.as_str().unwrap())];
        form.extend(credentials(client_id));
        self.post("/token", &form, proofs).await
    }

    /// The userinfo endpoint, asked with `scheme` and a token.
    pub(crate) async fn userinfo(&self, scheme: &str, token: &Value, proofs: &[String]) -> Answer {
        let mut request = self.browser.client().get(format!("{}/userinfo", self.idp.base_url()));
        request = request.header("authorization", format!("{scheme} {}", token.as_str().unwrap()));
        for proof in proofs {
            request = request.header("dpop", proof);
        }
        self.browser.send(request).await
    }

    /// A proof for a post to `path`, with changes to its claims.
    pub(crate) fn proof(&self, key: &Key, path: &str, changes: &Value) -> String {
        let claims = json!({
            "jti": fresh(),
            "htm": "POST",
            "htu": format!("{}{path}", self.idp.base_url()),
            "iat": self.idp.now().unix_timestamp(),
        });
        key.sign(&json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk }), &changed(claims, changes))
    }
}

pub(crate) fn credentials(client_id: &str) -> Vec<(&str, &str)> {
    let secret = matches!(client_id, "portal" | "other" | "pushy" | "sealed").then_some(("client_secret", "secret"));
    [("client_id", client_id)].into_iter().chain(secret).collect()
}

/// What an answer of refusal says.
#[track_caller]
pub(crate) fn refusal(answer: &Answer) -> (u16, String, String) {
    let body = answer.json();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    (answer.status, text("error"), text("error_description"))
}
