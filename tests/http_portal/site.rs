//! A portal with a real identity provider beside it, and a browser that remembers cookies and looks before it follows.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request};
use daypass::arn::AccountId;
use daypass::audit::{AuditEvent, Discard, Recent};
use daypass::directory::{Assignment, Directory, PermissionSet, Subject, User};
use daypass::http::application::{SignIn, SignedIn};
use daypass::http::portal::Portal;
use daypass::http::relying_party::RelyingParty;
use daypass::identity::oidc::OidcProvider;
use daypass::identity::saml::{SamlProvider, SpSigningKey};
use daypass::store::{MemoryStore, Store};
use daypass::time::{Clock as _, ManualClock, SystemClock};
use daypass::{Broker, Keyring};
use demo_idp::{Client, Idp, ServiceProvider, demo_directory};
use tower::ServiceExt;

pub(crate) const BROKER: &str = "http://localhost:8200";
pub(crate) const ACS: &str = "http://localhost:8200/saml/acs";
pub(crate) const CALLBACK: &str = "http://localhost:8200/oidc/callback/corp";
pub(crate) const PRODUCTION: &str = "111111111111";
const READ: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}}"#;

/// An application beside the portal, with a broker of its own.
pub(crate) const APP: &str = "http://localhost:8400";

/// The portal of a broker, its clock and its audit trail, and the identity provider it trusts.
pub(crate) struct Site {
    apps: Vec<(&'static str, Router)>,
    pub(crate) idp: Idp,
    pub(crate) clock: Arc<ManualClock>,
    trail: Arc<Recent<Discard>>,
}

/// Who may see what of a site.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Demonstration,
    Production,
}

/// How the two services take part in single logout.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Logout {
    None,
    Redirect,
    Post,
}

/// What differs between sites.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) mode: Mode,
    pub(crate) logout: Logout,
    /// The same for the application, where it differs.
    pub(crate) app_logout: Option<Logout>,
    pub(crate) unsolicited: bool,
    pub(crate) store: Option<Arc<dyn Store>>,
}

impl Default for Setup {
    fn default() -> Self {
        Self { mode: Mode::Demonstration, logout: Logout::None, app_logout: None, unsolicited: false, store: None }
    }
}

/// One service as the identity provider knows it, and the identity provider as the service does.
struct Joint {
    origin: &'static str,
    key: rcgen::KeyPair,
    certificate: String,
}

impl Joint {
    fn new(origin: &'static str) -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap().pem();
        Self { origin, key, certificate }
    }

    fn service_provider(&self, logout: Logout) -> ServiceProvider {
        let service =
            ServiceProvider::new(format!("{}/saml/metadata", self.origin), format!("{}/saml/acs", self.origin));
        let url = format!("{}/saml/slo", self.origin);
        match logout {
            Logout::None => service,
            Logout::Redirect => service.with_certificate(&self.certificate).with_logout(url),
            Logout::Post => service.with_certificate(&self.certificate).with_posted_logout(url),
        }
    }

    fn provider(&self, idp: &Idp, logout: Logout, unsolicited: bool) -> SamlProvider {
        let entity_id = format!("{}/saml/metadata", self.origin);
        // The identity provider takes every message either way; a service that posts is told of one alone.
        let metadata = match logout {
            Logout::Post => without_redirect(&without_redirect(&idp.saml_metadata(), "Logout"), "SignOn"),
            _ => idp.saml_metadata(),
        };
        let mut provider = SamlProvider::new(&metadata, &entity_id, &format!("{}/saml/acs", self.origin)).unwrap();
        if logout != Logout::None {
            let key = SpSigningKey::from_pem(&self.key.serialize_pem(), &self.certificate).unwrap();
            provider = provider.with_signing_key(key).with_logout_url(&format!("{}/saml/slo", self.origin));
        }
        if unsolicited { provider.with_unsolicited_responses() } else { provider }
    }
}

fn without_redirect(metadata: &str, service: &str) -> String {
    let opening = format!("<md:Single{service}Service Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\"");
    let (before, after) = metadata.split_once(&opening).unwrap();
    format!("{before}{}", after.split_once(&format!("</md:Single{service}Service>")).unwrap().1)
}

impl Site {
    pub(crate) async fn start() -> Self {
        Self::start_with(Setup::default()).await
    }

    pub(crate) async fn start_in(mode: Mode) -> Self {
        Self::start_with(Setup { mode, ..Setup::default() }).await
    }

    /// The portal and an application, both of which single logout reaches.
    pub(crate) async fn with_logout(logout: Logout) -> Self {
        Self::start_with(Setup { logout, ..Setup::default() }).await
    }

    pub(crate) async fn start_with(setup: Setup) -> Self {
        let (portal_side, app_side) = (Joint::new(BROKER), Joint::new(APP));
        let client = Client::confidential("daypass-portal", "portal-secret", [CALLBACK]);
        let mut idp = Idp::builder().users(demo_directory()).client(client).seed(7);
        let app_logout = setup.app_logout.unwrap_or(setup.logout);
        for (side, logout) in [(&portal_side, setup.logout), (&app_side, app_logout)] {
            idp = idp.service_provider(side.service_provider(logout));
        }
        let idp = idp.start().await.unwrap();
        let openid = OidcProvider::new(idp.issuer(), ["daypass-portal"]).unwrap().with_local_network();
        let relying_party = RelyingParty::new(openid, "portal-secret", CALLBACK).unwrap();
        let clock = Arc::new(ManualClock::new(SystemClock.now()));
        let trail = Arc::new(Recent::new(1000, Discard));
        let store = setup.store.clone().unwrap_or_else(|| Arc::new(MemoryStore::default()));
        let broker = |side: &Joint, logout, store| {
            let provider = side.provider(&idp, logout, setup.unsolicited);
            let broker = Broker::new(Keyring::generate().unwrap()).with_provider(provider);
            broker.with_clock(clock.clone()).with_audit(trail.clone()).with_store(store)
        };
        let application = Arc::new(broker(&app_side, app_logout, Arc::new(MemoryStore::default())));
        let application = SignIn::new(application, APP).unwrap().with_saml("corp", "Example Corp").unwrap();
        let application = application.guard(Router::new().route("/", axum::routing::get(greet)));
        let broker = broker(&portal_side, setup.logout, store).with_directory(directory()).unwrap();
        let mut portal = Portal::new(Arc::new(broker), BROKER)
            .unwrap()
            .with_saml("corp", "Corporate directory")
            .unwrap()
            .with_relying_party("corp", "Corporate directory", relying_party)
            .unwrap()
            .with_gallery("http://127.0.0.1:8300/gallery/open")
            .unwrap()
            .with_s3_endpoint("http://127.0.0.1:8300")
            .unwrap();
        if setup.mode == Mode::Demonstration {
            portal = portal.with_inspector(trail.clone());
        }
        Self { apps: vec![(BROKER, portal.router()), (APP, application)], idp, clock, trail }
    }

    /// A site that was put together elsewhere.
    pub(crate) fn of(
        apps: Vec<(&'static str, Router)>,
        idp: Idp,
        clock: Arc<ManualClock>,
        trail: Arc<Recent<Discard>>,
    ) -> Self {
        Self { apps, idp, clock, trail }
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::of(self.apps.clone())
    }

    /// A browser at this portal after its identity provider is gone.
    pub(crate) async fn without_provider(self) -> Browser {
        let browser = self.browser();
        self.idp.stop().await;
        browser
    }

    /// Lets time pass for everyone.
    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.idp.advance(by);
    }

    /// What the audit trail keeps, oldest first.
    pub(crate) fn events(&self) -> Vec<AuditEvent> {
        self.trail.events()
    }

    /// The last thing refused.
    pub(crate) fn last_refusal(&self) -> AuditEvent {
        self.events().into_iter().rfind(|event| event.outcome == daypass::audit::Outcome::Refused).unwrap()
    }
}

pub(crate) async fn greet(person: SignedIn) -> String {
    format!("the secret of {}", person.subject())
}

pub(crate) fn directory() -> Directory {
    let account = |id: &str| id.parse::<AccountId>().unwrap();
    let group = |name: &str| Subject::Group(name.to_owned());
    let set = |name: &str| PermissionSet::new(name, "Look at the photos.", READ.parse().unwrap());
    let assignments = [
        (group("Admins"), PRODUCTION, "AdministratorAccess"),
        (group("Developers"), PRODUCTION, "PhotoReader"),
        (group("Developers"), "222222222222", "PhotoReader"),
    ];
    let people = Directory::new()
        .with_account(account(PRODUCTION), "Cat Photos Production")
        .with_account(account("222222222222"), "Cat Photos Staging")
        .with_user(User::new("martha", "Martha Rivera").with_groups(["Admins", "Developers"]))
        .with_user(User::new("sam", "Sam Okafor").with_groups(["Developers"]))
        .with_user(User::new("otto", "Otto Brandt"))
        .with_permission_set(set("AdministratorAccess").lasting(Duration::from_secs(4 * 3600)))
        .with_permission_set(set("PhotoReader"));
    assignments.into_iter().fold(people, |directory, (subject, id, set)| {
        directory.with_assignment(Assignment::new(subject, account(id), set)).unwrap()
    })
}

/// A browser: cookies per origin, redirects that are looked at before they are followed.
pub(crate) struct Browser {
    apps: Vec<(&'static str, Router)>,
    client: reqwest::Client,
    cookies: RefCell<BTreeMap<(String, String), String>>,
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn location(&self) -> &str {
        self.header("location")
    }

    /// The value of a hidden field.
    pub(crate) fn field(&self, name: &str) -> String {
        let (_, after) =
            self.text.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("{self:?}"));
        after.split('"').next().unwrap().to_owned()
    }

    /// The page's heading.
    pub(crate) fn heading(&self) -> &str {
        self.text.split_once("<h1>").and_then(|(_, after)| after.split_once("</h1>")).map_or("", |(heading, _)| heading)
    }

    /// Holds a refusal to what every refusal has: a status, a heading, a way on, and headers that keep it to itself.
    pub(crate) fn is_refused(&self, status: u16, heading: &str) {
        assert_eq!((self.status, self.heading()), (status, heading), "{}", self.text);
        assert!(self.text.contains(&format!("<a class=\"button\" href=\"{BROKER}/")), "{}", self.text);
        assert_eq!(self.header("cache-control"), "no-store");
        assert!(self.header("content-security-policy").starts_with("default-src 'none';"));
        assert!(!self.text.contains("ASIA"));
    }
}

impl Browser {
    /// A fresh browser, to which these applications are local.
    pub(crate) fn of(apps: Vec<(&'static str, Router)>) -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { apps, client, cookies: RefCell::default() }
    }

    pub(crate) async fn get(&self, url: &str) -> Answer {
        self.send(Method::GET, url, &[], String::new()).await
    }

    /// Posts a form as a page of the portal does.
    pub(crate) async fn post(&self, url: &str, form: &[(&str, &str)]) -> Answer {
        let origin = url.split('/').take(3).collect::<Vec<_>>().join("/");
        self.post_as(url, form, &[("origin", &origin), ("sec-fetch-site", "same-origin")]).await
    }

    pub(crate) async fn post_as(&self, url: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut headers = headers.to_vec();
        headers.push(("content-type", "application/x-www-form-urlencoded"));
        self.send(Method::POST, url, &headers, body).await
    }

    pub(crate) async fn send(&self, method: Method, url: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let origin = url.split('/').take(3).collect::<Vec<_>>().join("/");
        let cookies: Vec<_> = self
            .cookies
            .borrow()
            .iter()
            .filter(|((at, _), _)| *at == origin)
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        let answer = if let Some((_, app)) = self.apps.iter().find(|(at, _)| *at == origin) {
            let response = app.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
            let (parts, body) = response.into_parts();
            let text = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
            Answer { status: parts.status.as_u16(), headers: parts.headers, text }
        } else {
            let request = reqwest::Request::try_from(request.body(body).unwrap()).unwrap();
            let response = self.client.execute(request).await.unwrap();
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            Answer { status, headers, text: response.text().await.unwrap() }
        };
        self.keep_cookies(&origin, &answer.headers);
        answer
    }

    fn keep_cookies(&self, origin: &str, headers: &HeaderMap) {
        for line in headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            let key = (origin.to_owned(), name.to_owned());
            if line.contains("Max-Age=0") {
                self.cookies.borrow_mut().remove(&key);
            } else {
                self.cookies.borrow_mut().insert(key, value.to_owned());
            }
        }
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(&(BROKER.to_owned(), name.to_owned())).cloned()
    }

    /// Another browser that has stolen every cookie of this one.
    pub(crate) fn copy(&self) -> Self {
        Self { apps: self.apps.clone(), client: self.client.clone(), cookies: self.cookies.clone() }
    }

    /// This browser, where `origin` is served by another node.
    pub(crate) fn at(&self, origin: &'static str, node: Router) -> Self {
        Self { apps: vec![(origin, node)], ..self.copy() }
    }

    pub(crate) fn put_cookie(&self, name: &str, value: &str) {
        self.cookies.borrow_mut().insert((BROKER.to_owned(), name.to_owned()), value.to_owned());
    }

    /// Begins a sign-in and goes through the identity provider's pages, up to its answer.
    pub(crate) async fn answered(&self, begin: &str, user: &str) -> Answer {
        let leaving = self.get(begin).await;
        let mut page = match leaving.status {
            303 => self.get(leaving.location()).await,
            // An identity provider that takes forms alone.
            _ => {
                let form = [("SAMLRequest", leaving.field("SAMLRequest")), ("RelayState", leaving.field("RelayState"))];
                let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
                let (_, action) = leaving.text.split_once("method=\"post\" action=\"").unwrap();
                let kept = self.post(action.split('"').next().unwrap(), &form).await;
                self.get(kept.location()).await
            }
        };
        if page.location().contains("/login?") {
            let login = page.location().to_owned();
            let flow = self.get(&login).await.field("flow");
            let form = [("flow", flow.as_str()), ("username", user), ("password", "correct-horse")];
            page = self.post(login.split_once('?').unwrap().0, &form).await;
        }
        while page.status == 303 && !self.apps.iter().any(|(at, _)| page.location().starts_with(at)) {
            page = self.get(page.location()).await;
        }
        page
    }

    /// What the identity provider wants posted back: the response and the RelayState.
    pub(crate) async fn saml_answer(&self, begin: &str, user: &str) -> (String, String) {
        let page = self.answered(begin, user).await;
        (page.field("SAMLResponse"), page.field("RelayState"))
    }

    /// Where the identity provider sends the browser with its code.
    pub(crate) async fn oidc_answer(&self, begin: &str, user: &str) -> String {
        let callback = self.answered(begin, user).await.location().to_owned();
        assert!(callback.starts_with(CALLBACK), "{callback}");
        callback
    }

    /// Posts what the identity provider's page holds, from its origin.
    pub(crate) async fn post_back(&self, saml_response: &str, relay_state: &str) -> Answer {
        let form = [("SAMLResponse", saml_response), ("RelayState", relay_state)];
        self.post_as(ACS, &form, &[("origin", "https://idp.example"), ("sec-fetch-site", "cross-site")]).await
    }

    /// Signs in to the application with SAML.
    pub(crate) async fn sign_in_to_app(&self, user: &str) {
        let (response, state) = self.saml_answer(&format!("{APP}/signin/saml/corp"), user).await;
        let form = [("SAMLResponse", response.as_str()), ("RelayState", &state)];
        let back = self.post_as(&format!("{APP}/saml/acs"), &form, &[]).await;
        assert_eq!((back.status, back.location()), (303, "http://localhost:8400/"), "{}", back.text);
    }

    /// Signs in with SAML, all the way to the portal.
    pub(crate) async fn sign_in(&self, user: &str) -> Answer {
        let (response, state) = self.saml_answer(&format!("{BROKER}/signin/saml/corp"), user).await;
        let back = self.post_back(&response, &state).await;
        assert_eq!((back.status, back.location()), (303, "http://localhost:8200/portal"), "{}", back.text);
        self.get(back.location()).await
    }
}
