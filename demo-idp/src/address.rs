//! Absolute addresses of ourselves and of those who rely on us, parsed once.

use crate::error::IdpError;

/// Our own address: `scheme://authority` and a path without a trailing slash.
#[derive(Debug, Clone)]
pub(crate) struct BaseUrl {
    url: String,
    origin: String,
    path: String,
}

impl BaseUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, IdpError> {
        let refused = || IdpError::Address { what: "base_url", address: text.to_owned() };
        let url = text.trim_end_matches('/');
        if !is_plain(url) || url.contains(['?', '#']) {
            return Err(refused());
        }
        let origin = http_origin(url).ok_or_else(refused)?;
        let path = url.strip_prefix(&origin).ok_or_else(refused)?.to_owned();
        Ok(Self { url: url.to_owned(), origin, path })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.url
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Host and port, as a browser sends them in `Host`.
    pub(crate) fn authority(&self) -> &str {
        self.origin.split_once("://").map_or("", |(_, authority)| authority)
    }

    /// Empty, or a path that starts with a slash and does not end with one.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn is_https(&self) -> bool {
        self.url.starts_with("https://")
    }

    pub(crate) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

/// Where a browser may be sent: a registered redirect URI or assertion consumer service.
///
/// Only characters that need no quoting in a header or in a content security policy are let in, so that a registered
/// address can never end the directive it is written into.
pub(crate) fn parse_return_address(what: &'static str, text: &str) -> Result<(), IdpError> {
    let refused = || IdpError::Address { what, address: text.to_owned() };
    let (scheme, rest) = text.split_once(':').ok_or_else(refused)?;
    let scheme_is_plain = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    let script = ["javascript", "data", "vbscript", "blob", "file"].iter().any(|bad| scheme.eq_ignore_ascii_case(bad));
    if !scheme_is_plain || script || rest.is_empty() || !is_plain(text) || text.contains('#') {
        return Err(refused());
    }
    if matches!(scheme, "http" | "https") && http_origin(text).is_none() {
        return Err(refused());
    }
    Ok(())
}

/// Holds an address that this process posts to to being one of plain HTTP.
pub(crate) fn parse_http_address(what: &'static str, text: &str) -> Result<(), IdpError> {
    parse_return_address(what, text)?;
    match text.starts_with("http://") {
        true => Ok(()),
        false => Err(IdpError::Address { what, address: text.to_owned() }),
    }
}

/// What a content security policy calls the place of this address: an origin, or a bare scheme for a native application.
pub(crate) fn policy_source(address: &str) -> String {
    http_origin(address).or_else(|| address.split_once(':').map(|(scheme, _)| format!("{scheme}:"))).unwrap_or_default()
}

fn http_origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    if !matches!(scheme, "http" | "https") {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    (!authority.is_empty() && authority.chars().all(plain)).then(|| format!("{scheme}://{authority}"))
}

fn is_plain(text: &str) -> bool {
    text.len() <= 2_000
        && text.chars().all(|c| {
            c.is_ascii_graphic()
                && !matches!(c, '"' | '\'' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}' | ';' | ',')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_keeps_its_path_and_loses_its_trailing_slash() {
        let base = BaseUrl::parse("http://localhost:8100/idp/").unwrap();
        assert_eq!((base.origin(), base.path()), ("http://localhost:8100", "/idp"));
        assert_eq!(base.join("/jwks"), "http://localhost:8100/idp/jwks");
        assert_eq!(base.authority(), "localhost:8100");
    }

    #[test]
    fn addresses_that_are_none_are_refused() {
        for bad in ["", "localhost:8100", "ftp://a", "http://", "http://a b", "http://a?x", "http://a#x", "http://u@a"]
        {
            assert!(BaseUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_return_address_cannot_carry_script_or_end_a_policy_directive() {
        for bad in [
            "javascript:alert(1)",
            "http://a/;script-src",
            "http://a/ b",
            "http://a/#f",
            "http://a,b/",
            "app:",
            "http:///x",
        ] {
            assert!(parse_return_address("redirect URI", bad).is_err(), "{bad}");
        }
        for good in ["http://localhost:8200/oidc/callback?x=1", "com.example.app:/callback", "https://[::1]:9/acs"] {
            assert!(parse_return_address("redirect URI", good).is_ok(), "{good}");
        }
        assert!(parse_http_address("logout URI", "http://localhost:8200/logout").is_ok());
        assert!(parse_http_address("logout URI", "https://localhost:8200/logout").is_err());
        assert!(parse_http_address("logout URI", "http://").is_err());
        assert_eq!(policy_source("https://a.example:9/acs?x"), "https://a.example:9");
        assert_eq!(policy_source("com.example.app:/callback"), "com.example.app:");
    }
}
