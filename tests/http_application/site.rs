//! An application with two identity providers, each of which speaks both protocols, and a browser that remembers cookies
//! and looks before it follows.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use daypass::audit::{AuditEvent, Discard, Outcome, Recent};
use daypass::explain::Verdict;
use daypass::http::application::{SignIn, SignedIn};
use daypass::http::relying_party::RelyingParty;
use daypass::identity::oidc::OidcProvider;
use daypass::identity::saml::SamlProvider;
use daypass::time::{Clock as _, ManualClock, SystemClock};
use daypass::{Broker, Keyring};
use demo_idp::{AssertionRequest, Client, Idp, ServiceProvider, demo_directory};
use reqwest::Url;
use tower::ServiceExt;

pub(crate) const APP: &str = "https://app.example";
pub(crate) const ACS: &str = "https://app.example/saml/acs";
pub(crate) const SESSION: &str = "__Host-daypass_application";

/// What the application trusts: `corp` and `other` by SAML, `red` (the provider of `corp`) and `blue` (that of `other`) by
/// OpenID Connect.
pub(crate) struct World {
    pub(crate) red: Idp,
    pub(crate) blue: Idp,
    pub(crate) clock: Arc<ManualClock>,
    trail: Arc<Recent<Discard>>,
}

impl World {
    pub(crate) async fn start() -> Self {
        let idp = async |name: &str, seed| {
            let client = Client::confidential(format!("app-at-{name}"), "secret", [callback(name)]);
            let idp = Idp::builder().users(demo_directory()).seed(seed).client(client).pushed_requests(false);
            idp.service_provider(ServiceProvider::new(APP, ACS)).start().await.unwrap()
        };
        let clock = Arc::new(ManualClock::new(SystemClock.now()));
        Self {
            red: idp("red", 7).await,
            blue: idp("blue", 8).await,
            clock,
            trail: Arc::new(Recent::new(1000, Discard)),
        }
    }

    pub(crate) fn broker(&self) -> Arc<Broker> {
        let saml = |idp: &Idp, name| SamlProvider::new(&idp.saml_metadata(), APP, ACS).unwrap().named(name);
        let broker = Broker::new(Keyring::generate().unwrap()).with_provider(saml(&self.red, "corp"));
        let broker = broker.with_provider(saml(&self.blue, "other"));
        Arc::new(broker.with_clock(self.clock.clone()).with_audit(self.trail.clone()))
    }

    /// The registration with the provider `name`, which is the name it is called by, too.
    pub(crate) fn relying_party(&self, name: &str) -> RelyingParty {
        let idp = if name == "red" { &self.red } else { &self.blue };
        let provider = OidcProvider::new(idp.issuer(), [format!("app-at-{name}")]).unwrap().with_local_network();
        RelyingParty::new(provider, "secret", &callback(name)).unwrap()
    }

    pub(crate) fn sign_in(&self) -> SignIn {
        SignIn::new(self.broker(), APP).unwrap()
    }

    /// Sign-in with all four of them.
    pub(crate) fn sign_in_with_all(&self) -> SignIn {
        let saml = self.sign_in().with_saml("corp", "Example Corp").unwrap().with_saml("other", "Other Corp").unwrap();
        let red = saml.with_relying_party("red", "Red Ltd", self.relying_party("red")).unwrap();
        red.with_relying_party("blue", "Blue Ltd", self.relying_party("blue")).unwrap()
    }

    /// Where the response of `idp` to the request at `location` is posted, as its form has it.
    pub(crate) fn saml_answer(&self, idp: &Idp, location: &str, user: &str) -> [(&'static str, String); 2] {
        let request = parameter(location, "SAMLRequest");
        let mut xml = String::new();
        let deflated = STANDARD.decode(request).unwrap();
        flate2::read::DeflateDecoder::new(&deflated[..]).read_to_string(&mut xml).unwrap();
        let id = xml.split(" ID=\"").nth(1).unwrap().split('"').next().unwrap();
        let asked = AssertionRequest::new(user).with_in_response_to(id);
        let response = idp.assertion_for(asked).unwrap();
        [("SAMLResponse", response), ("RelayState", parameter(location, "RelayState"))]
    }

    /// The last thing refused: the rule that refused it where it has one, and the reason.
    pub(crate) fn last_refusal(&self) -> (Option<&'static str>, String) {
        let refused = |event: &AuditEvent| event.outcome == Outcome::Refused;
        let event = self.trail.events().into_iter().rfind(refused).unwrap();
        let rule = event.checks.iter().find(|check| check.verdict == Verdict::Failed).map(|check| check.name);
        (rule, format!("{event:?}"))
    }
}

pub(crate) fn callback(name: &str) -> String {
    format!("{APP}/oidc/callback/{name}")
}

/// The value of a query parameter.
pub(crate) fn parameter(url: &str, name: &str) -> String {
    let url = Url::parse(url).unwrap();
    let found = url.query_pairs().find(|(found, _)| found == name);
    found.unwrap_or_else(|| panic!("no {name} in {url}")).1.into_owned()
}

async fn secret(person: SignedIn) -> String {
    format!("the secret of {} until {}", person.subject(), person.ends())
}

/// Routes that nobody sees without signing in.
pub(crate) fn private() -> Router {
    Router::new().route("/", get(secret).post(secret)).route("/deep/page", get(secret))
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

    /// The `Set-Cookie` line of the session.
    pub(crate) fn session_line(&self) -> Option<&str> {
        let lines = self.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
        lines.into_iter().find(|line| line.starts_with(SESSION))
    }
}

/// A browser at one application, which never reaches the network: its address is made up.
pub(crate) struct Browser {
    app: Router,
    client: reqwest::Client,
    cookies: RefCell<BTreeMap<(String, String), String>>,
}

impl Browser {
    pub(crate) fn at(app: Router) -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self { app, client, cookies: RefCell::default() }
    }

    /// Opens a page, of the application where only a path is given.
    pub(crate) async fn open(&self, address: &str) -> Answer {
        self.send(Method::GET, address, &[("accept", "text/html,application/xhtml+xml,*/*;q=0.8")], String::new()).await
    }

    /// Posts a form as a page of the same origin does.
    pub(crate) async fn post(&self, address: &str, form: &[(&str, String)]) -> Answer {
        self.post_from("same-origin", address, form).await
    }

    pub(crate) async fn post_from(&self, site: &str, address: &str, form: &[(&str, String)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let origin = full(address).split('/').take(3).collect::<Vec<_>>().join("/");
        let origin = if site == "same-origin" { origin } else { "https://elsewhere.example".to_owned() };
        let form = ("content-type", "application/x-www-form-urlencoded");
        let headers = [form, ("accept", "text/html"), ("sec-fetch-site", site), ("origin", &origin)];
        self.send(Method::POST, address, &headers, body).await
    }

    pub(crate) async fn send(&self, method: Method, address: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let address = full(address);
        let origin = address.split('/').take(3).collect::<Vec<_>>().join("/");
        let path = address.strip_prefix(APP).map_or(address.as_str(), |path| if path.is_empty() { "/" } else { path });
        let cookies = self.cookies.borrow().clone().into_iter().filter(|((at, _), _)| *at == origin);
        let cookies: Vec<_> = cookies.map(|((_, name), value)| format!("{name}={value}")).collect();
        let mut request = Request::builder().method(method).uri(path).header("cookie", cookies.join("; "));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = if origin == APP {
            let response = self.app.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
            let (parts, body) = response.into_parts();
            let text = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
            Answer { status: parts.status.as_u16(), headers: parts.headers, text }
        } else {
            let request = reqwest::Request::try_from(request.body(body).unwrap()).unwrap();
            let response = self.client.execute(request).await.unwrap();
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            Answer { status, headers, text: response.text().await.unwrap() }
        };
        for line in answer.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            let ends = line.contains("Max-Age=0");
            let mut kept = self.cookies.borrow_mut();
            if ends {
                kept.remove(&(origin.clone(), name.to_owned()))
            } else {
                kept.insert((origin.clone(), name.to_owned()), value.to_owned())
            };
        }
        answer
    }

    pub(crate) fn session(&self) -> Option<String> {
        self.cookies.borrow().get(&(APP.to_owned(), SESSION.to_owned())).cloned()
    }

    pub(crate) fn put_session(&self, value: &str) {
        self.cookies.borrow_mut().insert((APP.to_owned(), SESSION.to_owned()), value.to_owned());
    }

    /// Goes through the pages of an OpenID provider as martha: where it sends her back to.
    pub(crate) async fn oidc_answer(&self, authorize: &str) -> String {
        let mut page = self.open(authorize).await;
        if page.location().contains("/login?") {
            let login = page.location().to_owned();
            let html = self.open(&login).await.text;
            let flow = html.split("name=\"flow\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
            let form = [("flow", flow), ("username", "martha".to_owned()), ("password", "correct-horse".to_owned())];
            page = self.post(login.split_once('?').unwrap().0, &form).await;
        }
        while page.status == 303 && !page.location().starts_with(APP) {
            page = self.open(page.location()).await;
        }
        page.location().to_owned()
    }

    /// Signs martha in with SAML, all the way back.
    pub(crate) async fn sign_in(&self, world: &World) -> Answer {
        let leaving = self.open("/signin/saml/corp?return=%2Fdeep%2Fpage").await;
        let form = world.saml_answer(&world.red, leaving.location(), "martha");
        let back = self.post_from("cross-site", "/saml/acs", &form).await;
        assert_eq!((back.status, back.location()), (303, "https://app.example/deep/page"), "{}", back.text);
        back
    }
}

fn full(address: &str) -> String {
    if address.starts_with('/') { format!("{APP}{address}") } else { address.to_owned() }
}
