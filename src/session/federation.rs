//! What an assertion asks for on a person's behalf: roles, session name, duration, source identity and tags.
//!
//! SAML carries them in the attributes `https://aws.amazon.com/SAML/Attributes/…`, ID tokens in the claims
//! `https://aws.amazon.com/…`; names are matched exactly, including case.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{RoleSessionName, SessionError, SourceIdentity, Tags};
use crate::VerifiedIdentity;
use crate::arn::Arn;
use crate::identity::ProviderName;

const SAML: &str = "https://aws.amazon.com/SAML/Attributes/";
const SAML_TAG: &str = "https://aws.amazon.com/SAML/Attributes/PrincipalTag:";
const OIDC: &str = "https://aws.amazon.com/";
const OIDC_TAG: &str = "https://aws.amazon.com/tags/principal_tags/";
const OIDC_TRANSITIVE: &str = "https://aws.amazon.com/tags/transitive_tag_keys";

/// The most role pairs read from one assertion.
pub(super) const MAX_ROLES: usize = 200;

/// What an assertion asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FederationRequest {
    /// Roles that are listed for the person, each with the provider it is to be assumed through: by a SAML provider, or by
    /// a [`Mapping`](super::Mapping). `None` when nobody lists any, as with ID tokens, and any role may be asked for.
    pub roles: Option<Vec<RolePair>>,
    /// Roles the provider pins a token to (claim `https://aws.amazon.com/roles`); `None` when it pins none.
    pub pinned_roles: Option<Vec<Arn>>,
    /// The session's name, where the provider sets it.
    pub role_session_name: Option<RoleSessionName>,
    /// How long the session lasts where neither the caller nor the role's pair says.
    pub session_duration: Option<Duration>,
    /// The source identity.
    pub source_identity: Option<SourceIdentity>,
    /// Principal tags, and which of them are carried into further roles.
    pub tags: Tags,
}

/// A role together with the provider it is assumed through, as the SAML attribute `Role` lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RolePair {
    /// The role.
    pub role: Arn,
    /// The identity provider.
    pub provider: Arn,
    /// How long its sessions last where the caller does not say, if a mapping says so of this role.
    pub session_duration: Option<Duration>,
}

impl FederationRequest {
    /// Reads what `identity` asks for.
    ///
    /// # Errors
    /// [`SessionError`] naming the attribute that is not of its documented form.
    pub fn read(identity: &VerifiedIdentity) -> Result<Self, SessionError> {
        match identity.provider() {
            ProviderName::Saml(_) => Self::read_saml(identity),
            ProviderName::Oidc(_) => Self::read_oidc(identity),
        }
    }

    fn read_saml(identity: &VerifiedIdentity) -> Result<Self, SessionError> {
        let one = |name: &str| single(identity, &format!("{SAML}{name}"));
        let roles = identity.attribute(&format!("{SAML}Role"));
        if roles.len() > MAX_ROLES {
            return Err(malformed("Role", "at most 200 values"));
        }
        Ok(Self {
            roles: Some(roles.iter().map(|value| role_pair(value)).collect::<Result<_, _>>()?),
            pinned_roles: None,
            role_session_name: one("RoleSessionName")?.map(str::parse).transpose()?,
            session_duration: one("SessionDuration")?.map(session_duration).transpose()?,
            source_identity: one("SourceIdentity")?.map(str::parse).transpose()?,
            tags: tags(identity, SAML_TAG, &format!("{SAML}TransitiveTagKeys"))?,
        })
    }

    fn read_oidc(identity: &VerifiedIdentity) -> Result<Self, SessionError> {
        Ok(Self {
            source_identity: single(identity, &format!("{OIDC}source_identity"))?.map(str::parse).transpose()?,
            tags: tags(identity, OIDC_TAG, OIDC_TRANSITIVE)?,
            ..Self::pinned_only(identity)?
        })
    }

    /// Nothing but the roles that a provider pins its token to.
    ///
    /// # Errors
    /// [`SessionError::FederationAttribute`] when they cannot be read.
    pub(super) fn pinned_only(identity: &VerifiedIdentity) -> Result<Self, SessionError> {
        let pinned = match identity.provider() {
            ProviderName::Saml(_) => None,
            ProviderName::Oidc(_) => identity.attributes().get(&format!("{OIDC}roles")),
        };
        let role = |value: &String| value.parse().map_err(|_| malformed("roles", "role ARNs"));
        let pinned_roles = pinned.map(|values| values.iter().map(role).collect()).transpose()?;
        Ok(Self { pinned_roles, ..Self::default() })
    }

    /// Whether `role` may be asked for through `provider`: it is listed, or nobody lists roles.
    #[must_use]
    pub fn lists(&self, role: &Arn, provider: &Arn) -> bool {
        self.roles.is_none() || self.pair(role, provider).is_some()
    }

    /// How long a session of `role` lasts where the caller does not say.
    #[must_use]
    pub fn session_duration_of(&self, role: &Arn, provider: &Arn) -> Option<Duration> {
        self.pair(role, provider).and_then(|pair| pair.session_duration).or(self.session_duration)
    }

    fn pair(&self, role: &Arn, provider: &Arn) -> Option<&RolePair> {
        self.roles.iter().flatten().find(|pair| pair.role == *role && pair.provider == *provider)
    }
}

fn tags(identity: &VerifiedIdentity, prefix: &str, transitive: &str) -> Result<Tags, SessionError> {
    let mut values = BTreeMap::new();
    for (name, found) in identity.attributes() {
        if let Some(key) = name.strip_prefix(prefix) {
            let [value] = found.as_slice() else { return Err(malformed(name, "exactly one value")) };
            values.insert(key.to_owned(), value.clone());
        }
    }
    Tags::new(values, identity.attribute(transitive).to_vec())
}

fn single<'a>(identity: &'a VerifiedIdentity, name: &str) -> Result<Option<&'a str>, SessionError> {
    match identity.attributes().get(name).map(Vec::as_slice) {
        None => Ok(None),
        Some([value]) => Ok(Some(value)),
        Some(_) => Err(malformed(name, "exactly one value")),
    }
}

/// A value of the attribute `Role`: a role ARN and a provider ARN in either order, divided by a comma.
fn role_pair(value: &str) -> Result<RolePair, SessionError> {
    let expected = || malformed("Role", "a role ARN and a saml-provider ARN divided by a comma");
    let (first, second) = value.split_once(',').ok_or_else(expected)?;
    let parse = |text: &str| text.trim().parse::<Arn>().map_err(|_| expected());
    let (first, second) = (parse(first)?, parse(second)?);
    let is_role = |arn: &Arn| arn.role_name().is_ok();
    let is_provider = |arn: &Arn| arn.service() == "iam" && arn.resource().starts_with("saml-provider/");
    if is_role(&first) && is_provider(&second) {
        Ok(RolePair { role: first, provider: second, session_duration: None })
    } else if is_provider(&first) && is_role(&second) {
        Ok(RolePair { role: second, provider: first, session_duration: None })
    } else {
        Err(expected())
    }
}

fn session_duration(text: &str) -> Result<Duration, SessionError> {
    let seconds = text.trim().parse::<u32>().ok().filter(|seconds| (900..=43_200).contains(seconds));
    seconds
        .map(|seconds| Duration::from_secs(u64::from(seconds)))
        .ok_or_else(|| malformed("SessionDuration", "a whole number of seconds from 900 to 43200"))
}

fn malformed(attribute: &str, expected: &'static str) -> SessionError {
    SessionError::FederationAttribute { attribute: attribute.to_owned(), expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_pairs_are_read_in_either_order() {
        let role = "arn:aws:iam::111111111111:role/PhotoReader";
        let provider = "arn:aws:iam::111111111111:saml-provider/corp";
        for value in [format!("{role},{provider}"), format!("{provider}, {role}")] {
            let pair = role_pair(&value).unwrap();
            assert_eq!((pair.role.as_str(), pair.provider.as_str()), (role, provider));
        }
        for value in [role.to_owned(), format!("{role},{role}"), format!("{provider},{provider}"), String::new()] {
            assert!(role_pair(&value).is_err(), "{value}");
        }
    }

    #[test]
    fn session_durations_outside_the_limits_are_refused() {
        assert_eq!(session_duration("900"), Ok(Duration::from_secs(900)));
        for text in ["899", "43201", "-1", "1h", "", "3600.5"] {
            assert!(session_duration(text).is_err(), "{text}");
        }
    }
}
