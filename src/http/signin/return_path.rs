//! Where a person wanted to go before signing in.

use std::fmt;

/// The longest return path in bytes.
const LIMIT: usize = 512;

/// A path of this origin; nothing that leads anywhere else can be one.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(in crate::http) struct ReturnPath(String);

impl ReturnPath {
    /// Where the pages begin.
    pub(super) fn home(path: &'static str) -> Self {
        Self(path.to_owned())
    }

    /// Reads a path and query that a link asked to come back to.
    ///
    /// Refused are `//host` and `/\host`, which browsers read as another host, backslashes and control characters, which
    /// they rewrite, and the sign-in pages, which would loop (attack: open redirect after sign-in).
    pub(in crate::http) fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>' | b'#');
        let ours = text.len() <= LIMIT
            && text.starts_with('/')
            && !text.starts_with("//")
            && text.bytes().all(plain)
            && !["/signin", "/signout", "/saml/", "/oidc/"].iter().any(|page| text.starts_with(page));
        ours.then(|| Self(text.to_owned()))
    }

    /// The path and query, beginning with one slash.
    pub(in crate::http) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ReturnPath {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a path of this origin")
    }
}

impl From<ReturnPath> for String {
    fn from(path: ReturnPath) -> Self {
        path.0
    }
}

impl fmt::Display for ReturnPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_this_origin_are_kept() {
        for path in ["/portal", "/portal?q=cat", "/portal/credentials?account=111111111111&role=PhotoReader"] {
            assert_eq!(ReturnPath::parse(path).map(String::from).as_deref(), Some(path));
        }
    }

    #[test]
    fn open_redirects_are_refused() {
        let long = format!("/{}", "a".repeat(LIMIT));
        for path in [
            "",
            "portal",
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n//evil.example",
            "javascript:alert(1)",
            "/é",
            "/signin",
            "/signin/saml/corp",
            "/oidc/callback?code=1",
            &long,
        ] {
            assert_eq!(ReturnPath::parse(path), None, "{path:?}");
        }
    }
}
