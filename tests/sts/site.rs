//! Two accounts of one organisation, their users and roles, and a client that signs as any of them.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials as SdkCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use daypass::arn::AccountId;
use daypass::credentials::WebIdentityIssuer;
use daypass::crypto::PrivateKey;
use daypass::http::iam::Iam;
use daypass::http::query::Endpoint;
use daypass::http::sts::Sts;
use daypass::http::well_known;
use daypass::iam::{Holder, KeyOwner, NewPolicy, NewRole};
use daypass::organization::Organization;
use daypass::time::{ManualClock, Timestamp};
use daypass::{Broker, Keyring};
use serde_json::{Value, json};

pub(crate) const ACCOUNT: &str = "111111111111";
pub(crate) const MEMBER: &str = "222222222222";
pub(crate) const STRANGER: &str = "333333333333";
/// 2026-01-01T00:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_767_225_600);

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
        let broker = Broker::new(Keyring::generate().unwrap())
            .with_clock(clock.clone())
            .with_organization(organization)
            .with_web_identity(web_identity());
        let broker = Arc::new(broker);
        for id in [ACCOUNT, MEMBER, STRANGER] {
            broker.registry().open_account(&account(id));
        }
        let endpoint = Endpoint::new(Arc::clone(&broker))
            .with_sts(Sts::new(Arc::clone(&broker)))
            .with_iam(Iam::new(Arc::clone(&broker)));
        let router = endpoint.router().merge(well_known::router(Arc::clone(&broker)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, broker, clock }
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
        for (name, value) in self.signature(signer, service, &body) {
            request = request.header(name, value);
        }
        let response = request.body(body).send().await.unwrap();
        Reply { status: response.status().as_u16(), body: response.text().await.unwrap() }
    }

    fn signature(&self, signer: &Signer, service: &str, body: &str) -> Vec<(String, String)> {
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
        let request = SignableRequest::new("POST", self.url.as_str(), std::iter::empty(), body).unwrap();
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
