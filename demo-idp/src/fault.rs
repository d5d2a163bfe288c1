//! Deliberate mistakes: what a relying party must refuse, made on demand.

use crate::sync::lock;
use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::Mutex;

/// One mistake in one issued statement or answer, everything else being right.
///
/// Over HTTP a fault goes by its [`name`](Self::name), the variant in kebab case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// Ended an hour ago (`NotOnOrAfter`, `SessionNotOnOrAfter`; `exp`), or was issued then (SAML logout).
    Expired,
    /// Begins in an hour (`NotBefore`; `nbf` and `iat`).
    NotYetValid,
    /// Meant for somebody else (`Audience`; `aud`).
    WrongAudience,
    /// To be delivered elsewhere (SAML `SubjectConfirmationData/@Recipient`).
    WrongRecipient,
    /// To be delivered elsewhere (SAML `Destination` of a response or of a logout message).
    WrongDestination,
    /// Said by somebody else (`Issuer`; `iss`).
    WrongIssuer,
    /// Answers a request nobody made (SAML `InResponseTo`).
    WrongInResponseTo,
    /// Repeats a nonce nobody sent (OpenID Connect `nonce`).
    WrongNonce,
    /// Leaves the nonce out (OpenID Connect).
    MissingNonce,
    /// Signed, correctly, with a key that was never published under its identifier.
    WrongKey,
    /// Not signed: no `ds:Signature`, no `Signature` parameter; an ID token with an empty signature part.
    Unsigned,
    /// Edited after it was signed (`NameID`; `sub`).
    Tampered,
    /// The header says `alg: none` (OpenID Connect).
    AlgNone,
    /// `HS256` with the public key as the shared secret (OpenID Connect; RFC 8725 section 2.1).
    HmacWithPublicKey,
    /// A comment inside `NameID`, which canonicalisation drops and some parsers stop at (SAML; CVE-2017-11427).
    CommentInNameId,
    /// The person or the provider says no (`status:RequestDenied`, of a logout too; `error=access_denied`).
    Denied,
    /// The token endpoint refuses the authorization code or the refresh token (`invalid_grant`).
    RejectedCode,
    /// The token endpoint breaks down (503 and a page instead of JSON).
    ServerError,
    /// Carries a nonce, as an ID token does (OpenID Connect logout token).
    WithNonce,
    /// Does not say what happened (OpenID Connect logout token `events`).
    NoEvent,
    /// Says that something else happened (OpenID Connect logout token `events`).
    WrongEvent,
    /// Signed with a key that is published nowhere, under its own identifier, as after a rotation that the key set does not
    /// show yet (OpenID Connect).
    UnknownKey,
    /// Says in its header to be an access token (OpenID Connect `typ: at+jwt`; RFC 9068).
    WrongTyp,
    /// Meant for somebody else too (OpenID Connect `aud`).
    ExtraAudience,
    /// Issued to somebody else (OpenID Connect `azp`).
    WrongAuthorizedParty,
    /// Issued in an hour (OpenID Connect `iat`).
    FutureIat,
    /// Comes with another access token than it says (OpenID Connect `at_hash`).
    WrongAtHash,
    /// The ID token of a refresh is about somebody else (OpenID Connect Core 12.2).
    OtherPersonRefreshed,
    /// The answer to an OpenID request does not say whose it is (RFC 9207 `iss`).
    MissingResponseIssuer,
    /// The answer to an OpenID request says that it is somebody else's (RFC 9207 `iss`).
    WrongResponseIssuer,
    /// The answer to an OpenID request repeats a `state` nobody sent.
    WrongState,
    /// The answer to an OpenID request has its `state` twice (RFC 6749 section 3.1).
    DuplicateState,
    /// The answer to an OpenID request has its `code` twice (RFC 6749 section 3.1).
    DuplicateCode,
    /// The userinfo endpoint speaks of somebody else (OpenID Connect Core 5.3.2 `sub`).
    WrongUserinfoSubject,
    /// A token that is bound to a key is called a bearer's (RFC 9449 section 5 `token_type`).
    TokenTypeDowngrade,
    /// A DPoP proof is sent back for another nonce, whatever it holds; always, for a client that must give up (RFC 9449
    /// section 8).
    UseDpopNonce,
    /// The answer of the token endpoint is 2 MiB long.
    OversizeAnswer,
    /// The discovery document is somebody else's (OpenID Connect Discovery 4.3 `issuer`).
    WrongDiscoveryIssuer,
    /// The key set cannot be had (503).
    KeysUnavailable,
}

impl Fault {
    /// Every fault, in the order of the documentation.
    pub const ALL: [Self; 39] = [
        Self::Expired,
        Self::NotYetValid,
        Self::WrongAudience,
        Self::WrongRecipient,
        Self::WrongDestination,
        Self::WrongIssuer,
        Self::WrongInResponseTo,
        Self::WrongNonce,
        Self::MissingNonce,
        Self::WrongKey,
        Self::Unsigned,
        Self::Tampered,
        Self::AlgNone,
        Self::HmacWithPublicKey,
        Self::CommentInNameId,
        Self::Denied,
        Self::RejectedCode,
        Self::ServerError,
        Self::WithNonce,
        Self::NoEvent,
        Self::WrongEvent,
        Self::UnknownKey,
        Self::WrongTyp,
        Self::ExtraAudience,
        Self::WrongAuthorizedParty,
        Self::FutureIat,
        Self::WrongAtHash,
        Self::OtherPersonRefreshed,
        Self::MissingResponseIssuer,
        Self::WrongResponseIssuer,
        Self::WrongState,
        Self::DuplicateState,
        Self::DuplicateCode,
        Self::WrongUserinfoSubject,
        Self::TokenTypeDowngrade,
        Self::UseDpopNonce,
        Self::OversizeAnswer,
        Self::WrongDiscoveryIssuer,
        Self::KeysUnavailable,
    ];

    /// The name of this fault over HTTP.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::WrongAudience => "wrong-audience",
            Self::WrongRecipient => "wrong-recipient",
            Self::WrongDestination => "wrong-destination",
            Self::WrongIssuer => "wrong-issuer",
            Self::WrongInResponseTo => "wrong-in-response-to",
            Self::WrongNonce => "wrong-nonce",
            Self::MissingNonce => "missing-nonce",
            Self::WrongKey => "wrong-key",
            Self::Unsigned => "unsigned",
            Self::Tampered => "tampered",
            Self::AlgNone => "alg-none",
            Self::HmacWithPublicKey => "hmac-with-public-key",
            Self::CommentInNameId => "comment-in-name-id",
            Self::Denied => "denied",
            Self::RejectedCode => "rejected-code",
            Self::ServerError => "server-error",
            Self::WithNonce => "with-nonce",
            Self::NoEvent => "no-event",
            Self::WrongEvent => "wrong-event",
            Self::UnknownKey => "unknown-key",
            Self::WrongTyp => "wrong-typ",
            Self::ExtraAudience => "extra-audience",
            Self::WrongAuthorizedParty => "wrong-authorized-party",
            Self::FutureIat => "future-iat",
            Self::WrongAtHash => "wrong-at-hash",
            Self::OtherPersonRefreshed => "other-person-refreshed",
            Self::MissingResponseIssuer => "missing-response-issuer",
            Self::WrongResponseIssuer => "wrong-response-issuer",
            Self::WrongState => "wrong-state",
            Self::DuplicateState => "duplicate-state",
            Self::DuplicateCode => "duplicate-code",
            Self::WrongUserinfoSubject => "wrong-userinfo-subject",
            Self::TokenTypeDowngrade => "token-type-downgrade",
            Self::UseDpopNonce => "use-dpop-nonce",
            Self::OversizeAnswer => "oversize-answer",
            Self::WrongDiscoveryIssuer => "wrong-discovery-issuer",
            Self::KeysUnavailable => "keys-unavailable",
        }
    }

    pub(crate) const fn applies_to(self, target: Target) -> bool {
        match self {
            Self::Expired | Self::WrongIssuer | Self::WrongKey | Self::Unsigned => {
                matches!(
                    target,
                    Target::Assertion
                        | Target::IdToken
                        | Target::LogoutRequest
                        | Target::LogoutResponse
                        | Target::LogoutToken
                )
            }
            Self::Tampered => {
                matches!(target, Target::Assertion | Target::IdToken | Target::LogoutRequest | Target::LogoutToken)
            }
            Self::NotYetValid | Self::WrongAudience => {
                matches!(target, Target::Assertion | Target::IdToken | Target::LogoutToken)
            }
            Self::WrongDestination => {
                matches!(target, Target::Assertion | Target::LogoutRequest | Target::LogoutResponse)
            }
            Self::WrongInResponseTo => matches!(target, Target::Assertion | Target::LogoutResponse),
            Self::WrongRecipient | Self::CommentInNameId => matches!(target, Target::Assertion),
            Self::WrongNonce
            | Self::MissingNonce
            | Self::UnknownKey
            | Self::WrongTyp
            | Self::ExtraAudience
            | Self::WrongAuthorizedParty
            | Self::FutureIat
            | Self::WrongAtHash => matches!(target, Target::IdToken),
            Self::AlgNone | Self::HmacWithPublicKey => matches!(target, Target::IdToken | Target::LogoutToken),
            Self::WithNonce | Self::NoEvent | Self::WrongEvent => matches!(target, Target::LogoutToken),
            Self::Denied => matches!(target, Target::Authorization | Target::LogoutResponse),
            Self::RejectedCode | Self::ServerError => matches!(target, Target::TokenEndpoint),
            Self::MissingResponseIssuer
            | Self::WrongResponseIssuer
            | Self::WrongState
            | Self::DuplicateState
            | Self::DuplicateCode => matches!(target, Target::CodeAnswer),
            Self::OtherPersonRefreshed => matches!(target, Target::RefreshedIdToken),
            Self::WrongUserinfoSubject => matches!(target, Target::UserInfo),
            Self::TokenTypeDowngrade => matches!(target, Target::BoundToken),
            Self::UseDpopNonce => matches!(target, Target::DpopNonce),
            Self::OversizeAnswer => matches!(target, Target::TokenAnswer),
            Self::WrongDiscoveryIssuer => matches!(target, Target::Discovery),
            Self::KeysUnavailable => matches!(target, Target::KeySet),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no fault's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no fault of this name")]
pub struct UnknownFault;

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, UnknownFault> {
        Self::ALL.into_iter().find(|fault| fault.name() == name).ok_or(UnknownFault)
    }
}

/// What a fault can be put into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Assertion,
    IdToken,
    /// The answer to an authentication request, by either protocol.
    Authorization,
    TokenEndpoint,
    /// The answer to an OpenID request that was granted.
    CodeAnswer,
    /// The ID token that comes of a refresh, before any other fault of an ID token.
    RefreshedIdToken,
    /// The token answer that comes of a proof.
    BoundToken,
    /// Any token answer that was granted.
    TokenAnswer,
    /// The reading of a DPoP proof.
    DpopNonce,
    UserInfo,
    Discovery,
    KeySet,
    /// What asks a service provider to sign somebody out.
    LogoutRequest,
    /// The answer to a service provider that asked to.
    LogoutResponse,
    /// What tells an OpenID client that somebody signed out.
    LogoutToken,
}

/// The faults that wait for their turn. Each is used by the first thing it applies to, so that a fault meant for a
/// token is not spent on an assertion.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    next: VecDeque<Fault>,
    always: Vec<Fault>,
}

impl Faults {
    /// More than this waiting is a test that has lost count; the oldest go.
    const MOST: usize = 100;

    pub(crate) fn break_next(&self, fault: Fault) {
        let mut waiting = lock(&self.waiting);
        waiting.next.push_back(fault);
        while waiting.next.len() > Self::MOST {
            waiting.next.pop_front();
        }
    }

    pub(crate) fn break_always(&self, fault: Fault) {
        let mut waiting = lock(&self.waiting);
        if !waiting.always.contains(&fault) {
            waiting.always.push(fault);
        }
    }

    pub(crate) fn mend(&self) {
        *lock(&self.waiting) = Waiting::default();
    }

    pub(crate) fn take(&self, target: Target) -> Option<Fault> {
        let mut waiting = lock(&self.waiting);
        let position = waiting.next.iter().position(|fault| fault.applies_to(target));
        position
            .and_then(|position| waiting.next.remove(position))
            .or_else(|| waiting.always.iter().copied().find(|fault| fault.applies_to(target)))
    }

    /// The faults waiting for one use each, and those that stay.
    pub(crate) fn waiting(&self) -> (Vec<Fault>, Vec<Fault>) {
        let waiting = lock(&self.waiting);
        (waiting.next.iter().copied().collect(), waiting.always.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_read_back() {
        for fault in Fault::ALL {
            assert_eq!(fault.name().parse(), Ok(fault));
            let words = format!("{fault:?}").chars().fold(String::new(), |text, letter| match letter {
                'A'..='Z' if !text.is_empty() => format!("{text}-{}", letter.to_ascii_lowercase()),
                _ => format!("{text}{}", letter.to_ascii_lowercase()),
            });
            assert_eq!(fault.name(), words);
        }
        assert_eq!("Expired".parse::<Fault>(), Err(UnknownFault));
    }

    #[test]
    fn a_fault_waits_for_what_it_applies_to_and_is_used_once() {
        let faults = Faults::default();
        faults.break_next(Fault::WrongNonce);
        assert_eq!(faults.take(Target::Assertion), None);
        assert_eq!(faults.take(Target::IdToken), Some(Fault::WrongNonce));
        assert_eq!(faults.take(Target::IdToken), None);
    }

    #[test]
    fn a_lasting_fault_stays_until_mended() {
        let faults = Faults::default();
        faults.break_always(Fault::Expired);
        assert_eq!(faults.take(Target::Assertion), Some(Fault::Expired));
        assert_eq!(faults.take(Target::IdToken), Some(Fault::Expired));
        faults.mend();
        assert_eq!(faults.take(Target::IdToken), None);
    }

    const TARGETS: [Target; 15] = [
        Target::Assertion,
        Target::IdToken,
        Target::Authorization,
        Target::TokenEndpoint,
        Target::CodeAnswer,
        Target::RefreshedIdToken,
        Target::BoundToken,
        Target::TokenAnswer,
        Target::DpopNonce,
        Target::UserInfo,
        Target::Discovery,
        Target::KeySet,
        Target::LogoutRequest,
        Target::LogoutResponse,
        Target::LogoutToken,
    ];

    #[test]
    fn every_fault_applies_somewhere_and_those_of_one_protocol_in_one_place() {
        let places = |fault: Fault| TARGETS.iter().filter(|target| fault.applies_to(**target)).count();
        let shared = Fault::ALL.into_iter().filter(|fault| places(*fault) > 1);
        assert!(Fault::ALL.into_iter().all(|fault| places(fault) > 0));
        assert_eq!(
            shared.collect::<Vec<_>>(),
            [
                Fault::Expired,
                Fault::NotYetValid,
                Fault::WrongAudience,
                Fault::WrongDestination,
                Fault::WrongIssuer,
                Fault::WrongInResponseTo,
                Fault::WrongKey,
                Fault::Unsigned,
                Fault::Tampered,
                Fault::AlgNone,
                Fault::HmacWithPublicKey,
                Fault::Denied,
            ],
            "both protocols have these"
        );
    }
}
