//! A service that verifies signed requests without the broker's keys, beside the broker, each on a port of its own.
//!
//! ```console
//! $ cargo run --example resource_server
//! ```
//!
//! The broker mints credentials and hands out scoped signing keys. The report service holds none of its secrets: it signs an
//! ask with an access key of its own, and is given keys by which it verifies what is sent to `reports`, and nothing else.

use std::error::Error;
use std::sync::Arc;

use axum::extract::Path;
use axum::routing::get;
use axum::{Router, serve};
use daypass::http::resource_server::{ResourceServer, ServerCredentials};
use daypass::http::signed::{Refusal, RequireSignature, SignedCaller};
use daypass::http::{signing_keys, well_known};
use daypass::identity::saml::{SamlProvider, UnverifiedResponse};
use daypass::request::Service;
use daypass::{AssumeRole, Broker, Credentials, Keyring, Role};
use demo_idp::{Idp, ServiceProvider, User};
use tokio::net::TcpListener;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const ANALYST: &str = "arn:aws:iam::123456789012:role/analyst";
const REPORTS_SERVER: &str = "arn:aws:iam::123456789012:role/reports-server";
const PROVIDER: &str = "arn:aws:iam::123456789012:saml-provider/corp";
const ENTITY_ID: &str = "https://broker.example/saml";
const ACS: &str = "https://broker.example/saml/acs";
const ISSUER: &str = "https://broker.example";
const TRUST: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRoleWithSAML",
    "Principal": {"Federated": "arn:aws:iam::123456789012:saml-provider/corp"}}}"#;
const READ_PUBLIC: &str = r#"{"Version": "2012-10-17", "Statement": {"Sid": "ReadPublic", "Effect": "Allow",
    "Action": "reports:GetReport", "Resource": "arn:aws:reports:::report/q*"}}"#;
/// All that the report service may do at the broker: have keys for its own name.
const OWN_KEYS: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "daypass:GetSigningKey",
    "Resource": "arn:aws:daypass:::service/reports"}}"#;

// The report service.

async fn report(caller: SignedCaller, Path(id): Path<String>) -> Result<String, Refusal> {
    let reason = caller.authorize("reports:GetReport", &format!("arn:aws:reports:::report/{id}"))?;
    Ok(format!("report {id} for {} ({reason})", caller.arn()))
}

fn reports(broker_url: &str, credentials: ServerCredentials) -> Outcome<Router> {
    let server = ResourceServer::new(broker_url, ISSUER, credentials)?;
    let signed = RequireSignature::new(server, Service::new("reports"));
    Ok(Router::new().route("/reports/{id}", get(report)).layer(signed))
}

// What is around it.

/// A broker, and credentials of a person and of the report service, both signed for by one identity provider.
async fn prepare() -> Outcome<(Arc<Broker>, Credentials, Credentials)> {
    let user = |name: &str, role: &str| User::new(name, "correct-horse").with_role(format!("{role},{PROVIDER}"));
    let idp = Idp::builder().seed(1).user(user("martha", ANALYST)).user(user("server", REPORTS_SERVER));
    let idp = idp.service_provider(ServiceProvider::new(ENTITY_ID, ACS)).start().await?;
    let role = |arn: &str, policy: &str| -> Outcome<Role> {
        Ok(Role::new(arn.parse()?, TRUST.parse()?)?.with_permissions(&policy.parse()?))
    };
    let broker = Broker::new(Keyring::generate()?.with_issuer(ISSUER))
        .with_provider(SamlProvider::new(&idp.saml_metadata(), ENTITY_ID, ACS)?)
        .with_role(role(ANALYST, READ_PUBLIC)?)
        .with_role(role(REPORTS_SERVER, OWN_KEYS)?);
    let mut minted = Vec::new();
    for (name, role) in [("martha", ANALYST), ("server", REPORTS_SERVER)] {
        let flow = broker.begin()?;
        let identity = flow.exchange("corp", UnverifiedResponse::for_exchange(&idp.assertion(name)?)?).await?;
        minted.push(flow.mint(flow.assume_role(&identity, AssumeRole::new(role.parse()?, name.parse()?))?)?);
    }
    let server = minted.pop().ok_or("nothing was minted")?;
    Ok((Arc::new(broker), minted.pop().ok_or("nothing was minted")?, server))
}

/// Serves `routes` on a free port of this machine.
async fn start(routes: Router) -> Outcome<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { serve(listener, routes).await });
    Ok(url)
}

/// Sends signed requests to the report service: the status and the text of each answer.
pub(crate) async fn once() -> Outcome<Vec<String>> {
    let (broker, martha, server) = prepare().await?;
    let broker_url = start(well_known::router(broker.clone()).merge(signing_keys::router(broker))).await?;
    let reports_url = start(reports(&broker_url, ServerCredentials::from(&server))?).await?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let mut told = Vec::new();
    for (signed, sent) in [("q3", "q3"), ("q4", "q4"), ("salaries", "salaries"), ("q3", "q4")] {
        let mut request = client.get(format!("{reports_url}/reports/{sent}"));
        let signed = format!("{reports_url}/reports/{signed}");
        for (name, value) in sign(&martha, "reports", "GET", &signed, "")? {
            request = request.header(name, value);
        }
        let answer = request.send().await?;
        told.push(format!("{} {}", answer.status().as_u16(), answer.text().await?));
    }
    // What the report service cannot have: the key of martha's requests to another service.
    let url = format!("{broker_url}/signing-keys");
    let scope = format!("{}/us-east-1/payroll/aws4_request", today()?);
    let form = [
        ("AccessKeyId", martha.access_key_id().as_str()),
        ("SessionToken", martha.session_token().expose()),
        ("Scope", &scope),
    ];
    let form: Vec<_> = form.iter().map(|(name, value)| format!("{name}={}", value.replace('/', "%2F"))).collect();
    let form = form.join("&");
    let mut request = client.post(&url);
    for (name, value) in sign(&server, "daypass", "POST", &url, &form)? {
        request = request.header(name, value);
    }
    let refused = request.body(form).send().await?;
    told.push(format!("the broker refuses the key of another service: {}", refused.status().as_u16()));
    Ok(told)
}

fn today() -> Outcome<String> {
    let now = time::OffsetDateTime::now_utc();
    Ok(format!("{:04}{:02}{:02}", now.year(), u8::from(now.month()), now.day()))
}

#[tokio::main]
async fn main() -> Outcome<()> {
    for line in once().await? {
        println!("{line}");
    }
    Ok(())
}

/// Signs as a client does, with the signer of the AWS SDK.
fn sign(keys: &Credentials, service: &str, method: &str, url: &str, body: &str) -> Outcome<Vec<(String, String)>> {
    use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
    let token = Some(keys.session_token().expose().to_owned());
    let (id, secret) = (keys.access_key_id().as_str(), keys.secret_access_key().expose());
    let identity = aws_credential_types::Credentials::new(id, secret, token, None, "example").into();
    let parameters = aws_sigv4::sign::v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name(service)
        .time(std::time::SystemTime::from(time::OffsetDateTime::now_utc()))
        .settings(SigningSettings::default())
        .build()?
        .into();
    let request = SignableRequest::new(method, url, std::iter::empty(), SignableBody::Bytes(body.as_bytes()))?;
    let (headers, _) = sign(request, &parameters)?.into_parts().0.into_parts();
    Ok(headers.iter().map(|header| (header.name().to_owned(), header.value().to_owned())).collect())
}
