//! A broker whose clock stands still, an application behind signatures, and the way to send it something.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Path;
use axum::http::Request;
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use daypass::audit::{Discard, Recent};
use daypass::credentials::Credentials;
use daypass::http::signed::{Refusal, RequireSignature, SignedCaller};
use daypass::organization::Organization;
use daypass::policy::{Kind, Policy};
use daypass::time::ManualClock;
use daypass::{Broker, Role};
use serde_json::{Value, json};
use tower::{Service, ServiceExt};

use crate::fixture;
use crate::oracle::{Draft, Wire};

pub(crate) type Trail = Arc<Recent<Discard>>;

/// Trust does not matter here: the sessions are made by the fixture.
const TRUST: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
    "Principal": {"AWS": "111111111111"}}}"#;
/// Martha's role: she reads reports and writes her own, by TLS alone.
const READER: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Sid": "ReadAll", "Effect": "Allow", "Action": "reports:GetReport", "Resource": "arn:aws:reports:::report/*"},
    {"Sid": "WriteCats", "Effect": "Allow", "Action": "reports:PutReport",
     "Resource": "arn:aws:reports:::report/${aws:PrincipalTag/team}"},
    {"Sid": "SecureOnly", "Effect": "Allow", "Action": "reports:Delete", "Resource": "*",
     "Condition": {"Bool": {"aws:SecureTransport": "true"}, "IpAddress": {"aws:SourceIp": "192.0.2.0/24"},
                   "StringEquals": {"aws:ResourceTag/team": "cats"}}}]}"#;
/// The least authority of a server that verifies requests to reports.
const REPORTS_SERVER: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
    "Action": "daypass:GetSigningKey", "Resource": "arn:aws:daypass:::service/reports",
    "Condition": {"StringEquals": {"daypass:SessionAccount": "111111111111"}}}}"#;
/// More than any server should be given.
const EVERYTHING: &str =
    r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;

/// A boundary.
const ONLY_WRITING: &str =
    r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "reports:PutReport", "Resource": "*"}}"#;
/// Each role with its id, which sessions of the fixture name, and its permissions.
const ROLES: [(&str, &str, &str); 4] = [
    ("PhotoReader", "AROAAAAAAAAAAAAAAAAAA", READER),
    ("ReportsServer", "AROABBBBBBBBBBBBBBBBB", REPORTS_SERVER),
    ("Greedy", "AROACCCCCCCCCCCCCCCCC", EVERYTHING),
    ("Bounded", "AROADDDDDDDDDDDDDDDDD", READER),
];

pub(crate) struct Site {
    pub(crate) broker: Arc<Broker>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) trail: Trail,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::within(Organization::default())
    }

    /// A broker whose accounts are in `organization`.
    pub(crate) fn within(organization: Organization) -> Self {
        let clock = Arc::new(ManualClock::new(fixture::now()));
        let trail: Trail = Arc::new(Recent::new(100, Discard));
        let mut broker = Broker::new(fixture::keyring()).with_clock(clock.clone()).with_audit(trail.clone());
        broker = broker.with_organization(organization);
        for (name, id, policy) in ROLES {
            let arn = format!("arn:aws:iam::111111111111:role/{name}").parse().unwrap();
            let mut role = Role::new(arn, TRUST.parse().unwrap()).unwrap().with_id(id.parse().unwrap());
            if name == "Bounded" {
                role = role.with_boundary(vec![Policy::parse(ONLY_WRITING, Kind::Boundary).unwrap()]);
            }
            broker = broker.with_role(role.with_permissions(&policy.parse().unwrap()));
        }
        Self { broker: Arc::new(broker), clock, trail }
    }

    /// The code and the operation of the last refusal that the audit trail has.
    pub(crate) fn last_refusal(&self) -> (String, String) {
        let events = self.trail.events();
        let refused = events.iter().filter(|event| event.code.is_some()).max_by_key(|event| event.at).unwrap();
        (refused.code.unwrap().to_owned(), refused.operation.clone())
    }
}

/// Credentials of a session of another role.
pub(crate) fn credentials_of(role: &str) -> Credentials {
    let mut claims = fixture::claims();
    claims["sub"] = format!("arn:aws:sts::111111111111:assumed-role/{role}/server").into();
    claims["session"]["role_arn"] = format!("arn:aws:iam::111111111111:role/{role}").into();
    claims["session"]["role_id"] = ROLES.iter().find(|(name, ..)| *name == role).unwrap().1.into();
    claims["session"]["role_session_name"] = "server".into();
    fixture::credentials_of(&claims)
}

/// An application that keeps reports.
pub(crate) fn app(signed: RequireSignature) -> Router {
    let reports = get(read).put(write).delete(delete);
    Router::new().route("/reports/{id}", reports).layer(signed)
}

fn named(id: &str) -> String {
    format!("arn:aws:reports:::report/{id}")
}

async fn read(caller: SignedCaller, Path(id): Path<String>) -> Result<String, Refusal> {
    let reason = caller.authorize("reports:GetReport", &named(&id))?;
    Ok(format!("{} reads {id}: {reason}", caller.arn()))
}

async fn write(
    caller: SignedCaller,
    Path(id): Path<String>,
    headers: axum::http::HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    caller.authorize("reports:PutReport", &named(&id))?;
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    Ok(Json(json!({
        "body": String::from_utf8(body.to_vec()).unwrap(),
        "length": header("content-length"),
        "encoding": header("content-encoding"),
        "trailers": caller.request().trailers().len(),
    })))
}

async fn delete(caller: SignedCaller, Path(id): Path<String>) -> Result<&'static str, Refusal> {
    caller.authorize_with("reports:Delete", &named(&id), |keys| keys.set("aws:ResourceTag/team", id.as_str()))?;
    Ok("gone")
}

/// A request to reports, to be signed.
pub(crate) fn draft(method: &'static str, target: &str) -> Draft {
    Draft { method, ..Draft::get("reports", target) }
}

pub(crate) fn request(wire: &Wire) -> Request<Body> {
    request_with(wire, Body::from(wire.body.clone()))
}

pub(crate) fn request_with(wire: &Wire, body: Body) -> Request<Body> {
    let builder = Request::builder().method(wire.method.as_str()).uri(&wire.target);
    wire.headers.iter().fold(builder, |builder, (name, value)| builder.header(name, value)).body(body).unwrap()
}

/// Status, content type and text of the answer.
pub(crate) async fn send<S>(app: S, request: Request<Body>) -> (u16, String, String)
where
    S: Service<Request<Body>, Response = Response, Error = Infallible>,
{
    let answer = app.oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, kind.unwrap_or_default(), String::from_utf8(body.to_vec()).unwrap())
}

/// Status and JSON of the answer.
pub(crate) async fn ask(app: Router, wire: &Wire) -> (u16, Value) {
    let (status, kind, text) = send(app, request(wire)).await;
    assert_eq!(kind, "application/json", "{text}");
    (status, serde_json::from_str(&text).unwrap())
}
