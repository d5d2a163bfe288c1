//! What we sign, verified by others: queries by the cryptography library alone, documents by xmlsec1.

use std::io::Read as _;
use std::process::Command;

use aws_lc_rs::signature::{self, UnparsedPublicKey};
use base64::Engine as _;
use daypass::explain::Silent;
use daypass::identity::saml::{
    AuthnRequest, LogoutRequest, LogoutResponse, LogoutStatus, MetadataError, PostForm, SamlError, SamlProvider,
    SamlSession, SpSigningKey, UnverifiedResponse, verify,
};
use flate2::read::DeflateDecoder;

use super::logout::{Asked, judge_post, metadata, provider};
use super::signer::{ACS, Fields, IDP, Key, REQUEST, SAML, SAMLP, SP, STRANGER, TRUSTED, authn_statement};
use super::{STANDARD, judge_with, now};

fn signing_key(key: &Key) -> SpSigningKey {
    SpSigningKey::from_pem(&key.pem(), &key.certificate_pem()).unwrap()
}

fn with_key(key: &Key) -> SamlProvider {
    provider().with_signing_key(signing_key(key))
}

/// The session of a person who signed in at `provider`.
pub(crate) fn session(provider: &SamlProvider, name_id: &str) -> SamlSession {
    let fields = Fields {
        name_id: name_id.into(),
        authn_statement: authn_statement(r#" SessionIndex="s-1""#),
        ..Fields::default()
    };
    judge_with(provider, &fields.signed_assertion()).unwrap().saml_session().unwrap().clone()
}

const PERSISTENT: &str = r#"<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" NameQualifier="https://idp.example/metadata" SPNameQualifier="https://sp.example/metadata" SPProvidedID="m&amp;m">mar&lt;tha</saml:NameID>"#;

fn messages(provider: &SamlProvider) -> [(&'static str, String, PostForm); 3] {
    let session = session(provider, PERSISTENT);
    let asked = judge_post(provider, &Asked::default().signed(&TRUSTED)).unwrap();
    let state = Some("a b&c=d/+");
    let sign_in = AuthnRequest::new(provider, now()).unwrap();
    let request = LogoutRequest::new(provider, &session, now()).unwrap();
    let answer = LogoutResponse::to(provider, &asked, LogoutStatus::Success, now()).unwrap();
    [
        ("AuthnRequest", sign_in.redirect_url(state).unwrap(), sign_in.post_form(state).unwrap()),
        ("LogoutRequest", request.redirect_url(state).unwrap(), request.post_form(state).unwrap()),
        ("LogoutResponse", answer.redirect_url(state).unwrap(), answer.post_form(state).unwrap()),
    ]
}

fn parameter(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?').unwrap();
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn inflated(url: &str) -> String {
    let message = parameter(url, "SAMLRequest").or_else(|| parameter(url, "SAMLResponse")).unwrap();
    let mut xml = String::new();
    DeflateDecoder::new(&STANDARD.decode(message).unwrap()[..]).read_to_string(&mut xml).unwrap();
    xml
}

#[test]
fn a_redirect_is_signed_over_the_octets_of_its_query() {
    let more = "http://www.w3.org/2001/04/xmldsig-more#";
    let keys: [(Key, String, &dyn signature::VerificationAlgorithm); 4] = [
        (
            Key::rsa(aws_lc_rs::rsa::KeySize::Rsa2048),
            format!("{more}rsa-sha256"),
            &signature::RSA_PKCS1_2048_8192_SHA256,
        ),
        (Key::p256(), format!("{more}ecdsa-sha256"), &signature::ECDSA_P256_SHA256_FIXED),
        (Key::p384(), format!("{more}ecdsa-sha384"), &signature::ECDSA_P384_SHA384_FIXED),
        (Key::ed25519(), "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519".into(), &signature::ED25519),
    ];
    for (key, method, algorithm) in keys {
        for (name, url, _) in messages(&with_key(&key)) {
            let (octets, _) = url.split_at(url.find("SAMLRe").unwrap()).1.split_once("&Signature=").unwrap();
            let names: Vec<&str> = octets.split('&').filter_map(|pair| pair.split('=').next()).collect();
            let field = if name == "LogoutResponse" { "SAMLResponse" } else { "SAMLRequest" };
            assert_eq!(names, [field, "RelayState", "SigAlg"]);
            assert_eq!(parameter(&url, "SigAlg").unwrap(), method);
            assert_eq!(parameter(&url, "RelayState").unwrap(), "a b&c=d/+");
            let value = STANDARD.decode(parameter(&url, "Signature").unwrap()).unwrap();
            UnparsedPublicKey::new(algorithm, key.public_bytes()).verify(octets.as_bytes(), &value).unwrap();
            assert!(
                !inflated(&url).contains("Signature"),
                "the XML of a redirect is not signed (saml-bindings 3.4.4.1)"
            );
        }
    }
}

#[test]
fn xmlsec1_verifies_what_a_form_carries() {
    if Command::new("xmlsec1").arg("--version").output().is_err() {
        println!("skipped xmlsec1_verifies_what_a_form_carries: no xmlsec1");
        return;
    }
    let folder = std::env::temp_dir().join(format!("daypass-signed-messages-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (kind, key) in
        [("rsa", Key::rsa(aws_lc_rs::rsa::KeySize::Rsa2048)), ("p256", Key::p256()), ("p384", Key::p384())]
    {
        let public = folder.join(format!("{kind}.pem"));
        std::fs::write(&public, key.public_pem()).unwrap();
        for (name, _, form) in messages(&with_key(&key)) {
            let xml = STANDARD.decode(&form.message).unwrap();
            let verified = |bytes: &[u8]| {
                let path = folder.join(format!("{kind}-{name}.xml"));
                std::fs::write(&path, bytes).unwrap();
                let id = format!("{SAMLP}:{name}");
                let mut xmlsec1 = Command::new("xmlsec1");
                xmlsec1.args(["--verify", "--id-attr:ID", &id, "--pubkey-pem"]).arg(&public).arg(&path);
                xmlsec1.output().unwrap().status.success()
            };
            assert!(verified(&xml), "{kind} {name}: {}", String::from_utf8_lossy(&xml));
            let edited =
                String::from_utf8(xml).unwrap().replace("https://sp.example/metadata<", "https://sp.example/other<");
            assert!(!verified(edited.as_bytes()), "{kind} {name}");
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_form_has_its_signature_right_after_the_issuer() {
    for (name, _, form) in messages(&with_key(&TRUSTED)) {
        let xml = String::from_utf8(STANDARD.decode(&form.message).unwrap()).unwrap();
        let document = roxmltree::Document::parse(&xml).unwrap();
        let root = document.root_element();
        assert!(root.has_tag_name((SAMLP, name)));
        let children: Vec<_> = root.children().map(|child| child.tag_name().name()).collect();
        assert_eq!(children[..2], ["Issuer", "Signature"], "{name}");
        let certificate = root.descendants().find(|node| node.tag_name().name() == "X509Certificate").unwrap();
        assert_eq!(certificate.text().unwrap(), TRUSTED.certificate());
        let (field, action) = match name {
            "AuthnRequest" => ("SAMLRequest", "https://idp.example/sso"),
            "LogoutRequest" => ("SAMLRequest", "https://idp.example/slo"),
            _ => ("SAMLResponse", "https://idp.example/slo/answers"),
        };
        assert_eq!((form.field, form.action.as_str()), (field, action));
        assert_eq!(root.attribute("Destination"), Some(action));
        assert_eq!(form.relay_state.as_deref(), Some("a b&c=d/+"));
    }
}

#[test]
fn a_logout_request_says_whose_session_as_the_identity_provider_said_it() {
    let provider = with_key(&TRUSTED);
    let session = session(&provider, PERSISTENT);
    assert_eq!((session.issuer(), session.session_indexes()), (IDP, &["s-1".to_owned()][..]));
    let kept: SamlSession = serde_json::from_str(&serde_json::to_string(&session).unwrap()).unwrap();
    assert_eq!(kept, session);
    let request = LogoutRequest::new(&provider, &kept, now()).unwrap();
    let xml = inflated(&request.redirect_url(None).unwrap());
    let document = roxmltree::Document::parse(&xml).unwrap();
    let root = document.root_element();
    assert_eq!(root.attribute("ID"), Some(request.id()));
    assert_eq!(root.attribute("NotOnOrAfter"), Some("2026-06-01T12:05:30Z"));
    let name_id = root.descendants().find(|node| node.has_tag_name((SAML, "NameID"))).unwrap();
    assert_eq!(name_id.text(), Some("mar<tha"));
    assert_eq!(name_id.attribute("Format"), Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"));
    assert_eq!(name_id.attribute("NameQualifier"), Some(IDP));
    assert_eq!(name_id.attribute("SPNameQualifier"), Some(SP));
    assert_eq!(name_id.attribute("SPProvidedID"), Some("m&m"));
    let indexes: Vec<_> = root.children().filter(|node| node.has_tag_name((SAMLP, "SessionIndex"))).collect();
    assert_eq!(indexes.iter().filter_map(|index| index.text()).collect::<Vec<_>>(), ["s-1"]);
}

#[test]
fn an_answer_names_the_request_and_how_it_ended() {
    let provider = with_key(&TRUSTED);
    let asked = judge_post(&provider, &Asked::default().signed(&TRUSTED)).unwrap();
    for (status, codes) in [
        (LogoutStatus::Success, vec!["Success"]),
        (LogoutStatus::PartialLogout, vec!["Success", "PartialLogout"]),
        (LogoutStatus::Failed, vec!["Responder"]),
    ] {
        let xml = inflated(&LogoutResponse::to(&provider, &asked, status, now()).unwrap().redirect_url(None).unwrap());
        let document = roxmltree::Document::parse(&xml).unwrap();
        assert_eq!(document.root_element().attribute("InResponseTo"), Some("_logout"));
        let found = document.descendants().filter(|node| node.has_tag_name((SAMLP, "StatusCode")));
        let found: Vec<_> = found.map(|node| node.attribute("Value").unwrap().rsplit(':').next().unwrap()).collect();
        assert_eq!(found, codes);
    }
    // What came is given back, also where a peer sends more than the 80 bytes it should.
    let answer = LogoutResponse::to(&provider, &asked, LogoutStatus::Success, now()).unwrap();
    assert!(answer.redirect_url(Some(&"x".repeat(1024))).is_ok());
    assert_eq!(answer.redirect_url(Some(&"x".repeat(1025))).unwrap_err(), SamlError::RelayStateTooLong);
}

#[test]
fn what_must_be_signed_is_never_sent_unsigned() {
    let provider = provider();
    let session = session(&provider, PERSISTENT);
    assert!(matches!(LogoutRequest::new(&provider, &session, now()), Err(SamlError::NoOwnKey { .. })));
    let asked = judge_post(&provider, &Asked::default().signed(&TRUSTED)).unwrap();
    assert!(matches!(
        LogoutResponse::to(&provider, &asked, LogoutStatus::Success, now()),
        Err(SamlError::NoOwnKey { .. })
    ));
    let wanting =
        metadata(&TRUSTED).replace("<md:IDPSSODescriptor ", r#"<md:IDPSSODescriptor WantAuthnRequestsSigned="true" "#);
    let wanting = SamlProvider::new(&wanting, SP, ACS).unwrap();
    let error = AuthnRequest::new(&wanting, now()).unwrap_err();
    assert!(error.reason().contains("wants signed"), "{}", error.reason());
    let url =
        AuthnRequest::new(&wanting.with_signing_key(signing_key(&TRUSTED)), now()).unwrap().redirect_url(None).unwrap();
    assert!(parameter(&url, "Signature").is_some());
}

#[test]
fn of_several_keys_the_first_signs_and_all_are_there_to_publish() {
    let provider = with_key(&TRUSTED).with_signing_key(signing_key(&STRANGER));
    let certificates: Vec<String> =
        provider.signing_keys().iter().map(|key| STANDARD.encode(key.certificate())).collect();
    assert_eq!(certificates, [TRUSTED.certificate(), STRANGER.certificate()]);
    let form = AuthnRequest::new(&provider, now()).unwrap().post_form(None).unwrap();
    let xml = String::from_utf8(STANDARD.decode(form.message).unwrap()).unwrap();
    assert!(xml.contains(&TRUSTED.certificate()) && !xml.contains(&STRANGER.certificate()));
    let (_, until) = provider.signing_keys()[0].validity();
    assert_eq!(until.to_string(), "2026-12-31T23:59:59Z");
}

#[test]
fn a_key_must_be_strong_and_belong_to_its_certificate() {
    let small = Key::small_pem();
    let refused = |pem: &str, certificate: &str| SpSigningKey::from_pem(pem, certificate).unwrap_err();
    assert!(matches!(refused(&small, &TRUSTED.certificate_pem()), SamlError::OwnKey(_)));
    assert!(matches!(refused(&TRUSTED.pem(), &STRANGER.certificate_pem()), SamlError::OwnKey(_)));
    assert!(matches!(refused(&TRUSTED.pem(), &Key::p256().certificate_pem()), SamlError::OwnKey(_)));
    assert!(matches!(refused("no key", &TRUSTED.certificate_pem()), SamlError::OwnKey(_)));
    for certificates in [String::new(), TRUSTED.pem(), TRUSTED.certificate_pem().repeat(2)] {
        assert_eq!(refused(&TRUSTED.pem(), &certificates), MetadataError::CertificateMalformed.into());
    }
    let debug = format!("{:?}", signing_key(&TRUSTED));
    assert!(debug.contains("redacted"), "{debug}");
}

#[test]
fn a_session_of_another_provider_is_not_logged_out_here() {
    let provider = with_key(&TRUSTED);
    let session = session(&provider, PERSISTENT);
    let other = SamlProvider::new(&metadata(&TRUSTED).replace(IDP, "https://other.example"), SP, ACS).unwrap();
    let other = other.with_signing_key(signing_key(&TRUSTED));
    assert_eq!(LogoutRequest::new(&other, &session, now()).unwrap_err().rule().name, "issuer");
}

#[test]
fn an_identity_provider_without_logout_says_so() {
    let provider = SamlProvider::new(&super::signer::metadata(&[("", &TRUSTED)]), SP, ACS).unwrap();
    let provider = provider.with_signing_key(signing_key(&TRUSTED));
    let session = session(&provider, PERSISTENT);
    let request = LogoutRequest::new(&provider, &session, now()).unwrap();
    let missing = |binding| SamlError::from(MetadataError::NoLogoutEndpoint { binding });
    assert_eq!(request.redirect_url(None).unwrap_err(), missing("HTTP-Redirect"));
    assert_eq!(request.post_form(None).unwrap_err(), missing("HTTP-POST"));
}

#[test]
fn a_logout_request_ends_the_sessions_it_names_and_no_others() {
    let provider = provider();
    let ends = |asked: &Asked, session: &SamlSession| {
        let keys = judge_post(&provider, &asked.signed(&TRUSTED)).unwrap().session_keys(&provider);
        session.session_keys(&provider).iter().any(|key| keys.contains(key))
    };
    let name_id =
        |attributes: &str, name: &str| format!(r#"<saml:NameID xmlns:saml="{SAML}"{attributes}>{name}</saml:NameID>"#);
    let asked = |attributes: &str, name: &str, index: &str| Asked {
        name_id: name_id(attributes, name),
        indexes: if index.is_empty() {
            String::new()
        } else {
            format!("<samlp:SessionIndex>{index}</samlp:SessionIndex>")
        },
        ..Asked::default()
    };
    let martha = session(&provider, "<saml:NameID>martha</saml:NameID>");
    assert!(ends(&asked("", "martha", "s-1"), &martha));
    assert!(ends(&asked("", "martha", ""), &martha), "no index means every session");
    assert!(!ends(&asked("", "martha", "s-2"), &martha));
    assert!(!ends(&asked("", "rosa", "s-1"), &martha));
    assert!(!ends(&asked("", "rosa", ""), &martha));
    // A qualifier left out is that of the parties; another one is another person.
    assert!(ends(&asked(&format!(r#" NameQualifier="{IDP}" SPNameQualifier="{SP}""#), "martha", ""), &martha));
    assert!(!ends(&asked(r#" NameQualifier="https://other.example""#, "martha", ""), &martha));
    assert!(!ends(&asked(r#" SPNameQualifier="https://other.example""#, "martha", ""), &martha));
    let unspecified = r#" Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified""#;
    assert!(ends(&asked(unspecified, "martha", ""), &martha));
    assert!(!ends(&asked(r#" Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent""#, "martha", ""), &martha));
}

#[test]
fn replay_memory_tells_requests_apart() {
    let key = |id: &str| {
        let asked = Asked { attributes: Asked::default().attributes.replace("_logout", id), ..Asked::default() };
        let signed = super::signer::Signing::default().sign(&asked.xml(), id, &TRUSTED);
        judge_post(&provider(), &signed).unwrap().replay_key()
    };
    assert_eq!(key("_one"), key("_one"));
    assert_ne!(key("_one"), key("_two"));
}

#[test]
fn a_sign_in_without_a_session_index_can_be_logged_out_too() {
    let posted = STANDARD.encode(Fields::default().signed_assertion());
    let response = UnverifiedResponse::from_post(&posted, REQUEST).unwrap();
    let identity = verify(&provider(), response, now(), &mut Silent).unwrap();
    assert!(identity.saml_session().unwrap().session_indexes().is_empty());
    let empty = Fields { authn_statement: authn_statement(r#" SessionIndex="""#), ..Fields::default() };
    let identity = judge_with(&provider(), &empty.signed_assertion()).unwrap();
    assert!(identity.saml_session().unwrap().session_indexes().is_empty(), "an empty one names no session");
    assert_eq!(identity.saml_session().unwrap().session_keys(&provider()).len(), 1);
}
