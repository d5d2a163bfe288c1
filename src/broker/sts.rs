//! The operations of STS that give sessions of no role, or tell about keys and denials.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Flow;
use super::record::Told;
use crate::Error;
use crate::arn::{AccountId, Arn};
use crate::audit::Stage;
use crate::credentials::AccessKeyId;
use crate::decision::Denial;
use crate::iam::IamError;
use crate::policy::Keys;
use crate::request::AuthenticatedRequest;
use crate::session::{
    self, Asked, Caller, FederatedUserSession, LongTermIdentity, MfaCode, MfaProof, RootSession, SessionError,
    SessionPolicies, Tags, TaskPolicy, UserSession,
};

/// The longest message that DecodeAuthorizationMessage takes, in characters.
const MAX_ENCODED_MESSAGE: usize = 10_240;

impl Flow<'_> {
    /// Goes on only if whoever signed `request` may do `action` on `resource`; otherwise the refusal carries the decision,
    /// sealed for those who may call DecodeAuthorizationMessage.
    ///
    /// # Errors
    /// [`Error::AccessDenied`], and as [`Flow::authorize`].
    pub fn require(
        &self,
        request: &AuthenticatedRequest,
        action: &str,
        resource: &str,
        environment: Keys,
    ) -> Result<(), Error> {
        self.require_of(request, None, action, resource, environment)
    }

    /// The same where the resource is taken to be `owner`'s whatever account it names.
    fn require_of(
        &self,
        request: &AuthenticatedRequest,
        owner: Option<&AccountId>,
        action: &str,
        resource: &str,
        environment: Keys,
    ) -> Result<(), Error> {
        let caller = request.caller();
        let keys = super::flow::environment(request, environment);
        let decision = self.decide(Some(caller), owner, action, resource, keys)?;
        if decision.is_allow() {
            return Ok(());
        }
        let denial = Denial::new(caller, action, resource, decision);
        let encoded = self.encode(&denial)?;
        Err(Error::AccessDenied(Box::new(denial.with_encoded(encoded))))
    }

    /// Seals a denial into the message that DecodeAuthorizationMessage opens for the account of whoever was denied.
    ///
    /// # Errors
    /// [`Error::Crypto`] without randomness.
    pub fn encode(&self, denial: &Denial) -> Result<String, Error> {
        let key = self.broker().sessions.keyring().message_key()?;
        Ok(URL_SAFE_NO_PAD.encode(key.seal(denial.message().as_bytes(), denial.account().as_str().as_bytes())?))
    }

    /// Opens a message that a denial of this broker carried (DecodeAuthorizationMessage): JSON text. A message tells what was
    /// asked and which policies there are, and opens in no account but that of whoever was denied.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] without `sts:DecodeAuthorizationMessage`; [`Error::AuthorizationMessage`] for any other text.
    pub fn decode_authorization_message(
        &self,
        request: &AuthenticatedRequest,
        encoded: &str,
        environment: Keys,
    ) -> Result<String, Error> {
        self.require(request, "sts:DecodeAuthorizationMessage", "*", environment)?;
        let opened = self.open_message(request.caller().account(), encoded).ok_or(Error::AuthorizationMessage);
        self.conclude(Stage::Decision, "decode authorization message", Told::of_caller(request.caller()), opened)
    }

    fn open_message(&self, account: &AccountId, encoded: &str) -> Option<String> {
        if encoded.len() > MAX_ENCODED_MESSAGE {
            return None;
        }
        let sealed = URL_SAFE_NO_PAD.decode(encoded).ok()?;
        let mut keys = self.broker().sessions.keyring().message_keys().flatten();
        let opened = keys.find_map(|key| key.open(sealed.clone(), account.as_str().as_bytes()).ok())?;
        String::from_utf8(opened).ok()
    }

    /// A session of the user or root user that signed `request` (GetSessionToken); no policy has a say in it.
    ///
    /// # Errors
    /// [`Error::Session`], or that the audit trail failed.
    pub fn get_session_token(
        &self,
        request: &AuthenticatedRequest,
        duration: Option<Duration>,
        mfa: Option<&MfaCode>,
    ) -> Result<UserSession, Error> {
        let caller = &self.present(request, "get session token")?;
        let mut hearing = self.hearing();
        let asked = self.asked(duration);
        // A session is refused before the code of a device is used up for it.
        let made = match (caller.long_term_identity(), mfa) {
            (Some(identity), Some(code)) => self.verify_mfa(identity, code).map(Some),
            _ => Ok(None),
        };
        let made = made.and_then(|mfa| session::get_session_token(caller, mfa.as_ref(), &asked, &mut hearing));
        let told = Told { checks: hearing.finish(&session::RULES), ..Told::of_caller(caller) };
        self.conclude(Stage::Session, "get session token", told, made.map_err(Error::from))
    }

    /// A session of somebody called `name`, for whom the caller's policies must allow `sts:GetFederationToken`, and
    /// `sts:TagSession` where tags are set (GetFederationToken).
    ///
    /// # Errors
    /// [`Error::Session`] and [`Error::AccessDenied`], or that the audit trail failed.
    pub fn get_federation_token(
        &self,
        request: &AuthenticatedRequest,
        name: &str,
        session_policies: SessionPolicies,
        tags: &Tags,
        duration: Option<Duration>,
        environment: Keys,
    ) -> Result<FederatedUserSession, Error> {
        let caller = &self.present(request, "get federation token")?;
        let mut hearing = self.hearing();
        let asked = self.asked(duration);
        let made = self
            .verify_managed(caller.account(), &session_policies)
            .and_then(|()| session::get_federation_token(caller, name, session_policies, tags, &asked, &mut hearing));
        let told = Told { checks: hearing.finish(&session::RULES), ..Told::of_caller(caller) };
        let made = made.map_err(Error::from).and_then(|made| {
            let mut keys = environment;
            tags.request_keys(&mut keys);
            let resource = made.arn().as_str();
            self.require(request, "sts:GetFederationToken", resource, keys.clone())?;
            if !tags.is_empty() {
                self.require(request, "sts:TagSession", resource, keys)?;
            }
            Ok(made)
        });
        self.conclude(Stage::Session, "get federation token", told, made)
    }

    /// A session of the root user of the member account that `target` names (AssumeRoot): for the management account of an
    /// organisation that takes root sessions, whose caller must be allowed `sts:AssumeRoot` on the ARN of that root user.
    ///
    /// # Errors
    /// [`SessionError::RootNotReachable`] as [`Error::Session`] both when the caller is not of the management account of an
    /// [`Organization`](crate::organization::Organization) with root sessions, and when the target is no member account of it:
    /// a caller cannot tell one from the other. Otherwise [`Error::Session`] and [`Error::AccessDenied`], or that the audit trail failed.
    pub fn assume_root(
        &self,
        request: &AuthenticatedRequest,
        target: &str,
        task: TaskPolicy,
        duration: Option<Duration>,
        environment: Keys,
    ) -> Result<RootSession, Error> {
        let caller = &self.present(request, "assume root")?;
        let mut hearing = self.hearing();
        let asked = self.asked(duration);
        let account = self.root_target(caller, target);
        let made = account.and_then(|account| session::assume_root(caller, &account, task, &asked, &mut hearing));
        let checks = hearing.finish(&session::RULES);
        let told = Told { resource: target.to_owned(), checks, ..Told::of_caller(caller) };
        let made = made.map_err(Error::from).and_then(|made| {
            let keys = environment.with("sts:TaskPolicyArn", task.arn());
            let own = Some(request.caller().account());
            self.require_of(request, own, "sts:AssumeRoot", made.arn().as_str(), keys)?;
            Ok(made)
        });
        self.conclude(Stage::Session, "assume root", told, made)
    }

    /// The account that an access key belongs to (GetAccessKeyInfo): a long-term key that is known, or a temporary one that
    /// this broker's keyring made for an account that is known. About one in a million ids that nobody made is taken for
    /// one of a given account.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] without `sts:GetAccessKeyInfo`; [`Error::UnknownAccessKey`].
    pub fn get_access_key_info(
        &self,
        request: &AuthenticatedRequest,
        access_key_id: &AccessKeyId,
        environment: Keys,
    ) -> Result<AccountId, Error> {
        self.require(request, "sts:GetAccessKeyInfo", "*", environment)?;
        let accounts = self.broker().registry.read();
        let known = accounts.iter().map(|account| &account.id);
        let found = match accounts.account_of(access_key_id) {
            Some(account) => Some(account.clone()),
            None => self.broker().sessions.keyring().account_of(access_key_id, known).cloned(),
        };
        let told = Told { resource: access_key_id.to_string(), ..Told::of_caller(request.caller()) };
        self.conclude(Stage::Decision, "get access key info", told, found.ok_or(Error::UnknownAccessKey))
    }

    /// Takes a code of one of the MFA devices of `identity`, which is used up by this.
    pub(super) fn verify_mfa(&self, identity: &LongTermIdentity, code: &MfaCode) -> Result<MfaProof, SessionError> {
        let broker = self.broker();
        let proof = broker.registry.verify_mfa(identity, code.serial_number(), code.code(), broker.now());
        proof.map_err(|error| match error {
            IamError::NoSuchEntity { .. } => SessionError::MfaDevice { reason: error.reason() },
            other => SessionError::Mfa { reason: other.reason() },
        })
    }

    /// Every managed policy that is to limit a session of `account` exists.
    pub(super) fn verify_managed(&self, account: &AccountId, policies: &SessionPolicies) -> Result<(), SessionError> {
        let accounts = self.broker().registry.read();
        let mut missing = policies.managed().iter().filter(|arn| accounts.managed_policy(account, arn).is_none());
        missing.next().map_or(Ok(()), |arn| Err(SessionError::NoSuchPolicy { arn: arn.clone() }))
    }

    /// Who signed `request` is by now; refused, and recorded, when the role or user is gone.
    pub(super) fn present(&self, request: &AuthenticatedRequest, operation: &str) -> Result<Caller, Error> {
        match self.broker().present(request.caller()) {
            Ok(present) => Ok(present),
            Err(gone) => self.conclude(Stage::Session, operation, Told::of_caller(request.caller()), Err(gone)),
        }
    }

    fn asked(&self, duration: Option<Duration>) -> Asked {
        let correlation_id = Some(self.correlation_id().clone());
        Asked { duration, correlation_id, now: self.broker().now() }
    }

    /// The member account whose root user `caller` may become as far as the organisation goes. Why not is the same for
    /// every reason: which accounts there are is not told.
    fn root_target(&self, caller: &Caller, target: &str) -> Result<AccountId, SessionError> {
        let organization = self.broker().organization();
        let named = target.parse::<AccountId>().ok().or_else(|| {
            let arn = target.parse::<Arn>().ok()?;
            let account = arn.account_id().ok()?;
            (account.root() == arn).then_some(account)
        });
        // Said in one form, however the account was named.
        let resource = named.as_ref().map_or_else(|| target.to_owned(), |account| account.root().to_string());
        let reachable = named.filter(|account| {
            organization.has_root_sessions()
                && organization.is_management(caller.account())
                && organization.id_of(account).is_some()
                && !organization.is_management(account)
        });
        reachable.ok_or_else(|| SessionError::RootNotReachable { caller: caller.arn(), target: resource })
    }
}
