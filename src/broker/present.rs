//! Who a caller is by now: roles and users go, and users are renamed and moved, while somebody is authenticated.

use super::Broker;
use crate::Error;
use crate::credentials::Revoked;
use crate::request::RequestError;
use crate::session::{Caller, Entitlements};

impl Broker {
    /// Who `caller` is by now, and every policy that speaks for the caller, by the same snapshot of the accounts.
    ///
    /// # Errors
    /// [`Error::Request`] when the caller's role or user is gone, also when another one has the name.
    pub(crate) fn entitled(&self, caller: &Caller) -> Result<(Caller, Entitlements), Error> {
        let accounts = self.registry.read();
        let present = accounts.present(caller).ok_or_else(|| gone(caller))?;
        let entitlements = accounts.entitlements(&present);
        Ok((present, entitlements))
    }

    /// Who `caller` is by now.
    ///
    /// # Errors
    /// As [`Broker::entitled`].
    pub(super) fn present(&self, caller: &Caller) -> Result<Caller, Error> {
        self.registry.read().present(caller).ok_or_else(|| gone(caller))
    }
}

fn gone(caller: &Caller) -> Error {
    let principal_id = caller.session().map_or_else(|| caller.user_id(), |session| session.principal_id().to_owned());
    RequestError::from(Revoked::PrincipalGone { principal_id }).into()
}
