//! What the audit trail keeps of a call: parameters and results that say what was done, and none that holds a secret.

use std::collections::BTreeMap;

use crate::http::query::{Answer, Element, Query};

/// Parameters that say what a call is about. Passwords, codes, documents and whatever else is not named here stay out.
const KEPT: [&str; 39] = [
    "AWSServiceName",
    "AccessKeyId",
    "AccountAlias",
    "AllowUsersToChangePassword",
    "CallerArn",
    "ClientID",
    "EntityFilter",
    "GroupName",
    "HardExpiry",
    "InstanceProfileName",
    "MaxPasswordAge",
    "MaxSessionDuration",
    "MinimumPasswordLength",
    "Name",
    "NewGroupName",
    "NewPath",
    "NewUserName",
    "OpenIDConnectProviderArn",
    "PasswordResetRequired",
    "PasswordReusePrevention",
    "Path",
    "PathPrefix",
    "PermissionsBoundary",
    "PolicyArn",
    "PolicyName",
    "PolicySourceArn",
    "RequireLowercaseCharacters",
    "RequireNumbers",
    "RequireSymbols",
    "RequireUppercaseCharacters",
    "RoleName",
    "SAMLProviderArn",
    "SerialNumber",
    "SetAsDefault",
    "Status",
    "Url",
    "UserName",
    "VersionId",
    "VirtualMFADeviceName",
];
/// Lists of them, which are kept as one text.
const KEPT_LISTS: [&str; 3] = ["ClientIDList", "TagKeys", "ThumbprintList"];
/// What a call that makes something tells of it, beside what was asked for.
const MADE: [&str; 4] = ["AccessKeyId", "Arn", "SerialNumber", "VersionId"];

/// The most characters of one parameter that are kept; none that is granted is longer.
const MOST_CHARACTERS: usize = 512;

/// What was asked for.
pub(super) fn parameters(query: &Query) -> BTreeMap<&'static str, String> {
    let single =
        KEPT.into_iter().filter_map(|name| Some((name, query.value(name)?.chars().take(MOST_CHARACTERS).collect())));
    let mut kept: BTreeMap<&'static str, String> = single.collect();
    // A list that cannot be read was refused for it.
    let listed = KEPT_LISTS.into_iter().filter_map(|name| Some((name, query.members(name).ok()?)));
    kept.extend(listed.filter(|(_, members)| !members.is_empty()).map(|(name, members)| (name, members.join(", "))));
    let tags = query.pairs("Tags", "Key", "Value").unwrap_or_default();
    if !tags.is_empty() {
        // Values of tags are often about people.
        let keys: Vec<&str> = tags.into_iter().map(|(key, _)| key).collect();
        kept.insert("TagKeys", keys.join(", "));
    }
    kept
}

/// Adds what `answer` says of what the call made: the id of a new access key is known from here alone.
pub(super) fn add_made(kept: &mut BTreeMap<&'static str, String>, answer: &Answer) {
    if answer.operation().starts_with("Create") {
        answer.result().iter().for_each(|element| made(kept, element));
    }
}

fn made(kept: &mut BTreeMap<&'static str, String>, element: &Element) {
    match element {
        Element::Text(name, text) if MADE.contains(name) => {
            kept.entry(name).or_insert_with(|| text.clone());
        }
        Element::Group(_, elements) | Element::List(_, elements) => {
            elements.iter().for_each(|element| made(kept, element))
        }
        Element::Text(..)
        | Element::Secret(..)
        | Element::Number(..)
        | Element::Flag(..)
        | Element::Instant(..)
        | Element::Map(..) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_or_long_is_not_kept() {
        let body = b"UserName=martha&Password=hunter2&OldPassword=hunter2&NewPassword=hunter2&PolicyDocument=hunter2\
                     &AuthenticationCode1=hunter2&SAMLMetadataDocument=hunter2&Description=hunter2\
                     &Tags.member.1.Key=team&Tags.member.1.Value=hunter2";
        let kept = parameters(&Query::parse(body, 16).unwrap());
        assert_eq!(kept, BTreeMap::from([("TagKeys", "team".to_owned()), ("UserName", "martha".to_owned())]));
    }

    #[test]
    fn of_what_is_made_the_name_is_kept_and_not_the_secret() {
        let elements = ["AccessKeyId", "SecretAccessKey", "Base32StringSeed", "Arn"];
        let group = Element::Group("AccessKey", elements.map(|name| Element::text(name, "x")).into());
        let mut kept = BTreeMap::new();
        add_made(&mut kept, &Answer::new("CreateAccessKey", vec![group]));
        assert_eq!(kept.into_keys().collect::<Vec<_>>(), ["AccessKeyId", "Arn"]);
    }
}
