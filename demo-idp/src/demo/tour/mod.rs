//! The whole flow without a browser or an AWS client: every step over HTTP, every check shown, every end verified.

mod browser;
mod signer;
mod sts;
mod tell;

use std::io::Write;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Client;

use self::browser::{Browser, Page, failed};
use self::signer::{Keys, Unsigned, sign};
use self::sts::Sts;
use self::tell::Teller;
use super::world::{AUDIENCE, BUCKET, PRODUCTION, SAML_PROVIDER};
use super::{Demo, DemoError, Options};

/// Who takes the tour.
const PERSON: &str = "martha";
const PASSWORD: &str = "correct-horse";

/// Takes the tour in a demonstration of its own, on free ports, and tells of it on `out`.
///
/// # Errors
/// [`DemoError::Tour`] at the first step that does not end as it should.
pub async fn tour(out: &mut impl Write, coloured: bool) -> Result<(), DemoError> {
    let demo = Demo::start(Options::default()).await?;
    let mut guide = Guide { teller: Teller::new(out, coloured, demo.trail().clone()), client: client()?, demo: &demo };
    guide.teller.title("daypass tour: from a password to a decision, every check shown")?;
    guide.sign_in("Sign in with SAML, choose a role, take its keys", "/signin/saml/").await?;
    guide.sign_in("The same with OpenID Connect", "/signin/oidc/").await?;
    let editor = guide.with_saml().await?;
    let reader = guide.with_id_token().await?;
    guide.requests(&reader, &editor).await?;
    guide.chain(&reader).await?;
    guide.tampered().await?;
    guide.expired(&reader).await?;
    guide.teller.done()?;
    demo.stop().await;
    Ok(())
}

fn client() -> Result<Client, DemoError> {
    Client::builder().timeout(Duration::from_secs(20)).no_proxy().build().map_err(failed)
}

struct Guide<'a, W> {
    teller: Teller<'a, W>,
    client: Client,
    demo: &'a Demo,
}

impl<W: Write> Guide<'_, W> {
    async fn sign_in(&mut self, title: &str, way: &str) -> Result<(), DemoError> {
        self.teller.step(title)?;
        let mut browser = Browser::open()?;
        let choices = browser.get(&format!("{}/signin", self.demo.site().broker_url())).await?;
        let link = choices
            .text
            .split("href=\"")
            .filter_map(|rest| rest.split('"').next())
            .find(|link| link.contains(way))
            .ok_or_else(|| DemoError::Tour(format!("no link to {way} on {}", choices.url)))?;
        let sign_in = browser.get(&format!("{}{link}", self.demo.site().broker_url())).await?;
        let password = [("username", PERSON), ("password", PASSWORD)];
        let mut page = browser.submit(&sign_in, "/login", &password).await?;
        if page.text.contains("name=\"SAMLResponse\"") {
            page = browser.submit(&page, "/saml/acs", &[]).await?;
        }
        expect_page(&page, "Cat Photos Production")?;
        let role =
            format!("{}/portal/credentials?account={PRODUCTION}&role=PhotoReader", self.demo.site().broker_url());
        let role = browser.get(&role).await?;
        let keys = browser.submit(&role, "/portal/credentials", &[]).await?;
        expect_page(&keys, "ASIA")?;
        for line in browser.take_visited() {
            self.teller.line(&line)?;
        }
        Ok(self.teller.heard()?)
    }

    async fn with_saml(&mut self) -> Result<Keys, DemoError> {
        self.teller.step("Exchange a SAML response for PhotoEditor (AssumeRoleWithSAML)")?;
        let assertion = self.demo.idp().assertion(PERSON)?;
        let keys = self.sts().with_saml("PhotoEditor", &assertion).await?.keys()?;
        self.teller.line(&format!("keys of PhotoEditor: {}", keys.access_key_id))?;
        self.teller.heard()?;
        Ok(keys)
    }

    async fn with_id_token(&mut self) -> Result<Keys, DemoError> {
        self.teller.step("Exchange an ID token for PhotoReader (AssumeRoleWithWebIdentity)")?;
        let token = self.demo.idp().id_token(PERSON, AUDIENCE)?;
        let keys = self.sts().with_id_token("PhotoReader", &token).await?.keys()?;
        self.teller.line(&format!("keys of PhotoReader: {}", keys.access_key_id))?;
        self.teller.heard()?;
        Ok(keys)
    }

    async fn requests(&mut self, reader: &Keys, editor: &Keys) -> Result<(), DemoError> {
        let photo = format!("/{BUCKET}/photos/nap.svg");
        self.teller.step("Allowed: PhotoReader looks at a photo")?;
        self.send("GET", &photo, reader, (200, "<svg")).await?;
        self.teller.step("Explicitly denied: PhotoEditor may delete, but the bucket's policy says no")?;
        self.send("DELETE", &photo, editor, (403, "explicit deny")).await?;
        self.teller.step("Implicitly denied: nothing lets PhotoReader add a photo")?;
        self.send("PUT", &format!("/{BUCKET}/photos/new.svg"), reader, (403, "AccessDenied")).await
    }

    async fn chain(&mut self, reader: &Keys) -> Result<(), DemoError> {
        self.teller.step("From one role into another (AssumeRole), and who that is (GetCallerIdentity)")?;
        let sts = self.sts();
        let keys = sts.assume_role("PhotoEditor", reader).await?.keys()?;
        let identity = sts.caller_identity(&keys).await?;
        let arn = identity.element("Arn")?;
        expect("the caller", &arn, &format!("arn:aws:sts::{PRODUCTION}:assumed-role/PhotoEditor/{PERSON}"))?;
        self.teller.line(&format!("now {arn}"))?;
        Ok(self.teller.heard()?)
    }

    async fn tampered(&mut self) -> Result<(), DemoError> {
        self.teller.step("Tampered: one name in a signed SAML response is changed")?;
        let assertion = self.demo.idp().assertion("sam")?;
        let xml = STANDARD.decode(&assertion).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        let edited = xml.replace(">sam<", ">martha<");
        if edited == xml {
            return Err(DemoError::Tour("the response does not hold the name that was to be changed".to_owned()));
        }
        let refused = self.sts().with_saml("PhotoEditor", &STANDARD.encode(edited)).await?;
        refused.refused(400, "InvalidIdentityToken")?;
        self.teller.line(&format!("refused: {}", refused.element("Message")?))?;
        Ok(self.teller.heard()?)
    }

    async fn expired(&mut self, reader: &Keys) -> Result<(), DemoError> {
        self.teller.step("Expired: two hours later the keys of PhotoReader open nothing")?;
        self.demo.idp().advance(Duration::from_secs(2 * 3600));
        self.send("GET", &format!("/{BUCKET}/photos/nap.svg"), reader, (400, "ExpiredToken")).await
    }

    /// Sends a request signed as any SDK would, and holds the answer to what it should be.
    async fn send(
        &mut self,
        method: &str,
        path: &str,
        keys: &Keys,
        (status, holds): (u16, &str),
    ) -> Result<(), DemoError> {
        let endpoint = self.demo.site().s3_url();
        let host = endpoint.trim_start_matches("http://");
        let amz_date = self.sts().amz_date();
        let unsigned = Unsigned { method, host, path, service: "s3", body: b"", amz_date: &amz_date };
        let method = method.parse().map_err(|_| DemoError::Tour(format!("{method} is no method")))?;
        let mut request = self.client.request(method, format!("{endpoint}{path}"));
        for (name, value) in sign(&unsigned, keys) {
            request = request.header(name, value);
        }
        let answer = request.send().await.map_err(failed)?;
        let (found, text) = (answer.status().as_u16(), answer.text().await.map_err(failed)?);
        self.teller.line(&format!("{} {path} → {found}", unsigned.method))?;
        if found >= 400 {
            self.teller.line(&text)?;
        }
        self.teller.heard()?;
        if found == status && text.contains(holds) {
            return Ok(());
        }
        Err(DemoError::Tour(format!("{path}: expected {status} with {holds:?}, found {found}: {text}")))
    }

    fn sts(&self) -> Sts {
        Sts::new(self.client.clone(), self.demo.site().broker_url(), self.demo.idp().now())
    }
}

fn expect_page(page: &Page, holds: &str) -> Result<(), DemoError> {
    if page.status == 200 && page.text.contains(holds) {
        return Ok(());
    }
    let (url, status) = (&page.url, page.status);
    Err(DemoError::Tour(format!("{url}: expected 200 with {holds:?}, found {status}: {}", page.text)))
}

fn expect(what: &str, found: &str, expected: &str) -> Result<(), DemoError> {
    if found == expected {
        return Ok(());
    }
    Err(DemoError::Tour(format!("{what}: expected {expected}, found {found}")))
}
