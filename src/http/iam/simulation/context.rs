//! `ContextEntries`: condition keys with types and values.

use crate::http::query::{Query, QueryError};
use crate::policy::Keys;

const TYPES: [&str; 6] = ["string", "numeric", "boolean", "ip", "binary", "date"];

/// Condition keys, and how long their values are together.
pub(super) struct Entries {
    pub(super) keys: Keys,
    pub(super) characters: usize,
}

/// The keys that the call gives, with values of at most `most` characters together.
pub(super) fn entries(query: &Query, most: usize) -> Result<Entries, QueryError> {
    let (mut keys, mut characters) = (Keys::new(), 0_usize);
    for place in query.structures("ContextEntries")? {
        let field = |name: &str| query.value(&format!("{place}.{name}"));
        let Some(name) = field("ContextKeyName").filter(|name| (5..=256).contains(&name.chars().count())) else {
            return Err(refused(&place, "ContextKeyName must have 5 to 256 characters"));
        };
        let kind = field("ContextKeyType").unwrap_or("string");
        let values = query.members(&format!("{place}.ContextKeyValues"))?;
        characters = values.iter().fold(characters, |sum, value| sum.saturating_add(value.len()));
        if characters > most {
            return Err(refused(&place, &format!("the values are longer than {most} characters together")));
        }
        match kind.strip_suffix("List") {
            Some(kind) if TYPES.contains(&kind) => keys.set_list(name, values),
            None if TYPES.contains(&kind) => match values.as_slice() {
                [value] => keys.set(name, *value),
                _ => return Err(refused(&place, "a key of this type has exactly one value")),
            },
            _ => return Err(refused(&place, "ContextKeyType is none of the types of condition keys")),
        }
    }
    Ok(Entries { keys, characters })
}

fn refused(place: &str, rule: &str) -> QueryError {
    QueryError::new("InvalidInput", format!("{place}: {rule}"))
}
