//! The Security Token Service as strangers meet it: what they can ask for, and what a refusal tells them.
#![expect(clippy::unwrap_used, reason = "the lints know test functions, not the helpers beside them")]

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use daypass::arn::{AccountId, Arn};
use daypass::directory::{Assignment, Directory, PermissionSet, Subject};
use daypass::http::fetch::IssuerKeys;
use daypass::http::sts::Sts;
use daypass::identity::oidc::OidcProvider;
use daypass::identity::saml::SamlProvider;
use daypass::{Broker, Keyring, Role};
use demo_idp::{Fault, Idp, ServiceProvider, User, demo_directory};
use tower::ServiceExt;

const ENTITY_ID: &str = "http://localhost:8200/saml/metadata";
const ACS: &str = "http://localhost:8200/saml/acs";
const AUDIENCE: &str = "sts.example";
const SAML_PROVIDER: &str = "arn:aws:iam::111111111111:saml-provider/corp";
/// Trusts the identity provider.
const OPEN: &str = "arn:aws:iam::111111111111:role/PhotoReader";
/// Exists, and trusts nobody who asks here.
const CLOSED: &str = "arn:aws:iam::111111111111:role/PhotoEditor";

/// Exists, and the identity provider lists it for nobody.
const HIDDEN: &str = "arn:aws:iam::111111111111:role/Hidden";

struct Service {
    router: Router,
    idp: Idp,
}

impl Service {
    async fn start() -> Self {
        let pair = format!("{OPEN},{SAML_PROVIDER}");
        let person = |name: &str| User::new(name, "x").with_role(pair.clone());
        let overloaded = (1..=9).fold(person("overloaded"), |one, n| one.with_tag(format!("T{n}"), "a".repeat(250)));
        let idp = Idp::builder().users(demo_directory()).audience(AUDIENCE).seed(7);
        let tagged = person("tagged").with_tag("k".repeat(128), "v".repeat(254));
        let idp = idp.user(person("a b")).user(person("plain")).user(tagged).user(overloaded);
        let idp = idp.service_provider(ServiceProvider::new(ENTITY_ID, ACS)).start().await.unwrap();
        let saml = SamlProvider::new(&idp.saml_metadata(), ENTITY_ID, ACS).unwrap();
        let oidc = OidcProvider::new(idp.issuer(), [AUDIENCE]).unwrap().with_local_network();
        let keys = IssuerKeys::new(&oidc).unwrap();
        let host = idp.issuer().strip_prefix("http://").unwrap();
        let trusts = |providers: &[&str], actions: &str| {
            let document = serde_json::json!({"Version": "2012-10-17", "Statement": {
                "Effect": "Allow", "Principal": {"Federated": providers}, "Action": actions
            }});
            document.to_string().parse().unwrap()
        };
        let oidc_provider = format!("arn:aws:iam::111111111111:oidc-provider/{host}");
        let open = Role::new(OPEN.parse().unwrap(), trusts(&[SAML_PROVIDER, &oidc_provider], "sts:*")).unwrap();
        let other = "arn:aws:iam::111111111111:saml-provider/other";
        let closed = Role::new(CLOSED.parse().unwrap(), trusts(&[other], "sts:*")).unwrap();
        let hidden = Role::new(HIDDEN.parse().unwrap(), trusts(&[SAML_PROVIDER], "sts:*")).unwrap();
        let broker = Broker::new(Keyring::generate().unwrap()).with_provider(saml).with_provider(oidc);
        let broker = broker.with_role(open).with_role(closed).with_role(hidden);
        let sts = Sts::new(Arc::new(broker)).with_issuer(idp.issuer(), keys);
        Self { router: sts.router(), idp }
    }

    async fn ask(&self, parameters: &[(&str, &str)]) -> (u16, String) {
        let form = form(&[&[("Version", "2011-06-15")], parameters].concat());
        let request = Request::post("/").header("content-type", "application/x-www-form-urlencoded");
        let response = self.router.clone().oneshot(request.body(Body::from(form)).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let text = to_bytes(response.into_body(), 100_000).await.unwrap();
        (status, String::from_utf8(text.to_vec()).unwrap())
    }

    async fn with_saml(&self, role: &str, more: &[(&str, &str)]) -> (u16, String) {
        let assertion = self.idp.assertion("martha").unwrap();
        let asked = [
            ("Action", "AssumeRoleWithSAML"),
            ("RoleArn", role),
            ("PrincipalArn", SAML_PROVIDER),
            ("SAMLAssertion", &assertion),
        ];
        self.ask(&[&asked, more].concat()).await
    }

    async fn with_saml_of(&self, person: &str) -> (u16, String) {
        let assertion = self.idp.assertion(person).unwrap();
        let asked = [("RoleArn", OPEN), ("PrincipalArn", SAML_PROVIDER), ("SAMLAssertion", &assertion)];
        self.ask(&[&[("Action", "AssumeRoleWithSAML")][..], &asked].concat()).await
    }

    async fn with_token(&self, role: &str, more: &[(&str, &str)]) -> (u16, String) {
        let token = self.idp.id_token("martha", AUDIENCE).unwrap();
        let asked = [
            ("Action", "AssumeRoleWithWebIdentity"),
            ("RoleArn", role),
            ("RoleSessionName", "martha"),
            ("WebIdentityToken", &token),
        ];
        self.ask(&[&asked, more].concat()).await
    }
}

fn form(parameters: &[(&str, &str)]) -> String {
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect::<Vec<_>>().join("&")
}

/// What a refusal says, without what differs in every answer.
fn told(body: &str, role: &str) -> String {
    let head = body.split("<RequestId>").next().unwrap();
    head.replace(role.parse::<Arn>().unwrap().role_name().unwrap(), "ROLE")
}

#[tokio::test]
async fn a_refusal_does_not_tell_which_roles_exist() {
    let sts = Service::start().await;
    assert_eq!(sts.with_saml(OPEN, &[]).await.0, 200);
    assert_eq!(sts.with_token(OPEN, &[]).await.0, 200);
    let unknown = "arn:aws:iam::111111111111:role/Nobody";
    let (status, known) = sts.with_saml(CLOSED, &[]).await;
    assert_eq!(status, 403, "{known}");
    for role in [unknown, HIDDEN] {
        assert_eq!(told(&sts.with_saml(role, &[]).await.1, role), told(&known, CLOSED));
    }
    let (status, known) = sts.with_token(CLOSED, &[]).await;
    assert_eq!(status, 403, "{known}");
    assert_eq!(told(&sts.with_token(unknown, &[]).await.1, unknown), told(&known, CLOSED));
}

#[tokio::test]
async fn what_limits_a_session_is_never_passed_over() {
    let sts = Service::start().await;
    let arn = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    for more in [
        &[("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/Nothing")][..],
        &[("PolicyArns.member.2.arn", arn)],
        &[("PolicyArns.1.arn", arn)],
        &[("PolicyArns.member.1.Arn", arn)],
        &[("Policy", "")],
    ] {
        let (status, body) = sts.with_token(OPEN, more).await;
        assert_eq!(status, 400, "{more:?}: {body}");
    }
    // An empty list, as some serializers write it, asks for nothing.
    assert_eq!(sts.with_token(OPEN, &[("PolicyArns", "")]).await.0, 200);
}

#[tokio::test]
async fn no_assertion_from_outside_reaches_a_role_of_the_directory() {
    let account: AccountId = "111111111111".parse().unwrap();
    let role = Directory::provisioned_role_arn(&account, "Admin");
    let managed = Directory::managed_provider_arn(&account);
    let mallory = User::new("mallory", "x").with_role(format!("{role},{managed}"));
    let idp = Idp::builder().user(mallory).service_provider(ServiceProvider::new(ENTITY_ID, ACS));
    let idp = idp.start().await.unwrap();
    // Nothing but its name makes a provider the one that these roles trust.
    let name = managed.resource().strip_prefix("saml-provider/").unwrap();
    let provider = SamlProvider::new(&idp.saml_metadata(), ENTITY_ID, ACS).unwrap().named(name);
    let permissions =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#.parse().unwrap();
    let directory = Directory::new()
        .with_account(account.clone(), "Production")
        .with_permission_set(PermissionSet::new("Admin", "Everything.", permissions))
        .with_assignment(Assignment::new(Subject::Group("Admins".to_owned()), account, "Admin"))
        .unwrap();
    let broker = Broker::new(Keyring::generate().unwrap()).with_provider(provider).with_directory(directory).unwrap();
    let service = Service { router: Sts::new(Arc::new(broker)).router(), idp };
    let assertion = service.idp.assertion("mallory").unwrap();
    let asked = [
        ("Action", "AssumeRoleWithSAML"),
        ("RoleArn", role.as_str()),
        ("PrincipalArn", managed.as_str()),
        ("SAMLAssertion", &assertion),
    ];
    let (status, body) = service.ask(&asked).await;
    assert!(status == 403 && body.contains("<Code>AccessDenied</Code>"), "{body}");
}

#[tokio::test]
async fn a_token_that_is_no_jwt_is_refused_for_its_form_and_not_for_its_issuer() {
    let service = Service::start().await;
    let honest = service.idp.id_token("martha", AUDIENCE).unwrap();
    for token in ["garbage", "a.b.c.d", "e30.e30.", &format!("{honest} x")] {
        let asked = [
            ("Action", "AssumeRoleWithWebIdentity"),
            ("RoleArn", OPEN),
            ("RoleSessionName", "martha"),
            ("WebIdentityToken", token),
        ];
        let (status, body) = service.ask(&asked).await;
        assert_eq!(status, 400, "{body}");
        assert!(body.contains("<Code>InvalidIdentityToken</Code>"), "{body}");
        assert!(body.contains("The ID Token provided is not a valid JWT."), "{body}");
    }
}

/// Code and sentence of a refusal.
fn refusal((status, body): &(u16, String)) -> (u16, &str, String) {
    let text = |name: &str| body.split_once(&format!("<{name}>")).unwrap().1.split('<').next().unwrap();
    (*status, text("Code"), text("Message").replace("&apos;", "'"))
}

#[tokio::test]
async fn web_identity_tokens_are_refused_in_the_words_that_people_search_for() {
    let service = Service::start().await;
    let no_key = "Couldn't retrieve verification key from your identity provider,  please reference \
                  AssumeRoleWithWebIdentity documentation for requirements";
    for (fault, sentence) in [
        (Fault::WrongAudience, "Incorrect token audience"),
        (Fault::UnknownKey, no_key),
        (Fault::WrongIssuer, "No OpenIDConnect provider found in your account for http"),
    ] {
        service.idp.break_next(fault);
        let told = service.with_token(OPEN, &[]).await;
        let (status, code, found) = refusal(&told);
        assert_eq!((status, code), (400, "InvalidIdentityToken"), "{fault:?}");
        assert!(
            found.starts_with(sentence) && (found.len() == sentence.len() || fault == Fault::WrongIssuer),
            "{found}"
        );
    }
    service.idp.break_next(Fault::Expired);
    let told = service.with_token(OPEN, &[]).await;
    let (status, code, sentence) = refusal(&told);
    assert_eq!((status, code), (400, "ExpiredTokenException"));
    let sentence = sentence.strip_prefix("Token expired: current date/time ").unwrap();
    let (now, expiration) = sentence.split_once(" must be before the expiration date/time ").unwrap();
    assert!(now.parse::<u64>().unwrap() > expiration.parse::<u64>().unwrap(), "{sentence}");
}

#[tokio::test]
async fn an_account_that_is_not_here_has_no_provider_and_only_who_holds_a_token_learns_it() {
    let service = Service::start().await;
    let elsewhere = "arn:aws:iam::999999999999:role/x";
    let sentence = format!("No OpenIDConnect provider found in your account for {}", service.idp.issuer());
    assert_eq!(refusal(&service.with_token(elsewhere, &[]).await), (400, "InvalidIdentityToken", sentence));
    let mut told = Vec::new();
    for role in [elsewhere, OPEN] {
        service.idp.break_next(Fault::Tampered);
        told.push(service.with_token(role, &[]).await.1.split("<RequestId>").next().unwrap().to_owned());
    }
    assert_eq!(told[0], told[1], "who holds none does not");
}

#[tokio::test]
async fn assertions_are_refused_in_the_words_that_people_search_for() {
    let service = Service::start().await;
    for (fault, code, sentence) in [
        (Fault::Tampered, "InvalidIdentityToken", "Response signature invalid"),
        (Fault::WrongKey, "InvalidIdentityToken", "Response signature invalid"),
        (Fault::WrongAudience, "InvalidIdentityToken", "Response does not contain the required audience."),
        (Fault::WrongIssuer, "InvalidIdentityToken", "Issuer not present in specified provider"),
        (Fault::Expired, "ExpiredTokenException", "Response has expired"),
    ] {
        service.idp.break_next(fault);
        assert_eq!(refusal(&service.with_saml(OPEN, &[]).await), (400, code, sentence.to_owned()), "{fault:?}");
    }
    let asked = [
        ("Action", "AssumeRoleWithSAML"),
        ("RoleArn", OPEN),
        ("PrincipalArn", SAML_PROVIDER),
        ("SAMLAssertion", "no base64!"),
    ];
    let sentence = "Invalid base64 SAMLResponse".to_owned();
    assert_eq!(refusal(&service.ask(&asked).await), (400, "InvalidIdentityToken", sentence));
}

#[tokio::test]
async fn a_session_name_that_the_assertion_misspells_is_the_assertions_fault() {
    let service = Service::start().await;
    let sentence = "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}".to_owned();
    assert_eq!(refusal(&service.with_saml_of("a b").await), (400, "InvalidIdentityToken", sentence));
}

#[tokio::test]
async fn tags_of_the_provider_take_room_like_those_of_a_call() {
    let service = Service::start().await;
    assert!(!service.with_saml_of("plain").await.1.contains("PackedPolicySize"));
    let (status, body) = service.with_saml_of("tagged").await;
    assert!(status == 200 && body.contains("<PackedPolicySize>84</PackedPolicySize>"), "{body}");
    let sentence = "Packed size of session tags consumes 498% of allotted space.".to_owned();
    assert_eq!(refusal(&service.with_saml_of("overloaded").await), (400, "PackedPolicyTooLarge", sentence));
}
