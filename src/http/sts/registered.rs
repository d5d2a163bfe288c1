//! Keys of the issuers that administrators made providers of while the service runs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::arn::Arn;
use crate::broker::Broker;
use crate::http::fetch::{FetchError, IssuerKeys};
use crate::identity::oidc::{IssuerUrl, OidcProvider};

/// The most issuers whose keys are kept. Accounts have at most a hundred providers each.
const MAX_ISSUERS: usize = 1000;

/// An issuer, and whether its documents may come from local addresses.
type Issuer = (String, bool);

/// The keys of each issuer, shared by the accounts that have a provider of it.
#[derive(Debug, Default)]
pub(super) struct RegisteredIssuers(Mutex<Kept>);

impl RegisteredIssuers {
    /// Whom the account of `role` takes tokens of `issuer` for, with the keys of that issuer.
    pub(super) fn find(
        &self,
        broker: &Broker,
        role: &Arn,
        issuer: &str,
    ) -> Result<Option<(Arc<OidcProvider>, IssuerKeys)>, FetchError> {
        let Some(provider) = registered(broker, role, issuer) else { return Ok(None) };
        let issuer = (issuer.to_owned(), provider.is_local_network());
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = match kept.find(&issuer) {
            Some(keys) => keys,
            None => kept.keep(issuer, IssuerKeys::new(&provider)?),
        };
        Ok(Some((provider, keys)))
    }
}

/// What was asked for most recently.
#[derive(Debug, Default)]
struct Kept {
    keys: HashMap<Issuer, (u64, IssuerKeys)>,
    /// How often something was asked for; the least of these numbers was asked for the longest ago.
    asked: u64,
}

impl Kept {
    fn find(&mut self, issuer: &Issuer) -> Option<IssuerKeys> {
        self.asked = self.asked.saturating_add(1);
        let (last, keys) = self.keys.get_mut(issuer)?;
        *last = self.asked;
        Some(keys.clone())
    }

    /// Keeps keys in place of those that were asked for the longest ago, and of no others: what everybody fetched would
    /// otherwise be fetched again whenever somebody uses one issuer too many.
    fn keep(&mut self, issuer: Issuer, keys: IssuerKeys) -> IssuerKeys {
        if self.keys.len() >= MAX_ISSUERS {
            let oldest = self.keys.iter().min_by_key(|(_, (last, _))| *last).map(|(issuer, _)| issuer.clone());
            oldest.and_then(|oldest| self.keys.remove(&oldest));
        }
        self.keys.insert(issuer, (self.asked, keys.clone()));
        keys
    }
}

fn registered(broker: &Broker, role: &Arn, issuer: &str) -> Option<Arc<OidcProvider>> {
    let name = IssuerUrl::parse(issuer).ok()?;
    let accounts = broker.registry().read();
    let record = accounts.find(&role.account_id().ok()?)?.oidc_providers.get(name.name())?;
    record.provider.clone().filter(|_| record.issuer() == issuer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_thousand_issuers_the_one_that_was_asked_for_the_longest_ago_makes_way() {
        let provider = OidcProvider::new("https://login.example.com", ["app"]).unwrap();
        let keys = IssuerKeys::new(&provider).unwrap();
        let (mut kept, issuer) = (Kept::default(), |number: usize| (format!("https://{number}.example"), false));
        for number in 0..MAX_ISSUERS {
            assert!(kept.find(&issuer(number)).is_none());
            kept.keep(issuer(number), keys.clone());
        }
        assert!(kept.find(&issuer(0)).is_some());
        assert!(kept.find(&issuer(MAX_ISSUERS)).is_none());
        kept.keep(issuer(MAX_ISSUERS), keys);
        assert_eq!(kept.keys.len(), MAX_ISSUERS);
        let gone: Vec<_> = (0..=MAX_ISSUERS).filter(|number| kept.find(&issuer(*number)).is_none()).collect();
        assert_eq!(gone, [1]);
    }
}
