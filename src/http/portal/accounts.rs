//! What a person is assigned, as rows of a page.

use askama::Template;

use crate::arn::AccountId;
use crate::directory::{AssignedRole, Directory, Subject};
use crate::http::page::{Frame, Instant, duration_in_words};

/// The most accounts on one page; a search finds the others.
const PAGE_LIMIT: usize = 100;

/// `GET /portal`.
#[derive(Debug, Template)]
#[template(path = "portal.html")]
pub(super) struct AccountsPage<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) user_name: &'a str,
    pub(super) groups: String,
    pub(super) query: &'a str,
    pub(super) total: usize,
    pub(super) more: usize,
    pub(super) accounts: Vec<AccountRow>,
    pub(super) ends: Instant,
    pub(super) provider: &'a str,
    pub(super) provider_ends: Option<Instant>,
}

/// `GET /portal/credentials`: one role, before its keys are made.
#[derive(Debug, Template)]
#[template(path = "role.html")]
pub(super) struct RolePage<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) account: AccountRow,
    pub(super) role: RoleRow,
}

/// An account and what a person may do there.
#[derive(Debug)]
pub(super) struct AccountRow {
    pub(super) id: AccountId,
    pub(super) name: String,
    roles: Vec<RoleRow>,
}

/// One permission set that is theirs.
#[derive(Debug)]
pub(super) struct RoleRow {
    pub(super) name: String,
    description: String,
    why: String,
    lasts: String,
}

impl AccountRow {
    /// The account `id` without its roles.
    pub(super) fn new(directory: &Directory, id: &AccountId) -> Self {
        let name = directory.account(id).map_or_else(|| id.to_string(), |account| account.name.clone());
        Self { id: id.clone(), name, roles: Vec::new() }
    }

    /// Groups `assigned`, which is in order of accounts, into rows.
    pub(super) fn all(directory: &Directory, assigned: &[AssignedRole]) -> Vec<Self> {
        let mut rows: Vec<Self> = Vec::new();
        for role in assigned {
            match rows.last_mut() {
                Some(row) if row.id == *role.account() => row.roles.push(RoleRow::new(role)),
                _ => {
                    let mut row = Self::new(directory, role.account());
                    row.roles.push(RoleRow::new(role));
                    rows.push(row);
                }
            }
        }
        rows
    }

    /// Keeps the rows that every word of `query` occurs in, at most a page of them; says how many more there are.
    pub(super) fn matching(mut rows: Vec<Self>, query: &str) -> (Vec<Self>, usize) {
        let query = query.to_lowercase();
        rows.retain(|row| {
            let words = row.words();
            query.split_whitespace().all(|word| words.contains(word))
        });
        let more = rows.len().saturating_sub(PAGE_LIMIT);
        rows.truncate(PAGE_LIMIT);
        (rows, more)
    }

    /// What a search looks at, in lower case.
    fn words(&self) -> String {
        let mut words = format!("{} {}", self.name, self.id);
        for role in &self.roles {
            words.push(' ');
            words.push_str(&role.name);
        }
        words.to_lowercase()
    }

    /// The first letter of the name.
    pub(super) fn initial(&self) -> String {
        self.name.chars().find(|letter| letter.is_alphanumeric()).unwrap_or('#').to_uppercase().collect()
    }

    /// One of eight colours, always the same for one account.
    pub(super) fn tint(&self) -> u32 {
        // FNV-1a spreads ids that differ in one digit.
        let mix = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(16_777_619);
        let hash = self.id.as_str().bytes().fold(2_166_136_261, mix);
        (hash ^ (hash >> 15)).rem_euclid(8)
    }
}

impl RoleRow {
    /// `assigned` as a row.
    pub(super) fn new(assigned: &AssignedRole) -> Self {
        let set = assigned.permission_set();
        let why = assigned.because().iter().map(|subject| match subject {
            Subject::User(_) => "by name".to_owned(),
            Subject::Group(name) => format!("through {name}"),
        });
        Self {
            name: set.name.clone(),
            description: set.description.clone(),
            why: format!("Yours {}", why.collect::<Vec<_>>().join(" and ")),
            lasts: duration_in_words(set.session_duration),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::{Assignment, PermissionSet, User};

    const NOTHING: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;

    fn rows() -> Vec<AccountRow> {
        let group = || Subject::Group("Developers".to_owned());
        let (first, second): (AccountId, AccountId) =
            ("111111111111".parse().unwrap(), "222222222222".parse().unwrap());
        let directory = Directory::new()
            .with_account(first.clone(), "Cat Photos Production")
            .with_account(second.clone(), "Cat Photos Staging")
            .with_user(User::new("sam", "Sam Okafor").with_groups(["Developers"]))
            .with_permission_set(PermissionSet::new("PhotoReader", "", NOTHING.parse().unwrap()))
            .with_permission_set(PermissionSet::new("PhotoEditor", "", NOTHING.parse().unwrap()))
            .with_assignment(Assignment::new(group(), first.clone(), "PhotoReader"))
            .and_then(|directory| directory.with_assignment(Assignment::new(group(), first, "PhotoEditor")))
            .and_then(|directory| directory.with_assignment(Assignment::new(group(), second, "PhotoReader")))
            .unwrap();
        AccountRow::all(&directory, &directory.assigned_roles(directory.user("sam").unwrap()))
    }

    #[test]
    fn each_account_is_one_row_with_every_role_and_its_reason() {
        let rows = rows();
        let names: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.roles.len(), row.initial())).collect();
        assert_eq!(names, [("Cat Photos Production", 2, "C".to_owned()), ("Cat Photos Staging", 1, "C".to_owned())]);
        assert_eq!(rows[0].roles[0].why, "Yours through Developers");
        assert_eq!(rows[0].roles[0].lasts, "1 hour");
        assert_ne!(rows[0].tint(), rows[1].tint());
    }

    #[test]
    fn a_search_looks_at_names_ids_and_permission_sets() {
        for (query, found) in [("", 2), ("staging", 1), ("2222", 1), ("photoeditor CAT", 1), ("nothing", 0)] {
            assert_eq!(AccountRow::matching(rows(), query).0.len(), found, "{query}");
        }
    }
}
