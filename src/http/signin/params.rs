//! Query strings and forms in which every name occurs once.

use std::collections::BTreeMap;

/// The most parameters of one message.
const LIMIT: usize = 32;

/// The parameters of one message, each name once.
#[derive(Debug)]
pub(in crate::http) struct Params(BTreeMap<String, String>);

/// Why a message's parameters were not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(in crate::http) enum ParamsError {
    /// One name occurs twice, and which of the two counts would be the sender's choice.
    #[error("a parameter was sent twice")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// There are more parameters than any message of ours has.
    #[error("too many parameters were sent")]
    TooMany,
    /// A parameter that must be there is not.
    #[error("a parameter is missing")]
    Missing {
        /// The name.
        name: &'static str,
    },
}

impl Params {
    /// Reads `application/x-www-form-urlencoded` text, already bounded by its caller.
    pub(in crate::http) fn parse(text: &[u8]) -> Result<Self, ParamsError> {
        let mut params = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text) {
            if params.len() >= LIMIT {
                return Err(ParamsError::TooMany);
            }
            if let Some((name, _)) = params.remove_entry(name.as_ref()) {
                return Err(ParamsError::Duplicate { name });
            }
            params.insert(name.into_owned(), value.into_owned());
        }
        Ok(Self(params))
    }

    /// The value of `name`, if it was sent.
    pub(in crate::http) fn optional(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of `name`.
    pub(in crate::http) fn required(&self, name: &'static str) -> Result<&str, ParamsError> {
        self.optional(name).ok_or(ParamsError::Missing { name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_sent_twice_is_refused_even_when_both_agree() {
        let refused = Params::parse(b"state=a&code=b&state=a").unwrap_err();
        assert_eq!(refused, ParamsError::Duplicate { name: "state".to_owned() });
    }

    #[test]
    fn escapes_are_read_before_names_are_compared() {
        let refused = Params::parse(b"state=a&st%61te=b").unwrap_err();
        assert_eq!(refused, ParamsError::Duplicate { name: "state".to_owned() });
        let params = Params::parse(b"q=cat+photos&x=%2Fportal").unwrap();
        assert_eq!((params.optional("q"), params.required("x")), (Some("cat photos"), Ok("/portal")));
        assert_eq!(params.required("state"), Err(ParamsError::Missing { name: "state" }));
    }

    #[test]
    fn a_flood_of_parameters_is_refused() {
        let flood: Vec<String> = (0..=LIMIT).map(|n| format!("p{n}=")).collect();
        assert_eq!(Params::parse(flood.join("&").as_bytes()).unwrap_err(), ParamsError::TooMany);
    }
}
