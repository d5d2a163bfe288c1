//! A second factor at GetSessionToken and AssumeRole.

use std::time::Duration;

use daypass::iam::KeyOwner;
use serde_json::json;

use crate::authenticator::code;
use crate::site::{ACCOUNT, NOW, Signer, Site, account, allow, trust};

/// Martha with a device; its serial number and seed.
fn with_device(site: &Site, name: &str, permissions: &str) -> (Signer, String, String) {
    let signer = site.user(ACCOUNT, name, permissions);
    let made = site.broker.registry().update(&account(ACCOUNT), |account, limits| {
        let (serial, seed) = account.create_virtual_mfa_device(limits, &name.parse()?, "/".parse()?)?;
        let codes = [&code(seed.expose(), NOW, -1)[..], &code(seed.expose(), NOW, 0)];
        account.enable_mfa_device(limits, &KeyOwner::user(name), serial.as_str(), codes, NOW)?;
        Ok((serial.to_string(), seed.expose().to_owned()))
    });
    let (serial, seed) = made.unwrap();
    (signer, serial, seed)
}

#[tokio::test]
async fn a_session_with_a_second_factor_may_call_iam_and_one_without_may_not() {
    let site = Site::start().await;
    let (martha, serial, seed) = with_device(&site, "martha", &allow(&["*"]));
    let bare = site.sts(&martha, "GetSessionToken", &[]).await.credentials();
    let refused = site.iam(&bare, "ListUsers", &[]).await;
    assert_eq!((refused.status, refused.text("Code")), (403, "AccessDenied"));
    let shown = code(&seed, NOW, 1);
    let asked = [("SerialNumber", serial.as_str()), ("TokenCode", shown.as_str())];
    let session = site.sts(&martha, "GetSessionToken", &asked).await.credentials();
    assert_eq!(site.iam(&session, "ListUsers", &[]).await.status, 200);
}

#[tokio::test]
async fn attack_a_code_that_was_overheard() {
    let site = Site::start().await;
    let (martha, serial, seed) = with_device(&site, "martha", &allow(&["*"]));
    let shown = code(&seed, NOW, 1);
    let asked = [("SerialNumber", serial.as_str()), ("TokenCode", shown.as_str())];
    assert_eq!(site.sts(&martha, "GetSessionToken", &asked).await.status, 200);
    let refused = site.sts(&martha, "GetSessionToken", &asked).await;
    let expected = "MultiFactorAuthentication failed with invalid MFA one time pass code.".to_owned();
    assert_eq!(refused.refusal(), (403, "AccessDenied", expected));
}

#[tokio::test]
async fn attack_the_device_of_somebody_else() {
    let site = Site::start().await;
    let (_, serial, seed) = with_device(&site, "martha", &allow(&["*"]));
    let rosa = site.user(ACCOUNT, "rosa", &allow(&["*"]));
    let shown = code(&seed, NOW, 1);
    let asked = [("SerialNumber", serial.as_str()), ("TokenCode", shown.as_str())];
    let refused = site.sts(&rosa, "GetSessionToken", &asked).await;
    let expected = "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial \
                    number is valid and associated with this user.";
    assert_eq!(refused.refusal(), (403, "AccessDenied", expected.to_owned()));
}

#[tokio::test]
async fn a_role_that_asks_for_a_second_factor_is_taken_with_one() {
    let site = Site::start().await;
    let (martha, serial, seed) = with_device(&site, "martha", &allow(&["sts:*"]));
    let fresh =
        json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}, "NumericLessThan": {"aws:MultiFactorAuthAge": "60"}});
    let role = site.role(ACCOUNT, "guarded", &trust(ACCOUNT, &["sts:AssumeRole"], &fresh), &allow(&["sts:*"]));
    assert_eq!(site.assume(&martha, &role, &[]).await.status, 403);
    let shown = code(&seed, NOW, 1);
    let asked = [("SerialNumber", serial.as_str()), ("TokenCode", shown.as_str())];
    let session = site.assume(&martha, &role, &asked).await.credentials();
    // A role session has no device of its own, and its own factor ages.
    assert_eq!(site.assume(&session, &role, &asked).await.text("Code"), "AccessDenied");
    assert_eq!(site.assume(&session, &role, &[]).await.status, 200);
    site.clock.advance(Duration::from_secs(61));
    assert_eq!(site.assume(&session, &role, &[]).await.status, 403);
}

#[tokio::test]
async fn half_a_second_factor_is_none() {
    let site = Site::start().await;
    let (martha, serial, _) = with_device(&site, "martha", &allow(&["*"]));
    for asked in [
        &[("SerialNumber", serial.as_str())][..],
        &[("TokenCode", "123456")],
        &[("SerialNumber", &serial), ("TokenCode", "12345x")],
    ] {
        let refused = site.sts(&martha, "GetSessionToken", asked).await;
        assert_eq!(refused.text("Code"), "ValidationError", "{asked:?}");
    }
}
