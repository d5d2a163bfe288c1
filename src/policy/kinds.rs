//! Policies by what they are for: each kind a type of its own, so that one is never put where another belongs.

use std::str::FromStr;

use super::{Kind, Policy, PolicyError, Reading};
use crate::arn::Arn;

macro_rules! policy_of_kind {
    ($(#[$doc:meta])* $name:ident, $kind:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(Policy);

        impl $name {
            /// The compiled policy.
            #[must_use]
            pub const fn policy(&self) -> &Policy {
                &self.0
            }

            /// Reads a document of at most `quota` characters, for operators who raise or lower the default.
            ///
            /// # Errors
            /// As [`Policy::parse`].
            pub fn parse_within(text: &str, quota: usize) -> Result<Self, PolicyError> {
                Policy::parse_within(text, Kind::$kind, quota).map(Self)
            }

            /// The same policy under the name that decisions report.
            #[must_use]
            pub fn named(&self, name: &str) -> Self {
                Self(self.0.named(name))
            }
        }

        impl FromStr for $name {
            type Err = PolicyError;

            fn from_str(text: &str) -> Result<Self, PolicyError> {
                Policy::parse(text, Kind::$kind).map(Self)
            }
        }
    };
}

policy_of_kind! {
    /// What a role permits.
    PermissionsPolicy, Identity
}
policy_of_kind! {
    /// Who may assume a role.
    TrustPolicy, Trust
}
policy_of_kind! {
    /// What a resource permits to whom.
    ResourcePolicy, Resource
}

impl TrustPolicy {
    /// Holds a document of at most `quota` characters to what a trust policy is held to when it is saved.
    pub(crate) fn hold_to_save(text: &str, quota: usize) -> Result<(), PolicyError> {
        Policy::parse_for(text, Kind::Trust, quota, Reading::Saved).map(drop)
    }

    /// The policy that trusts one federated provider with assuming the role and tagging its sessions.
    ///
    /// # Errors
    /// None in practice: the document is made here.
    pub(crate) fn of_provider(provider: &Arn) -> Result<Self, PolicyError> {
        let document = serde_json::json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Sid": "TrustsTheDirectory",
                "Effect": "Allow",
                "Principal": {"Federated": provider},
                "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"]
            }]
        });
        document.to_string().parse()
    }
}
