//! `/_demo`: a token or an assertion without a browser and without a password, for what a demonstration prints.

use super::answer::{WithOutcome, json};
use crate::core::Core;
use crate::error::IdpError;
use crate::idp::{AssertionRequest, IdTokenRequest, assertion_for, id_token_for};
use crate::oidc::workload::WorkloadToken;
use crate::params::Params;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde_json::json;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Core>> {
    Router::new().route("/_demo/token", get(token)).route("/_demo/assertion", get(assertion))
}

async fn token(State(core): State<Arc<Core>>, RawQuery(query): RawQuery) -> Response {
    let params = match Params::parse(query.as_deref().unwrap_or_default()) {
        Ok(params) => params,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let user = params.get("user").unwrap_or_default();
    let audience = params.get("audience").or(core.audiences.first().map(String::as_str)).unwrap_or_default();
    let workload = params.get("workload");
    let made = match workload {
        Some(workload) => {
            WorkloadToken::parse(workload).and_then(|token| Ok(token.with_audience(audience).mint(&core)?))
        }
        None => id_token_for(&core, IdTokenRequest::new(user, audience)),
    };
    match made {
        Ok(token) => json(StatusCode::OK, &json!({ "token": token, "audience": audience }))
            .with_outcome(format!("token about {} for {audience}", workload.unwrap_or(user))),
        Err(error) => refuse(status_of(&error), &error.to_string()),
    }
}

async fn assertion(State(core): State<Arc<Core>>, RawQuery(query): RawQuery) -> Response {
    let params = match Params::parse(query.as_deref().unwrap_or_default()) {
        Ok(params) => params,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let user = params.get("user").unwrap_or_default();
    let service_provider = match params.get("sp") {
        Some(entity_id) => core.service_provider(entity_id),
        None => core.default_service_provider(),
    };
    let made = service_provider.and_then(|service_provider| {
        let request = AssertionRequest::new(user).with_service_provider(service_provider.entity_id());
        assertion_for(&core, request).map(|assertion| (service_provider, assertion))
    });
    match made {
        Ok((service_provider, assertion)) => {
            let body = json!({ "saml_response": assertion, "acs_url": service_provider.default_acs() });
            let outcome = format!("assertion about {user} for {}", service_provider.entity_id());
            json(StatusCode::OK, &body).with_outcome(outcome)
        }
        Err(error) => refuse(status_of(&error), &error.to_string()),
    }
}

const fn status_of(error: &IdpError) -> StatusCode {
    match error {
        IdpError::UnknownUser(_) | IdpError::UnknownAudience(_) | IdpError::UnknownServiceProvider(_) => {
            StatusCode::NOT_FOUND
        }
        IdpError::Workload(_) => StatusCode::BAD_REQUEST,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn refuse(status: StatusCode, error: &str) -> Response {
    json(status, &json!({ "error": error }))
}
