//! The policies that have a say in one request, by the part they play.

use std::fmt;

use super::document::{Kind, Policy};

/// The part a policy plays in a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Layer {
    /// Service control policies of one level of the principal's organisation.
    ServiceControl,
    /// Resource control policies of one level of the resource owner's organisation.
    ResourceControl,
    /// The policy of the resource, or the trust policy of a role.
    Resource,
    /// The policies of the principal.
    Identity,
    /// The principal's permissions boundary.
    Boundary,
    /// The policies given to the session.
    Session,
}

impl Layer {
    /// Whether it is an organisation's.
    #[must_use]
    pub const fn is_control(self) -> bool {
        matches!(self, Self::ServiceControl | Self::ResourceControl)
    }

    pub(super) fn accepts(self, kind: Kind) -> bool {
        match self {
            Self::ServiceControl => kind == Kind::ServiceControl,
            Self::ResourceControl => kind == Kind::ResourceControl,
            Self::Resource => matches!(kind, Kind::Resource | Kind::Trust),
            // Managed policies serve as identity policies, boundaries and session policies alike.
            Self::Identity | Self::Boundary | Self::Session => {
                matches!(kind, Kind::Identity | Kind::Boundary | Kind::Session)
            }
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ServiceControl => "service control policies",
            Self::ResourceControl => "resource control policies",
            Self::Resource => "the resource policy",
            Self::Identity => "identity policies",
            Self::Boundary => "the permissions boundary",
            Self::Session => "session policies",
        })
    }
}

/// One level of an organisation (its root, a unit or an account) with the control policies attached there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    name: String,
    policies: Vec<Policy>,
}

impl Level {
    /// A level and its policies.
    #[must_use]
    pub fn new(name: impl Into<String>, policies: Vec<Policy>) -> Self {
        Self { name: name.into(), policies }
    }

    /// The level's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The policies attached to it.
    #[must_use]
    pub fn policies(&self) -> &[Policy] {
        &self.policies
    }
}

/// Every policy that has a say in a request.
#[derive(Clone, Copy, Debug)]
pub struct Layers<'a> {
    pub(super) identity: &'a [Policy],
    pub(super) resource: Option<&'a Policy>,
    pub(super) boundary: Option<&'a [Policy]>,
    pub(super) session: Option<&'a [Policy]>,
    pub(super) service_control: &'a [Level],
    pub(super) resource_control: &'a [Level],
}

impl<'a> Layers<'a> {
    /// The identity policies of the principal; none for one that has none.
    #[must_use]
    pub fn new(identity: &'a [Policy]) -> Self {
        Self { identity, resource: None, boundary: None, session: None, service_control: &[], resource_control: &[] }
    }

    /// The policy of the resource; for a role that is to be assumed, its trust policy.
    #[must_use]
    pub fn with_resource(self, policy: &'a Policy) -> Self {
        Self { resource: Some(policy), ..self }
    }

    /// The permissions boundary of the principal.
    #[must_use]
    pub fn with_boundary(self, policies: &'a [Policy]) -> Self {
        Self { boundary: Some(policies), ..self }
    }

    /// The policies the session was given; an empty list allows the session nothing.
    #[must_use]
    pub fn with_session(self, policies: &'a [Policy]) -> Self {
        Self { session: Some(policies), ..self }
    }

    /// The service control policies that reach the principal's account, each level of which must allow.
    ///
    /// The management account of an organisation is beyond their reach.
    #[must_use]
    pub fn with_service_control(self, levels: &'a [Level]) -> Self {
        Self { service_control: levels, ..self }
    }

    /// The resource control policies that reach the resource's account. Every level lets through what it does not deny.
    #[must_use]
    pub fn with_resource_control(self, levels: &'a [Level]) -> Self {
        Self { resource_control: levels, ..self }
    }

    /// Each layer that is there, in the order in which they are asked, with its level's name and its policies.
    pub(super) fn present(&self) -> impl Iterator<Item = (Layer, Option<&'a str>, &'a [Policy])> {
        let level = |layer| move |level: &'a Level| (layer, Some(level.name()), level.policies());
        let service_control = self.service_control.iter().map(level(Layer::ServiceControl));
        let resource_control = self.resource_control.iter().map(level(Layer::ResourceControl));
        let one = |layer, policies: Option<&'a [Policy]>| policies.map(|policies| (layer, None, policies)).into_iter();
        service_control
            .chain(resource_control)
            .chain(one(Layer::Resource, self.resource.map(std::slice::from_ref)))
            .chain(one(Layer::Identity, Some(self.identity)))
            .chain(one(Layer::Boundary, self.boundary))
            .chain(one(Layer::Session, self.session))
    }
}
