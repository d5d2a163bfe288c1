//! Sign-in with OpenID Connect where this application and its provider do not fit together: what people are told, and
//! what whoever runs the portal finds in the audit trail.

use std::sync::Arc;

use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse as _;
use axum::{Json, Router};
use daypass::audit::{AuditEvent, Discard, Outcome, Recent};
use daypass::http::relying_party::{ClientCredential, ClientKey, RelyingParty};
use daypass::identity::oidc::OidcProvider;
use daypass::time::{Clock as _, ManualClock, SystemClock};
use demo_idp::{Client, Idp, demo_directory};
use serde_json::{Value, json};

use crate::openid_site::{PORTAL_CLIENT, Wiring, portal_with};
use crate::site::{Answer, BROKER, Browser, CALLBACK, Site};

const BEGIN: &str = "http://localhost:8200/signin/oidc/corp";
const HEADING: &str = "This way to sign in is not set up correctly";

/// A provider whose metadata has these members beside the usual ones, `null` taking one away; everything else it is asked
/// is answered with this status and body.
async fn provider(members: Value, status: u16, body: Value) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let mut metadata = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "pushed_authorization_request_endpoint": format!("{issuer}/par"),
        "jwks_uri": format!("{issuer}/jwks"),
    });
    metadata.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    metadata.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    let answer = move |uri: Uri| async move {
        match uri.path() {
            "/.well-known/openid-configuration" => Json(metadata).into_response(),
            _ => (StatusCode::from_u16(status).unwrap(), Json(body)).into_response(),
        }
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    issuer
}

fn party(issuer: &str, credential: impl Into<ClientCredential>) -> RelyingParty {
    let provider = OidcProvider::new(issuer, [PORTAL_CLIENT]).unwrap().with_local_network();
    RelyingParty::new(provider, credential, CALLBACK).unwrap()
}

/// The page of somebody who begins to sign in, and what was recorded of it.
async fn begun(party: RelyingParty) -> (Answer, AuditEvent) {
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let trail = Arc::new(Recent::new(100, Discard));
    let portal = portal_with(party, &Wiring::default(), &clock, &trail);
    let page = Browser::of(vec![(BROKER, portal.router())]).get(BEGIN).await;
    let refusals = trail.events().into_iter().filter(|event| event.outcome == Outcome::Refused).collect::<Vec<_>>();
    let [refusal] = <[AuditEvent; 1]>::try_from(refusals).unwrap();
    (page, refusal)
}

/// What a page about settings says, in full, and what it keeps to the audit trail.
fn says(page: &Answer, sentence: &str, event: &AuditEvent, reason: &str) {
    page.is_refused(502, HEADING);
    let advice = "starting again will not help. Give the reference below to whoever runs this portal";
    assert!(page.text.contains(sentence) && page.text.contains(advice), "{}", page.text);
    assert!(page.text.contains(event.correlation_id.as_str()), "{}", page.text);
    assert!(event.reason.contains(reason), "{event:?}");
    assert!(!page.text.contains(reason), "the evidence is not for everyone: {}", page.text);
}

#[tokio::test]
async fn a_credential_that_the_provider_does_not_offer_is_a_matter_of_settings() {
    let issuer = provider(json!({"token_endpoint_auth_methods_supported": ["tls_client_auth"]}), 500, json!({})).await;
    let (page, event) = begun(party(&issuer, "secret")).await;
    let reason = "client_secret_basic or client_secret_post is wanted, the provider offers []";
    says(&page, "The provider does not accept this application&#39;s credential.", &event, reason);
}

#[tokio::test]
async fn a_signature_that_the_provider_does_not_take_is_a_matter_of_settings() {
    let members = json!({
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["PS256"],
    });
    let issuer = provider(members, 500, json!({})).await;
    let key = ClientKey::from_pem(&rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let (page, event) = begun(party(&issuer, key)).await;
    let sentence = "The provider does not accept signatures of this application&#39;s key.";
    says(&page, sentence, &event, "signatures are ES256");
}

#[tokio::test]
async fn metadata_without_what_sign_in_needs_is_a_matter_of_settings() {
    let issuer = provider(json!({"authorization_endpoint": null}), 500, json!({})).await;
    let (page, event) = begun(party(&issuer, "secret")).await;
    says(&page, "The provider does not support this way of signing in.", &event, "no usable authorization_endpoint");
}

#[tokio::test]
async fn metadata_of_another_issuer_is_a_matter_of_settings() {
    let issuer = provider(json!({"issuer": "https://elsewhere.example"}), 500, json!({})).await;
    let (page, event) = begun(party(&issuer, "secret")).await;
    says(&page, "The metadata is another provider&#39;s.", &event, "https://elsewhere.example");
}

#[tokio::test]
async fn a_pushed_request_that_is_refused_is_a_matter_of_settings() {
    let issuer = provider(json!({}), 401, json!({"error": "invalid_client"})).await;
    let (page, event) = begun(party(&issuer, "secret")).await;
    says(&page, "The provider did not accept the request to sign in.", &event, "invalid_client");
    let issuer = provider(json!({}), 201, json!({"request_uri": 5})).await;
    let (page, event) = begun(party(&issuer, "secret")).await;
    let sentence = "The provider&#39;s answer to the request to sign in is not of the expected form.";
    says(&page, sentence, &event, "expected a request_uri");
}

#[tokio::test]
async fn a_provider_that_is_overloaded_is_away_and_not_misconfigured() {
    for status in [429, 503] {
        let issuer = provider(json!({}), status, json!({})).await;
        let (page, event) = begun(party(&issuer, "secret")).await;
        page.is_refused(502, "Your identity provider cannot be reached");
        assert!(event.reason.contains(&status.to_string()), "{event:?}");
    }
}

/// A portal with this secret, at a provider that knows the right one; and a browser that comes back with a code.
async fn with_code(secret: &str) -> (Site, Browser, String) {
    let client = Client::confidential(PORTAL_CLIENT, "the right secret", [CALLBACK]);
    let idp = Idp::builder().users(demo_directory()).client(client).seed(7);
    // The client proves itself with the code, and not before.
    let idp = idp.pushed_requests(false).start().await.unwrap();
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let trail = Arc::new(Recent::new(100, Discard));
    let portal = portal_with(party(idp.issuer(), secret), &Wiring::default(), &clock, &trail);
    let site = Site::of(vec![(BROKER, portal.router())], idp, clock, trail);
    let browser = site.browser();
    let callback = browser.oidc_answer(BEGIN, "martha").await;
    (site, browser, callback)
}

const NOT_ACCEPTED: &str = "The identity provider does not accept this application, or what it asks for.";

#[tokio::test]
async fn a_wrong_client_secret_is_not_said_to_be_a_fault_of_the_person() {
    let (site, browser, callback) = with_code("the wrong secret").await;
    let page = browser.get(&callback).await;
    says(
        &page,
        NOT_ACCEPTED,
        &site.last_refusal(),
        "HTTP status 401, error \"invalid_client\" (the client id, secret or key is not the registered one)",
    );
    assert!(!page.text.contains("secret"), "{}", page.text);
    assert_eq!(browser.cookie("daypass_session"), None);
}

#[tokio::test]
async fn an_application_that_may_not_ask_is_not_said_to_be_refused_by_the_person() {
    let (site, browser, callback) = with_code("the right secret").await;
    let (before, rest) = callback.split_once("code=").unwrap();
    let (_, after) = rest.split_once('&').unwrap();
    let page = browser.get(&format!("{before}error=unauthorized_client&{after}")).await;
    says(&page, NOT_ACCEPTED, &site.last_refusal(), "unauthorized_client");
}
