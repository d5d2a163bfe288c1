//! A batch: each line a token with keys, expectations and instant of its own.

use std::collections::HashMap;
use std::path::PathBuf;

use daypass::explain::{Report, Silent};
use daypass::time::Timestamp;

use super::hints::hint;
use super::judge::{self, Judgement, Question, Refusal, Use};
use super::keys::Keys;
use super::preset::Preset;
use crate::batch::{Answered, Case, Line, Story};
use crate::error::InputError;
use crate::fields::Fields;
use crate::input::{instant, named_in};
use crate::mapping::Document;

/// Key sets kept from line to line; past this many they are read anew.
const MOST_KEY_SETS: usize = 256;
/// And past this many bytes of them as they were written.
const MOST_KEY_SET_BYTES: usize = 4 * 1024 * 1024;
const FIELDS: [&str; 10] =
    ["id", "token", "jwks", "issuer", "audience", "nonce", "now", "use", "preset", "trust_domain"];

pub(super) struct Cases {
    root: PathBuf,
    now: Option<Timestamp>,
    explain: bool,
    mapping: Document,
    /// By the field `jwks` as it was written.
    key_sets: HashMap<String, Result<Keys, Refusal>>,
    /// The length of those fields together.
    key_set_bytes: usize,
}

impl Cases {
    pub(super) fn new(root: PathBuf, now: Option<Timestamp>, explain: bool, mapping: Document) -> Self {
        Self { root, now, explain, mapping, key_sets: HashMap::new(), key_set_bytes: 0 }
    }

    pub(super) fn answer(&mut self, line: Case<'_>) -> Answered<Line<Judgement>> {
        Line::answer(line, |fields| self.judge(fields), |reason| Refusal { check: "input", reason }.into())
    }

    fn judge(&mut self, fields: &Fields<'_>) -> Result<(Judgement, Option<Story>), InputError> {
        fields.not_misspelt(&FIELDS)?;
        let token: String = fields.require("token", "text")?;
        let question = question(fields)?;
        let now = instant(fields.instant("now")?.or(self.now));
        let (explain, mapping) = (self.explain, self.mapping.clone());
        let rules = judge::rules(question.purpose);
        let told = |judgement: Judgement, report: Report| {
            let story = Story { hint: judgement.check.and_then(hint), checks: report.finish(&rules) };
            (judgement, explain.then_some(story))
        };
        let keys = match self.keys(fields)? {
            Ok(keys) => keys,
            Err(refusal) => return Ok(told(refusal.clone().into(), Report::new())),
        };
        if !explain {
            let outcome = judge::verify(&question, keys, &token, now, &mut Silent);
            return Ok((Judgement::of(outcome, &mapping), None));
        }
        let mut report = Report::new();
        let outcome = judge::verify(&question, keys, &token, now, &mut report);
        Ok(told(Judgement::of(outcome, &mapping), report))
    }

    /// The key set of a line. One that the library does not accept is a verdict about the case.
    fn keys(&mut self, fields: &Fields<'_>) -> Result<&Result<Keys, Refusal>, InputError> {
        let expected = "a key set, or the path of one";
        let written =
            fields.raw("jwks").ok_or_else(|| InputError::new("jwks", format!("missing; expected {expected}")))?;
        if !self.key_sets.contains_key(written) {
            let bytes = self.key_set_bytes.saturating_add(written.len());
            self.key_set_bytes = bytes;
            if self.key_sets.len() >= MOST_KEY_SETS || bytes > MOST_KEY_SET_BYTES {
                self.key_sets.clear();
                self.key_set_bytes = written.len();
            }
            let document = match fields.read::<String>("jwks", expected) {
                Ok(Some(text)) if text.trim_start().starts_with('{') => text,
                Ok(Some(path)) => named_in("jwks", &self.root.join(path))?,
                _ => written.to_owned(),
            };
            let keys = Keys::parse(&document).map_err(|error| Refusal { check: "jwks", reason: error.reason() });
            self.key_sets.insert(written.to_owned(), keys);
        }
        self.key_sets.get(written).ok_or_else(|| InputError::new("jwks", format!("expected {expected}")))
    }
}

fn question(fields: &Fields<'_>) -> Result<Question, InputError> {
    let nonce: Option<String> = fields.read("nonce", "text or null")?;
    let expected = "\"id_token\", \"workload\" or \"signature\"";
    let purpose = match fields.read::<String>("use", expected)? {
        None => Use::assumed(nonce.as_deref()),
        Some(name) => Use::from_name(&name).ok_or_else(|| InputError::new("use", format!("expected {expected}")))?,
    };
    let platforms = "\"github\", \"gitlab\", \"kubernetes\", \"spiffe\", \"google\" or \"entra\"";
    let preset = match fields.read::<String>("preset", platforms)? {
        None => None,
        Some(name) => {
            let found = Preset::from_name(&name);
            Some(found.ok_or_else(|| InputError::new("preset", format!("expected {platforms}")))?)
        }
    };
    let issuer = fields.text("issuer")?;
    let usual = preset.and_then(Preset::usual_issuer).filter(|_| issuer.is_empty());
    Ok(Question {
        purpose,
        issuer: usual.map_or(issuer, str::to_owned),
        preset,
        trust_domain: fields.text("trust_domain")?,
        client_secret: None,
        audiences: fields.texts("audience")?,
        trusted_audiences: Vec::new(),
        nonce,
        max_age: None,
        clock_skew: None,
        max_lifetime: None,
    })
}
