//! One question put to daypass and its answer, in the words a person reads.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::ConnectInfo;
use axum::http::header::{REFERER, USER_AGENT};
use axum::http::request::Parts;
use daypass::Flow;
use daypass::policy::{Explanation, Keys, Layer, Outcome};
use daypass::request::{AuthenticatedRequest, BearerSession};
use daypass::{Decision, Error};

use super::operation::Demand;

/// Who asks.
#[derive(Clone, Debug)]
pub(super) enum Caller {
    /// Whoever signed the request.
    Signed(Arc<AuthenticatedRequest>),
    /// Whoever brought the session token.
    Borne(Arc<BearerSession>),
    /// Nobody signed.
    Anonymous,
}

impl Caller {
    fn name(&self) -> String {
        match self {
            Self::Signed(request) => request.caller().arn().to_string(),
            Self::Borne(bearer) => bearer.session().arn().to_string(),
            Self::Anonymous => "anonymous".to_owned(),
        }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ruling {
    pub(super) action: &'static str,
    pub(super) resource: String,
    pub(super) allowed: bool,
    /// `allowed`, `explicit deny` or `implicit deny`.
    pub(super) outcome: &'static str,
    /// Which statement decided, or what kept every statement from allowing.
    pub(super) why: String,
    /// The sentence of an S3 AccessDenied error.
    pub(super) message: String,
}

/// What is known of the request beyond who signed it.
pub(super) fn environment(parts: &Parts) -> Keys {
    let mut keys = Keys::new().with("aws:SecureTransport", "false");
    if let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() {
        keys.set("aws:SourceIp", peer.ip().to_string());
    }
    for (name, header) in [("aws:UserAgent", USER_AGENT), ("aws:Referer", REFERER)] {
        if let Some(value) = parts.headers.get(header).and_then(|value| value.to_str().ok()) {
            keys.set(name, value);
        }
    }
    keys
}

/// Asks whether the caller may do what is demanded.
///
/// # Errors
/// What the broker could not decide.
pub(super) fn rule(flow: &Flow<'_>, caller: &Caller, demand: &Demand, environment: &Keys) -> Result<Ruling, Error> {
    let mut keys = environment.clone();
    for (name, value) in &demand.keys {
        keys.set(name, value.clone());
    }
    let (action, resource) = (demand.action, demand.resource.as_str());
    let decision = match caller {
        Caller::Signed(request) => flow.authorize(request, action, resource, keys)?,
        Caller::Borne(bearer) => flow.authorize_bearer(bearer, action, resource, keys)?,
        Caller::Anonymous => flow.authorize_anonymous(action, resource, keys)?,
    };
    Ok(Ruling::new(&caller.name(), demand, &decision))
}

impl Ruling {
    fn new(caller: &str, demand: &Demand, decision: &Decision) -> Self {
        let explanation = decision.reason().explanation();
        let outcome = match decision {
            Decision::Allow(_) => "allowed",
            Decision::ExplicitDeny(_) => "explicit deny",
            Decision::ImplicitDeny(_) => "implicit deny",
        };
        let (action, resource) = (demand.action, &demand.resource);
        let because = match decision {
            Decision::ExplicitDeny(_) => with_explicit_deny(explanation),
            Decision::ImplicitDeny(_) | Decision::Allow(_) => because_nothing_allows(explanation, action),
        };
        Self {
            action,
            resource: resource.clone(),
            allowed: decision.is_allow(),
            outcome,
            why: sentence(&explanation.reason),
            message: format!(
                "User: {caller} is not authorized to perform: {action} on resource: \"{resource}\" {because}"
            ),
        }
    }
}

/// AWS names the kind of policy; the statement in it is ours to add.
fn with_explicit_deny(explanation: &Explanation) -> String {
    let Some(denying) = explanation.deciding.first() else {
        return "with an explicit deny".to_owned();
    };
    format!("with an explicit deny in {} (statement {})", kind(denying.layer), denying.statement)
}

fn because_nothing_allows(explanation: &Explanation, action: &str) -> String {
    // A layer that limits says no by itself; otherwise the caller's own policies were the place to allow it.
    let silent = |layer| {
        explanation.layers.iter().any(|report| report.layer == layer && report.outcome == Outcome::ImplicitDeny)
    };
    let limiting = [Layer::ServiceControl, Layer::Boundary, Layer::Session].into_iter().find(|layer| silent(*layer));
    let granted = !silent(Layer::Identity) || !silent(Layer::Resource);
    let layer = limiting.filter(|_| granted).unwrap_or(Layer::Identity);
    let kind = kind(layer).trim_start_matches("an ").trim_start_matches("a ");
    format!("because no {kind} allows the {action} action ({})", explanation.reason)
}

const fn kind(layer: Layer) -> &'static str {
    match layer {
        Layer::ServiceControl => "a service control policy",
        Layer::ResourceControl => "a resource control policy",
        Layer::Resource => "a resource-based policy",
        Layer::Boundary => "a permissions boundary",
        Layer::Session => "a session policy",
        _ => "an identity-based policy",
    }
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let Some(first) = characters.next() else { return String::new() };
    format!("{}{}.", first.to_uppercase(), characters.as_str())
}
