//! Parameters of the query protocol: a form, bounded and with every name given once.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;

use super::QueryError;

/// The parameters of one call, by name.
pub(in crate::http) struct Query(BTreeMap<String, String>);

impl fmt::Debug for Query {
    /// Names alone: values hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Query {
    /// Reads a form-encoded body or query string of at most `most` parameters.
    pub(in crate::http) fn parse(text: &[u8], most: usize) -> Result<Self, QueryError> {
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text) {
            if parameters.len() >= most {
                return Err(QueryError::malformed(format!("a call has at most {most} parameters")));
            }
            // Which of two values is meant would depend on who reads it.
            if parameters.insert(name.clone().into_owned(), value.into_owned()).is_some() {
                let name: String = name.chars().take(64).collect();
                return Err(QueryError::malformed(format!("the parameter {name} is given twice")));
            }
        }
        Ok(Self(parameters))
    }

    /// The value of `name`, if it was given.
    pub(in crate::http) fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of any parameter of the list `name`, however it is written; an empty list may be written `Name=`.
    pub(in crate::http) fn any_of(&self, name: &str) -> Option<&str> {
        self.of_list(name).next()
    }

    /// The members of a list, `Name.member.1`, `Name.member.2` … in order; an empty list may be written `Name=`.
    pub(in crate::http) fn members<'a>(&'a self, name: &str) -> Result<Vec<&'a str>, QueryError> {
        let members = (1..=self.0.len()).map_while(|index| self.value(&format!("{name}.member.{index}"))).collect();
        self.whole(name, 1, members)
    }

    /// One field of a list of structures that have no other, such as `PolicyArns.member.1.arn`.
    pub(in crate::http) fn fields<'a>(&'a self, name: &str, field: &str) -> Result<Vec<&'a str>, QueryError> {
        let field = |index: usize| self.value(&format!("{name}.member.{index}.{field}"));
        let fields = (1..=self.0.len()).map_while(field).collect();
        self.whole(name, 1, fields)
    }

    /// Pairs of a list of structures, such as `Tags.member.1.Key` with `Tags.member.1.Value`.
    pub(in crate::http) fn pairs<'a>(
        &'a self,
        name: &str,
        key: &str,
        value: &str,
    ) -> Result<Vec<(&'a str, &'a str)>, QueryError> {
        let field = |index: usize, field: &str| self.value(&format!("{name}.member.{index}.{field}"));
        let pairs = (1..=self.0.len()).map_while(|index| field(index, key).zip(field(index, value))).collect();
        self.whole(name, 2, pairs)
    }

    /// The members of a list of structures with these fields, of which a member may lack some: what is missing is for the
    /// constraints to say.
    pub(in crate::http) fn records<'a, const N: usize>(
        &'a self,
        name: &str,
        fields: [&str; N],
    ) -> Result<Vec<[Option<&'a str>; N]>, QueryError> {
        let field = |place: &str, field: &str| self.value(&format!("{place}.{field}"));
        let places = self.structures(name)?;
        let records: Vec<_> = places.iter().map(|place| fields.map(|name| field(place, name))).collect();
        if records.iter().flatten().flatten().count() == self.of_list(name).count() {
            return Ok(records);
        }
        Err(QueryError::malformed(format!("the members of {name} have {} and nothing else", fields.join(", "))))
    }

    /// The places of a list of structures, `Name.member.1`, `Name.member.2` …, as far as it goes.
    pub(in crate::http) fn structures(&self, name: &str) -> Result<Vec<String>, QueryError> {
        let places = (1..=self.0.len()).map(|index| format!("{name}.member.{index}"));
        let places: Vec<String> = places.take_while(|place| self.any_of(place).is_some()).collect();
        let read: usize = places.iter().map(|place| self.of_list(place).count()).sum();
        if self.of_list(name).count() == read {
            return Ok(places);
        }
        Err(QueryError::malformed(format!("the members of {name} are not numbered from 1 without a gap")))
    }

    /// Sees that a list was read to its end: what is passed over behind a gap may be what limits a session.
    fn whole<T>(&self, name: &str, fields: usize, members: Vec<T>) -> Result<Vec<T>, QueryError> {
        if self.of_list(name).count() == members.len().saturating_mul(fields) {
            return Ok(members);
        }
        Err(QueryError::malformed(format!(
            "the members of {name} are not complete, or not numbered from 1 without a gap"
        )))
    }

    fn of_list<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let start = format!("{name}.");
        let from = (Bound::Included(start.as_str()), Bound::Unbounded);
        let rest = self.0.range::<str, _>(from);
        rest.take_while(move |(text, _)| text.starts_with(&start)).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &[u8]) -> Result<Query, QueryError> {
        Query::parse(text, 8)
    }

    #[test]
    fn lists_are_read_in_order() {
        let query = parse(b"A.member.2=y&A.member.1=x&Tags.member.1.Key=k&Tags.member.1.Value=v").unwrap();
        assert_eq!(query.members("A").unwrap(), ["x", "y"]);
        assert_eq!(query.pairs("Tags", "Key", "Value").unwrap(), [("k", "v")]);
        assert!(parse(b"A=").unwrap().members("A").unwrap().is_empty());
        assert_eq!(parse(b"P.member.1.arn=x").unwrap().fields("P", "arn").unwrap(), ["x"]);
        assert!(parse(b"P.member.2.arn=x").unwrap().fields("P", "arn").is_err());
        assert!(parse(b"P.member.1.Arn=x").unwrap().fields("P", "arn").is_err());
    }

    #[test]
    fn a_list_with_a_gap_is_refused_rather_than_cut_short() {
        for text in ["A.member.1=x&A.member.3=z", "A.member.2=x", "A.1=x", "A.member.1.B=x"] {
            assert!(parse(text.as_bytes()).unwrap().members("A").is_err(), "{text}");
        }
        for text in ["T.member.1.Key=k", "T.member.1.Value=v", "T.member.2.Key=k&T.member.2.Value=v", "T.member.1=k"] {
            assert!(parse(text.as_bytes()).unwrap().pairs("T", "Key", "Value").is_err(), "{text}");
        }
    }

    #[test]
    fn a_record_may_lack_a_field_but_has_no_other_and_leaves_no_gap() {
        let records = |text: &[u8]| {
            parse(text).unwrap().records("T", ["Key", "Value"]).map(|all| {
                let owned = |field: Option<&str>| field.map(str::to_owned);
                all.into_iter().map(|record| record.map(owned)).collect::<Vec<_>>()
            })
        };
        let (key, value) = (Some("k".to_owned()), Some(String::new()));
        let text = b"T.member.1.Key=k&T.member.2.Value=";
        assert_eq!(records(text).unwrap(), [[key, None], [None, value]]);
        assert_eq!(records(b"T=").unwrap(), Vec::<[Option<String>; 2]>::new());
        for text in ["T.member.1.key=k", "T.member.2.Key=k", "T.member.1=k", "T.member.1.Key=k&T.member.1.More=x"] {
            assert!(records(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_parameter_given_twice_is_refused() {
        assert!(parse(b"Action=a&Action=b").is_err());
    }

    #[test]
    fn more_parameters_than_the_service_takes_are_refused() {
        assert!(parse(b"a=&b=&c=&d=&e=&f=&g=&h=").is_ok());
        assert!(parse(b"a=&b=&c=&d=&e=&f=&g=&h=&i=").is_err());
    }
}
