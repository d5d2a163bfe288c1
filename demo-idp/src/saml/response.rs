//! Signed responses (SAML core 3.3.3, profiles 4.1.4.2), whole or with one deliberate mistake.

use super::signature::sign;
use super::xml::{Element, Namespace};
use crate::clock::date_time;
use crate::core::Core;
use crate::directory::User;
use crate::error::KeyError;
use crate::fault::Fault;
use crate::flows::Sessions;
use crate::relying::{ServiceProvider, SignedPart};
use crate::sync::random_bytes;
use std::fmt::Write;
use time::{Duration, OffsetDateTime};

/// How long an assertion may be delivered: AWS takes none that is older.
const DELIVERY: Duration = Duration::minutes(5);

/// What a name identifier is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum NameIdFormat {
    /// The user name.
    #[default]
    Unspecified,
    /// The e-mail address, or the user name of someone who has none.
    EmailAddress,
}

impl NameIdFormat {
    pub(super) const ALL: [Self; 2] = [Self::Unspecified, Self::EmailAddress];

    pub(crate) const fn uri(self) -> &'static str {
        match self {
            Self::Unspecified => "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
            Self::EmailAddress => "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
        }
    }

    pub(super) fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.uri() == uri)
    }
}

/// Whom a response is for, and what it answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delivery<'a> {
    pub(crate) service_provider: &'a ServiceProvider,
    pub(crate) acs_url: &'a str,
    pub(crate) in_response_to: Option<&'a str>,
}

/// Who signed in, when, and in which session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) user: &'a User,
    pub(crate) authenticated: OffsetDateTime,
    pub(crate) session_index: &'a str,
    pub(crate) format: NameIdFormat,
}

impl<'a> Subject<'a> {
    /// The name by which the service provider is told of this person.
    pub(crate) fn name_id(&self) -> &'a str {
        match self.format {
            NameIdFormat::Unspecified => self.user.name(),
            NameIdFormat::EmailAddress => self.user.email().unwrap_or_else(|| self.user.name()),
        }
    }
}

/// Why a request was answered without an assertion (SAML core 3.2.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    NoPassive,
    InvalidNameIdPolicy,
    NoAuthnContext,
    RequestDenied,
}

impl Failure {
    const fn codes(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::NoPassive => ("Responder", "NoPassive", "Nobody is signed in, and the request forbids asking."),
            Self::InvalidNameIdPolicy => {
                ("Requester", "InvalidNameIDPolicy", "This name identifier format is not offered.")
            }
            Self::NoAuthnContext => ("Responder", "NoAuthnContext", "Only sign-in with a password is offered."),
            Self::RequestDenied => ("Responder", "RequestDenied", "The request was denied."),
        }
    }
}

/// Every value of a response that a fault may turn wrong.
struct Facts {
    issuer: String,
    audience: String,
    recipient: String,
    destination: String,
    in_response_to: Option<String>,
    name_id: String,
    now: OffsetDateTime,
    not_before: OffsetDateTime,
    not_on_or_after: OffsetDateTime,
    session_not_on_or_after: OffsetDateTime,
}

impl Facts {
    fn new(core: &Core, delivery: Delivery<'_>, subject: &Subject<'_>) -> Self {
        let now = core.clock.now();
        let name_id = subject.name_id();
        Self {
            issuer: core.saml_entity_id(),
            audience: delivery.service_provider.entity_id().to_owned(),
            recipient: delivery.acs_url.to_owned(),
            destination: delivery.acs_url.to_owned(),
            in_response_to: delivery.in_response_to.map(str::to_owned),
            name_id: name_id.to_owned(),
            now,
            not_before: now,
            not_on_or_after: now + DELIVERY,
            session_not_on_or_after: subject.authenticated + Sessions::LIFE,
        }
    }

    fn broken_by(mut self, fault: Option<Fault>) -> Self {
        match fault {
            Some(Fault::Expired) => {
                self.not_before = self.now - Duration::hours(1) - DELIVERY;
                self.not_on_or_after = self.now - Duration::hours(1);
                self.session_not_on_or_after = self.not_on_or_after;
            }
            Some(Fault::NotYetValid) => {
                self.not_before = self.now + Duration::hours(1);
                self.not_on_or_after = self.not_before + DELIVERY;
            }
            Some(Fault::WrongAudience) => self.audience = "https://somebody-else.example/saml".to_owned(),
            Some(Fault::WrongRecipient) => self.recipient = "https://somebody-else.example/acs".to_owned(),
            Some(Fault::WrongDestination) => self.destination = "https://somebody-else.example/acs".to_owned(),
            Some(Fault::WrongIssuer) => self.issuer = "https://somebody-else.example/idp".to_owned(),
            Some(Fault::WrongInResponseTo) => self.in_response_to = Some("_a-request-nobody-made".to_owned()),
            _ => {}
        }
        self
    }
}

/// The response document with an assertion about `subject`.
pub(crate) fn success(
    core: &Core,
    delivery: Delivery<'_>,
    subject: &Subject<'_>,
    fault: Option<Fault>,
) -> Result<String, KeyError> {
    let facts = Facts::new(core, delivery, subject).broken_by(fault);
    let service_provider = delivery.service_provider;
    let published = core.keys.for_saml(service_provider.algorithm())?;
    let key = match fault {
        Some(Fault::WrongKey) => core.keys.stranger(published.family())?,
        _ => published,
    };
    let is_signed = fault != Some(Fault::Unsigned);
    let signed = service_provider.signed();

    let mut assertion = assertion(&facts, subject, fault)?;
    if is_signed && matches!(signed, SignedPart::Assertion | SignedPart::Both) {
        sign(&mut assertion, key, published)?;
    }
    let status = samlp("Status").child(samlp("StatusCode").with("Value", status_uri("Success")));
    let mut response = envelope(&facts)?.child(status).child(assertion);
    if is_signed && matches!(signed, SignedPart::Response | SignedPart::Both) {
        sign(&mut response, key, published)?;
    }
    let document = response.document();
    Ok(match fault {
        Some(Fault::Tampered) => promoted(&document, &facts.name_id),
        _ => document,
    })
}

/// The response document that says why there is no assertion. It is always signed: there is nothing else to sign.
pub(crate) fn failure(core: &Core, delivery: Delivery<'_>, failure: Failure) -> Result<String, KeyError> {
    let (top, second, message) = failure.codes();
    let code =
        samlp("StatusCode").with("Value", status_uri(top)).child(samlp("StatusCode").with("Value", status_uri(second)));
    let status = samlp("Status").child(code).child(samlp("StatusMessage").text(message));
    let mut response = samlp("Response")
        .with("ID", fresh_id()?)
        .with("Version", "2.0")
        .with("IssueInstant", date_time(core.clock.now()))
        .with("Destination", delivery.acs_url)
        .with_some("InResponseTo", delivery.in_response_to)
        .child(saml("Issuer").text(core.saml_entity_id()))
        .child(status);
    let key = core.keys.for_saml(delivery.service_provider.algorithm())?;
    sign(&mut response, key, key)?;
    Ok(response.document())
}

fn envelope(facts: &Facts) -> Result<Element, KeyError> {
    Ok(samlp("Response")
        .with("ID", fresh_id()?)
        .with("Version", "2.0")
        .with("IssueInstant", date_time(facts.now))
        .with("Destination", &facts.destination)
        .with_some("InResponseTo", facts.in_response_to.as_deref())
        .child(saml("Issuer").text(&facts.issuer)))
}

fn assertion(facts: &Facts, subject: &Subject<'_>, fault: Option<Fault>) -> Result<Element, KeyError> {
    let audience = saml("AudienceRestriction").child(saml("Audience").text(&facts.audience));
    let conditions = saml("Conditions")
        .with("NotBefore", date_time(facts.not_before))
        .with("NotOnOrAfter", date_time(facts.not_on_or_after))
        .child(audience);
    let context = saml("AuthnContext").child(saml("AuthnContextClassRef").text(super::request::PASSWORD_CONTEXT));
    let authentication = saml("AuthnStatement")
        .with("AuthnInstant", date_time(subject.authenticated))
        .with("SessionIndex", subject.session_index)
        .with("SessionNotOnOrAfter", date_time(facts.session_not_on_or_after))
        .child(context);
    Ok(saml("Assertion")
        .with("ID", fresh_id()?)
        .with("Version", "2.0")
        .with("IssueInstant", date_time(facts.now))
        .child(saml("Issuer").text(&facts.issuer))
        .child(subject_element(facts, subject, fault))
        .child(conditions)
        .child(authentication)
        .child(attribute_statement(subject.user)))
}

fn subject_element(facts: &Facts, subject: &Subject<'_>, fault: Option<Fault>) -> Element {
    let name_id = saml("NameID").with("Format", subject.format.uri());
    let name_id = match (fault, facts.name_id.split_at_checked(1)) {
        (Some(Fault::CommentInNameId), Some((head, tail))) => name_id.text(head).comment("").text(tail),
        _ => name_id.text(&facts.name_id),
    };
    let data = saml("SubjectConfirmationData")
        .with("NotOnOrAfter", date_time(facts.not_on_or_after))
        .with("Recipient", &facts.recipient)
        .with_some("InResponseTo", facts.in_response_to.as_deref());
    let confirmation = saml("SubjectConfirmation").with("Method", "urn:oasis:names:tc:SAML:2.0:cm:bearer").child(data);
    saml("Subject").child(name_id).child(confirmation)
}

fn attribute_statement(user: &User) -> Element {
    const URI: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri";
    const BASIC: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic";
    let aws = |name: &str| format!("https://aws.amazon.com/SAML/Attributes/{name}");
    let attribute = |name: String, format: &str, values: &[String]| {
        let values = values.iter().map(|value| saml("AttributeValue").text(value));
        saml("Attribute").with("Name", name).with("NameFormat", format).children(values)
    };
    let seconds = user.session_duration().as_secs().to_string();
    let mut attributes = vec![
        attribute(aws("RoleSessionName"), URI, &[user.name().to_owned()]),
        attribute(aws("SessionDuration"), URI, &[seconds]),
        attribute("displayName".to_owned(), BASIC, &[user.full_name().to_owned()]),
    ];
    if !user.roles().is_empty() {
        attributes.push(attribute(aws("Role"), URI, user.roles()));
    }
    if let Some(email) = user.email() {
        attributes.push(attribute("email".to_owned(), BASIC, &[email.to_owned()]));
    }
    if !user.groups().is_empty() {
        attributes.push(attribute("groups".to_owned(), BASIC, user.groups()));
    }
    for (key, value) in user.tags() {
        attributes.push(attribute(aws(&format!("PrincipalTag:{key}")), URI, std::slice::from_ref(value)));
    }
    saml("AttributeStatement").children(attributes)
}

/// Gives the name identifier another name after it was signed: what an attacker on the way would do.
pub(super) fn promoted(document: &str, name_id: &str) -> String {
    let escaped = Element::new(Namespace::Assertion, "x").text(name_id).canonical();
    let end = escaped.split_once('>').map_or("", |(_, rest)| rest).replace("</saml:x>", "</saml:NameID>");
    document.replace(&end, "administrator</saml:NameID>")
}

/// 160 random bits, as SAML core 1.3.4 recommends, behind the underscore that makes it an `xs:ID`.
pub(super) fn fresh_id() -> Result<String, KeyError> {
    let mut id = String::from("_");
    for byte in random_bytes::<20>()? {
        // Writing to a String cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    Ok(id)
}

pub(super) fn status_uri(code: &str) -> String {
    format!("urn:oasis:names:tc:SAML:2.0:status:{code}")
}

const fn saml(name: &'static str) -> Element {
    Element::new(Namespace::Assertion, name)
}

const fn samlp(name: &'static str) -> Element {
    Element::new(Namespace::Protocol, name)
}
