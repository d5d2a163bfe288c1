//! The quotas of IAM; each can be raised or lowered.

/// How many of each thing there may be, and how long documents may be (characters without white space).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Users of an account.
    pub users: usize,
    /// Groups of an account.
    pub groups: usize,
    /// Roles of an account.
    pub roles: usize,
    /// Instance profiles of an account.
    pub instance_profiles: usize,
    /// Managed policies of an account.
    pub policies: usize,
    /// Versions of a managed policy.
    pub policy_versions: usize,
    /// Versions of all managed policies of an account, which is told and not enforced: other limits are reached before.
    pub policy_versions_in_use: usize,
    /// Managed policies attached to one user, group or role.
    pub attached_policies: usize,
    /// Groups one user is in.
    pub groups_per_user: usize,
    /// Access keys of one user.
    pub access_keys: usize,
    /// MFA devices of one user.
    pub mfa_devices: usize,
    /// Virtual MFA devices of an account, whether somebody has them or not.
    pub virtual_mfa_devices: usize,
    /// SAML providers of an account.
    pub saml_providers: usize,
    /// OpenID Connect providers of an account.
    pub oidc_providers: usize,
    /// Tags of one thing.
    pub tags: usize,
    /// All inline policies of one user together.
    pub user_inline: usize,
    /// All inline policies of one group together.
    pub group_inline: usize,
    /// All inline policies of one role together.
    pub role_inline: usize,
    /// One managed policy.
    pub managed_policy: usize,
    /// One trust policy.
    pub trust_policy: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            users: 5000,
            groups: 300,
            roles: 1000,
            instance_profiles: 1000,
            policies: 1500,
            policy_versions: 5,
            policy_versions_in_use: 10_000,
            attached_policies: 10,
            groups_per_user: 10,
            access_keys: 2,
            mfa_devices: 8,
            // As many as users.
            virtual_mfa_devices: 5000,
            saml_providers: 100,
            oidc_providers: 100,
            tags: 50,
            user_inline: 2048,
            group_inline: 5120,
            role_inline: 10_240,
            managed_policy: 6144,
            trust_policy: 2048,
        }
    }
}
