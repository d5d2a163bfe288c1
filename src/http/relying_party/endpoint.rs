//! A request of this client to the provider, outside of the browser: authenticated, and with a proof where tokens are bound.

use super::dpop::Proven;
use super::form::Form;
use super::token::{MAX_RESPONSE_LENGTH, error_code};
use super::{RelyingParty, SignInError};
use crate::http::fetch::{Document, Fields};
use crate::identity::oidc::MAX_USERINFO_LENGTH;
use crate::identity::oidc::discovery::Discovery;
use crate::time::Timestamp;

impl RelyingParty {
    /// Pushes an authorization request; the key its tokens are to be bound to is named in it, and not proven yet.
    pub(super) async fn push(
        &self,
        discovery: &Discovery,
        endpoint: &str,
        form: &Form,
        now: Timestamp,
    ) -> Result<Document, SignInError> {
        self.post(discovery, endpoint, form.clone(), Fields::new(), now).await
    }

    /// Asks for tokens; asks once more when the provider wants its nonce in the proof (RFC 9449, 8).
    pub(super) async fn ask_for_tokens(
        &self,
        discovery: &Discovery,
        form: &Form,
        now: Timestamp,
    ) -> Result<Document, SignInError> {
        let endpoint = discovery.token_endpoint().ok_or(SignInError::Endpoint { member: "token_endpoint" })?;
        let proven = Proven { method: "POST", url: endpoint, access_token: None };
        let (proof, held) = self.proof(proven, now)?;
        let answer = self.post(discovery, endpoint, form.clone(), proof, now).await?;
        let is_new = self.remember(endpoint, &answer, held.as_deref());
        let wants_nonce =
            matches!(answer.status, 400 | 401) && error_code(&answer.body).as_deref() == Some("use_dpop_nonce");
        if !(is_new && wants_nonce) {
            return Ok(answer);
        }
        let (proof, held) = self.proof(proven, now)?;
        let answer = self.post(discovery, endpoint, form.clone(), proof, now).await?;
        self.remember(endpoint, &answer, held.as_deref());
        Ok(answer)
    }

    /// Shows the access token to the userinfo endpoint; asks once more as for tokens.
    pub(super) async fn ask_for_userinfo(
        &self,
        endpoint: &str,
        access_token: &str,
        now: Timestamp,
    ) -> Result<Document, SignInError> {
        let (answer, is_new) = self.get(endpoint, access_token, now).await?;
        if is_new && answer.status == 401 {
            return Ok(self.get(endpoint, access_token, now).await?.0);
        }
        Ok(answer)
    }

    /// The answer, and whether it brings another nonce than was proven with.
    async fn get(&self, endpoint: &str, access_token: &str, now: Timestamp) -> Result<(Document, bool), SignInError> {
        let proven = Proven { method: "GET", url: endpoint, access_token: Some(access_token) };
        let (mut fields, held) = self.proof(proven, now)?;
        fields.push(("authorization", format!("{} {access_token}", self.token_type()).into()));
        let answer = self.keys.fetcher().get_with(endpoint, fields, MAX_USERINFO_LENGTH).await?;
        let is_new = self.remember(endpoint, &answer, held.as_deref());
        Ok((answer, is_new))
    }

    /// Every request has an assertion of its own: one may be used once (RFC 7523, 3, 7).
    async fn post(
        &self,
        discovery: &Discovery,
        endpoint: &str,
        mut form: Form,
        mut fields: Fields,
        now: Timestamp,
    ) -> Result<Document, SignInError> {
        let client = (self.client_id.as_str(), self.provider.issuer().as_str());
        fields.extend(self.credential.authenticate(discovery, client, &mut form, now)?);
        Ok(self.keys.fetcher().post_form(endpoint, form.encoded(), fields, MAX_RESPONSE_LENGTH).await?)
    }

    /// The header field of a proof, and the nonce that it holds.
    fn proof(&self, proven: Proven<'_>, now: Timestamp) -> Result<(Fields, Option<String>), SignInError> {
        let Some(key) = &self.dpop else { return Ok((Fields::new(), None)) };
        let (proof, nonce) = key.proof(proven, now)?;
        Ok((vec![("dpop", proof.into())], nonce))
    }

    /// Keeps the nonce an answer brings for the next proof; whether it is another than this proof held.
    fn remember(&self, endpoint: &str, answer: &Document, held: Option<&str>) -> bool {
        self.dpop.as_ref().is_some_and(|key| key.remember(endpoint, answer.dpop_nonce.as_deref(), held))
    }

    /// The type of token that is wanted, and the scheme it is shown under.
    pub(super) const fn token_type(&self) -> &'static str {
        if self.dpop.is_some() { "DPoP" } else { "Bearer" }
    }
}
