//! The requests we send, read back as an identity provider would.

use std::io::Read as _;

use base64::Engine as _;
use daypass::identity::saml::{AuthnRequest, MetadataError, NameIdPolicy, SamlError, SamlProvider};
use flate2::read::DeflateDecoder;

use super::signer::{self, SP, TRUSTED};
use super::{ACS, STANDARD, now, provider};

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
    let policy = NameIdPolicy::new().with_format("urn:format");
    let xml = inflated(&request.with_name_id_policy(policy).redirect_url(None).unwrap());
    let document = roxmltree::Document::parse(&xml).unwrap();
    let root = document.root_element();
    assert_eq!((root.attribute("ForceAuthn"), root.attribute("IsPassive")), (Some("true"), Some("true")));
    let children: Vec<_> = root.children().map(|child| child.tag_name().name().to_owned()).collect();
    assert_eq!(children, ["Issuer", "NameIDPolicy", "RequestedAuthnContext"]);
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
