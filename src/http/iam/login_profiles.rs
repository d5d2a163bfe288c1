//! Passwords of users.

use super::call::{Call, Operation, refused};
use super::input::SHORT_NAME;
use super::subject::Subject;
use crate::http::query::{Answer, Constraints, Element, QueryError};
use crate::iam::{Account, IamError, LoginProfile, Password};
use crate::policy::Keys;

pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "CreateLoginProfile" => create_login_profile,
        "GetLoginProfile" => get_login_profile,
        "UpdateLoginProfile" => update_login_profile,
        "DeleteLoginProfile" => delete_login_profile,
        "ChangePassword" => change_password,
        _ => return None,
    })
}

fn create_login_profile(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let password = password(call, "Password", &mut constraints);
    let reset_required = flag(call, "PasswordResetRequired", &mut constraints);
    let subject = Subject::named_or_caller_within(call, SHORT_NAME, constraints)?;
    subject.authorize(call, "iam:CreateLoginProfile", &Keys::new())?;
    let (name, user, password) = (subject.user_name()?, subject.user()?, required(password)?);
    let reset_required = reset_required.unwrap_or(false);
    call.registry().create_login_profile(user, &password, reset_required, call.now()).map_err(refused)?;
    let account = call.own_account()?;
    answer("CreateLoginProfile", &account, name)
}

fn get_login_profile(call: &Call<'_>) -> Result<Answer, QueryError> {
    let subject = Subject::named_or_caller_within(call, SHORT_NAME, Constraints::default())?;
    subject.authorize(call, "iam:GetLoginProfile", &Keys::new())?;
    let account = call.own_account()?;
    answer("GetLoginProfile", &account, subject.user_name()?)
}

fn update_login_profile(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let given = call.query.value("Password").is_some();
    let password = given.then(|| password(call, "Password", &mut constraints));
    let reset_required = flag(call, "PasswordResetRequired", &mut constraints);
    let subject = Subject::named_within(call, SHORT_NAME, constraints)?;
    subject.authorize(call, "iam:UpdateLoginProfile", &Keys::new())?;
    let (user, password) = (subject.user()?, password.map(required).transpose()?);
    call.registry().update_login_profile(user, password.as_ref(), reset_required, call.now()).map_err(refused)?;
    Ok(Answer::done("UpdateLoginProfile"))
}

fn delete_login_profile(call: &Call<'_>) -> Result<Answer, QueryError> {
    let subject = Subject::named_or_caller_within(call, SHORT_NAME, Constraints::default())?;
    subject.authorize(call, "iam:DeleteLoginProfile", &Keys::new())?;
    let name = subject.user_name()?;
    subject.update(call, |account, _| account.delete_login_profile(name))?;
    Ok(Answer::done("DeleteLoginProfile"))
}

fn change_password(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    constraints.not_null(call.query, "OldPassword");
    constraints.not_null(call.query, "NewPassword");
    let old = password(call, "OldPassword", &mut constraints);
    let new = password(call, "NewPassword", &mut constraints);
    constraints.finish()?;
    let identity = call.long_term_identity().ok_or_else(|| refused(IamError::InvalidUserType))?;
    let subject = Subject::caller(call)?;
    // A password policy that lets users change their passwords stands in for a policy that allows it, and never over one
    // that denies it.
    let granted = call.own_account()?.password_policy.as_ref().is_some_and(|policy| policy.users_may_change());
    match granted {
        true => call.authorize_granted("iam:ChangePassword", subject.arn.as_str(), &Keys::new())?,
        false => subject.authorize(call, "iam:ChangePassword", &Keys::new())?,
    }
    let (old, new) = (required(old)?, required(new)?);
    call.registry().change_password(identity, &old, &new, call.now()).map_err(refused)?;
    Ok(Answer::done("ChangePassword"))
}

fn answer(operation: &'static str, account: &Account, user: &str) -> Result<Answer, QueryError> {
    let login: &LoginProfile = account.login_profile(user).map_err(refused)?;
    let name = account.user(user).map_err(refused)?.name.as_str();
    let elements = vec![
        Element::text("UserName", name),
        Element::Instant("CreateDate", login.created),
        Element::Flag("PasswordResetRequired", login.reset_required),
    ];
    Ok(Answer::new(operation, vec![Element::Group("LoginProfile", elements)]))
}

/// A required password; none when it is not one, which is noted without showing it.
fn password(call: &Call<'_>, name: &str, constraints: &mut Constraints) -> Option<Password> {
    let given = call.query.value(name)?;
    constraints.length(name, Some(given), (1, Password::MAX_LENGTH));
    let allowed = |character: char| matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{FF}');
    if !given.chars().all(allowed) {
        constraints.pattern(name, Some(given), "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+");
    }
    Password::new(given.to_owned()).ok()
}

fn required(password: Option<Password>) -> Result<Password, QueryError> {
    password.ok_or_else(|| QueryError::validation("A password is missing."))
}

/// `true` or `false`, if the parameter was given.
pub(super) fn flag(call: &Call<'_>, name: &str, constraints: &mut Constraints) -> Option<bool> {
    constraints.one_of(call.query, name, &["true", "false"]).map(|value| value == "true")
}
