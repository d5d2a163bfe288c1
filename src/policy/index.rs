//! Which statements speak of an action, without looking at those that do not.

use super::action::{Action, ActionPattern};
use super::keys::hash;
use super::statement::{Effect, Statement};

/// The statements of one policy by effect, then by what their action element can match.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    allows: Table,
    denies: Table,
}

#[derive(Clone, Debug, Default)]
struct Table {
    /// By the hash of a whole action.
    exact: Vec<Entry>,
    /// By the hash of a service, for action patterns with wildcards.
    service: Vec<Entry>,
    /// Statements that may match any action: `*`, `NotAction`, and what is written of no one service.
    any: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u64,
    statement: usize,
    pattern: usize,
}

impl Index {
    pub(super) fn new(statements: &[Statement]) -> Self {
        let mut index = Self::default();
        for (number, statement) in statements.iter().enumerate() {
            let table = match statement.effect {
                Effect::Allow => &mut index.allows,
                Effect::Deny => &mut index.denies,
            };
            table.insert(number, statement);
        }
        for table in [&mut index.allows, &mut index.denies] {
            table.exact.sort_by_key(|entry| (entry.hash, entry.statement));
            table.service.sort_by_key(|entry| (entry.hash, entry.statement));
        }
        index
    }

    /// The statements of this effect whose action element matches; one may come twice.
    pub(super) fn candidates<'a>(
        &'a self,
        statements: &'a [Statement],
        effect: Effect,
        action: &'a Action,
    ) -> impl Iterator<Item = &'a Statement> {
        let table = match effect {
            Effect::Allow => &self.allows,
            Effect::Deny => &self.denies,
        };
        let named = with_hash(&table.exact, action.hash()).chain(with_hash(&table.service, action.service_hash()));
        let named = named.filter_map(move |entry| {
            let statement = statements.get(entry.statement)?;
            statement.actions.patterns.get(entry.pattern)?.matches(action).then_some(statement)
        });
        let any = table.any.iter().filter_map(move |number| statements.get(*number));
        named.chain(any.filter(move |statement| statement.actions.matches(action)))
    }
}

impl Table {
    fn insert(&mut self, number: usize, statement: &Statement) {
        if statement.actions.negated {
            self.any.push(number);
            return;
        }
        for (pattern, value) in statement.actions.patterns.iter().enumerate() {
            let entry = |text: &str| Entry { hash: hash(text), statement: number, pattern };
            match value {
                ActionPattern::Nothing => {}
                // Once: the whole element is compared when it is looked at, however many such values it has.
                ActionPattern::Anything | ActionPattern::Doubtful(_) if self.any.last() != Some(&number) => {
                    self.any.push(number);
                }
                ActionPattern::Anything | ActionPattern::Doubtful(_) => {}
                ActionPattern::Exact(text) => self.exact.push(entry(text)),
                ActionPattern::Like { service, .. } => self.service.push(entry(service)),
            }
        }
    }
}

fn with_hash(entries: &[Entry], hash: u64) -> impl Iterator<Item = &Entry> {
    let first = entries.partition_point(|entry| entry.hash < hash);
    entries.iter().skip(first).take_while(move |entry| entry.hash == hash)
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, Policy};
    use super::*;

    /// Attack: a value each for which the whole element is compared.
    #[test]
    fn a_statement_is_looked_at_once_however_many_of_its_actions_are_of_no_service() {
        let actions: Vec<_> = (0..1000).map(|number| format!("\"*:a{number}\",\"*\"")).collect();
        let denied = format!(r#"{{"Effect":"Deny","Action":[{}],"Resource":"*"}}"#, actions.join(","));
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{denied},{denied}]}}"#);
        let policy = Policy::parse_within(&text, Kind::Identity, usize::MAX).unwrap();
        let action: Action = "s3:GetObject".parse().unwrap();
        assert_eq!(policy.candidates(Effect::Deny, &action).count(), 2);
    }
}
