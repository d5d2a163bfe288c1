//! Lists in pages: `Marker` and `MaxItems` in, `IsTruncated` and the next `Marker` out.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::http::query::{Constraints, Element, Query, QueryError};

/// How many items a page has when nobody says.
const DEFAULT_ITEMS: u32 = 100;
/// The most items of a page.
const MAX_ITEMS: u32 = 1000;

/// The part of a list that is asked for.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// The key of the first item.
    from: Option<String>,
    items: usize,
}

impl Page {
    /// Reads what is asked for; what is wrong with it is noted.
    pub(super) fn read(query: &Query, constraints: &mut Constraints) -> Self {
        let items = constraints.whole_number(query, "MaxItems", 1, MAX_ITEMS).unwrap_or(DEFAULT_ITEMS);
        let marker = query.value("Marker");
        constraints.length("Marker", marker, (1, 320));
        Self { from: marker.map(str::to_owned), items: usize::try_from(items).unwrap_or_default() }
    }

    /// The same with at most `most` items, and at least one: a page may be shorter than what was asked for.
    pub(super) fn at_most(self, most: usize) -> Self {
        Self { items: self.items.min(most.max(1)), ..self }
    }

    /// The page of `items`, which come in the order of their keys, and the elements that say whether there is more.
    ///
    /// A marker is the key of the next item, so that what is added or deleted between two pages moves nothing else.
    pub(super) fn of<T>(
        self,
        items: impl IntoIterator<Item = T>,
        key: impl Fn(&T) -> String,
    ) -> Result<(Vec<T>, Vec<Element>), QueryError> {
        let from = self.from.map(|marker| decode(&marker)).transpose()?;
        let mut rest = items.into_iter().skip_while(|item| from.as_ref().is_some_and(|from| key(item) < *from));
        let page: Vec<T> = rest.by_ref().take(self.items).collect();
        let next = rest.next().map(|item| URL_SAFE_NO_PAD.encode(key(&item)));
        let mut told = vec![Element::Flag("IsTruncated", next.is_some())];
        told.extend(next.map(|marker| Element::text("Marker", marker)));
        Ok((page, told))
    }
}

impl Page {
    /// The page of `tags`, with everything that the operation answers.
    pub(super) fn of_tags(self, tags: &BTreeMap<String, String>) -> Result<Vec<Element>, QueryError> {
        let (tags, told) = self.of(tags, |(key, _)| (*key).clone())?;
        let pair = |(key, value): (&String, &String)| {
            vec![Element::text("Key", key.as_str()), Element::text("Value", value.as_str())]
        };
        let mut result = vec![Element::list("Tags", tags.into_iter().map(pair))];
        result.extend(told);
        Ok(result)
    }
}

fn decode(marker: &str) -> Result<String, QueryError> {
    let bytes = URL_SAFE_NO_PAD.decode(marker).ok();
    let key = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    key.ok_or_else(|| QueryError::validation("Invalid Marker."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Page {
        let query = Query::parse(text.as_bytes(), 8).unwrap();
        let mut constraints = Constraints::default();
        let page = Page::read(&query, &mut constraints);
        constraints.finish().unwrap();
        page
    }

    fn marker(told: &[Element]) -> Option<&str> {
        told.iter().find_map(|element| match element {
            Element::Text("Marker", marker) => Some(marker.as_str()),
            _ => None,
        })
    }

    #[test]
    fn pages_join_to_the_whole_list_also_when_the_next_item_is_deleted_in_between() {
        let key = |item: &&str| (*item).to_owned();
        let (first, told) = page("MaxItems=2").of(["a", "b", "c", "d"], key).unwrap();
        assert_eq!(first, ["a", "b"]);
        let next = format!("Marker={}", marker(&told).unwrap());
        let (second, told) = page(&next).of(["a", "b", "d"], key).unwrap();
        assert_eq!((second, marker(&told)), (vec!["d"], None));
    }

    #[test]
    fn a_marker_nobody_gave_out_and_pages_beyond_the_limits_are_refused() {
        assert!(page("Marker=%21").of(["a"], |item| (*item).to_owned()).is_err());
        for text in ["MaxItems=0", "MaxItems=1001", "MaxItems=x", "Marker="] {
            let query = Query::parse(text.as_bytes(), 8).unwrap();
            let mut constraints = Constraints::default();
            let _ = Page::read(&query, &mut constraints);
            assert!(constraints.finish().is_err(), "{text}");
        }
    }
}
