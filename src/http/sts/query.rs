//! Parameters of the query protocol: a form, bounded and with every name given once.

use std::collections::BTreeMap;

use super::StsError;

/// The most parameters of one call; the largest legal call has 50 tags, 50 transitive keys and 10 policies.
const MAX_PARAMETERS: usize = 256;

/// The parameters of one call, by name.
#[derive(Debug)]
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    /// Reads a form-encoded body or query string.
    pub(super) fn parse(text: &[u8]) -> Result<Self, StsError> {
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text) {
            if parameters.len() >= MAX_PARAMETERS {
                return Err(StsError::malformed(format!("a call has at most {MAX_PARAMETERS} parameters")));
            }
            // Which of two values is meant would depend on who reads it.
            if parameters.insert(name.clone().into_owned(), value.into_owned()).is_some() {
                let name: String = name.chars().take(64).collect();
                return Err(StsError::malformed(format!("the parameter {name} is given twice")));
            }
        }
        Ok(Self(parameters))
    }

    /// The value of `name`, if it was given.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of any parameter of the list `name`, however it is written; an empty list may be written `Name=`.
    pub(super) fn any_of(&self, name: &str) -> Option<&str> {
        self.of_list(name).next()
    }

    /// The members of a list, `Name.member.1`, `Name.member.2` … in order; an empty list may be written `Name=`.
    pub(super) fn members<'a>(&'a self, name: &str) -> Result<Vec<&'a str>, StsError> {
        let members = (1..=MAX_PARAMETERS).map_while(|index| self.value(&format!("{name}.member.{index}"))).collect();
        self.whole(name, 1, members)
    }

    /// Pairs of a list of structures, such as `Tags.member.1.Key` with `Tags.member.1.Value`.
    pub(super) fn pairs<'a>(&'a self, name: &str, key: &str, value: &str) -> Result<Vec<(&'a str, &'a str)>, StsError> {
        let field = |index: usize, field: &str| self.value(&format!("{name}.member.{index}.{field}"));
        let pairs = (1..=MAX_PARAMETERS).map_while(|index| field(index, key).zip(field(index, value))).collect();
        self.whole(name, 2, pairs)
    }

    /// Sees that a list was read to its end: what is passed over behind a gap may be what limits a session.
    fn whole<T>(&self, name: &str, fields: usize, members: Vec<T>) -> Result<Vec<T>, StsError> {
        if self.of_list(name).count() == members.len().saturating_mul(fields) {
            return Ok(members);
        }
        Err(StsError::malformed(format!(
            "the members of {name} are not complete, or not numbered from 1 without a gap"
        )))
    }

    fn of_list<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let is_of = move |text: &str| text.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        self.0.iter().filter(move |(text, _)| is_of(text)).map(|(_, value)| value.as_str())
    }
}

/// Collects what is wrong with the parameters of one call, so that all of it is reported at once.
#[derive(Debug, Default)]
pub(super) struct Constraints(Vec<String>);

impl Constraints {
    /// Notes that `value` of `parameter` breaks `constraint`.
    pub(super) fn broken(&mut self, parameter: &str, value: Option<&str>, constraint: &str) {
        let shown = value.map_or_else(|| "null".to_owned(), |value| format!("'{}'", excerpt(value)));
        self.0.push(format!("Value {shown} at '{parameter}' failed to satisfy constraint: Member must {constraint}"));
    }

    /// The value of a required parameter, `""` when it is missing (which is noted).
    pub(super) fn required<'a>(&mut self, query: &'a Query, name: &str, limits: (usize, usize)) -> &'a str {
        let value = query.value(name).filter(|value| !value.is_empty());
        if value.is_none() {
            self.broken(&camel(name), None, "not be null");
        }
        self.length(name, value, limits);
        value.unwrap_or_default()
    }

    /// Notes a value outside `limits` (least and most characters).
    pub(super) fn length(&mut self, name: &str, value: Option<&str>, (least, most): (usize, usize)) {
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

    /// A number of seconds between `least` and `most`, if the parameter was given.
    pub(super) fn seconds(&mut self, query: &Query, name: &str, least: u32, most: u32) -> Option<u32> {
        let text = query.value(name)?;
        let Ok(seconds) = text.parse::<u32>() else {
            self.broken(&camel(name), Some(text), "be a whole number of seconds");
            return None;
        };
        if seconds < least {
            let constraint = format!("have value greater than or equal to {least}");
            self.broken(&camel(name), Some(text), &constraint);
        } else if seconds > most {
            let constraint = format!("have value less than or equal to {most}");
            self.broken(&camel(name), Some(text), &constraint);
        }
        Some(seconds)
    }

    /// Everything noted, as the one error that the protocol has for it.
    pub(super) fn finish(self) -> Result<(), StsError> {
        let count = self.0.len();
        if count == 0 {
            return Ok(());
        }
        let errors = if count == 1 { "error" } else { "errors" };
        Err(StsError::validation(format!("{count} validation {errors} detected: {}", self.0.join("; "))))
    }
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
    fn lists_are_read_in_order() {
        let query = Query::parse(b"A.member.2=y&A.member.1=x&Tags.member.1.Key=k&Tags.member.1.Value=v").unwrap();
        assert_eq!(query.members("A").unwrap(), ["x", "y"]);
        assert_eq!(query.pairs("Tags", "Key", "Value").unwrap(), [("k", "v")]);
        assert!(Query::parse(b"A=").unwrap().members("A").unwrap().is_empty());
    }

    #[test]
    fn a_list_with_a_gap_is_refused_rather_than_cut_short() {
        for text in ["A.member.1=x&A.member.3=z", "A.member.2=x", "A.1=x", "A.member.1.B=x"] {
            assert!(Query::parse(text.as_bytes()).unwrap().members("A").is_err(), "{text}");
        }
        for text in ["T.member.1.Key=k", "T.member.1.Value=v", "T.member.2.Key=k&T.member.2.Value=v", "T.member.1=k"] {
            assert!(Query::parse(text.as_bytes()).unwrap().pairs("T", "Key", "Value").is_err(), "{text}");
        }
    }

    #[test]
    fn a_parameter_given_twice_is_refused() {
        assert!(Query::parse(b"Action=a&Action=b").is_err());
    }

    #[test]
    fn every_broken_constraint_is_reported_at_once() {
        let query = Query::parse(b"RoleArn=short&DurationSeconds=1").unwrap();
        let mut constraints = Constraints::default();
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
}
