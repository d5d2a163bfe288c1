//! What both ways of asking share: the question, how the library is asked, and the answer.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::ValueEnum;
use daypass::VerifiedIdentity;
use daypass::crypto::SecretBytes;
use daypass::explain::{Evidence, Listener, Rule};
use daypass::identity::oidc::{
    self, CompactJws, HmacAlgorithm, JwsError, OidcError, OidcProvider, ProviderError, RULES, UnverifiedIdToken,
};
use daypass::time::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::keys::Keys;
use super::preset::Preset;
use crate::mapping::{Document, Mapped};

/// What a token is presented for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum Use {
    /// A person signs in: the nonce must match
    IdToken,
    /// A workload exchanges it for credentials
    Workload,
    /// Nothing but the signature is judged
    Signature,
}

impl Use {
    /// What is meant where nobody says.
    pub(super) const fn assumed(nonce: Option<&str>) -> Self {
        if nonce.is_some() { Self::IdToken } else { Self::Workload }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::from_str(name, false).ok()
    }
}

/// The secret that a client shares with its provider, and what it is for.
pub(super) type ClientSecret = (HmacAlgorithm, Arc<SecretBytes>);

/// What a token is held to.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) purpose: Use,
    pub(super) issuer: String,
    pub(super) preset: Option<Preset>,
    pub(super) trust_domain: String,
    pub(super) audiences: Vec<String>,
    pub(super) client_secret: Option<ClientSecret>,
    pub(super) trusted_audiences: Vec<String>,
    pub(super) nonce: Option<String>,
    /// In seconds, as the next two.
    pub(super) max_age: Option<u64>,
    pub(super) clock_skew: Option<u64>,
    pub(super) max_lifetime: Option<u64>,
}

impl Question {
    pub(super) fn provider(&self) -> Result<OidcProvider, ProviderError> {
        let provider = match self.preset {
            Some(preset) => preset.provider(&self.issuer, &self.trust_domain, &self.audiences)?,
            None => OidcProvider::new(&self.issuer, self.audiences.iter().cloned())?,
        };
        let mut provider = provider.with_trusted_audiences(self.trusted_audiences.iter().cloned());
        if let Some((algorithm, secret)) = &self.client_secret {
            let secret = std::str::from_utf8(secret.expose()).unwrap_or_default();
            provider = provider.with_client_secret(*algorithm, secret)?;
        }
        if let Some(seconds) = self.clock_skew {
            provider = provider.with_skew(Duration::from_secs(seconds))?;
        }
        if let Some(seconds) = self.max_lifetime {
            provider = provider.with_max_lifetime(Duration::from_secs(seconds));
        }
        Ok(provider)
    }

    fn unverified(&self, token: &str) -> UnverifiedIdToken {
        match self.purpose {
            // A sign-in without a nonce is held to an empty one, which no token satisfies.
            Use::IdToken => {
                let token = UnverifiedIdToken::for_sign_in(token, self.nonce.clone().unwrap_or_default());
                match self.max_age {
                    Some(seconds) => token.with_max_age(Duration::from_secs(seconds)),
                    None => token,
                }
            }
            Use::Workload | Use::Signature => UnverifiedIdToken::for_exchange(token),
        }
    }
}

/// Judges one token. Its claims are given once it is accepted, never before.
pub(super) fn verify<L: Listener>(
    question: &Question,
    keys: &Keys,
    token: &str,
    now: Timestamp,
    listener: &mut L,
) -> Result<Accepted, Refusal> {
    if question.purpose == Use::Signature {
        return Ok(Accepted { claims: verify_signature(keys, token, listener)?, identity: None });
    }
    let provider = question.provider()?;
    let identity = oidc::verify(&provider, &keys.public, question.unverified(token), now, listener)?;
    // The token is good: its second part is what was signed.
    let payload = token.split('.').nth(1).and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok());
    let claims = payload.and_then(|payload| serde_json::from_slice(&payload).ok());
    Ok(Accepted { claims, identity: Some(identity) })
}

fn verify_signature<L: Listener>(keys: &Keys, token: &str, listener: &mut L) -> Result<Option<Value>, Refusal> {
    let outcome = CompactJws::parse(token).and_then(|jws| {
        let signed = keys.verify(&jws)?;
        Ok(serde_json::from_slice(signed.payload()).ok())
    });
    // The library tells no listener of a signature by itself; its rules come in this order.
    let broken = outcome.as_ref().err().map(JwsError::rule);
    for rule in signature_rules().into_iter().take_while(|rule| broken.is_none_or(|broken| broken.name != rule.name)) {
        listener.passed(rule, || Evidence::new("what the section says", "the same"));
    }
    if let Err(error) = &outcome {
        listener.failed(error.rule(), || Evidence::new("what the section says", error.reason()));
    }
    Ok(outcome?)
}

/// The rules that a token presented for this is held to.
pub(super) fn rules(purpose: Use) -> Vec<&'static Rule> {
    if purpose == Use::Signature { signature_rules() } else { RULES.to_vec() }
}

/// The rules that come before any claim is read.
fn signature_rules() -> Vec<&'static Rule> {
    let last = RULES.iter().position(|rule| rule.name == "signature").unwrap_or(RULES.len());
    RULES.into_iter().take(last.saturating_add(1)).collect()
}

/// Why a token is refused: by a rule of the library, or because of what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The rule's name; `provider` or `jwks` for settings the library does not accept, `input` for an unusable line.
    pub(super) check: &'static str,
    pub(super) reason: String,
}

impl From<OidcError> for Refusal {
    fn from(error: OidcError) -> Self {
        Self { check: error.rule().name, reason: error.reason() }
    }
}

impl From<JwsError> for Refusal {
    fn from(error: JwsError) -> Self {
        Self { check: error.rule().name, reason: error.reason() }
    }
}

impl From<ProviderError> for Refusal {
    fn from(error: ProviderError) -> Self {
        Self { check: "provider", reason: error.to_string() }
    }
}

/// The answer to one token.
#[derive(Debug, Serialize)]
pub(super) struct Judgement {
    verdict: &'static str,
    pub(super) check: Option<&'static str>,
    pub(super) reason: Option<String>,
    pub(super) claims: Option<Value>,
    /// Who is accepted, and whose word that is; none where nothing but the signature was judged.
    #[serde(skip)]
    pub(super) whom: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mapping: Option<Mapped>,
}

/// What is known of a token that is good.
#[derive(Debug)]
pub(super) struct Accepted {
    /// None where the payload is not JSON.
    claims: Option<Value>,
    /// None where nothing but the signature was judged.
    identity: Option<VerifiedIdentity>,
}

impl Judgement {
    pub(super) fn of(outcome: Result<Accepted, Refusal>, mapping: &Document) -> Self {
        match outcome {
            Ok(Accepted { claims, identity }) => {
                let whom = identity.as_ref().map(|one| format!("{} of {}", one.subject(), one.issuer()));
                let mapping = identity.and_then(|identity| mapping.of(&identity));
                Self { verdict: "accept", check: None, reason: None, claims, whom, mapping }
            }
            Err(refusal) => refusal.into(),
        }
    }
}

impl From<Refusal> for Judgement {
    fn from(Refusal { check, reason }: Refusal) -> Self {
        Self { verdict: "reject", check: Some(check), reason: Some(reason), claims: None, whom: None, mapping: None }
    }
}
