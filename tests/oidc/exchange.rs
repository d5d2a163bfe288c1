//! Token exchange (RFC 8693): what is sent, and every answer that is not what was asked for.

use daypass::explain::{Report, Silent, Verdict};
use daypass::http::fetch::FetchError;
use daypass::http::relying_party::{
    ClientKey, DpopKey, EXCHANGE_RULES, ExchangedToken, RelyingParty, SignInError, TokenExchange, TokenType,
    TokenTypeIdentifier as Type,
};
use daypass::identity::oidc;
use serde_json::{Value, json};

use crate::scripted::{Answer, Scripted, decoded, pem};
use crate::support::{Keys, NOW, now};

fn request() -> TokenExchange {
    TokenExchange::new("subject-1", Type::ACCESS_TOKEN).unwrap()
}

/// An answer with these changes, `null` taking a member away.
fn answer(changes: Value) -> Answer {
    let mut all = json!({
        "access_token": "exchanged-1", "issued_token_type": Type::ACCESS_TOKEN.as_str(), "token_type": "Bearer",
    });
    all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    all.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    Answer::json(200, all)
}

/// What this answer comes to, and the rule that is reported to have failed.
async fn exchanged(
    idp: &Scripted,
    party: &RelyingParty,
    request: &TokenExchange,
    answer: Answer,
) -> (Result<ExchangedToken, SignInError>, Option<&'static str>) {
    idp.answer_next("/token", answer);
    let mut report = Report::new();
    let done = party.exchange(request, now(), &mut report).await;
    let failed = report.failure().map(|check| check.name);
    if let Err(error) = &done {
        assert_eq!(error.rule().map(|rule| rule.name), failed);
    }
    (done, failed)
}

#[tokio::test]
async fn everything_that_is_asked_for_is_sent_and_every_rule_is_heard() {
    let idp = Scripted::start(json!({})).await;
    let request = TokenExchange::new("subject & more", Type::ACCESS_TOKEN)
        .and_then(|request| request.with_actor("actor-1", Type::JWT))
        .and_then(|request| request.with_resource("https://api.example/reports?year=2026"))
        .and_then(|request| request.with_resource("urn:example:other"))
        .and_then(|request| request.with_audience("reports"))
        .and_then(|request| request.with_audience("archive of reports"))
        .and_then(|request| request.with_scope("reports.read"))
        .and_then(|request| request.with_scope("reports.list"))
        .unwrap()
        .with_requested_token_type(Type::JWT);
    let told = json!({
        "issued_token_type": Type::JWT.as_str(), "token_type": "bearer", "expires_in": 60, "scope": "reports.read",
        "refresh_token": "refresh-9",
    });
    idp.answer_next("/token", answer(told));
    let mut report = Report::new();
    let token = idp.party("secret").exchange(&request, now(), &mut report).await.unwrap();
    assert_eq!(
        (token.token(), token.issued_token_type(), token.token_type()),
        ("exchanged-1", &Type::JWT, TokenType::Bearer)
    );
    assert_eq!(token.expires().map(|at| at.unix_seconds()), Some(NOW + 60));
    assert_eq!((token.scope(), token.refresh_token()), (Some("reports.read"), Some("refresh-9")));
    assert!(token.into_id_token().is_none());
    let asked = idp.asked("/token").pop().unwrap();
    assert!(asked.header("authorization").unwrap().starts_with("Basic "));
    let expected = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("resource", "https://api.example/reports?year=2026"),
        ("resource", "urn:example:other"),
        ("audience", "reports"),
        ("audience", "archive of reports"),
        ("scope", "reports.read reports.list"),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:jwt"),
        ("subject_token", "subject & more"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("actor_token", "actor-1"),
        ("actor_token_type", "urn:ietf:params:oauth:token-type:jwt"),
    ];
    assert_eq!(asked.pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let heard: Vec<_> = report.checks().iter().map(|check| check.name).collect();
    assert_eq!(heard, EXCHANGE_RULES.map(|rule| rule.name));
    assert!(report.checks().iter().all(|check| check.verdict == Verdict::Passed));
}

#[tokio::test]
async fn nothing_is_sent_that_was_not_asked_for_and_a_scope_left_out_is_the_one_asked_for() {
    let idp = Scripted::start(json!({})).await;
    let party = idp.party("secret");
    let (token, _) = exchanged(&idp, &party, &request(), answer(json!({}))).await;
    let token = token.unwrap();
    assert_eq!((token.scope(), token.expires(), token.refresh_token()), (None, None, None));
    let asked = idp.asked("/token").pop().unwrap();
    let names: Vec<_> = asked.form.keys().collect();
    assert_eq!(names, ["grant_type", "subject_token", "subject_token_type"]);
    let scoped = request().with_scope("a").unwrap();
    let (token, _) = exchanged(&idp, &party, &scoped, answer(json!({}))).await;
    assert_eq!(token.unwrap().scope(), Some("a"));
    let (token, _) = exchanged(&idp, &party, &scoped, answer(json!({"scope": "b"}))).await;
    assert_eq!(token.unwrap().scope(), Some("b"));
}

#[tokio::test]
async fn a_client_proves_itself_by_its_key_and_binds_the_token_to_another() {
    let members = json!({"token_endpoint_auth_methods_supported": ["private_key_jwt"]});
    let idp = Scripted::start(members).await;
    let key = DpopKey::generate().unwrap();
    let party = idp.party(ClientKey::from_pem(&pem("ES256")).unwrap()).with_dpop(key);
    let again = Answer::json(400, json!({"error": "use_dpop_nonce"})).with("dpop-nonce", "n-1");
    idp.answer_next("/token", again);
    let (token, _) = exchanged(&idp, &party, &request(), answer(json!({"token_type": "dpop"}))).await;
    assert_eq!(token.unwrap().token_type(), TokenType::Dpop);
    let asked = idp.asked("/token");
    let [first, second] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((first.proof().1.get("nonce"), &second.proof().1["nonce"]), (None, &json!("n-1")));
    let assertion = |asked: &crate::scripted::Asked| decoded(&asked.form["client_assertion"]).1;
    assert_eq!(assertion(first)["aud"], json!(idp.issuer));
    assert_ne!(assertion(first)["jti"], assertion(second)["jti"], "an assertion counts once");
    assert_eq!(second.form["subject_token"], "subject-1");
}

#[tokio::test]
async fn a_refusal_of_the_provider_is_told_with_its_code() {
    let idp = Scripted::start(json!({})).await;
    let party = idp.party("secret");
    for (status, body, error) in [
        (400, json!({"error": "invalid_target"}), Some("invalid_target")),
        (401, json!({"error": "invalid_client"}), Some("invalid_client")),
        (400, json!({"error": 5}), None),
        (503, json!([]), None),
        (201, json!({"access_token": "a"}), None),
    ] {
        let (refused, failed) = exchanged(&idp, &party, &request(), Answer::json(status, body)).await;
        let error = error.map(str::to_owned);
        assert_eq!(refused.unwrap_err(), SignInError::TokenExchangeRefused { status, error });
        assert_eq!(failed, Some("exchange_grant"));
    }
}

#[tokio::test]
async fn an_answer_of_another_form_is_refused() {
    let idp = Scripted::start(json!({})).await;
    let party = idp.party("secret");
    let (tokens, uri) = ("tokens of printable characters", "an issued_token_type, which is a URI");
    let seconds = "expires_in in whole seconds";
    for (changes, expected) in [
        (json!({"access_token": null}), "an access_token"),
        (json!({"access_token": 5}), tokens),
        (json!({"access_token": ""}), tokens),
        (json!({"access_token": "a\r\nb"}), tokens),
        (json!({"token_type": null}), "a token_type"),
        (json!({"token_type": ["Bearer"]}), "a token_type"),
        (json!({"issued_token_type": null}), uri),
        (json!({"issued_token_type": 5}), uri),
        (json!({"issued_token_type": ""}), uri),
        (json!({"issued_token_type": "access_token"}), uri),
        (json!({"issued_token_type": [Type::ACCESS_TOKEN.as_str()]}), uri),
        (json!({"issued_token_type": format!("urn:{}", "x".repeat(1024))}), uri),
        (json!({"expires_in": "60"}), seconds),
        (json!({"expires_in": -1}), seconds),
        (json!({"expires_in": 1.5}), seconds),
        (json!({"expires_in": 4_294_967_296_u64}), seconds),
        (json!({"scope": ["a"]}), "scope as text"),
        (json!({"refresh_token": 5}), tokens),
        (json!({"refresh_token": {}}), tokens),
    ] {
        let (refused, failed) = exchanged(&idp, &party, &request(), answer(changes.clone())).await;
        let refused = refused.expect_err(&changes.to_string());
        assert_eq!(refused, SignInError::TokenExchangeResponse { expected }, "{changes}");
        assert_eq!(failed, Some("exchange_response"));
    }
    let whole = answer(json!({})).2;
    let twice = whole.replacen('{', r#"{"access_token":"other","#, 1);
    let deep = whole.replacen('{', &format!(r#"{{"x":{}{},"#, "[".repeat(32), "]".repeat(32)), 1);
    for body in [String::new(), "<html>".to_owned(), twice, deep, format!("{whole}{whole}")] {
        let (refused, _) = exchanged(&idp, &party, &request(), Answer(200, Vec::new(), body.clone())).await;
        let expected = "a JSON object";
        assert_eq!(refused.unwrap_err(), SignInError::TokenExchangeResponse { expected }, "{body}");
    }
    let flood = json!({ "padding": "x".repeat(128 * 1024) });
    let (refused, failed) = exchanged(&idp, &party, &request(), answer(flood)).await;
    assert!(matches!(refused, Err(SignInError::Fetch(FetchError::TooLong { .. }))), "{refused:?}");
    assert_eq!(failed, None, "nothing was read");
}

#[tokio::test]
async fn a_token_of_another_type_than_was_asked_for_is_refused() {
    let idp = Scripted::start(json!({})).await;
    let party = idp.party("secret");
    let custom = Type::parse("https://types.example/Ticket").unwrap();
    for (requested, issued) in [
        (Type::ACCESS_TOKEN, Type::JWT.as_str()),
        (Type::JWT, Type::ACCESS_TOKEN.as_str()),
        (Type::ACCESS_TOKEN, Type::REFRESH_TOKEN.as_str()),
        (Type::SAML2, Type::SAML1.as_str()),
        // A URI is the same when every character is.
        (custom, "https://types.example/ticket"),
    ] {
        let asked = request().with_requested_token_type(requested.clone());
        let (refused, failed) = exchanged(&idp, &party, &asked, answer(json!({"issued_token_type": issued}))).await;
        let (expected, found) = (requested.to_string(), issued.to_owned());
        assert_eq!(refused.unwrap_err(), SignInError::IssuedTokenType { expected, found });
        assert_eq!(failed, Some("issued_token_type"));
    }
    let unasked = json!({"issued_token_type": "https://types.example/ticket", "token_type": "N_A"});
    let (token, _) = exchanged(&idp, &party, &request(), answer(unasked)).await;
    assert_eq!(token.unwrap().issued_token_type().as_str(), "https://types.example/ticket");
}

/// A provider, or whoever speaks for it, that gives tokens which anybody can use in place of bound ones; and one that
/// gives tokens bound to a key of somebody else.
#[tokio::test]
async fn a_token_that_is_used_otherwise_than_was_asked_for_is_refused() {
    let idp = Scripted::start(json!({})).await;
    let plain = idp.party("secret");
    let bound = idp.party("secret").with_dpop(DpopKey::generate().unwrap());
    let (access, saml, jwt) = (Type::ACCESS_TOKEN, Type::SAML2, Type::JWT);
    for (party, issued, found, taken) in [
        (&plain, &access, "BEARER", Ok(TokenType::Bearer)),
        (&plain, &access, "DPoP", Err("Bearer")),
        (&plain, &access, "N_A", Err("Bearer")),
        (&plain, &access, "mac", Err("Bearer")),
        (&plain, &access, "", Err("Bearer")),
        (&plain, &saml, "n_a", Ok(TokenType::NotApplicable)),
        (&plain, &saml, "Bearer", Ok(TokenType::Bearer)),
        (&plain, &jwt, "DPoP", Err("Bearer or N_A")),
        (&bound, &access, "dpop", Ok(TokenType::Dpop)),
        (&bound, &access, "Bearer", Err("DPoP")),
        (&bound, &access, "N_A", Err("DPoP")),
        (&bound, &jwt, "Bearer", Err("DPoP or N_A")),
        (&bound, &saml, "N_A", Ok(TokenType::NotApplicable)),
    ] {
        let told = json!({"issued_token_type": issued.as_str(), "token_type": found});
        let (done, failed) = exchanged(&idp, party, &request(), answer(told)).await;
        match taken {
            Ok(token_type) => assert_eq!(done.unwrap().token_type(), token_type),
            Err(expected) => {
                let found = found.to_owned();
                assert_eq!(done.unwrap_err(), SignInError::ExchangedTokenType { expected, found });
                assert_eq!(failed, Some("exchanged_token_type"));
            }
        }
    }
}

/// What the provider calls an ID token is nobody until it was verified, and belongs to no sign-in.
#[tokio::test]
async fn an_exchanged_id_token_is_held_to_what_every_other_is() {
    let idp = Scripted::start(json!({})).await;
    let party = idp.party("secret");
    let asked = request().with_requested_token_type(Type::ID_TOKEN);
    let genuine = idp.id_token("x", json!({"nonce": null}));
    let forged = format!("{}AAAA", &genuine[..genuine.len() - 4]);
    let foreign = idp.id_token("x", json!({"nonce": null, "aud": "someone-else"}));
    for (token, rule) in [(genuine, None), (forged, Some("signature")), (foreign, Some("audience"))] {
        let told = json!({
            "access_token": token, "issued_token_type": Type::ID_TOKEN.as_str(), "token_type": "N_A",
        });
        let (exchanged, _) = exchanged(&idp, &party, &asked, answer(told)).await;
        let token = exchanged.unwrap().into_id_token().unwrap();
        let verified = oidc::verify(party.provider(), &Keys::of_issuer().jwks(), token, now(), &mut Silent);
        assert_eq!(verified.as_ref().err().map(|error| error.rule().name), rule);
        assert_eq!(verified.is_ok(), rule.is_none());
    }
}

#[tokio::test]
async fn no_token_leaves_before_the_provider_is_known_to_take_the_request() {
    for (party, members) in [
        (false, json!({"token_endpoint": null})),
        (false, json!({"token_endpoint_auth_methods_supported": ["private_key_jwt"]})),
        (true, json!({"dpop_signing_alg_values_supported": ["EdDSA"]})),
    ] {
        let idp = Scripted::start(members.clone()).await;
        let bound = party.then(|| DpopKey::generate().unwrap());
        let party = idp.party("secret");
        let party = match bound {
            Some(key) => party.with_dpop(key),
            None => party,
        };
        let refused = party.exchange(&request(), now(), &mut Report::new()).await.unwrap_err();
        assert_eq!(refused.rule(), None, "{members}: {refused:?}");
        assert!(idp.asked("/token").is_empty(), "{members}: nothing was sent");
    }
}

#[tokio::test]
async fn no_exchanged_token_is_printed_or_reported() {
    let idp = Scripted::start(json!({})).await;
    let party = idp.party("secret");
    idp.answer_next("/token", answer(json!({"refresh_token": "refresh-9"})));
    let mut report = Report::new();
    let token = party.exchange(&request(), now(), &mut report).await.unwrap();
    let printed = format!("{token:?} {report:?} {:?}", request());
    for secret in ["exchanged-1", "refresh-9", "subject-1"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}
