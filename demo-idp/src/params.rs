//! Query strings and form bodies: bounded, and no name twice.

use std::collections::BTreeMap;

/// The longest query, in bytes; an AuthnRequest by redirect is the longest there is.
pub(crate) const QUERY_MOST: usize = 72 * 1024;
/// The longest form or JSON body, in bytes.
pub(crate) const BODY_MOST: usize = 96 * 1024;
const PAIRS_MOST: usize = 64;

/// Parameters by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params(BTreeMap<String, String>);

/// Why parameters were not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ParamsError {
    #[error("there are more than 64 parameters, or more bytes than any request here needs")]
    TooMany,
    #[error("the parameter {0:?} is there twice")]
    Twice(String),
}

impl Params {
    /// Repeated names are refused: two parsers that pick different ones is how answers get swapped (RFC 6749 section 3.1).
    pub(crate) fn parse(text: &str) -> Result<Self, ParamsError> {
        if text.len() > BODY_MOST {
            return Err(ParamsError::TooMany);
        }
        let mut params = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            if params.len() >= PAIRS_MOST {
                return Err(ParamsError::TooMany);
            }
            if params.contains_key(name.as_ref()) {
                return Err(ParamsError::Twice(name.into_owned()));
            }
            params.insert(name.into_owned(), value.into_owned());
        }
        Ok(Self(params))
    }

    /// A parameter without a value is treated as absent (RFC 6749 section 3.1).
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_twice_is_refused_even_with_one_value() {
        assert_eq!(Params::parse("a=1&b=2&a=1").unwrap_err(), ParamsError::Twice("a".to_owned()));
        assert_eq!(Params::parse("a=%31&b=").unwrap().get("a"), Some("1"));
        assert_eq!(Params::parse("b=").unwrap().get("b"), None);
    }

    #[test]
    fn many_parameters_are_refused() {
        let text: String = (0..65).map(|n| format!("p{n}=1&")).collect();
        assert_eq!(Params::parse(&text).unwrap_err(), ParamsError::TooMany);
        assert_eq!(Params::parse(&"x".repeat(BODY_MOST + 1)).unwrap_err(), ParamsError::TooMany);
    }
}
