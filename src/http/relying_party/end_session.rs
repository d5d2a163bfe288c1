//! Logout that begins here (OpenID Connect RP-Initiated Logout 1.0): where to send the browser.

use form_urlencoded::Serializer;

use super::{RelyingParty, SignInError};
use crate::identity::oidc::OidcSession;
use crate::time::Timestamp;

impl RelyingParty {
    /// Lets a logout at the provider end there, for a registration without `post_logout_redirect_uris`: a provider shows
    /// an error to people who should return to an address that it does not know.
    #[must_use]
    pub const fn without_post_logout_return(mut self) -> Self {
        self.returns_after_logout = false;
        self
    }

    /// Whether people come back from a logout at the provider.
    #[must_use]
    pub const fn returns_after_logout(&self) -> bool {
        self.returns_after_logout
    }

    /// Where to send the browser so that `session`, which has ended here, ends at the provider too: `None` when the
    /// provider's metadata has no `end_session_endpoint`. `back` is the registered `post_logout_redirect_uri`, and the
    /// `state` that comes along with the browser; it is left out where people do not come back.
    ///
    /// The ID token goes along as `id_token_hint` where it was kept, else the subject as `logout_hint` (2).
    ///
    /// # Errors
    /// [`SignInError::Fetch`] when the provider's metadata cannot be had, [`SignInError::Endpoint`] when a browser must not
    /// be sent to what it names.
    pub async fn end_session_url(
        &self,
        session: &OidcSession,
        back: (&str, &str),
        now: Timestamp,
    ) -> Result<Option<String>, SignInError> {
        let discovery = self.keys.discovery(now).await?;
        let Some(endpoint) = discovery.end_session_endpoint() else { return Ok(None) };
        if !is_page(endpoint, self.provider.is_local_network()) {
            return Err(SignInError::Endpoint { member: "end_session_endpoint" });
        }
        let mut query = Serializer::new(String::new());
        match session.id_token_hint() {
            Some(hint) => query.append_pair("id_token_hint", hint.expose()),
            None => query.append_pair("logout_hint", session.subject()),
        };
        query.append_pair("client_id", session.client_id());
        if self.returns_after_logout {
            let (address, state) = back;
            query.append_pair("post_logout_redirect_uri", address).append_pair("state", state);
        }
        let separator = if endpoint.contains('?') { '&' } else { '?' };
        Ok(Some(format!("{endpoint}{separator}{}", query.finish())))
    }
}

/// Whether a browser may be sent to `endpoint`: the scheme must be one that only moves it to another page, and a query can
/// be added.
fn is_page(endpoint: &str, local: bool) -> bool {
    let plain = endpoint.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    plain && (endpoint.starts_with("https://") || (local && endpoint.starts_with("http://")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_providers_that_are_declared_local() {
        assert!(is_page("https://idp.example/bye?tenant=a", false));
        assert!(is_page("http://localhost:8100/bye", true) && !is_page("http://localhost:8100/bye", false));
        for no_page in ["javascript:alert(1)", "JAVASCRIPT://a/%0aalert(1)", "//a", "", "https://a/#b", "https://a/ b"]
        {
            assert!(!is_page(no_page, true), "{no_page}");
        }
    }
}
