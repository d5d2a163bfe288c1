//! The condition keys of a request that say who asks and when.

use std::collections::BTreeMap;

use super::Caller;
use crate::organization::Organization;
use crate::policy::Keys;
use crate::time::Timestamp;

/// What only the stages say of a request, in lower case: nothing that came along with it may pass for them.
const OWN: [&str; 19] = [
    "aws:assumedroot",
    "aws:currenttime",
    "aws:epochtime",
    "aws:federatedprovider",
    "aws:multifactorauthage",
    "aws:multifactorauthpresent",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalservicename",
    "aws:principalservicenameslist",
    "aws:principaltype",
    "aws:sourceidentity",
    "aws:tokenissuetime",
    "aws:userid",
    "aws:username",
    "aws:viaawsservice",
];

/// `environment` without anything that only the stages say, and with the time.
pub(crate) fn surroundings(mut environment: Keys, now: Timestamp) -> Keys {
    environment.forget(|name| OWN.contains(&name) || name.starts_with("aws:principaltag/") || is_federated(name));
    environment.set("aws:CurrentTime", now.to_string());
    environment.set("aws:EpochTime", now.unix_seconds().to_string());
    environment.set("aws:PrincipalIsAWSService", "false");
    environment.set("aws:ViaAWSService", "false");
    environment
}

/// Whether a key, in lower case, is what an identity provider says of somebody: `saml:…`, or a claim behind the host of an
/// issuer, such as `login.example.com/tenant:sub` and `localhost:8100:sub`. The prefixes of services are single words.
fn is_federated(name: &str) -> bool {
    let Some((prefix, rest)) = name.split_once(':') else { return false };
    let word = prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let after_port = rest.trim_start_matches(|character: char| character.is_ascii_digit());
    let port = after_port.len() < rest.len() && after_port.starts_with([':', '/']);
    prefix == "saml" || prefix == "localhost" || !word || port
}

/// The keys of a request made by `caller`, or by nobody who signed; `tags` are the caller's own, and what the session says
/// stands over them.
#[must_use]
pub fn request_keys(
    caller: Option<&Caller>,
    tags: &BTreeMap<String, String>,
    organization: &Organization,
    environment: Keys,
    now: Timestamp,
) -> Keys {
    let mut keys = surroundings(environment, now);
    let Some(caller) = caller else {
        keys.set("aws:PrincipalType", "Anonymous");
        return keys;
    };
    for (key, value) in tags {
        keys.set(&format!("aws:PrincipalTag/{key}"), value.as_str());
    }
    caller.principal_keys(&mut keys);
    organization.describe("Principal", caller.account(), &mut keys);
    if let Some(at) = caller.session().and_then(|session| session.mfa_authenticated_at()) {
        keys.set("aws:MultiFactorAuthAge", now.duration_since(at).as_secs().to_string());
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_identity_providers_say_is_told_from_what_services_say() {
        for name in [
            "saml:sub",
            "saml:edupersonorgdn",
            "login.example.com:sub",
            "login.example.com/tenant:groups",
            "localhost:sub",
            "localhost:8100:sub",
            "localhost:8100/tenant:sub",
            "idp:8443:sub",
            "[::1]:8100:aud",
        ] {
            assert!(is_federated(name), "{name}");
        }
        for name in [
            "aws:sourceip",
            "aws:requesttag/a.b:c",
            "s3:x-amz-acl",
            "kms:encryptioncontext:aws:s3:arn",
            "dynamodb:attributes",
            "app:2026",
            "colour",
        ] {
            assert!(!is_federated(name), "{name}");
        }
    }
}
