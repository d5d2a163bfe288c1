//! Tokens that were damaged at random, and bytes that never were tokens.

use daypass::explain::Silent;
use daypass::identity::oidc::discovery::Discovery;
use daypass::identity::oidc::{self, IssuerUrl, Jwks, UnverifiedIdToken};
use proptest::prelude::*;

use crate::support::{Keys, claims, now, provider, sign_in, verify};

fn honest(alg: &str) -> String {
    Keys::of_issuer().sign(alg, &claims())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// No character of a token can be another one, can be left out or can be there twice.
    #[test]
    fn a_token_with_one_character_changed_is_refused(
        at in any::<prop::sample::Index>(), replacement in "[A-Za-z0-9_.=+/ -]?", alg in prop::sample::select(&["RS256", "ES256", "EdDSA"])
    ) {
        let mut token = honest(alg);
        let at = at.index(token.len());
        let before = token.clone();
        token.replace_range(at..=at, &replacement);
        prop_assume!(token != before);
        prop_assert!(verify(sign_in(token)).is_err());
    }

    #[test]
    fn bytes_that_are_no_token_are_refused(text in ".{0,200}") {
        prop_assert!(verify(sign_in(text.clone())).is_err());
        prop_assert!(verify(UnverifiedIdToken::for_exchange(text)).is_err());
    }

    /// Three parts that decode to anything at all.
    #[test]
    fn parts_that_hold_anything_are_refused(header in any::<Vec<u8>>(), payload in any::<Vec<u8>>(), signature in any::<Vec<u8>>()) {
        let token = [&header, &payload, &signature].map(crate::support::b64).join(".");
        prop_assert!(verify(sign_in(token)).is_err());
    }

    /// Signed rubbish is refused by the claims, never by a panic.
    #[test]
    fn signed_payloads_that_hold_anything_are_refused(payload in r#"[\[\]{}:,"a-z0-9.\\ -]{0,64}"#) {
        let token = Keys::of_issuer().sign_raw("EdDSA", r#"{"alg":"EdDSA","kid":"EdDSA"}"#, &payload);
        let error = oidc::verify(&provider(), &Keys::of_issuer().jwks(), sign_in(token), now(), &mut Silent).unwrap_err();
        prop_assert!(["claims", "issuer"].contains(&error.rule().name), "{}", error.reason());
    }

    #[test]
    fn documents_that_hold_anything_are_read_or_refused(document in r#"[\[\]{}:,"a-zA-Z0-9_=\\ -]{0,200}"#) {
        if let Ok(jwks) = Jwks::parse(document.as_bytes()) {
            prop_assert!(jwks.keys().is_empty());
        }
        prop_assert!(Discovery::parse(document.as_bytes(), &IssuerUrl::parse("https://a.example").unwrap()).is_err());
    }
}
