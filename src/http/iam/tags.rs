//! Tags of users, roles, managed policies, providers, MFA devices and instance profiles: asked for, set, taken off and listed.

use std::collections::BTreeMap;

use super::call::{Call, Operation};
use super::input::{self, LONG_NAME, SHORT_NAME};
use super::paging::Page;
use super::subject::ASKED_NAME;
use super::target::{Named, Target};
use super::{mfa_devices, oidc_providers, saml_providers};
use crate::arn::Arn;
use crate::http::query::{Answer, Constraints, Query, QueryError};
use crate::iam::{Account, Holder, IamError, Limits};
use crate::policy::Keys;

pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "TagUser" => |call| tag(call, Kind::User, "TagUser"),
        "TagRole" => |call| tag(call, Kind::Role, "TagRole"),
        "TagPolicy" => |call| tag(call, Kind::Policy, "TagPolicy"),
        "TagSAMLProvider" => |call| tag(call, Kind::SamlProvider, "TagSAMLProvider"),
        "TagOpenIDConnectProvider" => |call| tag(call, Kind::OidcProvider, "TagOpenIDConnectProvider"),
        "TagMFADevice" => |call| tag(call, Kind::MfaDevice, "TagMFADevice"),
        "TagInstanceProfile" => |call| tag(call, Kind::InstanceProfile, "TagInstanceProfile"),
        "UntagUser" => |call| untag(call, Kind::User, "UntagUser"),
        "UntagRole" => |call| untag(call, Kind::Role, "UntagRole"),
        "UntagPolicy" => |call| untag(call, Kind::Policy, "UntagPolicy"),
        "UntagSAMLProvider" => |call| untag(call, Kind::SamlProvider, "UntagSAMLProvider"),
        "UntagOpenIDConnectProvider" => |call| untag(call, Kind::OidcProvider, "UntagOpenIDConnectProvider"),
        "UntagMFADevice" => |call| untag(call, Kind::MfaDevice, "UntagMFADevice"),
        "UntagInstanceProfile" => |call| untag(call, Kind::InstanceProfile, "UntagInstanceProfile"),
        "ListUserTags" => |call| list(call, Kind::User, "ListUserTags"),
        "ListRoleTags" => |call| list(call, Kind::Role, "ListRoleTags"),
        "ListPolicyTags" => |call| list(call, Kind::Policy, "ListPolicyTags"),
        "ListSAMLProviderTags" => |call| list(call, Kind::SamlProvider, "ListSAMLProviderTags"),
        "ListOpenIDConnectProviderTags" => |call| list(call, Kind::OidcProvider, "ListOpenIDConnectProviderTags"),
        "ListMFADeviceTags" => |call| list(call, Kind::MfaDevice, "ListMFADeviceTags"),
        "ListInstanceProfileTags" => |call| list(call, Kind::InstanceProfile, "ListInstanceProfileTags"),
        _ => return None,
    })
}

/// The tags that the call asks for, and `aws:RequestTag/…` and `aws:TagKeys` of them.
pub(super) fn requested(query: &Query) -> Result<(BTreeMap<String, String>, Keys), QueryError> {
    let tags: BTreeMap<String, String> = input::tags(query)?.into_iter().collect();
    let mut keys = Keys::new();
    for (key, value) in &tags {
        keys.set(&format!("aws:RequestTag/{key}"), value.as_str());
    }
    keys.set_list("aws:TagKeys", tags.keys().map(String::as_str));
    Ok((tags, keys))
}

/// What kinds of things have tags.
#[derive(Clone, Copy)]
enum Kind {
    User,
    Role,
    Policy,
    SamlProvider,
    OidcProvider,
    MfaDevice,
    InstanceProfile,
}

/// A thing that has tags, as the call names it.
enum Tagged<'a> {
    User(&'a str),
    Role(&'a str),
    Policy(Arn),
    SamlProvider(Arn),
    OidcProvider(Arn),
    MfaDevice(&'a str),
    InstanceProfile(&'a str),
}

impl Kind {
    fn read<'a>(self, query: &'a Query, mut constraints: Constraints) -> Result<Tagged<'a>, QueryError> {
        let limits = &mut constraints;
        let tagged = match self {
            Self::User => Some(Tagged::User(input::name(query, "UserName", ASKED_NAME, limits))),
            Self::Role => Some(Tagged::Role(input::name(query, "RoleName", SHORT_NAME, limits))),
            Self::Policy => input::arn(query, "PolicyArn", limits).map(Tagged::Policy),
            Self::SamlProvider => input::arn(query, "SAMLProviderArn", limits).map(Tagged::SamlProvider),
            Self::OidcProvider => input::arn(query, "OpenIDConnectProviderArn", limits).map(Tagged::OidcProvider),
            Self::MfaDevice => Some(Tagged::MfaDevice(mfa_devices::serial_number(query, limits))),
            Self::InstanceProfile => {
                Some(Tagged::InstanceProfile(input::name(query, "InstanceProfileName", LONG_NAME, limits)))
            }
        };
        constraints.finish()?;
        tagged.ok_or_else(input::no_arn)
    }
}

impl Tagged<'_> {
    fn named(&self) -> Named {
        match self {
            Self::User(name) => Named::Holder(Holder::User((*name).to_owned())),
            Self::Role(name) => Named::Holder(Holder::Role((*name).to_owned())),
            Self::Policy(arn) => Named::Policy(arn.clone()),
            Self::SamlProvider(arn) => Named::SamlProvider(arn.clone()),
            Self::OidcProvider(arn) => Named::OidcProvider(arn.clone()),
            Self::MfaDevice(serial) => Named::MfaDevice((*serial).to_owned()),
            Self::InstanceProfile(name) => Named::InstanceProfile((*name).to_owned()),
        }
    }

    /// The thing, once the caller may do `action` to it, and there is one in the account that can be changed.
    fn changeable(&self, call: &Call<'_>, action: &str, further: &Keys) -> Result<Target, QueryError> {
        let target = Target::allowed(call, self.named(), action, further)?;
        match self.configured(call) {
            Some(arn) => Err(input::configured(arn)),
            None => target.existing().map(|()| target),
        }
    }

    /// The ARN of what is configured with the service, which has no tags.
    fn configured(&self, call: &Call<'_>) -> Option<&Arn> {
        match self {
            Self::SamlProvider(arn) => saml_providers::configured(call, arn).map(|_| arn),
            Self::OidcProvider(arn) => oidc_providers::configured(call, arn).map(|_| arn),
            Self::User(_) | Self::Role(_) | Self::Policy(_) | Self::MfaDevice(_) | Self::InstanceProfile(_) => None,
        }
    }

    fn tag(&self, account: &mut Account, tags: BTreeMap<String, String>, limits: &Limits) -> Result<(), IamError> {
        match self {
            Self::User(name) => account.tag_user(limits, name, tags),
            Self::Role(name) => account.tag_role(name, tags, limits),
            Self::Policy(arn) => account.tag_policy(arn, tags, limits),
            Self::SamlProvider(arn) => account.tag_saml_provider(arn, tags, limits),
            Self::OidcProvider(arn) => account.tag_oidc_provider(arn, tags, limits),
            Self::MfaDevice(serial) => account.tag_mfa_device(limits, serial, tags),
            Self::InstanceProfile(name) => account.tag_instance_profile(name, tags, limits),
        }
    }

    fn untag(&self, account: &mut Account, keys: &[&str]) -> Result<(), IamError> {
        match self {
            Self::User(name) => account.untag_user(name, keys),
            Self::Role(name) => account.untag_role(name, keys),
            Self::Policy(arn) => account.untag_policy(arn, keys),
            Self::SamlProvider(arn) => account.untag_saml_provider(arn, keys),
            Self::OidcProvider(arn) => account.untag_oidc_provider(arn, keys),
            Self::MfaDevice(serial) => account.untag_mfa_device(serial, keys),
            Self::InstanceProfile(name) => account.untag_instance_profile(name, keys),
        }
    }
}

fn tag(call: &Call<'_>, kind: Kind, operation: &'static str) -> Result<Answer, QueryError> {
    let (tags, keys) = requested(call.query)?;
    let tagged = kind.read(call.query, Constraints::default())?;
    let target = tagged.changeable(call, &format!("iam:{operation}"), &keys)?;
    target.update(call, |account, limits| tagged.tag(account, tags, limits))?;
    Ok(Answer::done(operation))
}

fn untag(call: &Call<'_>, kind: Kind, operation: &'static str) -> Result<Answer, QueryError> {
    let untagged = input::tag_keys(call.query)?;
    let keys = Keys::new().with_list("aws:TagKeys", untagged.iter().copied());
    let tagged = kind.read(call.query, Constraints::default())?;
    let target = tagged.changeable(call, &format!("iam:{operation}"), &keys)?;
    target.update(call, |account, _| tagged.untag(account, &untagged))?;
    Ok(Answer::done(operation))
}

fn list(call: &Call<'_>, kind: Kind, operation: &'static str) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let page = Page::read(call.query, &mut constraints);
    let tagged = kind.read(call.query, constraints)?;
    let target = Target::allowed(call, tagged.named(), &format!("iam:{operation}"), &Keys::new())?;
    if tagged.configured(call).is_none() {
        target.existing()?;
    }
    let none = BTreeMap::new();
    Ok(Answer::new(operation, page.of_tags(target.tags().unwrap_or(&none))?))
}
