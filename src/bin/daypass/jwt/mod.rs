//! `daypass jwt verify`: one token, or a batch of them.

mod args;
mod cases;
mod hints;
mod judge;
mod keys;
mod preset;

use std::io::{self, IsTerminal as _};

use clap::Subcommand;
use daypass::explain::{Check, Report};
use daypass::identity::oidc::{Jwks, UnverifiedIdToken};
use daypass::time::Timestamp;
use serde::Serialize;

use crate::batch;
use crate::error::{Answer, CliError, InputError};
use crate::hint::Hint;
use crate::input::{Source, instant};
use crate::mapping::Document;
use crate::print::Printer;
use args::Verify;
use cases::Cases;
use hints::{hint, hint_by_secret};
use judge::{Judgement, Question, Use};
use keys::Keys;

/// More than the library reads of a token, so that it is the library that refuses what is longer.
const MOST_TOKEN_BYTES: usize = 64 * 1024;

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Judge one token, or a batch of them, and print every check
    Verify(Box<Verify>),
}

pub(crate) fn run(action: Action) -> Result<Answer, CliError> {
    let Action::Verify(verify) = action;
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
    let question = verify.question(|| claimed_issuer(source))?;
    if question.purpose == Use::Signature && mapping.is_there() {
        return Err(InputError::new("--mapping", "a bare signature is about nobody; judge the token as a whole").into());
    }
    let bytes = source.start(MOST_TOKEN_BYTES)?;
    // What is not UTF-8 is no token either way.
    let token = String::from_utf8_lossy(&bytes);
    let token = token.trim_end_matches(['\r', '\n']);
    if token.is_empty() {
        return Err(InputError::new(source.to_string(), "the input is empty").into());
    }
    let now = instant(verify.now);
    let keys = keys(verify, &question, token, now)?;
    let mut report = Report::new();
    let outcome = judge::verify(&question, &keys, token, now, &mut report);
    let judgement = Judgement::of(outcome, mapping);
    let by_secret = question.client_secret.is_some();
    let hint = judgement.check.and_then(if by_secret { hint_by_secret } else { hint });
    let explained = Explained { judgement, hint, checks: report.finish(&judge::rules(question.purpose)) };
    let mut printer = Printer::stdout();
    if verify.json {
        printer.json(&explained)?;
    } else {
        print(&mut printer, &explained)?;
    }
    printer.finish()?;
    Ok(match &explained.judgement.mapping {
        Some(mapped) => mapped.answer(),
        None => Answer::from(explained.judgement.check.is_none()),
    })
}

/// Whom a token says it is from, for the refusal of a question that does not say; nobody is kept waiting for a token.
fn claimed_issuer(source: &Source) -> Option<String> {
    if *source == Source::Stdin && io::stdin().is_terminal() {
        return None;
    }
    let token = source.start(MOST_TOKEN_BYTES).ok()?;
    UnverifiedIdToken::for_exchange(String::from_utf8(token).ok()?.trim_end()).claimed_issuer()
}

/// The answer to one token, with everything that was looked at.
#[derive(Debug, Serialize)]
struct Explained {
    #[serde(flatten)]
    judgement: Judgement,
    hint: Option<Hint>,
    checks: Vec<Check>,
}

fn keys(verify: &Verify, question: &Question, token: &str, now: Timestamp) -> Result<Keys, CliError> {
    let Some(jwks) = &verify.jwks else {
        return if question.client_secret.is_some() {
            Ok(Jwks::default().into())
        } else {
            discover(verify, question, token, now)
        };
    };
    if jwks.starts_with("https://") || jwks.starts_with("http://") {
        return fetch(jwks, verify);
    }
    let document = Source::new(Some(jwks.into())).text()?;
    Ok(Keys::parse(&document).map_err(|error| InputError::new(jwks, error.reason()))?)
}

/// The keys that the issuer's metadata leads to.
#[cfg(feature = "http")]
fn discover(verify: &Verify, question: &Question, token: &str, now: Timestamp) -> Result<Keys, CliError> {
    use daypass::http::fetch::{FetchError, IssuerKeys};

    let failed = |error: FetchError| unfetched(&question.issuer, &error, verify);
    let mut provider = question.provider().map_err(|error| InputError::new("--issuer", error))?;
    if verify.local_network {
        provider = provider.with_local_network();
    }
    let issuer = IssuerKeys::new(&provider).map_err(failed)?;
    let token = UnverifiedIdToken::for_exchange(token);
    let keys = runtime(&question.issuer)?.block_on(issuer.for_token(&token, now)).map_err(failed)?;
    Ok(Jwks::clone(&keys).into())
}

#[cfg(not(feature = "http"))]
fn discover(_: &Verify, _: &Question, _: &str, _: Timestamp) -> Result<Keys, CliError> {
    Err(InputError::new("--jwks", "missing; expected the file of a key set").into())
}

#[cfg(feature = "http")]
fn runtime(place: &str) -> Result<tokio::runtime::Runtime, InputError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| InputError::new(place, error))
}

#[cfg(feature = "http")]
fn fetch(url: &str, verify: &Verify) -> Result<Keys, CliError> {
    use daypass::http::fetch::Fetcher;

    let failed = |error| unfetched(url, &error, verify);
    let fetcher = if verify.local_network { Fetcher::local() } else { Fetcher::public() }.map_err(failed)?;
    Ok(runtime(url)?.block_on(fetcher.jwks(url)).map_err(failed)?.into())
}

#[cfg(feature = "http")]
fn unfetched(place: &str, error: &daypass::http::fetch::FetchError, verify: &Verify) -> InputError {
    use daypass::http::fetch::FetchError;

    let refused = matches!(error, FetchError::Url { .. } | FetchError::PrivateAddress { .. } | FetchError::Reach);
    let advice =
        if refused && !verify.local_network { "; http and private addresses need --local-network" } else { "" };
    InputError::new(place, format!("{error}: {}{advice}", error.reason()))
}

#[cfg(not(feature = "http"))]
fn fetch(url: &str, _: &Verify) -> Result<Keys, CliError> {
    Err(InputError::new("--jwks", format!("{url} is not fetched: built without the feature http; give a file")).into())
}

fn print(printer: &mut Printer, explained: &Explained) -> Result<(), CliError> {
    printer.checks(&explained.checks)?;
    let judgement = &explained.judgement;
    let Some(check) = judgement.check else {
        match &judgement.whom {
            Some(whom) => printer.verdict(true, "accepted", whom)?,
            None => printer.verdict(true, "accepted:", "signature only")?,
        }
        match &judgement.claims {
            Some(claims) => printer.members(claims)?,
            None => printer.line("  the payload is not JSON")?,
        }
        return judgement.mapping.as_ref().map_or(Ok(()), |mapped| mapped.print(printer));
    };
    printer.verdict(false, "rejected", &format!("{check}: {}", judgement.reason.as_deref().unwrap_or_default()))?;
    explained.hint.map_or(Ok(()), |hint| hint.print(printer))
}
