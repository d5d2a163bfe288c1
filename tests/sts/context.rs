//! A role assumed on behalf of a person: `ProvidedContexts`.

use std::time::Duration;

use daypass::audit::{AuditEvent, OnBehalfOf};
use daypass::explain::Verdict;
use daypass::iam::KeyOwner;
use daypass::session::ProvidedContext;
use daypass::time::Timestamp;
use daypass::{AssumeRole, Broker, Keyring};
use serde_json::{Value, json};

use crate::issuer;
use crate::site::{
    ACCOUNT, APPLICATION, INSTANCE, MARTHA, OTTO, Reply, STORE, Signer, Site, account, allow, directory, policy, trust,
};

const CENTER: &str = "arn:aws:iam::aws:contextProvider/IdentityCenter";
const BOTH: [&str; 2] = ["sts:AssumeRole", "sts:SetContext"];

/// An assertion by `broker` that the application acts on behalf of `name`.
fn asserted(broker: &Broker, name: &str) -> String {
    let application = APPLICATION.parse().unwrap();
    let issued = broker.begin().unwrap().issue_context_assertion_for(name, Some(&application));
    issued.unwrap().expose().to_owned()
}

/// What another broker asserts about `name`.
fn elsewhere(site: &Site, keyring: Keyring, store: &str, name: &str, id: &str) -> String {
    let broker = Broker::new(keyring).with_clock(site.clock.clone()).with_directory(directory(store, &[(name, id)]));
    asserted(&broker.unwrap(), name)
}

impl Site {
    async fn assume_for(&self, signer: &Signer, role: &str, assertion: &str) -> Reply {
        self.provide(signer, role, &[(CENTER, assertion)]).await
    }

    async fn provide(&self, signer: &Signer, role: &str, contexts: &[(&str, &str)]) -> Reply {
        let named = (1..).zip(contexts).flat_map(|(place, (provider, assertion))| {
            let name = |field: &str| format!("ProvidedContexts.member.{place}.{field}");
            [(name("ProviderArn"), *provider), (name("ContextAssertion"), *assertion)]
        });
        let named: Vec<(String, &str)> = named.collect();
        let parameters: Vec<(&str, &str)> = named.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        self.assume(signer, role, &parameters).await
    }

    /// A role for whoever of the account, with `permissions`, that lets a context be set under `condition`.
    fn propagating(&self, name: &str, condition: &Value, permissions: &str) -> String {
        self.role(ACCOUNT, name, &trust(ACCOUNT, &BOTH, condition), permissions)
    }

    /// Whether a session may look at the IAM user of this name.
    async fn may_see(&self, session: &Signer, user: &str) -> bool {
        self.iam(session, "GetUser", &[("UserName", user)]).await.status == 200
    }
}

/// May see the IAM user that is called like the person's id.
fn own() -> String {
    policy(&json!({"Effect": "Allow", "Action": "iam:GetUser",
        "Resource": "arn:aws:iam::111111111111:user/${identitystore:UserId}"}))
}

#[tokio::test]
async fn a_policy_variable_is_the_person_on_whose_behalf_the_session_acts() {
    let site = Site::start().await;
    let desk = site.user(ACCOUNT, "desk", &allow(&BOTH));
    for id in [MARTHA, OTTO] {
        site.user(ACCOUNT, id, &allow(&["s3:*"]));
    }
    let role = site.propagating("desk-for-people", &json!({}), &own());
    for (name, id, other) in [("martha", MARTHA, OTTO), ("otto", OTTO, MARTHA)] {
        let reply = site.assume_for(&desk, &role, &asserted(&site.broker, name)).await;
        let session = reply.credentials();
        assert!(reply.text("PackedPolicySize").parse::<u8>().unwrap() > 0, "a context takes room");
        assert!(site.may_see(&session, id).await && !site.may_see(&session, other).await, "{name}");
    }
    let nobody = site.assume(&desk, &role, &[]).await;
    assert!(!nobody.has("PackedPolicySize"));
    assert!(!site.may_see(&nobody.credentials(), MARTHA).await);
}

#[tokio::test]
async fn every_fact_of_the_context_can_be_asked_about_and_who_calls_is_the_same() {
    let site = Site::start().await;
    let desk = site.user(ACCOUNT, "desk", &allow(&BOTH));
    let condition = json!({"StringEquals": {"identitystore:UserId": MARTHA},
        "ArnEquals": {"identitystore:IdentityStoreArn": STORE, "identitycenter:InstanceArn": INSTANCE,
            "identitycenter:ApplicationArn": APPLICATION},
        "Null": {"identitycenter:CredentialId": "false", "sts:RequestContextProviders": "true"}});
    let asked = policy(&json!({"Effect": "Allow", "Action": "sts:GetAccessKeyInfo", "Resource": "*",
        "Condition": condition}));
    let role = site.propagating("asked", &json!({}), &asked);
    let session = site.assume_for(&desk, &role, &asserted(&site.broker, "martha")).await.credentials();
    let info = [("AccessKeyId", desk.id.as_str())];
    assert_eq!(site.sts(&session, "GetAccessKeyInfo", &info).await.status, 200);
    let (with, without) = (
        site.sts(&session, "GetCallerIdentity", &[]).await,
        site.sts(&site.assume(&desk, &role, &[]).await.credentials(), "GetCallerIdentity", &[]).await,
    );
    for element in ["Arn", "UserId", "Account"] {
        assert_eq!(with.text(element), without.text(element));
    }
}

#[tokio::test]
async fn setting_a_context_takes_a_permission_on_both_sides() {
    let site = Site::start().await;
    let desk = site.user(ACCOUNT, "desk", &allow(&BOTH));
    let bare = site.user(ACCOUNT, "bare", &allow(&BOTH[..1]));
    let open = site.propagating("open", &json!({}), &own());
    let deaf = site.role(ACCOUNT, "deaf", &trust(ACCOUNT, &BOTH[..1], &json!({})), &own());
    let assertion = asserted(&site.broker, "martha");
    for (caller, name, role) in [(&bare, "bare", &open), (&desk, "desk", &deaf)] {
        let refused = site.assume_for(caller, role, &assertion).await;
        let expected = format!(
            "User: arn:aws:iam::{ACCOUNT}:user/{name} is not authorized to perform: sts:SetContext on resource: {role}"
        );
        assert_eq!(refused.refusal(), (403, "AccessDenied", expected));
        assert_eq!(site.assume(caller, role, &[]).await.status, 200, "without a context it is not asked");
    }
}

#[tokio::test]
async fn the_trust_policy_sees_the_context_and_its_provider() {
    let site = Site::start().await;
    let desk = site.user(ACCOUNT, "desk", &allow(&BOTH));
    let condition = json!({
        "ForAllValues:ArnEquals": {"sts:RequestContextProviders": [CENTER]},
        "StringEquals": {"sts:RequestContext/identitystore:UserId": MARTHA},
        "ArnEquals": {"sts:RequestContext/identitystore:IdentityStoreArn": STORE,
            "sts:RequestContext/identitycenter:InstanceArn": INSTANCE,
            "sts:RequestContext/identitycenter:ApplicationArn": APPLICATION},
        "Null": {"sts:RequestContextProviders": "false", "identitystore:UserId": "true"}});
    let role = site.propagating("marthas", &condition, &own());
    assert_eq!(site.assume_for(&desk, &role, &asserted(&site.broker, "martha")).await.status, 200);
    assert_eq!(site.assume_for(&desk, &role, &asserted(&site.broker, "otto")).await.status, 403);
    assert_eq!(site.assume(&desk, &role, &[]).await.status, 403);
}

#[tokio::test]
async fn what_is_wrong_with_a_context_is_named() {
    let site = Site::start().await;
    let desk = site.user(ACCOUNT, "desk", &allow(&BOTH));
    let role = site.propagating("open", &json!({}), &own());
    let honest = asserted(&site.broker, "martha");
    let quick = "arn:aws:iam::aws:contextProvider/QuickSight";
    let stranger = elsewhere(&site, Keyring::generate().unwrap(), "d-906766a9c1", "martha", MARTHA);
    let other_store = elsewhere(&site, site.keyring(), "d-0000000000", "martha", MARTHA);
    let other_name =
        elsewhere(&site, site.keyring().with_issuer("https://other.example"), "d-906766a9c1", "martha", MARTHA);
    let tampered = format!("{}A{}", &honest[..80], &honest[81..]);
    let cases: [(&[(&str, &str)], &str); 8] = [
        (
            &[(quick, &honest)],
            "no context provider is configured as arn:aws:iam::aws:contextProvider/QuickSight; expected",
        ),
        (&[(CENTER, &honest), (quick, &honest)], "expected arn:aws:iam::aws:contextProvider/IdentityCenter"),
        (&[(CENTER, &honest), (CENTER, &honest)], "is named more than once; expected one context of a provider"),
        (&[(CENTER, "e30.e30.")], "the token is not a context assertion; expected the type daypass-context+jwt"),
        (&[(CENTER, &tampered)], "signature of the context assertion does not verify"),
        (&[(CENTER, &stranger)], "signature of the context assertion does not verify"),
        (&[(CENTER, &other_store)], "is of another identity store; expected arn:aws:identitystore::111111111111:"),
        (&[(CENTER, &other_name)], "was issued by another service"),
    ];
    for (contexts, part) in cases {
        let refused = site.provide(&desk, &role, contexts).await;
        assert_eq!((refused.status, refused.text("Code")), (400, "ValidationError"), "{part}");
        assert!(refused.text("Message").contains(part), "{part}: {}", refused.body);
        let event = site.trail.events().pop().unwrap();
        let failed = event.code.is_some() && event.reason.contains(part) && event.resource == role;
        assert!(failed && event.principal.ends_with("user/desk"), "{event:?}");
        let unknown = site.provide(&desk, "arn:aws:iam::111111111111:role/nowhere", contexts).await;
        assert_eq!(refused.refusal(), unknown.refusal(), "which roles there are is not told");
    }
    site.clock.set(Timestamp::from_unix_seconds(1_767_225_600).saturating_add(Duration::from_secs(300)));
    let refused = site.assume_for(&desk, &role, &honest).await;
    let text = "the context assertion has expired; ask for a new one and provide that";
    assert_eq!(refused.refusal(), (400, "ExpiredTokenException", text.to_owned()));
}

#[tokio::test]
async fn contexts_outside_the_limits_of_the_model_are_refused() {
    let site = Site::start().await;
    let desk = site.user(ACCOUNT, "desk", &allow(&BOTH));
    let role = site.propagating("open", &json!({}), &own());
    let long = "A".repeat(2049);
    let cases: [(&[(&str, &str)], &str); 4] = [
        (
            &[(CENTER, "abc")],
            "at 'providedContexts.1.member.contextAssertion' failed to satisfy constraint: Member must \
             have length greater than or equal to 4",
        ),
        (&[(CENTER, &long)], "Member must have length less than or equal to 2048"),
        (&[("IdentityCenter", "e30.e30.")], "'providedContexts.1.member.providerArn'"),
        (
            &[(CENTER, "e30.e30."); 6],
            "at 'providedContexts' failed to satisfy constraint: Member must have length less \
             than or equal to 5",
        ),
    ];
    for (contexts, part) in cases {
        let refused = site.provide(&desk, &role, contexts).await;
        assert_eq!((refused.status, refused.text("Code")), (400, "ValidationError"), "{part}");
        assert!(refused.refusal().2.replace("&apos;", "'").contains(part), "{part}: {}", refused.body);
        assert!(!refused.body.contains(&long), "an assertion is not repeated");
    }
    let half = site.assume(&desk, &role, &[("ProvidedContexts.member.1.ProviderArn", CENTER)]).await;
    assert_eq!((half.status, half.text("Code")), (400, "ValidationError"), "{}", half.body);
}

#[tokio::test]
async fn attack_on_behalf_of_somebody_who_has_left() {
    let site = Site::start().await;
    let desk = site.user(ACCOUNT, "desk", &allow(&BOTH));
    let role = site.propagating("open", &json!({}), &own());
    let gone = "54c8f4d8-3003-7010-d5b9-2f1a0f0a1b2c";
    let assertion = elsewhere(&site, site.keyring(), "d-906766a9c1", "sam", gone);
    let refused = site.assume_for(&desk, &role, &assertion).await;
    let text = "the user of this context is not in the identity store";
    assert_eq!(refused.refusal(), (403, "AccessDenied", text.to_owned()));
    let renamed = elsewhere(&site, site.keyring(), "d-906766a9c1", "martha-before-her-wedding", MARTHA);
    assert_eq!(site.assume_for(&desk, &role, &renamed).await.status, 200, "the id is what counts");
}

#[tokio::test]
async fn a_context_does_not_go_down_a_chain_unless_it_is_provided_again() {
    let site = Site::start().await;
    let desk = site.user(ACCOUNT, "desk", &allow(&BOTH));
    site.user(ACCOUNT, MARTHA, &allow(&["s3:*"]));
    let first = site.propagating("first", &json!({}), &allow(&BOTH));
    let second = site.propagating("second", &json!({}), &own());
    let assertion = asserted(&site.broker, "martha");
    let session = site.assume_for(&desk, &first, &assertion).await.credentials();
    let bare = site.assume(&session, &second, &[]).await.credentials();
    assert!(!site.may_see(&bare, MARTHA).await, "it was not provided again");
    let again = site.assume_for(&session, &second, &assertion).await.credentials();
    assert!(site.may_see(&again, MARTHA).await);
    let marthas = json!({"StringEquals": {"identitystore:UserId": MARTHA}});
    let third = site.propagating("third", &marthas, &own());
    assert_eq!(site.assume(&session, &third, &[]).await.status, 200, "who calls is asked of the calling session");
    assert_eq!(site.assume(&bare, &third, &[]).await.status, 403);
}

#[tokio::test]
async fn no_other_operation_sets_a_context() {
    let site = Site::start().await;
    site.user(ACCOUNT, MARTHA, &allow(&["s3:*"]));
    let desk = site.user(ACCOUNT, "desk", &policy(&json!([
        {"Effect": "Allow", "Action": "sts:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "iam:GetUser", "Resource": "arn:aws:iam::111111111111:user/${identitystore:UserId}"}])));
    let assertion = asserted(&site.broker, "martha");
    let context = [
        ("ProvidedContexts.member.1.ProviderArn", CENTER),
        ("ProvidedContexts.member.1.ContextAssertion", assertion.as_str()),
    ];
    let own = own();
    for (operation, more) in
        [("GetSessionToken", &[][..]), ("GetFederationToken", &[("Name", "martha"), ("Policy", own.as_str())][..])]
    {
        let session = site.sts(&desk, operation, &[more, &context].concat()).await.credentials();
        assert!(!site.may_see(&session, MARTHA).await, "{operation}");
    }
}

#[tokio::test]
async fn an_explanation_says_which_statement_about_contexts_is_missing() {
    let site = Site::start().await;
    site.user(ACCOUNT, "desk", &allow(&BOTH));
    let identity = {
        let accounts = site.broker.registry().read();
        accounts.find(&account(ACCOUNT)).unwrap().identity(&KeyOwner::user("desk")).unwrap()
    };
    let ask = |role: &str, assertion: &str| {
        AssumeRole::new(role.parse().unwrap(), "chain".parse().unwrap())
            .with_provided_context(ProvidedContext::new(CENTER, assertion))
    };
    let explain = |role: &str, assertion: &str| site.broker.explain_assume(&identity, ask(role, assertion)).unwrap();
    let assertion = asserted(&site.broker, "martha");
    let deaf = site.role(ACCOUNT, "deaf", &trust(ACCOUNT, &BOTH[..1], &json!({})), &own());
    let refused = explain(&deaf, &assertion);
    let begins = "sts:SetContext is implicitly denied by the trust policy of the role";
    assert!(refused.blocked_by.starts_with(begins), "{}", refused.blocked_by);
    let actions: Vec<&str> = refused.actions.iter().map(|action| action.action).collect();
    assert_eq!(actions, BOTH);
    let condition = json!({"StringEquals": {"sts:RequestContext/identitystore:UserId": OTTO}});
    let refused = explain(&site.propagating("ottos", &condition, &own()), &assertion);
    for part in ["sts:RequestContext/identitystore:UserId", OTTO, MARTHA] {
        assert!(refused.blocked_by.contains(part), "{part}: {}", refused.blocked_by);
    }
    assert!(explain(&site.propagating("open", &json!({}), &own()), &assertion).allowed);
    let refused = explain(&deaf, "e30.e30.");
    assert!(!refused.allowed && refused.blocked_by.contains("not a context assertion"), "{}", refused.blocked_by);
    let (first, rest) = refused.checks.split_first().unwrap();
    assert_eq!((first.name, first.verdict), ("context asserted", Verdict::Failed));
    assert!(first.found.contains("not a context assertion"), "{}", first.found);
    assert!(rest.len() == 6 && rest.iter().all(|check| check.verdict == Verdict::NotReached), "{rest:?}");
}

#[tokio::test]
async fn the_trail_says_on_whose_behalf_from_the_assertion_to_the_last_request() {
    let site = Site::start().await;
    let desk = site.user(ACCOUNT, "desk", &allow(&BOTH));
    let role = site.propagating("open", &json!({}), &own());
    let session = site.assume_for(&desk, &role, &asserted(&site.broker, "martha")).await.credentials();
    site.may_see(&session, MARTHA).await;
    let events = site.trail.events();
    let told = |operation: &str| -> Option<OnBehalfOf> {
        let of = |event: &&AuditEvent| event.operation == operation;
        events.iter().rfind(of).unwrap_or_else(|| panic!("no {operation}")).on_behalf_of.clone()
    };
    let issued = told("issue context assertion").unwrap();
    assert_eq!((issued.user_id.as_str(), issued.identity_store_arn.as_str()), (MARTHA, STORE));
    for operation in ["assume role", "mint", "authenticate", "iam:GetUser", "GetUser"] {
        assert_eq!(told(operation).as_ref(), Some(&issued), "{operation}");
    }
    let issuing = events.iter().find(|event| event.operation == "issue context assertion").unwrap();
    assert_eq!((issuing.principal.as_str(), issuing.resource.as_str()), ("martha", APPLICATION));
    let written = serde_json::to_value(events.last().unwrap()).unwrap();
    assert_eq!(written["on_behalf_of"]["identity_store_arn"], STORE);
    let checks = &events.iter().find(|event| event.operation == "assume role").unwrap().checks;
    assert!(checks.iter().any(|check| check.name == "context permitted"), "{checks:?}");
}

#[tokio::test]
async fn attack_every_other_token_for_a_context_and_the_other_way_round() {
    let site = Site::start().await;
    let enable = |account: &mut daypass::iam::Account, _: &daypass::iam::Limits| account.enable_outbound_web_identity();
    site.broker.registry().update(&account(ACCOUNT), enable).unwrap();
    let desk = site.user(ACCOUNT, "desk", &allow(&["sts:*"]));
    let role = site.propagating("open", &json!({}), &own());
    let session = site.sts(&desk, "GetSessionToken", &[]).await.credentials();
    let asked = [("Audience.member.1", "urn:daypass:sts:provided-context"), ("SigningAlgorithm", "ES384")];
    let web_identity = site.sts(&desk, "GetWebIdentityToken", &asked).await.text("WebIdentityToken").to_owned();
    let id_token = issuer::token(&json!({"aud": "urn:daypass:sts:provided-context", "sub": MARTHA}));
    for other in [session.token.as_deref().unwrap(), &web_identity, &id_token] {
        let refused = site.assume_for(&desk, &role, other).await;
        let text = "the token is not a context assertion; expected the type daypass-context+jwt";
        assert_eq!(refused.refusal(), (400, "ValidationError", text.to_owned()), "{other}");
    }
    let assertion = asserted(&site.broker, "martha");
    let borne = Signer { token: Some(assertion.clone()), ..session };
    let refused = site.sts(&borne, "GetCallerIdentity", &[]).await;
    assert_eq!((refused.status, refused.text("Code")), (403, "InvalidClientTokenId"), "as a session token");
    assert!(site.broker.begin().unwrap().authenticate_bearer(&assertion).is_err(), "as a bearer token");
    let exchanged = [("RoleArn", role.as_str()), ("RoleSessionName", "martha"), ("WebIdentityToken", &assertion)];
    let refused = site.sts(&desk, "AssumeRoleWithWebIdentity", &exchanged).await;
    assert_eq!((refused.status, refused.text("Code")), (400, "InvalidIdentityToken"), "as a web identity token");
    let body = json!({"clientId": APPLICATION, "grantType": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": assertion});
    let application = site.user(ACCOUNT, "application", &allow(&["sso-oauth:*"]));
    assert_eq!(site.token(&application, &body).await.status, 400, "for another one that lasts longer");
    let encoded = [("EncodedMessage", assertion.as_str())];
    let refused = site.sts(&desk, "DecodeAuthorizationMessage", &encoded).await;
    assert_eq!(refused.text("Code"), "InvalidAuthorizationMessageException");
}
