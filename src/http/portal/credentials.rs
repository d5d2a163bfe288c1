//! The keys of one role, in every form people paste them.

use std::fmt;

use askama::Template;

use super::accounts::{AccountRow, RoleRow};
use crate::http::page::{Frame, Instant};

/// `POST /portal/credentials`: the only page with secrets on it.
#[derive(Template)]
#[template(path = "credentials.html")]
pub(super) struct CredentialsPage<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) account: AccountRow,
    pub(super) role: RoleRow,
    pub(super) profile: String,
    pub(super) access_key_id: &'a str,
    pub(super) secret_access_key: &'a str,
    pub(super) session_token: &'a str,
    pub(super) session_arn: String,
    pub(super) expires: Instant,
    pub(super) ends: Instant,
    pub(super) provider: &'a str,
    pub(super) provider_ends: Option<Instant>,
    pub(super) region: &'a str,
    pub(super) sts_url: &'a str,
    pub(super) s3_url: Option<&'a str>,
    pub(super) gallery_url: Option<&'a str>,
    pub(super) reference: &'a str,
}

impl fmt::Debug for CredentialsPage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialsPage").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}
