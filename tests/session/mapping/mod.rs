//! Mapping documents: what they make of an identity, and what they refuse.

mod assumed;
mod rules;
mod samples;
mod sts;
mod values;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use daypass::VerifiedIdentity;
use daypass::explain::Silent;
use daypass::identity::saml::{self, SamlProvider, UnverifiedResponse};
use daypass::session::{FederationRequest, Mapping, MappingError, SessionError};
use daypass::time::Timestamp;
use serde_json::{Value, json};

use crate::signer::{self, ACS, Fields, REQUEST, SP, TRUSTED};

const READER: &str = "arn:aws:iam::111111111111:role/PhotoReader";
const EDITOR: &str = "arn:aws:iam::111111111111:role/PhotoEditor";

/// An assertion with these elements as its attributes.
fn assertion(name_id: &str, attributes: &[String]) -> VerifiedIdentity {
    let fields = Fields {
        name_id: format!("<saml:NameID>{name_id}</saml:NameID>"),
        attributes: attributes.concat(),
        ..Fields::default()
    };
    let provider = SamlProvider::new(&signer::metadata(&[("", &TRUSTED)]), SP, ACS).unwrap();
    let response = UnverifiedResponse::from_post(&STANDARD.encode(fields.signed_assertion()), REQUEST).unwrap();
    let now = Timestamp::parse_rfc3339("2026-06-01T12:00:30Z").unwrap();
    saml::verify(&provider, response, now, &mut Silent).unwrap()
}

/// An attribute with a FriendlyName and a NameFormat.
fn attribute(friendly_name: &str, name: &str, name_format: &str, values: &[&str]) -> String {
    let values: String =
        values.iter().map(|value| format!("<saml:AttributeValue>{value}</saml:AttributeValue>")).collect();
    let format = format!("urn:oasis:names:tc:SAML:2.0:attrname-format:{name_format}");
    format!(
        r#"<saml:Attribute FriendlyName="{friendly_name}" Name="{name}" NameFormat="{format}">{values}</saml:Attribute>"#
    )
}

/// Martha with these attributes, each a name and values.
fn martha(attributes: &[(&str, &[&str])]) -> VerifiedIdentity {
    let attributes: Vec<String> = attributes.iter().map(|(name, values)| signer::attribute(name, values)).collect();
    assertion("martha", &attributes)
}

fn of_groups(groups: &[&str]) -> VerifiedIdentity {
    martha(&[("groups", groups)])
}

/// A document with these rules and nothing else.
fn with_rules(rules: &Value) -> Mapping {
    json!({"version": 1, "rules": rules}).to_string().parse().unwrap()
}

/// A document of which everything but the rules is given.
fn with(fields: &Value) -> Mapping {
    let mut document =
        json!({"version": 1, "rules": [{"when": {"attribute": "$subject", "matches": "*"}, "roles": READER}]});
    for (name, value) in fields.as_object().unwrap() {
        document[name] = value.clone();
    }
    document.to_string().parse().unwrap()
}

fn roles(request: &FederationRequest) -> Vec<&str> {
    request.roles.iter().flatten().map(|pair| pair.role.as_str()).collect()
}

/// The roles that a document gives.
fn given(mapping: &Mapping, identity: &VerifiedIdentity) -> Vec<String> {
    roles(&mapping.apply(identity).unwrap()).into_iter().map(str::to_owned).collect()
}

fn refused(mapping: &Mapping, identity: &VerifiedIdentity) -> MappingError {
    match mapping.apply(identity).unwrap_err() {
        SessionError::Mapping(error) => error,
        other => panic!("{other:?}"),
    }
}
