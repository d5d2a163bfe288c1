//! The commands `token` and `assertion`: ask the running demonstration for a signed statement and give it as text.

use std::time::Duration;

use serde::Deserialize;

use super::DemoError;
use super::site::Site;

/// What to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Asked {
    /// An ID token for AssumeRoleWithWebIdentity.
    Token,
    /// A workload's token for AssumeRoleWithWebIdentity, about what [`WorkloadToken::parse`](crate::WorkloadToken::parse)
    /// reads.
    WorkloadToken,
    /// A SAML response for AssumeRoleWithSAML.
    Assertion,
}

#[derive(Deserialize)]
struct Reply {
    token: Option<String>,
    saml_response: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Asks the demonstration whose ports begin at `port_base` for a statement about `subject`, who is a person, or a workload.
///
/// # Errors
/// [`DemoError::NotRunning`] when nothing answers there, [`DemoError::Refused`] when there is no such person.
pub async fn ask(port_base: u16, asked: Asked, subject: &str) -> Result<String, DemoError> {
    let site = Site::at(port_base)?;
    let not_running = || DemoError::NotRunning { url: site.idp_url() };
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).no_proxy().build();
    let (path, parameter) = match asked {
        Asked::Token => ("token", "user"),
        Asked::WorkloadToken => ("token", "workload"),
        Asked::Assertion => ("assertion", "user"),
    };
    let query: String = form_urlencoded::Serializer::new(String::new()).append_pair(parameter, subject).finish();
    let url = format!("{}/_demo/{path}?{query}", site.idp_url());
    let answer = client.map_err(|_| not_running())?.get(url).send().await.map_err(|_| not_running())?;
    let status = answer.status();
    let text = answer.text().await.map_err(|_| not_running())?;
    let reply: Option<Reply> = serde_json::from_str(&text).ok();
    match reply {
        Some(Reply { token: Some(found), .. } | Reply { saml_response: Some(found), .. }) => Ok(found),
        Some(Reply { error_description: Some(reason), .. } | Reply { error: Some(reason), .. }) => {
            Err(DemoError::Refused { reason })
        }
        _ if status.is_success() => Err(not_running()),
        _ => Err(DemoError::Refused { reason: text.chars().take(200).collect() }),
    }
}
