//! The numbers of an account (GetAccountSummary): how much there is of everything, and how much there may be.

use super::{Account, KeyOwner, Limits};

impl Account {
    /// Every number by the name that IAM gives it. What is not kept here, such as server certificates, there is none of and
    /// may be none of.
    #[must_use]
    pub fn summary(&self, limits: &Limits) -> Vec<(&'static str, usize)> {
        let devices = self.mfa_devices.iter();
        let versions = self.policies.iter().map(|policy| policy.versions.len()).sum();
        let root = KeyOwner::Root;
        let counted = [
            ("Users", self.users.len()),
            ("Groups", self.groups.len()),
            ("Roles", self.roles.len()),
            ("Policies", self.policies.len()),
            ("PolicyVersionsInUse", versions),
            ("Providers", self.providers()),
            ("MFADevices", self.mfa_devices.len()),
            ("MFADevicesInUse", devices.filter(|device| device.assignment.is_some()).count()),
            ("AccountMFAEnabled", usize::from(self.mfa_devices_of(&root).next().is_some())),
            ("AccountAccessKeysPresent", usize::from(self.keys_of(&root).next().is_some())),
            ("AccountPasswordPresent", 0),
            ("AccountSigningCertificatesPresent", 0),
            ("InstanceProfiles", self.instance_profiles.len()),
            ("ServerCertificates", 0),
        ];
        let quotas = [
            ("UsersQuota", limits.users),
            ("GroupsQuota", limits.groups),
            ("RolesQuota", limits.roles),
            ("PoliciesQuota", limits.policies),
            ("VersionsPerPolicyQuota", limits.policy_versions),
            ("PolicyVersionsInUseQuota", limits.policy_versions_in_use),
            ("PolicySizeQuota", limits.managed_policy),
            ("UserPolicySizeQuota", limits.user_inline),
            ("GroupPolicySizeQuota", limits.group_inline),
            ("RolePolicySizeQuota", limits.role_inline),
            ("AssumeRolePolicySizeQuota", limits.trust_policy),
            ("AttachedPoliciesPerUserQuota", limits.attached_policies),
            ("AttachedPoliciesPerGroupQuota", limits.attached_policies),
            ("AttachedPoliciesPerRoleQuota", limits.attached_policies),
            ("GroupsPerUserQuota", limits.groups_per_user),
            ("AccessKeysPerUserQuota", limits.access_keys),
            ("InstanceProfilesQuota", limits.instance_profiles),
            ("ServerCertificatesQuota", 0),
            ("SigningCertificatesPerUserQuota", 0),
            // Session tokens are good in every region.
            ("GlobalEndpointTokenVersion", 2),
        ];
        counted.into_iter().chain(quotas).collect()
    }
}
