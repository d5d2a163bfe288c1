//! Roles that go while somebody is authenticated as a session of theirs.

use daypass::credentials::Revoked;
use daypass::iam::Holder;
use daypass::policy::{Keys, ResourcePolicy};
use daypass::request::RequestError;
use daypass::{Error, Role};
use serde_json::json;

use crate::issuer;
use crate::world::{READER, World, ask, reader};

const OBJECT: &str = "arn:aws:s3:::photos/1.svg";

fn naming(role: &str) -> ResourcePolicy {
    let document = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": role},
        "Action": "s3:GetObject", "Resource": "*"}});
    document.to_string().parse().unwrap()
}

fn delete_reader(world: &World) {
    let deleted = world.broker.registry().update(reader().account(), |account, _| {
        let holder = Holder::Role("reader".to_owned());
        let names: Vec<String> = account.permissions(&holder)?.inline.keys().cloned().collect();
        for name in names {
            account.delete_inline_policy(&holder, &name)?;
        }
        account.delete_role("reader")
    });
    deleted.unwrap();
}

fn is_gone(error: &Error) -> bool {
    matches!(error, Error::Request(RequestError::Revoked(Revoked::PrincipalGone { .. })))
}

/// The policy of a resource names the role; no policy of the role's own is needed, and none was left to take away.
#[tokio::test]
async fn attack_a_session_of_a_deleted_role_reads_what_names_the_role() {
    let mut world = World::new();
    let photos = "arn:aws:s3:::photos".parse().unwrap();
    world.broker = world.broker.with_resource_policy(reader().account().clone(), &photos, naming(READER));
    let identity = world.exchange(&issuer::token(&json!({}))).await.unwrap();
    let minted = world.broker.mint(world.broker.assume_role(&identity, ask()).unwrap()).unwrap();
    let flow = world.broker.begin().unwrap();
    let bearer = flow.authenticate_bearer(minted.session_token().expose()).unwrap();
    let read = || flow.authorize_bearer(&bearer, "s3:GetObject", OBJECT, Keys::new());
    assert!(read().unwrap().is_allow());
    delete_reader(&world);
    // Also for who was authenticated before.
    let error = read().unwrap_err();
    assert!(is_gone(&error), "{error:?}");
    assert_eq!(error.code(), "InvalidClientTokenId");
    let event = world.last();
    assert_eq!((event.operation.as_str(), event.code), ("s3:GetObject", Some("InvalidClientTokenId")));
    let error = flow.authenticate_bearer(minted.session_token().expose()).unwrap_err();
    assert!(is_gone(&error), "{error:?}");
    // Another role has the name, with an id of its own.
    let anew: Role = reader().with_id("AROAZZZZZZZZZZZZZZZZZ".parse().unwrap());
    world.broker.registry().configure_role(anew, issuer::now());
    assert!(is_gone(&read().unwrap_err()));
    assert!(is_gone(&flow.authenticate_bearer(minted.session_token().expose()).unwrap_err()));
    // The same role, made in code as before.
    world.broker.registry().configure_role(reader(), issuer::now());
    assert!(read().unwrap().is_allow());
}
