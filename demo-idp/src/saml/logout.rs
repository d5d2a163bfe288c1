//! Single logout (SAML core 3.7, profiles 4.4): what service providers send, and what is sent to them.
//!
//! Every message in either direction is signed. A request or an answer that its sender's registered key did not sign
//! changes nothing here (attack: any page could sign people out).

use super::message::{Message, MessageError, attribute, child, instant, message_id, text_of};
use super::response::{NameIdFormat, fresh_id, status_uri};
use super::signature::{algorithm_uri, sign};
use super::xml::{Element, Namespace};
use crate::clock::date_time;
use crate::core::Core;
use crate::error::KeyError;
use crate::fault::Fault;
use crate::flows::Farewell;
use crate::relying::{Binding, LogoutService, ServiceProvider};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use form_urlencoded::byte_serialize;
use roxmltree::Node;
use std::io::Write;
use time::Duration;

/// How old a message may be, and how far ahead a clock.
const AGE_MOST: Duration = Duration::minutes(5);
/// A person has a handful of sessions at one service provider.
const INDEXES_MOST: usize = 100;

/// A service provider wants somebody signed out everywhere.
#[derive(Debug, Clone)]
pub(crate) struct LogoutRequest {
    pub(crate) id: String,
    pub(crate) service_provider: usize,
    pub(crate) name_id: String,
    /// Any, when it names none.
    pub(crate) format: Option<NameIdFormat>,
    /// Every session of this person, when it names none.
    pub(crate) session_indexes: Vec<String>,
    pub(crate) relay_state: Option<String>,
}

/// A service provider has signed somebody out, or has not.
#[derive(Debug, Clone)]
pub(crate) struct LogoutAnswer {
    pub(crate) service_provider: usize,
    pub(crate) in_response_to: String,
    pub(crate) is_done: bool,
}

/// Why a logout message was not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum LogoutError {
    #[error(transparent)]
    Message(#[from] MessageError),
    #[error("the document is not a SAML 2.0 {0}")]
    NotLogout(&'static str),
    #[error("the message has no usable {0}")]
    Missing(&'static str),
    #[error("the message was made for another address: {0}")]
    Destination(String),
    #[error("the service provider {0:?} is not registered here")]
    UnknownIssuer(String),
    #[error("the message was made more than five minutes ago, or will be")]
    Age,
    #[error("no single logout service of {0:?} is registered, so there is nowhere to send an answer")]
    NoLogoutService(String),
    #[error("the answer is to no request of ours, or comes from somebody else than was asked")]
    NotAsked,
}

/// Reads and believes a LogoutRequest, or does not.
pub(crate) fn parse_request(core: &Core, message: &Message) -> Result<LogoutRequest, LogoutError> {
    let document = message.document()?;
    let root = document.root_element();
    let service_provider = parse_sender(core, message, root, "LogoutRequest")?;
    let sender = core.service_providers.get(service_provider).filter(|sender| sender.logout().is_some());
    sender.ok_or_else(|| LogoutError::NoLogoutService(issuer_of(root)))?;
    if attribute(root, "NotOnOrAfter").is_some()
        && instant(root, "NotOnOrAfter").is_none_or(|ends| ends <= core.clock.now())
    {
        return Err(LogoutError::Age);
    }
    let name_id = child(root, Namespace::Assertion.uri(), "NameID").ok_or(LogoutError::Missing("NameID"))?;
    let format = attribute(name_id, "Format").map(NameIdFormat::from_uri);
    let indexes = root.children().filter(|node| node.has_tag_name((Namespace::Protocol.uri(), "SessionIndex")));
    let session_indexes: Vec<String> = indexes.map(text_of).take(INDEXES_MOST + 1).collect();
    if session_indexes.len() > INDEXES_MOST {
        return Err(LogoutError::Missing("number of SessionIndex elements"));
    }
    Ok(LogoutRequest {
        id: message_id(root).ok_or(LogoutError::Missing("ID"))?.to_owned(),
        service_provider,
        name_id: text_of(name_id),
        format: format.map(|known| known.ok_or(LogoutError::Missing("NameID format"))).transpose()?,
        session_indexes,
        relay_state: message.relay_state.clone(),
    })
}

/// Reads and believes a LogoutResponse, or does not.
pub(crate) fn parse_answer(core: &Core, message: &Message) -> Result<LogoutAnswer, LogoutError> {
    let document = message.document()?;
    let root = document.root_element();
    let service_provider = parse_sender(core, message, root, "LogoutResponse")?;
    let in_response_to = attribute(root, "InResponseTo").ok_or(LogoutError::Missing("InResponseTo"))?;
    let status = child(root, Namespace::Protocol.uri(), "Status").ok_or(LogoutError::Missing("Status"))?;
    let code = child(status, Namespace::Protocol.uri(), "StatusCode").ok_or(LogoutError::Missing("StatusCode"))?;
    // A second code under a success says that it was only half of one: PartialLogout.
    let is_whole = !code.children().any(|inner| inner.is_element());
    let is_done = is_whole && attribute(code, "Value") == Some(&status_uri("Success"));
    let in_response_to = in_response_to.to_owned();
    Ok(LogoutAnswer { service_provider, in_response_to, is_done })
}

/// The registered sender of a message of this name, once its key is seen to have signed all of it.
fn parse_sender(core: &Core, message: &Message, root: Node<'_, '_>, name: &'static str) -> Result<usize, LogoutError> {
    if !root.has_tag_name((Namespace::Protocol.uri(), name)) || attribute(root, "Version") != Some("2.0") {
        return Err(LogoutError::NotLogout(name));
    }
    let issuer = issuer_of(root);
    let Some((index, sender)) = core.service_provider_at(&issuer) else {
        return Err(LogoutError::UnknownIssuer(issuer));
    };
    message.verify(root.document(), sender.keys())?;
    match attribute(root, "Destination") {
        Some(destination) if destination == core.logout_url() => {}
        other => return Err(LogoutError::Destination(other.unwrap_or("none is named").to_owned())),
    }
    let issued = instant(root, "IssueInstant").ok_or(LogoutError::Missing("IssueInstant"))?;
    if (core.clock.now() - issued).abs() > AGE_MOST {
        return Err(LogoutError::Age);
    }
    Ok(index)
}

fn issuer_of(root: Node<'_, '_>) -> String {
    child(root, Namespace::Assertion.uri(), "Issuer").map(text_of).unwrap_or_default()
}

/// A signed message on its way to a service provider.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// The browser is sent to this address.
    Redirect(String),
    /// The browser posts this form.
    Form { action: String, field: &'static str, value: String, relay_state: Option<String> },
}

/// Asks a service provider to sign somebody out; its answer must name the ID that is returned.
pub(crate) fn ask(
    core: &Core,
    to: (&ServiceProvider, &LogoutService),
    farewell: &Farewell,
    relay_state: Option<&str>,
    fault: Option<Fault>,
) -> Result<(String, Outgoing), KeyError> {
    let id = fresh_id()?;
    let name_id = saml("NameID").with("Format", farewell.format.uri()).text(&farewell.name_id);
    let issued = issued_at(core, fault);
    let request = envelope(core, "LogoutRequest", &id, to.1, fault)
        .with("NotOnOrAfter", date_time(issued + AGE_MOST))
        .with("Reason", "urn:oasis:names:tc:SAML:2.0:logout:user")
        .child(name_id)
        .children(farewell.session_index.iter().map(|index| samlp("SessionIndex").text(index)));
    let sending = Sending { core, to, field: "SAMLRequest", relay_state, fault };
    Ok((id, sending.send(request, &farewell.name_id)?))
}

/// Answers a service provider's request. That somebody could not be told is said honestly.
pub(crate) fn answer(
    core: &Core,
    to: (&ServiceProvider, &LogoutService),
    (in_response_to, relay_state): (&str, Option<&str>),
    is_whole: bool,
    fault: Option<Fault>,
) -> Result<Outgoing, KeyError> {
    let in_response_to = match fault {
        Some(Fault::WrongInResponseTo) => "_a-request-nobody-made",
        _ => in_response_to,
    };
    let code = |value: &str| samlp("StatusCode").with("Value", status_uri(value));
    let code = match fault {
        Some(Fault::Denied) => code("Responder").child(code("RequestDenied")),
        _ if is_whole => code("Success"),
        // Core 3.7.3.2 fixes the second code and leaves the first one open.
        _ => code("Success").child(code("PartialLogout")),
    };
    let response = envelope(core, "LogoutResponse", &fresh_id()?, to.1, fault)
        .with("InResponseTo", in_response_to)
        .child(samlp("Status").child(code));
    Sending { core, to, field: "SAMLResponse", relay_state, fault }.send(response, "")
}

fn envelope(core: &Core, name: &'static str, id: &str, to: &LogoutService, fault: Option<Fault>) -> Element {
    let destination = match fault {
        Some(Fault::WrongDestination) => "https://somebody-else.example/slo",
        _ => &to.url,
    };
    let issuer = match fault {
        Some(Fault::WrongIssuer) => "https://somebody-else.example/idp".to_owned(),
        _ => core.saml_entity_id(),
    };
    samlp(name)
        .with("ID", id)
        .with("Version", "2.0")
        .with("IssueInstant", date_time(issued_at(core, fault)))
        .with("Destination", destination)
        .child(saml("Issuer").text(issuer))
}

fn issued_at(core: &Core, fault: Option<Fault>) -> time::OffsetDateTime {
    match fault {
        Some(Fault::Expired) => core.clock.now() - Duration::hours(1),
        _ => core.clock.now(),
    }
}

/// What sending takes, beside the message.
struct Sending<'a> {
    core: &'a Core,
    to: (&'a ServiceProvider, &'a LogoutService),
    field: &'static str,
    relay_state: Option<&'a str>,
    fault: Option<Fault>,
}

impl Sending<'_> {
    fn send(&self, mut message: Element, name_id: &str) -> Result<Outgoing, KeyError> {
        let (service_provider, service) = self.to;
        let published = self.core.keys.for_saml(service_provider.algorithm())?;
        let key = match self.fault {
            Some(Fault::WrongKey) => self.core.keys.stranger(published.family())?,
            _ => published,
        };
        let is_signed = self.fault != Some(Fault::Unsigned);
        if service.binding == Binding::Post {
            if is_signed {
                sign(&mut message, key, published)?;
            }
            let value = STANDARD.encode(self.delivered(message.document(), name_id));
            let relay_state = self.relay_state.map(str::to_owned);
            return Ok(Outgoing::Form { action: service.url.clone(), field: self.field, value, relay_state });
        }
        let honest = message.document();
        let mut query = self.query(&honest);
        if is_signed {
            query.push_str("&SigAlg=");
            query.extend(byte_serialize(algorithm_uri(key.family()).as_bytes()));
            let signature = STANDARD.encode(key.sign(query.as_bytes())?);
            let delivered = self.delivered(honest.clone(), name_id);
            query = query.replace(&self.query(&honest), &self.query(&delivered));
            query.push_str("&Signature=");
            query.extend(byte_serialize(signature.as_bytes()));
        }
        let separator = if service.url.contains('?') { '&' } else { '?' };
        Ok(Outgoing::Redirect(format!("{}{separator}{query}", service.url)))
    }

    /// SAML bindings 3.4.4.1, before SigAlg.
    fn query(&self, xml: &str) -> String {
        let mut query = format!("{}=", self.field);
        query.extend(byte_serialize(STANDARD.encode(deflated(xml)).as_bytes()));
        if let Some(relay_state) = self.relay_state {
            query.push_str("&RelayState=");
            query.extend(byte_serialize(relay_state.as_bytes()));
        }
        query
    }

    /// The signed text, or with the fault that is named so, another person's name in it.
    fn delivered(&self, xml: String, name_id: &str) -> String {
        match self.fault {
            Some(Fault::Tampered) => super::response::promoted(&xml, name_id),
            _ => xml,
        }
    }
}

fn deflated(xml: &str) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    // Writing into a Vec cannot fail.
    let _ = encoder.write_all(xml.as_bytes());
    encoder.finish().unwrap_or_default()
}

const fn saml(name: &'static str) -> Element {
    Element::new(Namespace::Assertion, name)
}

const fn samlp(name: &'static str) -> Element {
    Element::new(Namespace::Protocol, name)
}
