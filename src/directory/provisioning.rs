//! Permission sets as roles: each one assigned in an account exists there as a role of a reserved name.

use std::time::Duration;

use super::Directory;
use crate::arn::{AccountId, Arn};
use crate::crypto::sha256_hex;
use crate::policy::PermissionsPolicy;

/// A role that a permission set is provisioned as.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProvisionedRole {
    /// Its ARN, under the path `/aws-reserved/sso.amazonaws.com/`.
    pub role_arn: Arn,
    /// The provider it trusts: the directory itself, which no outside assertion can name.
    pub trusts: Arn,
    /// What it permits.
    pub permissions: PermissionsPolicy,
    /// How long its sessions last at most.
    pub max_session_duration: Duration,
}

impl Directory {
    /// The role of every permission set in every account that it is assigned in.
    #[must_use]
    pub fn provisioned_roles(&self) -> Vec<ProvisionedRole> {
        let mut roles = Vec::new();
        for account in self.accounts.keys() {
            roles.extend(self.assigned_sets(account).map(|set| ProvisionedRole {
                role_arn: Self::provisioned_role_arn(account, &set.name),
                trusts: Self::managed_provider_arn(account),
                permissions: set.permissions.named(&set.name),
                max_session_duration: set.session_duration,
            }));
        }
        roles
    }

    /// The ARN of `permission_set` as a role of `account`; the suffix keeps names of other making apart.
    #[must_use]
    pub fn provisioned_role_arn(account: &AccountId, permission_set: &str) -> Arn {
        let digest = sha256_hex(format!("{account}/{permission_set}").as_bytes());
        let suffix = digest.get(..16).unwrap_or_default();
        Arn::iam(account, &format!("role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_{permission_set}_{suffix}"))
    }

    /// The provider that provisioned roles of `account` trust. It is the directory itself: no metadata is registered under
    /// this name, so no assertion from outside reaches these roles.
    #[must_use]
    pub fn managed_provider_arn(account: &AccountId) -> Arn {
        Arn::iam(account, "saml-provider/AWSSSO_daypass_DO_NOT_DELETE")
    }
}
