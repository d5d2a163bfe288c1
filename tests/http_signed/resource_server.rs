//! A server without the master key beside a broker, over real HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn;
use daypass::Keyring;
use daypass::audit::{Discard, Recent};
use daypass::credentials::{CredentialScope, Credentials, Revocations, ScopedSigningKey, mint};
use daypass::http::resource_server::{ResourceServer, ServerCredentials};
use daypass::http::signed::RequireSignature;
use daypass::http::{signing_keys, well_known};
use daypass::iam::{Holder, KeyOwner};
use daypass::organization::Organization;
use daypass::policy::{Kind, Level, Policy};
use daypass::request::{Service, SignedRequest};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::fixture;
use crate::oracle::{Draft, Wire, martha, somebody_else};
use crate::site::{Site, Trail, app, ask, credentials_of, draft, request, send};

/// A broker that serves, and counts what it is asked.
struct Serving {
    site: Site,
    url: String,
    asks: Arc<AtomicUsize>,
    trail: Trail,
    task: JoinHandle<()>,
}

impl Serving {
    async fn start() -> Self {
        Self::start_at(Site::new()).await
    }

    async fn start_at(site: Site) -> Self {
        let asks = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asks);
        let count = from_fn(move |request: axum::extract::Request, next: axum::middleware::Next| {
            let asked = request.uri().path() == "/signing-keys";
            counter.fetch_add(usize::from(asked), Ordering::SeqCst);
            next.run(request)
        });
        let routes = well_known::router(site.broker.clone()).merge(signing_keys::router(site.broker.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, routes.layer(count)).await.unwrap() });
        Self { site, url, asks, trail: Arc::new(Recent::new(100, Discard)), task }
    }

    fn server(&self, credentials: &Credentials) -> ResourceServer {
        let credentials = ServerCredentials::from(credentials);
        let server = ResourceServer::new(&self.url, "urn:daypass", credentials).unwrap();
        server.with_clock(self.site.clock.clone()).with_audit(self.trail.clone())
    }

    fn reports(&self) -> Router {
        app(RequireSignature::new(self.server(&credentials_of("ReportsServer")), Service::new("reports")))
    }

    fn asks(&self) -> usize {
        self.asks.load(Ordering::SeqCst)
    }

    fn reason_of(&self, code: &str) -> String {
        let events = self.trail.events();
        events.iter().find(|event| event.code == Some(code)).unwrap_or_else(|| panic!("{events:?}")).reason.clone()
    }
}

fn get(id: &str) -> Wire {
    draft("GET", &format!("/reports/{id}")).sign(martha())
}

#[tokio::test]
async fn requests_are_verified_and_decided_after_one_ask_a_session() {
    let serving = Serving::start().await;
    let reports = serving.reports();
    for id in ["1", "2", "3"] {
        let (status, _, text) = send(reports.clone(), request(&get(id))).await;
        assert_eq!(status, 200, "{text}");
        assert!(text.contains("assumed-role/PhotoReader/martha reads") && text.contains("statement ReadAll"), "{text}");
    }
    assert_eq!(serving.asks(), 1);
    let write = |id: &str| Draft { body: b"meow".to_vec(), ..draft("PUT", &format!("/reports/{id}")) }.sign(martha());
    assert_eq!(ask(reports.clone(), &write("cats")).await.0, 200);
    let (status, refused) = ask(reports.clone(), &write("dogs")).await;
    assert_eq!((status, refused["code"].as_str()), (403, Some("AccessDenied")));
    assert!(serving.reason_of("AccessDenied").contains("WriteCats"));
    assert_eq!(send(reports, request(&draft("GET", "/reports/1").sign(somebody_else()))).await.0, 200);
    assert_eq!(serving.asks(), 2);
}

#[tokio::test]
async fn every_rule_is_held_to_as_in_the_broker() {
    let serving = Serving::start().await;
    let reports = serving.reports();
    assert_eq!(send(reports.clone(), request(&get("1"))).await.0, 200);
    let other = get("1").with(|w| w.target = "/reports/2".to_owned());
    let body = Draft { body: b"meow".to_vec(), ..draft("PUT", "/reports/cats") }.sign(martha());
    let token =
        get("1").with(|w| *w.value_mut("x-amz-security-token") = somebody_else().session_token().expose().into());
    for (wire, code) in [
        (other, "SignatureDoesNotMatch"),
        (body.with(|w| w.body = b"woof".to_vec()), "SignatureDoesNotMatch"),
        (get("1").with(|w| w.add("x-amz-acl", "x")), "SignatureDoesNotMatch"),
        (get("1").with(|w| w.remove("authorization")), "MissingAuthenticationToken"),
        (get("1").with(|w| w.replace("/reports/aws4", "/photos/aws4")), "SignatureDoesNotMatch"),
        (token, "InvalidClientTokenId"),
    ] {
        let (status, refused) = ask(reports.clone(), &wire).await;
        assert_eq!((status, refused["code"].as_str()), (403, Some(code)), "{wire:?}");
    }
    serving.site.clock.advance(Duration::from_secs(16 * 60));
    assert_eq!(ask(reports, &get("1")).await.1["code"], "SignatureDoesNotMatch");
}

#[tokio::test]
async fn a_server_with_handed_keys_refuses_version_4a_without_asking() {
    let serving = Serving::start().await;
    let server = serving.server(&credentials_of("ReportsServer"));
    let reports = app(RequireSignature::new(server, Service::new("reports").with_asymmetric_signatures()));
    let wire = draft("GET", "/reports/1").for_regions("*").sign(martha());
    let (status, refused) = ask(reports, &wire).await;
    assert_eq!((status, refused["code"].as_str(), serving.asks()), (400, Some("IncompleteSignature"), 0));
    assert!(refused["message"].as_str().unwrap().contains("this server has keys for AWS4-HMAC-SHA256 alone"));
}

#[tokio::test]
async fn strangers_cannot_make_a_server_ask() {
    let serving = Serving::start().await;
    let reports = serving.reports();
    let elsewhere = Keyring::from_secret(&[9; 32].into()).unwrap();
    let session =
        daypass::credentials::token::verify(&fixture::keyring(), &fixture::sign(&fixture::claims()), fixture::now());
    let forged = mint(&elsewhere, session.unwrap().into_parts().0, fixture::now()).unwrap();
    let unsigned = get("1").with(|w| w.remove("authorization"));
    let made_up = get("1").with(|w| *w.value_mut("x-amz-security-token") = "a.b.c".to_owned());
    let other_service = Draft::get("photos", "/reports/1").sign(martha());
    for wire in [unsigned, made_up, other_service, draft("GET", "/reports/1").sign(&forged)] {
        assert_eq!(ask(reports.clone(), &wire).await.0, 403, "{wire:?}");
    }
    assert_eq!(serving.asks(), 0);
}

#[tokio::test]
async fn attack_server_verifying_another_service_than_its_own() {
    let serving = Serving::start().await;
    let photos = app(RequireSignature::new(serving.server(&credentials_of("ReportsServer")), Service::new("photos")));
    let wire = Draft::get("photos", "/reports/1").sign(martha());
    let (status, refused) = ask(photos, &wire).await;
    assert_eq!((status, refused["code"].as_str()), (503, Some("ServiceUnavailable")));
    let reason = serving.reason_of("ServiceUnavailable");
    assert_eq!(reason, "the broker gives this server no keys: status 403 AccessDenied");
    // A stranger's server, with a session that may ask for nothing.
    let strange = app(RequireSignature::new(serving.server(martha()), Service::new("reports")));
    assert_eq!(ask(strange, &get("1")).await.0, 503);
}

#[tokio::test]
async fn attack_request_to_another_service_forged_with_a_scoped_key() {
    let site = Site::new();
    // What a server for reports holds.
    let scope = CredentialScope::new("20260101", "eu-west-1", "reports").unwrap();
    let held = ScopedSigningKey::derive(martha().secret_access_key(), &scope);
    for service in ["photos", "sts", "reports"] {
        let honest = Draft::get(service, "/x").sign(martha());
        let read = SignedRequest::new(honest.head().unwrap(), Vec::new());
        assert!(site.broker.authenticate(&Service::new(service), read).is_ok());
        // The same request signed with the held key in place of the right one, over the right scope.
        let authorization = daypass::request::authorization::parse(&honest.head().unwrap()).unwrap();
        let form = daypass::request::canonical::Form::STANDARD;
        let empty = daypass::crypto::sha256_hex(b"");
        let head = honest.head().unwrap();
        let canonical =
            daypass::request::canonical::canonical_request(&head, authorization.signed_headers(), form, &empty);
        let text = daypass::request::canonical::string_to_sign(&authorization, &canonical);
        let forged = daypass::crypto::hex(&held.mac_key().sign(text.as_bytes()));
        let forged = honest.with(|w| w.replace(&honest.signature, &forged));
        let read = SignedRequest::new(forged.head().unwrap(), Vec::new());
        assert_eq!(site.broker.authenticate(&Service::new(service), read).is_ok(), service == "reports", "{service}");
    }
}

#[tokio::test]
async fn a_session_that_ends_is_refused_without_asking() {
    let serving = Serving::start().await;
    let reports = serving.reports();
    let mut claims = fixture::claims();
    claims["exp"] = (fixture::NOW + 60).into();
    claims["session"]["expiration"] = (fixture::NOW + 60).into();
    let short = draft("GET", "/reports/1").sign(&fixture::credentials_of(&claims));
    assert_eq!(send(reports.clone(), request(&short)).await.0, 200);
    serving.site.clock.advance(Duration::from_secs(60));
    let (status, refused) = ask(reports, &short).await;
    assert_eq!((status, refused["code"].as_str()), (403, Some("ExpiredToken")));
    assert_eq!(serving.asks(), 1);
}

#[tokio::test]
async fn a_revoked_session_is_refused_when_the_broker_is_asked_again() {
    let serving = Serving::start().await;
    let reports = serving.reports();
    assert_eq!(send(reports.clone(), request(&get("1"))).await.0, 200);
    let mut revocations = Revocations::new();
    revocations.revoke_access_key(martha().access_key_id().clone());
    serving.site.broker.sessions().replace_revocations(revocations);
    serving.site.clock.advance(Duration::from_secs(299));
    assert_eq!(send(reports.clone(), request(&get("1"))).await.0, 200);
    serving.site.clock.advance(Duration::from_secs(1));
    let (status, refused) = ask(reports.clone(), &get("1")).await;
    assert_eq!((status, refused["code"].as_str()), (403, Some("AccessDenied")));
    assert!(serving.reason_of("AccessDenied").contains("the session was revoked"));
    assert_eq!(serving.asks(), 2);
}

#[tokio::test]
async fn what_a_broker_said_counts_for_a_while_when_it_is_gone() {
    let serving = Serving::start().await;
    let server = serving.server(&credentials_of("ReportsServer")).with_grace(Duration::from_secs(600));
    let reports = app(RequireSignature::new(server, Service::new("reports")));
    assert_eq!(send(reports.clone(), request(&get("1"))).await.0, 200);
    serving.task.abort();
    assert!(serving.task.await.unwrap_err().is_cancelled());
    serving.site.clock.advance(Duration::from_secs(599));
    assert_eq!(send(reports.clone(), request(&get("1"))).await.0, 200);
    serving.site.clock.advance(Duration::from_secs(1));
    let (status, refused) = ask(reports.clone(), &get("1")).await;
    assert_eq!((status, refused["code"].as_str()), (503, Some("ServiceUnavailable")));
    // Nobody new is let in meanwhile.
    assert_eq!(ask(reports, &draft("GET", "/reports/1").sign(somebody_else())).await.0, 503);
}

#[tokio::test]
async fn the_policies_of_resources_are_the_servers_own() {
    let serving = Serving::start().await;
    let policy = r#"{"Version": "2012-10-17", "Statement": {"Sid": "Sealed", "Effect": "Deny", "Principal": "*",
        "Action": "*", "Resource": "arn:aws:reports:::report/sealed*"}}"#;
    let resource = "arn:aws:reports:::report/sealed".parse().unwrap();
    let server = serving.server(&credentials_of("ReportsServer"));
    let server = server.with_resource_policy("111111111111".parse().unwrap(), &resource, policy.parse().unwrap());
    let reports = app(RequireSignature::new(server, Service::new("reports")));
    assert_eq!(send(reports.clone(), request(&get("open"))).await.0, 200);
    assert_eq!(ask(reports, &get("sealed")).await.1["code"], "AccessDenied");
    assert!(serving.reason_of("AccessDenied").contains("Sealed"));
}

#[tokio::test]
async fn credentials_of_a_server_can_be_replaced() {
    let serving = Serving::start().await;
    let server = serving.server(martha());
    let reports = app(RequireSignature::new(server.clone(), Service::new("reports")));
    assert_eq!(ask(reports.clone(), &get("1")).await.0, 503);
    server.replace_credentials(ServerCredentials::from(&credentials_of("ReportsServer")));
    assert_eq!(send(reports, request(&get("1"))).await.0, 200);
}

#[test]
fn a_broker_is_asked_over_tls_or_on_this_machine() {
    let server = |url: &str| ResourceServer::new(url, "urn:daypass", ServerCredentials::from(martha()));
    assert!(server("https://broker.example/base/").is_ok());
    for url in ["broker.example", "https://broker.example/?x=1", "https://broker.example/#x"] {
        assert!(server(url).is_err(), "{url}");
    }
}

#[tokio::test]
async fn attack_more_than_a_boundary_or_a_control_policy_allows() {
    let bounded = credentials_of("Bounded");
    let serving = Serving::start().await;
    let reports = serving.reports();
    let write = Draft { body: b"meow".to_vec(), ..draft("PUT", "/reports/cats") }.sign(&bounded);
    assert_eq!(ask(reports.clone(), &write).await.0, 200);
    assert_eq!(ask(reports, &draft("GET", "/reports/1").sign(&bounded)).await.1["code"], "AccessDenied");

    let document = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Sid": "NoWriting", "Effect": "Deny", "Action": "reports:PutReport", "Resource": "*"}]}"#;
    let level = || vec![Level::new("root", vec![Policy::parse(document, Kind::ServiceControl).unwrap()])];
    let account = || "111111111111".parse().unwrap();
    for organization in [
        Organization::new("o-a1b2c3d4e5", "333333333333".parse().unwrap())
            .with_account(account(), "o-a1b2c3d4e5/r-ab12/"),
        Organization::default(),
    ] {
        let serving = Serving::start_at(Site::within(organization.with_service_control(account(), level()))).await;
        let reports = serving.reports();
        assert_eq!(send(reports.clone(), request(&get("1"))).await.0, 200);
        let write = Draft { body: b"meow".to_vec(), ..draft("PUT", "/reports/cats") }.sign(martha());
        assert_eq!(ask(reports, &write).await.1["code"], "AccessDenied");
        assert!(serving.reason_of("AccessDenied").contains("NoWriting"));
    }
}

#[tokio::test]
async fn a_role_that_was_made_anew_is_not_the_one_of_the_session() {
    let serving = Serving::start().await;
    let mut claims = fixture::claims();
    claims["session"]["role_id"] = "AROAZZZZZZZZZZZZZZZZZ".into();
    let former = fixture::credentials_of(&claims);
    assert_eq!(ask(serving.reports(), &draft("GET", "/reports/1").sign(&former)).await.1["code"], "AccessDenied");
}

/// The user of a session that the fixture signs for, who may read reports.
fn user(site: &Site) -> Credentials {
    let id = "111111111111".parse().unwrap();
    let read = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "reports:GetReport", "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:username": "contractor"}}}}"#;
    let made = site.broker.registry().update(&id, |account, limits| {
        let user = account.create_user(limits, &"martha".parse()?, "/".parse()?, fixture::now())?;
        account.put_inline_policy(&Holder::User("martha".to_owned()), &"own".parse()?, read, limits)?;
        Ok(user)
    });
    let martha = made.unwrap();
    let mut claims = fixture::claims();
    claims.as_object_mut().unwrap().remove("session");
    claims["sub"] = martha.identity.arn.as_str().into();
    claims["user_session"] = serde_json::json!({"account": "111111111111", "issued_at": fixture::NOW,
        "expiration": fixture::NOW + 3600, "user": {"arn": martha.identity.arn.as_str(), "user_id": martha.id.as_str(),
        "user_name": "martha"}});
    fixture::credentials_of(&claims)
}

#[tokio::test]
async fn attack_a_session_that_goes_by_the_name_its_user_had_or_outlives_the_user() {
    let serving = Serving::start().await;
    let martha = user(&serving.site);
    let read = || async { send(serving.reports(), request(&draft("GET", "/reports/1").sign(&martha))).await };
    let (status, _, body) = read().await;
    assert_eq!(status, 200, "{body}");
    let id = "111111111111".parse().unwrap();
    let registry = serving.site.broker.registry();
    registry.update(&id, |account, _| account.update_user("martha", Some("rosa".parse()?), None)).unwrap();
    let (_, _, body) = read().await;
    assert!(body.starts_with("arn:aws:iam::111111111111:user/rosa reads 1"), "{body}");
    registry.update(&id, |account, _| account.update_user("rosa", Some("contractor".parse()?), None)).unwrap();
    assert_eq!(read().await.0, 403, "the policy asks for the present name");
    let deleted = registry.update(&id, |account, _| {
        account.delete_inline_policy(&Holder::User("contractor".to_owned()), "own")?;
        account.delete_user("contractor")
    });
    deleted.unwrap();
    assert_eq!(read().await.0, 403);
    let refused = serving.trail.events().pop().unwrap();
    assert!(refused.reason.contains("InvalidClientTokenId"), "{refused:?}");
}

#[tokio::test]
async fn long_term_keys_are_for_the_server_and_not_for_its_callers() {
    let serving = Serving::start().await;
    let account = "123456789012".parse().unwrap();
    serving.site.broker.registry().open_account(&account);
    let policy = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    let key = serving.site.broker.registry().update(&account, |account, limits| {
        account.create_user(limits, &"server".parse()?, "/".parse()?, fixture::now())?;
        account.put_inline_policy(&Holder::user("Server"), &"own".parse()?, policy, limits)?;
        account.create_access_key(limits, &KeyOwner::user("Server"), fixture::now())
    });
    let key = key.unwrap();
    let server = ResourceServer::new(&serving.url, "urn:daypass", ServerCredentials::from(&*key)).unwrap();
    let server = server.with_clock(serving.site.clock.clone()).with_audit(serving.trail.clone());
    let reports = app(RequireSignature::new(server, Service::new("reports")));
    assert_eq!(send(reports.clone(), request(&get("1"))).await.0, 200);
    let wire = draft("GET", "/reports/1").sign_with(key.access_key_id(), key.secret_access_key(), None);
    let (status, refused) = ask(reports, &wire).await;
    assert_eq!((status, refused["code"].as_str()), (403, Some("InvalidClientTokenId")));
    assert_eq!(refused["message"], "long-term access keys are not accepted here; ask for a session first");
}
