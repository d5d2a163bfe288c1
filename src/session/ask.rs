//! What a caller asks for when it assumes a role.

use std::sync::Arc;
use std::time::Duration;

use super::{
    IdentityContext, MfaCode, MfaProof, ProvidedContext, RoleSessionName, SessionPolicies, SourceIdentity, Tags,
};
use crate::arn::Arn;
use crate::explain::CorrelationId;
use crate::organization::Organization;
use crate::policy::Keys;
use crate::time::Timestamp;

/// A request for a role session: which role, under which name, and every option STS has for it.
#[derive(Clone, Debug)]
pub struct AssumeRole {
    pub(super) role_arn: Arn,
    pub(super) role_session_name: RoleSessionName,
    pub(super) duration: Option<Duration>,
    pub(super) session_policies: SessionPolicies,
    pub(super) external_id: Option<String>,
    pub(super) source_identity: Option<SourceIdentity>,
    pub(super) tags: Tags,
    pub(super) environment: Keys,
    pub(super) correlation_id: Option<CorrelationId>,
    pub(super) mfa_code: Option<MfaCode>,
    pub(super) mfa_authenticated_at: Option<Timestamp>,
    pub(super) provided_contexts: Vec<ProvidedContext>,
    pub(super) identity_context: Option<IdentityContext>,
    pub(super) organization: Arc<Organization>,
}

impl AssumeRole {
    /// Asks for `role_arn` under `role_session_name`, for as long as the role gives by default.
    #[must_use]
    pub fn new(role_arn: Arn, role_session_name: RoleSessionName) -> Self {
        Self {
            role_arn,
            role_session_name,
            duration: None,
            session_policies: SessionPolicies::default(),
            external_id: None,
            source_identity: None,
            tags: Tags::default(),
            environment: Keys::default(),
            correlation_id: None,
            mfa_code: None,
            mfa_authenticated_at: None,
            provided_contexts: Vec::new(),
            identity_context: None,
            organization: Arc::default(),
        }
    }

    /// Asks for a session of this length, in whole seconds.
    #[must_use]
    pub const fn lasting(mut self, duration: Duration) -> Self {
        self.duration = Some(duration);
        self
    }

    /// Limits the session to what these policies allow too.
    #[must_use]
    pub fn limited_to(mut self, session_policies: SessionPolicies) -> Self {
        self.session_policies = session_policies;
        self
    }

    /// Gives the secret that a third party's role expects (`sts:ExternalId`).
    #[must_use]
    pub fn with_external_id(mut self, external_id: impl Into<String>) -> Self {
        self.external_id = Some(external_id.into());
        self
    }

    /// Sets the source identity; for federation the assertion sets it.
    #[must_use]
    pub fn with_source_identity(mut self, source_identity: SourceIdentity) -> Self {
        self.source_identity = Some(source_identity);
        self
    }

    /// Sets session tags; for federation the assertion sets them.
    #[must_use]
    pub fn with_tags(mut self, tags: Tags) -> Self {
        self.tags = tags;
        self
    }

    /// Adds what is known of the call itself, such as `aws:SourceIp`.
    #[must_use]
    pub fn with_environment(mut self, environment: Keys) -> Self {
        self.environment = environment;
        self
    }

    /// Joins the session to a person's flow.
    #[must_use]
    pub fn following(mut self, correlation_id: CorrelationId) -> Self {
        self.correlation_id = Some(correlation_id);
        self
    }

    /// Gives the code of one of the caller's MFA devices, which a [`Flow`](crate::Flow) verifies.
    #[must_use]
    pub fn with_mfa_code(mut self, code: MfaCode) -> Self {
        self.mfa_code = Some(code);
        self
    }

    /// The code that was given.
    #[must_use]
    pub const fn mfa_code(&self) -> Option<&MfaCode> {
        self.mfa_code.as_ref()
    }

    /// Says that the caller proved a second factor.
    #[must_use]
    pub fn with_mfa(self, proof: &MfaProof) -> Self {
        self.supposing_mfa(proof.at())
    }

    /// The same call, were a second factor proved at this instant.
    #[must_use]
    pub(crate) const fn supposing_mfa(mut self, at: Timestamp) -> Self {
        self.mfa_authenticated_at = Some(at);
        self
    }

    /// Provides a context, which a [`Flow`](crate::Flow) verifies: on whose behalf the role is assumed.
    #[must_use]
    pub fn with_provided_context(mut self, context: ProvidedContext) -> Self {
        self.provided_contexts.push(context);
        self
    }

    /// The contexts that are provided and that nobody has verified yet.
    #[must_use]
    pub fn provided_contexts(&self) -> &[ProvidedContext] {
        &self.provided_contexts
    }

    /// Says on whose behalf the role is assumed, in place of the contexts that were provided.
    #[must_use]
    pub fn with_identity_context(mut self, context: IdentityContext) -> Self {
        self.provided_contexts.clear();
        self.identity_context = Some(context);
        self
    }

    /// On whose behalf the role is assumed, if a verified context says so.
    #[must_use]
    pub const fn identity_context(&self) -> Option<&IdentityContext> {
        self.identity_context.as_ref()
    }

    /// Holds the call to the control policies of `organization`.
    #[must_use]
    pub fn within(mut self, organization: Arc<Organization>) -> Self {
        self.organization = organization;
        self
    }

    /// What is known of the call itself.
    #[must_use]
    pub const fn environment(&self) -> &Keys {
        &self.environment
    }

    /// What limits the session that is asked for.
    #[must_use]
    pub const fn session_policies(&self) -> &SessionPolicies {
        &self.session_policies
    }

    /// The role asked for.
    #[must_use]
    pub const fn role_arn(&self) -> &Arn {
        &self.role_arn
    }
}
