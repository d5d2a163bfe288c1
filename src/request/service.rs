//! What a request was sent to: a service has a name in credential scopes, and ways of its own to sign paths and bodies.

use std::borrow::Cow;

use super::canonical::Form;

/// The service a request was sent to, as credential scopes name it; decides how its path and body are signed.
///
/// Any region is accepted unless the service is put [in one](Self::with_region): clients sign with the one they are configured
/// for, whatever the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    name: Cow<'static, str>,
    form: Form,
    unsigned_payload: bool,
    payload_declared: bool,
    asymmetric: bool,
    region: Option<Cow<'static, str>>,
}

impl Service {
    /// Amazon S3 and what speaks its protocol: paths are signed as they are, a body declares how it is signed, and need not
    /// be signed at all. Its clients sign with Signature Version 4A what may be served in several regions, so that it is taken.
    pub const S3: Self = Self {
        name: Cow::Borrowed("s3"),
        form: Form::S3,
        unsigned_payload: true,
        payload_declared: true,
        asymmetric: true,
        region: None,
    };
    /// The Security Token Service, which takes Signature Version 4 alone: no client of it signs otherwise.
    pub const STS: Self = Self {
        name: Cow::Borrowed("sts"),
        form: Form::STANDARD,
        unsigned_payload: false,
        payload_declared: false,
        asymmetric: false,
        region: None,
    };
    /// Identity and Access Management, which takes Signature Version 4 alone.
    pub const IAM: Self = Self { name: Cow::Borrowed("iam"), ..Self::STS };

    /// A service by the name it has in credential scopes; `s3` is [`Service::S3`].
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        let name = name.into();
        if name == Self::S3.name { Self::S3 } else { Self { name, ..Self::STS } }
    }

    /// The same service, taking bodies that are not signed where the request says so (`UNSIGNED-PAYLOAD`,
    /// `STREAMING-UNSIGNED-PAYLOAD-TRAILER`), as S3 does: transport security alone protects them.
    #[must_use]
    pub fn with_unsigned_payload(mut self) -> Self {
        self.unsigned_payload = true;
        self
    }

    /// The same service, whose clients add the session token after they signed, as those of AWS IoT do. The token is a
    /// signed statement about the access key by itself, and one key has one token, so nothing can be put in its place.
    #[must_use]
    pub fn with_unsigned_session_token(mut self) -> Self {
        self.form = self.form.without_session_token();
        self
    }

    /// The same service, taking requests that are signed with Signature Version 4A, each of which costs the verification of an
    /// ECDSA signature. No service but S3 takes them by itself: what is not expected is better refused. They need the whole
    /// secret, so that a service that verifies with keys handed to it refuses them, and so does every one with the `ring` backend.
    #[must_use]
    pub const fn with_asymmetric_signatures(mut self) -> Self {
        self.asymmetric = true;
        self
    }

    /// The same service, taking Signature Version 4 alone.
    #[must_use]
    pub const fn without_asymmetric_signatures(mut self) -> Self {
        self.asymmetric = false;
        self
    }

    /// The same service in one region: what is signed for another region, or for a set that does not include it, is refused, and
    /// a request for a set of regions is one for this.
    #[must_use]
    pub fn with_region(mut self, region: impl Into<Cow<'static, str>>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// The name in credential scopes.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it speaks the S3 protocol, which has errors of its own form.
    #[must_use]
    pub fn is_s3(&self) -> bool {
        self.name == Self::S3.name
    }

    /// The region it is in, where that matters.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    pub(super) const fn takes_asymmetric_signatures(&self) -> bool {
        self.asymmetric
    }

    pub(super) const fn form(&self) -> Form {
        self.form
    }

    pub(super) const fn takes_unsigned_payload(&self) -> bool {
        self.unsigned_payload
    }

    /// Whether every request must say how its body is signed.
    pub(super) const fn wants_payload_declared(&self) -> bool {
        self.payload_declared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_the_same_service_however_it_is_given() {
        assert_eq!(Service::new("s3"), Service::S3);
        assert_eq!(Service::new("sts".to_owned()), Service::STS);
        assert!(!Service::new("reports").takes_unsigned_payload() && !Service::new("reports").is_s3());
    }

    #[test]
    fn s3_alone_takes_asymmetric_signatures_by_itself() {
        for (service, takes) in [
            (Service::S3, true),
            (Service::STS, false),
            (Service::IAM, false),
            (Service::new("reports"), false),
            (Service::new("reports").with_asymmetric_signatures(), true),
            (Service::S3.without_asymmetric_signatures(), false),
        ] {
            assert_eq!(service.takes_asymmetric_signatures(), takes, "{service:?}");
        }
    }
}
