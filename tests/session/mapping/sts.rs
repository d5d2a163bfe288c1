//! A mapping at the Security Token Service: AssumeRoleWithSAML and AssumeRoleWithWebIdentity honour it alike.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use daypass::audit::{Discard, Recent};
use daypass::http::fetch::IssuerKeys;
use daypass::http::sts::Sts;
use daypass::identity::oidc::OidcProvider;
use daypass::identity::saml::SamlProvider;
use daypass::time::{ManualClock, Timestamp};
use daypass::{Broker, Keyring};
use demo_idp::{Idp, ServiceProvider, User};
use serde_json::json;
use tower::ServiceExt;

use super::{EDITOR, READER};
use crate::signer::{self, Fields, SP, TRUSTED, attribute};
use crate::world::role;

const ENTITY_ID: &str = "http://localhost:8200/saml/metadata";
const ACS: &str = "http://localhost:8200/saml/acs";
const AUDIENCE: &str = "sts.example";
const CORP: &str = "arn:aws:iam::111111111111:saml-provider/corp";

struct Service {
    router: Router,
    idp: Idp,
    trail: Arc<Recent<Discard>>,
}

impl Service {
    /// Developers read; nobody is listed for anything by the provider itself.
    async fn start(session_name: &str) -> Self {
        let martha = User::new("martha", "correct-horse").with_groups(["Developers"]).with_email("m.r@example.com");
        let idp = Idp::builder().user(martha).audience(AUDIENCE).seed(7);
        let idp = idp.service_provider(ServiceProvider::new(ENTITY_ID, ACS)).start().await.unwrap();
        let saml = SamlProvider::new(&idp.saml_metadata(), ENTITY_ID, ACS).unwrap();
        let oidc = OidcProvider::new(idp.issuer(), [AUDIENCE]).unwrap().with_local_network();
        let keys = IssuerKeys::new(&oidc).unwrap();
        let mapping = json!({"version": 1, "session_name": {"from": session_name, "transform": "local_part"},
            "rules": [{"when": {"attribute": "groups", "any_of": "Developers"}, "roles": READER}]});
        let mapping: daypass::session::Mapping = mapping.to_string().parse().unwrap();
        let (corp, issuer) = (saml.name().clone(), oidc.name());
        let trust = json!({"Effect": "Allow", "Action": "sts:*", "Principal": {"Federated":
            [CORP, format!("arn:aws:iam::111111111111:{issuer}")]}});
        let trail = Arc::new(Recent::new(100, Discard));
        let broker = Broker::new(Keyring::generate().unwrap()).with_provider(saml).with_provider(oidc);
        let broker = broker.with_mapping(corp, mapping.clone()).unwrap().with_mapping(issuer, mapping).unwrap();
        let broker = broker.with_role(role(READER, &trust)).with_role(role(EDITOR, &trust)).with_audit(trail.clone());
        let router = Sts::new(Arc::new(broker)).with_issuer(idp.issuer(), keys).router();
        Self { router, idp, trail }
    }

    async fn with_saml(&self, role: &str) -> (u16, String) {
        with_assertion(&self.router, role, &self.idp.assertion("martha").unwrap()).await
    }

    async fn with_token(&self, role: &str) -> (u16, String) {
        let token = self.idp.id_token("martha", AUDIENCE).unwrap();
        let asked = [("Action", "AssumeRoleWithWebIdentity"), ("RoleArn", role), ("RoleSessionName", "asked")];
        ask(&self.router, &[&asked[..], &[("Version", "2011-06-15"), ("WebIdentityToken", &token)]].concat()).await
    }
}

async fn with_assertion(router: &Router, role: &str, assertion: &str) -> (u16, String) {
    let asked = [("Action", "AssumeRoleWithSAML"), ("RoleArn", role), ("PrincipalArn", CORP)];
    ask(router, &[&asked[..], &[("Version", "2011-06-15"), ("SAMLAssertion", assertion)]].concat()).await
}

async fn ask(router: &Router, parameters: &[(&str, &str)]) -> (u16, String) {
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let form: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    let request = Request::post("/").header("content-type", "application/x-www-form-urlencoded");
    let response = router.clone().oneshot(request.body(Body::from(form.join("&"))).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let text = to_bytes(response.into_body(), 100_000).await.unwrap();
    (status, String::from_utf8(text.to_vec()).unwrap())
}

#[tokio::test]
async fn groups_become_sessions_by_either_protocol() {
    let service = Service::start("email").await;
    for (status, body) in [service.with_saml(READER).await, service.with_token(READER).await] {
        assert_eq!(status, 200, "{body}");
        assert!(body.contains("assumed-role/PhotoReader/m.r</Arn>"), "{body}");
    }
    // Trusted as much, and given by no rule.
    for (status, body) in [service.with_saml(EDITOR).await, service.with_token(EDITOR).await] {
        assert_eq!(status, 403, "{body}");
        assert!(body.contains("<Code>AccessDenied</Code>"), "{body}");
    }
    let events = service.trail.events();
    let mapped = events.iter().flat_map(|event| &event.checks).filter(|check| check.name == "attributes mapped");
    assert_eq!(mapped.filter(|check| check.found == format!("rule 1: gives {READER}")).count(), 4);
}

#[tokio::test]
async fn a_refusal_names_no_attribute_to_the_caller_and_is_recorded_with_it() {
    let service = Service::start("upn").await;
    for (status, body) in [service.with_saml(READER).await, service.with_token(READER).await] {
        assert_eq!(status, 400, "{body}");
        assert!(body.contains("<Code>InvalidIdentityToken</Code>") && !body.contains("upn"), "{body}");
    }
    let events = service.trail.events();
    let told = events.iter().filter(|event| event.reason == "session_name: expected a value of upn, found none");
    assert_eq!(told.count(), 2);
}

#[tokio::test]
async fn a_provider_that_names_no_session_has_it_named_by_the_mapping() {
    let fields = Fields { attributes: attribute("groups", &["Developers"]), ..Fields::default() };
    let assertion = STANDARD.encode(fields.signed_assertion());
    let trust = json!({"Effect": "Allow", "Action": "sts:*", "Principal": {"Federated": CORP}});
    let now = Timestamp::parse_rfc3339("2026-06-01T12:00:30Z").unwrap();
    let answer = async |mapping: &serde_json::Value| {
        let saml = SamlProvider::new(&signer::metadata(&[("", &TRUSTED)]), SP, signer::ACS).unwrap();
        let corp = saml.name().clone();
        let broker = Broker::new(Keyring::generate().unwrap()).with_provider(saml).with_role(role(READER, &trust));
        let broker = broker.with_clock(Arc::new(ManualClock::new(now)));
        let broker = broker.with_mapping(corp, mapping.to_string().parse().unwrap()).unwrap();
        with_assertion(&Sts::new(Arc::new(broker)).router(), READER, &assertion).await
    };
    let rules = json!([{"when": {"attribute": "groups", "any_of": "Developers"}, "roles": READER}]);
    let (status, body) = answer(&json!({"version": 1, "rules": rules, "session_name": {"from": "$subject"}})).await;
    assert!(status == 200 && body.contains("assumed-role/PhotoReader/martha</Arn>"), "{body}");
    let (status, body) = answer(&json!({"version": 1, "rules": rules})).await;
    assert!(status == 400 && body.contains("RoleSessionName"), "{body}");
}
