//! What an operation is about: found by the name that the caller gave it, put before policies, and changed only while it
//! is still what they were asked about.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::call::{Call, refused};
use super::{holders, input};
use crate::arn::Arn;
use crate::http::query::{Constraints, QueryError};
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
    InstanceProfile(String),
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
        let (arn, id) = match self {
            Self::Holder(holder) => (holders::arn(account, holder), holders::id(account, holder)),
            Self::Policy(arn) => (arn.clone(), account.managed_policy(arn).map(|policy| policy.id.to_string())),
            Self::SamlProvider(arn) => {
                (arn.clone(), account.saml_provider(arn).ok().map(|record| record.id.to_string()))
            }
            Self::OidcProvider(arn) => {
                (arn.clone(), account.oidc_provider(arn).ok().map(|record| record.created.to_string()))
            }
            Self::InstanceProfile(name) => {
                let profile = account.instance_profile(name).ok();
                let arn = profile.map(|profile| profile.arn.clone());
                let arn = arn.unwrap_or_else(|| Arn::iam(&account.id, &format!("instance-profile/{name}")));
                (arn, profile.map(|profile| profile.id.to_string()))
            }
            Self::MfaDevice(serial) => {
                let device = account.mfa_device(serial).ok();
                // What is no serial number of this account names none of its devices, whatever it is.
                let any = || Arn::iam(&account.id, "mfa/*");
                let own = Some(serial).filter(|serial| serial.starts_with(Arn::iam(&account.id, "mfa/").as_str()));
                let arn = own.and_then(|serial| serial.parse().ok()).unwrap_or_else(any);
                (arn, device.map(|device| device.serial_number.to_string()))
            }
        };
        let tags = self.tags(account);
        let keys = match self {
            Self::Holder(holder) => holders::keys(account, holder),
            _ => {
                let mut keys = Keys::new();
                holders::resource_tags(&mut keys, tags.into_iter().flatten());
                keys
            }
        };
        let tagged = tags.into_iter().flat_map(BTreeMap::keys).cloned().collect();
        Found { arn, id, keys, tagged }
    }

    /// Its tags; groups have none.
    fn tags<'a>(&self, account: &'a Account) -> Option<&'a BTreeMap<String, String>> {
        match self {
            Self::Holder(holder) => holders::tags(account, holder),
            Self::Policy(arn) => account.managed_policy(arn).map(|policy| &policy.tags),
            Self::SamlProvider(arn) => account.saml_provider(arn).ok().map(|record| &record.tags),
            Self::OidcProvider(arn) => account.oidc_provider(arn).ok().map(|record| &record.tags),
            Self::MfaDevice(serial) => account.mfa_device(serial).ok().map(|device| &device.tags),
            Self::InstanceProfile(name) => account.instance_profile(name).ok().map(|profile| &profile.tags),
        }
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

    /// What the ARN in `parameter` names, once the caller may do `action` to it.
    pub(super) fn of_arn(
        call: &Call<'_>,
        parameter: &str,
        named: impl FnOnce(Arn) -> Named,
        action: &str,
        further: &Keys,
    ) -> Result<(Arn, Self), QueryError> {
        let mut constraints = Constraints::default();
        let arn = input::arn(call.query, parameter, &mut constraints);
        constraints.finish()?;
        let arn = arn.ok_or_else(input::no_arn)?;
        let target = Self::allowed(call, named(arn.clone()), action, further)?;
        Ok((arn, target))
    }

    /// Lets the call go on if the caller's policies allow `action` on this.
    pub(super) fn authorize(&self, call: &Call<'_>, action: &str, further: &Keys) -> Result<(), QueryError> {
        let (arn, keys) = (self.found.arn.as_str(), self.keys(further));
        match &self.named {
            // Its path, and how its name is really written, are not the refused caller's to know.
            Named::Holder(holder) => call.authorize_shown(action, arn, &holder.to_string(), &keys),
            Named::InstanceProfile(name) => {
                call.authorize_shown(action, arn, &format!("instance profile {name}"), &keys)
            }
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
            Named::InstanceProfile(name) => self.account.instance_profile(name).map(|_| ()),
        };
        found.map_err(refused)
    }

    /// Its tags as they were when policies were asked; none where it has none or does not exist.
    pub(super) fn tags(&self) -> Option<&BTreeMap<String, String>> {
        self.named.tags(&self.account)
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
