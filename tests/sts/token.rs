//! CreateTokenWithIAM, as far as it leads to an identity context.

use daypass::http::fetch::IssuerKeys;
use daypass::http::identity_context::IdentityContexts;
use daypass::identity::oidc::OidcProvider;
use serde_json::{Value, json};

use crate::issuer;
use crate::site::{ACCOUNT, APPLICATION, MARTHA, MEMBER, Reply, STORE, STRANGER, Signer, Site, allow, policy, trust};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// What an application asks for whoever the token of these claims is about.
fn ask(claims: &Value) -> Value {
    json!({"clientId": APPLICATION, "grantType": GRANT, "assertion": issuer::token(claims)})
}

fn desk(site: &Site, of: &str) -> Signer {
    site.user(of, "desk", &allow(&["sso-oauth:CreateTokenWithIAM", "sts:AssumeRole", "sts:SetContext"]))
}

fn answered(reply: &Reply) -> Value {
    assert_eq!(reply.status, 200, "{}", reply.body);
    serde_json::from_str(&reply.body).unwrap()
}

fn refusal(reply: &Reply) -> (u16, String) {
    let told: Value = serde_json::from_str(&reply.body).unwrap();
    (reply.status, told["error"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned())
}

#[tokio::test]
async fn an_application_acts_on_behalf_of_whom_a_trusted_issuer_signed_for() {
    let site = Site::start().await;
    let desk = desk(&site, ACCOUNT);
    let given = answered(&site.token(&desk, &ask(&json!({}))).await);
    assert_eq!((&given["expiresIn"], &given["scope"]), (&json!(300), &json!(["sts:identity_context"])));
    let assertion = given["awsAdditionalDetails"]["identityContext"].as_str().unwrap();
    let role = site.role(
        ACCOUNT,
        "open",
        &trust(ACCOUNT, &["sts:AssumeRole", "sts:SetContext"], &json!({})),
        &policy(&json!({"Effect": "Allow", "Action": "sts:GetAccessKeyInfo", "Resource": "*", "Condition":
            {"StringEquals": {"identitystore:UserId": MARTHA}, "ArnEquals": {"identitystore:IdentityStoreArn": STORE}}})),
    );
    let context = [
        ("ProvidedContexts.member.1.ProviderArn", "arn:aws:iam::aws:contextProvider/IdentityCenter"),
        ("ProvidedContexts.member.1.ContextAssertion", assertion),
    ];
    let session = site.assume(&desk, &role, &context).await.credentials();
    let info = [("AccessKeyId", desk.id.as_str())];
    assert_eq!(site.sts(&session, "GetAccessKeyInfo", &info).await.status, 200);
    let events = site.trail.events();
    let of = |operation: &str| events.iter().find(|event| event.operation == operation).unwrap();
    let (allowed, issued) = (of("sso-oauth:CreateTokenWithIAM"), of("issue context assertion"));
    assert!(allowed.principal.ends_with(":user/desk") && issued.principal == "martha");
    assert_eq!(allowed.correlation_id, issued.correlation_id, "who asked, and for whom");
    let scoped = json!({"clientId": APPLICATION, "grantType": GRANT, "scope": ["sts:identity_context"],
        "assertion": issuer::token(&json!({}))});
    answered(&site.token(&desk, &scoped).await);
}

#[tokio::test]
async fn an_application_of_another_account_lets_callers_in_by_its_own_policy() {
    let site = Site::start().await;
    answered(&site.token(&desk(&site, MEMBER), &ask(&json!({}))).await);
    assert_eq!(site.token(&desk(&site, STRANGER), &ask(&json!({}))).await.status, 403);
}

#[tokio::test]
async fn whoever_may_not_speak_for_the_application_gets_nothing() {
    let site = Site::start().await;
    let nosy = site.user(ACCOUNT, "nosy", &allow(&["sts:*"]));
    let refused = site.token(&nosy, &ask(&json!({}))).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    assert!(refused.body.contains("sso-oauth:CreateTokenWithIAM"), "{}", refused.body);
    let mut other = ask(&json!({}));
    other["clientId"] = json!(APPLICATION.replace("apl-1", "apl-2"));
    assert_eq!(site.token(&nosy, &other).await.status, 403, "which applications there are is not told");
    assert_eq!(refusal(&site.token(&desk(&site, ACCOUNT), &other).await), (401, "invalid_client".to_owned()));
}

#[tokio::test]
async fn what_is_asked_for_in_another_way_is_refused() {
    let site = Site::start().await;
    let desk = desk(&site, ACCOUNT);
    let cases = [
        (
            json!({"clientId": APPLICATION, "grantType": "refresh_token", "assertion": "a.b.c"}),
            "unsupported_grant_type",
        ),
        (json!({"clientId": APPLICATION, "grantType": GRANT}), "invalid_request"),
        (json!({"clientId": APPLICATION, "grantType": GRANT, "assertion": "a".repeat(20_001)}), "invalid_request"),
        (json!({"clientId": APPLICATION, "grantType": GRANT, "assertion": "a.b.c", "code": "x"}), "invalid_request"),
        (json!([]), "invalid_request"),
        (
            json!({"clientId": APPLICATION, "grantType": GRANT, "assertion": "a.b.c", "scope": ["openid"]}),
            "invalid_scope",
        ),
        (json!({"clientId": APPLICATION, "grantType": GRANT, "assertion": "a.b.c"}), "invalid_grant"),
    ];
    for (body, error) in cases {
        assert_eq!(refusal(&site.token(&desk, &body).await), (400, error.to_owned()), "{error}");
    }
}

#[tokio::test]
async fn a_token_of_another_issuer_or_for_somebody_else_or_about_nobody_is_refused() {
    let site = Site::start().await;
    let desk = desk(&site, ACCOUNT);
    for claims in [
        json!({"iss": "https://evil.example.com"}),
        json!({"aud": "somebody-else"}),
        json!({"exp": issuer::NOW - 120}),
        json!({"sub": "mallory"}),
        json!({"sub": "rosa"}),
        json!({"sub": MARTHA}),
    ] {
        let refused = site.token(&desk, &ask(&claims)).await;
        assert_eq!(refusal(&refused), (400, "invalid_grant".to_owned()), "{claims}");
    }
    let forged = issuer::token(&json!({"sub": "otto"}));
    let (message, _) = forged.rsplit_once('.').unwrap();
    let (_, signature) = issuer::token(&json!({})).rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let body = json!({"clientId": APPLICATION, "grantType": GRANT, "assertion": format!("{message}.{signature}")});
    assert_eq!(refusal(&site.token(&desk, &body).await), (400, "invalid_grant".to_owned()));
    assert!(site.trail.events().iter().all(|event| event.on_behalf_of.is_none()));
}

#[tokio::test]
async fn attack_a_provider_that_an_account_made_for_itself() {
    let site = Site::start().await;
    let provider = issuer::provider().of_account(ACCOUNT.parse().unwrap());
    let keys = IssuerKeys::pinned(&provider, issuer::jwks()).unwrap();
    let contexts = IdentityContexts::new(site.broker.clone())
        .with_application(APPLICATION.parse().unwrap(), issuer::AUDIENCE)
        .with_trusted_issuer(provider, keys);
    let site = site.served_by(contexts.router()).await;
    let refused = site.token(&desk(&site, ACCOUNT), &ask(&json!({}))).await;
    assert_eq!(refusal(&refused), (400, "invalid_grant".to_owned()));
    assert!(refused.body.contains("does not vouch for people of this directory"), "{}", refused.body);
}

#[tokio::test]
async fn attack_a_token_that_a_person_gave_to_another_application() {
    let site = Site::start().await;
    let provider = issuer::provider();
    let keys = IssuerKeys::pinned(&provider, issuer::jwks()).unwrap();
    let contexts = IdentityContexts::new(site.broker.clone())
        .with_application(APPLICATION.parse().unwrap(), "another-client")
        .with_trusted_issuer(provider, keys);
    let site = site.served_by(contexts.router()).await;
    let refused = site.token(&desk(&site, ACCOUNT), &ask(&json!({}))).await;
    assert_eq!(refusal(&refused), (400, "invalid_grant".to_owned()));
    assert!(refused.body.contains("another application"), "{}", refused.body);
}

/// A site whose applications, each with one of its audiences, and providers of one issuer are these.
async fn trusting(applications: &[(&str, &str)], providers: &[&[&str]]) -> Site {
    let site = Site::start().await;
    let contexts = applications.iter().fold(IdentityContexts::new(site.broker.clone()), |contexts, (arn, audience)| {
        contexts.with_application(arn.parse().unwrap(), *audience)
    });
    let contexts = providers.iter().fold(contexts, |contexts, audiences| {
        let provider = OidcProvider::new(issuer::ISSUER, audiences.iter().copied()).unwrap();
        let keys = IssuerKeys::pinned(&provider, issuer::jwks()).unwrap();
        contexts.with_trusted_issuer(provider, keys)
    });
    site.served_by(contexts.router()).await
}

/// Whether `application` is answered about whoever gave it the token of these claims.
async fn takes(site: &Site, desk: &Signer, application: &str, claims: Value) -> bool {
    let mut body = ask(&claims);
    body["clientId"] = json!(application);
    let reply = site.token(desk, &body).await;
    if reply.status != 200 {
        assert_eq!(refusal(&reply), (400, "invalid_grant".to_owned()), "{claims}");
        assert!(reply.body.contains("another application"), "{claims}: {}", reply.body);
    }
    reply.status == 200
}

#[tokio::test]
async fn an_application_may_have_several_audiences_and_an_issuer_several_providers() {
    for providers in [&[&["web", "phone", "other"][..]][..], &[&["web"], &["other", "phone"]]] {
        let site = trusting(&[(APPLICATION, "web"), (APPLICATION, "phone")], providers).await;
        let desk = desk(&site, ACCOUNT);
        for (audience, taken) in [("web", true), ("phone", true), ("other", false), ("nobody", false)] {
            assert_eq!(takes(&site, &desk, APPLICATION, json!({"aud": audience})).await, taken, "{audience}");
        }
    }
}

#[tokio::test]
async fn a_token_for_two_applications_serves_either_unless_it_says_who_obtained_it() {
    let other = APPLICATION.replace("apl-1", "apl-2");
    let site = trusting(&[(APPLICATION, "web"), (&other, "phone")], &[&["web", "phone"]]).await;
    let desk = desk(&site, ACCOUNT);
    for (claims, web, phone) in [
        (json!({"aud": ["web", "phone"]}), true, true),
        (json!({"aud": ["phone", "web"]}), true, true),
        (json!({"aud": ["web", "phone"], "azp": "phone"}), false, true),
        (json!({"aud": "web", "azp": "phone"}), false, true),
        (json!({"aud": "phone"}), false, true),
    ] {
        assert_eq!(takes(&site, &desk, APPLICATION, claims.clone()).await, web, "{claims}");
        assert_eq!(takes(&site, &desk, &other, claims.clone()).await, phone, "{claims}");
    }
}

/// The client of an access token may be called as a person is.
#[tokio::test]
async fn attack_an_access_token_in_place_of_an_id_token() {
    let site = Site::start().await;
    let (desk, mut body) = (desk(&site, ACCOUNT), ask(&json!({})));
    for typ in ["at+jwt", "application/AT+JWT"] {
        body["assertion"] = json!(issuer::typed(typ, &json!({"client_id": "martha", "jti": "one"})));
        let refused = site.token(&desk, &body).await;
        assert_eq!(refusal(&refused), (400, "invalid_grant".to_owned()));
        assert!(refused.body.contains("not an access token"), "{}", refused.body);
    }
}

#[tokio::test]
async fn attack_an_application_of_another_instance() {
    let site = Site::start().await;
    let foreign = "arn:aws:sso::111111111111:application/ssoins-0000000000000000/apl-1234567890abcdef";
    let provider = issuer::provider();
    let keys = IssuerKeys::pinned(&provider, issuer::jwks()).unwrap();
    let contexts = IdentityContexts::new(site.broker.clone())
        .with_application(foreign.parse().unwrap(), issuer::AUDIENCE)
        .with_trusted_issuer(provider, keys);
    let site = site.served_by(contexts.router()).await;
    let mut body = ask(&json!({}));
    body["clientId"] = json!(foreign);
    let refused = site.token(&desk(&site, ACCOUNT), &body).await;
    assert_eq!(refusal(&refused), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn an_unsigned_ask_and_one_for_another_service_are_refused() {
    let site = Site::start().await;
    let url = format!("{}token?aws_iam=t", site.url);
    let unsigned = reqwest::Client::new().post(&url).body(ask(&json!({})).to_string()).send().await.unwrap();
    assert_eq!(unsigned.status().as_u16(), 403);
    let desk = desk(&site, ACCOUNT);
    let refused = site.token_signed_for(&desk, "sts", &ask(&json!({}))).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
}
