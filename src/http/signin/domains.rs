//! Which provider people with an e-mail address of a domain sign in with.
//!
//! Enters: what somebody typed. Leaves: the provider to ask. It says where to ask and never who somebody is: that is for
//! the provider to sign (attack: an account taken over by claiming its e-mail address).

use std::collections::BTreeMap;

use super::pending::Protocol;
use crate::http::portal::PortalError;

/// The longest e-mail address in bytes (RFC 5321 4.5.3.1.3, errata 1690).
pub(super) const EMAIL_LIMIT: usize = 254;
/// The longest domain name in bytes (RFC 1035 2.3.4), and the longest label.
const DOMAIN_LIMIT: usize = 253;
const LABEL_LIMIT: usize = 63;

/// A domain name in ASCII and lower case, which is how two are compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::http) struct Domain(String);

impl Domain {
    /// Reads `example.com`. Names in other scripts have an ASCII form (RFC 5890 2.3.2.1), which is what browsers send.
    pub(in crate::http) fn parse(text: &str) -> Option<Self> {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let label = |label: &str| {
            (1..=LABEL_LIMIT).contains(&label.len())
                && label.bytes().all(word)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let plain = text.len() <= DOMAIN_LIMIT && text.split('.').all(label);
        plain.then(|| Self(text.to_ascii_lowercase()))
    }

    /// As it is compared and shown.
    pub(in crate::http) fn as_str(&self) -> &str {
        &self.0
    }
}

/// An e-mail address as somebody typed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Email<'t> {
    /// All of it, without space around it.
    pub(super) text: &'t str,
    /// What comes after the last `@`.
    pub(super) domain: Domain,
}

impl<'t> Email<'t> {
    /// Reads what was typed, as far as is needed to find a provider and to hand it on.
    pub(super) fn parse(typed: &'t str) -> Option<Self> {
        let text = typed.trim();
        let (local, domain) = text.rsplit_once('@').filter(|_| text.len() <= EMAIL_LIMIT)?;
        let plain = !local.is_empty() && !local.chars().any(|letter| letter.is_control() || letter.is_whitespace());
        Some(Self { text, domain: Domain::parse(domain).filter(|_| plain)? })
    }
}

/// The domains of every provider that has some.
#[derive(Debug, Default)]
pub(in crate::http) struct Domains(BTreeMap<Domain, (Protocol, String)>);

impl Domains {
    /// Lets `domain` lead to the provider `name`.
    pub(in crate::http) fn lead(
        &mut self,
        domain: &str,
        (protocol, name): (Protocol, &str),
    ) -> Result<(), PortalError> {
        let wrong = || PortalError::Domain { found: domain.to_owned() };
        let domain = Domain::parse(domain).ok_or_else(wrong)?;
        match self.0.get(&domain) {
            Some((_, first)) => {
                Err(PortalError::SameDomain { domain: domain.0, first: first.clone(), second: name.to_owned() })
            }
            None => {
                self.0.insert(domain, (protocol, name.to_owned()));
                Ok(())
            }
        }
    }

    /// The provider that `domain`, and no other, leads to.
    pub(super) fn provider(&self, domain: &Domain) -> Option<(Protocol, &str)> {
        self.0.get(domain).map(|(protocol, name)| (*protocol, name.as_str()))
    }

    pub(in crate::http) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domains() -> Domains {
        let mut domains = Domains::default();
        domains.lead("Example.com", (Protocol::Oidc, "corp")).unwrap();
        domains.lead("xn--bcher-kva.example", (Protocol::Saml, "books")).unwrap();
        domains
    }

    fn provider(typed: &str) -> Option<(Protocol, String)> {
        let domains = domains();
        let (protocol, name) = domains.provider(&Email::parse(typed)?.domain)?;
        Some((protocol, name.to_owned()))
    }

    #[test]
    fn case_is_nothing_to_a_domain() {
        for typed in ["martha@example.com", " Martha@EXAMPLE.Com\n", "a@b@example.com", "m+x@example.com"] {
            assert_eq!(provider(typed), Some((Protocol::Oidc, "corp".to_owned())), "{typed}");
        }
        assert_eq!(provider("x@xn--bcher-kva.example").unwrap().1, "books");
    }

    #[test]
    fn a_domain_that_only_looks_like_ours_leads_nowhere() {
        for typed in [
            "martha@mail.example.com",
            "martha@notexample.com",
            "martha@example.com.evil.example",
            "martha@example.com@evil.example",
            "martha@example.co",
            "martha@example.com.",
            "martha@.example.com",
            "martha@ex\u{430}mple.com",
            "martha@b\u{fc}cher.example",
            "martha@example.com%00.evil.example",
            "@example.com",
            "example.com",
            "martha",
            "",
            "mar tha@example.com",
            "mar\u{0}tha@example.com",
            "mar\r\ntha@example.com",
        ] {
            assert_eq!(provider(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn what_is_typed_is_bounded() {
        let longest = format!("{}@example.com", "m".repeat(EMAIL_LIMIT - 12));
        assert!(Email::parse(&longest).is_some());
        assert_eq!(Email::parse(&format!("m{longest}")), None);
        assert!(Domain::parse(&["a"; 127].join(".")).is_some());
        assert_eq!(Domain::parse(&["a"; 128].join(".")), None);
        assert_eq!(Domain::parse(&format!("{}.com", "a".repeat(LABEL_LIMIT + 1))), None);
    }

    #[test]
    fn what_is_no_domain_is_refused_by_name() {
        for found in
            ["", "*.example.com", "@example.com", "https://example.com", "b\u{fc}cher.example", "-a.example", "a..b"]
        {
            let refused = Domains::default().lead(found, (Protocol::Saml, "corp")).unwrap_err();
            assert_eq!(refused, PortalError::Domain { found: found.to_owned() });
        }
    }

    #[test]
    fn a_domain_leads_to_one_provider() {
        let refused = domains().lead("EXAMPLE.COM", (Protocol::Saml, "other")).unwrap_err();
        let (domain, first, second) = ("example.com".to_owned(), "corp".to_owned(), "other".to_owned());
        assert_eq!(refused, PortalError::SameDomain { domain, first, second });
    }
}
