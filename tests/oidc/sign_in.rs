//! Sign-in end to end: the demo identity provider in this process, a browser of a few lines, everything over HTTP.

use daypass::VerifiedIdentity;
use daypass::explain::{Report, Silent, Verdict};
use daypass::http::relying_party::{CALLBACK_RULES, RelyingParty, SignInError, StartedSignIn, claimed_state};
use daypass::identity::oidc::{OidcError, OidcProvider, RULES};
use daypass::time::{Clock, SystemClock, Timestamp};
use demo_idp::{Client, Fault, IdTokenAlgorithm, Idp, demo_directory};
use reqwest::Url;
use reqwest::redirect::Policy;

const CALLBACK: &str = "http://localhost:8200/oidc/callback";
/// Characters that must be form-encoded inside `client_secret_basic`.
const SECRET: &str = "s3cr&t:+% ü";

async fn idp(algorithm: IdTokenAlgorithm) -> Idp {
    let client = Client::confidential("portal", SECRET, [CALLBACK]).with_algorithm(algorithm);
    Idp::builder().users(demo_directory()).client(client).seed(3).start().await.unwrap()
}

fn party(idp: &Idp) -> RelyingParty {
    let provider = OidcProvider::new(idp.issuer(), ["portal"]).unwrap().with_local_network();
    RelyingParty::new(provider, SECRET, CALLBACK).unwrap().with_scopes(["profile", "email", "groups"])
}

fn now() -> Timestamp {
    SystemClock.now()
}

/// Signs martha in at the provider, and gives the query that her browser brings back.
async fn visit(idp: &Idp, url: &str) -> String {
    let browser = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let location = |response: &reqwest::Response| {
        let location = response.headers()["location"].to_str().unwrap();
        Url::parse(idp.base_url()).unwrap().join(location).unwrap()
    };
    let asked = browser.get(url).send().await.unwrap();
    let login = location(&asked);
    if login.as_str().starts_with(CALLBACK) {
        return login.query().unwrap().to_owned();
    }
    let flow = login.query_pairs().find(|(name, _)| name == "flow").unwrap().1.into_owned();
    let mut form = Url::parse("http://form").unwrap();
    form.query_pairs_mut().extend_pairs([("username", "martha"), ("password", "correct-horse"), ("flow", &flow)]);
    let signed_in = browser
        .post(format!("{}/login", idp.base_url()))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", idp.base_url())
        .body(form.query().unwrap().to_owned())
        .send()
        .await
        .unwrap();
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let back = browser.get(location(&signed_in)).header("cookie", cookie).send().await.unwrap();
    let back = location(&back);
    assert!(back.as_str().starts_with(CALLBACK), "{back}");
    back.query().unwrap().to_owned()
}

async fn complete(party: &RelyingParty, started: StartedSignIn, query: &str) -> Result<VerifiedIdentity, SignInError> {
    let secret = String::from_utf8(started.browser_secret.expose().to_vec()).unwrap();
    party.complete(started.pending, &secret, query, now(), &mut Silent).await
}

#[tokio::test]
async fn martha_signs_in_with_every_algorithm_of_the_provider() {
    for algorithm in [IdTokenAlgorithm::Es256, IdTokenAlgorithm::EdDsa] {
        let idp = idp(algorithm).await;
        let party = party(&idp);
        let started = party.begin(now()).await.unwrap();
        let query = visit(&idp, &started.redirect_url).await;
        assert_eq!(claimed_state(&query).unwrap(), started.pending.state());
        let identity = complete(&party, started, &query).await.unwrap();
        assert_eq!((identity.subject(), identity.issuer()), ("martha", idp.issuer()));
        assert_eq!(identity.attribute("email"), ["martha@example.com"]);
        assert_eq!(identity.attribute("groups"), ["Admins", "Developers"]);
    }
}

#[tokio::test]
async fn the_redirect_asks_for_a_code_with_pkce_state_and_nonce() {
    let client = Client::confidential("portal", SECRET, [CALLBACK]);
    let idp =
        Idp::builder().users(demo_directory()).client(client).pushed_requests(false).seed(3).start().await.unwrap();
    let party = party(&idp).with_max_age(std::time::Duration::from_secs(60));
    let (one, two) = (party.begin(now()).await.unwrap(), party.begin(now()).await.unwrap());
    let parameter = |started: &StartedSignIn, name: &str| {
        let url = Url::parse(&started.redirect_url).unwrap();
        let mut found = url.query_pairs().filter(|(found, _)| found == name).map(|(_, value)| value.into_owned());
        let value = found.next().unwrap_or_else(|| panic!("{name}"));
        assert_eq!(found.next(), None, "{name} is there twice");
        value
    };
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "portal"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid profile email groups"),
        ("code_challenge_method", "S256"),
        ("max_age", "60"),
    ] {
        assert_eq!(parameter(&one, name), value);
    }
    for name in ["state", "nonce", "code_challenge"] {
        assert!(parameter(&one, name).len() >= 32, "{name}");
        assert_ne!(parameter(&one, name), parameter(&two, name), "{name}");
    }
    assert_ne!(one.browser_secret.expose(), two.browser_secret.expose());
    let told = format!("{:?} {party:?}", one.pending);
    assert!(!told.contains(&parameter(&one, "nonce")) && !told.contains(SECRET), "{told}");
    assert_eq!(format!("{:?}", one.browser_secret), "SecretBytes(redacted)");
}

#[tokio::test]
async fn every_check_from_callback_to_token_is_told() {
    let idp = idp(IdTokenAlgorithm::Es256).await;
    let party = party(&idp);
    let started = party.begin(now()).await.unwrap();
    let query = visit(&idp, &started.redirect_url).await;
    let secret = String::from_utf8(started.browser_secret.expose().to_vec()).unwrap();
    let mut report = Report::new();
    party.complete(started.pending, &secret, &query, now(), &mut report).await.unwrap();
    let heard: Vec<_> = report.checks().iter().map(|check| check.name).collect();
    let callback: Vec<_> = CALLBACK_RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(heard[..callback.len()], callback);
    let rest: Vec<_> =
        RULES.iter().map(|rule| rule.name).filter(|name| !["auth_time", "c_hash"].contains(name)).collect();
    assert_eq!(heard[callback.len()..], rest);
    assert!(report.checks().iter().all(|check| check.verdict == Verdict::Passed));
}

#[tokio::test]
async fn each_mistake_of_a_provider_is_refused_by_its_rule() {
    let idp = idp(IdTokenAlgorithm::Es256).await;
    let party = party(&idp);
    for (fault, rule) in [
        (Fault::Expired, "expiration"),
        (Fault::NotYetValid, "issued_at"),
        (Fault::WrongAudience, "audience"),
        (Fault::WrongIssuer, "issuer"),
        (Fault::WrongNonce, "nonce"),
        (Fault::MissingNonce, "nonce"),
        (Fault::WrongKey, "signature"),
        (Fault::Unsigned, "algorithm"),
        (Fault::Tampered, "signature"),
        (Fault::AlgNone, "algorithm"),
        (Fault::HmacWithPublicKey, "algorithm"),
        (Fault::Denied, "consent"),
        (Fault::RejectedCode, "code_exchange"),
        (Fault::ServerError, "code_exchange"),
    ] {
        let started = party.begin(now()).await.unwrap();
        idp.break_next(fault);
        let query = visit(&idp, &started.redirect_url).await;
        let error = complete(&party, started, &query).await.unwrap_err();
        assert_eq!(error.rule().map(|rule| rule.name), Some(rule), "{fault:?}: {}", error.reason());
        idp.mend();
    }
}

#[tokio::test]
async fn an_answer_in_another_browser_or_sign_in_never_reaches_the_provider() {
    let idp = idp(IdTokenAlgorithm::Es256).await;
    let party = party(&idp);
    let (mine, theirs) = (party.begin(now()).await.unwrap(), party.begin(now()).await.unwrap());
    let attackers = visit(&idp, &theirs.redirect_url).await;
    let before = idp.requests().len();
    // Login CSRF: the attacker's answer in my browser, with my sign-in and with theirs.
    assert_eq!(complete(&party, mine, &attackers).await.unwrap_err(), SignInError::State);
    let stolen = party.complete(theirs.pending, "my browser", &attackers, now(), &mut Silent).await;
    assert_eq!(stolen.unwrap_err(), SignInError::Browser);
    assert_eq!(idp.requests().len(), before, "no code was sent");
}

#[tokio::test]
async fn an_answer_that_names_another_issuer_or_none_is_refused() {
    let idp = idp(IdTokenAlgorithm::Es256).await;
    let party = party(&idp);
    for edit in [|query: &str| query.replace("iss=", "iss=x"), |query: &str| query.replace("iss=", "was=")] {
        let started = party.begin(now()).await.unwrap();
        let query = visit(&idp, &started.redirect_url).await;
        let error = complete(&party, started, &edit(&query)).await.unwrap_err();
        assert!(matches!(error, SignInError::Issuer { .. }), "the provider promises iss: {error:?}");
    }
}

#[tokio::test]
async fn a_code_counts_once_and_belongs_to_its_verifier() {
    let idp = idp(IdTokenAlgorithm::Es256).await;
    let party = party(&idp);
    let (one, two) = (party.begin(now()).await.unwrap(), party.begin(now()).await.unwrap());
    let (query, other) = (visit(&idp, &one.redirect_url).await, visit(&idp, &two.redirect_url).await);
    // The code of another sign-in under my state: PKCE refuses at the provider.
    let code = |query: &str| query.split('&').find(|pair| pair.starts_with("code=")).unwrap().to_owned();
    let injected = query.replace(&code(&query), &code(&other));
    let error = complete(&party, one, &injected).await.unwrap_err();
    assert!(matches!(error, SignInError::Exchange { status: 400, .. }), "{error:?}");
    assert!(matches!(complete(&party, two, &other).await.unwrap_err(), SignInError::Exchange { .. }), "used up");
}

#[tokio::test]
async fn a_sign_in_that_took_too_long_is_refused() {
    let idp = idp(IdTokenAlgorithm::Es256).await;
    let party = party(&idp);
    let long_ago = now().saturating_sub(std::time::Duration::from_secs(601));
    let started = party.begin(long_ago).await.unwrap();
    let query = visit(&idp, &started.redirect_url).await;
    assert!(matches!(complete(&party, started, &query).await, Err(SignInError::Expired { .. })));
}

#[tokio::test]
async fn a_workload_token_of_the_provider_is_verified_with_the_same_keys() {
    use daypass::identity::oidc::{UnverifiedIdToken, verify};
    let idp = Idp::builder().users(demo_directory()).audience("sts.daypass.example").seed(5).start().await.unwrap();
    let provider = OidcProvider::new(idp.issuer(), ["sts.daypass.example"]).unwrap().with_local_network();
    let keys = daypass::http::fetch::IssuerKeys::new(&provider).unwrap();
    let token = || UnverifiedIdToken::for_exchange(idp.id_token("martha", "sts.daypass.example").unwrap() + "\n");
    let jwks = keys.for_token(&token(), now()).await.unwrap();
    let identity = verify(&provider, &jwks, token(), now(), &mut Silent).unwrap();
    let name = format!("{}:sub", idp.issuer().trim_start_matches("http://"));
    assert!(identity.condition_keys().contains(&(name, vec!["martha".to_owned()])));
    let other = OidcProvider::new(idp.issuer(), ["another"]).unwrap();
    let refused = verify(&other, &jwks, token(), now(), &mut Silent).unwrap_err();
    assert!(matches!(refused, OidcError::Audience { .. }));
}
