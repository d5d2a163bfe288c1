//! Context assertions about people who signed in with SAML, whose session at the provider ends.

use std::time::Duration;

use daypass::directory::{Directory, IdentityStore, User};

use crate::saml_replay::{sign_in, world};
use crate::signer::{Fields, authn_statement};

#[tokio::test]
async fn a_context_ends_no_later_than_the_session_at_the_provider() {
    for (session, seconds) in [
        ("", 300),
        (r#" SessionNotOnOrAfter="2026-06-01T20:00:00Z""#, 300),
        (r#" SessionNotOnOrAfter="2026-06-01T12:01:30Z""#, 60),
    ] {
        let mut world = world();
        let store = IdentityStore::new("111111111111".parse().unwrap(), "d-906766a9c1").unwrap();
        let id = "54c8f4d8-1001-7010-d5b9-2f1a0f0a1b2c".parse().unwrap();
        let martha = User::new("martha", "Martha").with_user_id(id);
        let directory = Directory::new().with_identity_store(store).with_user(martha);
        world.broker = world.broker.with_directory(directory).unwrap();
        let message = Fields { authn_statement: authn_statement(session), ..Fields::default() };
        let identity = sign_in(&world, &message.signed_assertion()).await.unwrap();
        let issued = world.broker.issue_context_assertion(&identity, None).unwrap();
        let ends = world.broker.now().saturating_add(Duration::from_secs(seconds));
        assert_eq!(issued.expiration(), ends, "{session}");
    }
}
