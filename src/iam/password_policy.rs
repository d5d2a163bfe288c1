//! What an account asks of its users' passwords.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use super::{Account, Entity, IamError};

/// Characters that count as symbols.
const SYMBOLS: &str = "!@#$%^&*()_+-=[]{}|'";
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A password as its user typed it; wiped when dropped, never printed.
pub struct Password(Zeroizing<String>);

impl Password {
    /// The most characters of a password.
    pub const MAX_LENGTH: usize = 128;

    /// Takes 1 to 128 characters from tab, line feed, carriage return and U+0020 to U+00FF.
    ///
    /// # Errors
    /// [`IamError::InvalidInput`].
    pub fn new(text: String) -> Result<Self, IamError> {
        let text = Zeroizing::new(text);
        let allowed = |character: char| matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{FF}');
        match (1..=Self::MAX_LENGTH).contains(&text.chars().count()) && text.chars().all(allowed) {
            true => Ok(Self(text)),
            false => Err(IamError::InvalidInput { parameter: "password", expected: "1 to 128 characters of Latin-1" }),
        }
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    fn has(&self, kind: CharacterKind) -> bool {
        self.0.chars().any(|character| match kind {
            CharacterKind::Lowercase => character.is_ascii_lowercase(),
            CharacterKind::Uppercase => character.is_ascii_uppercase(),
            CharacterKind::Number => character.is_ascii_digit(),
            CharacterKind::Symbol => SYMBOLS.contains(character),
        })
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(redacted)")
    }
}

/// Kinds of characters that a password may have to contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "the protocol has these four")]
pub enum CharacterKind {
    /// `a` to `z`
    Lowercase,
    /// `A` to `Z`
    Uppercase,
    /// `0` to `9`
    Number,
    /// One of `! @ # $ % ^ & * ( ) _ + - = [ ] { } | '`
    Symbol,
}

impl CharacterKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Lowercase, Self::Uppercase, Self::Number, Self::Symbol];
}

/// What an account asks of passwords (UpdateAccountPasswordPolicy); the default is what it asks when nothing is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    minimum_length: u32,
    required: BTreeSet<CharacterKind>,
    max_age_days: Option<u32>,
    reuse_prevention: Option<u32>,
    users_may_change: bool,
    hard_expiry: bool,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            minimum_length: 6,
            required: BTreeSet::new(),
            max_age_days: None,
            reuse_prevention: None,
            users_may_change: false,
            hard_expiry: false,
        }
    }
}

impl PasswordPolicy {
    /// Asks for at least so many characters, 6 to 128.
    ///
    /// # Errors
    /// [`IamError::InvalidInput`].
    pub fn with_minimum_length(mut self, characters: u32) -> Result<Self, IamError> {
        self.minimum_length = within(characters, 6, 128, "minimumPasswordLength", "6 to 128 characters")?;
        Ok(self)
    }

    /// Asks for a character of this kind.
    #[must_use]
    pub fn requiring(mut self, kind: CharacterKind) -> Self {
        self.required.insert(kind);
        self
    }

    /// Lets passwords expire after so many days, 1 to 1,095.
    ///
    /// # Errors
    /// [`IamError::InvalidInput`].
    pub fn with_max_age(mut self, days: u32) -> Result<Self, IamError> {
        self.max_age_days = Some(within(days, 1, 1095, "maxPasswordAge", "1 to 1095 days")?);
        Ok(self)
    }

    /// Refuses the last so many passwords of a user, 1 to 24.
    ///
    /// # Errors
    /// [`IamError::InvalidInput`].
    pub fn with_reuse_prevention(mut self, passwords: u32) -> Result<Self, IamError> {
        self.reuse_prevention = Some(within(passwords, 1, 24, "passwordReusePrevention", "1 to 24 passwords")?);
        Ok(self)
    }

    /// Lets every user change the password of their own, whatever their policies do not allow.
    #[must_use]
    pub const fn letting_users_change(mut self) -> Self {
        self.users_may_change = true;
        self
    }

    /// Leaves it to an administrator to replace a password that has expired.
    #[must_use]
    pub const fn with_hard_expiry(mut self) -> Self {
        self.hard_expiry = true;
        self
    }

    /// The fewest characters.
    #[must_use]
    pub const fn minimum_length(&self) -> u32 {
        self.minimum_length
    }

    /// Whether a character of this kind is asked for.
    #[must_use]
    pub fn requires(&self, kind: CharacterKind) -> bool {
        self.required.contains(&kind)
    }

    /// After how many days passwords expire, if they do.
    #[must_use]
    pub const fn max_age_days(&self) -> Option<u32> {
        self.max_age_days
    }

    /// The same as a duration.
    pub(super) fn max_age(&self) -> Option<Duration> {
        self.max_age_days.map(|days| DAY.saturating_mul(days))
    }

    /// How many earlier passwords are refused, if any.
    #[must_use]
    pub const fn reuse_prevention(&self) -> Option<u32> {
        self.reuse_prevention
    }

    /// Whether every user may change the password of their own.
    #[must_use]
    pub const fn users_may_change(&self) -> bool {
        self.users_may_change
    }

    /// Whether an expired password is for an administrator to replace.
    #[must_use]
    pub const fn hard_expiry(&self) -> bool {
        self.hard_expiry
    }
}

impl Account {
    /// The password policy (GetAccountPasswordPolicy).
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`] when none was set.
    pub fn password_policy(&self) -> Result<&PasswordPolicy, IamError> {
        self.password_policy.as_ref().ok_or_else(|| IamError::missing(Entity::PasswordPolicy, self.id.as_str()))
    }

    /// Sets the password policy, of which nothing before it is kept (UpdateAccountPasswordPolicy).
    pub fn update_password_policy(&mut self, policy: PasswordPolicy) {
        self.password_policy = Some(policy);
    }

    /// Goes back to what is asked where no policy was set (DeleteAccountPasswordPolicy).
    ///
    /// # Errors
    /// [`IamError::NoSuchEntity`] when none was set.
    pub fn delete_password_policy(&mut self) -> Result<(), IamError> {
        self.password_policy.take().map(drop).ok_or(IamError::NoPasswordPolicy)
    }

    /// Refuses a password that is not what the account asks for. Where no policy was set that is eight characters of three
    /// kinds, and another word than the user's name.
    pub(super) fn accept_password(&self, user: &str, password: &Password) -> Result<(), IamError> {
        let length = password.expose().chars().count();
        let kinds = CharacterKind::ALL.into_iter().filter(|kind| password.has(*kind));
        let rule = match &self.password_policy {
            None if length < 8 => Some("it has fewer than 8 characters"),
            None if kinds.count() < 3 => Some("it has characters of fewer than three kinds"),
            None if password.expose().eq_ignore_ascii_case(user) => Some("it is the name of the user"),
            None => None,
            Some(policy) if !u32::try_from(length).is_ok_and(|length| length >= policy.minimum_length) => {
                Some("it is shorter than the policy asks for")
            }
            Some(policy) if !policy.required.iter().all(|kind| password.has(*kind)) => {
                Some("it lacks a kind of character that the policy asks for")
            }
            Some(_) => None,
        };
        rule.map_or(Ok(()), |rule| Err(IamError::PasswordPolicyViolation { rule }))
    }
}

fn within(
    number: u32,
    least: u32,
    most: u32,
    parameter: &'static str,
    expected: &'static str,
) -> Result<u32, IamError> {
    match (least..=most).contains(&number) {
        true => Ok(number),
        false => Err(IamError::InvalidInput { parameter, expected }),
    }
}
