//! Who a simulation is about: users, groups and roles of the account, and callers by their ARNs.

use crate::arn::Arn;
use crate::http::iam::call::Call;
use crate::http::iam::holders;
use crate::http::query::QueryError;
use crate::iam::{Account, Holder};
use crate::policy::{Keys, Principal};

/// A principal, and the condition keys that its requests carry.
pub(super) struct Caller {
    pub(super) principal: Principal,
    pub(super) keys: Keys,
}

/// The caller that `holder` is; groups make no calls.
pub(super) fn of_holder(account: &Account, holder: &Holder) -> Option<Caller> {
    let arn = account.arn_of_holder(holder).ok()?;
    let mut keys = Keys::new();
    let (kind, tags) = match holder {
        Holder::User(name) => {
            let user = account.users.find(name)?;
            keys.set("aws:userid", user.id.as_str());
            keys.set("aws:username", user.identity.user_name.as_str());
            ("User", &user.identity.tags)
        }
        Holder::Role(name) => {
            let record = account.roles.find(name)?;
            keys.set("aws:userid", record.role.id().as_str());
            ("AssumedRole", &record.tags)
        }
        Holder::Group(_) => return None,
    };
    keys.set("aws:PrincipalArn", arn.as_str());
    keys.set("aws:PrincipalAccount", account.id.as_str());
    keys.set("aws:PrincipalType", kind);
    for (key, value) in tags {
        keys.set(&format!("aws:PrincipalTag/{key}"), value.as_str());
    }
    Some(Caller { principal: Principal::from_arn(arn.clone()).ok()?, keys })
}

/// The caller with this ARN. What is known of it is added if it is of `account` and whoever simulates may read it: the
/// decisions tell of tags and ids, and of whether there is such a caller at all.
pub(super) fn of_arn(call: &Call<'_>, arn: &Arn, account: &Account) -> Result<Caller, QueryError> {
    if let Ok(holder) = holders::of_arn(account, arn) {
        let action = if matches!(holder, Holder::Role(_)) { "iam:GetRole" } else { "iam:GetUser" };
        let readable = call.allows(action, arn.as_str(), &holders::keys(account, &holder))?;
        if let Some(caller) = of_holder(account, &holder).filter(|_| readable) {
            return Ok(caller);
        }
    }
    let principal = Principal::from_arn(arn.clone());
    let principal = principal.map_err(|_| QueryError::new("InvalidInput", format!("Invalid Entity Arn: {arn}")))?;
    Ok(Caller { principal, keys: Keys::new().with("aws:PrincipalArn", arn.as_str()) })
}
