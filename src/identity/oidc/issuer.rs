//! Issuer identifiers (OpenID Connect Core, 2; Discovery, 3): compared byte for byte, never normalised.

use std::fmt;

/// The longest issuer identifier that is read, in bytes.
const MAX_ISSUER_LENGTH: usize = 512;

/// Text that is not an issuer identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an issuer identifier; expected an https URL without query or fragment (http for loopback alone)")]
pub struct IssuerUrlError;

/// The URL that names an OpenID provider.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IssuerUrl {
    text: String,
    name_at: usize,
    loopback: bool,
}

impl IssuerUrl {
    /// Reads an issuer identifier: `https`, a host, no user, query or fragment. `http` names this machine or nothing.
    ///
    /// # Errors
    /// [`IssuerUrlError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, IssuerUrlError> {
        let (scheme, name) = text.split_once("://").ok_or(IssuerUrlError)?;
        let authority = name.split('/').next().unwrap_or_default();
        let plain = name.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#@\\\"<>^`{|}%".contains(&byte));
        let loopback = is_loopback(authority);
        let scheme_fits = scheme == "https" || (scheme == "http" && loopback);
        if text.len() > MAX_ISSUER_LENGTH || authority.is_empty() || !plain || !scheme_fits {
            return Err(IssuerUrlError);
        }
        Ok(Self { text: text.to_owned(), name_at: scheme.len().saturating_add(3), loopback })
    }

    /// The identifier as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Host and path, as provider ARNs and condition keys write it: no scheme, no trailing slash.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text.get(self.name_at..).unwrap_or_default().trim_end_matches('/')
    }

    /// Whether the host is this machine.
    #[must_use]
    pub const fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Where the provider's metadata is: `<issuer>/.well-known/openid-configuration` (Discovery, 4).
    #[must_use]
    pub fn discovery_url(&self) -> String {
        let base = self.text.trim_end_matches('/');
        format!("{base}/.well-known/openid-configuration")
    }
}

/// Whether `host` or `host:port` is this machine, by name or address.
fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl fmt::Display for IssuerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_has_neither_scheme_nor_trailing_slash() {
        for (text, name) in [
            ("https://login.example.com", "login.example.com"),
            ("https://login.example.com/tenant/v2/", "login.example.com/tenant/v2"),
            ("http://localhost:8100", "localhost:8100"),
            ("http://[::1]:8100/a", "[::1]:8100/a"),
        ] {
            let issuer = IssuerUrl::parse(text).unwrap();
            assert_eq!((issuer.name(), issuer.as_str()), (name, text));
        }
        let discovery = IssuerUrl::parse("https://a.example/t/").unwrap().discovery_url();
        assert_eq!(discovery, "https://a.example/t/.well-known/openid-configuration");
    }

    #[test]
    fn text_that_could_name_another_host_is_refused() {
        for text in [
            "",
            "login.example.com",
            "http://login.example.com",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "https://",
            "https:///path",
            "https://a.example?x",
            "https://a.example#x",
            "https://user@a.example",
            "https://a.example\\b",
            "https://a.example/ b",
            "https://a.example/\n",
            "ftp://a.example",
            "HTTPS://a.example",
        ] {
            assert_eq!(IssuerUrl::parse(text), Err(IssuerUrlError), "{text:?}");
        }
    }
}
