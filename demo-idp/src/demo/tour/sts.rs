//! Calls to the Security Token Service, as a client without an SDK makes them.

use reqwest::Client;
use time::OffsetDateTime;
use time::macros::format_description;

use super::super::DemoError;
use super::browser::failed;
use super::signer::{Keys, Unsigned, sign};
use super::{PERSON, PRODUCTION, SAML_PROVIDER};

pub(super) struct Sts {
    client: Client,
    url: String,
    now: OffsetDateTime,
}

/// An answer, not yet judged.
pub(super) struct Answer {
    status: u16,
    xml: String,
}

impl Sts {
    pub(super) const fn new(client: Client, url: String, now: OffsetDateTime) -> Self {
        Self { client, url, now }
    }

    pub(super) fn amz_date(&self) -> String {
        let form = format_description!("[year][month][day]T[hour][minute][second]Z");
        self.now.format(form).unwrap_or_default()
    }

    pub(super) async fn with_saml(&self, role: &str, assertion: &str) -> Result<Answer, DemoError> {
        let provider = format!("arn:aws:iam::{PRODUCTION}:saml-provider/{SAML_PROVIDER}");
        let role = role_arn(role);
        let parameters = [("RoleArn", role.as_str()), ("PrincipalArn", &provider), ("SAMLAssertion", assertion)];
        self.call("AssumeRoleWithSAML", &parameters, None).await
    }

    pub(super) async fn with_id_token(&self, role: &str, token: &str) -> Result<Answer, DemoError> {
        let role = role_arn(role);
        let parameters = [("RoleArn", role.as_str()), ("RoleSessionName", PERSON), ("WebIdentityToken", token)];
        self.call("AssumeRoleWithWebIdentity", &parameters, None).await
    }

    pub(super) async fn assume_role(&self, role: &str, keys: &Keys) -> Result<Answer, DemoError> {
        let role = role_arn(role);
        self.call("AssumeRole", &[("RoleArn", role.as_str()), ("RoleSessionName", PERSON)], Some(keys)).await
    }

    pub(super) async fn caller_identity(&self, keys: &Keys) -> Result<Answer, DemoError> {
        self.call("GetCallerIdentity", &[], Some(keys)).await
    }

    async fn call(&self, action: &str, parameters: &[(&str, &str)], keys: Option<&Keys>) -> Result<Answer, DemoError> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        let body =
            form.append_pair("Action", action).append_pair("Version", "2011-06-15").extend_pairs(parameters).finish();
        let mut request = self.client.post(&self.url).header("content-type", "application/x-www-form-urlencoded");
        if let Some(keys) = keys {
            let amz_date = self.amz_date();
            let host = self.url.trim_start_matches("http://");
            let (method, path, service, body) = ("POST", "/", "sts", body.as_bytes());
            for (name, value) in sign(&Unsigned { method, host, path, service, body, amz_date: &amz_date }, keys) {
                request = request.header(name, value);
            }
        }
        let answer = request.body(body).send().await.map_err(failed)?;
        Ok(Answer { status: answer.status().as_u16(), xml: answer.text().await.map_err(failed)? })
    }
}

impl Answer {
    /// The text of the first element called `name`.
    pub(super) fn element(&self, name: &str) -> Result<String, DemoError> {
        let document = roxmltree::Document::parse(&self.xml).map_err(|error| DemoError::Tour(error.to_string()))?;
        let found = document.descendants().find(|node| node.tag_name().name() == name).and_then(|node| node.text());
        found.map(str::to_owned).ok_or_else(|| DemoError::Tour(format!("no {name} in {}: {}", self.status, self.xml)))
    }

    /// The credentials of a successful answer.
    pub(super) fn keys(&self) -> Result<Keys, DemoError> {
        Ok(Keys {
            access_key_id: self.element("AccessKeyId")?,
            secret_access_key: self.element("SecretAccessKey")?,
            session_token: self.element("SessionToken")?,
        })
    }

    /// Holds a refusal to its status and code.
    pub(super) fn refused(&self, status: u16, code: &str) -> Result<(), DemoError> {
        if self.status == status && self.element("Code")? == code {
            return Ok(());
        }
        Err(DemoError::Tour(format!("expected {status} {code}, found {}: {}", self.status, self.xml)))
    }
}

fn role_arn(name: &str) -> String {
    format!("arn:aws:iam::{PRODUCTION}:role/{name}")
}
