//! Sign-in with the npm package `oidc-provider`: every way to prove a client, pushed requests, bound tokens, userinfo,
//! refreshing, and a change of keys between two steps of a sign-in.
//!
//! `scripts/install-clients` installs the package. Without it these tests say so and pass, but not where `CI=true`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod browser;
mod provider;

use std::time::Duration;

use daypass::explain::{Report, Silent, Verdict};
use daypass::http::fetch::FetchError;
use daypass::http::relying_party::{
    BeginSignIn, CALLBACK_RULES, ClientCredential, ClientKey, DpopKey, EXCHANGE_RULES, Prompt, RelyingParty,
    SignInError, SignedIn, StartedSignIn, TokenExchange, TokenType, TokenTypeIdentifier, Tokens,
};
use daypass::identity::oidc::{self, OidcError, OidcProvider, RULES, USERINFO_RULES, UnverifiedIdToken};
use daypass::time::{Clock, SystemClock, Timestamp};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
use serde_json::{Value, json};

use browser::Browser;
use provider::Provider;

const CALLBACK: &str = "http://localhost:8200/oidc/callback";

fn now() -> Timestamp {
    SystemClock.now()
}

fn party(idp: &Provider, client_id: &str, credential: impl Into<ClientCredential>) -> RelyingParty {
    let provider = OidcProvider::new(&idp.issuer, [client_id]).unwrap().with_local_network();
    RelyingParty::new(provider, credential, CALLBACK).unwrap().with_scopes(["email", "profile"])
}

fn by_header(idp: &Provider) -> RelyingParty {
    party(idp, "by-header", "first secret: & more")
}

async fn come_back(
    party: &RelyingParty,
    started: StartedSignIn,
    query: &str,
    at: Timestamp,
) -> Result<(SignedIn, Report), SignInError> {
    let secret = String::from_utf8(started.browser_secret.expose().to_vec()).unwrap();
    let mut report = Report::new();
    let done = party.complete_with_tokens(started.pending, &secret, query, at, &mut report).await?;
    assert!(report.checks().iter().all(|check| check.verdict == Verdict::Passed));
    assert_eq!(done.identity.subject(), "martha");
    Ok((done, report))
}

async fn sign_in(party: &RelyingParty) -> SignedIn {
    let started = party.begin(now()).await.unwrap();
    let query = Browser::default().follow(&started.redirect_url, CALLBACK).await;
    come_back(party, started, &query, now()).await.unwrap().0
}

#[tokio::test]
async fn a_secret_in_the_header_or_in_the_body() {
    let Some(idp) = Provider::start(json!({"par": "off"})).await else { return };
    for party in [by_header(&idp), party(&idp, "by-body", "second secret")] {
        let started = party.begin(now()).await.unwrap();
        assert!(started.redirect_url.contains("code_challenge="), "nothing was pushed");
        let query = Browser::default().follow(&started.redirect_url, CALLBACK).await;
        assert!(query.contains("iss=http%3A%2F%2F127.0.0.1"), "RFC 9207: {query}");
        let (_, report) = come_back(&party, started, &query, now()).await.unwrap();
        let heard: Vec<_> = report.checks().iter().map(|check| check.name).collect();
        let told = CALLBACK_RULES.iter().chain(&RULES).map(|rule| rule.name);
        // The provider puts no hash into the ID token of a code flow, where the standard leaves it open.
        let told: Vec<_> = told.filter(|name| !["auth_time", "at_hash", "c_hash"].contains(name)).collect();
        assert_eq!(heard, told);
    }
    let wrong = party(&idp, "by-header", "wrong");
    let started = wrong.begin(now()).await.unwrap();
    let query = Browser::default().follow(&started.redirect_url, CALLBACK).await;
    let refused = come_back(&wrong, started, &query, now()).await.unwrap_err();
    assert_eq!(refused, SignInError::Exchange { status: 401, error: Some("invalid_client".to_owned()) });
}

#[tokio::test]
async fn a_private_key_of_each_kind() {
    for (kind, kid) in [(&PKCS_ECDSA_P256_SHA256, "p256"), (&PKCS_ED25519, "ed25519")] {
        let pem = KeyPair::generate_for(kind).unwrap().serialize_pem();
        let key = ClientKey::from_pem(&pem).unwrap().with_key_id(kid);
        let jwks: Value = serde_json::from_str(&key.jwks()).unwrap();
        let Some(idp) = Provider::start(json!({"par": "offered", "client_jwks": jwks})).await else { return };
        sign_in(&party(&idp, "by-key", key)).await;
        // Another key of the same name is not that client.
        let other = ClientKey::from_pem(&KeyPair::generate_for(kind).unwrap().serialize_pem()).unwrap();
        let refused = party(&idp, "by-key", other.with_key_id(kid)).begin(now()).await.unwrap_err();
        assert_eq!(refused, SignInError::Pushed { status: 401, error: Some("invalid_client".to_owned()) });
    }
    // The provider lists no ES384, which is said before anything is sent.
    let Some(idp) = Provider::start(json!({"par": "offered"})).await else { return };
    let pem = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap().serialize_pem();
    let refused = party(&idp, "by-key", ClientKey::from_pem(&pem).unwrap()).begin(now()).await.unwrap_err();
    assert!(matches!(refused, SignInError::SigningAlgorithm { algorithm: "ES384", .. }), "{refused:?}");
    assert_eq!(idp.count("/request").await, 0);
}

/// A provider as FAPI 2.0 has it takes PS256 and no RS256.
#[tokio::test]
async fn an_rsa_key_signs_with_pss_where_that_alone_is_taken_or_where_it_was_told_to() {
    let pem = include_str!("../../../vectors/saml/encrypted/sp.key");
    let key = || ClientKey::from_pem(pem).unwrap().with_key_id("rsa");
    for (told, algorithms) in
        [(false, json!(["PS256", "ES256"])), (false, json!(["RS256", "PS256"])), (true, json!(["RS256", "PS256"]))]
    {
        let key = if told { key().with_ps256().unwrap() } else { key() };
        let jwks: Value = serde_json::from_str(&key.jwks()).unwrap();
        let configuration = json!({"par": "offered", "client_jwks": jwks, "client_algs": algorithms});
        let Some(idp) = Provider::start(configuration).await else { return };
        sign_in(&party(&idp, "by-key", key)).await;
    }
    let Some(idp) = Provider::start(json!({"par": "offered", "client_algs": ["RS256"]})).await else { return };
    let refused = party(&idp, "by-key", key().with_ps256().unwrap()).begin(now()).await.unwrap_err();
    assert!(matches!(refused, SignInError::SigningAlgorithm { algorithm: "PS256", .. }), "{refused:?}");
}

#[tokio::test]
async fn an_access_token_is_exchanged_for_one_that_is_good_elsewhere() {
    let Some(idp) = Provider::start(json!({"par": "off"})).await else { return };
    let party = by_header(&idp);
    let tokens = sign_in(&party).await.tokens;
    let ask = |token: &str| TokenExchange::new(token, TokenTypeIdentifier::ACCESS_TOKEN).unwrap();
    let asked = ask(tokens.access_token()).with_resource("https://api.example").unwrap().with_scope("reports").unwrap();
    let mut report = Report::new();
    let token = party.exchange(&asked, now(), &mut report).await.unwrap();
    assert_ne!(token.token(), tokens.access_token());
    assert_eq!((token.token_type(), token.scope()), (TokenType::Bearer, Some("reports")));
    assert_eq!(token.issued_token_type(), &TokenTypeIdentifier::ACCESS_TOKEN);
    assert!(token.expires().unwrap() > now());
    let heard: Vec<_> = report.checks().iter().map(|check| check.name).collect();
    assert_eq!(heard, EXCHANGE_RULES.map(|rule| rule.name));
    let elsewhere = ask(tokens.access_token()).with_resource("https://other.example").unwrap();
    let both = ask(tokens.access_token()).with_resource("https://api.example").unwrap();
    let both = both.with_resource("https://other.example").unwrap();
    let wish = ask(tokens.access_token()).with_requested_token_type(TokenTypeIdentifier::JWT);
    for (asked, code) in [
        (elsewhere, "invalid_target"),
        (both, "invalid_target"),
        (ask("somebody's"), "invalid_request"),
        (wish, "invalid_request"),
    ] {
        let refused = party.exchange(&asked, now(), &mut Silent).await.unwrap_err();
        let expected = SignInError::TokenExchangeRefused { status: 400, error: Some(code.to_owned()) };
        assert_eq!(refused, expected, "{asked:?}");
    }
}

#[tokio::test]
async fn an_exchanged_token_is_bound_to_the_same_key_and_a_stolen_one_is_not_exchanged() {
    let Some(idp) = Provider::start(json!({"par": "off", "dpop_nonce": true})).await else { return };
    let node = || party(&idp, "bound", ClientCredential::public()).with_dpop(DpopKey::generate().unwrap());
    let (owner, thief) = (node(), node());
    let tokens = sign_in(&owner).await.tokens;
    let asked = TokenExchange::new(tokens.access_token(), TokenTypeIdentifier::ACCESS_TOKEN).unwrap();
    let token = owner.exchange(&asked, now(), &mut Silent).await.unwrap();
    assert_eq!(token.token_type(), TokenType::Dpop);
    let refused = thief.exchange(&asked, now(), &mut Silent).await.unwrap_err();
    assert!(matches!(refused, SignInError::TokenExchangeRefused { status: 400, .. }), "{refused:?}");
}

#[tokio::test]
async fn a_public_client_with_pkce_alone() {
    let Some(idp) = Provider::start(json!({"par": "off"})).await else { return };
    sign_in(&party(&idp, "public", ClientCredential::public())).await;
}

#[tokio::test]
async fn requests_are_pushed_where_that_is_offered_and_where_it_is_required() {
    for par in ["offered", "required"] {
        let Some(idp) = Provider::start(json!({ "par": par })).await else { return };
        let party = by_header(&idp);
        let started = party.begin(now()).await.unwrap();
        let (_, query) = started.redirect_url.split_once('?').unwrap();
        let names: Vec<_> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
        assert_eq!(names, ["client_id", "request_uri"]);
        assert!(started.redirect_until > now() && started.redirect_until < started.pending.expires());
        let query = Browser::default().follow(&started.redirect_url, CALLBACK).await;
        come_back(&party, started, &query, now()).await.unwrap();
        // What the provider refuses of a request comes back as its own code.
        let asked = BeginSignIn::new().with_acr_values(["x"]).with_prompt(Prompt::None).with_scopes(["a\"b"]);
        let refused = party.begin_with(&asked, now()).await.unwrap_err();
        assert!(matches!(refused, SignInError::Pushed { status: 400, error: Some(_) }), "{refused:?}");
    }
}

#[tokio::test]
async fn a_prompt_that_forbids_asking_ends_in_the_providers_refusal() {
    let Some(idp) = Provider::start(json!({"par": "offered"})).await else { return };
    let party = by_header(&idp);
    let started = party.begin_with(&BeginSignIn::new().with_prompt(Prompt::None), now()).await.unwrap();
    let query = Browser::default().follow(&started.redirect_url, CALLBACK).await;
    let refused = come_back(&party, started, &query, now()).await.unwrap_err();
    assert!(matches!(&refused, SignInError::Refused { error, .. } if error == "login_required"), "{refused:?}");
}

#[tokio::test]
async fn tokens_are_bound_to_a_key_by_proofs_with_the_nonce_of_the_provider() {
    for (client_id, par) in [("bound", "off"), ("bound", "required")] {
        let Some(idp) = Provider::start(json!({"par": par, "dpop_nonce": true})).await else { return };
        let pem = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap().serialize_pem();
        let node = || party(&idp, client_id, ClientCredential::public()).with_dpop(DpopKey::from_pem(&pem).unwrap());
        let first = node().with_userinfo();
        let done = sign_in(&first).await;
        assert_eq!(idp.count("/token").await, 2, "once without the nonce, once with it");
        assert_eq!(idp.count("/me").await, 2);
        assert_eq!(done.identity.attribute("email"), ["martha@example.com"]);
        sign_in(&first).await;
        assert_eq!(idp.count("/token").await, 3, "the nonce is kept");
        // Another node of the same application, which holds the same key.
        let kept = Tokens::from_text(&done.tokens.to_text()).unwrap();
        let refreshed = node().refresh(&kept, now(), &mut Silent).await.unwrap();
        // Whoever has the refresh token and another key gets nothing.
        let thief = party(&idp, client_id, ClientCredential::public()).with_dpop(DpopKey::generate().unwrap());
        let refused = thief.refresh(&refreshed.tokens, now(), &mut Silent).await.unwrap_err();
        assert!(matches!(&refused, SignInError::RefreshRefused { status: 400, .. }), "{refused:?}");
    }
}

#[tokio::test]
async fn a_provider_that_binds_tokens_is_not_content_without_a_key() {
    let Some(idp) = Provider::start(json!({"par": "off"})).await else { return };
    let party = party(&idp, "bound", ClientCredential::public());
    let started = party.begin(now()).await.unwrap();
    let query = Browser::default().follow(&started.redirect_url, CALLBACK).await;
    let refused = come_back(&party, started, &query, now()).await.unwrap_err();
    assert!(matches!(refused, SignInError::Exchange { status: 400, .. }), "{refused:?}");
}

#[tokio::test]
async fn userinfo_plain_and_signed_adds_what_the_id_token_has_not() {
    let Some(idp) = Provider::start(json!({"par": "off"})).await else { return };
    for (party, rules) in
        [(by_header(&idp), &USERINFO_RULES[6..]), (party(&idp, "signed-userinfo", "third secret"), &USERINFO_RULES[..])]
    {
        let bare = sign_in(&party).await.identity;
        assert!(bare.attribute("email").is_empty(), "the provider keeps it for userinfo");
        let keys = bare.condition_keys().len();
        let party = party.with_userinfo();
        let started = party.begin(now()).await.unwrap();
        let query = Browser::default().follow(&started.redirect_url, CALLBACK).await;
        let (done, report) = come_back(&party, started, &query, now()).await.unwrap();
        assert_eq!(done.identity.attribute("email"), ["martha@example.com"]);
        assert_eq!(done.identity.attribute("name"), ["Martha"]);
        assert_eq!(done.identity.condition_keys().len(), keys);
        let heard: Vec<_> = report.checks().iter().map(|check| check.name).collect();
        assert!(rules.iter().all(|rule| heard.contains(&rule.name)), "{heard:?}");
    }
}

#[tokio::test]
async fn refreshing_rotates_and_an_old_refresh_token_ends_everything() {
    let Some(idp) = Provider::start(json!({"par": "off"})).await else { return };
    let party = by_header(&idp);
    let first = sign_in(&party).await.tokens;
    let mut report = Report::new();
    let second = party.refresh(&first, now(), &mut report).await.unwrap();
    assert!(report.checks().iter().any(|check| check.name == "refreshed_subject"));
    assert_eq!(second.identity.unwrap().subject(), "martha");
    assert_ne!(second.tokens.refresh_token(), first.refresh_token());
    let third = party.refresh(&second.tokens, now(), &mut Silent).await.unwrap().tokens;
    // The provider takes the use of an old one for a theft, and ends the sign-in of both.
    for tokens in [&first, &third] {
        let refused = party.refresh(tokens, now(), &mut Silent).await.unwrap_err();
        let expected = SignInError::RefreshRefused { status: 400, error: Some("invalid_grant".to_owned()) };
        assert_eq!(refused, expected);
    }
}

#[tokio::test]
async fn a_change_of_keys_loses_no_sign_in() {
    let Some(idp) = Provider::start(json!({"par": "off"})).await else { return };
    let party = by_header(&idp);
    let (early, late) = (party.begin(now()).await.unwrap(), party.begin(now()).await.unwrap());
    let tokens = sign_in(&party).await.tokens;
    assert_eq!(idp.count("/jwks").await, 1);
    // One browser has its code already, one is at the provider still, one person is signed in.
    let query = Browser::default().follow(&early.redirect_url, CALLBACK).await;
    idp.rotate().await;
    // The keys were fetched just now, and are fetched once a minute at most.
    let later = now().saturating_add(Duration::from_secs(61));
    come_back(&party, early, &query, later).await.unwrap();
    let query = Browser::default().follow(&late.redirect_url, CALLBACK).await;
    come_back(&party, late, &query, later).await.unwrap();
    party.refresh(&tokens, later, &mut Silent).await.unwrap();
    assert_eq!(idp.count("/jwks").await, 2, "one fetch for the new key");
}

#[tokio::test]
async fn a_flood_of_unknown_keys_is_one_fetch_and_holds_up_nobody() {
    let Some(idp) = Provider::start(json!({"par": "off"})).await else { return };
    let party = by_header(&idp);
    sign_in(&party).await;
    let later = now().saturating_add(Duration::from_secs(61));
    for index in 0..200_u32 {
        // `{"alg":"ES256","kid":"<index>"}` over `{}`, with a signature of nobody.
        let header = base64_url(json!({"alg": "ES256", "kid": index.to_string()}).to_string().as_bytes());
        let token = UnverifiedIdToken::for_exchange(format!("{header}.e30.{}", "A".repeat(86)));
        let keys = party.keys().for_token(&token, later).await.unwrap();
        let refused = oidc::verify(party.provider(), &keys, token, later, &mut Silent).unwrap_err();
        assert!(matches!(refused, OidcError::UnknownKey { .. }), "{refused:?}");
    }
    assert_eq!(idp.count("/jwks").await, 2, "the sign-in and one look for an unknown key");
    sign_in(&party).await;
    assert_eq!(idp.count("/jwks").await, 2);
}

#[tokio::test]
async fn a_provider_that_is_gone_is_said_to_be_gone() {
    let Some(idp) = Provider::start(json!({"par": "off"})).await else { return };
    let party = by_header(&idp);
    drop(idp);
    let refused = party.begin(now()).await.unwrap_err();
    assert!(matches!(refused, SignInError::Fetch(FetchError::Unreachable { .. })), "{refused:?}");
}

/// Without padding, as JWS has it.
fn base64_url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0; 3];
        for (to, from) in group.iter_mut().zip(chunk) {
            *to = *from;
        }
        let [a, b, c] = group.map(usize::from);
        let digits = [a >> 2, (a << 4 | b >> 4) & 63, (b << 2 | c >> 6) & 63, c & 63];
        let digits = digits.into_iter().take(chunk.len() + 1);
        text.extend(digits.filter_map(|digit| ALPHABET.get(digit)).map(|byte| char::from(*byte)));
    }
    text
}
