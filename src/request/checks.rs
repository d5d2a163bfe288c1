//! The checks of a request that need no key: each of one thing that its head claims.

use std::time::Duration;

use super::algorithm::Algorithm;
use super::canonical::Form;
use super::signed::SignedFields;
use super::{Authorization, NoAsymmetric, RequestError, Service, SignedHead};
use crate::crypto::CryptoError;
use crate::explain::Evidence;
use crate::time::Timestamp;

/// How far a client's clock may be off, either way.
pub(super) const CLOCK_SKEW: Duration = Duration::from_secs(15 * 60);

/// The algorithm is the request's choice where the service leaves it one. Refused before anything is derived or looked up.
///
/// `possible` tells of the other one whether the cryptography library of this build knows it, and whether its keys can be derived
/// here.
pub(super) fn verify_algorithm(
    service: &Service,
    possible: impl FnOnce() -> (Result<(), CryptoError>, bool),
    algorithm: Algorithm,
) -> Result<(), RequestError> {
    if algorithm == Algorithm::HmacSha256 {
        return Ok(());
    }
    let (backend, secrets) = possible();
    let why = if !service.takes_asymmetric_signatures() {
        NoAsymmetric::Service
    } else if backend.is_err() {
        NoAsymmetric::Backend
    } else if !secrets {
        NoAsymmetric::HandedKeys
    } else {
        return Ok(());
    };
    Err(RequestError::Asymmetric { why })
}

pub(super) fn scope_evidence(service: &Service, authorization: &Authorization) -> Evidence {
    let day = authorization.amz_date.as_str().get(..8).unwrap_or_default();
    let region = service.region().unwrap_or("any region");
    match authorization.region_set() {
        None => Evidence::new(format!("{day}/{region}/{}", service.name()), authorization.scope.as_str()),
        Some(set) => {
            let found = format!("{} for the regions {set}", authorization.scope.as_str());
            Evidence::new(format!("{day}/{} for {region}", service.name()), found)
        }
    }
}

pub(super) fn verify_scope(service: &Service, authorization: &Authorization) -> Result<(), RequestError> {
    let scope = &authorization.scope;
    if scope.service() != service.name() {
        return Err(RequestError::ScopeService {
            expected: service.name().to_owned(),
            found: scope.service().to_owned(),
        });
    }
    if let Some(region) = service.region().filter(|region| !scope.includes(region)) {
        return Err(RequestError::ScopeRegion { expected: region.to_owned(), found: scope.regions().to_owned() });
    }
    if !authorization.amz_date.as_str().starts_with(scope.date()) {
        return Err(RequestError::ScopeDate { scope: scope.date().to_owned(), signed_at: authorization.signed_at });
    }
    Ok(())
}

pub(super) fn verify_time(authorization: &Authorization, now: Timestamp) -> Result<(), RequestError> {
    let signed_at = authorization.signed_at;
    if signed_at > now.saturating_add(CLOCK_SKEW) {
        return Err(RequestError::SignatureNotYetCurrent { signed_at, now });
    }
    match authorization.expires {
        Some(expires) => {
            let expiration = signed_at.saturating_add(expires);
            if expiration <= now {
                return Err(RequestError::PresignedExpired { expiration, now });
            }
        }
        None if signed_at < now.saturating_sub(CLOCK_SKEW) => {
            return Err(RequestError::SignatureExpired { signed_at, now });
        }
        None => {}
    }
    Ok(())
}

/// The host, and every header that changes what the request means, must be signed; and what is signed must be there.
pub(super) fn verify_signed_headers(
    head: &SignedHead,
    signed_headers: &str,
    form: Form,
) -> Result<SignedFields, RequestError> {
    let headers = head.headers();
    let (fields, absent) = SignedFields::find(headers, signed_headers);
    let counts =
        |name: &str| name.starts_with("x-amz-") && (form.signs_session_token() || name != "x-amz-security-token");
    if let Some((name, _)) = fields.unsigned(headers).find(|(name, _)| counts(name)) {
        return Err(RequestError::HeaderNotSigned { name: name.to_owned() });
    }
    if let Some(name) = absent {
        return Err(RequestError::SignedHeaderAbsent { name: String::from_utf8_lossy(name).into_owned() });
    }
    if !fields.signed(headers).any(|(name, _)| name == "host") {
        return Err(RequestError::HeaderNotSigned { name: "host".to_owned() });
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asymmetric_signature_is_refused_for_the_first_reason_that_there_is() {
        let taking = Service::STS.with_asymmetric_signatures();
        let unknown = || Err(CryptoError::Unsupported { operation: "verify" });
        let why = |service: &Service, backend, secrets| {
            let refused = verify_algorithm(service, || (backend, secrets), Algorithm::EcdsaP256Sha256).unwrap_err();
            let RequestError::Asymmetric { why } = refused else { panic!("{refused:?}") };
            why
        };
        assert_eq!(why(&Service::STS, unknown(), false), NoAsymmetric::Service);
        assert_eq!(why(&taking, unknown(), false), NoAsymmetric::Backend);
        assert_eq!(why(&taking, Ok(()), false), NoAsymmetric::HandedKeys);
        assert_eq!(verify_algorithm(&taking, || (Ok(()), true), Algorithm::EcdsaP256Sha256), Ok(()));
        assert_eq!(verify_algorithm(&Service::STS, || (unknown(), false), Algorithm::HmacSha256), Ok(()));
    }
}
