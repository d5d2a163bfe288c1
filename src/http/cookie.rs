//! Cookies that carry a secret: read strictly, written with every attribute that keeps them ours.
//!
//! The browser holds 256 random bits; a store holds only their hash, so that reading the store signs nobody in.

use std::fmt;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::header::COOKIE;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::crypto::{CryptoError, random, sha256_hex};

/// Characters of 256 bits in base64url without padding.
const SECRET_LENGTH: usize = 43;

/// What one of our cookies is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Cookie {
    /// Who is signed in to the portal.
    Session,
    /// Who is signed in to an application.
    Application,
    /// Which browser began a SAML sign-in; it must come along with the provider's cross-site POST.
    SamlSignIn,
    /// Which browser began an OpenID Connect sign-in.
    OidcSignIn,
}

impl Cookie {
    const fn name(self) -> &'static str {
        match self {
            Self::Session => "daypass_session",
            Self::Application => "daypass_application",
            Self::SamlSignIn => "daypass_signin_saml",
            Self::OidcSignIn => "daypass_signin_oidc",
        }
    }
}

/// How cookies are written for one origin.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct CookiePolicy {
    secure: bool,
}

impl CookiePolicy {
    /// The policy of the origin that people reach the pages at.
    pub(in crate::http) fn of(base_url: &str) -> Self {
        Self { secure: base_url.starts_with("https://") }
    }

    /// The secret in `cookie`; nothing when it is absent, malformed, or there twice.
    ///
    /// A sibling host can add a second cookie of the same name, and which of the two comes first is the attacker's choice.
    pub(in crate::http) fn read(self, headers: &HeaderMap, cookie: Cookie) -> Option<CookieSecret> {
        let name = self.full_name(cookie);
        let mut found = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| value);
        let value = found.next()?;
        found.next().is_none().then(|| CookieSecret::parse(value))?
    }

    /// The header that stores `secret` for `max_age`.
    pub(in crate::http) fn set(self, cookie: Cookie, secret: &CookieSecret, max_age: Duration) -> Option<HeaderValue> {
        self.header(cookie, &secret.0, max_age.as_secs())
    }

    /// The header that removes `cookie`.
    pub(in crate::http) fn clear(self, cookie: Cookie) -> Option<HeaderValue> {
        self.header(cookie, "", 0)
    }

    fn header(self, cookie: Cookie, value: &str, max_age: u64) -> Option<HeaderValue> {
        // Without TLS no browser keeps SameSite=None; Lax still works where the provider is the same site, as on localhost.
        let same_site = if cookie == Cookie::SamlSignIn && self.secure { "None" } else { "Lax" };
        let secure = if self.secure { "; Secure" } else { "" };
        let name = self.full_name(cookie);
        let line = Zeroizing::new(format!(
            "{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite={same_site}{secure}"
        ));
        let mut header = HeaderValue::from_str(&line).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    fn full_name(self, cookie: Cookie) -> String {
        // `__Host-` makes browsers refuse the cookie from a sibling host, a path or plain HTTP (RFC 6265bis 4.1.3.2).
        let prefix = if self.secure { "__Host-" } else { "" };
        format!("{prefix}{}", cookie.name())
    }
}

/// 256 random bits as a cookie carries them.
pub(in crate::http) struct CookieSecret(Zeroizing<String>);

impl CookieSecret {
    /// A new one.
    pub(in crate::http) fn generate() -> Result<Self, CryptoError> {
        let bytes = Zeroizing::new(random::<32>()?);
        Ok(Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()))))
    }

    fn parse(text: &str) -> Option<Self> {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let fits = text.len() == SECRET_LENGTH && text.bytes().all(word);
        fits.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The secret, to be handed to whoever compares it.
    pub(in crate::http) fn expose(&self) -> &str {
        &self.0
    }

    /// What a store keeps in its place.
    pub(in crate::http) fn hash(&self) -> String {
        sha256_hex(self.0.as_bytes())
    }
}

impl fmt::Debug for CookieSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieSecret(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn sent(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_str(line).unwrap());
        }
        headers
    }

    #[test]
    fn what_is_set_is_read_back() {
        let policy = CookiePolicy::of("https://broker.example");
        let secret = CookieSecret::generate().unwrap();
        let header = policy.set(Cookie::Session, &secret, DAY).unwrap();
        let line = header.to_str().unwrap();
        assert!(line.starts_with("__Host-daypass_session="), "{line}");
        assert!(line.ends_with("; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure"), "{line}");
        let read = policy.read(&sent(&["other=1", line.split(';').next().unwrap()]), Cookie::Session).unwrap();
        assert_eq!(read.hash(), secret.hash());
    }

    #[test]
    fn only_the_saml_cookie_crosses_sites_and_only_over_tls() {
        let secret = CookieSecret::generate().unwrap();
        let same_site = |base: &str, cookie| {
            let header = CookiePolicy::of(base).set(cookie, &secret, DAY).unwrap();
            header.to_str().unwrap().split("SameSite=").nth(1).unwrap().to_owned()
        };
        assert_eq!(same_site("https://broker.example", Cookie::SamlSignIn), "None; Secure");
        assert_eq!(same_site("https://broker.example", Cookie::OidcSignIn), "Lax; Secure");
        assert_eq!(same_site("http://localhost:8200", Cookie::SamlSignIn), "Lax");
    }

    #[test]
    fn a_cookie_tossed_beside_ours_makes_both_worthless() {
        let policy = CookiePolicy::of("http://localhost:8200");
        let ours = format!("daypass_session={}", "a".repeat(SECRET_LENGTH));
        let theirs = format!("daypass_session={}", "b".repeat(SECRET_LENGTH));
        assert!(policy.read(&sent(&[&ours]), Cookie::Session).is_some());
        assert!(policy.read(&sent(&[&format!("{ours}; {theirs}")]), Cookie::Session).is_none());
        assert!(policy.read(&sent(&[&ours, &theirs]), Cookie::Session).is_none());
    }

    #[test]
    fn values_of_another_shape_are_not_looked_up() {
        let policy = CookiePolicy::of("http://localhost:8200");
        for value in ["", "short", &"é".repeat(22), &"a".repeat(44), &"a b".repeat(15)] {
            assert!(CookieSecret::parse(value).is_none(), "{value}");
        }
        let secure_name = format!("__Host-daypass_session={}", "a".repeat(SECRET_LENGTH));
        assert!(policy.read(&sent(&[&secure_name]), Cookie::Session).is_none());
    }

    #[test]
    fn debug_never_shows_the_secret() {
        let secret = CookieSecret::generate().unwrap();
        assert_eq!(format!("{secret:?}"), "CookieSecret(redacted)");
    }
}
