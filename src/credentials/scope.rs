//! The credential scope of Signature Version 4, and the signing key that is good for one scope only.

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

use super::SecretAccessKey;
use crate::crypto::MacKey;

/// The last part of every credential scope.
const TERMINATOR: &str = "aws4_request";

/// What one signature is good for: a day, a region and a service, written `20150830/us-east-1/sts/aws4_request`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CredentialScope {
    text: String,
    /// Byte offsets of the slashes after the region and the service; the date takes the first eight bytes.
    region_end: usize,
    service_end: usize,
}

/// Text that is not a credential scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a credential scope; expected date/region/service/aws4_request, or without the region for Signature Version 4A"
)]
pub struct ScopeError;

impl CredentialScope {
    /// The scope for a day (`YYYYMMDD`), a region and a service.
    ///
    /// # Errors
    /// [`ScopeError`] unless the date has eight digits, and region and service 1 to 64 letters, digits and `-_.`.
    pub fn new(date: &str, region: &str, service: &str) -> Result<Self, ScopeError> {
        format!("{date}/{region}/{service}/{TERMINATOR}").parse()
    }

    /// The whole scope as text, ending in `aws4_request`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The day in UTC, `YYYYMMDD`.
    #[must_use]
    pub fn date(&self) -> &str {
        self.text.get(..8).unwrap_or_default()
    }

    /// The region the client believes it talks to.
    #[must_use]
    pub fn region(&self) -> &str {
        self.text.get(9..self.region_end).unwrap_or_default()
    }

    /// The service the request is meant for, such as `sts`.
    #[must_use]
    pub fn service(&self) -> &str {
        self.text.get(self.region_end.saturating_add(1)..self.service_end).unwrap_or_default()
    }
}

impl FromStr for CredentialScope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let mut parts = parts(text);
        let mut next = || parts.next().ok_or(ScopeError);
        let (date, region, service, terminator) = (next()?, next()?, next()?, next()?);
        if !is_day(date)
            || !is_name(region)
            || !is_name(service)
            || terminator != TERMINATOR.as_bytes()
            || parts.next().is_some()
        {
            return Err(ScopeError);
        }
        let region_end = region.len().saturating_add(9);
        Ok(Self {
            text: text.to_owned(),
            region_end,
            service_end: region_end.saturating_add(1).saturating_add(service.len()),
        })
    }
}

/// What one signature of Signature Version 4A is good for: a day and a service, written `20150830/s3/aws4_request`. Its regions
/// stand beside it, and no signing key is derived for it.
#[derive(Clone, PartialEq, Eq)]
pub struct RegionlessScope(String);

impl RegionlessScope {
    /// The whole scope as text, ending in `aws4_request`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The day in UTC, `YYYYMMDD`.
    #[must_use]
    pub fn date(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// The service the request is meant for, such as `s3`.
    #[must_use]
    pub fn service(&self) -> &str {
        self.0.split('/').nth(1).unwrap_or_default()
    }
}

impl FromStr for RegionlessScope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let mut parts = parts(text);
        let mut next = || parts.next().ok_or(ScopeError);
        let (date, service, terminator) = (next()?, next()?, next()?);
        if !is_day(date) || !is_name(service) || terminator != TERMINATOR.as_bytes() || parts.next().is_some() {
            return Err(ScopeError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for RegionlessScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RegionlessScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Bytes, for the parts are short: a search made for long text costs more than it finds.
fn parts(text: &str) -> impl Iterator<Item = &[u8]> {
    text.as_bytes().split(|byte| *byte == b'/')
}

fn is_day(part: &[u8]) -> bool {
    part.len() == 8 && part.iter().all(u8::is_ascii_digit)
}

fn is_name(part: &[u8]) -> bool {
    (1..=64).contains(&part.len())
        && part.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

impl fmt::Display for CredentialScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for CredentialScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

/// A signing key that verifies one access key's requests in one scope: a service that holds it can verify the requests
/// made to it that day, and can forge none to another service.
pub struct ScopedSigningKey(Zeroizing<[u8; 32]>);

impl ScopedSigningKey {
    /// Derives the signing key of a secret access key for `scope` (Signature Version 4, "derive a signing key").
    #[must_use]
    pub fn derive(secret: &SecretAccessKey, scope: &CredentialScope) -> Self {
        let start = Zeroizing::new(["AWS4", secret.expose()].concat());
        let mut key = Zeroizing::new(MacKey::new(start.as_bytes()).sign(scope.date().as_bytes()));
        for part in [scope.region(), scope.service(), TERMINATOR] {
            *key = MacKey::new(key.as_ref()).sign(part.as_bytes());
        }
        Self(key)
    }

    /// The key that a broker handed over as 32 bytes.
    #[must_use]
    pub const fn from_bytes(key: Zeroizing<[u8; 32]>) -> Self {
        Self(key)
    }

    /// The key's 32 bytes, to be handed to the service of its scope.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key, ready to verify signatures.
    #[must_use]
    pub fn mac_key(&self) -> MacKey {
        MacKey::new(self.0.as_ref())
    }
}

impl fmt::Debug for ScopedSigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScopedSigningKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::hex;

    #[test]
    fn a_scope_is_read_into_its_parts() {
        let scope: CredentialScope = "20150830/us-east-1/iam/aws4_request".parse().unwrap();
        assert_eq!((scope.date(), scope.region(), scope.service()), ("20150830", "us-east-1", "iam"));
        assert_eq!(CredentialScope::new("20150830", "us-east-1", "iam"), Ok(scope));
    }

    #[test]
    fn text_of_another_shape_is_refused() {
        for text in [
            "",
            "20150830/us-east-1/iam",
            "20150830/us-east-1/iam/aws4_request/",
            "20150830/us-east-1/iam/aws5_request",
            "2015083/us-east-1/iam/aws4_request",
            "20150830//iam/aws4_request",
            "20150830/us-east-1//aws4_request",
            "20150830/us east/iam/aws4_request",
            "2015083x/us-east-1/iam/aws4_request",
        ] {
            assert_eq!(text.parse::<CredentialScope>(), Err(ScopeError), "{text}");
        }
    }

    #[test]
    fn a_scope_without_a_region_is_never_taken_for_one_with_it() {
        let scope: RegionlessScope = "20150830/s3/aws4_request".parse().unwrap();
        assert_eq!((scope.date(), scope.service(), scope.as_str()), ("20150830", "s3", "20150830/s3/aws4_request"));
        assert_eq!(scope.as_str().parse::<CredentialScope>(), Err(ScopeError));
        for text in [
            "",
            "20150830/s3",
            "20150830/us-east-1/s3/aws4_request",
            "20150830//s3/aws4_request",
            "20150830//aws4_request",
            "20150830/s3/aws4_request/",
            "2015083x/s3/aws4_request",
            "20150830/s 3/aws4_request",
            "20150830/s3/aws5_request",
        ] {
            assert_eq!(text.parse::<RegionlessScope>(), Err(ScopeError), "{text}");
        }
    }

    #[test]
    fn the_published_signing_key_is_derived() {
        // The worked example of the Signature Version 4 documentation.
        let secret = SecretAccessKey::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned());
        let scope = CredentialScope::new("20150830", "us-east-1", "iam").unwrap();
        assert_eq!(
            hex(ScopedSigningKey::derive(&secret, &scope).expose()),
            "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
        );
    }
}
