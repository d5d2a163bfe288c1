//! Sign-ins that go on with a refresh token: each rule of OpenID Connect Core 12.2 refuses what it is there for.

use daypass::explain::{Report, Silent};
use daypass::http::relying_party::{REFRESH_GRANT_RULES, SignInError, Tokens};
use daypass::identity::oidc::{self, OidcProvider, OriginalSignIn, REFRESH_RULES, RULES, UnverifiedIdToken};
use serde_json::{Value, json};

use crate::scripted::{Answer, Scripted};
use crate::support::{CLIENT, ISSUER, Keys, NONCE, NOW, claims_with, now, provider, sign_in, verify};

/// The sign-in of an ID token with these changes.
fn original(changes: Value) -> OriginalSignIn {
    let token = Keys::of_issuer().sign("ES256", &claims_with(changes));
    OriginalSignIn::of(&verify(sign_in(token)).unwrap())
}

/// The rule that refuses a refreshed token with these changes, after `original`.
fn refused_by(provider: &OidcProvider, original: OriginalSignIn, changes: Value) -> Option<&'static str> {
    let token = Keys::of_issuer().sign("ES256", &claims_with(changes));
    let token = UnverifiedIdToken::for_refresh(token, original);
    let mut report = Report::new();
    let outcome = oidc::verify(provider, &Keys::of_issuer().jwks(), token, now(), &mut report);
    let rule = outcome.err().map(|error| error.rule().name);
    assert_eq!(report.failure().map(|check| check.name), rule);
    if rule.is_none() {
        let heard: Vec<_> = report.checks().iter().map(|check| check.name).collect();
        let expected: Vec<_> = REFRESH_RULES.iter().map(|rule| rule.name).collect();
        assert!(heard.ends_with(&expected), "{heard:?}");
    }
    rule
}

fn refused(original: OriginalSignIn, changes: Value) -> Option<&'static str> {
    refused_by(&provider(), original, changes)
}

#[test]
fn a_token_of_the_same_sign_in_is_accepted_with_its_nonce_or_without_one() {
    assert_eq!(refused(original(json!({})), json!({})), None);
    assert_eq!(refused(original(json!({})), json!({"nonce": null})), None);
    assert_eq!(refused(original(json!({})), json!({"auth_time": null, "iat": NOW + 10})), None);
}

#[test]
fn a_refreshed_token_of_another_issuer_is_refused() {
    let mut elsewhere = original(json!({}));
    assert_eq!(refused(elsewhere.clone(), json!({"iss": "https://evil.example"})), Some("issuer"));
    // Ours by configuration, and not the one of this sign-in.
    let other = OidcProvider::new("https://other.example", [CLIENT]).unwrap();
    elsewhere = original(json!({"iss": ISSUER}));
    assert_eq!(refused_by(&other, elsewhere, json!({"iss": "https://other.example"})), Some("refreshed_issuer"));
}

#[test]
fn a_refreshed_token_of_another_person_is_refused() {
    assert_eq!(refused(original(json!({})), json!({"sub": "sam"})), Some("refreshed_subject"));
}

#[test]
fn a_refreshed_token_that_is_older_is_refused() {
    assert_eq!(refused(original(json!({})), json!({"iat": NOW - 1})), Some("refreshed_issued_at"));
    assert_eq!(refused(original(json!({})), json!({"iat": null})), Some("issued_at"));
}

#[test]
fn a_refreshed_token_of_another_application_of_ours_is_refused() {
    let two = OidcProvider::new(ISSUER, [CLIENT, "client-2"]).unwrap();
    assert_eq!(refused_by(&two, original(json!({})), json!({"aud": "client-2"})), Some("refreshed_audience"));
    assert_eq!(refused(original(json!({})), json!({"aud": "client-2"})), Some("audience"));
}

#[test]
fn a_refreshed_token_that_tells_of_another_authentication_is_refused() {
    assert_eq!(refused(original(json!({})), json!({"auth_time": NOW - 9})), Some("refreshed_auth_time"));
    // Where the first token does not say when, the refreshed one must not say that it was after it.
    let silent = || original(json!({"auth_time": null, "iat": NOW - 20}));
    assert_eq!(refused(silent(), json!({"auth_time": NOW - 19})), Some("refreshed_auth_time"));
    assert_eq!(refused(silent(), json!({"auth_time": NOW - 20})), None);
}

#[test]
fn going_on_makes_no_later_authentication_acceptable() {
    let first = original(json!({"auth_time": null, "iat": NOW - 20}));
    let token = Keys::of_issuer().sign("ES256", &claims_with(json!({"auth_time": null, "iat": NOW - 5})));
    let token = UnverifiedIdToken::for_refresh(token, first.clone());
    let identity = oidc::verify(&provider(), &Keys::of_issuer().jwks(), token, now(), &mut Silent).unwrap();
    let continued = first.continued_by(&identity);
    assert_eq!(refused(continued.clone(), json!({"auth_time": NOW - 10})), Some("refreshed_auth_time"));
    assert_eq!(refused(continued, json!({"auth_time": NOW - 20})), None);
}

#[test]
fn a_refreshed_token_with_another_authorized_party_is_refused() {
    let two = || OidcProvider::new(ISSUER, [CLIENT, "client-2"]).unwrap();
    let named = || original(json!({"azp": CLIENT}));
    assert_eq!(refused_by(&two(), named(), json!({"azp": "client-2"})), Some("refreshed_authorized_party"));
    assert_eq!(refused(named(), json!({})), Some("refreshed_authorized_party"));
    assert_eq!(refused(original(json!({})), json!({"azp": CLIENT})), Some("refreshed_authorized_party"));
    assert_eq!(refused(named(), json!({"azp": CLIENT})), None);
}

#[test]
fn a_refreshed_token_with_the_nonce_of_another_sign_in_is_refused() {
    assert_eq!(refused(original(json!({})), json!({"nonce": "another"})), Some("refreshed_nonce"));
    assert_eq!(NONCE, claims_with(json!({}))["nonce"]);
}

async fn signed_in(idp: &Scripted) -> Tokens {
    idp.sign_in(&idp.party("secret"), &mut Report::new(), |_| {}).await.unwrap().tokens
}

#[tokio::test]
async fn refreshing_rotates_the_tokens_and_tells_every_check() {
    let idp = Scripted::start(json!({})).await;
    let tokens = Tokens::from_text(&signed_in(&idp).await.to_text()).unwrap();
    assert_eq!((tokens.access_token(), tokens.refresh_token()), ("access-1", Some("refresh-1")));
    assert_eq!((tokens.expires().map(|at| at.unix_seconds()), tokens.scope()), (Some(NOW + 300), Some("openid")));
    let id_token = idp.id_token("x", json!({"nonce": null, "iat": NOW + 1, "email": "new@example.com"}));
    let fresh = json!({
        "access_token": "access-2", "token_type": "Bearer", "refresh_token": "refresh-2", "id_token": id_token,
    });
    idp.answer_next("/token", Answer::json(200, fresh));
    let mut report = Report::new();
    let refreshed = idp.party("secret").refresh(&tokens, now(), &mut report).await.unwrap();
    assert_eq!(refreshed.identity.unwrap().attribute("email"), ["new@example.com"]);
    let tokens = refreshed.tokens;
    assert_eq!((tokens.access_token(), tokens.refresh_token()), ("access-2", Some("refresh-2")));
    assert_eq!((tokens.expires(), tokens.scope()), (None, Some("openid")));
    let asked = idp.asked("/token").pop().unwrap().form;
    assert_eq!((asked["grant_type"].as_str(), asked["refresh_token"].as_str()), ("refresh_token", "refresh-1"));
    let rules = REFRESH_GRANT_RULES.iter().chain(&RULES).chain(&REFRESH_RULES).map(|rule| rule.name);
    let expected: Vec<_> = rules.filter(|name| !["nonce", "auth_time", "at_hash", "c_hash"].contains(name)).collect();
    assert_eq!(report.checks().iter().map(|check| check.name).collect::<Vec<_>>(), expected);
    // The next one may not be older than this one.
    let older = json!({
        "access_token": "a", "token_type": "Bearer", "id_token": idp.id_token("x", json!({"nonce": null})),
    });
    idp.answer_next("/token", Answer::json(200, older));
    let error = idp.party("secret").refresh(&tokens, now(), &mut Silent).await.unwrap_err();
    assert_eq!(error.rule().map(|rule| rule.name), Some("refreshed_issued_at"));
}

#[tokio::test]
async fn kept_tokens_know_when_their_sign_in_began() {
    let idp = Scripted::start(json!({})).await;
    let party = idp.party("secret");
    let started = party.begin(now()).await.unwrap();
    let nonce = crate::scripted::query_of(&started.redirect_url)["nonce"].clone();
    let id_token = |nonce: &str, iat: i64| {
        let claims = claims_with(json!({"iss": idp.issuer, "nonce": nonce, "auth_time": null, "iat": iat}));
        Keys::of_issuer().sign("ES256", &claims)
    };
    let first = |tokens: &mut Value| tokens["id_token"] = json!(id_token(&nonce, NOW - 20));
    let mut tokens = idp.come_back(&party, started, &mut Report::new(), first).await.unwrap().tokens;
    let answer = |id_token| json!({"access_token": "a", "token_type": "Bearer", "id_token": id_token});
    idp.answer_next("/token", Answer::json(200, answer(id_token(&nonce, NOW - 5))));
    tokens = party.refresh(&tokens, now(), &mut Silent).await.unwrap().tokens;
    tokens = Tokens::from_text(&tokens.to_text()).unwrap();
    let later = idp.id_token(&nonce, json!({"auth_time": NOW - 10}));
    idp.answer_next("/token", Answer::json(200, answer(later)));
    let error = party.refresh(&tokens, now(), &mut Silent).await.unwrap_err();
    assert_eq!(error.rule().map(|rule| rule.name), Some("refreshed_auth_time"));
}

#[tokio::test]
async fn a_refresh_without_a_new_id_token_or_refresh_token_keeps_what_was() {
    let idp = Scripted::start(json!({})).await;
    let tokens = signed_in(&idp).await;
    idp.answer_next("/token", Answer::json(200, json!({"access_token": "access-2", "token_type": "Bearer"})));
    let refreshed = idp.party("secret").refresh(&tokens, now(), &mut Silent).await.unwrap();
    assert!(refreshed.identity.is_none());
    assert_eq!(refreshed.tokens.refresh_token(), Some("refresh-1"));
}

#[tokio::test]
async fn a_refused_refresh_ends_the_sign_in() {
    let idp = Scripted::start(json!({})).await;
    let tokens = signed_in(&idp).await;
    for (answer, expected) in [
        (
            Answer::json(400, json!({"error": "invalid_grant"})),
            SignInError::RefreshRefused { status: 400, error: Some("invalid_grant".to_owned()) },
        ),
        (Answer::json(200, json!([])), SignInError::RefreshResponse { expected: "a token_type" }),
    ] {
        idp.answer_next("/token", answer);
        let mut report = Report::new();
        let error = idp.party("secret").refresh(&tokens, now(), &mut report).await.unwrap_err();
        assert_eq!(error, expected);
        assert_eq!(report.failure().map(|check| check.name), Some("refresh_grant"));
    }
    let party = idp.party("secret");
    let bare = |tokens: &mut Value| tokens["refresh_token"] = Value::Null;
    let bare = idp.sign_in(&party, &mut Report::new(), bare).await.unwrap().tokens;
    let error = party.refresh(&bare, now(), &mut Silent).await.unwrap_err();
    assert_eq!(error, SignInError::NoRefreshToken);
}

#[tokio::test]
async fn mix_up_across_issuers_shows_no_provider_the_tokens_of_another() {
    let (honest, evil) = (Scripted::start(json!({})).await, Scripted::start(json!({})).await);
    let tokens = signed_in(&honest).await;
    let mut report = Report::new();
    let error = evil.party("secret").refresh(&tokens, now(), &mut report).await.unwrap_err();
    assert_eq!(error.rule().map(|rule| rule.name), Some("refreshed_issuer"));
    assert_eq!(report.failure().map(|check| check.name), Some("refreshed_issuer"));
    assert!(evil.asked("/token").is_empty(), "nothing was sent");
    let other = OidcProvider::new(&honest.issuer, ["client-2"]).unwrap().with_local_network();
    let other = daypass::http::relying_party::RelyingParty::new(other, "secret", crate::scripted::CALLBACK).unwrap();
    let error = other.refresh(&tokens, now(), &mut Silent).await.unwrap_err();
    assert_eq!(error.rule().map(|rule| rule.name), Some("refreshed_audience"));
    assert_eq!(honest.asked("/token").len(), 1, "the sign-in alone");
}

#[tokio::test]
async fn mix_up_across_issuers_shows_no_provider_the_code_of_another() {
    let (honest, evil) = (Scripted::start(json!({})).await, Scripted::start(json!({})).await);
    let party = evil.party("secret");
    let started = party.begin(now()).await.unwrap();
    let state = started.pending.state().to_owned();
    let secret = String::from_utf8(started.browser_secret.expose().to_vec()).unwrap();
    let query = format!("code=of-the-honest&state={state}&iss={}", honest.issuer);
    let mut report = Report::new();
    let error = party.complete(started.pending, &secret, &query, now(), &mut report).await.unwrap_err();
    assert_eq!(error.rule().map(|rule| rule.name), Some("callback_issuer"));
    assert!(evil.asked("/token").is_empty(), "no code was sent");
}

#[tokio::test]
async fn no_token_is_printed() {
    let idp = Scripted::start(json!({})).await;
    let done = idp.sign_in(&idp.party("hunter2"), &mut Report::new(), |_| {}).await.unwrap();
    let printed = format!("{done:?} {:?}", idp.party("hunter2"));
    for secret in ["access-1", "refresh-1", "hunter2"] {
        assert!(!printed.contains(secret), "{printed}");
    }
    assert!(Tokens::from_text("[]").is_none());
}
