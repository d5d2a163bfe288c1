//! An account as a whole: its password policy, its alias, its numbers, and its credential report.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::call::{Call, Operation, refused};
use super::login_profiles::flag;
use super::paging::Page;
use crate::http::query::{Answer, Constraints, Element, QueryError};
use crate::iam::{AccountAlias, CharacterKind, PasswordPolicy};
use crate::policy::Keys;

pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "UpdateAccountPasswordPolicy" => update_account_password_policy,
        "GetAccountPasswordPolicy" => get_account_password_policy,
        "DeleteAccountPasswordPolicy" => delete_account_password_policy,
        "CreateAccountAlias" => create_account_alias,
        "DeleteAccountAlias" => delete_account_alias,
        "ListAccountAliases" => list_account_aliases,
        "GetAccountSummary" => get_account_summary,
        "GenerateCredentialReport" => generate_credential_report,
        "GetCredentialReport" => get_credential_report,
        _ => return None,
    })
}

const KINDS: [(&str, CharacterKind); 4] = [
    ("RequireSymbols", CharacterKind::Symbol),
    ("RequireNumbers", CharacterKind::Number),
    ("RequireUppercaseCharacters", CharacterKind::Uppercase),
    ("RequireLowercaseCharacters", CharacterKind::Lowercase),
];

fn update_account_password_policy(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let length = constraints.whole_number(call.query, "MinimumPasswordLength", 6, 128);
    let age = constraints.whole_number(call.query, "MaxPasswordAge", 1, 1095);
    let reuse = constraints.whole_number(call.query, "PasswordReusePrevention", 1, 24);
    let mut policy = PasswordPolicy::default();
    for (name, kind) in KINDS {
        if flag(call, name, &mut constraints) == Some(true) {
            policy = policy.requiring(kind);
        }
    }
    if flag(call, "AllowUsersToChangePassword", &mut constraints) == Some(true) {
        policy = policy.letting_users_change();
    }
    if flag(call, "HardExpiry", &mut constraints) == Some(true) {
        policy = policy.with_hard_expiry();
    }
    constraints.finish()?;
    if let Some(length) = length {
        policy = policy.with_minimum_length(length).map_err(refused)?;
    }
    if let Some(days) = age {
        policy = policy.with_max_age(days).map_err(refused)?;
    }
    if let Some(count) = reuse {
        policy = policy.with_reuse_prevention(count).map_err(refused)?;
    }
    authorize(call, "iam:UpdateAccountPasswordPolicy")?;
    call.update(|account, _| {
        account.update_password_policy(policy);
        Ok(())
    })?;
    Ok(Answer::done("UpdateAccountPasswordPolicy"))
}

fn get_account_password_policy(call: &Call<'_>) -> Result<Answer, QueryError> {
    authorize(call, "iam:GetAccountPasswordPolicy")?;
    let account = call.own_account()?;
    let policy = account.password_policy().map_err(refused)?;
    let mut elements = vec![Element::number("MinimumPasswordLength", policy.minimum_length())];
    elements.extend(KINDS.map(|(name, kind)| Element::Flag(name, policy.requires(kind))));
    elements.push(Element::Flag("AllowUsersToChangePassword", policy.users_may_change()));
    elements.push(Element::Flag("ExpirePasswords", policy.max_age_days().is_some()));
    elements.extend(policy.max_age_days().map(|days| Element::number("MaxPasswordAge", days)));
    let reuse = policy.reuse_prevention().map(|count| Element::number("PasswordReusePrevention", count));
    elements.extend(reuse);
    elements.push(Element::Flag("HardExpiry", policy.hard_expiry()));
    Ok(Answer::new("GetAccountPasswordPolicy", vec![Element::Group("PasswordPolicy", elements)]))
}

fn delete_account_password_policy(call: &Call<'_>) -> Result<Answer, QueryError> {
    authorize(call, "iam:DeleteAccountPasswordPolicy")?;
    call.update(|account, _| account.delete_password_policy())?;
    Ok(Answer::done("DeleteAccountPasswordPolicy"))
}

fn create_account_alias(call: &Call<'_>) -> Result<Answer, QueryError> {
    let alias = alias(call)?;
    authorize(call, "iam:CreateAccountAlias")?;
    call.update(|account, _| {
        account.create_alias(alias);
        Ok(())
    })?;
    Ok(Answer::done("CreateAccountAlias"))
}

fn delete_account_alias(call: &Call<'_>) -> Result<Answer, QueryError> {
    let alias = alias(call)?;
    authorize(call, "iam:DeleteAccountAlias")?;
    call.update(|account, _| account.delete_alias(&alias))?;
    Ok(Answer::done("DeleteAccountAlias"))
}

fn alias(call: &Call<'_>) -> Result<AccountAlias, QueryError> {
    let mut constraints = Constraints::default();
    let text = constraints.required(call.query, "AccountAlias", (3, 63));
    let alias = text.parse();
    if alias.is_err() {
        constraints.pattern("AccountAlias", Some(text), "^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$");
    }
    constraints.finish()?;
    alias.map_err(refused)
}

fn list_account_aliases(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let page = Page::read(call.query, &mut constraints);
    constraints.finish()?;
    authorize(call, "iam:ListAccountAliases")?;
    let account = call.own_account()?;
    let (aliases, told) = page.of(account.alias.iter(), |alias| alias.to_string())?;
    let mut result = vec![Element::texts("AccountAliases", aliases.into_iter().map(AccountAlias::as_str))];
    result.extend(told);
    Ok(Answer::new("ListAccountAliases", result))
}

fn get_account_summary(call: &Call<'_>) -> Result<Answer, QueryError> {
    authorize(call, "iam:GetAccountSummary")?;
    let mut numbers = call.own_account()?.summary(call.registry().limits());
    // Those that are configured with the service are listed in every account.
    let configured = call.iam.broker.saml_providers().count().saturating_add(call.iam.broker.oidc_providers().count());
    for (_, number) in numbers.iter_mut().filter(|(name, _)| *name == "Providers") {
        *number = number.saturating_add(configured);
    }
    let numbers = numbers.into_iter().map(|(name, number)| (name, Element::number("value", number)));
    Ok(Answer::new("GetAccountSummary", vec![Element::map("SummaryMap", numbers)]))
}

fn generate_credential_report(call: &Call<'_>) -> Result<Answer, QueryError> {
    authorize(call, "iam:GenerateCredentialReport")?;
    let now = call.now();
    call.update(|account, _| {
        account.generate_credential_report(now);
        Ok(())
    })?;
    Ok(Answer::new("GenerateCredentialReport", vec![Element::text("State", "COMPLETE")]))
}

fn get_credential_report(call: &Call<'_>) -> Result<Answer, QueryError> {
    authorize(call, "iam:GetCredentialReport")?;
    let account = call.own_account()?;
    let report = account.credential_report(call.now()).map_err(refused)?;
    let elements = vec![
        Element::text("Content", STANDARD.encode(&report.csv)),
        Element::text("ReportFormat", "text/csv"),
        Element::Instant("GeneratedTime", report.generated),
    ];
    Ok(Answer::new("GetCredentialReport", elements))
}

/// Operations on the account itself have no resource: policies allow them on `*`.
fn authorize(call: &Call<'_>, action: &str) -> Result<(), QueryError> {
    call.authorize(action, "*", &Keys::new())
}
