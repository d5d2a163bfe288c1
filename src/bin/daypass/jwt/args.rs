//! The arguments of `daypass jwt verify`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, value_parser};
use daypass::crypto::SecretBytes;
use daypass::identity::oidc::{HmacAlgorithm, MAX_SKEW, ProviderError};
use daypass::time::Timestamp;

use super::judge::{ClientSecret, Question, Use};
use super::preset::Preset;
use crate::batch::Lines;
use crate::error::InputError;
use crate::input::{named_in, parse_instant};
use crate::mapping::Flag;

const EXAMPLE: &str = "\
Example:
  daypass jwt verify --issuer https://login.example.com --jwks jwks.json --audience sts.example.com \\
    --now 2026-01-31T12:00:00Z token.jwt
  daypass jwt verify --preset github --audience sts.example.com job.jwt

A batch reads one JSON object a line with the fields id, token, jwks (a key set, or the path of one), issuer, audience,
nonce, now and use, for workloads also preset and trust_domain, and writes one a line in the same order: id, verdict,
check, reason, claims, with --mapping what the person would get, and with --explain hint and checks. Settings the library does
not accept are refused with check \"provider\" or \"jwks\". Lines that cannot be used, or that have another field, are refused with check \"input\", and
the exit code is then 2.";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Verify {
    /// The token, or the lines of a batch; `-` or nothing for standard input
    #[arg(value_name = "FILE")]
    pub(super) input: Option<PathBuf>,
    /// What the token is presented for; id_token if there is a nonce, else workload
    #[arg(long = "use", value_name = "USE", value_enum, conflicts_with = "batch")]
    purpose: Option<Use>,
    /// The issuer to accept
    #[arg(long, value_name = "URL", conflicts_with = "batch")]
    issuer: Option<String>,
    /// The platform that a workload's token must be of: its algorithms, lifetime and form of sub
    #[arg(long, value_name = "PLATFORM", value_enum, conflicts_with_all = ["batch", "nonce", "purpose"])]
    preset: Option<Preset>,
    /// The trust domain whose SPIFFE IDs are accepted
    #[arg(long, value_name = "NAME", conflicts_with = "batch")]
    trust_domain: Option<String>,
    /// Verify an ID token by HMAC with the client secret in this file, and by nothing else; its last line end is not read
    #[arg(long, value_name = "FILE", conflicts_with_all = ["batch", "preset", "jwks"])]
    client_secret_file: Option<PathBuf>,
    /// The algorithm that the client is registered with: HS256, HS384 or HS512
    #[arg(long, value_name = "ALG", default_value = "HS256", value_parser = hmac_algorithm)]
    client_secret_algorithm: HmacAlgorithm,
    /// The issuer's key set: a file, or a URL; without it the issuer's metadata says where (both need the feature http)
    #[arg(long, value_name = "FILE|URL", conflicts_with = "batch")]
    pub(super) jwks: Option<String>,
    /// An audience (client id) that is ours (several are possible)
    #[arg(long, value_name = "ID", conflicts_with = "batch")]
    audience: Vec<String>,
    /// An audience that the token may name beside ours (several are possible)
    #[arg(long, value_name = "ID", conflicts_with = "batch")]
    trusted_audience: Vec<String>,
    /// The nonce of the sign-in that the token answers
    #[arg(long, value_name = "NONCE", conflicts_with = "batch")]
    nonce: Option<String>,
    /// Refuse sign-ins longer ago than this
    #[arg(long, value_name = "SECONDS", conflicts_with = "batch")]
    max_age: Option<u64>,
    /// How far the issuer's clock may be from ours, at most 300; 60 if not given
    #[arg(long, value_name = "SECONDS", conflicts_with = "batch", value_parser = value_parser!(u64).range(..=MAX_SKEW.as_secs()))]
    clock_skew: Option<u64>,
    /// How long a token may be good for; 86400 if not given
    #[arg(long, value_name = "SECONDS", conflicts_with = "batch")]
    max_lifetime: Option<u64>,
    /// The instant to judge at, in RFC 3339; now if not given
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    pub(super) now: Option<Timestamp>,
    /// Fetch metadata and key set from this machine or a private network
    #[cfg(feature = "http")]
    #[arg(long)]
    pub(super) local_network: bool,
    #[command(flatten)]
    pub(super) mapping: Flag,
    /// Answer in JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) lines: Lines,
}

impl Verify {
    /// What is asked of the token; settings the library does not accept are no verdict about it.
    /// `claimed` is whom the token says it is from.
    pub(super) fn question(&self, claimed: impl FnOnce() -> Option<String>) -> Result<Question, InputError> {
        let usual = self.preset.and_then(Preset::usual_issuer);
        let question = Question {
            purpose: self.purpose.unwrap_or_else(|| Use::assumed(self.nonce.as_deref())),
            issuer: self.issuer.as_deref().or(usual).unwrap_or_default().to_owned(),
            preset: self.preset,
            trust_domain: self.trust_domain.clone().unwrap_or_default(),
            client_secret: self.client_secret()?,
            audiences: self.audience.clone(),
            trusted_audiences: self.trusted_audience.clone(),
            nonce: self.nonce.clone(),
            max_age: self.max_age,
            clock_skew: self.clock_skew,
            max_lifetime: self.max_lifetime,
        };
        let missing = |flag: &str, what: &str| Err(InputError::new(flag, format!("missing; expected {what}")));
        if question.purpose == Use::Signature {
            return match &self.jwks {
                Some(_) => Ok(question),
                None => missing("--jwks", "the key set to verify the signature with"),
            };
        }
        if question.issuer.is_empty() {
            let says = claimed().map(|issuer| format!("; the token says {issuer}")).unwrap_or_default();
            return missing("--issuer", &format!("the issuer to accept{says}"));
        }
        if self.audience.is_empty() {
            return missing("--audience", "an audience that is ours");
        }
        if question.purpose == Use::IdToken && self.nonce.is_none() {
            return missing("--nonce", "the nonce of the sign-in; a workload's token has --use workload");
        }
        if self.preset == Some(Preset::Spiffe) && self.trust_domain.is_none() {
            return missing("--trust-domain", "the trust domain whose SPIFFE IDs are accepted");
        }
        if self.client_secret_file.is_some() && question.purpose != Use::IdToken {
            return missing("--nonce", "the nonce of the sign-in; a workload's token is never verified by a secret");
        }
        match question.provider() {
            Ok(_) => Ok(question),
            Err(error) => Err(self.at_fault(&question.issuer, &error)),
        }
    }

    /// The option that the library does not accept, with what was given.
    fn at_fault(&self, issuer: &str, error: &ProviderError) -> InputError {
        match error {
            ProviderError::ClientSecret(_) => InputError::new("--client-secret-file", error),
            ProviderError::Audience => InputError::new("--audience", format!("{:?}: {error}", self.audience)),
            ProviderError::Skew { asked } => InputError::new("--clock-skew", format!("{}: {error}", asked.as_secs())),
            ProviderError::Workload { what: "trust domain", .. } => InputError::new(
                "--trust-domain",
                format!("{:?}: {error}", self.trust_domain.as_deref().unwrap_or_default()),
            ),
            _ => InputError::new("--issuer", format!("{issuer:?}: {error}")),
        }
    }

    fn client_secret(&self) -> Result<Option<ClientSecret>, InputError> {
        let Some(path) = &self.client_secret_file else { return Ok(None) };
        let mut text = named_in("--client-secret-file", path)?;
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
        Ok(Some((self.client_secret_algorithm, Arc::new(SecretBytes::new(text.into_bytes())))))
    }
}

fn hmac_algorithm(name: &str) -> Result<HmacAlgorithm, String> {
    HmacAlgorithm::from_name(name).ok_or_else(|| "expected HS256, HS384 or HS512".to_owned())
}
