//! What a session carries beside its role: one text each, from the first attribute that has one.

use std::str::FromStr;
use std::time::Duration;

use super::error::MappingError;
use super::source::{Source, Sources};
use crate::session::role::{MAX_SESSION_DURATION, MIN_SESSION_DURATION};

/// Where one text comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ValueOf {
    pub(super) from: Vec<Source>,
    pub(super) transforms: Vec<Transform>,
    pub(super) needed: Needed,
}

/// What becomes of a session for which there is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needed {
    /// It is not made.
    Yes,
    /// It goes without.
    No,
}

/// What is done to a value. Nothing replaces characters that a session name cannot hold: two people would share a name in
/// the audit trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transform {
    /// `martha@example.com` is `martha`; a value without `@` stays as it is.
    LocalPart,
    /// `CORP\martha` is `martha`; a value without `\` stays as it is.
    AccountName,
    /// ASCII letters in lower case.
    LowerCase,
}

impl Transform {
    pub(super) const ALL: [(&'static str, Self); 3] =
        [("local_part", Self::LocalPart), ("account_name", Self::AccountName), ("lower_case", Self::LowerCase)];

    fn apply(self, text: &str) -> String {
        match self {
            Self::LocalPart => text.split_once('@').map_or(text, |(local, _)| local).to_owned(),
            Self::AccountName => text.rsplit_once('\\').map_or(text, |(_, name)| name).to_owned(),
            Self::LowerCase => text.to_ascii_lowercase(),
        }
    }
}

/// A value and the source it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found<'m> {
    pub(super) source: &'m Source,
    pub(super) text: String,
}

impl ValueOf {
    /// The value for `target`.
    ///
    /// # Errors
    /// [`MappingError::Missing`] unless it is optional, [`MappingError::Ambiguous`] when there are several.
    pub(super) fn find<'m>(&'m self, target: &str, sources: &Sources<'m>) -> Result<Option<Found<'m>>, MappingError> {
        for source in &self.from {
            match sources.values(source)?.as_slice() {
                [] => {}
                [value] => {
                    let text = self.transforms.iter().fold((*value).to_owned(), |text, one| one.apply(&text));
                    return Ok(Some(Found { source, text }));
                }
                several => {
                    return Err(MappingError::Ambiguous {
                        target: target.to_owned(),
                        attribute: source.to_string(),
                        values: several.len(),
                    });
                }
            }
        }
        match self.needed {
            Needed::No => Ok(None),
            Needed::Yes => Err(MappingError::Missing {
                target: target.to_owned(),
                attributes: self.from.iter().map(ToString::to_string).collect(),
            }),
        }
    }
}

impl Found<'_> {
    /// The value as what a session carries.
    ///
    /// # Errors
    /// [`MappingError::Form`].
    pub(super) fn parse<T: FromStr>(&self, target: &str, expected: &'static str) -> Result<T, MappingError> {
        self.text.parse().map_err(|_| self.refused(target, expected))
    }

    /// The value as the length of a session.
    ///
    /// # Errors
    /// [`MappingError::Form`].
    pub(super) fn duration(&self, target: &str) -> Result<Duration, MappingError> {
        seconds(self.text.trim()).ok_or_else(|| self.refused(target, DURATION))
    }

    pub(super) fn refused(&self, target: &str, expected: &'static str) -> MappingError {
        MappingError::Form {
            target: target.to_owned(),
            attribute: self.source.to_string(),
            expected,
            found: self.text.chars().take(80).collect(),
        }
    }
}

pub(super) const DURATION: &str = "a whole number of seconds from 900 to 43200";

/// The length of a session, within what any role allows.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let duration = digits.then(|| text.parse().ok()).flatten().map(Duration::from_secs)?;
    (MIN_SESSION_DURATION..=MAX_SESSION_DURATION).contains(&duration).then_some(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transforms_take_parts_and_leave_what_has_none() {
        let apply = |transform: Transform, text: &str| transform.apply(text);
        assert_eq!(apply(Transform::LocalPart, "martha@example.com"), "martha");
        assert_eq!(apply(Transform::LocalPart, "martha"), "martha");
        assert_eq!(apply(Transform::AccountName, "CORP\\martha"), "martha");
        assert_eq!(apply(Transform::AccountName, "martha"), "martha");
        assert_eq!(apply(Transform::LowerCase, "Martha.Ä"), "martha.Ä");
    }

    #[test]
    fn lengths_are_whole_seconds_within_what_any_role_allows() {
        assert_eq!(seconds("900"), Some(Duration::from_secs(900)));
        assert_eq!(seconds("43200"), Some(Duration::from_secs(43_200)));
        for text in ["899", "43201", "+900", "-900", "3600.0", "1h", "", "99999999999999999999"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
