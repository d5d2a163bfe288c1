//! Requests signed with keys that do not expire.

use std::sync::Arc;

use daypass::arn::AccountId;
use daypass::credentials::{AccessKeyId, AccessKeys, LongTermKey, SecretAccessKey, Sessions, TokenError};
use daypass::explain::Report;
use daypass::request::{Algorithm, AuthenticatedRequest, RequestError, Service, SignedRequest, authenticate};
use daypass::session::{Caller, LongTermIdentity, Session, UserIdentity};
use daypass::time::Timestamp;

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

/// Sessions beside Rosa's key.
fn sessions(key: &Arc<LongTermKey>, active: bool) -> Sessions {
    let keys = OneKey { key: Arc::clone(key), identity: rosa(), active };
    Sessions::new(keyring()).with_access_keys(Arc::new(keys))
}

fn verdict(key: &Arc<LongTermKey>, active: bool, wire: &Wire) -> Result<AuthenticatedRequest, RequestError> {
    let request = SignedRequest::new(wire.head().unwrap(), wire.body.clone());
    let service = Service::STS.with_asymmetric_signatures();
    authenticate(&sessions(key, active), &service, request, now(), &mut Report::new())
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
fn a_user_signs_for_several_regions_too() {
    let key = key();
    let draft = Draft::sts("Action=GetCallerIdentity&Version=2011-06-15").for_regions("eu-*,us-east-1");
    let wire = draft.sign_with(key.access_key_id(), key.secret_access_key(), None);
    for _ in 0..2 {
        assert_eq!(verdict(&key, true, &wire).unwrap().caller().user_id(), "AIDAAAAAAAAAAAAAAAAAA");
    }
    let used = key.last_used().unwrap();
    assert_eq!((used.region.as_str(), used.service.as_str()), ("eu-*,us-east-1", "sts"));
    let other = LongTermKey::fresh(now()).unwrap();
    let forged = draft.sign_with(key.access_key_id(), other.secret_access_key(), None);
    assert_eq!(verdict(&key, true, &forged).unwrap_err(), RequestError::SignatureMismatch);
    // The derivation takes the id in, so that a secret under another id gives another key.
    let renamed = draft.sign_with(other.access_key_id(), key.secret_access_key(), None);
    let renamed = renamed.with(|w| w.replace(other.access_key_id().as_str(), key.access_key_id().as_str()));
    assert_eq!(verdict(&key, true, &renamed).unwrap_err(), RequestError::SignatureMismatch);
    assert_eq!(verdict(&key, false, &wire).unwrap_err().code(), ("InvalidClientTokenId", 403));
}

/// `get-vanilla` of the public test suite (aws-c-auth, `tests/aws-signing-test-suite/v4a`; Apache-2.0, Copyright Amazon.com,
/// Inc. or its affiliates): an access key and two requests that were signed with it.
#[test]
fn the_published_requests_of_version_4a_are_authenticated() {
    const IN_HEADER: &str = "GET / HTTP/1.1\nHost:example.amazonaws.com\nX-Amz-Date:20150830T123600Z\nX-Amz-Region-Set:us-east-1\nAuthorization:AWS4-ECDSA-P256-SHA256 Credential=AKIDEXAMPLE/20150830/service/aws4_request, SignedHeaders=host;x-amz-date;x-amz-region-set, Signature=3046022100fddaaf816a31e30d04973875b13bc27b98da10907a3a1872fd5819a221334abc022100de2ee81d83b54f31efc82834de07e6cd4d5c6f25bfa08e0f29a15bb0977c343e\n\n";
    const PRESIGNED: &str = "GET /?X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fservice%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Expires=3600&X-Amz-Region-Set=us-east-1&X-Amz-Signature=3045022100a28466db6c76223d5aa6ed436a8451b30e21ba0a076e7f2f943dd1f3d2816249022049e4b3746929cd2a2cb7b7984dbe0f5d40a300e7d9a7a7f1307c196b6f96b61a HTTP/1.1\nHost:example.amazonaws.com\n\n";
    let at = Timestamp::parse_amz_date("20150830T123600Z").unwrap();
    let secret = SecretAccessKey::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned());
    let key = Arc::new(LongTermKey::new("AKIDEXAMPLE".parse().unwrap(), secret, at));
    let sessions = sessions(&key, true);
    let judged = |text: &str| {
        let request = SignedRequest::parse(text.as_bytes()).unwrap();
        let service = Service::new("service").with_asymmetric_signatures();
        authenticate(&sessions, &service, request, at, &mut Report::new())
    };
    for text in [IN_HEADER, PRESIGNED] {
        let request = judged(text).unwrap();
        assert_eq!(request.authorization().algorithm(), Algorithm::EcdsaP256Sha256);
        assert_eq!(request.authorization().region(), Some("us-east-1"));
        let elsewhere = text.replace("us-east-1", "us-east-2");
        assert_eq!(judged(&elsewhere).unwrap_err(), RequestError::SignatureMismatch);
    }
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
