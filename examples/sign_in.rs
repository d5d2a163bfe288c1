//! An application that delegates sign-in to an identity provider, and reads the verified identity in a handler.
//!
//! ```console
//! $ cargo run --example sign_in              # serves; open what it prints, sign in as martha / correct-horse
//! $ cargo run --example sign_in -- --once    # signs in by itself, prints what the handler answered, and ends
//! ```
//!
//! The identity provider runs in this process, so that nothing else is needed; in your application its metadata and its
//! client secret come from your configuration. People choose between SAML and OpenID Connect, and the handler cannot tell.

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use daypass::http::application::{SignIn, SignedIn};
use daypass::http::relying_party::RelyingParty;
use daypass::identity::oidc::OidcProvider;
use daypass::identity::saml::SamlProvider;
use daypass::{Broker, Keyring};
use demo_idp::{Client, Idp, ServiceProvider, demo_directory};
use tokio::net::TcpListener;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// A handler: whoever reaches it is signed in, and nothing in here reads XML or a JWT.
async fn home(person: SignedIn) -> String {
    format!("Hello {} of {}.\n", person.subject(), person.attribute("groups").join(" and "))
}

/// Anyone may see this.
async fn about() -> &'static str {
    "An application that delegates sign-in.\n"
}

fn app(idp: &Idp, base_url: &str) -> Outcome<Router> {
    let corp = SamlProvider::new(&idp.saml_metadata(), base_url, &format!("{base_url}/saml/acs"))?;
    // Loopback without TLS is for demonstrations: elsewhere leave `with_local_network` out.
    let provider = OidcProvider::new(idp.issuer(), ["my-app"])?.with_local_network();
    let party = RelyingParty::new(provider, "client-secret", &format!("{base_url}/oidc/callback"))?;
    let broker = Broker::new(Keyring::generate()?).with_provider(corp);
    let sign_in = SignIn::new(Arc::new(broker), base_url)?.with_saml("corp", "Example Corp")?.with_relying_party(
        "corp",
        "Example Corp",
        party,
    )?;
    Ok(Router::new().route("/about", get(about)).merge(sign_in.guard(Router::new().route("/", get(home)))))
}

async fn serve(listener: TcpListener) -> Outcome<(Idp, String, tokio::task::JoinHandle<std::io::Result<()>>)> {
    let base_url = format!("http://localhost:{}", listener.local_addr()?.port());
    let idp = Idp::builder()
        .users(demo_directory())
        .service_provider(ServiceProvider::new(&base_url, format!("{base_url}/saml/acs")))
        .client(Client::confidential("my-app", "client-secret", [format!("{base_url}/oidc/callback")]))
        .demo_endpoints(true)
        .seed(1)
        .start()
        .await?;
    let app = app(&idp, &base_url)?;
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    Ok((idp, base_url, serving))
}

#[tokio::main]
async fn main() -> Outcome<()> {
    if std::env::args().any(|argument| argument == "--once") {
        for greeting in once().await? {
            println!("{}", greeting.trim_end());
        }
        return Ok(());
    }
    let (_idp, base_url, serving) = serve(TcpListener::bind("127.0.0.1:3000").await?).await?;
    println!("Open {base_url}/ and sign in as martha with the password correct-horse. Stop with Ctrl-C.");
    serving.await??;
    Ok(())
}

/// Serves on a free port and signs martha in by both protocols, as her browser would: what the handler answers each time.
pub(crate) async fn once() -> Outcome<Vec<String>> {
    let (idp, base_url, serving) = serve(TcpListener::bind("127.0.0.1:0").await?).await?;
    let mut greetings = Vec::new();
    for way in ["saml", "oidc"] {
        greetings.push(browser::sign_in(&idp, &base_url, way).await?);
    }
    serving.abort();
    Ok(greetings)
}

/// A browser of a few lines: it keeps cookies, follows redirects and posts the one form of a page.
mod browser {
    use std::collections::BTreeMap;

    use demo_idp::Idp;
    use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
    use reqwest::redirect::Policy;
    use reqwest::{Client, Method, Response, Url};

    use super::Outcome;

    pub(super) async fn sign_in(idp: &Idp, base_url: &str, way: &str) -> Outcome<String> {
        let mut browser = Browser::new()?;
        let (_, front) = browser.open(Url::parse(base_url)?).await?;
        let way =
            front.split('"').find(|text| text.starts_with(&format!("/signin/{way}/"))).ok_or("no way to sign in")?;
        let (page, login) = browser.open(Url::parse(base_url)?.join(&unescape(way))?).await?;
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
            let mut request = self.client.request(method, url.clone()).header(COOKIE, cookies.join("; "));
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
