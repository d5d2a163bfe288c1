//! What one sign-in asks of the provider beside what every one does (OpenID Connect Core, 3.1.2.1).

use super::form::Form;

/// The longest hint that is passed on, in bytes; people type it.
const MAX_LOGIN_HINT_LENGTH: usize = 256;

/// What the provider should ask of the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Prompt {
    /// `none`: nothing; it answers with an error when it would have to.
    None,
    /// `login`: who they are, again.
    Login,
    /// `consent`: whether they agree.
    Consent,
    /// `select_account`: which of their accounts.
    SelectAccount,
}

impl Prompt {
    const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
        }
    }
}

/// The wishes of one sign-in; none of them is more than a wish, which the ID token need not fulfil.
#[derive(Clone, Debug, Default)]
pub struct BeginSignIn {
    login_hint: Option<String>,
    prompt: Option<Prompt>,
    acr_values: Vec<String>,
    scopes: Vec<String>,
}

impl BeginSignIn {
    /// No wishes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells the provider who probably signs in, such as an e-mail address; more than 256 bytes are no hint and left out.
    #[must_use]
    pub fn with_login_hint(mut self, login_hint: impl Into<String>) -> Self {
        let login_hint = login_hint.into();
        let is_hint = (1..=MAX_LOGIN_HINT_LENGTH).contains(&login_hint.len()) && !login_hint.contains(char::is_control);
        self.login_hint = is_hint.then_some(login_hint);
        self
    }

    /// Tells the provider what to ask of the person.
    #[must_use]
    pub const fn with_prompt(mut self, prompt: Prompt) -> Self {
        self.prompt = Some(prompt);
        self
    }

    /// Asks for one of these authentication context classes, the best first; look at `acr` of the identity for the outcome.
    #[must_use]
    pub fn with_acr_values<S: Into<String>>(mut self, acr_values: impl IntoIterator<Item = S>) -> Self {
        self.acr_values.extend(acr_values.into_iter().map(Into::into));
        self
    }

    /// Asks for these scopes beside those of the relying party.
    #[must_use]
    pub fn with_scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// Adds these wishes to an authorization request.
    pub(super) fn ask(&self, form: &mut Form, scopes: &[String]) {
        let mut all = vec!["openid"];
        for scope in scopes.iter().chain(&self.scopes) {
            if !all.contains(&scope.as_str()) {
                all.push(scope);
            }
        }
        form.set("scope", &all.join(" "));
        form.set_some("login_hint", self.login_hint.as_deref());
        form.set_some("prompt", self.prompt.map(Prompt::name));
        if !self.acr_values.is_empty() {
            form.set("acr_values", &self.acr_values.join(" "));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_become_parameters_and_each_scope_is_asked_for_once() {
        let mut form = Form::default();
        let wishes = BeginSignIn::new()
            .with_login_hint("martha@example.com")
            .with_prompt(Prompt::SelectAccount)
            .with_acr_values(["phr", "mfa"])
            .with_scopes(["offline_access", "openid", "email"]);
        wishes.ask(&mut form, &["email".to_owned()]);
        assert_eq!(
            form.encoded(),
            "scope=openid+email+offline_access&login_hint=martha%40example.com&prompt=select_account&acr_values=phr+mfa"
        );
    }

    #[test]
    fn hints_that_nobody_types_are_left_out() {
        for hint in [String::new(), "x".repeat(257), "a\nb".to_owned()] {
            let mut form = Form::default();
            BeginSignIn::new().with_login_hint(hint).ask(&mut form, &[]);
            assert_eq!(form.encoded(), "scope=openid");
        }
    }
}
