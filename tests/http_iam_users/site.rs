//! A service with one account, and an administrator of it.

use std::sync::Arc;

use daypass::credentials::{Credentials, LongTermKey};
use daypass::http::iam::Iam;
use daypass::iam::{Account, Holder, KeyOwner, Limits};
use daypass::identity::oidc::UnverifiedIdToken;
use daypass::time::ManualClock;
use daypass::{AssumeRole, Broker, Keyring, Role};
use serde_json::{Value, json};

use crate::caller::{Keys, Reply, form, post, serve};
use crate::issuer;

pub(crate) struct Site {
    url: String,
    broker: Arc<Broker>,
    clock: Arc<ManualClock>,
    admin: Credentials,
}

fn role(name: &str, permissions: &Value) -> Role {
    let document = |statement: &Value| json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    let trust = document(&json!({"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": "arn:aws:iam::111111111111:oidc-provider/login.example.com"}}));
    let arn = format!("arn:aws:iam::111111111111:role/{name}").parse().unwrap();
    let role = Role::new(arn, trust.parse().unwrap()).unwrap();
    role.with_permissions(&document(permissions).parse().unwrap())
}

async fn session(broker: &Broker, role: &str) -> Credentials {
    let token = UnverifiedIdToken::for_exchange(issuer::token(&json!({})));
    let flow = broker.begin().unwrap();
    let identity = flow.exchange_token(&issuer::provider(), &issuer::jwks(), token).await.unwrap();
    let arn = format!("arn:aws:iam::111111111111:role/{role}").parse().unwrap();
    let ask = AssumeRole::new(arn, "martha".parse().unwrap());
    broker.mint(broker.assume_role(&identity, ask).unwrap()).unwrap()
}

impl Site {
    pub(crate) async fn start() -> Self {
        let clock = Arc::new(ManualClock::new(issuer::now()));
        let everything = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
        let broker = Broker::new(Keyring::generate().unwrap()).with_provider(issuer::provider());
        let broker = Arc::new(broker.with_clock(clock.clone()).with_role(role("admin", &everything)));
        let admin = session(&broker, "admin").await;
        Self { url: serve(Iam::new(Arc::clone(&broker)).router()).await, broker, clock, admin }
    }

    /// A user with a key, whose inline policy has this statement.
    pub(crate) fn user(&self, name: &str, statement: &Value) -> Arc<LongTermKey> {
        let document = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
        let make = |account: &mut Account, limits: &Limits| {
            account.create_user(limits, &name.parse()?, "/".parse()?, self.broker.now())?;
            account.put_inline_policy(&Holder::User(name.to_owned()), &"own".parse()?, &document, limits)?;
            account.create_access_key(limits, &KeyOwner::user(name), self.broker.now())
        };
        self.broker.registry().update(&"111111111111".parse().unwrap(), make).unwrap()
    }

    /// A key of the root user.
    pub(crate) fn root(&self) -> Arc<LongTermKey> {
        let make = |account: &mut Account, limits: &Limits| {
            account.create_access_key(limits, &KeyOwner::Root, self.broker.now())
        };
        self.broker.registry().update(&"111111111111".parse().unwrap(), make).unwrap()
    }

    pub(crate) fn broker(&self) -> &Broker {
        &self.broker
    }

    pub(crate) fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// A session of a role with these permissions.
    pub(crate) async fn session_with(&self, permissions: &Value) -> Credentials {
        self.broker.registry().configure_role(role("limited", permissions), issuer::now());
        session(&self.broker, "limited").await
    }

    pub(crate) async fn iam_as(&self, who: impl Into<Keys>, action: &str, parameters: &[(&str, &str)]) -> Reply {
        let all = [&[("Action", action), ("Version", "2010-05-08")], parameters].concat();
        post(&self.url, form(&all), Some((&who.into(), "iam")), self.broker.now()).await
    }

    /// A call of the administrator that must succeed.
    pub(crate) async fn done(&self, action: &str, parameters: &[(&str, &str)]) -> Reply {
        let reply = self.iam_as(&self.admin, action, parameters).await;
        assert_eq!(reply.status, 200, "{action}: {}", reply.body);
        reply
    }

    /// Status, code and message of a refusal to the administrator.
    pub(crate) async fn refused(&self, action: &str, parameters: &[(&str, &str)]) -> (u16, String, String) {
        self.refused_to(&self.admin, action, parameters).await
    }

    pub(crate) async fn refused_to(
        &self,
        who: impl Into<Keys>,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> (u16, String, String) {
        let reply = self.iam_as(who, action, parameters).await;
        let text = |name| reply.text(name).unwrap_or_else(|| panic!("{action} was not refused: {}", reply.body));
        let message = text("Message").replace("&quot;", "\"").replace("&apos;", "'").replace("&#39;", "'");
        (reply.status, text("Code").to_owned(), message)
    }
}

/// What `Site::refused` gives.
pub(crate) fn refusal(status: u16, code: &str, message: &str) -> (u16, String, String) {
    (status, code.to_owned(), message.to_owned())
}
