//! `daypass saml`: one response, or a batch of them, judged in full; and the bytes that a digest is taken of.

mod args;
mod canonicalize;
mod cases;
mod hints;
mod judge;
mod show;

use clap::Subcommand;
use daypass::VerifiedIdentity;
use daypass::crypto::RsaDecryptionKey;
use daypass::explain::{Check, Evidence, Listener as _, Report, Signed};
use daypass::identity::saml::{self, Coverage, IdpMetadata, RULES};
use serde::Serialize;

use crate::batch;
use crate::error::{Answer, CliError, InputError};
use crate::input::{Source, instant, named_in};
use crate::mapping::Document;
use crate::print::Printer;
use args::Verify;
use canonicalize::Canonicalize;
use cases::Cases;
use hints::{Hint, hint};
use judge::{Judgement, Parties, Refusal, Request};

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Judge one SAML response, or a batch of them, and print every check
    Verify(Box<Verify>),
    /// Print the exclusive canonical bytes that a signature's digest is taken of
    Canonicalize(Canonicalize),
}

pub(crate) fn run(action: Action) -> Result<Answer, CliError> {
    let verify = match action {
        Action::Verify(verify) => verify,
        Action::Canonicalize(canonicalize) => return canonicalize::run(&canonicalize),
    };
    let source = Source::new(verify.input.clone());
    let mapping = verify.mapping.read()?;
    if verify.lines.batch {
        let root = verify.lines.root.clone().unwrap_or_else(|| source.folder());
        let mut cases = Cases::new(root, verify.now, verify.lines.explain, mapping);
        return batch::run(&source, |fields| cases.answer(fields));
    }
    one(&verify, &source, &mapping)
}

fn one(verify: &Verify, source: &Source, mapping: &Document) -> Result<Answer, CliError> {
    let parties = parties(verify)?;
    let request = match &verify.request_id {
        Some(id) => Request::Id(id.clone()),
        None if verify.exchange => Request::Exchange,
        None => Request::None,
    };
    let message = source.start(judge::MOST_MESSAGE_BYTES)?;
    let form_value = judge::encoded(message, None);
    let explained = parties.provider().map_err(Refusal::from);
    let explained =
        explained.and_then(|provider| judge::explain(&provider, &form_value, &request, instant(verify.now)));
    let answer = Explained::of(explained, verify.allowed(), mapping);
    let mut printer = Printer::stdout();
    if verify.json {
        printer.json(&answer)?;
    } else {
        show::print(&mut printer, &answer, verify.show_signed)?;
    }
    printer.finish()?;
    Ok(match &answer.judgement.mapping {
        Some(mapped) => mapped.answer(),
        None => Answer::from(answer.identity.is_some()),
    })
}

/// The answer to one response, with everything that was looked at.
#[derive(Debug, Serialize)]
struct Explained {
    #[serde(flatten)]
    judgement: Judgement,
    identity: Option<Facts>,
    hint: Option<Hint>,
    /// What was allowed.
    relaxations: Vec<&'static str>,
    /// What of it was needed.
    relaxed: Vec<&'static str>,
    checks: Vec<Check>,
    signed: Vec<Signed>,
    #[serde(skip)]
    pieces: Vec<(Coverage, String)>,
}

impl Explained {
    fn of(explained: Result<saml::Explained, Refusal>, relaxations: Vec<&'static str>, mapping: &Document) -> Self {
        let refused = |refusal: Refusal| (hint(refusal.check), Judgement::from(refusal));
        let explained = match explained {
            Ok(explained) => explained,
            Err(refusal) => {
                // The provider's keys and the form value are refused before the stage is asked.
                let mut report = Report::new();
                if let Some(rule) = RULES.into_iter().find(|rule| rule.name == refusal.check) {
                    report.failed(rule, || Evidence::new("", &refusal.reason));
                }
                let (hint, judgement) = refused(refusal);
                let (relaxed, signed, pieces) = Default::default();
                let checks = report.finish(&RULES);
                return Self { judgement, identity: None, hint, relaxations, relaxed, checks, signed, pieces };
            }
        };
        let pieces = explained.pieces().into_iter().map(|(coverage, piece)| (coverage, piece.to_owned())).collect();
        let saml::Explained { outcome, checks, signed, relaxations: relaxed, .. } = explained;
        let (identity, (hint, judgement)) = match outcome {
            Ok(identity) => (Some(Facts::of(&identity)), (None, Judgement::accepted(&identity, mapping))),
            Err(error) => (None, refused(error.into())),
        };
        Self { judgement, identity, hint, relaxations, relaxed, checks, signed, pieces }
    }
}

/// What an accepted assertion says beside the NameID and the attributes.
#[derive(Debug, Serialize)]
struct Facts {
    issuer: String,
    name_id_format: Option<String>,
    recipient: String,
    assertion_id: String,
    not_on_or_after: String,
    session_not_on_or_after: Option<String>,
    authenticated_at: Option<String>,
}

impl Facts {
    fn of(identity: &VerifiedIdentity) -> Self {
        Self {
            issuer: identity.issuer().to_owned(),
            name_id_format: identity.subject_type().map(str::to_owned),
            recipient: identity.audience().to_owned(),
            assertion_id: identity.assertion_id().to_owned(),
            not_on_or_after: identity.not_on_or_after().to_string(),
            session_not_on_or_after: identity.session_not_on_or_after().map(|instant| instant.to_string()),
            authenticated_at: identity.authenticated_at().map(|instant| instant.to_string()),
        }
    }
}

/// What the arguments say of both sides; a file that cannot be used is no verdict about the response.
fn parties(verify: &Verify) -> Result<Parties, CliError> {
    let missing = |flag: &str, what: &str| InputError::new(flag, format!("missing; expected {what}"));
    let metadata = match (&verify.idp_metadata, verify.idp_certificate.as_slice()) {
        (Some(path), _) => {
            let place = path.display().to_string();
            let text = Source::new(Some(path.clone())).text()?;
            match &verify.idp_entity_id {
                Some(entity_id) => IdpMetadata::pick(&text, entity_id),
                None => IdpMetadata::parse(&text),
            }
            .map_err(|error| InputError::new(place, error.reason()))?
        }
        (None, []) => {
            return Err(missing("--idp-metadata", "a file, or --idp-certificate with --idp-entity-id").into());
        }
        (None, paths) => {
            let entity_id = verify.idp_entity_id.as_deref();
            let entity_id = entity_id.ok_or_else(|| missing("--idp-entity-id", "the Issuer to accept"))?;
            let texts: Vec<String> =
                paths.iter().map(|path| named_in("--idp-certificate", path)).collect::<Result<_, _>>()?;
            IdpMetadata::from_pem(entity_id, texts.iter().map(String::as_str))
                .map_err(|error| InputError::new("--idp-certificate", error.reason()))?
        }
    };
    let mut decryption_keys = Vec::new();
    for path in &verify.decryption_key {
        let pem = named_in("--decryption-key", path)?;
        let key = RsaDecryptionKey::from_pem(&pem);
        decryption_keys.push(key.map_err(|error| InputError::new(path.display().to_string(), error))?);
    }
    Ok(Parties {
        metadata,
        sp_entity_id: verify.sp_entity_id.clone().ok_or_else(|| missing("--sp-entity-id", "our entity id"))?,
        acs_url: verify.acs_url.clone().ok_or_else(|| missing("--acs-url", "our assertion consumer service"))?,
        options: verify.options(),
        decryption_keys,
    })
}
