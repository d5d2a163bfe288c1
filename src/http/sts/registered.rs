//! Keys of the issuers that administrators made providers of while the service runs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::arn::Arn;
use crate::broker::Broker;
use crate::http::fetch::{FetchError, IssuerKeys};
use crate::identity::oidc::{IssuerUrl, OidcProvider};

/// The most issuers whose keys are kept. Accounts have at most a hundred providers each.
const MAX_ISSUERS: usize = 1000;

/// The keys of each issuer, shared by the accounts that have a provider of it.
#[derive(Debug, Default)]
pub(super) struct RegisteredIssuers(Mutex<HashMap<(String, bool), IssuerKeys>>);

impl RegisteredIssuers {
    /// Whom the account of `role` takes tokens of `issuer` for, with the keys of that issuer.
    pub(super) fn find(
        &self,
        broker: &Broker,
        role: &Arn,
        issuer: &str,
    ) -> Result<Option<(Arc<OidcProvider>, IssuerKeys)>, FetchError> {
        let Some(provider) = registered(broker, role, issuer) else { return Ok(None) };
        let key = (issuer.to_owned(), provider.is_local_network());
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = all.get(&key) {
            return Ok(Some((provider, keys.clone())));
        }
        let keys = IssuerKeys::new(&provider)?;
        if all.len() >= MAX_ISSUERS {
            all.clear();
        }
        all.insert(key, keys.clone());
        Ok(Some((provider, keys)))
    }
}

fn registered(broker: &Broker, role: &Arn, issuer: &str) -> Option<Arc<OidcProvider>> {
    let name = IssuerUrl::parse(issuer).ok()?;
    let accounts = broker.registry().read();
    let record = accounts.find(&role.account_id().ok()?)?.oidc_providers.get(name.name())?;
    record.provider.clone().filter(|_| record.issuer() == issuer)
}
