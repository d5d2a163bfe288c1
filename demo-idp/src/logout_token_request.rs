//! Logout tokens that the program which started the identity provider asks for.

use crate::core::Core;
use crate::error::IdpError;
use crate::fault::{Fault, Target};
use crate::idp::refuse_misplaced;
use crate::oidc::logout_token::{Ended, mint};

/// What a logout token is to say; see [`Idp::logout_token_for`](crate::Idp::logout_token_for).
#[derive(Debug, Clone)]
pub struct LogoutTokenRequest {
    user: String,
    client: String,
    session_id: Option<String>,
    fault: Option<Fault>,
}

impl LogoutTokenRequest {
    /// That every session of this person is over, to this client.
    pub fn new(user: impl Into<String>, client: impl Into<String>) -> Self {
        Self { user: user.into(), client: client.into(), session_id: None, fault: None }
    }

    /// That this session alone is over (`sid`), which the ID token named.
    #[must_use]
    pub fn with_session_id(mut self, session_id: impl Into<String>) -> Self {
        self.session_id = Some(session_id.into());
        self
    }

    /// With a deliberate mistake.
    #[must_use]
    pub const fn with_fault(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    pub(crate) fn issue(self, core: &Core) -> Result<String, IdpError> {
        let Self { user, client, session_id, fault } = self;
        refuse_misplaced(fault, Target::LogoutToken, "a logout token")?;
        let user = core.user(&user)?;
        let client = core.client(&client).ok_or(IdpError::UnknownAudience(client))?;
        let fault = fault.or_else(|| core.faults.take(Target::LogoutToken));
        let ended = Ended { subject: user.name(), session_id: session_id.as_deref() };
        Ok(mint(core, client, ended, fault)?)
    }
}
