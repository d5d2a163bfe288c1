//! The demo identity provider, which shares no code with this crate: what it signs is accepted, each mistake it can make on
//! purpose is refused by the rule that speaks of it, and it accepts what we sign.

use axum::body::Body;
use axum::http::{Request, header};
use daypass::VerifiedIdentity;
use daypass::explain::Silent;
use daypass::identity::saml::{AuthnRequest, SamlError, SamlProvider, SpSigningKey, UnverifiedResponse, verify};
use daypass::time::{Clock as _, SystemClock};
use demo_idp::{AssertionRequest, Fault, Idp, ServiceProvider, User};
use tower::ServiceExt as _;

use super::signer::{ACS, Key, REQUEST, SP, STRANGER, TRUSTED};

fn idp() -> Idp {
    Idp::builder()
        .base_url("http://localhost:8100")
        .user(User::new("martha", "correct-horse").with_groups(["Admins", "Developers"]))
        .service_provider(ServiceProvider::new(SP, ACS))
        .build()
        .unwrap()
}

fn judge(idp: &Idp, fault: Option<Fault>) -> Result<VerifiedIdentity, SamlError> {
    let provider = SamlProvider::new(&idp.saml_metadata(), SP, ACS).unwrap();
    let mut request = AssertionRequest::new("martha").with_in_response_to(REQUEST);
    if let Some(fault) = fault {
        request = request.with_fault(fault);
    }
    let posted = idp.assertion_for(request).unwrap();
    verify(&provider, UnverifiedResponse::from_post(&posted, REQUEST)?, SystemClock.now(), &mut Silent)
}

#[test]
fn an_independent_identity_provider_signs_in() {
    let idp = idp();
    let identity = judge(&idp, None).unwrap();
    assert_eq!(identity.subject(), "martha");
    assert_eq!(identity.issuer(), idp.saml_entity_id());
    assert_eq!(identity.attribute("groups"), ["Admins", "Developers"]);
    let provider = SamlProvider::new(&idp.saml_metadata(), SP, ACS).unwrap();
    let unasked = UnverifiedResponse::for_exchange(&idp.assertion("martha").unwrap()).unwrap();
    assert!(verify(&provider, unasked, SystemClock.now(), &mut Silent).is_ok());
}

#[test]
fn each_deliberate_mistake_breaks_its_own_rule() {
    let idp = idp();
    for (fault, rule) in [
        (Fault::Expired, "confirmation_time"),
        (Fault::NotYetValid, "not_before"),
        (Fault::WrongAudience, "audience"),
        (Fault::WrongRecipient, "recipient"),
        (Fault::WrongDestination, "destination"),
        (Fault::WrongIssuer, "response_issuer"),
        (Fault::WrongInResponseTo, "in_response_to"),
        (Fault::WrongKey, "signature"),
        (Fault::Unsigned, "signed"),
        (Fault::Tampered, "digest"),
        (Fault::CommentInNameId, "comment"),
    ] {
        assert_eq!(judge(&idp, Some(fault)).unwrap_err().rule().name, rule, "{fault:?}");
    }
}

/// Whether an identity provider that knows `TRUSTED` as our key lets a person sign in for this request.
async fn welcomed(request: Request<Body>) -> bool {
    let service = ServiceProvider::new(SP, ACS).with_certificate(TRUSTED.certificate_pem());
    let idp = Idp::builder().base_url("http://localhost:8100").service_provider(service).build().unwrap();
    let status = idp.router().oneshot(request).await.unwrap().status();
    status.is_success() || status.is_redirection()
}

fn signing_with(key: &Key) -> SamlProvider {
    let provider = SamlProvider::new(&idp().saml_metadata(), SP, ACS).unwrap();
    provider.with_signing_key(SpSigningKey::from_pem(&key.pem(), &key.certificate_pem()).unwrap())
}

#[tokio::test]
async fn an_independent_identity_provider_verifies_what_we_sign() {
    for (key, genuine) in [(&*TRUSTED, true), (&*STRANGER, false)] {
        let provider = signing_with(key);
        let request = AuthnRequest::new(&provider, SystemClock.now()).unwrap();
        let url = request.redirect_url(Some("state")).unwrap();
        let target = url.strip_prefix("http://localhost:8100").unwrap().to_owned();
        let edited = target.replace("RelayState=state", "RelayState=other");
        assert_eq!(welcomed(Request::get(&target).body(Body::empty()).unwrap()).await, genuine);
        assert!(!welcomed(Request::get(&edited).body(Body::empty()).unwrap()).await);
        let form = request.post_form(None).unwrap();
        let body = form_urlencoded::Serializer::new(String::new()).append_pair(form.field, &form.message).finish();
        let target = form.action.strip_prefix("http://localhost:8100").unwrap().to_owned();
        let post = Request::post(&target).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        assert_eq!(welcomed(post.body(Body::from(body)).unwrap()).await, genuine);
    }
}
