//! A service that authenticates and authorizes requests signed with Signature Version 4.
//!
//! ```console
//! $ cargo run --example signed_requests              # serves, and prints keys and a curl line that signs with them
//! $ cargo run --example signed_requests -- --once    # sends signed requests to itself, prints the answers, and ends
//! ```
//!
//! The service keeps notes at `/notes/<owner>/<name>`. Its policy lets everyone read, and write under the name that the
//! identity provider signed. Where the keys come from is the quick start of the documentation; here they are made at start.

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::routing::get;
use daypass::http::signed::{Refusal, RequireSignature, SignedCaller};
use daypass::identity::saml::{SamlProvider, UnverifiedResponse};
use daypass::request::Service;
use daypass::{AssumeRole, Broker, Credentials, Keyring, Role};
use demo_idp::{Idp, ServiceProvider, User};
use tokio::net::TcpListener;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const AUTHOR: &str = "arn:aws:iam::123456789012:role/author";
const PROVIDER: &str = "arn:aws:iam::123456789012:saml-provider/corp";
const ENTITY_ID: &str = "https://notes.example/saml";
const ACS: &str = "https://notes.example/saml/acs";
const TRUST: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRoleWithSAML",
    "Principal": {"Federated": "arn:aws:iam::123456789012:saml-provider/corp"}}}"#;
const NOTES: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Sid": "ReadAll", "Effect": "Allow", "Action": "notes:Read", "Resource": "arn:aws:notes:::*"},
    {"Sid": "WriteOwn", "Effect": "Allow", "Action": "notes:Write", "Resource": "arn:aws:notes:::${saml:sub}/*"}]}"#;
/// The name that requests to this service are signed for.
const SERVICE: &str = "notes";

/// A handler: whoever reaches it signed the request, and goes on where the policies allow it.
async fn read(caller: SignedCaller, Path(note): Path<(String, String)>) -> Result<String, Refusal> {
    let reason = caller.authorize("notes:Read", &arn(&note))?;
    Ok(format!("a note, read by {} ({reason})\n", caller.arn()))
}

/// The body is the one that was signed, or this is not reached.
async fn write(caller: SignedCaller, Path(note): Path<(String, String)>, body: String) -> Result<String, Refusal> {
    caller.authorize("notes:Write", &arn(&note))?;
    Ok(format!("{} bytes, written by {}\n", body.len(), caller.arn()))
}

fn arn((owner, name): &(String, String)) -> String {
    format!("arn:aws:notes:::{owner}/{name}")
}

fn app(broker: Arc<Broker>) -> Router {
    let signed = RequireSignature::new(broker, Service::new(SERVICE));
    Router::new().route("/notes/{owner}/{name}", get(read).put(write)).layer(signed)
}

/// A broker, and keys that it minted for martha after her identity provider signed for her.
async fn prepare() -> Outcome<(Arc<Broker>, Credentials)> {
    let martha = User::new("martha", "correct-horse").with_role(format!("{AUTHOR},{PROVIDER}"));
    let sp = ServiceProvider::new(ENTITY_ID, ACS);
    let idp = Idp::builder().seed(1).user(martha).service_provider(sp).start().await?;
    let author = Role::new(AUTHOR.parse()?, TRUST.parse()?)?.with_permissions(&NOTES.parse()?);
    let provider = SamlProvider::new(&idp.saml_metadata(), ENTITY_ID, ACS)?;
    let broker = Broker::new(Keyring::generate()?).with_provider(provider).with_role(author);

    let flow = broker.begin()?;
    let identity = flow.exchange("corp", UnverifiedResponse::for_exchange(&idp.assertion("martha")?)?).await?;
    let session = flow.assume_role(&identity, AssumeRole::new(AUTHOR.parse()?, "martha".parse()?))?;
    let credentials = flow.mint(session)?;
    Ok((Arc::new(broker), credentials))
}

#[tokio::main]
async fn main() -> Outcome<()> {
    if std::env::args().any(|argument| argument == "--once") {
        for (status, answer) in once().await? {
            println!("{status} {}", answer.trim_end());
        }
        return Ok(());
    }
    let (broker, credentials) = prepare().await?;
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!(
        "curl --aws-sigv4 aws:amz:us-east-1:notes --user '{}:{}' \\\n  -H 'x-amz-security-token: {}' \\\n  \
         http://{}/notes/martha/today\n\nPUT to another name than martha's to be refused. Stop with Ctrl-C.",
        credentials.access_key_id(),
        credentials.secret_access_key().expose(),
        credentials.session_token().expose(),
        listener.local_addr()?,
    );
    axum::serve(listener, app(broker)).await?;
    Ok(())
}

/// Serves on a free port and sends one request of each kind: status and body of every answer.
pub(crate) async fn once() -> Outcome<Vec<(u16, String)>> {
    let (broker, keys) = prepare().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base_url = format!("http://{}", listener.local_addr()?);
    let serving = tokio::spawn(async move { axum::serve(listener, app(broker)).await });
    let client = reqwest::Client::builder().no_proxy().build()?;
    let mut answers = Vec::new();
    for (method, path, tampered) in [
        (Method::GET, "/notes/sam/today", false),
        (Method::PUT, "/notes/martha/today", false),
        (Method::PUT, "/notes/sam/today", false),
        (Method::PUT, "/notes/martha/today", true),
    ] {
        let url = format!("{base_url}{path}");
        let body = if method == Method::PUT { "milk" } else { "" };
        let mut request = client.request(method.clone(), &url);
        for (name, value) in sign(&keys, method.as_str(), &url, body)? {
            request = request.header(name, value);
        }
        let sent = if tampered { "beer" } else { body };
        let answer = request.body(sent).send().await?;
        answers.push((answer.status().as_u16(), answer.text().await?));
    }
    let unsigned = client.get(format!("{base_url}/notes/sam/today")).send().await?;
    answers.push((unsigned.status().as_u16(), unsigned.text().await?));
    serving.abort();
    Ok(answers)
}

/// Signs as a client does, with the signer of the AWS SDK.
fn sign(keys: &Credentials, method: &str, url: &str, body: &str) -> Outcome<Vec<(String, String)>> {
    use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
    let token = Some(keys.session_token().expose().to_owned());
    let (id, secret) = (keys.access_key_id().as_str(), keys.secret_access_key().expose());
    let identity = aws_credential_types::Credentials::new(id, secret, token, None, "example").into();
    let parameters = aws_sigv4::sign::v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name(SERVICE)
        .time(std::time::SystemTime::from(time::OffsetDateTime::now_utc()))
        .settings(SigningSettings::default())
        .build()?
        .into();
    let request = SignableRequest::new(method, url, std::iter::empty(), SignableBody::Bytes(body.as_bytes()))?;
    let (headers, _) = sign(request, &parameters)?.into_parts().0.into_parts();
    Ok(headers.iter().map(|header| (header.name().to_owned(), header.value().to_owned())).collect())
}
