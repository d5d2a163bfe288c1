//! Pages of keys: prefix, delimiter, and where to go on.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::Object;

/// Which keys to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingQuery {
    /// Only keys that begin with this.
    pub prefix: String,
    /// Keys that agree up to the first delimiter after the prefix become one entry.
    pub delimiter: Option<String>,
    /// Only entries that sort after this.
    pub after: Option<String>,
    /// At most this many entries.
    pub limit: usize,
}

/// One line of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Entry {
    /// An object.
    Object(String, Arc<Object>),
    /// Everything that begins with this, up to and including the delimiter.
    CommonPrefix(String),
}

impl Entry {
    /// The key or the common prefix.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Object(name, _) | Self::CommonPrefix(name) => name,
        }
    }
}

/// One page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The entries, in the order of their names' bytes.
    pub entries: Vec<Entry>,
    /// Where the next page begins (`after`), when there is one.
    pub next: Option<String>,
}

pub(super) fn list(objects: &BTreeMap<String, Arc<Object>>, query: &ListingQuery) -> Listing {
    let mut page = Listing::default();
    // S3 answers an empty, complete page to max-keys=0.
    if query.limit == 0 {
        return page;
    }
    let mut from = match query.after.as_deref() {
        Some(after) if after >= query.prefix.as_str() => Bound::Excluded(after.to_owned()),
        _ => Bound::Included(query.prefix.clone()),
    };
    loop {
        let mut rest = objects.range::<str, _>((from.as_ref().map(String::as_str), Bound::Unbounded));
        let Some((key, object)) = rest.next() else { return page };
        let Some(tail) = key.strip_prefix(query.prefix.as_str()) else { return page };
        let folded = query
            .delimiter
            .as_deref()
            .filter(|delimiter| !delimiter.is_empty())
            .and_then(|delimiter| tail.split_once(delimiter).map(|(head, _)| (head, delimiter)))
            .map(|(head, delimiter)| format!("{}{head}{delimiter}", query.prefix));
        let entry = match folded {
            None => Entry::Object(key.clone(), Arc::clone(object)),
            Some(name) => Entry::CommonPrefix(name),
        };
        from = beyond(&entry);
        // A page that ended with a common prefix goes on after everything it stands for.
        if query.after.as_deref() == Some(entry.name()) {
            continue;
        }
        if page.entries.len() == query.limit {
            page.next = page.entries.last().map(|last| last.name().to_owned());
            return page;
        }
        page.entries.push(entry);
    }
}

/// The first place after everything an entry stands for.
fn beyond(entry: &Entry) -> Bound<String> {
    match entry {
        Entry::Object(key, _) => Bound::Excluded(key.clone()),
        Entry::CommonPrefix(name) => {
            // Keys are UTF-8, and no character sorts after U+10FFFF.
            let mut last = name.clone();
            last.push(char::MAX);
            Bound::Excluded(last)
        }
    }
}
