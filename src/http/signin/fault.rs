//! What stands in the way of a sign-in with OpenID Connect, and so whom to turn to.

use axum::http::StatusCode;

use crate::http::fetch::FetchError;
use crate::http::page::{Next, Refusal};
use crate::http::portal::answer::sentence;
use crate::http::relying_party::SignInError;

/// Error codes of a provider that does not accept the application, whoever signs in (RFC 6749, 4.1.2.1 and 5.2; OpenID
/// Connect Core, 3.1.2.6).
const OF_THE_APPLICATION: [&str; 11] = [
    "invalid_client",
    "invalid_request",
    "invalid_request_object",
    "invalid_request_uri",
    "invalid_scope",
    "registration_not_supported",
    "request_not_supported",
    "request_uri_not_supported",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
];

/// Where the fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// In this answer: starting again may help.
    Answer,
    /// In how this application and the provider know each other: nothing the person does helps.
    Settings,
    /// With a provider that does not answer: waiting may help.
    Away,
    /// With what this service depends on itself.
    Here,
}

impl Fault {
    pub(super) fn of(error: &SignInError) -> Self {
        match error {
            SignInError::Endpoint { .. }
            | SignInError::ClientAuthentication { .. }
            | SignInError::SigningAlgorithm { .. }
            | SignInError::PushedResponse { .. } => Self::Settings,
            SignInError::Pushed { status, .. } | SignInError::UserinfoStatus { status } => Self::of_status(*status),
            SignInError::Exchange { error: Some(code), .. } | SignInError::Refused { error: code, .. }
                if OF_THE_APPLICATION.contains(&code.as_str()) =>
            {
                Self::Settings
            }
            SignInError::Fetch(error) => Self::of_fetch(error),
            SignInError::Randomness(_) => Self::Here,
            error if error.rule().is_some() => Self::Answer,
            _ => Self::Away,
        }
    }

    const fn of_fetch(error: &FetchError) -> Self {
        match error {
            FetchError::Url { .. }
            | FetchError::PrivateAddress { .. }
            | FetchError::Reach
            | FetchError::Discovery(_)
            | FetchError::Jwks(_)
            | FetchError::NoUsableKey { .. } => Self::Settings,
            FetchError::Audit { .. } => Self::Here,
            _ => Self::Away,
        }
    }

    /// A request that the provider refuses will be refused again, but for one too many or too slow (RFC 9110, 15.5.9;
    /// RFC 6585, 4).
    const fn of_status(status: u16) -> Self {
        match status {
            408 | 429 | 500.. => Self::Away,
            _ => Self::Settings,
        }
    }
}

/// Settings that keep everybody from signing in. The page says no more than anyone may know; the audit trail says all.
pub(super) fn misconfigured(error: &SignInError) -> Refusal {
    let because = match error {
        SignInError::Exchange { .. } | SignInError::Refused { .. } => {
            "The identity provider does not accept this application, or what it asks for.".to_owned()
        }
        error => sentence(error),
    };
    Refusal::new(
        StatusCode::BAD_GATEWAY,
        "This way to sign in is not set up correctly",
        because,
        "You are not signed in, and starting again will not help. Give the reference below to whoever runs {here}, or \
         choose another way to sign in.",
        Next::SignIn,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::CryptoError;
    use crate::identity::oidc::discovery::DiscoveryError;
    use crate::time::Timestamp;

    #[test]
    fn what_waiting_or_starting_again_does_not_mend_is_a_matter_of_settings() {
        let pushed = |status| SignInError::Pushed { status, error: None };
        let exchange = |code: &str| SignInError::Exchange { status: 400, error: Some(code.to_owned()) };
        let refused = |code: &str| SignInError::Refused { error: code.to_owned(), description: None };
        let discovery = DiscoveryError::Issuer { expected: String::new(), found: String::new() };
        for (error, fault) in [
            (SignInError::Endpoint { member: "token_endpoint" }, Fault::Settings),
            (SignInError::ClientAuthentication { wanted: "none", offered: Vec::new() }, Fault::Settings),
            (SignInError::SigningAlgorithm { algorithm: "ES256", offered: Vec::new() }, Fault::Settings),
            (SignInError::PushedResponse { expected: "a JSON object" }, Fault::Settings),
            (SignInError::Fetch(FetchError::Reach), Fault::Settings),
            (SignInError::Fetch(FetchError::Url { url: String::new() }), Fault::Settings),
            (SignInError::Fetch(FetchError::PrivateAddress { host: String::new() }), Fault::Settings),
            (SignInError::Fetch(FetchError::NoUsableKey { skipped: 1 }), Fault::Settings),
            (SignInError::Fetch(discovery.into()), Fault::Settings),
            (SignInError::Fetch(FetchError::Status { status: 503 }), Fault::Away),
            (SignInError::Fetch(FetchError::CoolingDown { until: Timestamp::EPOCH }), Fault::Away),
            (SignInError::Fetch(FetchError::Audit { reason: String::new() }), Fault::Here),
            (SignInError::Randomness(CryptoError::Randomness), Fault::Here),
            (pushed(400), Fault::Settings),
            (pushed(401), Fault::Settings),
            (pushed(200), Fault::Settings),
            (pushed(408), Fault::Away),
            (pushed(429), Fault::Away),
            (pushed(503), Fault::Away),
            (SignInError::UserinfoStatus { status: 403 }, Fault::Settings),
            (SignInError::UserinfoStatus { status: 500 }, Fault::Away),
            (exchange("invalid_client"), Fault::Settings),
            (exchange("invalid_grant"), Fault::Answer),
            (SignInError::Exchange { status: 502, error: None }, Fault::Answer),
            (refused("unauthorized_client"), Fault::Settings),
            (refused("access_denied"), Fault::Answer),
            (SignInError::State, Fault::Answer),
            (SignInError::NoRefreshToken, Fault::Away),
        ] {
            assert_eq!(Fault::of(&error), fault, "{error:?}");
        }
    }
}
