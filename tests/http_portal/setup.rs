//! What a portal cannot be set up with, and how it shares `/` with the Security Token Service.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use daypass::http::portal::{Portal, PortalError};
use daypass::http::relying_party::RelyingParty;
use daypass::http::sts::Sts;
use daypass::identity::oidc::OidcProvider;
use daypass::identity::saml::SamlProvider;
use daypass::{Broker, Keyring};
use tower::ServiceExt;

use crate::site::{BROKER, Site};

fn broker() -> Broker {
    Broker::new(Keyring::generate().unwrap())
}

fn portal(broker: Broker) -> Portal {
    Portal::new(Arc::new(broker), BROKER).unwrap()
}

#[test]
fn a_base_url_is_an_origin_and_nothing_more() {
    for good in ["https://broker.example", "http://localhost:8200/"] {
        assert!(Portal::new(Arc::new(broker()), good).is_ok(), "{good}");
    }
    for bad in ["", "broker.example", "ftp://broker.example", "https://broker.example/portal", "https://a b"] {
        let refused = Portal::new(Arc::new(broker()), bad).unwrap_err();
        assert_eq!(refused, PortalError::BaseUrl { found: bad.to_owned() });
    }
    assert!(matches!(portal(broker()).with_gallery("javascript:alert(1)"), Err(PortalError::Link { .. })));
    assert!(matches!(portal(broker()).with_s3_endpoint("127.0.0.1:8300"), Err(PortalError::Link { .. })));
}

#[tokio::test]
async fn providers_must_exist_and_answer_here() {
    let site = Site::start().await;
    assert!(matches!(portal(broker()).with_saml("corp", ""), Err(PortalError::UnknownProvider { .. })));
    let elsewhere = SamlProvider::new(&site.idp.saml_metadata(), "https://a.example", "https://a.example/acs").unwrap();
    let refused = portal(broker().with_provider(elsewhere)).with_saml("corp", "").unwrap_err();
    assert!(matches!(refused, PortalError::AnswerElsewhere { .. }), "{refused:?}");
    let openid = OidcProvider::new("https://idp.example", ["portal"]).unwrap();
    let elsewhere = RelyingParty::new(openid, "secret", "https://a.example/callback").unwrap();
    let refused = portal(broker()).with_relying_party("corp", "", elsewhere).unwrap_err();
    assert!(matches!(refused, PortalError::AnswerElsewhere { .. }), "{refused:?}");
}

#[tokio::test]
async fn people_and_programs_share_the_front_door() {
    let broker = Arc::new(broker());
    let portal = Portal::new(Arc::clone(&broker), BROKER).unwrap();
    let app = portal.router_beside(Sts::new(broker).router());
    let ask = |method: &str, path: &str| {
        let form = "application/x-www-form-urlencoded";
        let request = Request::builder().method(method).uri(path).header("content-type", form);
        app.clone().oneshot(request.body(Body::empty()).unwrap())
    };
    let person = ask("GET", "/").await.unwrap();
    assert_eq!(
        (person.status().as_u16(), &person.headers()["location"]),
        (303, &"http://localhost:8200/portal".parse().unwrap())
    );
    for (method, path) in [("GET", "/?Action=Nothing&Version=2011-06-15"), ("POST", "/")] {
        let program = ask(method, path).await.unwrap();
        assert_eq!(program.headers()["content-type"], "text/xml", "{method} {path}");
        let text = String::from_utf8(to_bytes(program.into_body(), 10_000).await.unwrap().to_vec()).unwrap();
        assert!(text.contains("<ErrorResponse"), "{text}");
    }
    assert_eq!(ask("GET", "/no-such-page").await.unwrap().status(), 404);
}
