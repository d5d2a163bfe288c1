//! What an operation is about: found by the name that the caller gave it, put before policies, and changed only while it
//! is still what they were asked about.

use std::sync::Arc;

use super::call::{Call, refused};
use super::holders;
use crate::arn::Arn;
use crate::http::query::QueryError;
use crate::iam::{Account, Holder, IamError, Limits};
use crate::policy::Keys;

/// A thing of the caller's account, by the name the caller gave it.
#[derive(Debug)]
pub(super) enum Named {
    Holder(Holder),
    Policy(Arn),
    SamlProvider(Arn),
    OidcProvider(Arn),
    MfaDevice(String),
}

/// What policies are asked about, also where there is no such thing: whether there is, is told to those alone who may
/// ask.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    arn: Arn,
    /// What tells it from one made later under its name; none when there is no such thing.
    id: Option<String>,
    /// What policies may ask of it: its tags and its boundary.
    keys: Keys,
    /// The keys of its tags.
    tagged: Vec<String>,
}

impl Named {
    fn find(&self, account: &Account) -> Found {
        match self {
            Self::Holder(holder) => {
                let tags = holders::tags(account, holder).into_iter().flatten();
                let found = Found::new(holders::arn(account, holder), holders::id(account, holder), tags);
                Found { keys: holders::keys(account, holder), ..found }
            }
            Self::Policy(arn) => {
                let policy = account.managed_policy(arn);
                let tags = policy.into_iter().flat_map(|policy| &policy.tags);
                Found::new(arn.clone(), policy.map(|policy| policy.id.to_string()), tags)
            }
            Self::SamlProvider(arn) => {
                let record = account.saml_provider(arn).ok();
                let tags = record.into_iter().flat_map(|record| &record.tags);
                Found::new(arn.clone(), record.map(|record| record.created.to_string()), tags)
            }
            Self::OidcProvider(arn) => {
                let record = account.oidc_provider(arn).ok();
                let tags = record.into_iter().flat_map(|record| &record.tags);
                Found::new(arn.clone(), record.map(|record| record.created.to_string()), tags)
            }
            Self::MfaDevice(serial) => {
                let device = account.mfa_device(serial).ok();
                let tags = device.into_iter().flat_map(|device| &device.tags);
                // What is no serial number of this account names none of its devices, whatever it is.
                let any = || Arn::iam(&account.id, "mfa/*");
                let own = Some(serial).filter(|serial| serial.starts_with(Arn::iam(&account.id, "mfa/").as_str()));
                let arn = own.and_then(|serial| serial.parse().ok()).unwrap_or_else(any);
                Found::new(arn, device.map(|device| device.serial_number.to_string()), tags)
            }
        }
    }
}

impl Found {
    fn new<'t>(arn: Arn, id: Option<String>, tags: impl Iterator<Item = (&'t String, &'t String)>) -> Self {
        let (mut keys, mut tagged) = (Keys::new(), Vec::new());
        for tag in tags {
            holders::resource_tags(&mut keys, [tag]);
            tagged.push(tag.0.clone());
        }
        Self { arn, id, keys, tagged }
    }
}

/// A thing as it was when policies were asked about it.
#[derive(Debug)]
pub(super) struct Target {
    named: Named,
    found: Found,
    account: Arc<Account>,
}

impl Target {
    /// What the caller names, whether there is such a thing or not.
    pub(super) fn find(call: &Call<'_>, named: Named) -> Result<Self, QueryError> {
        let account = call.own_account()?;
        Ok(Self { found: named.find(&account), named, account })
    }

    /// The same, once the caller may do `action` to it; `further` is what the operation itself says.
    pub(super) fn allowed(call: &Call<'_>, named: Named, action: &str, further: &Keys) -> Result<Self, QueryError> {
        let target = Self::find(call, named)?;
        target.authorize(call, action, further)?;
        Ok(target)
    }

    /// Lets the call go on if the caller's policies allow `action` on this.
    pub(super) fn authorize(&self, call: &Call<'_>, action: &str, further: &Keys) -> Result<(), QueryError> {
        let (arn, keys) = (self.found.arn.as_str(), self.keys(further));
        match &self.named {
            // Its path, and how its name is really written, are not the refused caller's to know.
            Named::Holder(holder) => call.authorize_shown(action, arn, &holder.to_string(), &keys),
            _ => call.authorize(action, arn, &keys),
        }
    }

    /// What policies may ask when `further` is what the operation itself says.
    pub(super) fn keys(&self, further: &Keys) -> Keys {
        let mut keys = self.found.keys.clone();
        keys.extend(further);
        let asked: Vec<String> = further.values("aws:TagKeys").map(str::to_owned).collect();
        // The keys of tags have no case, but those in conditions have: policies see both how one is asked for and how it
        // is written on the thing.
        let folded: Vec<String> = asked.iter().map(|key| key.to_lowercase()).collect();
        let meant = self.found.tagged.iter().filter(|key| folded.contains(&key.to_lowercase()) && !asked.contains(key));
        keys.set_list("aws:TagKeys", asked.iter().chain(meant).cloned());
        keys
    }

    /// Changes the account while this is in it as policies were asked about it.
    pub(super) fn update<T>(
        &self,
        call: &Call<'_>,
        change: impl FnOnce(&mut Account, &Limits) -> Result<T, IamError>,
    ) -> Result<T, QueryError> {
        call.update(|account, limits| {
            self.unchanged(account)?;
            change(account, limits)
        })
    }

    /// Refuses an account where this is another thing by now, or has other tags or another boundary.
    pub(super) fn unchanged(&self, account: &Account) -> Result<(), IamError> {
        if self.named.find(account) == self.found { Ok(()) } else { Err(IamError::Concurrent) }
    }

    /// Refuses what does not exist.
    pub(super) fn existing(&self) -> Result<(), QueryError> {
        let found = match &self.named {
            Named::Holder(holder) => self.account.permissions(holder).map(|_| ()),
            Named::Policy(arn) => {
                let missing = || IamError::missing(crate::iam::Entity::Policy, arn.as_str());
                self.account.managed_policy(arn).map(|_| ()).ok_or_else(missing)
            }
            Named::SamlProvider(arn) => self.account.saml_provider(arn).map(|_| ()),
            Named::OidcProvider(arn) => self.account.oidc_provider(arn).map(|_| ()),
            Named::MfaDevice(serial) => self.account.mfa_device(serial).map(|_| ()),
        };
        found.map_err(refused)
    }

    /// The account as it was when policies were asked.
    pub(super) const fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// The name that policies know it by.
    pub(super) const fn arn(&self) -> &Arn {
        &self.found.arn
    }
}
