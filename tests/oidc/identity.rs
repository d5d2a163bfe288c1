//! What a verified token becomes: attributes, condition keys, and how often it may be used.

use daypass::VerifiedIdentity;
use daypass::identity::oidc::UnverifiedIdToken;
use daypass::identity::{ProviderName, Use};
use daypass::time::Timestamp;
use serde_json::json;

use crate::support::{CLIENT, Keys, NOW, claims, claims_with, sign_in, verify};

fn identity(changes: serde_json::Value) -> VerifiedIdentity {
    verify(UnverifiedIdToken::for_exchange(Keys::of_issuer().sign("EdDSA", &claims_with(changes)))).unwrap()
}

fn condition<'i>(identity: &'i VerifiedIdentity, name: &str) -> Option<&'i [String]> {
    let full = format!("idp.example/tenant:{name}");
    let mut found = identity.condition_keys().iter().filter(|(key, _)| key.eq_ignore_ascii_case(&full));
    let values = found.next().map(|(_, values)| values.as_slice());
    assert!(found.next().is_none(), "{name} is there twice");
    values
}

#[test]
fn a_sign_in_is_for_one_session_and_an_exchange_until_it_expires() {
    let signed_in = verify(sign_in(Keys::of_issuer().sign("EdDSA", &claims()))).unwrap();
    assert_eq!(signed_in.assertion_use(), Use::Once);
    assert_eq!(identity(json!({})).assertion_use(), Use::UntilExpiry);
    assert_eq!(signed_in.not_on_or_after(), Timestamp::from_unix_seconds(NOW + 300));
    assert_eq!(signed_in.authenticated_at(), Some(Timestamp::from_unix_seconds(NOW - 10)));
    assert_eq!(signed_in.provider(), &ProviderName::Oidc("idp.example/tenant".into()));
    assert_eq!(signed_in.subject_type(), None);
}

#[test]
fn claims_become_condition_keys_under_the_name_of_the_issuer() {
    let identity = identity(json!({"level": 3, "nested": {"a": 1}, "mixed": ["a", {"b": 1}], "nothing": [null]}));
    for (name, values) in [
        ("aud", &[CLIENT][..]),
        ("sub", &["martha"]),
        ("amr", &["pwd"]),
        ("groups", &["Admins", "Developers"]),
        ("email_verified", &["true"]),
        ("level", &["3"]),
    ] {
        assert_eq!(condition(&identity, name).unwrap(), values, "{name}");
    }
    for name in ["iss", "exp", "iat", "nonce", "nested", "mixed", "nothing", "azp"] {
        assert_eq!(condition(&identity, name), None, "{name}");
    }
    assert_eq!(identity.attribute("email"), ["martha@example.com"]);
}

#[test]
fn a_claim_in_other_letters_is_not_read_as_the_subject_or_audience() {
    let identity = identity(
        json!({"Sub": "admin", "AUD": "x", "oaud": "x", "OAud": "x", "AZP": "x", "Iss": "x", "Groups": ["Root"]}),
    );
    assert_eq!(condition(&identity, "sub").unwrap(), ["martha"]);
    assert_eq!(condition(&identity, "aud").unwrap(), [CLIENT]);
    assert_eq!(condition(&identity, "oaud").unwrap(), [CLIENT]);
    assert_eq!(condition(&identity, "azp"), None);
    assert_eq!(condition(&identity, "iss"), None);
    assert_eq!(condition(&identity, "groups").unwrap(), ["Admins", "Developers"]);
}

#[test]
fn session_tags_have_one_name_nested_or_flat() {
    let nested = identity(json!({"https://aws.amazon.com/tags": {
        "principal_tags": {"team": ["cats"], "project": ["photos"]}, "transitive_tag_keys": ["team"],
    }}));
    let flat = identity(json!({
        "https://aws.amazon.com/tags/principal_tags/team": "cats",
        "https://aws.amazon.com/tags/principal_tags/project": ["photos"],
        "https://aws.amazon.com/tags/transitive_tag_keys": ["team"],
    }));
    for identity in [nested, flat] {
        assert_eq!(identity.attribute("https://aws.amazon.com/tags/principal_tags/team"), ["cats"]);
        assert_eq!(identity.attribute("https://aws.amazon.com/tags/principal_tags/project"), ["photos"]);
        assert_eq!(identity.attribute("https://aws.amazon.com/tags/transitive_tag_keys"), ["team"]);
        assert!(identity.condition_keys().iter().all(|(name, _)| !name.contains("tags")));
    }
}
