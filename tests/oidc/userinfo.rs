//! What the userinfo endpoint may add to an identity, and what it may not.

use std::time::Duration;

use daypass::VerifiedIdentity;
use daypass::explain::Report;
use daypass::http::relying_party::SignInError;
use daypass::identity::oidc::{
    OidcProvider, OidcSession, TimeClaim, USERINFO_RULES, UnverifiedUserinfo, UserinfoError, add_userinfo,
};
use serde_json::{Value, json};

use crate::scripted::{Answer, Scripted};
use crate::support::{CLIENT, ISSUER, Keys, NOW, claims_with, now, provider, sign_in, verify};

fn identity(changes: Value) -> VerifiedIdentity {
    verify(sign_in(Keys::of_issuer().sign("ES256", &claims_with(changes)))).unwrap()
}

fn add(identity: VerifiedIdentity, userinfo: UnverifiedUserinfo) -> Result<VerifiedIdentity, UserinfoError> {
    add_for(&provider(), identity, userinfo)
}

fn add_for(
    provider: &OidcProvider,
    identity: VerifiedIdentity,
    userinfo: UnverifiedUserinfo,
) -> Result<VerifiedIdentity, UserinfoError> {
    let mut report = Report::new();
    let jwks = Keys::of_issuer().jwks();
    let outcome = add_userinfo(provider, &jwks, identity, userinfo, now(), &mut report);
    let rule = outcome.as_ref().err().map(|error| error.rule().name);
    assert_eq!(report.failure().map(|check| check.name), rule);
    let place = |name: &str| USERINFO_RULES.iter().position(|rule| rule.name == name).unwrap();
    assert!(report.checks().iter().map(|check| place(check.name)).is_sorted());
    outcome
}

fn plain(body: impl ToString) -> UnverifiedUserinfo {
    UnverifiedUserinfo::new(Some("application/json; charset=utf-8"), body.to_string().into_bytes()).unwrap()
}

fn jwt(jwt: String) -> UnverifiedUserinfo {
    UnverifiedUserinfo::new(Some("application/jwt"), jwt.into_bytes()).unwrap()
}

fn signed_claims() -> Value {
    json!({"iss": ISSUER, "aud": CLIENT, "sub": "martha", "phone": "1"})
}

/// The rule that refuses a signed answer with these changes.
fn refused_signed(header: Value, changes: Value) -> Option<&'static str> {
    refused_for(&provider(), header, changes)
}

fn refused_for(provider: &OidcProvider, header: Value, changes: Value) -> Option<&'static str> {
    let mut claims = signed_claims();
    claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    let token = Keys::of_issuer().sign_raw("ES256", &header.to_string(), claims.to_string());
    add_for(provider, identity(json!({})), jwt(token)).err().map(|error| error.rule().name)
}

#[test]
fn claims_are_added_where_the_id_token_has_none() {
    let token = json!({"address": {"country": "UM"}, "roles": [{"id": 1}]});
    let known = identity(token.clone());
    let answer = json!({
        "sub": "martha", "phone": "1", "teams": ["a", "b"], "email": "evil@example.com", "groups": ["Everything"],
        "address": {"street": "x"}, "roles": ["admin"], "company": {"unit": "u"},
    });
    let identity = add(known, plain(answer)).unwrap();
    assert_eq!(identity.attribute("phone"), ["1"]);
    assert_eq!(identity.attribute("teams"), ["a", "b"]);
    assert_eq!(identity.nested_claims()["/company/unit"], ["u"]);
    // The ID token has these already, as a value, a list, an object, and a list that is none of plain values.
    assert_eq!(identity.attribute("email"), ["martha@example.com"]);
    assert_eq!(identity.attribute("groups"), ["Admins", "Developers"]);
    assert!(!identity.nested_claims().contains_key("/address/street"));
    assert!(identity.attribute("roles").is_empty());
    let signed = self::identity(token);
    assert_eq!(identity.condition_keys(), signed.condition_keys(), "no condition key comes of an answer");
}

#[test]
fn nothing_that_grants_or_describes_a_token_is_taken_from_an_answer() {
    let answer = json!({
        "sub": "martha", "amr": ["mfa"], "acr": "phr", "azp": "x", "auth_time": 1, "nonce": "x", "aud": "x",
        "https://aws.amazon.com/tags": {"principal_tags": {"team": ["admins"]}},
        "https://aws.amazon.com/roles": ["arn:aws:iam::111111111111:role/Admin"],
        "https://aws.amazon.com/source_identity": "root",
    });
    let before = identity(json!({"amr": null, "auth_time": null}));
    let attributes = before.attributes().clone();
    let after = add(before, plain(answer)).unwrap();
    assert_eq!(*after.attributes(), attributes);
    assert!(after.nested_claims().is_empty());
    assert_eq!(after.authenticated_at(), None);
}

#[test]
fn userinfo_of_another_person_is_refused() {
    for answer in [json!({"sub": "sam"}), json!({"sub": "Martha"}), json!({"email": "x"}), json!({"sub": ["martha"]})] {
        let error = add(identity(json!({})), plain(&answer)).unwrap_err();
        assert_eq!(error.rule().name, "userinfo_subject", "{answer}");
    }
    assert_eq!(
        refused_signed(json!({"alg": "ES256", "kid": "ES256"}), json!({"sub": "sam"})),
        Some("userinfo_subject")
    );
}

#[test]
fn answers_that_are_no_claims_are_refused() {
    let deep = format!("{{\"sub\":\"martha\",\"x\":{}{}}}", "[".repeat(40), "]".repeat(40));
    let long = format!("{{\"sub\":\"martha\",\"x\":\"{}\"}}", "y".repeat(70_000));
    for body in ["", "[]", "<html>", r#"{"sub":"martha","sub":"sam"}"#, &deep, &long] {
        let error = add(identity(json!({})), plain(body)).unwrap_err();
        assert_eq!(error.rule().name, "userinfo_claims", "{}", error.reason());
    }
    for media_type in [None, Some("text/html"), Some("application/jwtx"), Some("")] {
        let error = UnverifiedUserinfo::new(media_type, b"{}".to_vec()).unwrap_err();
        assert!(matches!(error, UserinfoError::MediaType { .. }));
    }
}

#[test]
fn a_signed_answer_is_held_to_the_issuers_keys_and_to_us() {
    let header = || json!({"alg": "ES256", "kid": "ES256"});
    assert_eq!(refused_signed(header(), json!({})), None);
    assert_eq!(refused_signed(json!({"alg": "ES256", "kid": "other"}), json!({})), Some("userinfo_signature"));
    assert_eq!(refused_signed(json!({"alg": "none"}), json!({})), Some("userinfo_signature"));
    assert_eq!(refused_signed(json!({"alg": "RS256", "kid": "RSA"}), json!({})), Some("userinfo_signature"));
    assert_eq!(
        refused_signed(json!({"alg": "ES256", "kid": "ES256", "typ": "at+jwt"}), json!({})),
        Some("userinfo_claims")
    );
    for typ in ["JWT", "application/jwt", "Application/JWT"] {
        assert_eq!(refused_signed(json!({"alg": "ES256", "kid": "ES256", "typ": typ}), json!({})), None, "{typ}");
    }
    for changes in [json!({"iss": null}), json!({"iss": "https://evil.example"})] {
        assert_eq!(refused_signed(header(), changes), Some("userinfo_issuer"));
    }
    for changes in [json!({"aud": null}), json!({"aud": "another"}), json!({"aud": ["another"]})] {
        assert_eq!(refused_signed(header(), changes), Some("userinfo_audience"));
    }
    assert_eq!(refused_signed(header(), json!({"exp": NOW - 61})), Some("userinfo_expiration"));
    assert_eq!(refused_signed(header(), json!({"exp": NOW - 59})), None);
    assert_eq!(refused_signed(header(), json!({"exp": "soon"})), Some("userinfo_claims"));
    let cut = jwt("e30.e30".to_owned());
    assert_eq!(add(identity(json!({})), cut).unwrap_err().rule().name, "userinfo_signature");
}

#[test]
fn a_signed_answer_is_held_to_the_clock_claim_by_claim() {
    let header = || json!({"alg": "ES256", "kid": "ES256"});
    assert_eq!(refused_signed(header(), json!({"nbf": NOW + 60})), None);
    assert_eq!(refused_signed(header(), json!({"nbf": NOW + 61})), Some("userinfo_not_before"));
    let skewed = |claim, seconds| provider().with_claim_skew(claim, Duration::from_secs(seconds)).unwrap();
    let strict = skewed(TimeClaim::Expiration, 0);
    assert_eq!(refused_for(&strict, header(), json!({"exp": NOW})), Some("userinfo_expiration"));
    assert_eq!(refused_for(&strict, header(), json!({"exp": NOW + 1, "nbf": NOW + 60})), None);
    let lenient = skewed(TimeClaim::NotBefore, 300);
    assert_eq!(refused_for(&lenient, header(), json!({"nbf": NOW + 300})), None);
    assert_eq!(refused_for(&lenient, header(), json!({"exp": NOW - 60})), Some("userinfo_expiration"));
}

#[test]
fn a_signed_answer_names_no_audience_that_is_not_trusted() {
    let header = || json!({"alg": "ES256", "kid": "ES256"});
    for aud in [json!([CLIENT, "another"]), json!(["another", CLIENT])] {
        assert_eq!(refused_signed(header(), json!({"aud": aud})), Some("userinfo_audience"), "{aud}");
    }
    let trusting = provider().with_trusted_audiences(["another"]);
    assert_eq!(refused_for(&trusting, header(), json!({"aud": [CLIENT, "another"]})), None);
    assert_eq!(refused_for(&trusting, header(), json!({"aud": ["another"]})), Some("userinfo_audience"));
    assert_eq!(refused_signed(header(), json!({"aud": [CLIENT]})), None);
}

#[test]
fn a_logout_token_is_no_answer_about_a_person() {
    let header = || json!({"alg": "ES256", "kid": "ES256"});
    for events in [json!({"http://schemas.openid.net/event/backchannel-logout": {}}), json!({}), json!(5)] {
        assert_eq!(
            refused_signed(header(), json!({"events": events, "jti": "1"})),
            Some("userinfo_claims"),
            "{events}"
        );
    }
}

#[test]
fn no_claim_of_the_id_token_is_overruled_whatever_its_value() {
    let mut claims = claims_with(json!({"unit": {}, "roles": [{"id": 1}], "none": [], "deep": {"a": [{"b": 1}]}}));
    claims["team"] = Value::Null;
    let known = || verify(sign_in(Keys::of_issuer().sign("ES256", &claims))).unwrap();
    let (texts, objects): (Vec<_>, Vec<_>) = ["team", "unit", "roles", "none", "deep"]
        .map(|name| ((name, json!("x")), (name, json!({"a": "b"}))))
        .into_iter()
        .unzip();
    for answer in [texts, objects] {
        let mut answer: Value = answer.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        answer["sub"] = json!("martha");
        let after = add(known(), plain(answer)).unwrap();
        assert_eq!((after.attributes(), after.nested_claims()), (known().attributes(), known().nested_claims()));
    }
    // What one answer said, the next one does not add to.
    let once = add(known(), plain(json!({"sub": "martha", "company": {"unit": "u"}}))).unwrap();
    let twice = add(once, plain(json!({"sub": "martha", "company": {"role": "admin"}}))).unwrap();
    assert_eq!(twice.nested_claims().keys().collect::<Vec<_>>(), ["/company/unit"]);
}

#[test]
fn userinfo_names_no_session() {
    let before = identity(json!({"sid": null}));
    let keys = OidcSession::of(&before).unwrap().session_keys();
    let after = add(before, plain(json!({"sub": "martha", "sid": "chosen"}))).unwrap();
    assert_eq!(OidcSession::of(&after).unwrap().session_keys(), keys);
}

#[tokio::test]
async fn userinfo_is_asked_for_when_it_is_wanted_and_told_about() {
    let idp = Scripted::start(json!({})).await;
    let party = idp.party("secret").with_userinfo();
    let signed = json!({"iss": idp.issuer, "aud": CLIENT, "sub": "martha", "phone": "2"});
    let signed = Keys::of_issuer().sign("ES256", &signed);
    let answers = [
        (Answer::json(200, json!({"sub": "martha", "phone": "1"})), "1", &USERINFO_RULES[6..]),
        (Answer(200, vec![("content-type", "application/jwt".to_owned())], signed), "2", &USERINFO_RULES[..]),
    ];
    for (answer, phone, rules) in answers {
        idp.answer_next("/userinfo", answer);
        let mut report = Report::new();
        let done = idp.sign_in(&party, &mut report, |_| {}).await.unwrap();
        assert_eq!(done.identity.attribute("phone"), [phone]);
        let heard: Vec<_> = report.checks().iter().map(|check| check.name).collect();
        assert!(rules.iter().all(|rule| heard.contains(&rule.name)), "{heard:?}");
    }
    assert_eq!(idp.asked("/userinfo")[0].header("authorization"), Some("Bearer access-1"));
    idp.sign_in(&idp.party("secret"), &mut Report::new(), |_| {}).await.unwrap();
    assert_eq!(idp.asked("/userinfo").len(), 2, "nobody asks unless told to");
}

#[tokio::test]
async fn a_sign_in_fails_with_its_userinfo() {
    let idp = Scripted::start(json!({})).await;
    let party = idp.party("secret").with_userinfo();
    idp.answer_next("/userinfo", Answer::json(200, json!({"sub": "sam"})));
    let mut report = Report::new();
    let error = idp.sign_in(&party, &mut report, |_| {}).await.unwrap_err();
    assert_eq!(error.rule().map(|rule| rule.name), Some("userinfo_subject"));
    assert_eq!(report.failure().map(|check| check.name), Some("userinfo_subject"));
    idp.answer_next("/userinfo", Answer::json(401, json!({})));
    let error = idp.sign_in(&party, &mut Report::new(), |_| {}).await.unwrap_err();
    assert_eq!(error, SignInError::UserinfoStatus { status: 401 });
    let without = Scripted::start(json!({ "userinfo_endpoint": null })).await;
    let party = without.party("secret").with_userinfo();
    let error = without.sign_in(&party, &mut Report::new(), |_| {}).await.unwrap_err();
    assert_eq!(error, SignInError::Endpoint { member: "userinfo_endpoint" });
}
