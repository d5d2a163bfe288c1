//! Instance profiles: no more than the quota.

use std::collections::BTreeMap;

use daypass::iam::{Account, EntityPath, IamError, Limits, Registry};

use crate::world::{NOW, change, id};

fn profile(account: &mut Account, limits: &Limits, name: &str) -> Result<(), IamError> {
    let path = EntityPath::default();
    account.create_instance_profile(&name.parse()?, path, BTreeMap::new(), limits, NOW).map(|_| ())
}

#[test]
fn there_are_no_more_instance_profiles_than_the_quota() {
    assert_eq!(Limits::default().instance_profiles, 1000);
    let mut limits = Limits::default();
    limits.instance_profiles = 1;
    let registry = Registry::new(limits);
    registry.open_account(&id());
    change(&registry, |account, limits| profile(account, limits, "web")).unwrap();
    let refused = change(&registry, |account, limits| profile(account, limits, "mail")).unwrap_err();
    assert_eq!(refused, IamError::LimitExceeded { quota: "InstanceProfilesPerAccount", most: 1 });
}
