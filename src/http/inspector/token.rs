//! An ID token judged on a page: its parts decoded, and every check beside them.
//!
//! Nothing of it is kept: no session, no replay memory, no event.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::explain::{Check, Report, Verdict};
use crate::http::page::{CheckRow, Frame};
use crate::http::portal::Portal;
use crate::identity::oidc::{self, MAX_SIGNED_LENGTH, OidcError, RULES, UnverifiedIdToken};
use crate::json::{self, Data, Limits, Member, Value};

/// The longest form that is read: more than the library reads of a token, so that it is a check that refuses it.
pub(in crate::http) const MOST_FORM_BYTES: usize = 64 * 1024;

const READ: Limits = Limits { bytes: MAX_SIGNED_LENGTH, depth: 32, values: 4096 };

/// What is pasted.
#[derive(Default, Deserialize)]
pub(in crate::http) struct Pasted {
    token: String,
    /// The nonce of the sign-in it answers; empty for a workload's token.
    #[serde(default)]
    nonce: String,
}

/// `GET /inspector/jwt`: an empty form.
pub(in crate::http) async fn ask(State(portal): State<Arc<Portal>>) -> Response {
    show(&portal, StatusCode::OK, &Pasted::default(), None)
}

/// `POST /inspector/jwt`: the verdict.
pub(in crate::http) async fn judge(
    State(portal): State<Arc<Portal>>,
    pasted: Result<Form<Pasted>, FormRejection>,
) -> Response {
    let Ok(Form(pasted)) = pasted else {
        let problem = Err("The form was too long, or no form. A token has at most 16 KiB.".to_owned());
        return show(&portal, StatusCode::BAD_REQUEST, &Pasted::default(), Some(&problem));
    };
    let judged = judge_pasted(&portal, &pasted).await;
    show(&portal, StatusCode::OK, &pasted, Some(&judged))
}

/// How a token was judged.
struct Judged {
    outcome: Result<String, OidcError>,
    checks: Vec<Check>,
}

async fn judge_pasted(portal: &Portal, pasted: &Pasted) -> Result<Judged, String> {
    let (token, nonce) = (pasted.token.trim(), pasted.nonce.trim());
    let unverified = match nonce {
        "" => UnverifiedIdToken::for_exchange(token),
        nonce => UnverifiedIdToken::for_sign_in(token, nonce),
    };
    // Whom it says it is from, or else any provider: its rules refuse another's word by name.
    let claimed = unverified.claimed_issuer();
    let said =
        portal.oidc.iter().find(|way| claimed.as_deref() == Some(way.relying_party.provider().issuer().as_str()));
    let way = said.or_else(|| portal.oidc.first()).ok_or("No OpenID provider is configured here.")?;
    let party = way.relying_party.provider();
    let exchanged = portal.broker.oidc_provider(party.issuer().as_str()).filter(|_| nonce.is_empty());
    let (provider, now) = (exchanged.unwrap_or(party), portal.broker.now());
    let key_id = unverified.claimed_key_id();
    let keys = match nonce {
        "" => way.relying_party.keys().for_key_id(key_id.as_deref(), now).await,
        _ => way.relying_party.keys_of_message(key_id.as_deref(), now).await,
    };
    let keys = keys.map_err(|error| format!("The provider’s keys cannot be had: {}.", error.reason()))?;
    let mut report = Report::new();
    let outcome = oidc::verify(provider, &keys, unverified, now, &mut report);
    Ok(Judged { outcome: outcome.map(|identity| identity.subject().to_owned()), checks: report.finish(&RULES) })
}

fn show(portal: &Portal, status: StatusCode, pasted: &Pasted, judged: Option<&Result<Judged, String>>) -> Response {
    let frame = portal.frame("An ID token", None);
    let (problem, judged) = match judged {
        None => (None, None),
        Some(Err(problem)) => (Some(problem.as_str()), None),
        Some(Ok(judged)) => (None, Some(JudgedView::new(judged, pasted.token.trim()))),
    };
    portal.page(status, &TokenPage { frame, pasted, problem, judged })
}

/// The form, and the verdict about what was pasted into it.
#[derive(Template)]
#[template(path = "token.html")]
struct TokenPage<'a> {
    frame: Frame<'a>,
    pasted: &'a Pasted,
    problem: Option<&'a str>,
    judged: Option<JudgedView<'a>>,
}

struct JudgedView<'a> {
    class: &'static str,
    sign: &'static str,
    outcome: String,
    /// Why it is refused.
    reason: Option<String>,
    signed: bool,
    parts: Vec<Part>,
    summary: String,
    checks: Vec<CheckRow<'a>>,
    /// Of a token that is accepted, the checks that had nothing to look at.
    idle: Vec<CheckRow<'a>>,
}

/// One of the three parts, in a form to be read.
struct Part {
    name: &'static str,
    class: &'static str,
    text: String,
}

impl<'a> JudgedView<'a> {
    fn new(judged: &'a Judged, token: &str) -> Self {
        let (class, sign, outcome) = match &judged.outcome {
            Ok(subject) => ("passed", "✓", format!("Accepted: {subject}")),
            Err(error) => ("failed", "✗", format!("Refused by {}", error.rule().name)),
        };
        let signed = judged.checks.iter().any(|check| check.name == "signature" && check.verdict == Verdict::Passed);
        let reason = judged.outcome.as_ref().err().map(OidcError::reason);
        let (checks, parts) = (CheckRow::all(&judged.checks), parts(token, signed));
        let summary = CheckRow::summary(&checks);
        let (idle, checks) = checks.into_iter().partition(|row| reason.is_none() && row.is_idle());
        Self { class, sign, outcome, reason, signed, parts, summary, checks, idle }
    }
}

/// The parts of a token that has three; of any other there is nothing to show.
fn parts(token: &str, signed: bool) -> Vec<Part> {
    let parts: Vec<&str> = token.splitn(4, '.').collect();
    let [header, payload, signature] = parts.as_slice() else { return Vec::new() };
    let class = if signed { "signed" } else { "unsigned" };
    vec![
        Part { name: "Header", class, text: readable(header) },
        Part { name: "Payload", class, text: readable(payload) },
        Part { name: "Signature", class: "unsigned", text: (*signature).to_owned() },
    ]
}

/// JSON with a line for each member, in the token's own order; what is not JSON as it stands.
fn readable(part: &str) -> String {
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(part) else { return part.to_owned() };
    match json::parse(&bytes, READ) {
        Ok(value) => {
            let mut text = String::new();
            write(&value, 0, &mut text);
            text
        }
        Err(_) => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

fn write(value: &Value<'_>, depth: usize, text: &mut String) {
    match &value.data {
        Data::Null => text.push_str("null"),
        Data::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
        Data::Number(number) => text.push_str(number),
        Data::String(string) => text.push_str(&quoted(string)),
        Data::Array(items) => write_all(text, depth, ('[', ']'), items, |item, text| {
            write(item, depth.saturating_add(1), text);
        }),
        Data::Object(members) => write_all(text, depth, ('{', '}'), members, |Member { key, value, .. }, text| {
            text.push_str(&quoted(key));
            text.push_str(": ");
            write(value, depth.saturating_add(1), text);
        }),
    }
}

fn write_all<T>(
    text: &mut String,
    depth: usize,
    (open, close): (char, char),
    items: &[T],
    write: impl Fn(&T, &mut String),
) {
    text.push(open);
    for (index, item) in items.iter().enumerate() {
        text.push_str(if index == 0 { "\n" } else { ",\n" });
        text.push_str(&"  ".repeat(depth.saturating_add(1)));
        write(item, text);
    }
    if !items.is_empty() {
        text.push('\n');
        text.push_str(&"  ".repeat(depth));
    }
    text.push(close);
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_shown_in_the_order_of_the_token_with_its_numbers_as_written() {
        let part = URL_SAFE_NO_PAD.encode(r#"{"b":1e300,"a":["x",{"<":null}],"c":{}}"#);
        let shown = "{\n  \"b\": 1e300,\n  \"a\": [\n    \"x\",\n    {\n      \"<\": null\n    }\n  ],\n  \"c\": {}\n}";
        assert_eq!(readable(&part), shown);
    }

    #[test]
    fn a_part_that_is_no_json_is_shown_as_it_stands() {
        assert_eq!(readable(&URL_SAFE_NO_PAD.encode(r#"{"a":1,"a":2}"#)), r#"{"a":1,"a":2}"#);
        assert_eq!(readable("not base64"), "not base64");
        assert!(parts("a.b", false).is_empty());
    }
}
