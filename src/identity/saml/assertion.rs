//! Signed bytes in, a typed assertion out (saml-core 2.3.3). Shape is parsed here; what it says is judged by `conditions`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::danger::Relaxations;
use super::decrypt::{self, Ciphertext};
use super::error::shape;
use super::name_id::{NameId, UNSPECIFIED};
use super::provider::SamlProvider;
use super::signature::SignedDocument;
use super::xml::Element;
use super::{DSIG, SAML, SamlError, rules};
use crate::explain::Rule;
use crate::identity::{AttributeName, NameFormat};
use crate::time::Timestamp;

const NAMEID_FORMAT_PREFIX: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:";
/// What XML calls white space (xml 2.3).
const XML_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// What an assertion says. Every value stands in the signed bytes.
#[derive(Debug)]
pub(super) struct Assertion<'d> {
    pub(super) version: Option<&'d str>,
    pub(super) id: &'d str,
    pub(super) issuer: Cow<'d, str>,
    pub(super) issue_instant: Timestamp,
    pub(super) name_id: SubjectName<'d>,
    pub(super) confirmations: Vec<Confirmation<'d>>,
    pub(super) conditions: Conditions<'d>,
    pub(super) authn_statements: Vec<AuthnStatement<'d>>,
    pub(super) attributes: Attributes,
}

/// What it says of its subject: values by Name, and what each attribute is called beside it.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    pub(super) values: BTreeMap<String, Vec<String>>,
    pub(super) names: Vec<AttributeName>,
    /// The relaxations that decrypting some of it needed.
    pub(super) needed: Relaxations,
}

/// Whom it is about: a NameID that is still part of its message (saml-core 2.2.3).
#[derive(Debug)]
pub(super) struct SubjectName<'d> {
    pub(super) value: Cow<'d, str>,
    format: Option<Cow<'d, str>>,
    name_qualifier: Option<Cow<'d, str>>,
    sp_name_qualifier: Option<Cow<'d, str>>,
    sp_provided_id: Option<Cow<'d, str>>,
    /// The relaxations that decrypting it needed.
    pub(super) needed: Relaxations,
}

/// How its bearer proves to be the subject (saml-core 2.4.1.1).
#[derive(Debug)]
pub(super) struct Confirmation<'d> {
    pub(super) method: &'d str,
    pub(super) recipient: Option<&'d str>,
    pub(super) in_response_to: Option<&'d str>,
    pub(super) not_before: Option<Timestamp>,
    pub(super) not_on_or_after: Option<Timestamp>,
}

/// When and for whom it holds (saml-core 2.5.1).
#[derive(Debug)]
pub(super) struct Conditions<'d> {
    pub(super) not_before: Option<Timestamp>,
    pub(super) not_on_or_after: Option<Timestamp>,
    pub(super) audience_restrictions: Vec<Vec<Cow<'d, str>>>,
    pub(super) one_time_use: bool,
    pub(super) proxy_restricted: bool,
    pub(super) unknown: Option<&'d str>,
}

/// One act of signing in (saml-core 2.7.2).
#[derive(Debug)]
pub(super) struct AuthnStatement<'d> {
    pub(super) authn_instant: Timestamp,
    pub(super) session_not_on_or_after: Option<Timestamp>,
    pub(super) session_index: Option<&'d str>,
    pub(super) class_ref: Option<Cow<'d, str>>,
}

impl<'d> Assertion<'d> {
    /// Reads the one assertion of `signed`: its root, or the child of a signed response.
    pub(super) fn read(signed: &'d SignedDocument<'_>, provider: &SamlProvider) -> Result<Self, SamlError> {
        let missing = || shape(rules::ASSERTION, "one assertion in the signed bytes", "none or several");
        let root = signed.root().ok_or_else(missing)?;
        // The survey of the document has found that there is no other.
        let element =
            if root.is(SAML, "Assertion") { Some(root) } else { root.elements_named(SAML, "Assertion").next() };
        Self::of(element.ok_or_else(missing)?, provider)
    }

    fn of(element: Element<'d, '_>, provider: &SamlProvider) -> Result<Self, SamlError> {
        let expected = "Issuer, then Subject, Conditions, Advice and statements in Assertion";
        let parts = element.only_elements().ok_or_else(|| shape(rules::ASSERTION, expected, "text"))?;
        let mut parts = parts.into_iter().filter(|part| !part.is(DSIG, "Signature"));
        let issuer = parts.next().filter(|issuer| issuer.is(SAML, "Issuer"));
        let issuer = issuer.ok_or_else(|| shape(rules::ASSERTION, expected, "no Issuer"))?;
        let (mut subject, mut conditions) = (None, None);
        let (mut authn_statements, mut attributes) = (Vec::new(), Attributes::default());
        for part in parts {
            let once = |taken: bool| {
                if taken { Err(shape(rules::ASSERTION, expected, format!("two of {}", part.local()))) } else { Ok(()) }
            };
            match part.local() {
                "Subject" if part.namespace() == SAML => {
                    once(subject.is_some())?;
                    subject = Some(part);
                }
                "Conditions" if part.namespace() == SAML => {
                    once(conditions.is_some())?;
                    conditions = Some(Conditions::of(part)?);
                }
                "AuthnStatement" if part.namespace() == SAML => authn_statements.push(AuthnStatement::of(part)?),
                "AttributeStatement" if part.namespace() == SAML => read_attributes(part, provider, &mut attributes)?,
                // Neither says who signed in, and Advice may be ignored (saml-core 2.6).
                "Advice" | "AuthzDecisionStatement" if part.namespace() == SAML => {}
                other => return Err(shape(rules::ASSERTION, expected, other)),
            }
        }
        let subject = subject.ok_or_else(|| shape(rules::SUBJECT, "a Subject", "none"))?;
        Ok(Self {
            version: element.attribute("Version"),
            id: element.attribute("ID").unwrap_or_default(),
            issuer: trimmed(leaf(rules::ASSERTION, issuer)?),
            issue_instant: required_instant(rules::ISSUE_INSTANT, element, "IssueInstant")?,
            name_id: SubjectName::of(subject, provider)?,
            confirmations: confirmations(subject)?,
            conditions: conditions.ok_or_else(|| shape(rules::CONDITIONS, "Conditions", "none"))?,
            authn_statements,
            attributes,
        })
    }
}

impl<'d> SubjectName<'d> {
    fn of(subject: Element<'d, '_>, provider: &SamlProvider) -> Result<Self, SamlError> {
        let expected = "one NameID or EncryptedID";
        let mut all = subject.elements().filter(|element| Self::is_name(*element));
        let name_id = all.next().ok_or_else(|| shape(rules::SUBJECT, expected, "none"))?;
        if all.next().is_some() {
            return Err(shape(rules::SUBJECT, expected, "two"));
        }
        Self::read(name_id, provider)
    }

    pub(super) fn is_name(element: Element<'_, '_>) -> bool {
        element.is(SAML, "NameID") || element.is(SAML, "EncryptedID")
    }

    /// Reads a NameID or an EncryptedID of signed bytes.
    pub(super) fn read(name_id: Element<'d, '_>, provider: &SamlProvider) -> Result<Self, SamlError> {
        if name_id.is(SAML, "NameID") {
            return Self::plain(name_id);
        }
        // The signature that covers the message covers this ciphertext.
        let plaintext = decrypt::decrypt(name_id, provider, Ciphertext::Signed)?;
        decrypt::parse(&plaintext, name_id, |_, root| match root.is(SAML, "NameID") {
            true => SubjectName::plain(root)
                .map(|name| SubjectName { needed: plaintext.needed, ..SubjectName::into_owned(name) }),
            false => Err(shape(rules::DECRYPTION, "a NameID", root.local())),
        })
    }

    fn plain(name_id: Element<'d, '_>) -> Result<Self, SamlError> {
        let value = without_indentation(leaf(rules::SUBJECT, name_id)?);
        if value.trim().is_empty() {
            return Err(shape(rules::SUBJECT, "a NameID that is not empty", "an empty one"));
        }
        let attribute = |name| name_id.attribute(name).map(Cow::from);
        Ok(Self {
            value,
            format: attribute("Format"),
            name_qualifier: attribute("NameQualifier"),
            sp_name_qualifier: attribute("SPNameQualifier"),
            sp_provided_id: attribute("SPProvidedID"),
            needed: Relaxations::none(),
        })
    }

    fn into_owned<'o>(self) -> SubjectName<'o> {
        let owned = |text: Option<Cow<'_, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        SubjectName {
            value: self.value.into_owned().into(),
            format: owned(self.format),
            name_qualifier: owned(self.name_qualifier),
            sp_name_qualifier: owned(self.sp_name_qualifier),
            sp_provided_id: owned(self.sp_provided_id),
            needed: self.needed,
        }
    }

    /// The same, to be kept longer than the message.
    pub(super) fn into_name_id(self) -> NameId {
        let owned = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
        NameId {
            value: self.value.into_owned(),
            format: owned(self.format),
            name_qualifier: owned(self.name_qualifier),
            sp_name_qualifier: owned(self.sp_name_qualifier),
            sp_provided_id: owned(self.sp_provided_id),
        }
    }

    /// The format as STS reports it: without the prefix that SAML 2.0 formats share.
    pub(super) fn short_format(&self) -> &str {
        let format = self.format.as_deref().unwrap_or(UNSPECIFIED);
        format.strip_prefix(NAMEID_FORMAT_PREFIX).unwrap_or(format)
    }
}

fn confirmations<'d>(subject: Element<'d, '_>) -> Result<Vec<Confirmation<'d>>, SamlError> {
    let mut all = Vec::new();
    for confirmation in subject.elements_named(SAML, "SubjectConfirmation") {
        let mut data = confirmation.elements_named(SAML, "SubjectConfirmationData");
        let first = data.next();
        if data.next().is_some() {
            return Err(shape(rules::BEARER, "one SubjectConfirmationData", "two"));
        }
        let attribute = |name| first.and_then(|data| data.attribute(name));
        let instant = |name| first.map_or(Ok(None), |data| optional_instant(rules::CONFIRMATION_TIME, data, name));
        all.push(Confirmation {
            method: confirmation.attribute("Method").unwrap_or_default(),
            recipient: attribute("Recipient"),
            in_response_to: attribute("InResponseTo"),
            not_before: instant("NotBefore")?,
            not_on_or_after: instant("NotOnOrAfter")?,
        });
    }
    Ok(all)
}

impl<'d> Conditions<'d> {
    fn of(element: Element<'d, '_>) -> Result<Self, SamlError> {
        let children = element.only_elements();
        let children = children.ok_or_else(|| shape(rules::CONDITIONS, "conditions", "text"))?;
        let mut conditions = Self {
            not_before: optional_instant(rules::NOT_BEFORE, element, "NotBefore")?,
            not_on_or_after: optional_instant(rules::NOT_ON_OR_AFTER, element, "NotOnOrAfter")?,
            audience_restrictions: Vec::new(),
            one_time_use: false,
            proxy_restricted: false,
            unknown: None,
        };
        for child in children {
            if child.is(SAML, "AudienceRestriction") {
                let audiences = child.elements_named(SAML, "Audience");
                // xs:anyURI collapses white space around the value.
                let audiences: Result<_, _> =
                    audiences.map(|audience| leaf(rules::AUDIENCE, audience).map(trimmed)).collect();
                conditions.audience_restrictions.push(audiences?);
            } else if child.is(SAML, "OneTimeUse") {
                conditions.one_time_use = true;
            } else if child.is(SAML, "ProxyRestriction") {
                conditions.proxy_restricted = true;
            } else {
                conditions.unknown = Some(child.attribute("type").unwrap_or("a condition of another kind"));
            }
        }
        Ok(conditions)
    }
}

impl<'d> AuthnStatement<'d> {
    fn of(element: Element<'d, '_>) -> Result<Self, SamlError> {
        let context = element.elements_named(SAML, "AuthnContext").next();
        let class_ref = context.and_then(|context| context.elements_named(SAML, "AuthnContextClassRef").next());
        Ok(Self {
            authn_instant: required_instant(rules::AUTHN_INSTANT, element, "AuthnInstant")?,
            session_not_on_or_after: optional_instant(rules::SESSION, element, "SessionNotOnOrAfter")?,
            session_index: element.attribute("SessionIndex").filter(|index| !index.is_empty()),
            class_ref: class_ref.map(|class_ref| leaf(rules::AUTHN_CONTEXT, class_ref).map(trimmed)).transpose()?,
        })
    }
}

fn read_attributes(
    statement: Element<'_, '_>,
    provider: &SamlProvider,
    attributes: &mut Attributes,
) -> Result<(), SamlError> {
    for attribute in statement.elements() {
        if attribute.is(SAML, "Attribute") {
            read_attribute(attribute, attributes)?;
        } else if attribute.is(SAML, "EncryptedAttribute") {
            let plaintext = decrypt::decrypt(attribute, provider, Ciphertext::Signed)?;
            decrypt::parse(&plaintext, attribute, |_, root| match root.is(SAML, "Attribute") {
                true => {
                    attributes.needed = attributes.needed.and(plaintext.needed);
                    read_attribute(root, attributes)
                }
                false => Err(shape(rules::DECRYPTION, "an Attribute", root.local())),
            })?;
        } else {
            return Err(shape(rules::ATTRIBUTES, "Attribute in AttributeStatement", attribute.local()));
        }
    }
    Ok(())
}

fn read_attribute(attribute: Element<'_, '_>, attributes: &mut Attributes) -> Result<(), SamlError> {
    let name = attribute.attribute("Name").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| shape(rules::ATTRIBUTES, "a Name", "none"))?;
    attributes.names.push(AttributeName {
        name: name.to_owned(),
        friendly_name: attribute.attribute("FriendlyName").map(str::to_owned),
        name_format: NameFormat::of(attribute.attribute("NameFormat")),
    });
    let values = attributes.values.entry(name.to_owned()).or_default();
    for value in attribute.elements_named(SAML, "AttributeValue") {
        values.push(attribute_value(value)?.into_owned());
    }
    Ok(())
}

/// Text, or the text of the one NameID that eduPersonTargetedID holds (saml-core 2.7.3.1.1).
fn attribute_value<'d>(value: Element<'d, '_>) -> Result<Cow<'d, str>, SamlError> {
    if let Some(text) = value.text() {
        return Ok(text);
    }
    let expected = "text or one NameID in AttributeValue";
    match value.only_elements().as_deref() {
        Some([name_id]) if name_id.is(SAML, "NameID") => leaf(rules::ATTRIBUTES, *name_id),
        _ => Err(shape(rules::ATTRIBUTES, expected, "other elements")),
    }
}

pub(super) fn leaf<'d>(rule: &'static Rule, element: Element<'d, '_>) -> Result<Cow<'d, str>, SamlError> {
    element.text().ok_or_else(|| shape(rule, "text and nothing else", element.local()))
}

/// Drops the line breaks and indentation that a pretty-printer put around a value. Spaces on one line are kept: `" admin"`
/// and `"admin"` may be two people.
pub(super) fn without_indentation(text: Cow<'_, str>) -> Cow<'_, str> {
    let inner = text.trim_matches(XML_SPACE);
    let indented = text.split_once(inner).is_some_and(|(before, after)| before.contains('\n') || after.contains('\n'));
    if indented { trimmed(text) } else { text }
}

/// For values that are compared with configured ones, where white space around them is a pretty-printer's. Only what XML
/// calls white space is dropped (xs:anyURI collapses no other): a no-break space makes another name.
pub(super) fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_matches(XML_SPACE)),
        Cow::Owned(text) => Cow::Owned(text.trim_matches(XML_SPACE).to_owned()),
    }
}

pub(super) fn optional_instant(
    rule: &'static Rule,
    element: Element<'_, '_>,
    name: &str,
) -> Result<Option<Timestamp>, SamlError> {
    element
        .attribute(name)
        .map(|text| {
            Timestamp::parse_rfc3339(text).map_err(|_| SamlError::InstantMalformed { rule, found: text.to_owned() })
        })
        .transpose()
}

pub(super) fn required_instant(
    rule: &'static Rule,
    element: Element<'_, '_>,
    name: &str,
) -> Result<Timestamp, SamlError> {
    optional_instant(rule, element, name)?
        .ok_or_else(|| SamlError::InstantMalformed { rule, found: format!("no {name}") })
}
