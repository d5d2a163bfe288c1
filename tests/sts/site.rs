//! Two accounts of one organisation, their users and roles, and a client that signs as any of them.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials as SdkCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use daypass::arn::AccountId;
use daypass::audit::{Discard, Outcome, Recent, Stage};
use daypass::credentials::WebIdentityIssuer;
use daypass::crypto::PrivateKey;
use daypass::directory::{Directory, IdentityStore, User};
use daypass::http::fetch::IssuerKeys;
use daypass::http::iam::Iam;
use daypass::http::identity_context::IdentityContexts;
use daypass::http::query::Endpoint;
use daypass::http::sts::Sts;
use daypass::http::well_known;
use daypass::iam::{Holder, KeyOwner, NewPolicy, NewRole};
use daypass::organization::Organization;
use daypass::policy::ResourcePolicy;
use daypass::request::{AuthenticatedRequest, Service, SignedHead, SignedRequest};
use daypass::time::{ManualClock, Timestamp};
use daypass::{Broker, Keyring};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::issuer;

pub(crate) const ACCOUNT: &str = "111111111111";
pub(crate) const MEMBER: &str = "222222222222";
pub(crate) const STRANGER: &str = "333333333333";
/// 2026-01-01T00:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_767_225_600);

/// martha's id in the identity store.
pub(crate) const MARTHA: &str = "54c8f4d8-1001-7010-d5b9-2f1a0f0a1b2c";
/// otto's.
pub(crate) const OTTO: &str = "54c8f4d8-2002-7010-d5b9-2f1a0f0a1b2c";
pub(crate) const STORE: &str = "arn:aws:identitystore::111111111111:identitystore/d-906766a9c1";
pub(crate) const INSTANCE: &str = "arn:aws:sso:::instance/ssoins-1234567890abcdef";
pub(crate) const APPLICATION: &str =
    "arn:aws:sso::111111111111:application/ssoins-1234567890abcdef/apl-1234567890abcdef";

/// What a client signs with.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Reply {
    /// The text of the first element called `name`.
    pub(crate) fn text(&self, name: &str) -> &str {
        let (_, after) = self.body.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("{name}: {}", self.body));
        after.split('<').next().unwrap()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.body.contains(&format!("<{name}>"))
    }

    /// The credentials of a successful answer.
    pub(crate) fn credentials(&self) -> Signer {
        assert_eq!(self.status, 200, "{}", self.body);
        Signer {
            id: self.text("AccessKeyId").to_owned(),
            secret: self.text("SecretAccessKey").to_owned(),
            token: Some(self.text("SessionToken").to_owned()),
        }
    }

    /// Status, code and message of a refusal.
    pub(crate) fn refusal(&self) -> (u16, &str, String) {
        (self.status, self.text("Code"), self.text("Message").replace("&quot;", "\""))
    }
}

pub(crate) struct Site {
    pub(crate) url: String,
    pub(crate) broker: Arc<Broker>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) trail: Arc<Recent<Discard>>,
    secret: Zeroizing<[u8; 32]>,
}

/// The identity store `id`, which knows these people by their ids; rosa has none.
pub(crate) fn directory(id: &str, people: &[(&str, &str)]) -> Directory {
    let store = IdentityStore::new(account(ACCOUNT), id).unwrap().with_instance("ssoins-1234567890abcdef").unwrap();
    let directory = Directory::new().with_identity_store(store).with_user(User::new("rosa", "Rosa"));
    people.iter().fold(directory, |directory, (name, id)| {
        directory.with_user(User::new(*name, *name).with_user_id(id.parse().unwrap()))
    })
}

/// Where applications of ACCOUNT get the context assertions of the directory.
fn contexts(broker: &Arc<Broker>) -> IdentityContexts {
    let mine = issuer::provider();
    let keys = IssuerKeys::pinned(&mine, issuer::jwks()).unwrap();
    IdentityContexts::new(Arc::clone(broker))
        .with_application(APPLICATION.parse().unwrap(), issuer::AUDIENCE)
        .with_trusted_issuer(mine, keys)
}

/// The broker as an OpenID provider, with a key that need not be found first.
fn web_identity() -> WebIdentityIssuer {
    let rsa = PrivateKey::from_pem(include_str!("../vectors/saml/encrypted/sp.key")).unwrap();
    let p384 = PrivateKey::generate_p384().unwrap();
    WebIdentityIssuer::new("https://broker.example/web-identity", rsa, p384).unwrap()
}

pub(crate) fn policy(statements: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

pub(crate) fn allow(actions: &[&str]) -> String {
    policy(&json!({"Sid": "Allowed", "Effect": "Allow", "Action": actions, "Resource": "*"}))
}

/// A trust policy for these principals, actions and condition.
pub(crate) fn trust(principal: &str, actions: &[&str], condition: &Value) -> String {
    policy(&json!({"Sid": "Trusted", "Effect": "Allow", "Principal": {"AWS": principal}, "Action": actions,
        "Condition": condition}))
}

pub(crate) fn account(id: &str) -> AccountId {
    id.parse().unwrap()
}

impl Site {
    pub(crate) async fn start() -> Self {
        let organization = Organization::new("o-example", account(ACCOUNT))
            .with_account(account(MEMBER), "o-example/r-1/ou-1/")
            .with_root_sessions();
        Self::within(organization).await
    }

    pub(crate) async fn within(organization: Organization) -> Self {
        let clock = Arc::new(ManualClock::new(NOW));
        let trail = Arc::new(Recent::new(1000, Discard));
        let admitted =
            json!({"Effect": "Allow", "Principal": {"AWS": MEMBER}, "Action": "sso-oauth:*", "Resource": "*"});
        let admitted: ResourcePolicy = policy(&admitted).parse().unwrap();
        let secret = Zeroizing::new(daypass::crypto::random::<32>().unwrap());
        let broker = Broker::new(Keyring::from_secret(&secret).unwrap())
            .with_clock(clock.clone())
            .with_audit(trail.clone())
            .with_resource_policy(account(ACCOUNT), &APPLICATION.parse().unwrap(), admitted)
            .with_directory(directory("d-906766a9c1", &[("martha", MARTHA), ("otto", OTTO)]))
            .unwrap()
            .with_organization(organization)
            .with_web_identity(web_identity());
        let broker = Arc::new(broker);
        for id in [ACCOUNT, MEMBER, STRANGER] {
            broker.registry().open_account(&account(id));
        }
        let endpoint = Endpoint::new(Arc::clone(&broker))
            .with_sts(Sts::new(Arc::clone(&broker)))
            .with_iam(Iam::new(Arc::clone(&broker)));
        let router = endpoint.router().merge(well_known::router(Arc::clone(&broker))).merge(contexts(&broker).router());
        Self { url: String::new(), broker, clock, trail, secret }.served_by(router).await
    }

    /// The keys of the broker, for another that is to be mistaken for it.
    pub(crate) fn keyring(&self) -> Keyring {
        Keyring::from_secret(&self.secret).unwrap()
    }

    /// The same broker behind another router.
    pub(crate) async fn served_by(mut self, router: axum::Router) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        self
    }

    /// A user with an inline policy, and a key of the user's.
    pub(crate) fn user(&self, of: &str, name: &str, permissions: &str) -> Signer {
        let made = self.broker.registry().update(&account(of), |account, limits| {
            account.create_user(limits, &name.parse()?, "/".parse()?, NOW)?;
            account.put_inline_policy(&Holder::User(name.to_owned()), &"own".parse()?, permissions, limits)?;
            account.create_access_key(limits, &KeyOwner::user(name), NOW)
        });
        let key = made.unwrap();
        Signer { id: key.access_key_id().to_string(), secret: key.secret_access_key().expose().to_owned(), token: None }
    }

    /// A key of an account's root user.
    pub(crate) fn root(&self, of: &str) -> Signer {
        let update = |account: &mut daypass::iam::Account, limits: &daypass::iam::Limits| {
            account.create_access_key(limits, &KeyOwner::Root, NOW)
        };
        let key = self.broker.registry().update(&account(of), update).unwrap();
        Signer { id: key.access_key_id().to_string(), secret: key.secret_access_key().expose().to_owned(), token: None }
    }

    /// A role with an inline policy, whose sessions last up to twelve hours.
    pub(crate) fn role(&self, of: &str, name: &str, trust: &str, permissions: &str) -> String {
        let elsewhere = self.broker.registry().read();
        let made = self.broker.registry().update(&account(of), |account, limits| {
            let new = NewRole {
                name: name.parse()?,
                path: "/".parse()?,
                trust_policy: trust,
                description: None,
                max_session_duration: Duration::from_secs(43_200),
                boundary: None,
                tags: [("department".to_owned(), "cats".to_owned())].into(),
            };
            let role = account.create_role(new, &elsewhere, limits, NOW)?;
            account.put_inline_policy(&Holder::Role(name.to_owned()), &"own".parse()?, permissions, limits)?;
            Ok(role)
        });
        made.unwrap().role.arn().to_string()
    }

    pub(crate) fn managed_policy(&self, of: &str, name: &str, document: &str) -> String {
        let made = self.broker.registry().update(&account(of), |account, limits| {
            let (name, path) = (name.parse()?, "/".parse()?);
            account.create_policy(NewPolicy { name, path, document, description: None, tags: [].into() }, limits, NOW)
        });
        made.unwrap().to_string()
    }

    /// A call of STS.
    pub(crate) async fn sts(&self, signer: &Signer, action: &str, parameters: &[(&str, &str)]) -> Reply {
        self.call(signer, "sts", "2011-06-15", action, parameters).await
    }

    /// A call of IAM.
    pub(crate) async fn iam(&self, signer: &Signer, action: &str, parameters: &[(&str, &str)]) -> Reply {
        self.call(signer, "iam", "2010-05-08", action, parameters).await
    }

    /// AssumeRole under the name `chain`.
    pub(crate) async fn assume(&self, signer: &Signer, role: &str, more: &[(&str, &str)]) -> Reply {
        let parameters = [&[("RoleArn", role), ("RoleSessionName", "chain")], more].concat();
        self.sts(signer, "AssumeRole", &parameters).await
    }

    async fn call(
        &self,
        signer: &Signer,
        service: &str,
        version: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Reply {
        let mut form = reqwest::Url::parse("http://form").unwrap();
        form.query_pairs_mut().extend_pairs([("Action", action), ("Version", version)]).extend_pairs(parameters);
        let body = form.query().unwrap().to_owned();
        let content_type = "application/x-www-form-urlencoded; charset=utf-8";
        let mut request = client().post(&self.url).header("content-type", content_type);
        for (name, value) in self.signature(signer, service, &self.url, &body) {
            request = request.header(name, value);
        }
        let response = request.body(body).send().await.unwrap();
        Reply { status: response.status().as_u16(), body: response.text().await.unwrap() }
    }

    /// A call of STS that is authenticated and not answered yet.
    pub(crate) fn authenticated(&self, signer: &Signer) -> AuthenticatedRequest {
        let body = "Action=GetCallerIdentity&Version=2011-06-15";
        let mut headers = self.signature(signer, "sts", &self.url, body);
        headers.push(("host".to_owned(), self.url.replace("http://", "").replace('/', "")));
        let head = SignedHead::new("POST", "/", headers.iter().map(|(name, value)| (name, value))).unwrap();
        self.broker.authenticate(&Service::STS, SignedRequest::new(head, body.into())).unwrap()
    }

    /// The events of the stage of sessions: operation, principal, how it ended and the code.
    pub(crate) fn session_events(&self) -> Vec<(String, String, Outcome, Option<&'static str>)> {
        let events = self.trail.events().into_iter().filter(|event| event.stage == Stage::Session);
        events.map(|event| (event.operation, event.principal, event.outcome, event.code)).collect()
    }

    /// CreateTokenWithIAM with this body.
    pub(crate) async fn token(&self, signer: &Signer, body: &Value) -> Reply {
        self.token_signed_for(signer, "sso-oauth", body).await
    }

    pub(crate) async fn token_signed_for(&self, signer: &Signer, service: &str, body: &Value) -> Reply {
        let (url, body) = (format!("{}token?aws_iam=t", self.url), body.to_string());
        let mut request = client().post(&url).header("content-type", "application/json");
        for (name, value) in self.signature(signer, service, &url, &body) {
            request = request.header(name, value);
        }
        let response = request.body(body).send().await.unwrap();
        Reply { status: response.status().as_u16(), body: response.text().await.unwrap() }
    }

    fn signature(&self, signer: &Signer, service: &str, url: &str, body: &str) -> Vec<(String, String)> {
        use daypass::time::Clock;
        let identity =
            SdkCredentials::new(signer.id.as_str(), signer.secret.as_str(), signer.token.clone(), None, "test").into();
        let millis = self.clock.now().unix_millis().try_into().unwrap();
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region("eu-west-1")
            .name(service)
            .time(UNIX_EPOCH + Duration::from_millis(millis))
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let body = SignableBody::Bytes(body.as_bytes());
        let request = SignableRequest::new("POST", url, std::iter::empty(), body).unwrap();
        let (instructions, _) = sign(request, &parameters).unwrap().into_parts();
        let (headers, _) = instructions.into_parts();
        headers.iter().map(|header| (header.name().to_owned(), header.value().to_owned())).collect()
    }
}

/// The one client of all calls: making one reads the certificates of the machine, which takes longer than a call.
fn client() -> &'static reqwest::Client {
    // A connection ends with the runtime of the test that opened it, and is no other test's to use.
    static CLIENT: LazyLock<reqwest::Client> =
        LazyLock::new(|| reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap());
    &CLIENT
}
