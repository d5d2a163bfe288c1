//! What is wrong with the parameters of a call, in the words that clients know.

use super::{Query, QueryError};

/// Collects what is wrong with the parameters of one call, so that all of it is reported at once.
#[derive(Debug, Default)]
pub(in crate::http) struct Constraints {
    broken: Vec<String>,
    /// Whether messages repeat what was given, as those of STS do; those of IAM name the parameter alone.
    repeats: bool,
    /// What is said when no constraint is broken: the service model knows nothing of it.
    otherwise: Option<String>,
}

impl Constraints {
    /// Constraints whose messages repeat what was given, except secrets.
    pub(in crate::http) fn repeating() -> Self {
        Self { repeats: true, ..Self::default() }
    }

    /// Notes that `value` of `parameter` breaks `constraint`.
    pub(in crate::http) fn broken(&mut self, parameter: &str, value: Option<&str>, constraint: &str) {
        let shown = match value {
            Some(_) if !self.repeats || is_secret(parameter) => String::new(),
            Some(value) => format!(" '{}'", excerpt(value)),
            None => " null".to_owned(),
        };
        self.broken
            .push(format!("Value{shown} at '{parameter}' failed to satisfy constraint: Member must {constraint}"));
    }

    /// The value of a required parameter, `""` when it is missing (which is noted).
    pub(in crate::http) fn required<'a>(&mut self, query: &'a Query, name: &str, limits: (usize, usize)) -> &'a str {
        let value = query.value(name);
        if value.is_none() {
            self.broken(&camel(name), None, "not be null");
        }
        self.length(name, value, limits);
        value.unwrap_or_default()
    }

    /// Notes that a required parameter is missing, where its value is held to something by others.
    pub(in crate::http) fn not_null(&mut self, query: &Query, name: &str) {
        if query.value(name).is_none() {
            self.broken(&camel(name), None, "not be null");
        }
    }

    /// Notes a member of a structure, at `place`, that is missing or outside `limits` (least and most characters).
    pub(in crate::http) fn member(&mut self, place: &str, value: Option<&str>, limits: (usize, usize)) {
        if value.is_none() {
            self.broken(place, None, "not be null");
        }
        self.length(place, value, limits);
    }

    /// Notes a value outside `limits` (least and most characters).
    pub(in crate::http) fn length(&mut self, name: &str, value: Option<&str>, (least, most): (usize, usize)) {
        let Some(value) = value else { return };
        let length = value.chars().count();
        if length < least {
            let constraint = format!("have length greater than or equal to {least}");
            self.broken(&camel(name), Some(value), &constraint);
        } else if length > most {
            let constraint = format!("have length less than or equal to {most}");
            self.broken(&camel(name), Some(value), &constraint);
        }
    }

    /// Notes that `value` of `parameter` does not have the form that the service model writes as `pattern`.
    pub(in crate::http) fn pattern(&mut self, parameter: &str, value: Option<&str>, pattern: &str) {
        self.broken(&camel(parameter), value, &format!("satisfy regular expression pattern: {pattern}"));
    }

    /// Notes a value with a character outside of `pattern`, which allows ASCII letters, digits, `_` and `signs`.
    pub(in crate::http) fn word(&mut self, parameter: &str, value: Option<&str>, signs: &str, pattern: &str) {
        let allowed =
            |character: char| character.is_ascii_alphanumeric() || character == '_' || signs.contains(character);
        if value.is_some_and(|value| !value.chars().all(allowed)) {
            self.pattern(parameter, value, pattern);
        }
    }

    /// Notes what does not fit the tag that is the `number`th of `tags`, and what it lacks.
    pub(in crate::http) fn tag(&mut self, number: usize, key: Option<&str>, value: Option<&str>) {
        let (of_key, of_value) = (format!("tags.{number}.member.key"), format!("tags.{number}.member.value"));
        match key {
            Some(key) => self.tag_key(&of_key, key),
            None => self.broken(&of_key, None, "not be null"),
        }
        match value {
            Some(value) => self.tag_value(&of_value, value),
            None => self.broken(&of_value, None, "not be null"),
        }
    }

    /// Notes what does not fit a tag's key at `place`.
    fn tag_key(&mut self, place: &str, key: &str) {
        self.length(place, Some(key), (1, 128));
        if !key.chars().all(is_of_tag) {
            self.pattern(place, Some(key), "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+");
        }
    }

    /// Notes what does not fit a tag's value at `place`.
    fn tag_value(&mut self, place: &str, value: &str) {
        self.length(place, Some(value), (0, 256));
        if !value.chars().all(is_of_tag) {
            self.pattern(place, Some(value), "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*");
        }
    }

    /// Notes keys of tags of which one does not fit.
    pub(in crate::http) fn tag_keys(&mut self, name: &str, keys: &[&str]) {
        let fits = |key: &str| (1..=128).contains(&key.chars().count()) && key.chars().all(is_of_tag);
        let rules = [
            "have length less than or equal to 128",
            "have length greater than or equal to 1",
            "satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+",
            "not be null",
        ];
        self.members(name, keys, fits, &rules);
    }

    /// Notes a list of which a member breaks one of `rules`, which are told together.
    pub(in crate::http) fn members(&mut self, name: &str, list: &[&str], fits: impl Fn(&str) -> bool, rules: &[&str]) {
        if let Some(wrong) = list.iter().find(|member| !fits(member)) {
            let rules: Vec<_> = rules.iter().map(|rule| format!("Member must {rule}")).collect();
            self.broken(&camel(name), Some(wrong), &format!("satisfy constraint: [{}]", rules.join(", ")));
        }
    }

    /// Notes that a required list is missing.
    pub(in crate::http) fn at_least_one(&mut self, query: &Query, name: &str) {
        if query.any_of(name).is_none() {
            self.broken(&camel(name), None, "not be null");
        }
    }

    /// Notes a list of more than `most`.
    pub(in crate::http) fn at_most(&mut self, name: &str, list: &[&str], most: usize) {
        if list.len() > most {
            let shown = format!("[{}]", list.join(", "));
            self.broken(&camel(name), Some(&shown), &format!("have length less than or equal to {most}"));
        }
    }

    /// One of `values`, if the parameter was given. Which they are is told where messages repeat what was given.
    pub(in crate::http) fn one_of<'a>(&mut self, query: &'a Query, name: &str, values: &[&str]) -> Option<&'a str> {
        let value = query.value(name)?;
        if values.contains(&value) {
            return Some(value);
        }
        let told = if self.repeats { format!(": [{}]", values.join(", ")) } else { String::new() };
        self.broken(&camel(name), Some(value), &format!("satisfy enum value set{told}"));
        None
    }

    /// A number of seconds between `least` and `most`, if the parameter was given.
    pub(in crate::http) fn seconds(&mut self, query: &Query, name: &str, least: u32, most: u32) -> Option<u32> {
        self.number(query, name, (least, most), "be a whole number of seconds")
    }

    /// A whole number between `least` and `most`, if the parameter was given.
    pub(in crate::http) fn whole_number(&mut self, query: &Query, name: &str, least: u32, most: u32) -> Option<u32> {
        self.number(query, name, (least, most), "be a whole number")
    }

    fn number(&mut self, query: &Query, name: &str, (least, most): (u32, u32), otherwise: &str) -> Option<u32> {
        let text = query.value(name)?;
        let Ok(number) = text.parse::<i64>() else {
            self.broken(&camel(name), Some(text), otherwise);
            return None;
        };
        if number < i64::from(least) {
            let constraint = format!("have value greater than or equal to {least}");
            self.broken(&camel(name), Some(text), &constraint);
        } else if number > i64::from(most) {
            let constraint = format!("have value less than or equal to {most}");
            self.broken(&camel(name), Some(text), &constraint);
        }
        u32::try_from(number).ok()
    }

    /// Notes what is wrong with a parameter of the right length, in a sentence of its own.
    pub(in crate::http) fn otherwise(&mut self, sentence: String) {
        self.otherwise.get_or_insert(sentence);
    }

    /// Everything noted, as the one error that the protocol has for it.
    pub(in crate::http) fn finish(self) -> Result<(), QueryError> {
        let count = self.broken.len();
        if count == 0 {
            return self.otherwise.map_or(Ok(()), |sentence| Err(QueryError::validation(sentence)));
        }
        let errors = if count == 1 { "error" } else { "errors" };
        Err(QueryError::validation(format!("{count} validation {errors} detected: {}", self.broken.join("; "))))
    }
}

/// Letters, separators and numbers of any script, and a few signs.
fn is_of_tag(character: char) -> bool {
    character.is_alphanumeric()
        || (character.is_whitespace() && !character.is_control())
        || "_.:/=+-@".contains(character)
}

/// Whether a parameter holds what messages must not repeat, nor the audit trail keep: a code with a slip in it is most of a
/// code.
fn is_secret(parameter: &str) -> bool {
    let name = parameter.to_ascii_lowercase();
    // How long a token is to be is no secret.
    !name.ends_with("size")
        && ["password", "code", "token", "assertion", "secret"].into_iter().any(|part| name.contains(part))
}

/// Parameter names as constraint messages write them: `RoleArn` is `roleArn`, `SAMLAssertion` is `sAMLAssertion`.
fn camel(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + characters.as_str())
}

/// The first characters of an untrusted value: an assertion may be 100,000 characters long.
fn excerpt(value: &str) -> String {
    value.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_broken_constraint_is_reported_at_once() {
        let query = Query::parse(b"RoleArn=short&DurationSeconds=1", 8).unwrap();
        let mut constraints = Constraints::repeating();
        constraints.required(&query, "RoleArn", (20, 2048));
        constraints.required(&query, "RoleSessionName", (2, 64));
        constraints.seconds(&query, "DurationSeconds", 900, 43_200);
        let message = constraints.finish().unwrap_err().to_string();
        assert!(message.starts_with("3 validation errors detected: Value 'short' at 'roleArn'"), "{message}");
        assert!(
            message.contains("Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null")
        );
        assert!(message.contains("Value '1' at 'durationSeconds'"));
    }

    #[test]
    fn codes_and_tokens_are_not_repeated() {
        for name in ["AuthenticationCode1", "TokenCode", "NewPassword", "WebIdentityToken", "SAMLAssertion"] {
            let query = Query::parse(format!("{name}=hunter2").as_bytes(), 8).unwrap();
            let mut constraints = Constraints::repeating();
            constraints.required(&query, name, (1, 6));
            let message = constraints.finish().unwrap_err().to_string();
            assert!(!message.contains("hunter2"), "{message}");
            assert!(message.contains(&format!("Value at '{}'", camel(name))), "{message}");
        }
    }
}
