//! An application that delegates sign-in to two identity providers, and reads the verified identity in a handler.
//!
//! ```console
//! $ cargo run --example sign_in              # serves; open what it prints, sign in as martha / correct-horse
//! $ cargo run --example sign_in -- --once    # signs in by itself, prints what the handler answered, and ends
//! ```
//!
//! Example Corp speaks SAML and Partner Ltd speaks OpenID Connect; the handler cannot tell. People choose by a button, or
//! type an e-mail address: those of `partner.example` go to Partner Ltd. One process plays both providers here, so that
//! nothing else is needed; in your application their metadata and secret come from your configuration.

use std::error::Error;
use std::net::SocketAddr;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use daypass::http::application::{SignIn, SignedIn};
use daypass::http::relying_party::RelyingParty;
use daypass::identity::oidc::OidcProvider;
use daypass::identity::saml::SamlProvider;
use daypass::{Broker, Keyring};
use demo_idp::{Client, Idp, ServiceProvider, demo_directory};
use tokio::net::TcpListener;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

// The application.

/// A handler: whoever reaches it is signed in, and nothing in here reads XML or a JWT.
async fn home(person: SignedIn) -> Html<String> {
    page(&format!("Hello {} of {}.", person.subject(), person.attribute("groups").join(" and ")))
}

fn application(base_url: &str, corp_metadata: &str, partner: OidcProvider, secret: &str) -> Outcome<Router> {
    let corp = SamlProvider::new(corp_metadata, base_url, &format!("{base_url}/saml/acs"))?;
    let partner = RelyingParty::new(partner, secret, &format!("{base_url}/oidc/callback/partner"))?;
    let broker = Broker::new(Keyring::generate()?).with_provider(corp);
    let sign_in = SignIn::new(broker.into(), base_url)?
        .with_name("Example reports")
        .with_saml("corp", "Example Corp")?
        .with_relying_party("partner", "Partner Ltd", partner)?
        .with_domains("partner", ["partner.example"])?;
    Ok(sign_in.guard(Router::new().route("/", get(home)).route("/reports/{name}", get(home))))
}

// What is around it: a page to look at, and two identity providers.

/// A page with a button that signs out; nothing else is needed against forged forms.
fn page(text: &str) -> Html<String> {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    Html(format!(
        "<!doctype html><html lang=en><link rel=icon href=\"data:,\"><title>Example reports</title><main><h1>{text}</h1>\
         <form method=post action=/signout><button>Sign out</button></form></main></html>"
    ))
}

async fn serve(listener: TcpListener) -> Outcome<(Idp, String, tokio::task::JoinHandle<std::io::Result<()>>)> {
    let base_url = format!("http://localhost:{}", listener.local_addr()?.port());
    // Both are of one site, `localhost`: without TLS, no browser lets a cookie come along from another one.
    let idp_listener = TcpListener::bind("127.0.0.1:0").await?;
    let idp = Idp::builder()
        .base_url(format!("http://localhost:{}", idp_listener.local_addr()?.port()))
        .users(demo_directory())
        .service_provider(ServiceProvider::new(&base_url, format!("{base_url}/saml/acs")))
        .client(
            Client::confidential("my-app", "client-secret", [format!("{base_url}/oidc/callback/partner")])
                .with_post_logout_redirect(format!("{base_url}/oidc/signed-out"))
                .with_backchannel_logout(format!("{base_url}/oidc/backchannel-logout/partner")),
        )
        .demo_endpoints(true)
        .seed(1)
        .build()?;
    let idp_router = idp.router().into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(idp_listener, idp_router).await });
    // Loopback without TLS is for demonstrations: elsewhere leave `with_local_network` out.
    let partner = OidcProvider::new(idp.issuer(), ["my-app"])?.with_local_network();
    let application = application(&base_url, &idp.saml_metadata(), partner, "client-secret")?;
    let serving = tokio::spawn(async move { axum::serve(listener, application).await });
    Ok((idp, base_url, serving))
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let port = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--once"] => {
            for greeting in once().await? {
                println!("{greeting}");
            }
            return Ok(());
        }
        ["--port", port] => port.parse()?,
        [] => 3000,
        other => return Err(format!("expected nothing, --once or --port N; found {other:?}").into()),
    };
    let (_idp, base_url, serving) = serve(TcpListener::bind(("127.0.0.1", port)).await?).await?;
    println!("Open {base_url}/ and sign in as martha with the password correct-horse. Stop with Ctrl-C.");
    println!("By domain: type martha@partner.example. A link to come back to: {base_url}/reports/q3");
    serving.await??;
    Ok(())
}

/// Serves on a free port and signs martha in by each button and by her domain, as her browser would: what the handler
/// answers each time.
pub(crate) async fn once() -> Outcome<Vec<String>> {
    let (idp, base_url, serving) = serve(TcpListener::bind("127.0.0.1:0").await?).await?;
    let mut greetings = Vec::new();
    for way in ["/signin/saml/corp", "/signin/oidc/partner", "martha@partner.example"] {
        let page = browser::sign_in(&idp, &base_url, way).await?;
        let greeting = page.split("<h1>").nth(1).and_then(|rest| rest.split("</h1>").next());
        greetings.push(format!("{way}: {}", greeting.ok_or("no greeting")?));
    }
    serving.abort();
    Ok(greetings)
}

/// A browser of a few lines: it keeps cookies, follows redirects and posts the one form of a page.
mod browser {
    use std::collections::BTreeMap;

    use demo_idp::Idp;
    use reqwest::header::{ACCEPT, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
    use reqwest::redirect::Policy;
    use reqwest::{Client, Method, Response, Url};

    use super::Outcome;

    /// Signs martha in by the button that leads to `way`, or by the e-mail address that `way` is.
    pub(super) async fn sign_in(idp: &Idp, base_url: &str, way: &str) -> Outcome<String> {
        let mut browser = Browser::new()?;
        let (front, html) = browser.open(Url::parse(base_url)?).await?;
        let (page, login) = if way.contains('@') {
            let (_, onward) = browser.submit(&front, &html, &[("email", way)]).await?;
            let link = onward.split("<a class=\"button\"").nth(1).and_then(|rest| attribute(rest, "href"));
            browser.open(Url::parse(&link.ok_or("no way on")?)?).await?
        } else {
            let link = html.split('"').find(|text| text.starts_with(way)).ok_or("no such button")?;
            browser.open(front.join(&unescape(link))?).await?
        };
        let credentials = [("username", "martha"), ("password", "correct-horse")];
        let (mut page, mut html) = browser.submit(&page, &login, &credentials).await?;
        if page.as_str().starts_with(idp.base_url()) {
            // SAML answers with a form that posts itself.
            (page, html) = browser.submit(&page, &html, &[]).await?;
        }
        if page.as_str().trim_end_matches('/') == base_url { Ok(html) } else { Err(format!("ended at {page}").into()) }
    }

    struct Browser {
        client: Client,
        /// By host and port: real browsers share them between ports, which no one should rely on.
        cookies: BTreeMap<String, BTreeMap<String, String>>,
    }

    impl Browser {
        fn new() -> Outcome<Self> {
            let client = Client::builder().redirect(Policy::none()).no_proxy().build()?;
            Ok(Self { client, cookies: BTreeMap::new() })
        }

        async fn open(&mut self, url: Url) -> Outcome<(Url, String)> {
            self.follow(Method::GET, url, None).await
        }

        /// Submits the form of `html` with its hidden fields and these.
        async fn submit(&mut self, page: &Url, html: &str, fields: &[(&str, &str)]) -> Outcome<(Url, String)> {
            let form = html.split("<form").nth(1).and_then(|rest| rest.split("</form>").next()).ok_or("no form")?;
            let action = attribute(form, "action").unwrap_or_default();
            let hidden = form.split("<input").filter(|input| input.contains("hidden"));
            let mut body = Url::parse("http://form")?;
            for input in hidden {
                let (name, value) = (attribute(input, "name"), attribute(input, "value"));
                body.query_pairs_mut().append_pair(&name.ok_or("no name")?, &value.unwrap_or_default());
            }
            body.query_pairs_mut().extend_pairs(fields);
            let body = body.query().unwrap_or_default().to_owned();
            let origin = page.origin().ascii_serialization();
            self.follow(Method::POST, page.join(&action)?, Some((origin, body))).await
        }

        async fn follow(
            &mut self,
            mut method: Method,
            mut url: Url,
            mut form: Option<(String, String)>,
        ) -> Outcome<(Url, String)> {
            for _ in 0..10 {
                let response = self.send(method, &url, form.take()).await?;
                let Some(location) = response.headers().get(LOCATION) else {
                    return Ok((url, response.text().await?));
                };
                (method, url) = (Method::GET, url.join(location.to_str()?)?);
            }
            Err("too many redirects".into())
        }

        async fn send(&mut self, method: Method, url: &Url, form: Option<(String, String)>) -> Outcome<Response> {
            let site = url.authority().to_owned();
            let kept = self.cookies.entry(site).or_default();
            let cookies: Vec<_> = kept.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let mut request = self.client.request(method, url.clone()).header(ACCEPT, "text/html");
            request = request.header(COOKIE, cookies.join("; "));
            if let Some((origin, body)) = form {
                let form = ("content-type", "application/x-www-form-urlencoded");
                request = request.header(ORIGIN, origin).header(form.0, form.1).body(body);
            }
            let response = request.send().await?;
            for line in response.headers().get_all(SET_COOKIE) {
                let pair = line.to_str()?.split(';').next().unwrap_or_default();
                if let Some((name, value)) = pair.split_once('=') {
                    kept.insert(name.to_owned(), value.to_owned());
                }
            }
            Ok(response)
        }
    }

    fn attribute(tag: &str, name: &str) -> Option<String> {
        let value = tag.split_once(&format!("{name}=\""))?.1.split('"').next()?;
        Some(unescape(value))
    }

    fn unescape(text: &str) -> String {
        let escapes =
            [("&#38;", "&"), ("&#34;", "\""), ("&#43;", "+"), ("&#x2B;", "+"), ("&#61;", "="), ("&amp;", "&")];
        escapes.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    }
}
