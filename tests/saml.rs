//! The SAML stage from outside: honest messages, each rule on its own, and the attacks service providers fell to.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::string_slice,
    reason = "helpers of tests stop where the tests would"
)]

#[path = "saml/algorithms.rs"]
mod algorithms;
#[path = "saml/attacks/mod.rs"]
mod attacks;
#[path = "saml/encryption.rs"]
mod encryption;
#[path = "saml/explained.rs"]
mod explained;
#[path = "saml/fixtures.rs"]
mod fixtures;
#[path = "saml/logout.rs"]
mod logout;
#[path = "saml/logout_redirect.rs"]
mod logout_redirect;
#[path = "saml/metadata.rs"]
mod metadata;
#[path = "saml/metadata_own.rs"]
mod metadata_own;
#[path = "saml/metadata_signed.rs"]
mod metadata_signed;
#[path = "saml/peer.rs"]
mod peer;
#[path = "saml/request.rs"]
mod request;
#[path = "saml/rules.rs"]
mod rules;
#[path = "saml/sealed.rs"]
mod sealed;
#[path = "saml/signed_messages.rs"]
mod signed_messages;
#[path = "saml/signer.rs"]
mod signer;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use daypass::VerifiedIdentity;
use daypass::explain::Silent;
use daypass::identity::saml::{SamlError, SamlProvider, UnverifiedResponse, verify};
use daypass::time::Timestamp;
use signer::{ACS, Fields, REQUEST, SP, TRUSTED};

/// When honest messages are judged.
fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2026-06-01T12:00:30Z").unwrap()
}

fn provider() -> SamlProvider {
    SamlProvider::new(&signer::metadata(&[(" use=\"signing\"", &TRUSTED)]), SP, ACS).unwrap()
}

fn judge_with(provider: &SamlProvider, xml: &str) -> Result<VerifiedIdentity, SamlError> {
    verify(provider, UnverifiedResponse::from_post(&STANDARD.encode(xml), REQUEST)?, now(), &mut Silent)
}

fn judge(xml: &str) -> Result<VerifiedIdentity, SamlError> {
    judge_with(&provider(), xml)
}

/// The name of the rule that refused.
#[track_caller]
fn rule(xml: &str) -> &'static str {
    match judge(xml) {
        Ok(identity) => panic!("accepted as {}: {:.4000}", identity.subject(), xml),
        Err(error) => error.rule().name,
    }
}

/// An honest message with one field changed by the identity provider itself: the signature is good.
fn with(change: impl FnOnce(&mut Fields)) -> String {
    let mut fields = Fields::default();
    change(&mut fields);
    fields.signed_assertion()
}
