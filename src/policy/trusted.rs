//! The principals that a document names, and what more a trust policy is held to when it is saved.

use super::document::{Kind, Reading};
use super::error::PolicyError;
use super::named::{PrincipalName, is_host_name};
use super::shape::{Principals, malformed, strings};
use crate::arn::Arn;
use crate::json::Data;

/// Reads one name; the error says what it must be.
type Read = fn(&str) -> Result<PrincipalName, &'static str>;

/// Reads the names of a principal element. In a trust policy that is being saved each has to be somebody; when one is
/// evaluated, a name of nobody just matches nobody; a service has a host name either way.
pub(super) fn names(
    found: Principals<'_, '_>,
    kind: Kind,
    reading: Reading,
) -> Result<Vec<PrincipalName>, PolicyError> {
    let Principals { element, value, .. } = found;
    let trust = kind == Kind::Trust;
    let trusted = trust && reading.is_saved();
    if value.as_str() == Some("*") {
        return match trusted {
            true => Err(PolicyError::BareEverybody { at: value.at }),
            false => Ok(vec![PrincipalName::Everyone]),
        };
    }
    let Data::Object(members) = &value.data else {
        return Err(malformed(value.at, element, "\"*\" or an object"));
    };
    let mut names = Vec::new();
    for member in members {
        let (kind, read): (_, Read) = match member.key.as_ref() {
            "AWS" if trusted => ("AWS", somebody),
            "AWS" => ("AWS", PrincipalName::parse_aws),
            "Federated" if trusted => ("Federated", provider),
            "Federated" => ("Federated", |text| Ok(PrincipalName::Federated(text.into()))),
            "Service" if trust => ("Service", service),
            "Service" => ("Service", |text| Ok(PrincipalName::Service(text.into()))),
            "CanonicalUser" => ("CanonicalUser", |text| Ok(PrincipalName::CanonicalUser(text.into()))),
            other => return Err(PolicyError::UnknownElement { at: member.at, element: other.to_owned() }),
        };
        for (text, at) in strings(&member.value, &member.key)? {
            let refused = |expected| PolicyError::Principal { at, kind, principal: text.to_owned(), expected };
            names.push(read(text).map_err(refused)?);
        }
    }
    if names.is_empty() { Err(malformed(value.at, element, "at least one principal")) } else { Ok(names) }
}

fn somebody(text: &str) -> Result<PrincipalName, &'static str> {
    match PrincipalName::parse_aws(text)? {
        PrincipalName::Nobody => Err("* alone, or an ARN without wildcards, in a trust policy"),
        // A session is gone before the policy is, and its name is anybody's choice.
        PrincipalName::SessionId(_) => Err("the ARN of a session, not its id, in a trust policy"),
        name => Ok(name),
    }
}

/// The ARN of a provider, or the name of one that has none.
fn provider(text: &str) -> Result<PrincipalName, &'static str> {
    let fits = match text.parse::<Arn>() {
        Ok(arn) => {
            let named = arn.resource().split_once('/').filter(|(_, name)| !name.is_empty());
            let is_provider = named.is_some_and(|(kind, _)| matches!(kind, "oidc-provider" | "saml-provider"));
            arn.service() == "iam" && arn.account_id().is_ok() && is_provider && !text.contains(['*', '?'])
        }
        Err(_) => is_host_name(text),
    };
    if fits { Ok(PrincipalName::Federated(text.into())) } else { Err("the ARN of a provider, or a domain name") }
}

/// A role's trust policy is refused with a service that cannot be one, which a resource's own policy may be left with.
fn service(text: &str) -> Result<PrincipalName, &'static str> {
    match is_host_name(text) {
        true => Ok(PrincipalName::Service(text.into())),
        false => Err("the host name of a service, such as ec2.amazonaws.com"),
    }
}
