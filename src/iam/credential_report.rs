//! The credential report of an account: one line of CSV for each user, the root user first.

use std::sync::Arc;
use std::time::Duration;

use super::{Account, IamError, KeyOwner, KeyRecord, User};
use crate::arn::Arn;
use crate::time::Timestamp;

/// How long a report is kept.
const KEPT: Duration = Duration::from_secs(4 * 3600);
const HEADER: &str = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,\
password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,\
access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,\
access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,\
cert_1_last_rotated,cert_2_active,cert_2_last_rotated";

/// A credential report.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CredentialReport {
    /// Lines of comma-separated values (RFC 4180).
    pub csv: String,
    /// When it was made.
    pub generated: Timestamp,
}

impl Account {
    /// Makes a report (GenerateCredentialReport); one that is still kept stays.
    pub fn generate_credential_report(&mut self, now: Timestamp) {
        if self.credential_report(now).is_err() {
            let owners = std::iter::once(None).chain(self.users.iter().map(Some));
            let lines = owners.map(|user| self.line(user.map(|user| &**user)));
            let csv = std::iter::once(HEADER.to_owned()).chain(lines).collect::<Vec<_>>().join("\n");
            self.credential_report = Some(Arc::new(CredentialReport { csv, generated: now }));
        }
    }

    /// The report that was made last (GetCredentialReport).
    ///
    /// # Errors
    /// [`IamError::ReportNotPresent`] when none was made, [`IamError::ReportExpired`] when it is older than four hours.
    pub fn credential_report(&self, now: Timestamp) -> Result<&Arc<CredentialReport>, IamError> {
        let report = self.credential_report.as_ref().ok_or(IamError::ReportNotPresent)?;
        match now.duration_since(report.generated) > KEPT {
            true => Err(IamError::ReportExpired),
            false => Ok(report),
        }
    }

    fn line(&self, user: Option<&User>) -> String {
        let owner = user.map_or(KeyOwner::Root, |user| KeyOwner::user(user.name.as_str()));
        let (name, arn): (&str, Arn) = match user {
            Some(user) => (user.name.as_str(), user.identity.arn.clone()),
            None => ("<root_account>", self.id.root()),
        };
        // An account keeps no date of its own.
        let created = written(user.map_or(Timestamp::EPOCH, |user| user.created));
        let mut fields = vec![quoted(name), quoted(arn.as_str()), created];
        fields.extend(self.password(user));
        fields.push(self.mfa_devices_of(&owner).next().is_some().to_string());
        let mut keys: Vec<_> = self.keys_of(&owner).collect();
        keys.sort_by_key(|record| record.key.created());
        for place in 0..2 {
            fields.extend(of_key(keys.get(place).copied()));
        }
        fields.extend(["false", "N/A", "false", "N/A"].map(str::to_owned));
        fields.join(",")
    }

    /// Whether there is a password, when it was used and changed, and when it must be changed.
    fn password(&self, user: Option<&User>) -> [String; 4] {
        let Some(user) = user else {
            return ["not_supported", "no_information", "not_supported", "not_supported"].map(str::to_owned);
        };
        let Some(login) = &user.login else { return ["false", "N/A", "N/A", "N/A"].map(str::to_owned) };
        let age = self.password_policy.as_ref().and_then(|policy| policy.max_age());
        let next = age.map_or_else(|| "N/A".to_owned(), |age| written(login.changed.saturating_add(age)));
        ["true".to_owned(), "no_information".to_owned(), written(login.changed), next]
    }
}

fn of_key(record: Option<&KeyRecord>) -> [String; 5] {
    let Some(record) = record else { return ["false", "N/A", "N/A", "N/A", "N/A"].map(str::to_owned) };
    let (active, made) = (record.active.to_string(), written(record.key.created()));
    match record.key.last_used() {
        Some(used) => [active, made, written(used.at), quoted(&used.region), quoted(&used.service)],
        None => [active, made, "N/A".to_owned(), "N/A".to_owned(), "N/A".to_owned()],
    }
}

/// An instant as readers of the report parse it, such as `2026-01-01T00:00:00+00:00`.
fn written(at: Timestamp) -> String {
    at.whole_seconds().to_string().replace('Z', "+00:00")
}

/// A field of RFC 4180.
fn quoted(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}
