//! The requests we send, read back as an identity provider would.

use std::io::Read as _;

use base64::Engine as _;
use daypass::identity::saml::{AuthnRequest, Comparison, MetadataError, NameIdPolicy, SamlError, SamlProvider};
use flate2::read::DeflateDecoder;

use super::signer::{self, SP, TRUSTED};
use super::{ACS, STANDARD, judge_with, now, provider};

fn query(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?').unwrap();
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn inflated(url: &str) -> String {
    let deflated = STANDARD.decode(query(url, "SAMLRequest").unwrap()).unwrap();
    let mut xml = String::new();
    DeflateDecoder::new(&deflated[..]).read_to_string(&mut xml).unwrap();
    xml
}

#[test]
fn a_redirect_carries_the_deflated_request_and_the_relay_state() {
    let provider = provider();
    let request = AuthnRequest::new(&provider, now()).unwrap();
    let url = request.redirect_url(Some("a b&c=d")).unwrap();
    assert!(url.starts_with("https://idp.example/sso?tenant=1&SAMLRequest="), "{url}");
    assert_eq!(query(&url, "RelayState").as_deref(), Some("a b&c=d"));
    assert_eq!(query(&url, "tenant").as_deref(), Some("1"));
    let xml = inflated(&url);
    let document = roxmltree::Document::parse(&xml).unwrap();
    let root = document.root_element();
    assert!(root.has_tag_name((signer::SAMLP, "AuthnRequest")));
    assert_eq!(root.attribute("ID"), Some(request.id()));
    assert_eq!(root.attribute("Version"), Some("2.0"));
    assert_eq!(root.attribute("IssueInstant"), Some("2026-06-01T12:00:30Z"));
    assert_eq!(root.attribute("Destination"), Some("https://idp.example/sso?tenant=1"));
    assert_eq!(root.attribute("AssertionConsumerServiceURL"), Some(ACS));
    assert_eq!(root.attribute("ForceAuthn"), None);
    let issuer = root.first_element_child().unwrap();
    assert!(issuer.has_tag_name((signer::SAML, "Issuer")));
    assert_eq!(issuer.text(), Some(SP));
}

#[test]
fn a_form_carries_the_request_as_it_is() {
    let provider = provider();
    let form = AuthnRequest::new(&provider, now()).unwrap().post_form(Some("state")).unwrap();
    assert_eq!(form.action, "https://idp.example/sso");
    assert_eq!(form.relay_state.as_deref(), Some("state"));
    let xml = String::from_utf8(STANDARD.decode(form.message).unwrap()).unwrap();
    let document = roxmltree::Document::parse(&xml).unwrap();
    assert_eq!(document.root_element().attribute("Destination"), Some("https://idp.example/sso"));
}

#[test]
fn options_are_written_where_the_schema_has_them() {
    let provider = provider().with_authn_contexts(["urn:strong"]);
    let request = AuthnRequest::new(&provider, now()).unwrap().with_force_authn().with_passive();
    let policy = NameIdPolicy::new().with_format("urn:format").with_sp_name_qualifier("urn:us").with_allow_create();
    let request = request.with_name_id_policy(policy).with_provider_name("Cats & co").with_subject("mar<tha");
    let xml = inflated(&request.redirect_url(None).unwrap());
    let document = roxmltree::Document::parse(&xml).unwrap();
    let root = document.root_element();
    assert_eq!((root.attribute("ForceAuthn"), root.attribute("IsPassive")), (Some("true"), Some("true")));
    assert_eq!(root.attribute("ProviderName"), Some("Cats & co"));
    let children: Vec<_> = root.children().map(|child| child.tag_name().name().to_owned()).collect();
    assert_eq!(children, ["Issuer", "Subject", "NameIDPolicy", "RequestedAuthnContext"]);
    let child = |name: &str| root.descendants().find(|node| node.tag_name().name() == name).unwrap();
    assert_eq!(child("NameID").text(), Some("mar<tha"));
    let policy = ["Format", "SPNameQualifier", "AllowCreate"].map(|name| child("NameIDPolicy").attribute(name));
    assert_eq!(policy, [Some("urn:format"), Some("urn:us"), Some("true")]);
    assert_eq!(child("RequestedAuthnContext").attribute("Comparison"), Some("exact"));
    let plain = AuthnRequest::new(&provider, now()).unwrap().with_name_id_policy(NameIdPolicy::new());
    assert!(!inflated(&plain.redirect_url(None).unwrap()).contains("AllowCreate"));
}

#[test]
fn the_consumer_is_named_by_url_or_by_index_and_never_both() {
    let provider = provider();
    let request = AuthnRequest::new(&provider, now()).unwrap().with_acs_index(3);
    let xml = inflated(&request.redirect_url(None).unwrap());
    let document = roxmltree::Document::parse(&xml).unwrap();
    let root = document.root_element();
    assert_eq!(root.attribute("AssertionConsumerServiceIndex"), Some("3"));
    assert_eq!(root.attribute("AssertionConsumerServiceURL"), None);
    assert_eq!(root.attribute("ProtocolBinding"), None);
}

#[test]
fn an_answer_must_compare_to_the_context_that_was_asked_for() {
    let [password, code, key] = ["urn:password", "urn:code", "urn:key"];
    let compared = |comparison, asked: &str| {
        provider().with_compared_authn_contexts(comparison, [asked], [password, code, key]).unwrap()
    };
    let signed_in_by = |class_ref: &str| {
        let mut fields = signer::Fields::default();
        let before = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
        fields.authn_statement = fields.authn_statement.replace(before, class_ref);
        fields.signed_assertion()
    };
    for (comparison, name, accepted) in [
        (Comparison::Exact, "exact", vec![code]),
        (Comparison::Minimum, "minimum", vec![code, key]),
        (Comparison::Maximum, "maximum", vec![password, code]),
        (Comparison::Better, "better", vec![key]),
    ] {
        let provider = compared(comparison, code);
        let xml = inflated(&AuthnRequest::new(&provider, now()).unwrap().redirect_url(None).unwrap());
        assert!(xml.contains(&format!(r#"<samlp:RequestedAuthnContext Comparison="{name}">"#)), "{xml}");
        assert!(
            xml.contains(">urn:code</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>"),
            "only what is asked"
        );
        for class_ref in [password, code, key, "urn:unknown"] {
            let judged = judge_with(&provider, &signed_in_by(class_ref));
            assert_eq!(judged.is_ok(), accepted.contains(&class_ref), "{name} {class_ref}");
            if let Err(error) = judged {
                assert_eq!(error.rule().name, "authn_context");
            }
        }
    }
    let error = provider().with_compared_authn_contexts(Comparison::Minimum, ["urn:retina"], [password]).unwrap_err();
    assert!(error.reason().contains("urn:retina"), "{}", error.reason());
}

#[test]
fn ids_are_names_and_never_repeat() {
    let provider = provider();
    let (one, two) = (AuthnRequest::new(&provider, now()).unwrap(), AuthnRequest::new(&provider, now()).unwrap());
    assert_ne!(one.id(), two.id());
    assert!(one.id().starts_with('_') && one.id().len() >= 33);
}

#[test]
fn relay_state_is_bounded() {
    let provider = provider();
    let request = AuthnRequest::new(&provider, now()).unwrap();
    assert!(request.redirect_url(Some(&"x".repeat(80))).is_ok());
    assert_eq!(request.redirect_url(Some(&"x".repeat(81))).unwrap_err(), SamlError::RelayStateTooLong);
    assert_eq!(request.post_form(Some(&"x".repeat(81))).unwrap_err(), SamlError::RelayStateTooLong);
}

#[test]
fn a_missing_endpoint_is_an_error() {
    let metadata = signer::metadata(&[("", &TRUSTED)]).replace("HTTP-Redirect", "HTTP-Artifact");
    let provider = SamlProvider::new(&metadata, SP, ACS).unwrap();
    let error = AuthnRequest::new(&provider, now()).unwrap().redirect_url(None).unwrap_err();
    assert_eq!(error, MetadataError::NoEndpoint { binding: "HTTP-Redirect" }.into());
}
