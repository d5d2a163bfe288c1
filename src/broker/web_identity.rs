//! GetWebIdentityToken: the broker tells outside services who calls.

use std::time::Duration;

use serde_json::{Value, json};

use super::record::Told;
use super::{Broker, Flow};
use crate::Error;
use crate::audit::Stage;
use crate::credentials::{WebIdentityAlgorithm, WebIdentityError, WebIdentityIssuer, WebIdentityToken};
use crate::crypto;
use crate::policy::Keys;
use crate::request::AuthenticatedRequest;
use crate::session::{Caller, RoleSession, Tags};

/// The shortest, the usual and the longest life of a token, in seconds.
const LEAST: u64 = 60;
const USUAL: u64 = 300;
const MOST: u64 = 3600;
const OPERATION: &str = "get web identity token";

/// What is asked for with GetWebIdentityToken.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WebIdentityAsk {
    /// Whom the token is for, 1 to 10 of up to 1,000 characters.
    pub audience: Vec<String>,
    /// How it is signed.
    pub algorithm: WebIdentityAlgorithm,
    /// How long it works: 60 to 3,600 seconds, 300 where nobody says.
    pub duration: Option<Duration>,
    /// What it tells besides.
    pub tags: Tags,
    /// Its claim `scope`, copied as it is (RFC 6749, 3.3).
    pub scope: Option<String>,
}

impl WebIdentityAsk {
    /// Asks for a token for `audience`, for as long as is usual.
    #[must_use]
    pub fn new(audience: Vec<String>, algorithm: WebIdentityAlgorithm) -> Self {
        Self { audience, algorithm, duration: None, tags: Tags::default(), scope: None }
    }

    fn seconds(&self) -> Result<u64, WebIdentityError> {
        let refuse = |rule| Err(WebIdentityError::Parameter { rule });
        let fits = |audience: &String| (1..=1000).contains(&audience.chars().count());
        if !(1..=10).contains(&self.audience.len()) || !self.audience.iter().all(fits) {
            return refuse("a token is for 1 to 10 audiences of 1 to 1000 characters");
        }
        if self.scope.as_deref().is_some_and(|scope| !is_scope(scope)) {
            return refuse("a scope is words of printable ASCII, one space between two, 256 characters at most");
        }
        let seconds = self.duration.map_or(USUAL, |duration| duration.as_secs());
        if (LEAST..=MOST).contains(&seconds) { Ok(seconds) } else { refuse("a token lasts 60 to 3600 seconds") }
    }
}

impl Broker {
    /// Signs web identity tokens with `issuer`, for accounts that enable it.
    #[must_use]
    pub fn with_web_identity(mut self, issuer: WebIdentityIssuer) -> Self {
        self.web_identity = Some(issuer);
        self
    }

    /// What signs web identity tokens, if anything does.
    #[must_use]
    pub const fn web_identity(&self) -> Option<&WebIdentityIssuer> {
        self.web_identity.as_ref()
    }
}

impl Flow<'_> {
    /// A token that tells outside services who signed `request` (GetWebIdentityToken). The caller's policies must allow
    /// `sts:GetWebIdentityToken`, and `sts:TagGetWebIdentityToken` where tags are set; the token never outlives the session.
    ///
    /// # Errors
    /// [`Error::WebIdentity`] and [`Error::AccessDenied`], or that the audit trail failed.
    pub fn get_web_identity_token(
        &self,
        request: &AuthenticatedRequest,
        ask: &WebIdentityAsk,
        environment: Keys,
    ) -> Result<WebIdentityToken, Error> {
        let caller = &self.present(request, OPERATION)?;
        let seconds = ask.seconds()?;
        let mut keys = environment
            .with_list("sts:IdentityTokenAudience", ask.audience.iter().map(String::as_str))
            .with("sts:SigningAlgorithm", ask.algorithm.as_str())
            .with("sts:DurationSeconds", seconds.to_string());
        ask.tags.request_keys(&mut keys);
        self.require(request, "sts:GetWebIdentityToken", "*", keys.clone())?;
        if !ask.tags.is_empty() {
            self.require(request, "sts:TagGetWebIdentityToken", "*", keys)?;
        }
        let made = self.issue(caller, request, ask, seconds);
        let audience = ask.audience.join(" ");
        let scope = ask.scope.as_ref().map(|scope| format!(" scope {scope}")).unwrap_or_default();
        let told = Told { resource: audience + &scope, ..Told::of_caller(caller) };
        self.conclude(Stage::Credentials, OPERATION, told, made)
    }

    fn issue(
        &self,
        caller: &Caller,
        request: &AuthenticatedRequest,
        ask: &WebIdentityAsk,
        seconds: u64,
    ) -> Result<WebIdentityToken, Error> {
        let broker = self.broker();
        let accounts = broker.registry().read();
        let enabled = accounts.find(caller.account()).is_some_and(|account| account.outbound_web_identity);
        let issuer = broker.web_identity().filter(|_| enabled).ok_or(WebIdentityError::Disabled)?;
        let now = broker.now();
        let expiration = now.saturating_add(Duration::from_secs(seconds));
        if let Some(end) = caller.expiration().filter(|end| *end < expiration) {
            return Err(WebIdentityError::DurationEscalation { expiration: end }.into());
        }
        let audience = match ask.audience.as_slice() {
            [one] => json!(one),
            several => json!(several),
        };
        let mut claims = json!({
            "iss": issuer.issuer_of(caller.account()),
            "sub": subject(caller),
            "aud": audience,
            "iat": now.unix_seconds(),
            "exp": expiration.unix_seconds(),
            "jti": crypto::random_id()?,
            "https://sts.amazonaws.com/": self.about(caller, request, ask),
        });
        if let Some((claims, scope)) = claims.as_object_mut().zip(ask.scope.as_ref()) {
            claims.insert("scope".to_owned(), json!(scope));
        }
        let token = issuer.sign(ask.algorithm, &claims)?;
        Ok(WebIdentityToken { token, expiration })
    }

    fn about(&self, caller: &Caller, request: &AuthenticatedRequest, ask: &WebIdentityAsk) -> Value {
        let entitlements = self.broker().entitlements(caller);
        let mut tags = entitlements.tags;
        if let Some(session) = caller.role_session() {
            let own = &session.claims().principal_tags;
            tags.retain(|key, _| own.keys().all(|other| other.to_lowercase() != key.to_lowercase()));
            tags.extend(own.clone());
        }
        let mut about = json!({
            "aws_account": caller.account(),
            "principal_id": caller.arn(),
        });
        let optional = [
            ("source_region", request.authorization().region().map(|region| json!(region))),
            ("org_id", self.broker().organization().id_of(caller.account()).map(|id| json!(id))),
            ("identity_store_user_id", caller.role_session().and_then(person).map(|id| json!(id))),
            ("original_session_exp", caller.expiration().map(|end| json!(end.to_string()))),
            ("principal_tags", (!tags.is_empty()).then(|| json!(tags))),
            ("request_tags", (!ask.tags.is_empty()).then(|| json!(ask.tags.values()))),
        ];
        if let Some(members) = about.as_object_mut() {
            let present = optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
            members.extend(present);
        }
        about
    }
}

/// Whether text is a scope (RFC 6749, 3.3): words without quotation mark, backslash and, as the
/// cloud has it, comma; one space between two.
pub(crate) fn is_scope(text: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b'\\'))
    };
    text.len() <= 256 && text.split(' ').all(word)
}

/// On whose behalf the session acts.
fn person(session: &RoleSession) -> Option<&str> {
    session.claims().identity_context.as_ref().map(|context| context.user_id.as_str())
}

/// Whom the token is about: the role of a role session, otherwise whoever calls.
fn subject(caller: &Caller) -> String {
    match caller.role_session() {
        Some(session) => session.role_arn().to_string(),
        None => caller.arn().to_string(),
    }
}
