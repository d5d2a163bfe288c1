//! Logout messages, signed. The first byte says what the rest is: a document that the identity provider signs and that
//! travels by query or by form, or edits of an honest signed form by somebody who holds it. A finding: a person, a session
//! or an ID handed out that another parser does not read in the signed bytes.

use std::borrow::Cow;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use daypass::identity::saml::{LogoutRequested, UnverifiedLogoutRequest, UnverifiedLogoutResponse, canonicalize};

use crate::edits::{Choices, edit};
use crate::idp::{self, REQUEST, SAML, SAMLP, TRUSTED};
use crate::judge::Judge;
use crate::second_reader::trimmed;

/// Judges the message that `data` describes.
pub fn target(data: &[u8]) {
    let [mode, rest @ ..] = data else { return };
    let judge = Judge::chosen_by(mode >> 3);
    match mode & 3 {
        0 => {
            let query = idp::signed_query("SAMLRequest", &idp::deflated(rest), &TRUSTED);
            if let Ok(request) = judge.logout_request(data, || UnverifiedLogoutRequest::from_redirect(&query)) {
                confirm(&request, &String::from_utf8_lossy(rest));
            }
        }
        1 => {
            let Ok(text) = std::str::from_utf8(rest) else { return };
            let Ok(canonical) = canonicalize(text, None, &[]) else { return };
            let posted = STANDARD.encode(signed(text, &canonical));
            if let Ok(request) = judge.logout_request(data, || UnverifiedLogoutRequest::from_post(&posted)) {
                confirm(&request, &canonical);
            }
        }
        2 => {
            let query = idp::signed_query("SAMLResponse", &idp::deflated(rest), &TRUSTED);
            let _ = judge.logout_response(data, || UnverifiedLogoutResponse::from_redirect(&query, REQUEST));
        }
        _ => {
            let mut text = idp::sign(&idp::logout("LogoutRequest"), "_response", &TRUSTED);
            let mut choices = Choices::new(rest);
            for _ in 0..8 {
                if !choices.spent() {
                    edit(&mut text, &mut choices);
                }
            }
            let posted = STANDARD.encode(&text);
            if let Ok(request) = judge.logout_request(data, || UnverifiedLogoutRequest::from_post(&posted)) {
                known(&request);
            }
        }
    }
}

/// Panics unless `request` is, but for how it travelled, the honest one.
pub fn known(request: &LogoutRequested) {
    static HONEST: LazyLock<LogoutRequested> = LazyLock::new(|| {
        let posted = STANDARD.encode(idp::sign(&idp::logout("LogoutRequest"), "_response", &TRUSTED));
        Judge::Strict.logout_request(&[], || UnverifiedLogoutRequest::from_post(&posted)).expect("an honest request")
    });
    let said = |request: &LogoutRequested| {
        format!(
            "{} {} {:?} {:?} {:?}",
            request.id(),
            request.issuer(),
            request.name_id(),
            request.session_indexes(),
            request.reason()
        )
    };
    assert_eq!(said(request), said(&HONEST));
}

fn signed(text: &str, canonical: &str) -> String {
    let signature = idp::signature(canonical, "_response", &TRUSTED);
    let issuer = text.find("</saml:Issuer>").map(|at| at + "</saml:Issuer>".len());
    let at = issuer.or_else(|| text.rfind("</")).unwrap_or(text.len());
    format!("{}{signature}{}", &text[..at], &text[at..])
}

fn confirm(request: &LogoutRequested, signed: &str) {
    let text: Cow<'_, str> = match signed.contains("<![CDATA[") {
        // Read by the relaxed judge alone, and by this parser as text too.
        true => signed.replace('\r', "\n").into(),
        false => signed.into(),
    };
    let document = roxmltree::Document::parse(&text).expect("signed XML");
    let root = document.root_element();
    assert!(root.has_tag_name((SAMLP, "LogoutRequest")));
    let attribute = |name: &str| {
        root.attributes().find(|found| found.namespace().is_none() && found.name() == name).map(|found| found.value())
    };
    assert_eq!(Some(request.id()), attribute("ID"));
    assert_eq!(request.reason(), attribute("Reason"));
    let texts = |namespace: &'static str, name: &'static str| -> Vec<String> {
        let named = root.children().filter(move |node| node.has_tag_name((namespace, name)));
        let text = |node: roxmltree::Node<'_, '_>| node.children().filter_map(|text| text.text()).collect::<String>();
        named.map(text).collect()
    };
    let named: Vec<_> = texts(SAMLP, "SessionIndex").iter().map(|text| trimmed(text).to_owned()).collect();
    assert_eq!(request.session_indexes(), named);
    if let [name] = texts(SAML, "NameID").as_slice() {
        assert!([name.as_str(), trimmed(name)].contains(&request.name_id().value()), "another person than {name:?}");
    }
}
