//! Users, groups, keys, devices and passwords over HTTP, signed by the AWS SDK's own signer.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the lints know test functions, not the helpers beside them"
)]

#[path = "common/authenticator.rs"]
mod authenticator;
#[path = "common/caller.rs"]
mod caller;
#[path = "common/issuer.rs"]
mod issuer;

#[path = "http_iam_users/access_keys.rs"]
mod access_keys;
#[path = "http_iam_users/account.rs"]
mod account;
#[path = "http_iam_users/groups.rs"]
mod groups;
#[path = "http_iam_users/mfa_devices.rs"]
mod mfa_devices;
#[path = "http_iam_users/own.rs"]
mod own;
#[path = "http_iam_users/passwords.rs"]
mod passwords;
#[path = "http_iam_users/site.rs"]
mod site;
#[path = "http_iam_users/users.rs"]
mod users;
