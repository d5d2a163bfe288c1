//! Requests signed with keys that do not expire.

use std::sync::Arc;

use daypass::arn::AccountId;
use daypass::credentials::{AccessKeyId, AccessKeys, LongTermKey, SecretAccessKey, Sessions, TokenError};
use daypass::explain::Report;
use daypass::request::{AuthenticatedRequest, RequestError, Service, SignedRequest, authenticate};
use daypass::session::{Caller, LongTermIdentity, Session, UserIdentity};

use crate::fixture::{keyring, now};
use crate::oracle::{Draft, Token, Wire, martha};

/// One key, active or not.
#[derive(Debug)]
struct OneKey {
    key: Arc<LongTermKey>,
    identity: LongTermIdentity,
    active: bool,
}

impl AccessKeys for OneKey {
    fn find(&self, access_key_id: &AccessKeyId) -> Option<(Arc<LongTermKey>, LongTermIdentity)> {
        let found = self.active && self.key.access_key_id() == access_key_id;
        found.then(|| (Arc::clone(&self.key), self.identity.clone()))
    }

    /// Rosa there is, and nobody else.
    fn present(&self, session: &Arc<Session>) -> Option<Caller> {
        let rosa = session.principal_id() == self.identity.user_id();
        rosa.then(|| Caller::temporary(Arc::clone(session)))
    }
}

fn account() -> AccountId {
    "111111111111".parse().unwrap()
}

fn rosa() -> LongTermIdentity {
    let arn = "arn:aws:iam::111111111111:user/staff/rosa".parse().unwrap();
    LongTermIdentity::User(Arc::new(UserIdentity::new(arn, account(), "AIDAAAAAAAAAAAAAAAAAA", "rosa")))
}

fn key() -> Arc<LongTermKey> {
    Arc::new(LongTermKey::fresh(now()).unwrap())
}

fn sign(key: &LongTermKey, token: Option<&str>) -> Wire {
    let draft = Draft::sts("Action=GetCallerIdentity&Version=2011-06-15");
    draft.sign_with(key.access_key_id(), key.secret_access_key(), token)
}

fn verdict(key: &Arc<LongTermKey>, active: bool, wire: &Wire) -> Result<AuthenticatedRequest, RequestError> {
    let identity = rosa();
    let keys = OneKey { key: Arc::clone(key), identity, active };
    let sessions = Sessions::new(keyring()).with_access_keys(Arc::new(keys));
    let request = SignedRequest::new(wire.head().unwrap(), wire.body.clone());
    authenticate(&sessions, &Service::STS, request, now(), &mut Report::new())
}

#[test]
fn a_user_signs_with_a_key_that_does_not_expire() {
    let key = key();
    assert!(key.last_used().is_none());
    let request = verdict(&key, true, &sign(&key, None)).unwrap();
    let caller = request.caller();
    assert_eq!(caller.arn().as_str(), "arn:aws:iam::111111111111:user/staff/rosa");
    assert_eq!((caller.user_id().as_str(), caller.session().is_none()), ("AIDAAAAAAAAAAAAAAAAAA", true));
    assert_eq!((caller.issued_at(), caller.expiration()), (None, None));
    let used = key.last_used().unwrap();
    assert_eq!((used.at, used.region.as_str(), used.service.as_str()), (now(), "eu-west-1", "sts"));
}

#[test]
fn an_inactive_key_and_an_unknown_one_are_the_same_to_whoever_asks() {
    let (known, unknown) = (key(), key());
    let inactive = verdict(&known, false, &sign(&known, None)).unwrap_err();
    let stranger = verdict(&known, true, &sign(&unknown, None)).unwrap_err();
    for refused in [&inactive, &stranger] {
        assert_eq!(refused.to_string(), "The security token included in the request is invalid.");
        assert_eq!(refused.code(), ("InvalidClientTokenId", 403));
    }
    assert!(known.last_used().is_none(), "a refused request is no use of the key");
}

#[test]
fn attack_another_secret_under_the_id_of_a_known_key() {
    let (known, other) = (key(), key());
    let draft = Draft::sts("Action=GetCallerIdentity&Version=2011-06-15");
    let forged = draft.sign_with(known.access_key_id(), other.secret_access_key(), None);
    assert_eq!(verdict(&known, true, &forged).unwrap_err(), RequestError::SignatureMismatch);
    assert!(known.last_used().is_none());
}

#[test]
fn attack_a_long_term_key_with_the_token_of_somebody_else() {
    let key = key();
    let foreign = sign(&key, Some(martha().session_token().expose()));
    let refused = verdict(&key, true, &foreign).unwrap_err();
    assert!(matches!(refused, RequestError::Token(TokenError::AccessKey { .. })), "{refused}");
    assert_eq!(refused.code(), ("InvalidClientTokenId", 403));
    let garbage = verdict(&key, true, &sign(&key, Some("token"))).unwrap_err();
    assert_eq!(garbage.code(), ("InvalidClientTokenId", 403));
}

#[test]
fn attack_a_temporary_key_without_its_token() {
    let mut draft = Draft::sts("Action=GetCallerIdentity&Version=2011-06-15");
    draft.token = Token::Absent;
    let refused = verdict(&key(), true, &draft.sign(martha())).unwrap_err();
    assert!(matches!(refused, RequestError::MissingSessionToken { .. }));
    assert_eq!(refused.code(), ("InvalidClientTokenId", 403));
}

#[test]
fn attack_an_empty_token_beside_a_long_term_key() {
    let key = key();
    let draft = Draft::sts("Action=GetCallerIdentity&Version=2011-06-15");
    let wire = draft.sign_with(key.access_key_id(), key.secret_access_key(), Some(""));
    assert_eq!(verdict(&key, true, &wire).unwrap_err().code(), ("InvalidClientTokenId", 403));
}

#[test]
fn the_root_user_of_an_account_signs_too() {
    let key = Arc::new(LongTermKey::new(
        "AKIAROOTROOTROOTROOT".parse().unwrap(),
        SecretAccessKey::new("A".repeat(40)),
        now(),
    ));
    let keys = OneKey { key: Arc::clone(&key), identity: LongTermIdentity::Root { account: account() }, active: true };
    let sessions = Sessions::new(keyring()).with_access_keys(Arc::new(keys));
    let wire = sign(&key, None);
    let request = SignedRequest::new(wire.head().unwrap(), wire.body.clone());
    let request = authenticate(&sessions, &Service::STS, request, now(), &mut Report::new()).unwrap();
    assert_eq!(request.caller().arn().as_str(), "arn:aws:iam::111111111111:root");
    assert_eq!(request.caller().user_id(), "111111111111");
}
