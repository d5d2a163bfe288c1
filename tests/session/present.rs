//! Who a session is by now, and what its policies say once one of them is gone.

use daypass::arn::{AccountId, Arn};
use daypass::credentials::token;
use daypass::decision::{Question, authorize};
use daypass::iam::{Holder, NewPolicy, Registry};
use daypass::session::Caller;
use serde_json::{Value, json};

use crate::fixture::{NOW, keyring, now, sign};
use crate::world::policy;

const OBJECT: &str = "arn:aws:s3:::photos/1.svg";

fn id() -> AccountId {
    "111111111111".parse().unwrap()
}

/// A registry in which Martha may do what `statements` say, and her unique id.
fn with_martha(statements: &Value) -> (Registry, String) {
    let registry = Registry::default();
    registry.open_account(&id());
    let user = registry.update(&id(), |account, limits| {
        let user = account.create_user(limits, &"martha".parse()?, "/".parse()?, now())?;
        account.put_inline_policy(&Holder::User("martha".to_owned()), &"own".parse()?, &policy(statements), limits)?;
        Ok(user)
    });
    (registry, user.unwrap().id.to_string())
}

fn managed(registry: &Registry, name: &str, statements: &Value) -> Arn {
    let document = policy(statements);
    let made = registry.update(&id(), |account, limits| {
        let (name, path, document) = (name.parse()?, "/".parse()?, document.as_str());
        account.create_policy(NewPolicy { name, path, document, description: None, tags: [].into() }, limits, now())
    });
    made.unwrap()
}

fn caller(member: &str, user_id: &str, more: Value) -> Caller {
    let mut session = more;
    session["account"] = json!("111111111111");
    session["issued_at"] = json!(NOW);
    session["expiration"] = json!(NOW + 3600);
    session["user"] =
        json!({"arn": "arn:aws:iam::111111111111:user/martha", "user_id": user_id, "user_name": "martha"});
    let sub = match member {
        "federated_user" => "arn:aws:sts::111111111111:federated-user/rosa",
        _ => "arn:aws:iam::111111111111:user/martha",
    };
    let mut claims = json!({"iss": "urn:daypass", "sub": sub, "iat": NOW, "exp": NOW + 3600,
        "access_key_id": "ASIAAAAAAAAAAAAAAAAA"});
    claims[member] = session;
    token::verify(&keyring(), &sign(&claims), now()).unwrap().into_parts().0.into()
}

/// Whether whoever `caller` is by now may; nothing when there is nobody.
fn may(registry: &Registry, caller: &Caller, action: &str) -> Option<bool> {
    let accounts = registry.read();
    let present = accounts.present(caller)?;
    let entitlements = accounts.entitlements(&present);
    Some(authorize(Question::new(&present, &entitlements), action, OBJECT, now()).unwrap().is_allow())
}

#[test]
fn attack_a_denial_that_went_with_its_managed_session_policy() {
    let (registry, martha) = with_martha(&json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let all = managed(&registry, "all", &json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let guard = managed(&registry, "guard", &json!({"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"}));
    let arns = json!({"name": "rosa", "policy_arns": [all.as_str(), guard.as_str()]});
    let rosa = caller("federated_user", &martha, arns);
    assert_eq!(may(&registry, &rosa, "s3:DeleteObject"), Some(false));
    assert_eq!(may(&registry, &rosa, "s3:GetObject"), Some(true));
    registry.update(&id(), |account, _| account.delete_policy(&guard)).unwrap();
    assert_eq!(may(&registry, &rosa, "s3:DeleteObject"), Some(false), "the denial is gone with its policy");
    assert_eq!(may(&registry, &rosa, "s3:GetObject"), Some(false), "what else it denied nobody knows any more");
    let accounts = registry.read();
    let entitlements = accounts.entitlements(&rosa);
    let decision = authorize(Question::new(&rosa, &entitlements), "s3:GetObject", OBJECT, now()).unwrap();
    assert!(decision.to_string().contains("which is gone"), "{decision}");
}

#[test]
fn attack_a_session_that_goes_by_the_path_its_user_had() {
    let (registry, martha) = with_martha(&json!([{"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:*", "Resource": "*",
         "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111111111111:user/contractors/*"}}}]));
    let session = caller("user_session", &martha, json!({}));
    assert_eq!(may(&registry, &session, "s3:GetObject"), Some(true));
    registry.update(&id(), |account, _| account.update_user("martha", None, Some("/contractors/".parse()?))).unwrap();
    assert_eq!(may(&registry, &session, "s3:GetObject"), Some(false), "the user is a contractor by now");
}

#[test]
fn attack_a_session_of_one_whose_name_another_user_has() {
    let (registry, martha) = with_martha(&json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}));
    let sessions =
        [caller("user_session", &martha, json!({})), caller("federated_user", &martha, json!({"name": "rosa"}))];
    registry.update(&id(), |account, _| account.update_user("martha", Some("maria".parse()?), None)).unwrap();
    registry
        .update(&id(), |account, limits| account.create_user(limits, &"martha".parse()?, "/".parse()?, now()))
        .unwrap();
    for session in &sessions {
        let accounts = registry.read();
        let present = accounts.present(session).unwrap();
        assert_eq!(present.rests_on().unwrap().arn().as_str(), "arn:aws:iam::111111111111:user/maria");
        assert_eq!(accounts.entitlements(session).identity.len(), 1, "the policies of Maria");
    }
    let deleted = registry.update(&id(), |account, _| {
        account.delete_inline_policy(&Holder::User("maria".to_owned()), "own")?;
        account.delete_user("maria")
    });
    deleted.unwrap();
    for session in &sessions {
        assert!(registry.read().present(session).is_none());
        assert!(registry.read().entitlements(session).identity.is_empty());
    }
}
