//! The arguments of `daypass saml verify`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum, value_parser};
use daypass::identity::saml::MAX_CLOCK_SKEW;
use daypass::time::Timestamp;

use super::judge::{Options, Relaxation, Requirement};
use crate::batch::Lines;
use crate::input::parse_instant;
use crate::mapping::Flag;

const EXAMPLE: &str = "\
Example:
  daypass saml verify --idp-metadata idp.xml --sp-entity-id https://sp.example/metadata \\
    --acs-url https://sp.example/acs --request-id _4fee3b --now 2026-01-31T12:00:00Z response.xml

A batch reads one JSON object a line with the fields id, path, idp_certs, sp_key, idp_entity_id, sp_entity_id, acs_url,
request_id, now and policy, and writes one a line in the same order: id, verdict, check, reason, name_id, attributes,
and with --mapping what the person would get.
Every case is judged in full, whatever its `layer` says. What its `policy` asks for and the library does not have is
refused with check \"policy\". Lines that cannot be used are refused with check \"input\", and the exit code is then 2.";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Verify {
    /// The response as XML or base64, or the lines of a batch; `-` or nothing for standard input
    #[arg(value_name = "FILE")]
    pub(super) input: Option<PathBuf>,
    /// The identity provider's metadata
    #[arg(long, value_name = "FILE", conflicts_with_all = ["idp_certificate", "batch"])]
    pub(super) idp_metadata: Option<PathBuf>,
    /// A certificate or public key of the identity provider in PEM, in place of metadata (several are possible)
    #[arg(long, value_name = "FILE", conflicts_with = "batch")]
    pub(super) idp_certificate: Vec<PathBuf>,
    /// The identity provider's entity id: needed with certificates, and to pick one out of an aggregate
    #[arg(long, value_name = "ID", conflicts_with = "batch")]
    pub(super) idp_entity_id: Option<String>,
    /// Our entity id, the audience the assertion must name
    #[arg(long, value_name = "ID", conflicts_with = "batch")]
    pub(super) sp_entity_id: Option<String>,
    /// Our assertion consumer service, the recipient the assertion must name
    #[arg(long, value_name = "URL", conflicts_with = "batch")]
    pub(super) acs_url: Option<String>,
    /// The ID of the AuthnRequest that this answers; without it no request is outstanding
    #[arg(long, value_name = "ID", conflicts_with = "batch")]
    pub(super) request_id: Option<String>,
    /// Judge as AssumeRoleWithSAML does: the assertion may answer any request or none
    #[arg(long, conflicts_with_all = ["request_id", "batch"])]
    pub(super) exchange: bool,
    /// The instant to judge at, in RFC 3339; now if not given
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    pub(super) now: Option<Timestamp>,
    /// A private key that assertions may be encrypted to, in PEM (several are possible)
    #[arg(long, value_name = "FILE", conflicts_with = "batch")]
    pub(super) decryption_key: Vec<PathBuf>,
    /// How far the identity provider's clock may be from ours, at most 300; 60 if not given
    #[arg(long, value_name = "SECONDS", conflicts_with = "batch", value_parser = value_parser!(u64).range(..=MAX_CLOCK_SKEW.as_secs()))]
    clock_skew: Option<u64>,
    /// Weaken the provider by name (comma-separated)
    #[arg(long, value_name = "NAME", value_enum, value_delimiter = ',', conflicts_with = "batch")]
    allow: Vec<Relaxation>,
    /// Demand more by name (comma-separated)
    #[arg(long, value_name = "NAME", value_enum, value_delimiter = ',', conflicts_with = "batch")]
    require: Vec<Requirement>,
    /// Refuse sign-ins at the identity provider longer ago than this
    #[arg(long, value_name = "SECONDS", conflicts_with = "batch")]
    authn_age: Option<u64>,
    /// Demand one of these AuthnContextClassRef URIs
    #[arg(long, value_name = "URI", conflicts_with = "batch")]
    authn_context: Vec<String>,
    #[command(flatten)]
    pub(super) mapping: Flag,
    /// Print the document too, with what a trusted key signed marked: coloured on a terminal, in ⟦ ⟧ elsewhere
    #[arg(long, conflicts_with_all = ["json", "batch"])]
    pub(super) show_signed: bool,
    /// Answer in JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) lines: Lines,
}

impl Verify {
    /// The names of what is relaxed.
    pub(super) fn allowed(&self) -> Vec<&'static str> {
        self.allow.iter().map(|one| one.name()).collect()
    }

    pub(super) fn options(&self) -> Options {
        Options {
            allow: self.allow.iter().copied().collect(),
            require: self.require.iter().copied().collect::<BTreeSet<_>>(),
            clock_skew: self.clock_skew,
            authn_age: self.authn_age,
            authn_contexts: self.authn_context.clone(),
        }
    }
}

impl ValueEnum for Relaxation {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.name()))
    }
}

impl ValueEnum for Requirement {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.name()))
    }
}
