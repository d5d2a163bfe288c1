//! Things by their names, which have no case.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::EntityName;

/// Things by name, in the order of their names; a copy shares every one of them.
#[derive(Clone, Debug)]
pub struct Named<T>(BTreeMap<String, Arc<T>>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Clone> Named<T> {
    /// The one of this name, however it is written.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Arc<T>> {
        self.0.get(&name.to_ascii_lowercase())
    }

    /// The one of this name, to be changed: its own copy if a snapshot still shares it.
    pub fn find_mut(&mut self, name: &str) -> Option<&mut T> {
        self.0.get_mut(&name.to_ascii_lowercase()).map(Arc::make_mut)
    }

    /// Adds one, in place of one of the same name.
    pub fn insert(&mut self, name: &EntityName, thing: T) {
        self.0.insert(name.folded(), Arc::new(thing));
    }

    /// Takes the one of this name out.
    pub fn remove(&mut self, name: &str) -> Option<Arc<T>> {
        self.0.remove(&name.to_ascii_lowercase())
    }

    /// Every one, in the order of names.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.0.values()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
