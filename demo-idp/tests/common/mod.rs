//! What the tests of the identity provider share. Each test file uses its part.
#![allow(dead_code, clippy::allow_attributes, reason = "every test file compiles this module by itself")]

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub(crate) const SP: &str = "http://sp.localhost/saml/metadata";
pub(crate) const ACS: &str = "http://sp.localhost/saml/acs";

/// The XML inside a base64 SAML response.
pub(crate) fn xml_of(saml_response: &str) -> String {
    String::from_utf8(STANDARD.decode(saml_response).expect("base64")).expect("UTF-8")
}

/// What xmlsec1, which shares no code with us, says about every signature of a document; `None` where it is not installed.
pub(crate) fn xmlsec_verifies(test: &str, xml: &str, certificate: &str) -> Option<bool> {
    let directory = scratch(test);
    std::fs::create_dir_all(&directory).expect("scratch directory");
    let certificate_file = directory.join("certificate.pem");
    let wrapped = certificate.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned());
    let body = wrapped.collect::<Vec<_>>().join("\n");
    std::fs::write(&certificate_file, format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"))
        .expect("certificate");
    let mut all = true;
    for element in signed_elements(xml) {
        let document = directory.join("document.xml");
        std::fs::write(&document, xml).expect("document");
        let node = format!("/descendant::*[local-name()='{element}'][1]/*[local-name()='Signature']");
        match run_xmlsec(&document, &certificate_file, &node) {
            Some(output) => all &= output.status.success(),
            None => {
                println!("skipped: {test}: xmlsec1 is not installed");
                return None;
            }
        }
    }
    std::fs::remove_dir_all(directory).expect("clean-up");
    Some(all)
}

fn run_xmlsec(document: &Path, certificate: &Path, node: &str) -> Option<Output> {
    Command::new("xmlsec1")
        .args(["--verify", "--enabled-key-data", "x509,rsa,ecdsa", "--pubkey-cert-pem"])
        .arg(certificate)
        .args(["--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion"])
        .args(["--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:protocol:Response"])
        .args(["--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:protocol:LogoutRequest"])
        .args(["--node-xpath", node])
        .arg(document)
        .output()
        .ok()
}

/// The local names of the elements that hold a signature, outermost first.
pub(crate) fn signed_elements(xml: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(xml).expect("well-formed");
    document
        .descendants()
        .filter(|node| node.tag_name().name() == "Signature")
        .filter_map(|node| node.parent())
        .map(|node| node.tag_name().name().to_owned())
        .collect()
}

/// The certificates of a metadata document, in order.
pub(crate) fn certificates(metadata: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(metadata).expect("well-formed");
    document
        .descendants()
        .filter(|node| node.tag_name().name() == "X509Certificate")
        .map(|node| node.text().expect("certificate").to_owned())
        .collect()
}

/// The text of the first element of this local name.
pub(crate) fn text_of(xml: &str, name: &str) -> Option<String> {
    let document = roxmltree::Document::parse(xml).expect("well-formed");
    let node = document.descendants().find(|node| node.tag_name().name() == name)?;
    Some(node.descendants().filter(|child| child.is_text()).filter_map(|text| text.text()).collect())
}

/// An attribute of the first element of this local name.
pub(crate) fn attribute_of(xml: &str, element: &str, name: &str) -> Option<String> {
    let document = roxmltree::Document::parse(xml).expect("well-formed");
    let node = document.descendants().find(|node| node.tag_name().name() == element)?;
    node.attribute(name).map(str::to_owned)
}

/// The values of a SAML attribute.
pub(crate) fn saml_attribute(xml: &str, name: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(xml).expect("well-formed");
    document
        .descendants()
        .filter(|node| node.tag_name().name() == "Attribute" && node.attribute("Name") == Some(name))
        .flat_map(|node| node.children())
        .map(|value| value.text().unwrap_or_default().to_owned())
        .collect()
}

/// Header or claims of a token, unverified.
pub(crate) fn token_part(token: &str, part: usize) -> Value {
    let encoded = token.split('.').nth(part).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).expect("base64url")).expect("JSON")
}

/// What jsonwebtoken says about the signature of a token, by the published key its header names.
pub(crate) fn signature_verifies(token: &str, jwks: &Value) -> Result<(), String> {
    use jsonwebtoken::{DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
    let jwks: JwkSet = serde_json::from_value(jwks.clone()).expect("a key set");
    let header = decode_header(token).map_err(|error| error.to_string())?;
    let jwk = jwks.find(header.kid.as_deref().unwrap_or_default()).ok_or("unknown key")?;
    let mut validation =
        Validation::new(jwk.common.key_algorithm.ok_or("no alg")?.to_string().parse().map_err(|_| "alg")?);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let key = DecodingKey::from_jwk(jwk).map_err(|error| error.to_string())?;
    decode::<Value>(token, &key, &validation).map(drop).map_err(|error| error.to_string())
}

/// A JSON document by its address.
pub(crate) async fn json_at(url: String) -> Value {
    let text = reqwest::get(url).await.expect("answer").text().await.expect("text");
    serde_json::from_str(&text).expect("JSON")
}

pub(crate) fn scratch(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("demo-idp-test-{}-{name}", std::process::id()))
}

/// A browser as far as an identity provider needs one: a cookie, and redirects that are looked at before they are followed.
pub(crate) struct Browser {
    client: reqwest::Client,
    cookie: std::cell::RefCell<Option<String>>,
    base: String,
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Browser {
    pub(crate) fn new(base: &str) -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("client");
        Self { client, cookie: None.into(), base: base.to_owned() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.client.get(self.absolute(path))).await
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.post_from(path, form, None).await
    }

    /// A post as a page of `origin` makes it.
    pub(crate) async fn post_from(&self, path: &str, form: &[(&str, &str)], origin: Option<&str>) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = self.client.post(self.absolute(path)).body(body);
        request = request.header("content-type", "application/x-www-form-urlencoded");
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        self.send(request).await
    }

    /// Types a password into the sign-in page at `login`, and follows to what was asked for.
    pub(crate) async fn sign_in(&self, login: &str, user: &str, password: &str) -> Answer {
        let flow = parameter(login, "flow");
        let mut form = vec![("username", user), ("password", password)];
        form.extend(flow.iter().map(|flow| ("flow", flow.as_str())));
        let answer = self.post_from("/login", &form, Some(&self.base)).await;
        match answer.status {
            303 => self.get(answer.location()).await,
            _ => answer,
        }
    }

    pub(crate) async fn send(&self, mut request: reqwest::RequestBuilder) -> Answer {
        if let Some(cookie) = self.cookie.borrow().as_ref() {
            request = request.header("cookie", cookie);
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        if let Some(cookie) = headers.get("set-cookie") {
            let pair = cookie.to_str().expect("text").split(';').next().expect("a pair").to_owned();
            *self.cookie.borrow_mut() = Some(pair);
        }
        Answer { status, headers, text: response.text().await.expect("text") }
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    pub(crate) fn cookie(&self) -> Option<String> {
        self.cookie.borrow().clone()
    }

    fn absolute(&self, path: &str) -> String {
        if path.starts_with('/') { format!("{}{path}", self.base) } else { path.to_owned() }
    }
}

impl Answer {
    pub(crate) fn location(&self) -> &str {
        self.header("location")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    /// The value of a hidden field of the page.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let (_, rest) = self.text.split_once(&format!("name=\"{name}\" value=\""))?;
        let value = rest.split_once('"')?.0;
        let entities = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
        Some(entities.iter().fold(value.to_owned(), |text, (entity, character)| text.replace(entity, character)))
    }
}

/// A parameter of an address.
pub(crate) fn parameter(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    form_urlencoded::parse(query.as_bytes()).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

pub(crate) fn query(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
