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

    /// The members of a list, `Name.member.1`, `Name.member.2` … in order; an empty list may be written `Name=`.
    pub(super) fn members<'a>(&'a self, name: &str) -> Vec<&'a str> {
        self.numbered(name, "").collect()
    }

    /// Pairs of a list of structures, such as `Tags.member.1.Key` with `Tags.member.1.Value`.
    pub(super) fn pairs<'a>(&'a self, name: &str, key: &str, value: &str) -> Vec<(&'a str, &'a str)> {
        let keys = self.numbered(name, key);
        keys.zip(self.numbered(name, value)).collect()
    }

    fn numbered<'a>(&'a self, name: &str, field: &str) -> impl Iterator<Item = &'a str> {
        let dot = if field.is_empty() { "" } else { "." };
        let names = (1..=MAX_PARAMETERS).map(move |index| format!("{name}.member.{index}{dot}{field}"));
        let values: Vec<&'a str> = names.map_while(|name| self.value(&name)).collect();
        values.into_iter()
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
    fn lists_are_read_in_order_and_end_at_the_first_gap() {
        let query =
            Query::parse(b"A.member.1=x&A.member.2=y&A.member.4=z&Tags.member.1.Key=k&Tags.member.1.Value=v").unwrap();
        assert_eq!(query.members("A"), ["x", "y"]);
        assert_eq!(query.pairs("Tags", "Key", "Value"), [("k", "v")]);
        assert!(Query::parse(b"A=").unwrap().members("A").is_empty());
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
