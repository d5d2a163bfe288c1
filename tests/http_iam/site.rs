//! A service with two accounts, an administrator of the first, and roles to be managed.

use std::sync::Arc;

use daypass::http::iam::Iam;
use daypass::http::query::Endpoint;
use daypass::http::sts::Sts;
use daypass::identity::oidc::{IssuerUrl, UnverifiedIdToken};
use daypass::time::ManualClock;
use daypass::{AssumeRole, Broker, Keyring, Role};
use serde_json::{Value, json};

use crate::caller::{Keys, Reply, form, post, serve};
use crate::issuer;

pub(crate) const ACCOUNT: &str = "111111111111";
pub(crate) const ENTITY_ID: &str = "https://broker.example/saml";
pub(crate) const ACS: &str = "https://broker.example/saml/acs";

pub(crate) struct Site {
    pub(crate) url: String,
    pub(crate) broker: Arc<Broker>,
    admin: Keys,
}

/// A document with one statement.
pub(crate) fn policy(statement: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statement}).to_string()
}

/// What allows an action on everything.
pub(crate) fn allow(action: &str) -> String {
    policy(&json!({"Effect": "Allow", "Action": action, "Resource": "*"}))
}

/// Who may assume a role.
pub(crate) fn trust(principal: &Value) -> String {
    policy(&json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}))
}

pub(crate) fn role(account: &str, name: &str, permissions: &str) -> Role {
    let trusted = json!({"Federated": format!("arn:aws:iam::{account}:oidc-provider/login.example.com")});
    let trust = policy(&json!({"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRoleWithWebIdentity"}));
    let arn = format!("arn:aws:iam::{account}:role/{name}").parse().unwrap();
    Role::new(arn, trust.parse().unwrap()).unwrap().with_permissions(&permissions.parse().unwrap())
}

pub(crate) fn arn(resource: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{resource}")
}

impl Site {
    pub(crate) async fn start() -> Self {
        Self::with(|broker| broker).await
    }

    pub(crate) async fn with(furnish: impl FnOnce(Broker) -> Broker) -> Self {
        Self::serve(furnish, |iam| iam).await
    }

    /// A service where a provider of `issuer`, which is on this machine, may be made.
    pub(crate) async fn near(issuer: &str) -> Self {
        let issuer = IssuerUrl::parse(issuer).unwrap();
        Self::serve(|broker| broker, |iam| iam.with_local_issuer(issuer)).await
    }

    async fn serve(furnish: impl FnOnce(Broker) -> Broker, open: impl FnOnce(Iam) -> Iam) -> Self {
        let broker = Broker::new(Keyring::generate().unwrap())
            .with_clock(Arc::new(ManualClock::new(issuer::now())))
            .with_provider(issuer::provider())
            .with_role(role(ACCOUNT, "admin", &allow("*")))
            .with_role(role("222222222222", "elsewhere", &allow("*")));
        let broker = Arc::new(furnish(broker));
        let admin = session(&broker, ACCOUNT, "admin").await;
        let iam = open(Iam::new(Arc::clone(&broker)).with_saml_service(ENTITY_ID, ACS));
        let endpoint = Endpoint::new(Arc::clone(&broker)).with_sts(Sts::new(Arc::clone(&broker))).with_iam(iam);
        Self { url: serve(endpoint.router()).await, broker, admin }
    }

    /// A session of a role that lets the issuer's people in, made with these permissions.
    pub(crate) async fn session_with(&self, name: &str, permissions: &str) -> Keys {
        self.broker.registry().configure_role(role(ACCOUNT, name, permissions), issuer::now());
        session(&self.broker, ACCOUNT, name).await
    }

    /// A call of the administrator.
    pub(crate) async fn iam(&self, action: &str, parameters: &[(&str, &str)]) -> Reply {
        self.iam_as(&self.admin, action, parameters).await
    }

    pub(crate) async fn iam_as(&self, who: &Keys, action: &str, parameters: &[(&str, &str)]) -> Reply {
        let all = [&[("Action", action), ("Version", "2010-05-08")], parameters].concat();
        post(&self.url, form(&all), Some((who, "iam")), issuer::now()).await
    }

    pub(crate) async fn sts_as(&self, who: Option<&Keys>, action: &str, parameters: &[(&str, &str)]) -> Reply {
        let all = [&[("Action", action), ("Version", "2011-06-15")], parameters].concat();
        post(&self.url, form(&all), who.map(|who| (who, "sts")), issuer::now()).await
    }

    /// A call of the administrator that must succeed.
    pub(crate) async fn done(&self, action: &str, parameters: &[(&str, &str)]) -> Reply {
        let reply = self.iam(action, parameters).await;
        assert_eq!(reply.status, 200, "{action}: {}", reply.body);
        reply
    }

    /// Code and message of a refusal.
    pub(crate) async fn refused(&self, action: &str, parameters: &[(&str, &str)]) -> (u16, String, String) {
        let reply = self.iam(action, parameters).await;
        let text = |name| reply.text(name).unwrap_or_else(|| panic!("{action} was not refused: {}", reply.body));
        let message = text("Message").replace("&quot;", "\"");
        (reply.status, text("Code").to_owned(), message)
    }

    pub(crate) async fn create_role(&self, name: &str, trust: &str) -> Reply {
        self.done("CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", trust)]).await
    }

    /// A user in the group `Readers`, with an access key.
    pub(crate) async fn user(&self, name: &str) -> Keys {
        let (user, group) = (("UserName", name), ("GroupName", "Readers"));
        self.done("CreateUser", &[user]).await;
        self.done("CreateGroup", &[group]).await;
        self.done("AddUserToGroup", &[user, group]).await;
        let made = self.done("CreateAccessKey", &[user]).await;
        Keys::from((made.text("AccessKeyId").unwrap(), made.text("SecretAccessKey").unwrap()))
    }

    pub(crate) async fn create_policy(&self, name: &str, document: &str) -> String {
        let reply = self.done("CreatePolicy", &[("PolicyName", name), ("PolicyDocument", document)]).await;
        reply.text("Arn").unwrap().to_owned()
    }
}

pub(crate) async fn session(broker: &Broker, account: &str, role: &str) -> Keys {
    let arn = format!("arn:aws:iam::{account}:role/{role}").parse().unwrap();
    session_of(broker, AssumeRole::new(arn, "martha".parse().unwrap())).await
}

/// The session that the issuer's person asks for.
pub(crate) async fn session_of(broker: &Broker, ask: AssumeRole) -> Keys {
    let token = UnverifiedIdToken::for_exchange(issuer::token(&json!({})));
    let flow = broker.begin().unwrap();
    let identity = flow.exchange_token(&issuer::provider(), &issuer::jwks(), token).await.unwrap();
    Keys::from(&broker.mint(broker.assume_role(&identity, ask).unwrap()).unwrap())
}

/// A percent-encoded document as it was written.
pub(crate) fn decoded(text: &str) -> String {
    let query = format!("x={}", text.replace('+', "%2B"));
    let url = reqwest::Url::parse(&format!("http://form?{query}")).unwrap();
    url.query_pairs().next().unwrap().1.into_owned()
}
