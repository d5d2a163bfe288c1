//! An end-to-end test of a federation, with the identity provider in this process.
//!
//! ```console
//! $ cargo test --example end_to_end    # the tests at the end of this file
//! $ cargo run --example end_to_end     # the same checks, told one by one
//! ```
//!
//! Copy it beside your own application: start the identity provider, point your configuration at it, and assert what your
//! application makes of a good statement, of a broken one, and of one that has become old. The identity provider starts in
//! milliseconds on a free port, makes mistakes on purpose, and lets a test move time.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use daypass::identity::saml::{SamlProvider, UnverifiedResponse};
use daypass::time::{Clock, ManualClock, SystemClock};
use daypass::{AssumeRole, Broker, Credentials, Keyring, Role};
use demo_idp::{AssertionRequest, Fault, Idp, ServiceProvider, User};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const READER: &str = "arn:aws:iam::123456789012:role/reader";
const PROVIDER: &str = "arn:aws:iam::123456789012:saml-provider/corp";
const ENTITY_ID: &str = "https://app.example/saml";
const ACS: &str = "https://app.example/saml/acs";
const TRUST: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRoleWithSAML",
    "Principal": {"Federated": "arn:aws:iam::123456789012:saml-provider/corp"}}}"#;

/// What is tested: here a broker with one role, in your tests your application.
pub(crate) struct World {
    idp: Idp,
    broker: Broker,
    clock: Arc<ManualClock>,
}

impl World {
    /// An identity provider that knows martha, who may be a reader, and sam, who may not.
    ///
    /// # Errors
    /// When a port or a key cannot be had.
    pub(crate) async fn start() -> Outcome<Self> {
        let martha = User::new("martha", "correct-horse").with_role(format!("{READER},{PROVIDER}"));
        let idp = Idp::builder()
            .user(martha)
            .user(User::new("sam", "correct-horse"))
            .service_provider(ServiceProvider::new(ENTITY_ID, ACS))
            .seed(1)
            .start()
            .await?;
        let clock = Arc::new(ManualClock::new(SystemClock.now()));
        let broker = Broker::new(Keyring::generate()?)
            .with_provider(SamlProvider::new(&idp.saml_metadata(), ENTITY_ID, ACS)?)
            .with_role(Role::new(READER.parse()?, TRUST.parse()?)?)
            .with_clock(clock.clone());
        Ok(Self { idp, broker, clock })
    }

    /// Signs `person` in with an answer to the request `_request-1`, and takes the credentials of the reader.
    ///
    /// # Errors
    /// What the broker refused.
    pub(crate) async fn sign_in(&self, person: &str, fault: Option<Fault>) -> Outcome<Credentials> {
        let request = AssertionRequest::new(person).with_in_response_to("_request-1");
        let posted = self.idp.assertion_for(fault.into_iter().fold(request, AssertionRequest::with_fault))?;
        self.present(&posted).await
    }

    async fn present(&self, posted: &str) -> Outcome<Credentials> {
        let flow = self.broker.begin()?;
        let identity = flow.verify(UnverifiedResponse::from_post(posted, "_request-1")?).await?;
        let ask = AssumeRole::new(READER.parse()?, "somebody".parse()?);
        Ok(flow.mint(flow.assume_role(&identity, ask)?)?)
    }
}

/// Whether an outcome is a refusal whose text or evidence has `words` in it.
fn refused<T>(outcome: &Outcome<T>, words: &str) -> bool {
    let Err(error) = outcome else { return false };
    let reason = error.downcast_ref::<daypass::Error>().map(daypass::Error::reason).unwrap_or_default();
    error.to_string().contains(words) || reason.contains(words)
}

/// Every check of this example: what it shows, and whether it held.
///
/// # Errors
/// When the world cannot be started.
pub(crate) async fn checks() -> Outcome<Vec<(&'static str, bool)>> {
    let world = World::start().await?;
    let credentials = world.sign_in("martha", None).await?;
    let mut checks = vec![
        ("martha has credentials for an hour", {
            credentials.expiration().duration_since(world.clock.now()).as_secs() >= 3599
        }),
        ("the session bears her name", credentials.session().arn().as_str().ends_with("/reader/martha")),
        ("sam is refused: his provider lists no role", refused(&world.sign_in("sam", None).await, "does not list")),
    ];
    for (shows, fault, words) in [
        ("an edited assertion is refused", Fault::Tampered, "digest"),
        ("an assertion of another key is refused", Fault::WrongKey, "signature"),
        ("an unsigned assertion is refused", Fault::Unsigned, "sign"),
        ("an assertion for another application is refused", Fault::WrongAudience, "audience"),
        ("an answer to another request is refused", Fault::WrongInResponseTo, "request"),
        ("a comment in a name is refused", Fault::CommentInNameId, "comment"),
    ] {
        checks.push((shows, refused(&world.sign_in("martha", Some(fault)).await, words)));
    }
    let posted = world.idp.assertion_for(AssertionRequest::new("martha").with_in_response_to("_request-1"))?;
    world.present(&posted).await?;
    checks.push(("an assertion signs in once", refused(&world.present(&posted).await, "used before")));
    let late = world.idp.assertion_for(AssertionRequest::new("martha").with_in_response_to("_request-1"))?;
    world.clock.advance(Duration::from_secs(600));
    checks.push(("an assertion of ten minutes ago is refused", refused(&world.present(&late).await, "expired")));
    Ok(checks)
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let checks = checks().await?;
    for (shows, held) in &checks {
        println!("{} {shows}", if *held { "ok    " } else { "FAILED" });
    }
    if checks.iter().all(|(_, held)| *held) { Ok(()) } else { Err("a check failed".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_check_holds() {
        let failed: Vec<_> = checks().await.unwrap().into_iter().filter(|(_, held)| !held).collect();
        assert_eq!(failed, []);
    }

    #[tokio::test]
    async fn the_application_saw_what_the_provider_was_asked_for() {
        let world = World::start().await.unwrap();
        world.sign_in("martha", None).await.unwrap();
        assert!(world.idp.requests().is_empty(), "nothing was asked over HTTP: the assertion was made in-process");
    }
}
