//! Origins: the scheme, host and port of a URL, and nothing after them.

use std::fmt;

/// A scheme, host and port such as `https://broker.example:8443`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http) struct Origin(String);

/// Text that has no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an http or https URL with a plain host")]
pub(in crate::http) struct OriginError;

impl Origin {
    /// The origin of an http or https URL.
    ///
    /// The host is held to letters, digits, `.`, `-`, `:` and brackets, because an origin is written into headers.
    pub(in crate::http) fn of(url: &str) -> Result<Self, OriginError> {
        let (scheme, rest) = url.split_once("://").ok_or(OriginError)?;
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
        if !matches!(scheme, "http" | "https") || host.is_empty() || !host.bytes().all(plain) {
            return Err(OriginError);
        }
        let default_port = if scheme == "https" { ":443" } else { ":80" };
        let host = host.strip_suffix(default_port).unwrap_or(host);
        Ok(Self(format!("{scheme}://{}", host.to_ascii_lowercase())))
    }

    /// The origin as browsers write it.
    pub(in crate::http) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_ends_where_the_path_begins() {
        for (url, origin) in [
            ("http://localhost:8200", "http://localhost:8200"),
            ("https://Broker.example:443/portal?x#y", "https://broker.example"),
            ("http://[::1]:8200/", "http://[::1]:8200"),
        ] {
            assert_eq!(Origin::of(url).unwrap().as_str(), origin);
        }
    }

    #[test]
    fn what_could_write_into_a_policy_header_is_refused() {
        for url in ["", "localhost:8200", "ftp://x", "http://", "http://a;script-src *", "http://a b", "http://u@h"] {
            assert_eq!(Origin::of(url), Err(OriginError), "{url}");
        }
    }
}
