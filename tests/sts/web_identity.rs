//! GetWebIdentityToken: the broker as an OpenID provider.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::site::{ACCOUNT, Reply, Signer, Site, account, allow, trust};

const ISSUER: &str = "https://broker.example/web-identity/111111111111";

async fn enabled() -> (Site, Signer) {
    let site = Site::start().await;
    let enable = |account: &mut daypass::iam::Account, _: &daypass::iam::Limits| account.enable_outbound_web_identity();
    site.broker.registry().update(&account(ACCOUNT), enable).unwrap();
    let martha = site.user(ACCOUNT, "martha", &allow(&["sts:*"]));
    (site, martha)
}

async fn ask(site: &Site, signer: &Signer, more: &[(&str, &str)]) -> Reply {
    let asked = [&[("Audience.member.1", "https://api.example")], more].concat();
    site.sts(signer, "GetWebIdentityToken", &asked).await
}

async fn get(site: &Site, path: &str) -> (u16, Value) {
    let response = reqwest::get(format!("{}{path}", site.url)).await.unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default())
}

#[tokio::test]
async fn an_outside_service_verifies_the_token_by_discovery() {
    let (site, martha) = enabled().await;
    let (status, discovery) = get(&site, "web-identity/111111111111/.well-known/openid-configuration").await;
    assert_eq!((status, &discovery["issuer"]), (200, &json!(ISSUER)));
    assert_eq!(discovery["jwks_uri"], format!("{ISSUER}/.well-known/jwks.json"));
    let (_, jwks) = get(&site, "web-identity/111111111111/.well-known/jwks.json").await;
    assert!(jwks["keys"].as_array().unwrap().iter().all(|key| key.get("d").is_none()));
    let jwks: JwkSet = serde_json::from_value(jwks).unwrap();
    for (name, algorithm) in [("RS256", Algorithm::RS256), ("ES384", Algorithm::ES384)] {
        let tags = [("SigningAlgorithm", name), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "cats")];
        let reply = ask(&site, &martha, &tags).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(reply.text("Expiration"), "2026-01-01T00:05:00Z");
        let token = reply.text("WebIdentityToken");
        let header = jsonwebtoken::decode_header(token).unwrap();
        let key = DecodingKey::from_jwk(jwks.find(header.kid.as_deref().unwrap()).unwrap()).unwrap();
        let mut validation = Validation::new(algorithm);
        validation.validate_exp = false;
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&["https://api.example"]);
        let claims = jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap().claims;
        assert_eq!(claims["sub"], "arn:aws:iam::111111111111:user/martha");
        let about = &claims["https://sts.amazonaws.com/"];
        assert_eq!((&about["aws_account"], &about["org_id"]), (&json!(ACCOUNT), &json!("o-example")));
        assert_eq!(about["request_tags"], json!({"team": "cats"}));
    }
}

#[tokio::test]
async fn a_scope_is_copied_and_a_subject_that_is_not_told_is_refused() {
    let (site, martha) = enabled().await;
    let asked = |more: &'static [(&str, &str)]| [&[("SigningAlgorithm", "ES384")], more].concat();
    let reply = ask(&site, &martha, &asked(&[("Scope", "read:cats write:cats"), ("SubjectMode", "AWSIdentity")])).await;
    let claims = reply.text("WebIdentityToken").split('.').nth(1).unwrap().to_owned();
    let claims: Value = serde_json::from_slice(&base64_url(&claims)).unwrap();
    assert_eq!(claims["scope"], "read:cats write:cats");
    for wrong in [
        &[("Scope", " read")] as &[_],
        &[("Scope", "read  write")],
        &[("Scope", "re\"ad")],
        &[("Scope", "")],
        &[("SubjectMode", "OriginIdentity")],
    ] {
        let refused = ask(&site, &martha, &asked(wrong)).await;
        let (status, code, _) = refused.refusal();
        assert_eq!((status, code), (400, "ValidationError"), "{wrong:?}");
    }
}

fn base64_url(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}

#[tokio::test]
async fn a_token_of_a_role_session_names_the_role_and_never_outlives_the_session() {
    let (site, martha) = enabled().await;
    let role = site.role(ACCOUNT, "job", &trust(ACCOUNT, &["sts:AssumeRole"], &json!({})), &allow(&["sts:*"]));
    let session = site.assume(&martha, &role, &[("DurationSeconds", "900")]).await.credentials();
    assert_eq!(ask(&site, &session, &[("SigningAlgorithm", "ES384"), ("DurationSeconds", "900")]).await.status, 200);
    let refused = ask(&site, &session, &[("SigningAlgorithm", "ES384"), ("DurationSeconds", "901")]).await;
    let (status, code, _) = refused.refusal();
    assert_eq!((status, code), (403, "SessionDurationEscalationException"));
}

#[tokio::test]
async fn an_account_that_did_not_enable_it_gives_out_no_tokens_and_publishes_nothing() {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["*"]));
    let refused = ask(&site, &martha, &[("SigningAlgorithm", "ES384")]).await;
    let (status, code, _) = refused.refusal();
    assert_eq!((status, code), (403, "OutboundWebIdentityFederationDisabledException"));
    for path in ["openid-configuration", "jwks.json"] {
        assert_eq!(get(&site, &format!("web-identity/111111111111/.well-known/{path}")).await.0, 404);
        assert_eq!(get(&site, &format!("web-identity/everyone/.well-known/{path}")).await.0, 404);
    }
    // IAM has the switch.
    let reply = site.iam(&martha, "EnableOutboundWebIdentityFederation", &[]).await;
    assert_eq!(reply.text("IssuerIdentifier"), ISSUER);
    assert_eq!(site.iam(&martha, "EnableOutboundWebIdentityFederation", &[]).await.text("Code"), "FeatureEnabled");
    assert_eq!(site.iam(&martha, "GetOutboundWebIdentityFederationInfo", &[]).await.text("JwtVendingEnabled"), "true");
    assert_eq!(ask(&site, &martha, &[("SigningAlgorithm", "ES384")]).await.status, 200);
    assert_eq!(site.iam(&martha, "DisableOutboundWebIdentityFederation", &[]).await.status, 200);
    let refused = site.iam(&martha, "GetOutboundWebIdentityFederationInfo", &[]).await;
    assert_eq!((refused.status, refused.text("Code")), (404, "FeatureDisabled"));
}

#[tokio::test]
async fn permissions_may_depend_on_audience_and_algorithm_and_tags_need_their_own() {
    let (site, _) = enabled().await;
    let narrow = crate::site::policy(&json!({"Effect": "Allow", "Action": "sts:GetWebIdentityToken", "Resource": "*",
        "Condition": {"ForAllValues:StringEquals": {"sts:IdentityTokenAudience": "https://api.example"},
            "StringEquals": {"sts:SigningAlgorithm": "ES384"}, "NumericLessThanEquals": {"sts:DurationSeconds": "300"}}}));
    let rosa = site.user(ACCOUNT, "rosa", &narrow);
    let es384 = ("SigningAlgorithm", "ES384");
    assert_eq!(ask(&site, &rosa, &[es384]).await.status, 200);
    for more in [
        &[("SigningAlgorithm", "RS256")][..],
        &[es384, ("Audience.member.2", "https://other.example")],
        &[es384, ("DurationSeconds", "301")],
        &[es384, ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "cats")],
    ] {
        assert_eq!(ask(&site, &rosa, more).await.text("Code"), "AccessDenied", "{more:?}");
    }
}

#[tokio::test]
async fn parameters_and_payloads_outside_their_limits_are_refused() {
    let (site, martha) = enabled().await;
    let es384 = ("SigningAlgorithm", "ES384");
    for more in [
        &[("SigningAlgorithm", "none")][..],
        &[("SigningAlgorithm", "HS256")],
        &[],
        &[es384, ("DurationSeconds", "59")],
        &[es384, ("DurationSeconds", "3601")],
    ] {
        assert_eq!(ask(&site, &martha, more).await.text("Code"), "ValidationError", "{more:?}");
    }
    let nobody = site.sts(&martha, "GetWebIdentityToken", &[es384]).await;
    assert_eq!(nobody.text("Code"), "ValidationError");
    let many: Vec<(String, &str)> = (1..=11).map(|n| (format!("Audience.member.{n}"), "x")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), *value)).chain([es384]).collect();
    assert_eq!(site.sts(&martha, "GetWebIdentityToken", &many).await.text("Code"), "ValidationError");
    let value = "x".repeat(256);
    let tags: Vec<(String, String)> = (1..=50)
        .flat_map(|n| {
            [
                (format!("Tags.member.{n}.Key"), format!("{n}{}", "k".repeat(100))),
                (format!("Tags.member.{n}.Value"), value.clone()),
            ]
        })
        .collect();
    let tags: Vec<(&str, &str)> =
        tags.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([es384]).collect();
    let refused = ask(&site, &martha, &tags).await;
    assert_eq!((refused.status, refused.text("Code")), (400, "JWTPayloadSizeExceededException"), "{}", refused.body);
}
