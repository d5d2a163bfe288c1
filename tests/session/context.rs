//! Provided contexts, as the stage sees them: verified, or refused.

use std::collections::BTreeMap;

use daypass::Keyring;
use daypass::credentials::context_assertion::{self, ContextSubject};
use daypass::organization::Organization;
use daypass::policy::Keys;
use daypass::session::{
    CONTEXT_PROVIDER_ARN, Caller, IdentityContext, ProvidedContext, Role, SessionError, request_keys,
};
use serde_json::json;

use crate::issuer::now;
use crate::world::{EDITOR, READER, ask, chained, error, federated, identity, key, open_role, refused, role};

const STORE: &str = "arn:aws:identitystore::333333333333:identitystore/d-906766a9c1";
const MARTHA: &str = "54c8f4d8-1001-7010-d5b9-2f1a0f0a1b2c";

fn provided() -> (Keyring, ProvidedContext) {
    let (keyring, store) = (Keyring::generate().unwrap(), STORE.parse().unwrap());
    let subject =
        ContextSubject { user_id: MARTHA, identity_store_arn: &store, instance_arn: None, application_arn: None };
    let assertion = context_assertion::issue(&keyring, subject, now(), None).unwrap();
    let context = ProvidedContext::new(CONTEXT_PROVIDER_ARN, assertion.expose());
    (keyring, context)
}

fn verified() -> IdentityContext {
    let (keyring, context) = provided();
    let store = STORE.parse().unwrap();
    context_assertion::verify(&keyring, &[context], Some(&store), now()).unwrap().unwrap()
}

fn editor(actions: &[&str]) -> Role {
    let statement = json!({"Sid": "FromReader", "Effect": "Allow", "Principal": {"AWS": READER}, "Action": actions});
    role(EDITOR, &statement)
}

fn reader() -> Caller {
    let role = open_role();
    federated(&identity(&json!({})), &role, ask(&role), now()).unwrap().into()
}

#[test]
fn a_verified_context_is_the_sessions_where_the_role_lets_it_be_set() {
    let both = editor(&["sts:AssumeRole", "sts:SetContext"]);
    let session = chained(&reader(), &[], &both, ask(&both).with_identity_context(verified())).unwrap();
    assert_eq!(key(&session, "identitystore:UserId"), [MARTHA]);
    assert_eq!(key(&session, "identitystore:IdentityStoreArn"), [STORE]);
    assert_eq!(key(&session, "identitycenter:ApplicationArn"), [""; 0]);
    let deaf = editor(&["sts:AssumeRole"]);
    let verdict = chained(&reader(), &[], &deaf, ask(&deaf).with_identity_context(verified()));
    assert_eq!(refused(verdict), "caller permitted", "the trust policy is a part of both sides");
}

#[test]
fn attack_a_context_that_nobody_verified() {
    let both = editor(&["sts:AssumeRole", "sts:SetContext"]);
    let (_, context) = provided();
    let ask = ask(&both).with_provided_context(context.clone());
    let (error, rule) = chained(&reader(), &[], &both, ask).unwrap_err();
    assert_eq!((error, rule), (SessionError::ContextNotVerified, Some("context asserted")));
    let ask = crate::world::ask(&both).with_identity_context(verified()).with_provided_context(context);
    assert_eq!(refused(chained(&reader(), &[], &both, ask)), "context asserted", "nor beside one that was");
}

#[test]
fn attack_a_context_provided_to_federation() {
    let role = open_role();
    let (_, context) = provided();
    for ask in [ask(&role).with_provided_context(context), ask(&role).with_identity_context(verified())] {
        let verdict = federated(&identity(&json!({})), &role, ask, now());
        assert_eq!(error(verdict), SessionError::ContextNotTaken);
    }
}

#[test]
fn attack_an_environment_that_speaks_for_a_person() {
    let keys = [
        "identitystore:UserId",
        "IdentityStore:userid",
        "identitystore:IdentityStoreArn",
        "identitycenter:ApplicationArn",
        "identitycenter:CredentialId",
        "identitycenter:InstanceArn",
        "sts:RequestContext/identitystore:UserId",
        "sts:RequestContextProviders",
    ];
    let forged = || keys.iter().fold(Keys::new(), |forged, name| forged.with(name, MARTHA)).with("s3:prefix", "photos");
    let both = editor(&["sts:AssumeRole", "sts:SetContext"]);
    let session: Caller = chained(&reader(), &[], &both, ask(&both).with_identity_context(verified())).unwrap().into();
    for (caller, expected) in [(None, [""; 0].as_slice()), (Some(&reader()), &[]), (Some(&session), &[MARTHA])] {
        let told = request_keys(caller, &BTreeMap::new(), &Organization::default(), forged(), now());
        assert_eq!(told.values("identitystore:UserId").collect::<Vec<_>>(), expected);
        assert_eq!(told.values("s3:prefix").count(), 1);
        for name in keys.iter().skip(3).filter(|name| !name.ends_with("CredentialId")) {
            assert_eq!(told.values(name).count(), 0, "{name}");
        }
    }
    let asked = json!({"StringEquals": {"identitystore:UserId": MARTHA}});
    let statement = json!({"Sid": "FromReader", "Effect": "Allow", "Principal": {"AWS": READER},
        "Action": "sts:AssumeRole", "Condition": asked});
    let marthas = role(EDITOR, &statement);
    let verdict = chained(&reader(), &[], &marthas, ask(&marthas).with_environment(forged()));
    assert_eq!(refused(verdict), "caller permitted");
}
