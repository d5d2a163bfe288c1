//! An account as a whole: alias, numbers, and the credential report.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::site::{Site, refusal};

#[tokio::test]
async fn an_account_has_one_alias() {
    let site = Site::start().await;
    assert!(site.done("ListAccountAliases", &[]).await.body.contains("<AccountAliases></AccountAliases>"));
    for alias in ["cat-photos", "dog-photos"] {
        site.done("CreateAccountAlias", &[("AccountAlias", alias)]).await;
    }
    let listed = site.done("ListAccountAliases", &[]).await;
    assert!(listed.body.contains("<AccountAliases><member>dog-photos</member></AccountAliases>"), "{}", listed.body);
    assert_eq!(site.refused("DeleteAccountAlias", &[("AccountAlias", "cat-photos")]).await.1, "NoSuchEntity");
    site.done("DeleteAccountAlias", &[("AccountAlias", "dog-photos")]).await;
    assert_eq!(site.refused("CreateAccountAlias", &[("AccountAlias", "Not-An-Alias")]).await.1, "ValidationError");
    let other = "222222222222".parse().unwrap();
    site.broker().registry().open_account(&other);
    let take = |account: &mut daypass::iam::Account, _: &daypass::iam::Limits| {
        account.create_alias("taken".parse()?);
        Ok(())
    };
    site.broker().registry().update(&other, take).unwrap();
    let taken = refusal(409, "EntityAlreadyExists", "The account alias taken already exists.");
    assert_eq!(site.refused("CreateAccountAlias", &[("AccountAlias", "taken")]).await, taken);
}

#[tokio::test]
async fn the_summary_has_every_number_that_clients_know() {
    // The enumeration `summaryKeyType` of the service model.
    const KEYS: &str = "Users UsersQuota Groups GroupsQuota ServerCertificates ServerCertificatesQuota \
        UserPolicySizeQuota GroupPolicySizeQuota GroupsPerUserQuota SigningCertificatesPerUserQuota \
        AccessKeysPerUserQuota MFADevices MFADevicesInUse AccountMFAEnabled AccountAccessKeysPresent \
        AccountPasswordPresent AccountSigningCertificatesPresent AttachedPoliciesPerGroupQuota \
        AttachedPoliciesPerRoleQuota AttachedPoliciesPerUserQuota Policies PoliciesQuota PolicySizeQuota \
        PolicyVersionsInUse PolicyVersionsInUseQuota VersionsPerPolicyQuota GlobalEndpointTokenVersion \
        AssumeRolePolicySizeQuota InstanceProfiles InstanceProfilesQuota Providers RolePolicySizeQuota Roles RolesQuota";
    let site = Site::start().await;
    site.done("CreateUser", &[("UserName", "ana")]).await;
    site.done("CreateVirtualMFADevice", &[("VirtualMFADeviceName", "phone")]).await;
    let summary = site.done("GetAccountSummary", &[]).await;
    for key in KEYS.split_whitespace() {
        assert!(summary.body.contains(&format!("<entry><key>{key}</key><value>")), "{key}");
    }
    assert_eq!(summary.body.matches("<entry>").count(), KEYS.split_whitespace().count());
    for (key, value) in
        [("Users", 1), ("UsersQuota", 5000), ("MFADevices", 1), ("MFADevicesInUse", 0), ("Roles", 1), ("Providers", 1)]
    {
        assert!(summary.body.contains(&format!("<key>{key}</key><value>{value}</value>")), "{key}");
    }
}

#[tokio::test]
async fn a_credential_report_is_made_and_kept_for_four_hours() {
    let site = Site::start().await;
    assert_eq!(site.refused("GetCredentialReport", &[]).await.1, "ReportNotPresent");
    site.done("CreateUser", &[("UserName", "ana,b")]).await;
    site.done("CreateAccessKey", &[("UserName", "ana,b")]).await;
    let made = site.done("GenerateCredentialReport", &[]).await;
    assert_eq!(made.text("State"), Some("COMPLETE"));
    let read = site.done("GetCredentialReport", &[]).await;
    assert_eq!(read.text("ReportFormat"), Some("text/csv"));
    let csv = String::from_utf8(STANDARD.decode(read.text("Content").unwrap()).unwrap()).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 3, "{csv}");
    let columns = lines[0].split(',').count();
    assert!(lines[0].starts_with("user,arn,user_creation_time,password_enabled,"), "{csv}");
    assert!(
        lines[1].starts_with(
            "<root_account>,arn:aws:iam::111111111111:root,1970-01-01T00:00:00+00:00,not_supported,no_information,"
        ),
        "{csv}"
    );
    assert_eq!(lines[1].split(',').count(), columns);
    let ana = "\"ana,b\",\"arn:aws:iam::111111111111:user/ana,b\",2026-01-01T00:00:00+00:00,false,N/A,N/A,N/A,false,true,2026-01-01T00:00:00+00:00,N/A,N/A,N/A,false,N/A,";
    assert!(lines[2].starts_with(ana), "{csv}");
    site.clock().advance(std::time::Duration::from_secs(4 * 3600 + 1));
    let account = site.broker().registry().read().find(&"111111111111".parse().unwrap()).unwrap().clone();
    assert_eq!(account.credential_report(site.broker().now()).unwrap_err().code(), "ReportExpired");
}
