//! A batch: each line a case with parties, policy and instant of its own.

use std::collections::HashMap;
use std::path::PathBuf;

use daypass::crypto::RsaDecryptionKey;
use daypass::explain::{Report, Silent};
use daypass::identity::saml::{IdpMetadata, RULES, SamlError, SamlProvider};
use daypass::time::Timestamp;

use super::hints::hint;
use super::judge::{self, Format, Judgement, Options, Parties, Refusal, Relaxation, Request, Requirement};
use crate::batch::{Answered, Case, Line, Story};
use crate::error::{CliError, InputError};
use crate::fields::Fields;
use crate::input::{Source, instant, named_in};
use crate::mapping::Document;

/// Providers kept from line to line; past this many they are made anew.
const MOST_PROVIDERS: usize = 256;

pub(super) struct Cases {
    root: PathBuf,
    now: Option<Timestamp>,
    explain: bool,
    mapping: Document,
    providers: HashMap<Context, Configured>,
}

/// Everything a provider is made from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Context {
    certificates: Vec<String>,
    decryption_key: Option<String>,
    idp_entity_id: String,
    sp_entity_id: String,
    acs_url: String,
    options: Options,
}

struct Configured {
    provider: Result<SamlProvider, SamlError>,
    /// Why the case's decryption key was not loaded, if it was not.
    without_key: Option<String>,
}

impl Cases {
    pub(super) fn new(root: PathBuf, now: Option<Timestamp>, explain: bool, mapping: Document) -> Self {
        Self { root, now, explain, mapping, providers: HashMap::new() }
    }

    pub(super) fn answer(&mut self, line: Case<'_>) -> Answered<Line<Judgement>> {
        Line::answer(line, |fields| self.judge(fields), |reason| Refusal { check: "input", reason }.into())
    }

    fn judge(&mut self, fields: &Fields<'_>) -> Result<(Judgement, Option<Story>), InputError> {
        let options = match read_policy(fields)? {
            Ok(options) => options,
            Err(refusal) => return Ok((refusal.into(), None)),
        };
        let path = self.root.join(fields.require::<String>("path", "the path of a response")?);
        let format = match fields.read::<String>("format", "\"xml\" or \"base64\"")?.as_deref() {
            None => None,
            Some("xml") => Some(Format::Xml),
            Some("base64") => Some(Format::Base64),
            Some(_) => return Err(InputError::new("format", "expected \"xml\" or \"base64\"")),
        };
        let request = fields.read("request_id", "text or null")?.map_or(Request::None, Request::Id);
        let now = instant(fields.instant("now")?.or(self.now));
        let message = Source::File(path).start(judge::MOST_MESSAGE_BYTES);
        let message = message.map_err(|error: CliError| InputError::new("path", error))?;
        let explain = self.explain;
        let mapping = self.mapping.clone();
        let configured = self.configured(fields, options)?;
        let provider = match &configured.provider {
            Ok(provider) => provider,
            Err(error) => return Ok((Refusal::from(error.clone()).into(), None)),
        };
        let form_value = judge::encoded(message, format);
        let mut report = Report::new();
        let outcome = if explain {
            judge::verify(provider, &form_value, &request, now, &mut report)
        } else {
            judge::verify(provider, &form_value, &request, now, &mut Silent)
        };
        let judgement: Judgement = match outcome {
            Ok(identity) => Judgement::accepted(&identity, &mapping),
            Err(refusal) => noted(refusal, configured.without_key.as_deref()).into(),
        };
        let story = explain.then(|| Story { hint: judgement.check.and_then(hint), checks: report.finish(&RULES) });
        Ok((judgement, story))
    }

    fn configured(&mut self, fields: &Fields<'_>, options: Options) -> Result<&Configured, InputError> {
        let mut certificates = fields.texts("idp_certs")?;
        if certificates.is_empty() {
            certificates = fields.texts("idp_cert")?;
        }
        let context = Context {
            certificates,
            decryption_key: fields.read("sp_key", "the path of a key, or null")?,
            idp_entity_id: fields.text("idp_entity_id")?,
            sp_entity_id: fields.text("sp_entity_id")?,
            acs_url: fields.text("acs_url")?,
            options,
        };
        if self.providers.len() >= MOST_PROVIDERS && !self.providers.contains_key(&context) {
            self.providers.clear();
        }
        match self.providers.entry(context) {
            std::collections::hash_map::Entry::Occupied(known) => Ok(known.into_mut()),
            std::collections::hash_map::Entry::Vacant(place) => {
                let configured = configure(&self.root, place.key())?;
                Ok(place.insert(configured))
            }
        }
    }
}

fn configure(root: &std::path::Path, context: &Context) -> Result<Configured, InputError> {
    let mut pems = Vec::new();
    for path in &context.certificates {
        pems.push(named_in("idp_certs", &root.join(path))?);
    }
    let (mut decryption_keys, mut without_key) = (Vec::new(), None);
    if let Some(path) = &context.decryption_key {
        // A response may not need it: a key that cannot be used is only told of where it would have been.
        match RsaDecryptionKey::from_pem(&named_in("sp_key", &root.join(path))?) {
            Ok(key) => decryption_keys.push(key),
            Err(error) => without_key = Some(format!("sp_key was not loaded: {error}")),
        }
    }
    let parties = |metadata| Parties {
        metadata,
        sp_entity_id: context.sp_entity_id.clone(),
        acs_url: context.acs_url.clone(),
        options: context.options.clone(),
        decryption_keys,
    };
    let metadata = IdpMetadata::from_pem(&context.idp_entity_id, pems.iter().map(String::as_str));
    Ok(Configured { provider: metadata.and_then(|metadata| parties(metadata).provider()), without_key })
}

fn noted(refusal: Refusal, note: Option<&str>) -> Refusal {
    match note {
        Some(note) if refusal.check == "decryption" => {
            Refusal { reason: format!("{}; {note}", refusal.reason), ..refusal }
        }
        _ => refusal,
    }
}

/// What the case wants of the provider; a refusal when the library does not have it.
fn read_policy(fields: &Fields<'_>) -> Result<Result<Options, Refusal>, InputError> {
    let mut options = Options::default();
    let Some(policy) = fields.raw("policy") else { return Ok(Ok(options)) };
    let policy = Fields::parse(policy, "policy")?;
    for (name, text) in policy.iter().filter(|(_, text)| *text != "false") {
        let refused = |problem: &str| Refusal { check: "policy", reason: format!("{name}: {problem}") };
        if name == "clock_skew_s" {
            let seconds: u64 = policy.require(name, "seconds").map_err(|error| error.within("policy"))?;
            if seconds > daypass::identity::saml::MAX_CLOCK_SKEW.as_secs() {
                return Ok(Err(refused("clocks may be at most 300 seconds apart")));
            }
            options.clock_skew = Some(seconds);
            continue;
        }
        let Some(asked) = Asked::of(name) else {
            return Ok(Err(refused("this verifier has no such option")));
        };
        if text != "true" {
            return Err(InputError::new(name, "expected true or false").within("policy"));
        }
        match asked {
            Asked::Allow(relaxation) => drop(options.allow.insert(relaxation)),
            Asked::Require(requirement) => drop(options.require.insert(requirement)),
        }
    }
    Ok(Ok(options))
}

enum Asked {
    Allow(Relaxation),
    Require(Requirement),
}

impl Asked {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "allow_sha1" => Self::Allow(Relaxation::Sha1),
            "allow_small_rsa" => Self::Allow(Relaxation::SmallRsa),
            // The vectors have one word for both: CBC inside a signature, and without one.
            "allow_cbc" => Self::Allow(Relaxation::CbcInUnsignedResponses),
            "allow_aes_192" => Self::Allow(Relaxation::Aes192),
            "allow_extensions" => Self::Allow(Relaxation::Extensions),
            "allow_cdata" => Self::Allow(Relaxation::Cdata),
            "allow_unsolicited" => Self::Allow(Relaxation::Unsolicited),
            "want_response_signed" => Self::Require(Requirement::SignedResponse),
            "check_idp_cert_validity" => Self::Require(Requirement::CertificateValidity),
            _ => return None,
        })
    }
}
