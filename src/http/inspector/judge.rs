//! A SAML response judged on a page: what its signature covers is shaded, and every check stands beside it.
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
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::http::page::{CheckRow, Frame};
use crate::http::portal::Portal;
use crate::identity::saml::{Coverage, Explained, SamlProvider, UnverifiedResponse, verify_explained};

/// The longest form that is read: the longest form value, each character of it percent-encoded.
pub(in crate::http) const MOST_FORM_BYTES: usize = 800 * 1024;

/// What is pasted.
#[derive(Deserialize)]
pub(in crate::http) struct Pasted {
    response: String,
    /// The ID of the request it answers; empty for whatever it answers.
    #[serde(default)]
    request_id: String,
}

/// `GET /inspector/saml`: an empty form.
pub(in crate::http) async fn ask(State(portal): State<Arc<Portal>>) -> Response {
    show(&portal, StatusCode::OK, &Pasted { response: String::new(), request_id: String::new() }, None)
}

/// `POST /inspector/saml`: the verdict.
pub(in crate::http) async fn judge(
    State(portal): State<Arc<Portal>>,
    pasted: Result<Form<Pasted>, FormRejection>,
) -> Response {
    let Ok(Form(pasted)) = pasted else {
        let nothing = Pasted { response: String::new(), request_id: String::new() };
        let problem = Err("The form was too long, or no form. A response has at most 256 KiB of base64.".to_owned());
        return show(&portal, StatusCode::BAD_REQUEST, &nothing, Some(&problem));
    };
    let judged = judge_pasted(&portal, &pasted);
    show(&portal, StatusCode::OK, &pasted, Some(&judged))
}

fn judge_pasted(portal: &Portal, pasted: &Pasted) -> Result<Explained, String> {
    let text = pasted.response.trim();
    // XML is as good as the form value that would have carried it.
    let form_value = if text.starts_with('<') { STANDARD.encode(text) } else { text.to_owned() };
    let response = match pasted.request_id.trim() {
        "" => UnverifiedResponse::for_exchange(&form_value),
        id => UnverifiedResponse::from_post(&form_value, id),
    };
    let response = response.map_err(|error| format!("{error}."))?;
    let provider = provider(portal, &response).ok_or("No SAML identity provider is configured here.")?;
    Ok(verify_explained(&provider, response, portal.broker.now()))
}

/// Whom it says it is from, or else any provider: its rules refuse another's word by name.
fn provider(portal: &Portal, response: &UnverifiedResponse) -> Option<Arc<SamlProvider>> {
    let claimed = response.claimed_issuer().ok();
    let said = |provider: &Arc<SamlProvider>| claimed.as_deref() == Some(provider.entity_id());
    portal.broker.saml_providers().find(said).or_else(|| portal.broker.saml_providers().next())
}

fn show(portal: &Portal, status: StatusCode, pasted: &Pasted, judged: Option<&Result<Explained, String>>) -> Response {
    let frame = portal.frame("A SAML response", None);
    let (problem, explained) = match judged {
        None => (None, None),
        Some(Err(problem)) => (Some(problem.as_str()), None),
        Some(Ok(explained)) => (None, Some(JudgedView::new(explained))),
    };
    portal.page(status, &JudgePage { frame, pasted, problem, explained })
}

/// The form, and the verdict about what was pasted into it.
#[derive(Template)]
#[template(path = "judge.html")]
struct JudgePage<'a> {
    frame: Frame<'a>,
    pasted: &'a Pasted,
    problem: Option<&'a str>,
    explained: Option<JudgedView<'a>>,
}

struct JudgedView<'a> {
    class: &'static str,
    sign: &'static str,
    outcome: String,
    pieces: Vec<Piece<'a>>,
    covers: Vec<String>,
    relaxations: String,
    summary: String,
    checks: Vec<CheckRow<'a>>,
}

struct Piece<'a> {
    class: &'static str,
    /// Read out before the piece: shading alone would tell only some.
    said: &'static str,
    text: &'a str,
}

impl<'a> JudgedView<'a> {
    fn new(explained: &'a Explained) -> Self {
        let (class, sign, outcome) = match &explained.outcome {
            Ok(identity) => ("passed", "✓", format!("Accepted: {}", identity.subject())),
            Err(error) => ("failed", "✗", format!("Refused by {}", error.rule().name)),
        };
        let checks = CheckRow::all(&explained.checks);
        Self {
            class,
            sign,
            outcome,
            pieces: explained.pieces().into_iter().map(Piece::new).collect(),
            covers: explained
                .signed
                .iter()
                .map(|signed| {
                    let place =
                        if signed.bytes.is_empty() { " (it was encrypted, and stands nowhere below)" } else { "" };
                    format!("{} {} by {}{place}", signed.element, signed.id, signed.key)
                })
                .collect(),
            relaxations: explained.relaxations.join(", "),
            summary: CheckRow::summary(&checks),
            checks,
        }
    }
}

impl<'a> Piece<'a> {
    fn new((coverage, text): (Coverage, &'a str)) -> Self {
        match coverage {
            Coverage::Signed => Self { class: "signed", said: "Signed: ", text },
            Coverage::Unsigned => Self { class: "unsigned", said: "Not signed: ", text },
        }
    }
}
