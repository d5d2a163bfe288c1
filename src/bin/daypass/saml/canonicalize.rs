//! `daypass saml canonicalize`: the bytes that a digest is taken of, to be compared with what the signer digested.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use daypass::crypto::{DigestAlgorithm, digest};
use daypass::identity::saml;
use serde::Serialize;

use super::judge::{self, Refusal};
use crate::batch::{self, Answered, Case};
use crate::error::{Answer, CliError, InputError};
use crate::fields::{Fields, Id};
use crate::input::Source;
use crate::print::Printer;

const EXAMPLE: &str = "\
Example:
  daypass saml canonicalize --id _assertion --prefix-list \"xs xsi\" response.xml | openssl dgst -sha256 -binary | base64

prints what DigestValue must be when the Reference is \"#_assertion\" and its PrefixList is \"xs xsi\". The element's own
Signature is left out, as the enveloped-signature transform does.

A batch reads one JSON object a line with the fields id, xml, element_id and prefixes, and writes one a line in the same
order: id, canonical, sha256, check, reason.";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Canonicalize {
    /// The document as XML or base64, or the lines of a batch; `-` or nothing for standard input
    #[arg(value_name = "FILE")]
    input: Option<PathBuf>,
    /// The ID of the element; the whole document if not given
    #[arg(long, value_name = "ID", conflicts_with = "batch")]
    id: Option<String>,
    /// The PrefixList of InclusiveNamespaces: prefixes separated by spaces or commas
    #[arg(long, value_name = "PREFIXES", conflicts_with = "batch")]
    prefix_list: Option<String>,
    /// Answer in JSON, with the SHA-256 digest in base64
    #[arg(long, conflicts_with = "batch")]
    json: bool,
    /// Canonicalize JSON lines
    #[arg(long)]
    batch: bool,
}

/// The canonical bytes, or why there are none.
#[derive(Debug, Serialize)]
struct Canonical {
    canonical: Option<String>,
    sha256: Option<String>,
    check: Option<&'static str>,
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct Line {
    id: Id,
    #[serde(flatten)]
    canonical: Canonical,
}

pub(super) fn run(asked: &Canonicalize) -> Result<Answer, CliError> {
    let source = Source::new(asked.input.clone());
    if asked.batch {
        return batch::run(&source, answer);
    }
    let xml = judge::document(source.start(judge::MOST_MESSAGE_BYTES)?);
    let xml = xml.ok_or_else(|| InputError::new(source.to_string(), "neither XML in UTF-8 nor base64 of it"))?;
    let prefixes = asked.prefix_list.as_deref().unwrap_or_default().split([' ', ',']);
    let prefixes: Vec<&str> = prefixes.filter(|prefix| !prefix.is_empty()).collect();
    let canonical = saml::canonicalize(&xml, asked.id.as_deref(), &prefixes);
    let mut printer = Printer::stdout();
    let answer = Answer::from(canonical.is_ok());
    match (canonical, asked.json) {
        (canonical, true) => printer.json(&Canonical::from(canonical.map_err(Refusal::from)))?,
        (Ok(canonical), false) => printer.exactly(&canonical)?,
        (Err(error), false) => return Err(InputError::new(source.to_string(), error.reason()).into()),
    }
    printer.finish()?;
    Ok(answer)
}

fn answer(Case { id, fields }: Case<'_>) -> Answered<Line> {
    let (canonical, judged) = match fields.and_then(|fields| one(&fields)) {
        Ok(canonical) => (canonical.into(), true),
        Err(error) => (Err(Refusal { check: "input", reason: error.to_string() }).into(), false),
    };
    Answered { answer: Line { id, canonical }, judged }
}

fn one(fields: &Fields<'_>) -> Result<Result<String, Refusal>, InputError> {
    let xml: String = fields.require("xml", "the document as text")?;
    let id: Option<String> = fields.read("element_id", "the ID of an element, or null")?;
    let prefixes = fields.texts("prefixes")?;
    let prefixes: Vec<&str> = prefixes.iter().map(String::as_str).collect();
    Ok(saml::canonicalize(&xml, id.as_deref(), &prefixes).map_err(Refusal::from))
}

impl From<Result<String, Refusal>> for Canonical {
    fn from(outcome: Result<String, Refusal>) -> Self {
        match outcome {
            Ok(canonical) => {
                let sha256 = STANDARD.encode(digest(DigestAlgorithm::Sha256, canonical.as_bytes()));
                Self { canonical: Some(canonical), sha256: Some(sha256), check: None, reason: None }
            }
            Err(Refusal { check, reason }) => {
                Self { canonical: None, sha256: None, check: Some(check), reason: Some(reason) }
            }
        }
    }
}
