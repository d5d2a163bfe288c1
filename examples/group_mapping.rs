//! An identity provider that sends plain groups, and what a mapping document makes of them.
//!
//! ```console
//! $ cargo run --example group_mapping                                     # martha and sam, by the document below
//! $ cargo run --example group_mapping -- examples/mappings/okta.json      # the same people, by another document
//! ```
//!
//! Everyone signs in; for each person every rule is told with its reason, then the role is asked for. The mapping gives
//! roles, and the role's trust policy decides: it is asked afterwards, whatever the document says.

use std::error::Error;

use daypass::identity::ProviderName;
use daypass::identity::saml::{SamlProvider, UnverifiedResponse};
use daypass::session::{Mapping, MappingDocumentError};
use daypass::{AssumeRole, Broker, Keyring, Role};
use demo_idp::{AssertionRequest, Idp, ServiceProvider, User};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const EDITOR: &str = "arn:aws:iam::111111111111:role/PhotoEditor";
const ENTITY_ID: &str = "https://photos.example/saml";
const ACS: &str = "https://photos.example/saml/acs";
const TRUST: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRoleWithSAML",
    "Principal": {"Federated": "arn:aws:iam::111111111111:saml-provider/corp"}}}"#;
const MAPPING: &str = r#"{
  "version": 1,
  "rules": [
    { "name": "by group name",
      "when": { "attribute": "groups", "captures": "aws#*#{role}#{account}" },
      "roles": "arn:aws:iam::{account}:role/{role}", "session_duration": 1800 },
    { "name": "admins",
      "when": { "attribute": "groups", "any_of": "Admins" },
      "roles": "arn:aws:iam::111111111111:role/Administrator" }
  ],
  "session_name": { "from": ["email", "$subject"], "transform": "local_part" }
}"#;

/// Signs everyone in by `document`, and tells what became of each.
///
/// # Errors
/// When the document cannot be read, or the world cannot be started.
pub(crate) async fn told(document: &str) -> Outcome<Vec<String>> {
    let mapping: Mapping = document.parse().map_err(|error: MappingDocumentError| error.reason())?;
    let mut told: Vec<String> = mapping.findings().iter().map(|finding| format!("odd: {finding}")).collect();
    let martha = User::new("martha", "correct-horse").with_email("m.rivera@example.com");
    let martha = martha.with_groups(["Everyone", "aws#photos#PhotoEditor#111111111111"]);
    let sam = User::new("sam", "correct-horse").with_email("sam@example.com").with_groups(["Everyone"]);
    let idp = Idp::builder().user(martha).user(sam).seed(1);
    let idp = idp.service_provider(ServiceProvider::new(ENTITY_ID, ACS)).start().await?;
    let broker = Broker::new(Keyring::generate()?)
        .with_provider(SamlProvider::new(&idp.saml_metadata(), ENTITY_ID, ACS)?)
        .with_mapping(ProviderName::Saml("corp".to_owned()), mapping.clone())?
        .with_role(Role::new(EDITOR.parse()?, TRUST.parse()?)?);
    for person in ["martha", "sam"] {
        let posted = idp.assertion_for(AssertionRequest::new(person).with_in_response_to("_request-1"))?;
        let identity = broker.verify(UnverifiedResponse::from_post(&posted, "_request-1")?).await?;
        told.push(format!("{person}: {}", mapping.explain(&identity)));
        let ask = AssumeRole::new(EDITOR.parse()?, "somebody".parse()?);
        told.push(match broker.assume_role(&identity, ask) {
            Ok(session) => format!("{person} is {} until {}", session.arn(), session.expiration()),
            Err(refusal) => format!("{person} is refused: {}", refusal.reason()),
        });
    }
    Ok(told)
}

/// What is told without a document of one's own.
///
/// # Errors
/// As [`told`].
pub(crate) async fn once() -> Outcome<Vec<String>> {
    told(MAPPING).await
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let lines = match std::env::args().nth(1) {
        Some(path) => told(&std::fs::read_to_string(path)?).await?,
        None => once().await?,
    };
    lines.iter().for_each(|line| println!("{line}"));
    Ok(())
}
