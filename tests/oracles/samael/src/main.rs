//! The samael judge: cases as JSON lines in, one verdict a line out, in the same order.
//!
//! `samael-judge` reads standard input. samael asks the system for the time: whoever starts this sets the clock.
//! `samael-judge --speed SECONDS` judges the first case again and again and writes how long one judgement takes.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, Write};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use samael::crypto::{AllowedSignatureAlgorithm as Algorithm, ReduceMode};
use samael::metadata::EntityDescriptor;
use samael::schema::Assertion;
use samael::service_provider::{ServiceProvider, ServiceProviderBuilder};
use serde::{Deserialize, Serialize};

/// The entity ids of the cases hold nothing that XML would have escaped.
const METADATA: &str = r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="ENTITY_ID">
<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">KEYS<md:SingleSignOnService
Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"/></md:IDPSSODescriptor>
</md:EntityDescriptor>"#;
const KEY: &str = r#"<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
<ds:X509Certificate>CERTIFICATE</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"#;

type Failure = Box<dyn std::error::Error>;

/// One case as `documents.py` and the public vectors write it; paths are absolute.
#[derive(Deserialize)]
struct Case {
    id: String,
    path: String,
    idp_certs: Vec<String>,
    sp_key: Option<String>,
    idp_entity_id: String,
    sp_entity_id: String,
    acs_url: String,
    request_id: Option<String>,
    #[serde(default)]
    policy: BTreeMap<String, serde_json::Value>,
}

#[derive(Serialize, Default)]
struct Answer {
    id: String,
    verdict: &'static str,
    reason: Option<String>,
    name_id: Option<String>,
    attributes: Option<BTreeMap<String, Vec<String>>>,
}

impl Case {
    fn allows(&self, what: &str) -> bool {
        self.policy.get(what).and_then(serde_json::Value::as_bool).unwrap_or_default()
    }

    fn provider(&self) -> Result<ServiceProvider, Failure> {
        let mut keys = String::new();
        for path in &self.idp_certs {
            let pem = fs::read_to_string(path)?;
            let certificate = pem.lines().filter(|line| !line.starts_with('-')).collect::<String>();
            keys.push_str(&KEY.replace("CERTIFICATE", &certificate));
        }
        let metadata = METADATA.replace("KEYS", &keys).replace("ENTITY_ID", &self.idp_entity_id);
        let key = match &self.sp_key {
            Some(path) => Some(openssl::pkey::PKey::private_key_from_pem(&fs::read(path)?)?),
            None => None,
        };
        let skew = self.policy.get("clock_skew_s").and_then(serde_json::Value::as_i64).unwrap_or(60);
        let strong = vec![
            Algorithm::RsaSha256,
            Algorithm::RsaSha384,
            Algorithm::RsaSha512,
            Algorithm::EcdsaSha256,
            Algorithm::EcdsaSha384,
            Algorithm::EcdsaSha512,
        ];
        let mut builder = ServiceProviderBuilder::default();
        builder
            .entity_id(self.sp_entity_id.clone())
            .acs_url(self.acs_url.clone())
            .idp_metadata(metadata.parse::<EntityDescriptor>()?)
            .allow_idp_initiated(self.request_id.is_none() && self.allows("allow_unsolicited"))
            .max_clock_skew(chrono::Duration::seconds(skew))
            // Not a rule of the profile: daypass judges by the times of the assertion, not by its age.
            .max_issue_delay(chrono::Duration::days(36_500));
        if let Some(key) = key {
            builder.key(key);
        }
        if !self.allows("allow_sha1") {
            builder.allowed_signature_algorithms(strong);
        }
        Ok(builder.build()?)
    }

    fn judge(&self, provider: &ServiceProvider, posted: &str, mode: ReduceMode) -> Result<Assertion, Failure> {
        let ids: Vec<&str> = self.request_id.as_deref().into_iter().collect();
        provider.parse_base64_response_with_mode(posted, Some(&ids), mode)
    }

    fn posted(&self) -> Result<String, Failure> {
        Ok(STANDARD.encode(fs::read(&self.path)?))
    }

    fn answer(&self) -> Answer {
        let outcome =
            self.provider().and_then(|provider| self.judge(&provider, &self.posted()?, ReduceMode::default()));
        match outcome {
            Ok(assertion) => Answer {
                verdict: "accept",
                name_id: Some(
                    assertion
                        .subject
                        .as_ref()
                        .and_then(|s| s.name_id.as_ref())
                        .map_or(String::new(), |n| n.value.clone()),
                ),
                attributes: Some(attributes(&assertion)),
                ..Answer::default()
            },
            Err(error) => Answer { verdict: "reject", reason: Some(error.to_string()), ..Answer::default() },
        }
    }
}

fn attributes(assertion: &Assertion) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for attribute in assertion.attribute_statements.iter().flatten().flat_map(|statement| &statement.attributes) {
        let values = attribute.values.iter().map(|value| value.value.clone().unwrap_or_default());
        found.entry(attribute.name.clone().unwrap_or_default()).or_default().extend(values);
    }
    found
}

fn speed(case: &Case, seconds: f64) -> Result<(), Failure> {
    let (provider, posted) = (case.provider()?, case.posted()?);
    for (name, mode) in [("samael", ReduceMode::default()), ("samael-pre-digest", ReduceMode::PreDigest)] {
        case.judge(&provider, &posted, mode)?;
        let (began, mut count) = (Instant::now(), 0_u32);
        while began.elapsed() < Duration::from_secs_f64(seconds) {
            for _ in 0..16 {
                case.judge(&provider, &posted, mode)?;
            }
            count += 16;
        }
        println!("{name} {:.3}", began.elapsed().as_secs_f64() * 1e6 / f64::from(count));
    }
    Ok(())
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let case: Case = serde_json::from_str(&line?)?;
        if let [flag, seconds] = arguments.as_slice()
            && flag == "--speed"
        {
            return speed(&case, seconds.parse()?);
        }
        let answer = Answer { id: case.id.clone(), ..case.answer() };
        writeln!(out, "{}", serde_json::to_string(&answer)?)?;
    }
    Ok(())
}
