//! Login profiles and the password policy as clients of the query protocol meet them.

use crate::site::{Site, refusal};

#[tokio::test]
async fn a_login_profile_is_made_read_changed_and_deleted() {
    let site = Site::start().await;
    site.done("CreateUser", &[("UserName", "Ana")]).await;
    let profile = [("UserName", "ana"), ("Password", "correct-Horse-1"), ("PasswordResetRequired", "true")];
    let made = site.done("CreateLoginProfile", &profile).await;
    let read = site.done("GetLoginProfile", &[("UserName", "ana")]).await;
    for reply in [made, read] {
        assert_eq!((reply.text("UserName"), reply.text("PasswordResetRequired")), (Some("Ana"), Some("true")));
        assert!(!reply.body.contains("Horse"), "{}", reply.body);
    }
    let exists = refusal(409, "EntityAlreadyExists", "Login Profile for user Ana already exists.");
    assert_eq!(site.refused("CreateLoginProfile", &profile).await, exists);
    site.done("UpdateLoginProfile", &[("UserName", "ana"), ("PasswordResetRequired", "false")]).await;
    let read = site.done("GetLoginProfile", &[("UserName", "ana")]).await;
    assert_eq!(read.text("PasswordResetRequired"), Some("false"));
    site.done("DeleteLoginProfile", &[("UserName", "ana")]).await;
    let gone = refusal(404, "NoSuchEntity", "Login Profile for User Ana cannot be found.");
    for action in ["GetLoginProfile", "DeleteLoginProfile", "UpdateLoginProfile"] {
        assert_eq!(site.refused(action, &[("UserName", "Ana")]).await, gone, "{action}");
    }
}

#[tokio::test]
async fn the_policy_of_the_account_is_kept_and_holds() {
    let site = Site::start().await;
    let none = refusal(404, "NoSuchEntity", "The Password Policy with domain name 111111111111 cannot be found.");
    assert_eq!(site.refused("GetAccountPasswordPolicy", &[]).await, none);
    let asked = [("MinimumPasswordLength", "14"), ("RequireNumbers", "true"), ("MaxPasswordAge", "90")];
    site.done("UpdateAccountPasswordPolicy", &asked).await;
    let read = site.done("GetAccountPasswordPolicy", &[]).await;
    for (element, value) in [
        ("MinimumPasswordLength", "14"),
        ("RequireNumbers", "true"),
        ("RequireSymbols", "false"),
        ("ExpirePasswords", "true"),
        ("MaxPasswordAge", "90"),
        ("AllowUsersToChangePassword", "false"),
        ("HardExpiry", "false"),
    ] {
        assert_eq!(read.text(element), Some(value), "{element}");
    }
    site.done("CreateUser", &[("UserName", "ana")]).await;
    let short = [("UserName", "ana"), ("Password", "short-1")];
    let refused = refusal(400, "PasswordPolicyViolation", "Password does not conform to the account password policy.");
    assert_eq!(site.refused("CreateLoginProfile", &short).await, refused);
    site.done("DeleteAccountPasswordPolicy", &[]).await;
    let gone = refusal(404, "NoSuchEntity", "The account policy with name PasswordPolicy cannot be found.");
    assert_eq!(site.refused("DeleteAccountPasswordPolicy", &[]).await, gone);
    let (_, code, message) = site.refused("UpdateAccountPasswordPolicy", &[("MinimumPasswordLength", "5")]).await;
    assert_eq!(code, "ValidationError", "{message}");
}

#[tokio::test]
async fn a_session_of_a_role_has_no_password_to_change() {
    let site = Site::start().await;
    let asked = [("OldPassword", "correct-Horse-1"), ("NewPassword", "battery-Staple-2")];
    let refused = refusal(400, "InvalidUserType", "Only IAM Users can change their own password");
    assert_eq!(site.refused("ChangePassword", &asked).await, refused);
}

#[tokio::test]
async fn a_password_that_is_none_is_not_repeated() {
    let site = Site::start().await;
    site.done("CreateUser", &[("UserName", "ana")]).await;
    let (_, code, message) = site.refused("CreateLoginProfile", &[("UserName", "ana"), ("Password", "Sécret€1")]).await;
    assert_eq!(code, "ValidationError");
    assert!(!message.contains("cret"), "{message}");
}
